//! The control group of a process: what it and its neighbours may use together, `cgroups(7)`.

use crate::model::groups::unit;
use crate::model::id::Nanos;
use crate::model::sample::Pressure;
use crate::model::text::SafeText;

/// How control groups are mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One hierarchy for each controller.
    V1,
    /// One hierarchy for all.
    V2,
    /// Controllers in v1, and a v2 hierarchy beside them.
    Hybrid,
    /// Not at all, or where we cannot see them.
    #[default]
    None,
}

impl Layout {
    /// The layout as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Hybrid => "hybrid (v1 and v2)",
            Self::None => "not mounted",
        }
    }
}

/// Where a process stands in one hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The controllers of the hierarchy: `cpu,cpuacct`; empty for v2.
    pub controllers: SafeText,
    /// The path in it, as the kernel tells it.
    pub path: SafeText,
}

impl Membership {
    /// The path as a person may read it.
    pub fn readable(&self) -> SafeText {
        unit::shown(&self.path)
    }
}

/// The control group of a process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// How groups are mounted here.
    pub layout: Layout,
    /// Where it stands in each hierarchy.
    pub memberships: Vec<Membership>,
    /// Memory in use by its group, and the tightest limit.
    pub memory: Option<Usage>,
    /// Swap in use by its group, and the tightest limit.
    pub swap: Option<Usage>,
    /// Tasks in its group, and the tightest limit.
    pub tasks: Option<Usage>,
    /// Cores.
    pub cpu: Option<GroupCpu>,
    /// How often the kernel ended a process of the group for want of memory.
    pub oom_kills: Option<u64>,
    /// Pressure on the cores, memory and I/O inside the group.
    pub pressure: [Option<Pressure>; 3],
}

/// An amount in use by a group, and the tightest limit on it or on a group above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In use.
    pub used: Option<u64>,
    /// The tightest limit.
    pub limit: Option<u64>,
    /// The group that sets it.
    pub set_by: Option<SafeText>,
}

/// What a group has of the cores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupCpu {
    /// Cores that it may use, by the tightest quota: 0.5 is half of one.
    pub cores: Option<f64>,
    /// The group that sets it.
    pub set_by: Option<SafeText>,
    /// Periods in which it ran, since the quota was set.
    pub periods: u64,
    /// Periods in which it was throttled.
    pub throttled: u64,
    /// How long it was throttled in all.
    pub throttled_time: Nanos,
}

impl Usage {
    /// The share of the limit that is in use, 0..=1.
    pub fn share(&self) -> Option<f64> {
        let (used, limit) = (self.used?, self.limit?);
        (limit > 0).then(|| (used as f64 / limit as f64).min(1.0))
    }
}

impl Group {
    /// The path that tells most: that of v2, or else the longest one; as a person may read it.
    pub fn path(&self) -> Option<SafeText> {
        let v2 = self.memberships.iter().find(|m| m.controllers.is_empty());
        let v2 = v2.filter(|m| m.path.as_str() != "/");
        let longest = || self.memberships.iter().max_by_key(|m| m.path.len());
        v2.or_else(longest).map(Membership::readable)
    }

    /// The group as the JSON contract has it.
    pub fn to_json(&self) -> GroupJson<'_> {
        let usage = |u: &Option<Usage>| u.as_ref().map_or((None, None), |u| (u.used, u.limit));
        let cpu = self.cpu.as_ref();
        GroupJson {
            layout: self.layout,
            path: self.path(),
            paths: self
                .memberships
                .iter()
                .map(|m| (m.controllers.exact(), m.readable()))
                .collect(),
            memory_used_bytes: usage(&self.memory).0,
            memory_limit_bytes: usage(&self.memory).1,
            swap_used_bytes: usage(&self.swap).0,
            swap_limit_bytes: usage(&self.swap).1,
            tasks: usage(&self.tasks).0,
            tasks_limit: usage(&self.tasks).1,
            cpu_limit_cores: cpu.and_then(|c| c.cores),
            throttled_periods: cpu.map(|c| c.throttled),
            periods: cpu.map(|c| c.periods),
            throttled_ns: cpu.map(|c| c.throttled_time.0),
        }
    }
}

/// A group as the JSON contract has it; `null` limits are no limits.
#[derive(Debug, serde::Serialize)]
pub struct GroupJson<'a> {
    layout: Layout,
    path: Option<SafeText>,
    paths: std::collections::BTreeMap<&'a str, SafeText>,
    memory_used_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    swap_used_bytes: Option<u64>,
    swap_limit_bytes: Option<u64>,
    tasks: Option<u64>,
    tasks_limit: Option<u64>,
    cpu_limit_cores: Option<f64>,
    throttled_periods: Option<u64>,
    periods: Option<u64>,
    throttled_ns: Option<u64>,
}
