//! Slices as a trace that <https://ui.perfetto.dev> opens: the few protobuf messages that scheduling needs, written by hand.
//!
//! The crates that write this format bring the whole schema and its compiler, 5 MiB of generated code for six messages.
//! The messages are those of `protos/perfetto/trace`: `Trace.packet` holds `FtraceEventBundle`s with `sched_switch` events
//! and a `ProcessTree` with the names of processes and threads.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::scheduling::timeline::{Ended, Slice, Who};

/// All packets come from one writer.
const SEQUENCE: u64 = 1;
/// `TASK_RUNNING`, `TASK_INTERRUPTIBLE`, `EXIT_DEAD` of the kernel, as `sched_switch` tells them.
const RUNNABLE: u64 = 0;
const SLEEPING: u64 = 1;
const DEAD: u64 = 16;

/// Who had a core where no slice tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Nobody: the core was idle.
    Idle,
    /// Somebody else, or nobody: only one process is told of.
    Others,
    /// It is not known, as after a loss of events.
    Unknown,
}

impl Pause {
    /// The thread that stands for it. Only the kernel's idle thread has a number that a thread can have: the greatest
    /// that there can be is 4194303 (`PID_MAX_LIMIT`).
    fn thread(self) -> (u32, &'static str) {
        match self {
            Self::Idle => (0, "swapper"),
            Self::Others => (4_194_305, "others or idle"),
            Self::Unknown => (4_194_306, "not known"),
        }
    }
}

/// What was on a core last.
#[derive(Clone)]
struct Last {
    tid: u32,
    name: String,
    ended: Ended,
    end: Nanos,
}

/// A trace that is being written.
pub struct Trace<W> {
    out: W,
    cores: HashMap<CpuId, Last>,
    /// Threads that appeared: by process its name, where its first thread told it, and its threads.
    processes: BTreeMap<ProcId, (Option<String>, BTreeMap<u32, String>)>,
    /// Slices by core that wait to be written, so that a packet holds many.
    waiting: HashMap<CpuId, Vec<Vec<u8>>>,
}

/// Events in a packet.
const EVENTS: usize = 512;

impl<W: Write> Trace<W> {
    /// Begins a trace.
    pub fn new(out: W) -> Self {
        Self {
            out,
            cores: HashMap::new(),
            processes: BTreeMap::new(),
            waiting: HashMap::new(),
        }
    }

    /// Adds a slice; those of one core come in order. `pause`: who had the core before it since the last slice.
    ///
    /// # Errors
    /// When the file takes no more.
    pub fn slice(&mut self, cpu: CpuId, slice: &Slice, who: &Who, pause: Pause) -> io::Result<()> {
        let process = self.processes.entry(who.id).or_default();
        process.1.insert(who.tid.0, who.name.to_string());
        if who.tid.0 == who.id.pid.0 {
            process.0 = Some(who.name.to_string());
        }
        let before = self.cores.get(&cpu).cloned();
        let paused = before.as_ref().is_some_and(|b| b.end < slice.start);
        let (tid, name) = pause.thread();
        if let Some(before) = before.as_ref().filter(|_| paused) {
            self.switch(cpu, before.end, before, (tid, name))?;
        }
        let nobody = Last {
            tid,
            name: name.to_owned(),
            ended: Ended::Preempted,
            end: slice.start,
        };
        let from = before.filter(|_| !paused).unwrap_or(nobody);
        self.switch(cpu, slice.start, &from, (who.tid.0, &who.name))?;
        let last = Last {
            tid: who.tid.0,
            name: who.name.to_string(),
            ended: slice.ended,
            end: slice.end,
        };
        self.cores.insert(cpu, last);
        Ok(())
    }

    fn switch(&mut self, cpu: CpuId, at: Nanos, prev: &Last, next: (u32, &str)) -> io::Result<()> {
        let state = match prev.ended {
            Ended::Preempted | Ended::Running => RUNNABLE,
            Ended::Exited => DEAD,
            Ended::Yielded | Ended::Unseen => SLEEPING,
        };
        let mut switch = Message::default();
        switch
            .text(1, &prev.name)
            .number(2, prev.tid.into())
            .number(3, 120)
            .number(4, state);
        switch
            .text(5, next.1)
            .number(6, next.0.into())
            .number(7, 120);
        let mut event = Message::default();
        event
            .number(1, at.0)
            .number(2, prev.tid.into())
            .message(4, &switch);
        let waiting = self.waiting.entry(cpu).or_default();
        waiting.push(event.0);
        if waiting.len() >= EVENTS {
            let events = std::mem::take(waiting);
            self.bundle(cpu, &events)?;
        }
        Ok(())
    }

    fn bundle(&mut self, cpu: CpuId, events: &[Vec<u8>]) -> io::Result<()> {
        let mut bundle = Message::default();
        bundle.number(1, cpu.0.into());
        for event in events {
            bundle.bytes(2, event);
        }
        let mut packet = Message::default();
        packet.message(1, &bundle);
        self.packet(packet)
    }

    fn packet(&mut self, mut packet: Message) -> io::Result<()> {
        packet.number(10, SEQUENCE);
        let mut trace = Message::default();
        trace.message(1, &packet);
        self.out.write_all(&trace.0)
    }

    /// Writes what waits, and who everybody was; `names`: of processes whose first thread did not run; `pause`: who has
    /// the cores from then on.
    ///
    /// # Errors
    /// When the file takes no more.
    pub fn finish(
        mut self,
        names: impl Fn(ProcId) -> Option<String>,
        pause: Pause,
    ) -> io::Result<W> {
        for (cpu, last) in std::mem::take(&mut self.cores) {
            self.switch(cpu, last.end, &last, pause.thread())?;
        }
        for (cpu, events) in std::mem::take(&mut self.waiting) {
            self.bundle(cpu, &events)?;
        }
        let mut tree = Message::default();
        for (id, (name, threads)) in &self.processes {
            let pid = u64::from(id.pid.0);
            let any = threads.values().next().cloned();
            let name = name.clone().or_else(|| names(*id)).or(any);
            let mut process = Message::default();
            process.number(1, pid).text(3, &name.unwrap_or_default());
            tree.message(1, &process);
            for (tid, name) in threads {
                let mut thread = Message::default();
                thread.number(1, (*tid).into()).text(2, name).number(3, pid);
                tree.message(2, &thread);
            }
        }
        let mut packet = Message::default();
        packet.message(2, &tree);
        self.packet(packet)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A protobuf message that is being written.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    fn number(&mut self, field: u64, n: u64) -> &mut Self {
        self.varint(field << 3);
        self.varint(n);
        self
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) -> &mut Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(&mut self, field: u64, text: &str) -> &mut Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(&mut self, field: u64, message: &Self) -> &mut Self {
        self.bytes(field, &message.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Tid;

    /// The numbers and texts of the leaves of a message, with the path of fields that leads to each.
    fn leaves(mut bytes: &[u8], path: &str, out: &mut Vec<String>) {
        let number = |bytes: &mut &[u8]| {
            let (mut n, mut shift) = (0_u64, 0);
            while let Some((byte, rest)) = bytes.split_first() {
                *bytes = rest;
                n |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            n
        };
        while !bytes.is_empty() {
            let key = number(&mut bytes);
            let at = format!("{path}.{}", key >> 3);
            if key % 8 == 0 {
                out.push(format!("{at}={}", number(&mut bytes)));
                continue;
            }
            let length = number(&mut bytes) as usize;
            let (body, rest) = bytes.split_at(length);
            bytes = rest;
            match std::str::from_utf8(body) {
                Ok(text) if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) => {
                    out.push(format!("{at}={text}"));
                }
                _ => leaves(body, &at, out),
            }
        }
    }

    #[test]
    fn a_slice_is_two_switches_and_its_names() {
        let mut out = Vec::new();
        let mut trace = Trace::new(&mut out);
        let who = Who {
            id: ProcId::new(4211, 1),
            tid: Tid(4213),
            name: "rustc".into(),
        };
        let slice = Slice {
            start: Nanos(1000),
            end: Nanos(5000),
            ended: Ended::Yielded,
        };
        let written = trace.slice(CpuId(1), &slice, &who, Pause::Idle);
        written.expect("written");
        let named = |id: ProcId| (id.pid.0 == 4211).then(|| "cargo".to_owned());
        trace.finish(named, Pause::Idle).expect("written");
        let mut found = Vec::new();
        leaves(&out, "", &mut found);
        for wanted in [
            ".1.1.1=1",
            ".1.1.2.1=1000",
            ".1.1.2.4.1=swapper",
            ".1.1.2.4.5=rustc",
            ".1.1.2.4.6=4213",
            ".1.1.2.1=5000",
            ".1.1.2.4.4=1",
            ".1.2.1.1=4211",
            ".1.2.1.3=cargo",
            ".1.2.2.2=rustc",
            ".1.2.2.3=4211",
        ] {
            assert!(found.iter().any(|f| f == wanted), "{wanted} in {found:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_called_idle() {
        let mut out = Vec::new();
        let mut trace = Trace::new(&mut out);
        let who = Who {
            id: ProcId::new(7, 1),
            tid: Tid(7),
            name: "job".into(),
        };
        for (start, pause) in [(1000, Pause::Others), (2000, Pause::Unknown)] {
            let slice = Slice {
                start: Nanos(start),
                end: Nanos(start + 500),
                ended: Ended::Yielded,
            };
            let written = trace.slice(CpuId(0), &slice, &who, pause);
            written.expect("written");
        }
        trace.finish(|_| None, Pause::Others).expect("written");
        let mut found = Vec::new();
        leaves(&out, "", &mut found);
        let next = found.iter().filter_map(|f| f.strip_prefix(".1.1.2.4.6="));
        let next: Vec<_> = next.collect();
        assert_eq!(next, ["7", "4194306", "7", "4194305"], "{found:?}");
        assert!(!found.iter().any(|f| f.contains("swapper")), "{found:?}");
    }
}
