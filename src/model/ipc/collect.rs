//! Collects edges, with a bound for objects that very many hold.

use super::{Channel, Edge, Party};
use crate::model::id::ProcId;
use crate::model::peer::Flow;
use crate::model::peer::join::Place;

/// How many edges one object gives before the rest is only counted.
pub const PER_OBJECT: usize = 32;
/// So many may share one thing and still each be joined with each.
const CIRCLE: usize = 8;

/// The edges so far.
pub struct Edges {
    list: Vec<Edge>,
    more: usize,
    hub: Option<ProcId>,
}

impl Edges {
    /// None yet; `hub` is whom a question is about.
    pub fn new(hub: Option<ProcId>) -> Self {
        Self {
            list: Vec::new(),
            more: 0,
            hub,
        }
    }

    /// All edges in order, and how many were only counted.
    pub fn done(mut self) -> (Vec<Edge>, usize) {
        let key = |e: &Edge| (e.a.id, e.b.id, e.channel, e.a.fd, e.b.fd);
        self.list.sort_by_key(key);
        (self.list, self.more)
    }

    /// Joins everyone of one side with everyone of the other, processes with themselves left out.
    pub fn between(
        &mut self,
        channel: Channel,
        (from, to): (&[&Place<'_>], &[&Place<'_>]),
        flow: Flow,
        detail: &str,
    ) {
        let mut given = 0;
        for a in from {
            for b in to.iter().filter(|b| b.holder.id != a.holder.id) {
                given += 1;
                // Whom the question is about is never left out.
                let asked = [a.holder.id, b.holder.id].map(Some).contains(&self.hub);
                if given > PER_OBJECT && (self.hub.is_none() || !asked) {
                    self.more += 1;
                    continue;
                }
                self.push(channel, party(a), party(b), flow, detail);
            }
            if given > PER_OBJECT * PER_OBJECT {
                // Thousands times thousands: even counting them would take long.
                return;
            }
        }
    }

    /// Joins processes that share the same thing: each with each, or where they are many, one with each of the others.
    pub fn shared(&mut self, channel: Channel, mut all: Vec<Party>, detail: &str) {
        // One that holds it twice is one; the number of a descriptor says more than none.
        all.sort_by_key(|p| (p.id, p.fd.is_none(), p.fd));
        all.dedup_by_key(|p| p.id);
        if let Some(at) = all.iter().position(|p| Some(p.id) == self.hub) {
            all.swap(0, at);
        }
        let pairs = all.len() * all.len().saturating_sub(1) / 2;
        let centres = if all.len() <= CIRCLE { all.len() } else { 1 };
        let mut given = 0;
        for (i, a) in all.iter().enumerate().take(centres) {
            for b in all.iter().skip(i + 1).take(PER_OBJECT) {
                given += 1;
                self.push(channel, a.clone(), b.clone(), Flow::Both, detail);
            }
        }
        self.more += pairs - given;
    }

    fn push(&mut self, channel: Channel, a: Party, b: Party, flow: Flow, detail: &str) {
        self.list.push(Edge {
            channel,
            a,
            b,
            flow,
            detail: detail.to_owned(),
        });
    }
}

/// Who holds a descriptor.
pub fn party(of: &Place<'_>) -> Party {
    Party {
        id: of.holder.id,
        name: of.holder.name.clone(),
        fd: Some(of.fd),
    }
}
