//! What becomes of those who were signalled: their pidfds are watched until they end or time is up. Sends nothing.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Held, Hold};
use crate::model::acting::signal::{DefaultAction, Signal};
use crate::model::acting::{Fate, Progress, Scope, Settled, Target};
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::sys::acting::standing;
use crate::sys::own::signals as own_signals;
use crate::sys::process::process_ids;

/// How often what no descriptor tells is looked at: stops, and the ends of those who are not held.
const PACE: Duration = Duration::from_millis(25);

/// Watches until everybody's fate is known or `watch` is over, and tells of each fate as it is known.
///
/// A signal that this thread keeps back and that would end us ends the watch.
pub(super) fn until_settled(
    hold: &Hold,
    signal: Signal,
    sent: &[bool],
    watch: Duration,
    tell: &mut dyn FnMut(Progress),
) {
    let began = Instant::now();
    let since = || Nanos(began.elapsed().as_nanos() as u64);
    let both = || hold.held.iter().zip(sent);
    let mut open: Vec<&Held> = both().filter(|(_, s)| **s).map(|(h, _)| h).collect();
    let refused = both().filter(|(_, s)| !**s).map(|(h, _)| h.target());
    let mut alive: Vec<_> = refused.filter(|t| lives(hold, t.id)).collect();
    loop {
        let last = began.elapsed() >= watch || own_signals::waiting().is_some();
        open.retain(|held| {
            let fate = match fate(hold, held, signal) {
                None if last => lasting(hold, held, signal),
                // How it ended is told once its parent has asked; until then we may not know.
                Some(Fate::Ended) if !last && held.pin.is_ok() => return true,
                None => return true,
                Some(fate) => fate,
            };
            if !fate.is_end() {
                alive.push(held.target());
            }
            let (of, after) = (held.target(), since());
            tell(Progress::Fate { of, fate, after });
            false
        });
        if open.is_empty() || last {
            break;
        }
        wait(hold, &open, watch.saturating_sub(began.elapsed()));
    }
    let stopped = hold.held.iter().filter(|h| is_stopped(hold, h.standing.id));
    let mut stopped: Vec<Target> = stopped.map(Held::target).collect();
    stopped.sort_unstable();
    let scanned = !matches!(hold.scope, Scope::Process | Scope::Thread);
    alive.sort_unstable();
    tell(Progress::Settled(Settled {
        after: since(),
        alive,
        stopped,
        newcomers: if scanned { newcomers(hold) } else { Vec::new() },
        scanned,
    }));
}

fn lives(hold: &Hold, id: ProcId) -> bool {
    let who = process_ids::read(hold.signals.root(), id.pid);
    who.is_ok_and(|k| k.id == id && !matches!(k.state, State::Zombie | State::Dead))
}

fn is_stopped(hold: &Hold, id: ProcId) -> bool {
    process_ids::still(hold.signals.root(), id).is_ok_and(|k| k.state == State::Stopped)
}

/// Sleeps until somebody ends, but not longer than `at_most`.
fn wait(hold: &Hold, open: &[&Held], at_most: Duration) {
    // One whose end is known but not yet how is readable already: waiting for it would not sleep at all.
    let pins = open.iter().filter_map(|h| h.pin.as_ref().ok());
    let living = pins.filter(|p| hold.signals.end(p).is_none());
    let mut polled: Vec<PollFd<'_>> = living
        .map(|p| PollFd::new(p.fd(), PollFlags::POLLIN))
        .collect();
    let timeout = PollTimeout::try_from(at_most.min(PACE)).unwrap_or(PollTimeout::ZERO);
    // An interrupted wait only looks again sooner.
    let _ = poll(&mut polled, timeout);
}

/// What has become of a target by now; `None` while it may still change.
fn fate(hold: &Hold, held: &Held, signal: Signal) -> Option<Fate> {
    let ended = match &held.pin {
        Ok(pin) => hold.signals.end(pin),
        Err(_) => (!lives(hold, held.standing.id)).then_some(Fate::Ended),
    };
    if ended.is_some() {
        return ended;
    }
    let state = || process_ids::read(hold.signals.root(), held.standing.id.pid).map(|k| k.state);
    match signal.default_action() {
        DefaultAction::Stop => (state() == Ok(State::Stopped)).then_some(Fate::Stopped),
        DefaultAction::Continue => {
            let stopped = matches!(state(), Err(_) | Ok(State::Stopped));
            (!stopped).then_some(Fate::Continued)
        }
        _ => None,
    }
}

/// What to say of one that lives when the watch is over.
fn lasting(hold: &Hold, held: &Held, signal: Signal) -> Fate {
    let now = standing::of(&hold.signals, held.target(), Err(Missing::Soon), &[]);
    let Ok(masks) = &now.signals else {
        return Fate::Alive;
    };
    let blocked = match held.standing.thread {
        Some(one) => masks.blocking(signal).any(|t| t.tid == one.tid),
        None => masks.is_blocked(signal),
    };
    match (masks.is_pending(signal), now.state) {
        (false, _) => Fate::Alive,
        (true, _) if blocked => Fate::PendingBlocked,
        (true, State::Stopped) => Fate::PendingStopped,
        (true, _) => Fate::Pending,
    }
}

/// Who lives in the scope now and was not signalled: the last scan.
fn newcomers(hold: &Hold) -> Vec<(Pid, SafeText)> {
    let everybody = hold.everybody();
    let held: HashSet<ProcId> = hold.held.iter().map(|h| h.standing.id).collect();
    let pids: HashSet<Pid> = held.iter().map(|id| id.pid).collect();
    let in_scope: HashSet<ProcId> = if hold.scope == Scope::Subtree {
        let roots: Vec<ProcId> = held.iter().copied().collect();
        process_ids::subtree(&everybody, &roots)
            .into_iter()
            .collect()
    } else {
        let members = hold.ties.members(&everybody, &hold.chosen, hold.scope);
        members.into_iter().collect()
    };
    let found = everybody.into_iter().filter(|who| {
        // A child that lost its parents belongs to init now, but keeps the group and session that they led.
        let led = hold.scope == Scope::Subtree
            && (pids.contains(&who.group) || pids.contains(&who.session));
        let living = !matches!(who.state, State::Zombie | State::Dead);
        let known = held.contains(&who.id) || who.id.pid == hold.signals.own();
        living && !known && (led || in_scope.contains(&who.id))
    });
    found.map(|who| (who.id.pid, who.name)).collect()
}
