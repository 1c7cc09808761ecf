//! The network of this machine for view 5 and the tab Sockets: interfaces, routes, sockets with their holders, throughput.

pub mod interfaces;
pub mod routes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::clock;
use super::descriptors::shared::{self, Shared};
use super::fields;
use super::root::ProcRoot;
use super::source::{Error, Source};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::network::traffic::{self, Moved};
use crate::model::network::{Connection, Network, Route};
use crate::model::peer::{Census, Object, Tables};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::socket::Inet;
use crate::model::socket::address::Services;
use crate::model::text::SafeText;

const PACE_MS: u64 = 1000;
/// A reading takes at most this share of the time: one part in so many.
const SHARE: u64 = 20;
/// How many holders of one socket are named.
const NAMED: usize = 4;

/// Reads the network.
pub struct Networks {
    root: ProcRoot,
    shared: Shared,
    services: Arc<Services>,
    before: Option<Before>,
    took_ms: u64,
}

/// The counters of the reading before.
struct Before {
    /// When the socket tables were read, and when the interfaces were.
    at: (Nanos, Nanos),
    sockets: HashMap<u64, Moved>,
    interfaces: HashMap<SafeText, Moved>,
}

impl Networks {
    /// Over a census that other sources use too.
    pub fn new(root: &ProcRoot, shared: Shared) -> Self {
        let text = std::fs::read(root.etc("services")).unwrap_or_default();
        Self {
            root: root.clone(),
            shared,
            services: Arc::new(Services::parse(&text)),
            before: None,
            took_ms: 0,
        }
    }

    /// Reads everything once; rates need a second call.
    ///
    /// # Errors
    /// Where `/proc/net/dev` cannot be read.
    pub fn network(&mut self, budget: std::time::Duration) -> Result<Network, Error> {
        let counted = clock::now();
        let mut network = Network {
            interfaces: interfaces::read(&self.root)?,
            routes: self.routes(),
            resolvers: self.resolvers(),
            services: Arc::clone(&self.services),
            namespace: self.shared.namespace(),
            ..Network::default()
        };
        let mut now = Nanos(0);
        self.shared.with(budget, None, |census, tables| {
            network.connections = connections(census, tables);
            network.hidden = census.hidden();
            now = tables.at;
        });
        self.rate((now, counted), &mut network);
        network.talkers = traffic::talkers(&network.connections);
        Ok(network)
    }

    /// Puts rates beside the counters, against the reading before, and keeps this one.
    fn rate(&mut self, now: (Nanos, Nanos), network: &mut Network) {
        let before = self.before.take();
        let spans = before.as_ref().map_or((Nanos(0), Nanos(0)), |b| {
            (now.0.since(b.at.0), now.1.since(b.at.1))
        });
        let mut kept = Before {
            at: now,
            sockets: HashMap::new(),
            interfaces: HashMap::new(),
        };
        for interface in &mut network.interfaces {
            let moved = (interface.counters.received, interface.counters.sent);
            let old = before
                .as_ref()
                .and_then(|b| b.interfaces.get(&interface.name));
            interface.rates = traffic::rates(old.copied(), moved, spans.1);
            kept.interfaces.insert(interface.name.clone(), moved);
        }
        for connection in &mut network.connections {
            let Some(moved) = moved(&connection.inet) else {
                continue;
            };
            let old = before.as_ref().map(|b| {
                // One that was not there before has moved all it moved since.
                let old = b.sockets.get(&connection.inet.cookie);
                old.copied().unwrap_or_default()
            });
            connection.rates = traffic::rates(old, moved, spans.0);
            kept.sockets.insert(connection.inet.cookie, moved);
        }
        self.before = Some(kept);
    }

    fn routes(&self) -> Vec<Route> {
        let read = |file| std::fs::read(self.root.proc(file)).unwrap_or_default();
        let mut out = routes::v4(&read("net/route"));
        out.extend(routes::v6(&read("net/ipv6_route")));
        out
    }

    /// The servers in `/etc/resolv.conf`: `nameserver 10.255.255.53`.
    fn resolvers(&self) -> Vec<SafeText> {
        let text = std::fs::read(self.root.etc("resolv.conf")).unwrap_or_default();
        let server = |line: &[u8]| {
            let mut words = fields::words(line);
            (words.next()? == b"nameserver").then(|| words.next().map(SafeText::from_bytes))?
        };
        fields::lines(&text).filter_map(server).collect()
    }
}

fn moved(inet: &Inet) -> Option<Moved> {
    let tcp = inet.tcp.as_ref().filter(|_| inet.cookie != 0)?;
    Some((tcp.received, tcp.acked))
}

/// Every TCP and UDP socket with those who hold it.
fn connections(census: &Census, tables: &Tables) -> Vec<Connection> {
    let mut holders: HashMap<u64, Vec<(ProcId, SafeText, u32)>> = HashMap::new();
    for holder in &census.holders {
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
            rates: Err(Missing::Soon),
        }
    };
    tables.inet.iter().map(with_holders).collect()
}

impl Source<Detail> for Networks {
    fn name(&self) -> &'static str {
        "network"
    }

    fn fills(&self) -> Needs {
        Needs::NETWORK | Needs::SOCKETS
    }

    fn pace_ms(&self) -> u64 {
        PACE_MS.max(self.took_ms * SHARE)
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let began = Instant::now();
        let network = self.network(shared::BUDGET)?;
        self.took_ms = began.elapsed().as_millis() as u64;
        into.machine.network = Some(Stamped::new(clock::now(), Ok(network)));
        Ok(())
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
        networks.network(Duration::from_mins(1)).expect("a reading");
        client.write_all(&[1; 10_000]).expect("sent");
        server.read_exact(&mut [0; 10_000]).expect("received");
        networks.shared.expire();
        let network = networks.network(Duration::from_mins(1)).expect("a reading");
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
}
