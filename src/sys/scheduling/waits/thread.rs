//! Everything that is read of one thread: `status`, `syscall`, `wchan`, and the memory that its system call points to.

use super::code::{self, Code};
use crate::model::id::{Pid, Tid};
use crate::model::process::stat::State;
use crate::model::process::threads::Switches;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{Call, Inside, Memory, further, meant, wanted};
use crate::model::text::SafeText;
use crate::sys::fields;
use crate::sys::memory::process_memory;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::scheduling::system_calls;

/// What the kernel says of one thread.
#[derive(Debug)]
pub struct Raw {
    pub switches: Reading<Switches<u64>>,
    /// Its number in its own pid namespace, and how many namespaces deep that is.
    pub inner: Option<(u32, usize)>,
    pub tracer: Option<Pid>,
    /// Its state, of the same moment as the call and the function.
    pub state: Option<State>,
    /// Whether it ran each time it was read, so that these are of several moments.
    pub moves: bool,
    pub call: Reading<Call>,
    /// The number and the first argument of that call as the kernel has them, whatever is meant by them.
    pub asked: Option<(u64, u64)>,
    pub name: Option<&'static str>,
    pub function: Reading<Option<SafeText>>,
    pub memory: Memory,
    /// The function that it waits for a lock in.
    pub inside: Option<Inside>,
}

/// How often is read again what is of several moments.
const TRIES: usize = 4;

/// What tells in what a thread sleeps.
struct Sleep {
    status: Reading<Vec<u8>>,
    call: Reading<Call>,
    function: Reading<Option<SafeText>>,
    /// Whether it did not run from the first to the last of them.
    one_moment: bool,
}

impl Sleep {
    fn read(text: &dyn Fn(&str) -> Reading<Vec<u8>>) -> Reading<Self> {
        // How often and how long it had a core.
        let before = text("schedstat");
        let status = text("status");
        if status == Err(Missing::Gone) {
            return Err(Missing::Gone);
        }
        let call = text("syscall").and_then(|t| Call::parse(&t).ok_or(Missing::Unsupported));
        let wchan = text("wchan");
        Ok(Self {
            one_moment: before == text("schedstat"),
            status,
            call,
            function: wchan.map(|t| function(&t)),
        })
    }
}

/// The same of one moment, where the thread stays in one place for as long as it takes to read.
fn steady(text: &dyn Fn(&str) -> Reading<Vec<u8>>) -> Reading<Sleep> {
    let mut sleep = Sleep::read(text)?;
    for _ in 1..TRIES {
        if sleep.one_moment {
            break;
        }
        sleep = Sleep::read(text)?;
    }
    Ok(sleep)
}

/// Reads one of the threads of a process; what is denied is missing by itself.
///
/// # Errors
/// `Gone` when it has ended.
pub fn read(threads: &ProcDir, tid: Tid, wide: bool, code: Option<&Code>) -> Reading<Raw> {
    let text = |file: &str| -> Reading<Vec<u8>> {
        let mut buffer = Vec::new();
        let used = threads.read(Pid(tid.0), file, &mut buffer)?.len();
        buffer.truncate(used);
        Ok(buffer)
    };
    let Sleep {
        status,
        call,
        function,
        one_moment,
    } = steady(&text)?;
    let mut raw = Raw {
        switches: status.as_deref().map_err(|m| *m).map(switches),
        inner: status.as_deref().ok().and_then(inner),
        tracer: status.as_deref().ok().and_then(tracer),
        state: status
            .as_deref()
            .ok()
            .filter(|_| one_moment)
            .and_then(state),
        moves: !one_moment,
        call,
        asked: None,
        name: None,
        function,
        memory: Memory::default(),
        inside: None,
    };
    if let Ok(Call::In {
        number,
        args,
        sp,
        pc,
    }) = &mut raw.call
    {
        // A tree of files that stands in for a kernel must never lead to a real process.
        let live = threads.is_live();
        let memory = |at: u64, length: usize| {
            let copied = live.then(|| process_memory::read(Pid(tid.0), at, length));
            copied.and_then(Result::ok)
        };
        let (sp, pc) = (*sp, *pc);
        raw.asked = Some((*number, args[0]));
        let sleeps_in = raw.function.as_ref().ok().and_then(Option::as_deref);
        if let Some(name) = system_calls::name(*number, wide) {
            let call = meant(name, *args, sleeps_in, &memory);
            *args = call.args;
            raw.name = Some(call.name);
        }
        if let Some(name) = raw.name.filter(|_| live) {
            for (address, length) in wanted(name, args, wide) {
                if let Some(bytes) = memory(address, length) {
                    raw.memory.insert(address, bytes);
                }
            }
            for (address, length) in further(name, args, &raw.memory, wide) {
                if let Some(bytes) = memory(address, length) {
                    raw.memory.insert(address, bytes);
                }
            }
            if let Some(code) = code.filter(|_| name.starts_with("futex"))
                && let Some(stack) = memory(sp, code::STACK)
            {
                raw.inside = code.inside(Pid(tid.0), pc, &stack, args);
            }
        }
    }
    Ok(raw)
}

/// Of the `status` of a thread: its process, how many threads that has, and whether the thread itself has ended.
pub(super) fn standing(status: &[u8]) -> Option<(Pid, u64, bool)> {
    let of = |wanted: &[u8]| {
        let found = fields::pairs(status).find(|(key, _)| *key == wanted);
        found.map(|(_, value)| value.trim_ascii())
    };
    let pid = u32::try_from(fields::number(of(b"Tgid")?)?).ok()?;
    let threads = of(b"Threads").and_then(fields::number).unwrap_or(1);
    let ended = of(b"State").is_some_and(|s| matches!(s.first(), Some(b'Z' | b'X')));
    Some((Pid(pid), threads, ended))
}

/// The lines `voluntary_ctxt_switches:\t7` and `nonvoluntary_ctxt_switches:\t3` of `status`.
pub(crate) fn switches(status: &[u8]) -> Switches<u64> {
    let counted = crate::sys::process::proc_status::parse(status);
    Switches {
        voluntary: counted.voluntary,
        involuntary: counted.involuntary,
    }
}

/// The letter of `State:\tS (sleeping)`.
fn state(status: &[u8]) -> Option<State> {
    let (_, value) = fields::pairs(status).find(|(key, _)| *key == b"State")?;
    value.trim_ascii().first().copied().map(State::from_letter)
}

/// The last number of `NSpid:\t812\t1`, and how many there are.
pub(crate) fn inner(status: &[u8]) -> Option<(u32, usize)> {
    let (_, value) = fields::pairs(status).find(|(key, _)| *key == b"NSpid")?;
    let numbers: Vec<u64> = fields::numbers(value).collect();
    Some((u32::try_from(*numbers.last()?).ok()?, numbers.len()))
}

/// The number of `TracerPid:\t812`, unless it is 0.
pub(crate) fn tracer(status: &[u8]) -> Option<Pid> {
    let (_, value) = fields::pairs(status).find(|(key, _)| *key == b"TracerPid")?;
    let number = u32::try_from(fields::number(value)?).ok()?;
    (number != 0).then_some(Pid(number))
}

/// A name of the kernel's; it prints `0` where a thread runs and where it hides the name.
pub(crate) fn function(text: &[u8]) -> Option<SafeText> {
    let name = text.trim_ascii();
    (!name.is_empty() && name != b"0").then(|| SafeText::from_bytes(name))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn reads_lines_of_status() {
        let status = b"Name:\tx\nTracerPid:\t812\nNSpid:\t900\t7\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t2\n";
        assert_eq!(inner(status), Some((7, 2)));
        assert_eq!(tracer(status), Some(Pid(812)));
        assert_eq!(tracer(b"TracerPid:\t0\n"), None);
        let counted = switches(status);
        assert_eq!((counted.voluntary, counted.involuntary), (5, 2));
    }

    #[test]
    fn a_thread_that_has_ended_is_told_from_one_that_lives() {
        let of = |state: &str| {
            standing(format!("State:\t{state}\nTgid:\t812\nThreads:\t2\n").as_bytes())
        };
        assert_eq!(of("S (sleeping)"), Some((Pid(812), 2, false)));
        assert_eq!(of("Z (zombie)"), Some((Pid(812), 2, true)));
        assert_eq!(of("X (dead)"), Some((Pid(812), 2, true)));
        assert_eq!(standing(b"State:\tS (sleeping)\n"), None);
    }

    /// A thread that goes from one wait to the next while it is read.
    #[test]
    fn what_is_of_two_moments_is_read_again_and_else_no_state_is_told() {
        let files = |changes: usize| {
            let (times, said) = (Cell::new(0), Cell::new(0));
            move |file: &str| -> Reading<Vec<u8>> {
                let ran = |n: usize| format!("{n} 0 {n}\n").into_bytes();
                match file {
                    "schedstat" => {
                        said.set(said.get() + 1);
                        // The second of a reading tells that it ran.
                        if said.get() % 2 == 0 && times.get() < changes {
                            times.set(times.get() + 1);
                        }
                        Ok(ran(times.get()))
                    }
                    "status" if times.get() < changes => Ok(b"State:\tD (disk sleep)\n".to_vec()),
                    "status" => Ok(b"State:\tS (sleeping)\n".to_vec()),
                    "syscall" => Ok(b"35 0x1 0x0 0x0 0x0 0x0 0x0 0x7f00 0x7f01\n".to_vec()),
                    _ => Ok(b"hrtimer_nanosleep".to_vec()),
                }
            }
        };
        let told = |changes| {
            let sleep = steady(&files(changes)).expect("it lives");
            let state = sleep.status.as_deref().ok().and_then(state);
            (sleep.one_moment, state)
        };
        assert_eq!(told(0), (true, Some(State::Sleeping)));
        assert_eq!(told(1), (true, Some(State::Sleeping)), "read again");
        assert!(!told(TRIES).0, "never of one moment");
    }

    #[test]
    fn a_hidden_function_is_none() {
        assert_eq!(function(b"0"), None);
        assert_eq!(function(b""), None);
        assert_eq!(function(b"futex_do_wait").as_deref(), Some("futex_do_wait"));
    }
}
