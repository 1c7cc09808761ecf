//! A whole branch of the process tree, so that nobody escapes by being born meanwhile.
//!
//! Where the signal ends everybody, root first everybody is stopped; the tree is read again until it holds nobody new; then the
//! signal is sent and those whom we stopped go on. A stopped process cannot fork: the kernel restarts a `fork` that a signal
//! overtakes. Where somebody would outlive the signal nobody is stopped, since a shell takes a stop of its foreground job for the
//! user's wish and leaves it so: the signal is sent, and the tree looked at again for those who were born meanwhile.

use std::time::{Duration, Instant};

use super::frozen::Frozen;
use super::{Held, Hold};
use crate::model::acting::Delivery;
use crate::model::acting::signal::{DefaultAction, Disposition, Signal};
use crate::model::acting::standing::{Init, Kinship};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};

/// Longer than this nobody is chased: a lineage that is born faster than it can be stopped wins, and the last scan says so.
const PATIENCE: Duration = Duration::from_secs(2);
/// So often is looked again after a signal that ends and stops nobody: whoever is born later was not meant.
const LOOKS: usize = 2;

/// Sends a signal to everybody of the tree, also to those who are born while it is walked.
pub(super) fn send(hold: &mut Hold, signal: Signal) -> Vec<Delivery> {
    match freeze(hold, signal) {
        Some(frozen) => end(hold, signal, &frozen),
        None => chase(hold, signal),
    }
}

/// Sends a signal that ends everybody, leaves first; each goes on before its parent's turn.
///
/// Where a parent ends while a child is still stopped, the kernel sends HUP to the orphaned group (`setpgid(2)`); and a parent
/// that found no core to stop on takes the signal first, which has the lower number.
pub(super) fn end(hold: &Hold, signal: Signal, frozen: &Frozen) -> Vec<Delivery> {
    let leaves_first = (0..hold.held.len()).rev();
    hold.send_in_order(signal, leaves_first, |id| frozen.let_one_go_on(id))
}

/// Whether nothing but its end comes of a signal that ends by default; also of who cannot be stopped anyway.
fn ends(held: &Held, signal: Signal) -> bool {
    let who = &held.standing;
    let out_of_reach = who.kernel_thread
        || who.kinship == Kinship::Own
        || who.permitted == Err(Missing::Denied)
        || who.pinned == Err(Missing::Gone)
        || matches!(who.state, State::Zombie | State::Dead);
    let falls = || match &who.signals {
        Ok(masks) => masks.disposition(signal) == Disposition::Default && !masks.is_blocked(signal),
        Err(_) => false,
    };
    out_of_reach || signal == Signal::KILL || (who.init == Init::No && falls())
}

/// Stops everybody, root first, until the tree holds nobody new; nobody where somebody would outlive the signal.
pub(super) fn freeze(hold: &mut Hold, signal: Signal) -> Option<Frozen> {
    let action = signal.default_action();
    if !matches!(action, DefaultAction::Terminate | DefaultAction::Core) {
        return None;
    }
    // A dialog may have been open for long.
    hold.look();
    if !hold.held.iter().all(|held| ends(held, signal)) {
        return None;
    }
    let began = Instant::now();
    let frozen = Frozen::new(&hold.signals);
    let mut done = 0;
    loop {
        for held in &hold.held[done..] {
            // Who cannot be stopped is told when the signal itself is sent.
            let _ = stop(hold, held, &frozen);
        }
        done = hold.held.len();
        if began.elapsed() > PATIENCE || !hold.enlarge(&hold.everybody(), |_| true) {
            return Some(frozen);
        }
        if !hold.held[done..].iter().all(|held| ends(held, signal)) {
            return None;
        }
    }
}

fn stop(hold: &Hold, held: &Held, frozen: &Frozen) -> Reading<()> {
    let who = &held.standing;
    if who.kinship == Kinship::Own || who.kernel_thread {
        return Ok(());
    }
    match &held.pin {
        Ok(pin) => frozen.stop(who.id, pin),
        Err(Missing::Late) => frozen.stop(who.id, &hold.pin(held.target())?),
        Err(why) => Err(*why),
    }
}

/// Sends to everybody, root first and ourselves last, until the tree holds nobody new.
fn chase(hold: &mut Hold, signal: Signal) -> Vec<Delivery> {
    let began = Instant::now();
    let looks = match signal.default_action() {
        DefaultAction::Ignore => LOOKS,
        _ => usize::MAX,
    };
    let mut sent: Vec<Reading<()>> = Vec::new();
    for look in 1.. {
        for held in &hold.held[sent.len()..] {
            let own = held.standing.kinship == Kinship::Own;
            sent.push(if own {
                Err(Missing::Soon)
            } else {
                hold.send_one(held, signal)
            });
        }
        if look >= looks || began.elapsed() > PATIENCE || !hold.enlarge(&hold.everybody(), |_| true)
        {
            break;
        }
    }
    for (held, sent) in hold.held.iter().zip(&mut sent) {
        if held.standing.kinship == Kinship::Own {
            *sent = hold.send_one(held, signal);
        }
    }
    let each = hold.held.iter().zip(sent);
    each.map(|(held, sent)| held.delivery(sent)).collect()
}
