//! The kernel's clocks, `clock_gettime(2)`: one for spans, one that also counts suspended time, one for the calendar.

use nix::time::{ClockId, clock_gettime};

use crate::model::id::{Nanos, Ticks};

/// Now on `CLOCK_MONOTONIC`, in which every span is measured.
pub fn now() -> Nanos {
    read(ClockId::CLOCK_MONOTONIC)
}

/// Time since boot on `CLOCK_BOOTTIME`, in which processes' start times are told.
pub fn since_boot() -> Nanos {
    read(ClockId::CLOCK_BOOTTIME)
}

/// The calendar's time on `CLOCK_REALTIME`, since the Unix epoch.
pub fn real() -> Nanos {
    read(ClockId::CLOCK_REALTIME)
}

/// Time on a core of the calling thread, `CLOCK_THREAD_CPUTIME_ID`: what work costs, whatever the machine does beside it.
pub fn of_thread() -> Nanos {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// Atomic time on `CLOCK_TAI`, which is the calendar's without leap seconds; the calendar's where nobody told the kernel.
pub fn atomic() -> Nanos {
    read(ClockId::CLOCK_TAI)
}

/// How many of the ticks in which `stat` counts make a second.
pub fn ticks_per_second() -> u64 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK);
    let ticks = ticks.ok().flatten().and_then(|t| u64::try_from(t).ok());
    ticks.unwrap_or(100).max(1)
}

/// Ticks of `stat` as a span, or a moment after boot.
pub fn of_ticks(ticks: Ticks) -> Nanos {
    Nanos((u128::from(ticks.0) * 1_000_000_000 / u128::from(ticks_per_second())) as u64)
}

/// When the kernel booted, in milliseconds after the Unix epoch, as the calendar stands now.
pub fn boot_unix_ms() -> u64 {
    /// Between two clocks somebody else may get the core; the closest of some readings counts, so that every report says the
    /// same of when a process began.
    const READINGS: usize = 16;
    let closest = (0..READINGS)
        .map(|_| {
            let (before, real, after) = (since_boot(), real(), since_boot());
            (
                after.since(before),
                real.since(Nanos(before.0.midpoint(after.0))),
            )
        })
        .min();
    closest.map_or(0, |(_, boot)| boot.0 / 1_000_000)
}

/// A moment of [`now`] on the calendar, in milliseconds after the Unix epoch.
pub fn unix_ms(at: Nanos) -> u64 {
    real().since(now().since(at)).0 / 1_000_000
}

fn read(clock: ClockId) -> Nanos {
    // Every Linux since 2.6.39 has these three clocks; a failure would read as the epoch, and spans saturate.
    clock_gettime(clock).map_or(Nanos(0), |t| {
        Nanos((t.tv_sec() as u64).saturating_mul(1_000_000_000) + t.tv_nsec() as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_agree() {
        let (mono, boot) = (now(), since_boot());
        assert!(mono.0 > 0 && boot >= mono && now() >= mono);
        assert!(boot_unix_ms() > 946_684_800_000, "after the year 2000");
    }
}
