//! Acting on processes: finds out who is meant, holds them, sends, and watches what becomes of them.
//!
//! Everything goes through [`Signals`]; without that right nothing here can be made. Reads `/proc` afresh, never the last tick.

pub mod pidfd;
pub mod signal_masks;
pub mod signals;
pub mod standing;
pub mod tuning;

pub mod freezer;
mod frozen;
mod scope;
mod signal_readers;
mod subtree;
mod watch;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Duration;

pub use frozen::let_go;
use scope::Ties;

use super::acting::signals::{Pin, Signals};
use super::own::signals as own_signals;
use super::process::process_ids::{self, ProcessIds};
use crate::model::acting::signal::Signal;
use crate::model::acting::standing::{Kinship, Standing};
use crate::model::acting::{Brief, Delivery, Progress, Scope, Target};
use crate::model::groups::refusal::Refusal;
use crate::model::id::{Pid, ProcId, ThreadId};
use crate::model::reading::{Missing, Reading};

/// So many targets are held at once at most; more are held one by one while they are signalled.
const HELD: usize = 256;

/// Those who are meant, held from the moment they were named.
#[derive(Debug)]
pub struct Hold {
    signals: Signals,
    chosen: Vec<ProcId>,
    scope: Scope,
    ties: Ties,
    held: Vec<Held>,
    /// Where a control group is meant: which directory that is, and everybody who lived then. Who was born since and is in
    /// it was born in it; who lived and was elsewhere is not meant.
    group: Option<Then>,
}

/// A control group and who lived when it was named.
#[derive(Debug)]
struct Then {
    directory: PathBuf,
    inode: u64,
    lived: HashSet<ProcId>,
}

/// One target and what holds it.
#[derive(Debug)]
struct Held {
    standing: Standing,
    pin: Reading<Pin>,
}

impl Held {
    fn target(&self) -> Target {
        Target {
            id: self.standing.id,
            thread: self.standing.thread,
        }
    }

    fn delivery(&self, sent: Reading<()>) -> Delivery {
        Delivery {
            to: self.target(),
            name: self.standing.name.clone(),
            sent,
        }
    }
}

impl Hold {
    /// Finds out who is meant and takes hold of them.
    pub fn take(
        signals: &Signals,
        chosen: &[ProcId],
        scope: Scope,
        thread: Option<ThreadId>,
    ) -> Self {
        let everybody = process_ids::all(signals.root());
        let ancestry = process_ids::ancestry(&everybody, signals.own());
        let ties = Ties::of(signals.root(), &everybody, chosen);
        let members = ties.members(&everybody, chosen, scope);
        let targets = members.into_iter().map(|id| Target {
            id,
            thread: thread.filter(|_| scope == Scope::Thread),
        });
        let group = ties.common().filter(|_| scope == Scope::Cgroup);
        let group = group.and_then(|(directory, _)| {
            Some(Then {
                inode: scope::inode(&directory)?,
                directory,
                lived: everybody.iter().map(|k| k.id).collect(),
            })
        });
        let mut hold = Self {
            signals: signals.clone(),
            group,
            chosen: chosen.to_vec(),
            scope,
            ties,
            held: Vec::new(),
        };
        for target in targets {
            hold.add(target, &ancestry);
        }
        hold.mark_orphans(&everybody);
        hold
    }

    /// Takes hold of one more.
    fn add(&mut self, target: Target, ancestry: &[ProcId]) {
        let pin = if self.held.len() < HELD {
            self.pin(target)
        } else {
            Err(Missing::Late)
        };
        // A pin that is taken only for a look tells whether the kernel would let us, and is dropped again.
        let looked = match &pin {
            Err(Missing::Late) => self.pin(target),
            _ => Err(Missing::Soon),
        };
        let seen = pin.as_ref().or(looked.as_ref()).map_err(|e| *e);
        let mut standing = standing::of(&self.signals, target, seen, ancestry);
        if standing.pinned.is_ok() {
            standing.pinned = pin.as_ref().map(|_| ()).map_err(|e| *e);
        }
        if standing.signals.is_ok() {
            standing.signalfds = standing::signalfds(self.signals.root(), target.id.pid);
        }
        self.held.push(Held { standing, pin });
    }

    fn pin(&self, target: Target) -> Reading<Pin> {
        match target.thread {
            Some(thread) => self.signals.pin_thread(target.id, thread),
            None => self.signals.pin(target.id),
        }
    }

    /// What a person is told before sending.
    pub fn brief(&self) -> Brief {
        let root = self.signals.root();
        let everybody = process_ids::all(root);
        let counts: Vec<(Scope, Reading<usize>)> = Scope::ALL
            .into_iter()
            .map(|s| (s, self.ties.count(root, &everybody, &self.chosen, s)))
            .collect();
        let threads = match self.chosen.as_slice() {
            [one] => standing::threads(root, *one),
            _ => Vec::new(),
        };
        Brief {
            scope: self.scope,
            at_once: self.ties.at_once(&everybody, &self.chosen, self.scope),
            counts,
            targets: self.standings(),
            threads,
            whole: self.whole(),
        }
    }

    /// Whether KILL ends all of the control group in one write, or why it does not; `None` where no such group is meant.
    fn whole(&self) -> Option<Result<(), String>> {
        if self.scope != Scope::Cgroup {
            return None;
        }
        let with_us = self.held.iter().any(|h| h.standing.kinship == Kinship::Own);
        match self.ties.one_by_one() {
            _ if with_us => Some(Err(Refusal::Ourselves.to_string())),
            Some(why) => Some(Err(why.to_string())),
            None => self.group.is_some().then_some(Ok(())),
        }
    }

    /// How those who are held stood when they were last looked at.
    pub fn standings(&self) -> Vec<Standing> {
        self.held.iter().map(|h| h.standing.clone()).collect()
    }

    /// Looks again at those who are held.
    pub fn look(&mut self) {
        let everybody = process_ids::all(self.signals.root());
        let ancestry = process_ids::ancestry(&everybody, self.signals.own());
        for held in &mut self.held {
            let pin = held.pin.as_ref().map_err(|e| *e);
            let now = standing::of(&self.signals, held.target(), pin, &ancestry);
            let known = std::mem::replace(&mut held.standing, now);
            // They were looked for once, which costs the more the more descriptors there are.
            held.standing.signalfds = known.signalfds;
            if held.pin.is_err() {
                held.standing.permitted = known.permitted;
            }
            if held.standing.pinned == Err(Missing::Gone) {
                held.standing.name = known.name;
                held.standing.uid = known.uid;
            }
        }
        self.mark_orphans(&everybody);
    }

    /// Notes whose process group nobody could continue.
    fn mark_orphans(&mut self, everybody: &[ProcessIds]) {
        for held in &mut self.held {
            let at = everybody.binary_search_by_key(&held.standing.id, |k| k.id);
            held.standing.orphaned =
                at.is_ok_and(|at| process_ids::orphaned(everybody, everybody[at].group));
        }
    }

    /// Sends a signal to everybody who is held and watches them for at most `watch`; `tell` hears what happens as it happens.
    ///
    /// Every target is tried, whatever became of the one before. Signals to ourselves wait until all is sent and was told.
    pub fn send(&mut self, signal: Signal, watch: Duration, tell: &mut dyn FnMut(Progress)) {
        let shield = own_signals::shield();
        let deliveries = match self.scope {
            Scope::Subtree => subtree::send(self, signal),
            Scope::Group => self.send_group(signal),
            Scope::Cgroup if signal == Signal::KILL => self.kill_cgroup(),
            _ => self.send_each(signal),
        };
        let sent: Vec<bool> = deliveries.iter().map(|d| d.sent.is_ok()).collect();
        tell(Progress::Sent { signal, deliveries });
        drop(shield);
        watch::until_settled(self, signal, &sent, watch, tell);
    }

    /// One after the other, ourselves last.
    fn send_each(&self, signal: Signal) -> Vec<Delivery> {
        self.send_in_order(signal, 0..self.held.len(), |_| {})
    }

    /// One after the other in this order, ourselves last; `sent_to` hears of each before the next one's turn.
    fn send_in_order(
        &self,
        signal: Signal,
        order: impl Iterator<Item = usize>,
        sent_to: impl Fn(ProcId),
    ) -> Vec<Delivery> {
        let mut sent = vec![Err(Missing::Soon); self.held.len()];
        let own = |i: &usize| self.held[*i].standing.kinship == Kinship::Own;
        let (last, first): (Vec<usize>, Vec<usize>) = order.partition(own);
        for i in first.into_iter().chain(last) {
            sent[i] = self.send_one(&self.held[i], signal);
            sent_to(self.held[i].standing.id);
        }
        let both = self.held.iter().zip(sent);
        both.map(|(held, sent)| held.delivery(sent)).collect()
    }

    /// Sends to one, who is held or else is taken hold of for this moment.
    fn send_one(&self, held: &Held, signal: Signal) -> Reading<()> {
        if held.standing.kernel_thread {
            return Err(Missing::Unsupported);
        }
        match &held.pin {
            Ok(pin) => self.signals.send(pin, signal),
            Err(Missing::Late) => {
                let pin = self.pin(held.target())?;
                self.signals.send(&pin, signal)
            }
            Err(why) => Err(*why),
        }
    }

    /// All of a process group in one call, so that nobody can be born between two; one by one where we are of it ourselves.
    fn send_group(&self, signal: Signal) -> Vec<Delivery> {
        let with_us = self.held.iter().any(|h| h.standing.kinship == Kinship::Own);
        let living = |h: &&Held| h.standing.pinned.is_ok();
        let held = self.held.iter().filter(living);
        let member = held.into_iter().find_map(|h| h.pin.as_ref().ok());
        let (Some(member), [group], false) = (member, self.ties.groups.as_slice(), with_us) else {
            return self.send_each(signal);
        };
        match self.signals.send_group(member, *group, signal) {
            Ok(()) => self.assume_sent(),
            Err(_) => self.send_each(signal),
        }
    }

    /// All of a control group in one write, which also ends whoever is born meanwhile; one by one where somebody is in it
    /// who lived before and was elsewhere, since that one is not meant.
    fn kill_cgroup(&mut self) -> Vec<Delivery> {
        let with_us = self.held.iter().any(|h| h.standing.kinship == Kinship::Own);
        let (Some((directory, within)), false) = (self.ties.common(), with_us) else {
            return self.send_each(Signal::KILL);
        };
        let ended: BTreeSet<ProcId> = self
            .held
            .iter()
            .filter(|h| h.pin.as_ref().is_ok_and(|pin| pidfd::has_ended(pin.fd())))
            .map(|h| h.standing.id)
            .collect();
        let strangers = self.join(within);
        if strangers || self.signals.kill_cgroup(&directory).is_err() {
            return self.send_each(Signal::KILL);
        }
        let done = |h: &Held| {
            if ended.contains(&h.standing.id) {
                Err(Missing::Gone)
            } else {
                Ok(())
            }
        };
        self.held.iter().map(|h| h.delivery(done(h))).collect()
    }

    /// Takes hold of those of a group who were born of them who are held; says whether others are in it as well.
    fn join(&mut self, mut group: BTreeSet<Pid>) -> bool {
        for held in &self.held {
            group.remove(&held.standing.id.pid);
        }
        if group.is_empty() {
            return false;
        }
        let everybody = self.everybody();
        self.enlarge(&everybody, |born| group.contains(&born.pid));
        for held in &self.held {
            group.remove(&held.standing.id.pid);
        }
        self.join_born_within(&everybody, &mut group);
        // Who has ended since is nobody any more; those of other namespaces all stand there as 0.
        group.retain(|pid| pid.0 == 0 || everybody.iter().any(|k| k.id.pid == *pid));
        !group.is_empty()
    }

    /// Takes hold of those of a group who lost their parents and were born since it was named: they were born in it.
    fn join_born_within(&mut self, everybody: &[ProcessIds], group: &mut BTreeSet<Pid>) {
        let Some(then) = &self.group else { return };
        if scope::inode(&then.directory) != Some(then.inode) {
            return;
        }
        let within = self.ties.in_groups();
        let born = everybody.iter().filter(|k| {
            group.contains(&k.id.pid) && within.contains(&k.id.pid) && !then.lived.contains(&k.id)
        });
        let born: Vec<ProcId> = born.map(|k| k.id).collect();
        let ancestry = process_ids::ancestry(everybody, self.signals.own());
        for id in born {
            group.remove(&id.pid);
            self.add(Target { id, thread: None }, &ancestry);
        }
    }

    /// Takes hold of descendants that were not there before, of those who are `meant`; says whether there were any.
    fn enlarge(&mut self, everybody: &[ProcessIds], meant: impl Fn(&ProcId) -> bool) -> bool {
        let known: HashSet<ProcId> = self.held.iter().map(|h| h.standing.id).collect();
        let roots: Vec<ProcId> = self.held.iter().map(|h| h.standing.id).collect();
        let now = process_ids::subtree(everybody, &roots).into_iter();
        let new: Vec<ProcId> = now.filter(|id| !known.contains(id) && meant(id)).collect();
        let ancestry = process_ids::ancestry(everybody, self.signals.own());
        for id in &new {
            let target = Target {
                id: *id,
                thread: None,
            };
            self.add(target, &ancestry);
        }
        !new.is_empty()
    }

    /// What one call for all did to each: the kernel had said before whom it lets us signal.
    fn assume_sent(&self) -> Vec<Delivery> {
        let each = |h: &Held| h.delivery(h.standing.permitted);
        self.held.iter().map(each).collect()
    }

    fn everybody(&self) -> Vec<ProcessIds> {
        process_ids::all(self.signals.root())
    }
}

#[cfg(test)]
mod tests;
