//! The biggest holders of memory: by proportional size where it may be read, else by resident size, and it says which.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::process::title::Title;
use crate::model::process::user_names::UserNames;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::{Proc, Snapshot};
use crate::panels::listing::{self, Order};
use crate::theme::Role;
use crate::widgets::table::{self, Column, Row};

/// One process in the table.
pub struct Holder {
    pub id: ProcId,
    user: String,
    command: String,
    title: Title,
    resident: Bytes,
    pss: Reading<Bytes>,
    swap: Reading<Bytes>,
    oom: Reading<u32>,
}

impl Holder {
    /// Everything that search and filter look at, and what is copied.
    pub fn words(&self) -> String {
        format!("{} {} {}", self.id.pid, self.user, self.command)
    }

    pub fn name(&self) -> &str {
        &self.title.name
    }

    /// What it is ordered by at first.
    pub fn size(&self) -> Bytes {
        self.pss.unwrap_or(self.resident)
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.size().0
    }
}

/// The `n` processes with the most memory, resident and swapped.
pub fn biggest(snapshot: &Snapshot, n: usize) -> Vec<ProcId> {
    let held = |p: &Proc| {
        let status = p.extra.as_deref().and_then(|e| e.status.ok());
        p.stat
            .resident
            .0
            .saturating_add(status.map_or(0, |s| s.swap.0))
    };
    let mut all: Vec<(u64, ProcId)> = snapshot.procs.iter().map(|p| (held(p), p.id)).collect();
    all.retain(|(held, _)| *held > 0);
    if all.len() > n {
        all.select_nth_unstable_by_key(n, |held| std::cmp::Reverse(*held));
        all.truncate(n);
    }
    all.into_iter().map(|(_, id)| id).collect()
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
                command: p.command_line(),
                title: Title::of(p, false),
                resident: p.stat.resident,
                pss: extra.map_or(Err(snapshot.unread), |e| e.pss),
                swap: extra.map_or(Err(snapshot.unread), |e| e.status.map(|s| s.swap)),
                oom: extra.map_or(Err(snapshot.unread), |e| e.oom_score),
            }
        })
        .collect();
    out.sort_by_key(|h| (std::cmp::Reverse(h.size()), h.id));
    out
}

/// What the table is ordered by at first, and of how many processes that may not be read.
pub fn title(holders: &[Holder]) -> Vec<(String, Role)> {
    let mut out = vec![("Biggest holders".to_owned(), Role::Title)];
    let (all, denied) = (holders.len(), denied(holders));
    let by = match denied {
        0 => "  by proportional memory (shared pages are divided)".to_owned(),
        n if n == all => "  by resident memory: no proportional memory may be read here".to_owned(),
        n => format!("  by proportional memory, resident for {n} of {all} (denied)"),
    };
    out.push((by, Role::Dim));
    out
}

/// Of how many holders proportional memory may not be read.
pub fn denied(holders: &[Holder]) -> usize {
    holders
        .iter()
        .filter(|h| h.pss == Err(Missing::Denied))
        .count()
}

/// The column that the table is sorted by at first.
pub const SIZE: usize = 2;
/// The column of the bar.
const BAR: usize = 4;

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    match column {
        0 | 1 | 8 => Order::Ascending,
        BAR => Order::None,
        _ => Order::Descending,
    }
}

/// Sorts by a column; those of equal rank stay in the order of their size.
pub fn sort(holders: &mut [Holder], (by, inverted): (usize, bool)) {
    match by {
        0 => holders.sort_by_key(|h| h.id),
        1 => holders.sort_by(|a, b| a.user.cmp(&b.user)),
        5 => holders.sort_by_key(|h| std::cmp::Reverse(h.resident)),
        6 => holders.sort_by_key(|h| std::cmp::Reverse(h.swap.ok())),
        7 => holders.sort_by_key(|h| std::cmp::Reverse(h.oom.ok())),
        8 => holders.sort_by(|a, b| a.command.cmp(&b.command)),
        // They come sorted by size.
        _ => {}
    }
    if inverted {
        holders.reverse();
    }
}

/// The columns.
pub const COLUMNS: [Column; 9] = [
    Column::right("PID", 7, 0),
    Column::left("USER", listing::USER, 5),
    Column::right("PROPORTIONAL", 13, 0),
    Column::right("OF ALL", 7, 2),
    Column::left("", 6, 4).growing(),
    Column::right("RESIDENT", 8, 3),
    Column::right("SWAPPED", 7, 3),
    Column::right("OOM", 5, 4),
    Column::left("COMMAND", 16, 0).growing(),
];

/// What sizes are measured against.
pub struct Scale {
    /// All memory of the machine, bytes.
    total: u64,
    /// What fills a bar, bytes.
    largest: u64,
    /// Cells of a bar.
    bar: usize,
}

impl Scale {
    /// The scale of a table of this width.
    pub fn of(world: &World, largest: u64, width: u16) -> Self {
        Self {
            total: world.snapshot.system.memory.map_or(0, |m| m.total.0),
            largest: largest.max(1),
            bar: table::room(&COLUMNS, BAR, width),
        }
    }
}

/// One row.
pub fn row(world: &World, users: &UserNames, h: &Holder, scale: &Scale) -> Row {
    let theme = &world.theme;
    let style = |role| theme.style(role);
    let cell = |text: String, style: Style| Line::from(Span::styled(text, style));
    let size = |r: Reading<Bytes>, role| match r {
        Ok(Bytes(0)) => cell("0".to_owned(), style(Role::Dim)),
        Ok(b) => cell(format::bytes(b), style(role)),
        Err(_) => cell("–".to_owned(), style(Role::Dim)),
    };
    let share = match scale.total {
        0 => "–".to_owned(),
        all => format!("{:.1}%", h.bytes() as f64 * 100.0 / all as f64),
    };
    let cells = (h.bytes() as f64 / scale.largest as f64 * scale.bar as f64).round() as usize;
    let glyph = if theme.glyphs.ascii { "#" } else { "█" };
    let command = Line::from(vec![
        Span::styled(h.title.name.clone(), style(Role::Strong)),
        Span::styled(h.title.rest.clone(), style(Role::Dim)),
    ]);
    Row {
        cells: vec![
            cell(h.id.pid.to_string(), style(Role::Dim)),
            cell(users.shown(&h.user).into_owned(), style(Role::User)),
            size(h.pss, Role::Strong),
            cell(share, style(Role::Text)),
            cell(
                glyph.repeat(cells),
                style(Role::MemUsed).remove_modifier(Modifier::all()),
            ),
            size(Ok(h.resident), Role::Text),
            size(h.swap, Role::Swap),
            match h.oom {
                Ok(score) => cell(score.to_string(), style(Role::Dim)),
                Err(_) => cell("–".to_owned(), style(Role::Dim)),
            },
            command,
        ],
        style: Style::new(),
    }
}
