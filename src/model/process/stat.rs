//! The numbers of one task: a line of `/proc/PID/stat`.

use std::borrow::Cow;

use crate::model::id::{Bytes, CpuId, Pid, Ticks};

/// What a task is doing (`proc_pid_stat(5)`, field 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// On a core or waiting for one.
    Running,
    /// Waiting for an event; a signal wakes it.
    #[default]
    Sleeping,
    /// Waiting, usually for a device; no signal wakes it.
    Blocked,
    /// Ended; its parent has not yet asked how.
    Zombie,
    /// Stopped by a job-control signal.
    Stopped,
    /// Stopped by a debugger.
    Traced,
    /// Idle kernel thread.
    Idle,
    /// Going away.
    Dead,
    /// A letter that this program does not know.
    Other(u8),
}

impl State {
    /// From the kernel's letter.
    pub fn from_letter(letter: u8) -> Self {
        match letter {
            b'R' => Self::Running,
            b'S' => Self::Sleeping,
            b'D' => Self::Blocked,
            b'Z' => Self::Zombie,
            b'T' => Self::Stopped,
            b't' => Self::Traced,
            b'I' => Self::Idle,
            b'X' | b'x' => Self::Dead,
            other => Self::Other(other),
        }
    }

    /// The kernel's letter; `?` for one that is not printable.
    pub fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Sleeping => 'S',
            Self::Blocked => 'D',
            Self::Zombie => 'Z',
            Self::Stopped => 'T',
            Self::Traced => 't',
            Self::Idle => 'I',
            Self::Dead => 'X',
            Self::Other(letter) if letter.is_ascii_graphic() => letter as char,
            Self::Other(_) => '?',
        }
    }

    /// The state in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sleeping => "sleeping",
            Self::Blocked => "in uninterruptible sleep",
            Self::Zombie => "zombie",
            Self::Stopped => "stopped",
            Self::Traced => "stopped by a debugger",
            Self::Idle => "idle",
            Self::Dead => "dead",
            Self::Other(_) => "in a state unknown to pscope",
        }
    }
}

/// The counters and facts of one task, as cumulative as the kernel gives them.
///
/// For a process, times and faults are sums over its threads; state, core and priority are those of its first thread, or of
/// the busiest living one where the first has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// What it is doing.
    pub state: State,
    /// Whether its first thread has ended while others go on.
    pub first_ended: bool,
    /// Its parent; 0 for the first process and kernel threads' root.
    pub ppid: Pid,
    /// Process group.
    pub group: Pid,
    /// Session.
    pub session: Pid,
    /// Controlling terminal as a device number; 0 for none.
    pub tty: u32,
    /// Kernel flags (`PF_*`).
    pub flags: u32,
    /// Faults answered without the disk.
    pub minor_faults: u64,
    /// Minor faults of children that were waited for: no child comes and goes without one.
    pub child_faults: u64,
    /// Faults that read from the disk.
    pub major_faults: u64,
    /// Time in user land.
    pub user: Ticks,
    /// Time in the kernel.
    pub system: Ticks,
    /// Time of children that were waited for, in user land and in the kernel, with that of theirs; the kernel adds the
    /// whole life of each when it is waited for, and drops it where `SIGCHLD` is ignored.
    pub children: Ticks,
    /// The kernel's priority: 20 + nice for normal tasks, negative for real-time ones.
    pub priority: i32,
    /// Nice value, -20..19.
    pub nice: i32,
    /// Number of threads.
    pub threads: u32,
    /// Address space.
    pub virtual_size: Bytes,
    /// Resident memory.
    pub resident: Bytes,
    /// The core it last ran on.
    pub processor: CpuId,
    /// Real-time priority, 0 for normal tasks.
    pub rt_priority: u32,
    /// Scheduling policy (`SCHED_*`).
    pub policy: u32,
    /// Time spent waiting for block devices (needs delay accounting; else 0).
    pub block_delay: Ticks,
}

impl Stat {
    /// `PF_KTHREAD` of the kernel's `sched.h`.
    const KERNEL_THREAD: u32 = 0x0020_0000;

    /// The scheduling policy in words, with the priority of a real-time one.
    pub fn policy_words(&self) -> String {
        match self.policy {
            0 => "normal".to_owned(),
            1 => format!("FIFO {}", self.rt_priority),
            2 => format!("round robin {}", self.rt_priority),
            3 => "batch".to_owned(),
            5 => "idle".to_owned(),
            6 => "deadline".to_owned(),
            7 => "BPF".to_owned(),
            other => format!("policy {other}"),
        }
    }

    /// Whether it is a thread of the kernel itself.
    pub fn is_kernel_thread(&self) -> bool {
        self.flags & Self::KERNEL_THREAD != 0
    }

    /// Whether it is a thread that the kernel made for itself in a process: a worker of `io_uring` or vhost, which is never
    /// in a system call (`PF_IO_WORKER`, `PF_USER_WORKER`).
    pub fn is_worker(&self) -> bool {
        const WORKER: u32 = 0x10 | 0x4000;
        self.flags & WORKER != 0
    }

    /// The state in words, and that of the first thread where it alone has ended: `first thread has ended, 2 go on: running`.
    pub fn state_words(&self) -> Cow<'static, str> {
        let words = self.state.words();
        if !self.first_ended {
            return words.into();
        }
        match self.threads.saturating_sub(1) {
            1 => format!("first thread has ended, 1 goes on: {words}").into(),
            n => format!("first thread has ended, {n} go on: {words}").into(),
        }
    }

    /// Whether one of this state may stand still with its control group: who runs or has ended does not, even where the group
    /// was frozen a moment ago or later.
    pub fn can_be_frozen(&self) -> bool {
        !matches!(
            self.state,
            State::Running | State::Zombie | State::Dead | State::Idle
        )
    }

    /// Time on a core, in user land and in the kernel.
    pub fn cpu_time(&self) -> Ticks {
        Ticks(self.user.0.saturating_add(self.system.0))
    }

    /// The same with that of children that were waited for: what the kernel adds to its parent once it is waited for itself.
    pub fn time_with_children(&self) -> Ticks {
        Ticks(self.cpu_time().0.saturating_add(self.children.0))
    }
}
