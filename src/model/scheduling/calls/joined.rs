//! Calls counted from what is told of each: that a thread enters one, that it leaves it, that it loses or gets its core. What
//! was lost on the way is never made up: then times and numbers are those that are known at least. Pure.

use std::collections::HashMap;

use super::{Counted, Inside, Number};
use crate::model::id::{Nanos, Tid};

/// What a thread did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It enters a call, with this first argument.
    Enters(Number, u64),
    /// It leaves the call with this number, where that is known, with this result.
    Leaves(Option<u32>, i64),
    /// It loses its core.
    Off,
    /// It gets one.
    On,
    /// It was made, in a call of another thread whose end is told of it too.
    Begins,
    /// It has ended.
    Ends,
}

/// What was told, by the core on which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Of a thread.
    Of(Tid, Passage),
    /// So many were lost.
    Lost(u64),
}

/// What is known of a thread.
#[derive(Debug, Default)]
struct Known {
    call: Option<Inside>,
    /// Since when it has no core.
    off: Option<Nanos>,
    /// Where it was seen last.
    core: usize,
    /// Whether the next end of a call is that of the one in which it was made.
    begins: bool,
}

/// Calls as they are joined.
pub struct Joined {
    counted: Counted,
    threads: HashMap<Tid, Known>,
    /// When something was told of each core last.
    last: HashMap<usize, Nanos>,
    /// Whether something was lost since it was asked for last who is in a call.
    doubts: bool,
    on_descriptor: fn(Number) -> bool,
    ends_thread: fn(Number) -> bool,
}

impl Joined {
    /// Nothing yet; which calls are on a descriptor, and which end their thread and are never left.
    pub fn new(
        at: Nanos,
        on_descriptor: fn(Number) -> bool,
        ends_thread: fn(Number) -> bool,
    ) -> Self {
        Self {
            counted: Counted {
                at,
                split: true,
                ..Counted::default()
            },
            threads: HashMap::new(),
            last: HashMap::new(),
            doubts: false,
            on_descriptor,
            ends_thread,
        }
    }

    /// Takes in that a thread was found in a call, asleep, nobody saw since when. Where a call of it is known, nothing is new.
    pub fn found(&mut self, tid: Tid, number: Number, first: u64, at: Nanos) {
        let descriptor = self.descriptor(number, first);
        let known = self.threads.entry(tid).or_default();
        if known.call.is_none() {
            known.off = Some(at);
            known.call = Some(Inside {
                number,
                since: at,
                earlier: true,
                away: Nanos(0),
                descriptor,
            });
        }
    }

    /// Whether something was lost since this was asked last: then nobody knows who is in a call.
    pub fn doubts(&mut self) -> bool {
        std::mem::take(&mut self.doubts)
    }

    /// Takes in what was told.
    pub fn take(&mut self, core: usize, at: Nanos, told: Told) {
        let before = self.last.insert(core, at).unwrap_or(self.counted.at);
        match told {
            Told::Lost(many) => self.lost(core, before, many),
            Told::Of(tid, Passage::Ends) => drop(self.threads.remove(&tid)),
            Told::Of(tid, passage) => self.passed(core, at, tid, passage),
        }
    }

    /// Nothing more is told until that moment.
    pub fn until(&mut self, at: Nanos) {
        self.counted.at = at.max(self.counted.at);
    }

    /// What was counted until then, with who is in a call.
    pub fn counted(&self) -> Counted {
        let at = self.counted.at;
        let inside = self.threads.values().filter_map(|known| {
            let call = known.call?;
            let off = known.off.map_or(Nanos(0), |since| at.since(since));
            let away = Nanos(call.away.0 + off.0);
            Some(Inside { away, ..call })
        });
        Counted {
            inside: inside.collect(),
            ..self.counted.clone()
        }
    }

    fn descriptor(&self, number: Number, first: u64) -> Option<i32> {
        (self.on_descriptor)(number).then_some(first as i32)
    }

    fn passed(&mut self, core: usize, at: Nanos, tid: Tid, passage: Passage) {
        let known = self.threads.entry(tid).or_default();
        known.core = core;
        // Whoever does something has a core.
        if passage != Passage::Off
            && let Some(off) = known.off.take()
            && let Some(call) = &mut known.call
        {
            call.away.0 += at.since(off).0;
        }
        match passage {
            Passage::Off => known.off = known.off.or(Some(at)),
            Passage::Begins => known.begins = true,
            Passage::Enters(number, first) => {
                let descriptor = self.descriptor(number, first);
                let known = self.threads.entry(tid).or_default();
                known.begins = false;
                known.call = (!(self.ends_thread)(number)).then_some(Inside {
                    number,
                    since: at,
                    earlier: false,
                    away: Nanos(0),
                    descriptor,
                });
            }
            Passage::Leaves(number, result) => self.left(at, tid, number, result),
            Passage::On | Passage::Ends => {}
        }
    }

    fn left(&mut self, at: Nanos, tid: Tid, number: Option<u32>, result: i64) {
        let known = self.threads.entry(tid).or_default();
        if std::mem::take(&mut known.begins) {
            return;
        }
        // In which one it was found may be another one than it was in when that could be told already.
        let same = |call: &Inside| !call.earlier || number.is_none_or(|n| n == call.number.number);
        match known.call.take_if(|call| same(call)) {
            Some(call) if call.earlier => self.ended_earlier(call, at),
            Some(call) => self.returned(call, Some(at.since(call.since)), result),
            // It had begun before anybody looked, or its begin was lost: that it returned is certain then.
            None if self.counted.lost == 0 => {}
            None => {
                if let Some(number) = number {
                    let number = Number {
                        number: number.min(Number::BEYOND),
                        narrow: false,
                    };
                    let call = Inside {
                        number,
                        ..Inside::default()
                    };
                    self.returned(call, None, result);
                }
            }
        }
    }

    /// A call returned that took so long; `None`: nobody knows how long.
    fn returned(&mut self, call: Inside, span: Option<Nanos>, result: i64) {
        let took = span.unwrap_or_default();
        let count = self.counted.calls.entry(call.number).or_default();
        count.calls += 1;
        count.span.0 += took.0;
        count.away.0 += call.away.0;
        count.longest = count.longest.max(took);
        match span {
            Some(span) => count.spread.add(span),
            None => count.untimed += 1,
        }
        if let Ok(error @ 1..=4095) = u32::try_from(result.wrapping_neg()) {
            count.errors += 1;
            let errors = &mut self.counted.errors;
            errors.entry((call.number, error)).or_default().add(1, took);
        }
        self.on(call, 1, took);
    }

    /// One ended whose begin nobody saw: how long it took is known since then, and at least.
    fn ended_earlier(&mut self, call: Inside, at: Nanos) {
        let took = at.since(call.since);
        let count = self.counted.calls.entry(call.number).or_default();
        count.earlier.0 += took.0;
        count.away.0 += call.away.0;
        count.longest_earlier = count.longest_earlier.max(took);
        self.on(call, 0, took);
    }

    fn on(&mut self, call: Inside, calls: u64, span: Nanos) {
        if let Some(fd) = call.descriptor {
            let parts = &mut self.counted.descriptors;
            parts.entry((call.number, fd)).or_default().add(calls, span);
        }
    }

    /// Something was lost on a core after `before`: in a call that it had begun there then, or with no core, a thread may have
    /// ended that one and be in another.
    fn lost(&mut self, core: usize, before: Nanos, many: u64) {
        self.counted.lost += many;
        self.doubts = true;
        let doubtful = |known: &&mut Known| known.core == core || known.off.is_some();
        let mut ended = Vec::new();
        for known in self.threads.values_mut().filter(doubtful) {
            let off = known.off.take();
            if let Some(mut call) = known.call.take() {
                call.away.0 += off.map_or(0, |off| before.since(off).0);
                ended.push(call);
            }
        }
        for call in ended {
            self.ended_earlier(call, before.max(call.since));
        }
    }
}

impl super::CallSums {
    fn add(&mut self, calls: u64, span: Nanos) {
        self.calls += calls;
        self.span.0 += span.0;
    }
}

#[cfg(test)]
mod tests;
