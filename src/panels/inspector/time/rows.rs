//! Rows, columns and the lines above them.

use std::cmp::Ordering;
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line as Text, Span};

use crate::app::world::World;
use crate::model::descriptors::descriptor::Files;
use crate::model::format::{counted, duration};
use crate::model::id::Nanos;
use crate::model::scheduling::spent::lines::{Line, What, lines, tenths};
use crate::model::scheduling::spent::{Bucket, Kind, Spent, ThreadSpent};
use crate::model::scheduling::wait::{Names, end_of};
use crate::panels::listing::{Order, Parts};
use crate::theme::{Role, Theme};
use crate::widgets::table::{Column, Row};

pub const SHARE: usize = 0;
pub const KIND: usize = 2;

/// The columns of causes.
pub const OF_CAUSES: &[Column] = &[
    Column::right("SHARE", 7, 0),
    Column::right("TIME", 7, 1),
    Column::left("KIND", 10, 0),
    Column::left("ON", 30, 0).growing(),
];

pub fn order_of_causes(column: usize) -> Order {
    match column {
        0 | 1 => Order::Descending,
        KIND => Order::Ascending,
        _ => Order::None,
    }
}

pub const RUNNING: usize = 2;
const READY: usize = 3;
const BLOCKED: usize = 4;
const MOST: usize = 5;

/// The columns of threads.
pub const OF_THREADS: &[Column] = &[
    Column::right("TID", 7, 0),
    Column::left("NAME", 15, 0),
    Column::right("RUN%", 5, 0),
    Column::right("READY%", 6, 2),
    Column::right("BLOCK%", 6, 3),
    Column::left("MOSTLY", 20, 0).growing(),
];

pub fn order_of_threads(column: usize) -> Order {
    match column {
        RUNNING | READY | BLOCKED => Order::Descending,
        MOST => Order::None,
        _ => Order::Ascending,
    }
}

/// Orders two threads by a column; equal ones stay in the order of their numbers.
pub fn compare(column: usize, a: &ThreadSpent, b: &ThreadSpent) -> Ordering {
    let share = |t: &ThreadSpent, of: Nanos| of.0 as f64 / t.spent.span.0.max(1) as f64;
    let most = |of: fn(&Spent) -> Nanos| share(b, of(&b.spent)).total_cmp(&share(a, of(&a.spent)));
    match column {
        1 => a.name.cmp(&b.name),
        RUNNING => most(|s| s.running),
        READY => most(|s| s.ready),
        BLOCKED => most(Spent::blocked),
        _ => a.id.cmp(&b.id),
    }
}

/// What is known of those whom waits mention.
pub struct Known<'a> {
    shown: &'a Bucket,
    files: Option<Arc<Files>>,
}

impl<'a> Known<'a> {
    pub fn new(world: &World, shown: &'a Bucket) -> Self {
        let slot = world.detail.files.as_ref();
        let files = slot.and_then(|s| s.value.as_ref().ok()).map(Arc::clone);
        Self {
            shown,
            files: files.filter(|f| Some(f.of) == world.focus),
        }
    }

    fn words(&self, what: &What) -> String {
        let names = Names {
            thread: &|tid| self.shown.name_of(tid),
            peer: &|fd| end_of(self.files.as_ref()?, fd),
        };
        what.words(&names)
    }
}

/// How a part of the time is painted: what holds up stands out, what is idle recedes.
fn role(what: &What) -> Role {
    match what {
        What::Running => Role::Good,
        What::Ready => Role::Warn,
        What::Blocked(cause) => match cause.kind() {
            Kind::Device => Role::Bad,
            Kind::Lock | Kind::Stopped => Role::Warn,
            kind if kind.is_idle() => Role::Dim,
            Kind::Unknown => Role::Faint,
            _ => Role::Text,
        },
    }
}

fn share(tenths: u32) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}

pub fn cell(theme: &Theme, text: String, role: Role) -> Text<'static> {
    Text::from(Span::styled(text, theme.style(role)))
}

pub fn row(world: &World, line: &Line, known: &Known<'_>) -> Row {
    let theme = &world.theme;
    Row {
        cells: vec![
            cell(theme, share(line.share), Role::Strong),
            cell(theme, duration(line.span), Role::Text),
            cell(theme, line.what.word().to_owned(), Role::Dim),
            cell(theme, known.words(&line.what), role(&line.what)),
        ],
        style: Style::new(),
    }
}

/// Everything of a line that search and filter look at, and what is copied of it.
pub fn text(line: &Line, known: &Known<'_>) -> String {
    format!(
        "{} {} {}: {}",
        share(line.share),
        duration(line.span),
        line.what.word(),
        known.words(&line.what)
    )
}

fn shares(spent: &Spent) -> [u32; 3] {
    let parts = tenths(&[spent.running.0, spent.ready.0, spent.blocked().0]);
    [parts[0], parts[1], parts[2]]
}

pub fn thread(world: &World, thread: &ThreadSpent, known: &Known<'_>) -> Row {
    let theme = &world.theme;
    let number = |tenths: u32| format!("{}.{}", tenths / 10, tenths % 10);
    let [running, ready, blocked] = shares(&thread.spent);
    let most = most(thread);
    let mostly = most.as_ref().map_or(Role::Dim, |l| role(&l.what));
    let words = most.map_or_else(String::new, |l| known.words(&l.what));
    Row {
        cells: vec![
            cell(theme, number_of(thread), Role::Dim),
            cell(theme, thread.name.to_string(), Role::Text),
            cell(theme, number(running), Role::Strong),
            cell(theme, number(ready), Role::Text),
            cell(theme, number(blocked), Role::Text),
            cell(theme, words, mostly),
        ],
        style: Style::new(),
    }
}

/// The number of a thread; none where several are told together.
fn number_of(thread: &ThreadSpent) -> String {
    match thread.id.tid.0 {
        0 => "–".to_owned(),
        tid => tid.to_string(),
    }
}

fn most(thread: &ThreadSpent) -> Option<Line> {
    lines(&thread.spent).into_iter().next()
}

pub fn thread_text(thread: &ThreadSpent, known: &Known<'_>) -> String {
    let [running, ready, blocked] = shares(&thread.spent).map(share);
    let mostly = most(thread).map_or_else(String::new, |l| known.words(&l.what));
    format!(
        "{} {}: running {running}, ready {ready}, blocked {blocked}, mostly {mostly}",
        number_of(thread),
        thread.name
    )
}

/// A bar of the whole, and what it is of.
pub fn head(world: &World, shown: &Bucket, all: &Spent, area: Rect, window: Nanos) -> Vec<Parts> {
    let span = shown.to.since(shown.from);
    let so_far = if span.0 + 1_000_000_000 < window.0 {
        format!(" of the last {}, so far", duration(window))
    } else {
        String::new()
    };
    let threads = counted(shown.threads_told(), "thread", "threads");
    let about = vec![
        (threads, Role::Strong),
        (format!(" over {}{so_far}", duration(span)), Role::Text),
        (format!(" · {}", shown.how()), Role::Dim),
    ];
    let parts = [
        ("running", all.running, Role::Good),
        ("ready", all.ready, Role::Warn),
        ("blocked", all.blocked().since(all.idle()), Role::Text),
        ("idle", all.idle(), Role::Dim),
    ];
    let shares = tenths(&parts.map(|p| p.1.0));
    let mut legend: Parts = Vec::new();
    for ((word, span, role), tenths) in parts.iter().zip(&shares) {
        if *span > Nanos(0) {
            legend.push((format!("{word} "), Role::Dim));
            legend.push((format!("{}   ", share(*tenths)), *role));
        }
    }
    let roles = parts.map(|p| p.2);
    let mut out = vec![about, bar(world, roles, &shares, area), legend];
    if !shown.why.is_empty() {
        let why = format!("not counted by the kernel: {}", shown.why);
        out.push(vec![(why, Role::Dim)]);
    }
    out
}

fn bar(world: &World, roles: [Role; 4], shares: &[u32], area: Rect) -> Parts {
    let glyphs = if world.theme.glyphs.ascii {
        ["#", "=", "-", "."]
    } else {
        ["█", "▓", "▒", "░"]
    };
    let wide = u32::from(area.width.saturating_sub(2));
    let mut sum = 0;
    let mut from = 0;
    let mut out = Parts::new();
    for ((glyph, role), share) in glyphs.iter().zip(roles).zip(shares) {
        sum += share;
        let to = sum * wide / 1000;
        out.push((glyph.repeat((to - from) as usize), role));
        from = to;
    }
    out
}

/// Whose time a line is, the most first.
pub fn foot(shown: &Bucket, line: &Line) -> Vec<Parts> {
    let mut whose: Vec<(&ThreadSpent, Nanos)> = shown
        .threads
        .iter()
        .map(|t| (t, line.what.of(&t.spent)))
        .filter(|(_, span)| *span > Nanos(0))
        .collect();
    whose.sort_by_key(|(_, span)| std::cmp::Reverse(*span));
    let threads = counted(whose.len() as u64, "thread", "threads");
    let mut parts = vec![(format!("{threads}: "), Role::Dim)];
    for (thread, span) in whose.iter().take(4) {
        parts.push((
            format!("{} {} ", number_of(thread), thread.name),
            Role::Text,
        ));
        parts.push((format!("{}   ", duration(*span)), Role::Strong));
    }
    if whose.len() > 4 {
        parts.push((format!("and {} more", whose.len() - 4), Role::Dim));
    }
    let how = match &line.what {
        What::Blocked(_) if shown.exact => {
            let waits = counted(line.waits, "wait", "waits");
            let mean = line
                .span
                .0
                .checked_div(line.waits)
                .map_or_else(String::new, |mean| {
                    format!(", {} each on average", duration(Nanos(mean)))
                });
            let how = if line.whole < line.span {
                "others in the same call are told apart by what was seen at each look"
            } else {
                "counted by the kernel"
            };
            format!("{waits} ended{mean}; {how}")
        }
        What::Blocked(_) => format!(
            "{} of {} in waits that were seen whole; the rest is by what was seen at each look",
            duration(line.whole),
            duration(line.span)
        ),
        What::Running | What::Ready => "counted by the kernel".to_owned(),
    };
    vec![parts, vec![(how, Role::Dim)]]
}
