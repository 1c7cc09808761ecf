//! Where the time of the threads of one process goes: counters of every thread many times a second, and what it waits for
//! only when it ran in between. `/proc/PID/task/TID/schedstat`, `syscall`, and what `waits` reads.
//!
//! How long it was blocked is certain; on what, is told by where it was found. So it is glanced at as often as 2 % of a core
//! allow, up to 250 times a second, and looked at in whole 20 times a second, or where it was not seen before.
//!
//! No right is needed for one's own processes; of those of others the counters are told, the waits are not.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::glance::{Glance, Known, glance};
use super::life::{began, life};
use super::{BUCKET, LISTED, PACE, SHORT_LIVED, cause, pause};
use crate::model::id::{Nanos, ProcId, ThreadId, Tid};
use crate::model::process::stat::State;
use crate::model::process::threads::ThreadRow;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::SchedStat;
use crate::model::scheduling::spent::kin::Life;
use crate::model::scheduling::spent::{Between, Bucket, Cause, Counted, Spent, ThreadSpent};
use crate::model::text::SafeText;
use crate::sampler::scheduling::calls::lives;
use crate::sampler::scheduling::waits::Waits;
use crate::sys::clock;
use crate::sys::process::proc_counters;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;

/// How long to wait at least before the next glance.
const GLANCES: Nanos = Nanos::from_millis(4);

/// Threads of so few are listed as often as they are looked at.
const FEW: usize = 128;

/// What counters in ticks, and those that lag by one, differ by: less than that was not missed.
const ROUNDED: Nanos = Nanos::from_millis(30);

/// Of how many readings the cost is the mean.
const READINGS: u64 = 64;

/// For how long at the most what a thread that is awake did is told only when it sleeps again.
const AWAKE: Nanos = Nanos::from_millis(250);

/// 2^32 by the golden ratio: its multiples are spread evenly.
const GOLDEN: u64 = 2_654_435_769;

/// Follows the threads of one process from now on.
pub struct Sampled {
    root: ProcRoot,
    of: ProcId,
    waits: Waits,
    threads: BTreeMap<Tid, Followed>,
    known: Known,
    /// Whether glances tell anything to this user.
    glances: bool,
    listed: Nanos,
    /// What a reading costs on the mean; `None` before there were two.
    cost: Option<Nanos>,
    bucket: Bucket,
    /// Since when it is followed.
    began: Nanos,
    /// How long it had had a core in its life by then, and how much of that was told since.
    life: Option<Life>,
    told: Nanos,
}

/// A thread as it was read last.
struct Followed {
    id: ThreadId,
    name: SafeText,
    at: Nanos,
    slices: u64,
    run: Nanos,
    counted: Counted,
    /// `None`: it wants a core, or had begun no wait that could be read.
    cause: Option<Cause>,
    wants: bool,
    /// When it was looked at in whole last.
    looked: Nanos,
    awake: Option<Awake>,
    spent: Spent,
}

/// A thread that was found awake after a wait. Of the time that it has had a core, or waits for one, its counters tell up to a
/// tick less until it sleeps again: told at once, that would be time in the wait before, and be lacking in the next one.
#[derive(Clone, Copy)]
struct Awake {
    /// When it was found so first, and last.
    first: Nanos,
    last: Nanos,
    /// Its counters at the last time.
    stat: SchedStat,
}

/// What readings cost on the mean, with one more. The one that finds a wait begun costs more than the others: to pause longer
/// after that one alone would be to look away at the same place of each round.
fn mean(before: Option<Nanos>, cost: Nanos) -> Nanos {
    before.map_or(cost, |before| {
        Nanos((before.0 * (READINGS - 1) + cost.0) / READINGS)
    })
}

/// What was found of a thread.
enum Look<'a> {
    /// In whole.
    Whole(&'a ThreadRow),
    /// On what it sleeps; `None`: it wants a core.
    Glance(&'a Option<Cause>),
}

/// What a reading of its counters tells of a thread.
struct Seen {
    tid: Tid,
    at: Nanos,
    stat: SchedStat,
    /// Whether it had a core since it was read last.
    ran: bool,
}

impl Sampled {
    /// Begins to follow a process.
    pub fn new(root: &ProcRoot, of: ProcId) -> Self {
        let now = clock::now();
        Self {
            root: root.clone(),
            of,
            waits: Waits::new(root),
            threads: BTreeMap::new(),
            known: Known::default(),
            glances: true,
            listed: Nanos(0),
            cost: None,
            began: now,
            life: life(root, of).ok().map(|(life, _)| life),
            told: Nanos(0),
            bucket: Bucket {
                from: now,
                to: now,
                ..Bucket::default()
            },
        }
    }

    /// All of its life is told, if it began since then.
    pub fn born_since(&mut self, moment: Nanos) {
        let born = began(self.of.start);
        if born >= moment {
            self.began = moment;
            self.life = Some(Life::default());
            self.bucket.from = born.min(self.bucket.from);
        }
    }

    /// How long to wait before the next reading: longer where there are very many threads.
    pub fn pause(&self) -> Nanos {
        let least = if self.glances { GLANCES } else { PACE };
        let pause = pause(self.cost.unwrap_or_default(), least);
        // A program that does the same again and again is not to be met in the same place each time.
        let part = u64::from(self.bucket.readings).wrapping_mul(GOLDEN) >> 32;
        Nanos(pause.0 / 2 + (pause.0 * (part & 0xff)) / 0xff)
    }

    /// Reads the threads once.
    ///
    /// # Errors
    /// `Gone` when the process has ended; `Unsupported` where the kernel does not count.
    pub fn step(&mut self) -> Reading<()> {
        let (began, cost) = (clock::now(), clock::of_thread());
        let dir = ProcDir::open(&self.root).map_err(|_| Missing::Unsupported)?;
        let begins = self.listed == Nanos(0);
        let often = if self.threads.len() > FEW {
            LISTED
        } else {
            PACE
        };
        if begins || began.since(self.listed) >= often {
            lives(&self.root, self.of)?;
            self.list(&dir)?;
            self.listed = began;
        }
        let seen = self.counters(&dir)?;
        // Who is new, who ran, and whose wait could not be read the last time.
        let changed: Vec<Tid> =
            seen.iter()
                .filter(|s| {
                    s.ran
                        || self.threads.get(&s.tid).is_none_or(|t| {
                            t.cause.is_none() || t.at == Nanos(0) || t.awake.is_some()
                        })
                })
                .map(|s| s.tid)
                .collect();
        let (found, rest) = self.glance_at(&dir, &changed, began);
        let rows = if rest.is_empty() {
            Arc::default()
        } else {
            self.waits.look(self.of, &rest)?
        };
        for tid in &rest {
            self.looked(*tid, rows.get(*tid), began);
        }
        self.account(&seen, |tid| match rest.binary_search(&tid) {
            Ok(_) => rows.get(tid).map(Look::Whole),
            Err(_) => found.get(&tid).map(Look::Glance),
        });
        self.bucket.readings += 1;
        self.bucket.to = clock::now();
        let cost = clock::of_thread().since(cost);
        // What the first reading finds out once is no measure of the next ones.
        if !begins {
            self.cost = Some(mean(self.cost, cost));
        }
        Ok(())
    }

    /// Whether it was read twice, so that there is something to tell.
    pub fn has_told(&self) -> bool {
        self.bucket.readings > 1
    }

    /// The bucket that is full, or whatever there is: a new one begins.
    pub fn take(&mut self) -> Bucket {
        let to = self.bucket.to;
        let fresh = Bucket {
            from: to,
            to,
            ..Bucket::default()
        };
        let mut full = std::mem::replace(&mut self.bucket, fresh);
        self.threads.values_mut().for_each(Followed::tell_awake);
        let lived = self
            .threads
            .values_mut()
            .filter(|t| t.spent.span > Nanos(0));
        full.threads.extend(lived.map(|t| ThreadSpent {
            id: t.id,
            name: t.name.clone(),
            spent: std::mem::take(&mut t.spent),
            threads: 0,
        }));
        full.threads.extend(self.unseen(&full));
        for thread in &mut full.threads {
            thread.spent.tell_short();
        }
        full.threads.sort_unstable_by_key(|t| t.id);
        full
    }

    /// Threads that nobody met: what the process had of the cores beyond those that are told. How long they lived is not known.
    fn unseen(&mut self, full: &Bucket) -> Option<ThreadSpent> {
        let told: u64 = full.threads.iter().map(|t| t.spent.running.0).sum();
        self.told.0 += told;
        let (life, _) = life(&self.root, self.of).ok()?;
        let all = life.own.since(self.life?.own);
        let missed = all.since(self.told);
        if missed < ROUNDED {
            return None;
        }
        self.told.0 += missed.0;
        Some(ThreadSpent {
            id: ThreadId::default(),
            name: SHORT_LIVED.into(),
            spent: Spent {
                span: missed,
                running: missed,
                ..Spent::default()
            },
            threads: 0,
        })
    }

    /// Whether the bucket is full.
    pub fn is_full(&self) -> bool {
        self.bucket.to.since(self.bucket.from) >= BUCKET
    }

    fn list(&mut self, dir: &ProcDir) -> Reading<()> {
        let (mut tids, mut buffer) = (Vec::new(), Vec::new());
        dir.tids(self.of.pid, &mut tids, &mut buffer)?;
        tids.sort_unstable();
        let ended: Vec<Tid> = self
            .threads
            .keys()
            .filter(|tid| tids.binary_search(tid).is_err())
            .copied()
            .collect();
        for tid in ended {
            self.end(tid);
        }
        for tid in tids {
            self.threads.entry(tid).or_insert_with(Followed::new);
        }
        Ok(())
    }

    /// A thread has ended: what it did until it was read last stays in the bucket.
    fn end(&mut self, tid: Tid) {
        let Some(mut ended) = self.threads.remove(&tid) else {
            return;
        };
        ended.tell_awake();
        self.known.forget(tid);
        if ended.spent.span > Nanos(0) {
            self.bucket.threads.push(ThreadSpent {
                id: ended.id,
                name: ended.name,
                spent: ended.spent,
                threads: 0,
            });
        }
    }

    fn counters(&mut self, dir: &ProcDir) -> Reading<Vec<Seen>> {
        let mut seen = Vec::with_capacity(self.threads.len());
        let mut buffer = Vec::new();
        let mut ended = Vec::new();
        for (tid, thread) in &self.threads {
            let file = format!("task/{tid}/schedstat");
            match dir.read(self.of.pid, &file, &mut buffer) {
                Ok(text) => {
                    let stat = proc_counters::schedstat(text).ok_or(Missing::Unsupported)?;
                    seen.push(Seen {
                        tid: *tid,
                        at: clock::now(),
                        ran: stat.slices != thread.slices || stat.run != thread.run,
                        stat,
                    });
                }
                Err(_) => ended.push(*tid),
            }
        }
        if seen.is_empty() {
            // Nobody has a counter: nobody lives, or this kernel has none.
            let lives = dir.read(self.of.pid, "stat", &mut buffer).is_ok();
            return Err(if lives {
                Missing::Unsupported
            } else {
                Missing::Gone
            });
        }
        for tid in ended {
            self.end(tid);
        }
        Ok(seen)
    }

    /// Glances at those who were looked at in whole a moment ago; what was found of them, by ascending number, and who is to be
    /// looked at.
    fn glance_at(
        &mut self,
        dir: &ProcDir,
        changed: &[Tid],
        now: Nanos,
    ) -> (BTreeMap<Tid, Option<Cause>>, Vec<Tid>) {
        let (mut found, mut rest) = (BTreeMap::new(), Vec::new());
        let mut buffer = Vec::new();
        for tid in changed {
            let thread = self.threads.get(tid);
            let fresh = thread.is_some_and(|t| t.at != Nanos(0) && now.since(t.looked) < PACE);
            if !fresh {
                rest.push(*tid);
                continue;
            }
            match glance(dir, self.of.pid, *tid, &mut buffer) {
                Ok(Glance::Wants) => drop(found.insert(*tid, None)),
                Ok(Glance::Sleeps(place)) => match self.known.at(*tid, place) {
                    Some(cause) => drop(found.insert(*tid, Some(cause.clone()))),
                    None => rest.push(*tid),
                },
                Err(Missing::Gone) => rest.push(*tid),
                Err(_) => {
                    self.glances = false;
                    rest.push(*tid);
                }
            }
        }
        (found, rest)
    }

    /// A thread was looked at in whole.
    fn looked(&mut self, tid: Tid, row: Option<&ThreadRow>, now: Nanos) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.looked = now;
        }
        let Some(cause) = row.and_then(cause) else {
            return;
        };
        // What may not be seen is hidden from glances too.
        if matches!(cause, Cause::Untold(Missing::Denied)) {
            self.glances = false;
            return;
        }
        let asked = self.waits.asked(tid);
        let place = asked.map(|(number, first)| (number.number, first));
        self.known.learn(tid, place, &cause);
    }

    /// Adds the time since the last reading to what each thread did. `look`: what was found anew of it.
    fn account<'r>(&mut self, seen: &[Seen], look: impl Fn(Tid) -> Option<Look<'r>>) {
        for s in seen {
            let Some(thread) = self.threads.get_mut(&s.tid) else {
                continue;
            };
            let look = look(s.tid);
            let (cause, wants) = match &look {
                Some(Look::Whole(row)) => (cause(row), row.stat.state == State::Running),
                Some(Look::Glance(cause)) => ((*cause).clone(), cause.is_none()),
                None => (thread.cause.clone(), thread.wants),
            };
            if let Some(Look::Whole(row)) = look {
                if thread.at != Nanos(0) && thread.id != row.id {
                    // The number has another owner.
                    *thread = Followed::new();
                }
                thread.id = row.id;
                thread.name.clone_from(&row.name);
            }
            let born = began(thread.id.start);
            if thread.at == Nanos(0) && thread.id != ThreadId::default() && born >= self.began {
                // It began meanwhile: all of its life is told.
                thread.at = born.min(s.at);
                thread.add(s, cause.as_ref(), wants);
            } else if thread.at == Nanos(0) {
                thread.counted = Counted::begin(s.stat.run, s.stat.wait);
            } else if wants && thread.defers(s) {
                continue;
            } else {
                thread.add(s, cause.as_ref(), wants);
            }
            thread.now(s, cause, wants);
        }
    }
}

impl Followed {
    /// Not read yet.
    fn new() -> Self {
        Self {
            id: ThreadId::default(),
            name: SafeText::default(),
            at: Nanos(0),
            slices: 0,
            run: Nanos(0),
            counted: Counted::default(),
            cause: None,
            wants: false,
            looked: Nanos(0),
            awake: None,
            spent: Spent::default(),
        }
    }

    /// From this moment on, what it does is told later.
    fn now(&mut self, s: &Seen, cause: Option<Cause>, wants: bool) {
        self.at = s.at;
        self.slices = s.stat.slices;
        self.run = s.stat.run;
        self.cause = cause;
        self.wants = wants;
    }

    /// Whether what it did since it slept is told only when it sleeps again.
    fn defers(&mut self, s: &Seen) -> bool {
        if self.cause.is_none() || s.at.since(self.at) > AWAKE {
            return false;
        }
        let first = self.awake.map_or(s.at, |awake| awake.first);
        self.awake = Some(Awake {
            first,
            last: s.at,
            stat: s.stat,
        });
        self.slices = s.stat.slices;
        self.run = s.stat.run;
        true
    }

    /// Tells what it did since it slept, as far as its counters tell that now.
    fn tell_awake(&mut self) {
        let Some(awake) = self.awake else { return };
        let s = Seen {
            tid: self.id.tid,
            at: awake.last,
            stat: awake.stat,
            ran: true,
        };
        self.add(&s, None, true);
        self.now(&s, None, true);
    }

    fn add(&mut self, s: &Seen, cause: Option<&Cause>, wants: bool) {
        let span = s.at.since(self.at);
        let wanted = wants && self.wants && s.stat.slices == self.slices;
        let [running, ready] = self.counted.take(s.stat.run, s.stat.wait, span, wanted);
        let awake = self.awake.take();
        self.spent.add(Between {
            span,
            running,
            ready,
            slept: !s.ran && awake.is_none(),
            ends: [self.cause.as_ref(), cause],
            sides: awake.map(|a| [a.first.since(self.at), s.at.since(a.last)]),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Nanos {
        Nanos::from_millis(ms)
    }

    fn seen(at: u64, run: u64, wait: u64) -> Seen {
        Seen {
            tid: Tid(1),
            at: ms(at),
            stat: SchedStat {
                run: ms(run),
                wait: ms(wait),
                slices: run,
            },
            ran: true,
        }
    }

    /// A thread that was asleep in the first of two waits at 100 ms.
    fn asleep() -> (Followed, [Cause; 2]) {
        let causes = ["/one", "/two"].map(|name| Cause::page(false, name.into()));
        let mut thread = Followed::new();
        thread.counted = Counted::begin(Nanos(0), Nanos(0));
        thread.now(&seen(100, 0, 0), Some(causes[0].clone()), false);
        (thread, causes)
    }

    #[test]
    fn what_a_thread_did_while_it_was_awake_is_told_when_it_sleeps_again() {
        let (mut thread, [one, two]) = asleep();
        // Its counters do not tell yet that it runs.
        assert!(thread.defers(&seen(110, 0, 0)) && thread.defers(&seen(118, 0, 0)));
        assert_eq!(thread.spent, Spent::default());
        thread.add(&seen(130, 9, 6), Some(&two), false);
        let spent = &thread.spent;
        assert_eq!(
            (spent.span, spent.running, spent.ready),
            (ms(30), ms(9), ms(6))
        );
        let of = |cause: &Cause| {
            let mut all = spent.blocked.iter();
            all.find(|share| share.cause == *cause)
                .map(|share| share.span.0)
        };
        // At most 10 before it was seen awake, at most 12 after that, 15 in all.
        assert_eq!((of(&one), of(&two)), (Some(6_500_000), Some(8_500_000)));
    }

    #[test]
    fn who_stays_awake_is_told_of_all_the_same() {
        let (mut thread, _) = asleep();
        assert!(thread.defers(&seen(340, 100, 0)) && !thread.defers(&seen(351, 120, 0)));
        thread.tell_awake();
        assert_eq!(
            (thread.spent.span, thread.spent.running),
            (ms(240), ms(100))
        );
        assert!(thread.awake.is_none() && thread.wants && thread.cause.is_none());
        assert!(!thread.defers(&seen(352, 121, 0)), "it sleeps no more");
    }

    #[test]
    fn a_costly_look_does_not_keep_the_next_one_waiting() {
        let usual = (0..200).fold(None, |cost, _| Some(mean(cost, Nanos(60_000))));
        assert_eq!(usual, Some(Nanos(60_000)));
        let after = mean(usual, Nanos(600_000));
        assert!(after < Nanos(70_000), "{after:?}");
    }
}
