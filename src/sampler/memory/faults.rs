//! Which regions of a process take pages, while somebody looks: its page faults of the last two seconds, or of as long as a
//! report waits, each sorted into the region that it was in, with the functions that touched.

use std::collections::VecDeque;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::memory::faults::{PageFaults, Touched, at_most};
use crate::model::memory::region::AddressSpace;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::sampler::memory::address_space::AddressSpaces;
use crate::sampler::memory::functions::Functions;
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::own::stop::Stop;
use crate::sys::process::{proc_stat, process_ids};
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf;
use crate::sys::scheduling::perf::faults::{Fault, Faults};
use crate::sys::source::{Error, Probe, Source};

/// Over how long rates are told.
const WINDOW: Nanos = Nanos::from_millis(2000);
/// Between two readings, in milliseconds: rings are small.
const PACE: u64 = 250;
/// The same for a report, which has nothing else to do: many come at once.
const REPORT_PACE: Nanos = Nanos::from_millis(50);
/// How often a report keeps what regions there are, in case the process ends.
const REGIONS_PACE: Nanos = Nanos::from_millis(1000);
/// Faults that are remembered; of more the oldest are forgotten, and the window is so much shorter.
const MOST: usize = 1 << 16;

/// What is heard of one process.
struct Heard {
    faults: Faults,
    /// Those of the window, oldest first.
    told: VecDeque<Fault>,
    /// How long that is.
    window: Nanos,
    /// From when on every one is remembered that was told.
    since: Nanos,
    /// How many the kernel had counted of it by when, those that waited for a disk apart, oldest first; from the last one before
    /// the window on.
    counts: VecDeque<(Nanos, [u64; 2])>,
    /// When records were lost last.
    lost: Option<Nanos>,
    /// Whose code it was.
    functions: Functions,
}

impl Heard {
    fn begin(root: &ProcRoot, of: ProcId, window: Nanos) -> Reading<Self> {
        if !root.is_live() {
            return Err(Missing::Unsupported);
        }
        let tids = perf::threads(root, of.pid);
        let faults = Faults::of(of.pid, &tids, &cores::online(root));
        let faults = faults.map_err(|why| Missing::from(&why))?;
        // The number may have been given to another meanwhile.
        process_ids::still(root, of).map_err(|_| Missing::Gone)?;
        let counts: VecDeque<_> = counts(root, of).into_iter().collect();
        Ok(Self {
            faults,
            told: VecDeque::new(),
            window,
            since: counts.front().map_or_else(clock::now, |(at, _)| *at),
            counts,
            lost: None,
            functions: Functions::of(root, of),
        })
    }

    /// Reads on, and forgets what was before the window; answers from when to when that is.
    fn read(&mut self, root: &ProcRoot, of: ProcId) -> (Nanos, Nanos) {
        // First: what is counted after this is told later.
        let counted = counts(root, of);
        let now = counted.map_or_else(clock::now, |(at, _)| at);
        self.counts.extend(counted);
        let told = &mut self.told;
        if !self.faults.read(|fault| told.push_back(fault)) {
            self.lost = Some(now);
        }
        // Each core has told its own.
        told.make_contiguous().sort_by_key(|fault| fault.at);
        let first = now.since(self.window);
        while told.front().is_some_and(|fault| fault.at < first) || told.len() > MOST {
            let Some(old) = told.pop_front() else { break };
            self.since = self.since.max(old.at);
        }
        let from = self.since.max(first);
        // From one count to another, so that they tell of the same time.
        while self.counts.front().is_some_and(|(at, _)| *at < from) {
            self.counts.pop_front();
        }
        let from = self.counts.front().map_or(from, |(at, _)| *at);
        (from, now)
    }

    /// How many the kernel counted from one moment to another, where it did at both.
    fn counted(&self, from: Nanos, now: Nanos) -> Option<(u64, u64)> {
        let (first, last) = (self.counts.front()?, self.counts.back()?);
        let grown = |n: usize| last.1[n].saturating_sub(first.1[n]);
        (first.0 == from && last.0 == now && from < now).then(|| (grown(0), grown(1)))
    }

    /// What there was from one moment to another, of what was read.
    fn told(&mut self, (from, now): (Nanos, Nanos), space: &AddressSpace) -> PageFaults {
        let told = &self.told;
        let counted = self.counted(from, now);
        let touched = told
            .iter()
            .filter(|fault| fault.at > from && fault.at <= now);
        let by = touched.clone().map(|fault| (fault.code, fault.top));
        self.functions.learn(space, by);
        let functions = &self.functions;
        let touched = touched.map(|fault| Touched {
            address: fault.address,
            faults: fault.stands_for,
            major: fault.major,
            by: (fault.code, fault.top),
        });
        let mut touched: Vec<Touched> = touched.collect();
        let lost = self.lost.is_some_and(|at| at >= from);
        let whole = !lost && told.iter().all(|fault| fault.stands_for == 1);
        if let Some(counted) = counted.filter(|_| !whole) {
            at_most(&mut touched, counted);
        }
        let named = |place| functions.toucher(space, place);
        let sorted = PageFaults {
            whole,
            kernel: self.faults.kernel,
            ..PageFaults::sorted(space, touched, now.since(from), &named)
        };
        match counted {
            Some(counted) => sorted.counted(counted),
            None => sorted,
        }
    }
}

/// When, and how many the kernel has counted of a process, without and with a disk that they waited for.
fn counts(root: &ProcRoot, of: ProcId) -> Option<(Nanos, [u64; 2])> {
    let text = root.read(format!("{}/stat", of.pid)).ok()?;
    let line = proc_stat::parse(&text, 1).filter(|line| line.start == of.start)?;
    let stat = &line.stat;
    Some((clock::now(), [stat.minor_faults, stat.major_faults]))
}

/// Listens for so long, or until told to stop; for reports. With the address space at the end, into which they are sorted.
///
/// # Errors
/// `Denied` where the faults of this process are not told to this user, `Gone` where it has ended.
pub fn during(
    root: &ProcRoot,
    of: ProcId,
    span: Nanos,
    stop: &Stop,
) -> Reading<(PageFaults, AddressSpace)> {
    let mut heard = Heard::begin(root, of, span)?;
    let begun = clock::now();
    // Of who ends meanwhile: the regions that it had.
    let mut spaces = AddressSpaces::new(root);
    let mut space = spaces.whole(of);
    let mut looked = begun;
    loop {
        let left = span.since(clock::now().since(begun));
        if left == Nanos(0) || stop.asked() || process_ids::still(root, of).is_err() {
            break;
        }
        stop.wait(left.min(REPORT_PACE));
        heard.read(root, of);
        if clock::now().since(looked) >= REGIONS_PACE {
            space = spaces.whole(of).or(space);
            looked = clock::now();
        }
    }
    let window = heard.read(root, of);
    // Afterwards, so that what was touched last is in it; regions may have grown together.
    let space = spaces.whole(of).or(space)?;
    Ok((heard.told(window, &space), space))
}

/// Tells which regions take pages.
pub struct FaultSource {
    root: ProcRoot,
    of: Option<(ProcId, Reading<Heard>)>,
}

impl FaultSource {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            of: None,
        }
    }
}

impl Source<Detail> for FaultSource {
    fn name(&self) -> &'static str {
        "page faults"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["page faults"])
    }

    fn fills(&self) -> Needs {
        Needs::PAGE_FAULTS
    }

    fn pace_ms(&self) -> u64 {
        PACE
    }

    fn rest(&mut self) {
        self.of = None;
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(of) = plan.focus else {
            self.of = None;
            into.page_faults = None;
            return Ok(());
        };
        if self.of.as_ref().is_none_or(|(known, _)| *known != of) {
            self.of = None;
            self.of = Some((of, Heard::begin(&self.root, of, WINDOW)));
        }
        if let Some((_, heard)) = &mut self.of {
            let space = match &into.regions {
                Some(slot) => slot.value.clone(),
                None => Err(Missing::Soon),
            };
            let value = match heard {
                Ok(heard) => {
                    let window = heard.read(&self.root, of);
                    space.map(|space| heard.told(window, &space))
                }
                Err(why) => Err(*why),
            };
            into.page_faults = Some(Stamped::new(clock::now(), value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Pid;
    use crate::sampler::memory::address_space;
    use crate::sys::process::proc_stat;

    #[test]
    fn the_region_that_is_touched_takes_pages_and_the_others_do_not() {
        let root = ProcRoot::live();
        let text = root.read("self/stat").expect("a /proc");
        let start = proc_stat::parse(&text, 1).expect("a line").start;
        let plan = Plan {
            focus: Some(ProcId {
                pid: Pid(std::process::id()),
                start,
            }),
            needs: Needs::REGIONS | Needs::PAGE_FAULTS,
            ..Plan::default()
        };
        let mut detail = Detail::default();
        // So much is always mapped anew, and nobody has touched it.
        let mut memory = vec![0_u8; 64 << 20];
        let (mut regions, _) = address_space::sources(&root);
        regions.read(&plan, &mut detail).expect("a source");
        let mut source = FaultSource::new(&root);
        let of = plan.focus.expect("this test");
        let counted = || counts(&root, of).expect("a line").1;
        let outer = counted();
        source.read(&plan, &mut detail).expect("a source");
        let inner = counted();
        if let Some(Err(why)) = detail.page_faults.as_ref().map(|slot| slot.value.clone()) {
            println!("skipped: page faults are {why}");
            return;
        }
        for page in memory.chunks_mut(4096).take(3000) {
            page[0] = 1;
        }
        let grown = |since: [u64; 2]| [0, 1].map(|n| counted()[n] - since[n]);
        let inner = grown(inner);
        source.read(&plan, &mut detail).expect("a source");
        let outer = grown(outer);
        let slot = detail.page_faults.as_ref().expect("told");
        let faults = slot.value.as_ref().expect("told");
        let address = memory.as_ptr() as u64;
        let space = detail
            .regions
            .as_ref()
            .and_then(|slot| slot.value.as_ref().ok());
        let space = space.expect("it is ours");
        let inside =
            |r: &&crate::model::memory::region::Region| (r.start..r.end).contains(&address);
        let region = space.regions.iter().find(inside).expect("it is listed");
        let taken = faults.of(region.start).map_or(0, |r| r.first);
        assert!(taken > 0, "{faults:?}");
        assert_eq!(faults.of(region.start).map(|r| r.file + r.swap), Some(0));
        // The sum is what the kernel counted, however many were told.
        let (minor, major) = faults.counted.expect("counted");
        assert!(
            (inner[0]..=outer[0]).contains(&minor),
            "{minor} of {inner:?} to {outer:?}"
        );
        assert!(major <= outer[1].max(faults.regions.iter().map(|r| r.waited).sum()));
        assert_eq!(faults.all(), minor + major);
        source.rest();
        assert!(source.of.is_none());
    }

    #[test]
    fn what_was_counted_of_who_ended_meanwhile_is_told() {
        let root = ProcRoot::live();
        // It ends by itself, when it has had a core for a second.
        let mut child = std::process::Command::new("sh")
            .args(["-c", "ulimit -t 1; while :; do :; done"])
            .spawn()
            .expect("sh starts");
        let text = root.read(format!("{}/stat", child.id())).expect("it lives");
        let of = ProcId {
            pid: Pid(child.id()),
            start: proc_stat::parse(&text, 1).expect("a line").start,
        };
        let reaps = std::thread::spawn(move || child.wait().expect("it ends"));
        let stop = crate::sys::own::stop::on_signals();
        let told = during(&root, of, Nanos::from_millis(600_000), &stop);
        reaps.join().expect("it ended");
        match told {
            Err(why @ (Missing::Denied | Missing::Unsupported)) => {
                println!("skipped: page faults are {why}");
            }
            told => assert!(!told.expect("counted").1.regions.is_empty()),
        }
    }
}
