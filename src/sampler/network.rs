//! The network of this machine for view 5 and the tab Sockets: interfaces, routes, sockets with their holders, throughput.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::descriptors::joined::shared::{self, Shared};
use crate::model::descriptors::peer::{HolderIndex, Object, Tables};
use crate::model::descriptors::socket::Inet;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::network::ledger::{Heard, Ledger};
use crate::model::network::traffic::{self, Carried};
use crate::model::network::{Connection, Foreign, Interface, Network};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::network::names::NameReader;
use crate::sys::network::netlink::Netlink;
use crate::sys::network::sock_diag::endings::SocketEnds;
use crate::sys::network::{interfaces, links, namespace, routes};
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// How many holders of one socket are named.
const NAMED: usize = 4;

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
    /// Sockets to the interfaces of our namespace, and of that of the process in focus.
    here: Option<Netlink>,
    there: Option<(u64, Option<Netlink>)>,
    took_ms: u64,
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
            here: None,
            there: None,
            took_ms: 0,
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
        self.shared.with(budget, None, |index, tables| {
            network.connections = connections(index, tables);
            network.hidden = index.hidden();
            let hiding = index.holders.iter().filter(|h| h.ends.is_err());
            network.hiding = hiding.map(|h| h.id).collect();
            let holder = index.holders.iter().find(|h| Some(h.id.pid) == focus);
            let ends = holder.map_or(Err(Missing::Soon), |h| h.ends.as_ref().map_err(|why| *why));
            network.focus = ends.map(|_| ());
            at = tables.at;
            places = namespaces(index);
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
        network.foreign = focus.and_then(|pid| self.foreign(pid));
        self.rate(&mut network);
        Ok(network)
    }

    /// Begins to hear of connections that end.
    fn listen(&mut self) {
        if self.endings.is_some() {
            return;
        }
        self.endings = Some(if self.root.is_live() {
            SocketEnds::open(self.shared.namespace()).map_err(|_| Missing::Unsupported)
        } else {
            Err(Missing::Unsupported)
        });
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

/// Every TCP and UDP socket with those who hold it.
fn connections(index: &HolderIndex, tables: &Tables) -> Vec<Connection> {
    let mut holders: HashMap<u64, Vec<(ProcId, SafeText, u32)>> = HashMap::new();
    for holder in &index.holders {
        for end in holder.ends.iter().flat_map(|ends| ends.iter()) {
            if let Object::Socket(inode) = end.object {
                let held = (holder.id, holder.name.clone(), end.fd);
                holders.entry(inode).or_default().push(held);
            }
        }
    }
    let with_holders = |inet: &Inet| {
        let mut held = match inet.inode {
            0 => Vec::new(),
            inode => holders.get(&inode).cloned().unwrap_or_default(),
        };
        let more = held.len().saturating_sub(NAMED);
        held.truncate(NAMED);
        Connection {
            inet: inet.clone(),
            holders: held,
            more,
            was: None,
            rates: Err(Missing::Soon),
        }
    };
    tables.inet.iter().map(with_holders).collect()
}

impl Source<Detail> for Networks {
    fn name(&self) -> &'static str {
        "network"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["sock_diag", "machine"])
    }

    fn fills(&self) -> Needs {
        Needs::NETWORK | Needs::SOCKETS
    }

    fn pace_ms(&self) -> u64 {
        shared::pace(self.took_ms, self.whole)
    }

    fn rest(&mut self) {
        // While it is open, every connection of the machine that ends costs a little.
        self.endings = None;
        self.ledger = Ledger::default();
        self.counted.clear();
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let began = Instant::now();
        let focus = plan.focus.filter(|_| plan.needs.contains(Needs::SOCKETS));
        let network = self.network(shared::BUDGET, focus.map(|id| id.pid))?;
        self.took_ms = began.elapsed().as_millis() as u64;
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
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    #[test]
    fn a_connection_of_ours_is_found_with_what_it_moved() {
        let Ok(listener) = std::net::TcpListener::bind("127.0.0.1:0") else {
            println!("skipped: no loopback here");
            return;
        };
        let to = listener.local_addr().expect("its address");
        let mut client = std::net::TcpStream::connect(to).expect("a client");
        let (mut server, _) = listener.accept().expect("a connection");
        let root = ProcRoot::live();
        let mut networks = Networks::new(&root, Shared::new(&root));
        networks
            .network(Duration::from_mins(1), None)
            .expect("a reading");
        client.write_all(&[1; 10_000]).expect("sent");
        server.read_exact(&mut [0; 10_000]).expect("received");
        networks.shared.expire();
        let network = networks
            .network(Duration::from_mins(1), None)
            .expect("a reading");
        let pid = std::process::id();
        let mine = |c: &&Connection| c.holders.iter().any(|(id, ..)| id.pid.0 == pid);
        let found: Vec<_> = network
            .connections
            .iter()
            .filter(mine)
            .filter(|c| c.inet.local.port() == to.port() || c.inet.remote.port() == to.port())
            .collect();
        assert_eq!(found.len(), 3, "listener and both ends");
        let far = found.iter().find(|c| c.inet.remote.port() == to.port());
        match far.map(|c| c.rates) {
            Some(Ok(rates)) => assert!(rates.sent > 0.0),
            _ => println!("skipped: this kernel tells nothing of TCP"),
        }
        let listener = network.listeners().into_iter().find(|c| c.inet.local == to);
        assert_eq!(
            listener.map(|c| crate::model::network::reach(&c.inet)),
            Some("only this machine")
        );
    }

    #[test]
    fn short_connections_belong_to_their_listener() {
        let Ok(listener) = std::net::TcpListener::bind("127.0.0.1:0") else {
            println!("skipped: no loopback here");
            return;
        };
        let to = listener.local_addr().expect("its address");
        let root = ProcRoot::live();
        let mut networks = Networks::new(&root, Shared::new(&root));
        let mut read = || {
            networks.shared.expire();
            networks
                .network(Duration::from_mins(1), None)
                .expect("a reading")
        };
        read();
        for _ in 0..20 {
            let mut client = std::net::TcpStream::connect(to).expect("a client");
            let (mut server, _) = listener.accept().expect("a connection");
            client.write_all(&[1; 10_000]).expect("sent");
            drop(client);
            server.read_to_end(&mut Vec::new()).expect("received");
        }
        let pid = std::process::id();
        let (mut ended, mut received) = (0, 0.0);
        while ended < 20 {
            let network = read();
            if let Err(why) = network.short {
                println!("skipped: {why}");
                return;
            }
            let us = |t: &&traffic::Talker| t.who.as_ref().is_some_and(|(id, _)| id.pid.0 == pid);
            for us in network.talkers.iter().filter(us) {
                ended += us.ended;
                received += us.of_ended.received * network.span.seconds();
            }
        }
        assert!(received > 0.0);
        networks.rest();
        assert!(networks.endings.is_none());
    }
}
