//! `/proc/stat`: what each core did since boot, switches, forks, tasks that run or wait, `proc_stat(5)`.

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

use crate::model::id::{CpuId, Ticks};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{CoreSample, Sample, SystemSample};
use crate::sys::fields;
use crate::sys::kept::Kept;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Reads `/proc/stat` at every tick.
#[derive(Debug)]
pub struct Cores {
    file: Kept,
    /// The cores that there were when it began, for where it cannot be read.
    there: Vec<CpuId>,
}

impl Cores {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            file: Kept::new(root.proc("stat"), root.is_live()),
            there: there(root),
        }
    }
}

impl Source<Sample> for Cores {
    fn name(&self) -> &'static str {
        "cores"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["machine"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        parse(self.file.read()?, &mut into.system);
        Ok(())
    }

    fn lack(&self, why: Missing, into: &mut Sample) {
        let system = &mut into.system;
        (system.switches, system.forks) = (Err(why), Err(why));
        (system.running, system.blocked) = (Err(why), Err(why));
        let there = self.there.iter();
        system.cores = there.map(|id| CoreSample::untold(*id)).collect();
    }
}

/// The cores that are online now, by ascending id; where no file tells them, those that this program may run on.
pub fn online(root: &ProcRoot) -> Vec<CpuId> {
    let told: Vec<CpuId> = now(root).iter().map(|c| c.id).collect();
    if told.is_empty() { there(root) } else { told }
}

/// The cores that there are as others tell it than `/proc/stat`: a list such as `b"0-3,8\n"`, or our own affinity.
fn there(root: &ProcRoot) -> Vec<CpuId> {
    let list = std::fs::read(root.sys("devices/system/cpu/online")).unwrap_or_default();
    let listed = listed(&list);
    if !listed.is_empty() || !root.is_live() {
        return listed;
    }
    let own = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
    let may = |id: &usize| own.is_set(*id).unwrap_or(false);
    let ids = (0..CpuSet::count()).filter(may);
    ids.map(|id| CpuId(id as u32)).collect()
}

/// Reads a list such as `b"0-3,8\n"`; a range that is absurd is left out.
pub(super) fn listed(text: &[u8]) -> Vec<CpuId> {
    let mut ids = Vec::new();
    for range in text.trim_ascii().split(|b| *b == b',') {
        let mut ends = range.split(|b| *b == b'-').map(fields::number);
        let first = ends.next().flatten();
        let last = ends.next().map_or(first, |end| end);
        if let (Some(first), Some(last)) = (first, last)
            && last < MOST
        {
            ids.extend((first..=last).map(|id| CpuId(id as u32)));
        }
    }
    ids
}

/// More cores than any machine has.
const MOST: u64 = 1 << 16;

/// How many cores the machine can ever have, those between holes counted: one more than the highest number.
pub fn possible(root: &ProcRoot) -> usize {
    let list = std::fs::read(root.sys("devices/system/cpu/possible")).unwrap_or_default();
    let all = listed(&list).into_iter().chain(online(root));
    all.max().map_or(1, |last| last.0 as usize + 1)
}

/// What the cores that are online did since boot, likewise.
pub fn now(root: &ProcRoot) -> Vec<CoreSample> {
    let mut system = SystemSample::default();
    parse(
        &std::fs::read(root.proc("stat")).unwrap_or_default(),
        &mut system,
    );
    system.cores
}

/// How often the cores have switched since boot, those that are offline included.
///
/// # Errors
/// `Unsupported` where that is not told.
pub fn switches(root: &ProcRoot) -> Reading<u64> {
    let mut system = SystemSample::default();
    parse(&std::fs::read(root.proc("stat"))?, &mut system);
    system.switches
}

/// Fills in cores and counters from lines such as `b"cpu0 6331 0 3414 121481 185 0 13 10 0 0"` and `b"ctxt 601604"`.
///
/// Only cores that are online are there; ids may have holes, and columns that an old kernel lacks are zero.
pub fn parse(text: &[u8], into: &mut SystemSample) {
    into.cores.clear();
    // A line that is not there is one that this kernel, or whoever stands in for it, does not tell.
    (into.switches, into.forks) = (Err(Missing::Unsupported), Err(Missing::Unsupported));
    (into.running, into.blocked) = (Err(Missing::Unsupported), Err(Missing::Unsupported));
    for line in fields::lines(text) {
        let (key, rest) = match line.iter().position(|b| *b == b' ') {
            Some(space) => (&line[..space], &line[space + 1..]),
            None => continue,
        };
        let number = || fields::number(rest).ok_or(Missing::Unsupported);
        match key {
            b"ctxt" => into.switches = number(),
            b"processes" => into.forks = number(),
            b"procs_running" => into.running = number().map(|n| n as u32),
            b"procs_blocked" => into.blocked = number().map(|n| n as u32),
            _ => into.cores.extend(core(key, rest)),
        }
    }
    if !into.cores.is_sorted_by_key(|c| c.id) {
        into.cores.sort_by_key(|c| c.id);
    }
    into.cores.dedup_by_key(|c| c.id);
}

/// When the kernel booted, in seconds after the Unix epoch: the line `b"btime 1795311347"`.
pub fn boot_time(text: &[u8]) -> Option<u64> {
    fields::lines(text)
        .find_map(|line| line.strip_prefix(b"btime "))
        .and_then(fields::number)
}

fn core(key: &[u8], rest: &[u8]) -> Option<CoreSample> {
    let (id, after) = fields::unsigned(key.strip_prefix(b"cpu")?)?;
    if !after.is_empty() {
        return None;
    }
    let mut column = fields::numbers(rest).fuse();
    let mut next = || column.next().unwrap_or_default();
    // `user` and `nice` already hold the guests' time (`account_guest_time`), so the last two columns add nothing.
    let (user, nice, system, idle, iowait) = (next(), next(), next(), next(), next());
    let (hard, soft, steal) = (next(), next(), next());
    Some(CoreSample {
        id: CpuId(u32::try_from(id).ok()?),
        user: Ticks(user.saturating_add(nice)),
        system: Ticks(system),
        irq: Ticks(hard),
        softirq: Ticks(soft),
        steal: Ticks(steal),
        idle: Ticks(idle.saturating_add(iowait)),
        iowait: Ticks(iowait),
        khz: Err(Missing::Unsupported),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"cpu  13350 0 9218 239230 985 0 65 27 0 0\ncpu0 6331 2 3414 121481 185 4 13 10 9 0\n\
        cpu12 7019 0 5804\nintr 248649 0 0 1\nctxt 444238\nbtime 1795311347\nprocesses 11905\nprocs_running 3\n\
        procs_blocked 1\nsoftirq 252411 0\n";

    #[test]
    fn reads_cores_with_holes_and_counters() {
        let mut system = SystemSample::default();
        parse(TEXT, &mut system);
        let first = CoreSample {
            id: CpuId(0),
            user: Ticks(6333),
            system: Ticks(3414),
            irq: Ticks(4),
            softirq: Ticks(13),
            steal: Ticks(10),
            idle: Ticks(121_666),
            iowait: Ticks(185),
            khz: Err(Missing::Unsupported),
        };
        assert_eq!(system.cores[0], first);
        assert_eq!(system.cores[1].id, CpuId(12));
        assert_eq!(system.cores.len(), 2);
        assert_eq!((system.switches, system.forks), (Ok(444_238), Ok(11_905)));
        assert_eq!((system.running, system.blocked), (Ok(3), Ok(1)));
        assert_eq!(boot_time(TEXT), Some(1_795_311_347));
    }

    #[test]
    fn where_it_may_not_be_read_the_cores_are_there_and_nothing_else_is_told() {
        assert_eq!(listed(b"0-1,8\n"), [0, 1, 8].map(CpuId));
        assert_eq!(listed(b"x,3-99999999999,2-1"), []);
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let list = root.sys("devices/system/cpu/online");
        std::fs::create_dir_all(list.parent().expect("a path")).expect("made");
        std::fs::write(list, "0,2\n").expect("written");
        let mut sample = Sample::default();
        let cores = Cores::new(&root);
        cores.lack(Missing::Denied, &mut sample);
        let ids: Vec<u32> = sample.system.cores.iter().map(|c| c.id.0).collect();
        assert_eq!(ids, [0, 2]);
        assert!(sample.system.cores.iter().all(|c| !c.is_told()));
        assert_eq!(sample.system.running, Err(Missing::Denied));
        assert_eq!(online(&root), [0, 2].map(CpuId));
        assert!(!there(&ProcRoot::live()).is_empty(), "we run somewhere");
    }

    #[test]
    fn cores_are_in_order_and_once() {
        let mut system = SystemSample::default();
        parse(
            b"cpu3 1\ncpu1 1\ncpu3 2\ncpux 1\ncpu99999999999 1\n",
            &mut system,
        );
        let ids: Vec<_> = system.cores.iter().map(|c| c.id.0).collect();
        assert_eq!(ids, [1, 3]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            parse(&bytes, &mut SystemSample::default());
            let _ = boot_time(&bytes);
        }
    }
}
