//! What every process maps so that others may see it: a few `maps` at a time, in the background.
//!
//! Reading one takes the memory lock of its process, so it may hang, and it costs more the more a process maps. Those
//! who hold shared memory by a descriptor come first. Whose size has not changed since is not read again for a minute:
//! that costs one `statm`, which takes no lock.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::descriptors::ipc::{Mapped, Mapper};
use crate::model::descriptors::peer::{Holder, HolderIndex, Object};
use crate::model::id::{Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::sys::bounded;
use crate::sys::fields;
use crate::sys::memory::shared_maps;
use crate::sys::root::ProcRoot;

/// How many are read between two looks at the clock.
const STEP: usize = 16;
/// How old what is known may be before the size is looked at again.
const STALE: Duration = Duration::from_secs(2);
/// How old it may be although the size is the same.
const OLD: Duration = Duration::from_mins(1);

/// Keeps what was read.
#[derive(Debug)]
pub struct SharedMaps {
    root: ProcRoot,
    known: HashMap<ProcId, Known>,
}

#[derive(Debug)]
struct Known {
    /// When the size was looked at, and when the mappings were read.
    at: Instant,
    read: Instant,
    /// Pages claimed in all, the first number of `statm`.
    size: Option<u64>,
    maps: Reading<Arc<[Mapped]>>,
}

impl SharedMaps {
    /// Knows nothing yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            known: HashMap::new(),
        }
    }

    /// Looks at more processes of the index within `budget`; answers whether each was looked at once.
    pub fn refresh(&mut self, index: &HolderIndex, budget: Duration) -> bool {
        let began = Instant::now();
        let living: HashSet<ProcId> = index.holders.iter().map(|h| h.id).collect();
        self.known.retain(|id, _| living.contains(id));
        let mut due: Vec<(Option<Instant>, bool, ProcId)> = index
            .holders
            .iter()
            .map(|h| (self.known.get(&h.id).map(|k| k.at), !likely(h), h.id))
            .filter(|(at, ..)| at.is_none_or(|at| began.duration_since(at) >= STALE))
            .collect();
        due.sort_unstable();
        for some in due.chunks(STEP) {
            if began.elapsed() >= budget {
                break;
            }
            let some: Vec<ProcId> = some.iter().map(|(.., id)| *id).collect();
            self.look(&some);
        }
        self.known.len() == living.len()
    }

    /// Who maps anything that others may see.
    pub fn mappers(&self, index: &HolderIndex) -> Vec<Mapper> {
        let mapper = |h: &Holder| {
            let maps = self.known.get(&h.id)?.maps.as_ref().ok()?;
            (!maps.is_empty()).then(|| Mapper {
                id: h.id,
                name: h.name.clone(),
                maps: Arc::clone(maps),
            })
        };
        index.holders.iter().filter_map(mapper).collect()
    }

    fn look(&mut self, some: &[ProcId]) {
        let now = Instant::now();
        let mut changed = Vec::new();
        for id in some {
            let size = self.size(id.pid);
            match self.known.get_mut(id) {
                Some(known) if known.size == size && now.duration_since(known.read) < OLD => {
                    known.at = now;
                }
                _ => changed.push((*id, size)),
            }
        }
        let paths = changed.iter();
        let paths: Vec<PathBuf> = paths
            .map(|(id, _)| self.root.proc(format!("{}/maps", id.pid)))
            .collect();
        let read = bounded::each("shared maps", paths, |path: &PathBuf| {
            shared_maps::read(path)
        });
        for ((id, size), maps) in changed.into_iter().zip(read) {
            let maps = match (maps, self.known.remove(&id)) {
                // What was known is better than nothing while a process does not answer.
                (Err(Missing::Late), Some(known)) => known.maps,
                (maps, _) => maps,
            };
            let known = Known {
                at: now,
                read: now,
                size,
                maps,
            };
            self.known.insert(id, known);
        }
    }

    fn size(&self, pid: Pid) -> Option<u64> {
        let text = self.root.read(format!("{pid}/statm")).ok()?;
        fields::numbers(&text).next()
    }
}

/// Whether a process holds shared memory by a descriptor, and so probably maps it too.
fn likely(holder: &Holder) -> bool {
    let mut ends = holder.ends.iter().flat_map(|ends| ends.iter());
    ends.any(|end| matches!(end.object, Object::Inode { memory: true, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::descriptors::holder_index::{Effort, Indexer};

    #[test]
    fn without_time_it_says_that_more_is_to_come() {
        let root = ProcRoot::live();
        let mut taker = Indexer::new(root.clone());
        let effort = Effort {
            budget: Duration::from_mins(1),
            share: 1,
            fresh: Duration::ZERO,
            asleep: Duration::ZERO,
        };
        taker.refresh(&effort, None);
        let index = taker.index();
        let mut maps = SharedMaps::new(&root);
        assert!(!maps.refresh(&index, Duration::ZERO));
        assert!(maps.refresh(&index, Duration::from_mins(1)));
    }
}
