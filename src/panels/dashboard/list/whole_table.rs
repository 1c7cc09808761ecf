//! The list as a table for a file: one line for each process that is listed, folded away or not, with exact numbers.

use super::List;
use super::cells::Subject;
use crate::app::save::WholeTable;
use crate::app::world::World;
use crate::model::process::column::{Column, Shows};
use crate::model::snapshot::Proc;

/// Every process of the rows, in their order; with threads on, those too.
pub(super) fn whole_table(list: &List, world: &World) -> WholeTable {
    let mut table = WholeTable {
        name: "list",
        heads: columns(list).map(Column::exact_head).collect(),
        ..WholeTable::default()
    };
    for row in list.forest.rows.iter().filter(|row| !row.dim) {
        let Some(subject) = Subject::of(list, world, *row) else {
            continue;
        };
        let all = if subject.all.is_empty() {
            std::slice::from_ref(&subject.lead)
        } else {
            &subject.all
        };
        for proc in all {
            table
                .rows
                .push(line(list, world, proc, subject.thread.is_some()));
            if subject.thread.is_none() {
                table.procs.push(proc.id);
            }
        }
    }
    table
}

/// What could not be read is empty, as is what a thread has not of its own.
fn line(list: &List, world: &World, proc: &Proc, thread: bool) -> Vec<String> {
    let text = |column: &&'static Column| {
        if thread && !column.of_threads && column.name != "command" {
            return String::new();
        }
        column.exact(&world.snapshot, proc).unwrap_or_default()
    };
    columns(list).map(|column| text(&column)).collect()
}

/// The chosen columns but the picture of the past: its last value stands under `cpu_percent`.
fn columns(list: &List) -> impl Iterator<Item = &'static Column> {
    let all = list.columns.iter().copied();
    all.filter(|column| !matches!(column.shows, Shows::History))
}
