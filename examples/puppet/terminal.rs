//! A terminal of another devpts than that of the machine, mounted where none is looked for: a process at each side.

use std::ptr;

use serde_json::{Value, json};

use super::locks::idle;

/// Where it is mounted, for this process and its child alone.
const AT: &std::ffi::CStr = c"/tmp";

/// Opens both sides; `None` where this user may not mount.
fn sides() -> Option<(i32, i32)> {
    // SAFETY: every name ends with a zero; numbers go where numbers are expected; what is written to is ours.
    unsafe {
        let apart = libc::unshare(libc::CLONE_NEWNS) == 0
            || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) == 0;
        let alone = libc::MS_REC | libc::MS_PRIVATE;
        let how = c"newinstance,ptmxmode=0666".as_ptr().cast();
        let mounted = apart
            && libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), alone, ptr::null()) == 0
            && libc::mount(c"devpts".as_ptr(), AT.as_ptr(), c"devpts".as_ptr(), 0, how) == 0;
        if !mounted {
            return None;
        }
        let ways = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
        let master = libc::open(c"/tmp/ptmx".as_ptr(), ways);
        let unlocked: libc::c_int = 0;
        libc::ioctl(master, libc::TIOCSPTLCK, &raw const unlocked);
        let slave = libc::open(c"/tmp/0".as_ptr(), ways);
        (master >= 0 && slave >= 0).then_some((master, slave))
    }
}

/// Makes them, says who has which, and waits to be ended.
pub fn run() -> ! {
    let Some((master, slave)) = sides() else {
        println!(
            "{}",
            json!({"pid": std::process::id(), "child": Value::Null})
        );
        idle();
    };
    // SAFETY: there is one thread; takes numbers only.
    let child = unsafe { libc::fork() };
    // SAFETY: the same.
    unsafe {
        if child == 0 {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            libc::close(master);
            idle();
        }
        libc::close(slave);
    }
    println!(
        "{}",
        json!({"pid": std::process::id(), "child": child, "fd": master, "peer_fd": slave})
    );
    idle();
}
