//! The puppet's regions, as root and as its owner; another user's are denied and not empty.

use pscope::model::id::{Bytes, Pid};
use pscope::model::memory::region::{AddressSpace, Part, Region};
use pscope::model::reading::Missing;
use pscope::sampler::memory::address_space::AddressSpaces;
use pscope::sys::root::ProcRoot;

use super::puppet::Puppet;

fn space(puppet: &Puppet) -> AddressSpace {
    let mut spaces = AddressSpaces::new(&ProcRoot::live());
    spaces.whole(puppet.id()).expect("our own child")
}

fn address(said: &serde_json::Value) -> u64 {
    let text = said["address"].as_str().expect("an address");
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("hexadecimal")
}

fn at(space: &AddressSpace, address: u64) -> &Region {
    let found = space
        .regions
        .iter()
        .find(|r| (r.start..r.end).contains(&address));
    found.expect("the address is mapped")
}

#[test]
fn every_part_of_the_puppet_is_found() {
    let puppet = Puppet::start();
    let space = space(&puppet);
    let truth = &puppet.truth["regions"];
    let child = Pid(truth["child"].as_u64().expect("a pid") as u32);
    for said in truth["list"].as_array().expect("a list") {
        let region = at(&space, address(said));
        let name = &said["name"];
        assert_eq!(region.kind.word(), said["kind"], "{name}: {region:?}");
        let more = &said["more"];
        let resident = region.residency.map_or(0, |r| r.resident.0);
        if let Some(tid) = more["tid"].as_u64()
            && let Some(stack) = &region.stack
        {
            assert_eq!(u64::from(stack.tid.0), tid, "{name}");
            assert!(
                stack.used > Bytes(0) && stack.used <= region.size(),
                "{name}: {stack:?}"
            );
        }
        if let Some(least) = more["resident_at_least"].as_u64() {
            assert!(resident >= least - 8192, "{name}: {region:?}");
        }
        assert!(resident <= region.size().0, "{name}: {region:?}");
        if let Some(exact) = more["exactly"].as_u64() {
            assert_eq!(resident, exact, "{name}: {region:?}");
        }
        if let Some(exact) = more["resident"].as_u64() {
            assert!(resident >= exact, "{name}: {region:?}");
        }
        if more["child"] == true {
            assert!(
                region.sharers.iter().any(|s| s.pid == child),
                "{name}: {region:?}"
            );
        }
    }
    let part = |name: &str| {
        let list = truth["list"].as_array().expect("a list");
        let said = list.iter().find(|s| s["name"] == name).expect("said");
        at(&space, address(said)).part
    };
    assert_eq!(
        [
            "jit",
            "memfd",
            "posix",
            "system v",
            "shared by fork",
            "reserve"
        ]
        .map(part),
        [
            Part::Jit,
            Part::Memfd,
            Part::Posix,
            Part::SysV,
            Part::ForkShared,
            Part::Reserve
        ]
    );
}

#[test]
fn growth_is_seen() {
    let mut puppet = Puppet::start();
    let before = space(&puppet).totals();
    puppet.ask("grow");
    let after = space(&puppet).totals();
    let resident =
        |t: pscope::model::memory::region::totals::Totals| t.residency.expect("told").resident.0;
    assert!(after.size.0 >= before.size.0 + (8 << 20));
    assert!(resident(after) >= resident(before) + (8 << 20));
}

#[test]
fn sums_agree_with_the_kernel() {
    let puppet = Puppet::start();
    let totals = space(&puppet).totals();
    let status = std::fs::read_to_string(format!("/proc/{}/status", puppet.pid())).expect("status");
    let kib = |key: &str| -> u64 {
        let line = status
            .lines()
            .find(|l| l.starts_with(key))
            .expect("the field");
        line.split_whitespace()
            .nth(1)
            .expect("a number")
            .parse()
            .expect("a number")
    };
    // The vsyscall page belongs to the kernel; the counters are batched by at most 64 pages a thread.
    assert!(totals.size.0.abs_diff(kib("VmSize:") << 10) <= 8192);
    let resident = totals.residency.expect("told").resident.0;
    assert!(resident.abs_diff(kib("VmRSS:") << 10) <= 4 * 64 * 4096);
}

#[test]
fn kernel_threads_and_strangers_are_not_empty() {
    let mut spaces = AddressSpaces::new(&ProcRoot::live());
    let id = super::puppet::id_of(1);
    match spaces.of(id, true) {
        Ok(space) => assert!(!space.regions.is_empty()),
        Err(why) => assert_eq!(why, Missing::Denied),
    }
}
