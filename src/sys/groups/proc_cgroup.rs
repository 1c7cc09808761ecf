//! `/proc/PID/cgroup`: the control group of a process in each hierarchy, `cgroups(7)`.
//! Read for every row at every tick, so it is parsed here, where only what differs from line to line becomes a text.

use crate::model::groups::telling::{self, Line};
use crate::model::text::SafeText;
use crate::sys::fields;

/// Where a process belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belongs {
    /// The path that tells most, see [`telling::most`].
    pub path: SafeText,
    /// The groups that it is in by other hierarchies and that this one is no part of.
    pub beside: Vec<SafeText>,
}

/// The path that tells most about where a process belongs, and the groups beside it.
///
/// Lines are `b"0::/system.slice/sshd.service"` (v2) and `b"4:memory:/docker/2da4…"` (v1); a path may hold colons.
pub fn parse(text: &[u8]) -> Option<Belongs> {
    let mut any = None;
    let mut one: Option<&[u8]> = None;
    let mut several = false;
    for (_, path) in lines(text) {
        any = Some(path);
        if path != b"/" {
            several |= one.is_some_and(|known| known != path);
            one = Some(path);
        }
    }
    if !several {
        let path = SafeText::from_bytes(one.or(any)?);
        let beside = Vec::new();
        return Some(Belongs { path, beside });
    }
    let all: Vec<(SafeText, SafeText)> = lines(text)
        .map(|(of, path)| (SafeText::from_bytes(of), SafeText::from_bytes(path)))
        .collect();
    let ranked: Vec<Line<'_>> = all
        .iter()
        .map(|(controllers, path)| Line {
            controllers: controllers.exact(),
            path: path.exact(),
        })
        .collect();
    let path = all[telling::most(&ranked)?].1.clone();
    let mut beside: Vec<SafeText> = Vec::new();
    for (_, other) in &all {
        if !telling::is_within(path.exact(), other.exact()) && !beside.contains(other) {
            beside.push(other.clone());
        }
    }
    Some(Belongs { path, beside })
}

/// The controllers and the path of each line.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields::lines(text).filter_map(|line| {
        let mut parts = line.splitn(3, |b| *b == b':').skip(1);
        Some((parts.next()?, parts.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_most_telling_path() {
        let of = |text: &str| parse(text.as_bytes()).map(|t| t.path.to_string());
        assert_eq!(of("0::/a:b/c\n").as_deref(), Some("/a:b/c"));
        let hybrid = "9:name=systemd:/\n4:memory:/x/2da4\n3:cpuset:/y\n0::/\n";
        assert_eq!(of(hybrid).as_deref(), Some("/x/2da4"));
        assert_eq!(of("1:cpu:/\n0::/\n").as_deref(), Some("/"));
        assert_eq!(of("nonsense\n"), None);
    }

    #[test]
    fn the_groups_of_other_hierarchies_are_kept_where_the_path_does_not_lead_through_them() {
        let text =
            "9:name=systemd:/a/b/c\n8:pids:/g/p\n7:freezer:/g/p\n5:cpu:/a\n4:memory:/a/b\n0::/\n";
        let belongs = parse(text.as_bytes()).expect("lines");
        assert_eq!(belongs.path.as_str(), "/a/b/c");
        assert_eq!(belongs.beside, ["/g/p".into()]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
