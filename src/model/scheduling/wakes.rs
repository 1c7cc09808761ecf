//! Who woke the threads of a process, and how long these then waited for a core.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::id::{Nanos, Pid, Tid};
use crate::model::scheduling::spread::Spread;
use crate::model::text::SafeText;

/// Stands for the threads of a process that woke somebody and have ended.
pub const ENDED: Tid = Tid(0);

/// Who, or what, made a thread ready to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Waker {
    /// A thread, by its process and itself.
    Thread(Pid, Tid),
    /// A timer that ran out.
    Timer,
    /// The network: something came in, or went out.
    Network,
    /// A disk that finished a request.
    Disk,
    /// The hardware behind the interrupt with this number.
    Interrupt(u32),
    /// The kernel itself: work that one core hands another one, RCU, tasklets.
    Kernel,
}

/// What was counted of one waker and one thread since counting began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// How often it woke the thread.
    pub wakes: u64,
    /// How long the thread then waited for a core, together.
    pub waited: Nanos,
    /// The longest.
    pub longest: Nanos,
    /// How long each time.
    pub spread: Spread,
}

impl Wake {
    fn add(&mut self, other: &Self) {
        self.wakes += other.wakes;
        self.waited.0 += other.waited.0;
        self.longest = self.longest.max(other.longest);
        self.spread.merge(&other.spread);
    }
}

/// What was counted until a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// By the thread that was woken, and who woke it.
    pub wakes: BTreeMap<(Tid, Waker), Wake>,
}

/// A waker in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WakeRow {
    /// Who.
    pub waker: Waker,
    /// Its name: `redis-server`, `timer`, `interrupt 24 (virtio2-req.0)`.
    pub name: SafeText,
    /// How often.
    pub wakes: u64,
    /// How long those whom it woke waited for a core, together.
    pub waited: Nanos,
    /// Half of them waited at most so long, to a fifth.
    pub p50: Nanos,
    /// 99 of 100 did.
    pub p99: Nanos,
    /// The longest since counting began.
    pub longest: Nanos,
    /// Whom, by ascending number.
    pub whom: Vec<Tid>,
}

impl WakeRow {
    /// Who, with its numbers: `812 make`, `812, thread 815 worker`, `timer`.
    pub fn who(&self) -> String {
        match self.waker {
            Waker::Thread(pid, ENDED) if self.name.is_empty() => format!("{pid}, which has ended"),
            Waker::Thread(pid, ENDED) => {
                format!("{pid} {}, threads that have ended", self.name)
            }
            Waker::Thread(pid, tid) if pid.0 == tid.0 => format!("{pid} {}", self.name),
            Waker::Thread(pid, tid) => format!("{pid}, thread {tid} {}", self.name),
            _ => self.name.to_string(),
        }
    }

    /// The same beside a column with the number of the process.
    pub fn beside_pid(&self) -> String {
        match self.waker {
            Waker::Thread(_, ENDED) if self.name.is_empty() => "has ended".to_owned(),
            Waker::Thread(_, ENDED) => format!("{}, threads that have ended", self.name),
            Waker::Thread(pid, tid) if pid.0 != tid.0 => format!("thread {tid} {}", self.name),
            _ => self.name.to_string(),
        }
    }
}

/// Who woke the threads of a process in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wakes {
    /// How long the window is.
    pub span: Nanos,
    /// The one that woke most often first.
    pub rows: Vec<WakeRow>,
    /// All of them together, under no name; `None` where nobody was woken.
    pub all: Option<Box<WakeRow>>,
}

/// What happened between two readings; `name` says as whom a waker is told, and how that is called.
pub fn between(
    first: &Counted,
    last: &Counted,
    name: &dyn Fn(Waker) -> (Waker, SafeText),
) -> Wakes {
    let none = Wake::default();
    let mut by: BTreeMap<Waker, (Wake, BTreeSet<Tid>)> = BTreeMap::new();
    let mut all = (Wake::default(), BTreeSet::new());
    for (key @ (tid, waker), now) in &last.wakes {
        let before = first.wakes.get(key).unwrap_or(&none);
        // One that was forgotten in between was counted anew.
        let before = if before.wakes > now.wakes {
            &none
        } else {
            before
        };
        if now.wakes == before.wakes {
            continue;
        }
        for (sum, whom) in [by.entry(*waker).or_default(), &mut all] {
            sum.add(&Wake {
                wakes: now.wakes - before.wakes,
                waited: now.waited.since(before.waited),
                longest: now.longest,
                spread: now.spread.since(&before.spread),
            });
            whom.insert(*tid);
        }
    }
    let row = |waker, name, (wake, whom): (Wake, BTreeSet<Tid>)| {
        // To a fifth: never beyond the longest that there was.
        let at = |thousandth| {
            wake.spread
                .at(thousandth)
                .map_or(Nanos(0), |at| at.min(wake.longest))
        };
        WakeRow {
            waker,
            name,
            wakes: wake.wakes,
            waited: wake.waited,
            p50: at(500),
            p99: at(990),
            longest: wake.longest,
            whom: whom.into_iter().collect(),
        }
    };
    // Several may be told as one: threads of a process that have ended.
    let mut told: BTreeMap<Waker, (SafeText, (Wake, BTreeSet<Tid>))> = BTreeMap::new();
    for (waker, (wake, whom)) in by {
        let (told_as, name) = name(waker);
        let (known, sums) = told.entry(told_as).or_default();
        *known = name;
        sums.0.add(&wake);
        sums.1.extend(whom);
    }
    let told = told.into_iter();
    let mut rows: Vec<WakeRow> = told
        .map(|(waker, (name, sums))| row(waker, name, sums))
        .collect();
    rows.sort_by_key(|r| std::cmp::Reverse((r.wakes, r.waited)));
    let some = all.0.wakes > 0;
    Wakes {
        span: last.at.since(first.at),
        rows,
        all: some.then(|| Box::new(row(Waker::Kernel, SafeText::default(), all))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(at: u64, of: &[(u32, Waker, u64, u64)]) -> Counted {
        let wake = |wakes, waited| {
            let mut spread = Spread::default();
            spread.0[4 * 10] = wakes;
            Wake {
                wakes,
                waited: Nanos(waited),
                longest: Nanos(1100),
                spread,
            }
        };
        let wakes = of
            .iter()
            .map(|(tid, waker, wakes, waited)| ((Tid(*tid), *waker), wake(*wakes, *waited)));
        Counted {
            at: Nanos(at),
            wakes: wakes.collect(),
        }
    }

    #[test]
    fn a_window_is_the_difference_and_the_rows_add_up() {
        let other = Waker::Thread(Pid(7), Tid(8));
        let first = counted(
            100,
            &[
                (1, other, 10, 1000),
                (1, Waker::Timer, 5, 50),
                (2, other, 9, 90),
            ],
        );
        let last = counted(
            300,
            &[
                (1, other, 15, 1500),
                (1, Waker::Timer, 5, 50),
                (2, other, 3, 30),
            ],
        );
        let name = |waker| (waker, format!("{waker:?}").as_str().into());
        let wakes = between(&first, &last, &name);
        assert_eq!(
            (wakes.span, wakes.rows.len()),
            (Nanos(200), 1),
            "no timer in the window"
        );
        let row = &wakes.rows[0];
        // Of the second thread it was counted anew.
        assert_eq!((row.wakes, row.waited, row.whom.len()), (8, Nanos(530), 2));
        assert_eq!((row.p50, row.longest), (Nanos(1100), Nanos(1100)));
        let all = wakes.all.expect("some");
        assert_eq!((all.wakes, all.waited), (row.wakes, row.waited));
        assert_eq!(between(&last, &last, &name).all, None);
    }

    #[test]
    fn threads_that_have_ended_are_one_row_and_their_process_lives_on() {
        let of = |tid| Waker::Thread(Pid(7), Tid(tid));
        let last = counted(
            300,
            &[
                (1, of(8), 5, 500),
                (1, of(9), 4, 400),
                (2, of(10), 3, 300),
                (2, of(7), 1, 100),
            ],
        );
        // Of all of them but the first thread and 10 nothing is left.
        let name = |waker| match waker {
            Waker::Thread(pid, Tid(8 | 9)) => (Waker::Thread(pid, ENDED), "server".into()),
            Waker::Thread(_, Tid(10)) => (waker, "worker".into()),
            waker => (waker, "server".into()),
        };
        let wakes = between(&Counted::default(), &last, &name);
        let told: Vec<_> = wakes
            .rows
            .iter()
            .map(|r| (r.who(), r.beside_pid(), r.wakes))
            .collect();
        let of = |who: &str, beside: &str, wakes| (who.to_owned(), beside.to_owned(), wakes);
        assert_eq!(
            told,
            [
                of(
                    "7 server, threads that have ended",
                    "server, threads that have ended",
                    9
                ),
                of("7, thread 10 worker", "thread 10 worker", 3),
                of("7 server", "server", 1),
            ]
        );
        assert_eq!(wakes.rows[0].waited, Nanos(900));
    }
}
