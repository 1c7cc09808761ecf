//! Command lines: read once for each program that a process executes, again for shown rows that ran, the rest by turns.

use std::sync::Arc;

use super::table::{Row, copy};
use crate::model::id::{Nanos, Pid};
use crate::model::reading::Reading;
use crate::model::sample::{Command, Facts, TaskSample};
use crate::sys::bounded;
use crate::sys::process::living;
use crate::sys::process::proc_dir::ProcDir;

/// Reads the command lines of the tasks at these places.
///
/// A process may change its own arguments at any time, so what is known is compared and kept where it is the same; a
/// reading that fails never takes away what was known.
pub(in crate::sampler) fn read(
    dir: &ProcDir,
    tasks: &mut [TaskSample],
    rows: &mut [Row],
    places: &[usize],
    now: Nanos,
) {
    if places.is_empty() {
        return;
    }
    let pids: Vec<Pid> = places
        .iter()
        .map(|i| living::asked(dir, tasks[*i].id.pid, &tasks[*i].stat))
        .collect();
    let dir = dir.clone();
    let read = move |pid: &Pid| -> Reading<Command> {
        let mut buffer = vec![0; 1024];
        dir.read(*pid, "cmdline", &mut buffer)
            .map(Command::from_bytes)
    };
    for (place, command) in places.iter().zip(bounded::each("cmdline", pids, read)) {
        let task = &mut tasks[*place];
        let row = &mut rows[*place];
        (row.checked, row.unread, row.ran) = (now, false, command.is_err());
        let known = task.facts.command.as_ref();
        let keep = match &command {
            Ok(new) => known == Ok(new) || (new.is_empty() && known.is_ok()),
            Err(_) => known.is_ok(),
        };
        if !keep {
            task.facts = Arc::new(Facts {
                command,
                ..copy(&task.facts)
            });
        }
    }
}
