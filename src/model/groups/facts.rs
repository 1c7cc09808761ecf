//! What a control group may use and uses: limits and how near they are, memory by kind, pressure, I/O; `cgroups(7)` and the
//! kernel's `admin-guide/cgroup-v2.rst`.

use super::unit;
use crate::model::format::bytes;
use crate::model::groups::refusal::Refusal;
use crate::model::id::{Bytes, Nanos};
use crate::model::process::isolation::group::{Group, Usage};
use crate::model::text::SafeText;

/// The facts of one control group. What is `None` is not told: there is no such controller, or the kernel lacks it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupFacts {
    /// Its path, as processes tell it.
    pub path: SafeText,
    /// What is in use, the tightest limits on it, and pressure.
    pub limits: Group,
    /// Above this its tasks are slowed down (`memory.high`), of this group or one above.
    pub high: Option<Usage>,
    /// The most that it ever held.
    pub memory_peak: Option<u64>,
    /// What its memory is, the largest first; the parts do not overlap.
    pub memory: Vec<(&'static str, Bytes)>,
    /// How often the tightest limit on its memory was met, as the group counts that sets it.
    pub limit_met: Option<u64>,
    /// How often a fork or a new thread was refused for the limit on its tasks.
    pub forks_refused: Option<u64>,
    /// How often its tasks were slowed down, counted likewise.
    pub slowed: Option<u64>,
    /// Time on a core of all who are or were in it.
    pub cpu_time: Option<Nanos>,
    /// The same of the group that sets the tightest quota, with all its parts: that is what counts against it.
    pub quota_time: Option<Nanos>,
    /// Its share where cores are short, 100 as a rule.
    pub cpu_weight: Option<u64>,
    /// What it moved, by device.
    pub io: Vec<DeviceIo>,
    /// Whether a file of it says what it moved: else no device is none that is known.
    pub io_told: bool,
    /// Whether it is frozen; `None` where groups cannot be.
    pub frozen: Option<bool>,
    /// Why it cannot be frozen, or thawed where it is frozen.
    pub freeze_refused: Option<Refusal>,
    /// Why it cannot be ended in one write.
    pub kill_refused: Option<Refusal>,
    /// What it did between two readings.
    pub rates: Option<GroupRates>,
}

/// What a group moved from and to one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceIo {
    /// The device's name.
    pub device: SafeText,
    /// Bytes read.
    pub read: Bytes,
    /// Bytes written.
    pub written: Bytes,
    /// Reads and writes.
    pub requests: u64,
}

/// What a group did a second, between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupRates {
    /// Percent of one core.
    pub cpu: Option<f64>,
    /// The same of the group that sets the tightest quota.
    pub of_quota: Option<f64>,
    /// Percent of the quota's periods in which it was throttled.
    pub throttled: Option<f64>,
    /// The same of the quota above it that throttles most.
    pub throttled_above: Option<f64>,
    /// Bytes a second read.
    pub read: f64,
    /// Bytes a second written.
    pub written: f64,
}

impl GroupFacts {
    /// Bytes read and written over all devices.
    pub fn moved(&self) -> (u64, u64) {
        self.io.iter().fold((0, 0), |(read, written), d| {
            (read + d.read.0, written + d.written.0)
        })
    }

    /// The rates since an earlier reading of the same group.
    pub fn since(&self, before: &Self, span: Nanos) -> Option<GroupRates> {
        if before.path != self.path || span.0 == 0 {
            return None;
        }
        let seconds = span.seconds();
        let percent = |times: Option<(Nanos, Nanos)>| {
            times.map(|(now, old)| now.since(old).seconds() * 100.0 / seconds)
        };
        let of_quota = self.quota_time.zip(before.quota_time);
        let of_quota = of_quota.filter(|_| {
            let by = |facts: &Self| facts.limits.cpu.as_ref()?.set_by.clone();
            by(self) == by(before)
        });
        let periods = self.limits.cpu.as_ref().zip(before.limits.cpu.as_ref());
        let share = |(now, old): (u64, u64), (all, was): (u64, u64)| {
            let (held, all) = (now.saturating_sub(old), all.saturating_sub(was));
            (all > 0).then(|| held as f64 * 100.0 / all as f64)
        };
        let above = periods.and_then(|(now, old)| now.above.as_ref().zip(old.above.as_ref()));
        let above = above.filter(|(now, old)| now.group == old.group);
        let (now, old) = (self.moved(), before.moved());
        Some(GroupRates {
            cpu: percent(self.cpu_time.zip(before.cpu_time)),
            of_quota: percent(of_quota),
            throttled: periods.and_then(|(now, old)| {
                share((now.throttled, old.throttled), (now.periods, old.periods))
            }),
            throttled_above: above.and_then(|(now, old)| {
                share((now.throttled, old.throttled), (now.periods, old.periods))
            }),
            read: now.0.saturating_sub(old.0) as f64 / seconds,
            written: now.1.saturating_sub(old.1) as f64 / seconds,
        })
    }

    /// What is used of its quota now, percent, by all whom the quota is for; `None` without a quota, or until there are two readings.
    pub fn of_quota(&self) -> Option<f64> {
        let cores = self
            .limits
            .cpu
            .as_ref()?
            .cores
            .filter(|cores| *cores > 0.0)?;
        Some(self.rates?.of_quota? / cores)
    }

    /// How near its limits are, in words, the nearest first: `memory 94 % of 512M`, `0.50 cores 80 %, throttled 12 %`.
    pub fn nearness(&self) -> Vec<(f64, String)> {
        let mut out = Vec::new();
        let mut add = |name: &str, usage: &Usage, told: fn(u64) -> String| {
            if let (Some(share), Some(limit)) = (usage.share(), usage.limit) {
                let near = usage.near.as_ref();
                let limit = near.map_or(limit, |near| near.limit);
                // Whose limit it is where others count against it too.
                let whose = near.filter(|near| Some(near.used) != usage.used);
                let whose = whose.map_or(String::new(), |near| format!(" in {}", near.group));
                let words = format!("{name} {:.0} % of {}{whose}", share * 100.0, told(limit));
                out.push((share, words));
            }
        };
        for (name, usage) in self.usages() {
            let tasks = name == "tasks";
            add(
                name,
                usage,
                if tasks {
                    |n| n.to_string()
                } else {
                    |n| bytes(Bytes(n))
                },
            );
        }
        if let Some(high) = &self.high {
            add("slowed down at", high, |n| bytes(Bytes(n)));
        }
        let quota = self.limits.cpu.as_ref();
        if let Some((cpu, cores)) = quota.and_then(|cpu| Some((cpu, cpu.cores?))) {
            let throttled = self.rates.and_then(|r| r.throttled).filter(|t| *t > 0.5);
            let held = throttled.map_or(String::new(), |t| format!(", throttled {t:.0} %"));
            let set_by = cpu
                .set_by
                .as_ref()
                .filter(|by| **by != unit::shown(&self.path));
            let by = set_by.map_or(String::new(), |by| format!(" in {by}"));
            // What it used is not told where another group is charged for it; the quota holds all the same.
            let share = self.of_quota();
            let used = share.map_or(String::new(), |share| format!(" {share:.0} %"));
            out.push((
                share.or(throttled).unwrap_or(0.0) / 100.0,
                format!("{cores:.2} cores{used}{held}{by}"),
            ));
        }
        let above = self.limits.cpu.as_ref().and_then(|cpu| cpu.above.as_ref());
        let held = self.rates.and_then(|r| r.throttled_above);
        if let (Some(above), Some(held)) = (above, held.filter(|held| *held > 0.5)) {
            let words = format!(
                "{:.2} cores in {} throttled {held:.0} %",
                above.cores, above.group
            );
            out.push((held / 100.0, words));
        }
        out.sort_by(|a, b| b.0.total_cmp(&a.0));
        out
    }

    /// The limits by name, each with what is in use.
    pub fn usages(&self) -> impl Iterator<Item = (&'static str, &Usage)> {
        let limits = &self.limits;
        let all = [
            ("memory", &limits.memory),
            ("swap", &limits.swap),
            ("tasks", &limits.tasks),
        ];
        // The top of a hierarchy has no such files.
        let told = |(_, usage): &(_, &Usage)| usage.used.is_some() || usage.limit.is_some();
        all.into_iter()
            .filter_map(|(name, usage)| Some((name, usage.as_ref()?)))
            .filter(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::process::isolation::group::{GroupCpu, Near, Quota};

    fn facts(path: &str, ms: u64, throttled: u64, read: u64) -> GroupFacts {
        GroupFacts {
            path: path.into(),
            cpu_time: Some(Nanos::from_millis(ms)),
            quota_time: Some(Nanos::from_millis(ms)),
            limits: Group {
                cpu: Some(GroupCpu {
                    periods: throttled * 2,
                    throttled,
                    ..GroupCpu::default()
                }),
                ..Group::default()
            },
            io: vec![DeviceIo {
                read: Bytes(read),
                ..DeviceIo::default()
            }],
            ..GroupFacts::default()
        }
    }

    fn usage(used: u64, limit: u64) -> Usage {
        Usage {
            used: Some(used),
            limit: Some(limit),
            ..Usage::default()
        }
    }

    /// A group that has used half of a core for two seconds, with limits.
    fn limited() -> GroupFacts {
        let (old, now) = (facts("/a", 1000, 10, 0), facts("/a", 2000, 20, 4096));
        let rates = now.since(&old, Nanos::from_millis(2000));
        let mut limited = GroupFacts { rates, ..now };
        limited.high = Some(usage(90 << 20, 100 << 20));
        limited.limits.memory = Some(usage(90 << 20, 200 << 20));
        limited.limits.tasks = Some(usage(3, 100));
        if let Some(cpu) = &mut limited.limits.cpu {
            cpu.cores = Some(0.75);
        }
        limited
    }

    fn near(facts: &GroupFacts) -> Vec<String> {
        let all = facts.nearness().into_iter();
        all.map(|(_, words)| words).collect()
    }

    #[test]
    fn rates_are_of_the_same_group_alone() {
        let (old, now) = (facts("/a", 1000, 10, 0), facts("/a", 2000, 20, 4096));
        let rates = now.since(&old, Nanos::from_millis(2000)).expect("rates");
        assert_eq!(rates.cpu, Some(50.0));
        assert_eq!(rates.throttled, Some(50.0));
        assert!((rates.read - 2048.0).abs() < 1.0);
        let unlimited = GroupFacts {
            rates: Some(rates),
            ..now.clone()
        };
        assert!(
            near(&unlimited).is_empty(),
            "without limits nothing is near"
        );
        assert_eq!(
            near(&limited()),
            [
                "slowed down at 90 % of 100M",
                "0.75 cores 67 %, throttled 50 %",
                "memory 45 % of 200M",
                "tasks 3 % of 100"
            ]
        );
        assert_eq!(now.since(&facts("/b", 0, 0, 0), Nanos(1)), None);
        assert_eq!(now.since(&old, Nanos(0)), None);
    }

    #[test]
    fn what_is_near_is_where_the_least_room_is_left_and_says_whose_limit_that_is() {
        let mut group = limited();
        group.high = None;
        if let Some(memory) = &mut group.limits.memory {
            memory.near = Some(Near {
                group: "/".into(),
                used: 990 << 20,
                limit: 1000 << 20,
            });
        }
        if let Some(cpu) = &mut group.limits.cpu {
            cpu.set_by = Some("/".into());
            cpu.above = Some(Quota {
                group: "/up".into(),
                cores: 2.0,
                periods: 20,
                throttled: 19,
            });
        }
        group.rates = group.rates.map(|rates| GroupRates {
            of_quota: Some(60.0),
            throttled_above: Some(95.0),
            ..rates
        });
        assert_eq!(
            near(&group),
            [
                "memory 99 % of 0.98G in /",
                "2.00 cores in /up throttled 95 %",
                "0.75 cores 80 %, throttled 50 % in /",
                "tasks 3 % of 100"
            ]
        );
        // The quota is told also where its use is not.
        let quota = GroupFacts {
            path: "/".into(),
            limits: Group {
                cpu: group.limits.cpu.clone(),
                ..Group::default()
            },
            ..GroupFacts::default()
        };
        assert_eq!(near(&quota), ["0.75 cores"]);
    }

    #[test]
    fn amounts_of_all_devices_add_up_and_rates_are_a_second() {
        let io = |amounts: [(u64, u64); 2]| {
            let device = |(read, written)| DeviceIo {
                read: Bytes(read),
                written: Bytes(written),
                ..DeviceIo::default()
            };
            GroupFacts {
                io: amounts.map(device).into(),
                ..facts("/a", 1000, 10, 0)
            }
        };
        let (old, now) = (io([(1, 2), (3, 4)]), io([(10, 20), (30, 400)]));
        assert_eq!((old.moved(), now.moved()), ((4, 6), (40, 420)));
        let rates = now.since(&old, Nanos::from_millis(2000)).expect("rates");
        let a_second = (rates.read.round() as u64, rates.written.round() as u64);
        assert_eq!(a_second, (18, 207));
        assert_eq!(rates.throttled, None, "it had no period");
    }

    #[test]
    fn a_quota_above_is_compared_with_itself_alone() {
        let above = |group: &str, throttled| {
            let mut facts = facts("/a", 1000, 10, 0);
            if let Some(cpu) = &mut facts.limits.cpu {
                cpu.above = Some(Quota {
                    group: group.into(),
                    cores: 2.0,
                    periods: throttled * 4,
                    throttled,
                });
            }
            facts
        };
        let rate = |old, now: GroupFacts| {
            let rates = now.since(&old, Nanos::from_millis(1000));
            rates.and_then(|rates| rates.throttled_above)
        };
        assert_eq!(rate(above("/", 10), above("/", 20)), Some(25.0));
        assert_eq!(rate(above("/", 10), above("/b", 20)), None);
    }

    #[test]
    fn what_would_round_to_nothing_is_not_said() {
        let said = |throttled: f64| {
            let mut facts = limited();
            facts.rates = facts.rates.map(|rates| GroupRates {
                throttled: Some(throttled),
                throttled_above: Some(throttled),
                ..rates
            });
            if let Some(cpu) = &mut facts.limits.cpu {
                cpu.above = Some(Quota::default());
            }
            near(&facts)
                .iter()
                .filter(|words| words.contains("throttled"))
                .count()
        };
        assert_eq!((said(0.5), said(0.51)), (0, 2));
    }

    #[test]
    fn a_quota_of_nothing_has_no_share() {
        let mut facts = limited();
        assert!(facts.of_quota().is_some());
        if let Some(cpu) = &mut facts.limits.cpu {
            cpu.cores = Some(0.0);
        }
        assert_eq!(facts.of_quota(), None);
    }

    #[test]
    fn what_is_used_without_a_limit_is_told_and_what_has_neither_is_not() {
        let mut facts = GroupFacts::default();
        let (used, limit) = (Some(3), Some(9));
        facts.limits.memory = Some(Usage {
            used,
            ..Usage::default()
        });
        facts.limits.swap = Some(Usage {
            limit,
            ..Usage::default()
        });
        facts.limits.tasks = Some(Usage::default());
        let names: Vec<_> = facts.usages().map(|(name, _)| name).collect();
        assert_eq!(names, ["memory", "swap"]);
    }
}
