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
    /// Threads that wait for signals in `sigwait(3)` and its like or for a `signalfd(2)`, with those that each takes, as far as
    /// that is shown.
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

/// A thread that waits for signals to read them: `rt_sigtimedwait(2)`, or a read or poll of a `signalfd(2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalWaiter {
    /// Which thread.
    pub tid: Tid,
    /// Its name.
    pub name: SafeText,
    /// What it waits for; the kernel takes these out of its mask for as long as it is in `sigwait`.
    pub signals: SignalSet,
    /// The descriptor through which it reads them; `None` in `sigwait`.
    pub fd: Option<u32>,
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
            waiters.find(|w| w.tid == tid && w.fd.is_none() && w.signals.contains(signal))
        };
        if let Some(tid) = one {
            return by(tid);
        }
        if let Some(first) = self.threads.first().and_then(|t| by(t.tid)) {
            return Some(first);
        }
        let takes = |t: &ThreadSignals| !t.blocked.contains(signal) && by(t.tid).is_none();
        let mut waits = self.waiters.iter();
        let waits = waits.find(|w| w.fd.is_none() && w.signals.contains(signal));
        waits.filter(|_| !self.threads.iter().any(takes))
    }

    /// The thread that waits for a descriptor which receives a signal that nobody would take otherwise: sent to the process, or
    /// to the thread `one` alone, whom nobody else can read it for.
    pub fn reader_of_descriptor(&self, signal: Signal, one: Option<Tid>) -> Option<&SignalWaiter> {
        let pends = match one {
            Some(tid) if !self.threads.is_empty() => self.blocking(signal).any(|t| t.tid == tid),
            _ => self.is_blocked(signal),
        };
        let mut waiters = self.waiters.iter().filter(|w| w.fd.is_some());
        let waits = waiters.find(|w| w.signals.contains(signal) && one.is_none_or(|t| t == w.tid));
        waits.filter(|_| pends && !signal.is_unstoppable())
    }

    /// Who reads a signal that is sent to the process, in whichever way.
    pub fn read_by(&self, signal: Signal) -> Option<&SignalWaiter> {
        let through = || self.reader_of_descriptor(signal, None);
        self.reader(signal, None).or_else(through)
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
    /// The thread that waits for it, in `sigwait` or for a descriptor, and takes it: whatever it is arranged otherwise, that does not happen.
    read_by: Option<ReaderJson>,
}

/// A thread that reads a signal as the JSON contract has it.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct ReaderJson {
    tid: u32,
    name: SafeText,
    /// The signalfd through which it does; null in `sigwait`.
    fd: Option<u32>,
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
                read_by: self.read_by(signal).map(|w| ReaderJson {
                    tid: w.tid.0,
                    name: w.name.clone(),
                    fd: w.fd,
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
                fd: None,
            }],
            ..SignalState::default()
        };
        let json = serde_json::to_value(state.to_json()).expect("json");
        let by = serde_json::json!({"tid": 7, "name": "reader", "fd": null});
        assert_eq!(json[0]["read_by"], by);
        for unstoppable in [Signal::KILL, Signal::STOP] {
            let at = usize::from(unstoppable.number()) - 1;
            assert_eq!(json[at]["read_by"], serde_json::Value::Null);
        }
    }
    #[test]
    fn a_descriptor_is_read_only_for_what_nobody_takes_before() {
        let signal = |n| Signal::new(n).expect("a signal");
        let set = |all: &[u8]| {
            all.iter()
                .map(|n| signal((*n).into()))
                .collect::<SignalSet>()
        };
        let thread = |tid, blocked: &[u8]| ThreadSignals {
            tid: Tid(tid),
            name: "t".into(),
            blocked: set(blocked),
            pending: SignalSet::default(),
        };
        let mut state = SignalState {
            blocked: set(&[10, 12]),
            threads: vec![thread(1, &[10, 12]), thread(2, &[10, 12])],
            waiters: vec![SignalWaiter {
                tid: Tid(2),
                name: "loop".into(),
                signals: set(&[10, 15]),
                fd: Some(5),
            }],
            ..SignalState::default()
        };
        let by = |state: &SignalState, n| state.read_by(signal(n)).map(|w| (w.tid.0, w.fd));
        assert_eq!(by(&state, 10), Some((2, Some(5))));
        assert_eq!(by(&state, 12), None, "not received");
        assert_eq!(
            by(&state, 15),
            None,
            "not blocked: its handler or default comes first"
        );
        let json = serde_json::to_value(state.to_json()).expect("json");
        let told = serde_json::json!({"tid": 2, "name": "loop", "fd": 5});
        assert_eq!(json[9]["read_by"], told);
        let to_one = |n| {
            state
                .reader_of_descriptor(signal(10), Some(Tid(n)))
                .is_some()
        };
        assert!(
            to_one(2) && !to_one(1),
            "what one thread is sent only it can read"
        );
        state.threads[0].blocked = SignalSet::default();
        assert_eq!(by(&state, 10), None, "the other thread takes it");
    }
}
