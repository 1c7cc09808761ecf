//! Which of the groups that a process is in tells where it belongs: with v1 it is in one of each hierarchy, `cgroups(7)`.

use super::unit::{self, Stands};

/// A line of the `cgroup` file of a process: its controllers and its path, in the form of
/// [`crate::model::text::SafeText::exact`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The controllers of the hierarchy: `cpu,cpuacct`; empty for v2.
    pub controllers: &'a str,
    /// The path in it.
    pub path: &'a str,
}

/// The place of the line that tells most: that of a container, or else that of v2, or else that of systemd; hierarchies that
/// merely bound something come last, the deepest path first, and of equals the memory controller's.
pub fn most(lines: &[Line<'_>]) -> Option<usize> {
    let rank = |line: &Line<'_>| {
        let stands = unit::stands(line.path);
        let contained = !matches!(stands, Stands::Root | Stands::Unit { .. });
        let known = match (stands, line.controllers) {
            (Stands::Root, _) => 0,
            (_, "") => 3,
            (_, "name=systemd") => 2,
            _ => 1,
        };
        let depth = unit::parts(line.path).count();
        (contained, known, depth, line.controllers == "memory")
    };
    let ranked = lines.iter().enumerate().map(|(at, line)| (rank(line), at));
    // Of equals the first.
    let best = ranked.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    best.map(|(_, at)| at)
}

/// Whether a group is another one or a part of it.
pub fn is_within(path: &str, whole: &str) -> bool {
    let whole = whole.trim_end_matches('/');
    let below = path.strip_prefix(whole);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_tells_most_then_v2_then_systemd_then_what_is_deepest() {
        let of = |lines: &[(&'static str, &'static str)]| {
            let all = lines
                .iter()
                .map(|(controllers, path)| Line { controllers, path });
            let all: Vec<Line<'_>> = all.collect();
            most(&all).map(|at| all[at].path)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("cpu", "/"), ("", "/")]), Some("/"));
        // Only hierarchies that bound something have it.
        let pids = [("pids", "/g/only/one"), ("memory", "/m/n"), ("", "/")];
        assert_eq!(of(&pids), Some("/g/only/one"));
        let equal = [("pids", "/g/only"), ("memory", "/m/n"), ("", "/")];
        assert_eq!(of(&equal), Some("/m/n"));
        let systemd = [("memory", "/a/b/c"), ("name=systemd", "/a.slice")];
        assert_eq!(of(&systemd), Some("/a.slice"));
        assert_eq!(of(&[("name=systemd", "/c/d"), ("", "/e")]), Some("/e"));
        // Docker without systemd leaves its containers where it is itself in v2.
        let id = "/docker/2da4a1b9d3e08f2c4a1b9d3e08f2c4a1b9d3e08f2c4a1b9d3e08f2c4a1b9d3e0";
        let docker = [("memory", id), ("", "/system.slice/containerd.service/x")];
        assert_eq!(of(&docker), Some(id));
    }

    #[test]
    fn a_group_is_within_itself_and_those_above() {
        assert!(is_within("/a/b", "/a") && is_within("/a", "/a") && is_within("/a", "/"));
        assert!(!is_within("/ab", "/a") && !is_within("/a", "/a/b"));
    }
}
