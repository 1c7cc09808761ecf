//! Whom the kernel killed because memory ran out, as far as ticks tell: it counts them and names nobody but in its log, which
//! few may read. Who ended by SIGKILL at that tick, or at the next one, is told for what that is.

use super::watch::{Seen, who};
use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;
use crate::model::id::Pid;
use crate::model::process::column::all::UNIT;
use crate::model::snapshot::{Proc, Snapshot};

/// So many are named.
const NAMED: usize = 3;

impl Seen<'_> {
    /// Who ended by SIGKILL between the last two ticks; `None` where nobody did, or where ends are not told.
    pub(super) fn victims(&self) -> Option<String> {
        let ends = self.now.ends.as_deref()?;
        let killed =
            |fate: &Fate| matches!(fate, Fate::Killed(signal, _) if *signal == Signal::KILL);
        let all: Vec<Pid> = ends
            .iter()
            .filter(|(_, fate)| killed(fate))
            .map(|(pid, _)| *pid)
            .collect();
        let names = all.iter().take(NAMED).map(|pid| self.victim(*pid));
        let names = names.collect::<Vec<_>>().join(", ");
        let more = match all.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!all.is_empty()).then(|| format!("probably {names}{more}: ended by KILL then"))
    }

    fn victim(&self, pid: Pid) -> String {
        let before = self
            .before
            .and_then(|before| Some((before, before.by_pid(pid)?)));
        match before {
            Some((before, proc)) => {
                let group = group(before, proc);
                let group = group.map_or_else(String::new, |group| format!(" of {group}"));
                format!("{}{group}", who(proc))
            }
            None => format!("{pid} (it lived for less than a tick)"),
        }
    }
}

/// What the control group stands for that it was in, where it was in one.
fn group(snapshot: &Snapshot, proc: &Proc) -> Option<String> {
    let name = UNIT.text(snapshot, proc).ok()?;
    (name != "/").then(|| name.into_owned())
}
