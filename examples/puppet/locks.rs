//! Every lock of the C library that stores who has it, and those that do not: threads that wait for each, by name.
//!
//! `locks` has them in memory of its own; `locks nested` in a PID namespace with forty idle threads, where every small
//! number is a thread; `locks robust`, `timed`, `rwlock` and `shared` make two that lock each other out.

use std::cell::UnsafeCell;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Barrier, mpsc};
use std::{mem, ptr};

use serde_json::{Value, json};

/// Something of the C library's, which its own functions hand from thread to thread.
pub struct Object<T>(UnsafeCell<T>);

// SAFETY: it is only handed to functions of the C library that are made to be called by several threads.
unsafe impl<T> Sync for Object<T> {}
// SAFETY: it does not move while it is in use, being behind an `Arc`.
unsafe impl<T> Send for Object<T> {}

impl<T> Object<T> {
    fn new(value: T) -> Arc<Self> {
        Arc::new(Self(UnsafeCell::new(value)))
    }

    fn at(&self) -> *mut T {
        self.0.get()
    }
}

pub type Mutex = Arc<Object<libc::pthread_mutex_t>>;

/// A mutex of a type, robust or inheriting where asked for.
pub fn mutex(kind: libc::c_int, robust: bool, inherit: bool) -> Mutex {
    let mutex = Object::new(libc::PTHREAD_MUTEX_INITIALIZER);
    // SAFETY: the attributes and the mutex are ours and initialised in order.
    unsafe {
        let mut how = mem::zeroed();
        libc::pthread_mutexattr_init(&raw mut how);
        libc::pthread_mutexattr_settype(&raw mut how, kind);
        if robust {
            libc::pthread_mutexattr_setrobust(&raw mut how, libc::PTHREAD_MUTEX_ROBUST);
        }
        if inherit {
            libc::pthread_mutexattr_setprotocol(&raw mut how, libc::PTHREAD_PRIO_INHERIT);
        }
        libc::pthread_mutex_init(mutex.at(), &raw const how);
    }
    mutex
}

pub fn lock(mutex: &Mutex) {
    // SAFETY: it is initialised and lives as long as the `Arc`.
    unsafe { libc::pthread_mutex_lock(mutex.at()) };
}

/// Two hours from now.
fn later() -> libc::timespec {
    // SAFETY: the time is ours.
    unsafe {
        let mut now = mem::zeroed();
        libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now);
        now.tv_sec += 7200;
        now
    }
}

fn lock_timed(mutex: &Mutex) {
    let end = later();
    // SAFETY: it is initialised; the time outlives the call.
    unsafe { libc::pthread_mutex_timedlock(mutex.at(), &raw const end) };
}

pub fn idle() -> ! {
    loop {
        // SAFETY: no memory is passed.
        unsafe { libc::pause() };
    }
}

/// Threads that say what they wait for before they do.
pub struct Crew {
    tell: mpsc::Sender<Value>,
    told: mpsc::Receiver<Value>,
    count: usize,
}

impl Crew {
    /// Nobody yet.
    pub fn new() -> Self {
        let (tell, told) = mpsc::channel();
        Self {
            tell,
            told,
            count: 0,
        }
    }

    /// A thread that waits for `what` by `run`.
    pub fn add(
        &mut self,
        name: &'static str,
        what: impl Into<String>,
        run: impl FnOnce() + Send + 'static,
    ) -> std::thread::JoinHandle<()> {
        let tell = self.tell.clone();
        let what: String = what.into();
        self.count += 1;
        let begin = move || {
            drop(tell.send(json!({"name": name, "waits": what})));
            run();
            idle();
        };
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.spawn(begin).expect("a thread")
    }

    /// What all of them said.
    pub fn said(&self) -> Value {
        (0..self.count)
            .filter_map(|_| self.told.recv().ok())
            .collect()
    }
}

fn all_kinds(crew: &mut Crew) {
    const NORMAL: libc::c_int = libc::PTHREAD_MUTEX_NORMAL;
    let kinds = [
        ("plain", "mutex held by holder", mutex(NORMAL, false, false)),
        (
            "recursive",
            "mutex held by holder",
            mutex(libc::PTHREAD_MUTEX_RECURSIVE, false, false),
        ),
        (
            "checked",
            "mutex held by holder",
            mutex(libc::PTHREAD_MUTEX_ERRORCHECK, false, false),
        ),
        (
            "robust",
            "robust mutex held by holder",
            mutex(NORMAL, true, false),
        ),
        (
            "inherit",
            "PI mutex held by holder",
            mutex(NORMAL, false, true),
        ),
        ("timed", "mutex held by holder", mutex(NORMAL, false, false)),
    ];
    let written = Object::new(libc::PTHREAD_RWLOCK_INITIALIZER);
    let read = Object::new(libc::PTHREAD_RWLOCK_INITIALIZER);
    let ready = Arc::new(Barrier::new(2));
    let held: Vec<Mutex> = kinds.iter().map(|(.., m)| Arc::clone(m)).collect();
    let (there, also, rw, rd) = (
        Arc::clone(&ready),
        ready,
        Arc::clone(&written),
        Arc::clone(&read),
    );
    let holder = crew.add("holder", "a signal", move || {
        held.iter().for_each(lock);
        // SAFETY: both are initialised and live as long as the process.
        unsafe {
            libc::pthread_rwlock_wrlock(rw.at());
            libc::pthread_rwlock_rdlock(rd.at());
        }
        there.wait();
        idle();
    });
    also.wait();
    for (name, what, mutex) in kinds {
        crew.add(name, what, move || {
            if name == "timed" {
                lock_timed(&mutex);
            } else {
                lock(&mutex);
            }
        });
    }
    let again = Arc::clone(&written);
    // SAFETY: in each, the lock is initialised and lives as long as the process.
    crew.add("rw reader", "rwlock written by holder", move || unsafe {
        libc::pthread_rwlock_rdlock(again.at());
    });
    crew.add("rw writer", "rwlock written by holder", move || unsafe {
        libc::pthread_rwlock_wrlock(written.at());
    });
    crew.add("rw late", "rwlock held by 1 reader", move || unsafe {
        libc::pthread_rwlock_wrlock(read.at());
    });
    crew.add("joiner", "joining holder", move || drop(holder.join()));
    without_owner(crew);
    streams(crew);
    super::rust_locks::of_rust(crew);
}

unsafe extern "C" {
    fn flockfile(stream: *mut libc::FILE);
}

/// A stream of the C library that a thread has, and others that want it.
fn streams(crew: &mut Crew) {
    // SAFETY: the name and the way end with a zero.
    let stream = unsafe { libc::fopen(c"/dev/null".as_ptr(), c"w".as_ptr()) };
    let at = stream.expose_provenance();
    let stream = move || ptr::with_exposed_provenance_mut::<libc::FILE>(at);
    let (has, held) = mpsc::channel();
    crew.add("writer", "a signal", move || {
        // SAFETY: it is open as long as the process lives.
        unsafe { flockfile(stream()) };
        drop(has);
        idle();
    });
    let _ = held.recv() as Result<(), _>;
    let known = cfg!(any(target_arch = "x86", target_arch = "x86_64"));
    let what = if known {
        "lock of a stdio stream held by writer ("
    } else {
        "lock of the C library"
    };
    // SAFETY: the same in both.
    crew.add("stream", what, move || unsafe { flockfile(stream()) });
    crew.add("puts", what, move || unsafe {
        libc::fputs(c"x".as_ptr(), stream());
    });
}

/// What stores nobody.
fn without_owner(crew: &mut Crew) {
    // SAFETY: in each, what is waited for is initialised, ours and lives as long as the wait.
    crew.add("condition", "condition variable (", || unsafe {
        let mutex = mutex(libc::PTHREAD_MUTEX_NORMAL, false, false);
        let condition = UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER);
        lock(&mutex);
        libc::pthread_cond_wait(condition.get(), mutex.at());
    });
    crew.add("condition until", "condition variable (", || unsafe {
        let mutex = mutex(libc::PTHREAD_MUTEX_NORMAL, false, false);
        let condition = UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER);
        let end = later();
        lock(&mutex);
        libc::pthread_cond_timedwait(condition.get(), mutex.at(), &raw const end);
    });
    crew.add("semaphore", "semaphore (", || unsafe {
        let mut semaphore = mem::zeroed();
        libc::sem_init(&raw mut semaphore, 0, 0);
        libc::sem_wait(&raw mut semaphore);
    });
    crew.add("semaphore until", "semaphore (", || unsafe {
        let mut semaphore = mem::zeroed();
        libc::sem_init(&raw mut semaphore, 0, 0);
        let end = later();
        libc::sem_timedwait(&raw mut semaphore, &raw const end);
    });
    crew.add("barrier", "barrier (", || unsafe {
        let mut barrier = mem::zeroed();
        libc::pthread_barrier_init(&raw mut barrier, ptr::null(), 3);
        libc::pthread_barrier_wait(&raw mut barrier);
    });
    // As `__cxa_guard_acquire` of C++ waits for what another thread makes.
    crew.add("static", "what another thread does once (", || unsafe {
        let guard = UnsafeCell::new(0x1_0100_u64);
        let none = ptr::null::<libc::timespec>();
        libc::syscall(
            libc::SYS_futex,
            guard.get(),
            libc::FUTEX_WAIT,
            0x1_0100,
            none,
        );
    });
    crew.add("parked", "parked until it is woken (", std::thread::park);
}

/// Two threads, of which each has what the other wants.
fn circle(crew: &mut Crew, how: &str) {
    let robust = how == "robust";
    let (a, b) = (
        mutex(libc::PTHREAD_MUTEX_NORMAL, robust, false),
        mutex(libc::PTHREAD_MUTEX_NORMAL, robust, false),
    );
    let written = Object::new(libc::PTHREAD_RWLOCK_INITIALIZER);
    let both = Arc::new(Barrier::new(2));
    let is = |what: &str| how == what;
    let (rw, timed) = (is("rwlock"), is("timed"));
    let (held, wanted, lock_rw, here) = (
        Arc::clone(&a),
        Arc::clone(&b),
        Arc::clone(&written),
        Arc::clone(&both),
    );
    let write = |lock: &Object<libc::pthread_rwlock_t>| {
        // SAFETY: it is initialised and lives as long as the process.
        unsafe { libc::pthread_rwlock_wrlock(lock.at()) };
    };
    crew.add("A", "", move || {
        lock(&held);
        here.wait();
        match (rw, timed) {
            (true, _) => write(&lock_rw),
            (_, true) => lock_timed(&wanted),
            _ => lock(&wanted),
        }
    });
    crew.add("B", "", move || {
        if rw {
            write(&written);
        } else {
            lock(&b);
        }
        both.wait();
        if timed { lock_timed(&a) } else { lock(&a) }
    });
}

/// Two processes with one mutex each in memory that both have; the child is said as `child`.
fn shared() -> Value {
    type Pair = [libc::pthread_mutex_t; 2];
    // SAFETY: the memory is as large as is asked for and shared with the child that is made behind; attributes are ours.
    let (pair, barrier) = unsafe {
        let length = size_of::<Pair>() + size_of::<libc::pthread_barrier_t>();
        let memory = libc::mmap(
            ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        let pair = memory.cast::<libc::pthread_mutex_t>();
        let barrier = pair.add(2).cast::<libc::pthread_barrier_t>();
        let mut how = mem::zeroed();
        libc::pthread_mutexattr_init(&raw mut how);
        libc::pthread_mutexattr_setpshared(&raw mut how, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_mutex_init(pair, &raw const how);
        libc::pthread_mutex_init(pair.add(1), &raw const how);
        let mut how = mem::zeroed();
        libc::pthread_barrierattr_init(&raw mut how);
        libc::pthread_barrierattr_setpshared(&raw mut how, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_barrier_init(barrier, &raw const how, 2);
        (pair, barrier)
    };
    let (pair, barrier) = (pair.expose_provenance(), barrier.expose_provenance());
    let cross = move |mine: usize| {
        let pair = ptr::with_exposed_provenance_mut::<libc::pthread_mutex_t>(pair);
        let barrier = ptr::with_exposed_provenance_mut(barrier);
        // SAFETY: both mutexes and the barrier are initialised and mapped in both processes.
        unsafe {
            libc::pthread_mutex_lock(pair.add(mine));
            libc::pthread_barrier_wait(barrier);
            libc::pthread_mutex_lock(pair.add(1 - mine));
        }
    };
    // SAFETY: there is one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: takes numbers only.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        cross(0);
        idle();
    }
    std::thread::spawn(move || cross(1));
    json!(child)
}

/// Goes on in a child that is the first of a PID namespace, where this returns; the parent says the child's number outside,
/// or `null` where this user may not have a namespace of its own, and waits to be ended.
fn go_apart() {
    let (mut ready, mut say) = std::io::pipe().expect("a pipe");
    // SAFETY: there is one thread; takes numbers only.
    let alone = unsafe {
        libc::unshare(libc::CLONE_NEWPID) == 0
            || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) == 0
    };
    if !alone {
        println!("{}", json!({"pid": null}));
        idle();
    }
    // SAFETY: there is one thread, so the child may do anything.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: takes numbers only.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        say.write_all(b"r").expect("heard");
        return;
    }
    drop(say);
    let _ = ready.read_exact(&mut [0]);
    println!("{}", json!({"pid": child}));
    idle();
}

/// Makes what is asked for, says it, and waits to be ended.
pub fn run(how: Option<&str>) -> ! {
    let mut truth = json!({"pid": std::process::id()});
    let mut crew = Crew::new();
    match how {
        None => all_kinds(&mut crew),
        Some("shared") => truth["child"] = shared(),
        Some("nested") => {
            go_apart();
            for _ in 0..40 {
                std::thread::spawn(|| idle());
            }
            all_kinds(&mut crew);
            circle(&mut crew, "plain");
            let _ = crew.said();
            idle();
        }
        Some(how) => circle(&mut crew, how),
    }
    truth["locks"] = crew.said();
    println!("{truth}");
    idle();
}
