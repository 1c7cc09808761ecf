//! The columns of the process table: each a constant with what it costs and how it reads. Table, sort, filter and reports share them.

pub mod all;
pub mod bounds;
mod together;

use std::borrow::Cow;

use crate::model::format;
use crate::model::id::{Bytes, Nanos};
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::{Proc, Snapshot};

use all::ALIASES;
pub use all::{ALL, DEFAULT};
pub use together::{Joined, Together};

/// A column of the process table.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else of how it is computed"
)]
pub struct Column {
    /// Its name in settings, options and filters: `cpu`.
    pub name: &'static str,
    /// Its title above the table: `CPU%`.
    pub title: &'static str,
    /// What it tells, one sentence.
    pub about: &'static str,
    /// From which file of the kernel it comes and how it is computed; see `proc_pid_stat(5)` and its neighbours.
    pub source: &'static str,
    /// How many cells it takes; the command takes what is left over.
    pub width: u16,
    /// What must be read for it.
    pub needs: Needs,
    /// What it shows.
    pub shows: Shows,
    /// Whether a thread has this of its own.
    pub of_threads: bool,
    /// Whether ended children of a process count in its sums.
    with_ended: bool,
    /// Whether it tells of the time between two readings though its unit is none a second.
    over_time: bool,
    /// Whether of several the greatest stands for all.
    greatest: bool,
    /// Whether its text is a list, parted by commas.
    list: bool,
}

/// What a column shows.
#[derive(Clone, Copy, Debug)]
pub enum Shows {
    /// A number.
    Number {
        /// Of one process, in the unit's base: bytes, nanoseconds, percent of one core.
        of: fn(&Snapshot, &Proc) -> Reading<f64>,
        /// How it reads.
        unit: Unit,
        /// Whether it can be added up over a subtree.
        adds: bool,
        /// Below this a change is noise that must not move rows; `None`: every change counts.
        slack: Option<f64>,
    },
    /// A text; where there is none to tell it is empty.
    Text(for<'a> fn(&'a Snapshot, &'a Proc) -> Reading<Cow<'a, str>>),
    /// The CPU share of the last ticks as a picture; it sorts as CPU does.
    History,
    /// The tree, the name and the command line; it sorts by name.
    Command,
}

/// How a number reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As it is: a pid, a priority.
    Plain,
    /// How many: `64`, `12.4k`.
    Count,
    /// Percent of one core: `18.3`.
    Percent,
    /// Percent of the whole: `18.3`.
    Share,
    /// Bytes: `1.20G`.
    Bytes,
    /// Bytes a second: `1.2M`.
    BytesRate,
    /// Bytes that were gained, or lost: `+1.2M`, `-310K`, `0`.
    Signed,
    /// Events a second: `412`.
    Rate,
    /// Nanoseconds on a core: `12:41.30`.
    Clock,
    /// Nanoseconds: `3d 2h`.
    Span,
    /// Milliseconds after the Unix epoch, in the machine's zone: `14:02`, `Nov 19`, `2024`.
    Moment,
}

impl Unit {
    /// What a name in JSON ends with.
    fn ending(self) -> &'static str {
        match self {
            Self::Plain | Self::Count => "",
            Self::Percent | Self::Share => "_percent",
            Self::Bytes => "_bytes",
            Self::BytesRate => "_bytes_per_second",
            Self::Signed => "_bytes_per_minute",
            Self::Rate => "_per_second",
            Self::Clock | Self::Span => "_ns",
            Self::Moment => "_unix_ms",
        }
    }

    /// The number as it is shown.
    pub fn text(self, value: f64, snapshot: &Snapshot) -> String {
        match self {
            Self::Plain => format!("{value:.0}"),
            Self::Count => format::count(value.max(0.0) as u64),
            Self::Percent | Self::Share => format::percent(value as f32),
            Self::Bytes | Self::BytesRate => format::bytes(Bytes(value.max(0.0) as u64)),
            Self::Signed if value.abs() < 1.0 => "0".to_owned(),
            Self::Signed => {
                let sign = if value < 0.0 { '-' } else { '+' };
                format!("{sign}{}", format::bytes(Bytes(value.abs() as u64)))
            }
            Self::Rate => format::per_second(value),
            Self::Clock => format::clock(Nanos(value.max(0.0) as u64)),
            Self::Span => format::duration(Nanos(value.max(0.0) as u64)),
            Self::Moment => moment(value, snapshot),
        }
    }
}

impl Column {
    /// The column with this name, in any case: its own, the head that the screen shows, or an older name of it.
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = name.to_lowercase();
        let own = |name: &str| ALL.iter().copied().find(|c| c.name == name);
        let alias = || ALIASES.iter().find(|(other, _)| *other == name);
        let head = || ALL.iter().copied().find(|c| c.title.to_lowercase() == name);
        own(&name)
            .or_else(head)
            .or_else(|| alias().and_then(|(_, column)| own(column)))
    }

    /// Other names that it answers to.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        let of = self.name;
        let mine = ALIASES.iter().filter(move |(_, column)| *column == of);
        mine.map(|(other, _)| *other)
    }

    /// Its name in JSON, with the unit: `net_in_bytes_per_second`.
    pub fn json_name(&self) -> String {
        let name = self.name.trim_end_matches('%').replace('-', "_");
        let ending = match self.shows {
            Shows::Number { unit, .. } => unit.ending(),
            Shows::History => "_percent",
            Shows::Text(_) | Shows::Command => "",
        };
        name + ending
    }

    /// Below this a change is noise that must not move rows; `None`: every change counts.
    pub fn slack(&self) -> Option<f64> {
        match self.shows {
            Shows::Number { slack, .. } => slack,
            Shows::History => Some(1.0),
            Shows::Text(_) | Shows::Command => None,
        }
    }

    /// Whether it tells of the time between two readings, so that one reading tells nothing.
    pub fn over_time(&self) -> bool {
        self.over_time || matches!(self.unit(), Some(Unit::Rate | Unit::BytesRate))
    }

    /// Whether its text stands at the right of its cells.
    pub fn right(&self) -> bool {
        self.is_number()
    }

    /// How its numbers read, where it shows numbers.
    pub fn unit(&self) -> Option<Unit> {
        match self.shows {
            Shows::Number { unit, .. } => Some(unit),
            Shows::History => Some(Unit::Percent),
            Shows::Text(_) | Shows::Command => None,
        }
    }

    /// Whether it shows numbers.
    pub fn is_number(&self) -> bool {
        matches!(self.shows, Shows::Number { .. })
    }

    /// Whether the greatest comes first when it becomes the sort column.
    pub fn greatest_first(&self) -> bool {
        matches!(self.shows, Shows::History)
            || matches!(self.shows, Shows::Number { unit, .. } if unit != Unit::Plain && unit != Unit::Span)
    }

    /// Whether it can be added up over a subtree.
    pub fn adds(&self) -> bool {
        matches!(
            self.shows,
            Shows::History | Shows::Number { adds: true, .. }
        )
    }

    /// The number of one process, where the column shows numbers.
    pub fn number(&self, snapshot: &Snapshot, proc: &Proc) -> Option<Reading<f64>> {
        match self.shows {
            Shows::Number { of, .. } => Some(of(snapshot, proc)),
            Shows::History => Some(proc.cpu.map(f64::from)),
            Shows::Text(_) | Shows::Command => None,
        }
    }

    /// What one process has a part in where the column is added up: its number, with that of its children that ended in the
    /// span where they count. They have no rows of their own.
    pub fn part(&self, snapshot: &Snapshot, proc: &Proc) -> Option<Reading<f64>> {
        let number = self.number(snapshot, proc)?;
        let ended = proc.ended.map_or(0.0, f64::from);
        Some(number.map(|own| if self.with_ended { own + ended } else { own }))
    }

    /// The sum over some processes, where the column shows numbers and there is one. Nothing at all is no sum where somebody
    /// hides what it has.
    pub fn sum<'a>(
        &self,
        snapshot: &Snapshot,
        procs: impl Iterator<Item = &'a Proc>,
    ) -> Option<Sum> {
        let mut sum: Option<Reading<f64>> = None;
        let (mut missing, mut denied) = (0, false);
        for proc in procs {
            let one = self.part(snapshot, proc)?;
            denied |= one == Err(Missing::Denied);
            missing += usize::from(one.is_err_and(Missing::may_be_much));
            sum = Some(match (sum, one) {
                (Some(Ok(so_far)), Ok(more)) => Ok(so_far + more),
                (Some(Ok(so_far)), Err(_)) => Ok(so_far),
                (_, one) => one,
            });
        }
        let value = match sum? {
            Ok(nothing) if denied && nothing.abs() < f64::EPSILON => Err(Missing::Denied),
            value => value.map(|value| value.min(self.most(snapshot))),
        };
        Some(Sum { value, missing })
    }

    /// What no sum of this column can be more than: ticks of many are rounded each on its own, and together pass what the cores have.
    pub fn most(&self, snapshot: &Snapshot) -> f64 {
        match snapshot.system.cores.len() {
            n @ 1.. if self.name == all::CPU.name => n as f64 * 100.0,
            _ => f64::INFINITY,
        }
    }

    /// The text of one process as a report prints it.
    ///
    /// # Errors
    /// Why there is none.
    pub fn text<'a>(&self, snapshot: &'a Snapshot, proc: &'a Proc) -> Reading<Cow<'a, str>> {
        match self.shows {
            Shows::Number { of, unit, .. } => {
                of(snapshot, proc).map(|value| unit.text(value, snapshot).into())
            }
            Shows::Text(of) => of(snapshot, proc),
            Shows::History => proc.cpu.map(|cpu| format::percent(cpu).into()),
            Shows::Command => Ok(proc.command_line().into()),
        }
    }
}

/// The sum of a column over processes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// The sum of those that could be read, or why none could.
    pub value: Reading<f64>,
    /// How many have more that is not told, or not yet: the true sum may be greater.
    pub missing: usize,
}

impl Sum {
    /// How a text of it begins: `≥` where a part of it is missing.
    pub fn sign(&self) -> &'static str {
        if self.missing > 0 && self.value.is_ok() {
            "≥"
        } else {
            ""
        }
    }
}

/// Numbers for programs: whole, in a unit that the name of the column says.
impl Column {
    /// Its name with the unit: `mem_bytes`, `cpu_percent`, `time_seconds`.
    pub fn exact_head(&self) -> String {
        let unit = match self.shows {
            Shows::History => "_percent",
            Shows::Number { unit, .. } => match unit {
                Unit::Plain | Unit::Count | Unit::Moment => "",
                Unit::Percent | Unit::Share => "_percent",
                Unit::Bytes => "_bytes",
                Unit::Signed => "_bytes_per_minute",
                Unit::BytesRate => "_bytes_per_second",
                Unit::Rate => "_per_second",
                Unit::Clock | Unit::Span => "_seconds",
            },
            Shows::Text(_) | Shows::Command => "",
        };
        let name = self.name.trim_end_matches('%').replace([' ', '-'], "_");
        if name.len() < self.name.len() {
            return format!("{name}_share{unit}");
        }
        format!("{name}{unit}")
    }

    /// The text of one process for programs: numbers whole, moments as RFC 3339 has them.
    ///
    /// # Errors
    /// Why there is none.
    pub fn exact(&self, snapshot: &Snapshot, proc: &Proc) -> Reading<String> {
        let (value, unit) = match self.shows {
            Shows::Number { of, unit, .. } => (of(snapshot, proc)?, unit),
            Shows::History => (proc.cpu.map(f64::from)?, Unit::Percent),
            Shows::Text(_) | Shows::Command => return self.text(snapshot, proc).map(String::from),
        };
        Ok(match unit {
            Unit::Plain | Unit::Count | Unit::Bytes | Unit::BytesRate | Unit::Signed => {
                format!("{value:.0}")
            }
            Unit::Percent | Unit::Share | Unit::Rate => format!("{value:.2}"),
            Unit::Clock | Unit::Span => format!("{:.2}", value / 1e9),
            Unit::Moment => jiff::Timestamp::from_millisecond(value as i64)
                .map_err(|_| Missing::Unsupported)?
                .to_string(),
        })
    }
}

/// A moment in the machine's zone, shorter the longer ago it is.
fn moment(unix_ms: f64, snapshot: &Snapshot) -> String {
    // A process that was started in summer was started in summer time.
    let civil = |ms: u64| {
        let wall = snapshot.machine.zone.wall_ms(ms as i64);
        let at = jiff::Timestamp::from_millisecond(wall).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        jiff::tz::Offset::UTC.to_datetime(at)
    };
    let at = civil(unix_ms.max(0.0) as u64);
    let now_ms = snapshot.machine.boot_unix_ms + snapshot.system.uptime.0 / 1_000_000;
    let now = civil(now_ms);
    if at.date() == now.date() {
        format!("{:02}:{:02}", at.hour(), at.minute())
    } else if at.year() == now.year() {
        at.strftime("%b %e").to_string()
    } else {
        at.year().to_string()
    }
}

#[cfg(test)]
mod tests;
