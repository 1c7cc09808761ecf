//! The control group of a process: what it and its neighbours may use together, `cgroups(7)`.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::groups::unit;
use crate::model::id::Nanos;
use crate::model::reading::Missing;
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

/// A control group that stands still, of a process that does so with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frozen {
    /// Its path; empty where only the kernel's function told that there is one.
    pub group: SafeText,
    /// Whether it is one of v1: nobody in it wakes for anything, not even to end. In v2 one does to end.
    pub old: bool,
}

impl fmt::Display for Frozen {
    /// `frozen with its control group /batch`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("frozen with its control group")?;
        match self.group.as_str() {
            "" => Ok(()),
            group => write!(f, " {group}"),
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
    /// Of all limits on the way up the one with the least room left: others count against that of a group above.
    pub near: Option<Near>,
}

/// A limit with what counts against it in the group that sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Near {
    /// The group.
    pub group: SafeText,
    /// What the group has in use, with all its parts.
    pub used: u64,
    /// Its limit.
    pub limit: u64,
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
    /// Of the other quotas on the way up the one that throttled most, where one did.
    pub above: Option<Quota>,
}

/// A quota of a group above, which throttles all of its parts together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quota {
    /// The group that sets it.
    pub group: SafeText,
    /// Cores.
    pub cores: f64,
    /// Periods in which the group ran, since the quota was set.
    pub periods: u64,
    /// Periods in which it was throttled.
    pub throttled: u64,
}

impl GroupCpu {
    /// The other quota that holds it back: `/a with 2.00 cores throttled in 38 of 40 periods`.
    pub fn above_words(&self) -> Option<String> {
        let above = self.above.as_ref()?;
        Some(format!(
            "{} with {:.2} cores throttled in {} of {} periods",
            above.group, above.cores, above.throttled, above.periods
        ))
    }
}

impl Usage {
    /// The share of the limit that is in use, 0..=1, where there is the least room left.
    pub fn share(&self) -> Option<f64> {
        let own = || self.used.zip(self.limit);
        let near = self.near.as_ref().map(|near| (near.used, near.limit));
        let (used, limit) = near.or_else(own)?;
        // Nothing may be used at all: that is as near as can be.
        Some(if limit > 0 {
            (used as f64 / limit as f64).min(1.0)
        } else {
            1.0
        })
    }

    /// What is in use of the tightest limit, and whose limit comes first where others count against it:
    /// `10M of 512M (2 %)`, `set by /a; first 990M of 1.0G in /b (97 %)`.
    pub fn words(&self, told: impl Fn(u64) -> String) -> (String, String) {
        let used = self.used.map_or("–".to_owned(), &told);
        let Some(limit) = self.limit else {
            return (format!("{used}, no limit"), String::new());
        };
        let share = self.share().unwrap_or(0.0) * 100.0;
        let by = self.set_by.as_ref().map(|by| format!("set by {by}"));
        let by = by.unwrap_or_default();
        match &self.near {
            Some(near) if Some(near.used) != self.used || near.limit != limit => {
                let [full, of] = [near.used, near.limit].map(&told);
                let first = if self.set_by.as_ref() == Some(&near.group) {
                    format!("{by}, which has {full} in use ({share:.0} %)")
                } else {
                    format!(
                        "{by}; {} comes first: {full} of {of} ({share:.0} %)",
                        near.group
                    )
                };
                (format!("{used} of {}", told(limit)), first)
            }
            _ => (format!("{used} of {} ({share:.0} %)", told(limit)), by),
        }
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

    /// Whose limit counts, unless the group itself sets it and nothing else comes first.
    pub fn whose(&self, usage: &Usage, told: impl Fn(u64) -> String) -> String {
        let own = self.path();
        let ours = |group: &SafeText| Some(group) == own.as_ref();
        let far = usage.near.as_ref().is_some_and(|near| !ours(&near.group));
        if far || usage.set_by.as_ref().is_some_and(|by| !ours(by)) {
            usage.words(told).1
        } else {
            String::new()
        }
    }

    /// The group as the JSON contract has it.
    pub fn to_json<'a>(&'a self) -> GroupJson<'a> {
        let usage = |u: &Option<Usage>| u.as_ref().map_or((None, None), |u| (u.used, u.limit));
        let set_by = |u: &'a Option<Usage>| u.as_ref()?.set_by.as_ref();
        let near = |u: &'a Option<Usage>| u.as_ref()?.near.as_ref();
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
            memory_limit_set_by: set_by(&self.memory),
            memory_nearest_limit: near(&self.memory).map(Near::bytes),
            swap_used_bytes: usage(&self.swap).0,
            swap_limit_bytes: usage(&self.swap).1,
            swap_limit_set_by: set_by(&self.swap),
            swap_nearest_limit: near(&self.swap).map(Near::bytes),
            tasks: usage(&self.tasks).0,
            tasks_limit: usage(&self.tasks).1,
            tasks_limit_set_by: set_by(&self.tasks),
            tasks_nearest_limit: near(&self.tasks).map(Near::tasks),
            cpu_limit_cores: cpu.and_then(|c| c.cores),
            cpu_limit_set_by: cpu.and_then(|c| c.set_by.as_ref()),
            throttled_above: cpu.and_then(|c| c.above.as_ref()).map(QuotaJson::new),
            throttled_periods: cpu.map(|c| c.throttled),
            periods: cpu.map(|c| c.periods),
            throttled_ns: cpu.map(|c| c.throttled_time.0),
            unavailable: self.untold(),
        }
    }

    /// What is not told, of what the JSON has: a controller that is not on for it, or a file that the group lacks. What has no
    /// reason here is told: a limit that is `null` is none.
    fn untold(&self) -> BTreeMap<&'static str, &'static str> {
        let amount = |usage: &Option<Usage>, names: [&'static str; 4]| match usage {
            None => names.to_vec(),
            Some(usage) if usage.used.is_none() => names[..1].to_vec(),
            Some(_) => Vec::new(),
        };
        let of_cores: &[&'static str] = match self.cpu {
            None => &[
                "cpu_limit_cores",
                "cpu_limit_set_by",
                "throttled_above",
                "throttled_periods",
                "periods",
                "throttled_ns",
            ],
            Some(_) => &[],
        };
        let path: &[&'static str] = if self.memberships.is_empty() {
            &["path"]
        } else {
            &[]
        };
        let memory = [
            "memory_used_bytes",
            "memory_limit_bytes",
            "memory_limit_set_by",
            "memory_nearest_limit",
        ];
        let swap = [
            "swap_used_bytes",
            "swap_limit_bytes",
            "swap_limit_set_by",
            "swap_nearest_limit",
        ];
        let tasks = [
            "tasks",
            "tasks_limit",
            "tasks_limit_set_by",
            "tasks_nearest_limit",
        ];
        let all = [
            amount(&self.memory, memory),
            amount(&self.swap, swap),
            amount(&self.tasks, tasks),
        ];
        let all = all.into_iter().flatten();
        let all = all
            .chain(of_cores.iter().copied())
            .chain(path.iter().copied());
        all.map(|name| (name, Missing::Unsupported.word()))
            .collect()
    }
}

/// A group as the JSON contract has it; `null` limits are no limits, unless `unavailable` has them.
#[derive(Debug, serde::Serialize)]
pub struct GroupJson<'a> {
    layout: Layout,
    path: Option<SafeText>,
    paths: BTreeMap<&'a str, SafeText>,
    memory_used_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    memory_limit_set_by: Option<&'a SafeText>,
    memory_nearest_limit: Option<NearBytes<'a>>,
    swap_used_bytes: Option<u64>,
    swap_limit_bytes: Option<u64>,
    swap_limit_set_by: Option<&'a SafeText>,
    swap_nearest_limit: Option<NearBytes<'a>>,
    tasks: Option<u64>,
    tasks_limit: Option<u64>,
    tasks_limit_set_by: Option<&'a SafeText>,
    tasks_nearest_limit: Option<NearTasks<'a>>,
    cpu_limit_cores: Option<f64>,
    cpu_limit_set_by: Option<&'a SafeText>,
    throttled_above: Option<QuotaJson<'a>>,
    throttled_periods: Option<u64>,
    periods: Option<u64>,
    throttled_ns: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unavailable: BTreeMap<&'static str, &'static str>,
}

/// The limit with the least room left, as the JSON contract has it.
#[derive(Debug, serde::Serialize)]
struct NearBytes<'a> {
    path: &'a SafeText,
    used_bytes: u64,
    limit_bytes: u64,
}

/// The same of tasks.
#[derive(Debug, serde::Serialize)]
struct NearTasks<'a> {
    path: &'a SafeText,
    tasks: u64,
    limit: u64,
}

impl Near {
    fn bytes(&self) -> NearBytes<'_> {
        NearBytes {
            path: &self.group,
            used_bytes: self.used,
            limit_bytes: self.limit,
        }
    }

    fn tasks(&self) -> NearTasks<'_> {
        NearTasks {
            path: &self.group,
            tasks: self.used,
            limit: self.limit,
        }
    }
}

/// A quota of a group above, as the JSON contract has it.
#[derive(Debug, serde::Serialize)]
struct QuotaJson<'a> {
    path: &'a SafeText,
    cores: f64,
    periods: u64,
    throttled_periods: u64,
}

impl<'a> QuotaJson<'a> {
    fn new(quota: &'a Quota) -> Self {
        Self {
            path: &quota.group,
            cores: quota.cores,
            periods: quota.periods,
            throttled_periods: quota.throttled,
        }
    }
}
