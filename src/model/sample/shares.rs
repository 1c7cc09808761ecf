//! What processes use of what is not counted for them by the kernel: the network, as their sockets count it, graphics cards,
//! system calls. It is read beside the table, at a pace of its own, so it is at most a few seconds old.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::groups::frozen::Frozen;
use crate::model::groups::unit::Names;
use crate::model::id::ProcId;
use crate::model::machine::gpu::Gpus;
use crate::model::network::traffic::Rates;
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::call_rates::CallRates;
use crate::model::snapshot::Proc;
use crate::model::text::SafeText;

/// What was found beside the table last.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// What everybody moves over the network.
    pub traffic: Reading<Traffic>,
    /// What containers are called.
    pub names: Arc<Names>,
    /// The paths of all control groups, a group before its parts; empty where nobody shows them.
    pub groups: Arc<[SafeText]>,
    /// Which of them are frozen, and who with them; nobody where nobody shows groups.
    pub frozen: Arc<Frozen>,
    /// What graphics cards tell of their users.
    pub gpus: Reading<Arc<Gpus>>,
    /// How many system calls everybody makes.
    pub calls: Reading<Arc<CallRates>>,
    /// Why what nobody has read is not there.
    pub unread: Missing,
}

/// Throughput by process: of TCP, and of UDP where that is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Of those who move something, or have connections.
    pub by: HashMap<ProcId, Rates>,
    /// Whether UDP is among it, or why not.
    pub datagrams: Reading<()>,
    /// Of whom it is not known, ascending: who hides its descriptors from this user, and who has UDP alone where nobody counts that.
    pub hidden: Vec<ProcId>,
    /// Whether the descriptors of everybody else have been read.
    pub complete: bool,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            by: HashMap::new(),
            datagrams: Err(Missing::Soon),
            hidden: Vec::new(),
            complete: false,
        }
    }
}

impl Default for Shares {
    fn default() -> Self {
        Self::unread(Missing::Soon)
    }
}

impl Shares {
    /// Whether a process stands still with its control group, as far as somebody shows groups; who has ended does not.
    pub fn stands_still(&self, proc: &Proc) -> bool {
        let over = matches!(proc.stat.state, State::Zombie | State::Dead);
        !over && self.frozen.has(proc.id.pid)
    }

    /// Of which nothing was read, for this reason.
    pub fn unread(why: Missing) -> Self {
        Self {
            traffic: Err(why),
            names: Arc::default(),
            groups: Arc::default(),
            frozen: Arc::default(),
            gpus: Err(why),
            calls: Err(why),
            unread: why,
        }
    }

    /// What a process uses of all cards: percent of one card's time, and bytes of their memory.
    pub fn gpu_of(&self, id: ProcId) -> (Reading<f64>, Reading<f64>) {
        match &self.gpus {
            Ok(gpus) => {
                let (busy, memory) = gpus.of(id.pid);
                (
                    busy.map_err(|why| self.why(why)),
                    memory.map_err(|why| self.why(why)),
                )
            }
            Err(why) => (Err(*why), Err(*why)),
        }
    }

    /// System calls a second of a process.
    ///
    /// # Errors
    /// `Denied` where programs may not run in the kernel, `Soon` until there are two readings.
    pub fn calls_of(&self, id: ProcId) -> Reading<f64> {
        let calls = self.calls.as_ref().map_err(|why| *why)?;
        calls.of(id).map_err(|why| self.why(why))
    }

    /// What a process moves over the network; nothing where it is known to have no connections.
    ///
    /// # Errors
    /// `Denied` where its descriptors are hidden from this user, `Soon` until they have been read.
    pub fn traffic_of(&self, id: ProcId) -> Reading<Rates> {
        let traffic = self.traffic.as_ref().map_err(|why| *why)?;
        match traffic.by.get(&id) {
            Some(rates) => Ok(*rates),
            None if traffic.hidden.binary_search(&id).is_ok() => Err(Missing::Denied),
            None if traffic.complete => Ok(Rates::default()),
            None => Err(self.unread),
        }
    }

    /// A reason as it is of what is told here: nothing is to come of what was kept.
    fn why(&self, why: Missing) -> Missing {
        if why.is_unread() { self.unread } else { why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_those_who_hide_what_they_hold() {
        let id = |pid| ProcId::new(pid, 1);
        let rates = Rates {
            received: 5.0,
            sent: 7.0,
        };
        let mut traffic = Traffic {
            by: HashMap::from([(id(1), rates)]),
            hidden: vec![id(2)],
            ..Traffic::default()
        };
        let of = |traffic: &Traffic, pid| {
            let shares = Shares {
                traffic: Ok(traffic.clone()),
                ..Shares::default()
            };
            shares.traffic_of(id(pid))
        };
        assert_eq!(of(&traffic, 1), Ok(rates));
        assert_eq!(of(&traffic, 2), Err(Missing::Denied));
        assert_eq!(of(&traffic, 3), Err(Missing::Soon));
        traffic.complete = true;
        assert_eq!(of(&traffic, 3), Ok(Rates::default()));
        assert_eq!(Shares::default().traffic_of(id(1)), Err(Missing::Soon));
    }
}
