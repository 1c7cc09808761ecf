//! System calls that wait for what others have or bring: locks of files, named pipes, connections, System V objects,
//! signals, time. Each thread says how its wait reads.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::{mem, ptr};

use serde_json::json;

use super::locks::{Crew, idle};

/// A child that has locked two files, one by `flock(2)` and one for its open file description, and waits.
fn holder(flocked: &PathBuf, described: &PathBuf) -> i32 {
    let (mut ready, mut say) = std::io::pipe().expect("a pipe");
    // SAFETY: there is one thread, so the child may do anything.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let first = File::options().write(true).open(flocked).expect("a file");
        let second = File::options().write(true).open(described).expect("a file");
        // SAFETY: descriptors and the lock are ours; takes numbers else.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            libc::prctl(libc::PR_SET_NAME, c"keeper".as_ptr());
            libc::flock(first.as_raw_fd(), libc::LOCK_EX);
            let lock = whole(libc::F_WRLCK);
            libc::fcntl(second.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock);
        }
        say.write_all(b"r").expect("heard");
        idle();
    }
    ready.read_exact(&mut [0]).expect("the child is ready");
    child
}

/// A lock of a whole file.
fn whole(kind: libc::c_int) -> libc::flock {
    // SAFETY: zeroes are a value of this plain structure.
    let mut lock: libc::flock = unsafe { mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock
}

fn named_pipe(dir: &std::path::Path) -> CString {
    let path = dir.join("pipe");
    let name = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
    // SAFETY: the path ends with NUL.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0, "mkfifo");
    name
}

/// Makes all of them, says it, and waits to be ended.
pub fn run() -> ! {
    let dir = std::env::temp_dir().join(format!("puppet-calls-{}", std::process::id()));
    std::fs::create_dir(&dir).expect("a directory");
    let (flocked, described) = (dir.join("flocked"), dir.join("described"));
    for path in [&flocked, &described] {
        File::create(path).expect("a file");
    }
    let (queue, set, held) = removed_behind(&dir);
    let child = holder(&flocked, &described);
    let mut crew = Crew::new();
    let open = |path| {
        File::options()
            .read(true)
            .write(true)
            .open(path)
            .expect("a file")
    };
    let (first, second) = (open(&flocked), open(&described));
    let (a, b) = (first.as_raw_fd(), second.as_raw_fd());
    // Somebody who merely has the files open.
    let open_too = [open(&flocked), open(&described)];
    crew.add(
        "flock",
        format!(
            "file lock (flock) on fd {a}, {}, held by {child} keeper",
            flocked.display()
        ),
        move || {
            // SAFETY: takes numbers only.
            unsafe { libc::flock(first.as_raw_fd(), libc::LOCK_EX) };
        },
    );
    crew.add(
        "description",
        format!(
            "open file description lock (fcntl) on fd {b}, {}, held by ",
            described.display()
        ),
        move || {
            let lock = whole(libc::F_WRLCK);
            // SAFETY: the descriptor and the lock are ours.
            unsafe { libc::fcntl(second.as_raw_fd(), libc::F_OFD_SETLKW, &raw const lock) };
        },
    );
    let name = named_pipe(&dir);
    let told = name.to_string_lossy().into_owned();
    crew.add(
        "fifo",
        format!("opening FIFO {told} to read, which nobody has open to write"),
        move || {
            // SAFETY: the path ends with NUL.
            unsafe { libc::open(name.as_ptr(), libc::O_RDONLY) };
        },
    );
    let kept = connections(&mut crew, &dir);
    system_v(&mut crew, queue, set);
    time_and_signals(&mut crew);
    println!(
        "{}",
        json!({"pid": std::process::id(), "calls": crew.said()})
    );
    let _kept = (kept, open_too, held);
    idle()
}

/// A socket that listens with room for one, and a connection of which nothing is read.
fn connections(crew: &mut Crew, dir: &std::path::Path) -> impl Sized + use<> {
    let path = dir.join("full");
    let listener = UnixListener::bind(&path).expect("a listener");
    // SAFETY: takes numbers only; the backlog is made shorter.
    unsafe { libc::listen(listener.as_raw_fd(), 0) };
    let first = UnixStream::connect(&path).expect("a client");
    crew.add("backlog", "connect of fd ", move || {
        drop(UnixStream::connect(path));
    });
    let narrow = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = narrow.local_addr().expect("an address");
    // SAFETY: takes numbers only; the backlog is made shorter.
    unsafe { libc::listen(narrow.as_raw_fd(), 0) };
    let fills = TcpStream::connect(port).expect("a client");
    crew.add("full port", "connect of fd ", move || {
        drop(TcpStream::connect(port));
    });
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let client = TcpStream::connect(server.local_addr().expect("an address")).expect("a client");
    client.set_nonblocking(true).expect("a flag");
    while (&client).write(&[0; 4096]).is_ok() {}
    let fd = client.as_raw_fd();
    crew.add(
        "writer",
        format!("poll on 1 descriptor: {fd} tcp to "),
        move || {
            let mut one = libc::pollfd {
                fd,
                events: libc::POLLOUT,
                revents: 0,
            };
            // SAFETY: one entry, as is said.
            unsafe { libc::poll(&raw mut one, 1, -1) };
        },
    );
    (listener, first, server, client, narrow, fills)
}

/// A queue and a set of semaphores, and a child that removes them and the directory when we have ended, however that was.
fn removed_behind(dir: &std::path::Path) -> (i32, i32, impl Sized + use<>) {
    // SAFETY: takes numbers only.
    let (queue, set) = unsafe {
        (
            libc::msgget(libc::IPC_PRIVATE, 0o600 | libc::IPC_CREAT),
            libc::semget(libc::IPC_PRIVATE, 2, 0o600 | libc::IPC_CREAT),
        )
    };
    let (mut ended, held) = std::io::pipe().expect("a pipe");
    // SAFETY: there is one thread, so the child may do anything.
    if unsafe { libc::fork() } == 0 {
        drop(held);
        // Nobody who reads what we say waits for this one.
        // SAFETY: takes numbers only.
        unsafe { libc::close(1) };
        let _ = ended.read(&mut [0]);
        // SAFETY: takes numbers and null.
        unsafe {
            libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut());
            libc::semctl(set, 0, libc::IPC_RMID);
        }
        let _ = std::fs::remove_dir_all(dir);
        std::process::exit(0);
    }
    (queue, set, held)
}

fn system_v(crew: &mut Crew, queue: i32, set: i32) {
    crew.add(
        "queue",
        format!("a message in System V queue {queue}, never used"),
        move || {
            let mut message = [0_u64; 4];
            // SAFETY: the message is ours and longer than is said.
            unsafe { libc::msgrcv(queue, message.as_mut_ptr().cast(), 8, 0, 0) };
        },
    );
    crew.add(
        "semaphore",
        format!("semaphore 1 of System V set {set}, never used"),
        move || {
            let mut take = libc::sembuf {
                sem_num: 1,
                sem_op: -1,
                sem_flg: 0,
            };
            // A stop ends this wait, and it is begun again.
            loop {
                // SAFETY: one operation, as is said.
                unsafe { libc::semop(set, &raw mut take, 1) };
            }
        },
    );
}

/// Waits with a time, which a stop interrupts, and one for signals.
fn time_and_signals(crew: &mut Crew) {
    let long = libc::timespec {
        tv_sec: 7200,
        tv_nsec: 0,
    };
    crew.add("sleep", "sleep of 2h 00m", move || {
        // SAFETY: the time is ours.
        unsafe { libc::nanosleep(&raw const long, ptr::null_mut()) };
    });
    crew.add("poll", "poll on 1 descriptor: 0 ", || {
        let mut one = libc::pollfd {
            fd: 0,
            events: libc::POLLPRI,
            revents: 0,
        };
        // SAFETY: one entry, as is said.
        unsafe { libc::poll(&raw mut one, 1, 7_200_000) };
    });
    crew.add("tai", "sleep, 1h 5", || {
        // SAFETY: the time is ours.
        unsafe {
            let mut end = mem::zeroed();
            libc::clock_gettime(libc::CLOCK_TAI, &raw mut end);
            end.tv_sec += 7200;
            libc::clock_nanosleep(
                libc::CLOCK_TAI,
                libc::TIMER_ABSTIME,
                &raw const end,
                ptr::null_mut(),
            );
        }
    });
    crew.add(
        "signals",
        "a signal: USR1 TERM, at most 2h 00m",
        move || {
            // SAFETY: the set and the time are ours.
            unsafe {
                let mut set = mem::zeroed();
                libc::sigemptyset(&raw mut set);
                libc::sigaddset(&raw mut set, libc::SIGUSR1);
                libc::sigaddset(&raw mut set, libc::SIGTERM);
                // A stop ends this wait, and it is begun again.
                loop {
                    libc::sigtimedwait(&raw const set, ptr::null_mut(), &raw const long);
                }
            }
        },
    );
}
