//! What a tick says of itself: what it could not list, why it tells no rates, what does not answer, who is hidden.

use std::os::unix::ffi::OsStrExt as _;

use super::Sweeper;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::reading::Missing;
use crate::model::sample::{Fault, Sample};
use crate::model::snapshot;
use crate::model::text::SafeText;
use crate::sampler::process::tracking;
use crate::sys::asker;
use crate::sys::source::Error;

impl Sweeper {
    /// The table is as it was: says so, once.
    pub(super) fn not_listed(&mut self, why: &Error) {
        self.failed += 1;
        let Some(last) = &mut self.last else { return };
        if self.failed > 1 && !last.faults.is_empty() {
            last.faults.remove(0);
        }
        let why = format!("not listed, so the last ones are shown: {why}");
        last.faults.insert(0, fault("processes", why));
    }

    /// Why a tick is not like others: it tells no rates, or those of less time than passed.
    pub(super) fn gap(&self, sample: &Sample) -> Option<Fault> {
        let before = self.last.as_ref()?;
        if let Some(slept) = tracking::suspended(before, sample) {
            let slept = format::duration(slept);
            let why = format!("the machine was suspended for {slept}; rates are of the time awake");
            return Some(fault("clock", why));
        }
        let span = snapshot::span(Some(before), sample);
        span.err().filter(|why| *why == Missing::Gap)?;
        let passed = format::duration(sample.at.since(before.at));
        let why = match self.failed {
            0 => format!("nothing was read for {passed}: pscope was stopped or did not get a core"),
            n => format!(
                "nothing was read for {passed}: the processes could not be listed {n} times"
            ),
        };
        Some(fault("rates", format!("none at this tick; {why}")))
    }

    pub(super) fn note_limits(&self, sample: &mut Sample) {
        sample.faults.extend(unanswered());
        sample.faults.extend(self.slowed.clone().map(|why| Fault {
            source: "sampler",
            why,
        }));
        let hidden = match (self.table.hidden, &self.hidden_by) {
            (0, None) => return,
            (0, Some(option)) => {
                format!("those of other users are not listed (mount option {option})")
            }
            (n, _) => format!("processes hidden from this user (mount option hidepid): {n}"),
        };
        sample.faults.push(fault("processes", hidden));
    }
}

fn fault(source: &'static str, why: String) -> Fault {
    Fault {
        source,
        why: SafeText::from(why),
    }
}

/// What does not answer, named with since when; and that nothing more is asked, where that is so.
fn unanswered() -> Vec<Fault> {
    let (all, short) = asker::unanswered();
    let fault = |why: String| fault("files", why);
    let mut out: Vec<Fault> = Vec::new();
    if let Some(first) = all.first() {
        let path = SafeText::from_bytes(first.path.as_os_str().as_bytes());
        let lasts = format::duration(Nanos(first.lasts.as_nanos() as u64));
        let more = match all.len() - 1 {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        out.push(fault(format!(
            "no answer for {lasts} from {path}{more}; asked again"
        )));
    }
    if short {
        out.push(fault(
            "all helpers wait for files that do not answer; no more is asked".to_owned(),
        ));
    }
    out
}
