//! `/proc/diskstats` and `/proc/net/dev` at every tick: what all disks and all interfaces moved, so that the charts know of
//! minutes whenever they are looked at. What each of them does is read elsewhere, while somebody looks.

use crate::model::id::Bytes;
use crate::model::plan::{Needs, Plan};
use crate::model::sample::{Flow, Sample};
use crate::sys::kept::Kept;
use crate::sys::machine::disks;
use crate::sys::network::interfaces;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Reads both files through descriptors that stay open: 10 and 50 µs.
#[derive(Debug)]
pub struct Flows {
    disks: Kept,
    interfaces: Kept,
}

impl Flows {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        let live = root.is_live();
        Self {
            disks: Kept::new(root.proc("diskstats"), live),
            interfaces: Kept::new(root.proc("net/dev"), live),
        }
    }
}

impl Source<Sample> for Flows {
    fn name(&self) -> &'static str {
        "flows"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["machine"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        // Each may be refused by itself, as in a container: that is told where its chart stands.
        let disks = self.disks.read().map(of_disks);
        into.system.disk_flow = disks.map_err(|why| why.reason());
        let interfaces = self.interfaces.read().map(of_interfaces);
        into.system.network_flow = interfaces.map_err(|why| why.reason());
        Ok(())
    }
}

/// What whole disks moved: not their partitions, nor what is made of them (volumes, arrays, images, compressed memory).
pub(crate) fn of_disks(text: &[u8]) -> Flow {
    let mut flow = Flow::default();
    let mut whole: Vec<Vec<u8>> = Vec::new();
    for (name, counters) in disks::parse(text) {
        if is_made_of_others(&name) || whole.iter().any(|disk| is_part_of(&name, disk)) {
            continue;
        }
        flow.inward.0 = flow.inward.0.saturating_add(counters.read.0);
        flow.outward.0 = flow.outward.0.saturating_add(counters.written.0);
        whole.push(name);
    }
    flow
}

/// Whether what an interface moves stays inside, or passes another one as well: bridges, bonds, tunnels, those of containers.
fn is_inside(name: &[u8]) -> bool {
    let kinds: [&[u8]; 13] = [
        b"veth", b"docker", b"br", b"virbr", b"bond", b"team", b"tun", b"tap", b"wg", b"ifb",
        b"dummy", b"cni", b"vnet",
    ];
    name == b"lo" || name.contains(&b'.') || kinds.iter().any(|kind| name.starts_with(kind))
}

/// What interfaces moved beyond this machine.
pub(crate) fn of_interfaces(text: &[u8]) -> Flow {
    let mut flow = Flow::default();
    for (name, counters) in interfaces::counters(text) {
        if !is_inside(&name) {
            let (received, sent) = (counters.received.0, counters.sent.0);
            flow.inward = Bytes(flow.inward.0.saturating_add(received));
            flow.outward = Bytes(flow.outward.0.saturating_add(sent));
        }
    }
    flow
}

fn is_made_of_others(name: &[u8]) -> bool {
    let kinds: [&[u8]; 5] = [b"dm-", b"md", b"loop", b"zram", b"ram"];
    kinds.iter().any(|kind| name.starts_with(kind))
}

/// Whether it is a partition: `sda1` of `sda`, `nvme0n1p2` of `nvme0n1`. The kernel lists it behind its disk.
fn is_part_of(name: &[u8], disk: &[u8]) -> bool {
    let Some(mut rest) = name.strip_prefix(disk) else {
        return false;
    };
    if disk.last().is_some_and(u8::is_ascii_digit) {
        let Some(number) = rest.strip_prefix(b"p") else {
            return false;
        };
        rest = number;
    }
    !rest.is_empty() && rest.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_once() {
        let line = |name: &str, read: u64, written: u64| {
            format!("8 0 {name} 9 0 {read} 1 9 0 {written} 1 0 1 1\n")
        };
        let text = [
            ("sda", 100, 10),
            ("sda1", 60, 10),
            ("sda2", 40, 0),
            ("sdaa", 7, 0),
            ("nvme0n1", 1000, 0),
            ("nvme0n10", 5, 0),
            ("nvme0n1p1", 1000, 0),
            ("dm-0", 60, 10),
            ("loop3", 9, 9),
            ("zram0", 8, 8),
        ]
        .map(|(name, read, written)| line(name, read, written))
        .concat();
        let flow = of_disks(text.as_bytes());
        assert_eq!((flow.inward.0 / 512, flow.outward.0 / 512), (1112, 10));
    }

    #[test]
    fn loopback_is_not_the_network() {
        let text = b"head|x\n face |y\n    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n  eth0: 70 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n eth1: 5 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n br-7: 7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n eth0.7: 7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n";
        let flow = of_interfaces(text);
        assert_eq!((flow.inward, flow.outward), (Bytes(75), Bytes(32)));
    }
}
