//! A trigger, as an oscilloscope has one: a condition over processes, slices and the machine that stops time on its moment.
//!
//! The condition is the filter language with words for the machine (`oom`, `pressure:memory>30`), for what happens
//! (`new`, `ended signal:SEGV`), for slices (`slice>50ms`), and with a time for which it must hold (`cpu>300 for 3s`). As
//! with filters half-typed input is never an error: what is not understood is left out and noted. Pure; reads no clock.

mod gauge;
mod parse;
mod turns;
mod victims;
mod watch;

use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::process::filter::{Compare, Filter, Note};
use crate::model::reading::Missing;
use crate::model::scheduling::timeline::{Origin, Timeline};
use crate::model::snapshot::Snapshot;

use gauge::Gauge;
pub use watch::{Fired, Watch};

/// What it may look like, each with what it waits for; the dialog shows them.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "cpu>300 for 3s",
        "a process takes more than three cores for three seconds",
    ),
    (
        "state:D for 2s",
        "a process hangs in uninterruptible sleep for two seconds",
    ),
    ("mem>2g name:java", "a java holds more than 2 GiB"),
    (
        "new name:cc1plus",
        "a compiler begins, however short it lives",
    ),
    ("ended signal:SEGV", "a process crashes"),
    (
        "waited>20ms",
        "a thread waits 20 ms for the core that was taken from it",
    ),
    (
        "slice>50ms",
        "a thread keeps a core for 50 ms without a break",
    ),
    ("oom", "the kernel kills because memory ran out"),
    (
        "pressure:memory>30",
        "in 30% of the last 10 s some task waited for memory",
    ),
    ("verdict", "something holds the machine back"),
    (
        "switches>500k",
        "the cores switch 500,000 times a second or more",
    ),
];

/// What a trigger does when its condition is met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Time stops on the moment; it is armed no more.
    #[default]
    Single,
    /// The moment is marked, what was before and after it is kept in a file, and time goes on.
    Normal,
    /// Time stops on the moment for a while, then goes on, and it is armed still.
    Auto,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Single, Self::Normal, Self::Auto];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Normal => "normal",
            Self::Auto => "auto",
        }
    }

    /// The mode whose word stands before a condition, where one does, and the condition.
    pub fn split(text: &str) -> (Option<Self>, &str) {
        let text = text.trim();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match Self::ALL.into_iter().find(|mode| mode.word() == word) {
            Some(mode) => (Some(mode), rest.trim()),
            None => (None, text),
        }
    }
}

/// How much before the moment is kept in a file where nobody says.
pub const BEFORE: Nanos = Nanos(30_000_000_000);
/// How much after it.
pub const AFTER: Nanos = Nanos(10_000_000_000);

/// A condition as typed and as understood.
#[derive(Clone, Debug, Default)]
pub struct Trigger {
    text: String,
    alternatives: Vec<Alternative>,
    notes: Vec<Note>,
    /// How much before the moment is worth keeping, where that was written.
    pub before: Option<Nanos>,
    /// How much after it.
    pub after: Option<Nanos>,
}

/// One of the conditions between `|`: all of it must be met, by one process where it is about processes.
#[derive(Clone, Debug, Default)]
struct Alternative {
    /// What of it was understood, as typed.
    text: String,
    gauges: Vec<Gauge>,
    happening: Option<Happening>,
    filter: Filter,
    /// For how long it must be met.
    hold: Nanos,
}

/// What happens at a moment.
#[derive(Clone, Debug, PartialEq)]
enum Happening {
    /// A process began.
    New,
    /// A process ended, in one of these ways.
    Ended(Vec<How>),
    /// A thread kept a core for so long without a break.
    Slice(Compare, Nanos),
    /// A thread from which the core was taken waited so long for the next one.
    Waited(Compare, Nanos),
}

impl Happening {
    /// Why it never happens.
    fn never(&self) -> Option<String> {
        match self {
            Self::New | Self::Slice(..) | Self::Waited(..) => None,
            Self::Ended(hows) => {
                let two = |how: &How| hows.iter().any(|other| !how.goes_with(*other));
                hows.iter().find_map(|how| how.never()).or_else(|| {
                    let why = "nobody ends in both ways: part them by |";
                    hows.iter().any(two).then(|| why.to_owned())
                })
            }
        }
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// By this signal, or by any.
    Signal(Option<Signal>),
    /// With such a status.
    Code(Compare, f64),
    /// It left a core dump.
    Dumped,
}

impl How {
    /// Why nobody ends so.
    fn never(self) -> Option<String> {
        let Self::Code(compare, wanted) = self else {
            return None;
        };
        let can = compare.can_hold([0.0, f64::from(u8::MAX)], wanted, false);
        (!can).then(|| "nobody ends with such a code: it is a number from 0 to 255".to_owned())
    }

    /// Whether one process can end in both ways.
    fn goes_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Signal(Some(one)), Self::Signal(Some(other))) => one == other,
            (Self::Code(..), Self::Signal(_) | Self::Dumped)
            | (Self::Signal(_) | Self::Dumped, Self::Code(..)) => false,
            _ => true,
        }
    }

    fn is(self, fate: &Fate) -> bool {
        match (self, fate) {
            (Self::Signal(wanted), Fate::Killed(signal, _)) => {
                wanted.is_none_or(|wanted| wanted == *signal)
            }
            (Self::Code(compare, wanted), Fate::Exited(code)) => {
                compare.holds(f64::from(*code), wanted)
            }
            (Self::Dumped, Fate::Killed(_, dumped)) => *dumped,
            _ => false,
        }
    }
}

impl Trigger {
    /// Understands what was typed so far.
    pub fn parse(text: &str) -> Self {
        parse::parse(text)
    }

    /// The text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing was understood: it never fires.
    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// What is left out, and why.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What must be read of every process.
    pub fn needs_of_all(&self) -> Needs {
        let needs = self.alternatives.iter().map(|one| {
            // In which group somebody was is not told any more once he was killed.
            let victims = if one.is_of_victims() {
                Needs::CGROUP
            } else {
                Needs::empty()
            };
            one.filter.needs() | victims
        });
        needs.fold(Needs::empty(), |all, needs| all | needs)
    }

    /// What must be read of the machine.
    pub fn needs(&self) -> Needs {
        let any = |is: fn(&Alternative) -> bool| self.alternatives.iter().any(is);
        let mut needs = Needs::empty();
        needs.set(Needs::SWITCHES, any(Alternative::is_of_slices));
        // Who ends has a name, whether it is asked for or not.
        let names =
            |one: &Alternative| matches!(one.happening, Some(Happening::New | Happening::Ended(_)));
        needs.set(Needs::BRIEF, any(names));
        needs
    }

    /// What of it cannot be seen on this machine or by this user, or never comes true there, in sentences; known once the first
    /// tick has come. `of_one_core` turns CPU shares of one core into the scale in which it was written.
    pub fn unseen(&self, now: &Snapshot, line: &Timeline, of_one_core: f32) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        // The first tick only begins to listen.
        if now.span.is_none() {
            return out;
        }
        for one in &self.alternatives {
            match one.never(now, of_one_core) {
                Some(why) => out.push(why),
                None => out.extend(one.unseen(now, line)),
            }
        }
        out.dedup();
        out
    }

    /// Why it never fires on this machine: none of its alternatives can come true there.
    pub fn never(&self, now: &Snapshot, of_one_core: f32) -> Option<String> {
        let all = self
            .alternatives
            .iter()
            .map(|one| one.never(now, of_one_core));
        let mut all: Vec<String> = all.collect::<Option<_>>()?;
        all.dedup();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Alternative {
    fn is_of_slices(&self) -> bool {
        matches!(
            self.happening,
            Some(Happening::Slice(..) | Happening::Waited(..))
        )
    }

    /// Whether it is about whom the kernel kills because memory ran out.
    fn is_of_victims(&self) -> bool {
        let oom = self.gauges.contains(&Gauge::Oom);
        oom && self.happening.is_none() && self.filter.is_empty()
    }

    /// Why it never comes true on this machine.
    fn never(&self, now: &Snapshot, of_one_core: f32) -> Option<String> {
        let mut gauges = self.gauges.iter();
        gauges
            .find_map(|gauge| gauge.never())
            .or_else(|| self.happening.as_ref()?.never())
            .or_else(|| self.filter.never(now, of_one_core))
    }

    /// Whether it is about those, too, whom no tick sees.
    fn is_of_brief(&self) -> bool {
        match &self.happening {
            Some(Happening::New) => true,
            Some(Happening::Ended(_)) => !self.filter.is_empty(),
            _ => false,
        }
    }

    /// What is not seen of those whom no tick sees.
    fn unseen_brief(&self, now: &Snapshot) -> Option<String> {
        match now.brief.as_ref().filter(|_| self.is_of_brief())? {
            Err(Missing::Denied) => Some(
                "who lives for less than a tick is not seen: that needs CAP_PERFMON or kernel.perf_event_paranoid ≤ 0, or a shorter interval"
                    .to_owned(),
            ),
            Err(why) => Some(format!(
                "who lives for less than a tick is not seen: {why}; a shorter interval sees more"
            )),
            Ok(_) if self.filter.asks_more_than_names() => Some(format!(
                "of who lives for less than a tick only the name is known, and '{}' asks for more",
                self.filter.text()
            )),
            Ok(_) => None,
        }
    }

    fn unseen(&self, now: &Snapshot, line: &Timeline) -> Vec<String> {
        let mut out: Vec<String> = self.gauges.iter().filter_map(|g| g.unseen(now)).collect();
        let untold = match self.happening {
            Some(Happening::Ended(_)) => Some("how processes end"),
            _ => self.is_of_victims().then_some("who is killed"),
        };
        if let Some(what) = untold.filter(|_| now.ends.is_none()) {
            out.push(format!(
                "{what} is not told here: the kernel's process connector is not to be had (pscope doctor says why)"
            ));
        }
        out.extend(self.unseen_brief(now));
        if self.is_of_slices() {
            match line.origin {
                Origin::Exact | Origin::Inside => {}
                Origin::None if line.why.is_empty() => {}
                Origin::Own => out.push(format!(
                    "slices are told of one process of your own only: {}",
                    line.why
                )),
                Origin::Summed => out.push(
                    "single slices are not told here: the machine switches so often that the kernel sums them up"
                        .to_owned(),
                ),
                Origin::None | Origin::Sampled | Origin::Sums => {
                    out.push(format!("single slices are not told here: {}", line.why));
                }
            }
        }
        let denied = self.filter.denied(now);
        if denied > 0 {
            out.push(format!(
                "'{}' cannot be read of {denied} of {} processes: {}",
                self.filter.text(),
                now.procs.len(),
                Missing::Denied
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests;
