//! Requests to disks while somebody looks: counted in the kernel where that is allowed, else why not.

use std::io;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::machine::requests::{Counted, FocusRequests, Past, Requests, between};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::sampler::window::Readings;
use crate::sys::bpf::program::Refused;
use crate::sys::clock;
use crate::sys::machine::requests::Tracing;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Over how long they are told on the screen.
pub const WINDOW: Nanos = Nanos::from_millis(5000);

/// Why they are not counted, and whether that is for want of a right.
type Why = (String, bool);

/// Begins to count.
fn begin(root: &ProcRoot) -> Result<(Tracing, Counted), Why> {
    let why = |refused: Refused| {
        let denied = refused.error.kind() == io::ErrorKind::PermissionDenied;
        (refused.to_string(), denied)
    };
    let mut tracing = Tracing::begin(root).map_err(why)?;
    let first = tracing.read(root).map_err(|e| why(e.into()))?;
    Ok((tracing, first))
}

/// Counts from the moment that this is made; for reports.
pub struct Counting(Result<(Tracing, Counted), Why>);

impl Counting {
    /// Begins, or keeps why it cannot.
    pub fn begin(root: &ProcRoot) -> Self {
        Self(begin(root))
    }

    /// What was counted since.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn end(self, root: &ProcRoot) -> Reading<Requests> {
        match self.0 {
            Ok((mut tracing, first)) => {
                let last = tracing.read(root).map_err(|_| Missing::Unsupported)?;
                Ok(between(&first, &last))
            }
            Err(why) => Ok(Requests::refused(clock::now(), why)),
        }
    }
}

/// What was counted since somebody looks.
struct Watching {
    tracing: Tracing,
    since: Nanos,
    before: Counted,
    past: Past,
    /// The process in focus, since when it is followed, and what it asked for.
    focus: Option<(ProcId, Nanos, Past)>,
    readings: Readings<Counted>,
}

impl Watching {
    fn begin(root: &ProcRoot) -> Result<Self, Why> {
        if !root.is_live() {
            let why = "requests are counted of the machine that runs alone";
            return Err((why.to_owned(), false));
        }
        let (tracing, first) = begin(root)?;
        let mut readings = Readings::over(WINDOW);
        readings.push(first.at, first.without_columns());
        Ok(Self {
            tracing,
            since: first.at,
            before: first,
            past: Past::default(),
            focus: None,
            readings,
        })
    }

    fn told(&mut self, root: &ProcRoot, of: Option<ProcId>) -> Reading<Requests> {
        let now = self.tracing.read(root).map_err(|_| Missing::Unsupported)?;
        self.past.push(&self.before, &now);
        if self.focus.as_ref().map(|(id, ..)| *id) != of {
            self.focus = of.map(|id| (id, self.before.at, Past::default()));
        }
        if let Some((id, _, past)) = &mut self.focus {
            past.push_process(id.pid, (&self.before, &now));
        }
        let bare = now.without_columns();
        self.before = now;
        let (first, last) = self.readings.push(bare.at, bare).ok_or(Missing::Soon)?;
        let mut told = between(first, last);
        told.since = self.since;
        told.focus = self.focus.as_ref().map(|(id, since, past)| FocusRequests {
            pid: id.pid,
            since: *since,
            devices: past.of_process(id.pid, (first, last)),
        });
        for device in &mut told.devices {
            device.columns = self.past.columns(&device.name, device.kind);
        }
        Ok(told)
    }
}

/// Tells the requests to all disks, while somebody looks.
pub struct RequestSource {
    root: ProcRoot,
    watching: Option<Result<Watching, Why>>,
}

impl RequestSource {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            watching: None,
        }
    }
}

impl Source<Detail> for RequestSource {
    fn name(&self) -> &'static str {
        "disk requests"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["disk requests"])
    }

    fn fills(&self) -> Needs {
        Needs::DISK_REQUESTS
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn rest(&mut self) {
        self.watching = None;
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let root = &self.root;
        let watching = self.watching.get_or_insert_with(|| Watching::begin(root));
        let value = match watching {
            Ok(watching) => watching.told(root, plan.focus),
            Err(why) => Ok(Requests::refused(clock::now(), why.clone())),
        };
        into.machine.requests = Some(Stamped::new(clock::now(), value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_counts_while_somebody_looks_and_rests_after() {
        let mut source = RequestSource::new(&ProcRoot::live());
        let plan = Plan::default();
        let mut detail = Detail::default();
        source.read(&plan, &mut detail).expect("a source");
        let told = detail.machine.requests.take().expect("told").value;
        let told = told.expect("told");
        if told.counted() {
            source.read(&plan, &mut detail).expect("a source");
            let later = detail.machine.requests.take().expect("told").value;
            let later = later.expect("two readings");
            assert_eq!(later.since, told.since, "it goes on");
        } else {
            println!("skipped: {}", told.why);
        }
        source.rest();
        assert!(source.watching.is_none(), "nothing of it is left");
        let counting = Counting::begin(&ProcRoot::live());
        let counted = counting.end(&ProcRoot::live()).expect("told");
        assert_eq!(counted.counted(), told.counted());
    }
}
