//! Rows, columns and the lines above them.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::world::World;
use crate::model::format::{bytes, duration, per_second, percent};
use crate::model::id::{Nanos, Tid};
use crate::model::process::stat::State;
use crate::model::process::threads::{ThreadRow, Threads};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{Futex, Lock, Wait, end_of};
use crate::panels::inspector::kept::remedy;
use crate::panels::listing::{Order, Parts};
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

pub const NAME: usize = 1;
pub const STATE: usize = 2;
pub const CPU: usize = 3;
pub const CORE: usize = 4;
pub const VOLUNTARY: usize = 5;
pub const INVOLUNTARY: usize = 6;
pub const STACK: usize = 7;
pub const WAITS: usize = 8;

/// The columns; the order of the constants above.
pub const COLUMNS: &[Column] = &[
    Column::right("TID", 7, 0),
    Column::left("NAME", 15, 0),
    Column::left("S", 1, 1),
    Column::right("CPU%", 5, 2),
    Column::right("CORE", 4, 6),
    Column::right("VOL/s", 5, 4),
    Column::right("INV/s", 5, 5),
    Column::right("STACK", 5, 3),
    Column::left("WAITS FOR", 30, 0).growing(),
];

/// How each column orders rows.
pub fn order(column: usize) -> Order {
    Order::descending(matches!(column, CPU | VOLUNTARY | INVOLUNTARY | STACK))
}

/// A wait is told with its age from this on.
const WORTH_TELLING: Nanos = Nanos(1_000_000_000);

/// What is at the other end of a descriptor of the process in focus.
pub fn peer(world: &World, fd: i32) -> Option<String> {
    let slot = world.detail.files.as_ref()?;
    let files = slot.value.as_ref().ok()?;
    (Some(files.of) == world.focus).then(|| end_of(files, fd))?
}

pub fn row(world: &World, threads: &Threads, row: &ThreadRow, ended: bool) -> Row {
    let theme = &world.theme;
    let text = |text: String, role: Role| Line::from(Span::styled(text, theme.style(role)));
    let value = |value: Reading<String>, role: Role| match value {
        Ok(value) => text(value, role),
        Err(_) => text("–".to_owned(), Role::Dim),
    };
    let cpu = row.cpu.map(|c| world.scaled(c));
    let rates = row.value(|d| d.rates);
    let busy = cpu.is_ok_and(|c| c >= 0.05);
    let rate = |rate: f64| per_second(rate);
    let state = row.stat.state;
    Row {
        cells: vec![
            text(row.id.tid.to_string(), Role::Dim),
            text(row.name.to_string(), Role::Text),
            text(state.letter().to_string(), state_role(state)),
            value(
                cpu.map(percent),
                if busy { Role::Strong } else { Role::Dim },
            ),
            text(row.stat.processor.to_string(), Role::Dim),
            value(rates.map(|r| rate(r.voluntary)), Role::Dim),
            value(rates.map(|r| rate(r.involuntary)), Role::Dim),
            value(row.value(|d| d.stack).map(|s| bytes(s.used)), Role::Text),
            waits(world, threads, row),
        ],
        style: if ended {
            theme.style(Role::Dim)
        } else {
            Style::new()
        },
    }
}

fn waits(world: &World, threads: &Threads, row: &ThreadRow) -> Line<'static> {
    let theme = &world.theme;
    let Ok(detail) = &row.detail else {
        return Line::from(Span::styled("–", theme.style(Role::Dim)));
    };
    let words = words(world, threads, row);
    let mut line = Line::from(Span::styled(words, theme.style(role(threads, row))));
    if detail.seen >= WORTH_TELLING && detail.waiting.what != Wait::Running {
        let age = format!(" · {}", duration(detail.seen));
        line.push_span(Span::styled(age, theme.style(Role::Dim)));
    }
    line
}

/// How much a wait matters: a deadlock and a sick disk most, what is hidden least.
fn role(threads: &Threads, row: &ThreadRow) -> Role {
    let Ok(detail) = &row.detail else {
        return Role::Dim;
    };
    if threads.deadlocks.iter().any(|d| d.0.contains(&row.id.tid)) || detail.waiting.uninterruptible
    {
        return Role::Bad;
    }
    match &detail.waiting.what {
        Wait::Running => Role::Good,
        Wait::Stopped
        | Wait::Frozen
        | Wait::Traced(_)
        | Wait::Futex(Futex {
            kind: Lock::Mutex(..) | Lock::RwLock(_) | Lock::Stream(_),
            ..
        }) => Role::Warn,
        Wait::On { .. } | Wait::Child(_) => Role::Text,
        _ => Role::Dim,
    }
}

fn state_role(state: State) -> Role {
    match state {
        State::Running => Role::Good,
        State::Blocked | State::Zombie | State::Dead => Role::Bad,
        State::Stopped | State::Traced => Role::Warn,
        _ => Role::Dim,
    }
}

/// The lines above the table: deadlocks first, then a count of states, then what is denied.
pub fn head(world: &World, threads: &Threads, ended: bool, height: u16) -> Vec<Parts> {
    let mut head: Vec<Parts> = Vec::new();
    for deadlock in &threads.deadlocks {
        head.push(vec![
            ("Deadlock: ".to_owned(), Role::Bad),
            (threads.told(deadlock), Role::Bad),
            (" · each waits for the next".to_owned(), Role::Dim),
        ]);
    }
    if ended {
        head.push(vec![(
            "The process has ended; these were its threads.".to_owned(),
            Role::Warn,
        )]);
    }
    if height >= 8 {
        head.push(counts(threads));
    }
    if is_denied(threads) {
        let text = format!(
            "The kernel does not show what they wait for to this user{}.",
            remedy(world)
        );
        head.push(vec![(text, Role::Warn)]);
    }
    head
}

fn counts(threads: &Threads) -> Parts {
    let rows = &threads.rows;
    let mut parts = vec![
        (rows.len().to_string(), Role::Strong),
        (
            if rows.len() == 1 {
                " thread"
            } else {
                " threads"
            }
            .to_owned(),
            Role::Dim,
        ),
    ];
    let mut add = |n: usize, what: &str, role: Role| {
        if n > 0 {
            parts.push(("   ".to_owned(), Role::Dim));
            parts.push((n.to_string(), role));
            parts.push((format!(" {what}"), Role::Dim));
        }
    };
    let state = |s: State| rows.iter().filter(|r| r.stat.state == s).count();
    let waits = |of: fn(&Wait) -> bool| {
        let what = rows.iter().filter_map(|r| r.detail.as_ref().ok());
        what.filter(|d| of(&d.waiting.what)).count()
    };
    add(state(State::Running), "running", Role::Good);
    add(
        waits(|w| w.owner().is_some()),
        "wait for another",
        Role::Warn,
    );
    add(state(State::Blocked), "in state D", Role::Bad);
    add(
        state(State::Stopped) + state(State::Traced),
        "stopped",
        Role::Warn,
    );
    let asleep = state(State::Sleeping) + state(State::Idle);
    add(asleep, "sleeping", Role::Text);
    parts
}

/// Whether something of these threads is denied.
pub fn is_denied(threads: &Threads) -> bool {
    threads.rows.iter().any(|r| {
        r.detail
            .as_ref()
            .is_ok_and(|d| d.waiting.what == Wait::Hidden || d.sp == Err(Missing::Denied))
            && !r.stat.is_kernel_thread()
    })
}

/// What a thread waits for, peers included; empty where it was not read.
pub fn words(world: &World, threads: &Threads, row: &ThreadRow) -> String {
    let words = threads.waits_on(row, &|fd| peer(world, fd));
    words.unwrap_or_default()
}

/// Everything that search and filter look at.
pub fn text(world: &World, threads: &Threads, row: &ThreadRow) -> String {
    format!("{} {} {}", row.id.tid, row.name, words(world, threads, row))
}

/// A thread as one line of text.
pub fn copied(world: &World, threads: &Threads, tid: Tid) -> String {
    let Some(row) = threads.get(tid) else {
        return tid.to_string();
    };
    let letter = row.stat.state.letter();
    match words(world, threads, row) {
        waits if waits.is_empty() => format!("{tid} {} {letter}", row.name),
        waits => format!("{tid} {} {letter}: {waits}", row.name),
    }
}
