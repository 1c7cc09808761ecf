//! Where the pages came from that threads waited for: page faults that wait for a disk are told with their addresses, and the
//! list of mappings says what stands there.

use std::collections::BTreeMap;

use crate::model::id::{ProcId, Tid};
use crate::model::memory::region::Mapping;
use crate::model::scheduling::spent::Cause;
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::machine::cores;
use crate::sys::memory::maps;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf;
use crate::sys::scheduling::perf::faults::Faults;

/// How many places are told apart of a thread in a bucket.
const TOLD: usize = 6;
/// How many faults are kept of a bucket: of what comes after them it is not told where it came from.
const MOST: usize = 1 << 16;

/// Hears page faults that wait for a disk, until it is dropped.
pub(super) struct Pages {
    root: ProcRoot,
    of: ProcId,
    faults: Faults,
    /// What was told since the last time: of which thread, at which address, how often.
    told: Vec<(Tid, u64, u64)>,
    /// Whether that is all that there was to tell.
    whole: bool,
}

/// Where pages came from.
#[derive(Default)]
pub(super) struct From {
    /// Of each thread, with how often.
    pub by: BTreeMap<Tid, Vec<(Cause, u64)>>,
    /// Whether that is all that there was to tell.
    pub whole: bool,
}

impl Pages {
    /// Begins to hear those of a process, where they are told to this user.
    pub fn begin(root: &ProcRoot, of: ProcId) -> Option<Self> {
        if !root.is_live() {
            return None;
        }
        let tids = perf::threads(root, of.pid);
        let faults = Faults::waited(of.pid, &tids, &cores::online(root)).ok()?;
        Some(Self {
            root: root.clone(),
            of,
            faults,
            told: Vec::new(),
            whole: true,
        })
    }

    /// Reads on: rings are small.
    pub fn read(&mut self) {
        let told = &mut self.told;
        let whole = self.faults.read(|fault| {
            if told.len() < MOST {
                told.push((fault.tid, fault.address, fault.stands_for));
            }
        });
        self.whole &= whole && self.faults.kernel && told.len() < MOST;
    }

    /// Where the pages came from that each thread waited for since the last time, with how often.
    pub fn take(&mut self) -> From {
        self.read();
        let told = std::mem::take(&mut self.told);
        let whole = std::mem::replace(&mut self.whole, true);
        if told.is_empty() {
            let by = BTreeMap::new();
            return From { by, whole };
        }
        let path = self.root.proc(format!("{}/maps", self.of.pid));
        let text = bounded::read(&path).unwrap_or_default();
        let mappings = maps::parse(&text).map_or_else(|_| Vec::new(), |listing| listing.mappings);
        let by = sorted(&mappings, &told);
        From { by, whole }
    }
}

/// By thread and what stands at each address, the commonest first. What is in no mapping any more is not told.
fn sorted(mappings: &[Mapping], told: &[(Tid, u64, u64)]) -> BTreeMap<Tid, Vec<(Cause, u64)>> {
    let mut out: BTreeMap<Tid, Vec<(Cause, u64)>> = BTreeMap::new();
    for (tid, address, times) in told {
        let after = mappings.partition_point(|m| m.start <= *address);
        let mapping = after.checked_sub(1).map(|at| &mappings[at]);
        let Some(mapping) = mapping.filter(|m| *address < m.end) else {
            continue;
        };
        let cause = from(mapping);
        let of = out.entry(*tid).or_default();
        match of.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, sum)) => *sum += times,
            None => of.push((cause, *times)),
        }
    }
    for of in out.values_mut() {
        of.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        of.truncate(TOLD);
    }
    out
}

/// A page of memory without a file, or of one that has only a name, comes back from swap.
fn from(mapping: &Mapping) -> Cause {
    let name = mapping.name.as_str();
    let by_name = ["/memfd:", "/SYSV", "/dev/zero", "/dev/shm/"];
    let swap = mapping.file.inode == 0 || by_name.iter().any(|named| name.starts_with(named));
    let name = match name {
        "" => SafeText::from("memory without a name"),
        _ => mapping.name.clone(),
    };
    Cause::page(swap, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scheduling::wait::Names;

    #[test]
    fn pages_are_of_what_is_mapped_where_they_are() {
        let text = b"1000-3000 r--p 00000000 fe:00 12 /data/big file\n\
            3000-4000 rw-p 00000000 00:00 0 [heap]\n\
            8000-9000 rw-s 00000000 00:01 7 /memfd:x (deleted)\n\
            9000-a000 rw-p 00000000 00:00 0 \n";
        let mappings = maps::parse(text).expect("maps").mappings;
        let told = [
            (Tid(1), 0x3010, 1),
            (Tid(1), 0x1000, 2),
            (Tid(1), 0x2fff, 3),
            (Tid(1), 0x4000, 9),
            (Tid(2), 0x8000, 1),
            (Tid(2), 0x9000, 4),
        ];
        let sorted = sorted(&mappings, &told);
        let words = |tid| {
            let all = sorted.get(&Tid(tid)).expect("told").iter();
            all.map(|(cause, times)| format!("{times} {}", cause.words(&Names::NONE)))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            words(1),
            [
                "5 a page of its memory from file /data/big file",
                "1 a page of its memory from swap: [heap]"
            ]
        );
        assert_eq!(
            words(2),
            [
                "4 a page of its memory from swap: memory without a name",
                "1 a page of its memory from swap: /memfd:x"
            ]
        );
    }
}
