//! What only one kind of descriptor has, as `fdinfo` tells it, and how that reads in words.

use std::fmt::Write as _;

use super::gpu::Gpu;
use crate::model::format::signal_name;
use crate::model::id::Nanos;
use crate::model::text::SafeText;

/// What only one kind of descriptor has (`proc_pid_fdinfo(5)`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// Nothing more is told.
    #[default]
    Nothing,
    /// The descriptors that an epoll watches.
    Epoll(Vec<Watch>),
    /// An eventfd.
    Eventfd {
        /// Its counter.
        count: u64,
        /// Its identity, the same in every process that shares it.
        id: Option<u32>,
    },
    /// A timerfd.
    Timerfd {
        /// The clock (`CLOCK_*`).
        clock: i32,
        /// Expirations that nobody has read yet.
        ticks: u64,
        /// Time until it expires; `None` while it is not set.
        left: Option<Nanos>,
        /// Time between expirations; zero: once.
        every: Nanos,
    },
    /// The signals that a signalfd receives, bit 0 is signal 1.
    Signalfd(u64),
    /// How many files and directories an inotify watches.
    Inotify(u32),
    /// How many marks a fanotify has, and how many of each kind.
    Fanotify(u32, Marks),
    /// The process behind a pidfd; `None` once it has ended.
    Pidfd(Option<u32>),
    /// Queues of system calls.
    IoUring {
        /// Submissions that the kernel has not taken yet.
        submitted: u32,
        /// Completions that the process has not taken yet.
        completed: u32,
    },
    /// The number of the pseudo terminal that a master belongs to.
    Pty(u32),
    /// Of a BPF program, map or link: its number in the kernel.
    Bpf(&'static str, u64),
    /// What a process does with a graphics card through this descriptor.
    Gpu(Gpu),
    /// A socket of another family than IP and unix, or beside their streams: `netlink ROUTE`, `raw OSPF`.
    Socket(SafeText),
}

/// How many things of each kind that is known a fanotify hears of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Files and directories.
    pub files: u32,
    /// Whole mounts.
    pub mounts: u32,
    /// Whole filesystems.
    pub filesystems: u32,
}

impl Marks {
    /// What it hears of: `hears of changes to 1 whole mount, 2 whole filesystems`.
    fn words(self, all: u32) -> String {
        let known = [self.files, self.mounts, self.filesystems];
        let others = known.into_iter().fold(all, u32::saturating_sub);
        let kinds = [
            (self.files, "file or directory", "files and directories"),
            (self.mounts, "whole mount", "whole mounts"),
            (self.filesystems, "whole filesystem", "whole filesystems"),
            (others, "mark of another kind", "marks of other kinds"),
        ];
        let told = kinds.into_iter().filter(|(n, ..)| *n > 0);
        let told = told.map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many }));
        let told: Vec<_> = told.collect();
        if told.is_empty() {
            return "hears of nothing: it has no mark".to_owned();
        }
        format!("hears of changes to {}", told.join(", "))
    }
}

/// One descriptor in the set of an epoll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The number under which it was added.
    pub fd: u32,
    /// What it waits for (`EPOLL*`).
    pub events: u32,
}

impl Watch {
    /// `r`, `w`, `rw`, or `–` where neither readiness is awaited.
    pub fn mode(self) -> &'static str {
        match (self.events & 1 != 0, self.events & 4 != 0) {
            (true, true) => "rw",
            (true, false) => "r",
            (false, true) => "w",
            (false, false) => "–",
        }
    }
}

/// How many watched descriptors are named before `and N more`.
const NAMED: usize = 12;

impl About {
    /// The facts in words; `None` where there are none.
    pub fn words(&self) -> Option<String> {
        Some(match self {
            Self::Nothing => return None,
            Self::Epoll(watches) => epoll(watches),
            Self::Eventfd { count, .. } if *count == 0 => {
                "eventfd: counter 0, readers wait".to_owned()
            }
            Self::Eventfd { count, .. } => format!("eventfd: counter {count}, ready to be read"),
            Self::Timerfd {
                clock,
                ticks,
                left,
                every,
            } => timer(*clock, *ticks, *left, *every),
            Self::Signalfd(mask) => signals(*mask),
            Self::Inotify(1) => "hears of changes to 1 file or directory".to_owned(),
            Self::Inotify(n) => format!("hears of changes to {n} files and directories"),
            Self::Fanotify(all, marks) => marks.words(*all),
            Self::Pidfd(Some(pid)) => format!("a handle of process {pid}"),
            Self::Pidfd(None) => "a handle of a process that has ended".to_owned(),
            Self::IoUring {
                submitted,
                completed,
            } => format!(
                "queues of system calls: {submitted} submitted, {completed} completions to take"
            ),
            Self::Pty(index) => format!("master of pts/{index}"),
            Self::Bpf(what, id) => format!("BPF {what} {id}"),
            Self::Gpu(gpu) => gpu.words(),
            Self::Socket(name) => name.to_string(),
        })
    }
}

fn epoll(watches: &[Watch]) -> String {
    if watches.is_empty() {
        return "watches nothing".to_owned();
    }
    let mut out = format!("watches {}:", watches.len());
    for watch in watches.iter().take(NAMED) {
        let _ = write!(out, " {}{}", watch.fd, watch.mode());
    }
    if watches.len() > NAMED {
        let _ = write!(out, " and {} more", watches.len() - NAMED);
    }
    out
}

fn timer(clock: i32, ticks: u64, left: Option<Nanos>, every: Nanos) -> String {
    let clock = match clock {
        0 => "realtime",
        1 => "monotonic",
        7 => "boottime",
        8 => "realtime alarm",
        9 => "boottime alarm",
        _ => "unknown clock",
    };
    let mut out = match left {
        None => format!("timer, not set ({clock})"),
        Some(left) => format!("timer, expires in {} ({clock})", span(left)),
    };
    if every.0 > 0 {
        let _ = write!(out, ", every {}", span(every));
    }
    if ticks > 0 {
        let _ = write!(out, ", {ticks} expirations not read");
    }
    out
}

/// A span in the unit that suits it.
pub(super) fn span(of: Nanos) -> String {
    match of.seconds() {
        s if s >= 3600.0 => format!("{:.1} h", s / 3600.0),
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 0.001 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.0} µs", s * 1e6),
    }
}

fn signals(mask: u64) -> String {
    match mask {
        0 => "receives no signal".to_owned(),
        _ => format!("receives {}", signal_names(mask)),
    }
}

/// The names of the signals of a mask, bit 0 for signal 1: `INT TERM RTMIN+3`.
pub fn signal_names(mask: u64) -> String {
    let names = (1..=64_u8).filter(|n| mask >> (n - 1) & 1 != 0);
    names.map(signal_name).collect::<Vec<_>>().join(" ")
}
