//! The system calls of one process as the kernel tells each of them (`perf_event_open(2)`: the tracepoints `raw_syscalls:sys_enter`
//! and `sys_exit`), with the births, ends and switches of its threads: where no program of ours may run in the kernel.
//!
//! Needs tracefs that we may read, and `CAP_PERFMON` or `kernel.perf_event_paranoid` ≤ 1. A call costs the process more than where
//! it is counted in the kernel (docs/kernel.md, J), and reading its records costs us.

use std::io;
use std::os::fd::RawFd;

use super::attr::Attr;
use super::record::{Event as Other, Record, parse};
use super::ring::{Event, Ring};
use super::{FEW_PAGES, PAGES, rings, sizes, threads};
use crate::model::id::{CpuId, Nanos, Pid, Tid};
use crate::model::scheduling::calls::{Number, Passage, Told};
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::tracepoint::{Field, Format};

/// `PERF_RECORD_SAMPLE`.
const SAMPLE: u32 = 9;
/// `PERF_SAMPLE_REGS_ABI_32`.
const NARROW: u64 = 1;
/// Events of the threads of a process, two on each core for each of them: with more, whole cores are heard.
const MOST_EVENTS: usize = 4096;
/// How often is looked for threads that were made while the first ones were gone through.
const TRIES: usize = 8;

/// How its two tracepoints are told.
#[derive(Clone, Copy, Debug)]
struct Layout {
    enter: u16,
    leave: u16,
    number: Field,
    first: Field,
    left: Field,
    result: Field,
}

/// A passage of a thread of the process.
type At = (Nanos, usize, Told);

/// Hears calls until it is dropped.
#[derive(Debug)]
pub struct Calls {
    of: Pid,
    layout: Layout,
    /// Whether other processes that it makes are passed over by the kernel.
    threads: bool,
    /// Whether those of everybody are told, because it has so many threads.
    pub everybody: bool,
    rings: Vec<Ring>,
    /// What was read already, and is later than what was asked for.
    waiting: Vec<At>,
}

impl Calls {
    /// Begins to hear those of a process on these cores, of the threads that it has and those that they will make.
    ///
    /// # Errors
    /// `NotFound` or `PermissionDenied` where tracefs is not there or closed, `EACCES` without the right to hear them, `ESRCH`
    /// where it has ended.
    pub fn of(root: &ProcRoot, pid: Pid, cpus: &[CpuId]) -> io::Result<Self> {
        let layout = Layout::read(root)?;
        let known = threads(root, pid);
        let everybody = 2 * known.len() * cpus.len() > MOST_EVENTS;
        let who: Vec<i32> = if everybody {
            vec![-1]
        } else {
            known.iter().map(|tid| tid.0 as i32).collect()
        };
        let open = |threads: bool, most: usize| {
            let (pages, page) = sizes(most, cpus.len());
            let attrs = layout.attrs(threads, pages * page / 4);
            rings(&attrs, &who, cpus, (pages, page)).map(|rings| (threads, rings))
        };
        let few = |error: io::Error, threads: bool| match error.raw_os_error() {
            Some(libc::EPERM) => open(threads, FEW_PAGES),
            _ => Err(error),
        };
        let opened = open(true, PAGES).or_else(|error| few(error, true));
        let (threads, rings) = opened.or_else(|error| match error.raw_os_error() {
            // The kernel does not know what it is asked for: it is older.
            Some(libc::EINVAL) => open(false, PAGES).or_else(|error| few(error, false)),
            _ => Err(error),
        })?;
        if rings.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        let mut calls = Self {
            of: pid,
            layout,
            threads,
            everybody,
            rings,
            waiting: Vec::new(),
        };
        if !everybody {
            calls.catch_up(root, known)?;
        }
        Ok(calls)
    }

    /// Hears those threads too that were made before their maker was heard.
    fn catch_up(&mut self, root: &ProcRoot, mut known: Vec<Tid>) -> io::Result<()> {
        for _ in 0..TRIES {
            let mut new = threads(root, self.of);
            new.retain(|tid| !known.contains(tid));
            if new.is_empty() {
                return Ok(());
            }
            // Whose birth was told is heard already.
            self.take_in();
            let born = |tid: &Tid| {
                let told = Told::Of(*tid, Passage::Begins);
                self.waiting.iter().any(|(_, _, other)| *other == told)
            };
            let unheard: Vec<Tid> = new.iter().filter(|tid| !born(tid)).copied().collect();
            for ring in &mut self.rings {
                for tid in &unheard {
                    for attr in self.layout.attrs(self.threads, ring.room() / 4) {
                        match Event::open(&attr, tid.0 as i32, ring.cpu) {
                            Ok(event) => ring.add(event)?,
                            Err(e) if e.raw_os_error() == Some(libc::ESRCH) => {}
                            Err(e) => return Err(e),
                        }
                    }
                }
            }
            known.extend(new);
        }
        Ok(())
    }

    /// What is waited on; nothing where every thread has ended.
    pub fn fds(&self) -> Vec<RawFd> {
        self.rings.iter().filter_map(Ring::fd).collect()
    }

    /// Takes in which of them hung up: they are not waited on any more.
    pub fn hung_up(&mut self, fds: &[RawFd]) {
        for ring in &mut self.rings {
            if ring.fd().is_some_and(|fd| fds.contains(&fd)) {
                ring.event_ended();
            }
        }
    }

    /// Hands out what was told until then, in the order of time, with the core on which it was.
    pub fn read(&mut self, until: Nanos, mut each: impl FnMut(usize, Nanos, Told)) {
        self.take_in();
        self.waiting.sort_by_key(|(at, _, _)| *at);
        let many = self.waiting.partition_point(|(at, _, _)| *at <= until);
        for (at, core, told) in self.waiting.drain(..many) {
            each(core, at, told);
        }
    }

    fn take_in(&mut self) {
        let (of, layout, waiting) = (self.of, self.layout, &mut self.waiting);
        for (core, ring) in self.rings.iter_mut().enumerate() {
            ring.whole(|kind, misc, body| {
                let mut told = |at, told| waiting.push((at, core, told));
                if kind == SAMPLE {
                    if let Some((at, tid, passage)) = sample(body, of, &layout) {
                        told(at, Told::Of(tid, passage));
                    }
                } else if let Some(record) = parse(kind, misc, body) {
                    other(&record, of, told);
                }
            });
        }
    }
}

impl Layout {
    fn read(root: &ProcRoot) -> io::Result<Self> {
        let [enter, leave] = ["sys_enter", "sys_exit"];
        let read = |name| Format::read(root, "raw_syscalls", name);
        let (enter, leave) = (read(enter)?, read(leave)?);
        let strange = || io::Error::from(io::ErrorKind::InvalidData);
        Self::of(&enter, &leave).ok_or_else(strange)
    }

    fn of(enter: &Format, leave: &Format) -> Option<Self> {
        Some(Self {
            enter: enter.id,
            leave: leave.id,
            number: enter.field("id")?,
            first: enter.field("args")?,
            left: leave.field("id")?,
            result: leave.field("ret")?,
        })
    }

    fn attrs(&self, threads: bool, watermark: usize) -> [Attr; 2] {
        let attr = |id, registers| Attr::passage(id, registers, threads, watermark as u32);
        // Ends, births and switches first: no call may begin of which a switch is missed.
        [attr(self.leave, false), attr(self.enter, true)]
    }
}

/// `pid, tid, time, length and bytes of what the kernel noted`, and at an entry `width, register`.
fn sample(body: &[u8], of: Pid, layout: &Layout) -> Option<(Nanos, Tid, Passage)> {
    let (pid, tid) = (half(body, 0)?, half(body, 4)?);
    if pid != of.0 {
        return None;
    }
    let length = half(body, 16)? as usize;
    let noted = body.get(20..20_usize.checked_add(length)?)?;
    let id = u16::from_ne_bytes(*noted.first_chunk()?);
    let passage = if id == layout.enter {
        let number = layout.number.long(noted)?;
        let number = u32::try_from(number).map_or(Number::BEYOND, |n| n.min(Number::BEYOND));
        let narrow = whole(body, 20 + length)? == NARROW && cfg!(target_pointer_width = "64");
        let first = layout.first.long(noted)?.cast_unsigned();
        Passage::Enters(Number { number, narrow }, first)
    } else if id == layout.leave {
        let number = u32::try_from(layout.left.long(noted)?).ok();
        Passage::Leaves(number, layout.result.long(noted)?)
    } else {
        return None;
    };
    Some((Nanos(whole(body, 8)?), Tid(tid), passage))
}

/// Tells what else happened to threads of the process, and what was lost.
fn other(record: &Record, of: Pid, mut told: impl FnMut(Nanos, Told)) {
    let mut ours = |thread: &crate::model::scheduling::timeline::Thread, passage| {
        if thread.pid == of {
            told(record.at, Told::Of(thread.tid, passage));
        }
    };
    match &record.event {
        Other::Switch { prev, next, .. } => {
            ours(prev, Passage::Off);
            ours(next, Passage::On);
        }
        Other::Came(thread) => ours(thread, Passage::On),
        Other::Left { thread, .. } => ours(thread, Passage::Off),
        Other::Forked { child, parent } if parent.pid == of => ours(child, Passage::Begins),
        Other::Exited(thread) => ours(thread, Passage::Ends),
        Other::Lost(many) => told(record.at, Told::Lost(*many)),
        _ => {}
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*four))
}

fn whole(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_ne_bytes(*eight))
}

#[cfg(test)]
mod tests;
