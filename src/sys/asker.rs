//! Questions that a sick machine may never answer, put to child processes: `statfs(2)`, files of remote and FUSE
//! filesystems, sensors, whatever an observed process chose to run or to open, and what is known of its descriptors.
//!
//! A thread that sleeps uninterruptibly keeps its whole program as a zombie that nothing ends, with the shell, a pipe and
//! `timeout -s KILL` waiting behind it. So none of ours ever asks such a question: a small process of our own (`child`)
//! makes workers, which hold nothing of ours, and one that does not answer in time is given up. Files of `/proc` that take
//! a lock of the target (`maps`, `io`, `syscall`) stay with the threads of `bounded`: those waits end for a
//! signal that ends us (`mmap_read_lock_killable`, `down_read_killable`).

mod child;
mod free;
pub mod hand;
mod pool;
pub mod reader;
pub mod stream;
mod title;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::id::{Nanos, Uid};
use crate::model::machine::disk::Space;
use crate::model::reading::{Missing, Reading};
use crate::sys::descriptors::fds::Target;

/// What is asked of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Its content, up to so many bytes.
    Read,
    /// The same, if it is a regular file; anything else is not opened.
    Regular,
    /// A part of a regular file.
    Part,
    /// How full its filesystem is.
    Space,
    /// The same of a filesystem that no other machine and no program answers for.
    SpaceHere,
    /// What kind of file it is, how large, on which device.
    Target,
    /// The names in a directory, parted by NUL.
    List,
    /// The name of a user: `user 1000`.
    User,
    /// Everything about the cards that a library tells of.
    Gpu,
    /// Of a link to a descriptor: how many bytes wait in that pipe, and how many it holds.
    Pipe,
    /// Of a link to a descriptor: what that POSIX queue says.
    Queue,
    /// Of a link to a descriptor: which protocol that socket speaks.
    Protocol,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    kind: Kind,
    path: PathBuf,
    /// How many bytes at most.
    most: u32,
    /// Where a part begins; 0 for all else.
    from: u64,
}

/// A question that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What was asked about.
    pub path: PathBuf,
    /// For how long.
    pub lasts: Duration,
}

/// Makes the process that makes workers, while this program is still small and has no threads: then each of them is small
/// too. Without it the first question does that.
pub fn prepare() {
    pool::prepare();
}

/// The program ends: those who answer end before it and are reaped, save those whom the kernel keeps. Nothing is answered
/// afterwards.
pub fn end() {
    pool::end();
}

/// What is not answered now, the longest first, and whether so much is that no more is asked.
pub fn unanswered() -> (Vec<Unanswered>, bool) {
    pool::unanswered()
}

/// For how long this has not answered, where it does not.
pub fn silent_for(path: &Path) -> Option<Nanos> {
    let (all, _) = unanswered();
    let of = all.into_iter().find(|u| u.path == path)?;
    Some(Nanos(of.lasts.as_nanos() as u64))
}

/// The content of a file, up to so many bytes, opened so that neither a FIFO nor a terminal there waits or notices.
///
/// # Errors
/// `Late` where no answer came in time, and while the last question about it is not answered; else as the kernel says.
pub fn read(path: &Path, most: u32) -> Reading<Vec<u8>> {
    one(Kind::Read, path, most)
}

/// The contents of several files, as [`read`] does it, in their order and at one go.
///
/// # Errors
/// For each as [`read`].
pub fn each(paths: Vec<PathBuf>, most: u32) -> Vec<Reading<Vec<u8>>> {
    all(Kind::Read, paths, most)
}

/// The beginnings of files that an observed process chose; those that are no regular files are not opened.
///
/// # Errors
/// For each as [`read`]; `Unsupported` for what is no regular file.
pub fn regular(paths: Vec<PathBuf>, most: u32) -> Vec<Reading<Vec<u8>>> {
    all(Kind::Regular, paths, most)
}

/// The names in a directory, as far as they fit into so many bytes.
///
/// # Errors
/// As [`read`].
pub fn list(path: &Path, most: u32) -> Reading<Vec<Vec<u8>>> {
    let names = one(Kind::List, path, most)?;
    let names = names.split(|b| *b == 0).filter(|name| !name.is_empty());
    Ok(names.map(<[u8]>::to_vec).collect())
}

/// The name of a user as the name service tells it, which may ask the network: it is waited for longer.
///
/// # Errors
/// `Gone` where nobody has this number; else as [`read`].
pub fn user(uid: Uid) -> Reading<Vec<u8>> {
    one(Kind::User, Path::new(&format!("user {uid}")), 1 << 10)
}

/// So many bytes from a place of a file that an observed process chose; one that is no regular file is not opened.
///
/// # Errors
/// As [`regular`].
pub fn part(path: &Path, from: u64, most: u32) -> Reading<Vec<u8>> {
    let question = Question {
        kind: Kind::Part,
        path: path.to_owned(),
        most,
        from,
    };
    pool::ask(&[question]).pop().unwrap_or(Err(Missing::Late))
}

/// What a library of NVIDIA's tells of all cards; a worker has it open from then on, until [`close_gpus`]. It is waited for so
/// long, and where it goes on opening the cards it is heard the next time.
///
/// # Errors
/// As [`read`]; `Unsupported` where it cannot be used.
pub fn gpus(library: &Path, patience: Duration) -> Reading<Vec<u8>> {
    let question = Question {
        kind: Kind::Gpu,
        path: library.to_owned(),
        most: 1 << 20,
        from: 0,
    };
    pool::ask_library(&question, patience)
}

/// Lets the library go that [`gpus`] opened.
pub fn close_gpus() {
    pool::end_library();
}

/// How full the filesystems at these paths are; `here`: the kernel answers for them by itself.
///
/// # Errors
/// For each as [`read`].
pub fn spaces(paths: Vec<PathBuf>, here: bool) -> Vec<Reading<Space>> {
    let kind = if here { Kind::SpaceHere } else { Kind::Space };
    let answers = all(kind, paths, 0).into_iter();
    answers
        .map(|answer| wire::space(&answer?).ok_or(Missing::Unsupported))
        .collect()
}

/// What lies behind these paths.
///
/// # Errors
/// For each as [`read`].
pub fn targets(paths: Vec<PathBuf>) -> Vec<Reading<Target>> {
    let answers = all(Kind::Target, paths, 0).into_iter();
    answers
        .map(|answer| wire::target(&answer?).ok_or(Missing::Unsupported))
        .collect()
}

/// How many bytes wait in the pipe behind a link of `/proc/PID/fd`, and how many it holds.
///
/// # Errors
/// As [`read`]; `Unsupported` for what is no pipe.
pub fn pipe(link: &Path) -> Reading<(u64, u64)> {
    let answer = one(Kind::Pipe, link, 0)?;
    wire::pair(&answer).ok_or(Missing::Unsupported)
}

/// What the POSIX queue behind a link of `/proc/PID/fd` says.
///
/// # Errors
/// As [`read`]; `Unsupported` for what is no queue.
pub fn queue(link: &Path) -> Reading<Vec<u8>> {
    one(Kind::Queue, link, SHORT)
}

/// The protocol of the socket behind a link of `/proc/PID/fd`.
///
/// # Errors
/// As [`read`]; `Unsupported` for what is no socket.
pub fn protocol(link: &Path) -> Reading<Vec<u8>> {
    one(Kind::Protocol, link, SHORT)
}

/// No longer is what a queue or a socket says of itself.
const SHORT: u32 = 512;

fn one(kind: Kind, path: &Path, most: u32) -> Reading<Vec<u8>> {
    let answer = all(kind, vec![path.to_owned()], most).pop();
    answer.unwrap_or(Err(Missing::Late))
}

fn all(kind: Kind, paths: Vec<PathBuf>, most: u32) -> Vec<Reading<Vec<u8>>> {
    let question = |path| Question {
        kind,
        path,
        most,
        from: 0,
    };
    pool::ask(&paths.into_iter().map(question).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
