//! What holds a process in uninterruptible sleep (state D), told by the kernel function that it sleeps in. Reads nothing.
//!
//! D is not "disk": a parent waits so for the child of `vfork(2)`, a frozen group stands so, and a filesystem server that
//! never answers looks the same in the column S. The names are those of the kernel's own functions, as `wchan` tells them.

use crate::model::process::stat::State;
use crate::model::snapshot::Snapshot;

/// What a process in state D waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A block device, or a page or buffer that comes from one or goes to one.
    Disk,
    /// The server of a filesystem: FUSE, NFS, CIFS, 9p.
    Server,
    /// Memory: the kernel takes pages back, or writes them out, before it goes on.
    Memory,
    /// A lock inside the kernel that another task holds.
    Lock,
    /// The child that it made with `vfork(2)`.
    Child,
    /// Nothing: its control group is frozen.
    Frozen,
    /// Something else inside the kernel.
    Kernel,
}

/// Beginnings of names of kernel functions, with what is waited for in them; the first that fits decides.
const FUNCTIONS: &[(&str, Cause)] = &[
    ("__refrigerator", Cause::Frozen),
    ("do_freezer_trap", Cause::Frozen),
    ("get_signal", Cause::Frozen),
    ("kernel_clone", Cause::Child),
    ("wait_for_vfork_done", Cause::Child),
    ("do_fork", Cause::Child),
    ("_do_fork", Cause::Child),
    ("request_wait_answer", Cause::Server),
    ("fuse_", Cause::Server),
    ("__fuse_", Cause::Server),
    ("nfs", Cause::Server),
    ("rpc_", Cause::Server),
    ("__rpc_", Cause::Server),
    ("cifs_", Cause::Server),
    ("smb2_", Cause::Server),
    ("wait_for_response", Cause::Server),
    ("p9_", Cause::Server),
    ("ceph_", Cause::Server),
    ("afs_", Cause::Server),
    ("autofs_wait", Cause::Server),
    ("netfs_", Cause::Server),
    ("balance_dirty_pages", Cause::Memory),
    ("throttle_direct_reclaim", Cause::Memory),
    ("reclaim_throttle", Cause::Memory),
    ("shrink_", Cause::Memory),
    ("congestion_wait", Cause::Memory),
    ("mem_cgroup_handle_over_high", Cause::Memory),
    ("__mem_cgroup_handle_over_high", Cause::Memory),
    ("io_schedule", Cause::Disk),
    ("blk_", Cause::Disk),
    ("__blk", Cause::Disk),
    ("bio_", Cause::Disk),
    ("submit_bio_wait", Cause::Disk),
    ("rq_qos_wait", Cause::Disk),
    ("wbt_wait", Cause::Disk),
    ("folio_wait", Cause::Disk),
    ("wait_on_page", Cause::Disk),
    ("__wait_on_buffer", Cause::Disk),
    ("wait_on_buffer", Cause::Disk),
    ("bit_wait_io", Cause::Disk),
    ("jbd2_", Cause::Disk),
    ("ext4_", Cause::Disk),
    ("xfs_", Cause::Disk),
    ("xlog_", Cause::Disk),
    ("btrfs_", Cause::Disk),
    ("f2fs_", Cause::Disk),
    ("sync_", Cause::Disk),
    ("wb_wait_for_completion", Cause::Disk),
    ("dio_", Cause::Disk),
    ("__iomap_dio", Cause::Disk),
    ("md_", Cause::Disk),
    ("dm_", Cause::Disk),
    ("nvme_", Cause::Disk),
    ("scsi_", Cause::Disk),
    ("rwsem_", Cause::Lock),
    ("__mutex_lock", Cause::Lock),
    ("mutex_lock", Cause::Lock),
    ("__down", Cause::Lock),
    ("down_", Cause::Lock),
    ("rt_mutex", Cause::Lock),
    ("percpu_down", Cause::Lock),
    ("percpu_rwsem", Cause::Lock),
    ("__percpu", Cause::Lock),
    ("schedule_preempt_disabled", Cause::Lock),
    ("synchronize_rcu", Cause::Lock),
    ("__wait_rcu_gp", Cause::Lock),
    ("exp_funnel_lock", Cause::Lock),
];

impl Cause {
    /// What is waited for in this function of the kernel.
    pub fn of(function: &str) -> Self {
        let known = FUNCTIONS
            .iter()
            .find(|(name, _)| function.starts_with(name));
        known.map_or(Self::Kernel, |(_, cause)| *cause)
    }

    /// As one word, as in JSON and in a cell.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Server => "server",
            Self::Memory => "memory",
            Self::Lock => "lock",
            Self::Child => "child",
            Self::Frozen => "frozen",
            Self::Kernel => "kernel",
        }
    }

    /// As a sentence goes on: `2 blocked on a disk`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Disk => "blocked on a disk",
            Self::Server => "blocked on a filesystem server that has not answered",
            Self::Memory => "held until the kernel has memory",
            Self::Lock => "blocked on a lock of the kernel",
            Self::Child => "waiting for the child of vfork",
            Self::Frozen => "frozen",
            Self::Kernel => "blocked elsewhere in the kernel",
        }
    }

    /// Whether storage is behind it.
    pub fn is_io(self) -> bool {
        matches!(self, Self::Disk | Self::Server)
    }
}

/// How many processes are in state D for each cause; `None` for those of which the kernel does not tell this user.
pub fn counted(snapshot: &Snapshot) -> Vec<(Option<Cause>, usize)> {
    let mut out: Vec<(Option<Cause>, usize)> = Vec::new();
    let blocked = snapshot
        .procs
        .iter()
        .filter(|p| p.stat.state == State::Blocked);
    for proc in blocked {
        let cause = proc.blocked_on();
        match out.iter_mut().find(|(of, _)| *of == cause) {
            Some((_, n)) => *n += 1,
            None => out.push((cause, 1)),
        }
    }
    out.sort_by_key(|(cause, n)| (std::cmp::Reverse(*n), cause.is_none(), *cause));
    out
}

/// The same in words: `2 blocked on a disk, 1 frozen`; empty where nobody is in state D.
pub fn words(counted: &[(Option<Cause>, usize)]) -> String {
    let one = |(cause, n): &(Option<Cause>, usize)| match cause {
        Some(cause) => format!("{n} {}", cause.words()),
        None => format!("{n} in state D, on what is not told to this user"),
    };
    counted.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    #[test]
    fn functions_of_the_kernel_tell_what_is_waited_for() {
        for (function, cause) in [
            ("io_schedule", Cause::Disk),
            ("folio_wait_bit_common", Cause::Disk),
            ("request_wait_answer", Cause::Server),
            ("rpc_wait_bit_killable", Cause::Server),
            ("__refrigerator", Cause::Frozen),
            ("kernel_clone", Cause::Child),
            ("rwsem_down_write_slowpath", Cause::Lock),
            ("balance_dirty_pages", Cause::Memory),
            ("msleep", Cause::Kernel),
        ] {
            assert_eq!(Cause::of(function), cause, "{function}");
        }
        for (cause, word, io) in [
            (Cause::Disk, "disk", true),
            (Cause::Server, "server", true),
            (Cause::Memory, "memory", false),
            (Cause::Lock, "lock", false),
            (Cause::Child, "child", false),
            (Cause::Frozen, "frozen", false),
            (Cause::Kernel, "kernel", false),
        ] {
            assert_eq!((cause.word(), cause.is_io()), (word, io));
        }
    }

    #[test]
    fn those_in_state_d_are_counted_by_cause() {
        let mut scene = Scene::new();
        for (pid, cause) in [
            (1, Some(Cause::Disk)),
            (2, Some(Cause::Frozen)),
            (3, Some(Cause::Disk)),
            (4, None),
        ] {
            let task = scene.task(pid, 0, "x");
            task.stat.state = State::Blocked;
            if let Some(cause) = cause {
                let extra = crate::model::sample::OptionalStats {
                    blocked_on: Ok(cause),
                    ..Default::default()
                };
                task.extra = Some(std::sync::Arc::new(extra));
            }
        }
        scene.task(5, 0, "sleeper");
        let counted = counted(&scene.snapshot());
        assert_eq!(
            words(&counted),
            "2 blocked on a disk, 1 frozen, 1 in state D, on what is not told to this user"
        );
    }
}
