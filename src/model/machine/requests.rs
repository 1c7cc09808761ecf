//! Requests to disks: how many a device answered, how long each took, and how that was spread over the last two minutes.

use std::collections::{BTreeMap, VecDeque};

use crate::model::id::{Nanos, Pid};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::spread::{BUCKETS, Spread};
use crate::model::text::SafeText;

/// How long a column of the picture is, and how many of them are kept.
pub const COLUMN: Nanos = Nanos::from_millis(500);
/// Columns that are kept: two minutes.
pub const COLUMNS: usize = 240;
/// Columns that the kernel's programs keep; who does not read for longer loses those before.
pub const KEPT: usize = 32;
/// Steps of a column: two to each power of two, from [`FIRST`] on.
pub const STEPS: usize = 64;
/// The bucket of a [`Spread`] that the first step begins with, about a microsecond; what is shorter counts there.
pub const FIRST: usize = 40;

/// What was asked of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// To read.
    #[default]
    Read,
    /// To write.
    Write,
    /// To write down what it has in its own memory, to forget blocks, and what drivers ask for themselves.
    Other,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Other];

    /// In a word, of several.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Other => "flushes and discards",
        }
    }
}

/// Sums of requests that only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many were answered.
    pub done: u64,
    /// How long they took together, from when they were made.
    pub took: Nanos,
    /// Of that, in the device: from when the driver had them.
    pub device: Nanos,
    /// The longest.
    pub longest: Nanos,
    /// How long each took.
    pub spread: Spread,
}

/// What was counted until a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// By device and kind, with the columns that the kernel keeps, [`STEPS`] each, in the order of their numbers by [`KEPT`].
    pub devices: BTreeMap<(SafeText, Kind), (Count, Vec<u64>)>,
    /// By whom they were made, and for which device.
    pub processes: BTreeMap<(Pid, SafeText, Kind), Count>,
    /// How the thread was called that asked for each of them last.
    pub called: BTreeMap<Pid, SafeText>,
    /// How many were counted of their device but not of whom: too many processes at once.
    pub dropped: u64,
}

impl Counted {
    /// The same without the columns of the kernel.
    #[must_use]
    pub fn without_columns(&self) -> Self {
        let devices = self.devices.iter();
        Self {
            at: self.at,
            devices: devices
                .map(|(key, (count, _))| (key.clone(), (count.clone(), Vec::new())))
                .collect(),
            processes: self.processes.clone(),
            called: self.called.clone(),
            dropped: self.dropped,
        }
    }
}

/// How long the requests of half a second took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Which half of a second since the machine began.
    pub number: u64,
    /// Steps that anything is in, and how much; step `n` begins at [`step_begins`].
    pub steps: Vec<(u8, u64)>,
}

/// Requests of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Took {
    /// How many were answered.
    pub done: u64,
    /// How long one took on average; `Soon` where there was none, as for what follows.
    pub mean: Reading<Nanos>,
    /// Of that, in the device.
    pub device: Reading<Nanos>,
    /// Half of them took at most so long.
    pub p50: Reading<Nanos>,
    /// 99 of 100 took at most so long.
    pub p99: Reading<Nanos>,
}

/// What a device was asked for lately.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRequests {
    /// Its name.
    pub name: SafeText,
    /// What it was asked for.
    pub kind: Kind,
    /// In the window.
    pub took: Took,
    /// The longest since counting began.
    pub longest: Nanos,
    /// The last two minutes; what nobody was asked for in is not there.
    pub columns: Vec<Column>,
}

/// What a process asked devices for lately.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessRequests {
    /// Who: a thread of the kernel where it writes down later what processes left to it. A flush is of whoever waits for it.
    pub pid: Pid,
    /// How the thread was called that asked last: all that is known of who has ended by now.
    pub called: SafeText,
    /// Whom it asked.
    pub device: SafeText,
    /// For what.
    pub kind: Kind,
    /// In the window.
    pub took: Took,
}

/// What one process asked devices for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FocusRequests {
    /// Which.
    pub pid: Pid,
    /// Since when it is followed.
    pub since: Nanos,
    /// By device and kind. Its columns are made at each reading: what was answered in between is spread evenly over them.
    pub devices: Vec<DeviceRequests>,
}

/// The requests of all devices in a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    /// When the window ends.
    pub at: Nanos,
    /// How long it is.
    pub span: Nanos,
    /// When counting began.
    pub since: Nanos,
    /// Where they are not counted: why.
    pub why: String,
    /// And whether that is for want of a right; else this kernel or this place does not tell them.
    pub denied: bool,
    /// By device and kind.
    pub devices: Vec<DeviceRequests>,
    /// Who asked, the busiest first.
    pub processes: Vec<ProcessRequests>,
    /// How many are told of a device but of no process, since counting began.
    pub dropped: u64,
    /// The process in focus.
    pub focus: Option<FocusRequests>,
}

/// How long what is in a step took at least.
pub fn step_begins(step: usize) -> Nanos {
    let bucket = FIRST + 2 * step;
    Nanos((4 + bucket as u64 % 4) << (bucket / 4).saturating_sub(2))
}

impl Requests {
    /// That they are not counted, and why.
    pub fn refused(at: Nanos, (why, denied): (String, bool)) -> Self {
        Self {
            at,
            why,
            denied,
            ..Self::default()
        }
    }

    /// Whether every request was counted.
    pub fn counted(&self) -> bool {
        self.why.is_empty()
    }

    /// The same of the process in focus alone; `None` where it is another one.
    pub fn of_focus(&self, pid: Pid) -> Option<Self> {
        let focus = self.focus.as_ref().filter(|focus| focus.pid == pid)?;
        Some(Self {
            at: self.at,
            span: self.span,
            since: focus.since,
            devices: focus.devices.clone(),
            ..Self::default()
        })
    }

    /// Of a device, for one thing.
    pub fn of(&self, device: &str, kind: Kind) -> Option<&DeviceRequests> {
        let found = |d: &&DeviceRequests| d.name.as_str() == device && d.kind == kind;
        self.devices.iter().find(found)
    }

    /// How many a second.
    pub fn per_second(&self, done: u64) -> f64 {
        let seconds = self.span.seconds();
        if seconds > 0.0 {
            done as f64 / seconds
        } else {
            0.0
        }
    }
}

fn took(before: &Count, now: &Count) -> Took {
    // Of one that asked for nothing for long the sums were given up, and begin anew.
    let nothing = Count::default();
    let before = if now.done < before.done {
        &nothing
    } else {
        before
    };
    let done = now.done.saturating_sub(before.done);
    let spread = now.spread.since(&before.spread);
    let mean = |of: Nanos| of.0.checked_div(done).map(Nanos).ok_or(Missing::Soon);
    // The bound of a bucket is above what is in it.
    let bound = |most: Nanos| match now.longest {
        Nanos(0) => most,
        longest => most.min(longest),
    };
    Took {
        done,
        mean: mean(now.took.since(before.took)),
        device: mean(now.device.since(before.device)),
        p50: spread.at(500).map(bound).ok_or(Missing::Soon),
        p99: spread.at(990).map(bound).ok_or(Missing::Soon),
    }
}

/// What happened between two readings; without columns.
pub fn between(first: &Counted, last: &Counted) -> Requests {
    let nothing = Count::default();
    let devices = last.devices.iter().map(|(key, (now, _))| {
        let before = first.devices.get(key).map_or(&nothing, |(count, _)| count);
        DeviceRequests {
            name: key.0.clone(),
            kind: key.1,
            took: took(before, now),
            longest: now.longest,
            columns: Vec::new(),
        }
    });
    let processes = last.processes.iter().map(|(key, now)| {
        let before = first.processes.get(key).unwrap_or(&nothing);
        ProcessRequests {
            pid: key.0,
            called: last.called.get(&key.0).cloned().unwrap_or_default(),
            device: key.1.clone(),
            kind: key.2,
            took: took(before, now),
        }
    });
    let mut processes: Vec<ProcessRequests> = processes.filter(|p| p.took.done > 0).collect();
    processes.sort_by_key(|p| std::cmp::Reverse(p.took.done));
    Requests {
        at: last.at,
        span: last.at.since(first.at),
        since: first.at,
        devices: devices.collect(),
        processes,
        dropped: last.dropped,
        ..Requests::default()
    }
}

/// The columns of the last two minutes, kept from reading to reading.
#[derive(Clone, Debug, Default)]
pub struct Past {
    of: BTreeMap<(SafeText, Kind), VecDeque<Column>>,
}

impl Past {
    /// Takes in what came since the reading before. What the kernel's ring has gone over meanwhile is lost, and is not there.
    pub fn push(&mut self, before: &Counted, now: &Counted) {
        let number = |at: Nanos| at.0 / COLUMN.0;
        let (from, to) = (number(before.at), number(now.at));
        // What was written where the ring had been round in between cannot be told apart.
        let from = if to - from.min(to) < KEPT as u64 {
            from
        } else {
            to
        };
        for (key, (_, kept)) in &now.devices {
            let old = before.devices.get(key).map(|(_, kept)| kept);
            let columns = self.of.entry(key.clone()).or_default();
            for number in from..=to {
                let at = number as usize % KEPT * STEPS;
                let grown = (0..STEPS).map(|step| {
                    let was = old.map_or(0, |old| old[at + step]);
                    (step as u8, kept[at + step].saturating_sub(was))
                });
                merge(columns, number, grown.filter(|(_, n)| *n > 0));
            }
        }
        self.forget_before(to);
    }

    /// Takes in what one process asked for since the reading before, of which no columns are kept in the kernel.
    pub fn push_process(&mut self, pid: Pid, (before, now): (&Counted, &Counted)) {
        let number = |at: Nanos| at.0 / COLUMN.0;
        let to = number(now.at);
        let from = (number(before.at) + 1)
            .min(to)
            .max(to.saturating_sub(KEPT as u64));
        let nothing = Count::default();
        for ((who, device, kind), count) in &now.processes {
            if *who != pid {
                continue;
            }
            let key = (device.clone(), *kind);
            let old = before.processes.get(&(*who, device.clone(), *kind));
            let old = old.filter(|old| old.done <= count.done).unwrap_or(&nothing);
            let spread = count.spread.since(&old.spread);
            let mut steps = [0_u64; STEPS];
            for (bucket, n) in spread.0.iter().enumerate() {
                let step = bucket.saturating_sub(FIRST) / 2;
                steps[step.min(STEPS - 1)] += n;
            }
            let columns = self.of.entry(key).or_default();
            for number in from..=to {
                let left = to - number + 1;
                let part = steps.iter_mut().zip(0..).map(|(n, step)| {
                    let part = *n / left;
                    *n -= part;
                    (step, part)
                });
                merge(columns, number, part.filter(|(_, n)| *n > 0));
            }
        }
        self.forget_before(to);
    }

    fn forget_before(&mut self, to: u64) {
        for columns in self.of.values_mut() {
            columns.retain(|c| c.number + COLUMNS as u64 > to);
        }
    }

    /// What was asked of which device by the one whose past this is, as far as there is any, with what it was in the window.
    pub fn of_process(&self, pid: Pid, (first, last): (&Counted, &Counted)) -> Vec<DeviceRequests> {
        let nothing = Count::default();
        let of = |counted: &Counted, (device, kind): &(SafeText, Kind)| {
            let found = counted.processes.get(&(pid, device.clone(), *kind));
            found.cloned()
        };
        let kept = self.of.iter().filter(|(_, columns)| !columns.is_empty());
        kept.map(|(key, columns)| {
            let now = of(last, key).unwrap_or_default();
            DeviceRequests {
                name: key.0.clone(),
                kind: key.1,
                took: took(of(first, key).as_ref().unwrap_or(&nothing), &now),
                longest: now.longest,
                columns: columns.iter().cloned().collect(),
            }
        })
        .collect()
    }

    /// The columns of a device and a kind.
    pub fn columns(&self, device: &SafeText, kind: Kind) -> Vec<Column> {
        let found = self.of.get(&(device.clone(), kind));
        found.map_or_else(Vec::new, |all| all.iter().cloned().collect())
    }
}

/// Adds to a column, which is the last one or comes after it.
fn merge(columns: &mut VecDeque<Column>, number: u64, steps: impl Iterator<Item = (u8, u64)>) {
    let mut steps = steps.peekable();
    if steps.peek().is_none() {
        return;
    }
    if columns.back().is_none_or(|last| last.number != number) {
        columns.push_back(Column {
            number,
            steps: Vec::new(),
        });
    }
    let Some(last) = columns.back_mut() else {
        return;
    };
    for (step, n) in steps {
        match last.steps.iter_mut().find(|(known, _)| *known == step) {
            Some((_, sum)) => *sum += n,
            None => last.steps.push((step, n)),
        }
    }
    last.steps.sort_unstable();
}

/// What a process asked of all devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfProcess {
    /// How many reads were answered.
    pub reads: u64,
    /// How many wrote.
    pub writes: u64,
    /// How many flushed or discarded.
    pub others: u64,
    /// 99 of 100 took at most so long, where they were slowest.
    pub p99: Reading<Nanos>,
}

impl OfProcess {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.reads + self.writes + self.others
    }
}

/// What every process asked for.
pub fn by_process(requests: &Requests) -> BTreeMap<Pid, OfProcess> {
    let mut out: BTreeMap<Pid, OfProcess> = BTreeMap::new();
    for p in &requests.processes {
        let of = out.entry(p.pid).or_insert(OfProcess {
            reads: 0,
            writes: 0,
            others: 0,
            p99: p.took.p99,
        });
        *match p.kind {
            Kind::Read => &mut of.reads,
            Kind::Write => &mut of.writes,
            Kind::Other => &mut of.others,
        } += p.took.done;
        of.p99 = match (of.p99, p.took.p99) {
            (Ok(known), Ok(other)) => Ok(known.max(other)),
            (known, other) => known.or(other),
        };
    }
    out
}

/// A spread of which only so many buckets from [`FIRST`] on are counted.
pub fn spread_from(buckets: impl Iterator<Item = u64>) -> Spread {
    let mut spread = Spread::default();
    for (to, n) in spread.0[FIRST..BUCKETS].iter_mut().zip(buckets) {
        *to = n;
    }
    spread
}

#[cfg(test)]
mod tests;
