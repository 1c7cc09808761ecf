//! How a process stands to its signals: what it catches, ignores, blocks, and what waits for it.

use super::{Signal, SignalSet};
use crate::model::id::Tid;
use crate::model::text::SafeText;

/// What a process has arranged for a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Nothing: the kernel's default action follows.
    Default,
    /// It is thrown away.
    Ignored,
    /// A function of the program is called.
    Caught,
}

impl Disposition {
    /// The disposition as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Ignored => "ignored",
            Self::Caught => "caught",
        }
    }
}

/// Signals of one process: the masks of `/proc/PID/status` and of its threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalState {
    /// Ignored by the process (`SigIgn`).
    pub ignored: SignalSet,
    /// Caught by the process (`SigCgt`).
    pub caught: SignalSet,
    /// Blocked by the first thread (`SigBlk`).
    pub blocked: SignalSet,
    /// Waiting for the process: any thread may take it (`ShdPnd`).
    pub pending: SignalSet,
    /// Waiting for the first thread alone (`SigPnd`).
    pub thread_pending: SignalSet,
    /// Queued signals of the user and how many may be queued (`SigQ`).
    pub queued: Option<(u64, u64)>,
    /// The masks of each thread, the first one included; empty where they were not read.
    pub threads: Vec<ThreadSignals>,
    /// Threads that wait for signals in `sigwait(3)` and its like, with those that each takes, as far as that is shown.
    pub waiters: Vec<SignalWaiter>,
    /// How many threads there are, of which `threads` may be a part.
    pub thread_count: usize,
    /// Whether it is a thread of the kernel, which takes no signals.
    pub kernel_thread: bool,
    /// Whether it has ended and waits for its parent to ask how.
    pub zombie: bool,
}

/// What one thread blocks and what waits for it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadSignals {
    /// Which thread.
    pub tid: Tid,
    /// Its name.
    pub name: SafeText,
    /// Blocked by it.
    pub blocked: SignalSet,
    /// Waiting for it alone.
    pub pending: SignalSet,
}

/// A thread that waits for signals to read them: `rt_sigtimedwait(2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalWaiter {
    /// Which thread.
    pub tid: Tid,
    /// Its name.
    pub name: SafeText,
    /// What it waits for; the kernel takes these out of its mask for as long.
    pub signals: SignalSet,
}

impl SignalState {
    /// The thread that waits for a signal and takes one that is sent to the process, or to the thread `one` alone.
    ///
    /// The first thread is asked first; where it blocks the signal any other may take it, so a waiter does for certain only
    /// if nobody else would.
    pub fn reader(&self, signal: Signal, one: Option<Tid>) -> Option<&SignalWaiter> {
        // The kernel takes these out of whatever is waited for.
        if signal.is_unstoppable() {
            return None;
        }
        let by = |tid: Tid| {
            let mut waiters = self.waiters.iter();
            waiters.find(|w| w.tid == tid && w.signals.contains(signal))
        };
        if let Some(tid) = one {
            return by(tid);
        }
        if let Some(first) = self.threads.first().and_then(|t| by(t.tid)) {
            return Some(first);
        }
        let takes = |t: &ThreadSignals| !t.blocked.contains(signal) && by(t.tid).is_none();
        let waits = self.waiters.iter().find(|w| w.signals.contains(signal));
        waits.filter(|_| !self.threads.iter().any(takes))
    }

    /// What the process has arranged for a signal.
    ///
    /// KILL and STOP are always the default, whatever the masks of a kernel thread say.
    pub fn disposition(&self, signal: Signal) -> Disposition {
        if self.caught.contains(signal) {
            Disposition::Caught
        } else if self.ignored.contains(signal) && (self.kernel_thread || !signal.is_unstoppable())
        {
            Disposition::Ignored
        } else {
            Disposition::Default
        }
    }

    /// Whether every thread blocks it, so that one sent to the process stays pending.
    pub fn is_blocked(&self, signal: Signal) -> bool {
        self.blocked.contains(signal) && self.threads.iter().all(|t| t.blocked.contains(signal))
    }

    /// Whether it waits for the process or for any of its threads.
    pub fn is_pending(&self, signal: Signal) -> bool {
        self.pending.contains(signal)
            || self.thread_pending.contains(signal)
            || self.threads.iter().any(|t| t.pending.contains(signal))
    }

    /// The threads that block a signal.
    pub fn blocking(&self, signal: Signal) -> impl Iterator<Item = &ThreadSignals> {
        self.threads
            .iter()
            .filter(move |t| t.blocked.contains(signal))
    }

    /// The threads for which alone a signal waits.
    pub fn waiting(&self, signal: Signal) -> impl Iterator<Item = &ThreadSignals> {
        self.threads
            .iter()
            .filter(move |t| t.pending.contains(signal))
    }
}

/// One signal as the JSON contract has it.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct SignalJson {
    number: u8,
    name: String,
    disposition: Disposition,
    blocked: bool,
    pending: bool,
    /// The thread that waits for it and takes it: whatever it is arranged otherwise, that does not happen.
    read_by: Option<ReaderJson>,
}

/// A thread that reads a signal as the JSON contract has it.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct ReaderJson {
    tid: u32,
    name: SafeText,
}

impl SignalState {
    /// All signals as the JSON contract has them; blocked means by every thread, pending for the process or any thread.
    pub fn to_json(&self) -> Vec<SignalJson> {
        Signal::all()
            .map(|signal| SignalJson {
                number: signal.number(),
                name: signal.name(),
                disposition: self.disposition(signal),
                blocked: self.is_blocked(signal),
                pending: self.is_pending(signal),
                read_by: self.reader(signal, None).map(|w| ReaderJson {
                    tid: w.tid.0,
                    name: w.name.clone(),
                }),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32]) -> SignalSet {
        numbers.iter().filter_map(|n| Signal::new(*n)).collect()
    }

    #[test]
    fn dispositions_and_blocking() {
        let thread = |tid, blocked: &[u32], pending: &[u32]| ThreadSignals {
            tid: Tid(tid),
            name: "t".into(),
            blocked: set(blocked),
            pending: set(pending),
        };
        let state = SignalState {
            ignored: set(&[1, 13]),
            caught: set(&[15]),
            blocked: set(&[10, 12]),
            pending: set(&[10]),
            threads: vec![thread(1, &[10, 12], &[]), thread(2, &[10], &[34])],
            ..SignalState::default()
        };
        assert_eq!(state.disposition(Signal::TERM), Disposition::Caught);
        assert_eq!(state.disposition(Signal::HUP), Disposition::Ignored);
        assert_eq!(state.disposition(Signal::KILL), Disposition::Default);
        assert!(state.is_blocked(Signal::USR1));
        assert!(!state.is_blocked(Signal::USR2), "one thread may take it");
        assert_eq!(state.blocking(Signal::USR2).count(), 1);
        let rt = Signal::new(34).expect("34");
        assert!(state.is_pending(Signal::USR1) && state.is_pending(rt));
        assert_eq!(state.waiting(rt).map(|t| t.tid.0).collect::<Vec<_>>(), [2]);
        let json = serde_json::to_value(state.to_json()).expect("json");
        assert_eq!(json.as_array().map(Vec::len), Some(64));
        let usr1 = serde_json::json!({"number": 10, "name": "USR1", "disposition": "default", "blocked": true, "pending": true, "read_by": null});
        assert_eq!(json[9], usr1);
    }

    #[test]
    fn who_waits_for_a_signal_is_told_in_json_and_nobody_waits_for_kill() {
        let state = SignalState {
            waiters: vec![SignalWaiter {
                tid: Tid(7),
                name: "reader".into(),
                signals: SignalSet(u64::MAX),
            }],
            ..SignalState::default()
        };
        let json = serde_json::to_value(state.to_json()).expect("json");
        let by = serde_json::json!({"tid": 7, "name": "reader"});
        assert_eq!(json[0]["read_by"], by);
        for unstoppable in [Signal::KILL, Signal::STOP] {
            let at = usize::from(unstoppable.number()) - 1;
            assert_eq!(json[at]["read_by"], serde_json::Value::Null);
        }
    }
}
