//! The row of a control group that nobody is listed in.

use super::{Content, DrawnRow};
use crate::app::world::World;
use crate::model::groups::grouping::Group;
use crate::panels::dashboard::list::List;
use crate::panels::dashboard::list::cells::{Cell, Subject};
use crate::panels::dashboard::list::command::{self, is_command};

/// The row of a group that nobody is listed in, with the numbers of whoever is in it by another hierarchy.
pub(super) fn row(list: &List, world: &World, at: usize, group: &Group) -> DrawnRow {
    let mut indent = 0;
    let elsewhere = Subject::listed_elsewhere(list, world, group);
    let columns = list.layout.columns.iter();
    let cells = columns.map(|placed| {
        let spans = if is_command(placed.column) {
            let (spans, lines) = command::nobody(list, world, group, at);
            indent = lines;
            spans
        } else {
            let cell = |subject: &Subject<'_>| subject.cell(list, world, placed.column);
            match elsewhere.as_ref().map(cell) {
                Some(Cell::Text(text, style)) => vec![(text, style)],
                Some(Cell::Past(past)) => return (placed.clone(), Content::Past(past)),
                None => Vec::new(),
            }
        };
        (placed.clone(), Content::Spans(spans))
    });
    DrawnRow {
        cells: cells.collect(),
        mark: None,
        dim: true,
        indent,
    }
}
