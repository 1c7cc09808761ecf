//! Circles of waits that go through whole processes: through locks of files, pipes and `waitpid(2)`; and what looks like one
//! while somebody could still act.

use std::ffi::CString;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::os::fd::{AsRawFd as _, IntoRawFd as _};
use std::sync::{Arc, Barrier};

use serde_json::json;

use super::locks::{idle, lock, mutex};

/// A file in memory, by a name that can be opened again: each time another description of it.
fn file() -> CString {
    // SAFETY: the name ends with a zero.
    let fd = unsafe { libc::memfd_create(c"puppet".as_ptr(), 0) };
    CString::new(format!("/proc/self/fd/{fd}")).expect("no zero")
}

/// Opens it anew and locks it; waits where somebody else has it.
fn flock(file: &CString) {
    // SAFETY: the name ends with a zero; takes numbers only.
    unsafe {
        let fd = libc::open(file.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        libc::flock(fd, libc::LOCK_EX);
    }
}

/// The same with a lock of the process.
fn record(file: &CString) {
    // SAFETY: the name ends with a zero; the lock is ours and initialised.
    unsafe {
        let fd = libc::open(file.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        let mut whole: libc::flock = std::mem::zeroed();
        whole.l_type = libc::F_WRLCK as i16;
        libc::fcntl(fd, libc::F_SETLKW, &raw mut whole);
    }
}

/// A child that does this, and is ended with its parent.
fn child(run: impl FnOnce()) -> i32 {
    // SAFETY: where others run, the child makes system calls alone.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: takes numbers only.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        run();
        idle();
    }
    pid
}

fn wait_for(child: i32) {
    // SAFETY: nothing is asked to be written.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
}

fn heard(from: &mut PipeReader) {
    let _ = from.read(&mut [0]);
}

fn tell(to: &mut PipeWriter) {
    let _ = to.write(b"r");
}

fn say(child: i32, circle: bool) {
    println!(
        "{}",
        json!({"pid": std::process::id(), "child": child, "circle": circle})
    );
}

/// Two processes of which each has the file that the other one wants.
fn crossed() {
    let (first, second) = (file(), file());
    let ((mut read, mut write), (mut answered, mut answer)) =
        (pipe().expect("a pipe"), pipe().expect("a pipe"));
    let other = child(|| {
        flock(&second);
        tell(&mut write);
        heard(&mut answered);
        flock(&first);
    });
    flock(&first);
    heard(&mut read);
    tell(&mut answer);
    say(other, true);
    flock(&second);
}

/// A process that waits for the end of its child, which wants what it has.
fn of_child(lock: fn(&CString), others: bool) {
    let file = file();
    lock(&file);
    if others {
        let idler = std::thread::Builder::new().name("idler".to_owned());
        idler.spawn(|| idle()).expect("a thread");
    }
    let child = child(|| lock(&file));
    say(child, !others);
    wait_for(child);
}

/// Two threads: one has a mutex and wants the file, the other the file and wants the mutex; the first waits for both.
fn mixed() {
    let (file, both) = (file(), Arc::new(Barrier::new(2)));
    let held = mutex(libc::PTHREAD_MUTEX_NORMAL, false, false);
    let (file_too, both_too, held_too) = (file.clone(), Arc::clone(&both), Arc::clone(&held));
    let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
    let one = named("A").spawn(move || {
        lock(&held);
        both.wait();
        flock(&file);
    });
    let other = named("B").spawn(move || {
        flock(&file_too);
        both_too.wait();
        lock(&held_too);
    });
    say(0, true);
    for thread in [one, other] {
        let _ = thread.expect("a thread").join();
    }
}

/// Two processes that read from each other. A third one that can write ends no wait while it sleeps, but may.
fn pipes(third: bool) {
    let ((here, there), (mut theirs, ours)) = (pipe().expect("a pipe"), pipe().expect("a pipe"));
    let mut here = here;
    if third {
        child(|| idle());
    }
    let (ours_fd, here_fd) = (ours.as_raw_fd(), here.as_raw_fd());
    let other = child(move || {
        // SAFETY: takes numbers only.
        unsafe {
            libc::close(ours_fd);
            libc::close(here_fd);
        }
        heard(&mut theirs);
    });
    drop(there);
    say(other, !third);
    heard(&mut here);
    let _ = ours.into_raw_fd();
}

/// A process that reads what nobody but itself could write.
fn alone() {
    let (mut read, _write) = pipe().expect("a pipe");
    say(0, true);
    heard(&mut read);
}

/// Makes what is asked for, says it, and waits.
pub fn run(how: &str) -> ! {
    // Nobody else of this session, who may not show what he has, has anything of ours.
    // SAFETY: takes nothing.
    unsafe { libc::setsid() };
    match how {
        "flock" => crossed(),
        "child" => of_child(flock, false),
        "record" => of_child(record, false),
        "free" => of_child(flock, true),
        "mixed" => mixed(),
        "pipes" => pipes(false),
        "third" => pipes(true),
        _ => alone(),
    }
    idle();
}
