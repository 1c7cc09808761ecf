//! When what is shown was, in a word: "now" only while time goes on.

use super::world::World;
use crate::model::id::Nanos;
use crate::recording::when;

impl World {
    /// Whether what is shown goes on with the time of the machine: the present, or the end of a stream that comes in.
    pub fn goes_on(&self) -> bool {
        self.paused.is_none() && self.time.replay.is_none() && !self.time.ended
    }

    /// The right end of an axis of time that ends at a moment: `now`, or the time of day then.
    pub fn when(&self, at: Nanos) -> String {
        if self.goes_on() {
            return "now".to_owned();
        }
        self.clock(at)
    }

    /// The time of day at a moment.
    pub fn clock(&self, at: Nanos) -> String {
        let shown = self.snapshot.at;
        let ms = self.snapshot.unix_ms() as i64;
        let apart = at.since(shown).0 as i64 - shown.since(at).0 as i64;
        // Of what begins with nothing the moment is that of the tick.
        let apart = if at.0 == 0 { 0 } else { apart / 1_000_000 };
        when::clock(ms.saturating_add(apart), &self.snapshot.machine.zone)
    }
}
