//! What a process and its threads catch, ignore and block, and what waits for them: the masks of `proc_pid_status(5)`.

use super::signal_readers;
use crate::model::acting::signal::{SignalSet, SignalState, SignalWaiter, ThreadSignals};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Pid, ProcId, Tid};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Reading;
use crate::model::scheduling::wait::Call;
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::clock;
use crate::sys::fields;
use crate::sys::memory::process_memory;
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::system_calls;
use crate::sys::source::{Error, Probe, Source};

/// Threads beyond this number are not asked what they block.
const THREADS: usize = 1024;

/// Reads the masks of a process and of its threads.
///
/// # Errors
/// As the kernel says; anyone may read this file, unless `/proc` is mounted with `hidepid`.
pub fn read(root: &ProcRoot, pid: Pid) -> Reading<SignalState> {
    let mut state = parse(&std::fs::read(root.proc(format!("{pid}/status")))?);
    if state.thread_count > 1 {
        let mut tids: Vec<Tid> = std::fs::read_dir(root.proc(format!("{pid}/task")))?
            .filter_map(|e| e.ok()?.file_name().into_string().ok()?.parse().ok())
            .map(Tid)
            .collect();
        tids.sort_unstable();
        let one = |tid: &Tid| {
            let text = std::fs::read(root.proc(format!("{pid}/task/{tid}/status"))).ok()?;
            // What one that has ended blocked is of no account to those who go on.
            (!parse(&text).zombie).then(|| thread(*tid, &text))
        };
        state.threads = tids.iter().take(THREADS).filter_map(one).collect();
        if state.zombie
            && let Some(first) = state.threads.first()
        {
            (state.zombie, state.blocked) = (false, first.blocked);
            state.thread_pending = SignalSet::default();
        }
    }
    state.waiters = waiters(root, pid, &state);
    Ok(state)
}

/// The threads that wait for signals in `rt_sigtimedwait(2)`: their `syscall` has the address of the set of 8 bytes. Behind
/// them those that wait for a `signalfd(2)`.
///
/// Told only to whoever may trace the process; a tree of files has no memory to look into.
fn waiters(root: &ProcRoot, pid: Pid, state: &SignalState) -> Vec<SignalWaiter> {
    if !root.is_live() || state.kernel_thread || state.zombie {
        return Vec::new();
    }
    let mut threads: Vec<(Tid, SafeText)> = state
        .threads
        .iter()
        .map(|t| (t.tid, t.name.clone()))
        .collect();
    if threads.is_empty() {
        let name = std::fs::read(root.proc(format!("{pid}/comm"))).unwrap_or_default();
        let name = SafeText::from_bytes(name.trim_ascii_end());
        threads.push((Tid(pid.0), name));
    }
    let path = |(tid, _): &(Tid, SafeText)| root.proc(format!("{pid}/task/{tid}/syscall"));
    let calls = bounded::texts("syscall", threads.iter().map(path).collect());
    let wait = |((tid, name), text): ((Tid, SafeText), Reading<Vec<u8>>)| {
        let Some(Call::In { number, args, .. }) = Call::parse(&text.ok()?) else {
            return None;
        };
        let here = |wide| system_calls::name(number, wide);
        // The same in both tables of a machine means 128 or 177, which no other wait has; the set is one of 64 bits in both.
        let named = [here(true), here(false)].into_iter().flatten();
        let mut named = named.filter(|n| n.starts_with("rt_sigtimedwait"));
        named.next()?;
        let bytes = bounded::each("signal set", vec![(tid, args[0])], |(tid, at)| {
            process_memory::read(Pid(tid.0), *at, 8)
        });
        let bytes = bytes.into_iter().next()?.ok()?;
        let signals = SignalSet(u64::from_ne_bytes(bytes.try_into().ok()?));
        Some(SignalWaiter {
            tid,
            name,
            signals,
            fd: None,
        })
    };
    let through = signal_readers::waiting(root, pid, state, &threads, &calls);
    let mut found: Vec<SignalWaiter> = threads.into_iter().zip(calls).filter_map(wait).collect();
    found.extend(through);
    found
}

/// Parses lines such as `SigCgt:\t0000000180014a03`, `SigQ:\t3/96364`, `Threads:\t4`; missing ones are empty sets.
pub fn parse(status: &[u8]) -> SignalState {
    let mut state = SignalState {
        thread_count: 1,
        ..SignalState::default()
    };
    for (key, value) in fields::pairs(status) {
        match key {
            b"State" => state.zombie = matches!(value.first(), Some(b'Z' | b'X')),
            b"Kthread" => state.kernel_thread = value == b"1",
            b"Threads" => state.thread_count = fields::number(value).unwrap_or(1) as usize,
            b"SigQ" => state.queued = queued(value),
            b"SigPnd" => state.thread_pending = mask(value),
            b"ShdPnd" => state.pending = mask(value),
            b"SigBlk" => state.blocked = mask(value),
            b"SigIgn" => state.ignored = mask(value),
            b"SigCgt" => state.caught = mask(value),
            _ => {}
        }
    }
    state
}

/// Parses what one thread blocks and what waits for it alone.
pub fn thread(tid: Tid, status: &[u8]) -> ThreadSignals {
    let state = parse(status);
    let name = fields::pairs(status).find(|(key, _)| *key == b"Name");
    ThreadSignals {
        tid,
        name: SafeText::from_bytes(name.map_or(b"", |(_, name)| name)),
        blocked: state.blocked,
        pending: state.thread_pending,
    }
}

fn mask(text: &[u8]) -> SignalSet {
    let text = std::str::from_utf8(text).ok();
    text.and_then(SignalSet::from_hex).unwrap_or_default()
}

/// Signals that are queued for the user, and how many may be: `3/96364`.
fn queued(text: &[u8]) -> Option<(u64, u64)> {
    let (now, rest) = fields::unsigned(text)?;
    Some((now, fields::unsigned(rest.strip_prefix(b"/")?)?.0))
}

/// Reads the masks of the process in focus.
pub struct SignalMasks {
    root: ProcRoot,
}

impl SignalMasks {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self { root: root.clone() }
    }

    /// The masks of this very process.
    ///
    /// # Errors
    /// `Gone` when it has ended, whoever has its number now.
    pub fn of(&self, id: ProcId) -> Reading<SignalState> {
        let mut state = read(&self.root, id.pid)?;
        // Kernels before 6.8 have no line `Kthread`.
        state.kernel_thread |= process_ids::still(&self.root, id)?.kernel_thread;
        Ok(state)
    }
}

impl Source<Detail> for SignalMasks {
    fn name(&self) -> &'static str {
        "signals"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["processes", "kernel stack"])
    }

    fn fills(&self) -> Needs {
        Needs::SIGNALS
    }

    fn pace_ms(&self) -> u64 {
        500
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let value = plan.focus.map(|id| self.of(id));
        into.signals = value.map(|value| Stamped::new(clock::now(), value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::acting::signal::{Disposition, Signal};
    use crate::model::reading::Missing;

    const STATUS: &[u8] =
        b"Name:\tweb\nState:\tS (sleeping)\nUid:\t1000\t0\t0\t0\nThreads:\t3\nSigQ:\t3/96364\n\
        SigPnd:\t0000000200000000\nShdPnd:\t0000000000000200\nSigBlk:\t0000000000000200\n\
        SigIgn:\t0000000000000001\nSigCgt:\t0000000000004000\n";

    #[test]
    fn reads_masks() {
        let state = parse(STATUS);
        assert_eq!(state.disposition(Signal::TERM), Disposition::Caught);
        assert_eq!(state.disposition(Signal::HUP), Disposition::Ignored);
        assert!(state.is_blocked(Signal::USR1) && state.is_pending(Signal::USR1));
        assert_eq!(
            state
                .thread_pending
                .iter()
                .map(Signal::number)
                .collect::<Vec<_>>(),
            [34]
        );
        assert_eq!((state.thread_count, state.queued), (3, Some((3, 96_364))));
        assert!(!state.zombie && !state.kernel_thread);
        let one = thread(Tid(7), STATUS);
        assert_eq!((one.name.as_str(), one.pending.len()), ("web", 1));
    }

    #[test]
    fn reads_zombies_kernel_threads_and_nonsense() {
        assert!(parse(b"State:\tZ (zombie)\n").zombie);
        assert!(parse(b"Kthread:\t1\n").kernel_thread);
        assert_eq!(
            parse(b"SigQ:\tx\nSigBlk:\t\xff\nThreads:\n").thread_count,
            1
        );
        let empty = thread(Tid(1), b"");
        assert!(empty.name.is_empty() && empty.blocked.is_empty());
    }

    #[test]
    fn reads_our_own_and_nobody_elses() {
        let root = ProcRoot::live();
        let source = SignalMasks::new(&root);
        let me = process_ids::read(&root, Pid(std::process::id()))
            .expect("we live")
            .id;
        let state = source.of(me).expect("our own");
        assert_eq!(state.disposition(Signal::KILL), Disposition::Default);
        assert!(state.threads.len() >= 2 && state.queued.is_some());
        let other = ProcId::new(me.pid.0, me.start.0 + 1);
        assert_eq!(source.of(other).err(), Some(Missing::Gone));
    }

    #[test]
    fn our_table_of_signals_is_that_of_the_c_library() {
        for (name, number) in [
            ("HUP", libc::SIGHUP),
            ("USR1", libc::SIGUSR1),
            ("CHLD", libc::SIGCHLD),
            ("STKFLT", libc::SIGSTKFLT),
            ("URG", libc::SIGURG),
            ("PWR", libc::SIGPWR),
            ("SYS", libc::SIGSYS),
            ("RTMIN", libc::SIGRTMIN()),
            ("RTMAX", libc::SIGRTMAX()),
        ] {
            let ours = name.parse::<Signal>().map(Signal::number);
            assert_eq!(ours.map(i32::from), Ok(number), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = (parse(&bytes), thread(Tid(1), &bytes));
        }
    }
}
