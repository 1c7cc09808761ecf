//! Wake-ups among the switches, in one order of time: they say since when the next slice of a thread could have begun.

use super::{Built, Recorder};
use crate::model::id::Nanos;
use crate::sampler::scheduling::wakes::ByHardware;
use crate::sys::scheduling::wakes::Woken;

/// Wake-ups that are told one by one; in a test no kernel tells them.
pub(in super::super) trait Waking: Send {
    /// Hands out what was told since the reading before, those of one core in their order.
    fn read(&mut self, each: &mut dyn FnMut(Woken));
}

impl Waking for ByHardware {
    fn read(&mut self, each: &mut dyn FnMut(Woken)) {
        self.read(each);
    }
}

impl Recorder {
    /// Whether wake-ups are heard.
    pub(in super::super) fn hears_wakes(&self) -> bool {
        self.wakes.is_some()
    }

    /// Hears wake-ups from now on, or no more.
    pub(in super::super) fn hear_wakes(&mut self, wakes: Option<Box<dyn Waking>>) {
        self.wakes = wakes;
    }

    /// Reads what was told of wake-ups.
    pub(super) fn hear_of_wakes(&mut self) {
        let Some(wakes) = &mut self.wakes else { return };
        let woken = &mut self.built.woken;
        wakes.read(&mut |one| woken.push_back(one));
        woken.make_contiguous().sort_by_key(|one| one.at);
    }
}

impl Built {
    /// Takes in the wake-ups until a moment.
    pub(super) fn wake_until(&mut self, at: Nanos) {
        while let Some(woken) = self.woken.pop_front_if(|one| one.at <= at) {
            self.builder
                .woken(woken.at, woken.thread.tid, (woken.by, woken.on));
        }
    }
}
