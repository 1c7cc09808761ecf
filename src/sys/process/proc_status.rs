//! `/proc/PID/status`: the counters that a table shows, `proc_pid_status(5)`.

use crate::model::id::Bytes;
use crate::model::sample::Status;
use crate::sys::fields;

/// Parses lines such as `b"VmSwap:\t      12 kB\nvoluntary_ctxt_switches:\t7\n"`.
///
/// Kernel threads and zombies have no memory, and so no swap. The switches are those of the first thread.
pub fn parse(text: &[u8]) -> Status {
    let mut status = Status::default();
    for (key, value) in fields::pairs(text) {
        let number = || fields::number(value).unwrap_or_default();
        match key {
            b"VmSwap" => status.swap = Bytes::from_kib(number()),
            b"voluntary_ctxt_switches" => status.voluntary = number(),
            b"nonvoluntary_ctxt_switches" => status.involuntary = number(),
            _ => {}
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_table_shows() {
        let text =
            b"Name:\tVmSwap: 9\\nx\nState:\tS (sleeping)\nVmSwap:\t      12 kB\nThreads:\t1\n\
            voluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t3\n";
        let expected = Status {
            voluntary: 7,
            involuntary: 3,
            swap: Bytes(12 << 10),
        };
        assert_eq!(parse(text), expected);
        assert_eq!(parse(b""), Status::default());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
