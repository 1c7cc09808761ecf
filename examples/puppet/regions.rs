//! Regions of every kind that a process can make for itself without rights.

use std::any::Any;
use std::ffi::CString;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::Part;

static DATA: [AtomicU64; 4096] = [const { AtomicU64::new(7) }; 4096];
static BSS: [AtomicU8; 1 << 20] = [const { AtomicU8::new(0) }; 1 << 20];
static RODATA: &str = "constants of the puppet";

const SIZE: usize = 256 << 10;
const PAGE: usize = 4096;

/// Ends the threads and waits for them.
struct Kept {
    child: libc::pid_t,
    wake: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    _held: Vec<Box<dyn Any>>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.wake.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        // SAFETY: the child is ours and not yet reaped, so the number is still its own.
        unsafe {
            libc::kill(self.child, libc::SIGKILL);
            libc::waitpid(self.child, ptr::null_mut(), 0);
        }
    }
}

pub fn make() -> Part {
    let mut list = Vec::new();
    let mut say = |name: &str, kind: &str, address: usize, more: Value| {
        list.push(
            json!({"name": name, "kind": kind, "address": format!("{address:#x}"), "more": more}),
        );
    };
    let local = 1_u8;
    BSS.iter()
        .step_by(4096)
        .for_each(|b| b.store(1, Ordering::Relaxed));
    say("code", "text", make as fn() -> Part as usize, Value::Null);
    say("constants", "rodata", RODATA.as_ptr() as usize, Value::Null);
    say(
        "globals",
        "data",
        ptr::from_ref(&DATA[100]) as usize,
        Value::Null,
    );
    say(
        "zeros",
        "bss",
        ptr::from_ref(&BSS[500_000]) as usize,
        json!({"resident_at_least": 1 << 20}),
    );
    say(
        "local",
        "stack",
        ptr::from_ref(&local) as usize,
        json!({"tid": std::process::id()}),
    );
    say(
        "libc",
        "library",
        libc::getpid as unsafe extern "C" fn() -> libc::pid_t as usize,
        Value::Null,
    );
    let small = vec![1_u8; 1000];
    say("malloc", "heap", small.as_ptr() as usize, Value::Null);
    let big = anonymous(
        4 << 20,
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE,
    );
    // SAFETY: the mapping is ours, writable, and that long.
    unsafe { ptr::write_bytes(big as *mut u8, 1, 3 << 20) };
    say("mmap", "anonymous", big, json!({"resident": 3 << 20}));
    let code = libc::PROT_READ | libc::PROT_EXEC;
    say(
        "jit",
        "anonymous",
        anonymous(SIZE, code, libc::MAP_PRIVATE),
        Value::Null,
    );
    let reserve = anonymous(1 << 20, libc::PROT_NONE, libc::MAP_PRIVATE);
    say("reserve", "guard", reserve, Value::Null);
    // SAFETY: asks the kernel for a number.
    let vdso = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) } as usize;
    say("vdso", "vdso", vdso, Value::Null);
    let forked = anonymous(SIZE, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    say("shared by fork", "shared", forked, json!({"child": true}));
    let memfd = memfd();
    say(
        "memfd",
        "shared",
        map(&memfd, SIZE, libc::MAP_SHARED),
        json!({"child": true}),
    );
    say("posix", "shared", posix(), json!({"child": true}));
    say("system v", "shared", system_v(), json!({"child": true}));
    let file = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let file = OwnedFd::from(file.expect("the manifest of the package"));
    say("file", "file", map_read(&file), Value::Null);
    let mut kept = Kept {
        child: child(),
        wake: Vec::new(),
        threads: Vec::new(),
        _held: vec![Box::new(small), Box::new(memfd)],
    };
    if let Some(behind) = behind_zeros() {
        say(
            "behind zeros",
            "anonymous",
            behind,
            json!({"exactly": 12 * PAGE}),
        );
    }
    for _ in 0..3 {
        let (stack, arena, tid) = thread(&mut kept);
        say("thread", "thread_stack", stack, json!({"tid": tid}));
        say("arena", "heap", arena, Value::Null);
    }
    (json!({"list": list, "child": kept.child}), Box::new(kept))
}

/// Sixteen pages right behind the zeros, which the kernel joins with those, twelve of them in memory; nothing where something
/// else is there.
fn behind_zeros() -> Option<usize> {
    unsafe extern "C" {
        /// The end of the program's zeros, by the linker.
        static _end: u8;
    }
    let end = (&raw const _end as usize).next_multiple_of(PAGE);
    // SAFETY: a fresh mapping that replaces none touches nothing of ours.
    let at = unsafe {
        libc::mmap(
            end as *mut libc::c_void,
            16 * PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
            -1,
            0,
        )
    };
    if at == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the mapping is ours, writable, and longer.
    unsafe { ptr::write_bytes(at.cast::<u8>(), 1, 12 * PAGE) };
    Some(at as usize)
}

fn anonymous(size: usize, access: i32, flags: i32) -> usize {
    // SAFETY: a fresh mapping at a place that the kernel chooses touches nothing of ours.
    let at = unsafe {
        libc::mmap(
            ptr::null_mut(),
            size,
            access,
            flags | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(at, libc::MAP_FAILED, "mmap");
    at as usize
}

fn map_with(file: &OwnedFd, size: usize, access: i32, flags: i32) -> usize {
    use std::os::fd::AsRawFd as _;
    // SAFETY: as above; the descriptor is open.
    let at = unsafe { libc::mmap(ptr::null_mut(), size, access, flags, file.as_raw_fd(), 0) };
    assert_ne!(at, libc::MAP_FAILED, "mmap of a file");
    at as usize
}

fn map(file: &OwnedFd, size: usize, flags: i32) -> usize {
    map_with(file, size, libc::PROT_READ | libc::PROT_WRITE, flags)
}

fn map_read(file: &OwnedFd) -> usize {
    map_with(file, 4096, libc::PROT_READ, libc::MAP_PRIVATE)
}

fn sized(fd: i32) -> OwnedFd {
    assert!(fd >= 0, "a descriptor");
    // SAFETY: the descriptor was just made and nobody else owns it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let file = std::fs::File::from(fd);
    file.set_len(SIZE as u64).expect("room for the segment");
    file.into()
}

fn memfd() -> OwnedFd {
    // SAFETY: the name ends with a NUL.
    sized(unsafe { libc::memfd_create(c"puppet".as_ptr(), libc::MFD_CLOEXEC) })
}

fn posix() -> usize {
    let name = CString::new(format!("/puppet-{}", std::process::id())).expect("no NUL inside");
    // SAFETY: the name ends with a NUL; the segment loses its name again, so it ends with the process.
    let fd = unsafe {
        libc::shm_open(
            name.as_ptr(),
            libc::O_RDWR | libc::O_CREAT | libc::O_EXCL,
            0o600,
        )
    };
    let at = map(&sized(fd), SIZE, libc::MAP_SHARED);
    // SAFETY: as above.
    unsafe { libc::shm_unlink(name.as_ptr()) };
    at
}

fn system_v() -> usize {
    // SAFETY: a fresh private segment, attached where the kernel chooses, removed with its last user.
    unsafe {
        let id = libc::shmget(libc::IPC_PRIVATE, SIZE, libc::IPC_CREAT | 0o600);
        assert!(id >= 0, "shmget");
        let at = libc::shmat(id, ptr::null(), 0);
        libc::shmctl(id, libc::IPC_RMID, ptr::null_mut());
        at as usize
    }
}

/// A child that has the same shared memory and waits until it is ended, or its parent ends.
fn child() -> libc::pid_t {
    // SAFETY: no other thread exists yet, and the child calls only what is safe after a fork.
    unsafe {
        let pid = libc::fork();
        if pid == 0 {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            loop {
                libc::pause();
            }
        }
        assert!(pid > 0, "fork");
        pid
    }
}

/// A thread that waits; answers an address on its stack, one that it allocated, and its tid.
fn thread(kept: &mut Kept) -> (usize, usize, i32) {
    let (wake, sleep) = channel::<()>();
    let (tell, told) = channel();
    let run = move || {
        let local = 1_u8;
        let own = vec![1_u8; 5000];
        // SAFETY: gettid has no arguments and cannot fail.
        let tid = unsafe { libc::gettid() };
        let at = (ptr::from_ref(&local) as usize, own.as_ptr() as usize, tid);
        let _ = tell.send(at);
        let _ = sleep.recv();
        drop(own);
    };
    let thread = std::thread::Builder::new()
        .name("puppet-worker".to_owned())
        .spawn(run);
    kept.threads.push(thread.expect("a thread"));
    kept.wake.push(wake);
    told.recv().expect("the thread says where it is")
}
