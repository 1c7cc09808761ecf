//! The tab Signals: all 64, what each is for, and what the process has arranged for it. Sends nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::kept::Kept;
use super::listing::{self, Content, Listing, Parts};
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::key::{Key, Mouse};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::signal::{Disposition, Signal, SignalState, ThreadSignals};
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

static SPEC: Spec = Spec {
    name: "signals",
    title: "Signals",
    about: "All signals: what each is for, and whether it is caught, ignored, blocked or pending.",
    place: Place::Tab,
    needs: Needs::SIGNALS,
    actions: listing::ACTIONS,
};

const fn column(title: &'static str, width: u16, grows: bool, rank: u8) -> Column {
    Column {
        title,
        width,
        right: false,
        grows,
        rank,
    }
}

const NUMBER: usize = 0;
const NAME: usize = 1;
const HANDLED: usize = 2;
const BLOCKED: usize = 3;
const PENDING: usize = 4;

const COLUMNS: &[Column] = &[
    Column {
        right: true,
        ..column("NR", 3, false, 0)
    },
    column("SIGNAL", 8, false, 0),
    column("WHAT HAPPENS", 21, false, 0),
    column("BLOCKED", 9, false, 0),
    column("PENDING", 10, false, 0),
    column("WHAT IT IS FOR", 14, true, 1),
];

/// The pane.
#[derive(Default)]
pub struct SignalsTab {
    kept: Kept<SignalState>,
    list: Listing<Option<Signal>>,
    order: Vec<Option<Signal>>,
}

fn sorted(state: &SignalState, by: usize, inverted: bool) -> Vec<Option<Signal>> {
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
    all.into_iter().map(Some).collect()
}

/// What happens when the signal comes: `caught`, `ignored`, `terminates`.
fn happens(state: &SignalState, signal: Signal) -> &'static str {
    match state.disposition(signal) {
        Disposition::Default if state.zombie || state.kernel_thread => "nothing",
        Disposition::Default => signal.default_action().words(),
        other => other.word(),
    }
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
        happens(state, signal).to_owned(),
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
        let sheet = &self.list.sheet;
        self.order = sorted(state, sheet.sort, sheet.inverted);
        let order = &self.order;
        let contains = |i: usize, needle: &str| {
            let needle = needle.to_lowercase();
            let texts = order[i].map(|s| texts(state, s));
            texts.is_some_and(|t| t.iter().any(|t| t.to_lowercase().contains(&needle)))
        };
        let made = |i: usize| order[i].map_or_else(Row::default, |s| row(world, state, s, ended));
        let content = Content {
            titles: true,
            head: head(state, ended, area.height),
            foot: &|_| Vec::new(),
            keys: order,
            matches: &contains,
            row: &made,
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        if action == moves::COPY {
            let chosen = self.list.sheet.chosen().copied().flatten();
            return chosen
                .zip(self.kept.value())
                .map_or(Reply::Done, |(signal, state)| {
                    let text = format!("{signal}: {}", happens(state, signal));
                    Reply::Do(Effect::Copy(text))
                });
        }
        self.list.act(action, COLUMNS)
    }

    fn typing(&self) -> bool {
        self.list.sheet.typing()
    }

    fn key(&mut self, world: &World, key: Key) -> Reply {
        self.list.sheet.key(&world.keys, key);
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.list.sheet.paste(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        self.list.mouse(mouse, COLUMNS)
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        let say = |word: &str, meaning: &str| (word.to_owned(), meaning.to_owned());
        vec![
            say(
                "caught",
                "A function of the program is called; what it does is its own affair.",
            ),
            say("ignored", "The signal is thrown away."),
            say(
                "WHAT HAPPENS",
                "For a signal that is neither caught nor ignored: what the kernel does.",
            ),
            say(
                "BLOCKED",
                "The signal waits until it is unblocked: yes for all threads, else how many or which. Where one thread does not block it, that one takes it.",
            ),
            say(
                "PENDING",
                "It was sent and waits: for the process (any thread may take it) or for one thread alone.",
            ),
            say(
                "queued",
                "Signals that wait with their data, of all processes of this user, and how many may.",
            ),
            say(
                "32, 33",
                "The C library keeps these two for its threads; programs begin at RTMIN.",
            ),
        ]
    }

    fn status(&self, _: &World) -> String {
        self.list.sheet.status()
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.value().is_none() {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        self.list.render(world, COLUMNS, |_| false, buf);
    }
}

#[cfg(test)]
mod tests;
