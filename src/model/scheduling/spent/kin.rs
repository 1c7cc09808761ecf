//! Descendants that were not looked at, because they ended sooner than that: what is known of them together.

use std::collections::BTreeMap;

use super::Spent;
use crate::model::id::{Nanos, Pid};
use crate::model::text::SafeText;

/// So many names are told apart.
const NAMES: usize = 64;

/// What descendants that were never looked at did, together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unlisted {
    /// How many processes; 0 where only their time on a core is known.
    pub processes: u64,
    /// By name, how many they were and how long they had a core; what finds no room is under no name.
    pub names: BTreeMap<SafeText, (u64, Nanos)>,
    /// What they did.
    pub spent: Spent,
}

impl Unlisted {
    /// Another one of this name, that had a core for so long.
    pub fn add(&mut self, name: SafeText, running: Nanos) {
        self.processes += 1;
        let full = self.names.len() >= NAMES && !self.names.contains_key(&name);
        let name = if full { SafeText::default() } else { name };
        let known = self.names.entry(name).or_default();
        known.0 += 1;
        known.1.0 += running.0;
    }

    /// The names, that with most time on a core first.
    pub fn busiest(&self) -> Vec<(&SafeText, u64, Nanos)> {
        let all = self
            .names
            .iter()
            .map(|(name, (times, ran))| (name, *times, *ran));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(_, times, ran)| std::cmp::Reverse((*ran, *times)));
        all
    }
}

/// How long a process and its ended children have had a core, as `stat` counts it: the children that it waited for, with theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Itself.
    pub own: Nanos,
    /// Its ended children.
    pub children: Nanos,
}

/// One of a tree while it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub pid: Pid,
    /// Its parent.
    pub parent: Pid,
    /// When it was looked at first; nothing where it began later than the looking.
    pub first: Life,
    /// Last.
    pub last: Life,
    /// Whether it has ended, and was waited for.
    pub ended: bool,
}

/// How long descendants had a core that nobody looked at: what the kernel added to the ended children of the members, less those
/// that were looked at, who pass it on from one parent to the next. Of children whose parent does not wait for them the kernel
/// adds nothing.
pub fn missed(all: &[Member]) -> Nanos {
    let grown = |m: &Member| m.last.children.since(m.first.children).0;
    // A parent that lives and has been given nothing waits for nobody.
    let waits = |pid: Pid| {
        all.iter()
            .any(|m| m.pid == pid && (m.ended || grown(m) > 0))
    };
    let known = all.iter().filter(|m| m.ended && waits(m.parent));
    let known: u64 = known
        .map(|m| m.last.own.0.saturating_add(m.last.children.0))
        .sum();
    Nanos(all.iter().map(grown).sum::<u64>().saturating_sub(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(pid: u32, parent: u32, first: [u64; 2], last: [u64; 2], ended: bool) -> Member {
        let life = |[own, children]: [u64; 2]| Life {
            own: Nanos(own),
            children: Nanos(children),
        };
        Member {
            pid: Pid(pid),
            parent: Pid(parent),
            first: life(first),
            last: life(last),
            ended,
        }
    }

    #[test]
    fn what_ended_children_had_is_missed_but_for_those_that_were_looked_at() {
        let root = member(1, 0, [5, 100], [9, 1000], false);
        assert_eq!(missed(&[root]), Nanos(900));
        // One that was looked at until it had had 300 in its life, and its own ended children 50.
        let ended = member(2, 1, [200, 10], [300, 50], true);
        assert_eq!(missed(&[root, ended]), Nanos(900 - 350 + 40));
        let lives = Member {
            ended: false,
            ..ended
        };
        assert_eq!(missed(&[root, lives]), Nanos(900 + 40));
        // Nobody waited for it: the kernel added nothing.
        let ignored = member(1, 0, [5, 100], [9, 100], false);
        assert_eq!(missed(&[ignored, ended]), Nanos(40));
        // One that was looked at ended just after it had waited for its own child, which was looked at too.
        let between = member(2, 1, [0, 0], [10, 0], true);
        let below = member(3, 2, [0, 0], [800, 0], true);
        assert_eq!(missed(&[root, between, below]), Nanos(900 - 810));
    }

    #[test]
    fn names_are_told_apart_as_long_as_there_is_room() {
        let mut all = Unlisted::default();
        for n in 0..100 {
            all.add(SafeText::from(format!("{n}").as_str()), Nanos(1));
        }
        all.add("7".into(), Nanos(500));
        assert_eq!((all.processes, all.names.len()), (101, NAMES + 1));
        assert_eq!(all.busiest()[0], (&SafeText::from("7"), 2, Nanos(501)));
        assert_eq!(all.names[&SafeText::default()].0, 36);
    }
}
