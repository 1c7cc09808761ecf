//! Processes by what they read and write.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Sheet;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Snapshot;
use crate::model::stat::State;
use crate::theme::Role;
use crate::widgets::table::{Column, Row, Table};

/// A process that reads, writes, or waits for a disk.
pub struct Busy {
    pub id: ProcId,
    pub name: String,
    command: String,
    user: String,
    read: Reading<f64>,
    written: Reading<f64>,
    all_read: Reading<u64>,
    all_written: Reading<u64>,
    blocked: bool,
    /// Time spent waiting for block devices since it began; zero where the kernel does not account for it.
    waited: Nanos,
}

impl Busy {
    /// Bytes a second in both directions, as far as known.
    pub fn total(&self) -> f64 {
        self.read.unwrap_or(0.0) + self.written.unwrap_or(0.0)
    }

    pub fn matches(&self, needle: &str) -> bool {
        let all = format!("{} {} {}", self.id.pid, self.user, self.command).to_lowercase();
        all.contains(&needle.to_lowercase())
    }
}

/// Those that do any I/O now, then those that did any; kernel threads only while they do.
pub fn list(snapshot: &Snapshot) -> Vec<Busy> {
    let soon = Err(Missing::Soon);
    let mut out: Vec<Busy> = snapshot
        .procs
        .iter()
        .filter_map(|p| {
            let io = p
                .extra
                .as_deref()
                .map_or(soon, |e| e.io.map(|io| io.read.0));
            let all_written = p
                .extra
                .as_deref()
                .map_or(Err(Missing::Soon), |e| e.io.map(|io| io.written.0));
            let rates = p.rates.as_deref();
            let busy = Busy {
                id: p.id,
                name: p.facts.name.to_string(),
                command: p.command_line(),
                user: p.facts.user.to_string(),
                read: rates.map_or(Err(Missing::Soon), |r| r.read),
                written: rates.map_or(Err(Missing::Soon), |r| r.written),
                all_read: io,
                all_written,
                blocked: p.stat.state == State::Blocked,
                waited: snapshot.machine.nanos(p.stat.block_delay),
            };
            let ever = busy.all_read.unwrap_or(0) + busy.all_written.unwrap_or(0) > 0;
            (ever && !p.stat.is_kernel_thread() || busy.total() > 0.0 || busy.blocked)
                .then_some(busy)
        })
        .collect();
    out.sort_by(|a, b| {
        let all = |p: &Busy| p.all_read.unwrap_or(0) + p.all_written.unwrap_or(0);
        let by_rate = b.total().total_cmp(&a.total());
        by_rate
            .then(b.blocked.cmp(&a.blocked))
            .then(all(b).cmp(&all(a)))
            .then(a.id.cmp(&b.id))
    });
    out.truncate(500);
    out
}

const fn column(title: &'static str, width: u16, right: bool, rank: u8) -> Column {
    Column {
        title,
        width,
        right,
        grows: false,
        rank,
    }
}

const COLUMNS: [Column; 9] = [
    column("PID", 7, true, 0),
    column("USER", 9, false, 4),
    column("READS", 8, true, 0),
    column("WRITES", 9, true, 0),
    column("ALL READ", 8, true, 3),
    column("ALL WRITTEN", 11, true, 3),
    column("WAITED", 7, true, 5),
    column("NOW", 7, false, 2),
    Column {
        grows: true,
        ..column("COMMAND", 14, false, 0)
    },
];

/// Draws the rows in view.
pub fn draw(world: &World, all: &[Busy], sheet: &Sheet<ProcId>, area: Rect, buf: &mut Buffer) {
    let window = sheet.window();
    let rows: Vec<Row> = all[window.start.min(all.len())..window.end.min(all.len())]
        .iter()
        .map(|p| row(world, p))
        .collect();
    Table {
        columns: &COLUMNS,
        rows: &rows,
        selected: sheet.selected_in_view(),
        sort: Some((3, true)),
        needle: sheet.needle(),
        header: true,
    }
    .render(&world.theme, area, buf);
}

fn row(world: &World, p: &Busy) -> Row {
    let style = |role| world.theme.style(role);
    let cell = |text: String, role| Line::from(Span::styled(text, style(role)));
    let rate = |r: Reading<f64>| match r {
        Ok(0.0) => cell("0".to_owned(), Role::Dim),
        Ok(n) => cell(format::rate(n), Role::Strong),
        Err(_) => cell("–".to_owned(), Role::Dim),
    };
    let size = |r: Reading<u64>| match r {
        Ok(n) => cell(format::bytes(crate::model::id::Bytes(n)), Role::Dim),
        Err(_) => cell("–".to_owned(), Role::Dim),
    };
    let command = match p.command.strip_prefix(&p.name) {
        Some(rest) => Line::from(vec![
            Span::styled(p.name.clone(), style(Role::Strong)),
            Span::styled(rest.to_owned(), style(Role::Dim)),
        ]),
        None => cell(p.command.clone(), Role::Text),
    };
    Row {
        cells: vec![
            cell(p.id.pid.to_string(), Role::Dim),
            cell(p.user.clone(), Role::User),
            rate(p.read),
            rate(p.written),
            size(p.all_read),
            size(p.all_written),
            match p.waited.0 {
                0 => cell("–".to_owned(), Role::Dim),
                _ => cell(format::duration(p.waited), Role::Text),
            },
            if p.blocked {
                cell("blocked".to_owned(), Role::Bad)
            } else {
                Line::default()
            },
            command,
        ],
        style: Style::new(),
    }
}
