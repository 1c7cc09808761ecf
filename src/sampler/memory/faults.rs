//! Which regions of a process take pages, while somebody looks: its page faults of the last two seconds, or of as long as a
//! report waits, each sorted into the region that it was in, with the functions that touched.

use std::collections::VecDeque;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::memory::faults::{PageFaults, Touched};
use crate::model::memory::region::AddressSpace;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::sampler::memory::address_space::AddressSpaces;
use crate::sampler::memory::functions::Functions;
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::own::stop::Stop;
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf;
use crate::sys::scheduling::perf::faults::{Fault, Faults};
use crate::sys::source::{Error, Probe, Source};

/// Over how long rates are told.
const WINDOW: Nanos = Nanos::from_millis(2000);
/// Between two readings, in milliseconds: rings are small.
const PACE: u64 = 250;
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
        Ok(Self {
            faults,
            told: VecDeque::new(),
            window,
            since: clock::now(),
            lost: None,
            functions: Functions::of(root, of),
        })
    }

    /// Reads on, and forgets what was before the window that ends now; answers when that begins.
    fn read(&mut self, now: Nanos) -> Nanos {
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
        self.since.max(first)
    }

    /// What there was from one moment to another, of what was read.
    fn told(&mut self, (from, now): (Nanos, Nanos), space: &AddressSpace) -> PageFaults {
        let told = &self.told;
        let touched = told.iter().filter(|fault| fault.at >= from);
        let by = touched.clone().map(|fault| (fault.code, fault.top));
        self.functions.learn(space, by);
        let functions = &self.functions;
        let touched = touched.map(|fault| Touched {
            address: fault.address,
            faults: fault.stands_for,
            major: fault.major,
            by: (fault.code, fault.top),
        });
        let lost = self.lost.is_some_and(|at| at >= from);
        PageFaults {
            whole: !lost && told.iter().all(|fault| fault.stands_for == 1),
            kernel: self.faults.kernel,
            ..PageFaults::sorted(space, touched, now.since(from), &|place| {
                functions.toucher(space, place)
            })
        }
    }
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
    loop {
        let left = span.since(clock::now().since(begun));
        if left == Nanos(0) || stop.asked() || process_ids::still(root, of).is_err() {
            break;
        }
        stop.wait(left.min(Nanos::from_millis(PACE)));
        heard.read(clock::now());
    }
    let now = clock::now();
    let from = heard.read(now);
    // Afterwards, so that what was touched last is in it; regions may have grown together.
    let space = AddressSpaces::new(root).whole(of)?;
    Ok((heard.told((from, now), &space), space))
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
        Probe::Examined(&["own switches", "switches"])
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
            let now = clock::now();
            let space = match &into.regions {
                Some(slot) => slot.value.clone(),
                None => Err(Missing::Soon),
            };
            let value = match heard {
                Ok(heard) => {
                    let from = heard.read(now);
                    space.map(|space| heard.told((from, now), &space))
                }
                Err(why) => Err(*why),
            };
            into.page_faults = Some(Stamped::new(now, value));
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
        source.read(&plan, &mut detail).expect("a source");
        if let Some(Err(why)) = detail.page_faults.as_ref().map(|slot| slot.value.clone()) {
            println!("skipped: page faults are {why}");
            return;
        }
        for page in memory.chunks_mut(4096).take(3000) {
            page[0] = 1;
        }
        source.read(&plan, &mut detail).expect("a source");
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
        source.rest();
        assert!(source.of.is_none());
    }
}
