//! Whoever is stopped on the way to a signal has an owner, which lets them go on however it comes to its end.
//!
//! A return, an error and a panic drop the owner; whoever ends the whole program while another thread owns somebody calls
//! [`let_go`] first. Only a KILL or a STOP of ourselves comes in between, which no program can keep back.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::freezer;
use super::signals::{Pin, Signals};
use crate::model::acting::signal::Signal;
use crate::model::id::ProcId;
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::sys::process::process_ids;

/// Everybody whom this program has stopped on the way to a signal, by owner.
static STOPPED: Mutex<Stopped> = Mutex::new(Stopped {
    closed: false,
    by: BTreeMap::new(),
});
static OWNERS: AtomicU64 = AtomicU64::new(0);

struct Stopped {
    /// Nobody may be stopped any more: the program ends.
    closed: bool,
    by: BTreeMap<u64, (Signals, Vec<ProcId>)>,
}

fn stopped() -> MutexGuard<'static, Stopped> {
    STOPPED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Owns those whom it stopped; dropping it lets them go on, children before their parents.
///
/// A shell that goes on after its foreground job never sees it stopped.
#[derive(Debug)]
pub(super) struct Frozen {
    owner: u64,
    signals: Signals,
    /// A descriptor that is given up where there is none left to hold somebody with.
    reserve: Option<File>,
}

impl Frozen {
    pub(super) fn new(signals: &Signals) -> Self {
        let owner = OWNERS.fetch_add(1, Ordering::Relaxed);
        let entry = (signals.clone(), Vec::new());
        stopped().by.insert(owner, entry);
        Self {
            owner,
            signals: signals.clone(),
            reserve: File::open("/dev/null").ok(),
        }
    }

    /// Stops one, unless it is stopped already: then it is somebody else's, and stays so.
    ///
    /// # Errors
    /// As [`Signals::send`]; `Late` when the program is about to end.
    pub(super) fn stop(&self, id: ProcId, pin: &Pin) -> Reading<()> {
        if process_ids::still(self.signals.root(), id)?.state == State::Stopped {
            return Ok(());
        }
        let mut all = stopped();
        if all.closed {
            return Err(Missing::Late);
        }
        let Some((_, mine)) = all.by.get_mut(&self.owner) else {
            return Err(Missing::Late);
        };
        mine.push(id);
        self.signals.send(pin, Signal::STOP)
    }

    /// Lets one go on before the others, if it was stopped by us.
    pub(super) fn let_one_go_on(&self, id: ProcId) {
        let mut all = stopped();
        let Some((signals, mine)) = all.by.get_mut(&self.owner) else {
            return;
        };
        if let Some(at) = mine.iter().rposition(|one| *one == id) {
            thaw(signals, &mine[at..=at]);
            mine.remove(at);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.reserve = None;
        let mut all = stopped();
        if let Some((signals, mine)) = all.by.remove(&self.owner) {
            thaw(&signals, &mine);
        }
    }
}

fn thaw(signals: &Signals, mine: &[ProcId]) {
    for id in mine.iter().rev() {
        // Who has ended meanwhile, or may not be signalled any more, is not kept by us.
        let _ = signals.pin(*id).map(|pin| signals.send(&pin, Signal::CONT));
    }
}

/// Lets everybody go on and stops nobody any more: the program ends now, whatever its other threads are doing.
pub fn let_go() {
    let mut all = stopped();
    all.closed = true;
    for (signals, mine) in std::mem::take(&mut all.by).into_values() {
        thaw(&signals, &mine);
    }
    freezer::thaw_all();
}
