//! On what threads were seen blocked, by the site that the kernel counts the time of. It tells a call and a descriptor; who looks
//! finds out what that is.

use std::collections::HashMap;

use super::Cause;
use crate::model::id::Tid;
use crate::model::scheduling::calls::Number;
use crate::model::scheduling::phases::{Site, Sleep};

/// So many sites are remembered.
const MOST: usize = 16_384;

/// A site without what may differ between the kernel's view and a look at it.
type Place = (Option<Number>, u64, bool);

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of a thread: each cause, and how often since the last turn.
    lately: HashMap<(Tid, Place), Vec<(Cause, u32)>>,
    /// Of a thread and of all: the last one.
    last: HashMap<(Tid, Place), Cause>,
    of_all: HashMap<Place, Cause>,
}

fn place(site: &Site) -> Place {
    (site.call, site.first, site.is_deep())
}

impl Seen {
    /// A thread was seen there, blocked on this.
    pub fn saw(&mut self, tid: Tid, site: &Site, cause: &Cause) {
        if matches!(site.sleep, Sleep::Stopped | Sleep::Traced) {
            return;
        }
        let key = (tid, place(site));
        let lately = self.lately.entry(key).or_default();
        match lately.iter_mut().find(|(known, _)| known == cause) {
            Some((_, times)) => *times += 1,
            None => lately.push((cause.clone(), 1)),
        }
        self.last.insert(key, cause.clone());
        self.of_all.insert(key.1, cause.clone());
    }

    /// On what a thread was blocked there, each with how often it was seen lately; else what was seen last, there or of another
    /// thread. Nothing where nobody was seen there.
    pub fn causes(&self, tid: Tid, site: &Site) -> Vec<(Cause, u32)> {
        let key = (tid, place(site));
        if let Some(lately) = self.lately.get(&key) {
            return lately.clone();
        }
        let last = self.last.get(&key).or_else(|| self.of_all.get(&key.1));
        last.map(|cause| (cause.clone(), 1)).into_iter().collect()
    }

    /// What comes next is counted anew.
    pub fn turn(&mut self) {
        self.lately.clear();
        if self.last.len() > MOST {
            self.last.clear();
            self.of_all.clear();
        }
    }
}
