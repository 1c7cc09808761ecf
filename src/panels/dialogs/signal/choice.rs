//! Choosing the signal: the list, jumping by typing, what each would do, and what is too dangerous to be sent at once.

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::world::World;
use crate::model::acting::prediction::{Force, Prediction};
use crate::model::acting::signal::Signal;
use crate::model::acting::standing::{Kinship, Standing};
use crate::model::acting::{Brief, Scope};
use crate::model::id::Pid;
use crate::model::text::SafeText;

/// Those that a person wants most, in this order; all others follow by number.
const FIRST: [u32; 9] = [15, 9, 1, 2, 3, 19, 18, 10, 12];

/// More targets than this are never signalled without asking.
const MANY: usize = 10;

/// The chosen signal and what was typed to find it.
#[derive(Default)]
pub(super) struct Choice {
    at: usize,
    top: usize,
    typed: String,
}

/// One line of the list.
pub(super) struct Line {
    pub(super) signal: Signal,
    pub(super) chosen: bool,
    pub(super) words: String,
    pub(super) force: Force,
}

/// Every signal in the order of the list.
pub(super) fn order() -> Vec<Signal> {
    let mut all: Vec<Signal> = FIRST.into_iter().filter_map(Signal::new).collect();
    let rest: Vec<Signal> = Signal::all().filter(|s| !all.contains(s)).collect();
    all.extend(rest);
    all
}

impl Choice {
    pub(super) fn at(signal: Signal) -> Self {
        Self {
            at: order().iter().position(|s| *s == signal).unwrap_or(0),
            ..Self::default()
        }
    }

    pub(super) fn signal(&self) -> Signal {
        order().get(self.at).copied().unwrap_or(Signal::TERM)
    }

    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// Takes typed letters; says whether the key was one.
    pub(super) fn key(&mut self, key: Key) -> bool {
        match key.code {
            Code::Backspace if !self.typed.is_empty() => {
                self.typed.pop();
            }
            _ => match key.typed() {
                Some(c) if c.is_ascii_alphanumeric() || c == '+' || c == '-' => {
                    self.typed.push(c.to_ascii_uppercase());
                    // A letter that finds nothing begins a new name.
                    if find(&self.typed).is_none() {
                        self.typed = c.to_ascii_uppercase().to_string();
                    }
                }
                Some(_) => return true,
                None => return false,
            },
        }
        if let Some(at) = find(&self.typed) {
            self.at = at;
        }
        true
    }

    pub(super) fn step(&mut self, action: &Action, rows: usize) {
        self.typed.clear();
        let last = order().len() - 1;
        let at = match action.name {
            n if n == moves::UP.name => self.at.saturating_sub(1),
            n if n == moves::DOWN.name => self.at + 1,
            n if n == moves::PAGE_UP.name => self.at.saturating_sub(rows),
            n if n == moves::PAGE_DOWN.name => self.at + rows,
            n if n == moves::FIRST.name => 0,
            n if n == moves::LAST.name => last,
            _ => self.at,
        };
        self.at = at.min(last);
    }

    /// Chooses the signal in this line of those in view.
    pub(super) fn choose(&mut self, line: usize) {
        self.typed.clear();
        self.at = (self.top + line).min(order().len() - 1);
    }

    pub(super) fn fit(&mut self, rows: usize) {
        self.top = self
            .top
            .min(self.at)
            .max((self.at + 1).saturating_sub(rows));
        self.top = self.top.min(order().len().saturating_sub(rows));
    }

    /// The visible lines with what each signal would do.
    pub(super) fn lines(&self, world: &World, brief: &Brief, rows: usize) -> Vec<Line> {
        let owners: Vec<SafeText> = brief.targets.iter().map(|t| owner(world, t)).collect();
        self.visible(rows, |signal| {
            let each = brief.targets.iter().zip(&owners);
            let all: Vec<Prediction> = each.map(|(t, o)| Prediction::of(signal, t, o)).collect();
            foretell(&all)
        })
    }

    /// The visible lines while nothing is known of the targets.
    pub(super) fn unknown(&self, rows: usize) -> Vec<Line> {
        self.visible(rows, |_| (String::new(), Force::Asks))
    }

    fn visible(&self, rows: usize, words: impl Fn(Signal) -> (String, Force)) -> Vec<Line> {
        let shown = order().into_iter().enumerate().skip(self.top).take(rows);
        let line = |(i, signal)| {
            let (words, force) = words(signal);
            let chosen = i == self.at;
            Line {
                signal,
                chosen,
                words,
                force,
            }
        };
        shown.map(line).collect()
    }
}

/// The user of a target by name, or by number where there is no name.
pub(super) fn owner(world: &World, target: &Standing) -> SafeText {
    match (world.snapshot.get(target.id), target.uid) {
        (Some(proc), _) if !proc.facts.user.is_empty() => proc.facts.user.clone(),
        (_, Ok(uid)) => SafeText::from(format!("user {uid}")),
        (_, Err(_)) => SafeText::default(),
    }
}

/// One target: the sentence. Several: how many meet which fate, the most frequent first.
fn foretell(all: &[Prediction]) -> (String, Force) {
    let force = all
        .iter()
        .map(Prediction::force)
        .min()
        .unwrap_or(Force::Nothing);
    let [first, rest @ ..] = all else {
        return ("nobody is left".to_owned(), Force::Nothing);
    };
    if rest.iter().all(|p| p == first) {
        return (first.to_string(), force);
    }
    let mut counts: Vec<((&'static str, &'static str), usize)> = Vec::new();
    for words in all.iter().map(Prediction::counted) {
        match counts.iter_mut().find(|(w, _)| *w == words) {
            Some((_, n)) => *n += 1,
            None => counts.push((words, 1)),
        }
    }
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let parts: Vec<String> = counts
        .iter()
        .map(|((before, after), n)| format!("{before} {n}{after}"))
        .collect();
    (parts.join(" · "), force)
}

/// The signal that a number or the beginning of a name means.
fn find(typed: &str) -> Option<usize> {
    let order = order();
    if typed.is_empty() {
        return None;
    }
    if let Ok(exact) = typed.parse::<Signal>() {
        return order.iter().position(|s| *s == exact);
    }
    let name = typed.strip_prefix("SIG").unwrap_or(typed);
    let begins = |s: &Signal| s.name().starts_with(name) || s.to_string().starts_with(typed);
    order.iter().position(begins)
}

/// Why a signal must be confirmed; nothing: it need not.
pub(super) fn dangers(brief: &Brief, signal: Signal) -> Vec<String> {
    let mut reasons = Vec::new();
    // A branch is stopped on the way to any signal.
    let stops = signal.is_unstoppable() || brief.scope == Scope::Subtree;
    for target in brief
        .targets
        .iter()
        .filter(|t| t.pinned.is_ok() || t.pinned != Err(crate::model::reading::Missing::Gone))
    {
        let who = format!("{} {}", target.id.pid, target.name);
        match target.kinship {
            Kinship::Own => reasons.push(format!("{who} is pscope itself")),
            Kinship::Ancestor if stops => reasons.push(format!("pscope runs inside {who}")),
            _ if target.id.pid == Pid(1) && stops => {
                reasons.push(format!("{who} is the first process of the machine"));
            }
            _ => {}
        }
    }
    if brief.targets.len() > MANY {
        reasons.push(format!("it goes to {} targets", brief.targets.len()));
    }
    reasons
}
