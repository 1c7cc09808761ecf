//! What of a moment of the past is shown as it was read at another one, and what was not read at all.

use super::world::World;
use crate::model::detail::Stamped;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::reading::Missing;

/// A part of what panes show beyond the table: what needs it, what it is called, and when it was read.
type Part = (Needs, &'static str, Option<Nanos>);

/// Why nothing of a moment is told where its file lies on a mount that does not answer, or is broken there.
const UNREADABLE: &str = "the recording cannot be read there now";
/// Ticks that are nearer than this to what was read belong to it at any pace.
const NEAR: Nanos = Nanos(1_000_000_000);

fn read<T>(slot: Option<&Stamped<T>>) -> Option<Nanos> {
    slot.map(|slot| slot.at)
}

impl World {
    /// Whether another moment than the present one is shown.
    pub fn looks_back(&self) -> bool {
        self.time.recorded || self.paused.is_some_and(|back| back > 0)
    }

    /// Why what nobody has read of the moment that is shown is not there.
    pub fn to_come(&self) -> Missing {
        if self.looks_back() {
            Missing::Unrecorded
        } else {
            Missing::Soon
        }
    }

    /// Whether what is read now is not about the moment that is shown.
    fn stands(&self) -> bool {
        // Once something is known of the one in focus, nothing more comes while time stands still.
        let known = self.detail.of == self.focus && self.detail.at.0 > 0;
        self.looks_back() || self.paused.is_some() && known
    }

    /// Every part, what nothing records first: there is no remedy for it.
    fn parts(&self) -> [Part; 21] {
        let (of, machine) = (&self.detail, &self.detail.machine);
        [
            (Needs::SPENT, "time spent", read(of.spent.as_ref())),
            (Needs::CALLS, "system calls", read(of.calls.as_ref())),
            (Needs::OVERVIEW, "overview", read(of.overview.as_ref())),
            (Needs::REGIONS, "regions", read(of.regions.as_ref())),
            (Needs::FILES, "descriptors", read(of.files.as_ref())),
            (Needs::WAITS, "threads", read(of.threads.as_ref())),
            (Needs::SIGNALS, "signals", read(of.signals.as_ref())),
            (
                Needs::ENVIRONMENT,
                "environment",
                read(of.environment.as_ref()),
            ),
            (Needs::LIMITS, "limits", read(of.isolation.as_ref())),
            (Needs::SOCKETS, "descriptors", read(of.files.as_ref())),
            (Needs::MEMORY, "memory", read(machine.memory.as_ref())),
            (Needs::DISKS, "disks", read(machine.disks.as_ref())),
            (Needs::NETWORK, "network", read(machine.network.as_ref())),
            (Needs::IPC, "who talks to whom", read(machine.ipc.as_ref())),
            (Needs::GPU, "cards", read(machine.gpus.as_ref())),
            (Needs::SCHEDULE, "schedule", read(of.schedule.as_ref())),
            (Needs::WAKES, "wakers", read(of.wakes.as_ref())),
            (
                Needs::PAGE_FAULTS,
                "page faults",
                read(of.page_faults.as_ref()),
            ),
            (
                Needs::DISK_REQUESTS,
                "requests",
                read(machine.requests.as_ref()),
            ),
            (Needs::SENSORS, "sensors", read(machine.sensors.as_ref())),
            (Needs::GROUP, "group", read(machine.group.as_ref())),
        ]
    }

    /// What of these parts costs so much that it is read more seldom than the ticks, and how often that is: `smaps read
    /// every 10s, as it is much`. Nothing where all is read as it should be.
    pub fn read_slowly(&self, needs: Needs) -> Option<String> {
        let tick = self.snapshot.interval.max(NEAR);
        let slow = self.detail.slow.iter();
        let slow = slow.filter(|s| s.of.intersects(needs) && s.every.0 >= 2 * tick.0);
        let told = slow.map(|s| format!("{} read every {}", s.what, format::duration(s.every)));
        let told = told.collect::<Vec<_>>().join("; ");
        let told = Some(told).filter(|told| !told.is_empty() && !self.stands())?;
        Some(format!("{told}, as it is much"))
    }

    /// Which of these parts were read at another moment than the one that is shown, and how far from it: `disks read 12s
    /// before`. Nothing where all are of this moment.
    pub fn read_elsewhen(&self, needs: Needs) -> Option<String> {
        if !self.stands() {
            return None;
        }
        let now = self.snapshot.at;
        let near = self.snapshot.interval.max(NEAR);
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for (need, name, at) in self.parts() {
            let Some(at) = at.filter(|_| needs.contains(need)) else {
                continue;
            };
            let when = if at <= now {
                (now.since(at), "before")
            } else {
                (at.since(now), "after")
            };
            if when.0 < near {
                continue;
            }
            let when = format!("{} {}", format::duration(when.0), when.1);
            match told.iter_mut().find(|(same, _)| *same == when) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => told.push((when, vec![name])),
            }
        }
        let told = told.into_iter();
        let told = told.map(|(when, names)| format!("{} read {when}", names.join(", ")));
        let told = told.collect::<Vec<_>>().join("; ");
        (!told.is_empty()).then_some(told)
    }

    /// Why something is not to be had that was not read for the moment that is shown, where nothing is read for it any more.
    pub fn passed(&self) -> Option<&'static str> {
        let why = match (self.detail.unreadable, self.time.recorded) {
            (true, _) => UNREADABLE,
            (false, true) => "not recorded by then",
            (false, false) => "not read at that moment",
        };
        self.looks_back().then_some(why)
    }

    /// Why what these needs stand for is not to be had: the moment that is shown has passed, and it was not read then.
    pub fn unread(&self, needs: Needs) -> Option<&'static str> {
        /// Without these a pane has nothing to show.
        const WHOLE: usize = 15;
        if !self.stands() {
            return None;
        }
        if self.detail.unreadable {
            return Some(UNREADABLE);
        }
        let parts = self.parts();
        let mut missing = parts[..WHOLE].iter().filter(|(_, _, at)| at.is_none());
        let (need, ..) = missing.find(|(need, ..)| needs.contains(*need))?;
        let asked = Needs::MEMORY | Needs::DISKS | Needs::GPU;
        Some(match self.time.recorded {
            false => "not read at that moment",
            true if asked.contains(*need) => "not recorded by then",
            true if (Needs::SPENT | Needs::CALLS).contains(*need) => {
                "not recorded: it is counted only while somebody looks at it"
            }
            true if *need == Needs::ENVIRONMENT => {
                "not recorded: record --inspect FILTER --environment keeps it"
            }
            true => "not recorded by then: record --inspect FILTER keeps it of whom passes",
        })
    }
}
