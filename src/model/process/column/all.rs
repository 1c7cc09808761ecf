//! Every column that there is.

use std::borrow::Cow;

use super::{Column, Shows, Unit};
use crate::model::groups::unit;
use crate::model::plan::Needs;
use crate::model::process::tty;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Held, Io, OptionalStats, Status};
use crate::model::scheduling::schedule::policy_word;
use crate::model::snapshot::{Proc, Rates, Snapshot};
use crate::model::text::SafeText;

const fn number(of: fn(&Snapshot, &Proc) -> Reading<f64>, unit: Unit) -> Shows {
    Shows::Number {
        of,
        unit,
        adds: false,
        slack: None,
    }
}

const fn sum(of: fn(&Snapshot, &Proc) -> Reading<f64>, unit: Unit, slack: Option<f64>) -> Shows {
    Shows::Number {
        of,
        unit,
        adds: true,
        slack,
    }
}

fn extra<T: Copy>(
    snapshot: &Snapshot,
    proc: &Proc,
    of: impl Fn(&OptionalStats) -> Reading<T>,
) -> Reading<T> {
    proc.extra.as_deref().map_or(Err(snapshot.unread), of)
}

fn status(snapshot: &Snapshot, proc: &Proc, of: impl Fn(Status) -> u64) -> Reading<f64> {
    extra(snapshot, proc, |e| e.status).map(|s| of(s) as f64)
}

fn io(snapshot: &Snapshot, proc: &Proc, of: impl Fn(Io) -> u64) -> Reading<f64> {
    extra(snapshot, proc, |e| e.io).map(|i| of(i) as f64)
}

fn rate(snapshot: &Snapshot, proc: &Proc, of: impl Fn(&Rates) -> Reading<f64>) -> Reading<f64> {
    proc.rates.as_deref().map_or(Err(snapshot.unread), of)
}

fn share(snapshot: &Snapshot, proc: &Proc) -> Reading<f64> {
    let total = snapshot.system.memory.map(|m| m.total.0)?;
    Ok(proc.stat.resident.0 as f64 * 100.0 / total.max(1) as f64)
}

/// Percent of one core over its whole life; one younger than a tick has none yet.
fn life(snapshot: &Snapshot, proc: &Proc) -> f64 {
    let age = snapshot.age(proc.id).seconds();
    let tick = 1.0 / snapshot.machine.ticks_per_second.max(1) as f64;
    let busy = snapshot.machine.nanos(proc.stat.cpu_time()).seconds();
    100.0 * busy / age.max(tick)
}

fn held(snapshot: &Snapshot, proc: &Proc, of: impl Fn(Held) -> Option<f64>) -> Reading<f64> {
    extra(snapshot, proc, |e| e.held).and_then(|held| of(held).ok_or(Missing::Unsupported))
}

fn path<'a>(snapshot: &Snapshot, proc: &'a Proc) -> Reading<&'a SafeText> {
    let extra = proc.extra.as_deref().ok_or(snapshot.unread)?;
    extra.cgroup.as_ref().map_err(|why| *why)
}

/// The ports that a process owns: `22,80`.
fn ports<'a>(snapshot: &Snapshot, proc: &'a Proc) -> Reading<Cow<'a, str>> {
    let extra = proc.extra.as_deref().ok_or(snapshot.unread)?;
    let opened = extra.opened.as_ref().map_err(|why| *why)?;
    let all: Vec<String> = opened.owned.iter().map(u16::to_string).collect();
    Ok(all.join(",").into())
}

/// What stands for the state of who stands still with its control group: the kernel calls it sleeping or blocked.
pub const FROZEN: &str = "F";

const MIB: Option<f64> = Some(1_048_576.0);

macro_rules! columns {
    ($(
        $(#[$flag:ident])*
        $id:ident $name:literal $title:literal $width:literal $needs:expr, $about:literal, from $source:literal, $shows:expr;
    )*) => {
        $(
            #[doc = $about]
            pub const $id: &Column = &Column {
                name: $name,
                title: $title,
                about: $about,
                source: $source,
                width: $width,
                needs: $needs,
                shows: $shows,
                of_threads: columns!(@ thread $($flag)*),
                over_time: columns!(@ over_time $($flag)*),
                with_ended: columns!(@ with_ended $($flag)*),
                greatest: columns!(@ greatest $($flag)*),
                list: columns!(@ list $($flag)*),
            };
        )*
        /// Every column, in the order of the chooser.
        pub const ALL: &[&Column] = &[$($id),*];
    };
    (@ thread thread $($rest:ident)*) => { true };
    (@ over_time over_time $($rest:ident)*) => { true };
    (@ with_ended with_ended $($rest:ident)*) => { true };
    (@ greatest greatest $($rest:ident)*) => { true };
    (@ list list $($rest:ident)*) => { true };
    (@ $wanted:ident $other:ident $($rest:ident)*) => { columns!(@ $wanted $($rest)*) };
    (@ $wanted:ident) => { false };
}

columns! {
    #[thread]
    PID "pid" "PID" 7 Needs::empty(), "Number of the process.",
        from "the name of its directory in /proc",
        number(|_, p| Ok(f64::from(p.id.pid.0)), Unit::Plain);
    PPID "ppid" "PPID" 7 Needs::empty(), "Number of its parent.",
        from "/proc/PID/stat, field 4 (ppid)",
        number(|_, p| Ok(f64::from(p.stat.ppid.0)), Unit::Plain);
    GROUP "pgrp" "PGRP" 7 Needs::empty(), "Its process group.",
        from "/proc/PID/stat, field 5 (pgrp)",
        number(|_, p| Ok(f64::from(p.stat.group.0)), Unit::Plain);
    SESSION "sid" "SID" 7 Needs::empty(), "Its session.",
        from "/proc/PID/stat, field 6 (session)",
        number(|_, p| Ok(f64::from(p.stat.session.0)), Unit::Plain);
    USER "user" "USER" 8 Needs::empty(), "The user as whom it acts.",
        from "the owner of /proc/PID, which is the effective user",
        Shows::Text(|_, p| Ok(Cow::Borrowed(p.facts.user.as_str())));
    #[thread]
    STATE "state" "S" 1 Needs::empty(), "What it is doing: R running, S sleeping, D blocked, Z zombie, T stopped, t traced, I idle; where the list is grouped by control group or unit, F frozen with its group.",
        from "/proc/PID/stat, field 3 (state); cgroup.events of the group, or freezer.state of v1",
        Shows::Text(|s, p| Ok(if s.shares.stands_still(p) {
            FROZEN.into()
        } else {
            p.stat.state.letter().to_string().into()
        }));
    #[thread] #[with_ended]
    CPU "cpu" "CPU%" 5 Needs::empty(), "Share of one core over the last interval: its own. In sums its children that ended count too (ENDED%).",
        from "/proc/PID/stat, fields 14 and 15 (utime, stime): ticks since the reading before, by the time between both",
        sum(|_, p| p.cpu.map(f64::from), Unit::Percent, Some(1.0));
    #[over_time]
    MINUTE "cpu1" "CPU1m" 5 Needs::MEANS, "Share of one core over the last minute, or since this is shown where that is less.",
        from "/proc/PID/stat, fields 14 and 15 (utime, stime), over the last minute",
        sum(|s, p| extra(s, p, |e| e.means).map(|m| m.minute as f64 / 100.0), Unit::Percent, Some(1.0));
    #[over_time]
    FIVE "cpu5" "CPU5m" 5 Needs::MEANS, "Share of one core over the last five minutes, or since this is shown where that is less.",
        from "/proc/PID/stat, fields 14 and 15 (utime, stime), over the last five minutes",
        sum(|s, p| extra(s, p, |e| e.means).map(|m| m.five as f64 / 100.0), Unit::Percent, Some(1.0));
    LIFE "life" "LIFE%" 5 Needs::empty(), "Share of one core over its whole life.",
        from "/proc/PID/stat, fields 14 and 15 (utime + stime), by the time since its start, field 22",
        sum(|s, p| Ok(life(s, p)), Unit::Percent, Some(1.0));
    #[over_time]
    ENDED "ended" "ENDED%" 6 Needs::empty(), "Share of one core that children used over the last interval which ended in it, as far as they had no row to show it. Where their parent ignores SIGCHLD the kernel tells it of nobody.",
        from "/proc/PID/stat, fields 16 and 17 (cutime, cstime): ticks since the reading before, less what had been seen of those children, by the time between both; never more than the cores were busy with nobody who has a row",
        sum(|_, p| p.ended.map(f64::from), Unit::Percent, Some(1.0));
    #[with_ended]
    HISTORY "history" "history" 8 Needs::empty(), "CPU share of the last ticks, newest at the right.",
        from "as CPU%, of the last ticks; small shares are drawn larger (by their root)",
        Shows::History;
    MEM "mem" "MEM" 5 Needs::RESIDENT, "Resident memory, shared pages counted whole. The kernel counts no pages of the pool of huge pages here; PSS and PRIV have them.",
        from "/proc/PID/statm, field 2 (resident), in pages",
        sum(|_, p| Ok(p.stat.resident.0 as f64), Unit::Bytes, MIB);
    SHARE "mem%" "MEM%" 5 Needs::RESIDENT, "Share of the machine's memory that it holds, shared pages counted whole.",
        from "/proc/PID/statm, field 2 (resident), by MemTotal of /proc/meminfo",
        sum(share, Unit::Share, Some(0.1));
    #[over_time]
    GROWTH "growth" "GROWTH" 7 Needs::RESIDENT.union(Needs::GROWTH), "Resident memory that it gained a minute, over the last minute; below zero where it shrank.",
        from "/proc/PID/statm, field 2, now and a minute ago",
        sum(|s, p| extra(s, p, |e| e.growth).and_then(|g| g.per_minute()), Unit::Signed, MIB);
    PSS "pss" "PSS" 5 Needs::PSS, "Proportional memory: shared pages divided among those who share them. Where there is much of it, it is read more seldom, in 2 % of the time.",
        from "/proc/PID/smaps_rollup, Pss and Private_Hugetlb",
        sum(|s, p| extra(s, p, |e| e.pss).map(|b| b.0 as f64), Unit::Bytes, MIB);
    PRIVATE "priv" "PRIV" 5 Needs::PSS, "Memory that it alone has: what its end would give back.",
        from "/proc/PID/smaps_rollup, the sum of Private_*",
        sum(|s, p| extra(s, p, |e| e.private).map(|b| b.0 as f64), Unit::Bytes, MIB);
    SWAP "swap" "SWAP" 5 Needs::STATUS, "Memory that was swapped out.",
        from "/proc/PID/status, VmSwap",
        sum(|s, p| status(s, p, |s| s.swap.0), Unit::Bytes, MIB);
    VIRTUAL "virt" "VIRT" 5 Needs::empty(), "Address space that it claims.",
        from "/proc/PID/stat, field 23 (vsize)",
        number(|_, p| Ok(p.stat.virtual_size.0 as f64), Unit::Bytes);
    THREADS "thr" "THR" 4 Needs::empty(), "Number of threads.",
        from "/proc/PID/stat, field 20 (num_threads)",
        sum(|_, p| Ok(f64::from(p.stat.threads)), Unit::Count, None);
    #[thread]
    TIME "time" "TIME" 8 Needs::empty(), "Time on a core since it started.",
        from "/proc/PID/stat, fields 14 and 15 (utime + stime)",
        sum(|s, p| Ok(s.machine.nanos(p.stat.cpu_time()).0 as f64), Unit::Clock, None);
    #[thread]
    NICE "ni" "NI" 3 Needs::empty(), "Nice value, -20 (greedy) to 19 (modest).",
        from "/proc/PID/stat, field 19 (nice)",
        number(|_, p| Ok(f64::from(p.stat.nice)), Unit::Plain);
    #[thread]
    PRIORITY "pri" "PRI" 4 Needs::empty(), "The kernel's priority; negative for real-time tasks.",
        from "/proc/PID/stat, field 18 (priority)",
        number(|_, p| Ok(f64::from(p.stat.priority)), Unit::Plain);
    #[thread]
    POLICY "policy" "POLICY" 8 Needs::empty(), "The scheduling policy: normal, batch, idle, fifo, rr, deadline, ext.",
        from "/proc/PID/stat, fields 40 and 41 (rt_priority, policy)",
        Shows::Text(|_, p| Ok(policy_word(p.stat.policy).into()));
    #[thread]
    CORE "core" "CORE" 4 Needs::empty(), "The core it last ran on.",
        from "/proc/PID/stat, field 39 (processor)",
        number(|_, p| Ok(f64::from(p.stat.processor.0)), Unit::Plain);
    START "start" "START" 6 Needs::empty(), "When it started.",
        from "/proc/PID/stat, field 22 (starttime), after the boot",
        number(|s, p| Ok(s.machine.unix_ms(p.id.start) as f64), Unit::Moment);
    AGE "age" "AGE" 7 Needs::empty(), "How long ago it started.",
        from "/proc/PID/stat, field 22 (starttime), before now",
        number(|s, p| Ok(s.age(p.id).0 as f64), Unit::Span);
    TTY "tty" "TTY" 7 Needs::empty(), "Its controlling terminal.",
        from "/proc/PID/stat, field 7 (tty_nr)",
        Shows::Text(|_, p| Ok(tty::name(p.stat.tty).unwrap_or_default()));
    READ "read" "READ/s" 6 Needs::IO, "Bytes a second that it made the kernel fetch from storage.",
        from "/proc/PID/io, read_bytes: since the reading before, by the time between both",
        sum(|s, p| rate(s, p, |r| r.read), Unit::BytesRate, Some(65_536.0));
    WRITE "write" "WRITE/s" 7 Needs::IO, "Bytes a second that it made the kernel send to storage.",
        from "/proc/PID/io, write_bytes: since the reading before, by the time between both",
        sum(|s, p| rate(s, p, |r| r.written), Unit::BytesRate, Some(65_536.0));
    READ_ALL "read-all" "READ" 5 Needs::IO, "Bytes that it made the kernel fetch from storage since it started, the children that it waited for included.",
        from "/proc/PID/io, read_bytes",
        sum(|s, p| io(s, p, |i| i.all.read.0), Unit::Bytes, MIB);
    WRITTEN_ALL "wrtn" "WRTN" 5 Needs::IO, "Bytes that it made the kernel send to storage since it started, the children that it waited for included.",
        from "/proc/PID/io, write_bytes",
        sum(|s, p| io(s, p, |i| i.all.written.0), Unit::Bytes, MIB);
    VOLUNTARY "vol" "VOL/s" 5 Needs::STATUS, "Switches a second because it blocked or slept.",
        from "/proc/PID/status, voluntary_ctxt_switches: since the reading before, by the time between both",
        sum(|s, p| rate(s, p, |r| r.voluntary), Unit::Rate, Some(10.0));
    INVOLUNTARY "invol" "INVOL/s" 7 Needs::STATUS, "Switches a second because the kernel took the core.",
        from "/proc/PID/status, nonvoluntary_ctxt_switches: since the reading before, by the time between both",
        sum(|s, p| rate(s, p, |r| r.involuntary), Unit::Rate, Some(10.0));
    #[over_time] #[greatest]
    WAIT "wait" "WAIT%" 5 Needs::SCHEDSTAT, "Share of time that its first thread waited for a core. Of several the greatest.",
        from "/proc/PID/schedstat, second number (nanoseconds): since the reading before, by the time between both",
        number(|s, p| rate(s, p, |r| r.waiting), Unit::Percent);
    MAJOR "majfl" "MAJFL" 5 Needs::empty(), "Page faults that read from the disk since it started.",
        from "/proc/PID/stat, field 12 (majflt)",
        sum(|_, p| Ok(p.stat.major_faults as f64), Unit::Count, None);
    FAULTS "faults" "FLT/s" 6 Needs::FAULTS, "Page faults a second, those that need no disk among them.",
        from "/proc/PID/stat, fields 10 and 12 (minflt, majflt): since the reading before, by the time between both",
        sum(|s, p| rate(s, p, |r| r.faults), Unit::Rate, Some(10.0));
    CALLS "calls" "CALLS/s" 8 Needs::CALL_RATES, "System calls a second, told where programs may run in the kernel: as root, or as the doctor says. While it is shown, every call of the machine takes some 0.1 µs longer.",
        from "a program at sys_enter that counts by process: since the reading before, by the time between both",
        sum(|s, p| s.shares.calls_of(p.id), Unit::Rate, Some(100.0));
    NET_IN "net-in" "NET IN" 6 Needs::NETWORK, "Bytes a second that it receives over TCP and UDP, payload alone; UDP only where programs may run in the kernel, else TCP alone, and – of who has UDP alone. A connection that several hold counts for the first.",
        from "the counters of its TCP sockets, from sock_diag(7), joined by /proc/PID/fd; UDP by programs at sock_send_length and sock_recv_length",
        sum(|s, p| s.shares.traffic_of(p.id).map(|r| r.received), Unit::BytesRate, Some(65_536.0));
    NET_OUT "net-out" "NET OUT" 7 Needs::NETWORK, "Bytes a second that it sends over TCP and UDP, payload alone; UDP only where programs may run in the kernel, else TCP alone, and – of who has UDP alone. A connection that several hold counts for the first.",
        from "the counters of its TCP sockets, from sock_diag(7), joined by /proc/PID/fd; UDP by programs at sock_send_length and sock_recv_length",
        sum(|s, p| s.shares.traffic_of(p.id).map(|r| r.sent), Unit::BytesRate, Some(65_536.0));
    #[over_time]
    GPU "gpu" "GPU%" 5 Needs::GPU, "Share of a graphics card's time, added up over cards.",
        from "nvmlDeviceGetProcessUtilization of NVIDIA's library; drm-engine-* or drm-cycles-* of /proc/PID/fdinfo/*, the busiest engine; added up over cards",
        sum(|s, p| s.shares.gpu_of(p.id).0, Unit::Share, Some(1.0));
    GPU_MEM "gpu-mem" "GPUMEM" 6 Needs::GPU, "Memory of graphics cards that it holds.",
        from "nvmlDeviceGetComputeRunningProcesses_v3 of NVIDIA's library, and its like for graphics; drm-resident-* or drm-memory-* of /proc/PID/fdinfo/*; added up over cards",
        sum(|s, p| s.shares.gpu_of(p.id).1, Unit::Bytes, MIB);
    #[list]
    PORTS "ports" "PORTS" 11 Needs::DESCRIPTORS, "The ports that it owns: where it listens, and UDP. Of several all that any of them owns.",
        from "sock_diag(7), joined by /proc/PID/fd",
        Shows::Text(ports);
    HELD "fds" "FDS" 5 Needs::HELD, "How many descriptors it holds open.",
        from "the entries of /proc/PID/fd",
        sum(|s, p| held(s, p, |h| Some(h.open as f64)), Unit::Count, None);
    #[greatest]
    HELD_SHARE "fd%" "FD%" 5 Needs::HELD, "Its descriptors as a share of how many it may hold (its soft limit). Of several that of whom is nearest to its own limit.",
        from "the entries of /proc/PID/fd, by the soft limit in /proc/PID/limits",
        number(|s, p| held(s, p, |h| Some(h.open as f64 * 100.0 / h.limit?.max(1) as f64)), Unit::Share);
    #[greatest]
    OOM "oom" "OOM" 4 Needs::OOM, "How likely the kernel is to end it when memory runs out. Of several the greatest: that one is ended first.",
        from "/proc/PID/oom_score",
        number(|s, p| extra(s, p, |e| e.oom_score).map(f64::from), Unit::Plain);
    UNIT "unit" "UNIT" 16 Needs::CGROUP, "The unit, container or session that its control group stands for.",
        from "/proc/PID/cgroup",
        Shows::Text(|s, p| {
            let name = unit::name(path(s, p)?.exact(), &s.shares.names);
            Ok(SafeText::from_exact(&name).to_string().into())
        });
    CGROUP "cgroup" "CGROUP" 24 Needs::CGROUP, "The path of its control group: where it is in several, that of a container, of v2 or of systemd first; `group:` finds it by each.",
        from "/proc/PID/cgroup",
        Shows::Text(|s, p| Ok(unit::shown(path(s, p)?).to_string().into()));
    WAITS_FOR "waits-for" "WAITS FOR" 24 Needs::WAITS_FOR, "What its first thread waits for, in words; the tab Threads tells it of each.",
        from "/proc/PID/syscall and /proc/PID/wchan",
        Shows::Text(|s, p| p.extra.as_deref().map_or(Err(s.unread), |e| {
            e.waits_for.as_ref().map(|words| Cow::Borrowed(words.as_str())).map_err(|m| *m)
        }));
    COMMAND "command" "COMMAND" 0 Needs::empty(), "Its place in the tree, its name and its command line.",
        from "/proc/PID/cmdline, and /proc/PID/stat, field 2 (comm)",
        Shows::Command;
}

/// Names that were in use before those of the screen's heads, and what else people write.
pub const ALIASES: &[(&str, &str)] = &[
    ("session", "sid"),
    ("threads", "thr"),
    ("nlwp", "thr"),
    ("nice", "ni"),
    ("priority", "pri"),
    ("major", "majfl"),
    ("written-all", "wrtn"),
    ("s", "state"),
    ("stat", "state"),
    ("pcpu", "cpu"),
    ("pmem", "mem%"),
    ("rss", "mem"),
    ("res", "mem"),
    ("vsz", "virt"),
    ("cmd", "command"),
    ("args", "command"),
    ("etime", "age"),
];

/// The columns of a fresh start.
pub const DEFAULT: &[&Column] = &[PID, USER, STATE, CPU, HISTORY, MEM, THREADS, COMMAND];
