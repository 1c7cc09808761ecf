//! Programs that the kernel has taken, and where they are attached (`bpf(2)`, "BPF programs").
#![expect(unsafe_code, reason = "a structure for bpf(2) with addresses in it")]

use std::ffi::CStr;
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use super::LICENCE;
use super::assembler::Instruction;
use super::call::{self, Argument, Command};

/// Where a program is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At a raw tracepoint, with the arguments that the kernel gives it: addresses are mere numbers.
    RawTracepoint(&'static CStr),
    /// The same, but the kernel knows by its own description what the arguments are, so that they can be followed: the type
    /// `btf_trace_NAME` has this number.
    TypedTracepoint(u32),
}

/// `BPF_PROG_TYPE_RAW_TRACEPOINT`, `BPF_PROG_TYPE_TRACING`, `BPF_TRACE_RAW_TP`.
const RAW_TRACEPOINT: u32 = 17;
const TRACING: u32 = 26;
const TRACE_RAW_TP: u32 = 23;

/// Bytes of the verifier's log that are looked at.
const LOG: usize = 1 << 16;

#[repr(C)]
#[derive(Default)]
struct Load {
    kind: u32,
    count: u32,
    code: u64,
    licence: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    attach: u32,
    btf: u32,
    function_size: u32,
    functions: u64,
    function_count: u32,
    line_size: u32,
    lines: u64,
    line_count: u32,
    attach_type: u32,
    attach_program: u32,
    relocations: u32,
}

// SAFETY: the addresses are those of a slice, a string and a buffer with the lengths told, which outlive the call.
unsafe impl Argument for Load {}

#[repr(C)]
struct Attach {
    name: u64,
    program: u32,
    unused: u32,
}

// SAFETY: the name is 0 or the address of a string that outlives the call.
unsafe impl Argument for Attach {}

/// Why a program is not running.
#[derive(Debug)]
pub struct Refused {
    /// What the kernel answered.
    pub error: io::Error,
    /// What the verifier said last; empty where it was not asked.
    pub said: String,
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        let said = String::new();
        Self { error, said }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::why(&self.error))?;
        if self.said.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.said)
    }
}

impl std::error::Error for Refused {}

/// A program that runs until this is dropped.
#[derive(Debug)]
pub struct Running {
    _link: OwnedFd,
    _program: OwnedFd,
}

/// Has a program verified, translated, and run at this place from now on.
///
/// # Errors
/// `EPERM` without the right; `EACCES` and `EINVAL` for a program that the verifier does not take, with what it said.
pub fn run(name: &str, code: &[Instruction], at: At) -> Result<Running, Refused> {
    let program = load(name, code, at)?;
    let mut attach = Attach {
        name: match at {
            At::RawTracepoint(name) => call::address(name.as_ptr()),
            At::TypedTracepoint(_) => 0,
        },
        program: program.as_raw_fd() as u32,
        unused: 0,
    };
    let link = call::open(Command::RawTracepointOpen, &mut attach)?;
    Ok(Running {
        _link: link,
        _program: program,
    })
}

fn load(name: &str, code: &[Instruction], at: At) -> Result<OwnedFd, Refused> {
    let (kind, attach, attach_type) = match at {
        At::RawTracepoint(_) => (RAW_TRACEPOINT, 0, 0),
        At::TypedTracepoint(id) => (TRACING, TRACE_RAW_TP, id),
    };
    let mut load = Load {
        kind,
        count: code.len() as u32,
        code: call::address(code.as_ptr()),
        licence: call::address(LICENCE.as_ptr()),
        name: call::name(name),
        attach,
        attach_type,
        ..Load::default()
    };
    let error = match call::open(Command::ProgLoad, &mut load) {
        Ok(program) => return Ok(program),
        Err(error) => error,
    };
    if !matches!(error.raw_os_error(), Some(libc::EACCES | libc::EINVAL)) {
        return Err(error.into());
    }
    // Only now: a log costs the kernel time and us memory.
    let mut log = vec![0_u8; LOG];
    (load.log_level, load.log_size) = (1, LOG as u32);
    load.log = call::address(log.as_mut_ptr());
    match call::open(Command::ProgLoad, &mut load) {
        Ok(program) => Ok(program),
        Err(error) => Err(Refused {
            said: last_line(&log),
            error,
        }),
    }
}

/// What the verifier complained of: its last line but the counts that it ends with.
fn last_line(log: &[u8]) -> String {
    let end = log.iter().position(|b| *b == 0).unwrap_or(log.len());
    let text = String::from_utf8_lossy(&log[..end]);
    let told = |line: &&str| !line.trim().is_empty() && !line.starts_with("processed ");
    let last = text.lines().rev().find(told);
    last.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
