#![expect(
    unsafe_code,
    reason = "memory that lies on a filesystem which does not answer"
)]

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::mman::{MapFlags, ProtFlags, mmap};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;
use crate::sys::acting::pidfd;

#[test]
fn answers_are_those_of_the_kernel() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "twelve bytes").expect("written");
    assert_eq!(read(&file, 6), Ok(b"twelve".to_vec()));
    assert_eq!(read(&dir.path().join("none"), 6), Err(Missing::Gone));
    let told = spaces(vec![dir.path().to_owned(), file.join("below")], true);
    let own = crate::sys::machine::disks::space(dir.path()).expect("our own answer");
    assert_eq!(told[0].map(|s| s.total), Ok(own.total));
    assert_eq!(told[1], Err(Missing::Unsupported));
    let ours = crate::sys::descriptors::fds::behind(&file);
    assert_eq!(targets(vec![file]), [ours]);
}

#[test]
fn a_thousand_questions_come_back_in_order() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |n: u32| dir.path().join(n.to_string());
    for n in 0..10 {
        std::fs::write(path(n), n.to_string()).expect("written");
    }
    let all = regular((0..1000).map(|n| path(n % 11)).collect(), 10);
    for (n, answer) in (0..1000).zip(all) {
        let expected = match n % 11 {
            10 => Err(Missing::Gone),
            n => Ok(n.to_string().into_bytes()),
        };
        assert_eq!(answer, expected);
    }
}

#[test]
fn neither_a_fifo_nor_a_device_is_waited_for_or_opened() {
    let dir = tempfile::tempdir().expect("a directory");
    let fifo = dir.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("made");
    assert_eq!(read(&fifo, 10), Ok(Vec::new()), "nobody writes");
    // A writer that does not wait finds no reader: looking at it is not opening it.
    let paths = vec![fifo.clone(), "/dev/zero".into(), "/dev/ptmx".into()];
    assert!(
        regular(paths, 10)
            .iter()
            .all(|r| *r == Err(Missing::Unsupported))
    );
    let mut open = std::fs::OpenOptions::new();
    let writer = open.write(true).custom_flags(libc::O_NONBLOCK).open(&fifo);
    assert_eq!(
        writer.expect_err("no reader").raw_os_error(),
        Some(libc::ENXIO)
    );
}

#[test]
fn who_does_not_answer_is_given_up_and_the_others_are_still_told() {
    let mut hung = match hung::Mount::new() {
        Ok(hung) => hung,
        Err(why) => return println!("skipped: {why}"),
    };
    let begun = Instant::now();
    let told = spaces(vec!["/".into(), hung.path().to_owned(), "/".into()], false);
    assert!(told[0].is_ok() && told[2].is_ok(), "{told:?}");
    assert_eq!(told[1], Err(Missing::Late));
    let (unanswered, _) = unanswered();
    assert!(unanswered.iter().any(|u| u.path == hung.path()));
    // While it hangs it is not asked a second time: nothing more is held.
    let again = spaces(vec![hung.path().to_owned(); 1000], false);
    assert!(again.iter().all(|r| *r == Err(Missing::Late)));
    // It is asked again later, and told once it answers.
    hung.recover();
    let recovered = || spaces(vec![hung.path().to_owned()], false)[0].is_ok();
    while !recovered() {
        assert!(begun.elapsed().as_secs() < 60, "it is not asked again");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(hung);
    assert!(begun.elapsed().as_secs() < 60, "it came to an end");
}

/// Whoever waits for events into memory that lies on a dead filesystem holds the lock of his epoll instance: `fdinfo` of it
/// then never comes, and who asks for it cannot even be killed.
#[test]
fn the_descriptors_of_who_set_a_trap_are_asked_by_somebody_else() {
    let hung = match hung::Mount::new() {
        Ok(hung) => hung,
        Err(why) => return println!("skipped: {why}"),
    };
    let trap = Trap::set(&hung.path().join("file"));
    let descriptor = trap.epoll.0.0.as_raw_fd() as u32;
    let path = PathBuf::from(format!("/proc/{}/fdinfo/{descriptor}", std::process::id()));
    // It is set once its thread is in the call, which nobody tells.
    let begun = Instant::now();
    while read(&path, 4096).is_ok() {
        assert!(begun.elapsed().as_secs() < 60, "the trap is not set");
    }
    assert_eq!(read(&path, 4096), Err(Missing::Late));
    let fds = crate::sys::descriptors::fds::Fds::open(
        &crate::sys::root::ProcRoot::live(),
        crate::model::id::Pid(std::process::id()),
    );
    let told = fds.expect("our own").infos(&[0, descriptor, 1]);
    assert_eq!(told[1].as_ref().err(), Some(&Missing::Late), "{told:?}");
    assert!(told[0].is_ok() && told[2].is_ok(), "{told:?}");
    // The kernel fails the page that the thread waits for, and it ends.
    drop(hung);
    trap.thread.join().expect("it ends");
}

struct Trap {
    epoll: Arc<(Epoll, std::io::PipeWriter)>,
    thread: std::thread::JoinHandle<()>,
}

impl Trap {
    fn set(file: &Path) -> Self {
        let file = std::fs::File::open(file).expect("opening it is answered");
        let size = std::num::NonZeroUsize::new(4096).expect("one page");
        // SAFETY: a new mapping of its own; it is never let go.
        let page = unsafe {
            let (rw, private) = (
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_PRIVATE,
            );
            mmap(None, size, rw, private, &file, 0)
        };
        let page = page.expect("mapped").as_ptr() as usize;
        let (_, writer) = std::io::pipe().expect("a pipe");
        let epoll = Epoll::new(EpollCreateFlags::empty()).expect("an instance");
        let ready = EpollEvent::new(EpollFlags::EPOLLOUT, 0);
        epoll.add(&writer, ready).expect("watched");
        let epoll = Arc::new((epoll, writer));
        let held = Arc::clone(&epoll);
        let thread = std::thread::spawn(move || {
            // SAFETY: the page has room for one event, and nobody else uses it.
            unsafe { libc::epoll_wait(held.0.0.as_raw_fd(), page as *mut _, 1, -1) };
        });
        Self { epoll, thread }
    }
}

mod files;
#[path = "../../../tests/pty/hung.rs"]
mod hung;

/// The first process of a container reaps nobody as a rule: what is left to it stays for ever.
#[test]
fn nobody_is_left_to_be_reaped_by_others() {
    let maker = child::make_maker().expect("made");
    let workers: Vec<_> = (0..3)
        .map(|_| child::make_worker(&maker, child::WORKER).expect("made"))
        .collect();
    maker.end();
    for (socket, number, hold) in workers {
        drop(socket);
        assert!(pidfd::has_ended(hold.as_fd()), "{number} has ended");
        let left = Path::new("/proc").join(number.to_string());
        // Somebody else may have its number by now, but no zombie of that name.
        let name = std::fs::read_to_string(left.join("comm")).unwrap_or_default();
        assert_ne!(name.trim_end(), "pscope-asker", "{number} was reaped");
    }
}
