//! The table of who had the cores.

use std::cmp::Reverse;

use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::process::called::called;
use crate::model::scheduling::timeline::{Origin, PidStats, Waited, Window};
use crate::panels::dashboard::lanes::picture::at_least;
use crate::panels::listing::Order;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Column, Row};

/// Cells of the bar of a share.
const BAR: u16 = 8;

/// Cells that are filled from the left, in eighths.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The columns.
const COLUMNS: &[Column] = &[
    Column::right("PID", 7, 0),
    Column::left("NAME", 17, 0).growing(),
    Column::right("SHARE%", 7, 0),
    Column::left("", BAR, 5),
    Column::right("SLICES/S", 8, 1),
    Column::right("MEAN", 7, 0),
    Column::right("WAITED", 7, 2),
    Column::right("LONGEST", 7, 3),
    Column::right("PREEMPTED", 9, 2),
    Column::right("MOVED", 6, 4),
];

/// The columns that are known: the last three only where switches are told.
pub fn columns(origin: Origin) -> &'static [Column] {
    match origin {
        Origin::Sums | Origin::Sampled => &COLUMNS[..COLUMNS.len() - 3],
        Origin::None | Origin::Exact | Origin::Inside | Origin::Summed | Origin::Own => COLUMNS,
    }
}

/// The column that the table is sorted by at first.
pub const SHARE: usize = 2;

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    Order::descending(column > 1)
}

/// Sorts by a column.
pub fn sort(found: &mut [PidStats], (by, inverted): (usize, bool)) {
    match by {
        0 => found.sort_by_key(|p| p.who.id),
        1 => found.sort_by(|a, b| a.who.name.cmp(&b.who.name)),
        4 => found.sort_by_key(|p| Reverse(p.sums.slices)),
        5 => found.sort_by_key(|p| Reverse(p.sums.mean())),
        6 => found.sort_by_key(|p| Reverse(p.waited.span)),
        7 => found.sort_by_key(|p| Reverse(p.sums.told.map(|t| t.longest))),
        8 => found.sort_by(|a, b| {
            let share = |p: &PidStats| p.sums.preempted_percent().unwrap_or(-1.0);
            share(b).total_cmp(&share(a))
        }),
        9 => found.sort_by_key(|p| Reverse(p.sums.told.map(|t| t.moved))),
        // The table begins with its most telling order.
        _ => found.sort_by_key(|p| (Reverse(p.sums.run), p.who.id)),
    }
    if inverted {
        found.reverse();
    }
}

/// What the process is called now, or what the last thread seen was.
pub fn name(world: &World, found: &PidStats) -> String {
    let now = world.snapshot.get(found.who.id);
    now.map_or_else(|| found.who.name.to_string(), |p| called(p).into_owned())
}

/// One row.
pub fn row(world: &World, found: &PidStats, name: &str, seconds: f64) -> Row {
    let theme = &world.theme;
    let sums = &found.sums;
    let seconds = seconds.max(1e-9);
    let share = (sums.run.seconds() * 100.0 / seconds) as f32;
    let strong = if share >= 10.0 {
        Role::Strong
    } else {
        Role::Text
    };
    let text = |text: String, role: Role| Line::from(Span::styled(text, theme.style(role)));
    let none = || text("–".to_owned(), Role::Dim);
    let span = |span: Nanos, role: Role| {
        if span.0 == 0 {
            text("0".to_owned(), Role::Dim)
        } else {
            text(format::duration(span), role)
        }
    };
    let preempted = sums
        .preempted_percent()
        .map_or_else(none, |p| text(format!("{p:.0}%"), Role::Text));
    let slow = found.waited.span.seconds() / seconds > 0.05;
    let role = if slow { Role::Wait } else { Role::Text };
    let waited = match found.waited {
        Waited {
            whole: true,
            span: all,
        } => span(all, role),
        Waited { span: Nanos(0), .. } => none(),
        Waited { span, .. } => {
            let sign = at_least(theme);
            text(format!("{sign}{}", format::duration(span)), role)
        }
    };
    let cells = vec![
        text(found.who.id.pid.to_string(), Role::Dim),
        named(theme, found, name),
        text(format::percent(share), strong),
        bar(theme, found, share / 100.0),
        text(format::per_second(sums.slices as f64 / seconds), Role::Text),
        sums.mean().map_or_else(none, |m| span(m, Role::Text)),
        waited,
        sums.told.map_or_else(none, |t| span(t.longest, Role::Dim)),
        preempted,
        sums.told
            .map_or_else(none, |t| text(format::count(t.moved), Role::Dim)),
    ];
    Row {
        cells,
        style: Style::new(),
    }
}

/// The share of one core as a bar in the colour of the process; full also where it is more.
fn bar(theme: &Theme, found: &PidStats, share: f32) -> Line<'static> {
    let most = usize::from(BAR);
    let text = if theme.glyphs.ascii {
        "#".repeat(((share * f32::from(BAR)).round() as usize).min(most))
    } else {
        let eighths = (share * f32::from(BAR) * 8.0).ceil() as usize;
        let eighths = eighths.min(most * 8);
        let part = if eighths < most * 8 {
            PARTS[eighths % 8]
        } else {
            ""
        };
        "█".repeat((eighths / 8).min(most)) + part
    };
    Line::from(Span::styled(
        text,
        Style::new().fg(theme.process(found.who.id)),
    ))
}

fn named(theme: &Theme, found: &PidStats, name: &str) -> Line<'static> {
    let mark = if theme.glyphs.ascii { "# " } else { "■ " };
    let color: Color = theme.process(found.who.id);
    Line::from(vec![
        Span::styled(mark, Style::new().fg(color)),
        Span::styled(name.to_owned(), theme.style(Role::Strong)),
    ])
}

/// A row below the processes, with which the shares add up to 100 for each core.
fn sum_row(theme: &Theme, name: &str, share: impl Into<Option<f64>>, role: Role) -> Row {
    let text = |text: String, role: Role| Line::from(Span::styled(text, theme.style(role)));
    let cells = vec![
        Line::default(),
        text(format!("  {name}"), Role::Dim),
        match share.into() {
            Some(share) => text(format::percent(share as f32), role),
            None => text("–".to_owned(), Role::Dim),
        },
    ];
    let rest = COLUMNS.len() - cells.len();
    Row {
        cells: cells
            .into_iter()
            .chain(vec![Line::default(); rest])
            .collect(),
        style: Style::new(),
    }
}

/// What was nobody's, the sum of it all, and what of it interrupts and the hypervisor took; the most telling rows first.
/// In `few` rows what was taken is one sum.
pub fn sums(world: &World, window: Window, few: bool) -> Vec<Row> {
    let line = &world.timeline;
    let span = line.known(window).seconds();
    if span <= 0.0 {
        return Vec::new();
    }
    let theme = &world.theme;
    let percent = |time: Nanos| time.seconds() * 100.0 / span;
    let rest = line.rest(window);
    let mut out = Vec::new();
    if rest.others.0 > 0 {
        let name = line.origin.others();
        out.push(sum_row(theme, name, percent(rest.others), Role::Text));
    }
    out.push(sum_row(theme, "idle", rest.idle.map(percent), Role::Text));
    if rest.unknown.0 > 0 {
        let unknown = percent(rest.unknown);
        out.push(sum_row(theme, "not known", unknown, Role::Warn));
    }
    let all = 100.0 * line.lanes.len() as f64;
    out.push(sum_row(theme, "all cores", all, Role::Strong));
    let spent = || line.lanes.iter().filter_map(|l| l.spent_in(window));
    if spent().next().is_none() {
        return out;
    }
    if few {
        let taken: f32 = spent().map(|s| s.interrupts() + s.steal).sum();
        let role = if taken >= 1.0 { Role::Text } else { Role::Dim };
        out.push(sum_row(theme, "irq and steal", f64::from(taken), role));
        return out;
    }
    for (name, share, role) in [
        (
            "of that irq",
            spent().map(|s| s.irq).sum::<f32>(),
            Role::CpuIrq,
        ),
        (
            "of that softirq",
            spent().map(|s| s.softirq).sum(),
            Role::CpuIrq,
        ),
        (
            "of that steal",
            spent().map(|s| s.steal).sum(),
            Role::CpuSteal,
        ),
    ] {
        let role = if share >= 1.0 { role } else { Role::Dim };
        out.push(sum_row(theme, name, f64::from(share), role));
    }
    out
}
