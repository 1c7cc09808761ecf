//! From records back to what was seen.

use super::record::{Head, Kind};
use super::{Broken, tick};
use crate::model::id::Nanos;
use crate::model::sample::Sample;
use crate::model::snapshot::Snapshot;

/// The state that was reached, and the one before it, of which rates are made.
#[derive(Debug, Default)]
pub struct Player {
    before: Option<Sample>,
    now: Option<Sample>,
}

impl Player {
    /// Takes a record in. `passing`: nobody looks at this tick, so the state before it need not be kept.
    ///
    /// # Errors
    /// When it is damaged, or no change of the state that was reached; then nothing is known until a whole one comes.
    pub fn take(&mut self, head: &Head, record: &[u8], passing: bool) -> Result<(), Broken> {
        match self.try_take(head, record, passing) {
            Ok(()) => Ok(()),
            Err(why) => {
                *self = Self::default();
                Err(why)
            }
        }
    }

    fn try_take(&mut self, head: &Head, record: &[u8], passing: bool) -> Result<(), Broken> {
        match head.kind {
            Kind::Whole => {
                let mut state = tick::nothing();
                tick::apply(&mut state, &head.unpack(record)?)?;
                // The whole state of the tick that was reached says nothing new.
                if self.at() != Some(state.at) {
                    self.before = None;
                    self.now = Some(state);
                }
            }
            Kind::Change => {
                let raw = head.unpack(record)?;
                let now = self.now.as_mut().ok_or(Broken::Alone)?;
                self.before = (!passing).then(|| now.clone());
                tick::apply(now, &raw)?;
            }
            Kind::Lanes | Kind::Details | Kind::Other(_) => {}
        }
        Ok(())
    }

    /// The moment that was reached.
    pub fn at(&self) -> Option<Nanos> {
        self.now.as_ref().map(|now| now.at)
    }

    /// What the sweep heard then.
    pub fn sample(&self) -> Option<&Sample> {
        self.now.as_ref()
    }

    /// What the sweep before it heard, where that is known.
    pub fn before(&self) -> Option<&Sample> {
        self.before.as_ref()
    }

    /// What a person read then.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let now = self.now.as_ref()?;
        Some(Snapshot::between(self.before.as_ref(), now))
    }
}
