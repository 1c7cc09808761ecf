//! System calls that wait: which descriptor, child or time their arguments name.

mod address;
mod first;

use super::super::call::{recipient, time_size};
use super::super::{Child, End, Fd, Futex, Limit, Lock, MOST_FDS, Object, SystemV, Wait, Wants};
use super::{Clues, futex};
use crate::model::descriptors::peer::FULL;
use crate::model::id::{Nanos, Pid};
use crate::model::text::SafeText;
pub use first::by_first;

/// System calls whose first argument is the descriptor that they wait for.
const ON_DESCRIPTOR: &[(&str, &[&str])] = &[
    (
        "read of",
        &["read", "readv", "pread64", "preadv", "preadv2"],
    ),
    (
        "write of",
        &[
            "write",
            "writev",
            "pwrite64",
            "pwritev",
            "pwritev2",
            "sendfile",
            "sendfile64",
        ],
    ),
    ("accept on", &["accept", "accept4"]),
    ("receive on", &["recv", "recvfrom", "recvmsg", "recvmmsg"]),
    ("send on", &["send", "sendto", "sendmsg", "sendmmsg"]),
    ("file lock (flock) on", &["flock"]),
    (
        "flush to disk of",
        &["fsync", "fdatasync", "syncfs", "sync_file_range"],
    ),
    ("close of", &["close"]),
    ("ioctl on", &["ioctl"]),
    ("directory entries of", &["getdents", "getdents64"]),
    ("completions of", &["io_uring_enter"]),
    ("message from", &["mq_timedreceive"]),
    ("room for a message in", &["mq_timedsend"]),
    ("splice from", &["splice"]),
    ("copy (tee) from", &["tee"]),
    ("space in", &["fallocate", "ftruncate"]),
];

/// System calls that one phrase explains.
const PHRASES: &[(&str, &[&str])] = &[
    (
        "completions of asynchronous I/O",
        &["io_getevents", "io_pgetevents"],
    ),
    (
        "looking up a file",
        &[
            "stat",
            "lstat",
            "newfstatat",
            "statx",
            "access",
            "faccessat",
            "faccessat2",
            "readlink",
            "readlinkat",
        ],
    ),
    (
        "changing a directory",
        &[
            "mkdir",
            "mkdirat",
            "rmdir",
            "unlink",
            "unlinkat",
            "rename",
            "renameat",
            "renameat2",
            "link",
            "linkat",
            "symlink",
        ],
    ),
    ("all disks to be written", &["sync"]),
    (
        "memory being mapped or released",
        &[
            "mmap", "munmap", "mremap", "mprotect", "brk", "madvise", "msync", "mlock", "mlockall",
        ],
    ),
    (
        "a page that userfaultfd or a debugger holds back",
        &["userfaultfd"],
    ),
    ("its program being loaded", &["execve", "execveat"]),
    ("its own end", &["exit", "exit_group"]),
    ("random numbers", &["getrandom"]),
    ("a mount", &["mount", "umount2", "umount"]),
    (
        "a process's memory or registers",
        &["ptrace", "process_vm_readv", "process_vm_writev"],
    ),
];

#[expect(
    clippy::many_single_char_names,
    reason = "arguments of a system call have no names of their own"
)]
pub(super) fn in_call(clues: &Clues<'_>, name: &str, args: [u64; 6]) -> Wait {
    let [a, b, c, d, e, _] = args;
    let full = clues.name.unwrap_or(name);
    let milliseconds = |ms: u64| {
        u64::try_from(ms as i32).map_or(Limit::None, |ms| Limit::Asked(Nanos::from_millis(ms)))
    };
    match name {
        "futex" => futex::wait(clues, args, full),
        "futex_waitv" => several(a, b),
        "poll" => poll(clues, a, b, milliseconds(c)),
        "ppoll" => poll(clues, a, b, asked(clues, c, full)),
        "select" => select(clues, args, asked_micros(clues, e)),
        "pselect6" => select(clues, args, asked(clues, e, full)),
        "epoll_wait" | "epoll_pwait" => epoll(a, milliseconds(d)),
        "epoll_pwait2" => epoll(a, asked(clues, d, full)),
        "wait4" | "waitpid" => Wait::Child(child(a)),
        "waitid" => Wait::Child(match a & 0xffff_ffff {
            1 => Child::One(Pid(b as u32), None),
            2 => Child::Group(Pid(b as u32)),
            3 => Child::Behind(b as i32),
            _ => Child::Any,
        }),
        "vfork" | "clone" | "clone3" => Wait::Child(Child::Vforked),
        "nanosleep" => Wait::Sleep(asked(clues, a, full)),
        "clock_nanosleep" => sleep(clues, a, b & TIMER_ABSTIME != 0, c, full),
        "restart_syscall" => Wait::Sleep(Limit::None),
        "pause" | "rt_sigsuspend" | "sigsuspend" => Wait::Signal {
            set: None,
            limit: Limit::None,
        },
        "rt_sigtimedwait" => Wait::Signal {
            set: clues
                .memory
                .bytes(a)
                .map(|set| u64::from_ne_bytes(set) & !NEVER_WAITED_FOR),
            limit: asked(clues, c, full),
        },
        "semop" | "semtimedop" => {
            let number = clues.memory.bytes(b).map(u16::from_ne_bytes);
            system_v(Object::Semaphore(number), a)
        }
        "msgrcv" => system_v(Object::Message, a),
        "msgsnd" => system_v(Object::Room, a),
        "open" => opening(clues, a, b),
        "openat" => opening(clues, b, c),
        "openat2" => opening(clues, b, 0),
        "creat" => opening(clues, a, 1),
        "connect" => connect(clues, a, b, c),
        "sendto" => sending(clues, a, e, args[5]),
        "sendmsg" => {
            let (at, length) = recipient(&args, clues.memory, clues.wide).unwrap_or_default();
            sending(clues, a, at, length as u64)
        }
        "fcntl" | "fcntl64" => Wait::On {
            verb: match b {
                SETLKW | SETLKW64 => "record lock (fcntl) on",
                OFD_SETLKW => "open file description lock (fcntl) on",
                _ => "fcntl on",
            },
            fd: fd(a),
        },
        _ => named(name, a),
    }
}

/// KILL and STOP, which the kernel takes out of what `rt_sigtimedwait(2)` is to wait for.
pub(in super::super) const NEVER_WAITED_FOR: u64 = 1 << 8 | 1 << 18;
/// `TIMER_ABSTIME` of `clock_nanosleep(2)`.
const TIMER_ABSTIME: u64 = 1;
/// `F_SETLKW`, `F_SETLKW64`, `F_OFD_SETLKW` of `fcntl(2)`.
const SETLKW: u64 = 7;
const SETLKW64: u64 = 14;
const OFD_SETLKW: u64 = 38;

fn named(name: &str, first: u64) -> Wait {
    let verb = |(verb, names): &(&'static str, &[&str])| names.contains(&name).then_some(*verb);
    if let Some(verb) = ON_DESCRIPTOR.iter().find_map(verb) {
        return Wait::On {
            verb,
            fd: fd(first),
        };
    }
    PHRASES
        .iter()
        .find_map(verb)
        .map_or(Wait::Call, Wait::Phrase)
}

fn fd(number: u64) -> Fd {
    Fd::new(number as i32)
}

fn several(waiters: u64, count: u64) -> Wait {
    Wait::Futex(Futex {
        kind: Lock::Several(count as u32),
        word: waiters,
        place: None,
        limit: Limit::None,
    })
}

fn child(pid: u64) -> Child {
    match pid as i32 {
        n @ 1.. => Child::One(Pid(n as u32), None),
        -1 | 0 => Child::Any,
        group => Child::Group(Pid(group.unsigned_abs())),
    }
}

/// Reads the descriptors of a `struct pollfd` array; negative ones are skipped, as the kernel does.
fn poll(clues: &Clues<'_>, array: u64, count: u64, limit: Limit) -> Wait {
    let count = count as u32;
    let one = |i: u64| {
        let at = array.wrapping_add(i * 8);
        let number = clues.memory.u32(at).filter(|n| (*n as i32) >= 0)?;
        let events = clues
            .memory
            .bytes(at.wrapping_add(4))
            .map(u16::from_ne_bytes);
        let mut fd = fd(number.into());
        fd.wants = wants(events.unwrap_or(0).into());
        Some(fd)
    };
    let fds: Vec<Fd> = (0..u64::from(count.min(1024))).filter_map(one).collect();
    let total = if fds.is_empty() || count > 1024 {
        count as usize
    } else {
        fds.len()
    };
    any("poll", fds, total, limit)
}

/// Reads the descriptors of up to three `fd_set`s.
fn select(clues: &Clues<'_>, args: [u64; 6], limit: Limit) -> Wait {
    let most = args[0].min(1024);
    let words = if clues.wide { 8 } else { 4 };
    let in_set = |set: u64, n: u64| {
        let at = set.wrapping_add(n / 8 / words * words);
        let word = clues.memory.long(at, clues.wide);
        set != 0 && word.is_some_and(|word| word >> (n % (words * 8)) & 1 != 0)
    };
    let kinds = [Wants::READ, Wants::WRITE, Wants::URGENT];
    let watched = |n: u64| {
        let sets = kinds.iter().zip(&args[1..4]);
        let wanted = sets.filter(|(_, set)| in_set(**set, n));
        let wants = wanted.fold(Wants::empty(), |all, (kind, _)| all | *kind);
        (!wants.is_empty()).then(|| Fd { wants, ..fd(n) })
    };
    let fds: Vec<Fd> = (0..most).filter_map(watched).collect();
    let total = fds.len();
    any("select", fds, total, limit)
}

/// What `POLL*` and `EPOLL*` events ask for; the two have the same bits.
pub fn wants(events: u32) -> Wants {
    let mut out = Wants::empty();
    out.set(Wants::READ, events & 0x41 != 0);
    out.set(Wants::WRITE, events & 0x104 != 0);
    out.set(Wants::URGENT, events & 0x82 != 0 && out.is_empty());
    out
}

fn epoll(set: u64, limit: Limit) -> Wait {
    Wait::Any {
        how: "epoll",
        set: Some(fd(set)),
        fds: Vec::new(),
        total: 0,
        limit,
    }
}

fn any(how: &'static str, mut fds: Vec<Fd>, total: usize, limit: Limit) -> Wait {
    fds.truncate(MOST_FDS);
    if total == 0 {
        // `poll(NULL, 0, ms)` and `select(0, …)` are old ways to sleep.
        return Wait::Sleep(limit);
    }
    Wait::Any {
        how,
        set: None,
        fds,
        total,
        limit,
    }
}

/// A clock by its number: what has passed on it, or that it counts the time that a process uses. `clock_gettime(2)`.
fn clock(clues: &Clues<'_>, id: u64) -> Option<Nanos> {
    match id as i32 {
        0 | 5 | 8 => Some(clues.now.real),
        7 | 9 => Some(clues.now.boot),
        11 => Some(clues.now.tai),
        2 | 3 | ..0 => None,
        _ => Some(clues.now.monotonic),
    }
}

fn sleep(clues: &Clues<'_>, id: u64, absolute: bool, time_at: u64, name: &str) -> Wait {
    match (clock(clues, id), absolute) {
        (Some(now), true) => Wait::Sleep(until(clues, time_at, name, now)),
        (Some(_), false) => Wait::Sleep(asked(clues, time_at, name)),
        (None, true) => Wait::Used(until(clues, time_at, name, Nanos(0))),
        (None, false) => Wait::Used(asked(clues, time_at, name)),
    }
}

fn system_v(what: Object, id: u64) -> Wait {
    Wait::SystemV(SystemV {
        what,
        id: id as i32,
        key: None,
        about: None,
    })
}

/// A path that is being opened; the kernel waits in a function of its own for the other end of a FIFO.
fn opening(clues: &Clues<'_>, path: u64, flags: u64) -> Wait {
    let function = clues.function.as_ref().ok().and_then(Option::as_deref);
    let waits =
        function.is_some_and(|f| f.starts_with("wait_for_partner") || f.starts_with("fifo_open"));
    let end = if flags & 3 == 1 {
        End::Write
    } else {
        End::Read
    };
    let path = clues.memory.text(path, 256);
    Wait::Opening {
        path: path.map(|p| SafeText::from_bytes(&p)),
        fifo: waits.then_some(end),
    }
}

/// To whom a socket connects.
fn connect(clues: &Clues<'_>, number: u64, address: u64, length: u64) -> Wait {
    let bytes = clues.memory.slice(address, length.min(110) as usize);
    let to = bytes.and_then(address::words);
    let function = clues.function.as_ref().ok().and_then(Option::as_deref);
    let full = function.is_some_and(|f| f.starts_with("unix_wait_for_peer"));
    let mut fd = fd(number);
    fd.about = to.map(|to| {
        SafeText::from(if full {
            format!("to {to}, {FULL}")
        } else {
            format!("to {to}")
        })
    });
    Wait::On {
        verb: "connect of",
        fd,
    }
}

/// What is sent, and to whom where the call names somebody.
fn sending(clues: &Clues<'_>, number: u64, address: u64, length: u64) -> Wait {
    let bytes = clues.memory.slice(address, length.min(110) as usize);
    let to = bytes.filter(|_| length > 0).and_then(address::words);
    let mut fd = fd(number);
    fd.about = to.map(|to| format!("to {to}").into());
    Wait::On {
        verb: "send on",
        fd,
    }
}

/// Reads a span at an address.
pub(super) fn asked(clues: &Clues<'_>, address: u64, name: &str) -> Limit {
    time(clues, address, name, 1).map_or(Limit::None, Limit::Asked)
}

/// Reads a `struct timeval`.
fn asked_micros(clues: &Clues<'_>, address: u64) -> Limit {
    time(clues, address, "select", 1000).map_or(Limit::None, Limit::Asked)
}

/// Reads a deadline at an address.
pub(super) fn until(clues: &Clues<'_>, address: u64, name: &str, now: Nanos) -> Limit {
    time(clues, address, name, 1).map_or(Limit::None, |end| Limit::Left(end.since(now)))
}

/// Reads seconds and a fraction of `unit` nanoseconds.
fn time(clues: &Clues<'_>, address: u64, name: &str, unit: u64) -> Option<Nanos> {
    if address == 0 {
        return None;
    }
    let wide = clues.wide || time_size(name) == 16;
    let step = if wide { 8 } else { 4 };
    let seconds = u64::try_from(clues.memory.long(address, wide)?).ok()?;
    let part = u64::try_from(clues.memory.long(address.wrapping_add(step), wide)?).ok()?;
    Some(Nanos(
        seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(part.saturating_mul(unit)),
    ))
}
