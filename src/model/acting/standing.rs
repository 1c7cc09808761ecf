//! How a process stands before somebody acts on it: who it is, what it is doing, and what it would do with a signal.

use super::signal::{Signal, SignalSet, SignalState};
use crate::model::id::{Pid, ProcId, ThreadId, Uid};
use crate::model::process::isolation::group::Frozen;
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;

/// What was found out about one target when it was pinned.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Who it is.
    pub id: ProcId,
    /// The one thread of it that is meant; `None` for the whole process.
    pub thread: Option<ThreadId>,
    /// The name that the kernel keeps.
    pub name: SafeText,
    /// Its real user.
    pub uid: Reading<Uid>,
    /// What its first living thread is doing.
    pub state: State,
    /// Who traces it (`ptrace(2)`), by number and name.
    pub tracer: Option<(Pid, SafeText)>,
    /// Its parent, by number and name.
    pub parent: Option<(Pid, SafeText)>,
    /// What it catches, ignores and blocks, and what waits for it.
    pub signals: Reading<SignalState>,
    /// Its descriptors through which blocked signals are read, with those that each takes (`signalfd(2)`).
    pub signalfds: Vec<(u32, SignalSet)>,
    /// Whether nobody in its session could continue its process group: stops from the terminal are thrown away then.
    pub orphaned: bool,
    /// Whether the uninterruptible sleep that it is in ends for a signal that ends the process (`TASK_KILLABLE`).
    pub killable: bool,
    /// What it sleeps on, where it is in an uninterruptible sleep; or `Server` where one of its threads waits for the answer of
    /// a filesystem server, which may turn into one (`request_wait_answer` of FUSE).
    pub asleep: Option<Cause>,
    /// The frozen control group with which it stands still.
    pub frozen: Option<Frozen>,
    /// Whether it is a thread of the kernel itself.
    pub kernel_thread: bool,
    /// Whether it is the first process of a pid namespace.
    pub init: Init,
    /// Whether the kernel lets us signal it, as it answered when it was asked.
    pub permitted: Reading<()>,
    /// Whether it is pscope itself or one of its ancestors.
    pub kinship: Kinship,
    /// Whether a pidfd holds it, so that nobody else can be hit.
    pub pinned: Reading<()>,
}

/// Whether a process is the first one of a pid namespace; the kernel shields those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// It is not.
    #[default]
    No,
    /// It is pid 1 of the namespace that we live in: not even KILL reaches it.
    Ours,
    /// It is pid 1 of a namespace below ours: only KILL and STOP reach it without a handler.
    Below,
}

/// Whether acting on a process would hit ourselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kinship {
    /// It is somebody else.
    #[default]
    Stranger,
    /// It is pscope.
    Own,
    /// pscope descends from it: its shell, its terminal, the session.
    Ancestor,
}

impl Standing {
    /// The first descriptor through which this signal is read.
    pub fn signalfd_for(&self, signal: Signal) -> Option<u32> {
        let mut readers = self.signalfds.iter();
        let reader = readers.find(|(_, set)| set.contains(signal));
        reader.map(|(fd, _)| *fd)
    }

    /// Whether a filesystem server must answer first, as far as the kernel says.
    pub fn waits_for_server(&self) -> bool {
        self.asleep == Some(Cause::Server) && !self.killable
    }

    /// Whether a signal waits for it that it does not block: it will see that as soon as it wakes.
    pub fn is_told(&self) -> bool {
        let told = |s: &SignalState| {
            Signal::all().any(|signal| s.is_pending(signal) && !s.is_blocked(signal))
        };
        self.signals.as_ref().is_ok_and(told)
    }
}

impl Default for Standing {
    /// A sleeping process of which nothing else is known.
    fn default() -> Self {
        Self {
            id: ProcId::default(),
            thread: None,
            name: SafeText::default(),
            uid: Err(Missing::Soon),
            state: State::Sleeping,
            tracer: None,
            parent: None,
            signals: Err(Missing::Soon),
            signalfds: Vec::new(),
            orphaned: false,
            killable: false,
            asleep: None,
            frozen: None,
            kernel_thread: false,
            init: Init::No,
            permitted: Ok(()),
            kinship: Kinship::Stranger,
            pinned: Ok(()),
        }
    }
}
