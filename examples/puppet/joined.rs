//! What joins processes without a descriptor: memory they both map, System V objects, semaphores, a lock one waits for.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Part;

const LENGTH: usize = 4096;

/// What goes when the puppet ends.
struct Kept {
    children: Vec<i32>,
    queue: i32,
    semaphores: i32,
    path: PathBuf,
    #[expect(dead_code, reason = "holds the locks")]
    locked: [File; 2],
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: the children are our own and were not waited for; the others take numbers and null.
        unsafe {
            for child in &self.children {
                libc::kill(*child, libc::SIGKILL);
                libc::waitpid(*child, std::ptr::null_mut(), 0);
            }
            libc::msgctl(self.queue, libc::IPC_RMID, std::ptr::null_mut());
            libc::semctl(self.semaphores, 0, libc::IPC_RMID);
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes everything, and two children that share it.
pub fn make() -> Part {
    let mut list: Vec<(&str, String)> = Vec::new();
    memory(&mut list);
    // SAFETY: both take numbers and answer with a number.
    let (queue, semaphores) = unsafe {
        (
            libc::msgget(libc::IPC_PRIVATE, 0o600),
            libc::semget(libc::IPC_PRIVATE, 2, 0o600),
        )
    };
    if queue >= 0 {
        list.push(("message_queue", format!("System V queue {queue},")));
        send(queue);
    }
    if semaphores >= 0 {
        list.push(("semaphore", format!("System V semaphores {semaphores},")));
        raise(semaphores, 0);
    }
    let path = std::env::temp_dir().join(format!("puppet-locked-{}", std::process::id()));
    let open = || {
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true);
        file.open(&path).expect("a file")
    };
    let locked = [open(), open()];
    // SAFETY: the descriptors are open, and the structure is filled as the call wants it.
    unsafe {
        let whole = whole();
        assert_eq!(
            libc::fcntl(locked[0].as_raw_fd(), libc::F_SETLK, &raw const whole),
            0
        );
        assert_eq!(libc::flock(locked[1].as_raw_fd(), libc::LOCK_EX), 0);
    }
    let one = child(
        || {
            if queue >= 0 {
                take(queue);
            }
            if semaphores >= 0 {
                raise(semaphores, 1);
            }
        },
        || {
            let file = open();
            let whole = whole();
            // SAFETY: as above; it waits until we end.
            unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLKW, &raw const whole) };
        },
    );
    let other = child(
        || {},
        || {
            let file = open();
            // SAFETY: the descriptor is open; it waits until we end.
            unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) };
        },
    );
    let mut said: Vec<Value> = list
        .iter()
        .map(|(kind, detail)| json!({"kind": kind, "detail": detail, "with": one}))
        .collect();
    said.push(json!({"kind": "lock", "detail": "POSIX lock", "with": one}));
    said.push(json!({"kind": "lock", "detail": "FLOCK lock", "with": other}));
    let kept = Kept {
        children: vec![one, other],
        queue,
        semaphores,
        path,
        locked,
    };
    (json!(said), Box::new(kept))
}

/// Every kind of memory that a fork leaves shared, without a descriptor.
fn memory(list: &mut Vec<(&str, String)>) {
    let name = CString::new(format!("/puppet-{}", std::process::id())).expect("no NUL");
    let shown = name
        .to_str()
        .expect("plain")
        .trim_start_matches('/')
        .to_owned();
    // SAFETY: each call gets names that end with NUL and numbers, and answers as its manual says.
    unsafe {
        let memfd = libc::memfd_create(c"puppet-joined".as_ptr(), libc::MFD_CLOEXEC);
        map(memfd, list, "memfd puppet-joined".to_owned());
        let how = libc::O_CREAT | libc::O_RDWR | libc::O_EXCL;
        let posix = libc::shm_open(name.as_ptr(), how, 0o600);
        map(posix, list, format!("/dev/shm/{shown}"));
        libc::shm_unlink(name.as_ptr());
        let shared = libc::mmap(
            std::ptr::null_mut(),
            LENGTH,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert_ne!(shared, libc::MAP_FAILED);
        list.push(("shared_memory", "shared since a fork".to_owned()));
        let segment = libc::shmget(libc::IPC_PRIVATE, LENGTH, 0o600);
        if segment >= 0 {
            assert_ne!(libc::shmat(segment, std::ptr::null(), 0) as isize, -1);
            libc::shmctl(segment, libc::IPC_RMID, std::ptr::null_mut());
            list.push(("shared_memory", format!("System V segment {segment}")));
        }
        let semaphore = libc::sem_open(name.as_ptr(), how, 0o600, 1);
        if semaphore != libc::SEM_FAILED {
            libc::sem_unlink(name.as_ptr());
            // The C library makes it under another name first, which is the one that our own mapping keeps.
            list.push(("semaphore", "POSIX semaphore /".to_owned()));
        }
    }
}

/// Maps what was opened and closes it again.
unsafe fn map(fd: i32, list: &mut Vec<(&str, String)>, what: String) {
    if fd < 0 {
        return;
    }
    // SAFETY: the descriptor was just made and is ours.
    let owned = unsafe { OwnedFd::from_raw_fd(fd) };
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping of a file of that length.
    unsafe {
        assert_eq!(libc::ftruncate(owned.as_raw_fd(), LENGTH as libc::off_t), 0);
        let at = libc::mmap(
            std::ptr::null_mut(),
            LENGTH,
            access,
            libc::MAP_SHARED,
            owned.as_raw_fd(),
            0,
        );
        assert_ne!(at, libc::MAP_FAILED);
    }
    list.push(("shared_memory", what));
}

fn whole() -> libc::flock {
    // SAFETY: zeroes are a value of this plain structure: a lock of the whole file.
    let mut whole: libc::flock = unsafe { std::mem::zeroed() };
    whole.l_type = libc::F_WRLCK as libc::c_short;
    whole
}

/// A child that does the first, says so, does the second, and waits for its end.
fn child(first: impl FnOnce(), then: impl FnOnce()) -> i32 {
    let (mut ready, mut said) = std::io::pipe().expect("a pipe");
    // SAFETY: there is one thread at this time, so the child may do anything.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: takes numbers only.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        drop(ready);
        first();
        said.write_all(&[1]).expect("heard");
        drop(said);
        then();
        loop {
            // SAFETY: waits for a signal.
            unsafe { libc::pause() };
        }
    }
    assert!(pid > 0, "fork");
    drop(said);
    ready.read_exact(&mut [0]).expect("the child is ready");
    pid
}

/// A message of one byte.
#[repr(C)]
struct Message {
    kind: libc::c_long,
    text: [u8; 1],
}

fn send(queue: i32) {
    let message = Message { kind: 1, text: [7] };
    // SAFETY: the message has a type and one byte, as is said.
    let status = unsafe { libc::msgsnd(queue, (&raw const message).cast(), 1, 0) };
    assert_eq!(status, 0, "msgsnd");
}

fn take(queue: i32) {
    let mut message = Message { kind: 0, text: [0] };
    // SAFETY: there is room for a type and one byte, as is said.
    let got = unsafe { libc::msgrcv(queue, (&raw mut message).cast(), 1, 0, 0) };
    assert_eq!(got, 1, "msgrcv");
}

fn raise(set: i32, which: u16) {
    let mut change = libc::sembuf {
        sem_num: which,
        sem_op: 1,
        sem_flg: 0,
    };
    // SAFETY: one change, as is said.
    assert_eq!(unsafe { libc::semop(set, &raw mut change, 1) }, 0, "semop");
}
