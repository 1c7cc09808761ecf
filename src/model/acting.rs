//! Acting on processes, in words: which processes are meant, what was sent to whom, and what became of it. Acts on nothing.

pub mod prediction;
pub mod signal;
pub mod standing;
pub mod tuning;

use std::fmt;

use super::acting::signal::Signal;
use super::acting::standing::Standing;
use super::acting::tuning::{Change, Footing, Setting};
use super::id::{Nanos, Pid, ProcId, ThreadId};
use super::reading::{Missing, Reading};
use super::text::SafeText;

/// Which processes an action on one of them is meant for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The chosen ones themselves.
    #[default]
    Process,
    /// One thread of the chosen one.
    Thread,
    /// The chosen ones and all their descendants.
    Subtree,
    /// All of the same process group.
    Group,
    /// All of the same session.
    Session,
    /// All of the same control group and those below it.
    Cgroup,
}

impl Scope {
    /// Every scope, in the order of the dialog.
    pub const ALL: [Self; 6] = [
        Self::Process,
        Self::Thread,
        Self::Subtree,
        Self::Group,
        Self::Session,
        Self::Cgroup,
    ];

    /// The scope as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Thread => "thread",
            Self::Subtree => "subtree",
            Self::Group => "group",
            Self::Session => "session",
            Self::Cgroup => "cgroup",
        }
    }
}

/// A target by identity: a process, or one thread of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Which process.
    pub id: ProcId,
    /// Which thread of it; `None` for the whole process.
    pub thread: Option<ThreadId>,
}

/// What was sent to one target, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who.
    pub to: Target,
    /// The name that the kernel keeps.
    pub name: SafeText,
    /// Whether the kernel took the signal.
    pub sent: Reading<()>,
}

/// What became of a target afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ended by itself with this status.
    Exited(u8),
    /// A signal ended it, perhaps with a core dump.
    Killed(Signal, bool),
    /// It ended; the kernel does not say how.
    Ended,
    /// It is stopped now.
    Stopped,
    /// It goes on now.
    Continued,
    /// It lives, and the signal still waits because all its threads block it.
    PendingBlocked,
    /// It lives, and the signal waits until the process continues.
    PendingStopped,
    /// It lives, and the signal waits for another reason, such as an uninterruptible sleep.
    Pending,
    /// It lives, and took the signal or threw it away.
    Alive,
}

impl Fate {
    /// From the kernel's wait status (`wait(2)`).
    pub fn from_wait_status(status: i32) -> Self {
        let number = (status & 0x7f) as u32;
        match Signal::new(number) {
            Some(signal) => Self::Killed(signal, status & 0x80 != 0),
            None => Self::Exited((status >> 8) as u8),
        }
    }

    /// Whether it has ended.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Exited(_) | Self::Killed(..) | Self::Ended)
    }

    /// The fate as one word, for machines.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exited(_) => "exited",
            Self::Killed(..) => "killed",
            Self::Ended => "ended",
            Self::Stopped => "stopped",
            Self::Continued => "continued",
            Self::PendingBlocked | Self::PendingStopped | Self::Pending => "pending",
            Self::Alive => "alive",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited, code {code}"),
            Self::Killed(signal, false) => write!(f, "killed by {signal}"),
            Self::Killed(signal, true) => write!(f, "killed by {signal}, core dumped"),
            Self::Ended => f.write_str("ended"),
            Self::Stopped => f.write_str("stopped"),
            Self::Continued => f.write_str("continues"),
            Self::PendingBlocked => f.write_str("alive, pending: it blocks the signal"),
            Self::PendingStopped => f.write_str("alive, pending until it continues"),
            Self::Pending => f.write_str("alive, pending: it has not taken the signal"),
            Self::Alive => f.write_str("still alive"),
        }
    }
}

/// How a process ended, in words; where that is not known, why.
pub fn ending(how: &Reading<Fate>) -> String {
    match how {
        Ok(fate) => fate.to_string(),
        Err(Missing::Gone) => "ended before it was looked at, so how is not known".to_owned(),
        Err(Missing::Unsupported) => "ended; how is told since Linux 6.15".to_owned(),
        Err(Missing::Late) => {
            "ended; how is not known: no descriptor was left to hold it".to_owned()
        }
        Err(why) => format!("ended; how is not known: {why}"),
    }
}

/// Whether a process ended as nobody wants to: by a signal, or with a status that is not 0.
pub fn ended_badly(how: &Reading<Fate>) -> bool {
    matches!(how, Ok(Fate::Killed(..) | Fate::Exited(1..)))
}

/// What a scope would hit, found out and held when a dialog opens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// The scope.
    pub scope: Scope,
    /// How many each scope would hit; missing where there is no such scope.
    pub counts: Vec<(Scope, Reading<usize>)>,
    /// Every target, the chosen ones first.
    pub targets: Vec<Standing>,
    /// The threads of the chosen process, where only one was chosen.
    pub threads: Vec<(ThreadId, SafeText)>,
    /// Another scope that holds the same processes and can be hit all at once.
    pub at_once: Option<Scope>,
    /// Of a control group: whether KILL ends all of it in one write, or why it does not.
    pub whole: Option<Result<(), String>>,
}

/// Who gave an order: a dialog and how often it had been opened, so that late news find nobody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The name of the dialog.
    pub dialog: &'static str,
    /// Its running number there.
    pub number: u64,
}

/// What is to be done to processes.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Find out who is meant, hold them, and say how they stand.
    Pin {
        /// The chosen processes.
        chosen: Vec<ProcId>,
        /// Who else is meant.
        scope: Scope,
        /// The one thread that is meant, for [`Scope::Thread`].
        thread: Option<ThreadId>,
    },
    /// Look again at those that are held.
    Look,
    /// Send a signal to those that are held, then watch them.
    Send(Signal),
    /// Let go of those that are held.
    Release,
    /// Find out how these stand to a change of nice, affinity, I/O priority or policy.
    Survey(Vec<ProcId>),
    /// Change that of these.
    Change {
        /// Whose.
        of: Vec<ProcId>,
        /// To what.
        to: Setting,
    },
    /// Take the last change back.
    Undo,
    /// Freeze a control group as one, or thaw it.
    Freeze {
        /// Its path, as the kernel tells it.
        path: SafeText,
        /// One who is in it or below it; `None` where nobody is.
        member: Option<ProcId>,
        /// Freeze; else thaw.
        on: bool,
    },
}

/// What is told while an order is carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// These are held, and stand so.
    Pinned(Brief),
    /// A signal was sent, or not.
    Sent {
        /// Which.
        signal: Signal,
        /// To whom.
        deliveries: Vec<Delivery>,
    },
    /// Something became of a target.
    Fate {
        /// Of whom.
        of: Target,
        /// What.
        fate: Fate,
        /// How long after the signal.
        after: Nanos,
    },
    /// The watch is over.
    Settled(Settled),
    /// So do those stand that were asked about.
    Surveyed(Vec<Footing>),
    /// A tunable was moved, or moved back.
    Changed {
        /// To what; `None` where the last change was taken back.
        to: Option<Setting>,
        /// What it did to each.
        changes: Vec<Change>,
    },
    /// Nothing was done, for this reason.
    Refused(String),
}

/// What the last look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// How long was watched.
    pub after: Nanos,
    /// Targets that have not ended.
    pub alive: Vec<Target>,
    /// Targets that are stopped, whoever stopped them: nothing happens in them until they are continued.
    pub stopped: Vec<Target>,
    /// Processes of the scope that were not there before, found by the last scan; none of them was signalled.
    pub newcomers: Vec<(Pid, SafeText)>,
    /// Whether the scope was scanned again at the end, so that "none is left" is a fact.
    pub scanned: bool,
}

/// Progress of one order.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Who asked.
    pub ticket: Ticket,
    /// When, in milliseconds after the Unix epoch.
    pub unix_ms: u64,
    /// What happened.
    pub news: Progress,
}

/// Why nothing was sent to a target, in words.
pub fn refusal(why: Missing) -> &'static str {
    match why {
        Missing::Gone => "gone",
        Missing::Denied => "not permitted",
        Missing::Unsupported => "this kernel cannot do it",
        Missing::Late => "not reached in time",
        Missing::Soon | Missing::Gap | Missing::Unrecorded => "not tried",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_statuses_become_words() {
        let says = |status| Fate::from_wait_status(status).to_string();
        assert_eq!(says(0), "exited, code 0");
        assert_eq!(says(0x700), "exited, code 7");
        assert_eq!(says(15), "killed by SIGTERM");
        assert_eq!(says(0x86), "killed by SIGABRT, core dumped");
    }
}
