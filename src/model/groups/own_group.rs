//! What the control group that pscope itself lives in may use, and how hard its limits press: the machine, as far as it is ours.

use std::sync::Arc;

use crate::model::id::{Bytes, Pid};
use crate::model::process::isolation::group::GroupCpu;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// The limits of our own control group; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnGroup {
    /// Memory: the tightest limit on the way up.
    pub memory: Option<GroupMemory>,
    /// Cores: the tightest quota on the way up.
    pub cpu: Option<GroupCpu>,
    /// Why a limit that is not told may be there all the same.
    pub unseen: Option<Missing>,
}

/// Memory of a control group with a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMemory {
    /// The path of the group that sets the limit.
    pub path: SafeText,
    /// The limit.
    pub limit: Bytes,
    /// Whether its tasks are only slowed down at the limit (`memory.high`), rather than refused more.
    pub soft: bool,
    /// In use, page cache included.
    pub used: Bytes,
    /// Of that, file contents, most of which can be given back.
    pub cache: Option<Bytes>,
    /// How often the limit was reached since the group was made.
    pub hits: Option<u64>,
}

impl GroupMemory {
    /// Whether its programs want for memory at the limit: hardly anything there is cache that could be given back.
    pub fn is_tight(&self) -> bool {
        let cache = self.cache.unwrap_or(Bytes(0)).0;
        let held = self.used.0.saturating_sub(cache);
        held as f64 >= self.limit.0 as f64 * 0.9
    }
}

/// Counters that tell how hard the limits of our own group press; missing where it has no such limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrainSample {
    /// Periods of the quota in which the group ran, and those in which it was throttled.
    pub periods: Reading<(u64, u64)>,
    /// How often its memory limit was reached while hardly any of its memory was cache: a full cache wants nothing.
    pub hits: Reading<u64>,
    /// The processes of the group, ascending; empty while nothing presses it.
    pub members: Arc<[Pid]>,
}

/// How hard the limits of our own group press at one tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Strain {
    /// Share of the quota's periods since the last tick in which the group was throttled, percent.
    pub throttled: Reading<f32>,
    /// How often its memory limit was reached since the last tick, while hardly any of its memory was cache.
    pub hits: Reading<u64>,
    /// The processes of the group, ascending; empty while nothing presses it.
    pub members: Arc<[Pid]>,
}

impl Default for StrainSample {
    fn default() -> Self {
        Self::unread(Missing::Soon)
    }
}

impl StrainSample {
    /// Of which nothing was read, for this reason.
    pub fn unread(why: Missing) -> Self {
        Self {
            periods: Err(why),
            hits: Err(why),
            members: Arc::default(),
        }
    }
}

impl Default for Strain {
    fn default() -> Self {
        Self {
            throttled: Err(Missing::Soon),
            hits: Err(Missing::Soon),
            members: Arc::default(),
        }
    }
}

impl Strain {
    /// What happened between two samples; where there is no earlier one only who the members are, and why no more.
    pub fn between(before: Option<&StrainSample>, now: &StrainSample, unread: Missing) -> Self {
        let none = StrainSample::unread(unread);
        let before = before.unwrap_or(&none);
        let throttled = || {
            let ((old_all, old), (all, new)) = (before.periods?, now.periods?);
            let share = 100.0 * new.saturating_sub(old) as f32;
            Ok(share / all.saturating_sub(old_all).max(1) as f32)
        };
        let hits = || Ok(now.hits?.saturating_sub(before.hits?));
        Self {
            throttled: throttled(),
            hits: hits(),
            members: Arc::clone(&now.members),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_tight_where_little_of_what_it_holds_can_be_given_back() {
        for (used, cache, tight) in [
            (100, Some(0), true),
            (90, Some(0), true),
            (89, Some(0), false),
            (100, Some(10), true),
            (100, Some(11), false),
            (95, None, true),
        ] {
            let group = GroupMemory {
                path: "/a".into(),
                limit: Bytes(100),
                soft: false,
                used: Bytes(used),
                cache: cache.map(Bytes),
                hits: None,
            };
            assert_eq!(group.is_tight(), tight, "{used} {cache:?}");
        }
    }
}
