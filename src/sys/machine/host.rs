//! Facts of the machine that stay while it runs: name, kernel, units, boot time, highest pid.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use nix::sys::utsname::{UtsName, uname};

use super::{cores, topology, zone};
use crate::model::id::Nanos;
use crate::model::sample::Machine;
use crate::model::text::SafeText;
use crate::model::zone::Zone;
use crate::sys::root::ProcRoot;
use crate::sys::{clock, fields};

/// Reads them; what is missing is empty or a customary value.
pub fn read(root: &ProcRoot) -> Machine {
    let file = |name: &str| std::fs::read(root.proc(name)).unwrap_or_default();
    let text = |name: &str| SafeText::from_bytes(file(name).trim_ascii());
    // The same comes with a call that nobody can refuse.
    let asked = root.is_live().then(|| uname().ok()).flatten();
    let told = |text: SafeText, of: fn(&UtsName) -> &OsStr| match &asked {
        Some(asked) if text.is_empty() => SafeText::from_bytes(of(asked).as_bytes()),
        _ => text,
    };
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
        host: told(text("sys/kernel/hostname"), UtsName::nodename),
        kernel: told(text("sys/kernel/osrelease"), UtsName::release),
        ticks_per_second,
        page_size,
        boot_unix_ms,
        pid_max: fields::number(&file("sys/kernel/pid_max")).map_or(4_194_304, |n| n as u32),
        zone: if root.is_live() {
            let boot = (boot_unix_ms / 1000) as i64;
            let now = boot + clock::since_boot().seconds() as i64;
            zone::read(root, std::env::var("TZ").ok().as_deref(), boot, now)
        } else {
            Zone::default()
        },
        topology: topology::read(root),
    }
}

/// How long the machine was up at a moment, suspended time included: on the clock that start times of processes are of. It comes with a
/// call that nobody can refuse; containers replace the file (`/proc/uptime`), and would make everybody younger.
pub fn up(root: &ProcRoot, at: Nanos) -> Option<Nanos> {
    if root.is_live() {
        // Whoever reads ten thousand processes and waits for a core meanwhile comes here seconds later.
        let late = clock::now().since(at);
        return Some(clock::since_boot().since(late));
    }
    uptime(&std::fs::read(root.proc("uptime")).ok()?)
}

/// Parses the first number of `b"1609.52 2936.10\n"`: seconds since boot, suspended time included.
pub fn uptime(text: &[u8]) -> Option<Nanos> {
    let (seconds, rest) = fields::unsigned(text)?;
    let hundredths = rest.strip_prefix(b".").and_then(fields::number);
    Some(Nanos(seconds.saturating_mul(1_000_000_000).saturating_add(
        hundredths.unwrap_or(0).min(99) * 10_000_000,
    )))
}

/// When the kernel booted, where the clock was set since that was read.
pub fn booted_anew(root: &ProcRoot, machine: &Machine) -> Option<u64> {
    let boot = root.is_live().then(clock::boot_unix_ms)?;
    (boot.abs_diff(machine.boot_unix_ms) >= CLOCK_SET_MS).then_some(boot)
}

/// A clock that is kept right is moved by less than this between two looks.
const CLOCK_SET_MS: u64 = 1000;

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

    #[test]
    fn reads_how_long_it_is_up() {
        assert_eq!(uptime(b"1609.52 2936.10\n"), Some(Nanos(1_609_520_000_000)));
        assert_eq!(uptime(b"-\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = uptime(&bytes);
        }
    }
}
