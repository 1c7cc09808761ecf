//! Where the cores stand: `/sys/devices/system/cpu/cpuN/topology`, `…/cache`, `/sys/devices/system/node`, and which cores
//! are of which kind.

use std::collections::HashMap;
use std::path::Path;

use super::cores;
use crate::model::id::CpuId;
use crate::model::machine::topology::{Kind, Seat, Topology};
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// Reads it, of the cores that are online; what is not told is left out.
pub fn read(root: &ProcRoot) -> Topology {
    let online = cores::online(root);
    let (nodes, kinds) = (nodes(root), kinds(root, &online));
    let seat = |core: CpuId| {
        let dir = root.sys(format!("devices/system/cpu/cpu{core}"));
        Seat {
            package: number(&dir.join("topology/physical_package_id")),
            node: nodes.get(&core).copied(),
            kind: kinds.get(&core).copied().unwrap_or_default(),
            cache: number(&dir.join("cache/index3/id")),
        }
    };
    Topology::new(online.into_iter().map(|core| (core, seat(core))).collect())
}

/// The number in a small file of the kernel's; a negative one stands for none.
fn number(path: &Path) -> Option<u32> {
    let text = std::fs::read(path).ok()?;
    fields::number(text.trim_ascii()).and_then(|n: u64| u32::try_from(n).ok())
}

/// The node of each core, from lists such as `node1/cpulist`: `32-63`.
fn nodes(root: &ProcRoot) -> HashMap<CpuId, u32> {
    let mut out = HashMap::new();
    let entries = std::fs::read_dir(root.sys("devices/system/node"));
    for entry in entries.into_iter().flatten().flatten() {
        let name = entry.file_name();
        let node = name
            .to_str()
            .and_then(|n| n.strip_prefix("node")?.parse().ok());
        if let Some(node) = node {
            let list = std::fs::read(entry.path().join("cpulist")).unwrap_or_default();
            out.extend(cores::listed(&list).into_iter().map(|core| (core, node)));
        }
    }
    out
}

/// Which kind each core is of, where there are two: by the units that count their events (x86), or by how much they can do
/// (`cpu_capacity`, ARM): all that can do less than the best are the efficient ones.
fn kinds(root: &ProcRoot, online: &[CpuId]) -> HashMap<CpuId, Kind> {
    let listed = |name: &str, kind| {
        let list = std::fs::read(root.sys(format!("devices/{name}/cpus"))).unwrap_or_default();
        cores::listed(&list)
            .into_iter()
            .map(move |core| (core, kind))
    };
    let fast = listed("cpu_core", Kind::Performance);
    let all: HashMap<_, _> = fast.chain(listed("cpu_atom", Kind::Efficient)).collect();
    if !all.is_empty() {
        return all;
    }
    let capacity = |core: &CpuId| {
        let path = root.sys(format!("devices/system/cpu/cpu{core}/cpu_capacity"));
        Some((*core, number(&path)?))
    };
    // Where the first core does not tell it, none does.
    let first = online.first().and_then(capacity);
    let each: Vec<_> = online
        .iter()
        .filter(|_| first.is_some())
        .filter_map(capacity)
        .collect();
    let most = each.iter().map(|(_, can)| *can).max();
    if each.iter().all(|(_, can)| Some(*can) == most) {
        return HashMap::new();
    }
    let kind = |can| {
        if Some(can) == most {
            Kind::Performance
        } else {
            Kind::Efficient
        }
    };
    each.into_iter()
        .map(|(core, can)| (core, kind(can)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, ProcRoot) {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        for (path, text) in files {
            let path = root.sys(format!("devices/{path}"));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        (dir, root)
    }

    fn labels(topology: &Topology, cores: u32) -> Vec<String> {
        let groups = topology.groups((0..cores).map(CpuId));
        groups.into_iter().map(|g| g.label).collect()
    }

    #[test]
    fn packages_nodes_and_caches_are_found() {
        let (_dir, root) = tree(&[
            ("system/cpu/online", "0-3\n"),
            ("system/cpu/cpu0/topology/physical_package_id", "0\n"),
            ("system/cpu/cpu1/topology/physical_package_id", "0\n"),
            ("system/cpu/cpu2/topology/physical_package_id", "1\n"),
            ("system/cpu/cpu3/topology/physical_package_id", "-1\n"),
            ("system/cpu/cpu2/cache/index3/id", "9\n"),
            ("system/node/node0/cpulist", "0-1\n"),
            ("system/node/node5/cpulist", "2,3\n"),
            ("system/node/possible", "0-5\n"),
        ]);
        let topology = read(&root);
        let seat = topology.seat(CpuId(2));
        assert_eq!(
            (seat.package, seat.node, seat.cache),
            (Some(1), Some(5), Some(9))
        );
        assert_eq!(topology.seat(CpuId(3)).package, None);
        assert_eq!(labels(&topology, 3), ["p0 n0", "p1 n5"]);
    }

    #[test]
    fn kinds_are_told_by_units_or_by_capacity() {
        let (_dir, root) = tree(&[
            ("system/cpu/online", "0-3\n"),
            ("cpu_core/cpus", "0-1\n"),
            ("cpu_atom/cpus", "2-3\n"),
        ]);
        assert_eq!(labels(&read(&root), 4), ["P", "E"]);
        let (_dir, root) = tree(&[
            ("system/cpu/online", "0-2\n"),
            ("system/cpu/cpu0/cpu_capacity", "446\n"),
            ("system/cpu/cpu1/cpu_capacity", "446\n"),
            ("system/cpu/cpu2/cpu_capacity", "1024\n"),
        ]);
        assert_eq!(labels(&read(&root), 3), ["P", "E"]);
        assert_eq!(read(&root).seat(CpuId(2)).kind, Kind::Performance);
        let (_dir, root) = tree(&[
            ("system/cpu/online", "0-1\n"),
            ("system/cpu/cpu0/cpu_capacity", "1024\n"),
            ("system/cpu/cpu1/cpu_capacity", "1024\n"),
        ]);
        assert_eq!(labels(&read(&root), 2), [""]);
    }
}
