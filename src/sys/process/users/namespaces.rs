//! Numbers of user namespaces: whose range one is of, and whom the kernel gives no number here (`user_namespaces(7)`).

use crate::model::id::{Pid, Uid};
use crate::model::process::overview::Inside;
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// The number that stands for all who have none here, unless the machine sets another one.
const OVERFLOW: u32 = 65_534;

/// A run of numbers of a namespace: the first inside, the first as they are called here, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    inside: u64,
    here: u64,
    count: u64,
}

impl Range {
    fn offset(self, uid: Uid) -> Option<u64> {
        u64::from(uid.0)
            .checked_sub(self.here)
            .filter(|n| *n < self.count)
    }
}

/// Lines such as `0 100000 65536`.
pub(crate) fn map(text: &[u8]) -> impl Iterator<Item = Range> {
    fields::lines(text).filter_map(|line| {
        let mut words = fields::words(line).map(fields::number);
        let (inside, here, count) = (words.next()??, words.next()??, words.next()??);
        Some(Range {
            inside,
            here,
            count,
        })
    })
}

/// The ranges that the namespaces of all processes have; one number alone is a person's own, whatever it is called inside.
pub(super) fn ranges(root: &ProcRoot) -> Vec<Range> {
    let mut out: Vec<Range> = Vec::new();
    for pid in root.pids() {
        let text = std::fs::read(root.proc(format!("{pid}/uid_map"))).unwrap_or_default();
        let apart = map(&text).filter(|range| range.count > 1 && range.inside != range.here);
        for range in apart {
            if !out.contains(&range) {
                out.push(range);
            }
        }
    }
    out
}

/// A number of a namespace whose range nobody is named for: `300000/33` is number 33 of the range that begins at 300000.
pub(super) fn told(ranges: &[Range], uid: Uid) -> Option<SafeText> {
    ranges.iter().find_map(|range| {
        let offset = range.offset(uid)?;
        let (first, inside) = (range.here, range.inside + offset);
        Some(SafeText::from(format!("{first}/{inside}")))
    })
}

/// Which number a user has in the namespace of a process, where that is another one than ours. Everybody may read the maps,
/// also where the namespaces themselves are not told.
pub(in crate::sys) fn inside(root: &ProcRoot, pid: Pid, uid: Uid, apart: bool) -> Inside {
    let read = |of: &str| std::fs::read(root.proc(format!("{of}/uid_map")));
    let (Ok(theirs), Ok(ours)) = (read(&pid.to_string()), read("self")) else {
        return Inside::Untold;
    };
    if !apart && theirs == ours {
        return Inside::Untold;
    }
    let number = |range: Range| Some(range.inside + range.offset(uid)?);
    match map(&theirs).find_map(number) {
        Some(number) => Inside::As(number as u32),
        None => Inside::Unmapped,
    }
}

/// The number that stands for everybody who has none in our own namespace; `None` where all have one, or where it may as well
/// be somebody's own.
pub(super) fn overflow(root: &ProcRoot) -> Option<Uid> {
    let own = std::fs::read(root.proc("self/uid_map")).ok()?;
    let all: Vec<Range> = map(&own).collect();
    let set = std::fs::read(root.proc("sys/kernel/overflowuid")).ok();
    let set = set.and_then(|text| u32::try_from(fields::number(text.trim_ascii())?).ok());
    let overflow = u64::from(set.unwrap_or(OVERFLOW));
    let named = all.iter().any(|range| {
        overflow
            .checked_sub(range.inside)
            .is_some_and(|n| n < range.count)
    });
    (!all.is_empty() && !named).then_some(Uid(overflow as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, ProcRoot) {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        for (path, text) in files {
            let path = root.proc(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        (dir, root)
    }

    #[test]
    fn a_number_is_told_with_the_range_of_its_namespace() {
        let (_dir, root) = machine(&[
            ("1/uid_map", "         0          0 4294967295\n"),
            ("7/uid_map", "         0     300000      65536\n"),
            ("8/uid_map", "         0     300000      65536\n"),
            (
                "9/uid_map",
                "      1000        200         10\n     0 1001 1\n",
            ),
        ]);
        let all = ranges(&root);
        assert_eq!(all.len(), 2, "{all:?}");
        let told = |uid| told(&all, Uid(uid)).map(|name| name.to_string());
        assert_eq!(told(300_033).as_deref(), Some("300000/33"));
        assert_eq!(told(205).as_deref(), Some("200/1005"));
        assert_eq!(told(1001), None, "one number is a person's own");
        assert_eq!(told(365_536), None);
    }

    #[test]
    fn a_user_has_another_number_inside_or_none() {
        let (_dir, root) = machine(&[
            ("self/uid_map", "         0          0 4294967295\n"),
            ("1/uid_map", "         0          0 4294967295\n"),
            ("7/uid_map", "         0      65534          1\n"),
            ("8/uid_map", "      1000     300000      65536\n"),
            ("9/uid_map", ""),
        ]);
        let of = |pid, uid, apart| inside(&root, Pid(pid), Uid(uid), apart);
        assert_eq!(of(1, 0, false), Inside::Untold, "it is our own");
        assert_eq!(
            of(1, 0, true),
            Inside::As(0),
            "another one with all numbers"
        );
        for apart in [true, false] {
            // Where its namespace may not be asked for, its map tells that it is another one.
            assert_eq!(of(7, 65_534, apart), Inside::As(0));
        }
        assert_eq!(of(7, 0, true), Inside::Unmapped);
        assert_eq!(of(8, 300_007, true), Inside::As(1007));
        assert_eq!(of(9, 65_534, true), Inside::Unmapped);
        assert_eq!(of(10, 0, true), Inside::Untold, "it has ended");
    }

    #[test]
    fn who_has_no_number_here_is_not_taken_for_nobody() {
        let of = |map: &str, set: &str| {
            let (_dir, root) = machine(&[("self/uid_map", map), ("sys/kernel/overflowuid", set)]);
            overflow(&root).map(|uid| uid.0)
        };
        assert_eq!(of("0 0 4294967295\n", "65534\n"), None, "all have one");
        assert_eq!(of("0 1000 1\n", "65534\n"), Some(65_534));
        assert_eq!(of("0 100000 65536\n", "65534\n"), None, "it is somebody's");
        assert_eq!(of("0 1000 1\n", "7\n"), Some(7));
        assert_eq!(of("", "65534\n"), None, "not known");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = map(&bytes).count();
        }
    }
}
