//! What pscope denies itself after its start: it runs no program, makes no connection, and writes no file but what a person asked
//! for, which processes of their own do (`asker::hand`).
//!
//! A seccomp filter answers such calls with `EPERM` (`seccomp(2)`). It is inherited by every thread that is started afterwards and
//! can only grow. Those that write what a person asked for are kept to its folder as well (`place`).
#![expect(unsafe_code, reason = "there is no wrapper for the filter of a thread")]

use std::io;
use std::sync::OnceLock;

use libc::sock_filter;

/// How the first step went.
static BEGUN: OnceLock<Result<(), String>> = OnceLock::new();

/// The architecture whose numbers `libc` names; elsewhere nothing is denied.
#[cfg(target_arch = "x86_64")]
const ARCH: Option<u32> = Some(0xc000_003e);
#[cfg(target_arch = "aarch64")]
const ARCH: Option<u32> = Some(0xc000_00b7);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCH: Option<u32> = None;

/// From here on the numbers of x86-64 are those of its x32 form, which nobody here calls.
const X32: u32 = 0x4000_0000;

/// Programs run, connections made and taken, others controlled, the machine changed: nothing of that is ever done here.
const NEVER: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_ptrace,
    libc::SYS_process_vm_writev,
    // It opens and connects past a filter of calls.
    libc::SYS_io_uring_setup,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];

/// Files made, changed and taken away by calls that say so in their name.
const WRITES: &[libc::c_long] = &[
    libc::SYS_openat2,
    libc::SYS_truncate,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_utimensat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_renameat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
];

/// With one of these a file is opened to be written, or made.
const OPENED_TO_WRITE: u32 =
    (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND) as u32;

/// No program and no connection from now on, in this thread and those that it starts. Goes on without where the kernel refuses.
pub fn begin() {
    BEGUN.get_or_init(|| install(&never()).map_err(|e| e.to_string()));
}

/// Besides, no file is written from now on, by this thread and those that it starts; what is open stays so.
///
/// For whoever reads what others may have made up. Does nothing where [`begin`] did nothing.
pub fn only_read() {
    if state() == Some(&Ok(())) {
        // The kernel took the first filter; should it refuse a second one, the first still holds.
        let _ = install(&no_writes());
    }
}

/// How [`begin`] went; `None` where it was not called.
pub fn state() -> Option<&'static Result<(), String>> {
    BEGUN.get()
}

fn step(code: u32, k: u32, then: u8, or: u8) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: then,
        jf: or,
        k,
    }
}

fn load(offset: u32) -> sock_filter {
    step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0)
}

fn equal(k: u32, then: u8, or: u8) -> sock_filter {
    step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, k, then, or)
}

fn answer(k: u32) -> sock_filter {
    step(libc::BPF_RET | libc::BPF_K, k, 0, 0)
}

fn refuse(errno: libc::c_int) -> sock_filter {
    answer(libc::SECCOMP_RET_ERRNO | errno as u32)
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
/// Where `struct seccomp_data` has the number of the call, the architecture and the first argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// Calls by numbers of another architecture do not exist; then the number is at hand.
fn prologue() -> Vec<sock_filter> {
    let jump = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
    vec![
        load(ARCHITECTURE),
        equal(ARCH.unwrap_or_default(), 1, 0),
        refuse(libc::ENOSYS),
        load(NUMBER),
        step(jump, X32, 0, 1),
        refuse(libc::ENOSYS),
    ]
}

fn deny(calls: &[libc::c_long], errno: libc::c_int) -> impl Iterator<Item = sock_filter> {
    let each = calls.iter();
    each.flat_map(move |number| [equal(*number as u32, 0, 1), refuse(errno)])
}

fn never() -> Vec<sock_filter> {
    let mut program = prologue();
    program.extend(deny(NEVER, libc::EPERM));
    // Of sockets, only those that speak to the kernel.
    program.extend([
        equal(libc::SYS_socket as u32, 0, 4),
        load(ARGUMENTS),
        equal(libc::AF_NETLINK as u32, 1, 0),
        refuse(libc::EPERM),
        answer(ALLOW),
        answer(ALLOW),
    ]);
    program
}

/// A call that opens a file, with the argument that says what for.
fn opening(number: libc::c_long, argument: u32) -> [sock_filter; 5] {
    let any = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
    [
        equal(number as u32, 0, 4),
        load(ARGUMENTS + 8 * argument),
        step(any, OPENED_TO_WRITE, 0, 1),
        refuse(libc::EACCES),
        answer(ALLOW),
    ]
}

fn no_writes() -> Vec<sock_filter> {
    let mut program = prologue();
    // First, since nearly every call that the kernel has to ask about is this one.
    program.extend(opening(libc::SYS_openat, 2));
    #[cfg(target_arch = "x86_64")]
    program.extend(opening(libc::SYS_open, 1));
    program.extend(deny(WRITES, libc::EACCES));
    program.push(answer(ALLOW));
    program
}

fn install(program: &[sock_filter]) -> io::Result<()> {
    if ARCH.is_none() {
        return Err(io::Error::other("no filter is known for this architecture"));
    }
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_ptr().cast_mut(),
    };
    nix::sys::prctl::set_no_new_privs()?;
    // SAFETY: the kernel copies the program, which lives during the call.
    let failed = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program,
        )
    };
    if failed == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use super::*;

    fn denied<T>(what: io::Result<T>) -> Option<i32> {
        what.err().and_then(|e| e.raw_os_error())
    }

    /// In threads of their own, whose filters end with them.
    #[test]
    fn no_program_is_run_no_connection_made_and_no_file_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        fs::write(&path, "text").expect("written");
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = server.local_addr().expect("bound");
        std::thread::spawn(move || {
            if let Err(why) = install(&never()) {
                println!("skipped: this kernel takes no filter: {why}");
                return;
            }
            let not = Some(libc::EPERM);
            assert_eq!(denied(Command::new("/bin/true").spawn()), not);
            assert_eq!(denied(TcpStream::connect(at)), not);
            assert_eq!(denied(UnixStream::connect("/nowhere")), not);
            let netlink = nix::sys::socket::socket(
                nix::sys::socket::AddressFamily::Netlink,
                nix::sys::socket::SockType::Datagram,
                nix::sys::socket::SockFlag::SOCK_CLOEXEC,
                nix::sys::socket::SockProtocol::NetlinkSockDiag,
            );
            assert!(netlink.is_ok(), "the kernel is still asked");
            fs::write(&path, "asked for").expect("writing is for other threads");
            install(&no_writes()).expect("a second filter");
            let not = Some(libc::EACCES);
            assert_eq!(fs::read_to_string(&path).expect("read"), "asked for");
            assert_eq!(denied(fs::write(&path, "x")), not);
            assert_eq!(denied(fs::remove_file(&path)), not);
            assert_eq!(denied(fs::rename(&path, path.with_extension("x"))), not);
            assert_eq!(denied(fs::create_dir(path.with_extension("d"))), not);
            assert_eq!(
                denied(std::os::unix::fs::symlink("a", path.with_extension("l"))),
                not
            );
            // A thread that is started afterwards is under the same rule.
            let heir = std::thread::spawn(move || denied(fs::write(&path, "x")));
            assert_eq!(heir.join().expect("no panic"), not);
        })
        .join()
        .expect("no panic");
    }
}
