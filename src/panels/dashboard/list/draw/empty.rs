//! The row of a control group that nobody is in.

use super::{Content, DrawnRow};
use crate::app::world::World;
use crate::model::groups::grouping::Group;
use crate::panels::dashboard::list::List;
use crate::panels::dashboard::list::command::{self, is_command};

/// The row of a group that nobody is in.
pub(super) fn row(list: &List, world: &World, at: usize, group: &Group) -> DrawnRow {
    let mut indent = 0;
    let columns = list.layout.columns.iter();
    let cells = columns.map(|placed| {
        let spans = if is_command(placed.column) {
            let (spans, lines) = command::nobody(list, world, group, at);
            indent = lines;
            spans
        } else {
            Vec::new()
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
