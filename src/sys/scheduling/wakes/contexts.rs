//! In which interrupt each core is: programs where interrupts begin and end, so that what they do is never told of the thread
//! that they came upon.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use super::programs::{self, Context};
use super::{CONTEXT, CORES};
use crate::sys::bpf::btf::{self, Task};
use crate::sys::bpf::map::Shared;
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::root::ProcRoot;

/// Where interrupts end and begin. Which of them there are depends on the machine; the first four are everywhere. Ends come
/// first: one whose end is not heard would be taken for what wakes everybody, until the next of its kind on that core.
const CONTEXTS: [(&CStr, Context, bool); 14] = [
    (c"irq_handler_exit", Context::Interrupt, false),
    (c"irq_handler_entry", Context::Interrupt, true),
    (c"softirq_exit", Context::Soft, false),
    (c"softirq_entry", Context::Soft, true),
    (c"local_timer_exit", Context::Timer, false),
    (c"local_timer_entry", Context::Timer, true),
    (c"reschedule_exit", Context::Core, false),
    (c"reschedule_entry", Context::Core, true),
    (c"call_function_exit", Context::Core, false),
    (c"call_function_entry", Context::Core, true),
    (c"call_function_single_exit", Context::Core, false),
    (c"call_function_single_entry", Context::Core, true),
    (c"irq_work_exit", Context::Core, false),
    (c"irq_work_entry", Context::Core, true),
];
const EVERYWHERE: usize = 4;

/// Where threads have their numbers in this kernel.
///
/// # Errors
/// Where it does not tell its types.
pub(super) fn task(root: &ProcRoot) -> io::Result<Task> {
    btf::task(root).ok_or_else(|| io::Error::other("this kernel does not tell its types (BTF)"))
}

/// Follows interrupts until it is dropped.
#[derive(Debug)]
pub(super) struct Contexts {
    cores: Shared,
    _programs: Vec<Running>,
}

impl Contexts {
    /// Begins to follow them.
    ///
    /// # Errors
    /// Without the right.
    pub fn begin(root: &ProcRoot) -> Result<Self, Refused> {
        let cores = Shared::new(CORES * CONTEXT)?;
        // Where what is left of interrupts runs in threads that lose their cores (PREEMPT_RT), threads are what wakes.
        let threaded = root.sys("kernel/realtime").exists();
        let mut running = Vec::new();
        for (n, (name, what, begins)) in CONTEXTS.into_iter().enumerate() {
            if threaded && matches!(what, Context::Soft) {
                continue;
            }
            let code = programs::context(what, begins, cores.fd()).map_err(io::Error::other)?;
            match program::run("pscope_context", &code, At::RawTracepoint(name)) {
                Ok(program) => running.push(program),
                Err(refused) if n < EVERYWHERE => return Err(refused),
                Err(_) => {}
            }
        }
        Ok(Self {
            cores,
            _programs: running,
        })
    }

    /// Its memory, for programs.
    pub fn fd(&self) -> RawFd {
        self.cores.fd()
    }
}
