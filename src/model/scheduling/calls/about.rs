//! What system calls do, in a line each, and which of them are on a descriptor.

/// What a call asks the kernel for; `None` for those that are rare.
pub fn about(name: &str) -> Option<&'static str> {
    Some(match name {
        "read" | "pread64" | "readv" | "preadv" | "preadv2" => {
            "asks for bytes from a descriptor: waits until there are some"
        }
        "write" | "pwrite64" | "writev" | "pwritev" | "pwritev2" => {
            "gives bytes to a descriptor: waits while there is no room"
        }
        "open" | "openat" | "openat2" | "creat" => {
            "opens a file: the kernel gives a descriptor for a path"
        }
        "close" => "gives a descriptor back",
        "stat" | "lstat" | "fstat" | "newfstatat" | "statx" | "stat64" | "fstat64" => {
            "asks what a file is: kind, size, owner, times"
        }
        "poll" | "ppoll" | "select" | "pselect6" | "epoll_wait" | "epoll_pwait"
        | "epoll_pwait2" => "waits until any of several descriptors is ready",
        "epoll_ctl" => "changes which descriptors an epoll instance watches",
        "futex" | "futex_time64" | "futex_waitv" => {
            "waits for a word in memory to change, or wakes who waits: what locks are made of"
        }
        "mmap" | "mmap2" => "maps a file or fresh memory into the address space",
        "munmap" => "takes a mapping away",
        "mprotect" => "changes what may be done with a range of memory",
        "brk" => "moves the end of the heap",
        "madvise" => "says how a range of memory will be used, or gives its pages back",
        "mremap" => "moves or resizes a mapping",
        "nanosleep" | "clock_nanosleep" | "clock_nanosleep_time64" => "sleeps for a time",
        "clock_gettime" | "gettimeofday" | "time" => {
            "asks for the time where the vDSO cannot tell it"
        }
        "sched_yield" => "offers the core to others",
        "clone" | "clone3" | "fork" | "vfork" => "begins a process or a thread",
        "execve" | "execveat" => "runs another program in this process",
        "exit" | "exit_group" => "ends the thread or the process",
        "wait4" | "waitid" | "waitpid" => "waits for a child to end",
        "kill" | "tgkill" | "tkill" | "pidfd_send_signal" => "sends a signal",
        "rt_sigaction" => "says what a signal does",
        "rt_sigprocmask" => "blocks signals for a while, or lets them through",
        "rt_sigreturn" => "goes back from a signal handler",
        "socket" => "makes a socket",
        "connect" => "connects a socket to another one",
        "accept" | "accept4" => "takes the next connection of a listener",
        "sendto" | "sendmsg" | "sendmmsg" | "send" => "sends on a socket",
        "recvfrom" | "recvmsg" | "recvmmsg" | "recv" => "receives from a socket",
        "setsockopt" | "getsockopt" => "sets or asks for an option of a socket",
        "ioctl" => "asks a device or a terminal for something of its own",
        "fcntl" | "fcntl64" => "asks about or changes a descriptor, or locks a part of its file",
        "flock" => "locks a file",
        "lseek" => "moves where a descriptor reads and writes next",
        "fsync" | "fdatasync" | "sync" | "sync_file_range" => {
            "waits until what was written is on the disk"
        }
        "getdents64" => "lists a directory",
        "unlink" | "unlinkat" => "takes a name of a file away",
        "rename" | "renameat" | "renameat2" => "gives a file another name",
        "pipe" | "pipe2" => "makes a pipe",
        "dup" | "dup2" | "dup3" => "makes another number for an open file",
        "sendfile" | "splice" | "tee" | "copy_file_range" => {
            "moves bytes from one descriptor to another inside the kernel"
        }
        "io_uring_enter" => "hands requests to a ring and takes answers from it",
        "readlink" | "readlinkat" => "asks where a link leads",
        "access" | "faccessat" | "faccessat2" => "asks whether a file may be used",
        "getpid" | "gettid" | "getuid" | "geteuid" | "getppid" => "asks who it is",
        "getrandom" => "asks for random bytes",
        "eventfd2" | "timerfd_settime" | "timerfd_create" | "signalfd4" => {
            "works with a descriptor for events, time or signals"
        }
        "bpf" => "works with programs and maps in the kernel",
        "perf_event_open" => "opens a counter or a stream of events",
        "prctl" | "arch_prctl" => "asks for or changes something about itself",
        "restart_syscall" => "goes on with a wait that a signal interrupted",
        _ => return None,
    })
}

/// Whether the first argument of a call is a descriptor.
pub fn on_descriptor(name: &str) -> bool {
    matches!(
        name,
        "read"
            | "write"
            | "pread64"
            | "pwrite64"
            | "readv"
            | "writev"
            | "preadv"
            | "pwritev"
            | "preadv2"
            | "pwritev2"
            | "close"
            | "fstat"
            | "fstat64"
            | "lseek"
            | "_llseek"
            | "ioctl"
            | "fcntl"
            | "fcntl64"
            | "flock"
            | "fsync"
            | "fdatasync"
            | "ftruncate"
            | "getdents"
            | "getdents64"
            | "fchdir"
            | "fchmod"
            | "fchown"
            | "recvfrom"
            | "sendto"
            | "recvmsg"
            | "sendmsg"
            | "recvmmsg"
            | "sendmmsg"
            | "accept"
            | "accept4"
            | "connect"
            | "bind"
            | "listen"
            | "shutdown"
            | "getsockopt"
            | "setsockopt"
            | "getsockname"
            | "getpeername"
            | "epoll_wait"
            | "epoll_pwait"
            | "epoll_pwait2"
            | "epoll_ctl"
            | "sendfile"
            | "splice"
            | "tee"
            | "vmsplice"
            | "dup"
            | "dup2"
            | "dup3"
            | "timerfd_settime"
            | "timerfd_gettime"
            | "fallocate"
            | "readahead"
            | "sync_file_range"
            | "fstatfs"
            | "copy_file_range"
            | "io_uring_enter"
            | "inotify_add_watch"
            | "inotify_rm_watch"
            | "fadvise64"
            | "send"
            | "recv"
    )
}

/// Which argument of a call is the path that it is about, from 0 on.
///
/// None of those that run another program: when they return its memory is another one.
pub fn path_argument(name: &str) -> Option<usize> {
    match name {
        "open" | "creat" | "stat" | "lstat" | "stat64" | "lstat64" | "access" | "chdir"
        | "mkdir" | "rmdir" | "unlink" | "rename" | "link" | "readlink" | "chmod" | "chown"
        | "lchown" | "chown32" | "lchown32" | "truncate" | "truncate64" | "utime" | "utimes"
        | "statfs" | "statfs64" | "mknod" | "chroot" | "setxattr" | "lsetxattr" | "getxattr"
        | "lgetxattr" | "listxattr" | "llistxattr" | "removexattr" | "lremovexattr" | "umount"
        | "umount2" | "swapon" | "swapoff" => Some(0),
        "openat" | "openat2" | "newfstatat" | "fstatat64" | "statx" | "unlinkat" | "mkdirat"
        | "mknodat" | "fchownat" | "futimesat" | "utimensat" | "utimensat_time64" | "renameat"
        | "renameat2" | "linkat" | "symlink" | "readlinkat" | "fchmodat" | "fchmodat2"
        | "faccessat" | "faccessat2" | "name_to_handle_at" | "inotify_add_watch" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_is_told() {
        for name in ["read", "futex", "epoll_wait", "mmap", "openat"] {
            assert!(about(name).is_some(), "{name}");
        }
        assert_eq!(about("lookup_dcookie"), None);
        assert!(on_descriptor("recvfrom") && !on_descriptor("openat") && !on_descriptor("futex"));
        let paths = ["stat", "openat", "execve", "read"].map(path_argument);
        assert_eq!(paths, [Some(0), Some(1), None, None]);
    }
}
