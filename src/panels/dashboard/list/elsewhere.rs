//! What was selected and folded of each machine, where recordings of several are shown: of another one it means nobody.

use std::collections::{HashMap, HashSet};

use super::{Cursor, List};
use crate::model::groups::grouping::GroupId;
use crate::model::id::ProcId;
use crate::model::process::forest::GroupKey;
use crate::model::process::steady::Steady;

/// What the list keeps of one machine.
#[derive(Default)]
struct Kept {
    cursor: Option<Cursor>,
    begun: bool,
    offered: Option<super::Offer>,
    top: usize,
    folded: HashSet<ProcId>,
    folded_in_filter: HashSet<ProcId>,
    opened: HashSet<GroupKey>,
    headings: [HashMap<GroupId, bool>; 2],
}

/// The same of each machine but the one that is shown.
#[derive(Default)]
pub(super) struct Elsewhere {
    host: usize,
    kept: HashMap<usize, Kept>,
}

impl List {
    /// Another machine is shown from now on.
    pub(super) fn change_host(&mut self, host: usize) {
        let next = self.elsewhere.kept.remove(&host).unwrap_or_default();
        let before = std::mem::replace(&mut self.elsewhere.host, host);
        let kept = Kept {
            cursor: std::mem::replace(&mut self.cursor, next.cursor),
            begun: std::mem::replace(&mut self.begun, next.begun),
            offered: std::mem::replace(&mut self.offered, next.offered),
            top: std::mem::replace(&mut self.top, next.top),
            folded: std::mem::replace(&mut self.folded, next.folded),
            folded_in_filter: std::mem::replace(&mut self.folded_in_filter, next.folded_in_filter),
            opened: std::mem::replace(&mut self.opened, next.opened),
            headings: std::mem::replace(&mut self.headings, next.headings),
        };
        self.elsewhere.kept.insert(before, kept);
        (self.at, self.clicked, self.menu, self.built) = (None, None, None, None);
        self.ended.clear();
        self.vacant.clear();
        self.steady = Steady::default();
        self.in_view = false;
        self.forget_pictures();
        self.changed();
    }
}
