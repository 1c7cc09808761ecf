//! Shell pipelines: processes whose standard output is the standard input of the next one.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::join::Place;
use super::{Holder, Join, Object};
use crate::model::descriptors::mode::Mode;
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
    chain.iter().map(|h| stage(h)).collect()
}

fn stage(of: &Holder) -> Stage {
    (of.id, of.name.clone())
}

/// Every pipeline of the machine, each once: the longest first, then by the pid of its first process.
pub fn all(join: &Join<'_>) -> Vec<Vec<Stage>> {
    let pipes = join.objects().filter(|(o, _)| matches!(o, Object::Pipe(_)));
    let link = |(_, places): (_, &[Place<'_>])| {
        let from = eldest(places, (1, Mode::writes), None)?;
        let to = eldest(places, (0, Mode::reads), Some(from.id))?;
        Some((stage(from), stage(to)))
    };
    let links: Vec<(Stage, Stage)> = pipes.filter_map(link).collect();
    let fed: HashSet<ProcId> = links.iter().map(|(_, to)| to.0).collect();
    let next: HashMap<ProcId, &Stage> = links.iter().map(|(from, to)| (from.0, to)).collect();
    let mut out: Vec<Vec<Stage>> = Vec::new();
    for (first, _) in links.iter().filter(|(from, _)| !fed.contains(&from.0)) {
        let mut stages = vec![first.clone()];
        while stages.len() < LONGEST
            && let Some(to) = stages.last().and_then(|last| next.get(&last.0))
        {
            stages.push((*to).clone());
        }
        out.push(stages);
    }
    out.sort_by_key(|stages| (Reverse(stages.len()), stages.first().map(|(id, _)| *id)));
    out
}

/// Who writes into the standard input of a process, or reads its standard output, over an unnamed pipe.
fn neighbour<'a>(join: &Join<'a>, of: &Holder, fd: u32) -> Option<&'a Holder> {
    let ends = of.ends.as_ref().ok()?;
    let end = &ends[ends.binary_search_by_key(&fd, |e| e.fd).ok()?];
    if !matches!(end.object, Object::Pipe(_)) {
        return None;
    }
    let wanted: Side = match fd {
        0 => (1, Mode::writes),
        _ => (0, Mode::reads),
    };
    eldest(join.holders(&end.object), wanted, Some(of.id))
}

/// One side of a pipeline's pipe: under which number a process holds it, and what it can do with it.
type Side = (u32, fn(Mode) -> bool);

/// Of those on one side the first that was started: its children may have inherited what it holds.
fn eldest<'a>(places: &[Place<'a>], (fd, passes): Side, but: Option<ProcId>) -> Option<&'a Holder> {
    let fits =
        |p: &&Place<'a>| p.fd == fd && Some(p.holder.id) != but && p.mode.is_some_and(passes);
    let all = places.iter().filter(fits).map(|p| p.holder);
    all.min_by_key(|h| (h.id.start, h.id.pid))
}
