//! What a signal will do to a process, before it is sent. The rules are those of the kernel's `kernel/signal.c`; see `signal(7)`.

use std::fmt;

use super::signal::{DefaultAction, Disposition, Signal};
use super::standing::{Init, Standing};
use crate::model::id::Pid;
use crate::model::process::stat::State;
use crate::model::reading::Missing;
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
    /// Every thread blocks it, and the program reads it from this descriptor.
    ReadFrom(u32),
    /// A stop from the terminal, to a process group that nobody could continue: the kernel throws it away.
    Orphaned,
    /// The process is stopped and will see it when it continues.
    AfterContinue,
    /// A debugger holds the process and will be asked.
    Debugger,
    /// It sleeps uninterruptibly and will see it afterwards.
    AfterIo,
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
    fn permitted(signal: Signal, to: &Standing) -> Self {
        let handled = to.signals.as_ref().map_err(|e| *e);
        let handled = handled.map(|s| s.disposition(signal));
        let out_of_reach = match to.init {
            Init::No => false,
            Init::Ours => handled == Ok(Disposition::Default),
            Init::Below => handled == Ok(Disposition::Default) && !signal.is_unstoppable(),
        };
        if out_of_reach {
            return Self::Shielded;
        }
        let stopped = to.state == State::Stopped;
        match signal {
            Signal::STOP if stopped => return Self::AlreadyStopped,
            Signal::CONT if stopped => return Self::Certain(DefaultAction::Continue),
            _ if to.state == State::Blocked && !to.killable => return Self::AfterIo,
            Signal::STOP if to.state == State::Blocked => return Self::AfterIo,
            Signal::KILL => return Self::Certain(DefaultAction::Terminate),
            Signal::STOP => return Self::Certain(DefaultAction::Stop),
            _ => {}
        }
        let (Ok(handled), Ok(masks)) = (handled, &to.signals) else {
            return Self::Unknown(to.signals.as_ref().err().copied().unwrap_or(Missing::Soon));
        };
        let blocked = match to.thread {
            Some(one) => masks.blocking(signal).any(|t| t.tid == one.tid),
            None => masks.is_blocked(signal),
        };
        // The kernel keeps a blocked signal even where it is ignored: the handler may change before it is unblocked.
        if blocked {
            let mut readers = to.signalfds.iter().filter(|(_, set)| set.contains(signal));
            return readers
                .next()
                .map_or(Self::Blocked, |(fd, _)| Self::ReadFrom(*fd));
        }
        match (handled, signal.default_action()) {
            (Disposition::Ignored, _) => Self::Ignored,
            (Disposition::Default, DefaultAction::Continue) => Self::NotStopped,
            (Disposition::Default, DefaultAction::Ignore) => Self::NothingByDefault,
            _ if to.state == State::Traced => Self::Debugger,
            _ if stopped => Self::AfterContinue,
            // Such a sleep ends only for what ends the process without a dump.
            (Disposition::Default, DefaultAction::Terminate) => {
                Self::Default(DefaultAction::Terminate)
            }
            _ if to.state == State::Blocked => Self::AfterIo,
            (Disposition::Caught, _) => Self::Caught,
            (Disposition::Default, DefaultAction::Stop) if to.orphaned => Self::Orphaned,
            (Disposition::Default, action) => Self::Default(action),
        }
    }

    /// How certain an effect is.
    pub fn force(&self) -> Force {
        match self {
            Self::Certain(_) | Self::Default(_) => Force::Acts,
            Self::Caught | Self::ReadFrom(_) | Self::Debugger | Self::Unknown(_) => Force::Asks,
            Self::Blocked | Self::AfterContinue | Self::AfterIo => Force::Waits,
            _ => Force::Nothing,
        }
    }

    /// The outcome in one or two words, to count targets by.
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
            Self::Blocked => "blocked",
            Self::ReadFrom(_) => "read",
            Self::Orphaned => "thrown away",
            Self::AfterContinue => "stopped",
            Self::Debugger => "debugged",
            Self::AfterIo => "in D state",
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
            Self::ReadFrom(fd) => write!(f, "blocked: read through a signalfd (fd {fd})"),
            Self::Orphaned => {
                f.write_str("orphaned group, nobody could continue it: nothing will happen")
            }
            Self::AfterContinue => f.write_str("stopped: stays pending until it continues"),
            Self::Debugger => f.write_str("held by a debugger, which decides"),
            Self::AfterIo => f.write_str("D state: acts only when its I/O returns"),
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
mod tests {
    use super::*;
    use crate::model::acting::signal::{SignalSet, SignalState, ThreadSignals};
    use crate::model::acting::standing::Init;
    use crate::model::id::{ThreadId, Ticks, Tid};

    fn set(signals: &[Signal]) -> SignalSet {
        signals.iter().copied().collect()
    }

    fn standing() -> Standing {
        Standing {
            signals: Ok(SignalState {
                caught: set(&[Signal::TERM]),
                ignored: set(&[Signal::HUP, Signal::USR2]),
                blocked: set(&[Signal::USR1, Signal::USR2]),
                ..SignalState::default()
            }),
            ..Standing::default()
        }
    }

    fn says(signal: Signal, to: &Standing) -> String {
        Prediction::of(signal, to, &"root".into()).to_string()
    }

    #[test]
    fn a_signalfd_reads_what_is_blocked() {
        let mut to = standing();
        to.signalfds = vec![(4, set(&[Signal::CONT])), (7, set(&[Signal::USR1]))];
        assert_eq!(
            says(Signal::USR1, &to),
            "blocked: read through a signalfd (fd 7)"
        );
        assert_eq!(says(Signal::USR2, &to), "blocked: stays pending");
    }

    #[test]
    fn an_orphaned_group_takes_no_stop_from_the_terminal() {
        let mut to = standing();
        let stop = Signal::new(20).expect("TSTP");
        assert_eq!(says(stop, &to), "default: stops it");
        to.orphaned = true;
        assert!(says(stop, &to).starts_with("orphaned group"));
        assert_eq!(says(Signal::STOP, &to), "cannot be caught: it stops");
    }

    #[test]
    fn a_killable_sleep_ends_for_what_ends_the_process() {
        let mut to = standing();
        to.state = State::Blocked;
        assert_eq!(
            says(Signal::KILL, &to),
            "D state: acts only when its I/O returns"
        );
        to.killable = true;
        assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
        assert_eq!(says(Signal::INT, &to), "default: terminates");
        for waits in [Signal::TERM, Signal::STOP, Signal::SEGV] {
            assert_eq!(says(waits, &to), "D state: acts only when its I/O returns");
        }
    }

    #[test]
    fn dispositions_become_sentences() {
        let to = standing();
        assert_eq!(says(Signal::TERM, &to), "caught by a handler: it decides");
        assert_eq!(says(Signal::HUP, &to), "ignored: nothing will happen");
        assert_eq!(says(Signal::USR1, &to), "blocked: stays pending");
        assert_eq!(says(Signal::USR2, &to), "blocked: stays pending");
        assert_eq!(says(Signal::INT, &to), "default: terminates");
        assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
        assert_eq!(says(Signal::STOP, &to), "cannot be caught: it stops");
        assert_eq!(says(Signal::CONT, &to), "not stopped: nothing will happen");
        let winch = Signal::new(28).expect("WINCH");
        assert_eq!(says(winch, &to), "default: nothing will happen");
    }

    #[test]
    fn a_stopped_process_sees_signals_later_but_kill_at_once() {
        let to = Standing {
            state: State::Stopped,
            ..standing()
        };
        let later = "stopped: stays pending until it continues";
        assert_eq!(says(Signal::TERM, &to), later);
        assert_eq!(says(Signal::INT, &to), later);
        assert_eq!(says(Signal::HUP, &to), "ignored: nothing will happen");
        assert_eq!(says(Signal::KILL, &to), "cannot be caught: it ends");
        assert_eq!(says(Signal::CONT, &to), "it continues");
        let again = "already stopped: nothing will happen";
        assert_eq!(says(Signal::STOP, &to), again);
    }

    #[test]
    fn who_cannot_be_hit_is_named_first() {
        let zombie = Standing {
            state: State::Zombie,
            parent: Some((Pid(812), "make".into())),
            permitted: Err(Missing::Denied),
            ..standing()
        };
        let reap = "zombie: already dead, its parent 812 make must reap it";
        assert_eq!(says(Signal::KILL, &zombie), reap);
        let denied = Standing {
            permitted: Err(Missing::Denied),
            ..standing()
        };
        let refused = "not permitted: it belongs to root";
        assert_eq!(says(Signal::KILL, &denied), refused);
        let kernel = Standing {
            kernel_thread: true,
            ..standing()
        };
        assert_eq!(
            says(Signal::KILL, &kernel),
            "kernel thread: takes no signals"
        );
        let device = Standing {
            state: State::Blocked,
            ..standing()
        };
        assert_eq!(
            says(Signal::KILL, &device),
            "D state: acts only when its I/O returns"
        );
    }

    #[test]
    fn the_first_process_of_a_namespace_is_shielded() {
        let of = |init, signal| {
            let to = Standing { init, ..standing() };
            Prediction::of(signal, &to, &"root".into())
        };
        assert_eq!(of(Init::Ours, Signal::KILL), Prediction::Shielded);
        assert_eq!(of(Init::Ours, Signal::TERM), Prediction::Caught);
        assert_eq!(of(Init::Below, Signal::INT), Prediction::Shielded);
        assert_eq!(
            of(Init::Below, Signal::KILL),
            Prediction::Certain(DefaultAction::Terminate)
        );
    }

    #[test]
    fn one_thread_blocks_for_itself_alone() {
        let thread = |tid, blocked: &[Signal]| ThreadSignals {
            tid: Tid(tid),
            name: "t".into(),
            blocked: set(blocked),
            pending: SignalSet::default(),
        };
        let mut to = Standing {
            signals: Ok(SignalState {
                blocked: set(&[Signal::INT]),
                threads: vec![thread(1, &[Signal::INT]), thread(2, &[])],
                ..SignalState::default()
            }),
            ..Standing::default()
        };
        assert_eq!(says(Signal::INT, &to), "default: terminates");
        to.thread = Some(ThreadId {
            tid: Tid(1),
            start: Ticks(0),
        });
        assert_eq!(says(Signal::INT, &to), "blocked: stays pending");
    }
}
