//! What a control group may use and uses: limits and how near they are, memory by kind, pressure, I/O; `cgroups(7)` and the
//! kernel's `admin-guide/cgroup-v2.rst`.

use crate::model::format::bytes;
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
    /// Above this its tasks are slowed down (`memory.high`).
    pub memory_high: Option<u64>,
    /// The most that it ever held.
    pub memory_peak: Option<u64>,
    /// What its memory is, the largest first; the parts do not overlap.
    pub memory: Vec<(&'static str, Bytes)>,
    /// How often its limit was met, and how often it was slowed down.
    pub memory_hits: Option<(u64, u64)>,
    /// Time on a core of all who are or were in it.
    pub cpu_time: Option<Nanos>,
    /// Its share where cores are short, 100 as a rule.
    pub cpu_weight: Option<u64>,
    /// What it moved, by device.
    pub io: Vec<DeviceIo>,
    /// Whether it is frozen; `None` where groups cannot be.
    pub frozen: Option<bool>,
    /// Whether it can be ended in one write.
    pub killable: bool,
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
    /// Percent of the quota's periods in which it was throttled.
    pub throttled: Option<f64>,
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
        let cpu = self.cpu_time.zip(before.cpu_time);
        let periods = self.limits.cpu.as_ref().zip(before.limits.cpu.as_ref());
        let (now, old) = (self.moved(), before.moved());
        Some(GroupRates {
            cpu: cpu.map(|(now, old)| now.since(old).seconds() * 100.0 / seconds),
            throttled: periods.and_then(|(now, old)| {
                let all = now.periods.saturating_sub(old.periods);
                let held = now.throttled.saturating_sub(old.throttled);
                (all > 0).then(|| held as f64 * 100.0 / all as f64)
            }),
            read: now.0.saturating_sub(old.0) as f64 / seconds,
            written: now.1.saturating_sub(old.1) as f64 / seconds,
        })
    }

    /// What it uses of its quota now, percent; `None` without a quota, or until there are two readings.
    pub fn of_quota(&self) -> Option<f64> {
        let cores = self
            .limits
            .cpu
            .as_ref()?
            .cores
            .filter(|cores| *cores > 0.0)?;
        Some(self.rates?.cpu? / cores)
    }

    /// How near its limits are, in words, the nearest first: `memory 94 % of 512M`, `0.50 cores 80 %, throttled 12 %`.
    pub fn nearness(&self) -> Vec<(f64, String)> {
        let mut out = Vec::new();
        let mut add = |name: &str, usage: &Usage, told: fn(u64) -> String| {
            if let (Some(share), Some(limit)) = (usage.share(), usage.limit) {
                let words = format!("{name} {:.0} % of {}", share * 100.0, told(limit));
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
        if let Some(high) = self.high() {
            add("slowed down at", &high, |n| bytes(Bytes(n)));
        }
        if let (Some(share), Some(cpu)) = (self.of_quota(), self.limits.cpu.as_ref()) {
            let cores = cpu.cores.unwrap_or_default();
            let throttled = self.rates.and_then(|r| r.throttled).filter(|t| *t >= 0.5);
            let held = throttled.map_or(String::new(), |t| format!(", throttled {t:.0} %"));
            out.push((
                share / 100.0,
                format!("{cores:.2} cores {share:.0} %{held}"),
            ));
        }
        out.sort_by(|a, b| b.0.total_cmp(&a.0));
        out
    }

    /// What is in use of the memory above which its tasks are slowed down.
    pub fn high(&self) -> Option<Usage> {
        Some(Usage {
            used: self.limits.memory.as_ref()?.used,
            limit: Some(self.memory_high?),
            set_by: None,
        })
    }

    /// The limits by name, each with what is in use.
    pub fn usages(&self) -> impl Iterator<Item = (&'static str, &Usage)> {
        let limits = &self.limits;
        let all = [
            ("memory", &limits.memory),
            ("swap", &limits.swap),
            ("tasks", &limits.tasks),
        ];
        all.into_iter()
            .filter_map(|(name, usage)| Some((name, usage.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::process::isolation::group::GroupCpu;

    #[test]
    fn rates_are_of_the_same_group_alone() {
        let facts = |path: &str, ms: u64, throttled, read| GroupFacts {
            path: path.into(),
            cpu_time: Some(Nanos::from_millis(ms)),
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
        };
        let (old, now) = (facts("/a", 1000, 10, 0), facts("/a", 2000, 20, 4096));
        let rates = now.since(&old, Nanos::from_millis(2000)).expect("rates");
        assert_eq!(rates.cpu, Some(50.0));
        assert_eq!(rates.throttled, Some(50.0));
        assert!((rates.read - 2048.0).abs() < 1.0);
        let mut near = GroupFacts {
            rates: Some(rates),
            memory_high: Some(100 << 20),
            ..now.clone()
        };
        assert!(near.nearness().is_empty(), "without limits nothing is near");
        let usage = |used, limit| Usage {
            used: Some(used),
            limit: Some(limit),
            set_by: None,
        };
        near.limits.memory = Some(usage(90 << 20, 200 << 20));
        near.limits.tasks = Some(usage(3, 100));
        if let Some(cpu) = &mut near.limits.cpu {
            cpu.cores = Some(0.75);
        }
        let told: Vec<String> = near
            .nearness()
            .into_iter()
            .map(|(_, words)| words)
            .collect();
        assert_eq!(
            told,
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
}
