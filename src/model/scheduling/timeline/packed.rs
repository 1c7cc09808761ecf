//! What stands in a track, as it is kept: a busy core has hundreds of slices a second, so every byte counts.

use super::{Bin, Ended, Slice, Wait};
use crate::model::id::Nanos;

/// What stands in a track.
pub trait Item: Copy {
    /// As it is kept.
    type Packed: Copy + std::fmt::Debug + Send + Sync;

    /// As it is kept, of the one in this place among the names of its chunk.
    fn pack(self, who: u16) -> Self::Packed;

    /// What was kept, and whose it is.
    fn unpack(packed: &Self::Packed) -> (Self, u16);

    /// When what was kept begins.
    fn start(packed: &Self::Packed) -> Nanos;
}

/// The lowest bits of a number that is cut to them.
const fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// A slice in 16 bytes: 58 bits of nanoseconds for its start (9 years), 51 for its length (26 days), 16 for whose it is, 3
/// for how it ended.
#[derive(Clone, Copy, Debug)]
pub struct PackedSlice([u64; 2]);

const START: u32 = 58;
const LENGTH: u32 = 51;
/// In the order in which they are declared.
const HOW: [Ended; 5] = [
    Ended::Preempted,
    Ended::Yielded,
    Ended::Exited,
    Ended::Running,
    Ended::Unseen,
];

impl Item for Slice {
    type Packed = PackedSlice;

    fn pack(self, who: u16) -> PackedSlice {
        let length = self.span().0.min(low(LENGTH));
        let how = self.ended as u64;
        let rest = (u64::from(who) << 3) | how;
        // Six of the 19 bits of the rest stand beside the start, 13 beside the length.
        PackedSlice([
            (self.start.0 & low(START)) | ((rest >> 13) << START),
            length | ((rest & low(13)) << LENGTH),
        ])
    }

    fn unpack(PackedSlice([first, second]): &PackedSlice) -> (Self, u16) {
        let start = first & low(START);
        let rest = ((first >> START) << 13) | (second >> LENGTH);
        let slice = Self {
            start: Nanos(start),
            end: Nanos(start + (second & low(LENGTH))),
            ended: HOW[(rest & 7) as usize % HOW.len()],
        };
        (slice, (rest >> 3) as u16)
    }

    fn start(PackedSlice([first, _]): &PackedSlice) -> Nanos {
        Nanos(first & low(START))
    }
}

/// A bin in 36 bytes. Its start is a whole number of milliseconds, its time on the core is less than 4 s; the longest slice
/// and the time waited have 48 bits of nanoseconds (78 hours).
#[derive(Clone, Copy, Debug)]
pub struct PackedBin([u32; 9]);

/// Nanoseconds in a millisecond.
const MS: u64 = 1_000_000;

impl Item for Bin {
    type Packed = PackedBin;

    fn pack(self, who: u16) -> PackedBin {
        let begin = ((self.start.0 / MS) & low(48)) | (u64::from(who) << 48);
        let (longest, waited) = (self.longest.0.min(low(48)), self.waited.0.min(low(48)));
        PackedBin([
            begin as u32,
            (begin >> 32) as u32,
            self.run.0.min(low(32)) as u32,
            self.slices,
            self.preempted,
            self.moved,
            longest as u32,
            waited as u32,
            (((longest >> 32) << 16) | (waited >> 32)) as u32,
        ])
    }

    fn unpack(packed: &PackedBin) -> (Self, u16) {
        let PackedBin(
            [
                _,
                high,
                run,
                slices,
                preempted,
                moved,
                longest,
                waited,
                both,
            ],
        ) = *packed;
        let wide = |high: u32, low: u32| Nanos((u64::from(high) << 32) | u64::from(low));
        let bin = Self {
            start: Self::start(packed),
            slices,
            preempted,
            moved,
            run: Nanos(u64::from(run)),
            longest: wide(both >> 16, longest),
            waited: wide(both & 0xffff, waited),
        };
        (bin, (high >> 16) as u16)
    }

    fn start(PackedBin([begin, high, ..]): &PackedBin) -> Nanos {
        Nanos(((u64::from(high & 0xffff) << 32) | u64::from(*begin)) * MS)
    }
}

/// There are few waits: they are kept as they are.
impl Item for Wait {
    type Packed = (Self, u16);

    fn pack(self, who: u16) -> Self::Packed {
        (self, who)
    }

    fn unpack(packed: &Self::Packed) -> (Self, u16) {
        *packed
    }

    fn start((wait, _): &Self::Packed) -> Nanos {
        wait.start
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slice_comes_back_as_it_was(
            start in 0..1_u64 << 58,
            length in 0..1_u64 << 51,
            who: u16,
            how in 0..HOW.len(),
        ) {
            let slice = Slice {
                start: Nanos(start),
                end: Nanos(start + length),
                ended: HOW[how],
            };
            let packed = slice.pack(who);
            prop_assert_eq!(Slice::unpack(&packed), (slice, who));
            prop_assert_eq!(Slice::start(&packed), slice.start);
        }

        #[test]
        fn a_bin_comes_back_as_it_was(
            start in 0..(1_u64 << 58) / MS,
            counts: [u32; 3],
            run: u32,
            spans in [0..1_u64 << 48, 0..1_u64 << 48],
            who: u16,
        ) {
            let [slices, preempted, moved] = counts;
            let bin = Bin {
                start: Nanos(start * MS),
                slices,
                preempted,
                moved,
                run: Nanos(run.into()),
                longest: Nanos(spans[0]),
                waited: Nanos(spans[1]),
            };
            let packed = bin.pack(who);
            prop_assert_eq!(Bin::unpack(&packed), (bin, who));
            prop_assert_eq!(Bin::start(&packed), bin.start);
        }
    }

    #[test]
    fn every_byte_counts() {
        assert_eq!(size_of::<PackedSlice>(), 16);
        assert_eq!(size_of::<PackedBin>(), 36);
    }
}
