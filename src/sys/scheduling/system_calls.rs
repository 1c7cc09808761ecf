//! Names of system calls by number, for the processes that this kernel runs: its own word size and the smaller one.

/// The name of a system call; `wide` is whether the process has 64-bit words.
pub fn name(number: u64, wide: bool) -> Option<&'static str> {
    let number = usize::try_from(number).ok()?;
    if wide == cfg!(target_pointer_width = "64") {
        return syscalls::Sysno::new(number).map(|s| s.name());
    }
    narrow(number)
}

/// The table of 32-bit processes on a 64-bit kernel.
#[cfg(target_arch = "x86_64")]
fn narrow(number: usize) -> Option<&'static str> {
    syscalls::x86::Sysno::new(number).map(|s| s.name())
}

/// The table of 32-bit processes on a 64-bit kernel.
#[cfg(target_arch = "aarch64")]
fn narrow(number: usize) -> Option<&'static str> {
    syscalls::arm::Sysno::new(number).map(|s| s.name())
}

/// No table: the number itself is shown.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn narrow(_: usize) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_the_c_library_numbers() {
        assert_eq!(
            name(libc::SYS_futex as u64, cfg!(target_pointer_width = "64")),
            Some("futex")
        );
        assert_eq!(
            name(libc::SYS_ppoll as u64, cfg!(target_pointer_width = "64")),
            Some("ppoll")
        );
        assert_eq!(name(u64::MAX, true), None);
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn a_32_bit_process_has_its_own_table() {
        assert_eq!(name(162, false), Some("nanosleep"));
        assert_eq!(name(142, false), Some("_newselect"));
        assert_eq!(name(422, false), Some("futex_time64"));
        assert_eq!(name(162, true), Some("sync"));
    }
}
