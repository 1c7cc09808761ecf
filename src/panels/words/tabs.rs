//! The tabs of the inspector that tell of the process as a whole: memory, files, signals, limits, its past.

use super::word;
use crate::app::word::Word;

/// The tab Overview.
pub const OVERVIEW: &[Word] = &[
    word(
        "user land",
        "The address space, high addresses on top. Heights are readable, not to scale; amounts are what each kind claims.",
        "/proc/PID/maps",
    ),
    word(
        "claims",
        "Address space that it may touch.",
        "/proc/PID/stat, field 23 (vsize)",
    ),
    word(
        "holds",
        "Pages of it that are in memory now.",
        "/proc/PID/stat, field 24 (rss)",
    ),
    word(
        "own",
        "Pages of those that nobody else maps; shared are the others.",
        "/proc/PID/smaps_rollup: the sum of Private_*",
    ),
    word(
        "largest regions",
        "The mappings that claim most; the pieces of one file are one.",
        "/proc/PID/maps",
    ),
    word(
        "state",
        "What its first thread does now, and for how long at the least: it has not been switched since.",
        "/proc/PID/stat, field 3; /proc/PID/syscall, and the memory that the call points to",
    ),
    word(
        "parent",
        "Who began it, or who took it over when that one ended.",
        "/proc/PID/stat, field 4 (ppid)",
    ),
    word(
        "user",
        "The user as whom it acts, and the rights of root (capabilities) that it has.",
        "/proc/PID/status: Uid, CapEff, Seccomp, NoNewPrivs",
    ),
    word(
        "sched",
        "Scheduling policy, nice value, and the cores that it may run on.",
        "/proc/PID/stat, fields 19 and 41; /proc/PID/status: Cpus_allowed_list",
    ),
    word(
        "slices",
        "How often a second its threads were given a core, and for how long at a time on the average. – until a second reading.",
        "/proc/PID/task/TID/schedstat, first and third number",
    ),
    word(
        "waited",
        "Time in which a thread could run and no core was free, over all its threads.",
        "/proc/PID/task/TID/schedstat, second number (ns), by the time between two readings",
    ),
    word(
        "gpu",
        "What it uses of graphics cards: of their time, and of their memory.",
        "as view 7 tells it; asked for only where it holds a descriptor of a card",
    ),
    word(
        "descriptors",
        "Open files, pipes and sockets, with the limit, and what the first ones lead to.",
        "/proc/PID/fd, and Max open files of /proc/PID/limits",
    ),
    word(
        "threads",
        "How many there are and what they wait for; those that run or are blocked first, then the busiest. The number is their share of a core.",
        "/proc/PID/task/TID/stat, syscall and the memory that the call points to",
    ),
    word(
        "children",
        "Processes that it began and that live, or that have ended and wait until it asks how (wait).",
        "/proc/PID/stat of all, field 4 (ppid)",
    ),
    word(
        "around it",
        "Its ancestors and busiest children: number, share of a core, resident memory.",
        "as in the list of processes",
    ),
    word(
        "sockets",
        "Its sockets of the network, listeners first, with the descriptor.",
        "/proc/PID/fd and sock_diag(7)",
    ),
    word(
        "calls",
        "The system calls that took most of its time: how many a second, their time together in the window, the busiest descriptor. While they are in sight, or would be, each costs it 0.2 to 0.3 µs more, and those of all others 0.1 to 0.2. Left out where no call returned.",
        "the tracepoints sys_enter and sys_exit; where they are not permitted /proc/PID/task/TID/syscall, up to 250 times a second",
    ),
    word(
        "signals",
        "How many of the 64 signals it catches, ignores and blocks.",
        "/proc/PID/status: SigCgt, SigIgn, SigBlk, SigPnd, ShdPnd",
    ),
    word(
        "limit near",
        "A limit of which more than four fifths are used.",
        "/proc/PID/limits",
    ),
    word(
        "cgroup",
        "The control group whose limits it shares with others.",
        "/proc/PID/cgroup",
    ),
    word(
        "CPU",
        "Share of a core at each tick.",
        "/proc/PID/stat, fields 14 and 15 (utime, stime), by the time between two readings",
    ),
    word(
        "mem",
        "Resident memory at each tick.",
        "/proc/PID/statm, field 2",
    ),
    word(
        "wait",
        "Milliseconds a second in which its threads waited for a core.",
        "/proc/PID/task/TID/schedstat, second number",
    ),
    word(
        "denied",
        "Kernel files that this user may not read. Another user's process shows them to root, or to a pscope with the capability cap_sys_ptrace.",
        "",
    ),
];

/// The tab Memory.
pub const MEMORY: &[Word] = &[
    word(
        "KIND",
        "What a run of the address space is for; + opens a kind.",
        "/proc/PID/maps, the program headers of each ELF file, stack pointers of the threads",
    ),
    word("RANGE", "First and last address.", "/proc/PID/maps"),
    word(
        "MODE",
        "What may be done with it: r read, w write, x run as code, p private, s shared.",
        "/proc/PID/maps",
    ),
    word(
        "PATH",
        "The file behind it, or what the kernel calls it.",
        "/proc/PID/maps",
    ),
    word(
        "claimed",
        "Address space: what the process may touch. It costs nothing until pages are touched.",
        "/proc/PID/maps, end less start",
    ),
    word(
        "resident",
        "Pages that are in memory now, whoever else uses them too.",
        "/proc/PID/smaps: Rss",
    ),
    word(
        "PSS",
        "Resident, each page divided by the number of processes that map it. The PSS of all processes adds up to what they really take.",
        "/proc/PID/smaps: Pss",
    ),
    word(
        "own",
        "Resident pages that nobody else maps: what would be free if the process ended.",
        "/proc/PID/smaps: Private_Clean + Private_Dirty",
    ),
    word(
        "swapped",
        "Pages that were written to swap.",
        "/proc/PID/smaps: Swap",
    ),
    word(
        "dirty",
        "Resident pages that were written to and differ from their file, if they have one.",
        "/proc/PID/smaps: Private_Dirty + Shared_Dirty",
    ),
    word(
        "growth",
        "Resident and swapped bytes more a second, over the last 15 to 30 seconds.",
        "/proc/PID/smaps: Rss + Swap, now and then",
    ),
    word(
        "pages/s",
        "Page faults: how many pages a second the program gets here now, over the last two seconds; ~ where each so many stands for others.",
        "perf_event_open(2): page-faults with their addresses",
    ),
    word(
        "touched by",
        "The functions whose code these pages were first needed by, with their share; where the C library only copies or fills for somebody, who called it. Not told where a file names nothing there.",
        "perf_event_open(2): page-faults with the code that was run and the word at its stack pointer; the symbols of the files, .symtab or else .dynsym",
    ),
    word(
        "of claimed",
        "A bar of what is claimed, of that resident and swapped, all to one scale; ▸ where it goes beyond.",
        "",
    ),
    word(
        "claims, holds, own",
        "The sums of claimed, resident and own memory over all regions.",
        "/proc/PID/smaps",
    ),
];

/// The tab Files.
pub const FILES: &[Word] = &[
    word(
        "FD",
        "The number by which the process names it. 0, 1 and 2 are standard input, output and error by custom.",
        "the names of the links in /proc/PID/fd",
    ),
    word(
        "KIND",
        "What the number stands for.",
        "what the link leads to; fstat(2)",
    ),
    word(
        "MODE",
        "r: it can be read, w: written, rw: both, path: it only names a place.",
        "the permissions of the link in /proc/PID/fd",
    ),
    word(
        "WHAT",
        "The path; of a socket its state and addresses; of what the kernel made itself what it is for. deleted: the file has no name any more, but takes space until the last descriptor is closed.",
        "the link in /proc/PID/fd; sock_diag(7); /proc/PID/fdinfo",
    ),
    word(
        "POSITION, QUEUES",
        "Of a file: where the next read or write begins, and its size. Of a socket: bytes that wait to be read here, and bytes that the other end has not acknowledged. Of a listener: connections that wait, of how many may.",
        "/proc/PID/fdinfo: pos; sock_diag(7): idiag_rqueue, idiag_wqueue",
    ),
    word(
        "PEER",
        "The process at the other end. ← data comes from it, → data goes to it, ⇄ both, = it holds the same object.",
        "the links of /proc/PID/fd of all processes, joined by what they lead to",
    ),
    word(
        "of 1024",
        "How many it may have. At the limit open, accept and pipe fail with EMFILE.",
        "/proc/PID/limits: Max open files, soft",
    ),
    word(
        "not visible",
        "Processes of other users do not show their descriptors to you, and those of another pid namespace, or that hidepid hides, are not even listed: one of them may be the missing peer.",
        "",
    ),
];

/// The tab Signals.
pub const SIGNALS: &[Word] = &[
    word(
        "NR",
        "The number of the signal. 32 and 33 the C library keeps for its threads; programs begin at RTMIN.",
        "signal(7)",
    ),
    word("SIGNAL", "Its name without SIG.", "signal(7)"),
    word(
        "WHAT HAPPENS",
        "caught: a function of the program is called; what it does is its own affair. ignored: thrown away. Else what the kernel does.",
        "/proc/PID/status: SigCgt, SigIgn",
    ),
    word(
        "BLOCKED",
        "The signal waits until it is unblocked: yes for all threads, else how many or which. Where one thread does not block it, that one takes it.",
        "/proc/PID/task/TID/status: SigBlk",
    ),
    word(
        "PENDING",
        "It was sent and waits: for the process (any thread may take it) or for one thread alone.",
        "/proc/PID/status: ShdPnd; /proc/PID/task/TID/status: SigPnd",
    ),
    word("WHAT IT IS FOR", "Its use by custom.", "signal(7)"),
    word(
        "queued",
        "Signals that wait with their data, of all processes of this user, and how many may.",
        "/proc/PID/status: SigQ",
    ),
];

/// The tab Environment.
pub const ENVIRONMENT: &[Word] = &[
    word(
        "NAME",
        "The variable. What the program set itself after it began stands elsewhere in its memory and is not shown.",
        "/proc/PID/environ, as it was fixed at execve(2)",
    ),
    word(
        "VALUE",
        "Its value. Of variables whose names tell of tokens, passwords or keys, and of addresses with a password in them, only a mask until it is asked for; search and order see only the mask.",
        "/proc/PID/environ",
    ),
];

/// The tab Limits.
pub const LIMITS: &[Word] = &[
    word(
        "used",
        "What it uses of the limit; – where the kernel does not count it. Threads are counted for the user, not for this process.",
        "/proc/PID/stat, status, statm, fd; of the user the sum over all processes",
    ),
    word("soft", "The limit that is enforced.", "/proc/PID/limits"),
    word(
        "hard",
        "Up to here the process may raise the soft one by itself.",
        "/proc/PID/limits",
    ),
    word(
        "control group",
        "What this group and its neighbours may use together. The tightest limit counts, also where a group above sets it; where the parts of a group above have filled that one's limit, it comes first, and is told with what they hold.",
        "/proc/PID/cgroup, and memory.*, cpu.*, pids.* of that directory and those above",
    ),
    word(
        "throttled",
        "The group had used up its share of the cores and had to wait for the next period.",
        "cpu.stat: nr_throttled of nr_periods",
    ),
    word(
        "namespaces",
        "What the process sees of the machine. One that differs from pscope's own means a container or a sandbox.",
        "the links in /proc/PID/ns",
    ),
    word(
        "capabilities",
        "Rights of root in pieces. Effective ones count now; the bounding set is the most that a program which it runs can get.",
        "/proc/PID/status: CapEff, CapPrm, CapBnd, CapAmb",
    ),
    word(
        "no new privileges",
        "No program that it runs gains rights, not even a set-user-id one.",
        "/proc/PID/status: NoNewPrivs",
    ),
    word(
        "seccomp",
        "Which system calls are allowed.",
        "/proc/PID/status: Seccomp, Seccomp_filters",
    ),
    word(
        "OOM score",
        "The higher it is, the sooner the kernel ends the process when memory runs out; -1000 of adjustment means never.",
        "/proc/PID/oom_score and oom_score_adj",
    ),
];

/// The tab History.
pub const HISTORY: &[Word] = &[
    word(
        "history",
        "As far back as ticks are kept, ten minutes at most. Where many ticks share a column, the highest is drawn.",
        "",
    ),
    word(
        "CPU %",
        "Share of one core.",
        "/proc/PID/stat, fields 14 and 15 (utime, stime), by the time between two readings",
    ),
    word(
        "memory",
        "Resident memory: pages in RAM now.",
        "/proc/PID/statm, field 2",
    ),
    word(
        "read",
        "Bytes a second from storage; what the page cache answers is not in it. Read only while it is asked for.",
        "/proc/PID/io: read_bytes",
    ),
    word(
        "written",
        "Bytes a second to storage. Read only while it is asked for.",
        "/proc/PID/io: write_bytes",
    ),
    word(
        "faults/s",
        "Pages that were not there when they were touched: new ones, shared ones, and those that had to come from the disk.",
        "/proc/PID/stat, fields 10 and 12 (minflt, majflt)",
    ),
    word(
        "switches/s",
        "How often its first thread was taken from a core or gave it up. Read only while it is asked for.",
        "/proc/PID/status: voluntary_ctxt_switches, nonvoluntary_ctxt_switches",
    ),
];
