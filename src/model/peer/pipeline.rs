//! Shell pipelines: processes whose standard output is the standard input of the next one.

use super::{Holder, Join, Object};
use crate::model::descriptor::Mode;
use crate::model::id::ProcId;
use crate::model::text::SafeText;

/// A pipeline longer than this is cut.
const LONGEST: usize = 16;

/// One process of a pipeline.
pub type Stage = (ProcId, SafeText);

/// The pipeline that a process is part of, first process first; empty where it is part of none.
pub fn through(join: &Join<'_>, of: &Holder) -> Vec<Stage> {
    let mut chain = vec![of];
    while chain.len() < LONGEST
        && let Some(before) = neighbour(join, chain[0], 0)
        && !chain.iter().any(|h| h.id == before.id)
    {
        chain.insert(0, before);
    }
    while chain.len() < LONGEST
        && let Some(after) = chain.last().and_then(|last| neighbour(join, last, 1))
        && !chain.iter().any(|h| h.id == after.id)
    {
        chain.push(after);
    }
    if chain.len() < 2 {
        return Vec::new();
    }
    chain.iter().map(|h| (h.id, h.name.clone())).collect()
}

/// Every pipeline of the machine, each once, by the pid of its first process.
pub fn all(join: &Join<'_>, holders: &[Holder]) -> Vec<Vec<Stage>> {
    let first = |h: &&Holder| neighbour(join, h, 1).is_some() && neighbour(join, h, 0).is_none();
    holders
        .iter()
        .filter(first)
        .map(|h| through(join, h))
        .collect()
}

/// Who writes into the standard input of a process, or reads its standard output, over an unnamed pipe.
fn neighbour<'a>(join: &Join<'a>, of: &Holder, fd: u32) -> Option<&'a Holder> {
    let ends = of.ends.as_ref().ok()?;
    let end = &ends[ends.binary_search_by_key(&fd, |e| e.fd).ok()?];
    if !matches!(end.object, Object::Pipe(_)) {
        return None;
    }
    let (wanted, passes): (u32, fn(Mode) -> bool) = match fd {
        0 => (1, Mode::writes),
        _ => (0, Mode::reads),
    };
    let fits = |p: &&super::join::Place<'a>| {
        p.fd == wanted && p.holder.id != of.id && p.mode.is_some_and(passes)
    };
    join.holders(&end.object)
        .iter()
        .find(fits)
        .map(|p| p.holder)
}
