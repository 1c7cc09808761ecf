//! `/proc/PID/stat` and `/proc/PID/task/TID/stat`: the counters of one task, `proc_pid_stat(5)`.

use crate::model::id::{Bytes, CpuId, Pid, Ticks};
use crate::model::process::stat::{Stat, State};
use crate::sys::fields;

/// One line of `stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number at its front.
    pub number: u32,
    /// The name as the kernel keeps it: any bytes, at most 15 of a program's choice (longer for kernel workers).
    pub name: &'a [u8],
    /// When the task started, in ticks after boot.
    pub start: Ticks,
    /// The rest.
    pub stat: Stat,
}

/// Parses `b"42 (a) b) S 1 42 42 0 -1 4194304 95 0 0 0 1 2 0 0 20 0 1 0 1234 4096 25 …"`.
///
/// The name may hold anything, `)` and newlines too, so it ends at the last `)`. Fields after the start time may be
/// missing and are zero then; without a start time there is no identity, and so no line.
pub fn parse(text: &[u8], page_size: u64) -> Option<Line<'_>> {
    let open = text.iter().position(|b| *b == b'(')?;
    let close = text.iter().rposition(|b| *b == b')')?;
    let name = text.get(open + 1..close)?;
    let (number, _) = fields::unsigned(text)?;
    let rest = text[close + 1..].trim_ascii_start();
    let (&letter, rest) = rest.split_first()?;
    let mut line = Line {
        number: u32::try_from(number).ok()?,
        name,
        start: Ticks(0),
        stat: Stat {
            state: State::from_letter(letter),
            ..Stat::default()
        },
    };
    (fill(&mut line, rest, page_size) > START).then_some(line)
}

/// The index of the start time in the manual page.
const START: u32 = 22;
/// The index of the last field that is read.
const LAST: u32 = 42;

/// Reads the numbers from field 4 on; answers with the index of the first that is not there.
fn fill(line: &mut Line<'_>, mut rest: &[u8], page_size: u64) -> u32 {
    let stat = &mut line.stat;
    for index in 4..=LAST {
        while let [b' ', tail @ ..] = rest {
            rest = tail;
        }
        let Some((signed, tail)) = fields::signed(rest) else {
            return index;
        };
        rest = tail;
        let n = signed as u64;
        match index {
            4 => stat.ppid = Pid(n as u32),
            5 => stat.group = Pid(n as u32),
            6 => stat.session = Pid(n as u32),
            7 => stat.tty = n as u32,
            9 => stat.flags = n as u32,
            10 => stat.minor_faults = n,
            11 => stat.child_faults = n,
            12 => stat.major_faults = n,
            14 => stat.user = Ticks(n),
            15 => stat.system = Ticks(n),
            // Signed in the kernel's format; below zero it would be nonsense.
            16 | 17 => stat.children.0 = stat.children.0.saturating_add(signed.max(0) as u64),
            18 => stat.priority = signed as i32,
            19 => stat.nice = signed as i32,
            20 => stat.threads = n as u32,
            START => line.start = Ticks(n),
            23 => stat.virtual_size = Bytes(n),
            24 => stat.resident = Bytes(n.saturating_mul(page_size)),
            39 => stat.processor = CpuId(n as u32),
            40 => stat.rt_priority = n as u32,
            41 => stat.policy = n as u32,
            LAST => stat.block_delay = Ticks(n),
            _ => {}
        }
    }
    LAST + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAT: &[u8] = b"18 (cat) R 2 18 2 34816 18 4194304 98 7 3 4 5 6 8 9 39 19 1 0 1379 2703360 357 18446744073709551615 \
        94 95 140 0 0 0 0 0 0 0 0 0 17 3 50 1 77 0 0 0 0 0 0 0 0 0 0\n";

    #[test]
    fn reads_every_field() {
        let line = parse(CAT, 4096).expect("a whole line");
        assert_eq!(
            (line.number, line.name, line.start),
            (18, &b"cat"[..], Ticks(1379))
        );
        let expected = Stat {
            state: State::Running,
            first_ended: false,
            ppid: Pid(2),
            group: Pid(18),
            session: Pid(2),
            tty: 34816,
            flags: 4_194_304,
            minor_faults: 98,
            child_faults: 7,
            major_faults: 3,
            user: Ticks(5),
            system: Ticks(6),
            children: Ticks(17),
            priority: 39,
            nice: 19,
            threads: 1,
            virtual_size: Bytes(2_703_360),
            resident: Bytes(357 * 4096),
            processor: CpuId(3),
            rt_priority: 50,
            policy: 1,
            block_delay: Ticks(77),
        };
        assert_eq!(line.stat, expected);
    }

    #[test]
    fn a_name_may_look_like_the_rest() {
        let line = parse(
            b"7 (a) R 1 (\n) S 1 0 0 0 -1 0 0 0 0 0 0 0 0 0 -2 -20 1 0 9",
            4096,
        )
        .expect("a whole line");
        assert_eq!(line.name, b"a) R 1 (\n");
        assert_eq!(line.stat.state, State::Sleeping);
        assert_eq!((line.stat.ppid, line.start), (Pid(1), Ticks(9)));
        assert_eq!((line.stat.priority, line.stat.nice), (-2, -20));
        assert_eq!(
            line.stat.virtual_size,
            Bytes(0),
            "later fields may be missing"
        );
    }

    #[test]
    fn without_a_start_time_there_is_no_line() {
        for text in [
            &b""[..],
            b"7",
            b"7 (a",
            b"7 )a(",
            b"7 (a)",
            b"7 (a) S",
            b"7 (a) S 1 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0",
            b"99999999999 (a) S 1 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5",
        ] {
            assert_eq!(parse(text, 4096), None, "{}", text.escape_ascii());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes, 4096);
        }

        #[test]
        fn any_name_comes_out_whole(name: Vec<u8>) {
            let mut text = b"7 (".to_vec();
            text.extend_from_slice(&name);
            text.extend_from_slice(b") S 1 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 1 1\n");
            let line = parse(&text, 4096);
            proptest::prop_assert_eq!(line.map(|l| l.name), Some(&name[..]));
        }
    }
}
