//! Which leaves look the same to a person, and so may share a row.

use std::hash::{BuildHasher as _, RandomState};

use super::View;
use super::family::Family;
use crate::model::process::stat::State;
use crate::model::snapshot::{Proc, Snapshot};

/// Stands for a process that shares its row with nobody.
pub(super) const ALONE: u64 = 0;

/// Says of every process with which others it may share a row; empty where none may.
///
/// The hash is keyed afresh each time, so that no process can choose a name that hides it behind another's.
pub(super) fn alike(snapshot: &Snapshot, view: &View<'_>, family: &Family) -> Vec<u64> {
    if !view.tree || !view.compact {
        return Vec::new();
    }
    let keys = RandomState::new();
    let passes = |node: usize| {
        view.passing
            .is_none_or(|p| p.get(node).copied().unwrap_or(true))
    };
    let of = |(node, proc): (usize, &Proc)| {
        let alone = !family.kids(node as u32).is_empty()
            || !passes(node)
            || (!view.tags.is_empty() && view.tags.contains(&proc.id))
            || (view.threads && proc.stat.threads > 1);
        if alone {
            return ALONE;
        }
        // One that is stopped or dead tells something that the others do not.
        let kind = match proc.stat.state {
            State::Zombie => 1_u8,
            State::Stopped => 2,
            State::Traced => 3,
            _ => 0,
        };
        let uid = proc.facts.uid.map_or(u64::MAX, |uid| u64::from(uid.0));
        // Other arguments do other work: fourteen scripts of one interpreter are fourteen rows.
        let command = proc.facts.command.as_ref().map_or("", |c| c.raw());
        keys.hash_one((kind, uid, proc.facts.name.as_str(), command))
            .max(ALONE + 1)
    };
    snapshot.procs.iter().enumerate().map(of).collect()
}
