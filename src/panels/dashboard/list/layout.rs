//! Where header, rows, the wrapped command and the last line stand, and which columns find room.

use std::ops::Range;

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;

use super::command::{Indent, is_command};
use super::{List, Typing};
use crate::app::world::World;
use crate::model::process::column::{Column, Shows};
use crate::model::process::forest::Row;
use crate::model::text::width;
use crate::widgets::table;

/// The least that the tree and the command get before other columns give way.
const COMMAND_CELLS: u16 = 24;

/// A column with its cells, counted from the left end of the list.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub column: &'static Column,
    pub cells: Range<u16>,
}

/// The parts of the list's area.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub columns: Vec<Placed>,
    pub header: Rect,
    pub body: Rect,
    /// The whole command line of the selected row.
    pub whole: Vec<String>,
    pub whole_area: Rect,
    /// What helps while a filter is typed.
    pub hint: Rect,
    /// Sums, or the line that is typed.
    pub foot: Rect,
    /// Cells at the left that rows keep for the selection's bar and their mark.
    pub gutter: u16,
    /// How the lines of the tree in view are drawn.
    pub indent: Indent,
}

impl Layout {
    pub(super) fn new(list: &List, world: &World) -> Self {
        let area = list.area;
        let mut out = Self {
            gutter: if area.width >= 40 {
                2
            } else {
                u16::from(area.width >= 8)
            },
            body: area,
            ..Self::default()
        };
        if area.height >= 3 {
            out.header = take_top(&mut out.body, 1);
        }
        if area.height >= 6 || (list.typing.is_some() && area.height >= 2) {
            out.foot = take_bottom(&mut out.body, 1);
        }
        if matches!(list.typing, Some(Typing::Filter(..))) && area.height >= 8 {
            let lines = super::draw::hint_lines(area.width);
            let room = (area.height / 4).max(1);
            out.hint = take_bottom(&mut out.body, (lines as u16).min(room));
        }
        if list.wrapped && area.height >= 6 {
            let command = list.here(world).map(|(_, p)| p.command_line());
            let room = area.width.saturating_sub(2).max(1) as usize;
            out.whole = chop(&command.unwrap_or_default(), room);
            out.whole.truncate((out.body.height / 3).max(1) as usize);
            out.whole_area = take_bottom(&mut out.body, out.whole.len() as u16);
        }
        out.columns = columns(list, world, area.width, out.gutter);
        out
    }

    /// Fits the lines of the tree to the deepest row in view.
    pub(super) fn fit_indent(&mut self, rows: &[Row], top: usize) {
        let in_view = rows.iter().skip(top).take(self.body.height as usize);
        let deepest = in_view.map(|row| row.depth).max().unwrap_or(0);
        let command = self.columns.iter().find(|p| is_command(p.column));
        let room = command.map_or(0, |p| p.cells.end - p.cells.start);
        self.indent = Indent::new(deepest, usize::from(room));
    }

    /// The columns that found room.
    pub(super) fn shown(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().map(|p| p.column)
    }
}

/// Breaks a text into lines of so many cells wherever they end, as a shell shows a long command.
fn chop(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > cells {
            lines.push(String::new());
            used = 0;
        }
        if let Some(last) = lines.last_mut().filter(|_| wide <= cells) {
            last.push_str(grapheme);
            used += wide;
        }
    }
    lines
}

fn take_top(area: &mut Rect, height: u16) -> Rect {
    let height = height.min(area.height);
    let top = Rect { height, ..*area };
    area.y += height;
    area.height -= height;
    top
}

fn take_bottom(area: &mut Rect, height: u16) -> Rect {
    let height = height.min(area.height);
    area.height -= height;
    Rect {
        y: area.y + area.height,
        height,
        ..*area
    }
}

fn columns(list: &List, world: &World, width: u16, gutter: u16) -> Vec<Placed> {
    let shown = with_sort(list);
    let specs: Vec<table::Column> = shown
        .iter()
        .map(|column| {
            let grows = matches!(column.shows, Shows::Command);
            table::Column {
                title: column.title,
                width: match column.name {
                    "command" => COMMAND_CELLS,
                    "pid" | "ppid" | "pgrp" | "sid" => pid_width(world),
                    "user" => list.users.cells.max(column.width),
                    _ => column.width,
                },
                right: column.right(),
                grows,
                rank: if column.name == list.sort.name {
                    rank(column.name).min(SORTED)
                } else {
                    rank(column.name)
                },
                absent: false,
            }
        })
        .collect();
    // The table keeps one cell at its left; the gutter has it already.
    let placed = table::place(&specs, (width + 1).saturating_sub(gutter));
    let cells = |c: Range<u16>| {
        let shift = |x: u16| (x + gutter).saturating_sub(1).min(width);
        shift(c.start)..shift(c.end)
    };
    placed
        .into_iter()
        .map(|p| Placed {
            column: shown[p.column],
            cells: cells(p.cells),
        })
        .filter(|p| !p.cells.is_empty())
        .collect()
}

/// The chosen columns, and before the command what rows are sorted by where that is none of them: nobody sees an order
/// by numbers that are not there.
fn with_sort(list: &List) -> Vec<&'static Column> {
    let mut shown = list.columns.clone();
    if !shown.iter().any(|column| column.name == list.sort.name) {
        let command = shown.iter().position(|column| is_command(column));
        shown.insert(command.unwrap_or(shown.len()), list.sort);
    }
    shown
}

/// The digits of the greatest pid and a cell between them and the mark, at least 6.
fn pid_width(world: &World) -> u16 {
    let last = world.snapshot.procs.last().map_or(0, |p| p.id.pid.0);
    last.checked_ilog10().map_or(6, |log| log as u16 + 2).max(6)
}

/// What rows are sorted by gives way as late as their share of a core.
const SORTED: u8 = 1;

/// Which column gives way first where the list is narrow.
fn rank(name: &str) -> u8 {
    match name {
        "command" => 0,
        "cpu" => 1,
        "pid" => 2,
        "mem" => 3,
        "state" => 4,
        "user" => 5,
        "thr" => 7,
        "history" => 8,
        _ => 6,
    }
}
