//! `/proc/sysvipc/msg`: System V message queues with who sent and who took last, and `/proc/sysvipc/sem`: semaphores. `sysvipc(7)`, `proc_sysvipc(5)`.

use crate::model::id::Pid;
use crate::sys::fields;

/// One queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// By what programs find it; 0 for one that has none (`IPC_PRIVATE`).
    pub key: u32,
    /// Its number.
    pub id: u64,
    /// Bytes that wait.
    pub bytes: u64,
    /// Messages that wait.
    pub messages: u64,
    /// Who sent last; 0 for nobody, and for whoever has no number here.
    pub sender: Pid,
    /// Who took last; 0 for nobody, and for whoever has no number here.
    pub receiver: Pid,
    /// When was sent last, in seconds since 1970; 0 for never.
    pub sent: u64,
    /// When was taken last; 0 for never.
    pub taken: u64,
}

/// Parses `         0          0   644           12          1   812   900     0     0 …` below its header.
pub fn parse(text: &[u8]) -> Vec<Queue> {
    let queue = |line: &[u8]| {
        // The key may be negative, so words are counted, not numbers.
        let n: Vec<_> = fields::words(line).skip(1).map(fields::number).collect();
        let at = |i: usize| n.get(i).copied().flatten();
        Some(Queue {
            key: key(line)?,
            id: at(0)?,
            bytes: at(2)?,
            messages: at(3)?,
            sender: Pid(at(4)? as u32),
            receiver: Pid(at(5)? as u32),
            sent: at(10).unwrap_or(0),
            taken: at(11).unwrap_or(0),
        })
    };
    fields::lines(text).skip(1).filter_map(queue).collect()
}

/// The first word of a line, which the kernel prints with a sign.
fn key(line: &[u8]) -> Option<u32> {
    let word = std::str::from_utf8(fields::words(line).next()?).ok()?;
    word.parse().ok().map(i32::cast_unsigned)
}

/// An object as a person finds it again, in a program or with `ipcs(1)`: `3 (key 0x15a1)`; the number alone where it has no key.
pub fn named(id: u64, key: u32) -> String {
    match key {
        0 => id.to_string(),
        key => format!("{id} (key {key:#x})"),
    }
}

/// A set of semaphores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// By what programs find it; 0 for one that has none (`IPC_PRIVATE`).
    pub key: u32,
    /// Its number.
    pub id: u64,
    /// How many semaphores it has.
    pub count: u64,
    /// When one of them was waited for or given last, in seconds since 1970; 0 for never.
    pub used: u64,
}

/// Parses `         0          0   644          2     0     0     0     0 1795490598 1795490590` below its header.
pub fn sets(text: &[u8]) -> Vec<Set> {
    let set = |line: &[u8]| {
        let n: Vec<_> = fields::words(line).skip(1).map(fields::number).collect();
        let at = |i: usize| n.get(i).copied().flatten();
        Some(Set {
            key: key(line)?,
            id: at(0)?,
            count: at(2)?,
            used: at(7).unwrap_or(0),
        })
    };
    fields::lines(text).skip(1).filter_map(set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_read() {
        let text = b"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n -1234567          3   644           12          1   812   900     0     0     0     0       1700000007          0 1700000000\nbroken\n";
        assert_eq!(
            parse(text),
            [Queue {
                key: 0xffed_2979,
                id: 3,
                bytes: 12,
                messages: 1,
                sender: Pid(812),
                receiver: Pid(900),
                sent: 1_700_000_007,
                taken: 0
            }]
        );
        assert!(parse(b"").is_empty());
        assert_eq!(
            (named(3, 0x15a1), named(3, 0)),
            ("3 (key 0x15a1)".into(), "3".into())
        );
    }

    #[test]
    fn sets_are_read() {
        let text = b"       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n -1234567          5   600          2     0     0     0     0 1795490598 1795490590\n1\n";
        assert_eq!(
            sets(text),
            [Set {
                key: 0xffed_2979,
                id: 5,
                count: 2,
                used: 1_795_490_598
            }]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_never_panics(bytes: Vec<u8>) {
            let _ = (parse(&bytes), sets(&bytes));
        }
    }
}
