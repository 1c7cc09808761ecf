//! Counts the system calls of every process, and nothing else of them: a program at the raw tracepoint `sys_enter`. Needs
//! `CAP_BPF` and `CAP_PERFMON`, or root.
//!
//! While this is open every call of the machine costs a little (docs/kernel.md, J); nothing stays behind when it is dropped.

use std::collections::HashMap;
use std::io;

use crate::model::id::Pid;
use crate::model::scheduling::call_rates::Counts;
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Op,
    Reg::{R0, R1, R10},
    Width,
};
use crate::sys::bpf::map::{self, Kind, Map};
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::clock;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// How many processes are told apart.
const PROCESSES: usize = 65_536;
/// On the stack: the process, and its first count.
const PROCESS: i16 = -4;
const FIRST: i16 = -16;

/// Counts until it is dropped.
#[derive(Debug)]
pub struct CallCounts {
    counts: Map,
    _program: Running,
}

impl CallCounts {
    /// Begins to count; `cores`: how many the machine can have.
    ///
    /// # Errors
    /// Without the right, and in a PID namespace of its own, where the kernel's numbers are not ours.
    pub fn begin(root: &ProcRoot, cores: usize) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        // A count for each core: calls of one process on several cores do not wait for each other.
        let counts = Map::new(Kind::PerCpuHash, (4, 8), PROCESSES, cores)?;
        let code = program(counts.fd()).map_err(io::Error::other)?;
        let program = program::run("pscope_count", &code, At::RawTracepoint(c"sys_enter"))?;
        Ok(Self {
            counts,
            _program: program,
        })
    }

    /// What was counted until now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self) -> io::Result<Counts> {
        let mut by = HashMap::new();
        self.counts.all(false, |key, cores| {
            if let Ok(pid) = key.try_into().map(u32::from_ne_bytes) {
                let of_cores = (0..cores.len()).step_by(8);
                let calls = of_cores.filter_map(|at| map::word(cores, at)).sum();
                by.insert(Pid(pid), calls);
            }
        })?;
        Ok(Counts {
            at: clock::now(),
            full: by.len() >= PROCESSES,
            by,
        })
    }

    /// Forgets a process that is gone.
    pub fn forget(&self, pid: Pid) {
        // Somebody else may have taken it out; then it is out.
        let _ = self.counts.remove(&pid.0.to_ne_bytes());
    }
}

/// At `sys_enter`: one more for the process. The kernel runs no program twice at once on a core, so that adding needs no lock.
fn program(counts: i32) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, known) = (a.label(), a.label());
    a.call(Helper::GetCurrentPidTgid);
    a.op(Op::Rsh, R0, 32);
    a.store(Width::Word, (R10, PROCESS), R0);
    a.find(counts, PROCESS);
    a.jump_if(If::Ne, R0, 0, known);
    a.store(Width::Double, (R10, FIRST), 0);
    // Another core may be the first as well: then both find what is there.
    a.begin_with(counts, PROCESS, FIRST);
    a.find(counts, PROCESS);
    a.jump_if(If::Eq, R0, 0, out);
    a.place(known);
    a.load(Width::Double, R1, (R0, 0));
    a.op(Op::Add, R1, 1);
    a.store(Width::Double, (R0, 0), R1);
    a.place(out);
    a.done();
    a.finish()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::process::{Command, Stdio};

    use super::*;

    /// A program that hands on a byte at a time: each costs it two calls.
    #[test]
    fn the_calls_of_another_process_are_counted_to_the_last() {
        let root = ProcRoot::live();
        let counts = match CallCounts::begin(&root, crate::sys::machine::cores::possible(&root)) {
            Ok(counts) => counts,
            Err(refused) => return println!("skipped: {refused}"),
        };
        let mut cat = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cat");
        let pid = Pid(cat.id());
        let mut to = cat.stdin.take().expect("piped");
        let mut from = cat.stdout.take().expect("piped");
        let mut round = || {
            to.write_all(&[7]).expect("it reads");
            from.read_exact(&mut [0]).expect("it writes");
        };
        // It has begun.
        round();
        let before = settled(&counts, pid);
        (0..1000).for_each(|_| round());
        let after = settled(&counts, pid);
        // Each byte is read, written, and the next one read.
        assert_eq!(after - before, 2000);
        assert!(!counts.read().expect("it reads").full);
        counts.forget(pid);
        let again = counts.read().expect("it reads");
        assert_eq!(again.by.get(&pid), None, "it is forgotten");
        let me = again.by.get(&Pid(std::process::id()));
        assert!(me.is_some_and(|calls| *calls > 2000));
        drop(to);
        cat.wait().expect("it ends");
    }

    /// What is counted of one who waits for more: it is in its next call when that is.
    fn settled(counts: &CallCounts, pid: Pid) -> u64 {
        let waits = format!("{} ", libc::SYS_read);
        let call = format!("/proc/{}/syscall", pid.0);
        while !std::fs::read_to_string(&call).is_ok_and(|told| told.starts_with(&waits)) {
            std::thread::yield_now();
        }
        let now = counts.read().expect("it reads");
        now.by.get(&pid).copied().expect("it called")
    }
}
