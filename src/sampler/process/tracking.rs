//! How a sweep finds what changed: by what the kernel tells, or by reading every process.
//!
//! A process that did not run, and of which nobody told that it began, ended or changed, is as it was; save memory, which
//! may be taken from a sleeping one, so everybody is read again by turns.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::table::Table;
use crate::model::acting::Fate;
use crate::model::id::{Nanos, Pid};
use crate::model::plan::Plan;
use crate::model::process::stat::State;
use crate::model::sample::{Fault, Mode, Sample, TaskSample};
use crate::sys::process::changes::{Changes, Feed};
use crate::sys::process::connector::{Announced, Connector};
use crate::sys::source::Error;

/// How old a row may be before it is read again, whatever the kernel tells.
const ROUND: Nanos = Nanos(30_000_000_000);
/// How long the directory is not listed while events tell who comes and goes.
const LISTING: Nanos = Nanos(15_000_000_000);
/// How far the clocks go apart when the machine was suspended.
const SUSPENDED: Nanos = Nanos(2_000_000_000);
/// Fewer processes than these are read faster than events are sorted out.
const FEW: usize = 200;
/// From how many losses of events in a row on the next one is expected too, so that descriptors are worth keeping.
const FLOOD: u32 = 3;
/// How many sweeps may go another way than the one that was asked for, until it is ready.
const BEGINNING: u32 = 5;
/// What reading one sleeping process costs against hearing of one switch.
const SAVED_PER_PROCESS: f64 = 5.0;

/// The way that is chosen, anew at each tick: events where somebody fills the feed, else the connector, else the directory.
pub(in crate::sampler) struct Tracking {
    feed: Option<Feed>,
    connector: Listening,
    listed: Nanos,
    /// Something may have been missed.
    missed: bool,
    /// The wait status of those who ended since the last sweep, where the kernel told it.
    exits: HashMap<Pid, i32>,
    /// The same of all, those that began since among them; `None` where it is not told.
    fates: Option<HashMap<Pid, i32>>,
    /// Those of the sweep before.
    older: HashMap<Pid, i32>,
    /// Who tells of ends beside the events.
    ends: Listening,
    /// From how many processes on it is worth listening at all.
    few: usize,
    /// The one way that a person asked for.
    only: Option<Mode>,
    /// How many sweeps in a row went another way.
    otherwise: u32,
    /// Who is read next in its turn, and when somebody last was.
    turn: (Pid, Nanos),
    /// How many sweeps in a row followed a loss of events.
    losses: u32,
}

/// Whether the kernel tells who comes and goes.
enum Listening {
    NotYet,
    Never,
    Now(Box<dyn Teller>),
}

/// Who tells of births and names; the connector, or a stand-in.
trait Teller: Send {
    /// Takes everything told until now.
    fn drain(&mut self) -> Announced;
}

impl Teller for Connector {
    fn drain(&mut self) -> Announced {
        Self::drain(self)
    }
}

impl Default for Tracking {
    /// Reads the directory, whatever the kernel could tell.
    fn default() -> Self {
        Self {
            feed: None,
            connector: Listening::Never,
            listed: Nanos(0),
            missed: false,
            exits: HashMap::new(),
            fates: None,
            older: HashMap::new(),
            ends: Listening::Never,
            few: FEW,
            only: None,
            otherwise: 0,
            turn: (Pid(0), Nanos(0)),
            losses: 0,
        }
    }
}

impl Tracking {
    /// Listens to what the kernel tells, in whatever way is best or `only` in one; where that is not to be had, the next best
    /// takes its place and [`Self::lacks`] says so.
    pub(in crate::sampler) fn new(feed: Feed, only: Option<Mode>) -> Self {
        let connector = match only {
            Some(Mode::Scan) => Listening::Never,
            _ => Listening::NotYet,
        };
        Self {
            feed: matches!(only, None | Some(Mode::Events)).then_some(feed),
            connector,
            ends: match only {
                Some(Mode::Scan) => Listening::Never,
                _ => Listening::NotYet,
            },
            few: if only.is_some() { 0 } else { FEW },
            only,
            ..Self::default()
        }
    }

    /// What is wrong where a sweep went this way and another was asked for, and not only at the start.
    pub(in crate::sampler) fn lacks(&mut self, mode: Mode) -> Option<Fault> {
        let asked = self.only.filter(|asked| *asked != mode);
        self.otherwise = if asked.is_some() {
            self.otherwise + 1
        } else {
            0
        };
        let asked = asked.filter(|_| self.otherwise >= BEGINNING)?.word();
        let why = format!("the kernel does not allow the way '{asked}' (pscope doctor says why)");
        Some(Fault {
            source: "sweep",
            why: why.into(),
        })
    }

    /// Reads what may have changed since `known`.
    ///
    /// # Errors
    /// When `/proc` cannot be listed.
    pub(in crate::sampler) fn sweep(
        &mut self,
        table: &mut Table,
        known: &[TaskSample],
        now: Nanos,
        plan: &Plan,
    ) -> Result<(Mode, Vec<TaskSample>), Error> {
        let found = self.found(table, known, now, plan);
        // What was told for a sweep that failed is not told again.
        self.missed |= found.is_err();
        found
    }

    fn found(
        &mut self,
        table: &mut Table,
        known: &[TaskSample],
        now: Nanos,
        plan: &Plan,
    ) -> Result<(Mode, Vec<TaskSample>), Error> {
        // What was told before this sweep is of others who had those numbers.
        self.exits.clear();
        let changes = self.feed.as_ref().and_then(Feed::take);
        if let Some(changes) = changes {
            // One of the two is enough.
            if let Listening::Now(_) = self.connector {
                self.connector = Listening::NotYet;
            }
            self.hear_ends();
            let tasks = self.events(table, known, &changes, now, plan)?;
            return Ok((Mode::Events, tasks));
        }
        let due = now.since(self.listed) >= LISTING || self.missed || known.is_empty();
        let mut told = match &mut self.connector {
            Listening::Now(connector) => Some(connector.drain()),
            _ => None,
        };
        match &mut told {
            Some(told) => {
                self.take_ends(told);
                // One of the two is enough.
                if let Listening::Now(_) = self.ends {
                    self.ends = Listening::NotYet;
                }
            }
            None => self.hear_ends(),
        }
        let mode = match told {
            Some(_) => Mode::Connector,
            None => Mode::Scan,
        };
        if let Some(told) = told.filter(|t| !t.lost && !due) {
            return Ok((mode, table.reread(known, &told.born, &told.renamed, now)));
        }
        // From here on nothing is missed: who begins after the connector is open and before the scan is in both.
        self.connect(known.len());
        self.missed = false;
        self.listed = now;
        Ok((mode, table.scan(known, now)?))
    }

    /// How those ended of whom the kernel told at the last sweep: wait status by number.
    pub(in crate::sampler) fn exits(&self) -> &HashMap<Pid, i32> {
        &self.exits
    }

    /// Who ended since the last sweep, and how, by ascending pid; `None` where it is not told. Of those of whom an end was
    /// told a thread may have ended alone, and its process goes on.
    pub(in crate::sampler) fn ends(
        &self,
        known: &[TaskSample],
        tasks: &[TaskSample],
    ) -> Option<Arc<[(Pid, Fate)]>> {
        let goes_on = |tasks: &[TaskSample], pid: Pid| {
            let place = tasks.binary_search_by_key(&pid, |t| t.id.pid);
            place.is_ok_and(|at| !matches!(tasks[at].stat.state, State::Zombie | State::Dead))
        };
        // What was told a sweep ago may have been ahead of the row.
        let older = self.older.iter().filter(|(pid, _)| goes_on(known, **pid));
        let ended = self.fates.as_ref()?.iter().chain(older);
        let mut ends: Vec<(Pid, Fate)> = ended
            .filter(|(pid, _)| !goes_on(tasks, **pid))
            .map(|(pid, status)| (*pid, Fate::from_wait_status(*status)))
            .collect();
        ends.sort_by_key(|(pid, _)| *pid);
        ends.dedup_by_key(|(pid, _)| *pid);
        Some(ends.into())
    }

    /// Asks who ended where nobody else tells how.
    fn hear_ends(&mut self) {
        self.exits = HashMap::new();
        self.older = self.fates.take().unwrap_or_default();
        if let Listening::NotYet = self.ends {
            self.ends = match Connector::of_ends() {
                Ok(connector) => Listening::Now(Box::new(connector)),
                Err(_) => Listening::Never,
            };
            return;
        }
        if let Listening::Now(connector) = &mut self.ends {
            let mut told = connector.drain();
            let older = std::mem::take(&mut self.older);
            self.take_ends(&mut told);
            self.older = older;
        }
    }

    /// Where events were lost, a number may have passed to somebody else in between.
    fn take_ends(&mut self, told: &mut Announced) {
        let (exits, fates) = (
            std::mem::take(&mut told.ended),
            std::mem::take(&mut told.fates),
        );
        self.exits = if told.lost { HashMap::new() } else { exits };
        self.older = self.fates.replace(fates).unwrap_or_default();
    }

    fn events(
        &mut self,
        table: &mut Table,
        known: &[TaskSample],
        changes: &Changes,
        now: Nanos,
        plan: &Plan,
    ) -> Result<Vec<TaskSample>, Error> {
        if changes.lost || self.missed || known.is_empty() {
            self.missed = false;
            (self.listed, self.turn.1) = (now, now);
            self.losses += 1;
            return if self.losses < FLOOD {
                table.scan_once(known, now)
            } else {
                table.scan(known, now)
            };
        }
        self.losses = 0;
        let mut which = which(known, changes, plan);
        self.turns(known, now, &mut which);
        if now.since(self.listed) >= LISTING {
            self.listed = now;
            table.strangers(known, &mut which)?;
        }
        which.sort_unstable();
        which.dedup();
        Ok(table.update(known, &which, changes, now))
    }

    /// Asks the kernel to tell who comes and goes, once, where there are many.
    fn connect(&mut self, processes: usize) {
        if matches!(self.connector, Listening::NotYet) && processes >= self.few {
            self.connector = match Connector::open() {
                Ok(connector) => Listening::Now(Box::new(connector)),
                Err(_) => Listening::Never,
            };
        }
    }

    /// Adds those whose turn it is, by ascending pid and around: as large a share of all as the time since the last turn is
    /// of [`ROUND`], so that each tick has the same to do and nobody waits longer.
    fn turns(&mut self, known: &[TaskSample], now: Nanos, which: &mut Vec<Pid>) {
        let (next, last) = self.turn;
        let passed = u128::from(now.since(last).0);
        let share = (known.len() as u128 * passed / u128::from(ROUND.0)) as usize + 1;
        let from = known.partition_point(|t| t.id.pid < next);
        let round = known[from..].iter().chain(&known[..from]);
        let mut round = round.map(|t| t.id.pid);
        which.extend(round.by_ref().take(share));
        self.turn = (round.next().unwrap_or(Pid(0)), now);
    }

    /// Asks for events while they cost less than they save.
    ///
    /// Each switch costs about 0.3 µs on its core, and reading a process about 1.5 µs.
    pub(in crate::sampler) fn choose(&mut self, before: Option<&Sample>, sample: &Sample) {
        self.missed |= before.is_some_and(|before| suspended(before, sample).is_some());
        let Some(feed) = &self.feed else { return };
        let Some(before) = before else {
            feed.want(sample.tasks.len() >= self.few);
            return;
        };
        if self.only == Some(Mode::Events) {
            feed.want(true);
            return;
        }
        // Where they are not told, hearing of them is tried: who hears too much loses some, and then all are read.
        let counted = |sample: &Sample| sample.system.switches.unwrap_or(0);
        let switches = counted(sample).saturating_sub(counted(before)) as f64;
        let saved = sample.tasks.len() as f64 * SAVED_PER_PROCESS;
        // What is in force stays so until it is clearly worse: no flapping between.
        let most = if feed.wanted() { saved * 2.0 } else { saved };
        feed.want(sample.tasks.len() >= self.few && switches < most);
    }
}

/// For how long the machine was suspended between two samples, if it was.
pub(in crate::sampler) fn suspended(before: &Sample, sample: &Sample) -> Option<Nanos> {
    let (then, now) = (before.system.uptime, sample.system.uptime);
    // A time that was not read says nothing. The time since boot counts on while the machine is suspended, the clock of
    // the ticks does not.
    let timed = then.0 > 0 && now.0 > 0;
    let lost = now.since(then).since(sample.at.since(before.at));
    (timed && lost > SUSPENDED).then_some(lost)
}

/// The processes that have changed, may have, or are on the screen.
fn which(known: &[TaskSample], changes: &Changes, plan: &Plan) -> Vec<Pid> {
    let mut which: Vec<Pid> = plan
        .visible
        .iter()
        .chain(&plan.focus)
        .map(|p| p.pid)
        .collect();
    for told in [
        &changes.ran,
        &changes.born,
        &changes.ended,
        &changes.renamed,
    ] {
        which.extend(told);
    }
    let place = |pid: &Pid| known.binary_search_by_key(pid, |t| t.id.pid).ok();
    let ended: HashSet<Pid> = changes
        .ended
        .iter()
        .filter(|p| place(p).is_some())
        .copied()
        .collect();
    for task in known {
        // Nobody tells when a zombie is gone for good; children of one that ended have another parent.
        let buried = matches!(task.stat.state, State::Zombie | State::Dead);
        if buried || (!ended.is_empty() && ended.contains(&task.stat.ppid)) {
            which.push(task.id.pid);
        }
    }
    which
}

#[cfg(test)]
mod tests;
