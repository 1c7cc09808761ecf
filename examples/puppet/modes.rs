//! What a process may be about when a signal comes, one mode a puppet: it says `{"pid":PID}`, then what came: `got N`
//! from a handler, `read N` from `sigwait(3)` or a signalfd, `seen N` by a tracer.

use std::io::Write as _;
use std::{mem, ptr};

extern "C" fn handler(signal: libc::c_int) {
    say("got", signal);
}

/// Writes `got 15` without taking a lock: also from a handler.
fn say(what: &str, signal: libc::c_int) {
    let mut line = [0_u8; 32];
    let mut rest = &mut line[..];
    let _ = writeln!(rest, "{what} {signal}");
    let length = 32 - rest.len();
    // SAFETY: the line is ours and so long.
    unsafe { libc::write(1, line.as_ptr().cast(), length) };
}

fn ready(target: u32) {
    println!("{{\"pid\":{target}}}");
}

fn idle() -> ! {
    loop {
        // SAFETY: no memory is passed.
        unsafe { libc::pause() };
    }
}

/// All that can be blocked; the C library keeps two for itself.
fn all() -> libc::sigset_t {
    // SAFETY: the set is ours.
    unsafe {
        let mut set = mem::zeroed();
        libc::sigfillset(&raw mut set);
        set
    }
}

fn none() -> libc::sigset_t {
    // SAFETY: the set is ours.
    unsafe {
        let mut set = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        set
    }
}

fn mask(set: &libc::sigset_t) {
    // SAFETY: the set is initialised and outlives the call.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, set, ptr::null_mut()) };
}

fn dispose(action: libc::sighandler_t) {
    for signal in 1..=64 {
        // SAFETY: the handler calls nothing but write(2); refused for those that cannot be caught.
        unsafe { libc::signal(signal, action) };
    }
}

fn catch() {
    dispose(handler as extern "C" fn(libc::c_int) as libc::sighandler_t);
}

fn read_for_ever() -> ! {
    let set = all();
    loop {
        let mut signal = 0;
        // SAFETY: both are ours.
        if unsafe { libc::sigwait(&raw const set, &raw mut signal) } == 0 {
            say("read", signal);
        }
    }
}

fn signalfd() -> ! {
    let set = all();
    // SAFETY: the set is ours.
    let fd = unsafe { libc::signalfd(-1, &raw const set, 0) };
    ready(std::process::id());
    loop {
        // SAFETY: plain data, as long as is said.
        let mut told: libc::signalfd_siginfo = unsafe { mem::zeroed() };
        let length = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the memory is ours and so long.
        if unsafe { libc::read(fd, (&raw mut told).cast(), length) } > 0 {
            say("read", told.ssi_signo as i32);
        }
    }
}

/// Ends the first thread alone.
fn end_this_thread() -> ! {
    // SAFETY: nothing of this thread's is used by the others.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("it has ended")
}

/// A thread that leaves holding what the process has, as `/proc/PID` of a first thread that has ended does not show.
fn leader_ended() -> ! {
    let (tell, told) = std::sync::mpsc::channel();
    let worker = move || {
        let held = vec![1_u8; 80 << 20];
        let file = std::fs::File::open("/proc/self/limits").expect("it is there");
        tell.send(()).expect("heard");
        idle_with(&(held, file));
    };
    let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
    named("worker").spawn(worker).expect("a thread");
    named("idler").spawn(|| idle()).expect("a thread");
    told.recv().expect("told");
    ready(std::process::id());
    end_this_thread()
}

fn idle_with<T>(kept: &T) -> ! {
    std::hint::black_box(kept);
    idle()
}

fn stop() -> ! {
    ready(std::process::id());
    // SAFETY: no memory is passed.
    unsafe { libc::raise(libc::SIGSTOP) };
    idle()
}

fn vfork() -> ! {
    // SAFETY: a child with a copy of our memory that borrows us until it ends, as vfork(2) makes one; it only sleeps.
    unsafe {
        let mut stack = vec![0_u8; 64 << 10];
        let top = stack.as_mut_ptr().add(64 << 10).cast();
        let flags = libc::CLONE_VFORK | libc::CLONE_VM | libc::SIGCHLD;
        libc::clone(sleep_a_day, top, flags, ptr::null_mut());
    }
    idle()
}

/// Says that its parent is ready: from when it runs, that one waits for nothing else. Before, the parent may be in state D
/// for a moment for a page, and signals that come then are taken at once.
extern "C" fn sleep_a_day(_: *mut libc::c_void) -> libc::c_int {
    ready(std::os::unix::process::parent_id());
    let day = libc::timespec {
        tv_sec: 86_400,
        tv_nsec: 0,
    };
    // SAFETY: the time is ours; a parent that dies takes this child along.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::nanosleep(&raw const day, ptr::null_mut());
        libc::_exit(0)
    }
}

/// Forks; the child does `what` and is killed with us.
fn child(what: impl Fn()) -> libc::pid_t {
    // SAFETY: there is one thread, so the child may go on as it is.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: no memory is passed.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        what();
        idle();
    }
    pid
}

fn traced() -> ! {
    child(|| {
        // SAFETY: no memory is passed. It stands still at the signal until its tracer says something, which never comes.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            ready(std::process::id());
            libc::raise(libc::SIGTRAP);
        }
    });
    idle()
}

/// A tracer that swallows every signal.
fn seized() -> ! {
    let pid = child(|| {});
    // SAFETY: the child is ours; the status is ours.
    unsafe {
        libc::ptrace(libc::PTRACE_SEIZE, pid, 0, 0);
        ready(pid as u32);
        let mut status = 0;
        while libc::waitpid(pid, &raw mut status, libc::__WALL) == pid && libc::WIFSTOPPED(status) {
            say("seen", libc::WSTOPSIG(status));
            libc::ptrace(libc::PTRACE_CONT, pid, 0, 0);
        }
    }
    idle()
}

/// Becomes what the mode says; never comes back.
pub fn run(mode: &str) -> ! {
    // The runtime of Rust ignores PIPE and catches SEGV; whoever started us may block what it likes.
    dispose(libc::SIG_DFL);
    mask(&none());
    let nothing = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is ours.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const nothing) };
    match mode {
        "plain" => {}
        "handler" => catch(),
        "ignore" => dispose(libc::SIG_IGN),
        "block" => mask(&all()),
        "blockign" => {
            dispose(libc::SIG_IGN);
            mask(&all());
        }
        "sigwait" => {
            mask(&all());
            ready(std::process::id());
            read_for_ever();
        }
        "sigwaitthr" => {
            mask(&all());
            std::thread::spawn(|| read_for_ever());
        }
        "signalfd" => {
            mask(&all());
            signalfd();
        }
        "signalfd_unblocked" => signalfd(),
        "otherthread" => {
            std::thread::spawn(|| idle());
            mask(&all());
        }
        "mainonly" => {
            mask(&all());
            std::thread::spawn(|| idle());
            mask(&none());
        }
        "leaderdead" => {
            std::thread::spawn(|| idle());
            ready(std::process::id());
            end_this_thread();
        }
        "leader_ended" => leader_ended(),
        "stopped" => stop(),
        "stoppedhandler" => {
            catch();
            stop();
        }
        "vfork" => vfork(),
        "vforkh" => {
            catch();
            vfork();
        }
        "spin" => {
            ready(std::process::id());
            loop {
                std::hint::spin_loop();
            }
        }
        "sigsuspend" | "ppoll" => {
            catch();
            mask(&all());
            ready(std::process::id());
            waiting_unblocked(mode == "ppoll");
        }
        "traced" => traced(),
        "seized" => seized(),
        other => panic!("there is no mode {other}"),
    }
    ready(std::process::id());
    idle()
}

/// Blocks everything but for as long as it waits.
fn waiting_unblocked(poll: bool) -> ! {
    let open = none();
    loop {
        // SAFETY: the set is ours; no descriptors and no time are passed.
        unsafe {
            if poll {
                libc::ppoll(ptr::null_mut(), 0, ptr::null(), &raw const open);
            } else {
                libc::sigsuspend(&raw const open);
            }
        }
    }
}
