//! What pscope itself costs: `getrusage(2)`, `/proc/self/statm` and `/proc/self/io`.

use nix::sys::resource::{UsageWho, getrusage};

use super::fields;
use super::kept::Kept;
use super::root::ProcRoot;
use super::source::{Error, Source};
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
        let pages = fields::numbers(self.statm.read()?).nth(1).unwrap_or(0);
        into.own = Some(OwnSample {
            cpu: Nanos(cpu * 1000),
            resident: Bytes(pages * into.machine.page_size),
            calls: self.io.read().map_or(Err(Missing::Denied), calls),
        });
        Ok(())
    }
}

/// Adds up the lines `b"syscr: 12"` and `b"syscw: 3"`.
fn calls(text: &[u8]) -> Reading<u64> {
    let wanted = fields::pairs(text).filter(|(key, _)| [&b"syscr"[..], b"syscw"].contains(key));
    let found: Vec<u64> = wanted
        .filter_map(|(_, value)| fields::number(value))
        .collect();
    if found.is_empty() {
        Err(Missing::Unsupported)
    } else {
        Ok(found.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_are_added() {
        assert_eq!(calls(b"rchar: 9\nwchar: 9\nsyscr: 12\nsyscw: 3\n"), Ok(15));
        assert_eq!(calls(b""), Err(Missing::Unsupported));
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
        assert!(sample.own.is_some_and(|own| own.cpu.0 > 0));
    }
}
