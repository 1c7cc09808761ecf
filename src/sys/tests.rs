//! Our parsers beside those of procfs and sysinfo, over the same bytes of this machine: where both understand, both say the same.

use std::net::SocketAddr;

use procfs::process::{LimitValue, Limits};
use procfs::{
    DiskStats, FromBufRead as _, FromBufReadSI as _, FromRead as _, LoadAverage, LocalSystemInfo,
    Meminfo,
};

use super::machine::{disks, loadavg, meminfo};
use super::network::text_tables;
use super::process::isolation;
use super::root::ProcRoot;
use crate::model::descriptors::socket::Protocol;
use crate::model::process::isolation::limit::Resource;

/// A file of this machine; some are refused in sandboxes.
fn text(name: &str) -> Option<Vec<u8>> {
    let told = ProcRoot::live().read(name);
    if let Err(why) = &told {
        println!("skipped: /proc/{name}: {why}");
    }
    told.ok()
}

#[test]
fn memory_is_as_both_crates_say() {
    let Some(text) = text("meminfo") else { return };
    let ours = meminfo::parse(&text).expect("a total");
    let theirs = Meminfo::from_buf_read(text.as_slice()).expect("understood");
    assert_eq!(
        [ours.total.0, ours.free.0, ours.buffers.0, ours.swap_total.0],
        [
            theirs.mem_total,
            theirs.mem_free,
            theirs.buffers,
            theirs.swap_total
        ]
    );
    assert_eq!(Some(ours.available.0), theirs.mem_available);
    let memory = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let kinds = sysinfo::RefreshKind::nothing().with_memory(memory);
    if let Ok(system) = sysinfo::System::new_with_specifics(kinds) {
        assert_eq!(system.total_memory(), ours.total.0);
    }
}

#[test]
fn load_is_as_procfs_says() {
    let Some(text) = text("loadavg") else { return };
    let theirs = LoadAverage::from_read(text.as_slice()).expect("understood");
    let (load, _) = loadavg::parse(&text);
    assert_eq!(load, Some([theirs.one, theirs.five, theirs.fifteen]));
}

#[test]
fn disks_are_as_procfs_says() {
    let Some(text) = text("diskstats") else {
        return;
    };
    let theirs = DiskStats::from_buf_read(text.as_slice())
        .expect("understood")
        .0;
    for (name, ours) in disks::parse(&text) {
        let name = String::from_utf8(name).expect("a name");
        let theirs = theirs
            .iter()
            .find(|d| d.name == name)
            .expect("the same device");
        assert_eq!(
            (ours.reads, ours.writes, ours.read.0, ours.written.0),
            (
                theirs.reads,
                theirs.writes,
                theirs.sectors_read * 512,
                theirs.sectors_written * 512
            ),
            "{name}"
        );
    }
}

#[test]
fn limits_are_as_procfs_says() {
    let Some(text) = text("self/limits") else {
        return;
    };
    let theirs = Limits::from_buf_read(text.as_slice()).expect("understood");
    let ours = isolation::limits(&text);
    let number = |value| match value {
        LimitValue::Unlimited => None,
        LimitValue::Value(n) => Some(n),
    };
    for (resource, theirs) in [
        (Resource::Cpu, theirs.max_cpu_time),
        (Resource::FileSize, theirs.max_file_size),
        (Resource::Stack, theirs.max_stack_size),
        (Resource::Files, theirs.max_open_files),
    ] {
        let ours = ours.iter().find(|limit| limit.resource == resource);
        let ours = ours.map(|limit| (limit.soft, limit.hard));
        let theirs = (number(theirs.soft_limit), number(theirs.hard_limit));
        assert_eq!(ours, Some(theirs), "{resource:?}");
    }
}

#[test]
fn sockets_are_as_procfs_says() {
    let Some(text) = text("net/tcp") else { return };
    // One socket in a state that it does not know, and procfs gives the whole table up.
    let theirs = procfs::net::TcpNetEntries::from_buf_read(text.as_slice(), &LocalSystemInfo);
    let Ok(theirs) = theirs else { return };
    let ours = text_tables::inet(&text, Protocol::Tcp, 0);
    let ours: Vec<(u64, SocketAddr)> = ours.iter().map(|s| (s.inode, s.local)).collect();
    let theirs: Vec<(u64, SocketAddr)> = theirs
        .0
        .iter()
        .map(|s| (s.inode, s.local_address))
        .collect();
    assert_eq!(ours, theirs);
}
