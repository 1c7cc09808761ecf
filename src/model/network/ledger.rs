//! What each TCP connection has moved, from one reading to the next, those that ended in between counted too.
//!
//! Pure: it is told what the kernel's table and the kernel's notices of ended connections say.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use super::Connection;
use super::traffic::{Carried, Rates, rates};
use crate::model::descriptors::socket::{Inet, Protocol, State};
use crate::model::id::{Bytes, Nanos, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// A TCP connection that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The network namespace it lived in.
    pub namespace: u64,
    /// The kernel's number of it.
    pub cookie: u64,
    /// Its end on this machine.
    pub local: SocketAddr,
    /// What it moved in its whole life.
    pub moved: Carried,
}

/// What was heard of ended connections since the reading before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Until when, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// Who ended.
    pub ended: Vec<Ended>,
    /// The kernel told of more than there was room for.
    pub missed: bool,
}

/// Connections that ended between two readings and belong to nobody that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Short {
    /// What they moved.
    pub rates: Rates,
    /// How many they were.
    pub connections: usize,
    /// More have ended than the kernel could tell: the figures are too low.
    pub missed: bool,
}

/// What ended connections moved, by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Of those whose holder is known, or is known to be hidden (`None`): how many, and what they moved.
    pub by: HashMap<Option<ProcId>, (Holder, usize, Rates)>,
    /// Of nobody that is known; why that is not told.
    pub short: Reading<Short>,
}

/// A process and its name; `None` where it is not visible.
pub type Holder = Option<(ProcId, SafeText)>;

/// What is remembered of a connection.
#[derive(Clone, Debug)]
struct Account {
    moved: Carried,
    who: Holder,
    /// In which round it was in the table last.
    round: u64,
}

/// For so many rounds an account stays open of which nothing is heard: a table may miss a connection once.
const PATIENCE: u64 = 3;

/// The accounts of all connections.
#[derive(Debug, Default)]
pub struct Ledger {
    /// When the table was read, and until when endings were heard.
    at: Option<(Nanos, Option<Nanos>)>,
    span: Nanos,
    round: u64,
    accounts: HashMap<u64, Account>,
    /// The namespaces whose table was known at the reading before: in a new one everything looks new.
    namespaces: HashSet<u64>,
    /// Heard while the table stood still.
    pending: Vec<Ended>,
    missed: bool,
}

impl Ledger {
    /// Puts rates beside the connections of a table read at `at`, and settles what those moved that have ended.
    ///
    /// `heard` must reach from the last call until after the table was read, so that nothing falls between the two.
    pub fn settle(
        &mut self,
        at: Nanos,
        connections: &mut [Connection],
        heard: Reading<Heard>,
    ) -> Settled {
        let heard = heard.map(|mut heard| {
            self.missed |= heard.missed;
            self.pending.append(&mut heard.ended);
            heard.at
        });
        let before = self.at;
        let span = before.map_or(Nanos(0), |(before, _)| at.since(before));
        if before.is_some() && span.0 == 0 {
            return Settled {
                by: HashMap::new(),
                short: heard.and(Err(Missing::Soon)),
            };
        }
        self.round += 1;
        self.span = span;
        self.table(before.is_some(), span, connections);
        let heard_span = match (before, heard) {
            (Some((_, Some(before))), Ok(now)) => Ok(now.since(before)),
            (_, Err(why)) => Err(why),
            _ => Err(Missing::Soon),
        };
        self.at = Some((at, heard.ok()));
        let settled = self.endings(heard_span, connections);
        let oldest = self.round.saturating_sub(PATIENCE);
        self.accounts.retain(|_, a| a.round >= oldest);
        settled
    }

    /// Between the last two tables; zero while there is only one.
    pub fn span(&self) -> Nanos {
        self.span
    }

    fn table(&mut self, known: bool, span: Nanos, connections: &mut [Connection]) {
        let mut namespaces = HashSet::new();
        for connection in connections {
            namespaces.insert(connection.inet.namespace);
            let Some(moved) = moved(&connection.inet) else {
                continue;
            };
            let account = self.accounts.get(&connection.inet.cookie);
            let new_place = !self.namespaces.contains(&connection.inet.namespace);
            // One that was not there before has moved all it moved since, where the others were there to be seen.
            let old = match account {
                Some(account) => Some(account.moved),
                None if known && !new_place => Some(Carried::default()),
                None => None,
            };
            connection.rates = rates(old, moved, span);
            if connection.holders.is_empty() && connection.inet.inode == 0 {
                connection.was = account.and_then(|a| a.who.clone());
            }
            let who = connection.owner().map(|(id, name)| (id, name.clone()));
            let who = who.or_else(|| account.and_then(|a| a.who.clone()));
            let round = self.round;
            let account = Account { moved, who, round };
            self.accounts.insert(connection.inet.cookie, account);
        }
        self.namespaces = namespaces;
    }

    fn endings(&mut self, span: Reading<Nanos>, connections: &[Connection]) -> Settled {
        let listeners = listeners(connections);
        let ended = std::mem::take(&mut self.pending);
        let missed = std::mem::take(&mut self.missed);
        let mut by: HashMap<_, (Holder, usize, Carried)> = HashMap::new();
        let mut short = (0, Carried::default());
        for one in ended {
            let (who, before) = match self.accounts.remove(&one.cookie) {
                Some(account) => (Some(account.who), account.moved),
                None => (listener(&listeners, &one).map(Some), Carried::default()),
            };
            let more = less(one.moved, before);
            if let Some(who) = who {
                let id = who.as_ref().map(|(id, _)| *id);
                let entry = by.entry(id).or_insert((who, 0, Carried::default()));
                entry.1 += 1;
                entry.2 = plus(entry.2, more);
            } else {
                short = (short.0 + 1, plus(short.1, more));
            }
        }
        let per_second = |moved| rates(Some(Carried::default()), moved, span?);
        Settled {
            by: by
                .into_iter()
                .filter_map(|(id, (who, n, moved))| Some((id, (who, n, per_second(moved).ok()?))))
                .collect(),
            short: per_second(short.1).map(|rates| Short {
                rates,
                connections: short.0,
                missed,
            }),
        }
    }
}

fn moved(inet: &Inet) -> Option<Carried> {
    let tcp = inet.tcp.as_ref().filter(|_| inet.cookie != 0)?;
    Some((tcp.received, tcp.acked))
}

fn plus(a: Carried, b: Carried) -> Carried {
    let sum = |a: Bytes, b: Bytes| Bytes(a.0.saturating_add(b.0));
    (sum(a.0, b.0), sum(a.1, b.1))
}

fn less(a: Carried, b: Carried) -> Carried {
    let rest = |a: Bytes, b: Bytes| Bytes(a.0.saturating_sub(b.0));
    (rest(a.0, b.0), rest(a.1, b.1))
}

/// Who listens where: namespace and port, then addresses.
type Listeners<'a> = HashMap<(u64, u16), Vec<(IpAddr, &'a (ProcId, SafeText, u32))>>;

fn listeners(connections: &[Connection]) -> Listeners<'_> {
    let mut out: Listeners<'_> = HashMap::new();
    for c in connections {
        let listens = c.inet.protocol == Protocol::Tcp && c.inet.state == State::Listening;
        if let Some(holder) = c.holders.first().filter(|_| listens) {
            let place = (c.inet.namespace, c.inet.local.port());
            let at = out.entry(place).or_default();
            at.push((c.inet.local.ip(), holder));
        }
    }
    out
}

/// Whose listener has accepted a connection with this local end.
fn listener(listeners: &Listeners<'_>, of: &Ended) -> Holder {
    let at = listeners.get(&(of.namespace, of.local.port()))?;
    let exact = at.iter().find(|(ip, _)| *ip == of.local.ip());
    let (_, (id, name, _)) = exact.or_else(|| at.iter().find(|(ip, _)| ip.is_unspecified()))?;
    Some((*id, name.clone()))
}
