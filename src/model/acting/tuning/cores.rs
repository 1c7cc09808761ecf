//! A set of cores, of any size, written as the kernel writes it: `0-3,8`.

use std::fmt;
use std::str::FromStr;

use crate::model::id::CpuId;

/// The highest number of a core that is believed.
const MOST: u32 = 8191;

/// A set of cores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreSet(Vec<u64>);

impl CoreSet {
    /// From the kernel's mask, the lowest cores first.
    pub fn from_words(mut words: Vec<u64>) -> Self {
        while words.last() == Some(&0) {
            words.pop();
        }
        Self(words)
    }

    /// The mask, the lowest cores first; no word is left out before the last core.
    pub fn words(&self) -> &[u64] {
        &self.0
    }

    /// Whether a core is in it.
    pub fn contains(&self, core: CpuId) -> bool {
        let word = self.0.get(core.0 as usize / 64);
        word.is_some_and(|w| w & (1 << (core.0 % 64)) != 0)
    }

    /// Puts a core in or takes it out.
    pub fn set(&mut self, core: CpuId, on: bool) {
        let at = core.0.min(MOST) as usize / 64;
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        let bit = 1 << (core.0 % 64);
        if on {
            self.0[at] |= bit;
        } else {
            self.0[at] &= !bit;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.0.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Whether none is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its cores, in order.
    pub fn iter(&self) -> impl Iterator<Item = CpuId> {
        let all = (0..self.0.len() as u32 * 64).map(CpuId);
        all.filter(|c| self.contains(*c))
    }
}

impl FromIterator<CpuId> for CoreSet {
    fn from_iter<I: IntoIterator<Item = CpuId>>(cores: I) -> Self {
        let mut set = Self::default();
        for core in cores {
            set.set(core, true);
        }
        set
    }
}

impl fmt::Display for CoreSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cores = self.iter().peekable();
        let mut first = true;
        while let Some(from) = cores.next() {
            let mut to = from;
            while let Some(next) = cores.next_if(|c| c.0 == to.0 + 1) {
                to = next;
            }
            if !std::mem::take(&mut first) {
                f.write_str(",")?;
            }
            match to.0 - from.0 {
                0 => write!(f, "{from}")?,
                1 => write!(f, "{from},{to}")?,
                _ => write!(f, "{from}-{to}")?,
            }
        }
        if first {
            f.write_str("none")?;
        }
        Ok(())
    }
}

impl FromStr for CoreSet {
    type Err = ();

    /// Reads `0-3,8`; blanks and an unfinished end such as `0-` are forgiven, since it is read while it is typed.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut set = Self::default();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let from: u32 = from.trim().parse().map_err(|_| ())?;
            let to = match to.trim() {
                "" => from,
                to => to.parse().map_err(|_| ())?,
            };
            if to > MOST || from > to {
                return Err(());
            }
            for core in from..=to {
                set.set(CpuId(core), true);
            }
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_read_back_as_they_are_written() {
        for text in ["0", "0,1", "0-3,8", "64", "5,63,64,127-130", "4095"] {
            let set: CoreSet = text.parse().expect(text);
            assert_eq!(set.to_string(), text);
            assert_eq!(CoreSet::from_words(set.words().to_vec()), set);
        }
        assert_eq!("0-".parse::<CoreSet>().map(|s| s.len()), Ok(1));
        assert_eq!("".parse::<CoreSet>(), Ok(CoreSet::default()));
        assert_eq!(CoreSet::default().to_string(), "none");
        for wrong in ["x", "3-1", "1-99999", "-", "1-2-3"] {
            assert!(wrong.parse::<CoreSet>().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_set_reads_back(cores in proptest::collection::btree_set(0u32..4096, 0..50)) {
            let set: CoreSet = cores.iter().copied().map(CpuId).collect();
            proptest::prop_assert_eq!(set.iter().map(|c| c.0).collect::<Vec<_>>(), cores.into_iter().collect::<Vec<_>>());
            if !set.is_empty() {
                proptest::prop_assert_eq!(set.to_string().parse(), Ok(set));
            }
        }
    }
}
