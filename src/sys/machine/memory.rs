//! `/proc/meminfo`, `/proc/vmstat`, `/proc/swaps` and their neighbours in `/sys`: where the machine's memory went.
//! `proc_meminfo(5)`, `proc_vmstat(5)`.

use std::collections::HashMap;
use std::fs;

use crate::model::detail::{Detail, Stamped};
use crate::model::groups::own_group::OwnGroup;
use crate::model::id::Bytes;
use crate::model::machine::memory::{Counters, MachineMemory, MemoryUse, Node, Swap};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::sys::kept::Kept;
use crate::sys::process::isolation::cgroup::own;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{asker, fields};

/// No file of a device or node that is asked here is longer: the kernel gives a page at most.
const LONGEST: u32 = 4096;

/// Reads the machine's memory while view 3 is shown.
#[derive(Debug)]
pub struct MachineMemories {
    root: ProcRoot,
    meminfo: Kept,
    vmstat: Kept,
}

impl MachineMemories {
    /// Over a proc and a sys tree.
    pub fn new(root: &ProcRoot) -> Self {
        let kept = |name: &str| Kept::new(root.proc(name), root.is_live());
        Self {
            root: root.clone(),
            meminfo: kept("meminfo"),
            vmstat: kept("vmstat"),
        }
    }

    /// Reads everything once.
    ///
    /// # Errors
    /// Where `/proc/meminfo` cannot be read; anything else is missing by itself.
    pub fn read_now(&mut self) -> Result<MachineMemory, Error> {
        let extra = Neighbours {
            arc: self.arc(),
            compressed: self.compressed(),
            at_hand: fs::read(self.root.proc("zoneinfo")).map_or(Bytes(0), |t| at_hand(&t)),
        };
        let found = parse(self.meminfo.read()?, extra);
        let mut memory = found.ok_or_else(|| self.meminfo.broken(1, "MemTotal"))?;
        memory.counters = self
            .vmstat
            .read()
            .map(counters)
            .map_err(|_| Missing::Unsupported);
        memory.swaps = fs::read(self.root.proc("swaps")).map_or_else(|_| Vec::new(), |t| swaps(&t));
        memory.nodes = self.nodes();
        memory.own = own::limits(&self.root);
        Ok(memory)
    }

    /// What zram devices and zswap hold: before and after compression.
    fn compressed(&self) -> Option<(Bytes, Bytes)> {
        let mut sum = None;
        for entry in fs::read_dir(self.root.sys("block")).ok()?.flatten() {
            if !entry.file_name().as_encoded_bytes().starts_with(b"zram") {
                continue;
            }
            let Ok(text) = asker::read(&entry.path().join("mm_stat"), LONGEST) else {
                continue;
            };
            let mut numbers = fields::numbers(&text);
            if let (Some(before), Some(_), Some(taken)) =
                (numbers.next(), numbers.next(), numbers.next())
                && taken > 0
            {
                let (b, t) = sum.unwrap_or((0_u64, 0_u64));
                sum = Some((b.saturating_add(before), t.saturating_add(taken)));
            }
        }
        sum.map(|(before, taken)| (Bytes(before), Bytes(taken)))
    }

    /// The size of the ZFS cache, a line such as `size 4 8589934592`.
    fn arc(&self) -> Option<Bytes> {
        let text = fs::read(self.root.proc("spl/kstat/zfs/arcstats")).ok()?;
        let size = fields::lines(&text).find(|l| fields::words(l).next() == Some(b"size"))?;
        fields::words(size)
            .nth(2)
            .and_then(fields::number)
            .map(Bytes)
    }

    fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let Ok(dir) = fs::read_dir(self.root.sys("devices/system/node")) else {
            return nodes;
        };
        for entry in dir.flatten() {
            let name = entry.file_name();
            let Some(id) = name
                .as_encoded_bytes()
                .strip_prefix(b"node")
                .and_then(fields::number)
            else {
                continue;
            };
            let Ok(text) = asker::read(&entry.path().join("meminfo"), LONGEST) else {
                continue;
            };
            let value = |key: &[u8]| {
                let line = fields::lines(&text).find(|l| fields::words(l).nth(2) == Some(key));
                line.and_then(|l| fields::words(l).nth(3))
                    .and_then(fields::number)
                    .map(Bytes::from_kib)
            };
            if let (Some(total), Some(free)) = (value(b"MemTotal:"), value(b"MemFree:")) {
                nodes.push(Node {
                    id: id as u32,
                    total,
                    free,
                });
            }
        }
        nodes.sort_by_key(|n| n.id);
        if nodes.len() > 1 { nodes } else { Vec::new() }
    }
}

impl Source<Detail> for MachineMemories {
    fn name(&self) -> &'static str {
        "machine memory"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["machine"])
    }

    fn fills(&self) -> Needs {
        Needs::MEMORY
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let mut memory = self.read_now()?;
        memory.at = into.at;
        into.machine.memory = Some(Stamped::new(into.at, Ok(memory)));
        Ok(())
    }

    fn lack(&self, why: Missing, into: &mut Detail) {
        if into
            .machine
            .memory
            .as_ref()
            .is_none_or(|m| m.value.is_err())
        {
            into.machine.memory = Some(Stamped::new(into.at, Err(why)));
        }
    }
}

/// What lies in memory beside what `/proc/meminfo` itemises.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Neighbours {
    arc: Option<Bytes>,
    compressed: Option<(Bytes, Bytes)>,
    at_hand: Bytes,
}

/// Adds up the free pages that each core keeps of each zone: lines such as `b"              count:    353"`.
pub(crate) fn at_hand(text: &[u8]) -> Bytes {
    let counts = fields::lines(text).filter_map(|line| {
        let mut words = fields::words(line);
        words.next().filter(|word| *word == b"count:")?;
        fields::number(words.next()?)
    });
    let pages = counts.fold(0, u64::saturating_add);
    Bytes(pages.saturating_mul(procfs::page_size()))
}

/// Parses lines such as `b"MemTotal:       24684100 kB"` into parts that add up to the total.
pub(crate) fn parse(text: &[u8], extra: Neighbours) -> Option<MachineMemory> {
    let values: HashMap<&[u8], u64> = fields::pairs(text)
        .filter_map(|(key, value)| Some((key, fields::number(value)?)))
        .collect();
    let kib = |key: &str| values.get(key.as_bytes()).map(|n| n.saturating_mul(1024));
    let or_zero = |key| kib(key).unwrap_or(0);
    let total = kib("MemTotal")?;
    let free = or_zero("MemFree");
    let shared = or_zero("Shmem");
    let compressed = compressed(extra.compressed, or_zero("Zswapped"), or_zero("Zswap"));
    // Kernels before 4.20 tell only how many huge pages of the default size there are.
    let set_aside = || {
        let pages = values.get(&b"HugePages_Total"[..]).copied().unwrap_or(0);
        pages.saturating_mul(or_zero("Hugepagesize"))
    };
    let mut parts = vec![
        (MemoryUse::Processes, or_zero("AnonPages")),
        (MemoryUse::Shared, shared),
        (MemoryUse::Huge, kib("Hugetlb").unwrap_or_else(set_aside)),
        (MemoryUse::Slab, or_zero("SUnreclaim")),
        (MemoryUse::Arc, extra.arc.map_or(0, |b| b.0)),
        (
            MemoryUse::Compressed,
            compressed.map_or(0, |(_, taken)| taken.0),
        ),
        (MemoryUse::Cache, or_zero("Cached").saturating_sub(shared)),
        (MemoryUse::Buffers, or_zero("Buffers")),
        (MemoryUse::SlabReclaimable, or_zero("SReclaimable")),
        (MemoryUse::AtHand, extra.at_hand.0),
        (MemoryUse::Free, free),
    ];
    // The kernel does not count all it takes; what no other part has is its own. Counters are read one after the
    // other, so that their sum can exceed the total for a moment: then the cache, the most restless, gives way first.
    let counted = parts
        .iter()
        .fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    let mut excess = counted.saturating_sub(total);
    parts.sort_by_key(|(part, _)| *part != MemoryUse::Cache);
    for (_, size) in &mut parts {
        let less = excess.min(*size);
        (*size, excess) = (*size - less, excess - less);
    }
    parts.push((MemoryUse::Kernel, total.saturating_sub(counted)));
    parts.sort_by_key(|(part, _)| *part as u8);
    parts.retain(|(part, n)| {
        *n > 0
            || matches!(
                part,
                MemoryUse::Processes | MemoryUse::Cache | MemoryUse::Free
            )
    });
    Some(MachineMemory {
        at: crate::model::id::Nanos(0),
        total: Bytes(total),
        available: Bytes(kib("MemAvailable").unwrap_or_else(|| {
            let given_back = or_zero("Buffers").saturating_add(or_zero("Cached"));
            free.saturating_add(given_back)
        })),
        parts: parts
            .into_iter()
            .map(|(part, n)| (part, Bytes(n)))
            .collect(),
        swap_total: Bytes(or_zero("SwapTotal")),
        swap_free: Bytes(or_zero("SwapFree")),
        swaps: Vec::new(),
        dirty: Bytes(or_zero("Dirty")),
        writeback: Bytes(or_zero("Writeback")),
        committed: Bytes(or_zero("Committed_AS")),
        huge: huge(&values),
        compressed,
        nodes: Vec::new(),
        counters: Err(Missing::Soon),
        transparent: Bytes(or_zero("AnonHugePages")),
        own: OwnGroup::default(),
    })
}

/// What zram and zswap hold together: before and after compression.
fn compressed(zram: Option<(Bytes, Bytes)>, zswapped: u64, zswap: u64) -> Option<(Bytes, Bytes)> {
    let (before, taken) = zram.map_or((0, 0), |(before, taken)| (before.0, taken.0));
    let (before, taken) = (before.saturating_add(zswapped), taken.saturating_add(zswap));
    (taken > 0).then_some((Bytes(before), Bytes(taken)))
}

fn huge(values: &HashMap<&[u8], u64>) -> Option<(u64, u64, Bytes)> {
    let all = *values.get(&b"HugePages_Total"[..]).filter(|n| **n > 0)?;
    let free = values.get(&b"HugePages_Free"[..]).copied().unwrap_or(0);
    let size = values.get(&b"Hugepagesize"[..]).copied().unwrap_or(0);
    Some((all.saturating_sub(free), all, Bytes::from_kib(size)))
}

/// Parses lines such as `b"pgmajfault 9065"`; the counters of the zones are added up.
pub(crate) fn counters(text: &[u8]) -> Counters {
    let mut out = Counters::default();
    for line in fields::lines(text) {
        let mut words = fields::words(line);
        let (Some(key), Some(value)) = (words.next(), words.next().and_then(fields::number)) else {
            continue;
        };
        let into = match key {
            b"pgfault" => &mut out.faults,
            b"pgmajfault" => &mut out.major_faults,
            b"pswpin" => &mut out.swapped_in,
            b"pswpout" => &mut out.swapped_out,
            b"pgscan_kswapd" | b"pgscan_direct" | b"pgscan_khugepaged" => &mut out.scanned,
            b"pgsteal_kswapd" | b"pgsteal_direct" | b"pgsteal_khugepaged" => &mut out.reclaimed,
            b"workingset_refault_anon" | b"workingset_refault_file" | b"workingset_refault" => {
                &mut out.refaults
            }
            b"oom_kill" => &mut out.oom_kills,
            key if key.starts_with(b"allocstall") => &mut out.stalls,
            _ => continue,
        };
        *into = into.saturating_add(value);
    }
    out
}

/// Parses lines such as `b"/dev/zram0  partition  8388604  1024  100"`, sizes in KiB, below a heading.
pub(crate) fn swaps(text: &[u8]) -> Vec<Swap> {
    let lines = fields::lines(text).skip(1);
    let swap = |line: &[u8]| {
        let mut words = fields::words(line);
        let path = SafeText::from_bytes(&fields::unescape(words.next()?));
        let mut numbers = words.skip(1);
        let mut kib = || numbers.next().and_then(fields::number).map(Bytes::from_kib);
        let (size, used) = (kib()?, kib()?);
        let priority = fields::signed(numbers.next()?)?.0 as i32;
        Some(Swap {
            path,
            size,
            used,
            priority,
        })
    };
    lines.filter_map(swap).collect()
}

#[cfg(test)]
mod tests;
