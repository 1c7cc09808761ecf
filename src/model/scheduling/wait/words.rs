//! Waits as sentences.

use std::fmt::Write as _;

use super::classify::call::NEVER_WAITED_FOR;
use super::{
    Child, End, Fd, Futex, Limit, Lock, Mutex, Object, Owner, RwHeld, SystemV, Wait, Waiting, Wants,
};
use crate::model::descriptors::descriptor::about::signal_names;
use crate::model::descriptors::peer::FULL;
use crate::model::format::duration;
use crate::model::id::Tid;
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;

/// Names of what a wait mentions by number; each may know nothing.
pub struct Names<'a> {
    /// The name of a thread.
    pub thread: &'a dyn Fn(Tid) -> Option<SafeText>,
    /// What is at the other end of a descriptor, such as `pipe written by 812 make`.
    pub peer: &'a dyn Fn(i32) -> Option<String>,
}

impl Names<'_> {
    /// Knows nothing.
    pub const NONE: Names<'static> = Names {
        thread: &|_| None,
        peer: &|_| None,
    };

    fn of(&self, thread: Tid) -> String {
        match (self.thread)(thread) {
            Some(name) => format!("thread {thread} {name}"),
            None => format!("thread {thread}"),
        }
    }
}

/// How many descriptors of a set are named in a sentence.
const NAMED: usize = 6;

impl Waiting {
    /// The wait in words: `mutex held by thread 1871 Compositor`, `read of fd 3, pipe written by 812 make`, `poll on 2 descriptors: 3 pipe, 5 socket`.
    pub fn words(&self, names: &Names<'_>) -> String {
        let plain = self.what.words(self, names);
        if !self.uninterruptible || matches!(self.what, Wait::Child(Child::Vforked) | Wait::Frozen)
        {
            return plain;
        }
        let place = match &self.function {
            Some(function) => format!("{} (D, in {function})", Cause::of(function).words()),
            None => "held in the kernel (D)".to_owned(),
        };
        match self.what {
            Wait::Call if self.function.is_none() => format!("{place}: {plain}"),
            Wait::Outside => format!("a page of its memory, address not told: {place}"),
            Wait::Hidden | Wait::Call => place,
            Wait::Page(_) | Wait::Paged { .. } => plain,
            _ => format!("{place}: {plain}"),
        }
    }
}

impl Wait {
    fn words(&self, whole: &Waiting, names: &Names<'_>) -> String {
        match self {
            Self::Running => "running".to_owned(),
            Self::Futex(futex) => futex.words(names),
            Self::Any {
                how,
                set,
                fds,
                total,
                limit,
            } => {
                let set = set
                    .as_ref()
                    .map_or(String::new(), |s| format!(" {}", s.number));
                let list = list(fds, *total, names);
                format!("{how}{set} on {list}{}", at_most(*limit))
            }
            Self::On { verb, fd } => format!("{verb} fd {}{}", fd.number, fd.known(names)),
            Self::Child(child) => child.words(),
            Self::Sleep(limit) => match limit {
                Limit::None => "sleep".to_owned(),
                Limit::Asked(span) => format!("sleep of {}", duration(*span)),
                Limit::Left(span) => format!("sleep, {} left", duration(*span)),
            },
            Self::Used(limit) => match limit {
                Limit::None => "sleep by the time used on a core".to_owned(),
                Limit::Asked(span) => format!("sleep until it has used {} more", duration(*span)),
                Limit::Left(mark) => format!("sleep until it has used {} in all", duration(*mark)),
            },
            Self::Signal { set, limit } => {
                let which = match set {
                    None => "a signal".to_owned(),
                    // The C library keeps two for itself.
                    Some(set) if set | NEVER_WAITED_FOR | 3 << 31 == u64::MAX => {
                        "a signal".to_owned()
                    }
                    Some(0) => "a signal of none".to_owned(),
                    Some(set) => format!("a signal: {}", signal_names(*set)),
                };
                format!("{which}{}", at_most(*limit))
            }
            Self::SystemV(object) => object.words(),
            Self::Frozen => "frozen with its control group".to_owned(),
            Self::Opening { path, fifo } => {
                let path = path.as_ref().map_or("a file", |p| p.as_str());
                match fifo {
                    None => format!("opening {path}"),
                    Some(End::Read) => {
                        format!("opening FIFO {path} to read, which nobody has open to write")
                    }
                    Some(End::Write) => {
                        format!("opening FIFO {path} to write, which nobody has open to read")
                    }
                }
            }
            Self::Page(page) => match &whole.call {
                Some(call) => format!("{page}, in {call}"),
                None => (*page).to_owned(),
            },
            Self::Paged { swap: true, name } => format!("a page of its memory from swap: {name}"),
            Self::Paged { swap: false, name } => format!("a page of its memory from file {name}"),
            Self::Phrase(phrase) => (*phrase).to_owned(),
            Self::Call => whole
                .call
                .as_ref()
                .map_or_else(|| "a system call".to_owned(), |call| format!("in {call}")),
            Self::Outside => "outside a system call: a page of its memory, or a signal".to_owned(),
            Self::Work => whole
                .function
                .as_ref()
                .map_or_else(|| "work".to_owned(), |f| format!("work, in {f}")),
            Self::Stopped => "the signal CONT".to_owned(),
            Self::Traced(None) => "stopped by its debugger".to_owned(),
            Self::Traced(Some(pid)) => format!("stopped by its debugger {pid}"),
            Self::Ended => "ended".to_owned(),
            Self::Hidden => whole.function.as_ref().map_or_else(
                || "not shown to this user".to_owned(),
                |f| format!("in {f}"),
            ),
        }
    }
}

impl Fd {
    /// What is known of it, after its number: `, pipe written by 812 make`.
    fn known(&self, names: &Names<'_>) -> String {
        let about = self.about.as_ref().map(SafeText::as_str);
        // Who is asked for is all that there is to tell of a connection that is not there yet.
        if let Some(about) = about.filter(|a| a.starts_with("to ")) {
            let known = (names.peer)(self.number);
            let full = known.filter(|k| k.ends_with(FULL) && !about.ends_with(FULL));
            let full = full.map_or_else(String::new, |_| format!(", {FULL}"));
            return format!(" {about}{full}");
        }
        let known = (names.peer)(self.number).or_else(|| short(self));
        let all = [Some(""), known.as_deref(), about];
        all.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl SystemV {
    fn words(&self) -> String {
        let id = match self.key {
            Some(key) => format!("{} (key {key:#x})", self.id),
            None => self.id.to_string(),
        };
        let mut out = match self.what {
            Object::Semaphore(Some(number)) => format!("semaphore {number} of System V set {id}"),
            Object::Semaphore(None) => format!("a semaphore of System V set {id}"),
            Object::Message => format!("a message in System V queue {id}"),
            Object::Room => format!("room in System V queue {id}"),
        };
        if let Some(about) = &self.about {
            let _ = write!(out, ", {about}");
        }
        out
    }
}

impl Wants {
    /// After what is known of a descriptor: ` to read`. What a pipe is for, its end says.
    fn words(self) -> &'static str {
        match (self.contains(Self::READ), self.contains(Self::WRITE)) {
            (true, false) => " to read",
            (false, true) => " to write",
            (true, true) => " to read or write",
            (false, false) if self.contains(Self::URGENT) => " for urgent data",
            (false, false) => "",
        }
    }
}

impl Futex {
    fn words(&self, names: &Names<'_>) -> String {
        let kind = match &self.kind {
            Lock::Mutex(how, Some(owner)) => {
                format!("{} held by {}", how.word(), owner.words(names))
            }
            Lock::Mutex(how, None) => format!("{} that stores no owner", how.word()),
            Lock::RwLock(held) => held.words(names),
            Lock::Join(Some(thread)) => return format!("joining {}", thread.words(names)),
            Lock::Join(None) => "joining a thread".to_owned(),
            Lock::Joins => return "joining threads, one after the other".to_owned(),
            Lock::Condition => "condition variable".to_owned(),
            Lock::Semaphore => "semaphore".to_owned(),
            Lock::Barrier => "barrier".to_owned(),
            Lock::Once => "what another thread does once".to_owned(),
            Lock::Library(function) => {
                format!("lock of the C library, in {function}")
            }
            Lock::Stream(owner) => {
                format!("lock of a stdio stream held by {}", owner.words(names))
            }
            Lock::Ownerless => "lock that stores no owner".to_owned(),
            Lock::Untold => {
                "lock, condition or semaphore, which cannot be told apart here".to_owned()
            }
            Lock::Bare => "lock or condition of its own code, without an owner".to_owned(),
            Lock::AsyncIo => "asynchronous I/O to end".to_owned(),
            Lock::Latch => "latch".to_owned(),
            Lock::Future => "result of a future".to_owned(),
            Lock::Atomic => "value in memory to change".to_owned(),
            Lock::Unnamed => "condition variable, semaphore or rwlock".to_owned(),
            Lock::Parked => "parked until it is woken".to_owned(),
            Lock::Shared => "lock that may be shared".to_owned(),
            Lock::Several(n) => return format!("any of {n} locks"),
        };
        let limit = at_most(self.limit);
        match &self.place {
            Some(place) => format!("{kind} ({:#x}, in {place}){limit}", self.word),
            None => format!("{kind} ({:#x}){limit}", self.word),
        }
    }
}

impl Mutex {
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "mutex",
            Self::Inherit => "PI mutex",
            Self::Protect => "priority-protected mutex",
            Self::Robust => "robust mutex",
        }
    }
}

impl Owner {
    fn words(&self, names: &Names<'_>) -> String {
        match self {
            Self::Thread(tid) => names.of(*tid),
            Self::Elsewhere { tid, pid, name } if tid.0 == pid.0 => format!("{pid} {name}"),
            Self::Elsewhere { tid, pid, name } => format!("{pid} {name}, thread {tid}"),
            Self::Nobody(0) => "a thread that has ended".to_owned(),
            Self::Nobody(number) => {
                format!("thread {number}, which has ended or stayed behind at a fork")
            }
            Self::Numbered(number) => {
                format!("thread {number} of its PID namespace, which is not seen here")
            }
            Self::Ended {
                tid,
                pid: None,
                name,
                ..
            } => format!("thread {tid} {name}, which has ended"),
            Self::Ended {
                tid,
                pid: Some(pid),
                name,
                others,
            } => {
                let whole = !others && tid.0 == pid.0;
                let thread = if whole {
                    String::new()
                } else {
                    format!(", thread {tid}")
                };
                format!("{pid} {name}{thread}, which has ended")
            }
        }
    }
}

impl RwHeld {
    fn words(&self, names: &Names<'_>) -> String {
        match self {
            Self::Writer(owner) => format!("rwlock written by {}", owner.words(names)),
            Self::SomeWriter => "rwlock held by a writer, who is not stored".to_owned(),
            Self::Readers(1) => "rwlock held by 1 reader".to_owned(),
            Self::Readers(n) => format!("rwlock held by {n} readers"),
            Self::Unknown => "rwlock".to_owned(),
        }
    }
}

impl Child {
    fn words(&self) -> String {
        match self {
            Self::Any => "any child to end".to_owned(),
            Self::One(pid, Some(name)) => format!("child {pid} {name} to end"),
            Self::One(pid, None) => format!("child {pid} to end"),
            Self::Group(group) => format!("a child of process group {group} to end"),
            Self::Behind(fd) => format!("the child behind pidfd {fd} to end"),
            Self::Vforked => "its new child to run a program or end".to_owned(),
            Self::Others => "other children to end".to_owned(),
        }
    }
}

fn at_most(limit: Limit) -> String {
    match limit {
        Limit::None => String::new(),
        Limit::Asked(span) => format!(", at most {}", duration(span)),
        Limit::Left(span) => format!(", {} left", duration(span)),
    }
}

/// Kinds of descriptors that can be used one way only, so that the way need not be said.
const DIRECTED: &[&str] = &[
    "pipe", "fifo", "signalfd", "timerfd", "inotify", "fanotify", "pidfd", "epoll",
];

fn list(fds: &[Fd], total: usize, names: &Names<'_>) -> String {
    let mut text = match total {
        1 => "1 descriptor".to_owned(),
        n => format!("{n} descriptors"),
    };
    for (i, fd) in fds.iter().take(NAMED).enumerate() {
        text.push_str(if i == 0 { ": " } else { ", " });
        text.push_str(&fd.number.to_string());
        let known = (names.peer)(fd.number)
            .or_else(|| short(fd))
            .unwrap_or_default();
        let (what, more) = known.split_once(", ").unwrap_or((&known, ""));
        let gap = if what.is_empty() { "" } else { " " };
        let directed = DIRECTED.iter().any(|kind| what.starts_with(kind));
        let wants = if directed { "" } else { fd.wants.words() };
        let _ = write!(text, "{gap}{what}{wants}");
        if let Some(about) = &fd.about {
            let _ = write!(text, ", {about}");
        }
        if !more.is_empty() {
            let _ = write!(text, ", {more}");
        }
    }
    let more = total.saturating_sub(fds.len().min(NAMED));
    if more > 0 && !fds.is_empty() {
        let _ = write!(text, " + {more} more");
    }
    text
}

/// What a link of `/proc/PID/fd` leads to, in a word or two: `pipe`, `socket`, `eventfd`, `terminal /dev/pts/3`, a path.
fn short(fd: &Fd) -> Option<String> {
    let target = fd.target.as_ref().ok()?.as_str();
    let anonymous = target.strip_prefix("anon_inode:");
    Some(match (anonymous, target.split_once(":[")) {
        (Some("[eventpoll]"), _) => "epoll".to_owned(),
        (Some(kind), _) => kind.trim_matches(['[', ']']).to_owned(),
        (None, Some((kind @ ("pipe" | "socket"), _))) => kind.to_owned(),
        _ if target.starts_with("/dev/pts/") || target.starts_with("/dev/tty") => {
            format!("terminal {target}")
        }
        _ => target.to_owned(),
    })
}
