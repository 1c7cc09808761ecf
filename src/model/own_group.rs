//! What the control group that pscope itself lives in may use: the machine, as far as it is ours.

use super::isolation::group::GroupCpu;
use super::machine_memory::GroupMemory;

/// The limits of our own control group; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnGroup {
    /// Memory: the tightest limit on the way up.
    pub memory: Option<GroupMemory>,
    /// Cores: the tightest quota on the way up.
    pub cpu: Option<GroupCpu>,
}
