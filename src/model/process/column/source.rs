//! From which file of the kernel each column comes, and how it is computed: what `x` tells beside a number.

use super::Column;

/// By the name of the column: where from, and how.
const SOURCES: &[(&str, &str)] = &[
    ("pid", "the name of its directory in /proc"),
    ("ppid", "/proc/PID/stat, field 4 (ppid)"),
    ("pgrp", "/proc/PID/stat, field 5 (pgrp)"),
    ("sid", "/proc/PID/stat, field 6 (session)"),
    (
        "user",
        "the owner of /proc/PID, which is the effective user",
    ),
    ("state", "/proc/PID/stat, field 3 (state)"),
    (
        "cpu",
        "/proc/PID/stat, fields 14 and 15 (utime, stime): ticks since the reading before, by the time between both",
    ),
    (
        "history",
        "as CPU%, of the last ticks; small shares are drawn larger (by their root)",
    ),
    ("mem", "/proc/PID/statm, field 2 (resident), in pages"),
    (
        "mem%",
        "/proc/PID/statm, field 2 (resident), by MemTotal of /proc/meminfo",
    ),
    ("growth", "/proc/PID/statm, field 2, now and a minute ago"),
    ("pss", "/proc/PID/smaps_rollup, Pss"),
    ("swap", "/proc/PID/status, VmSwap"),
    ("virt", "/proc/PID/stat, field 23 (vsize)"),
    ("thr", "/proc/PID/stat, field 20 (num_threads)"),
    ("time", "/proc/PID/stat, fields 14 and 15 (utime + stime)"),
    ("ni", "/proc/PID/stat, field 19 (nice)"),
    ("pri", "/proc/PID/stat, field 18 (priority)"),
    ("core", "/proc/PID/stat, field 39 (processor)"),
    (
        "start",
        "/proc/PID/stat, field 22 (starttime), after the boot",
    ),
    ("age", "/proc/PID/stat, field 22 (starttime), before now"),
    ("tty", "/proc/PID/stat, field 7 (tty_nr)"),
    (
        "read",
        "/proc/PID/io, read_bytes: since the reading before, by the time between both",
    ),
    (
        "write",
        "/proc/PID/io, write_bytes: since the reading before, by the time between both",
    ),
    ("read-all", "/proc/PID/io, read_bytes"),
    ("wrtn", "/proc/PID/io, write_bytes"),
    (
        "vol",
        "/proc/PID/status, voluntary_ctxt_switches: since the reading before, by the time between both",
    ),
    (
        "invol",
        "/proc/PID/status, nonvoluntary_ctxt_switches: since the reading before, by the time between both",
    ),
    (
        "wait",
        "/proc/PID/schedstat, second number (nanoseconds): since the reading before, by the time between both",
    ),
    ("majfl", "/proc/PID/stat, field 12 (majflt)"),
    ("oom", "/proc/PID/oom_score"),
    (
        "cpu1",
        "/proc/PID/stat, fields 14 and 15 (utime, stime), over the last minute",
    ),
    (
        "cpu5",
        "/proc/PID/stat, fields 14 and 15 (utime, stime), over the last five minutes",
    ),
    (
        "life",
        "/proc/PID/stat, fields 14 and 15 (utime + stime), by the time since its start, field 22",
    ),
    ("priv", "/proc/PID/smaps_rollup, the sum of Private_*"),
    (
        "policy",
        "/proc/PID/stat, fields 40 and 41 (rt_priority, policy)",
    ),
    (
        "faults",
        "/proc/PID/stat, fields 10 and 12 (minflt, majflt): since the reading before, by the time between both",
    ),
    (
        "net-in",
        "the counters of its TCP sockets, from sock_diag(7), joined by /proc/PID/fd",
    ),
    (
        "net-out",
        "the counters of its TCP sockets, from sock_diag(7), joined by /proc/PID/fd",
    ),
    (
        "gpu",
        "nvmlDeviceGetProcessUtilization of NVIDIA's library, added up over cards",
    ),
    (
        "gpu-mem",
        "nvmlDeviceGetComputeRunningProcesses_v3 of NVIDIA's library, and its like for graphics, added up over cards",
    ),
    ("ports", "sock_diag(7), joined by /proc/PID/fd"),
    ("fds", "the entries of /proc/PID/fd"),
    (
        "fd%",
        "the entries of /proc/PID/fd, by the soft limit in /proc/PID/limits",
    ),
    ("cgroup", "/proc/PID/cgroup"),
    ("unit", "/proc/PID/cgroup"),
    ("waits-for", "/proc/PID/syscall and /proc/PID/wchan"),
    (
        "command",
        "/proc/PID/cmdline, and /proc/PID/stat, field 2 (comm)",
    ),
];

impl Column {
    /// From which file of the kernel it comes and how it is computed; see `proc_pid_stat(5)` and its neighbours.
    pub fn source(&self) -> &'static str {
        let found = SOURCES.iter().find(|(name, _)| *name == self.name);
        found.map_or("", |(_, source)| *source)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ALL;
    use super::*;

    #[test]
    fn every_column_says_where_it_comes_from_and_no_other_does() {
        for column in ALL {
            assert!(
                column.source().contains("/proc")
                    || column.source().starts_with("nvml")
                    || column.name == "history",
                "{}",
                column.name
            );
        }
        assert_eq!(SOURCES.len(), ALL.len());
    }
}
