//! What many processes hold alike, since they were all started by one, is kept once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::model::descriptors::peer::End;

/// What a process holds, and for each the hash of its link.
pub(super) type Held = (Arc<[End]>, Arc<[u64]>);

/// So many different ones are remembered.
const MOST: usize = 256;

/// What was met lately, by its links.
#[derive(Default)]
pub(super) struct Alike(HashMap<u64, Held>);

impl Alike {
    /// The same as one that was met before, where there was one.
    pub(super) fn once(&mut self, ends: Vec<End>, links: &[u64]) -> Held {
        let mut hasher = DefaultHasher::new();
        links.hash(&mut hasher);
        let key = hasher.finish();
        // The links of two eventfds are the same, and what they lead to is not.
        let same = |held: &&Held| *held.0 == *ends && *held.1 == *links;
        if let Some(held) = self.0.get(&key).filter(same) {
            return held.clone();
        }
        let held: Held = (ends.into(), links.into());
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(key, held.clone());
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::peer::Object;

    fn end(object: Object) -> Vec<End> {
        let fd = 3;
        let mode = None;
        vec![End { fd, mode, object }]
    }

    #[test]
    fn the_same_is_kept_once_and_what_only_looks_the_same_is_not() {
        let mut alike = Alike::default();
        let (first, _) = alike.once(end(Object::Eventfd(1)), &[7]);
        let (other, _) = alike.once(end(Object::Eventfd(2)), &[7]);
        assert_eq!(other[0].object, Object::Eventfd(2));
        let (again, _) = alike.once(end(Object::Eventfd(2)), &[7]);
        assert!(Arc::ptr_eq(&other, &again) && !Arc::ptr_eq(&first, &other));
        for n in 0..10 * MOST as u64 {
            alike.once(end(Object::Pipe(n)), &[n]);
        }
        assert!(alike.0.len() <= MOST);
    }
}
