//! What a thread waits for, and how that is said. The kernel tells it in numbers; [`classify`] turns them into this.

mod call;
mod classify;
mod deadlock;
mod ends;
pub mod frames;
pub mod instructions;
mod library;
mod memory;
mod runtimes;
mod words;

pub use call::{Call, Meant, further, meant, wanted};
pub use classify::call::{by_first, wants};
pub use classify::{Clues, Now, classify, is_freezer, sends_signals, sleeps_lightly};
pub use deadlock::{Deadlock, deadlocks};
pub use ends::end_of;
pub use library::{Flavour, Inside, flavour, inside, made_at};
pub use memory::Memory;
pub use runtimes::{Made, made};
pub use words::Names;

use crate::model::id::{Nanos, Pid, Tid};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// What a thread does or waits for, with the kernel's own names for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// What it waits for.
    pub what: Wait,
    /// The system call that it is in.
    pub call: Option<SafeText>,
    /// The function of the kernel that it sleeps in, without compiler suffixes.
    pub function: Option<SafeText>,
    /// Whether no signal wakes it (state D).
    pub uninterruptible: bool,
}

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// On a core or waiting for one.
    Running,
    /// A lock in its memory.
    Futex(Futex),
    /// Any of several descriptors.
    Any {
        /// The system call, without its variants: `poll`, `select`, `epoll`.
        how: &'static str,
        /// The epoll instance itself.
        set: Option<Fd>,
        /// What it watches, in order, at most [`MOST_FDS`].
        fds: Vec<Fd>,
        /// How many it watches.
        total: usize,
        /// How long at most.
        limit: Limit,
    },
    /// One descriptor.
    On {
        /// What it does with it: `read of`.
        verb: &'static str,
        /// Which.
        fd: Fd,
    },
    /// A child to change its state.
    Child(Child),
    /// Time to pass.
    Sleep(Limit),
    /// Time on a core to be used, by the process or thread whose clock it is; what is [`Limit::Left`] is the mark on that clock.
    Used(Limit),
    /// A signal to come.
    Signal {
        /// Bits of the signals that end the wait, from 1 on; `None` where any may.
        set: Option<u64>,
        /// How long at most.
        limit: Limit,
    },
    /// A System V object.
    SystemV(SystemV),
    /// A file to be opened.
    Opening {
        /// Which, as the program named it.
        path: Option<SafeText>,
        /// It is a FIFO that nobody has open at its other end; which end is wanted.
        fifo: Option<End>,
    },
    /// Its control group to be thawed: what it was in before goes on then.
    Frozen,
    /// A page of memory that somebody else has to bring.
    Page(&'static str),
    /// A page of its memory that comes from a disk.
    Paged {
        /// From swap, else from the file.
        swap: bool,
        /// The file, or what the memory is for: `heap`.
        name: SafeText,
    },
    /// Something that a phrase says in full: `message on a System V queue`.
    Phrase(&'static str),
    /// Another system call; its name is in [`Waiting::call`].
    Call,
    /// Something outside a system call, such as a page of its memory.
    Outside,
    /// Nothing: a kernel thread with no work.
    Work,
    /// To be continued.
    Stopped,
    /// Its debugger.
    Traced(Option<Pid>),
    /// Its parent, to ask how it ended.
    Ended,
    /// Something that this user may not see.
    Hidden,
}

/// The link of a descriptor that is a timer.
pub const TIMER: &str = "anon_inode:[timerfd]";
/// How many watched descriptors are named.
pub const MOST_FDS: usize = 64;

/// A descriptor and what it leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fd {
    /// Its number.
    pub number: i32,
    /// What the link in `/proc/PID/fd` says.
    pub target: Reading<SafeText>,
    /// What it shall be ready for.
    pub wants: Wants,
    /// What else is known of the wait: `held by 812 holder`, `to 10.0.0.7:5432`, of a timer `58s left`.
    pub about: Option<SafeText>,
    /// Whether it is a socket that takes connections: there is nothing to do until one comes.
    pub listens: bool,
}

impl Fd {
    /// A descriptor of which only the number is known.
    pub fn new(number: i32) -> Self {
        Self {
            number,
            target: Err(Missing::Soon),
            wants: Wants::empty(),
            about: None,
            listens: false,
        }
    }
}

bitflags::bitflags! {
    /// What a descriptor shall be ready for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Wants: u8 {
        /// To be read.
        const READ = 1;
        /// To be written.
        const WRITE = 2;
        /// To tell of something out of the ordinary.
        const URGENT = 4;
    }
}

/// Which end of a FIFO is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The one that is read.
    Read,
    /// The one that is written.
    Write,
}

/// A wait for a System V object (`sysvipc(7)`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemV {
    /// What of it.
    pub what: Object,
    /// Its number.
    pub id: i32,
    /// By what programs find it; `None` where it has no key, and where that is not known.
    pub key: Option<u32>,
    /// Who used it last, in words.
    pub about: Option<SafeText>,
}

/// What is waited for at a System V object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A semaphore of a set, and which of them.
    Semaphore(Option<u16>),
    /// A message in a queue.
    Message,
    /// Room in a queue.
    Room,
}

/// How long a wait lasts at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// Without end.
    #[default]
    None,
    /// So long from its unknown beginning.
    Asked(Nanos),
    /// So long from now.
    Left(Nanos),
}

/// Which child is waited for.
#[derive(Clone, Debug, PartialEq)]
pub enum Child {
    /// Any child.
    Any,
    /// This child, with its name where it could be read.
    One(Pid, Option<SafeText>),
    /// Any child of a process group.
    Group(Pid),
    /// The one behind a pidfd.
    Behind(i32),
    /// The one it started with `vfork`, until that runs a program or ends.
    Vforked,
    /// Others than those that are told apart.
    Others,
}

/// A lock in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Futex {
    /// Which kind, as far as it can be told.
    pub kind: Lock,
    /// Its address.
    pub word: u64,
    /// Where that is: `heap`, `stack`, `memfd:x +0x40`.
    pub place: Option<SafeText>,
    /// How long it waits at most.
    pub limit: Limit,
}

/// Which kind of lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// A mutex, and who holds it where that is stored.
    Mutex(Mutex, Option<Owner>),
    /// A read-write lock.
    RwLock(RwHeld),
    /// The end of a thread, and of which.
    Join(Option<Owner>),
    /// The ends of several threads, one after the other, that are not told apart.
    Joins,
    /// A condition variable.
    Condition,
    /// A POSIX semaphore.
    Semaphore,
    /// A barrier.
    Barrier,
    /// The end of what is done once, and is done by another thread now.
    Once,
    /// A lock of the C library's own, in this function of it.
    Library(SafeText),
    /// A stream of the C library's, and who has it.
    Stream(Owner),
    /// A thread of a runtime that parked itself until it is woken.
    Parked,
    /// A lock that does not store who holds it.
    Ownerless,
    /// Any of all kinds: no name tells, and no shape.
    Untold,
    /// Something that the program made of the kernel's call itself, and that no name tells: nobody is stored.
    Bare,
    /// A latch of C++.
    Latch,
    /// The result of a future of C++.
    Future,
    /// A value in memory to become another one.
    Atomic,
    /// Asynchronous I/O of the C library to end.
    AsyncIo,
    /// One of several kinds of the C library, which could not be told apart.
    Unnamed,
    /// A lock in memory that may be shared with others.
    Shared,
    /// Any of several locks.
    Several(u32),
}

/// How a mutex is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutex {
    /// Plain, recursive or error-checking.
    Plain,
    /// Whoever holds it gets the priority of who waits.
    Inherit,
    /// Whoever holds it gets a priority of its own.
    Protect,
    /// It tells when its holder has ended.
    Robust,
}

/// Whose a lock is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A thread of the same process.
    Thread(Tid),
    /// A thread of another process.
    Elsewhere {
        /// The thread.
        tid: Tid,
        /// Its process.
        pid: Pid,
        /// The name of the process.
        name: SafeText,
    },
    /// A number that no thread has that could be meant: it has ended, or the process is a copy of another one; 0 where the
    /// kernel took the lock from who has ended.
    Nobody(u32),
    /// A number of another PID namespace, or of somebody who may not be looked at.
    Numbered(u32),
    /// A thread that has ended and is listed until somebody asks how: it gives nothing back any more.
    Ended {
        /// The thread.
        tid: Tid,
        /// Its process, where that is another one.
        pid: Option<Pid>,
        /// The name of that process; of a thread of the same one its own.
        name: SafeText,
        /// Whether other threads of its process go on.
        others: bool,
    },
}

impl Futex {
    /// Takes in whether its memory is shared: a lock that may be shared is none in private memory.
    pub fn settle(&mut self, shared: bool) {
        if self.kind == Lock::Shared && !shared {
            self.kind = Lock::Untold;
        }
    }
}

impl Owner {
    /// The thread, where it is one that lives.
    pub fn tid(&self) -> Option<Tid> {
        match self {
            Self::Thread(tid) | Self::Elsewhere { tid, .. } => Some(*tid),
            Self::Nobody(_) | Self::Numbered(_) | Self::Ended { .. } => None,
        }
    }
}

/// Who holds a read-write lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RwHeld {
    /// A writer.
    Writer(Owner),
    /// A writer, of whom no more is stored.
    SomeWriter,
    /// So many readers, of whom no more is stored.
    Readers(u32),
    /// It could not be read.
    Unknown,
}

impl Wait {
    /// Whoever has to act before this thread goes on, where that is known.
    pub fn held_by(&self) -> Option<&Owner> {
        match self {
            Self::Futex(futex) => match &futex.kind {
                Lock::Mutex(_, owner) | Lock::Join(owner) => owner.as_ref(),
                Lock::RwLock(RwHeld::Writer(owner)) | Lock::Stream(owner) => Some(owner),
                _ => None,
            },
            _ => None,
        }
    }

    /// The thread that has to act before this one goes on, where that is known and it lives.
    pub fn owner(&self) -> Option<Tid> {
        self.held_by().and_then(Owner::tid)
    }

    /// The descriptors that it waits for.
    pub fn descriptors(&self) -> &[Fd] {
        match self {
            Self::On { fd, .. } => std::slice::from_ref(fd),
            Self::Any { fds, .. } => fds,
            _ => &[],
        }
    }

    /// The same, to fill in what they lead to.
    pub fn descriptors_mut(&mut self) -> impl Iterator<Item = &mut Fd> {
        let (one, set, many) = match self {
            Self::On { fd, .. } => (Some(fd), None, &mut [][..]),
            Self::Any { set, fds, .. } => (None, set.as_mut(), &mut fds[..]),
            _ => (None, None, &mut [][..]),
        };
        one.into_iter().chain(set).chain(many)
    }
}

#[cfg(test)]
mod tests;
