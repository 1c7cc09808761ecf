//! How far the clock on the wall is ahead of UTC, by the rule of each day. Never asks the C library: `sys` fills it.

/// The rule of a place: which offset counted from which moment on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Seconds after the Unix epoch from which on an offset counts, ascending, with the seconds ahead of UTC; the first
    /// counts before that as well. Empty: UTC.
    pub steps: Vec<(i64, i32)>,
}

impl Zone {
    /// A place whose clocks are never changed.
    pub fn fixed(ahead: i32) -> Self {
        let steps = if ahead == 0 {
            Vec::new()
        } else {
            vec![(0, ahead)]
        };
        Self { steps }
    }

    /// What `ahead` tells of the moments from one to another: asked every fortnight, which is shorter than clocks stay
    /// changed anywhere, and where it differs at the very second.
    pub fn between(from: i64, to: i64, mut ahead: impl FnMut(i64) -> i32) -> Self {
        const FORTNIGHT: usize = 14 * 86_400;
        let (mut at, mut offset) = (from, ahead(from));
        let mut steps = vec![(from, offset)];
        for next in (from..=to).step_by(FORTNIGHT).skip(1) {
            let new = ahead(next);
            if new != offset {
                let (mut before, mut after) = (at, next);
                while after - before > 1 {
                    let middle = before + (after - before) / 2;
                    if ahead(middle) == offset {
                        before = middle;
                    } else {
                        after = middle;
                    }
                }
                steps.push((after, new));
            }
            (at, offset) = (next, new);
        }
        Self { steps }
    }

    /// Seconds ahead of UTC at a moment, in seconds after the Unix epoch.
    pub fn ahead(&self, unix: i64) -> i32 {
        let after = self.steps.partition_point(|(from, _)| *from <= unix);
        let step = self.steps.get(after.saturating_sub(1));
        step.map_or(0, |(_, ahead)| *ahead)
    }

    /// What the clock on the wall says at a moment, as milliseconds since it said 1970.
    pub fn wall_ms(&self, unix_ms: i64) -> i64 {
        unix_ms + i64::from(self.ahead(unix_ms.div_euclid(1000))) * 1000
    }

    /// The moment at which the clock on the wall says this; of the two in the night when it is set back, one of them.
    pub fn unix_ms(&self, wall_ms: i64) -> i64 {
        let near = wall_ms - i64::from(self.ahead(wall_ms.div_euclid(1000))) * 1000;
        wall_ms - i64::from(self.ahead(near.div_euclid(1000))) * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    /// The end of March and of October 2026, 01:00 UTC, when clocks in Berlin are changed.
    const SPRING: i64 = 1_774_746_000;
    const AUTUMN: i64 = 1_792_890_000;

    fn berlin() -> Zone {
        let summer = |at| (SPRING..AUTUMN).contains(&at);
        Zone::between(SPRING - 5_000_000, AUTUMN + 40_000_000, |at| {
            if summer(at) { 7200 } else { 3600 }
        })
    }

    #[test]
    fn each_day_has_its_own_rule() {
        let zone = berlin();
        assert_eq!(zone.steps.len(), 3, "{zone:?}");
        assert_eq!(
            (zone.steps[1], zone.steps[2]),
            ((SPRING, 7200), (AUTUMN, 3600))
        );
        assert_eq!(zone.ahead(SPRING - 1), 3600);
        assert_eq!(zone.ahead(SPRING), 7200);
        assert_eq!(zone.ahead(AUTUMN), 3600);
        assert_eq!(zone.ahead(0), 3600, "before all that was asked for");
        assert_eq!(Zone::default().ahead(SPRING), 0);
        assert_eq!(Zone::fixed(-3600).ahead(0), -3600);
    }

    #[test]
    fn the_wall_and_back_is_the_identity_but_for_the_hour_that_comes_twice() {
        let zone = berlin();
        for halves in -6000..18_000 {
            let at = (SPRING + halves * HOUR / 2) * 1000;
            if (AUTUMN - HOUR..AUTUMN + HOUR).contains(&(at / 1000)) {
                continue;
            }
            assert_eq!(zone.unix_ms(zone.wall_ms(at)), at, "{halves}");
        }
    }
}
