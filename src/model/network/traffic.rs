//! Throughput from cumulative counters, by connection and by process.

use std::collections::HashMap;

use super::Connection;
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
}

/// Received and sent so far.
pub type Moved = (Bytes, Bytes);

/// The rates between two readings of the same counters.
///
/// # Errors
/// `Soon` without an earlier reading, or where no time has passed.
pub fn rates(before: Option<Moved>, now: Moved, span: Nanos) -> Reading<Rates> {
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
    /// What they move together.
    pub rates: Rates,
}

/// TCP throughput by process, the busiest first; the connections of nobody known come together.
///
/// A connection that several processes hold counts for the first of them, so that the sum stays the sum.
pub fn talkers(connections: &[Connection]) -> Vec<Talker> {
    let mut by: HashMap<Option<ProcId>, Talker> = HashMap::new();
    for connection in connections {
        let Ok(rates) = connection.rates else {
            continue;
        };
        let who = connection
            .holders
            .first()
            .map(|(id, name, _)| (*id, name.clone()));
        let talker = by.entry(who.as_ref().map(|(id, _)| *id)).or_insert(Talker {
            who,
            connections: 0,
            rates: Rates::default(),
        });
        talker.connections += 1;
        talker.rates.received += rates.received;
        talker.rates.sent += rates.sent;
    }
    let mut out: Vec<_> = by.into_values().collect();
    out.sort_by(|a, b| {
        let order = b.rates.sum().total_cmp(&a.rates.sum());
        order.then(
            a.who
                .as_ref()
                .map(|w| w.0)
                .cmp(&b.who.as_ref().map(|w| w.0)),
        )
    });
    out
}
