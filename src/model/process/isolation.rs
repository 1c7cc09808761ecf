//! What a process may use, and what it is kept apart from: limits, namespaces, its control group, its rights.

pub mod group;
pub mod limit;
pub mod rights;

use std::collections::BTreeMap;

use self::group::{Group, GroupJson};
use self::limit::{Limit, LimitJson, Resource};
use self::rights::Rights;
use crate::model::id::Uid;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// Everything that confines one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Isolation {
    /// Its resource limits, in the kernel's order.
    pub limits: Reading<Vec<Limit>>,
    /// Its namespaces.
    pub namespaces: Vec<Namespace>,
    /// Its number in each pid namespace, from ours inwards.
    pub numbers: Vec<u32>,
    /// Its control group.
    pub group: Reading<Group>,
    /// Users and capabilities.
    pub rights: Reading<Rights>,
    /// What a security module calls it; `None` where none does.
    pub label: Reading<Option<SafeText>>,
    /// The user who logged in; `None` for services.
    pub login: Reading<Option<Uid>>,
    /// How likely the kernel ends it when memory runs out: 0..=2000 or so.
    pub oom_score: Reading<i32>,
    /// What is added to that, -1000 (never) to 1000.
    pub oom_adjustment: Reading<i32>,
}

/// One namespace of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Which kind: `net`.
    pub kind: &'static str,
    /// What that isolates, in words.
    pub about: &'static str,
    /// The number of the namespace.
    pub id: Reading<u64>,
    /// Whether it is the one that pscope lives in.
    pub ours: Reading<bool>,
}

/// The kinds of namespaces by the name of their link in `/proc/PID/ns`, and what each isolates.
pub const NAMESPACES: [(&str, &str); 8] = [
    ("cgroup", "view of control groups"),
    ("ipc", "System V and POSIX IPC"),
    ("mnt", "mounted filesystems"),
    ("net", "network interfaces and sockets"),
    ("pid", "process numbers"),
    ("time", "clocks since boot"),
    ("user", "users and capabilities"),
    ("uts", "host name"),
];

impl Isolation {
    /// Fills in what only the process table tells: how many threads its user has, against the limit on processes.
    #[must_use]
    pub fn with_threads_of_user(mut self, threads: u64) -> Self {
        if let Ok(limits) = &mut self.limits {
            for limit in limits {
                if limit.resource == Resource::Processes {
                    limit.used = Ok(threads);
                }
            }
        }
        self
    }

    /// Whether it is known to live in another namespace of this kind than pscope.
    pub fn is_apart(&self, kind: &str) -> bool {
        let other = |n: &Namespace| n.kind == kind && n.ours == Ok(false);
        self.namespaces.iter().any(other)
    }

    /// Whether it is apart from us in any way.
    #[cfg(test)]
    pub fn differs(&self) -> bool {
        self.namespaces.iter().any(|n| n.ours == Ok(false))
    }
}

/// The parts of the JSON contract that this tells.
#[derive(Debug, serde::Serialize)]
pub struct IsolationJson<'a> {
    limits: Option<Vec<LimitJson>>,
    namespaces: BTreeMap<&'static str, NamespaceJson>,
    cgroup: Option<GroupJson<'a>>,
    capabilities: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unavailable: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, serde::Serialize)]
struct NamespaceJson {
    id: Option<u64>,
    same_as_ours: Option<bool>,
}

impl Isolation {
    /// Limits, namespaces, control group and effective capabilities as the JSON contract has them.
    pub fn to_json(&self) -> IsolationJson<'_> {
        let mut unavailable = BTreeMap::new();
        let mut why = |field: &'static str, missing: Missing| {
            unavailable.insert(field, missing.word());
        };
        let limits = self.limits.as_ref().map_err(|m| why("limits", *m)).ok();
        let group = self.group.as_ref().map_err(|m| why("cgroup", *m)).ok();
        let rights = self
            .rights
            .as_ref()
            .map_err(|m| why("capabilities", *m))
            .ok();
        let namespaces = self.namespaces.iter().map(|n| {
            let json = NamespaceJson {
                id: n.id.ok(),
                same_as_ours: n.ours.ok(),
            };
            (n.kind, json)
        });
        let namespaces: BTreeMap<_, _> = namespaces.collect();
        if let Some(missing) = self.namespaces.iter().find_map(|n| n.id.err()) {
            why("namespaces", missing);
        }
        IsolationJson {
            limits: limits.map(|l| l.iter().map(Limit::to_json).collect()),
            namespaces,
            cgroup: group.map(Group::to_json),
            capabilities: rights.map(|r| r.effective.names().collect()),
            unavailable,
        }
    }
}

#[cfg(test)]
mod tests;
