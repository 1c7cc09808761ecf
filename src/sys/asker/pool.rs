//! This side: the workers, which of them is to be had, and what is not answered.

mod asking;

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::child::{self, Maker};
use super::hand::Hand;
use super::{Kind, Question, Unanswered};
use crate::sys::acting::pidfd;

pub(super) use asking::{ask, ask_library};

/// How long it may take where the worker waits for a core rather than for the kernel: nobody who sleeps is to blame then.
const STARVED: Duration = Duration::from_secs(5);
/// How many workers there may be that were given up and do not end. Those in use are no more than threads that ask.
const HELD: usize = 16;
/// How many of those filesystems may hold that others answer for: there may be any number of them, and the rest is still asked.
const HELD_BY_MOUNTS: usize = 12;
/// A worker that was asked nothing for so long is let go: the next question makes another one in a millisecond.
const BORED: Duration = Duration::from_secs(5);
/// After what time a question is put again at the earliest, doubled with each time that it is not answered.
const AGAIN: Duration = Duration::from_secs(2);
/// And at the latest.
const AGAIN_AT_MOST: Duration = Duration::from_secs(32);

/// One process that answers questions.
struct Worker {
    socket: UnixStream,
    number: u32,
    hold: OwnedFd,
    /// It has a library of a driver open.
    library: bool,
    /// When it answered last.
    last: Instant,
}

/// A question that was not answered.
struct Stuck {
    path: PathBuf,
    since: Instant,
    tries: u32,
    /// When it may be put again, if by then the worker has ended.
    again: Instant,
    worker: Option<OwnedFd>,
}

impl Stuck {
    fn holds(&self) -> bool {
        let lives = |hold: &OwnedFd| !pidfd::has_ended(hold.as_fd());
        self.worker.as_ref().is_some_and(lives)
    }
}

/// A library's worker that is not waited for any more, and may answer yet.
struct Slow {
    worker: Worker,
    path: PathBuf,
    since: Instant,
}

#[derive(Default)]
struct Pool {
    maker: Option<Maker>,
    /// Makers are as free as the program was before it denied itself to write.
    prepared: bool,
    slow: Option<Slow>,
    idle: Vec<Worker>,
    stuck: HashMap<Question, Stuck>,
    /// No worker was to be had the last time.
    short: bool,
    /// The program ends: nobody is made any more.
    ended: bool,
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn prepare() {
    let mut pool = pool();
    if pool.maker.is_none() && !pool.ended {
        pool.maker = child::make_maker_to_stay().ok();
        pool.prepared = pool.maker.is_some();
    }
}

pub(super) fn end() {
    // Whoever has it puts a question just now; then it is left to the end of the program.
    let Ok(mut pool) = POOL.try_lock() else {
        return;
    };
    pool.ended = true;
    pool.idle.clear();
    if let Some(maker) = pool.maker.take() {
        maker.end();
    }
}

pub(super) fn unanswered() -> (Vec<Unanswered>, bool) {
    let mut pool = pool();
    if pool.maker.as_ref().is_some_and(Maker::has_ended) {
        // Whoever ended it left a zombie of ours; the next question makes a new one.
        pool.maker = None;
    }
    pool.let_go(Instant::now());
    let mut out: Vec<Unanswered> = Vec::new();
    let stuck = pool.stuck.values().map(|s| (&s.path, s.since));
    let slow = pool.slow.iter().map(|s| (&s.path, s.since));
    for (path, since) in stuck.chain(slow) {
        let (path, lasts) = (path.clone(), since.elapsed());
        match out.iter_mut().find(|u| u.path == path) {
            Some(known) => known.lasts = known.lasts.max(lasts),
            None => out.push(Unanswered { path, lasts }),
        }
    }
    out.sort_by(|a, b| b.lasts.cmp(&a.lasts).then_with(|| a.path.cmp(&b.path)));
    (out, pool.short)
}

/// One that writes a recording, made by a maker that is as free to write as the program was at its start.
pub(super) fn writer() -> Option<Hand> {
    let pool = pool();
    let maker = pool.maker.as_ref().filter(|_| pool.prepared)?;
    let (socket, number, _) = child::make_worker(maker, child::WRITER).ok()?;
    Some(Hand {
        socket,
        number,
        ours: false,
    })
}

/// Ends the worker that has a driver's library open.
pub(super) fn end_library() {
    let mut pool = pool();
    if let Some(slow) = pool.slow.take() {
        pidfd::kill(slow.worker.hold.as_fd(), Signal::SIGKILL);
    }
    pool.idle.retain(|worker| {
        if worker.library {
            pidfd::kill(worker.hold.as_fd(), Signal::SIGKILL);
        }
        !worker.library
    });
}

impl Pool {
    /// Whether a question is worth putting: not while the last worker sits on it, nor too often.
    fn may_ask(&self, question: &Question) -> bool {
        let stuck = self.stuck.get(question);
        stuck.is_none_or(|s| !s.holds() && Instant::now() >= s.again)
    }

    fn held(&self) -> usize {
        self.stuck.values().filter(|s| s.holds()).count()
    }

    /// Leaves out those questions of which no more may hold a worker.
    fn leave_out(&mut self, which: &mut Vec<usize>, questions: &[Question]) {
        let of_mount = |at: &usize| questions[*at].kind == Kind::Space;
        if which.iter().any(of_mount) && self.held() >= HELD_BY_MOUNTS {
            self.short = true;
            which.retain(|at| !of_mount(at));
        }
    }

    /// A worker; for a library's questions the one that has it open, and for no others.
    fn take(&mut self, library: bool) -> Option<Worker> {
        if let Some(at) = self.idle.iter().rposition(|w| w.library == library) {
            return Some(self.idle.remove(at));
        }
        self.short = self.held() >= HELD;
        if self.short {
            return None;
        }
        let worker = self.make().or_else(|_| {
            // The maker was ended by somebody: once more with a new one.
            self.maker = None;
            self.make()
        });
        worker.ok()
    }

    fn make(&mut self) -> io::Result<Worker> {
        if self.ended {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if self.maker.is_none() {
            self.maker = Some(child::make_maker_to_stay()?);
        }
        let maker = self.maker.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let (socket, number, hold) = child::make_worker(maker, child::WORKER)?;
        // Who is stopped in the middle of an answer is given up like who does not begin one.
        socket.set_read_timeout(Some(STARVED))?;
        Ok(Worker {
            socket,
            number,
            hold,
            library: false,
            last: Instant::now(),
        })
    }

    /// One that was used has ended, and with it perhaps others: their maker takes them along.
    fn miss(&mut self) {
        self.idle.retain(|w| !pidfd::has_ended(w.hold.as_fd()));
    }

    fn give_back(&mut self, worker: Worker) {
        let last = Instant::now();
        self.idle.push(Worker { last, ..worker });
    }

    /// Lets the workers go that were asked nothing for long: each ends when nobody holds the other end of its socket.
    fn let_go(&mut self, now: Instant) {
        let asked = |worker: &Worker| now.saturating_duration_since(worker.last) < BORED;
        self.idle.retain(|worker| worker.library || asked(worker));
    }

    /// Ends a worker that does not answer; where the kernel keeps it, it is remembered until it has ended.
    fn give_up(&mut self, worker: Worker, question: &Question) {
        pidfd::kill(worker.hold.as_fd(), Signal::SIGKILL);
        let now = Instant::now();
        let old = self.stuck.remove(question);
        let (since, tries) = old.map_or((now, 0), |s| (s.since, s.tries + 1));
        let pause = AGAIN.saturating_mul(1 << tries.min(8)).min(AGAIN_AT_MOST);
        let stuck = Stuck {
            path: question.path.clone(),
            since,
            tries,
            again: now + pause,
            worker: Some(worker.hold),
        };
        self.stuck.insert(question.clone(), stuck);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    #[test]
    fn however_many_mounts_do_not_answer_others_are_still_asked() {
        let mut pool = Pool::default();
        let question = |kind, path: &Path| Question {
            kind,
            path: path.to_owned(),
            most: 0,
            from: 0,
        };
        let kinds = [Kind::Space, Kind::SpaceHere, Kind::Read];
        let all = kinds.map(|kind| question(kind, Path::new("/")));
        let asked = |pool: &mut Pool| {
            let mut which = vec![0, 1, 2];
            pool.leave_out(&mut which, &all);
            which
        };
        for n in 0..HELD_BY_MOUNTS {
            assert_eq!(asked(&mut pool), [0, 1, 2], "{n} are held");
            let path = PathBuf::from(format!("/hung/{n}"));
            let question = question(Kind::Space, &path);
            // Somebody who lives, as one that the kernel keeps.
            let lives = pidfd::open(std::process::id(), 0).expect("ourselves");
            let stuck = Stuck {
                path,
                since: Instant::now(),
                tries: 0,
                again: Instant::now(),
                worker: Some(lives),
            };
            pool.stuck.insert(question, stuck);
        }
        assert!(!pool.short);
        assert_eq!(asked(&mut pool), [1, 2]);
        assert!(pool.short, "it is said");
        assert!(pool.take(false).is_some());
    }

    #[test]
    fn who_is_asked_nothing_is_let_go_and_stays_not_even_as_a_zombie() {
        let mut pool = Pool::default();
        let worker = pool.take(false).expect("a worker");
        let (number, last) = (worker.number, worker.last);
        let hold = worker.hold.try_clone().expect("a descriptor");
        pool.give_back(worker);
        pool.let_go(last);
        assert_eq!(pool.idle.len(), 1, "it was asked just now");
        pool.let_go(last + 2 * BORED);
        assert!(pool.idle.is_empty());
        let mut ends = [PollFd::new(hold.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut ends, PollTimeout::from(10_000_u16)), Ok(1));
        // Whoever made it reaps it a moment later; just then the kernel says ESRCH before it says ENOENT.
        let stat = PathBuf::from(format!("/proc/{number}/stat"));
        let begun = Instant::now();
        while stat.exists() {
            assert!(begun.elapsed() < Duration::from_secs(10), "a zombie");
            std::thread::yield_now();
        }
        assert!(pool.take(false).is_some(), "another one is made");
    }
}
