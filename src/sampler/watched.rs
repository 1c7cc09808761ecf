//! A source with its luck: what fails or panics is a fault that is told, and is left alone for a while.

use super::ticker::Patience;
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::sample::Fault;
use crate::model::text::SafeText;
use crate::sys::caught::catching;
use crate::sys::source::Source;

/// A source of what `T` holds.
pub(super) struct Watched<T> {
    pub(super) source: Box<dyn Source<T>>,
    patience: Patience,
    fault: Option<Fault>,
    /// Why there is nothing of it now.
    lacks: Missing,
}

impl<T> Watched<T> {
    /// One that has not failed yet.
    pub(super) fn new(source: Box<dyn Source<T>>) -> Self {
        Self {
            source,
            patience: Patience::default(),
            fault: None,
            lacks: Missing::Soon,
        }
    }

    /// What it fills.
    pub(super) fn fills(&self) -> Needs {
        self.source.fills()
    }

    /// Until when it is left alone.
    pub(super) fn until(&self) -> Nanos {
        self.patience.until()
    }

    /// Why its last reading failed, if it did.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.clone()
    }

    /// Reads, unless it is left alone.
    pub(super) fn read(&mut self, now: Nanos, plan: &Plan, into: &mut T) {
        if !self.patience.over(now) {
            // What is left alone is missing for the reason for which it is.
            return self.source.lack(self.lacks, into);
        }
        let source = &mut self.source;
        let outcome = catching(|| source.read(plan, into));
        let why = match outcome {
            Ok(Ok(())) => {
                self.patience.worked();
                self.fault = None;
                return;
            }
            Ok(Err(error)) => {
                self.lacks = error.reason();
                error.to_string()
            }
            Err(panic) => {
                self.lacks = Missing::Unsupported;
                format!("a fault of pscope: {}", super::said(&*panic))
            }
        };
        self.source.lack(self.lacks, into);
        self.patience.failed(now);
        self.fault = Some(Fault {
            source: self.source.name(),
            why: SafeText::from(why),
        });
    }
}
