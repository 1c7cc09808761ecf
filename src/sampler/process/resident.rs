//! Resident memory to the page, of shown rows, or of all where one sorts or filters by it.
//!
//! `stat` has the kernel's quick number, which leaves out what each core still counts for itself: some hundred KiB of a
//! process on a small machine, many MiB on one of a hundred cores. `statm` adds that up, at the price of a second file.

use super::table::Table;
use crate::model::id::Bytes;
use crate::model::sample::TaskSample;
use crate::sys::process::{living, proc_counters};

/// Reads it in those of the `places` where it is not known since their `stat` was read; answers whether there were any.
pub(in crate::sampler) fn read(
    table: &mut Table,
    tasks: &mut [TaskSample],
    places: &[usize],
) -> bool {
    let mut buffer = Vec::new();
    let mut any = false;
    for place in places {
        let (row, task) = (&mut table.rows[*place], &mut tasks[*place]);
        if row.exact || task.stat.resident.0 == 0 {
            continue;
        }
        (row.exact, any) = (true, true);
        let asked = living::asked(&table.dir, task.id.pid, &task.stat);
        let text = table.dir.read(asked, "statm", &mut buffer);
        // One that has just ended keeps the quick number.
        if let Some(pages) = text.ok().and_then(proc_counters::resident_pages) {
            task.stat.resident = Bytes(pages.saturating_mul(table.page_size));
        }
    }
    any
}
