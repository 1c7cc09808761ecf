//! What workers are asked: in which order, for how long an answer is waited for, and what happens where none comes.

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{STARVED, Slow, Worker, pool};
use crate::model::reading::{Missing, Reading};
use crate::sys::asker::{Kind, Question, child, wire};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_millis(20);
/// The same for what may have to ask another machine: nobody waits for it but the thread that asks.
const NETWORKED: Duration = Duration::from_secs(5);
/// When a driver's library that has not answered is given up: one that opens takes seconds where no other program has the
/// cards in use, and who is ended meanwhile begins anew.
const OPENS: Duration = Duration::from_secs(20);
/// For how much of that it may have a core: a file that is read for so long is not going to end.
const COMPUTES: Duration = Duration::from_millis(500);
/// So many questions are sent before their answers are read: fewer bytes than a socket holds.
const AT_ONCE: usize = 16;

/// Puts questions in their order; what is not answered in time is `Late`, and the others are still answered.
pub(in crate::sys::asker) fn ask(questions: &[Question]) -> Vec<Reading<Vec<u8>>> {
    let mut answers: Vec<Reading<Vec<u8>>> = questions.iter().map(|_| Err(Missing::Late)).collect();
    let mut left: Vec<usize> = {
        let pool = pool();
        let open = |i: &usize| pool.may_ask(&questions[*i]);
        (0..questions.len()).filter(open).collect()
    };
    let mut failed = 0;
    loop {
        pool().leave_out(&mut left, questions);
        if left.is_empty() {
            break;
        }
        let Some(mut worker) = pool().take(false) else {
            break;
        };
        let now: Vec<usize> = left.iter().copied().take(AT_ONCE).collect();
        let done = put(&mut worker, questions, &now, &mut answers);
        left.drain(..done);
        if done == now.len() {
            pool().give_back(worker);
            continue;
        }
        let open = left[0];
        if worker.is_silent() {
            left.remove(0);
            pool().give_up(worker, &questions[open]);
        } else {
            // It ended by itself, or was ended: another one may do better, but not for ever.
            pool().miss();
            failed += 1;
            if failed > 3 {
                break;
            }
        }
    }
    let mut pool = pool();
    for (question, answer) in questions.iter().zip(&answers) {
        if *answer != Err(Missing::Late) {
            pool.stuck.remove(question);
        }
    }
    answers
}

/// Puts a question to the worker that has a driver's library open. It is waited for so long, from when the question was put,
/// and asked again as soon as it has answered: what it said late was of then.
pub(in crate::sys::asker) fn ask_library(
    question: &Question,
    patience: Duration,
) -> Reading<Vec<u8>> {
    // It may end by itself, or be ended: another one may do better, but not for ever.
    for _ in 0..4 {
        let slow = pool().slow.take();
        let late = slow.is_some();
        let Some(mut slow) = slow.or_else(|| put_to_library(question)) else {
            break;
        };
        let left = patience.saturating_sub(slow.since.elapsed());
        if slow.worker.has_answered(left) {
            let answer = wire::take_answer(&mut slow.worker.socket, question.most as usize);
            let mut pool = pool();
            match answer {
                Ok(_) if late => pool.give_back(slow.worker),
                Ok(answer) => {
                    pool.give_back(slow.worker);
                    pool.stuck.remove(question);
                    return answer;
                }
                Err(_) => pool.miss(),
            }
        } else if slow.since.elapsed() < OPENS {
            pool().slow = Some(slow);
            break;
        } else {
            pool().give_up(slow.worker, question);
            break;
        }
    }
    Err(Missing::Late)
}

/// Asks it anew; nothing where it may not be asked now, or there is nobody to ask.
fn put_to_library(question: &Question) -> Option<Slow> {
    let mut worker = {
        let mut pool = pool();
        pool.may_ask(question).then(|| pool.take(true)).flatten()?
    };
    worker.library = true;
    let mut out = Vec::new();
    wire::put_question(&mut out, question);
    // One that has ended is found out where its answer is waited for.
    let _ = worker.socket.write_all(&out);
    Some(Slow {
        worker,
        path: question.path.clone(),
        since: Instant::now(),
    })
}

/// Puts some questions to one worker; answers how many it answered.
fn put(
    worker: &mut Worker,
    questions: &[Question],
    which: &[usize],
    answers: &mut [Reading<Vec<u8>>],
) -> usize {
    let mut out = Vec::new();
    for i in which {
        wire::put_question(&mut out, &questions[*i]);
    }
    if worker.socket.write_all(&out).is_err() {
        return 0;
    }
    for (n, i) in which.iter().enumerate() {
        if !worker.has_answered(patience(questions[*i].kind)) {
            return n;
        }
        let most = questions[*i].most as usize;
        match wire::take_answer(&mut worker.socket, most) {
            Ok(answer) => answers[*i] = answer,
            Err(_) => return n,
        }
    }
    which.len()
}

/// How long an answer of a kind may take.
fn patience(kind: Kind) -> Duration {
    match kind {
        Kind::User => NETWORKED,
        _ => LIMIT,
    }
}

impl Worker {
    /// Waits for the next answer, for as long as one may take.
    fn has_answered(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        let mut before = None;
        loop {
            if self.wait(limit) {
                return true;
            }
            let had = child::had_a_core(self.number);
            let computed = had.saturating_sub(*before.get_or_insert(had));
            let over = begun.elapsed() >= STARVED.max(limit) || computed >= COMPUTES;
            if over || !self.wants_a_core() {
                // It sleeps as well when it has answered meanwhile.
                return self.wait(Duration::ZERO);
            }
        }
    }

    fn wait(&self, limit: Duration) -> bool {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::ZERO);
        loop {
            match poll(&mut fds, limit) {
                Ok(n) => return n > 0,
                Err(nix::Error::EINTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// Whether it lives and has said nothing.
    fn is_silent(&self) -> bool {
        !self.wait(Duration::ZERO)
    }

    /// Whether it could run: then the machine is busy, and the kernel owes us nothing.
    fn wants_a_core(&self) -> bool {
        child::wants_a_core(self.number)
    }
}
