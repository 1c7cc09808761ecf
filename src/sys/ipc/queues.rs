//! `/proc/sysvipc/msg`: System V message queues with who sent and who took last. `sysvipc(7)`, `proc_sysvipc(5)`.

use crate::model::id::Pid;
use crate::sys::fields;

/// One queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its number.
    pub id: u64,
    /// Bytes that wait.
    pub bytes: u64,
    /// Messages that wait.
    pub messages: u64,
    /// Who sent last; 0 for nobody.
    pub sender: Pid,
    /// Who took last; 0 for nobody.
    pub receiver: Pid,
}

/// Parses `         0          0   644           12          1   812   900     0     0 …` below its header.
pub fn parse(text: &[u8]) -> Vec<Queue> {
    let queue = |line: &[u8]| {
        // The key may be negative, so words are counted, not numbers.
        let n: Vec<_> = fields::words(line).skip(1).map(fields::number).collect();
        let at = |i: usize| n.get(i).copied().flatten();
        Some(Queue {
            id: at(0)?,
            bytes: at(2)?,
            messages: at(3)?,
            sender: Pid(at(4)? as u32),
            receiver: Pid(at(5)? as u32),
        })
    };
    fields::lines(text).skip(1).filter_map(queue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_read() {
        let text = b"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid\n -1234567          3   644           12          1   812   900     0     0\nbroken\n";
        assert_eq!(
            parse(text),
            [Queue {
                id: 3,
                bytes: 12,
                messages: 1,
                sender: Pid(812),
                receiver: Pid(900)
            }]
        );
        assert!(parse(b"").is_empty());
    }
}
