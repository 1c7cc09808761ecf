//! Rows, columns, the lines above them, and the selected call in full.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format::{counted, duration, per_second};
use crate::model::id::Nanos;
use crate::model::reading::Reading;
use crate::model::scheduling::calls::{CallError, CallRow, Calls, about};
use crate::panels::inspector::threads::peer;
use crate::panels::listing::{Order, Parts};
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

pub const NAME: usize = 0;
pub const CALLS: usize = 1;
pub const ERRORS: usize = 2;
pub const TIME: usize = 3;
pub const CORE: usize = 4;
pub const MEAN: usize = 5;
pub const P99: usize = 6;
pub const LONGEST: usize = 7;
const ON: usize = 8;

/// The columns; the order of the constants above.
pub const COLUMNS: &[Column] = &[
    Column::left("CALL", 15, 0),
    Column::right("CALLS/s", 7, 0),
    Column::right("ERR/s", 6, 2),
    Column::right("TIME", 6, 0),
    Column::right("CORE", 6, 5),
    Column::right("MEAN", 6, 3),
    Column::right("P99", 6, 4),
    Column::right("LONGEST", 7, 6),
    Column::left("ON", 16, 1).growing(),
];

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    match column {
        NAME => Order::Ascending,
        ON => Order::None,
        _ => Order::Descending,
    }
}

fn rate(calls: &Calls, n: Reading<u64>) -> Reading<String> {
    let seconds = calls.span.seconds();
    n.map(|n| per_second(n as f64 / seconds.max(0.001)))
}

pub fn row(world: &World, calls: &Calls, row: &CallRow) -> Row {
    let theme = &world.theme;
    let text = |text: String, role: Role| Line::from(Span::styled(text, theme.style(role)));
    let value = |value: Reading<String>, role: Role| match value {
        Ok(value) => text(value, role),
        Err(_) => text("–".to_owned(), Role::Faint),
    };
    let time = |span: Reading<Nanos>, role: Role| value(span.map(duration), role);
    let fails = row.errors.is_ok_and(|n| n > 0);
    Row {
        cells: vec![
            text(row.name.clone(), Role::Text),
            value(rate(calls, row.calls), Role::Strong),
            value(
                rate(calls, row.errors),
                if fails { Role::Text } else { Role::Dim },
            ),
            text(duration(row.span), Role::Strong),
            time(row.on_core, Role::Dim),
            time(row.mean, Role::Dim),
            time(row.p99, Role::Dim),
            time(row.longest, Role::Dim),
            text(on(world, row), Role::Text),
        ],
        style: Style::new(),
    }
}

/// The busiest descriptor with its peer, or path, or who is in the call now; then how it fails mostly.
fn on(world: &World, row: &CallRow) -> String {
    let fails = row.error.as_ref().map(CallError::explained);
    let parts = [Some(on_what(world, row)).filter(|on| !on.is_empty()), fails];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn on_what(world: &World, row: &CallRow) -> String {
    if let Some((fd, _)) = row.descriptors.first() {
        let peer = peer(world, *fd).map_or_else(String::new, |p| format!(" {p}"));
        let more = match row.descriptors.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        return format!("fd {fd}{peer}{more}");
    }
    if let Some((path, _)) = row.paths.first() {
        return match row.paths.len() {
            1 => path.to_string(),
            n => format!("{path} and {} more", n - 1),
        };
    }
    row.inside.map_or_else(String::new, |(n, span)| {
        format!(
            "{} in it, for {}{}",
            counted(n as u64, "thread", "threads"),
            if row.earlier { "at least " } else { "" },
            duration(span)
        )
    })
}

/// Everything of a call that search and filter look at, and what is copied of it.
pub fn text(world: &World, calls: &Calls, row: &CallRow) -> String {
    let rate = rate(calls, row.calls).map_or_else(|_| String::new(), |r| format!(" {r}/s"));
    format!(
        "{}{rate}, {} in it {}",
        row.name,
        duration(row.span),
        on(world, row)
    )
}

/// How it is known, and of how long.
pub fn head(calls: &Calls, ended: bool) -> Vec<Parts> {
    let mut head = Vec::new();
    if ended {
        let text = "The process has ended; these were its calls.".to_owned();
        head.push(vec![(text, Role::Warn)]);
    }
    if !calls.counts() {
        head.push(vec![
            ("sampled".to_owned(), Role::Warn),
            (
                format!(
                    " over {}: only time is known, not how many",
                    duration(calls.span)
                ),
                Role::Dim,
            ),
        ]);
        head.push(vec![(calls.why.clone(), Role::Dim)]);
        if calls.rows.is_empty() {
            head.push(vec![(calls.none().to_owned(), Role::Text)]);
        }
        return head;
    }
    let all: u64 = calls.rows.iter().filter_map(|r| r.calls.ok()).sum();
    let rate = per_second(all as f64 / calls.span.seconds().max(0.001));
    let how = if calls.exact {
        ("exact", Role::Good)
    } else {
        ("at least", Role::Warn)
    };
    head.push(vec![
        (how.0.to_owned(), how.1),
        (format!(" over {}: ", duration(calls.span)), Role::Dim),
        (rate, Role::Strong),
        (
            format!(
                " calls a second · while this is open each costs it {} more",
                calls.cost()
            ),
            Role::Dim,
        ),
    ]);
    if let Some(lost) = calls.about_lost() {
        head.push(vec![(lost, Role::Warn)]);
    }
    if calls.records {
        let why = format!("{}: {}", Calls::BY_RECORDS, calls.why);
        head.push(vec![(why, Role::Dim)]);
    }
    if calls.rows.is_empty() && calls.span > Nanos(0) {
        head.push(vec![(calls.none().to_owned(), Role::Text)]);
    }
    head
}

/// The selected call: what it does, how it fails, on what.
pub fn foot(world: &World, row: &CallRow) -> Vec<Parts> {
    let does =
        about(&row.name).unwrap_or("asks the kernel for something rare: see its manual page");
    let mut out = vec![vec![
        (format!("{}(2) ", row.name), Role::Strong),
        (does.to_owned(), Role::Text),
    ]];
    if let Some(error) = &row.error {
        out.push(vec![
            ("fails mostly with ".to_owned(), Role::Dim),
            (error.explained(), Role::Text),
            (format!(" · {}", error.often()), Role::Dim),
        ]);
    }
    if let Some((n, span)) = row.inside {
        let threads = counted(n as u64, "thread is", "threads are");
        let how_long = if row.earlier {
            format!(
                "for at least {}: it was when counting began",
                duration(span)
            )
        } else {
            format!("for {} at the longest", duration(span))
        };
        out.push(vec![(
            format!("{threads} in it now, {how_long}"),
            Role::Dim,
        )]);
    }
    let mut parts = Parts::new();
    for (fd, part) in row.descriptors.iter().take(3) {
        let peer = peer(world, *fd).map_or_else(String::new, |p| format!(" {p}"));
        parts.push((format!("fd {fd}{peer} "), Role::Text));
        parts.push((format!("{}   ", duration(part.span)), Role::Strong));
    }
    for (path, part) in row.paths.iter().take(3) {
        parts.push((format!("{path} "), Role::Text));
        parts.push((format!("{}   ", duration(part.span)), Role::Strong));
    }
    if !parts.is_empty() {
        out.push(parts);
    }
    out
}
