//! One term of a filter and its answer about one process: yes, no, or not known.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use regex::Regex;

use super::fragment::Fragment;

use crate::model::groups::grouping::{self, Group};
use crate::model::groups::unit;
use crate::model::plan::Needs;
use crate::model::process::column::{Column, Shows, Unit};
use crate::model::reading::Missing;
use crate::model::sample::Opened;
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::SafeText;

/// What a term asks.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Fragment of the name or of the command line.
    Word(Fragment),
    /// A pattern over the name or the whole command line.
    Pattern(Regex),
    /// Fragment of the name alone.
    Name(Fragment),
    /// A number column against a value.
    Number(&'static Column, Compare, f64),
    /// A text column.
    Text(&'static Column, How, String),
    /// One of these states, by letter.
    State(String),
    /// A local or remote port of one of its sockets.
    Port(RangeInclusive<u16>),
    /// Fragment of where one of its descriptors leads.
    Target(Fragment),
    /// Fragment of the executable's path.
    Exe(Fragment),
    /// Fragment of the path of its control group, or of the name of its unit, container or pod.
    Group(Fragment),
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=` or `:`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

/// How a text is compared, whatever its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It begins so; a number is not cut in two.
    Begins,
    /// It is this.
    Is,
    /// It has this in it.
    Has,
}

impl Compare {
    /// Whether `have` stands so to `want`; numbers that read the same are equal.
    pub fn holds(self, have: f64, want: f64) -> bool {
        match self {
            Self::Less => have < want,
            Self::AtMost => have <= want,
            Self::Equal => (have - want).abs() < 0.05 + want.abs() * 1e-9,
            Self::AtLeast => have >= want,
            Self::More => have > want,
        }
    }
}

impl Compare {
    /// Whether any number between these two, or any for which it does `not` hold, stands so to `want`.
    pub fn can_hold(self, [least, most]: [f64; 2], want: f64, not: bool) -> bool {
        let inside = want > least && want < most;
        // What is between the ends is like the ends, save what is equal.
        let holds = |have: f64| self.holds(have, want) != not;
        holds(least) || holds(most) || inside && holds(want)
    }

    /// How is compared, and with what: `>=300`.
    pub fn split(text: &str) -> (Self, &str) {
        let known = [
            (">=", Self::AtLeast),
            ("<=", Self::AtMost),
            (">", Self::More),
            ("<", Self::Less),
            ("=", Self::Equal),
            (":", Self::Equal),
        ];
        known
            .iter()
            .find_map(|(sign, compare)| text.strip_prefix(sign).map(|rest| (*compare, rest)))
            .unwrap_or((Self::Equal, text))
    }
}

impl How {
    fn holds(self, have: &str, want: &str) -> bool {
        let have = have.to_lowercase();
        match self {
            Self::Is => have == want,
            Self::Has => have.contains(want),
            Self::Begins => have.strip_prefix(want).is_some_and(|rest| {
                let cut = want.ends_with(|c: char| c.is_ascii_digit())
                    && rest.starts_with(|c: char| c.is_ascii_digit());
                !cut
            }),
        }
    }
}

impl Test {
    /// What somebody is looked for by, where that is a name: `no user nobdy`.
    pub(super) fn names(&self) -> Option<String> {
        match self {
            Self::Text(column, _, value) if is_path(column) => {
                Some(format!("nobody in {} {value}", column.name))
            }
            Self::Text(column, _, value) => Some(format!("no {} {value}", column.name)),
            Self::Port(ports) if ports.start() == ports.end() => {
                Some(format!("nobody with port {}", ports.start()))
            }
            _ => None,
        }
    }

    /// Whether only two readings answer it.
    pub(super) fn over_time(&self) -> bool {
        matches!(self, Self::Number(column, ..) if column.over_time())
    }

    /// Whether what it asks for may not be read of a process by this user.
    pub(super) fn denied(&self, snapshot: &Snapshot, proc: &Proc) -> bool {
        self.missing(snapshot, proc) == Some(Missing::Denied)
    }

    /// Why no process of this machine ever answers so, in words that follow the term.
    pub(super) fn never(&self, not: bool, snapshot: &Snapshot, of_one_core: f32) -> Option<String> {
        // A kernel that lacks a file has it of nobody.
        let lacks = |p: &Proc| {
            matches!(
                self.missing(snapshot, p),
                Some(Missing::Unsupported | Missing::Gone)
            )
        };
        if !snapshot.procs.is_empty() && snapshot.procs.iter().all(lacks) {
            return Some(match self {
                Self::Number(column, ..) if column.needs.contains(Needs::GPU) => {
                    "never comes true here: no graphics card tells of it".to_owned()
                }
                _ => format!("never comes true here: {}", Missing::Unsupported),
            });
        }
        let Self::Number(column, compare, want) = self else {
            return None;
        };
        let bounds = column.bounds(snapshot);
        let scale = scale(column, of_one_core);
        let [least, most] = [bounds.least, bounds.most].map(|end| end * scale);
        if compare.can_hold([least, most], *want, not) {
            return None;
        }
        let unit = column.unit().unwrap_or(Unit::Plain);
        let sign = match unit {
            Unit::Percent | Unit::Share => "%",
            _ => "",
        };
        let text = |end: f64| format!("{}{sign}", unit.text(end, snapshot));
        let too_little = !compare.can_hold([least, f64::INFINITY], *want, not);
        let why = match (too_little, bounds.of.as_str()) {
            (true, _) => format!("{} is the least", text(least)),
            (false, "") => format!("{} is the most", text(most)),
            (false, of) => format!("{} is all {of}", text(most)),
        };
        Some(format!("never comes true here: {why}"))
    }

    /// Why what it asks for could not be read of a process.
    fn missing(&self, snapshot: &Snapshot, proc: &Proc) -> Option<Missing> {
        let extra = proc.extra.as_deref();
        match self {
            Self::Number(column, ..) => column.number(snapshot, proc).and_then(Result::err),
            Self::Text(column, ..) if column.name == "unit" => {
                extra.and_then(|extra| extra.cgroup.as_ref().err().copied())
            }
            Self::Port(_) | Self::Target(_) => {
                extra.and_then(|extra| extra.opened.as_ref().err().copied())
            }
            Self::Exe(_) => extra.and_then(|extra| extra.exe.as_ref().err().copied()),
            _ => None,
        }
    }

    /// The number of a process that is compared, under the head of its column: `CPU% 412`.
    pub(super) fn told(
        &self,
        snapshot: &Snapshot,
        proc: &Proc,
        of_one_core: f32,
    ) -> Option<String> {
        let Self::Number(column, ..) = self else {
            return None;
        };
        let have = column.number(snapshot, proc)?.ok()? * scale(column, of_one_core);
        let unit = match column.shows {
            Shows::Number { unit, .. } => unit,
            _ => Unit::Percent,
        };
        Some(format!("{} {}", column.title, unit.text(have, snapshot)))
    }

    /// What must be read to answer it.
    pub(super) fn needs(&self) -> Needs {
        match self {
            Self::Word(_) | Self::Pattern(_) => Needs::COMMANDS,
            Self::Name(_) | Self::State(_) => Needs::empty(),
            Self::Number(column, ..) | Self::Text(column, ..) => column.needs,
            Self::Port(_) | Self::Target(_) => Needs::DESCRIPTORS,
            Self::Exe(_) => Needs::EXE,
            Self::Group(_) => Needs::CGROUP,
        }
    }

    /// The answer about a group that nobody is in; `None` where it asks for what only processes have.
    pub(super) fn of_empty(&self, snapshot: &Snapshot, group: &Group) -> Option<bool> {
        let path = group.path.as_ref()?;
        match self {
            Self::Group(part) => Some(in_path(part, path, snapshot)),
            Self::Text(column, _, want) if is_path(column) => Some(names_path(path, want)),
            _ => None,
        }
    }

    /// Whether a name may answer it.
    pub(super) fn is_of_names(&self) -> bool {
        matches!(self, Self::Word(_) | Self::Pattern(_) | Self::Name(_))
    }

    /// The answer about one of whom the name is all that is known; what may stand in its command line is not.
    pub(super) fn of_name(&self, name: &str) -> Option<bool> {
        match self {
            Self::Name(word) => Some(word.is_in(name)),
            Self::Word(word) => word.is_in(name).then_some(true),
            Self::Pattern(pattern) => pattern.is_match(name).then_some(true),
            _ => None,
        }
    }

    /// The answer about one process; `None` where what it asks for could not be read.
    pub(super) fn answer(
        &self,
        snapshot: &Snapshot,
        proc: &Proc,
        of_one_core: f32,
    ) -> Option<bool> {
        let facts = &proc.facts;
        match self {
            Self::Word(word) => {
                let command = facts.command.as_ref().map_or("", |c| c.raw());
                Some(word.is_in(&facts.name) || word.is_in(command))
            }
            Self::Pattern(pattern) => {
                let raw = facts.command.as_ref().map_or("", |c| c.raw());
                let line: Cow<'_, str> = if raw.contains('\0') {
                    raw.replace('\0', " ").into()
                } else {
                    raw.into()
                };
                Some(pattern.is_match(&facts.name) || pattern.is_match(&line))
            }
            Self::Name(word) => Some(word.is_in(&facts.name)),
            Self::Number(column, compare, want) => {
                let have = column.number(snapshot, proc)?.ok()?;
                Some(compare.holds(have * scale(column, of_one_core), *want))
            }
            Self::Text(column, how, want) => text(column, *how, want, snapshot, proc),
            Self::State(letters) => Some(letters.contains(proc.stat.state.letter())),
            Self::Port(ports) => {
                opened(proc).map(|o| o.ports.iter().any(|port| ports.contains(port)))
            }
            Self::Target(part) => {
                opened(proc).map(|o| o.targets.iter().any(|target| part.is_in(target)))
            }
            Self::Group(part) => {
                let path = grouping::path(proc).ok()?;
                let mut all = grouping::beside(proc).iter().chain([path]);
                Some(all.any(|path| in_path(part, path, snapshot)))
            }
            Self::Exe(part) => {
                let exe = proc.extra.as_deref()?.exe.as_ref().ok()?;
                Some(part.is_in(exe))
            }
        }
    }
}

/// Whether a column shows the control group.
fn is_path(column: &Column) -> bool {
    matches!(column.name, "unit" | "cgroup")
}

/// Whether the path of a control group has a text in it, whatever it is compared with.
fn names_path(path: &SafeText, want: &str) -> bool {
    How::Has.holds(&unit::shown(path), want)
}

fn text(column: &Column, how: How, want: &str, snapshot: &Snapshot, proc: &Proc) -> Option<bool> {
    match column.name {
        _ if is_path(column) => {
            let path = grouping::path(proc).ok()?;
            let mut all = grouping::beside(proc).iter().chain([path]);
            Some(all.any(|path| names_path(path, want)))
        }
        "user" => {
            let number = proc.facts.uid.is_ok_and(|uid| uid.0.to_string() == want);
            Some(number || how.holds(&proc.facts.user, want))
        }
        _ => match column.shows {
            Shows::Text(of) => of(snapshot, proc).ok().map(|have| how.holds(&have, want)),
            _ => None,
        },
    }
}

fn opened(proc: &Proc) -> Option<&Opened> {
    proc.extra.as_deref()?.opened.as_deref().ok()
}

/// CPU shares are compared in the scale that the person sees.
fn scale(column: &Column, of_one_core: f32) -> f64 {
    match column.shows {
        Shows::Number {
            unit: Unit::Percent,
            ..
        }
        | Shows::History => f64::from(of_one_core),
        _ => 1.0,
    }
}

/// Whether it stands in the path of a control group as it is shown, or in the name that stands for it.
fn in_path(part: &Fragment, path: &SafeText, snapshot: &Snapshot) -> bool {
    let name = unit::name(path.exact(), &snapshot.shares.names);
    part.is_in(&unit::shown(path)) || part.is_in(&SafeText::from_exact(&name))
}
