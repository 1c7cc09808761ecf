//! The filter of the process table: `user:alice cpu>10 !sshd | port:8080`. Half-typed input is never an error.
//!
//! All words must fit, `|` parts alternatives, `!` negates a term. A term that is not finished or not understood is left out
//! and noted, so that the list does not blink while somebody types.

pub mod fields;
mod fragment;
mod parse;
mod term;

use std::ops::Range;

use crate::model::groups::grouping::Group;
use crate::model::plan::Needs;
use crate::model::snapshot::{Proc, Snapshot};

pub use term::Compare;
use term::Test;

/// A filter as typed and as understood.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    alternatives: Vec<Vec<Term>>,
    notes: Vec<Note>,
    needs: Needs,
}

/// The places of the words of a text: parted at spaces outside of quotes, `|` alone.
pub fn parts(text: &str) -> Vec<Range<usize>> {
    parse::tokens(text)
}

/// A part of the text that is left out for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which bytes of the text.
    pub at: Range<usize>,
    /// What is missing or wrong.
    pub why: String,
}

#[derive(Clone, Debug)]
struct Term {
    not: bool,
    test: Test,
    /// As it was typed.
    text: String,
}

impl Filter {
    /// Understands what was typed so far.
    pub fn parse(text: &str) -> Self {
        parse::parse(text)
    }

    /// The text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        self.alternatives.is_empty()
    }

    /// What is left out, and why.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What must be read of every process to answer it.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether it asks for what only two readings tell.
    pub fn over_time(&self) -> bool {
        let terms = self.alternatives.iter().flatten();
        terms.into_iter().any(|term| term.test.over_time())
    }

    /// Of how many processes it cannot be said whether they pass, since what decides it may not be read by this user.
    pub fn denied(&self, snapshot: &Snapshot) -> usize {
        self.doubtful(snapshot).count()
    }

    /// Those processes.
    fn doubtful<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a Proc> {
        let may = move |term: &Term, p: &Proc| {
            let met = term.test.answer(snapshot, p, 1.0) == Some(!term.not);
            met || term.test.denied(snapshot, p)
        };
        let open = move |p: &Proc| {
            let mut any = self.alternatives.iter();
            any.any(|terms| terms.iter().all(|term| may(term, p)))
        };
        let all = snapshot.procs.iter();
        all.filter(move |p| open(p) && !self.matches(snapshot, p, 1.0))
    }

    /// The same in words: `of 812 make it cannot be told: it may not be read`, `of 50 processes, such as 812 make, …`.
    pub fn doubt(&self, snapshot: &Snapshot) -> Option<String> {
        let mut all = self.doubtful(snapshot);
        let first = all.next()?;
        let first = format!("{} {}", first.id.pid, first.facts.name);
        Some(match all.count() {
            0 => format!("of {first} it cannot be told: it may not be read"),
            n => format!(
                "of {} processes, such as {first}, it cannot be told: they may not be read",
                n + 1
            ),
        })
    }

    /// Why no process of this machine ever passes: what is asked for is more than there is, or is told of nobody.
    pub fn never(&self, snapshot: &Snapshot, of_one_core: f32) -> Option<String> {
        let never = |term: &Term| {
            let why = term.test.never(term.not, snapshot, of_one_core)?;
            Some(format!("{} {why}", term.text))
        };
        let of_all = |terms: &Vec<Term>| terms.iter().find_map(never);
        let mut all = self.alternatives.iter().map(of_all);
        let first = all.next()??;
        all.all(|one| one.is_some()).then_some(first)
    }

    /// What a process has of what is asked for in numbers: `CPU% 412`.
    pub fn told(&self, snapshot: &Snapshot, proc: &Proc, of_one_core: f32) -> Vec<String> {
        let terms = self.alternatives.iter().flatten();
        let told = terms.filter_map(|term| term.test.told(snapshot, proc, of_one_core));
        told.collect()
    }

    /// Which condition nobody on the machine meets by what it names: `no user nobdy`. Only what is known of everybody counts.
    pub fn nobody(&self, snapshot: &Snapshot) -> Option<String> {
        let terms = self.alternatives.iter().flatten().filter(|t| !t.not);
        let mut named = terms.filter_map(|t| Some((&t.test, t.test.names()?)));
        let met = |test: &Test| {
            let mut answers = snapshot.procs.iter().map(|p| test.answer(snapshot, p, 1.0));
            answers.any(|yes| yes != Some(false))
        };
        named.find(|(test, _)| !met(test)).map(|(_, text)| text)
    }

    /// Whether a group that nobody is in is what is asked for; it has a name and a path, and of all else nothing.
    pub fn fits_empty(&self, snapshot: &Snapshot, group: &Group) -> bool {
        self.holds(|test| test.of_empty(snapshot, group))
    }

    /// Whether a process passes; what could not be read of it passes neither a term nor its negation.
    ///
    /// `of_one_core` turns CPU shares of one core into the scale that the person sees.
    pub fn matches(&self, snapshot: &Snapshot, proc: &Proc, of_one_core: f32) -> bool {
        self.holds(|test| test.answer(snapshot, proc, of_one_core))
    }

    /// Whether a process passes of which nothing but its name is known.
    pub fn fits_name(&self, name: &str) -> bool {
        self.holds(|test| test.of_name(name))
    }

    /// Whether it asks for more than a name.
    pub fn asks_more_than_names(&self) -> bool {
        let mut terms = self.alternatives.iter().flatten();
        terms.any(|term| !term.test.is_of_names())
    }

    /// Whether one of the alternatives holds by the answers to its terms; a term without one does not hold, nor its negation.
    fn holds(&self, answer: impl Fn(&Test) -> Option<bool>) -> bool {
        let holds = |term: &Term| answer(&term.test).is_some_and(|yes| yes != term.not);
        let mut any = self.alternatives.iter();
        self.is_empty() || any.any(|terms| terms.iter().all(holds))
    }
}

#[cfg(test)]
mod tests;
