//! Where everything stands in the memory that the program and the reader share. Of each core: a header, slots in which the
//! sums of its threads grow, and a log of sums that had to make room for others.

/// Bytes of a header.
pub(super) const HEADER: usize = 128;
/// Odd while the program writes.
pub(super) const SEQ: usize = 0;
/// When the slice began that runs now; 0 before the first switch.
pub(super) const START: usize = 8;
/// Who runs: the process above, the thread below; 0 for nobody.
pub(super) const WHO: usize = 16;
/// The bin of now, and when it ends.
pub(super) const BIN: usize = 24;
pub(super) const BIN_END: usize = 32;
/// What the scheduler's clock said at the last switch, and what it lacks to `CLOCK_MONOTONIC`.
pub(super) const CLOCK: usize = 40;
pub(super) const AHEAD: usize = 48;
/// Entries that were written to the log, and that were read.
pub(super) const HEAD: usize = 56;
pub(super) const TAIL: usize = 64;
/// How often a slot was given to a thread.
pub(super) const MADE: usize = 72;
/// Slices for which there was no room.
pub(super) const LOST: usize = 80;

/// Bytes of a slot, and of an entry of the log.
pub(super) const SLOT: usize = 64;
/// In a slot: whose it is; the number of the bin, of a single slice when it began; time on the core, of a single slice when
/// it ended; the numbers of slices and of preempted ones, of four bytes each; the longest; how long the thread has waited
/// and how often it was moved since it began; which making of a slot this is, 0 for a single slice.
pub(super) const KEY: usize = 0;
pub(super) const OF_BIN: usize = 8;
pub(super) const RUN: usize = 16;
pub(super) const SLICES: usize = 24;
pub(super) const PREEMPTED: usize = 28;
pub(super) const LONGEST: usize = 32;
pub(super) const WAITED: usize = 40;
pub(super) const GEN: usize = 48;
pub(super) const MOVES: usize = 56;

/// The width of a bin.
pub(super) const WIDTH: u64 = 10_000_000;

/// How much room each core has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub cores: usize,
    /// Both are powers of two.
    pub slots: usize,
    pub log: usize,
}

impl Layout {
    /// So that the memory of all cores together stays below 5 MiB up to a thousand of them.
    pub fn of(cores: usize) -> Self {
        let (slots, log) = match cores {
            0..=16 => (512, 2048),
            17..=64 => (256, 512),
            65..=256 => (128, 128),
            257..=1024 => (32, 32),
            _ => (16, 16),
        };
        let cores = cores.max(1);
        Self { cores, slots, log }
    }

    /// Bytes of a core.
    pub fn stride(&self) -> usize {
        HEADER + (self.slots + self.log) * SLOT
    }

    /// Bytes of all, in whole pages of any size that there is.
    pub fn bytes(&self) -> usize {
        (self.cores * self.stride()).next_multiple_of(1 << 16)
    }

    /// Where the memory of a core begins.
    pub fn base(&self, core: usize) -> usize {
        core * self.stride()
    }

    /// Where an entry of the log stands, from the begin of its core.
    pub fn entry(&self, number: u64) -> usize {
        HEADER + (self.slots + number as usize % self.log) * SLOT
    }
}

/// What stands in a slot or an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub who: u64,
    pub bin: u64,
    pub run: u64,
    pub slices: u32,
    pub preempted: u32,
    pub longest: u64,
    pub waited: u64,
    pub made: u64,
    pub moves: u64,
}

/// The four bytes that come first in memory, and those that follow.
fn halves(word: u64) -> [u64; 2] {
    let [low, high] = [word & 0xffff_ffff, word >> 32];
    if cfg!(target_endian = "little") {
        [low, high]
    } else {
        [high, low]
    }
}

impl From<[u64; SLOT / 8]> for Slot {
    fn from(words: [u64; SLOT / 8]) -> Self {
        let [who, bin, run, counts, longest, waited, made, moves] = words;
        let [slices, preempted] = halves(counts);
        Self {
            who,
            bin,
            run,
            slices: slices as u32,
            preempted: preempted as u32,
            longest,
            waited,
            made,
            moves,
        }
    }
}

impl Slot {
    /// Both counts as the one word that they are in memory.
    pub fn counts(&self) -> u64 {
        let [low, high] = [self.slices, self.preempted].map(u64::from);
        if cfg!(target_endian = "little") {
            high << 32 | low
        } else {
            low << 32 | high
        }
    }
}
