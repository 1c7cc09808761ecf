//! One growing lane: the slice that runs now, the full ones, and the bins they are summed into.

mod counted;

use std::sync::Arc;

use super::summed::Stretches;
use super::tasks::{Place, Task, Tasks};
use crate::model::id::{CpuId, Nanos, Tid};
use crate::model::scheduling::timeline::places::Places;
use crate::model::scheduling::timeline::track::Growing;
use crate::model::scheduling::timeline::{
    BINS, Bin, Blind, Ended, Gap, Lane, Made, Ready, Slice, Spent, Wait, Who,
};

/// Gaps that are kept.
const MOST_GAPS: usize = 256;

/// The slice that has not ended.
#[derive(Debug)]
struct Current {
    start: Nanos,
    tid: Tid,
    /// Where it is remembered: what it is called may change while it runs.
    place: Place,
    /// Until when it is summed into bins.
    summed: Nanos,
}

impl Current {
    /// What is remembered of it; `None` once it was forgotten.
    fn of<'a>(&self, tasks: &'a Tasks) -> Option<&'a Task> {
        let task = tasks.at(self.place);
        task.filter(|task| task.who.tid == self.tid)
    }
}

/// A lane that grows.
#[derive(Debug)]
pub(super) struct Growth {
    pub cpu: CpuId,
    since: Nanos,
    /// Until when it is told.
    last: Nanos,
    /// The moment of the last switch.
    heard: Nanos,
    current: Option<Current>,
    /// Whether nobody on the core means idle; else it means that nothing is known.
    known: bool,
    /// Whether nothing was heard yet.
    fresh: bool,
    slices: Growing<Slice>,
    pub(super) sums: [Sums; 3],
    bins: [Growing<Bin>; 3],
    gaps: Vec<Gap>,
    waits: Growing<Wait>,
    ready: Growing<Ready>,
    spent: Arc<[Spent]>,
    switches: u64,
    pub(super) stretches: Stretches,
    /// How long somebody had the core since the begin, as far as that is summed up.
    ran: Nanos,
    /// What that was when the kernel's counters were read last.
    compared: Nanos,
}

/// The bin that is being filled.
#[derive(Debug, Default)]
pub(super) struct Sums {
    start: Nanos,
    items: Vec<(Bin, u32, Arc<Who>)>,
    at: Places,
}

impl Sums {
    /// Whether a moment is in the bin, where this is one of the finest.
    fn holds(&self, at: Nanos) -> bool {
        at.0.wrapping_sub(self.start.0) < BINS[0].0
    }

    /// What this thread has in the bin.
    pub fn of(&mut self, serial: u32, who: &Arc<Who>) -> &mut Bin {
        let next = self.items.len() as u32;
        let at = self.at.of(serial, next);
        if at == next {
            let bin = Bin {
                start: self.start,
                slices: 0,
                preempted: 0,
                moved: 0,
                run: Nanos(0),
                longest: Nanos(0),
                waited: Nanos(0),
            };
            self.items.push((bin, serial, Arc::clone(who)));
        }
        &mut self.items[at as usize].0
    }
}

impl Growth {
    pub fn new(cpu: CpuId, since: Nanos, budget: usize) -> Self {
        Self {
            cpu,
            since,
            last: since,
            heard: since,
            current: None,
            known: true,
            fresh: true,
            slices: Growing::new(budget, since),
            sums: [Sums::default(), Sums::default(), Sums::default()],
            bins: [8, 4, 4].map(|part| Growing::new(budget / part, since)),
            gaps: Vec::new(),
            waits: Growing::new(budget / 8, since),
            ready: Growing::new(budget / 4, since),
            spent: Arc::from([]),
            switches: 0,
            stretches: Stretches::default(),
            ran: Nanos(0),
            compared: Nanos(0),
        }
    }

    /// The thread on the core, and where it is remembered.
    pub fn on(&self) -> Option<(Tid, Place)> {
        self.current.as_ref().map(|c| (c.tid, c.place))
    }

    /// From when on the core is watched, while nothing was heard of it.
    pub fn fresh(&self) -> Option<Nanos> {
        self.fresh.then_some(self.since)
    }

    /// Somebody came on the core; `ready`: since when it could have, and how it became so.
    pub fn enter(
        &mut self,
        at: Nanos,
        (place, task): (Place, &Task),
        ready: Option<(Nanos, Made)>,
        moved: bool,
    ) {
        let at = at.max(self.last);
        self.begin(at);
        self.roll(at);
        (self.last, self.heard) = (at, at);
        self.switches += 1;
        let mut waited = 0;
        if let Some((since, made)) = ready {
            let until = at;
            let ready = Ready { since, until, made };
            if until > since {
                self.ready.push(ready, task.serial, &task.who);
            }
            // What sums tell of waits is what they tell also where nobody looks at single slices.
            if made == Made::Preempted {
                waited = ready.span().0;
            }
        }
        if waited > 0 || moved {
            let bin = self.sums[0].of(task.serial, &task.who);
            bin.waited.0 += waited;
            bin.moved += u32::from(moved);
        }
        self.current = Some(Current {
            start: at,
            tid: task.who.tid,
            place,
            summed: at,
        });
    }

    /// Nobody is on the core.
    pub fn idle(&mut self, at: Nanos) {
        let at = at.max(self.last);
        self.begin(at);
        (self.last, self.heard) = (at, at);
    }

    /// Ends the gap that a loss has opened.
    pub(super) fn begin(&mut self, at: Nanos) {
        self.fresh = false;
        if !self.known {
            self.known = true;
            if let Some(gap) = self.gaps.last_mut() {
                gap.end = at.max(gap.start);
            }
        }
    }

    /// Whoever is on the core leaves it; its slice keeps the newest name.
    pub fn leave(&mut self, at: Nanos, ended: Ended, tasks: &Tasks) {
        let at = at.max(self.last);
        let open = self.sums[0].start;
        if self.current.as_ref().is_some_and(|c| c.summed < open) || !self.sums[0].holds(at) {
            self.sum_up(at, tasks);
            self.roll(at);
        }
        let Some(current) = self.current.take() else {
            return;
        };
        (self.last, self.heard) = (at, at);
        let slice = Slice {
            start: current.start,
            end: at,
            ended,
        };
        let rest = at.since(current.summed).0;
        self.ran.0 += rest;
        if let Some(task) = current.of(tasks) {
            let bin = self.sums[0].of(task.serial, &task.who);
            bin.run.0 += rest;
            bin.slices += 1;
            bin.preempted += u32::from(ended == Ended::Preempted);
            bin.longest = bin.longest.max(slice.span());
            self.slices.push(slice, task.serial, &task.who);
        }
    }

    /// The moment of the last thing heard.
    pub fn last(&self) -> Nanos {
        self.last
    }

    /// Nothing is known from the last thing heard until `at`.
    pub fn lose(&mut self, at: Nanos, why: Blind, tasks: &Tasks) {
        let at = at.max(self.last);
        self.fresh = false;
        // An offline core is silent, and only later is it known why: nobody has had it since the last switch.
        let start = match why {
            Blind::Offline if self.known => self.heard,
            _ => self.last,
        };
        if let Some(current) = self.current.take() {
            let end = current.summed.min(start).max(current.start);
            if end > current.start
                && let Some(task) = current.of(tasks)
            {
                let slice = Slice {
                    start: current.start,
                    end,
                    ended: Ended::Unseen,
                };
                self.slices.push(slice, task.serial, &task.who);
            }
        }
        if self.known || self.gaps.last().is_none_or(|g| g.why != why) {
            self.gaps.push(Gap {
                start,
                end: at,
                why,
            });
        }
        if let Some(gap) = self.gaps.last_mut() {
            gap.end = at;
        }
        self.forget_gaps();
        self.known = false;
        self.roll(at);
        self.last = at;
    }

    /// Notes a moment at which nothing was known.
    pub fn blink(&mut self, at: Nanos, why: Blind) {
        let at = at.max(self.last);
        self.gaps.push(Gap {
            start: at,
            end: at,
            why,
        });
        self.forget_gaps();
    }

    fn forget_gaps(&mut self) {
        if self.gaps.len() > MOST_GAPS {
            self.gaps.remove(0);
        }
    }

    /// Sums the running slice up until `now`, so that a view shows it.
    pub fn settle(&mut self, now: Nanos, tasks: &Tasks) {
        if self.fresh {
            return;
        }
        let now = now.max(self.last);
        self.sum_up(now, tasks);
        self.roll(now);
        self.last = now;
        if !self.known
            && let Some(gap) = self.gaps.last_mut()
        {
            gap.end = now;
        }
    }

    /// Adds the running slice to the bins, cut at their borders.
    pub(super) fn sum_up(&mut self, until: Nanos, tasks: &Tasks) {
        while let Some(current) = &mut self.current {
            let from = current.summed;
            if from >= until {
                return;
            }
            let border = Nanos((from.0 / BINS[0].0 + 1) * BINS[0].0);
            let to = border.min(until);
            current.summed = to;
            let task = current.of(tasks);
            self.ran.0 += to.since(from).0;
            self.roll(from);
            if let Some(task) = task {
                self.sums[0].of(task.serial, &task.who).run.0 += to.since(from).0;
            }
        }
    }

    /// Moves on to the bins of `at`: full ones are stored and added to the next coarser ones.
    pub(super) fn roll(&mut self, at: Nanos) {
        // Nearly always it is the bin that is open.
        if self.sums[0].holds(at) {
            return;
        }
        for (level, width) in BINS.iter().enumerate() {
            let start = Nanos(at.0 / width.0 * width.0);
            if self.sums[level].start == start {
                return;
            }
            let mut items = std::mem::take(&mut self.sums[level].items);
            self.sums[level].at.clear();
            self.sums[level].start = start;
            for (bin, serial, who) in &items {
                self.bins[level].push(*bin, *serial, who);
            }
            if let Some(coarser) = self.sums.get_mut(level + 1) {
                for (bin, serial, who) in &items {
                    add(coarser.of(*serial, who), bin);
                }
            }
            items.clear();
            self.sums[level].items = items;
        }
    }

    /// Whether slices that came after `since` are soon forgotten.
    pub fn is_crowded(&self, since: Nanos) -> bool {
        self.slices.is_crowded(since)
    }

    /// An immutable view; call [`Growth::settle`] first.
    pub fn publish(&mut self, now: Nanos, tasks: &Tasks) -> Lane {
        let running = self.current.as_ref().filter(|c| c.summed > c.start);
        let running = running.and_then(|c| {
            let slice = Slice {
                start: c.start,
                end: c.summed,
                ended: Ended::Running,
            };
            Some((slice, Arc::clone(&c.of(tasks)?.who)))
        });
        let unfinished = self.unfinished();
        Lane {
            cpu: self.cpu,
            since: if self.fresh { now } else { self.since },
            now: now.max(self.last),
            slices: self.slices.publish(running.as_slice()),
            bins: std::array::from_fn(|level| self.bins[level].publish(&unfinished[level])),
            gaps: self.gaps.as_slice().into(),
            waits: self.waits.publish(&[]),
            ready: self.ready.publish(&[]),
            spent: Arc::clone(&self.spent),
            summed: self.stretches.publish(now),
            switches: self.switches,
        }
    }

    /// The bins that are not full yet, finer ones added to coarser ones.
    fn unfinished(&self) -> [Vec<(Bin, Arc<Who>)>; 3] {
        let mut out: [Vec<(Bin, Arc<Who>)>; 3] = Default::default();
        for (level, sums) in self.sums.iter().enumerate() {
            let start = sums.start;
            let own = sums.items.iter();
            let mut all: Vec<_> = own.map(|(bin, _, who)| (*bin, Arc::clone(who))).collect();
            let finer = level.checked_sub(1).map(|f| out[f].clone());
            for (bin, who) in finer.into_iter().flatten() {
                match all.iter_mut().find(|(_, w)| *w == who) {
                    Some((sum, _)) => add(sum, &bin),
                    None => all.push((Bin { start, ..bin }, who)),
                }
            }
            out[level] = all;
        }
        out
    }
}

fn add(sum: &mut Bin, more: &Bin) {
    sum.slices += more.slices;
    sum.preempted += more.preempted;
    sum.moved += more.moved;
    sum.run.0 += more.run.0;
    sum.longest = sum.longest.max(more.longest);
    sum.waited.0 += more.waited.0;
}
