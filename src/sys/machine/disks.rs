//! `/proc/diskstats` and `statvfs(3)`: what disks do and how full filesystems are.
//!
//! procfs gives all disks up for one line that it does not understand, and sysinfo asks filesystems itself, where one that never
//! answers would keep us; so lines are read here, and fullness is asked by `asker`. A test compares with procfs.

pub(crate) mod mounts;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use mounts::Mounts;

use crate::model::detail::{Detail, Stamped};
use crate::model::id::Bytes;
use crate::model::machine::disk::{Device, DiskCounters, Disks, Space};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::fields;
use crate::sys::kept::Kept;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// No number of a device is longer.
const LONGEST: u32 = 64;

/// Reads disks while view 4 is shown.
#[derive(Debug)]
pub struct DiskReader {
    root: ProcRoot,
    diskstats: Kept,
    mounts: Mounts,
}

impl DiskReader {
    /// Over a proc and a sys tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            diskstats: Kept::new(root.proc("diskstats"), root.is_live()),
            mounts: Mounts::new(root),
        }
    }

    /// Reads everything once.
    ///
    /// Devices are missing where `/proc/diskstats` cannot be read; filesystems that do not answer are `Late` by themselves.
    pub fn read_now(&mut self) -> Disks {
        let counters = self.diskstats.read().map(parse).map_err(|why| why.reason());
        let block = self.root.sys("block");
        // Which of them are disks is told there: without it nobody knows that there is none.
        let listed = counters.as_ref().map_err(|why| *why);
        let listed = listed.and_then(|_| {
            fs::read_dir(&block)
                .map(drop)
                .map_err(|e| Missing::from(&e))
        });
        let folder = |(name, counters): (Vec<u8>, DiskCounters)| {
            // The kernel writes '!' for a '/' in a device's name.
            let file: Vec<u8> = name
                .iter()
                .map(|b| if *b == b'/' { b'!' } else { *b })
                .collect();
            let dir = block.join(OsStr::from_bytes(&file));
            dir.is_dir().then_some((dir, name, counters))
        };
        let folders: Vec<_> = counters.into_iter().flatten().filter_map(folder).collect();
        // `queue` is locked while somebody changes it, which waits for what the device does not answer.
        let paths = folders
            .iter()
            .flat_map(|(dir, ..)| [dir.join("size"), dir.join("queue/rotational")]);
        let mut told = asker::each(paths.collect(), LONGEST).into_iter();
        let mut number = || fields::number(&told.next()?.ok()?);
        let device = |(_, name, counters): (PathBuf, Vec<u8>, DiskCounters)| {
            let (sectors, rotational) = (number(), number());
            Device {
                name: SafeText::from_bytes(&name),
                size: sectors.map(|n| Bytes(n * 512)).ok_or(Missing::Unsupported),
                rotational: rotational.map(|n| n == 1),
                counters,
            }
        };
        Disks {
            at: crate::model::id::Nanos(0),
            devices: listed.map(|()| folders.into_iter().map(device).collect()),
            filesystems: self.mounts.filesystems(),
            delay_accounting: fs::read(self.root.proc("sys/kernel/task_delayacct"))
                .ok()
                .and_then(|text| fields::number(&text))
                .map(|n| n != 0),
        }
    }
}

impl Source<Detail> for DiskReader {
    fn name(&self) -> &'static str {
        "disks"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["machine"])
    }

    fn fills(&self) -> Needs {
        Needs::DISKS
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let mut disks = self.read_now();
        disks.at = into.at;
        into.machine.disks = Some(Stamped::new(into.at, Ok(disks)));
        Ok(())
    }
}

/// How full the filesystem at a path is. May never return where its server does not answer: [`crate::sys::asker`] asks it.
pub(in crate::sys) fn space(path: &Path) -> Reading<Space> {
    let s = nix::sys::statvfs::statvfs(path).map_err(|e| Missing::from(std::io::Error::from(e)))?;
    let bytes = |blocks: u64| Bytes(blocks.saturating_mul(s.fragment_size()));
    Ok(Space {
        total: bytes(s.blocks()),
        free: bytes(s.blocks_free()),
        available: bytes(s.blocks_available()),
        inodes: s.files(),
        inodes_free: s.files_free(),
    })
}

/// Parses lines such as `b" 254       0 vda 155091 31201 18955490 170775 20144 88478 33337920 119025 0 28556 292866 …"`:
/// numbers of the device, name, reads, merged, sectors, ms, the same of writes, under way, ms busy, ms weighted.
pub(crate) fn parse(text: &[u8]) -> Vec<(Vec<u8>, DiskCounters)> {
    let device = |line: &[u8]| {
        let mut words = fields::words(line).skip(2);
        let name = words.next()?.to_owned();
        let n: Vec<u64> = words.map_while(fields::number).take(11).collect();
        let &[
            reads,
            _,
            sectors_read,
            read_ms,
            writes,
            _,
            sectors_written,
            write_ms,
            in_flight,
            busy_ms,
            weighted_ms,
        ] = &n[..]
        else {
            return None;
        };
        let counters = DiskCounters {
            reads,
            read: Bytes(sectors_read.saturating_mul(512)),
            read_ms,
            writes,
            written: Bytes(sectors_written.saturating_mul(512)),
            write_ms,
            in_flight,
            busy_ms,
            weighted_ms,
        };
        (reads > 0 || writes > 0).then_some((name, counters))
    };
    fields::lines(text).filter_map(device).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_diskstats_of_old_and_new_kernels() {
        let text = b" 254 0 vda 10 1 80 30 20 2 160 60 1 50 90 5 0 0 0 1 1\n 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n8 0 sda 1 2\n";
        let found = parse(text);
        assert_eq!(found.len(), 1, "idle and broken lines are left out");
        let (name, c) = &found[0];
        assert_eq!(name, b"vda");
        assert_eq!(
            (c.read, c.written, c.in_flight, c.busy_ms),
            (Bytes(80 * 512), Bytes(160 * 512), 1, 50)
        );
    }

    #[test]
    fn this_machine_has_a_root_with_space() {
        let disks = DiskReader::new(&ProcRoot::live()).read_now();
        let root = disks
            .filesystems
            .iter()
            .find(|f| f.mount.as_str() == "/")
            .expect("a root");
        assert!(
            matches!(root.space, Ok(s) if s.total >= s.free) || root.space == Err(Missing::Late)
        );
    }

    #[test]
    fn where_nobody_tells_which_are_disks_there_is_not_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        fs::create_dir_all(root.proc("")).expect("made");
        fs::write(
            root.proc("diskstats"),
            "254 0 vda 10 1 80 30 20 2 160 60 1 50 90\n",
        )
        .expect("written");
        let devices = || {
            DiskReader::new(&root)
                .read_now()
                .devices
                .map(|all| all.len())
        };
        assert_eq!(devices(), Err(Missing::Gone));
        fs::create_dir_all(root.sys("block")).expect("made");
        assert_eq!(devices(), Ok(0));
        fs::create_dir(root.sys("block/vda")).expect("made");
        assert_eq!(devices(), Ok(1));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            parse(&bytes);
        }
    }
}
