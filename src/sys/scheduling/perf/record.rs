//! The records of a ring as bytes, turned into words. Pure: opens nothing, and any bytes are a record or none.

use super::attr::{TRAILER, moment};
use crate::model::id::{Nanos, Pid, Tid};
use crate::model::scheduling::timeline::Thread;
use crate::model::text::SafeText;

/// `PERF_RECORD_*` of `linux/perf_event.h`.
pub(super) const LOST: u32 = 2;
const COMM: u32 = 3;
const EXIT: u32 = 4;
const FORK: u32 = 7;
const SWITCH: u32 = 14;
const SWITCH_CPU_WIDE: u32 = 15;

/// `PERF_RECORD_MISC_SWITCH_OUT`, and `PERF_RECORD_MISC_COMM_EXEC`, which has the same bit.
const OUT: u16 = 1 << 13;
/// `PERF_RECORD_MISC_SWITCH_OUT_PREEMPT`: it left the core still runnable.
const PREEMPT: u16 = 1 << 14;

/// What the kernel told, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// What.
    pub event: Event,
}

/// What the kernel told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The core went from one thread to another.
    Switch {
        /// Who left.
        prev: Thread,
        /// Who came.
        next: Thread,
        /// Whether `prev` could still run; only the record of the leaving side tells it.
        runnable: Option<bool>,
    },
    /// A watched thread came on the core.
    Came(Thread),
    /// A watched thread left the core.
    Left {
        /// Who.
        thread: Thread,
        /// Whether it could still run.
        runnable: bool,
    },
    /// A thread has another name.
    Named {
        /// Who.
        thread: Thread,
        /// The name.
        name: SafeText,
        /// Because it executed a program.
        exec: bool,
    },
    /// A thread was made.
    Forked {
        /// The new one.
        child: Thread,
        /// Its maker.
        parent: Thread,
    },
    /// A thread ends; it still runs for a moment.
    Exited(Thread),
    /// So many records did not fit into the ring.
    Lost(u64),
}

/// Reads one record: its type, its `misc` bits, and what follows the header of 8 bytes.
///
/// `None` for a kind that is not asked for and for one that is too short.
pub fn parse(kind: u32, misc: u16, body: &[u8]) -> Option<Record> {
    let split = body.len().checked_sub(TRAILER)?;
    let (body, trailer) = body.split_at(split);
    let this = thread(trailer, 0)?;
    let at = moment(trailer.get(8..16)?.try_into().ok()?);
    let out = misc & OUT != 0;
    let event = match kind {
        SWITCH_CPU_WIDE => switch(misc, thread(body, 0)?, this),
        SWITCH if out => Event::Left {
            thread: this,
            runnable: misc & PREEMPT != 0,
        },
        SWITCH => Event::Came(this),
        COMM => {
            let name = body.get(8..)?;
            let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
            Event::Named {
                thread: thread(body, 0)?,
                name: SafeText::from_bytes(&name[..end]),
                exec: out,
            }
        }
        // struct { pid, ppid, tid, ptid, time }
        FORK | EXIT => {
            let child = Thread {
                pid: Pid(word(body, 0)?),
                tid: Tid(word(body, 8)?),
            };
            if kind == EXIT {
                Event::Exited(child)
            } else {
                let parent = Thread {
                    pid: Pid(word(body, 4)?),
                    tid: Tid(word(body, 12)?),
                };
                Event::Forked { child, parent }
            }
        }
        LOST => Event::Lost(u64::from_ne_bytes(body.get(8..16)?.try_into().ok()?)),
        _ => return None,
    };
    Some(Record { at, event })
}

/// What a record tells of a switch, which it holds twice: who wrote it, and who else is named in it.
fn switch(misc: u16, other: Thread, this: Thread) -> Event {
    if misc & OUT != 0 {
        Event::Switch {
            prev: this,
            next: other,
            runnable: Some(misc & PREEMPT != 0),
        }
    } else {
        Event::Switch {
            prev: other,
            next: this,
            runnable: None,
        }
    }
}

/// A switch of any thread as it lies in a ring, nearly everything that there is: read without a look at each byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    misc: u16,
    /// Process and thread as they follow in memory: who is named, and who wrote it.
    other: u64,
    this: u64,
}

impl Bare {
    /// Bytes of such a record: header, who is named, who wrote it, when.
    pub const SIZE: u64 = 32;

    /// Whether a record of this kind and length is one.
    pub fn is(kind: u32, size: u64) -> bool {
        kind == SWITCH_CPU_WIDE && size == Self::SIZE
    }

    /// From the words behind the header.
    pub fn new(misc: u16, other: u64, this: u64) -> Self {
        Self { misc, other, this }
    }

    /// What it tells.
    pub fn event(self) -> Event {
        switch(self.misc, of_word(self.other), of_word(self.this))
    }

    /// Whether it tells, by who came, the switch again that `first` has told by who left.
    pub fn repeats(self, first: Self) -> bool {
        let sides = first.misc & OUT != 0 && self.misc & OUT == 0;
        sides && self.other == first.this && self.this == first.other
    }
}

/// The two numbers of a thread that lie in a word of memory.
fn of_word(word: u64) -> Thread {
    let [low, high] = [word as u32, (word >> 32) as u32];
    let (pid, tid) = if cfg!(target_endian = "little") {
        (low, high)
    } else {
        (high, low)
    };
    Thread {
        pid: Pid(pid),
        tid: Tid(tid),
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_ne_bytes(four))
}

fn thread(bytes: &[u8], at: usize) -> Option<Thread> {
    Some(Thread {
        pid: Pid(word(bytes, at)?),
        tid: Tid(word(bytes, at + 4)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_ne_bytes()).collect()
    }

    fn of(pid: u32, tid: u32) -> Thread {
        Thread {
            pid: Pid(pid),
            tid: Tid(tid),
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn both_sides_of_a_recorded_switch() {
        // A spinner was preempted by another one: 4211/4213 left, 31/31 came, as a ring held them.
        let out = b"\x1f\0\0\0\x1f\0\0\0\x73\x10\0\0\x75\x10\0\0\x40\xe2\x01\0\0\0\0\0";
        let expected = |runnable| Event::Switch {
            prev: of(4211, 4213),
            next: of(31, 31),
            runnable,
        };
        let record = parse(15, 0x6000, out).expect("whole");
        assert_eq!(record.at, Nanos(123_456));
        assert_eq!(record.event, expected(Some(true)));
        assert_eq!(
            parse(15, 0x2000, out).map(|r| r.event),
            Some(expected(Some(false)))
        );
        let came = b"\x73\x10\0\0\x75\x10\0\0\x1f\0\0\0\x1f\0\0\0\x41\xe2\x01\0\0\0\0\0";
        assert_eq!(parse(15, 0, came).map(|r| r.event), Some(expected(None)));
    }

    #[test]
    fn a_switch_read_by_words_is_the_one_read_by_bytes() {
        let two = |pid: u32, tid: u32| {
            let [a, b] = [pid, tid].map(u32::to_ne_bytes);
            u64::from_ne_bytes([a, b].concat().try_into().expect("eight bytes"))
        };
        let body = words(&[31, 32, 4211, 4213, 5, 0]);
        for misc in [0, 0x2000, 0x6000] {
            let bare = Bare::new(misc, two(31, 32), two(4211, 4213));
            let whole = parse(SWITCH_CPU_WIDE, misc, &body).expect("whole");
            assert_eq!(bare.event(), whole.event);
        }
        let left = Bare::new(0x2000, two(9, 10), two(7, 8));
        let came = Bare::new(0, two(7, 8), two(9, 10));
        assert!(came.repeats(left));
        assert!(!left.repeats(left) && !came.repeats(came) && !left.repeats(came));
        assert!(!Bare::new(0, two(7, 8), two(9, 11)).repeats(left));
        assert!(!Bare::new(0, 0, two(9, 10)).repeats(left));
    }

    #[test]
    fn names_births_ends_and_losses() {
        let mut named = words(&[7, 8]);
        named.extend(b"ev\x1bil\0\0\0");
        named.extend(words(&[7, 8, 5, 0]));
        let event = parse(3, 0x2000, &named).expect("whole").event;
        assert_eq!(
            event,
            Event::Named {
                thread: of(7, 8),
                name: SafeText::from("ev\x1bil"),
                exec: true
            }
        );
        let forked = words(&[20, 10, 21, 11, 0, 0, 10, 11, 5, 0]);
        let both = Event::Forked {
            child: of(20, 21),
            parent: of(10, 11),
        };
        assert_eq!(parse(7, 0, &forked).map(|r| r.event), Some(both));
        assert_eq!(
            parse(4, 0, &forked).map(|r| r.event),
            Some(Event::Exited(of(20, 21)))
        );
        let lost = words(&[1, 0, 77, 0, 0, 0, 5, 0]);
        assert_eq!(parse(2, 0, &lost).map(|r| r.event), Some(Event::Lost(77)));
        let own = words(&[7, 8, 5, 0]);
        assert_eq!(
            parse(14, 0x6000, &own).map(|r| r.event),
            Some(Event::Left {
                thread: of(7, 8),
                runnable: true
            })
        );
        assert_eq!(
            parse(14, 0, &own).map(|r| r.event),
            Some(Event::Came(of(7, 8)))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_record_or_none(kind in 0..20_u32, misc: u16, body: Vec<u8>) {
            parse(kind, misc, &body);
        }
    }
}
