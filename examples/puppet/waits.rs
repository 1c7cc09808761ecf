//! Threads, each blocked in one known way: mutexes with known owners, two threads that lock each other out, and system calls.

use std::any::Any;
use std::cell::UnsafeCell;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use serde_json::{Value, json};

/// A mutex of the C library, which stores its owner; the one of std does not.
struct Mutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: it is only handed to the C library's own functions, which are made to be called by several threads.
unsafe impl Sync for Mutex {}
// SAFETY: it does not move while it is in use, being behind an `Arc`.
unsafe impl Send for Mutex {}

impl Mutex {
    fn new() -> Arc<Self> {
        Arc::new(Self(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER)))
    }

    fn lock(&self) {
        // SAFETY: it is initialised and lives as long as the `Arc`.
        unsafe { libc::pthread_mutex_lock(self.0.get()) };
    }
}

/// Waits on a condition that nobody signals.
fn wait_for_condition() {
    let mutex = Mutex::new();
    let condition = UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER);
    mutex.lock();
    // SAFETY: both are initialised, live on this stack, and the mutex is held.
    unsafe { libc::pthread_cond_wait(condition.get(), mutex.0.get()) };
}

fn forever() {
    loop {
        std::thread::sleep(Duration::from_hours(1));
    }
}

/// What a thread says before it blocks: how it is called and what it will wait for.
type Said = (&'static str, i32, Value);

fn thread(
    tell: &Sender<Said>,
    name: &'static str,
    run: impl FnOnce(&dyn Fn(Value)) + Send + 'static,
) -> std::thread::JoinHandle<()> {
    let tell = tell.clone();
    let begin = move || {
        // SAFETY: gettid has no arguments and cannot fail.
        let tid = unsafe { libc::gettid() };
        run(&|more| drop(tell.send((name, tid, more))));
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(begin)
        .expect("a thread")
}

fn poll(fds: &[i32]) {
    let mut set: Vec<libc::pollfd> = fds
        .iter()
        .map(|fd| libc::pollfd {
            fd: *fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    // SAFETY: the array is ours and as long as is said.
    unsafe { libc::poll(set.as_mut_ptr(), set.len() as libc::nfds_t, -1) };
}

/// Makes all of them.
pub fn make() -> (Value, Box<dyn Any>) {
    let (tell, told) = channel();
    let held = Mutex::new();
    let (holding, holds) = channel();
    let own = Arc::clone(&held);
    thread(&tell, "holder", move |say| {
        own.lock();
        let _ = holding.send(());
        say(json!({"sleeps": true}));
        forever();
    });
    let _ = holds.recv();
    thread(&tell, "waiter", move |say| {
        say(json!({"mutex_of": "holder"}));
        held.lock();
    });
    deadlock(&tell);
    let sleeper = thread(&tell, "sleeper", |say| {
        say(json!({"sleeps": true}));
        forever();
    });
    thread(&tell, "joiner", move |say| {
        say(json!({"joins": "sleeper"}));
        let _ = sleeper.join();
    });
    thread(&tell, "condition", |say| {
        say(json!({"condition": true}));
        wait_for_condition();
    });
    let kept = calls(&tell);
    let list = listed(&told, 9 + 1);
    (list, Box::new(kept))
}

/// Two threads of which each holds what the other wants.
fn deadlock(tell: &Sender<Said>) {
    let (left, right) = (Mutex::new(), Mutex::new());
    let both = Arc::new(Barrier::new(2));
    for (name, other, first, second) in [
        ("left", "right", Arc::clone(&left), Arc::clone(&right)),
        ("right", "left", right, left),
    ] {
        let both = Arc::clone(&both);
        thread(tell, name, move |say| {
            first.lock();
            both.wait();
            say(json!({"mutex_of": other}));
            second.lock();
        });
    }
}

/// Threads in system calls about descriptors; what is answered keeps the other ends open.
fn calls(tell: &Sender<Said>) -> impl Any {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    thread(tell, "reader", move |say| {
        say(json!({"verb": "read of", "fd": reader.as_raw_fd()}));
        let _ = reader.read(&mut [0]);
    });
    let (silent, other) = std::io::pipe().expect("a pipe");
    let (stream, peer) = UnixStream::pair().expect("a pair");
    thread(tell, "poller", move |say| {
        let fds = [silent.as_raw_fd(), stream.as_raw_fd()];
        say(json!({"polls": fds}));
        poll(&fds);
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    thread(tell, "acceptor", move |say| {
        say(json!({"verb": "accept on", "fd": listener.as_raw_fd()}));
        let _ = listener.accept();
    });
    (writer, other, peer)
}

/// What so many threads said.
fn listed(told: &Receiver<Said>, count: usize) -> Value {
    let said = (0..count).filter_map(|_| told.recv().ok());
    said.map(|(name, tid, more)| json!({"name": name, "tid": tid, "more": more}))
        .collect()
}
