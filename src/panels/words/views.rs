//! Views 2 to 4 and 7: cores, memory, disks, cards.

use super::{PID, USER, word};
use crate::app::word::Word;

const DISKSTATS: &str = "/proc/diskstats, between two readings";
const REQUESTS: &str = "tracepoints block_io_start, block_rq_issue and block_rq_complete, summed by programs in the kernel: bpf(2)";
const PID_IO: &str = "/proc/PID/io";

/// View 4.
pub const DISKS: &[Word] = &[
    word(
        "BUSY",
        "Share of the time in which the device had anything to do. One that does many things at once can be 100% busy and still have room.",
        "/proc/diskstats, field 13 (ms doing I/O), by the time between two readings",
    ),
    word(
        "READ",
        "Bytes a second that came from storage; what the page cache answers is not in it. – where the kernel does not show them to this user.",
        "/proc/diskstats, field 6 (sectors of 512 bytes), of a process /proc/PID/io, read_bytes, by the time between two readings",
    ),
    word(
        "WRITTEN",
        "Bytes a second that went to storage; of a process what it gave to be written, which may happen later.",
        "/proc/diskstats, field 10 (sectors), of a process /proc/PID/io, write_bytes, by the time between two readings",
    ),
    word(
        "READ REQ/s",
        "Reads that the device completed, a second: requests, not bytes.",
        "/proc/diskstats, field 4",
    ),
    word(
        "WRITE REQ/s",
        "Writes that the device completed, a second: requests, not bytes.",
        "/proc/diskstats, field 8",
    ),
    word(
        "READ TOOK",
        "How long a read took on average, waiting in the queue included; – where there was none.",
        "/proc/diskstats, field 7 (ms) by field 4 (reads)",
    ),
    word(
        "READ p99",
        "99 of 100 reads of the last 5 s took at most so long, to a fifth; a mean hides the slow ones. Not there where requests are not counted.",
        REQUESTS,
    ),
    word("WRITE p99", "The same of writes.", REQUESTS),
    word(
        "WRITE TOOK",
        "How long a write took on average, waiting in the queue included; – where there was none.",
        "/proc/diskstats, field 11 (ms) by field 8 (writes)",
    ),
    word(
        "QUEUE",
        "Requests under way on average.",
        "/proc/diskstats, field 14 (weighted ms), by the time between two readings",
    ),
    word(
        "p50 p99",
        "Above a map: half of the requests of the last 5 s took at most p50, 99 of 100 at most p99, each to a fifth, from when a process made them to their answer; in the device is the part of the mean after the driver had them. The map: time goes to the right, in steps of half a second or a few, how long requests took goes up, and the stronger the colour the more requests. Counting costs about 0.7 µs a request, only while this view is shown; it needs the rights to run programs in the kernel. Volumes and arrays have no requests of their own: their disks have.",
        REQUESTS,
    ),
    word(
        "REQ/s",
        "Requests to disks that it made, a second, over the last 5 s. What a process writes goes to disk later: writeback, by a thread of the kernel. A flush counts for the program that asks for it (fsync); where the file system keeps a journal, fsync may leave both to the thread that writes that: journal.",
        REQUESTS,
    ),
    word(
        "REQ p99",
        "99 of 100 of its requests took at most so long, on the disk and for what they were slowest.",
        REQUESTS,
    ),
    word(
        "USED",
        "Share of what ordinary users can have, as df counts it; images that are full by nature do not warn.",
        "statvfs(3): (f_blocks - f_bfree) by (f_blocks - f_bfree + f_bavail)",
    ),
    word(
        "LEFT",
        "What an ordinary user can still take.",
        "statvfs(3), f_bavail",
    ),
    word(
        "INODES",
        "Share of the filesystem's files in use; – where it makes them as it needs them.",
        "statvfs(3), f_files and f_ffree",
    ),
    word(
        "no answer",
        "The filesystem was asked by a child process that can be given up, and has not answered: its server is dead or its device sick.",
        "",
    ),
    PID,
    USER,
    word(
        "BY CHILDREN",
        "Bytes a second that children (and threads) of the process moved which ended since the last tick: the kernel adds all that a child ever moved to its parent when that waits for it; what was seen of the child before is taken off here.",
        PID_IO,
    ),
    word(
        "BLOCKED",
        "Share of the last tick in which the first thread of the process waited for block devices. Left out without the sysctl kernel.task_delayacct=1.",
        "/proc/PID/stat, field 42 (delayacct_blkio_ticks)",
    ),
    word(
        "READ EVER",
        "Since the process began, with every child that it waited for.",
        "/proc/PID/io, read_bytes",
    ),
    word(
        "WRITTEN EVER",
        "Since the process began, with every child that it waited for.",
        "/proc/PID/io, write_bytes",
    ),
    word(
        "WAITED",
        "How long it waited for block devices since it began, or since the sysctl was set.",
        "/proc/PID/stat, field 42 (delayacct_blkio_ticks)",
    ),
    word(
        "BLOCKED ON",
        "What holds it in uninterruptible sleep (state D) at this moment: disk, server (of FUSE, NFS and the like), memory, lock (of the kernel), child (of vfork), frozen, kernel (anything else); blocked where that is not told to this user.",
        "/proc/PID/wchan, the kernel function that it sleeps in",
    ),
    word("COMMAND", "Its name and arguments.", "/proc/PID/cmdline"),
    word(
        "Disks",
        "Bytes a second of all whole disks together: not of partitions, nor of what is made of disks (volumes, arrays, images, compressed memory).",
        DISKSTATS,
    ),
];

/// View 2: the table, and what stands beside the lanes.
pub const CPU: &[Word] = &[
    word(
        "slice",
        "One uninterrupted stay of one thread on one core.",
        "the kernel's context switches: perf_event_open(2)",
    ),
    PID,
    word(
        "NAME",
        "Its name, in the colour that it has in the lanes.",
        "/proc/PID/stat, field 2 (comm), and /proc/PID/cmdline",
    ),
    word(
        "SHARE%",
        "Its time on cores in the shown window, by the window; 100 is one core. With idle all add up to 100 for each core.",
        "the slices of the lanes",
    ),
    word(
        "SLICES/S",
        "How many slices began, a second.",
        "the slices of the lanes",
    ),
    word(
        "MEAN",
        "Its time on cores by the number of its slices.",
        "the slices of the lanes",
    ),
    word(
        "WAITED",
        "Time in which its threads could run but had no core. ≥: at least so long, since a thread ended before it was read or the window is older than the first reading. – where no thread of it was read twice in the window and none was preempted.",
        "/proc/PID/task/TID/schedstat, second number (ns), read about twice a second of threads that ran",
    ),
    word(
        "LONGEST",
        "Its longest slice in the window.",
        "the slices of the lanes",
    ),
    word(
        "PREEMPTED",
        "Share of its slices after which the thread could still run: the kernel took the core, or it called sched_yield(2). After the others it blocked or slept: it yielded.",
        "the state in which a thread left its core",
    ),
    word(
        "MOVED",
        "Slices that began on another core than the one before.",
        "the slices of the lanes",
    ),
    word(
        "not seen, others",
        "Time in which the cores were busy with none of whom the lanes tell.",
        "/proc/stat, less the slices",
    ),
    word(
        "of that irq, softirq, steal",
        "What interrupts and the hypervisor took from whoever had the core; it is inside the shares above.",
        "/proc/stat, fields irq, softirq and steal of each core",
    ),
    word(
        "queue",
        "How many threads waited for the core on average: the run delay of threads that had it last, by the time shown.",
        "/proc/PID/task/TID/schedstat",
    ),
    word(
        "picture right of a lane",
        "How busy the core was in the last minute, 5 s a column.",
        "/proc/stat",
    ),
    word(
        "Switches/s",
        "Context switches of all cores.",
        "/proc/stat, ctxt, between two ticks",
    ),
    word(
        "Pressure",
        "Share of the last 10 s in which some task waited for a core, for I/O or for memory.",
        "/proc/pressure/cpu, io, memory: some avg10",
    ),
];

/// View 3.
pub const MEMORY: &[Word] = &[
    word(
        "used",
        "Total less what the kernel estimates can be had without swapping.",
        "/proc/meminfo: MemTotal - MemAvailable",
    ),
    word(
        "transparent",
        "Of the memory of processes, what the kernel keeps in huge pages of its own accord.",
        "/proc/meminfo: AnonHugePages",
    ),
    word(
        "this group",
        "What the control group that pscope lives in may use: its tightest limit and quota, and how often they were reached.",
        "memory.max, memory.high, cpu.max of the group, or those of v1",
    ),
    word(
        "pressure",
        "Share of the last 10 s in which some task, or every task, waited for memory.",
        "/proc/pressure/memory: avg10 of some and full",
    ),
    word(
        "faults",
        "Pages that were touched and were not there: new ones, and those that had to come from the disk.",
        "/proc/vmstat: pgfault, pgmajfault, between two readings",
    ),
    word(
        "reclaim",
        "Pages that the kernel took back from caches and programs, of those that it looked at; stalls: programs that had to search themselves.",
        "/proc/vmstat: pgsteal_*, pgscan_*, allocstall_*, between two readings",
    ),
    word(
        "swap",
        "Pages that went to swap and came back.",
        "/proc/vmstat: pswpin, pswpout, between two readings",
    ),
    word(
        "refaults",
        "Pages that had to be read again soon after they had been dropped: memory is too small for the work.",
        "/proc/vmstat: workingset_refault_*, between two readings",
    ),
    word(
        "to disk",
        "File contents that were changed in memory: not yet written, and on their way.",
        "/proc/meminfo: Dirty, Writeback",
    ),
    word(
        "committed",
        "Memory that programs asked for and may come to use; more than there is can be promised.",
        "/proc/meminfo: Committed_AS",
    ),
    word(
        "pictures",
        "What each figure was at the last ticks, the newest at the right, against the most that it was; what only this view reads begins when it is opened.",
        "",
    ),
    PID,
    USER,
    word(
        "PROPORTIONAL",
        "Its pages, each divided by how many processes map it; – where it may not be read: then the table is ordered by resident memory.",
        "/proc/PID/smaps_rollup: Pss",
    ),
    word(
        "OF ALL",
        "Its proportional memory by all memory.",
        "/proc/PID/smaps_rollup: Pss, by MemTotal of /proc/meminfo",
    ),
    word(
        "RESIDENT",
        "Its pages in memory, shared ones counted in full.",
        "/proc/PID/statm, field 2",
    ),
    word("SWAPPED", "Its pages in swap.", "/proc/PID/status: VmSwap"),
    word(
        "OOM",
        "The score by which the kernel chooses whom to end when memory runs out; the highest goes first.",
        "/proc/PID/oom_score",
    ),
    word("COMMAND", "Its name and arguments.", "/proc/PID/cmdline"),
];

/// View 7.
pub const GPU: &[Word] = &[
    word(
        "busy",
        "Share of the last moment in which anything ran on the card.",
        "nvmlDeviceGetUtilizationRates of NVIDIA's library: gpu; /sys/class/drm/cardN/device/gpu_busy_percent, else the busiest engine of all clients",
    ),
    word(
        "moved",
        "Share of the last moment in which its memory was read or written.",
        "nvmlDeviceGetUtilizationRates: memory; /sys/class/drm/cardN/device/mem_busy_percent",
    ),
    word(
        "CARD",
        "Its number here: cards of NVIDIA first, as their driver counts, then the others.",
        "",
    ),
    PID,
    USER,
    word(
        "GPU%",
        "Share of the card's time that the process had, by the driver's own samples: of several that take turns it may tell one as 0 for a second. A driver that tells more than the whole, or nothing of a card that is busy, makes it –.",
        "nvmlDeviceGetProcessUtilization; drm-engine-* or drm-cycles-* of /proc/PID/fdinfo/*, the busiest engine",
    ),
    word(
        "GPU MEM",
        "Memory of the card that it has.",
        "nvmlDeviceGetComputeRunningProcesses_v3, and its like for graphics; drm-resident-* or drm-memory-* of /proc/PID/fdinfo/*",
    ),
    word("COMMAND", "Its name and arguments.", "/proc/PID/cmdline"),
];
