//! What pscope itself costs: `getrusage(2)`, `/proc/self/statm`, `/proc/self/io`, and the calls that it counts itself.

pub mod calls;
pub mod capabilities;
pub mod heap;
pub mod open_files;
pub mod outfile;
pub mod place;
pub mod priority;
pub mod recording;
pub mod sandbox;
pub mod signals;
pub mod stop;

use nix::sys::resource::{UsageWho, getrusage};

use super::fields;
use super::kept::Kept;
use super::root::ProcRoot;
use super::source::{Error, Probe, Source};
use crate::model::id::{Bytes, Nanos};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{OwnSample, Sample};

/// Reads its own cost at every tick while the header shows it.
#[derive(Debug)]
pub struct OwnCost {
    statm: Kept,
    io: Kept,
}

impl OwnCost {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            statm: Kept::new(root.proc("self/statm"), root.is_live()),
            io: Kept::new(root.proc("self/io"), root.is_live()),
        }
    }
}

impl Source<Sample> for OwnCost {
    fn name(&self) -> &'static str {
        "own cost"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["processes"])
    }

    fn fills(&self) -> Needs {
        Needs::OWN
    }

    fn read(&mut self, plan: &Plan, into: &mut Sample) -> Result<(), Error> {
        into.own = None;
        if !plan.needs.contains(Needs::OWN) {
            return Ok(());
        }
        let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(|e| Error::Call {
            call: "getrusage",
            why: e.into(),
        })?;
        let micros = |t: nix::sys::time::TimeVal| (t.tv_sec() * 1_000_000 + t.tv_usec()) as u64;
        let cpu = micros(usage.user_time()) + micros(usage.system_time());
        let written = |text: &[u8]| sum(text, &[b"wchar"]).map(Bytes);
        let called = |text: &[u8]| sum(text, &[b"syscr", b"syscw"]).map(|n| n + calls::made());
        let (calls, written) = match self.io.read() {
            Ok(text) => (called(text), written(text)),
            Err(_) => (Err(Missing::Denied), Err(Missing::Denied)),
        };
        let pages = fields::numbers(self.statm.read()?).nth(1).unwrap_or(0);
        into.own = Some(OwnSample {
            cpu: Nanos(cpu * 1000),
            resident: Bytes(pages * into.machine.page_size),
            calls,
            written,
        });
        Ok(())
    }
}

/// Adds up the lines of these names, such as `b"syscr: 12"` and `b"syscw: 3"`.
pub(crate) fn sum(text: &[u8], names: &[&[u8]]) -> Reading<u64> {
    let wanted = fields::pairs(text).filter(|(key, _)| names.contains(key));
    let found: Vec<u64> = wanted
        .filter_map(|(_, value)| fields::number(value))
        .collect();
    if found.is_empty() {
        Err(Missing::Unsupported)
    } else {
        Ok(found.into_iter().fold(0, u64::saturating_add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_are_added() {
        let text = b"rchar: 9\nwchar: 8\nsyscr: 12\nsyscw: 3\n";
        assert_eq!(sum(text, &[b"syscr", b"syscw"]), Ok(15));
        assert_eq!(sum(text, &[b"wchar"]), Ok(8));
        assert_eq!(sum(b"", &[b"wchar"]), Err(Missing::Unsupported));
    }

    #[test]
    fn costs_something_and_only_when_asked() {
        let mut source = OwnCost::new(&ProcRoot::live());
        let mut sample = Sample::default();
        source
            .read(&Plan::default(), &mut sample)
            .expect("nothing to read");
        assert_eq!(sample.own, None);
        let plan = Plan {
            needs: Needs::OWN,
            ..Plan::default()
        };
        source.read(&plan, &mut sample).expect("our own files");
        let first = sample.own.expect("asked for");
        assert!(first.cpu.0 > 0);
        let dir = crate::sys::process::proc_dir::ProcDir::open(&ProcRoot::live())
            .expect("there is a /proc");
        let me = crate::model::id::Pid(std::process::id());
        dir.read(me, "stat", &mut Vec::new()).expect("our own");
        source.read(&plan, &mut sample).expect("our own files");
        let (Ok(before), Some(Ok(now))) = (first.calls, sample.own.map(|own| own.calls)) else {
            eprintln!("skipped: the kernel does not count the calls of this process");
            return;
        };
        assert!(now - before >= 3, "open, read, close: {before} and {now}");
    }
}
