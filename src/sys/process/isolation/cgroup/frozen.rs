//! Whether who stands in a control group stands still with it: `cgroup.events` of v2, `freezer.state` of v1, `cgroups(7)`.
//!
//! Neither the state nor the function of the kernel tells that for certain: in v1 one sleeps on where one slept, in state D,
//! and in v2 in state S in a function whose name other users are not told.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::acting::Freezer;
use super::{Membership, Mount, memberships, mounts, place};
use crate::model::process::isolation::group::Frozen;
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;

/// Tells of many tasks whether they are frozen: the hierarchies are read once, and each group once.
#[derive(Debug)]
pub struct Freezers {
    root: ProcRoot,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    mounts: Option<Vec<Mount>>,
    frozen: HashMap<PathBuf, bool>,
}

impl Freezers {
    /// Knows nothing yet; what it reads it keeps, so that it is to be made for one look at the machine.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            known: Mutex::default(),
        }
    }

    /// The frozen group of whom this text of a `cgroup` file is of.
    ///
    /// Nothing else is read for who is in the group that everything is in, which cannot be frozen.
    pub fn of(&self, text: &[u8]) -> Option<Frozen> {
        let of: Vec<Membership> = memberships(text);
        let can = |m: &Membership| {
            let mut all = m.controllers.as_bytes().split(|b| *b == b',');
            m.path.as_str() != "/" && all.any(|c| c.is_empty() || c == b"freezer")
        };
        if !of.iter().any(can) {
            return None;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known {
            mounts: kept,
            frozen,
        } = &mut *known;
        let mounts = kept.get_or_insert_with(|| mounts(&self.root));
        // Who is in a frozen group of v1 does not wake for anything, whatever v2 says.
        let freezer = place(&self.root, mounts, &of, "freezer").filter(|p| !p.unified);
        let unified = place(&self.root, mounts, &of, "").filter(|p| p.unified);
        let mut places = [freezer, unified].into_iter().flatten();
        places.find_map(|place| {
            let (old, group) = (!place.unified, place.path_of(&place.dir));
            let stands = frozen
                .entry(place.dir.clone())
                .or_insert_with(|| Freezer::new(place).frozen() == Some(true));
            stands.then_some(Frozen { group, old })
        })
    }

    /// The frozen group of a task, by its directory below `/proc`: `812`, `812/task/813`.
    pub fn of_task(&self, task: &str) -> Option<Frozen> {
        self.of(&self.root.read(format!("{task}/cgroup")).ok()?)
    }
}

/// The frozen group of which the name is not told: the kernel says alone that a task stands in its freezer.
pub fn nameless(old: bool) -> Frozen {
    Frozen {
        group: SafeText::default(),
        old,
    }
}
