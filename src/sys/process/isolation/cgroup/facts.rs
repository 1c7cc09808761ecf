//! The files of one control group, for its inspector, and where they are; `cgroups(7)`.

use std::path::{Path, PathBuf};

use super::acting::{Acting, Freezer};
use super::limits::{limit_of, number, quota, tightest, usage};
use super::{Place, mounts, place};
use crate::model::detail::{Detail, Stamped};
use crate::model::groups::facts::{DeviceIo, GroupFacts};
use crate::model::groups::refusal::Refusal;
use crate::model::id::{Bytes, Nanos, Pid};
use crate::model::plan::{Needs, Plan};
use crate::model::process::isolation::group::Membership;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::fields;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Parts of memory in `memory.stat` of v2, and those of v1 that say the same.
const PARTS: [(&str, &[u8], &[u8]); 6] = [
    ("of programs", b"anon", b"total_rss"),
    ("file contents", b"file", b"total_cache"),
    ("shared", b"shmem", b"total_shmem"),
    ("of the kernel", b"kernel", b"-"),
    ("of sockets", b"sock", b"-"),
    ("compressed", b"zswap", b"-"),
];

/// Reads the group that a plan asks for.
pub struct GroupReader {
    root: ProcRoot,
    before: Option<(Nanos, GroupFacts)>,
}

impl GroupReader {
    /// Over the files of a root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            before: None,
        }
    }

    /// The facts of the group of this path, of which or below which this process is; without one of those that stand under
    /// this path in any hierarchy.
    ///
    /// # Errors
    /// `Gone` where the process has ended, `Unsupported` where the group's files are not to be seen.
    pub fn of(&mut self, path: &SafeText, member: Option<Pid>) -> Reading<GroupFacts> {
        let mut facts = read(&self.root, path, member)?;
        let now = clock::now();
        if let Some((at, before)) = &self.before {
            facts.rates = facts.since(before, now.since(*at));
        }
        self.before = Some((now, facts.clone()));
        Ok(facts)
    }
}

impl Source<Detail> for GroupReader {
    fn name(&self) -> &'static str {
        "control group"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["cgroups"])
    }

    fn fills(&self) -> Needs {
        Needs::GROUP
    }

    fn rest(&mut self) {
        self.before = None;
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        into.machine.group = plan.group.as_ref().map(|(path, member)| {
            let facts = self.of(path, member.map(|id| id.pid));
            Stamped::new(clock::now(), facts)
        });
        Ok(())
    }
}

/// The hierarchies in which a process is of this group or of one below it, with the group's path. In the others the path
/// names another group, or none, of which nothing may be told and to which nothing may be done.
fn memberships(root: &ProcRoot, path: &SafeText, member: Option<Pid>) -> Reading<Vec<Membership>> {
    let Some(member) = member else {
        let mounts = mounts(root);
        let all = super::standings(root, &mounts, path);
        return match (mounts.is_empty(), all.is_empty()) {
            (true, _) => Err(Missing::Unsupported),
            (false, true) => Err(Missing::Gone),
            (false, false) => Ok(all),
        };
    };
    let text = std::fs::read(root.proc(format!("{member}/cgroup")))?;
    let within = |one: Membership| {
        let whole = path.exact().trim_end_matches('/');
        let below = one.path.exact().strip_prefix(whole)?;
        (below.is_empty() || below.starts_with('/')).then(|| Membership {
            path: path.clone(),
            ..one
        })
    };
    let all = super::memberships(&text).into_iter();
    Ok(all.filter_map(within).collect())
}

/// What freezes the group of this path, of which or below which this process is.
///
/// # Errors
/// Why nothing does.
pub fn freezer(root: &ProcRoot, path: &SafeText, member: Option<Pid>) -> Result<Freezer, Refusal> {
    let all = memberships(root, path, member).map_err(|_| Refusal::Lacking)?;
    let mounts = mounts(root);
    let acting = Acting::new(root, &mounts, &all);
    let freezer = acting.freezer()?;
    match acting.refuses(&freezer) {
        // Thawing is tried: what was set for this group alone is taken back.
        None | Some(Refusal::Above(_)) => Ok(freezer),
        Some(why) => Err(why),
    }
}

fn read(root: &ProcRoot, path: &SafeText, member: Option<Pid>) -> Reading<GroupFacts> {
    let all = memberships(root, path, member)?;
    let mounts = mounts(root);
    let limits = super::of_memberships(root, &mounts, all.clone());
    let of = |controller: &str| place(root, &mounts, &all, controller);
    let first = |m: &Membership| of(m.controllers.as_str().split(',').next().unwrap_or_default());
    let any = of("").or_else(|| of("memory")).or_else(|| of("cpu"));
    let any = any.or_else(|| all.iter().find_map(first));
    let any = any.ok_or(Missing::Unsupported)?;
    // One that may not be looked at is there all the same.
    std::fs::metadata(&any.dir)?;
    let mut facts = GroupFacts {
        path: path.clone(),
        limits,
        ..GroupFacts::default()
    };
    if let Some(memory) = of("memory") {
        memory_facts(&memory, &mut facts);
    }
    facts.forks_refused = of("pids").and_then(|pids| forks_refused(&pids));
    if let Some(cpu) = of("cpu") {
        facts.cpu_weight = number(&cpu.dir.join("cpu.weight"));
        facts.cpu_time = cpu_time(&cpu.dir);
        let set_by = tightest(&cpu, |dir| quota(&cpu, dir)).map(|(_, dir)| dir);
        facts.quota_time = set_by.and_then(|dir| cpu_time(&dir));
    }
    if facts.cpu_time.is_none() {
        let old = of("cpuacct").and_then(|p| number(&p.dir.join("cpuacct.usage")));
        facts.cpu_time = old.map(Nanos);
    }
    let moved = of("io").or_else(|| of("blkio"));
    let moved = moved.and_then(|place| io(root, &place));
    facts.io_told = moved.is_some();
    facts.io = moved.unwrap_or_default();
    let acting = Acting::new(root, &mounts, &all);
    let freezer = acting.freezer();
    facts.frozen = freezer.as_ref().ok().and_then(Freezer::frozen);
    facts.freeze_refused = match &freezer {
        Ok(freezer) => acting.refuses(freezer),
        Err(why) => Some(why.clone()),
    };
    facts.kill_refused = acting.kill().err();
    Ok(facts)
}

fn memory_facts(memory: &Place, facts: &mut GroupFacts) {
    let dir = &memory.dir;
    if memory.unified {
        let high = usage(memory, "memory.current", "memory.high");
        facts.high = Some(high).filter(|high| high.limit.is_some());
    }
    let peak = number(&dir.join("memory.peak"));
    facts.memory_peak = peak.or_else(|| number(&dir.join("memory.max_usage_in_bytes")));
    let stat = std::fs::read(dir.join("memory.stat")).unwrap_or_default();
    let of = |key: &[u8]| value(&stat, key);
    let mut parts: Vec<(&'static str, u64)> = PARTS
        .iter()
        .filter_map(|(name, new, old)| {
            let key = if memory.unified { new } else { old };
            Some((*name, of(key)?))
        })
        .collect();
    // Shared memory is among the file contents, and what sockets hold is among the kernel's.
    let shared = part(&parts, "shared");
    let sockets = part(&parts, "of sockets");
    for (name, size) in &mut parts {
        match *name {
            "file contents" => *size = size.saturating_sub(shared),
            "of the kernel" => *size = size.saturating_sub(sockets),
            _ => {}
        }
    }
    parts.retain(|(_, size)| *size > 0);
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    facts.memory = parts
        .into_iter()
        .map(|(name, size)| (name, Bytes(size)))
        .collect();
    // The group that sets a limit counts how often it was met.
    let counts = |file| tightest(memory, |dir| limit_of(dir, file)).map(|(_, dir)| dir);
    let events = |dir: Option<PathBuf>, key| {
        let dir = dir.unwrap_or_else(|| memory.dir.clone());
        value(&std::fs::read(dir.join("memory.events")).ok()?, key)
    };
    if memory.unified {
        facts.limit_met = events(counts("memory.max"), b"max");
        facts.slowed = events(counts("memory.high"), b"high");
    } else {
        let dir = counts("memory.limit_in_bytes");
        let dir = dir.as_ref().unwrap_or(&memory.dir);
        facts.limit_met = number(&dir.join("memory.failcnt"));
    }
}

/// How often a fork was refused. Kernels differ in who counts it: the group of whoever forked, or the one that sets the limit.
fn forks_refused(pids: &Place) -> Option<u64> {
    let count = |dir: &Path| value(&std::fs::read(dir.join("pids.events")).ok()?, b"max");
    let set_by = tightest(pids, |dir| limit_of(dir, "pids.max")).map(|(_, dir)| dir);
    let above = set_by.and_then(|dir| count(&dir));
    count(&pids.dir).into_iter().chain(above).max()
}

fn part(parts: &[(&'static str, u64)], name: &str) -> u64 {
    let found = parts.iter().find(|(part, _)| *part == name);
    found.map_or(0, |(_, size)| *size)
}

/// The number behind a key: `anon 4096`.
pub(super) fn value(text: &[u8], key: &[u8]) -> Option<u64> {
    let line = fields::lines(text).find(|line| fields::words(line).next() == Some(key))?;
    fields::words(line).nth(1).and_then(fields::number)
}

/// `usage_usec 12345` of `cpu.stat`; of v1 where its accounting is mounted with the quota.
fn cpu_time(dir: &Path) -> Option<Nanos> {
    let stat = std::fs::read(dir.join("cpu.stat")).ok()?;
    let usage = value(&stat, b"usage_usec").map(|usec| Nanos(usec.saturating_mul(1000)));
    usage.or_else(|| number(&dir.join("cpuacct.usage")).map(Nanos))
}

/// Lines such as `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0` (v2) or `8:0 Read 4096` (v1).
pub(crate) fn io_lines(text: &[u8]) -> Vec<(SafeText, DeviceIo)> {
    let mut out: Vec<(SafeText, DeviceIo)> = Vec::new();
    for line in fields::lines(text) {
        let mut words = fields::words(line);
        let Some(device) = words.next().filter(|d| d.contains(&b':')) else {
            continue;
        };
        let device = SafeText::from_bytes(device);
        let at = out.iter().position(|(known, _)| *known == device);
        let at = at.unwrap_or_else(|| {
            out.push((device, DeviceIo::default()));
            out.len() - 1
        });
        let io = &mut out[at].1;
        let rest: Vec<&[u8]> = words.collect();
        if let [kind @ (b"Read" | b"Write"), amount] = rest[..] {
            let amount = Bytes(fields::number(amount).unwrap_or(0));
            if kind == b"Read" {
                io.read = amount;
            } else {
                io.written = amount;
            }
            continue;
        }
        for word in rest {
            let Some(equals) = word.iter().position(|b| *b == b'=') else {
                continue;
            };
            let amount = fields::number(&word[equals + 1..]).unwrap_or(0);
            match &word[..equals] {
                b"rbytes" => io.read = Bytes(amount),
                b"wbytes" => io.written = Bytes(amount),
                b"rios" | b"wios" => io.requests = io.requests.saturating_add(amount),
                _ => {}
            }
        }
    }
    out
}

/// What a group moved, by device; `None` where it has no file that says so.
fn io(root: &ProcRoot, place: &Place) -> Option<Vec<DeviceIo>> {
    let file = if place.unified {
        "io.stat"
    } else {
        "blkio.throttle.io_service_bytes"
    };
    let text = std::fs::read(place.dir.join(file)).ok()?;
    let named = |(number, io): (SafeText, DeviceIo)| {
        let link = std::fs::read_link(root.sys(format!("dev/block/{number}")));
        let name = link
            .ok()
            .and_then(|link| Some(link.file_name()?.to_string_lossy().into_owned()));
        DeviceIo {
            device: name.map_or(number, SafeText::from),
            ..io
        }
    };
    Some(io_lines(&text).into_iter().map(named).collect())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::model::format::bytes;
    use crate::sys::scenario;

    macro_rules! line {
        ($out:expr, $($arg:tt)*) => {
            writeln!($out, $($arg)*).expect("a string takes it")
        };
    }

    /// What the inspector of a group is told, by layout.
    #[test]
    fn facts_of_groups_of_every_layout() {
        let begin = |root: &ProcRoot| GroupReader::new(root);
        scenario::play("groups", begin, |reader, root, _| {
            let path = std::fs::read_to_string(root.proc("path")).expect("a path");
            let facts = match reader.of(&path.trim().into(), Some(Pid(7))) {
                Ok(facts) => facts,
                Err(why) => return format!("– ({why})"),
            };
            let mut out = String::new();
            for (name, usage) in facts.usages() {
                line!(out, "{name}: {:?} of {:?}", usage.used, usage.limit);
            }
            for (name, size) in &facts.memory {
                line!(out, "  {name} {}", bytes(*size));
            }
            let high = facts
                .high
                .as_ref()
                .map(|high| high.words(|n| n.to_string()));
            let by = facts.limits.memory.as_ref();
            let by = by.map_or(String::new(), |m| m.words(|n| n.to_string()).1);
            line!(
                out,
                "high {high:?}, peak {:?}, met {:?}, slowed {:?}, {by}",
                facts.memory_peak,
                facts.limit_met,
                facts.slowed
            );
            let cpu = facts.limits.cpu.as_ref();
            line!(
                out,
                "cores {:?} by {}, throttled {:?}, above {:?}",
                cpu.and_then(|c| c.cores),
                cpu.and_then(|c| c.set_by.as_deref()).unwrap_or("–"),
                cpu.map(|c| c.throttled),
                cpu.and_then(|c| c.above.as_ref()).map(|a| (
                    a.group.as_str(),
                    a.cores,
                    a.throttled,
                    a.periods
                ))
            );
            line!(
                out,
                "cpu {:?}, of the quota {:?}, weight {:?}",
                facts.cpu_time.map(|t| t.0),
                facts.quota_time.map(|t| t.0),
                facts.cpu_weight
            );
            for d in &facts.io {
                line!(
                    out,
                    "{}: {} read, {} written, {} requests",
                    d.device,
                    d.read.0,
                    d.written.0,
                    d.requests
                );
            }
            line!(
                out,
                "kills {:?}, frozen {:?}",
                facts.limits.oom_kills,
                facts.frozen
            );
            let why =
                |why: &Option<Refusal>| why.as_ref().map_or("can".to_owned(), Refusal::to_string);
            line!(out, "freeze: {}", why(&facts.freeze_refused));
            line!(out, "kill: {}", why(&facts.kill_refused));
            out
        });
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = io_lines(&bytes);
        }
    }
}
