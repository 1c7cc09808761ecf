//! The control group that pscope itself lives in: its limits, and where its pressure is told, `cgroups(7)`.

use std::path::PathBuf;

use super::{Membership, Place, cpu, membership, memory, mounts, number, place};
use crate::model::id::Bytes;
use crate::model::isolation::group::GroupCpu;
use crate::model::machine_memory::GroupMemory;
use crate::model::own_group::OwnGroup;
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// Reads the limits on ourselves: a group without one leaves it to those above.
pub fn limits(root: &ProcRoot) -> OwnGroup {
    let mounts = mounts(root);
    let memberships = memberships(root);
    let place = |controller: &str| place(root, &mounts, &memberships, controller);
    OwnGroup {
        memory: place("memory").and_then(|p| limited(&p)),
        cpu: place("cpu").and_then(|p| quota(&p)),
    }
}

/// The directory of our group of v2, which tells its pressure.
///
/// `None` for the group that everything is in (it alone has no `cgroup.type`), whose pressure is that of the machine.
pub fn pressure_dir(root: &ProcRoot) -> Option<PathBuf> {
    let unified = place(root, &mounts(root), &memberships(root), "")?;
    unified
        .dir
        .join("cgroup.type")
        .exists()
        .then_some(unified.dir)
}

fn memberships(root: &ProcRoot) -> Vec<Membership> {
    let text = std::fs::read(root.proc("self/cgroup")).unwrap_or_default();
    fields::lines(&text).filter_map(membership).collect()
}

/// The tightest limit, and how much of it the group that sets it uses.
fn limited(place: &Place) -> Option<GroupMemory> {
    let usage = memory(place);
    let (limit, path) = usage.limit.zip(usage.set_by)?;
    let dir = place.top.join(path.trim_start_matches('/'));
    let used = number(&dir.join(if place.unified {
        "memory.current"
    } else {
        "memory.usage_in_bytes"
    }))?;
    Some(GroupMemory {
        path,
        limit: Bytes(limit),
        used: Bytes(used),
    })
}

/// The tightest quota, and how often the group that sets it was throttled.
fn quota(place: &Place) -> Option<GroupCpu> {
    let here = cpu(place);
    let by = here.set_by.clone()?;
    let above = Place {
        dir: place.top.join(by.trim_start_matches('/')),
        ..place.clone()
    };
    let counted = cpu(&above);
    Some(GroupCpu {
        cores: here.cores,
        set_by: Some(by),
        ..counted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::isolation::cgroup::tests::machine;

    const V2: (&str, &str) = (
        "proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    );

    #[test]
    fn the_group_that_sets_the_limit_says_how_much_of_it_is_used() {
        let (_dir, root) = machine(&[
            V2,
            ("proc/self/cgroup", "0::/a.slice/b.service\n"),
            ("sys/fs/cgroup/a.slice/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/a.slice/memory.current", "805306368\n"),
            ("sys/fs/cgroup/a.slice/cpu.max", "150000 100000\n"),
            (
                "sys/fs/cgroup/a.slice/cpu.stat",
                "nr_periods 40\nnr_throttled 10\nthrottled_usec 5000\n",
            ),
            ("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n"),
            ("sys/fs/cgroup/a.slice/b.service/memory.current", "4096\n"),
            ("sys/fs/cgroup/a.slice/b.service/cgroup.type", "domain\n"),
        ]);
        let own = limits(&root);
        let memory = own.memory.expect("a limit");
        assert_eq!(memory.path.as_str(), "/a.slice");
        assert_eq!(
            (memory.used, memory.limit),
            (Bytes(768 << 20), Bytes(1 << 30))
        );
        let cpu = own.cpu.expect("a quota");
        assert_eq!((cpu.cores, cpu.throttled, cpu.periods), (Some(1.5), 10, 40));
        let dir = pressure_dir(&root).expect("a group of v2");
        assert!(dir.ends_with("a.slice/b.service"));
    }

    #[test]
    fn v1_limits_and_no_limit_are_told_apart() {
        let mounts = "42 32 0:39 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n43 32 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let unlimited = "9223372036854771712\n";
        let (_dir, root) = machine(&[
            ("proc/self/mountinfo", mounts),
            ("proc/self/cgroup", "4:memory:/docker/x\n0::/\n"),
            (
                "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes",
                "2097152\n",
            ),
            (
                "sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes",
                "1048576\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited),
            ("sys/fs/cgroup/unified/cpu.stat", "usage_usec 9\n"),
        ]);
        let memory = limits(&root).memory.expect("a limit");
        assert_eq!(
            (memory.used, memory.limit),
            (Bytes(1 << 20), Bytes(2 << 20))
        );
        assert_eq!(
            pressure_dir(&root),
            None,
            "the group of all is the machine's"
        );
        std::fs::write(root.proc("self/cgroup"), "4:memory:/\n0::/\n").expect("written");
        assert_eq!(limits(&root), OwnGroup::default());
    }
}
