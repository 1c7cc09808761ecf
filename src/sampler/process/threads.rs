//! Threads of processes that have more than one, read only while somebody shows them.

use super::table::Row;
use crate::model::id::{Nanos, ProcId, ThreadId};
use crate::model::sample::{TaskSample, ThreadSample};
use crate::model::text::SafeText;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::proc_stat;

/// Reads every thread of every process with more than one; those of a process that did not run, and names that did not
/// change, are shared with `before`. `after` is how much later than the tick they are read.
pub(in crate::sampler) fn read(
    dir: &ProcDir,
    tasks: &[TaskSample],
    rows: &[Row],
    before: &[ThreadSample],
    page_size: u64,
    after: Nanos,
) -> Vec<ThreadSample> {
    let mut found = Vec::with_capacity(before.len());
    let (mut tids, mut buffer, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let mut old = before.iter().peekable();
    for (task, row) in tasks.iter().zip(rows).filter(|(t, _)| t.stat.threads > 1) {
        if !row.fresh {
            let known = of(before, task.id);
            if !known.is_empty() {
                // Whoever did not run has counted nothing since, so that this is of the tick as well.
                let known = known.iter().cloned();
                found.extend(known.map(|thread| ThreadSample { after, ..thread }));
                continue;
            }
        }
        if dir.tids(task.id.pid, &mut tids, &mut entries).is_err() {
            continue;
        }
        for tid in &tids {
            let path = format!("task/{tid}/stat");
            let Ok(text) = dir.read(task.id.pid, &path, &mut buffer) else {
                continue;
            };
            let Some(line) = proc_stat::parse(text, page_size) else {
                continue;
            };
            let id = ThreadId {
                tid: *tid,
                start: line.start,
            };
            while old.next_if(|t| (t.of, t.id) < (task.id, id)).is_some() {}
            let known = old.next_if(|t| (t.of, t.id) == (task.id, id));
            found.push(ThreadSample {
                of: task.id,
                id,
                name: name(known, line.name),
                stat: line.stat,
                after,
            });
        }
    }
    found
}

/// The threads of one process.
fn of(threads: &[ThreadSample], id: ProcId) -> &[ThreadSample] {
    let from = threads.partition_point(|t| t.of < id);
    let to = threads.partition_point(|t| t.of <= id);
    &threads[from..to]
}

fn name(known: Option<&ThreadSample>, name: &[u8]) -> SafeText {
    match known {
        Some(known) if known.name.as_bytes() == name => known.name.clone(),
        _ => SafeText::from_bytes(name),
    }
}
