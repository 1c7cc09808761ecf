//! The biggest holders of memory: by proportional size where it may be read, else by resident size, and it says which.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Sheet;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Snapshot;
use crate::theme::Role;
use crate::widgets::table::{Column, Row, Table};

/// One process in the table.
pub struct Holder {
    pub id: ProcId,
    user: String,
    name: String,
    command: String,
    resident: Bytes,
    pss: Reading<Bytes>,
    swap: Reading<Bytes>,
    oom: Reading<u32>,
}

impl Holder {
    pub fn matches(&self, needle: &str) -> bool {
        let all = format!("{} {} {}", self.id.pid, self.user, self.command);
        all.to_lowercase().contains(&needle.to_lowercase())
    }

    /// What it is ordered by.
    fn size(&self) -> Bytes {
        self.pss.unwrap_or(self.resident)
    }
}

/// The `n` processes with the most resident memory.
pub fn biggest(snapshot: &Snapshot, n: usize) -> Vec<ProcId> {
    let mut all: Vec<_> = snapshot
        .procs
        .iter()
        .filter(|p| p.stat.resident.0 > 0)
        .collect();
    if all.len() > n {
        all.select_nth_unstable_by_key(n, |p| std::cmp::Reverse((p.stat.resident, p.id)));
        all.truncate(n);
    }
    all.into_iter().map(|p| p.id).collect()
}

/// These processes with their figures, the biggest first.
pub fn list(snapshot: &Snapshot, n: usize) -> Vec<Holder> {
    let mut out: Vec<Holder> = biggest(snapshot, n)
        .into_iter()
        .filter_map(|id| snapshot.get(id))
        .map(|p| {
            let extra = p.extra.as_deref();
            Holder {
                id: p.id,
                user: p.facts.user.to_string(),
                name: p.facts.name.to_string(),
                command: p.command_line(),
                resident: p.stat.resident,
                pss: extra.map_or(Err(Missing::Soon), |e| e.pss),
                swap: extra.map_or(Err(Missing::Soon), |e| e.status.map(|s| s.swap)),
                oom: extra.map_or(Err(Missing::Soon), |e| e.oom_score),
            }
        })
        .collect();
    out.sort_by_key(|h| (std::cmp::Reverse(h.size()), h.id));
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
    column("USER", 9, false, 5),
    column("PROPORTIONAL", 13, true, 0),
    column("OF ALL", 6, true, 2),
    Column {
        grows: true,
        ..column("", 6, false, 4)
    },
    column("RESIDENT", 8, true, 3),
    column("SWAPPED", 7, true, 3),
    column("OOM", 5, true, 4),
    Column {
        grows: true,
        ..column("COMMAND", 16, false, 0)
    },
];

/// Draws the table.
pub fn draw(
    world: &World,
    holders: &[Holder],
    sheet: &Sheet<ProcId>,
    area: Rect,
    buf: &mut Buffer,
) {
    let total = world.snapshot.system.memory.map_or(0, |m| m.total.0);
    let most = holders.first().map_or(1, |h| h.size().0.max(1));
    let bar = crate::widgets::table::place(&COLUMNS, area.width)
        .iter()
        .find(|p| p.column == 4)
        .map_or(0, |p| usize::from(p.cells.end - p.cells.start));
    let window = sheet.window();
    let rows: Vec<Row> = holders[window.start.min(holders.len())..window.end.min(holders.len())]
        .iter()
        .map(|h| row(world, h, total, most, bar))
        .collect();
    Table {
        columns: &COLUMNS,
        rows: &rows,
        selected: sheet.selected_in_view(),
        sort: Some((2, true)),
        needle: sheet.needle(),
        header: true,
    }
    .render(&world.theme, area, buf);
}

fn row(world: &World, h: &Holder, total: u64, most: u64, bar: usize) -> Row {
    let theme = &world.theme;
    let style = |role| theme.style(role);
    let cell = |text: String, style: Style| Line::from(Span::styled(text, style));
    let size = |r: Reading<Bytes>, role| match r {
        Ok(Bytes(0)) => cell("0".to_owned(), style(Role::Dim)),
        Ok(b) => cell(format::bytes(b), style(role)),
        Err(_) => cell("–".to_owned(), style(Role::Dim)),
    };
    let share = h.size().0 as f64 * 100.0 / total.max(1) as f64;
    let cells = (h.size().0 as f64 / most as f64 * bar as f64).round() as usize;
    let glyph = if theme.glyphs.ascii { "#" } else { "█" };
    let rest = h.command.strip_prefix(&h.name).map(str::to_owned);
    let command = match rest {
        Some(rest) => vec![
            Span::styled(h.name.clone(), style(Role::Strong)),
            Span::styled(rest, style(Role::Dim)),
        ],
        None => vec![Span::styled(h.command.clone(), style(Role::Text))],
    };
    Row {
        cells: vec![
            cell(h.id.pid.to_string(), style(Role::Dim)),
            cell(h.user.clone(), style(Role::User)),
            size(h.pss, Role::Strong),
            cell(format!("{share:.1}%"), style(Role::Text)),
            cell(
                glyph.repeat(cells),
                Style::new()
                    .fg(theme.process(h.id))
                    .remove_modifier(Modifier::all()),
            ),
            size(Ok(h.resident), Role::Text),
            size(h.swap, Role::Swap),
            match h.oom {
                Ok(score) => cell(score.to_string(), style(Role::Dim)),
                Err(_) => cell("–".to_owned(), style(Role::Dim)),
            },
            Line::from(command),
        ],
        style: Style::new(),
    }
}
