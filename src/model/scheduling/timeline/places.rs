//! Where a thread stands in a list that is being filled: asked at every switch, and mostly about the same few.

use std::collections::HashMap;

use super::build::Quick;

/// How many are found without a search.
const RECENT: usize = 8;

/// Places by serial number; 0 is nobody's.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The last ones asked for, each where the low bits of its number say.
    recent: [(u32, u32); RECENT],
    all: HashMap<u32, u32, Quick>,
}

impl Places {
    /// The place of this one: `next` where it has none yet, which then is its own.
    pub fn of(&mut self, serial: u32, next: u32) -> u32 {
        let recent = &mut self.recent[serial as usize % RECENT];
        if recent.0 != serial {
            *recent = (serial, *self.all.entry(serial).or_insert(next));
        }
        recent.1
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.recent = Default::default();
        self.all.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_keeps_the_place_that_they_got() {
        let mut places = Places::default();
        for round in 0..3 {
            for serial in 1..40 {
                let got = places.of(serial, 100 * round + serial);
                assert_eq!(got, serial, "of the first round");
            }
        }
        places.clear();
        assert_eq!(places.of(7, 3), 3);
        assert_eq!(places.of(7 + 8, 4), 4);
        assert_eq!(places.of(7, 9), 3);
    }
}
