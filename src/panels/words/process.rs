//! The tabs of the inspector that tell of threads and of time: Threads, Time, Calls, Schedule.

use super::word;
use crate::app::word::Word;

/// The tab Threads.
pub const THREADS: &[Word] = &[
    word(
        "TID",
        "The number of the thread; that of the first thread is the pid.",
        "the names in /proc/PID/task",
    ),
    word(
        "NAME",
        "The name that the program gave it, at most 15 letters.",
        "/proc/PID/task/TID/stat, field 2 (comm)",
    ),
    word(
        "S",
        "R running or waiting for a core, S sleeping, D waiting for a device (no signal wakes it), T stopped, t stopped by a debugger, Z ended.",
        "/proc/PID/task/TID/stat, field 3",
    ),
    word(
        "CPU%",
        "Share of one core.",
        "/proc/PID/task/TID/stat, fields 14 and 15 (utime, stime), by the time between two readings",
    ),
    word(
        "CORE",
        "The core that it last ran on.",
        "/proc/PID/task/TID/stat, field 39 (processor)",
    ),
    word(
        "VOL/s",
        "Switches a second because it blocked or slept: it yielded.",
        "/proc/PID/task/TID/status: voluntary_ctxt_switches",
    ),
    word(
        "INV/s",
        "Switches a second because the kernel took the core: it was preempted.",
        "/proc/PID/task/TID/status: nonvoluntary_ctxt_switches",
    ),
    word(
        "STACK",
        "How much of its stack is in use: from the stack's highest address down to the stack pointer. – where a runtime keeps its stacks inside its own heap, or where it may not be read.",
        "/proc/PID/task/TID/syscall, stack pointer; /proc/PID/maps",
    ),
    word(
        "WAITS FOR",
        "What it waits for. The time behind a dot is for how long it has been seen in this very wait.",
        "/proc/PID/task/TID/syscall, and the memory that the call points to (process_vm_readv(2))",
    ),
    word(
        "mutex held by",
        "Some mutexes and rwlocks store who holds them (all of glibc, and its stdio streams, the recursive, error-checking and robust ones of musl); it is believed where the memory around looks like that lock. Others (Rust, Go, semaphores, barriers) store nobody, so nobody is named.",
        "the memory of the lock",
    ),
    word(
        "condition variable, semaphore or rwlock",
        "The kernel sees the same call for all three. Which it is, the return addresses on the thread's stack tell where they lead through the C library and its functions have names.",
        "the thread's stack and the symbols of the C library",
    ),
    word(
        "Deadlock",
        "Threads of which each waits for the next one, all in a circle: none of them can go on. Where a wait is for a whole process (a lock of a file, a pipe, the end of a child), each thread of everybody who could end it must be in one.",
        "",
    ),
];

/// The tab Time.
pub const TIME: &[Word] = &[
    word(
        "SHARE",
        "Of the time of all its threads together: two threads have two seconds in one. All lines add up to 100.0 %.",
        "",
    ),
    word("TIME", "The same in seconds of its threads.", ""),
    word("KIND", "running, ready, or on what it was blocked.", ""),
    word(
        "ON",
        "Which lock, descriptor, thread or child it was. Where it is exact, the kernel counts how long by system call, and by descriptor, lock or child where the call is on one; the words for that are found by looking 20 times a second.",
        "pt_regs at sched_switch; /proc/PID/task/TID/syscall and the memory that the call points to",
    ),
    word(
        "exact",
        "Every switch and wake-up of its threads was counted in the kernel, so that each moment is in one line, and the lines add up. Needs programs in the kernel, as the doctor says; a call that does not wait costs nothing more, one that waits 0.4 µs.",
        "the tracepoints sched_switch, sched_wakeup, sched_wakeup_new",
    ),
    word(
        "sampled",
        "Its threads were looked at up to 250 times a second, as 2 % of a core allow: running and ready are the kernel's own counters, on what it was blocked is what the looks at both ends of a wait found. Waits that lie between two looks are told as those that looks met; where most do, as too short to be seen.",
        "/proc/PID/task/TID/schedstat and syscall",
    ),
    word(
        "disk requests",
        "How long each of its requests to a disk took in the last minutes, by disk and what was asked for, where it made some: as in view 4, of this process alone; a flush that it asks for (fsync) too. What is written back later counts for the kernel's thread that does it. Needs programs in the kernel, as the doctor says; while the tab is open each request takes 0.7 µs longer.",
        "the tracepoints block_io_start, block_rq_issue and block_rq_complete",
    ),
    word("TID", "The thread.", "the names in /proc/PID/task"),
    word(
        "NAME",
        "Its name.",
        "/proc/PID/task/TID/stat, field 2 (comm)",
    ),
    word(
        "RUN%",
        "Share of its time on a core.",
        "schedstat, first number",
    ),
    word(
        "READY%",
        "Share of its time waiting for a core.",
        "schedstat, second number",
    ),
    word("BLOCK%", "Share of its time blocked.", "what is left"),
    word(
        "MOSTLY",
        "On what it was blocked for most of the time.",
        "/proc/PID/task/TID/syscall",
    ),
    word(
        "running",
        "On a core.",
        "/proc/PID/task/TID/schedstat, first number (ns)",
    ),
    word(
        "ready",
        "It could run and waited for a core. Much of it means that there are too few cores, or a limit on them.",
        "/proc/PID/task/TID/schedstat, second number (ns)",
    ),
    word(
        "blocked",
        "Where it is exact, from when a thread leaves its core asleep until it is woken. Sampled, it is what is left of the time: where it did not run between two looks it is certain on what; else it is what was seen at both ends.",
        "sched_switch and sched_wakeup; else the time less running and ready; /proc/PID/task/TID/syscall",
    ),
    word(
        "idle",
        "Waiting for any of several descriptors, for connections to come, for time to pass or for a signal: nothing to do, as far as that can be told.",
        "/proc/PID/task/TID/syscall",
    ),
    word(
        "WAKES/s",
        "How often a second a thread of it was made ready to run. Press g until WOKEN BY is there.",
        "a program at the kernel's tracepoint sched_waking",
    ),
    word(
        "P50",
        "How long it then waited for a core: half of the times at most so long, to a fifth.",
        "the tracepoints sched_waking and sched_switch",
    ),
    word(
        "P99",
        "The same: 99 of 100 times at most so long, to a fifth.",
        "the tracepoints sched_waking and sched_switch",
    ),
    word(
        "LONGEST",
        "The same: the longest since the tab was opened, exactly.",
        "the tracepoints sched_waking and sched_switch",
    ),
    word(
        "WOKEN BY",
        "The thread that ran where the wake-up was made; an interrupt (timer, disk, network) is named itself, and not the thread that it interrupted.",
        "the tracepoint sched_waking",
    ),
    word(
        "waits too short to be seen",
        "It was running at both looks and blocked in between.",
        "",
    ),
    word(
        "device",
        "A wait that no signal ends (state D): a disk, a filesystem, a lock in the kernel.",
        "/proc/PID/task/TID/stat, field 3, and wchan",
    ),
    word(
        "wake",
        "A condition variable, a semaphore, a parked thread: another thread has to wake it. Whether it has nothing to do or waits for an answer the kernel does not tell.",
        "",
    ),
];

/// The tab Calls.
pub const CALLS: &[Word] = &[
    word(
        "CALL",
        "The border between user land and the kernel: the program asks, the kernel does. The names are those of section 2 of the manual.",
        "the tracepoints sys_enter and sys_exit",
    ),
    word(
        "CALLS/s",
        "How many returned, a second. – where calls are not counted, only seen.",
        "counted in the kernel, or by a record of each (perf tracepoints), by the time of the window",
    ),
    word(
        "ERR/s",
        "How many of those returned an error, a second. Many are harmless: EAGAIN says that there is nothing yet. What a signal interrupts and the kernel makes again is none.",
        "the return values at sys_exit",
    ),
    word(
        "TIME",
        "How long threads were in it in the window, also in one that had begun before or has not returned. Where several threads are in it \
         that may be more than the window.",
        "the time between sys_enter and sys_exit",
    ),
    word(
        "CORE",
        "Of that, the time on a core; the rest it was blocked, or waited for a core.",
        "the tracepoint sched_switch",
    ),
    word(
        "MEAN",
        "How long those took that returned, by their number; one that had begun before counting did is not among them, and – where those took more time than all others.",
        "",
    ),
    word(
        "P99",
        "99 of 100 took at most so long; right to a fifth.",
        "a histogram of four buckets to each power of two",
    ),
    word(
        "LONGEST",
        "The longest since the tab was opened; of one that has not returned, as long as it lasts in the window.",
        "",
    ),
    word(
        "ON",
        "The descriptor that took most of the time, and who is at its other end, or who is in the call now; then its commonest error.",
        "the first argument at sys_enter; /proc/PID/fd",
    ),
];

/// The tab Schedule.
pub const SCHEDULE: &[Word] = &[
    word(
        "policy",
        "By which rule the kernel gives it a core, and its nice value.",
        "/proc/PID/stat, fields 41 and 19",
    ),
    word(
        "may run on",
        "The cores that it is allowed.",
        "/proc/PID/status: Cpus_allowed_list",
    ),
    word(
        "slice wanted",
        "How long the scheduler lets its first thread run before another one may (EEVDF).",
        "/proc/PID/sched: se.slice",
    ),
    word(
        "virtual time",
        "Time on a core, divided by its weight: whoever has least of it on a core is next.",
        "/proc/PID/sched: se.vruntime",
    ),
    word(
        "lag",
        "How much virtual time it is behind its fair share; some kernels tell it only in debugfs, where its queue's average stands beside it.",
        "/proc/PID/sched: se.vlag",
    ),
    word(
        "weight",
        "Its claim on a core beside others: nice 0 is 1024, each step of nice about a quarter more or less.",
        "/proc/PID/sched: se.load.weight",
    ),
    word(
        "utilisation",
        "How much of one core its first thread used lately, decaying over some 100 ms (PELT); the kernel does not renew it while the thread sleeps.",
        "/proc/PID/sched: se.avg.util_avg of 1024",
    ),
    word(
        "throttled",
        "Its control group had used up its quota of CPU time.",
        "cpu.stat of the group",
    ),
    word(
        "on a core",
        "Time in which one of its threads had a core.",
        "/proc/PID/task/TID/schedstat, first number; in the window the slices of the lanes",
    ),
    word(
        "waiting",
        "Time in which a thread could run but had no core: the kernel's run delay. ≥ where a thread ended uncounted or the window is older than the first count.",
        "/proc/PID/task/TID/schedstat, second number",
    ),
    word(
        "slept",
        "The rest: it waited for something else than a core.",
        "",
    ),
    word(
        "slices",
        "How often its threads were given a core.",
        "/proc/PID/task/TID/schedstat, third number",
    ),
    word(
        "preempted",
        "The kernel took the core, or the thread called sched_yield(2).",
        "/proc/PID/task/TID/status: nonvoluntary_ctxt_switches; in the window the state in which it left its core",
    ),
    word(
        "yielded",
        "The thread blocked or slept.",
        "/proc/PID/task/TID/status: voluntary_ctxt_switches",
    ),
    word(
        "moved core",
        "Slices that began on another core than the one before.",
        "/proc/PID/sched: se.nr_migrations; in the window the slices of the lanes",
    ),
    word(
        "slice length",
        "How many slices were how long.",
        "the slices of the lanes",
    ),
    word(
        "who took the core",
        "Who ran next on the core after a slice that ended preempted.",
        "the slices of the lanes",
    ),
];
