//! What the first thread of a process waits for, in words, for a column: `/proc/PID/syscall` and `wchan`, `proc_pid_syscall(5)`.
//!
//! Of one descriptor it says where that leads; of several only how many. The tab Threads tells more.

use crate::model::id::{Pid, Tid};
use crate::model::process::stat::{Stat, State};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::{
    Call, Clues, Flavour, Memory, Names, Now, Owner, Wait, classify, is_freezer, meant, wanted,
};
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::memory::process_memory;
use crate::sys::process::isolation::cgroup::frozen::Freezers;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::scheduling::system_calls;

use super::thread::{function, standing};

/// The wait of the thread with this number. `syscall` takes the lock that a process holds while it executes a program.
///
/// # Errors
/// `Gone` when it has ended, `Denied` where this user may not see it.
pub fn words(dir: &ProcDir, pid: Pid, stat: &Stat, freezers: &Freezers) -> Reading<SafeText> {
    let mut buffer = Vec::new();
    let call = dir.read(pid, "syscall", &mut buffer);
    let mut call = call.and_then(|text| Call::parse(text).ok_or(Missing::Unsupported));
    let function = dir.read(pid, "wchan", &mut buffer).map(function);
    if function == Err(Missing::Gone) {
        return Err(Missing::Gone);
    }
    // The first stack of a process with 64-bit words lies above all that 32 bits can name.
    let wide = match call {
        Ok(Call::In { sp, .. } | Call::Outside { sp, .. }) => sp > u64::from(u32::MAX),
        _ => true,
    };
    let (mut name, mut memory) = (None, Memory::default());
    if let Ok(Call::In { number, args, .. }) = &mut call {
        let live = dir.is_live();
        let read = |at: u64, length: usize| {
            let copied = live.then(|| process_memory::read(pid, at, length));
            copied.and_then(Result::ok)
        };
        let sleeps_in = function.as_ref().ok().and_then(Option::as_deref);
        let called = system_calls::name(*number, wide);
        let real = called.map(|name| meant(name, *args, sleeps_in, &read));
        if let Some(real) = real {
            (name, *args) = (Some(real.name), real.args);
        }
        for (address, length) in name.map_or_else(Vec::new, |name| wanted(name, args, wide)) {
            if let Some(bytes) = read(address, length) {
                memory.insert(address, bytes);
            }
        }
    }
    let owner = |number: u32, _| match comm(dir, pid, Tid(number)) {
        Some(name) if has_ended(dir, pid, Tid(number)) => Owner::Ended {
            tid: Tid(number),
            pid: None,
            name,
            others: true,
        },
        Some(_) => Owner::Thread(Tid(number)),
        None => Owner::Nobody(number),
    };
    // What the kernel's function says it says for less; who runs is not asked about.
    let told = matches!(&function, Ok(Some(name)) if is_freezer(name));
    let asks = match stat.state {
        State::Blocked => !told,
        State::Sleeping => !matches!(function, Ok(Some(_))),
        _ => false,
    };
    let group = asks.then(|| dir.read(pid, "cgroup", &mut buffer));
    let frozen = group.is_some_and(|text| text.is_ok_and(|text| freezers.of(text).is_some()));
    let mut waiting = classify(&Clues {
        state: stat.state,
        kernel_thread: stat.is_kernel_thread() || stat.is_worker(),
        call,
        name,
        function,
        memory: &memory,
        wide,
        inside: None,
        frozen,
        flavour: Flavour::Unknown,
        owner: &owner,
        now: Now {
            real: clock::real(),
            monotonic: clock::now(),
            boot: clock::since_boot(),
            tai: clock::atomic(),
        },
    });
    match &mut waiting.what {
        Wait::On { fd, .. } => {
            let link = dir.link(pid, &format!("fd/{}", fd.number));
            fd.target = link.map(|path| SafeText::from_bytes(&path));
        }
        // Addresses say nothing in a column, and a list of numbers without their targets hardly more.
        Wait::Any { fds, .. } => fds.clear(),
        Wait::Futex(futex) => futex.word = 0,
        _ => {}
    }
    if waiting.what == Wait::Hidden && waiting.function.is_none() && !waiting.uninterruptible {
        return Err(call.err().unwrap_or(Missing::Denied));
    }
    let names = Names {
        thread: &|tid| comm(dir, pid, tid),
        ..Names::NONE
    };
    let words = waiting.words(&names).replace(" (0x0)", "");
    Ok(SafeText::from(words))
}

fn comm(dir: &ProcDir, pid: Pid, tid: Tid) -> Option<SafeText> {
    let mut buffer = Vec::new();
    let text = dir
        .read(pid, &format!("task/{tid}/comm"), &mut buffer)
        .ok()?;
    Some(SafeText::from_bytes(text.trim_ascii_end()))
}

fn has_ended(dir: &ProcDir, pid: Pid, tid: Tid) -> bool {
    let mut buffer = Vec::new();
    let status = dir.read(pid, &format!("task/{tid}/status"), &mut buffer);
    status.is_ok_and(|text| standing(text).is_some_and(|(.., ended)| ended))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::model::process::stat::State;
    use crate::sys::root::ProcRoot;

    #[test]
    fn a_reader_of_a_pipe_says_so() {
        let dir = ProcDir::open(&ProcRoot::live()).expect("a proc");
        let mut cat = Command::new("cat");
        let cat = cat.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = cat.spawn().expect("cat");
        let stat = Stat {
            state: State::Sleeping,
            ..Stat::default()
        };
        // It says so as soon as it waits; until then it runs, or the shell's loader reads files.
        let wanted = "read of fd 0, pipe";
        let mut said = String::new();
        let freezers = Freezers::new(dir.root());
        for _ in 0..100_000 {
            match words(&dir, Pid(child.id()), &stat, &freezers) {
                Ok(words) => said = words.as_str().to_owned(),
                Err(Missing::Denied) => {
                    println!("skipped: system calls of a child are not shown here");
                    wanted.clone_into(&mut said);
                }
                Err(why) => panic!("{why:?}"),
            }
            if said == wanted {
                break;
            }
            std::thread::yield_now();
        }
        child.kill().and_then(|()| child.wait()).expect("ended");
        assert_eq!(said, wanted);
    }
}
