//! Questions and answers as bytes between this program and its workers; both sides are the same program.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;

use super::{Kind, Question};
use crate::model::descriptors::descriptor::Extent;
use crate::model::id::Bytes;
use crate::model::machine::disk::Space;
use crate::model::reading::{Missing, Reading};
use crate::sys::descriptors::fds::Target;
use crate::sys::descriptors::terminal::Terminal;

const KINDS: [Kind; 12] = [
    Kind::Read,
    Kind::Regular,
    Kind::Part,
    Kind::Space,
    Kind::SpaceHere,
    Kind::Target,
    Kind::List,
    Kind::User,
    Kind::Gpu,
    Kind::Pipe,
    Kind::Queue,
    Kind::Protocol,
];
const WHY: [Missing; 5] = [
    Missing::Gone,
    Missing::Denied,
    Missing::Unsupported,
    Missing::Late,
    Missing::Soon,
];
/// No path of the kernel's is longer.
const LONGEST: usize = libc::PATH_MAX as usize;

/// Adds a question to what is sent.
pub(super) fn put_question(out: &mut Vec<u8>, question: &Question) {
    let path = question.path.as_os_str().as_bytes();
    let path = &path[..path.len().min(LONGEST)];
    let kind = KINDS.iter().position(|k| *k == question.kind);
    out.push(kind.unwrap_or(0) as u8);
    out.extend(question.most.to_le_bytes());
    out.extend(question.from.to_le_bytes());
    out.extend((path.len() as u32).to_le_bytes());
    out.extend(path);
}

/// Takes the next question; `None` where nobody asks any more.
pub(super) fn take_question(from: &mut impl Read) -> Option<Question> {
    let mut head = [0; 17];
    from.read_exact(&mut head).ok()?;
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = number(13) as usize;
    if length > LONGEST {
        return None;
    }
    let mut path = vec![0; length];
    from.read_exact(&mut path).ok()?;
    Some(Question {
        kind: *KINDS.get(usize::from(head[0]))?,
        path: OsStr::from_bytes(&path).into(),
        most: number(1),
        from: u64::from(number(5)) | u64::from(number(9)) << 32,
    })
}

/// Sends an answer.
pub(super) fn put_answer(to: &mut impl Write, answer: &Reading<Vec<u8>>) -> io::Result<()> {
    let (status, bytes) = match answer {
        Ok(bytes) => (0, bytes.as_slice()),
        Err(why) => (WHY.iter().position(|w| w == why).unwrap_or(0) + 1, &[][..]),
    };
    let mut out = Vec::with_capacity(5 + bytes.len());
    out.push(status as u8);
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
    to.write_all(&out)
}

/// Takes an answer to a question for at most `most` bytes.
pub(super) fn take_answer(from: &mut impl Read, most: usize) -> io::Result<Reading<Vec<u8>>> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if length > most.max(FIELDS * 8) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(match usize::from(head[0]).checked_sub(1) {
        None => Ok(bytes),
        Some(why) => Err(WHY.get(why).copied().unwrap_or(Missing::Unsupported)),
    })
}

/// The most numbers that an answer has.
const FIELDS: usize = 9;

fn numbers(of: &[u64]) -> Vec<u8> {
    of.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn fields<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    let mut out = [0; N];
    let (chunks, rest) = bytes.as_chunks::<8>();
    if chunks.len() != N || !rest.is_empty() {
        return None;
    }
    for (to, chunk) in out.iter_mut().zip(chunks) {
        *to = u64::from_le_bytes(*chunk);
    }
    Some(out)
}

pub(super) fn of_pair((one, other): (u64, u64)) -> Vec<u8> {
    numbers(&[one, other])
}

pub(super) fn pair(bytes: &[u8]) -> Option<(u64, u64)> {
    let [one, other] = fields(bytes)?;
    Some((one, other))
}

pub(super) fn of_space(space: &Space) -> Vec<u8> {
    numbers(&[
        space.total.0,
        space.free.0,
        space.available.0,
        space.inodes,
        space.inodes_free,
    ])
}

pub(super) fn space(bytes: &[u8]) -> Option<Space> {
    let [total, free, available, inodes, inodes_free] = fields(bytes)?;
    Some(Space {
        total: Bytes(total),
        free: Bytes(free),
        available: Bytes(available),
        inodes,
        inodes_free,
    })
}

pub(super) fn of_target(target: &Target) -> Vec<u8> {
    let terminal = target.terminal;
    let instance = terminal.and_then(|t| t.instance);
    let index = terminal.and_then(|t| t.index);
    let known = u64::from(target.queue)
        | u64::from(terminal.is_some()) << 1
        | u64::from(instance.is_some()) << 2
        | u64::from(index.is_some()) << 3;
    numbers(&[
        known,
        u64::from(target.format),
        u64::from(target.links),
        target.extent.size.0,
        target.extent.held.0,
        target.extent.device,
        target.extent.inode,
        instance.unwrap_or(0),
        u64::from(index.unwrap_or(0)),
    ])
}

pub(super) fn target(bytes: &[u8]) -> Option<Target> {
    let [
        known,
        format,
        links,
        size,
        held,
        device,
        inode,
        instance,
        index,
    ] = fields(bytes)?;
    let is = |bit: u32| known >> bit & 1 == 1;
    Some(Target {
        queue: is(0),
        terminal: is(1).then_some(Terminal {
            instance: is(2).then_some(instance),
            index: is(3).then_some(index as u32),
        }),
        format: format as u32,
        links: links as u32,
        extent: Extent {
            size: Bytes(size),
            held: Bytes(held),
            device,
            inode,
        },
    })
}
