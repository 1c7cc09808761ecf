//! Who woke the threads of the process: rows, columns and the lines around them.

use std::cmp::Ordering;

use ratatui::style::Style;

use super::super::kept::Kept;
use super::rows::cell;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::format::{counted, duration};
use crate::model::id::Nanos;
use crate::model::scheduling::spent::Bucket;
use crate::model::scheduling::wakes::{WakeRow, Waker, Wakes};
use crate::panels::listing::{Order, Parts};
use crate::theme::{Role, Theme};
use crate::widgets::table::{Column, Row};

pub const WAKES: usize = 0;
const NAME: usize = 6;

/// The columns.
pub const COLUMNS: &[Column] = &[
    Column::right("WAKES/s", 8, 0),
    Column::right("P50", 7, 1),
    Column::right("P99", 7, 0),
    Column::right("LONGEST", 8, 2),
    Column::right("WAITED", 8, 3),
    Column::right("PID", 7, 0),
    Column::left("WOKEN BY", 20, 0).growing(),
];

pub fn order(column: usize) -> Order {
    match column {
        NAME => Order::Ascending,
        5 => Order::None,
        _ => Order::Descending,
    }
}

/// Orders two wakers by a column; equal ones stay in one order.
pub fn compare(column: usize, a: &WakeRow, b: &WakeRow) -> Ordering {
    let by = match column {
        1 => b.p50.cmp(&a.p50),
        2 => b.p99.cmp(&a.p99),
        3 => b.longest.cmp(&a.longest),
        4 => b.waited.cmp(&a.waited),
        NAME => a.name.cmp(&b.name),
        _ => b.wakes.cmp(&a.wakes),
    };
    by.then(a.waker.cmp(&b.waker))
}

fn rate(wakes: u64, span: Nanos) -> String {
    let rate = wakes as f64 / span.seconds().max(0.001);
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

pub fn row(theme: &Theme, row: &WakeRow, span: Nanos) -> Row {
    let (pid, role) = match row.waker {
        Waker::Thread(pid, _) => (pid.to_string(), Role::Text),
        _ => (String::new(), Role::Dim),
    };
    let long = if row.p99 >= Nanos::from_millis(10) {
        Role::Warn
    } else {
        Role::Text
    };
    Row {
        cells: vec![
            cell(theme, rate(row.wakes, span), Role::Strong),
            cell(theme, duration(row.p50), Role::Text),
            cell(theme, duration(row.p99), long),
            cell(theme, duration(row.longest), Role::Text),
            cell(theme, duration(row.waited), Role::Dim),
            cell(theme, pid, Role::Dim),
            cell(theme, row.beside_pid(), role),
        ],
        style: Style::new(),
    }
}

/// Everything of a row that search and filter look at, and what is copied of it.
pub fn text(row: &WakeRow) -> String {
    let who = row.who();
    format!(
        "woken by {who} {}: waited for a core p50 {}, p99 {}, longest {}",
        counted(row.wakes, "time", "times"),
        duration(row.p50),
        duration(row.p99),
        duration(row.longest)
    )
}

/// All of them together.
pub fn head(told: &Wakes) -> Vec<Parts> {
    let Some(all) = &told.all else {
        return Vec::new();
    };
    let about = format!(
        " in {} · waited for a core: p50 {}, p99 {}, longest {}",
        duration(told.span),
        duration(all.p50),
        duration(all.p99),
        duration(all.longest)
    );
    let woken = format!("woken {}", counted(all.wakes, "time", "times"));
    vec![vec![(woken, Role::Strong), (about, Role::Dim)]]
}

/// Whom the selected one woke.
pub fn foot(row: &WakeRow, shown: &Bucket) -> Vec<Parts> {
    let threads = counted(row.whom.len() as u64, "thread", "threads");
    let mut parts = vec![(format!("woke {threads}: "), Role::Dim)];
    for tid in row.whom.iter().take(4) {
        let name = shown.name_of(*tid).unwrap_or_default();
        parts.push((format!("{tid} {name}   "), Role::Text));
    }
    if row.whom.len() > 4 {
        parts.push((format!("and {} more", row.whom.len() - 4), Role::Dim));
    }
    let how = match row.waker {
        Waker::Thread(..) => "the thread that ran on the core where the wake-up was made",
        _ => "an interrupt; whoever it came upon has no part in it",
    };
    vec![parts, vec![(how.to_owned(), Role::Dim)]]
}

/// To the process that woke it.
pub fn lead(world: &World, chosen: Option<&Waker>) -> Reply {
    match chosen {
        Some(Waker::Thread(pid, _)) => match world.snapshot.by_pid(*pid) {
            Some(proc) => Reply::Inspect(proc.id, "time"),
            None => Reply::Say(format!("process {pid} has ended")),
        },
        Some(_) => Reply::Say("an interrupt is of no process".to_owned()),
        None => Reply::Say("nothing is selected".to_owned()),
    }
}

/// What to say where nobody is listed.
pub fn why(kept: &Kept<Wakes>) -> String {
    match kept.value() {
        Some(_) => "nobody woke a thread of it in this time".to_owned(),
        None if kept.denied() => {
            "– the kernel counts wake-ups for root, and with CAP_BPF and CAP_PERFMON, only"
                .to_owned()
        }
        None => kept.why(),
    }
}
