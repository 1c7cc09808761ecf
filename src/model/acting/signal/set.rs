//! A set of signals as the kernel prints it: a mask in hexadecimal.

use super::Signal;

/// A set of signals; bit n−1 stands for signal n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(pub u64);

impl SignalSet {
    /// Reads a mask of `/proc/PID/status`, such as `0000000000014002` in `SigCgt: 0000000000014002`.
    pub fn from_hex(text: &str) -> Option<Self> {
        u64::from_str_radix(text.trim(), 16).ok().map(Self)
    }

    /// Whether the signal is in it.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & Self::bit(signal) != 0
    }

    /// The set with this signal too.
    #[must_use]
    pub fn with(self, signal: Signal) -> Self {
        Self(self.0 | Self::bit(signal))
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// How many are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether none is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its signals, in order.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::all().filter(move |s| self.contains(*s))
    }

    fn bit(signal: Signal) -> u64 {
        1 << (signal.number() - 1)
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        signals.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_mask() {
        let set = SignalSet::from_hex("0000000000014002").expect("hex");
        assert_eq!(
            set.iter().map(Signal::number).collect::<Vec<_>>(),
            [2, 15, 17]
        );
        assert_eq!(set.len(), 3);
        assert_eq!(set.iter().collect::<SignalSet>(), set);
        let all = SignalSet::from_hex("ffffffffffffffff\n").expect("hex");
        assert_eq!(all.len(), 64);
        assert_eq!(SignalSet::from_hex("xyz"), None);
        assert!(SignalSet::default().is_empty());
    }

    #[test]
    fn a_union_has_what_is_in_either() {
        let of = |numbers: &[u32]| -> SignalSet {
            numbers.iter().filter_map(|n| Signal::new(*n)).collect()
        };
        for (a, b, both) in [
            (&[1, 2][..], &[2, 3][..], &[1, 2, 3][..]),
            (&[], &[9], &[9]),
            (&[9], &[], &[9]),
            (&[], &[], &[]),
        ] {
            let union = of(a).union(of(b));
            assert_eq!(union, of(both), "{a:?} {b:?}");
            assert_eq!(union.is_empty(), both.is_empty());
        }
    }
}
