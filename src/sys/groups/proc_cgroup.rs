//! `/proc/PID/cgroup`: the control group of a process in each hierarchy, `cgroups(7)`.
//! Read for every row at every tick, so it is parsed here, where only the telling line becomes a text.

use crate::model::text::SafeText;
use crate::sys::fields;

/// The path that tells most about where a process belongs: that of the v2 hierarchy, or else a v1 one that is not `/`.
///
/// Lines are `b"0::/system.slice/sshd.service"` (v2) and `b"4:memory:/docker/2da4…"` (v1); a path may hold colons.
pub fn parse(text: &[u8]) -> Option<SafeText> {
    let mut best: Option<(u8, &[u8])> = None;
    for line in fields::lines(text) {
        let mut parts = line.splitn(3, |b| *b == b':');
        let (Some(number), Some(controllers), Some(path)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let rank = match (path, number, controllers) {
            (b"/", ..) => 0,
            (_, b"0", b"") => 4,
            (_, _, b"name=systemd") => 3,
            (_, _, b"memory") => 2,
            _ => 1,
        };
        if best.is_none_or(|(r, _)| rank > r) {
            best = Some((rank, path));
        }
    }
    best.map(|(_, path)| SafeText::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_most_telling_path() {
        let of = |text: &str| parse(text.as_bytes()).map(|t| t.to_string());
        assert_eq!(of("0::/a:b/c\n").as_deref(), Some("/a:b/c"));
        let hybrid = "9:name=systemd:/\n4:memory:/x/2da4\n3:cpuset:/y\n0::/\n";
        assert_eq!(of(hybrid).as_deref(), Some("/x/2da4"));
        assert_eq!(of("1:cpu:/\n0::/\n").as_deref(), Some("/"));
        assert_eq!(of("nonsense\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
