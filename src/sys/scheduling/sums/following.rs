//! What is new in the sums of one core since they were read last. Pure.

use super::layout::{Slot, WIDTH};
use crate::model::id::Nanos;

/// A part of the sums of a thread, which lies in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BinSum {
    /// Process above, thread below.
    pub who: u64,
    /// A moment of the bin.
    pub at: Nanos,
    pub run: Nanos,
    pub slices: u32,
    pub preempted: u32,
    pub longest: Nanos,
    /// What the kernel has counted of the thread by then, where a slice ended.
    pub waited: u64,
    pub moves: u64,
}

/// A slice that was told in part while it was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ahead {
    who: u64,
    start: Nanos,
    until: Nanos,
    /// How much of it was told.
    told: u64,
    /// Readings since it was not running any more.
    over: u8,
}

/// What is known of one core.
#[derive(Debug)]
pub(super) struct Following {
    /// The slots as they were the reading before, and as they are.
    before: Vec<Slot>,
    now: Vec<Slot>,
    ahead: Vec<Ahead>,
}

impl Following {
    pub fn new(slots: usize) -> Self {
        Self {
            before: vec![Slot::default(); slots],
            now: vec![Slot::default(); slots],
            ahead: Vec::new(),
        }
    }

    /// A new reading.
    pub fn begin(&mut self) {
        self.before.copy_from_slice(&self.now);
    }

    /// Whether a slot, which has so many slices (both counts as one word) and was made so, holds something new.
    pub fn is_new(&self, at: usize, counts: u64, made: u64) -> bool {
        let known = &self.now[at];
        known.made != made || known.counts() != counts
    }

    /// A slot as it is now.
    pub fn slot(&mut self, at: usize, slot: Slot, out: &mut Vec<BinSum>) {
        let known = std::mem::replace(&mut self.now[at], slot);
        let base = if known.made == slot.made {
            known
        } else {
            Slot::default()
        };
        self.tell(slot, base, out);
    }

    /// An entry of the log: the end of a slot, or a single slice.
    pub fn entry(&mut self, entry: Slot, out: &mut Vec<BinSum>) {
        if entry.made == 0 {
            self.single(entry, out);
            return;
        }
        let (first, second) = places(entry.who, self.now.len());
        let of = |slots: &[Slot]| {
            let both = [slots[first], slots[second]];
            both.into_iter().find(|s| s.made == entry.made)
        };
        // It may have been read a moment ago, before it went to the log.
        let base = of(&self.now).or_else(|| of(&self.before));
        self.tell(entry, base.unwrap_or_default(), out);
    }

    fn tell(&mut self, slot: Slot, base: Slot, out: &mut Vec<BinSum>) {
        let mut run = slot.run.saturating_sub(base.run);
        for ahead in &mut self.ahead {
            if ahead.who == slot.who && ahead.start.0 / WIDTH == slot.bin {
                let told = ahead.told.min(run);
                run -= told;
                ahead.told -= told;
            }
        }
        out.push(BinSum {
            who: slot.who,
            at: Nanos(slot.bin.saturating_mul(WIDTH)),
            run: Nanos(run),
            slices: slot.slices.saturating_sub(base.slices),
            preempted: slot.preempted.saturating_sub(base.preempted),
            longest: Nanos(slot.longest),
            waited: slot.waited,
            moves: slot.moves,
        });
    }

    /// A slice over a border of bins.
    fn single(&mut self, entry: Slot, out: &mut Vec<BinSum>) {
        let (start, end) = (Nanos(entry.bin), Nanos(entry.run));
        let same = |a: &Ahead| a.who == entry.who && a.start == start;
        let told = self.ahead.iter().position(same);
        let from = told.map_or(start, |at| self.ahead.swap_remove(at).until);
        spread(entry.who, (from, end), out);
        out.push(BinSum {
            who: entry.who,
            at: end,
            run: Nanos(0),
            slices: entry.slices,
            preempted: entry.preempted,
            longest: end.since(start),
            waited: entry.waited,
            moves: entry.moves,
        });
    }

    /// Who has the core since when, which was looked at last of all: it is told until `now`.
    pub fn running(&mut self, start: Nanos, who: u64, now: Nanos, out: &mut Vec<BinSum>) {
        let mut going = false;
        self.ahead.retain_mut(|ahead| {
            if ahead.who == who && ahead.start == start {
                going = true;
                spread(who, (ahead.until, now), out);
                ahead.told += now.since(ahead.until).0;
                ahead.until = now.max(ahead.until);
                return true;
            }
            // It ended; its sums are told by now or by the next reading.
            ahead.over += 1;
            ahead.told > 0 && ahead.over < 3
        });
        if !going && who != 0 && start.0 != 0 && start < now {
            spread(who, (start, now), out);
            self.ahead.push(Ahead {
                who,
                start,
                until: now,
                told: now.since(start).0,
                over: 0,
            });
        }
    }
}

/// Both places that a thread may have, as the program looks for them.
fn places(who: u64, slots: usize) -> (usize, usize) {
    let first = who as usize & (slots - 1);
    (first, (first ^ (slots / 2)) & (slots - 1))
}

/// Time on the core, cut at the borders of bins.
fn spread(who: u64, (from, to): (Nanos, Nanos), out: &mut Vec<BinSum>) {
    let mut at = from.0;
    while at < to.0 {
        let border = (at / WIDTH + 1) * WIDTH;
        let until = border.min(to.0);
        out.push(BinSum {
            who,
            at: Nanos(at),
            run: Nanos(until - at),
            ..BinSum::default()
        });
        at = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u64 = 7 << 32 | 8;
    const B: u64 = (9 << 32) + 72;

    fn ms(n: u64) -> Nanos {
        Nanos(n * 1_000_000)
    }

    fn slot(who: u64, bin: u64, run: Nanos, slices: u32, made: u64) -> Slot {
        Slot {
            who,
            bin,
            run: run.0,
            slices,
            made,
            ..Slot::default()
        }
    }

    fn run_of(parts: &[BinSum], who: u64) -> (u64, u32) {
        let own = parts.iter().filter(|p| p.who == who);
        own.fold((0, 0), |(run, n), p| (run + p.run.0, n + p.slices))
    }

    #[test]
    fn only_what_is_new_is_told_wherever_it_stands() {
        let mut core = Following::new(64);
        let mut out = Vec::new();
        core.begin();
        assert!(core.is_new(8, 2, 1) && !core.is_new(8, 0, 0));
        core.slot(8, slot(A, 5, ms(2), 2, 1), &mut out);
        assert!(!core.is_new(8, 2, 1) && core.is_new(8, 3, 1) && core.is_new(8, 2, 2));
        core.begin();
        // It grew, went to the log before it was read again, and its place is another's.
        core.slot(8, slot(B, 6, ms(1), 1, 2), &mut out);
        core.entry(slot(A, 5, ms(3), 3, 1), &mut out);
        assert_eq!(run_of(&out, A), (ms(3).0, 3));
        assert_eq!(run_of(&out, B), (ms(1).0, 1));
        // It was read, and went to the log while the others were read.
        core.begin();
        core.slot(8, slot(B, 6, ms(4), 2, 2), &mut out);
        core.entry(slot(B, 6, ms(5), 3, 2), &mut out);
        assert_eq!(run_of(&out, B), (ms(5).0, 3));
        // Made and gone between two readings.
        core.begin();
        core.entry(slot(A, 7, ms(1), 1, 3), &mut out);
        assert_eq!(run_of(&out, A), (ms(4).0, 4));
        assert!(out.iter().all(|p| p.at.0 % WIDTH == 0));
    }

    #[test]
    fn a_slice_that_runs_on_is_told_once() {
        let mut core = Following::new(64);
        let mut out = Vec::new();
        core.begin();
        core.running(ms(12), A, ms(25), &mut out);
        assert_eq!(run_of(&out, A), (ms(13).0, 0));
        assert_eq!(out.len(), 2, "cut at the border");
        core.begin();
        core.running(ms(12), A, ms(26), &mut out);
        assert_eq!(run_of(&out, A), (ms(14).0, 0));
        // It ends: the log has it whole.
        core.begin();
        let whole = slot(A, ms(12).0, ms(31), 1, 0);
        core.entry(whole, &mut out);
        core.running(ms(31), 0, ms(40), &mut out);
        assert_eq!(run_of(&out, A), (ms(19).0, 1));
        assert!(core.ahead.is_empty());
        assert_eq!(out.last().expect("its end").longest, ms(19));
    }

    #[test]
    fn a_slice_that_ends_in_the_bin_of_its_begin_is_told_once() {
        let mut core = Following::new(64);
        let mut out = Vec::new();
        core.begin();
        core.slot(8, slot(A, 1, ms(1), 1, 1), &mut out);
        core.running(ms(12), A, ms(15), &mut out);
        assert_eq!(run_of(&out, A), (ms(4).0, 1));
        // It ended after the slots were read: its sum comes the next time.
        core.begin();
        core.running(ms(17), B, ms(16), &mut out);
        core.begin();
        core.slot(8, slot(A, 1, ms(6), 2, 1), &mut out);
        core.running(ms(17), B, ms(18), &mut out);
        assert_eq!(run_of(&out, A), (ms(6).0, 2));
        assert_eq!(run_of(&out, B), (ms(1).0, 0));
        // What was lost is not waited for.
        for n in 0..5 {
            core.begin();
            core.running(ms(20 + n), 0, ms(30), &mut out);
        }
        assert!(core.ahead.is_empty());
    }
}
