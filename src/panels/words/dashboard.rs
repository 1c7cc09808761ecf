//! The lanes of the dashboard and what stands beside them.

use super::word;
use crate::app::word::Word;

/// The lanes.
pub const LANES: &[Word] = &[
    word(
        "cpu0",
        "The time of a core, a cell a bucket: its colour is who held the core longest in it, its height how much of it was busy.",
        "the kernel's context switches: perf_event_open(2); where that is not permitted /proc/PID/task/TID/schedstat, 20 times a second",
    ),
    word(
        "100%",
        "Share of the tick in which the core was busy.",
        "/proc/stat: user, nice, system, irq, softirq, steal of the core, by all ticks",
    ),
    word(
        "usr",
        "Share of the tick in which the core ran programs.",
        "/proc/stat: user, nice",
    ),
    word(
        "sys",
        "Share in which it ran the kernel on behalf of programs.",
        "/proc/stat: system",
    ),
    word(
        "irq",
        "Share spent on interrupts, hard (irq) and what they leave for later (softirq).",
        "/proc/stat: irq, softirq",
    ),
    word(
        "steal",
        "Share that the hypervisor gave to other machines.",
        "/proc/stat: steal",
    ),
    word(
        "sw/s",
        "Context switches of the core, a second. ≥ where the core was busy mostly with threads that were not seen.",
        "the kernel's context switches",
    ),
    word(
        "preempt",
        "Share of slices after which the thread could still run: the kernel took the core.",
        "the state in which a thread left its core",
    ),
    word(
        "queue",
        "How many threads waited for the core on average. ≥ where not all are known.",
        "/proc/PID/task/TID/schedstat, second number",
    ),
    word(
        "moved in",
        "Slices that began here while the one before was on another core.",
        "the slices of the lanes",
    ),
    word(
        "used",
        "Total memory less what could be had without swapping.",
        "/proc/meminfo: MemTotal - MemAvailable",
    ),
    word(
        "cache",
        "Page cache, reclaimable slab and buffers: given back when programs need memory. View 3 tells each of them.",
        "/proc/meminfo: Buffers + Cached + SReclaimable",
    ),
    word(
        "pressure",
        "Share of the last 10 s in which some task waited for a core (cpu), a disk (io) or memory (mem).",
        "/proc/pressure/cpu, io, memory: some avg10",
    ),
];
