//! A whole branch of the process tree, so that nobody escapes by being born meanwhile.
//!
//! Root first everybody is stopped; the tree is read again until it holds nobody new; then the signal is sent and those whom we
//! stopped go on. A stopped process cannot fork: the kernel restarts a `fork` that a signal overtakes.

use std::time::{Duration, Instant};

use super::Hold;
use crate::model::acting::signal::Signal;
use crate::model::acting::standing::Kinship;
use crate::model::acting::{Delivery, Target};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::sys::process::process_ids;

/// Longer than this nobody is chased: a lineage that is born faster than it can be stopped wins, and the last scan says so.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends a signal to everybody of the tree, also to those who are born while it is walked.
pub(super) fn send(hold: &mut Hold, signal: Signal) -> Vec<Delivery> {
    if signal == Signal::CONT {
        return thaw(hold);
    }
    let stopped = freeze(hold);
    if signal == Signal::STOP {
        let mut deliveries = hold.send_each(signal);
        for (delivery, stop) in deliveries.iter_mut().zip(&stopped) {
            if let Some(Err(why)) = stop {
                delivery.sent = Err(*why);
            }
        }
        return deliveries;
    }
    // Leaves first: where a parent ends while a child is still stopped, the kernel sends HUP to the orphaned group (`setpgid(2)`).
    let deliveries = hold.send_in_order(signal, (0..hold.held.len()).rev());
    // Those that were stopped before we came stay so: the signal waits for them, as it was foretold.
    for (held, stop) in hold.held.iter().zip(&stopped).rev() {
        let ours = *stop == Some(Ok(())) && held.standing.state != State::Stopped;
        if ours && signal != Signal::KILL {
            let _ = hold.send_one(held, Signal::CONT);
        }
    }
    deliveries
}

/// Stops everybody, root first, until the tree holds nobody new; what came of it, for each who is held.
fn freeze(hold: &mut Hold) -> Vec<Option<Reading<()>>> {
    let began = Instant::now();
    let mut done: Vec<Option<Reading<()>>> = Vec::new();
    loop {
        while done.len() < hold.held.len() {
            let held = &hold.held[done.len()];
            let spared = held.standing.kinship == Kinship::Own || held.standing.kernel_thread;
            done.push((!spared).then(|| hold.send_one(held, Signal::STOP)));
        }
        if !enlarge(hold) || began.elapsed() > PATIENCE {
            break;
        }
    }
    done.resize(hold.held.len(), Some(Err(Missing::Late)));
    done
}

/// Lets everybody go on, until the tree holds nobody new who is stopped.
fn thaw(hold: &mut Hold) -> Vec<Delivery> {
    let began = Instant::now();
    let mut deliveries = hold.send_each(Signal::CONT);
    while enlarge(hold) && began.elapsed() < PATIENCE {
        let known = deliveries.len();
        for held in &hold.held[known..] {
            deliveries.push(held.delivery(hold.send_one(held, Signal::CONT)));
        }
    }
    let known = deliveries.len();
    let late = |h: &super::Held| h.delivery(Err(Missing::Late));
    deliveries.extend(hold.held[known..].iter().map(late));
    deliveries
}

/// Takes hold of descendants that were not there before; says whether there were any.
fn enlarge(hold: &mut Hold) -> bool {
    let everybody = hold.everybody();
    let known: std::collections::HashSet<_> = hold.held.iter().map(|h| h.standing.id).collect();
    let roots: Vec<_> = hold.held.iter().map(|h| h.standing.id).collect();
    let now = process_ids::subtree(&everybody, &roots);
    let new: Vec<_> = now.into_iter().filter(|id| !known.contains(id)).collect();
    let ancestry = process_ids::ancestry(&everybody, hold.signals.own());
    for id in &new {
        let target = Target {
            id: *id,
            thread: None,
        };
        hold.add(target, &ancestry);
    }
    !new.is_empty()
}
