//! The network of this machine for view 5 and the tab Sockets: interfaces, routes, sockets with their holders, throughput.

use std::collections::HashMap;
use std::time::Duration;

use super::descriptors::joined::shared::{self, Shared};
use crate::model::descriptors::peer::{HolderIndex, Join, Note, Object, Peers, Tables};
use crate::model::descriptors::socket::Inet;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Nanos, Pid, ProcId};
use crate::model::network::ledger::{Heard, Ledger};
use crate::model::network::traffic::{self, Carried};
use crate::model::network::{Connection, Foreign, Interface, Network, Rates};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::network::datagrams::Datagrams;
use crate::sys::network::names::NameReader;
use crate::sys::network::netlink::Netlink;
use crate::sys::network::sock_diag::endings::SocketEnds;
use crate::sys::network::{interfaces, links, namespace, routes};
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// How many holders of one socket are named.
const NAMED: usize = 4;

/// Received and sent.
type Bytes2 = (u64, u64);

/// Reads the network.
pub struct Networks {
    root: ProcRoot,
    shared: Shared,
    names: NameReader,
    ledger: Ledger,
    /// Of each interface by namespace and name: when it was read, and what it had moved.
    counted: HashMap<(u64, SafeText), (Nanos, Carried)>,
    /// Open while somebody looks.
    endings: Option<Reading<SocketEnds>>,
    /// Counts while somebody looks.
    datagrams: Option<Reading<Datagrams>>,
    /// When datagrams were counted last, and how many bytes by process.
    counted_datagrams: Option<(Nanos, HashMap<Pid, Bytes2>)>,
    /// Sockets to the interfaces of our namespace, and of that of the process in focus.
    here: Option<Netlink>,
    there: Option<(u64, Option<Netlink>)>,
    /// Whether every process was looked at once.
    whole: bool,
}

impl Networks {
    /// Over a index that other sources use too.
    pub fn new(root: &ProcRoot, shared: Shared) -> Self {
        Self {
            root: root.clone(),
            shared,
            names: NameReader::new(root),
            ledger: Ledger::default(),
            counted: HashMap::new(),
            endings: None,
            datagrams: None,
            counted_datagrams: None,
            here: None,
            there: None,
            whole: false,
        }
    }

    /// Reads everything once, also the namespace of `focus` where that is another one; rates need a second call.
    ///
    /// # Errors
    /// Where `/proc/net/dev` cannot be read.
    pub fn network(&mut self, budget: Duration, focus: Option<Pid>) -> Result<Network, Error> {
        // Before the tables, so that no connection ends unheard between the two.
        self.listen();
        let ours = self.shared.namespace();
        let mut network = Network {
            interfaces: self.interfaces()?,
            routes: routes::read(&self.root, "net"),
            resolvers: routes::resolvers(&self.root),
            names: self.names.read(),
            namespace: ours,
            ..Network::default()
        };
        let mut at = Nanos(0);
        let mut places: Vec<(u64, Pid)> = Vec::new();
        let mut who: HashMap<Pid, ProcId> = HashMap::new();
        self.shared.with(budget, None, |index, tables| {
            network.connections = connections(index, tables);
            network.hidden = index.hidden();
            network.unlisted = index.unlisted;
            let hiding = index.holders.iter().filter(|h| h.ends.is_err());
            network.hiding = hiding.map(|h| h.id).collect();
            let holder = index.holders.iter().find(|h| Some(h.id.pid) == focus);
            let ends = holder.map_or(Err(Missing::Soon), |h| h.ends.as_ref().map_err(|why| *why));
            network.focus = ends.map(|_| ());
            at = tables.at;
            places = namespaces(index);
            who = index.holders.iter().map(|h| (h.id.pid, h.id)).collect();
        });
        network.complete = self.shared.complete();
        if network
            .connections
            .iter()
            .any(|c| network.elsewhere(&c.inet).is_some())
        {
            network.namespaces = namespace::names(&self.root);
        }
        let heard = self.heard(&places);
        let settled = self.ledger.settle(at, &mut network.connections, heard);
        network.span = self.ledger.span();
        network.short = settled.short;
        network.talkers = traffic::talkers(&network.connections, settled);
        network.datagrams = self.datagrams(&who);
        network.foreign = focus.and_then(|pid| self.foreign(pid));
        self.rate(&mut network);
        Ok(network)
    }

    /// Begins to hear of connections that end.
    fn listen(&mut self) {
        if self.datagrams.is_none() {
            self.datagrams = Some(if self.root.is_live() {
                Datagrams::begin(&self.root).map_err(|refused| Missing::from(&refused.error))
            } else {
                Err(Missing::Unsupported)
            });
        }
        if self.endings.is_some() {
            return;
        }
        self.endings = Some(if self.root.is_live() {
            SocketEnds::open(self.shared.namespace()).map_err(|_| Missing::Unsupported)
        } else {
            Err(Missing::Unsupported)
        });
    }

    /// What everybody moved over UDP since this was asked last.
    fn datagrams(&mut self, who: &HashMap<Pid, ProcId>) -> Reading<Vec<(ProcId, Rates)>> {
        let counting = match &self.datagrams {
            Some(Ok(counting)) => counting,
            Some(Err(why)) => return Err(*why),
            None => return Err(Missing::Soon),
        };
        let now = clock::now();
        let counts = counting.read(|pid| !who.contains_key(&pid));
        let counts = counts.map_err(|why| Missing::from(&why))?;
        let before = self.counted_datagrams.replace((now, counts.clone()));
        let (at, before) = before.ok_or(Missing::Soon)?;
        let span = now.since(at);
        let rates = |(pid, (received, sent)): (Pid, Bytes2)| {
            let id = *who.get(&pid)?;
            let old = before.get(&pid).copied().unwrap_or_default();
            let moved = |(received, sent): Bytes2| (Bytes(received), Bytes(sent));
            let rates = traffic::rates(Some(moved(old)), moved((received, sent)), span).ok()?;
            (rates.sum() > 0.0).then_some((id, rates))
        };
        Ok(counts.into_iter().filter_map(rates).collect())
    }

    fn heard(&mut self, places: &[(u64, Pid)]) -> Reading<Heard> {
        let endings = match &mut self.endings {
            Some(Ok(endings)) => endings,
            Some(Err(why)) => return Err(*why),
            None => return Err(Missing::Soon),
        };
        for (namespace, pid) in places {
            endings.also(&self.root, *pid, *namespace);
        }
        endings.take()
    }

    fn interfaces(&mut self) -> Result<Vec<Interface>, Error> {
        if self.root.is_live() {
            if self.here.is_none() {
                self.here = links::open().ok();
            }
            if let Some(Ok(mut all)) = self.here.as_mut().map(links::read) {
                let names: Vec<SafeText> = all.iter().map(|i| i.name.clone()).collect();
                let names = names.iter().map(|name| name.as_bytes());
                let told = interfaces::speeds(&self.root, names);
                for (interface, speed) in all.iter_mut().zip(told) {
                    interface.speed = speed;
                }
                return Ok(all);
            }
            self.here = None;
        }
        interfaces::read(&self.root)
    }

    /// The surroundings of a process, where they are not ours.
    fn foreign(&mut self, pid: Pid) -> Option<Foreign> {
        // Where it is hidden which one it is, nothing can be said of it.
        let namespace = namespace::of(&self.root, pid).ok()?;
        if namespace == self.shared.namespace() {
            self.there = None;
            return None;
        }
        if self.there.as_ref().is_none_or(|(of, _)| *of != namespace) {
            let opened = namespace::inside(&self.root, pid, namespace, links::open);
            self.there = Some((namespace, opened.ok()));
        }
        let link = self.there.as_mut().and_then(|(_, link)| link.as_mut());
        let interfaces = match link.map(links::read) {
            Some(Ok(all)) => Ok(all),
            _ => interfaces::from_outside(&self.root, pid),
        };
        Some(Foreign {
            namespace,
            interfaces,
            routes: routes::read(&self.root, &format!("{pid}/net")),
        })
    }

    /// Puts rates beside the counters of interfaces, against the reading before, and keeps this one.
    fn rate(&mut self, network: &mut Network) {
        let now = clock::now();
        let before = std::mem::take(&mut self.counted);
        let ours = network
            .interfaces
            .iter_mut()
            .map(|i| (network.namespace, i));
        let foreign = network.foreign.iter_mut().flat_map(|f| {
            let namespace = f.namespace;
            let all = f.interfaces.iter_mut().flatten();
            all.map(move |i| (namespace, i))
        });
        for (namespace, interface) in ours.chain(foreign) {
            let moved = (interface.counters.received, interface.counters.sent);
            let key = (namespace, interface.name.clone());
            let old = before.get(&key);
            let span = old.map_or(Nanos(0), |(at, _)| now.since(*at));
            interface.rates = traffic::rates(old.map(|(_, moved)| *moved), moved, span);
            self.counted.insert(key, (now, moved));
        }
    }
}

/// The network namespaces that processes live in, each with one of them.
fn namespaces(index: &HolderIndex) -> Vec<(u64, Pid)> {
    let mut out: HashMap<u64, Pid> = HashMap::new();
    for holder in index.holders.iter().filter(|h| h.namespace != 0) {
        out.entry(holder.namespace).or_insert(holder.id.pid);
    }
    out.into_iter().collect()
}

/// Every TCP and UDP socket with those who hold it, and who is at its other end.
fn connections(index: &HolderIndex, tables: &Tables) -> Vec<Connection> {
    let join = Join::of_sockets(index, tables);
    let with_holders = |inet: &Inet| {
        let object = Object::Socket(inet.inode);
        let held = match inet.inode {
            0 => &[],
            _ => join.holders(&object),
        };
        let first = held.first();
        let (of, fd) = first.map_or((ProcId::default(), u32::MAX), |p| (p.holder.id, p.fd));
        let mut peers = match inet.inode {
            0 => Peers::default(),
            _ => join.peers(of, fd, None, &object),
        };
        if peers.note == Some(Note::Elsewhere) {
            peers.note = None;
        }
        let named = held.iter().take(NAMED);
        Connection {
            inet: inet.clone(),
            holders: named
                .map(|p| (p.holder.id, p.holder.name.clone(), p.fd))
                .collect(),
            more: held.len().saturating_sub(NAMED),
            was: None,
            rates: Err(Missing::Soon),
            peers,
        }
    };
    tables.inet.iter().map(with_holders).collect()
}

impl Source<Detail> for Networks {
    fn name(&self) -> &'static str {
        "network"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["sock_diag", "machine", "udp"])
    }

    fn fills(&self) -> Needs {
        Needs::NETWORK | Needs::SOCKETS
    }

    fn pace_ms(&self) -> u64 {
        shared::pace(self.whole)
    }

    fn share(&self) -> u64 {
        shared::share(self.whole)
    }

    fn rest(&mut self) {
        // While it is open, every connection of the machine that ends costs a little.
        self.endings = None;
        self.datagrams = None;
        self.counted_datagrams = None;
        self.ledger = Ledger::default();
        self.counted.clear();
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let focus = plan.focus.filter(|_| plan.needs.contains(Needs::SOCKETS));
        let network = self.network(shared::BUDGET, focus.map(|id| id.pid))?;
        self.whole = network.complete;
        into.machine.network = Some(Stamped::new(clock::now(), Ok(network)));
        Ok(())
    }

    fn lack(&self, why: Missing, into: &mut Detail) {
        if into
            .machine
            .network
            .as_ref()
            .is_none_or(|n| n.value.is_err())
        {
            into.machine.network = Some(Stamped::new(into.at, Err(why)));
        }
    }
}

#[cfg(test)]
mod tests;
