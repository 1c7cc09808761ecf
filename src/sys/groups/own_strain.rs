//! How hard the limits of our own control group press it: its pressure, its throttled periods, how often its memory limit
//! was reached, and whom it consists of while any of that is worth a word.

use crate::model::groups::own_group::StrainSample;
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Pressure, Sample};
use crate::model::text::SafeText;
use crate::sys::kept::Kept;
use crate::sys::machine::pressure;
use crate::sys::process::isolation::cgroup::own::{self, Strained};
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// How long what was found of our group holds; it may be moved, or be given other limits.
const HOLDS: Nanos = Nanos::from_millis(10_000);
/// From which pressure on the members are worth reading, percent; below every threshold at which a verdict ends.
const WORTH: f32 = 2.0;

/// Reads the strain of our own group at every tick; nothing where it has no limits and no pressure of its own.
#[derive(Debug)]
pub struct OwnStrain {
    root: ProcRoot,
    found: Option<Nanos>,
    places: Strained,
    pressure: Option<[Kept; 3]>,
    before: StrainSample,
    /// How often the memory limit was reached: in all, and of that while memory was tight.
    hits: Option<(u64, u64)>,
}

impl OwnStrain {
    /// Over a proc and a sys tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            found: None,
            places: Strained::default(),
            pressure: None,
            before: StrainSample::default(),
            hits: None,
        }
    }

    fn find(&mut self) {
        let places = own::strained(&self.root);
        if places.pressure != self.places.pressure || self.pressure.is_none() {
            let live = self.root.is_live();
            self.pressure = places.pressure.as_ref().map(|dir| {
                ["cpu", "memory", "io"]
                    .map(|name| Kept::new(dir.join(format!("{name}.pressure")), live))
            });
        }
        self.places = places;
    }
}

impl Source<Sample> for OwnStrain {
    fn name(&self) -> &'static str {
        "own group"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["cgroups"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        if self.found.is_none_or(|at| into.at.since(at).0 >= HOLDS.0) {
            self.find();
            self.found = Some(into.at);
        }
        let system = &mut into.system;
        system.own_pressure = match &mut self.pressure {
            Some(files) => files.each_mut().map(pressure::one),
            None => [Err(self.places.unseen.unwrap_or(Missing::Unsupported)); 3],
        };
        let (quota, memory) = (&self.places.quota, &self.places.memory);
        let periods = quota.as_ref().and_then(|dir| own::periods(dir));
        let held = memory
            .as_ref()
            .and_then(|(dir, limit)| own::held(dir, *limit, SafeText::default()));
        self.hits = held.and_then(|held| {
            let (all, tight) = (held.hits?, held.is_tight());
            let (before, counted) = self.hits.unwrap_or((all, 0));
            let more = if tight { all.saturating_sub(before) } else { 0 };
            Some((all, counted + more))
        });
        let hits = self.hits.map(|(_, counted)| counted);

        let mut strain = StrainSample {
            periods: periods.ok_or(Missing::Unsupported),
            hits: hits.ok_or(Missing::Unsupported),
            ..StrainSample::default()
        };
        let pressed = |p: &Reading<Pressure>| p.is_ok_and(|p| p.some_10 >= WORTH);
        let more = |old: Option<u64>, new: Option<u64>| old.zip(new).is_some_and(|(a, b)| b > a);
        let throttled = |s: &StrainSample| s.periods.ok().map(|(_, n)| n);
        let dir = if system.own_pressure.iter().any(pressed) {
            self.places.pressure.as_deref()
        } else if more(throttled(&self.before), throttled(&strain)) {
            quota.as_deref()
        } else if more(self.before.hits.ok(), strain.hits.ok()) {
            memory.as_ref().map(|(dir, _)| dir.as_path())
        } else {
            None
        };
        if let Some(dir) = dir {
            strain.members = own::members(dir).into();
        }
        self.before = strain.clone();
        system.own_strain = strain;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Pid;
    use crate::sys::process::isolation::cgroup::tests::machine;

    #[test]
    fn a_limit_that_is_reached_by_the_cache_alone_presses_nobody() {
        let (dir, root) = machine(&[
            (
                "proc/self/mountinfo",
                "31 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
            ),
            ("proc/self/cgroup", "4:memory:/a\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000000\n"),
            ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "999000\n"),
            ("sys/fs/cgroup/memory/a/cgroup.procs", "7\n"),
        ]);
        let group = dir.path().join("sys/fs/cgroup/memory/a");
        let mut source = OwnStrain::new(&root);
        let mut read = |hits: &str, cache: &str| {
            std::fs::write(group.join("memory.failcnt"), hits).expect("written");
            std::fs::write(group.join("memory.stat"), cache).expect("written");
            let mut sample = Sample::default();
            source.read(&Plan::default(), &mut sample).expect("read");
            let strain = sample.system.own_strain;
            (strain.hits, strain.members.len())
        };
        assert_eq!(read("5", "total_cache 900000\n"), (Ok(0), 0));
        assert_eq!(read("50", "total_cache 900000\n"), (Ok(0), 0));
        assert_eq!(read("60", "total_cache 1000\n"), (Ok(10), 1));
    }

    #[test]
    fn members_are_read_only_while_something_presses() {
        let (dir, root) = machine(&[
            (
                "proc/self/mountinfo",
                "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            ),
            ("proc/self/cgroup", "0::/a\n"),
            ("sys/fs/cgroup/a/cgroup.type", "domain\n"),
            ("sys/fs/cgroup/a/cgroup.procs", "7\n9\n"),
            ("sys/fs/cgroup/a/cpu.max", "50000 100000\n"),
            (
                "sys/fs/cgroup/a/cpu.stat",
                "nr_periods 10\nnr_throttled 1\n",
            ),
        ]);
        let mut source = OwnStrain::new(&root);
        let mut read = |at_ms| {
            let mut sample = Sample {
                at: Nanos::from_millis(at_ms),
                ..Sample::default()
            };
            source.read(&Plan::default(), &mut sample).expect("read");
            sample.system
        };
        let first = read(1000);
        assert_eq!(first.own_strain.periods, Ok((10, 1)));
        assert_eq!(first.own_strain.hits, Err(Missing::Unsupported));
        assert_eq!(first.own_pressure[0], Err(Missing::Unsupported));
        assert!(first.own_strain.members.is_empty());
        let group = dir.path().join("sys/fs/cgroup/a");
        std::fs::write(group.join("cpu.stat"), "nr_periods 20\nnr_throttled 9\n").expect("written");
        assert_eq!(read(2000).own_strain.members[..], [Pid(7), Pid(9)]);
        assert!(read(3000).own_strain.members.is_empty(), "quiet again");
        let text = "some avg10=30.00 avg60=1 avg300=1 total=9\n";
        std::fs::write(group.join("io.pressure"), text).expect("written");
        assert_eq!(read(4000).own_strain.members.len(), 2);
    }
}
