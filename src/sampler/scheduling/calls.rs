//! The system calls of one process while somebody looks: counted in the kernel where that is allowed, else from a record of
//! each (`heard`), else sampled.

mod heard;

use std::io;

use self::heard::Hearing;
use super::spent::{Follower, Following};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::calls::{Calls, Counted, between, sampled};
use crate::model::scheduling::spent::sum;
use crate::sampler::window::Readings;
use crate::sys::bpf::program::Refused;
use crate::sys::clock;
use crate::sys::own::stop::Stop;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::calls::{Tracing, WORDS};
use crate::sys::scheduling::tracepoint;
use crate::sys::source::{Error, Probe, Source};

/// Over how long calls are told on the screen.
const WINDOW: Nanos = Nanos::from_millis(5000);

/// How long a report that waits for what is told waits at least.
const TOLD: Nanos = Nanos::from_millis(10);

/// Whether a process is still there: `Gone` where it has ended, also where nobody has asked how.
///
/// # Errors
/// Why nothing more is told of it.
pub fn lives(root: &ProcRoot, of: ProcId) -> Reading<()> {
    let text = root.read(format!("{}/stat", of.pid))?;
    let line = proc_stat::parse(&text, 1).ok_or(Missing::Gone)?;
    // Its first thread may have ended before the others.
    let ended = match line.stat.state {
        State::Zombie => line.stat.threads <= 1,
        state => state == State::Dead,
    };
    if line.start == of.start && !ended {
        Ok(())
    } else {
        Err(Missing::Gone)
    }
}

/// Counts, or samples, for so long; for reports.
///
/// # Errors
/// `Gone` when it has ended before anything was seen; `Denied` where neither is allowed.
pub fn during(root: &ProcRoot, of: ProcId, span: Nanos, stop: &Stop) -> Reading<Calls> {
    // To begin takes the kernel a while, and reading its types: from then on it is.
    let ends = |from: Nanos| Nanos(from.0.saturating_add(span.0));
    match Tracing::begin(root, of.pid) {
        Ok(tracing) => {
            let first = tracing.read().map_err(|_| Missing::Unsupported)?;
            let mut now = clock::now();
            let end = ends(now);
            while now < end && !stop.asked() && lives(root, of).is_ok() {
                stop.wait(end.since(now).min(Nanos::from_millis(200)));
                now = clock::now();
            }
            let last = tracing.read().map_err(|_| Missing::Unsupported)?;
            Ok(between(&first, &last, &WORDS))
        }
        Err(refused) => match Hearing::begin(root, of) {
            Ok(hearing) => {
                let (first, last) = hear(root, of, &hearing, span, stop);
                let why = refused.to_string();
                Ok(told_by_records(&hearing, &first, &last, why))
            }
            Err(unheard) => sample(root, of, span, stop, why_sampled(&refused, &unheard)),
        },
    }
}

/// Listens for so long, or until the process has ended; both ends of that.
fn hear(
    root: &ProcRoot,
    of: ProcId,
    hearing: &Hearing,
    span: Nanos,
    stop: &Stop,
) -> (Counted, Counted) {
    let first = hearing.read();
    let end = Nanos(first.at.0.saturating_add(span.0));
    let mut last = first.clone();
    while last.at < end && !stop.asked() {
        let ended = lives(root, of).is_err().then(clock::now);
        stop.wait(end.since(last.at).clamp(TOLD, Nanos::from_millis(200)));
        last = hearing.read();
        // What happened until then is told a moment later.
        if ended.is_some_and(|ended| last.at >= ended) {
            break;
        }
    }
    (first, last)
}

/// Samples for so long.
fn sample(root: &ProcRoot, of: ProcId, span: Nanos, stop: &Stop, why: String) -> Reading<Calls> {
    let mut follower = Follower::sampled(root, of);
    let mut now = clock::now();
    let end = Nanos(now.0.saturating_add(span.0));
    while now < end && !stop.asked() {
        match follower.step() {
            Err(Missing::Gone) => break,
            other => other?,
        }
        stop.wait(follower.pause().min(end.since(now)));
        now = clock::now();
    }
    sampled(&sum(std::iter::once(&follower.take())), why)
}

/// What records told between two moments; `why` nothing in the kernel counted.
fn told_by_records(hearing: &Hearing, first: &Counted, last: &Counted, why: String) -> Calls {
    let why = if hearing.everybody {
        format!("{why}; it has so many threads that the calls of every process are told")
    } else {
        why
    };
    Calls {
        records: true,
        why,
        ..between(first, last, &WORDS)
    }
}

/// Why calls are neither counted nor told by records.
fn why_sampled(refused: &Refused, unheard: &io::Error) -> String {
    format!("{refused}; perf tracepoints: {}", tracepoint::why(unheard))
}

/// How it is known.
enum How {
    Counted(Box<Tracing>, Readings<Counted>),
    Heard(Box<Hearing>, Readings<Counted>, String),
    Sampled(Following, String),
}

/// Tells the system calls of the process in focus, while somebody looks.
pub struct CallSource {
    root: ProcRoot,
    of: Option<(ProcId, How)>,
}

impl CallSource {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            of: None,
        }
    }

    fn begin(&self, of: ProcId) -> io::Result<How> {
        Ok(match Tracing::begin(&self.root, of.pid) {
            Ok(tracing) => How::Counted(Box::new(tracing), Readings::over(WINDOW)),
            Err(refused) => match Hearing::begin(&self.root, of) {
                Ok(hearing) => {
                    let mut readings = Readings::over(WINDOW);
                    let first = hearing.read();
                    readings.push(first.at, first);
                    How::Heard(Box::new(hearing), readings, refused.to_string())
                }
                Err(unheard) => {
                    let follower = Follower::sampled(&self.root, of);
                    let why = why_sampled(&refused, &unheard);
                    How::Sampled(Following::begin(follower)?, why)
                }
            },
        })
    }
}

fn told(root: &ProcRoot, of: ProcId, how: &mut How) -> Reading<Calls> {
    match how {
        How::Counted(tracing, readings) => {
            lives(root, of)?;
            let now = tracing.read().map_err(|_| Missing::Unsupported)?;
            let (first, last) = readings.push(now.at, now).ok_or(Missing::Soon)?;
            Ok(between(first, last, &WORDS))
        }
        How::Heard(hearing, readings, why) => {
            lives(root, of)?;
            let now = hearing.read();
            let (first, last) = readings.push(now.at, now).ok_or(Missing::Soon)?;
            Ok(told_by_records(hearing, first, last, why.clone()))
        }
        How::Sampled(following, why) => sampled(&following.told()?.last(WINDOW), why.clone()),
    }
}

impl Source<Detail> for CallSource {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["system calls", "others"])
    }

    fn fills(&self) -> Needs {
        Needs::CALLS
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn rest(&mut self) {
        self.of = None;
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(of) = plan.focus else {
            self.of = None;
            into.calls = None;
            return Ok(());
        };
        if self.of.as_ref().is_none_or(|(known, _)| *known != of) {
            // The old one ends first: two at a time would cost twice.
            self.of = None;
            let how = self.begin(of).map_err(|why| Error::Call {
                call: "pthread_create",
                why,
            })?;
            self.of = Some((of, how));
        }
        if let Some((of, how)) = &mut self.of {
            let value = told(&self.root, *of, how);
            into.calls = Some(Stamped::new(clock::now(), value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Pid;
    use crate::sys::own::stop;

    #[test]
    fn a_report_looks_for_as_long_as_it_was_asked_to() {
        let root = ProcRoot::live();
        let text = root.read("self/stat").expect("a /proc");
        let of = ProcId {
            pid: Pid(std::process::id()),
            start: proc_stat::parse(&text, 1).expect("a line").start,
        };
        let span = Nanos::from_millis(50);
        match during(&root, of, span, &stop::on_signals()) {
            Ok(calls) if calls.exact => assert!(calls.span >= span, "{:?}", calls.span),
            Ok(calls) => println!("skipped: {}", calls.why),
            Err(why) => println!("skipped: this machine does not show system calls: {why}"),
        }
    }

    #[test]
    fn a_source_counts_while_somebody_looks_and_rests_after() {
        let root = ProcRoot::live();
        let text = root.read("self/stat").expect("a /proc");
        let of = ProcId {
            pid: Pid(std::process::id()),
            start: proc_stat::parse(&text, 1).expect("a line").start,
        };
        let plan = Plan {
            focus: Some(of),
            needs: Needs::CALLS,
            ..Plan::default()
        };
        let mut source = CallSource::new(&root);
        let mut detail = Detail::default();
        let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let calls = loop {
            source.read(&plan, &mut detail).expect("a source");
            match detail.calls.as_ref().map(|s| s.value.clone()) {
                Some(Ok(calls)) => break calls,
                other => assert!(std::time::Instant::now() < end, "{other:?}"),
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        if calls.exact {
            // The reading itself reads files.
            assert!(
                calls
                    .rows
                    .iter()
                    .any(|r| r.name == "read" && r.calls.is_ok_and(|n| n > 0))
            );
        } else {
            println!("skipped: {}", calls.why);
        }
        source.rest();
        assert!(source.of.is_none());
        let nobody = ProcId::new(u32::MAX, 1);
        assert_eq!(lives(&root, nobody), Err(Missing::Gone));
    }
}
