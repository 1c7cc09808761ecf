//! Throughput from cumulative counters, by connection and by process.

use std::collections::HashMap;

use super::Connection;
use super::ledger::Settled;
use crate::model::id::{Bytes, Nanos, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// Bytes a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Received.
    pub received: f64,
    /// Sent.
    pub sent: f64,
}

impl Rates {
    /// Both together.
    pub fn sum(&self) -> f64 {
        self.received + self.sent
    }

    /// Adds what somebody else moves.
    pub fn add(&mut self, other: Self) {
        self.received += other.received;
        self.sent += other.sent;
    }
}

/// Received and sent so far.
pub type Carried = (Bytes, Bytes);

/// The rates between two readings of the same counters.
///
/// # Errors
/// `Soon` without an earlier reading, or where no time has passed.
pub fn rates(before: Option<Carried>, now: Carried, span: Nanos) -> Reading<Rates> {
    let before = before.ok_or(Missing::Soon)?;
    if span.0 == 0 {
        return Err(Missing::Soon);
    }
    let per_second =
        |now: Bytes, before: Bytes| now.0.saturating_sub(before.0) as f64 / span.seconds();
    Ok(Rates {
        received: per_second(now.0, before.0),
        sent: per_second(now.1, before.1),
    })
}

/// A process and what it moves over TCP.
#[derive(Clone, Debug, PartialEq)]
pub struct Talker {
    /// Who; `None` for connections whose holder is not visible or not there.
    pub who: Option<(ProcId, SafeText)>,
    /// How many connections it has.
    pub connections: usize,
    /// How many more it had that ended since the reading before.
    pub ended: usize,
    /// What they all move together.
    pub rates: Rates,
    /// The part of it that belongs to those that have ended.
    pub of_ended: Rates,
}

impl Talker {
    fn new(who: Option<(ProcId, SafeText)>) -> Self {
        Self {
            who,
            connections: 0,
            ended: 0,
            rates: Rates::default(),
            of_ended: Rates::default(),
        }
    }
}

/// TCP throughput by process, the busiest first; the connections of nobody known come together.
///
/// A connection that several processes hold counts for the first of them, so that the sum stays the sum; one that
/// nobody holds any more, for who held it last.
pub fn talkers(connections: &[Connection], settled: Settled) -> Vec<Talker> {
    let mut by: HashMap<Option<ProcId>, Talker> = HashMap::new();
    for connection in connections {
        let Ok(rates) = connection.rates else {
            continue;
        };
        let who = connection.owner().map(|(id, name)| (id, name.clone()));
        let talker = by
            .entry(who.as_ref().map(|(id, _)| *id))
            .or_insert_with(|| Talker::new(who));
        talker.connections += 1;
        talker.rates.add(rates);
    }
    for (id, (who, ended, rates)) in settled.by {
        let talker = by.entry(id).or_insert_with(|| Talker::new(who));
        talker.ended = ended;
        talker.of_ended = rates;
        talker.rates.add(rates);
    }
    let mut out: Vec<_> = by.into_values().collect();
    out.sort_by(|a, b| {
        let order = b.rates.sum().total_cmp(&a.rates.sum());
        let id = |t: &Talker| t.who.as_ref().map(|w| w.0);
        order.then(id(a).cmp(&id(b)))
    });
    out
}
