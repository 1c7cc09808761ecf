//! `/proc/self/mountinfo`: what is mounted, read again only when the kernel says that it changed (`proc(5)`: "poll").
//!
//! Of thousands of filesystems not all are asked at each reading how full they are: those on devices are, the others in turn.
//! Paths are bytes, which procfs cannot carry; what is asked once is read by it (`mount_table.rs`).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::model::machine::disk::{Filesystem, Space};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// Types that hold no files of anybody's: the kernel's own trees.
const KERNEL_TYPES: &[&[u8]] = &[
    b"proc",
    b"sysfs",
    b"cgroup",
    b"cgroup2",
    b"devpts",
    b"devtmpfs",
    b"securityfs",
    b"debugfs",
    b"tracefs",
    b"pstore",
    b"bpf",
    b"mqueue",
    b"hugetlbfs",
    b"autofs",
    b"configfs",
    b"fusectl",
    b"binfmt_misc",
    b"rpc_pipefs",
    b"efivarfs",
    b"nsfs",
    b"ramfs",
    b"selinuxfs",
];

/// Filesystems that no other machine and no program answers for.
const HERE: [&str; 18] = [
    "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "jfs", "vfat", "exfat",
    "ntfs3", "iso9660", "udf", "squashfs", "erofs", "tmpfs", "overlay",
];

/// So many filesystems are asked at each reading, once all have answered.
const AT_ONCE: usize = 64;

/// What is mounted, and how full it was when it was asked last.
#[derive(Debug)]
pub(super) struct Mounts {
    root: ProcRoot,
    /// The table, which stays open: only so the kernel tells that it changed.
    table: Option<File>,
    all: Vec<Filesystem>,
    paths: Vec<PathBuf>,
    /// Whether it was asked how full it is.
    asked: Vec<bool>,
    /// Whose turn it is.
    next: usize,
}

impl Mounts {
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            table: None,
            all: Vec::new(),
            paths: Vec::new(),
            asked: Vec::new(),
            next: 0,
        }
    }

    /// The filesystems that hold something, by path.
    pub fn filesystems(&mut self) -> Vec<Filesystem> {
        if self.has_changed() {
            let text = self.read().unwrap_or_default();
            self.follow(mounts(&text));
        }
        // Those of this machine first, whatever the others do.
        let turn = self.turn().into_iter();
        let (here, elsewhere): (Vec<usize>, Vec<usize>) =
            turn.partition(|at| HERE.contains(&self.all[*at].kind.as_str()));
        self.ask(here, true);
        self.ask(elsewhere, false);
        let empty = |f: &Filesystem| f.space.is_ok_and(|s| s.total.0 == 0);
        self.all.iter().filter(|f| !empty(f)).cloned().collect()
    }

    fn ask(&mut self, which: Vec<usize>, here: bool) {
        let paths = which.iter().map(|at| self.paths[*at].clone()).collect();
        let spaces = if self.root.is_live() {
            asker::spaces(paths, here)
        } else {
            which.iter().map(|_| Err(Missing::Unsupported)).collect()
        };
        for (at, space) in which.into_iter().zip(spaces) {
            let late = space == Err(Missing::Late);
            let silent = late.then(|| asker::silent_for(&self.paths[at])).flatten();
            self.all[at].silent = silent;
            self.all[at].space = space;
            self.asked[at] = true;
        }
    }

    /// Whether the table is another than at the last reading; true where nobody tells.
    fn has_changed(&self) -> bool {
        let Some(table) = self.table.as_ref().filter(|_| self.root.is_live()) else {
            return true;
        };
        let mut fds = [PollFd::new(table.as_fd(), PollFlags::POLLPRI)];
        let told = poll(&mut fds, PollTimeout::ZERO);
        let changed = PollFlags::POLLPRI | PollFlags::POLLERR;
        told.is_err() || fds[0].revents().is_none_or(|r| r.intersects(changed))
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut table = match self.table.take() {
            Some(table) => table,
            None => File::open(self.root.proc("self/mountinfo"))?,
        };
        table.rewind()?;
        let mut text = Vec::new();
        table.read_to_end(&mut text)?;
        self.table = Some(table);
        Ok(text)
    }

    /// Takes another table; how full those are that stay is known.
    fn follow(&mut self, table: Vec<Mount>) {
        let known: HashMap<PathBuf, (Filesystem, bool)> = std::mem::take(&mut self.paths)
            .into_iter()
            .zip(
                std::mem::take(&mut self.all)
                    .into_iter()
                    .zip(std::mem::take(&mut self.asked)),
            )
            .collect();
        self.next = 0;
        for mount in table {
            let before = known.get(&mount.path);
            let same = before.filter(|(f, _)| f.source == mount.source && f.kind == mount.kind);
            let space: Reading<Space> = same.map_or(Err(Missing::Soon), |(f, _)| f.space);
            self.asked.push(same.is_some_and(|(_, asked)| *asked));
            self.all.push(Filesystem {
                mount: SafeText::from_bytes(mount.path.as_os_str().as_bytes()),
                source: mount.source,
                kind: mount.kind,
                read_only: mount.read_only,
                space,
                silent: same.and_then(|(f, _)| f.silent),
            });
            self.paths.push(mount.path);
        }
    }

    /// Who is asked now: whoever was not yet, those on devices, which are what fills up, and of the others the next few.
    fn turn(&mut self) -> Vec<usize> {
        let n = self.all.len();
        let of_device = |f: &Filesystem| f.source.as_str().starts_with('/');
        let urgent = |at: &usize| !self.asked[*at] || of_device(&self.all[*at]);
        let mut turn: Vec<usize> = (0..n).filter(urgent).collect();
        if n <= AT_ONCE {
            return (0..n).collect();
        }
        let mut skip: HashSet<usize> = turn.iter().copied().collect();
        for _ in 0..AT_ONCE {
            let at = self.next % n;
            self.next = at + 1;
            if skip.insert(at) {
                turn.push(at);
            }
        }
        turn
    }
}

pub(crate) struct Mount {
    path: PathBuf,
    source: SafeText,
    kind: SafeText,
    read_only: bool,
    /// The numbers of the device: `254:0`.
    device: Vec<u8>,
    /// Which part of the filesystem it shows.
    root: Vec<u8>,
}

/// Parses lines such as `b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard"`; of several mounts of one filesystem one.
pub(crate) fn mounts(text: &[u8]) -> Vec<Mount> {
    let mut out: Vec<Mount> = Vec::new();
    let mut places: HashMap<PathBuf, usize> = HashMap::new();
    for line in fields::lines(text) {
        let words: Vec<&[u8]> = fields::words(line).collect();
        let Some(dash) = words.iter().position(|w| *w == b"-") else {
            continue;
        };
        let (&[_, _, device, root, path, options, ..], &[kind, source, ..]) =
            (&words[..], &words[dash + 1..])
        else {
            continue;
        };
        if KERNEL_TYPES.contains(&kind) {
            continue;
        }
        let path = PathBuf::from(std::ffi::OsString::from_vec(fields::unescape(path)));
        let mount = Mount {
            path,
            source: SafeText::from_bytes(&fields::unescape(source)),
            kind: SafeText::from_bytes(kind),
            read_only: options.split(|b| *b == b',').any(|o| o == b"ro"),
            device: device.to_owned(),
            root: root.to_owned(),
        };
        // A later mount at the same place hides the earlier one.
        match places.entry(mount.path.clone()) {
            Entry::Occupied(place) => out[*place.get()] = mount,
            Entry::Vacant(place) => {
                place.insert(out.len());
                out.push(mount);
            }
        }
    }
    // As df does: of one filesystem the mount of all of it, or else that with the shortest path. Subvolumes of btrfs
    // are told apart.
    out.sort_by_key(|m| (m.root != b"/", m.path.as_os_str().len(), m.path.clone()));
    let mut seen = HashSet::new();
    out.retain(|m| {
        let part: &[u8] = if m.kind.as_str() == "btrfs" {
            &m.root
        } else {
            b""
        };
        seen.insert((m.device.clone(), part.to_owned()))
    });
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn mounts_are_unescaped_and_named_once() {
        let text = b"22 27 0:21 / /proc rw - proc proc rw\n27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
            28 27 254:0 / /again rw - ext4 /dev/vda rw\n29 27 8:1 / /my\\040disk ro - vfat /dev/sda1 ro\nbroken\n\
            30 27 254:0 /run/netns /run/netns rw - ext4 /dev/vda rw\n31 27 8:2 /docker/hosts /etc/hosts rw - xfs /dev/sdb rw\n\
            32 27 0:40 /@home /home rw - btrfs /dev/sdc rw\n33 27 0:40 /@var /var rw - btrfs /dev/sdc rw\n";
        let found = mounts(text);
        let paths: Vec<_> = found
            .iter()
            .map(|m| m.path.to_str().expect("utf-8"))
            .collect();
        assert_eq!(paths, ["/", "/etc/hosts", "/home", "/my disk", "/var"]);
        assert!(found[3].read_only && !found[0].read_only);
    }

    fn table(n: usize) -> Vec<Mount> {
        let mut text = "9 1 8:1 / / rw - ext4 /dev/sda rw\n".to_owned();
        for i in 0..n {
            let _ = writeln!(text, "{i} 1 0:{i} / /m{i} rw - tmpfs t{i} rw");
        }
        mounts(text.as_bytes())
    }

    #[test]
    fn thousands_are_asked_in_turn_and_devices_always() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut all = Mounts::new(&ProcRoot::fixture(dir.path()));
        all.follow(table(1000));
        assert_eq!(all.turn().len(), 1001, "at first everybody");
        all.asked.fill(true);
        let mut seen = HashSet::new();
        for _ in 0..1001_usize.div_ceil(AT_ONCE) {
            let turn = all.turn();
            assert!(
                turn.len() <= AT_ONCE + 1 && turn.contains(&0),
                "the root is on a device"
            );
            seen.extend(turn);
        }
        assert_eq!(seen.len(), 1001);
        // One more: it alone is new.
        all.follow(table(1001));
        all.all[7].space = Err(Missing::Late);
        let fresh = all.asked.iter().filter(|asked| !**asked).count();
        assert_eq!((fresh, all.all.len()), (1, 1002));
        all.follow(table(1001));
        assert_eq!(all.all[7].space, Err(Missing::Late), "what is known stays");
    }

    #[test]
    fn the_table_is_read_when_it_changed() {
        let mut all = Mounts::new(&ProcRoot::live());
        assert!(all.has_changed(), "nobody read it");
        all.filesystems();
        if all.table.is_none() {
            println!("skipped: /proc/self/mountinfo is not to be read");
            return;
        }
        // Others may mount something meanwhile; then it says so once.
        let quiet = (0..100).any(|_| {
            all.filesystems();
            !all.has_changed()
        });
        assert!(quiet);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            mounts(&bytes);
        }
    }
}
