//! The kernel's `struct perf_event_attr` as far as this program fills it (`perf_event_open(2)`).

use crate::model::id::Nanos;

/// `PERF_ATTR_SIZE_VER5`: the size that every kernel since 4.1 knows.
const SIZE: u32 = 112;
/// `PERF_TYPE_SOFTWARE`.
const SOFTWARE: u32 = 1;
/// `PERF_COUNT_SW_DUMMY`: counts nothing, carries records only.
const DUMMY: u64 = 9;
/// `PERF_SAMPLE_TID | PERF_SAMPLE_TIME`: with `SAMPLE_ID_ALL`, each record ends with pid, tid and time.
const SAMPLE_TYPE: u64 = 1 << 1 | 1 << 2;

/// `PERF_COUNT_SW_PAGE_FAULTS_MIN` and `PERF_COUNT_SW_PAGE_FAULTS_MAJ`.
const FAULTS_MIN: u64 = 5;
const FAULTS_MAJ: u64 = 6;
/// `PERF_SAMPLE_IP`, `PERF_SAMPLE_ADDR` and `PERF_SAMPLE_STACK_USER` beside [`SAMPLE_TYPE`]. Not `PERF_SAMPLE_PERIOD`: a
/// software event that is to tell its period tells each.
const TOUCHES: u64 = 1 | 1 << 3 | 1 << 13;
/// The bytes at the stack pointer that are told with a page fault.
pub(super) const TOP: u32 = 8;

/// `PERF_TYPE_TRACEPOINT`, and beside [`SAMPLE_TYPE`] `PERF_SAMPLE_RAW` and `PERF_SAMPLE_REGS_USER`.
const TRACEPOINT: u32 = 2;
const RAW: u64 = 1 << 10;
const WIDTH: u64 = 1 << 12;

/// `PERF_FORMAT_TOTAL_TIME_ENABLED`: reading the event tells for how long it has recorded.
const TIME_ENABLED: u64 = 1;

const INHERIT: u64 = 1 << 1;
const EXCLUDE_KERNEL: u64 = 1 << 5;
const EXCLUDE_HV: u64 = 1 << 6;
const COMM: u64 = 1 << 9;
const TASK: u64 = 1 << 13;
const WATERMARK: u64 = 1 << 14;
const SAMPLE_ID_ALL: u64 = 1 << 18;
const COMM_EXEC: u64 = 1 << 24;
const USE_CLOCKID: u64 = 1 << 25;
const CONTEXT_SWITCH: u64 = 1 << 26;
const INHERIT_THREAD: u64 = 1 << 35;

/// What an event is to record.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Attr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup: u32,
    bp_type: u32,
    config1: u64,
    config2: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clockid: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved: u16,
}

const _: () = assert!(size_of::<Attr>() == SIZE as usize);

impl Attr {
    /// Every switch, name, birth and end on a core; the reader is woken when `watermark` bytes are waiting.
    pub fn switches(watermark: u32) -> Self {
        Self {
            kind: SOFTWARE,
            size: SIZE,
            config: DUMMY,
            sample_period: 0,
            sample_type: SAMPLE_TYPE,
            read_format: TIME_ENABLED,
            flags: COMM
                | TASK
                | WATERMARK
                | SAMPLE_ID_ALL
                | COMM_EXEC
                | USE_CLOCKID
                | CONTEXT_SWITCH,
            wakeup: watermark,
            bp_type: 0,
            config1: 0,
            config2: 0,
            branch_sample_type: 0,
            sample_regs_user: 0,
            sample_stack_user: 0,
            clockid: libc::CLOCK_MONOTONIC,
            sample_regs_intr: 0,
            aux_watermark: 0,
            sample_max_stack: 0,
            reserved: 0,
        }
    }

    /// The same without the switches, which costs them nothing.
    pub fn names(watermark: u32) -> Self {
        let all = Self::switches(watermark);
        Self {
            flags: all.flags & !CONTEXT_SWITCH,
            ..all
        }
    }

    /// The same of one thread and those that it will make, as far as a user may ask without privilege.
    pub fn own(watermark: u32) -> Self {
        let all = Self::switches(watermark);
        Self {
            flags: all.flags | INHERIT | EXCLUDE_KERNEL | EXCLUDE_HV,
            ..all
        }
    }
}

impl Attr {
    /// Page faults with their addresses, the code that they were in and the word at its stack pointer, of threads and of those
    /// that they will make: those that had to wait for a disk (`major`), or the others; each of them to begin with. `kernel`: also those that the kernel takes for a thread.
    pub fn faults(major: bool, kernel: bool) -> Self {
        let all = Self::switches(u32::MAX);
        let (kept, outside) = (WATERMARK | SAMPLE_ID_ALL | USE_CLOCKID, EXCLUDE_HV);
        Self {
            config: if major { FAULTS_MAJ } else { FAULTS_MIN },
            sample_period: 1,
            sample_type: SAMPLE_TYPE | TOUCHES,
            sample_stack_user: TOP,
            flags: all.flags & kept | INHERIT | outside | if kernel { 0 } else { EXCLUDE_KERNEL },
            ..all
        }
    }
}

impl Attr {
    /// Each passage of a thread, and of those that it will make, through a tracepoint, with what the kernel notes there, and
    /// beside it births, ends and switches. `registers`: with one register of user land, since how wide those are is told with
    /// it; `threads`: other processes that it makes are passed over, which kernels before 5.13 cannot.
    pub fn passage(id: u16, registers: bool, threads: bool, watermark: u32) -> Self {
        let all = Self::switches(watermark);
        // What is told twice is read twice.
        let beside = if registers { 0 } else { TASK | CONTEXT_SWITCH };
        let (sample, first) = if registers { (WIDTH, 1) } else { (0, 0) };
        Self {
            kind: TRACEPOINT,
            config: id.into(),
            sample_period: 1,
            sample_type: SAMPLE_TYPE | RAW | sample,
            sample_regs_user: first,
            read_format: 0,
            flags: all.flags & !(COMM | COMM_EXEC | TASK | CONTEXT_SWITCH)
                | beside
                | INHERIT
                | if threads { INHERIT_THREAD } else { 0 },
            ..all
        }
    }
}

/// The bytes that end each record: pid, tid, time.
pub(super) const TRAILER: usize = 16;

/// The moment that the last bytes of a record tell.
pub(super) fn moment(last: [u8; 8]) -> Nanos {
    Nanos(u64::from_ne_bytes(last))
}
