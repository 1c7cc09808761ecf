//! Facts of the machine that stay while it runs: name, kernel, units, boot time, highest pid.
#![expect(unsafe_code, reason = "localtime_r(3)")]

use super::cores;
use crate::model::sample::Machine;
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;
use crate::sys::{clock, fields};

/// Reads them; what is missing is empty or a customary value.
pub fn read(root: &ProcRoot) -> Machine {
    let file = |name: &str| std::fs::read(root.proc(name)).unwrap_or_default();
    let text = |name: &str| SafeText::from_bytes(file(name).trim_ascii());
    let (ticks_per_second, page_size, boot_unix_ms);
    if root.is_live() {
        ticks_per_second = procfs::ticks_per_second();
        page_size = procfs::page_size();
        boot_unix_ms = clock::boot_unix_ms();
    } else {
        ticks_per_second = 100;
        page_size = 4096;
        boot_unix_ms = cores::boot_time(&file("stat")).unwrap_or(0) * 1000;
    }
    Machine {
        host: text("sys/kernel/hostname"),
        kernel: text("sys/kernel/osrelease"),
        ticks_per_second,
        page_size,
        boot_unix_ms,
        pid_max: fields::number(&file("sys/kernel/pid_max")).map_or(4_194_304, |n| n as u32),
        utc_offset: if root.is_live() { utc_offset() } else { 0 },
    }
}

/// Seconds that the clock on the wall is ahead of UTC now; 0 where the machine names no zone.
fn utc_offset() -> i32 {
    // The C library reads one file, `TZ` or /etc/localtime; a calendar crate reads the names of all zones first.
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_REALTIME);
    let Ok(seconds) = now.map(|t| t.tv_sec()) else {
        return 0;
    };
    // SAFETY: all zeroes are a valid `tm`, whose only pointer is set by the call.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both are ours and live for the call; this program never changes its environment.
    let filled = unsafe { libc::localtime_r(&raw const seconds, &raw mut local) };
    if filled.is_null() {
        0
    } else {
        local.tm_gmtoff as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_this_machine() {
        let machine = read(&ProcRoot::live());
        assert!(machine.page_size >= 4096 && machine.ticks_per_second > 0);
        assert!(!machine.kernel.is_empty() && machine.pid_max > 300);
    }

    #[test]
    fn an_empty_tree_is_no_reason_to_fail() {
        let dir = tempfile::tempdir().expect("a directory");
        let machine = read(&ProcRoot::fixture(dir.path()));
        assert_eq!(machine.ticks_per_second, 100);
        assert_eq!(machine.pid_max, 4_194_304);
    }
}
