//! What a thread was blocked on, so that the same wait is the same cause whenever it is seen.

use crate::model::reading::Missing;
use crate::model::scheduling::blocked;
use crate::model::scheduling::phases::{Site, Sleep};
use crate::model::scheduling::wait::{
    Child, Futex, Limit, Lock, Names, TIMER, Wait, Waiting, by_first, sends_signals, sleeps_lightly,
};
use crate::model::text::SafeText;

/// The verb of who waits for connections.
const ACCEPTS: &str = "accept on";

/// What a thread was blocked on.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// This, without what changes while it lasts: how much time is left.
    Wait(Box<Waiting>),
    /// Waits that had begun and ended between two readings.
    Short,
    /// What is not told apart any more.
    Others,
    /// Something that was not read, and why.
    Untold(Missing),
}

/// What sort of thing that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A disk, a filesystem, or something else that no signal interrupts.
    Device,
    /// A lock that another thread holds.
    Lock,
    /// What is at the other end of a descriptor.
    Descriptor,
    /// A page of its memory.
    Page,
    /// A child.
    Child,
    /// Another thread or process that is to wake it, or to end.
    Wake,
    /// Any of several descriptors: the loop of a server, with nothing to do.
    Events,
    /// Time to pass.
    Sleep,
    /// A signal.
    Signal,
    /// Stopped, by a signal or its debugger, or with its control group.
    Stopped,
    /// Another system call.
    Call,
    /// Not known.
    Unknown,
}

impl Kind {
    /// As a word: `lock`, `descriptor`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Lock => "lock",
            Self::Descriptor => "descriptor",
            Self::Page => "page",
            Self::Child => "child",
            Self::Wake => "wake",
            Self::Events => "events",
            Self::Sleep => "sleep",
            Self::Signal => "signal",
            Self::Stopped => "stopped",
            Self::Call => "call",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it means having nothing to do, rather than being held up. Where the same wait may be either, it is not idle.
    pub fn is_idle(self) -> bool {
        matches!(self, Self::Events | Self::Sleep | Self::Signal)
    }
}

impl Cause {
    /// What is waited for; `None` where nothing is: the reading found it running.
    pub fn of(waiting: &Waiting) -> Option<Self> {
        if matches!(waiting.what, Wait::Running | Wait::Ended) {
            return None;
        }
        let mut steady = waiting.clone();
        match &mut steady.what {
            Wait::Futex(futex) => futex.limit = Limit::None,
            Wait::Any { limit, .. }
            | Wait::Sleep(limit)
            | Wait::Used(limit)
            | Wait::Signal { limit, .. } => *limit = Limit::None,
            _ => {}
        }
        for fd in steady.what.descriptors_mut() {
            if fd.target.as_deref() == Ok(TIMER) {
                fd.about = None;
            }
        }
        // Where the kernel sleeps is no part of these words, and not always told.
        let told = steady.uninterruptible || matches!(steady.what, Wait::Work | Wait::Hidden);
        steady.function = steady.function.filter(|_| told);
        Some(Self::Wait(Box::new(steady)))
    }

    /// A page that came from a disk: from swap, else from the file.
    pub fn page(swap: bool, name: SafeText) -> Self {
        Self::Wait(Box::new(Waiting {
            what: Wait::Paged { swap, name },
            call: None,
            function: None,
            uninterruptible: true,
        }))
    }

    /// A page that was waited for without a fault that had to read it: whoever began to read, write or move it is another.
    pub fn under_way() -> Self {
        let page = "a page of its memory that was under way for another already, address not told";
        Self::Wait(Box::new(Waiting {
            what: Wait::Page(page),
            call: None,
            function: None,
            uninterruptible: false,
        }))
    }

    /// What the kernel alone tells of a wait at which nobody looked; `name`: that of the call.
    pub fn at(site: &Site, name: Option<&str>) -> Self {
        // Nobody may look where it sleeps, and it never woke.
        if (site.sleep, site.call) == (Sleep::Before, None) {
            return Self::Untold(Missing::Denied);
        }
        let what = match (site.sleep, site.call, name) {
            (Sleep::Stopped, ..) => Wait::Stopped,
            (Sleep::Traced, ..) => Wait::Traced(None),
            (_, None, _) => Wait::Outside,
            (_, _, None) => Wait::Call,
            // Such a call never sleeps: the signal was its own.
            (_, _, Some(name)) if sends_signals(name) => Wait::Stopped,
            (_, _, Some(name)) if site.is_deep() && sleeps_lightly(name) => Wait::Call,
            (_, _, Some(name)) => by_first(name, site.first),
        };
        Self::Wait(Box::new(Waiting {
            what,
            call: name.map(Into::into),
            // Where the kernel counts those that wait for a disk.
            function: (site.sleep == Sleep::Disk).then(|| "io_schedule".into()),
            uninterruptible: site.is_deep(),
        }))
    }

    /// Whether it is the same wait: where in the kernel it sleeps may differ, so long as that means the same.
    pub fn is(&self, other: &Self) -> bool {
        let (Self::Wait(a), Self::Wait(b)) = (self, other) else {
            return self == other;
        };
        let held = |w: &Waiting| w.function.as_deref().map(blocked::Cause::of);
        (&a.what, &a.call, a.uninterruptible) == (&b.what, &b.call, b.uninterruptible)
            && (a.function == b.function || a.uninterruptible && held(a) == held(b))
    }

    /// What sort of thing it is.
    pub fn kind(&self) -> Kind {
        let Self::Wait(waiting) = self else {
            return Kind::Unknown;
        };
        // A page of its memory is waited for without a call.
        let told = matches!(
            waiting.what,
            Wait::Child(Child::Vforked) | Wait::Outside | Wait::Paged { .. } | Wait::Frozen
        );
        if waiting.uninterruptible && !told {
            return Kind::Device;
        }
        match &waiting.what {
            Wait::Futex(futex) => match futex.kind {
                Lock::Mutex(..) | Lock::RwLock(_) | Lock::Library(_) | Lock::Stream(_) => {
                    Kind::Lock
                }
                _ => Kind::Wake,
            },
            // Who takes connections has nothing to do until one comes.
            Wait::On { verb, .. } if *verb == ACCEPTS => Kind::Events,
            Wait::Any { total: 1, fds, .. } if fds.iter().any(|fd| fd.listens) => Kind::Events,
            Wait::Any { total: 1, .. } | Wait::On { .. } => Kind::Descriptor,
            Wait::Any { .. } | Wait::Work => Kind::Events,
            Wait::Child(_) => Kind::Child,
            Wait::Sleep(_) | Wait::Used(_) => Kind::Sleep,
            Wait::Signal { .. } => Kind::Signal,
            Wait::Outside | Wait::Page(_) | Wait::Paged { .. } => Kind::Page,
            Wait::Stopped | Wait::Traced(_) | Wait::Frozen => Kind::Stopped,
            Wait::Phrase(_) | Wait::Call | Wait::SystemV(_) | Wait::Opening { .. } => Kind::Call,
            Wait::Running | Wait::Ended | Wait::Hidden => Kind::Unknown,
        }
    }

    /// In words, as the tab Threads says them: `read of fd 7, tcp to 4121 postgres`.
    pub fn words(&self, names: &Names<'_>) -> String {
        match self {
            Self::Wait(waiting) => waiting.words(names),
            Self::Short => "waits too short to be seen".to_owned(),
            Self::Others => "other waits".to_owned(),
            Self::Untold(why) => format!("– {why}"),
        }
    }

    /// Other children than those that are told apart.
    fn children() -> Self {
        Self::Wait(Box::new(Waiting {
            what: Wait::Child(Child::Others),
            call: None,
            function: None,
            uninterruptible: false,
        }))
    }

    /// What several like this one are told as together: those that come one after the other, as children and threads do.
    pub fn together(&self) -> Option<Self> {
        match &self.waiting()?.what {
            Wait::Child(Child::One(..)) => Some(Self::children()),
            Wait::Futex(futex) if matches!(futex.kind, Lock::Join(Some(_))) => Some(Self::joins()),
            _ => None,
        }
    }

    /// The ends of several threads.
    fn joins() -> Self {
        Self::Wait(Box::new(Waiting {
            what: Wait::Futex(Futex {
                kind: Lock::Joins,
                word: 0,
                place: None,
                limit: Limit::None,
            }),
            call: Some("futex".into()),
            function: None,
            uninterruptible: false,
        }))
    }

    /// The wait itself.
    pub fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::Wait(waiting) => Some(waiting),
            _ => None,
        }
    }
}
