//! Edges as a person reads them: a line for a pair of processes, one for an object that many hold, and one for many that
//! talk to the same process in the same way.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::collect::Crowd;
use super::{Channel, Edge, Pair, Party, counted, pairs};
use crate::model::descriptors::peer::{Flow, Object};
use crate::model::id::ProcId;
use crate::model::text::SafeText;

/// So many of one name that talk to one process in the same way are one line.
const ALIKE: usize = 3;

/// So many names of a crowd are counted.
const NAMES: usize = 64;

/// What a line is known by from one reading to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Two processes.
    Pair(ProcId, ProcId),
    /// One object with many holders.
    Crowd(Object),
    /// Many of one name that talk to one process in the same way.
    Alike(Manner),
}

/// Who is talked to, by processes of which name, which way and over which channels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Manner {
    /// The process that all of them talk with.
    pub hub: ProcId,
    /// What the others are called.
    pub name: SafeText,
    /// Which way.
    pub flow: Flow,
    /// A bit for each kind of channel.
    pub channels: u16,
}

/// A line of view 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is known by.
    pub key: Key,
    /// One side, by pid.
    pub a: Vec<Party>,
    /// The other side; nobody where all of `a` share one thing.
    pub b: Vec<Party>,
    /// Which way data flows, seen from `a`.
    pub flow: Flow,
    /// How many of each kind.
    pub channels: Vec<(Channel, usize)>,
    /// What is known of them.
    pub details: Vec<String>,
    /// The pairs that are alike; none of a crowd, whose holders have nothing but the object.
    pub pairs: Vec<Pair>,
}

impl Line {
    /// Whether more than two processes are in it.
    pub fn is_group(&self) -> bool {
        !matches!(self.key, Key::Pair(..))
    }

    /// Whether one object joins them all.
    pub fn is_crowd(&self) -> bool {
        matches!(self.key, Key::Crowd(_))
    }

    /// Whether a process is in it.
    pub fn has(&self, id: ProcId) -> bool {
        self.a.iter().chain(&self.b).any(|p| p.id == id)
    }

    /// What joins them, in words; of an object with many holders that it is one.
    pub fn by(&self) -> String {
        let words = channels(&self.channels);
        if self.is_crowd() {
            format!("one {words}")
        } else {
            words
        }
    }

    /// The process that the line is about: the only one of a side, else the first.
    pub fn hub(&self) -> Option<&Party> {
        match (&self.a[..], &self.b[..]) {
            ([one], _) | (_, [one]) => Some(one),
            (all, _) => all.first(),
        }
    }

    /// How many lines it opens to.
    pub fn members(&self) -> usize {
        match (&self.key, self.a.len(), self.b.len()) {
            (Key::Pair(..), ..) => 0,
            (Key::Alike(_), ..) => self.pairs.len(),
            (Key::Crowd(_), 1, n) | (Key::Crowd(_), n, 1) => n,
            (Key::Crowd(_), a, b) => a + b,
        }
    }

    /// One of those it opens to: who stands on the left and on the right, where that one is not in the line itself.
    pub fn member(&self, at: usize) -> (Option<&Party>, Option<&Party>) {
        match (self.a.len(), self.b.len()) {
            (1, _) => (None, self.b.get(at)),
            (_, 1) => (self.a.get(at), None),
            (a, _) if at < a => (self.a.get(at), None),
            (a, _) => (None, self.b.get(at - a)),
        }
    }
}

/// Channels in words: `3 pipes, unix socket`.
pub fn channels(all: &[(Channel, usize)]) -> String {
    let words: Vec<_> = all.iter().map(|(c, n)| c.counted(*n)).collect();
    words.join(", ")
}

/// A side in words: `812 make`, `6×[cc1]`, `25 processes`.
pub fn words(side: &[Party]) -> String {
    match side {
        [] => "each other".to_owned(),
        [one] => format!("{} {}", one.id.pid, one.name),
        [one, rest @ ..] if rest.iter().all(|p| p.name == one.name) => {
            format!("{}×[{}]", side.len(), one.name)
        }
        _ => format!("{} processes", side.len()),
    }
}

/// The lines, those of most channels first; an object that many hold comes after what as many channels join.
pub fn lines(edges: &[Edge], crowds: Vec<Crowd>) -> Vec<Line> {
    let mut out: Vec<_> = crowds.into_iter().map(of_crowd).collect();
    fold(pairs(edges.iter().filter(|e| !e.crowd)), &mut out);
    let first = |side: &[Party]| side.first().map(|p| p.id);
    out.sort_by_cached_key(|l| {
        let channels = Reverse(counted(&l.channels));
        (channels, l.is_crowd(), first(&l.a), first(&l.b))
    });
    out
}

/// How many processes are in these lines.
pub fn processes(lines: &[Line]) -> usize {
    let all = lines.iter().flat_map(|l| l.a.iter().chain(&l.b));
    all.map(|p| p.id).collect::<HashSet<_>>().len()
}

fn of_crowd(crowd: Crowd) -> Line {
    let detail = Some(crowd.detail).filter(|d| !d.is_empty());
    let many = if crowd.a.len() >= crowd.b.len() {
        &crowd.a
    } else {
        &crowd.b
    };
    let details = detail.into_iter().chain(names(many)).collect();
    Line {
        key: Key::Crowd(crowd.object),
        a: crowd.a,
        b: crowd.b,
        flow: crowd.flow,
        channels: vec![(crowd.channel, 1)],
        details,
        pairs: Vec::new(),
    }
}

/// Who many processes of several names are: `24 cc1, 1 make`, the most frequent first.
fn names(side: &[Party]) -> Option<String> {
    let mut counts: Vec<(&SafeText, usize)> = Vec::new();
    for party in side {
        match counts.iter().position(|(name, _)| **name == party.name) {
            Some(at) => counts[at].1 += 1,
            // Where there are very many names, a list of them says nothing.
            None if counts.len() < NAMES => counts.push((&party.name, 1)),
            None => {}
        }
    }
    counts.sort_by_key(|(_, n)| Reverse(*n));
    let one = |(name, n): &(&SafeText, usize)| format!("{n} {name}");
    let all: Vec<_> = counts.iter().take(3).map(one).collect();
    (counts.len() > 1).then(|| all.join(", "))
}

/// Puts pairs that are alike into one line each, and gives every other one its own.
fn fold(pairs: Vec<Pair>, out: &mut Vec<Line>) {
    let mut counts: HashMap<Manner, usize> = HashMap::new();
    for manner in pairs.iter().flat_map(manners) {
        *counts.entry(manner).or_default() += 1;
    }
    let mut groups: HashMap<Manner, Vec<Pair>> = HashMap::new();
    for pair in pairs {
        let [one, other] = manners(&pair);
        // Of the two it stays with the one that more are alike with.
        let manner = if counts[&one] >= counts[&other] {
            one
        } else {
            other
        };
        groups.entry(manner).or_default().push(pair);
    }
    for (manner, pairs) in groups {
        if pairs.len() < ALIKE {
            out.extend(pairs.into_iter().map(of_pair));
        } else {
            out.push(of_alike(manner, pairs));
        }
    }
}

/// How each of the two is talked to.
fn manners(pair: &Pair) -> [Manner; 2] {
    let bits = pair.channels.iter().map(|(c, _)| 1 << *c as u16);
    let channels = bits.fold(0, |all, bit| all | bit);
    [
        (&pair.a, &pair.b, pair.flow),
        (&pair.b, &pair.a, pair.flow.turned()),
    ]
    .map(|(hub, other, flow)| Manner {
        hub: hub.id,
        name: other.name.clone(),
        flow,
        channels,
    })
}

fn of_pair(pair: Pair) -> Line {
    Line {
        key: Key::Pair(pair.a.id, pair.b.id),
        a: vec![pair.a],
        b: vec![pair.b],
        flow: pair.flow,
        channels: pair.channels,
        details: pair.details,
        pairs: Vec::new(),
    }
}

/// The one that all talk to stands on the left, save where everything flows to it.
fn of_alike(manner: Manner, mut pairs: Vec<Pair>) -> Line {
    pairs.sort_by_key(|p| (p.a.id, p.b.id));
    let mut channels: Vec<(Channel, usize)> = Vec::new();
    for (channel, n) in pairs.iter().flat_map(|p| &p.channels) {
        match channels.iter_mut().find(|(c, _)| c == channel) {
            Some((_, all)) => *all += n,
            None => channels.push((*channel, *n)),
        }
    }
    let ends = |p: &Pair| [p.a.clone(), p.b.clone()];
    let (hubs, others): (Vec<_>, Vec<_>) = pairs
        .iter()
        .flat_map(ends)
        .partition(|p| p.id == manner.hub);
    let hub: Vec<_> = hubs.into_iter().take(1).collect();
    let (a, b, flow) = match manner.flow {
        Flow::In => (others, hub, Flow::Out),
        flow => (hub, others, flow),
    };
    Line {
        details: in_common(&pairs),
        key: Key::Alike(manner),
        a,
        b,
        flow,
        channels,
        pairs,
    }
}

/// What is true of all of them, and of how many of them one waits.
fn in_common(pairs: &[Pair]) -> Vec<String> {
    let waits = |p: &&Pair| p.details.iter().any(|d| d.contains("waits"));
    let waiting: Vec<_> = pairs.iter().filter(waits).collect();
    if let Some(first) = waiting.first() {
        let detail = first.details.iter().find(|d| d.contains("waits"));
        let detail = detail.map(String::as_str).unwrap_or_default();
        return vec![format!("{} of {}: {detail}", waiting.len(), pairs.len())];
    }
    if pairs.iter().all(|p| p.details == pairs[0].details) {
        return pairs[0].details.clone();
    }
    // Connections to one port have that end in common.
    let [(Channel::Tcp, _)] = pairs[0].channels[..] else {
        return Vec::new();
    };
    let has = |p: &Pair, word: &str| p.details.iter().any(|d| d.split(' ').any(|w| w == word));
    let ends = pairs[0].details.iter().flat_map(|d| d.split(' '));
    let common = ends.filter(|end| pairs.iter().all(|p| has(p, end)));
    common.take(1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
