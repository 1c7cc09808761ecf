//! Who stands still with a control group that is frozen: the kernel's state of a process does not say so, `cgroups(7)`.

use super::grouping::Group;
use super::telling::is_within;
use crate::model::id::Pid;
use crate::model::text::SafeText;

/// The groups that are frozen, and who is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frozen {
    /// Their paths; those of their parts, which are frozen with them, are not among them.
    pub groups: Vec<SafeText>,
    /// The processes in them and in their parts, ascending.
    pub pids: Vec<Pid>,
}

impl Frozen {
    /// Whether a process stands still with its group.
    pub fn has(&self, pid: Pid) -> bool {
        self.pids.binary_search(&pid).is_ok()
    }

    /// Whether a control group is one of them, or a part of one.
    pub fn is_within(&self, group: &Group) -> bool {
        let path = group.path.as_ref();
        let of = |whole: &SafeText| path.is_some_and(|path| is_within(path.exact(), whole.exact()));
        self.groups.iter().any(of)
    }
}
