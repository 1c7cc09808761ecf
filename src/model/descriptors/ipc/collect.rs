//! Collects edges, with a bound for objects that very many hold.

use super::{Channel, Edge, Party};
use crate::model::descriptors::peer::join::Place;
use crate::model::descriptors::peer::{Flow, Object};
use crate::model::id::ProcId;

/// How many edges one object gives before the rest is only counted.
pub const PER_OBJECT: usize = 32;
/// So many may share one thing and still each be joined with each.
const CIRCLE: usize = 8;
/// From so many holders on one side on, an object is told of as a whole.
const MANY: usize = 3;

/// One object that many hold: a pipe that a whole tree of processes inherited, memory that all workers map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// What they hold; of a connection the socket of `a`.
    pub object: Object,
    /// What it is to them.
    pub channel: Channel,
    /// One side, by pid; of a pipe the writers.
    pub a: Vec<Party>,
    /// The other side; nobody where all of `a` share it with one another.
    pub b: Vec<Party>,
    /// Which way data flows, seen from `a`.
    pub flow: Flow,
    /// What else is known.
    pub detail: String,
}

/// Everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The edges in order.
    pub edges: Vec<Edge>,
    /// The objects with many holders; the first of their edges are among `edges`.
    pub crowds: Vec<Crowd>,
    /// How many edges were only counted.
    pub more: usize,
}

/// What joins two sides: a channel, and the object that it is.
#[derive(Clone, Copy)]
pub struct Joint<'a> {
    /// What it is.
    pub channel: Channel,
    /// The object.
    pub object: &'a Object,
    /// Which way data flows from the first side.
    pub flow: Flow,
    /// What else is known.
    pub detail: &'a str,
}

/// The edges so far.
pub struct Edges {
    found: Found,
    hub: Option<ProcId>,
}

impl Edges {
    /// None yet; `hub` is whom a question is about.
    pub fn new(hub: Option<ProcId>) -> Self {
        Self {
            found: Found::default(),
            hub,
        }
    }

    /// All of them, in order.
    pub fn done(mut self) -> Found {
        let key = |e: &Edge| (e.a.id, e.b.id, e.channel, e.a.fd, e.b.fd);
        self.found.edges.sort_by_key(key);
        self.found
    }

    /// Joins everyone of one side with everyone of the other, processes with themselves left out.
    ///
    /// Both sides are by pid, as an index keeps them.
    pub fn between(&mut self, joint: Joint<'_>, (from, to): (&[&Place<'_>], &[&Place<'_>])) {
        let (from, to) = (once(from), once(to));
        let both = from.iter().filter(|a| among(&to, a.id)).count();
        let all = from.len() * to.len() - both;
        if all == 0 {
            return;
        }
        let crowd = self.crowd(joint, &from, &to, both);
        let hub = self.hub;
        let asked = |p: &Party| Some(p.id) == hub;
        let before = self.found.edges.len();
        // Whom the question is about is never left out.
        let of_hub = hub.is_some_and(|hub| among(&from, hub) || among(&to, hub));
        if of_hub {
            for a in from.iter().filter(|a| asked(a)) {
                for b in &to {
                    self.push(joint, a, b, crowd);
                }
            }
            for b in to.iter().filter(|b| asked(b)) {
                for a in &from {
                    self.push(joint, a, b, crowd);
                }
            }
        }
        let others = from.iter().filter(|a| !asked(a));
        let pairs = others.flat_map(|a| to.iter().filter(|b| !asked(b)).map(move |b| (a, b)));
        for (a, b) in pairs.filter(|(a, b)| a.id != b.id).take(PER_OBJECT) {
            self.push(joint, a, b, crowd);
        }
        self.found.more += all - (self.found.edges.len() - before);
    }

    /// Keeps an object as a crowd where many hold it; `both` of them are on both sides.
    fn crowd(&mut self, joint: Joint<'_>, from: &[Party], to: &[Party], both: usize) -> bool {
        let circle = both == from.len() && both == to.len();
        // The only one of a side may hold the other side too, and is not its own peer.
        let others = |of: &[Party], than: &[Party]| -> Vec<Party> {
            let alone = (than.len() == 1).then(|| than[0].id);
            let rest = of.iter().filter(|p| Some(p.id) != alone);
            rest.cloned().collect()
        };
        let (a, b) = if circle {
            (from.to_vec(), Vec::new())
        } else {
            (others(from, to), others(to, from))
        };
        let many = a.len().max(b.len()) >= MANY;
        if many {
            self.found.crowds.push(Crowd {
                object: joint.object.clone(),
                channel: joint.channel,
                a,
                b,
                flow: if circle { Flow::Both } else { joint.flow },
                detail: joint.detail.to_owned(),
            });
        }
        many
    }

    /// Joins processes that share the same thing: each with each, or where they are many, one with each of the others.
    pub fn shared(&mut self, channel: Channel, object: &Object, mut all: Vec<Party>, detail: &str) {
        // One that holds it twice is one; the number of a descriptor says more than none.
        all.sort_by_key(|p| (p.id, p.fd.is_none(), p.fd));
        all.dedup_by_key(|p| p.id);
        let joint = Joint {
            channel,
            object,
            flow: Flow::Both,
            detail,
        };
        let crowd = self.crowd(joint, &all, &all, all.len());
        let hub = all.iter().position(|p| Some(p.id) == self.hub);
        if let Some(at) = hub {
            all.swap(0, at);
        }
        let pairs = all.len() * all.len().saturating_sub(1) / 2;
        let centres = if all.len() <= CIRCLE { all.len() } else { 1 };
        let mut given = 0;
        for (i, a) in all.iter().enumerate().take(centres) {
            // Whom the question is about is never left out.
            let whole = i == 0 && hub.is_some();
            let most = if whole { usize::MAX } else { PER_OBJECT };
            for b in all.iter().skip(i + 1).take(most) {
                given += 1;
                self.push(joint, a, b, crowd);
            }
        }
        self.found.more += pairs - given;
    }

    fn push(&mut self, joint: Joint<'_>, a: &Party, b: &Party, crowd: bool) {
        if a.id == b.id {
            return;
        }
        self.found.edges.push(Edge {
            channel: joint.channel,
            a: a.clone(),
            b: b.clone(),
            flow: joint.flow,
            detail: joint.detail.to_owned(),
            crowd,
        });
    }
}

/// Each process of a side once, with the lowest of its descriptors.
fn once(side: &[&Place<'_>]) -> Vec<Party> {
    let mut out: Vec<_> = side.iter().map(|p| party(p)).collect();
    out.dedup_by_key(|p| p.id);
    out
}

/// Whether a process is on a side, which is by pid.
fn among(side: &[Party], id: ProcId) -> bool {
    side.binary_search_by_key(&id, |p| p.id).is_ok()
}

/// Who holds a descriptor.
pub fn party(of: &Place<'_>) -> Party {
    Party {
        id: of.holder.id,
        name: of.holder.name.clone(),
        fd: Some(of.fd),
    }
}
