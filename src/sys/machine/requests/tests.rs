//! Reads of our own from the disk that the build stands on, counted by the kernel for us and for everybody (`/proc/diskstats`).

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::*;
use crate::model::machine::disk::DiskCounters;
use crate::model::machine::requests::between;

fn begin() -> Option<Tracing> {
    match Tracing::begin(&ProcRoot::live()) {
        Ok(tracing) => Some(tracing),
        Err(refused) => {
            println!("skipped: {refused}");
            None
        }
    }
}

/// The whole disk that a file is on.
fn disk_of(file: &File) -> Option<String> {
    let dev = file.metadata().ok()?.dev();
    let (major, minor) = (nix::sys::stat::major(dev), nix::sys::stat::minor(dev));
    let link = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    let own = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    if link.join("partition").exists() {
        own(link.parent()?)
    } else {
        own(&link)
    }
}

fn diskstats(disk: &str) -> DiskCounters {
    let text = std::fs::read("/proc/diskstats").expect("a /proc");
    let all = crate::sys::machine::disks::parse(&text);
    let found = all.into_iter().find(|(name, _)| name == disk.as_bytes());
    found.map(|(_, counters)| counters).unwrap_or_default()
}

/// A block that a direct read goes to, where it has to begin.
#[repr(align(4096))]
struct Block([u8; 4096]);

const BLOCKS: u64 = 500;
/// Each core counts for itself, and what is just being answered is counted here a moment before.
const UNDER_WAY: u64 = 64;

/// A file on a disk with requests, opened so that reads go there; `None` where there is no such.
fn on_disk() -> Option<(tempfile::NamedTempFile, File, String)> {
    let mut file = tempfile::NamedTempFile::new_in(env!("CARGO_MANIFEST_DIR"))
        .or_else(|_| tempfile::NamedTempFile::new())
        .ok()?;
    let disk = disk_of(file.as_file())?;
    for n in 0..BLOCKS {
        file.write_all(&[n as u8; 4096]).ok()?;
    }
    file.as_file().sync_all().ok()?;
    let direct = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECT)
        .open(file.path())
        .ok()?;
    Some((file, direct, disk))
}

/// Of some answers the kernel does not tell, a few in a row in one run of forty (docs/kernel.md, O): in one of so many
/// rounds it tells of all.
const ROUNDS: usize = 5;

#[test]
fn every_read_is_counted_of_its_disk_and_of_who_asked() {
    let root = ProcRoot::live();
    let Some(mut tracing) = begin() else { return };
    let Some((_file, direct, disk)) = on_disk() else {
        println!("skipped: no file of ours is on a disk that tells its requests");
        return;
    };
    let mut counted = Vec::new();
    while counted.len() < ROUNDS {
        let Some(own) = round(&root, &mut tracing, &direct, &disk) else {
            println!("skipped: no file of ours is on a disk that tells its requests");
            return;
        };
        if own >= BLOCKS {
            return;
        }
        counted.push(own);
    }
    panic!("of {BLOCKS} reads {counted:?} were counted");
}

/// Born and ended between two readings: nobody can be asked for its name any more.
#[test]
fn who_has_ended_is_called_as_it_was() {
    let root = ProcRoot::live();
    let Some(mut tracing) = begin() else { return };
    let Some((file, _direct, _)) = on_disk() else {
        println!("skipped: no file of ours is on a disk that tells its requests");
        return;
    };
    let mut dd = std::process::Command::new("dd")
        .arg(format!("if={}", file.path().display()))
        .args(["of=/dev/null", "iflag=direct", "bs=4096", "status=none"])
        .spawn()
        .expect("dd starts");
    let pid = Pid(dd.id());
    assert!(dd.wait().expect("it ends").success());
    let told = tracing.read(&root).expect("read");
    if told.processes.keys().any(|(of, ..)| *of == pid) {
        assert_eq!(told.called[&pid].as_str(), "dd");
    } else {
        println!("skipped: no file of ours is on a disk that tells its requests");
    }
}

/// Reads every block once and looks at what is told of it: how many reads were counted of us; `None` where the disk counts none.
fn round(root: &ProcRoot, tracing: &mut Tracing, direct: &File, disk: &str) -> Option<u64> {
    // What the disk counts is read before and after each reading of ours: what others do meanwhile is in the wider pair.
    let before = diskstats(disk);
    let first = tracing.read(root).expect("read");
    let begun = diskstats(disk);
    let mut block = Block([0; 4096]);
    for n in 0..BLOCKS {
        // Not in their order, so that nothing is read ahead by the device.
        let at = n * 7 % BLOCKS;
        direct
            .read_exact_at(&mut block.0, at * 4096)
            .expect("a block");
        assert_eq!(block.0[100], at as u8);
    }
    let ended = diskstats(disk);
    let last = tracing.read(root).expect("read");
    let after = diskstats(disk);
    if ended.reads - begun.reads < BLOCKS {
        return None;
    }
    let told = between(&first, &last);
    let reads = told.of(disk, Kind::Read).expect("counted");
    let (least, most) = (ended.reads - begun.reads, after.reads - before.reads);
    let done = reads.took.done;
    let own = |p: &&crate::model::machine::requests::ProcessRequests| {
        p.pid.0 == std::process::id() && p.kind == Kind::Read && p.device.as_str() == disk
    };
    let own = told.processes.iter().find(own).expect("we asked");
    if own.took.done < BLOCKS {
        // The kernel was silent for a while (see `ROUNDS`), and nothing adds up in this one.
        return Some(own.took.done);
    }
    assert!(
        (least.saturating_sub(UNDER_WAY)..=most + UNDER_WAY).contains(&done),
        "{done} of {least} to {most}"
    );
    let took = last.devices[&(disk.into(), Kind::Read)].0.took.0
        - first
            .devices
            .get(&(disk.into(), Kind::Read))
            .map_or(0, |(count, _)| count.took.0);
    let (least, most) = (
        ended.read_ms - begun.read_ms,
        after.read_ms - before.read_ms,
    );
    let ms = took / 1_000_000;
    // The disk's own begin with the room for a request, which is had a little before.
    assert!(
        ms * 100 <= most * 105 + 1000 && ms * 100 + 2000 >= least * 80,
        "{ms} ms of {least} to {most}"
    );
    let (p50, p99) = (own.took.p50.expect("some"), own.took.p99.expect("some"));
    assert!(p50 > Nanos(1000) && p50 <= p99, "{p50:?} {p99:?}");
    let in_device = reads.took.device.expect("some");
    assert!(in_device <= reads.took.mean.expect("some"));
    let (count, columns) = &last.devices[&(disk.into(), Kind::Read)];
    let spread: u64 = count.spread.0.iter().sum();
    assert!(
        spread.abs_diff(count.done) <= UNDER_WAY,
        "each is in a bucket"
    );
    let in_columns: u64 = columns.iter().sum();
    assert!(
        in_columns.abs_diff(count.done) <= UNDER_WAY,
        "and in a column"
    );
    Some(own.took.done)
}

/// How often a disk was asked to flush: the 16th number behind its name.
fn flushes(disk: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/diskstats").ok()?;
    let mut lines = text.lines().map(|l| l.split_whitespace());
    let mut line = lines.find(|l| l.clone().nth(2) == Some(disk))?;
    line.nth(18)?.parse().ok()
}

#[test]
fn a_flush_is_of_the_program_that_asked_for_it_and_once_of_the_device() {
    let root = ProcRoot::live();
    let Some(mut tracing) = begin() else { return };
    let Some((file, _, disk)) = on_disk() else {
        println!("skipped: no file of ours is on a disk that tells its requests");
        return;
    };
    let caches = std::fs::read_to_string(format!("/sys/block/{disk}/queue/write_cache"));
    if caches.is_ok_and(|c| c.trim() != "write back")
        || types(&root).is_none_or(|t| t.made.is_none())
    {
        println!("skipped: this disk has no cache to flush, or this kernel does not tell who asks");
        return;
    }
    let first = tracing.read(&root).expect("read");
    let begun = flushes(&disk);
    for n in 0..ROUNDS {
        // What stands there already changes, and nothing else: there is no journal to wait for.
        file.as_file()
            .write_all_at(&[n as u8; 512], 0)
            .expect("room");
        file.as_file().sync_data().expect("on the disk");
    }
    let last = tracing.read(&root).expect("read");
    let ended = flushes(&disk);
    let told = between(&first, &last);
    let own = |kind| {
        let mut all = told.processes.iter();
        let found = all.find(|p| p.pid.0 == std::process::id() && p.kind == kind);
        found.map_or(0, |p| p.took.done)
    };
    if ended == begun {
        println!("skipped: this disk was not asked to flush");
        return;
    }
    assert!(own(Kind::Write) >= ROUNDS as u64, "{:?}", told.processes);
    assert!(own(Kind::Other) >= ROUNDS as u64, "{:?}", told.processes);
    let of_nobody = told.processes.iter().filter(|p| p.pid.0 == u32::MAX);
    assert_eq!(of_nobody.count(), 0);
    // Those of several programs may be one of the device.
    let device = told.of(&disk, Kind::Other).expect("counted");
    assert!(device.took.done >= 1, "{device:?}");
}

#[test]
fn a_line_of_diskstats_has_a_number_and_a_name() {
    let line = b" 254       3 vda3 155091 31201";
    assert_eq!(numbered(line), Some((254 << 32 | 3, b"vda3".to_vec())));
    assert_eq!(numbered(b"8 x sda"), None);
}
