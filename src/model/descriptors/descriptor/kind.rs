//! Kinds of descriptors, and how a link of `/proc/PID/fd` tells them apart.

use crate::model::descriptors::peer::Object;
use crate::model::text::SafeText;

/// What the kernel appends to the path of a removed file.
pub const DELETED: &[u8] = b" (deleted)";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $words:expr;)*) => {
        /// What a descriptor is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind as one word, as in JSON.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What a descriptor of this kind is for, where its link does not say it.
            pub fn words(self) -> Option<&'static str> {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

kinds! {
    /// A regular file.
    File = "file", None;
    /// A directory.
    Directory = "directory", None;
    /// An unnamed pipe.
    Pipe = "pipe", None;
    /// A pipe with a name in a filesystem.
    Fifo = "fifo", None;
    /// A unix socket.
    Unix = "unix", None;
    /// A TCP socket.
    Tcp = "tcp", None;
    /// A UDP socket.
    Udp = "udp", None;
    /// A socket to the kernel.
    Netlink = "netlink", Some("talks with the kernel (netlink)");
    /// A socket that sees whole frames.
    Packet = "packet", Some("sees raw network frames (packet socket)");
    /// A terminal.
    Tty = "tty", None;
    /// Any other device.
    Device = "device", None;
    /// A counter that wakes waiters.
    Eventfd = "eventfd", Some("a counter that wakes whoever waits for it (eventfd)");
    /// A set of watched descriptors.
    Epoll = "epoll", Some("watches other descriptors (epoll)");
    /// A timer.
    Timerfd = "timerfd", Some("a timer (timerfd)");
    /// Signals as a file.
    Signalfd = "signalfd", Some("receives signals (signalfd)");
    /// Changes of files.
    Inotify = "inotify", Some("hears of changes to files (inotify)");
    /// Changes of filesystems.
    Fanotify = "fanotify", Some("hears of changes to files, mounts or whole filesystems (fanotify)");
    /// Memory without a name in a filesystem.
    Memfd = "memfd", None;
    /// A process.
    Pidfd = "pidfd", Some("a handle of a process (pidfd)");
    /// Queues of system calls.
    IoUring = "io_uring", Some("queues of system calls (io_uring)");
    /// A BPF program, map or link.
    Bpf = "bpf", Some("a BPF program, map or link");
    /// A performance counter.
    Perf = "perf", Some("a performance event (perf)");
    /// Page faults as a file.
    Userfaultfd = "userfaultfd", Some("answers page faults in user land (userfaultfd)");
    /// Anything else.
    Other = "other", None;
}

impl Kind {
    /// Whether it is a socket of any family.
    pub fn is_socket(self) -> bool {
        matches!(
            self,
            Self::Unix | Self::Tcp | Self::Udp | Self::Netlink | Self::Packet
        )
    }
}

bitflags::bitflags! {
    /// How a descriptor was opened (`open(2)`), in our own bits, since the kernel's differ by architecture.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u16 {
        /// Every write goes to the end.
        const APPEND = 1;
        /// Calls do not wait.
        const NONBLOCK = 1 << 1;
        /// Closed when another program is executed.
        const CLOEXEC = 1 << 2;
        /// Past the page cache.
        const DIRECT = 1 << 3;
        /// A write returns when the data is on the disk.
        const SYNC = 1 << 4;
        /// A signal tells that data is there.
        const ASYNC = 1 << 5;
        /// Names a place only.
        const PATH = 1 << 6;
        /// Reading leaves the access time alone.
        const NOATIME = 1 << 7;
        /// Only a directory would do.
        const DIRECTORY = 1 << 8;
    }
}

const FLAG_WORDS: &[(Flags, &str)] = &[
    (Flags::APPEND, "append"),
    (Flags::NONBLOCK, "nonblock"),
    (Flags::CLOEXEC, "cloexec"),
    (Flags::DIRECT, "direct"),
    (Flags::SYNC, "sync"),
    (Flags::ASYNC, "async"),
    (Flags::PATH, "path"),
    (Flags::NOATIME, "noatime"),
    (Flags::DIRECTORY, "directory"),
];

impl Flags {
    /// The flags as words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        FLAG_WORDS
            .iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, word)| *word)
    }
}

/// Whether the link names a place in a filesystem, not an object of the kernel.
pub fn is_path(target: &[u8]) -> bool {
    target.first() == Some(&b'/')
}

/// The names of anonymous inodes, with and without brackets as the kernel's call sites have them.
const ANONYMOUS: &[(&[u8], Kind)] = &[
    (b"eventfd", Kind::Eventfd),
    (b"eventpoll", Kind::Epoll),
    (b"timerfd", Kind::Timerfd),
    (b"signalfd", Kind::Signalfd),
    (b"inotify", Kind::Inotify),
    (b"fanotify", Kind::Fanotify),
    (b"pidfd", Kind::Pidfd),
    (b"io_uring", Kind::IoUring),
    (b"perf_event", Kind::Perf),
    (b"userfaultfd", Kind::Userfaultfd),
    (b"secretmem", Kind::Memfd),
];

/// What a link of `/proc/PID/fd` points to, as far as its text alone can tell; `stat` and the socket tables refine it.
///
/// Such as `pipe:[39457]`, `socket:[1584]`, `anon_inode:[eventpoll]`, `/memfd:hi (deleted)`, `/dev/pts/0`, `/etc/passwd`.
pub fn classify(target: &[u8]) -> (Kind, Object) {
    if let Some(inode) = numbered(target, b"pipe:[") {
        return (Kind::Pipe, Object::Pipe(inode));
    }
    if let Some(inode) = numbered(target, b"socket:[") {
        return (Kind::Other, Object::Socket(inode));
    }
    if let Some(name) = target.strip_prefix(b"anon_inode:") {
        let name = name.strip_prefix(b"[").unwrap_or(name);
        let name = name.strip_suffix(b"]").unwrap_or(name);
        let known = ANONYMOUS.iter().find(|(n, _)| *n == name);
        let kind = match known {
            Some((_, kind)) => *kind,
            None if name.starts_with(b"bpf") || name.starts_with(b"btf") => Kind::Bpf,
            None => Kind::Other,
        };
        return (kind, Object::Other);
    }
    if target.starts_with(b"pidfd:") {
        return (Kind::Pidfd, Object::Other);
    }
    if target.starts_with(b"/memfd:") {
        return (Kind::Memfd, Object::Other);
    }
    device(target).unwrap_or_else(|| plain(target))
}

fn plain(target: &[u8]) -> (Kind, Object) {
    if is_path(target) {
        (Kind::File, Object::File(SafeText::from_bytes(target)))
    } else {
        (Kind::Other, Object::Other)
    }
}

/// What lies in `/dev`, which holds shared memory and queues beside devices.
fn device(target: &[u8]) -> Option<(Kind, Object)> {
    let name = target.strip_prefix(b"/dev/")?;
    if name.starts_with(b"shm/") || name.starts_with(b"mqueue/") || name.starts_with(b"hugepages/")
    {
        return None;
    }
    if let Some(index) = name.strip_prefix(b"pts/")
        && let Some(index) = decimal(index)
    {
        return Some((
            Kind::Tty,
            Object::Pty {
                instance: 0,
                index: index as u32,
                master: false,
            },
        ));
    }
    let tty = name.starts_with(b"tty")
        || name == b"console"
        || name == b"ptmx"
        || name == b"pts/ptmx"
        || name == b"vcs";
    if name.starts_with(b"dri/") || name.starts_with(b"nvidia") {
        return Some((Kind::Device, Object::Card));
    }
    Some((if tty { Kind::Tty } else { Kind::Device }, Object::Other))
}

/// The number in `pipe:[39457]`.
fn numbered(target: &[u8], prefix: &[u8]) -> Option<u64> {
    decimal(target.strip_prefix(prefix)?.strip_suffix(b"]")?)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
