//! What a signal will do to a process, before it is sent. The rules are those of the kernel's `kernel/signal.c`; see `signal(7)`.

use std::fmt;

use super::signal::{DefaultAction, Disposition, Signal};
use super::standing::{Init, Standing};
use crate::model::id::{Pid, Tid};
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;

/// What will become of a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// The target has ended.
    Gone,
    /// It ended before and waits for its parent.
    Zombie(Option<(Pid, SafeText)>),
    /// It is a thread of the kernel.
    KernelThread,
    /// The kernel will refuse; the name is that of the owner.
    Denied(SafeText),
    /// It is the first process of a pid namespace and has no handler: the kernel throws the signal away.
    Shielded,
    /// The process throws it away.
    Ignored,
    /// Nobody catches it and the default action is none.
    NothingByDefault,
    /// CONT to a process that is not stopped.
    NotStopped,
    /// STOP to a process that is stopped.
    AlreadyStopped,
    /// Every thread blocks it.
    Blocked,
    /// Every thread blocks it, and there is a handler for it: the program keeps it off for as long as it is about something else.
    BlockedNow,
    /// It does that, unless a thread that reads this signalfd takes it first.
    OrRead(DefaultAction, u32),
    /// Every thread blocks it, and this descriptor receives it; the thread that waits there, where one does now. Whether the
    /// program will ever read it nobody knows else.
    ReadFrom(u32, Option<(Tid, SafeText)>),
    /// This thread waits for it in `sigwait(3)` and takes it.
    ReadBy(Tid, SafeText),
    /// A stop from the terminal, to a process group that nobody could continue: the kernel throws it away.
    Orphaned,
    /// The same, unless a thread that reads this signalfd takes it first.
    OrphanedOrRead(u32),
    /// The process is stopped and will see it when it continues.
    AfterContinue,
    /// A debugger traces the process and is asked first; its number and name where they are known.
    Debugger(Option<(Pid, SafeText)>),
    /// It sleeps uninterruptibly and will see it afterwards; on what, where the kernel names it.
    AfterSleep(Option<Cause>),
    /// A filesystem server has not answered it: what it asked for may not be given up any more.
    AfterAnswer,
    /// A function of the program will be called.
    Caught,
    /// It cannot be caught, blocked or ignored.
    Certain(DefaultAction),
    /// Nobody catches it: the default action follows.
    Default(DefaultAction),
    /// The masks could not be read.
    Unknown(Missing),
}

/// How certain an effect is, for the colour beside the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// The signal will do something now.
    Acts,
    /// The program decides.
    Asks,
    /// Something must happen first.
    Waits,
    /// Nothing will happen.
    Nothing,
}

impl Prediction {
    /// It stands still with its control group and will see it once that is thawed.
    const FROZEN: Self = Self::AfterSleep(Some(Cause::Frozen));

    /// Foretells what `signal` does to a process; `owner` is the name of its user.
    pub fn of(signal: Signal, to: &Standing, owner: &SafeText) -> Self {
        if to.state == State::Dead || to.pinned == Err(Missing::Gone) {
            return Self::Gone;
        }
        if to.kernel_thread {
            return Self::KernelThread;
        }
        if to.state == State::Zombie {
            return Self::Zombie(to.parent.clone());
        }
        match to.permitted {
            Err(Missing::Gone) => return Self::Gone,
            Err(Missing::Denied) => return Self::Denied(owner.clone()),
            _ => {}
        }
        if to.signals == Err(Missing::Gone) {
            return Self::Gone;
        }
        Self::permitted(signal, to)
    }

    /// What happens to a signal that the kernel accepts.
    ///
    /// In the kernel's own order: what a signal does as it is sent, then who blocks it or waits for it, then who is asked.
    fn permitted(signal: Signal, to: &Standing) -> Self {
        let stopped = to.state == State::Stopped;
        let blocked_state = to.state == State::Blocked;
        match signal {
            Signal::KILL if to.init == Init::Ours => return Self::Shielded,
            Signal::KILL if to.frozen.as_ref().is_some_and(|f| f.old) => return Self::FROZEN,
            Signal::KILL if to.waits_for_server() => return Self::AfterAnswer,
            Signal::KILL if blocked_state && !to.killable => return Self::AfterSleep(to.asleep),
            Signal::KILL => return Self::Certain(DefaultAction::Terminate),
            Signal::CONT if stopped && to.frozen.is_some() => return Self::FROZEN,
            // Even of one that is shielded, blocks or ignores it.
            Signal::CONT if stopped => return Self::Certain(DefaultAction::Continue),
            Signal::STOP => return Self::stop(to),
            _ => {}
        }
        let masks = match &to.signals {
            Ok(masks) => masks,
            Err(why) => return Self::Unknown(*why),
        };
        let one = to.thread.map(|t| t.tid);
        let frozen = || to.frozen.as_ref().map(|_| Self::FROZEN);
        if let Some(waiter) = masks.reader(signal, one) {
            let reads = || Self::ReadBy(waiter.tid, waiter.name.clone());
            return frozen().unwrap_or_else(reads);
        }
        let blocked = match one {
            Some(tid) => masks.blocking(signal).any(|t| t.tid == tid),
            None => masks.is_blocked(signal),
        };
        // The kernel keeps a blocked signal even where it is ignored: the handler may change before it is unblocked.
        if blocked {
            if let Some(waiter) = masks.reader_of_descriptor(signal, one)
                && let Some(fd) = waiter.fd
            {
                let reads = || Self::ReadFrom(fd, Some((waiter.tid, waiter.name.clone())));
                return frozen().unwrap_or_else(reads);
            }
            let reader = to.signalfd_for(signal).map(|fd| Self::ReadFrom(fd, None));
            return reader.unwrap_or(match masks.disposition(signal) {
                Disposition::Caught => Self::BlockedNow,
                _ => Self::Blocked,
            });
        }
        // A tracer is told even of what is ignored, and may change it.
        if let Some(tracer) = &to.tracer {
            let asked = || Self::Debugger(Some(tracer.clone()));
            return frozen().unwrap_or_else(asked);
        }
        Self::delivered(signal, masks.disposition(signal), to)
    }

    /// STOP, which nobody blocks.
    fn stop(to: &Standing) -> Self {
        match (&to.tracer, to.state) {
            _ if to.frozen.is_some() && to.state != State::Stopped => Self::FROZEN,
            (Some(tracer), _) => Self::Debugger(Some(tracer.clone())),
            _ if to.init == Init::Ours => Self::Shielded,
            (_, State::Stopped) => Self::AlreadyStopped,
            _ if to.waits_for_server() => Self::AfterAnswer,
            (_, State::Blocked) => Self::AfterSleep(to.asleep),
            _ => Self::Certain(DefaultAction::Stop),
        }
    }

    /// A signal that some thread takes.
    fn delivered(signal: Signal, handled: Disposition, to: &Standing) -> Self {
        let shielded = to.init != Init::No && handled == Disposition::Default;
        let ends =
            (handled, signal.default_action()) == (Disposition::Default, DefaultAction::Terminate);
        match (handled, signal.default_action()) {
            _ if shielded => Self::Shielded,
            // Thrown away as it is sent, whatever the process is doing.
            (Disposition::Ignored, _) => Self::Ignored,
            (Disposition::Default, DefaultAction::Continue) => Self::NotStopped,
            (Disposition::Default, DefaultAction::Ignore) => Self::NothingByDefault,
            _ if to.state == State::Traced => Self::Debugger(None),
            _ if to.state == State::Stopped => Self::AfterContinue,
            // In the freezer of v2 one wakes only for what ends the process without a dump, as in a killable sleep.
            _ if to.frozen.is_some() && !ends => Self::FROZEN,
            (handled, _) if to.waits_for_server() && handled != Disposition::Caught => {
                Self::AfterAnswer
            }
            _ if to.state == State::Blocked && !to.killable => Self::AfterSleep(to.asleep),
            // Whoever was told of another signal already is not looked for again while it sleeps.
            _ if to.state == State::Blocked && to.is_told() => Self::AfterSleep(to.asleep),
            // Such a sleep ends only for what ends the process without a dump.
            (Disposition::Default, DefaultAction::Terminate) => {
                Self::Default(DefaultAction::Terminate)
            }
            _ if to.state == State::Blocked => Self::AfterSleep(to.asleep),
            (Disposition::Caught, _) => Self::Caught,
            (Disposition::Default, DefaultAction::Stop) if to.orphaned => to
                .signalfd_for(signal)
                .map_or(Self::Orphaned, Self::OrphanedOrRead),
            // A thread that sits in a read of it is woken first, and takes what does not end the process as it is sent.
            (Disposition::Default, action) => match to.signalfd_for(signal) {
                Some(fd) => Self::OrRead(action, fd),
                None => Self::Default(action),
            },
        }
    }

    /// How certain an effect is.
    pub fn force(&self) -> Force {
        match self {
            Self::Certain(_) | Self::Default(_) => Force::Acts,
            Self::Caught
            | Self::ReadFrom(..)
            | Self::ReadBy(..)
            | Self::OrRead(..)
            | Self::OrphanedOrRead(_)
            | Self::Debugger(_)
            | Self::Unknown(_) => Force::Asks,
            Self::Blocked
            | Self::BlockedNow
            | Self::AfterContinue
            | Self::AfterSleep(_)
            | Self::AfterAnswer => Force::Waits,
            _ => Force::Nothing,
        }
    }

    /// The outcome in one or two words.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Zombie(_) => "zombie",
            Self::KernelThread => "kernel thread",
            Self::Denied(_) => "not permitted",
            Self::Shielded => "shielded",
            Self::Ignored => "ignored",
            Self::NothingByDefault
            | Self::Certain(DefaultAction::Ignore)
            | Self::Default(DefaultAction::Ignore) => "no effect",
            Self::NotStopped => "not stopped",
            Self::AlreadyStopped => "already stopped",
            Self::Blocked | Self::BlockedNow => "blocked",
            Self::ReadFrom(_, Some(_)) | Self::ReadBy(..) => "read",
            Self::ReadFrom(_, None) | Self::OrRead(..) | Self::OrphanedOrRead(_) => "may be read",
            Self::Orphaned => "thrown away",
            Self::AfterContinue => "stopped",
            Self::Debugger(_) => "debugged",
            Self::AfterSleep(Some(Cause::Frozen)) => "frozen",
            Self::AfterSleep(_) => "in D state",
            Self::AfterAnswer => "waits for a server",
            Self::Caught => "caught",
            Self::Certain(DefaultAction::Stop) | Self::Default(DefaultAction::Stop) => "stops",
            Self::Certain(DefaultAction::Continue) | Self::Default(DefaultAction::Continue) => {
                "continues"
            }
            Self::Certain(_) => "ends",
            Self::Default(_) => "terminates",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The outcome of so many targets: what stands before their number, and after it: `caught by 2`, `read by 1 (sigwait)`.
    pub fn counted(&self) -> (&'static str, &'static str) {
        match self {
            Self::Ignored => ("ignored by", ""),
            Self::Blocked | Self::BlockedNow => ("blocked by", ""),
            Self::Caught => ("caught by", ""),
            Self::ReadFrom(_, Some(_)) => ("read by", " (signalfd)"),
            Self::ReadBy(..) => ("read by", " (sigwait)"),
            Self::ReadFrom(_, None) | Self::OrRead(..) | Self::OrphanedOrRead(_) => {
                ("perhaps read by", " (signalfd)")
            }
            _ => (self.word(), ""),
        }
    }
}

impl fmt::Display for Prediction {
    /// The whole sentence: `ignored: nothing will happen`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("gone: it has ended"),
            Self::Zombie(Some((pid, name))) => write!(
                f,
                "zombie: already dead, its parent {pid} {name} must reap it"
            ),
            Self::Zombie(None) => f.write_str("zombie: already dead, its parent must reap it"),
            Self::KernelThread => f.write_str("kernel thread: takes no signals"),
            Self::Denied(owner) if owner.is_empty() => {
                f.write_str("not permitted: it belongs to another user")
            }
            Self::Denied(owner) => write!(f, "not permitted: it belongs to {owner}"),
            Self::Shielded => {
                f.write_str("pid 1 of its namespace without a handler: nothing will happen")
            }
            Self::Ignored => f.write_str("ignored: nothing will happen"),
            Self::NothingByDefault => f.write_str("default: nothing will happen"),
            Self::NotStopped => f.write_str("not stopped: nothing will happen"),
            Self::AlreadyStopped => f.write_str("already stopped: nothing will happen"),
            Self::Blocked => f.write_str("blocked: stays pending"),
            Self::BlockedNow => f.write_str("blocked now: handled as soon as it unblocks it"),
            Self::OrRead(action, fd) => {
                let default = Self::Default(*action);
                write!(f, "{default}, unless a signalfd (fd {fd}) reads it first")
            }
            Self::ReadFrom(fd, None) => {
                write!(f, "blocked: may be read through a signalfd (fd {fd})")
            }
            Self::ReadFrom(fd, Some((tid, name))) => write!(
                f,
                "blocked: thread {tid} {name} waits to read it through a signalfd (fd {fd})"
            ),
            Self::ReadBy(tid, name) => {
                write!(
                    f,
                    "read by thread {tid} {name}, which waits for it (sigwait)"
                )
            }
            Self::Orphaned => {
                f.write_str("orphaned group, nobody could continue it: nothing will happen")
            }
            Self::OrphanedOrRead(fd) => {
                let orphaned = Self::Orphaned;
                write!(f, "{orphaned}, unless a signalfd (fd {fd}) reads it first")
            }
            Self::AfterContinue => f.write_str("stopped: stays pending until it continues"),
            Self::Debugger(Some((pid, name))) => {
                write!(f, "traced by {pid} {name}, which is asked first")
            }
            Self::Debugger(None) => f.write_str("traced: its debugger is asked first"),
            Self::AfterSleep(on) => f.write_str(match on {
                Some(Cause::Child) => {
                    "D state: acts only when the child of its vfork executes or ends"
                }
                Some(Cause::Lock) => "D state: acts only when a lock of the kernel is free",
                Some(Cause::Memory) => "D state: acts only when the kernel has memory",
                Some(Cause::Frozen) => "frozen: acts only when its group is thawed",
                Some(Cause::Kernel) => "D state: acts only when the kernel lets it go on",
                Some(Cause::Disk | Cause::Server) | None => {
                    "D state: acts only when its I/O returns"
                }
            }),
            Self::AfterAnswer => {
                f.write_str("waits for a filesystem server: may act only when that answers")
            }
            Self::Caught => f.write_str("caught by a handler: it decides"),
            Self::Certain(DefaultAction::Stop) => f.write_str("cannot be caught: it stops"),
            Self::Certain(DefaultAction::Continue) => f.write_str("it continues"),
            Self::Certain(_) => f.write_str("cannot be caught: it ends"),
            Self::Default(action) => write!(f, "default: {}", action.words()),
            Self::Unknown(why) => write!(f, "– ({why})"),
        }
    }
}

#[cfg(test)]
mod tests;
