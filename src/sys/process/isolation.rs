//! What confines the process in focus: limits, namespaces, control group, capabilities, seccomp, labels.
//! `proc_pid_limits(5)`, `namespaces(7)`, `cgroups(7)`, `capabilities(7)`, `proc_pid_oom_score(5)`.
//!
//! Limits are read here: procfs gives all up for one line that it does not understand. A test compares both.

pub mod cgroup;

use super::{proc_dir, process_ids};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Pid, ProcId, Uid};
use crate::model::plan::{Needs, Plan};
use crate::model::process::isolation::limit::{Limit, Resource};
use crate::model::process::isolation::rights::{Capabilities, Rights, Seccomp};
use crate::model::process::isolation::{Isolation, NAMESPACES, Namespace};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::machine::host;
use crate::sys::process::living;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{clock, fields};

/// Reads what confines the process in focus.
pub struct Isolations {
    root: ProcRoot,
    per_second: u64,
}

impl Isolations {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            per_second: host::read(root).ticks_per_second.max(1),
        }
    }

    /// What confines this very process; each part is missing by itself.
    ///
    /// # Errors
    /// `Gone` when it has ended.
    pub fn of(&self, id: ProcId) -> Reading<Isolation> {
        let pid = living::pid(&self.root, id.pid);
        let status = self.text(pid, "status");
        let isolation = Isolation {
            limits: self.limits(pid, status.as_deref().unwrap_or_default()),
            namespaces: self.namespaces(pid),
            numbers: status.as_deref().map_or_else(|_| Vec::new(), numbers),
            group: self
                .text(pid, "cgroup")
                .map(|t| cgroup::read(&self.root, &t)),
            rights: status.as_deref().map_err(|m| *m).map(|t| self.rights(t)),
            label: self.label(pid),
            login: self.text(pid, "loginuid").map(|t| login(&t)),
            oom_score: self.text(pid, "oom_score").and_then(|t| integer(&t)),
            oom_adjustment: self.text(pid, "oom_score_adj").and_then(|t| integer(&t)),
        };
        process_ids::still(&self.root, id)?;
        Ok(isolation)
    }

    fn text(&self, pid: Pid, file: &str) -> Reading<Vec<u8>> {
        Ok(std::fs::read(self.root.proc(format!("{pid}/{file}")))?)
    }

    fn limits(&self, pid: Pid, status: &[u8]) -> Reading<Vec<Limit>> {
        let mut limits = limits(&self.text(pid, "limits")?);
        let time = self.text(pid, "stat").ok().and_then(|t| {
            let line = super::proc_stat::parse(&t, 1)?;
            Some(line.stat.cpu_time().0 / self.per_second)
        });
        for limit in &mut limits {
            limit.used = match limit.resource {
                Resource::Cpu => time.ok_or(Missing::Gone),
                Resource::Data => kib(status, b"VmData"),
                Resource::Stack => kib(status, b"VmStk"),
                Resource::Resident => kib(status, b"VmRSS"),
                Resource::Locked => kib(status, b"VmLck"),
                Resource::AddressSpace => kib(status, b"VmSize"),
                Resource::Files => proc_dir::count_descriptors(&self.root, pid),
                Resource::Signals => pair(status, b"SigQ").ok_or(Missing::Unsupported),
                _ => Err(Missing::Unsupported),
            };
        }
        Ok(limits)
    }

    fn namespaces(&self, pid: Pid) -> Vec<Namespace> {
        let one = |(kind, about): &(&'static str, &'static str)| {
            let id = namespace(&self.root, &pid.to_string(), kind);
            let own = namespace(&self.root, "self", kind);
            Namespace {
                kind,
                about,
                ours: id.and_then(|id| own.map(|own| id == own)),
                id,
            }
        };
        NAMESPACES.iter().map(one).collect()
    }

    fn rights(&self, status: &[u8]) -> Rights {
        rights(status, last_capability(&self.root))
    }

    /// What a security module (`AppArmor`, `SELinux`, Smack) calls it; kernels without one refuse the file.
    fn label(&self, pid: Pid) -> Reading<Option<SafeText>> {
        match self.text(pid, "attr/current") {
            Ok(text) => {
                let text = text
                    .split(|b| *b == 0 || *b == b'\n')
                    .next()
                    .unwrap_or_default();
                Ok((!text.is_empty()).then(|| SafeText::from_bytes(text)))
            }
            Err(Missing::Unsupported) => Ok(None),
            Err(why) => Err(why),
        }
    }
}

/// The number in a link such as `net:[4026531833]`.
fn namespace(root: &ProcRoot, process: &str, kind: &str) -> Reading<u64> {
    let link = std::fs::read_link(root.proc(format!("{process}/ns/{kind}")))?;
    let text = link.to_str().ok_or(Missing::Unsupported)?;
    let number = text.split_once(":[").and_then(|(_, n)| n.strip_suffix(']'));
    number
        .and_then(|n| n.parse().ok())
        .ok_or(Missing::Unsupported)
}

/// Parses lines such as `Max open files            1024                 524288               files     `.
pub(crate) fn limits(text: &[u8]) -> Vec<Limit> {
    let value = |word: &str| match word {
        "unlimited" => Some(None),
        n => n.parse().ok().map(Some),
    };
    let line = |line: &[u8]| {
        let text = std::str::from_utf8(line).ok()?;
        // Names have blanks in them and a width of 26; what follows has none.
        let (name, rest) = text.split_at_checked(26)?;
        let mut words = rest.split_ascii_whitespace();
        Some(Limit {
            resource: Resource::from_kernel(name.trim_end())?,
            soft: value(words.next()?)?,
            hard: value(words.next()?)?,
            used: Err(Missing::Unsupported),
        })
    };
    fields::lines(text).filter_map(line).collect()
}

fn value<'a>(status: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    fields::pairs(status)
        .find(|(k, _)| *k == key)
        .map(|(_, v)| v)
}

/// A line such as `VmData:\t     360 kB` in bytes; kernel threads and zombies have none.
fn kib(status: &[u8], key: &[u8]) -> Reading<u64> {
    let number = value(status, key).and_then(fields::number);
    number
        .map(|n| n.saturating_mul(1024))
        .ok_or(Missing::Unsupported)
}

/// The first number of a line such as `SigQ:\t3/96364`.
fn pair(status: &[u8], key: &[u8]) -> Option<u64> {
    value(status, key).and_then(fields::number)
}

/// The numbers of `NSpid:\t812\t1`.
fn numbers(status: &[u8]) -> Vec<u32> {
    let line = value(status, b"NSpid").unwrap_or_default();
    fields::numbers(line).map(|n| n as u32).collect()
}

/// A number such as `-17`.
pub(crate) fn integer(text: &[u8]) -> Reading<i32> {
    let number = fields::signed(text.trim_ascii()).map(|(n, _)| n);
    number
        .and_then(|n| i32::try_from(n).ok())
        .ok_or(Missing::Unsupported)
}

/// The user of a login; the kernel writes 4294967295 for nobody.
pub(crate) fn login(text: &[u8]) -> Option<Uid> {
    let number = u32::try_from(fields::number(text)?).ok()?;
    (number != u32::MAX).then_some(Uid(number))
}

/// The highest capability that the kernel knows: `/proc/sys/kernel/cap_last_cap`.
pub fn last_capability(root: &ProcRoot) -> u32 {
    let last = std::fs::read(root.proc("sys/kernel/cap_last_cap")).ok();
    last.and_then(|t| fields::number(&t))
        .map_or(40, |n| n as u32)
}

/// Whether a process is known to live in another namespace of this kind than pscope.
pub fn is_apart(root: &ProcRoot, pid: Pid, kind: &str) -> bool {
    let link = |of: &str| std::fs::read_link(root.proc(format!("{of}/ns/{kind}"))).ok();
    let theirs = link(&pid.to_string());
    theirs.is_some_and(|theirs| link("self").is_some_and(|ours| theirs != ours))
}

/// Parses `Uid:\t1000\t0\t0\t0`, `CapEff:\t000001ffffffffff`, `NoNewPrivs:\t0`, `Seccomp:\t2`, `Seccomp_filters:\t1`.
pub(crate) fn rights(status: &[u8], last: u32) -> Rights {
    let set = |key: &[u8]| {
        let text = value(status, key).and_then(|v| std::str::from_utf8(v).ok());
        Capabilities(
            text.and_then(|t| u64::from_str_radix(t, 16).ok())
                .unwrap_or(0),
        )
    };
    let three = |key: &[u8]| -> [u32; 3] {
        let mut numbers = fields::numbers(value(status, key).unwrap_or_default());
        std::array::from_fn(|_| numbers.next().unwrap_or(0) as u32)
    };
    let number = |key: &[u8]| value(status, key).and_then(fields::number);
    Rights {
        users: three(b"Uid").map(Uid),
        groups: three(b"Gid"),
        effective: set(b"CapEff"),
        permitted: set(b"CapPrm"),
        bounding: set(b"CapBnd"),
        ambient: set(b"CapAmb"),
        last,
        no_new_privileges: number(b"NoNewPrivs") == Some(1),
        seccomp: match number(b"Seccomp") {
            Some(1) => Seccomp::Strict,
            Some(2) => Seccomp::Filter(number(b"Seccomp_filters").map(|n| n as u32)),
            _ => Seccomp::Off,
        },
    }
}

impl Source<Detail> for Isolations {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others", "cgroups"])
    }

    fn fills(&self) -> Needs {
        Needs::LIMITS
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let value = plan.focus.map(|id| self.of(id));
        into.isolation = value.map(|value| Stamped::new(clock::now(), value));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
