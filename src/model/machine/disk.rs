//! Disks and filesystems: what each device did since boot, what that is a second, and how full what is mounted is.

use crate::model::id::{Bytes, Nanos};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// All disks and filesystems at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Disks {
    /// When it was read, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// Whole devices, by name; those that never did anything are left out.
    pub devices: Reading<Vec<Device>>,
    /// What is mounted from a device, the network or memory, by mount point.
    pub filesystems: Vec<Filesystem>,
    /// Whether the kernel accounts how long tasks wait for devices; `None` where it does not say.
    pub delay_accounting: Option<bool>,
}

/// A block device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name: `nvme0n1`.
    pub name: SafeText,
    /// Its size.
    pub size: Reading<Bytes>,
    /// Whether it turns; `None` where the kernel does not say.
    pub rotational: Option<bool>,
    /// What it did since boot.
    pub counters: DiskCounters,
}

/// What a device did since boot (`/proc/diskstats`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskCounters {
    /// Reads completed.
    pub reads: u64,
    /// Bytes read.
    pub read: Bytes,
    /// Milliseconds that reads took, added up.
    pub read_ms: u64,
    /// Writes completed.
    pub writes: u64,
    /// Bytes written.
    pub written: Bytes,
    /// Milliseconds that writes took, added up.
    pub write_ms: u64,
    /// Requests under way now.
    pub in_flight: u64,
    /// Milliseconds in which anything was under way.
    pub busy_ms: u64,
    /// Milliseconds of requests under way, added up.
    pub weighted_ms: u64,
}

/// What a device does a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DiskRates {
    /// Bytes read.
    pub read: f64,
    /// Bytes written.
    pub written: f64,
    /// Reads completed.
    pub reads: f64,
    /// Writes completed.
    pub writes: f64,
    /// Milliseconds that a read took on average; `None` where there was none.
    pub read_latency_ms: Option<f64>,
    /// Milliseconds that a write took on average; `None` where there was none.
    pub write_latency_ms: Option<f64>,
    /// Share of the time in which anything was under way, percent.
    pub busy: f64,
    /// Requests under way on average.
    pub queue: f64,
}

/// A mounted filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filesystem {
    /// Where it is mounted.
    pub mount: SafeText,
    /// What is mounted: a device, an export, or the name of the type.
    pub source: SafeText,
    /// Its type: `ext4`.
    pub kind: SafeText,
    /// Whether it can only be read.
    pub read_only: bool,
    /// Its space.
    pub space: Reading<Space>,
    /// For how long it had not answered when it was asked last; `None` where it does.
    pub silent: Option<Nanos>,
}

/// Space and inodes of a filesystem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// All of it.
    pub total: Bytes,
    /// Unused, by anybody.
    pub free: Bytes,
    /// What an ordinary user can still take.
    pub available: Bytes,
    /// All inodes; 0 where the filesystem makes them as it needs them.
    pub inodes: u64,
    /// Unused inodes.
    pub inodes_free: u64,
}

impl Filesystem {
    /// Whether it is full by nature: an image that was made to size and cannot be written to.
    pub fn is_image(&self) -> bool {
        self.read_only
            && matches!(
                self.kind.as_str(),
                "squashfs" | "erofs" | "iso9660" | "cramfs" | "romfs"
            )
    }

    /// Whether it runs out of files (inodes) before it runs out of bytes.
    pub fn is_short_of_inodes(&self) -> bool {
        let space = self.space.ok().filter(|_| !self.is_image());
        space.is_some_and(|s| s.inodes_percent().is_some_and(|i| i > s.used_percent()))
    }

    /// Share in use, percent, of bytes or of inodes; `None` where it is not known or means nothing.
    pub fn fullness(&self) -> Option<f64> {
        let space = self.space.ok().filter(|_| !self.is_image())?;
        Some(
            space
                .used_percent()
                .max(space.inodes_percent().unwrap_or(0.0)),
        )
    }
}

impl Space {
    /// In use.
    pub fn used(&self) -> Bytes {
        Bytes(self.total.0.saturating_sub(self.free.0))
    }

    /// Share in use of what users can have, percent, as df counts it.
    pub fn used_percent(&self) -> f64 {
        let all = self.used().0.saturating_add(self.available.0);
        if all == 0 {
            0.0
        } else {
            self.used().0 as f64 * 100.0 / all as f64
        }
    }

    /// Share of inodes in use, percent; `None` where they are not counted.
    pub fn inodes_percent(&self) -> Option<f64> {
        let used = self.inodes.saturating_sub(self.inodes_free);
        (self.inodes > 0).then(|| used as f64 * 100.0 / self.inodes as f64)
    }
}

impl DiskCounters {
    /// What it did a second since an earlier reading.
    ///
    /// # Errors
    /// `Missing::Soon` where no time passed.
    pub fn rates(&self, before: &Self, span: Nanos) -> Reading<DiskRates> {
        let seconds = span.seconds();
        if seconds <= 0.0 {
            return Err(Missing::Soon);
        }
        let d = |f: fn(&Self) -> u64| f(self).saturating_sub(f(before)) as f64;
        let (reads, writes) = (d(|c| c.reads), d(|c| c.writes));
        let mean = |ms: f64, n: f64| (n > 0.0).then(|| ms / n);
        Ok(DiskRates {
            read: d(|c| c.read.0) / seconds,
            written: d(|c| c.written.0) / seconds,
            reads: reads / seconds,
            writes: writes / seconds,
            read_latency_ms: mean(d(|c| c.read_ms), reads),
            write_latency_ms: mean(d(|c| c.write_ms), writes),
            busy: (d(|c| c.busy_ms) / seconds / 10.0).min(100.0),
            queue: d(|c| c.weighted_ms) / seconds / 1000.0,
        })
    }
}

impl Disks {
    /// The rates of each device since an earlier reading, in the order of `devices`; a new device has none yet.
    pub fn rates(&self, before: &Self) -> Vec<Reading<DiskRates>> {
        let span = self.at.since(before.at);
        let old = |name: &SafeText| before.told().iter().find(|d| d.name == *name);
        let rates = |d: &Device| {
            old(&d.name).map_or(Err(Missing::Soon), |o| d.counters.rates(&o.counters, span))
        };
        self.told().iter().map(rates).collect()
    }

    /// The devices that are told.
    pub fn told(&self) -> &[Device] {
        self.devices.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_a_second() {
        let before = DiskCounters::default();
        let now = DiskCounters {
            reads: 100,
            read: Bytes(4 << 20),
            read_ms: 250,
            busy_ms: 500,
            weighted_ms: 3000,
            ..before
        };
        let rates = now
            .rates(&before, Nanos::from_millis(2000))
            .expect("time passed");
        assert_eq!(
            (rates.reads, rates.read_latency_ms, rates.write_latency_ms),
            (50.0, Some(2.5), None)
        );
        assert_eq!((rates.busy, rates.queue), (25.0, 1.5));
        assert_eq!(now.rates(&before, Nanos(0)), Err(Missing::Soon));
        let back = before
            .rates(&now, Nanos::from_millis(1000))
            .expect("time passed");
        assert!(
            back.reads.abs() < f64::EPSILON,
            "a counter that went back is no rate"
        );
    }

    #[test]
    fn bytes_and_requests_of_both_ways_are_told_a_second() {
        let before = DiskCounters::default();
        let now = DiskCounters {
            reads: 2,
            writes: 8,
            read: Bytes(4096),
            written: Bytes(8192),
            write_ms: 40,
            ..before
        };
        let rates = now.rates(&before, Nanos::from_millis(4000));
        let rates = rates.expect("time passed");
        assert_eq!(
            (rates.read, rates.written, rates.reads, rates.writes),
            (1024.0, 2048.0, 0.5, 2.0)
        );
        assert_eq!(rates.write_latency_ms, Some(5.0));
    }

    fn filesystem(kind: &str, read_only: bool, space: Reading<Space>) -> Filesystem {
        Filesystem {
            kind: kind.into(),
            read_only,
            space,
            mount: "/".into(),
            source: "/dev/sda".into(),
            silent: None,
        }
    }

    #[test]
    fn a_filesystem_is_as_full_as_the_scarcer_of_bytes_and_files() {
        let space = |free: u64, inodes: u64, inodes_free: u64| {
            Ok(Space {
                total: Bytes(100),
                free: Bytes(free),
                available: Bytes(free),
                inodes,
                inodes_free,
            })
        };
        for (space, fullness, short_of_inodes) in [
            (space(60, 1000, 900), Some(40.0), false),
            (space(60, 1000, 250), Some(75.0), true),
            (space(60, 1000, 600), Some(40.0), false),
            (space(60, 0, 0), Some(40.0), false),
            (Err(Missing::Denied), None, false),
        ] {
            let of = filesystem("ext4", false, space);
            assert_eq!(of.fullness(), fullness, "{space:?}");
            assert_eq!(of.is_short_of_inodes(), short_of_inodes, "{space:?}");
        }
    }

    #[test]
    fn an_image_is_full_by_nature() {
        let full = Ok(Space {
            total: Bytes(100),
            inodes: 10,
            ..Space::default()
        });
        for (kind, read_only, image) in [
            ("squashfs", true, true),
            ("iso9660", true, true),
            ("squashfs", false, false),
            ("ext4", true, false),
        ] {
            let of = filesystem(kind, read_only, full);
            assert_eq!(of.is_image(), image, "{kind}");
            assert_eq!(of.fullness().is_none(), image, "{kind}");
        }
        let mut files = full;
        if let Ok(space) = &mut files {
            (space.free, space.available) = (Bytes(50), Bytes(50));
        }
        assert!(filesystem("ext4", true, files).is_short_of_inodes());
        assert!(!filesystem("erofs", true, files).is_short_of_inodes());
    }

    #[test]
    fn space_is_counted_as_df_does() {
        let space = Space {
            total: Bytes(100),
            free: Bytes(50),
            available: Bytes(45),
            inodes: 0,
            inodes_free: 0,
        };
        assert!((space.used_percent() - 52.63).abs() < 0.01);
        assert_eq!(space.inodes_percent(), None);
    }
}
