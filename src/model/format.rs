//! Numbers as people read them, the same in every pane and report: few digits, a unit, a width that is known.

use super::id::{Bytes, Nanos};

const BINARY: [&str; 7] = ["B", "K", "M", "G", "T", "P", "E"];
const DECIMAL: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// An amount in powers of 1024, at most 5 cells: `0`, `512B`, `132K`, `6.2M`, `48.0M`, `1.20G`, `812G`.
///
/// Kilobytes are whole from 10 on, since memory comes in pages; gigabytes have three digits, since a tenth of one is much.
pub fn bytes(amount: Bytes) -> String {
    if amount.0 == 0 {
        return "0".to_owned();
    }
    let (value, unit) = step(amount.0 as f64, 1024.0);
    let digits = match unit {
        0 => 0,
        1 => usize::from(value < 9.95 && !amount.0.is_multiple_of(1024)),
        2 => usize::from(value < 99.95),
        _ => significant(value),
    };
    format!("{value:.digits$}{}", BINARY[unit])
}

/// A count in powers of 1000, at most 5 cells: `0`, `830`, `1.2k`, `12.4k`, `104k`, `3.1M`.
pub fn count(n: u64) -> String {
    let (value, unit) = step(n as f64, 1000.0);
    let digits = usize::from(unit > 0 && value < 99.95);
    format!("{value:.digits$}{}", DECIMAL[unit])
}

/// A count with the word for what is counted: `1 process`, `4 processes`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    let word = if n == 1 { one } else { many };
    format!("{} {word}", count(n))
}

/// Events a second, at most 5 cells, with a tenth where it matters: `0`, `0.4`, `7.5`, `830`, `12.4k`.
pub fn per_second(rate: f64) -> String {
    if rate < 9.95 {
        let text = format!("{:.1}", rate.max(0.0));
        return if text == "0.0" { "0".to_owned() } else { text };
    }
    count(rate.round() as u64)
}

/// Bytes a second in powers of 1024, at most 8 cells, alike from the least to the most: `0 B/s`, `731 B/s`, `1.8 MB/s`, `117 MB/s`.
pub fn rate(bytes_per_second: f64) -> String {
    let (value, unit) = step(bytes_per_second.max(0.0).round(), 1024.0);
    let digits = usize::from(unit > 0 && value < 9.95);
    let prefix = ["", "K", "M", "G", "T", "P", "E"][unit];
    format!("{value:.digits$} {prefix}B/s")
}

/// Growth in the units of amounts, as it stands beside them: `+1.2M/s`, `-4K/s`.
pub fn growth(bytes_per_second: f64) -> String {
    let sign = if bytes_per_second < 0.0 { "-" } else { "+" };
    format!("{sign}{}/s", bytes(Bytes(bytes_per_second.abs() as u64)))
}

/// A share in percent without its sign, at most 4 cells: `0.0`, `18.3`, `100`, `1600`, `410k`.
pub fn percent(share: f32) -> String {
    let share = share.max(0.0);
    if share < 99.95 {
        format!("{share:.1}")
    } else if share < 9_999.5 {
        format!("{share:.0}")
    } else {
        format!("{:.0}k", share / 1000.0)
    }
}

/// A span in its two largest units, at most 7 cells: `340ns`, `12.0µs`, `4.0ms`, `1.3s`, `42s`, `4m 10s`, `5h 07m`, `3d 2h`, `412d`.
pub fn duration(span: Nanos) -> String {
    let ns = span.0;
    let seconds = ns / 1_000_000_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match ns {
        0 => "0s".to_owned(),
        1..=999 => format!("{ns}ns"),
        1_000..=999_499 => short(ns as f64 / 1e3, "µs"),
        999_500..=999_499_999 => short(ns as f64 / 1e6, "ms"),
        999_500_000..=9_949_999_999 => format!("{:.1}s", ns as f64 / 1e9),
        _ if seconds < 60 => format!("{seconds}s"),
        _ if hours == 0 => format!("{minutes}m {:02}s", seconds % 60),
        _ if days == 0 => format!("{hours}h {:02}m", minutes % 60),
        _ if days < 100 => format!("{days}d {}h", hours % 24),
        _ => format!("{days}d"),
    }
}

/// Time on a core as a clock with hundredths, as top prints it: `0:00.07`, `12:41.30`, `3:07:12`, `41d 7h`.
pub fn clock(span: Nanos) -> String {
    let hundredths = span.0 / 10_000_000;
    let seconds = hundredths / 100;
    match seconds {
        0..3_600 => format!(
            "{}:{:02}.{:02}",
            seconds / 60,
            seconds % 60,
            hundredths % 100
        ),
        3_600..86_400 => format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
        _ => duration(span),
    }
}

fn short(value: f64, unit: &str) -> String {
    let digits = usize::from(value < 99.95);
    format!("{value:.digits$}{unit}")
}

/// Scales down until three digits are enough; the number of steps chooses the unit.
fn step(mut value: f64, base: f64) -> (f64, usize) {
    let mut unit = 0;
    while value >= 999.5 && unit < BINARY.len() - 1 {
        value /= base;
        unit += 1;
    }
    (value, unit)
}

fn significant(value: f64) -> usize {
    if value < 9.995 {
        2
    } else {
        usize::from(value < 99.95)
    }
}

/// Megabits a second as people say them: `10 Gbit/s`.
pub fn bit_rate(mbit: u32) -> String {
    if mbit >= 1000 && mbit.is_multiple_of(1000) {
        format!("{} Gbit/s", mbit / 1000)
    } else {
        format!("{mbit} Mbit/s")
    }
}

/// Names of the standard signals by number, of 1 first, as on every architecture of the `asm-generic` table (`signal(7)`).
pub const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The first real-time signal that programs may use; the C library keeps 32 and 33 to itself.
pub const RT_MIN: u8 = 34;
/// The last real-time signal.
pub const RT_MAX: u8 = 64;

/// The name of a signal without `SIG`: `TERM`, `RTMIN+3`, and the bare number for the two that the C library keeps.
pub fn signal_name(number: u8) -> String {
    let standard = usize::from(number)
        .checked_sub(1)
        .and_then(|at| SIGNALS.get(at));
    match (standard, number) {
        (Some(name), _) => (*name).to_owned(),
        (None, RT_MIN) => "RTMIN".to_owned(),
        (None, RT_MAX) => "RTMAX".to_owned(),
        (None, n @ RT_MIN..50) => format!("RTMIN+{}", n - RT_MIN),
        (None, n @ 50..RT_MAX) => format!("RTMAX-{}", RT_MAX - n),
        (None, n) => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_few_digits() {
        let of = |n: u64| bytes(Bytes(n));
        let k = 1024;
        assert_eq!(
            [
                of(0),
                of(512),
                of(1000),
                of(4 * k),
                of(1536),
                of(132 * k),
                of(1023 * k)
            ],
            ["0", "512B", "1.0K", "4K", "1.5K", "132K", "1.0M"]
        );
        assert_eq!(
            [
                of(6_500_000),
                of(48 * k * k),
                of(410 * k * k),
                of(1_288_490_189),
                of(u64::MAX)
            ],
            ["6.2M", "48.0M", "410M", "1.20G", "16.0E"]
        );
    }

    #[test]
    fn what_is_counted_is_one_or_many() {
        let counted = |n| counted(n, "process", "processes");
        assert_eq!(
            [counted(0), counted(1), counted(1200)],
            ["0 processes", "1 process", "1.2k processes"]
        );
    }

    #[test]
    fn counts_and_percents_keep_their_width() {
        assert_eq!(
            [0, 830, 999, 1000, 12_400, 104_000].map(count),
            ["0", "830", "999", "1.0k", "12.4k", "104k"]
        );
        assert_eq!(
            [0.0, 0.04, 0.4, 9.96, 412.0].map(per_second),
            ["0", "0", "0.4", "10", "412"]
        );
        assert_eq!(
            [0.0, 18.34, 99.94, 99.96, 1600.0, 409_600.0].map(percent),
            ["0.0", "18.3", "99.9", "100", "1600", "410k"]
        );
        assert_eq!(
            [0.0, 0.4, 731.0, 1000.0, 12_345.0, 1_900_000.0, 123e6, 5e9].map(rate),
            [
                "0 B/s", "0 B/s", "731 B/s", "1.0 KB/s", "12 KB/s", "1.8 MB/s", "117 MB/s",
                "4.7 GB/s"
            ]
        );
    }

    #[test]
    fn a_number_that_is_rounded_up_has_the_digits_of_the_next() {
        assert_eq!(
            [99_949, 99_950, 999_499, 999_500].map(count),
            ["99.9k", "100k", "999k", "1.0M"]
        );
        assert_eq!(
            [9.94, 9.95, -1.0, 999.5].map(per_second),
            ["9.9", "10", "0", "1.0k"]
        );
        assert_eq!(
            [99.9, 99.95, 9_999.0, 9_999.5].map(percent),
            ["99.9", "100", "9999", "10k"]
        );
        let of = |ns| duration(Nanos(ns));
        assert_eq!(
            [99_949, 99_950, 999_499, 999_500, 999_499_999, 999_500_000].map(of),
            ["99.9µs", "100µs", "999µs", "1.0ms", "999ms", "1.0s"]
        );
        assert_eq!(rate(2e21), "1735 EB/s", "the last unit has no next");
    }

    #[test]
    fn what_grows_and_what_shrinks_bear_their_sign() {
        assert_eq!(
            [0.0, 1_258_291.2, -4096.0].map(growth),
            ["+0/s", "+1.2M/s", "-4K/s"]
        );
    }

    #[test]
    fn a_minute_and_a_hundred_days_begin_where_they_do() {
        let of = |seconds: u64| duration(Nanos(seconds * 1_000_000_000));
        assert_eq!([of(59), of(60)], ["59s", "1m 00s"]);
        assert_eq!(
            [of(100 * 86_400 - 1), of(100 * 86_400)],
            ["99d 23h", "100d"]
        );
        assert_eq!(
            [0, 10, 1000, 1500, 2000].map(bit_rate),
            [
                "0 Mbit/s",
                "10 Mbit/s",
                "1 Gbit/s",
                "1500 Mbit/s",
                "2 Gbit/s"
            ]
        );
    }

    #[test]
    fn spans_have_two_units() {
        let s = 1_000_000_000;
        assert_eq!(
            [
                340,
                12_000,
                4_000_000,
                310_400_000,
                1_300_000_000,
                42 * s,
                250 * s,
                18_421 * s,
                267_000 * s,
                412 * 86_400 * s
            ]
            .map(|n| duration(Nanos(n))),
            [
                "340ns", "12.0µs", "4.0ms", "310ms", "1.3s", "42s", "4m 10s", "5h 07m", "3d 2h",
                "412d"
            ]
        );
        assert_eq!(
            [70_000_000, 761_300_000_000, 11_232 * s].map(|n| clock(Nanos(n))),
            ["0:00.07", "12:41.30", "3:07:12"]
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_wider_than_promised(n: u64) {
            let wide = |text: String| crate::model::text::width(&text);
            proptest::prop_assert!(wide(bytes(Bytes(n))) <= 5);
            proptest::prop_assert!(wide(count(n)) <= 5);
            proptest::prop_assert!(wide(rate(n as f64)) <= 8);
            proptest::prop_assert!(wide(percent(n as f32 / 1000.0)) <= 4 || n > 999_499_000);
            proptest::prop_assert!(wide(duration(Nanos(n))) <= 7);
        }
    }
}
