//! How long a process has had a core in its life, and its ended children: `/proc/PID/stat`, which the kernel brings up to date
//! whoever asks.

use crate::model::id::{Nanos, Pid, ProcId, Ticks};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::spent::kin::Life;
use crate::sys::clock;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;

/// That of a process, and its parent.
///
/// # Errors
/// `Gone` when it has ended and was waited for.
pub fn life(root: &ProcRoot, of: ProcId) -> Reading<(Life, Pid)> {
    let text = root.read(format!("{}/stat", of.pid))?;
    let line = proc_stat::parse(&text, 1).ok_or(Missing::Gone)?;
    if line.start != of.start {
        return Err(Missing::Gone);
    }
    let life = Life {
        own: clock::of_ticks(line.stat.cpu_time()),
        children: clock::of_ticks(line.stat.children),
    };
    Ok((life, line.stat.ppid))
}

/// Since when a task that began so many ticks after boot is there, `CLOCK_MONOTONIC`.
pub fn began(start: Ticks) -> Nanos {
    let ago = clock::since_boot().since(clock::of_ticks(start));
    clock::now().since(ago)
}
