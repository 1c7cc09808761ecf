//! On what threads were seen blocked, by the site that the kernel counts the time of. It tells a call and a descriptor; who looks
//! finds out what that is.

use std::collections::HashMap;

use super::Cause;
use crate::model::id::Tid;
use crate::model::scheduling::phases::{Site, Sleep};
use crate::model::scheduling::wait::Waiting;

/// So many sites are remembered.
const MOST: usize = 16_384;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of a thread: each cause, and how often since the last turn.
    lately: HashMap<(Tid, Site), Vec<(Cause, u32)>>,
    /// Of a thread and of all: the last one.
    last: HashMap<(Tid, Site), Cause>,
    of_all: HashMap<Site, Cause>,
}

impl Seen {
    /// A thread was seen there, blocked on this.
    pub fn saw(&mut self, tid: Tid, site: &Site, cause: &Cause) {
        if matches!(site.sleep, Sleep::Stopped | Sleep::Traced) {
            return;
        }
        // It was woken while it was looked at.
        let of_two_moments = |w: &Waiting| w.uninterruptible && w.function.is_none();
        if cause.waiting().is_some_and(of_two_moments) {
            return;
        }
        let key = (tid, *site);
        let lately = self.lately.entry(key).or_default();
        match lately.iter_mut().find(|(known, _)| known.is(cause)) {
            Some((_, times)) => *times += 1,
            None => lately.push((cause.clone(), 1)),
        }
        self.last.insert(key, cause.clone());
        self.of_all.insert(key.1, cause.clone());
    }

    /// On what a thread was blocked there, each with how often it was seen lately; else what was seen last, there or of another
    /// thread. Nothing where nobody was seen there.
    pub fn causes(&self, tid: Tid, site: &Site) -> Vec<(Cause, u32)> {
        let key = (tid, *site);
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
