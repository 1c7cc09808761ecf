//! From records back to what was seen.

use super::glance::{self, Glance};
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

    /// Takes a record in and tells of its tick what a glance tells; of a whole state all.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn glance(
        &mut self,
        head: &Head,
        record: &[u8],
        of: Glance,
    ) -> Result<Option<Snapshot>, Broken> {
        let glanced = self.try_glance(head, record, of);
        if glanced.is_err() {
            *self = Self::default();
        }
        glanced
    }

    fn try_glance(
        &mut self,
        head: &Head,
        record: &[u8],
        of: Glance,
    ) -> Result<Option<Snapshot>, Broken> {
        if !matches!(head.kind, Kind::Change | Kind::Linked) {
            self.try_take(head, record, false)?;
            return Ok(self.snapshot());
        }
        let raw = self.unpack(head, record)?;
        let now = self.now.as_mut().ok_or(Broken::Alone)?;
        self.before = None;
        let glanced = glance::apply(now, &raw, of)?;
        follows(now, head)?;
        Ok(Some(glanced))
    }

    /// What a change says, which later ones may go on from.
    fn unpack(&mut self, head: &Head, record: &[u8]) -> Result<Vec<u8>, Broken> {
        let raw = if head.kind == Kind::Linked {
            head.unpack_linked(record, &self.bodies)?
        } else {
            head.unpack(record)?
        };
        self.bodies.follow(&raw);
        Ok(raw)
    }

    fn try_take(&mut self, head: &Head, record: &[u8], passing: bool) -> Result<(), Broken> {
        match head.kind {
            Kind::Whole => {
                let raw = head.unpack(record)?;
                self.bodies.begin(&raw);
                // The whole state of the tick that was reached says nothing new.
                if self.at() != Some(head.at) {
                    let mut state = tick::unread();
                    tick::apply(&mut state, &raw)?;
                    follows(&state, head)?;
                    self.before = None;
                    self.now = Some(state);
                }
            }
            Kind::Change | Kind::Linked => {
                let raw = self.unpack(head, record)?;
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
