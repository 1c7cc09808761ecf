//! Calls that stand for others: one that goes on after a stop, and those that 32-bit programs make through one number.

/// The call that is meant, and its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub args: [u64; 6],
}

/// `socketcall(2)` by number, from 1 on.
const SOCKET_CALLS: [&str; 20] = [
    "socket",
    "bind",
    "connect",
    "listen",
    "accept",
    "getsockname",
    "getpeername",
    "socketpair",
    "send",
    "recv",
    "sendto",
    "recvfrom",
    "shutdown",
    "setsockopt",
    "getsockopt",
    "sendmsg",
    "recvmsg",
    "accept4",
    "recvmmsg",
    "sendmmsg",
];

/// The call behind a call. `function` is where the kernel sleeps; `memory` reads so many bytes of the thread's.
///
/// A wait with a time that a stop interrupted goes on as `restart_syscall(2)`, whose registers still hold the arguments
/// of the first; which it was, the kernel's function tells. `ipc(2)` has its number first, `socketcall(2)` an array.
pub fn meant(
    name: &'static str,
    args: [u64; 6],
    function: Option<&str>,
    memory: &dyn Fn(u64, usize) -> Option<Vec<u8>>,
) -> Meant {
    let same = Meant { name, args };
    match name {
        "restart_syscall" => Meant {
            name: function.map_or(name, |f| restarted(f, args)),
            args,
        },
        "socketcall" => socket_call(args, memory).unwrap_or(same),
        "ipc" => ipc(args).unwrap_or(same),
        _ => same,
    }
}

fn restarted(function: &str, args: [u64; 6]) -> &'static str {
    if function.starts_with("futex_") {
        return "futex";
    }
    if function.starts_with("poll_schedule") || function.starts_with("do_sys_poll") {
        return "poll";
    }
    // Only sleeps are left; their own function may be a part of another, and then its caller is told.
    // A clock is a small number, or a negative one for the time that a process uses; a time is an address.
    // The first 32 bits of a negative one may stand alone.
    let [id, flags, time, ..] = args;
    let negative = id as u32 >> 31 == 1 && matches!(id >> 32, 0 | 0xffff_ffff);
    if id < 4096 || negative && flags == 0 && time >= 4096 {
        "clock_nanosleep"
    } else {
        "nanosleep"
    }
}

fn socket_call(args: [u64; 6], memory: &dyn Fn(u64, usize) -> Option<Vec<u8>>) -> Option<Meant> {
    let number = usize::try_from(args[0].checked_sub(1)?).ok()?;
    let name = SOCKET_CALLS.get(number)?;
    let bytes = memory(args[1], 12)?;
    let (words, _) = bytes.as_chunks::<4>();
    let mut real = [0; 6];
    for (to, word) in real.iter_mut().zip(words) {
        *to = u64::from(u32::from_ne_bytes(*word));
    }
    Some(Meant { name, args: real })
}

fn ipc(args: [u64; 6]) -> Option<Meant> {
    let [call, first, second, third, pointer, fifth] = args;
    let (name, args) = match call & 0xffff {
        1 => ("semop", [first, pointer, second, 0, 0, 0]),
        4 => ("semtimedop", [first, pointer, second, fifth, 0, 0]),
        11 => ("msgsnd", [first, pointer, second, third, 0, 0]),
        12 => ("msgrcv", [first, pointer, second, fifth, third, 0]),
        _ => return None,
    };
    Some(Meant { name, args })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(of: &'static str, args: [u64; 6], function: &str) -> &'static str {
        meant(of, args, Some(function), &|_, _| None).name
    }

    #[test]
    fn a_wait_that_goes_on_is_what_it_was() {
        let restart = |args, function| name("restart_syscall", args, function);
        assert_eq!(
            restart([0x7f00_0000, 0x80, 5, 0, 0, 0], "futex_do_wait"),
            "futex"
        );
        assert_eq!(
            restart([0x7f00_0000, 1, 7, 0, 0, 0], "poll_schedule_timeout"),
            "poll"
        );
        let (at, none) = (0x7ffc_1234_5678, 0);
        assert_eq!(
            restart([at, at, 0, 0, 0, 0], "hrtimer_nanosleep"),
            "nanosleep"
        );
        assert_eq!(
            restart([0x5660_1000, 0, 0, 0, 0, 0], "hrtimer_nanosleep"),
            "nanosleep"
        );
        assert_eq!(
            restart([1, none, at, at, 0, 0], "hrtimer_nanosleep"),
            "clock_nanosleep"
        );
        let of_a_process = (-6_i64) as u64;
        assert_eq!(
            restart([of_a_process, none, at, 0, 0, 0], "do_cpu_nanosleep"),
            "clock_nanosleep"
        );
        assert_eq!(
            restart([0, 0, at, 0, 0, 0], "do_syscall_64"),
            "clock_nanosleep"
        );
        let hidden = meant("restart_syscall", [0; 6], None, &|_, _| None);
        assert_eq!(hidden.name, "restart_syscall");
        assert_eq!(name("read", [0; 6], "futex_do_wait"), "read");
    }

    #[test]
    fn a_sleep_that_goes_on_is_told_by_what_a_clock_may_be() {
        let (at, other) = (0x7ffc_1234_5678, "nanosleep");
        let (of_a_process, negative) = ((-6_i64) as u64, 0xffff_fffa);
        for (id, flags, time, call) in [
            (4095, at, 0, "clock_nanosleep"),
            (4096, 0, at, other),
            (of_a_process, 0, at, "clock_nanosleep"),
            (negative, 0, 4096, "clock_nanosleep"),
            (negative, 0, 4095, other),
            (negative, 1, at, other),
            (0x5660_1000, 0, at, other),
            (0x7ffc_8234_5678, 0, at, other),
        ] {
            let args = [id, flags, time, 0, 0, 0];
            let told = name("restart_syscall", args, "hrtimer_nanosleep");
            assert_eq!(told, call, "{id:#x} {flags:#x} {time:#x}");
        }
    }

    #[test]
    fn calls_of_32_bits_through_one_number() {
        let memory = |at: u64, length: usize| {
            let words = [5_u32, 0x5000, 16].iter().flat_map(|w| w.to_ne_bytes());
            (at == 0x1000).then(|| words.take(length).collect())
        };
        let told = meant("socketcall", [10, 0x1000, 0, 0, 0, 0], None, &memory);
        assert_eq!((told.name, told.args[0], told.args[1]), ("recv", 5, 0x5000));
        let told = meant("socketcall", [99, 0x1000, 0, 0, 0, 0], None, &memory);
        assert_eq!(told.name, "socketcall");
        let told = meant("ipc", [1, 7, 1, 0, 0x2000, 0], None, &memory);
        assert_eq!(
            (told.name, told.args[..3].to_vec()),
            ("semop", vec![7, 0x2000, 1])
        );
        let told = meant("ipc", [0x1_000c, 8, 10, 0, 0x2000, 0], None, &memory);
        assert_eq!((told.name, told.args[0]), ("msgrcv", 8));
    }
}
