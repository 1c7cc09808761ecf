//! A slice as a line of JSON, with the wait before it: since when its thread could have run, who made it ready, behind whom it
//! waited.

use serde::Serialize;

use crate::model::scheduling::timeline::{Behind, Lane, Made, Ready, Slice, Who};
use crate::model::scheduling::wakes::Waker;

/// One line.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    cpu: u32,
    start_ns: u64,
    end_ns: u64,
    pid: u32,
    tid: u32,
    name: &'a str,
    ended: Option<&'static str>,
    /// How long it waited for the core; `None` where that is not known.
    waited_ns: Option<u64>,
    /// What made it ready.
    ready_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waker_pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waker_tid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waker_cpu: Option<u32>,
    /// Who had the core longest meanwhile, and how many had it beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<Other>,
}

#[derive(Serialize)]
struct Other {
    pid: u32,
    tid: u32,
    name: String,
    others: usize,
}

impl Other {
    fn of(behind: &Behind) -> Self {
        Self {
            pid: behind.who.id.pid.0,
            tid: behind.who.tid.0,
            name: behind.who.name.to_string(),
            others: behind.others,
        }
    }
}

impl<'a> Line<'a> {
    pub(super) fn of(lane: &Lane, slice: &Slice, who: &'a Who) -> Self {
        let ready = lane.ready_before(slice, who.tid);
        let made = ready.map(|ready| ready.made);
        let woken = match made {
            Some(Made::Woken(waker, cpu)) => Some((waker, cpu)),
            _ => None,
        };
        let thread = match woken {
            Some((Waker::Thread(pid, tid), _)) => Some((pid, tid)),
            _ => None,
        };
        let behind = ready.and_then(|ready| lane.behind(&ready));
        Self {
            cpu: lane.cpu.0,
            start_ns: slice.start.0,
            end_ns: slice.end.0,
            pid: who.id.pid.0,
            tid: who.tid.0,
            name: &who.name,
            ended: slice.ended.word(),
            waited_ns: ready.as_ref().map(Ready::span).map(|span| span.0),
            ready_by: made.map(by),
            waker_pid: thread.map(|(pid, _)| pid.0),
            waker_tid: thread.map(|(_, tid)| tid.0),
            waker_cpu: woken.map(|(_, cpu)| cpu.0),
            behind: behind.as_ref().map(Other::of),
        }
    }
}

fn by(made: Made) -> &'static str {
    match made {
        Made::Preempted => "preempted",
        Made::Woken(Waker::Thread(..), _) => "thread",
        Made::Woken(Waker::Timer, _) => "timer",
        Made::Woken(Waker::Network, _) => "network",
        Made::Woken(Waker::Disk, _) => "disk",
        Made::Woken(Waker::Interrupt(_), _) => "interrupt",
        Made::Woken(Waker::Kernel, _) => "kernel",
    }
}
