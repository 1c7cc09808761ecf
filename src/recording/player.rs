//! From records back to what was seen.

use super::packed::Before;
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
    /// The bodies that the next record goes on from.
    bodies: Before,
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
                let raw = head.unpack(record)?;
                tick::apply(&mut state, &raw)?;
                follows(&state, head)?;
                self.bodies.begin(&raw);
                // The whole state of the tick that was reached says nothing new.
                if self.at() != Some(state.at) {
                    self.before = None;
                    self.now = Some(state);
                }
            }
            Kind::Change | Kind::Linked => {
                let raw = if head.kind == Kind::Linked {
                    head.unpack_linked(record, &self.bodies)?
                } else {
                    head.unpack(record)?
                };
                self.bodies.follow(&raw);
                let now = self.now.as_mut().ok_or(Broken::Alone)?;
                self.before = (!passing).then(|| now.clone());
                tick::apply(now, &raw)?;
                follows(now, head)?;
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

/// A change says by how much the moment is later, a head which moment it is: where they differ, a change before it is lacking.
fn follows(state: &Sample, head: &Head) -> Result<(), Broken> {
    (state.at == head.at).then_some(()).ok_or(Broken::Damaged)
}
