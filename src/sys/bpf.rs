//! Small programs that run inside of the kernel (`bpf(2)`): assembled, loaded and attached by us, with no compiler, no object
//! file and no library.
//!
//! Allowed to root, and with `CAP_BPF` and `CAP_PERFMON`. Everything that was opened is closed on drop: nothing is pinned, and
//! nothing stays behind when pscope ends, however it ends.

pub mod assembler;
pub mod btf;
mod call;
pub mod map;
pub mod program;
pub mod registers;
pub mod spread;

use std::io;

use assembler::{Assembler, Reg};
use map::Shared;
use program::At;

/// Under which terms our programs are offered to the kernel, which takes this as compatible with its own: only then may they
/// look into its structures. LICENSE-MIT and the README say so too.
pub const LICENCE: &std::ffi::CStr = c"Dual MIT/GPL";

/// Whether the kernel takes a program of ours and runs it at a switch; it does nothing, and is gone when this returns.
///
/// # Errors
/// As the kernel says.
pub fn allowed() -> io::Result<()> {
    Shared::new(1 << 16)?;
    let mut nothing = Assembler::default();
    nothing.mov(Reg::R0, 0);
    nothing.exit();
    let code = nothing.finish().map_err(io::Error::other)?;
    let running = program::run("pscope_try", &code, At::RawTracepoint(c"sched_switch"));
    running.map(drop).map_err(|refused| refused.error)
}

/// Why the kernel refuses and what would help, in one sentence.
pub fn why(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOSYS) => "this kernel has no bpf(2)".to_owned(),
        Some(libc::EPERM | libc::EACCES) => {
            "programs in the kernel need CAP_BPF and CAP_PERFMON, or root".to_owned()
        }
        _ => format!("bpf: {error}"),
    }
}
