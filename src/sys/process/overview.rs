//! The control block of the process in focus, in short: many small files of `/proc/PID`, each cheap (`proc(5)`).

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::isolation::cgroup::frozen::Freezers;
use super::{isolation, living, proc_counters, proc_dir, process_ids, users};
use crate::model::detail::{Detail, Stamped};
use crate::model::groups::unit;
use crate::model::id::{Nanos, ProcId, Uid};
use crate::model::memory::region::Residency;
use crate::model::plan::{Needs, Plan};
use crate::model::process::overview::{Credentials, Inside, Lately, Limit, Overview, Scheduled};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::SchedStat;
use crate::model::text::SafeText;
use crate::sys::groups::proc_cgroup;
use crate::sys::memory::maps;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{bounded, clock};

pub(crate) mod status;

/// The pace while it costs little.
const PACE_MS: u64 = 1000;
/// A reading takes at most this share of the time: one part in so many.
const SHARE: u64 = 250;
/// So many threads are asked for their slices.
const THREADS: usize = 256;

/// Reads the control block of the process in focus.
#[derive(Debug)]
pub struct Overviews {
    root: ProcRoot,
    of: Option<ProcId>,
    /// The switches of the first thread, and when they were first so many.
    last: Option<(u64, Nanos)>,
    /// What the threads had of the cores, and when that was read.
    before: Option<(SchedStat, Nanos)>,
    cost: Nanos,
    last_cost: Nanos,
}

impl Overviews {
    /// Reads below this root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            of: None,
            last: None,
            before: None,
            cost: Nanos(0),
            last_cost: Nanos(u64::MAX),
        }
    }

    /// Reads the control block of one process.
    ///
    /// # Errors
    /// `Gone` when it has ended; what else is missing is missing inside.
    pub fn of(&mut self, id: ProcId) -> Reading<Overview> {
        if self.of != Some(id) {
            (self.of, self.last, self.before) = (Some(id), None, None);
        }
        if process_ids::read(&self.root, id.pid)?.id != id {
            return Err(Missing::Gone);
        }
        let now = clock::now();
        let asked = living::pid(&self.root, id.pid);
        let dir = self.root.proc(asked.to_string());
        let status = std::fs::read(dir.join("status")).map_err(Missing::from);
        let status = status.map(|text| {
            let apart = isolation::is_apart(&self.root, asked, "user");
            let status = status::parse(&text);
            let inside = users::inside(&self.root, asked, Uid(status.uids[1]), apart);
            Credentials {
                last_capability: isolation::last_capability(&self.root),
                apart: apart || inside != Inside::Untold,
                inside,
                ..status
            }
        });
        let descriptors = proc_dir::count_descriptors(&self.root, asked);
        let limits = std::fs::read(dir.join("limits")).map_err(Missing::from);
        let limits = limits.map(|text| self.limits(&text, &dir, &status, descriptors));
        let switches = status.as_ref().ok().map(|s| s.switches);
        if let Some(switches) = switches
            && self.last.is_none_or(|(last, _)| last != switches)
        {
            self.last = Some((switches, now));
        }
        Ok(Overview {
            exe: link(&dir.join("exe")),
            cwd: link(&dir.join("cwd")),
            root: link(&dir.join("root")),
            frozen: Freezers::new(&self.root).of_task(&asked.to_string()),
            cgroup: text(&dir.join("cgroup"), proc_cgroup::parse).map(|of| unit::shown(&of.path)),
            descriptors,
            standard: [0, 1, 2].map(|fd| link(&dir.join(format!("fd/{fd}")))),
            limits,
            schedule: self.schedule(&dir, now),
            io: bounded::read(&dir.join("io"))
                .and_then(|text| proc_counters::io(&text).ok_or(Missing::Unsupported)),
            memory: rollup(&dir.join("smaps_rollup")),
            since: self.last.map(|(_, since)| since),
            status,
        })
    }

    fn schedule(&mut self, dir: &Path, now: Nanos) -> Reading<Scheduled> {
        let tasks: Vec<PathBuf> = std::fs::read_dir(dir.join("task"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        let mut total = SchedStat::default();
        let mut asked = 0;
        for task in tasks.iter().take(THREADS) {
            let Ok(one) = text(&task.join("schedstat"), proc_counters::schedstat) else {
                continue;
            };
            total.run.0 = total.run.0.saturating_add(one.run.0);
            total.wait.0 = total.wait.0.saturating_add(one.wait.0);
            total.slices = total.slices.saturating_add(one.slices);
            asked += 1;
        }
        if asked == 0 {
            return Err(Missing::Unsupported);
        }
        let before = self.before.replace((total, now));
        let lately = before.ok_or(Missing::Soon).and_then(|(old, then)| {
            let seconds = now.since(then).seconds();
            let slices = total.slices.saturating_sub(old.slices);
            if seconds <= 0.0 {
                return Err(Missing::Soon);
            }
            Ok(Lately {
                slices: slices as f64 / seconds,
                mean: Nanos(total.run.since(old.run).0.checked_div(slices).unwrap_or(0)),
                waiting_ms: total.wait.since(old.wait).seconds() * 1e3 / seconds,
            })
        });
        Ok(Scheduled {
            total,
            lately,
            threads: (asked, tasks.len()),
        })
    }

    /// The limits whose use is known: descriptors, address space, data, stack, locked memory, CPU time.
    fn limits(
        &self,
        text: &[u8],
        dir: &Path,
        status: &Reading<Credentials>,
        descriptors: Reading<u64>,
    ) -> Vec<Limit> {
        let statm = std::fs::read(dir.join("statm")).unwrap_or_default();
        let pages: Vec<u64> = crate::sys::fields::numbers(&statm).collect();
        let page = procfs::page_size();
        let of = |at: usize| pages.get(at).map(|n| n.saturating_mul(page));
        let locked = status.as_ref().ok().map(|s| s.locked.0);
        let run = self.before.map(|(s, _)| s.run.0 / 1_000_000_000);
        let known: [(&'static str, Option<u64>, bool); 4] = [
            ("Max open files", descriptors.ok(), false),
            ("Max address space", of(0), true),
            ("Max locked memory", locked, true),
            ("Max cpu time", run, false),
        ];
        known
            .into_iter()
            .filter_map(|(name, used, bytes)| {
                Some(Limit {
                    name,
                    used: used?,
                    soft: Some(soft_limit(text, name)?).filter(|soft| *soft < u64::MAX),
                    bytes,
                })
            })
            .collect()
    }
}

/// The soft limit in a line such as `Max open files            1024                 1048576              files`;
/// `u64::MAX` for unlimited.
pub(crate) fn soft_limit(text: &[u8], name: &str) -> Option<u64> {
    let line = crate::sys::fields::lines(text).find(|l| l.starts_with(name.as_bytes()))?;
    let value = crate::sys::fields::words(&line[name.len()..]).next()?;
    if value == b"unlimited" {
        return Some(u64::MAX);
    }
    crate::sys::fields::number(value)
}

fn link(path: &Path) -> Reading<SafeText> {
    let target = std::fs::read_link(path)?;
    Ok(SafeText::from_bytes(target.as_os_str().as_bytes()))
}

fn text<T>(path: &Path, parse: impl Fn(&[u8]) -> Option<T>) -> Reading<T> {
    let bytes = std::fs::read(path)?;
    parse(&bytes).ok_or(Missing::Unsupported)
}

/// The sums of `smaps_rollup`, which has the fields of one mapping. Empty for what has no address space.
fn rollup(path: &Path) -> Reading<Residency> {
    let text = bounded::read(path)?;
    let listing = maps::parse(&text).map_err(|_| Missing::Unsupported)?;
    let pages = listing.mappings.first().and_then(|m| m.pages);
    pages.map(|(sum, _)| sum).ok_or(Missing::Unsupported)
}

impl Source<Detail> for Overviews {
    fn name(&self) -> &'static str {
        "control block"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["processes", "others"])
    }

    fn fills(&self) -> Needs {
        Needs::OVERVIEW
    }

    fn pace_ms(&self) -> u64 {
        PACE_MS.max(self.cost.0 * SHARE / 1_000_000)
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(id) = plan.focus else {
            into.overview = None;
            return Ok(());
        };
        let value = self.of(id);
        let now = clock::now();
        // As for the address space: the cheaper of the last two readings counts.
        let cost = now.since(into.at);
        self.cost = std::mem::replace(&mut self.last_cost, cost).min(cost);
        // The last picture of a process that has ended stays.
        let kept = into.overview.as_ref().is_some_and(|o| o.value.is_ok());
        if !(kept && value == Err(Missing::Gone)) {
            into.overview = Some(Stamped::new(now, value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Bytes;

    #[test]
    fn soft_limits_are_found_by_name() {
        let text = b"Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              unlimited            unlimited            seconds   \nMax open files            1024                 1048576              files     \n";
        assert_eq!(soft_limit(text, "Max open files"), Some(1024));
        assert_eq!(soft_limit(text, "Max cpu time"), Some(u64::MAX));
        assert_eq!(soft_limit(text, "Max locks"), None);
    }

    #[test]
    fn our_own_control_block_is_told() {
        let root = ProcRoot::live();
        let id = process_ids::read(&root, crate::model::id::Pid(std::process::id()))
            .expect("we live")
            .id;
        let overview = Overviews::new(&root)
            .of(id)
            .expect("we may look at ourselves");
        let exe = std::env::current_exe().expect("our own path");
        assert_eq!(overview.exe.as_deref(), Ok(exe.to_str().expect("plain")));
        assert!(overview.descriptors.is_ok_and(|n| n >= 3));
        assert!(
            overview
                .memory
                .is_ok_and(|m| m.resident > Bytes(0) && m.own <= m.resident)
        );
        assert!(overview.schedule.is_ok_and(|s| s.threads.0 > 0));
        assert!(overview.status.is_ok_and(|s| !s.cores.is_empty()));
    }
}
