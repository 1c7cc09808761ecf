//! The tab Signals: all 64, what each is for, and what the process has arranged for it. Enter proposes one to the dialog that sends.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::kept::Kept;
use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::acting::signal::{Disposition, Signal, SignalState, ThreadSignals};
use crate::model::plan::Needs;
use crate::panels::dialogs::signal;
use crate::panels::listing::{self, Content, Listing, Order, Parts};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// Proposes the selected signal.
const SEND: Action = Action {
    name: "send-selected",
    about: "Opens the dialog that sends the selected signal to the process",
    keys: &[Key::of(Code::Enter)],
    hint: "send",
};

static ACTIONS: [&Action; 18] = listing::actions(moves::FIRST, [&SEND]);

static SPEC: Spec = Spec {
    name: "signals",
    title: "Signals",
    about: "All signals: what each is for, and whether it is caught, ignored, blocked or pending.",
    place: Place::Tab,
    needs: Needs::SIGNALS,
    actions: &ACTIONS,
};

const NUMBER: usize = 0;
const NAME: usize = 1;
const HANDLED: usize = 2;
const BLOCKED: usize = 3;
const PENDING: usize = 4;

const COLUMNS: &[Column] = &[
    Column::right("NR", 3, 0),
    Column::left("SIGNAL", 8, 0),
    Column::left("WHAT HAPPENS", 21, 0),
    Column::left("BLOCKED", 9, 0),
    Column::left("PENDING", 10, 0),
    Column::left("WHAT IT IS FOR", 14, 1).growing(),
];

/// The pane.
#[derive(Default)]
pub struct SignalsTab {
    kept: Kept<SignalState>,
    list: Listing<Signal>,
    order: Vec<Signal>,
}

fn sorted(state: &SignalState, (by, inverted): (usize, bool)) -> Vec<Signal> {
    let mut all: Vec<Signal> = Signal::all().collect();
    let rank = |s: &Signal| match state.disposition(*s) {
        Disposition::Caught => 0,
        Disposition::Ignored => 1,
        Disposition::Default => 2,
    };
    match by {
        NAME => all.sort_by_key(|s| s.name()),
        HANDLED => all.sort_by_key(rank),
        BLOCKED => all.sort_by_key(|s| blocked(state, *s).is_empty()),
        PENDING => all.sort_by_key(|s| pending(state, *s).is_empty()),
        NUMBER => {}
        _ => all.sort_by_key(|s| s.meaning()),
    }
    if inverted {
        all.reverse();
    }
    all
}

/// What happens when the signal comes: `caught`, `ignored`, `terminates`, `read by 1871 reader`.
fn happens(state: &SignalState, signal: Signal) -> String {
    if let Some(waiter) = state.read_by(signal) {
        return format!("read by {} {}", waiter.tid, waiter.name);
    }
    let word = match state.disposition(signal) {
        Disposition::Default if state.zombie || state.kernel_thread => "nothing",
        Disposition::Default => signal.default_action().words(),
        other => other.word(),
    };
    word.to_owned()
}

/// Who blocks it: `yes`, `3 of 5`, `by 1871`; empty for nobody.
fn blocked(state: &SignalState, signal: Signal) -> String {
    let by: Vec<&ThreadSignals> = state.blocking(signal).collect();
    match (state.threads.len(), by.as_slice()) {
        (0, _) if state.blocked.contains(signal) => "yes".to_owned(),
        (0, _) | (_, []) => String::new(),
        (all, some) if all == some.len() => "yes".to_owned(),
        (_, [one]) => format!("by {}", one.tid),
        (all, some) => format!("{} of {all}", some.len()),
    }
}

/// For whom it waits: `process`, `thread 1871`, `3 threads`; empty for nobody.
fn pending(state: &SignalState, signal: Signal) -> String {
    let threads: Vec<&ThreadSignals> = state.waiting(signal).collect();
    if state.pending.contains(signal) {
        return "process".to_owned();
    }
    match threads.as_slice() {
        [] if state.thread_pending.contains(signal) => "thread".to_owned(),
        [] => String::new(),
        [one] => format!("thr {}", one.tid),
        several => format!("{} threads", several.len()),
    }
}

fn texts(state: &SignalState, signal: Signal) -> [String; 6] {
    [
        signal.number().to_string(),
        signal.name(),
        happens(state, signal),
        blocked(state, signal),
        pending(state, signal),
        signal.meaning().to_owned(),
    ]
}

fn row(world: &World, state: &SignalState, signal: Signal, ended: bool) -> Row {
    let handled = match state.disposition(signal) {
        Disposition::Caught => Role::Accent,
        Disposition::Ignored => Role::Warn,
        Disposition::Default => Role::Dim,
    };
    let roles = [
        Role::Dim,
        if handled == Role::Dim {
            Role::Text
        } else {
            Role::Strong
        },
        handled,
        Role::Warn,
        Role::Bad,
        Role::Dim,
    ];
    let theme = &world.theme;
    let cells = texts(state, signal).into_iter().zip(roles);
    Row {
        cells: cells
            .map(|(text, role)| Line::from(Span::styled(text, theme.style(role))))
            .collect(),
        style: if ended {
            theme.style(Role::Dim)
        } else {
            Style::new()
        },
    }
}

fn head(state: &SignalState, ended: bool, height: u16) -> Vec<Parts> {
    let mut head = Vec::new();
    let mut say = |text: &str| head.push(vec![(text.to_owned(), Role::Warn)]);
    if ended {
        say("The process has ended; so it stood to signals.");
    } else if state.kernel_thread {
        say("A thread of the kernel: signals do nothing to it.");
    } else if state.zombie {
        say("It has ended: signals do nothing. Its parent must ask how it ended.");
    }
    if height >= 8 {
        head.push(counts(state));
    }
    head
}

fn counts(state: &SignalState) -> Parts {
    let count = |is: &dyn Fn(Signal) -> bool| Signal::all().filter(|s| is(*s)).count();
    let of = |d: Disposition| count(&|s| state.disposition(s) == d);
    let mut parts = Vec::new();
    for (n, what, role) in [
        (of(Disposition::Caught), "caught", Role::Accent),
        (of(Disposition::Ignored), "ignored", Role::Warn),
        (
            count(&|s| !blocked(state, s).is_empty()),
            "blocked",
            Role::Warn,
        ),
        (count(&|s| state.is_pending(s)), "pending", Role::Bad),
    ] {
        parts.push((n.to_string(), if n > 0 { role } else { Role::Dim }));
        parts.push((format!(" {what}   "), Role::Dim));
    }
    if let Some((queued, most)) = state.queued {
        let text = format!("{queued} of {most} queued for its user");
        parts.push((text, Role::Dim));
    }
    let unread = state.thread_count.saturating_sub(state.threads.len());
    if unread > 0 && !state.threads.is_empty() {
        parts.push((format!("   {unread} threads not read"), Role::Warn));
    }
    parts
}

impl Panel for SignalsTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.signals.as_ref());
        let Some(state) = self.kept.value() else {
            return Reply::Pass;
        };
        let ended = self.kept.ended();
        self.order = sorted(state, self.list.sort());
        let order = &self.order;
        let content = Content {
            columns: COLUMNS,
            order: |_| Order::Ascending,
            titles: true,
            head: head(state, ended, area.height),
            foot: &listing::no_foot,
            keys: order,
            words: &|i| texts(state, order[i]).join(" "),
            row: &|i| row(world, state, order[i], ended),
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    has_rows!(list);

    /// The dialog, never the signal itself.
    fn enter(&self, world: &World) -> Reply {
        match (world.focus, self.list.chosen()) {
            (Some(id), Some(signal)) => Reply::Propose(&signal::SIGNAL, id, *signal),
            _ => Reply::Say("nothing is selected".to_owned()),
        }
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == SEND {
            return self.enter(world);
        }
        self.act_on_rows(world, action)
    }

    fn copied(&self, _: &World) -> Option<String> {
        let signal = *self.list.chosen()?;
        let state = self.kept.value()?;
        Some(format!("{signal}: {}", happens(state, signal)))
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::SIGNALS]
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.shows(world, area, buf) {
            self.list.render(world, buf);
        }
    }
}

#[cfg(test)]
mod tests;
