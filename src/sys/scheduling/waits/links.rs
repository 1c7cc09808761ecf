//! What the descriptors and children that threads wait for are: `/proc/PID/fd`, `/proc/PID/fdinfo`, `/proc/PID/comm`.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt as _;

use super::held::{self, Locks};
use crate::model::id::Pid;
use crate::model::process::threads::ThreadRow;
use crate::model::reading::Reading;
use crate::model::scheduling::wait::{Child, Fd, MOST_FDS, Object, SystemV, Wait, wants};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::descriptors::ipc::{queues, sysv};
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// An epoll instance that watches ten thousand descriptors tells a megabyte.
const LONGEST: u32 = 4 << 20;

/// Fills in what the descriptors in the waits of the chosen threads lead to, and the names of children.
///
/// `nested` is whether numbers in the process's memory are of another pid namespace than ours; children are not named then.
pub fn resolve(root: &ProcRoot, pid: Pid, chosen: &[usize], rows: &mut [ThreadRow], nested: bool) {
    let mut waits: Vec<&mut Wait> = waits(chosen, rows).collect();
    fill(root, pid, &mut waits, nested);
}

/// The same of waits alone.
pub fn fill(root: &ProcRoot, pid: Pid, waits: &mut [&mut Wait], nested: bool) {
    watch(root, pid, waits);
    let mut wanted = BTreeSet::new();
    for wait in waits.iter_mut() {
        match wait {
            Wait::Child(Child::One(child, name)) if !nested => *name = called(root, *child),
            Wait::SystemV(object) => object.about = last_user(root, object),
            _ => wanted.extend(wait.descriptors_mut().map(|fd| fd.number)),
        }
    }
    let numbers: Vec<i32> = wanted.into_iter().collect();
    let targets: HashMap<i32, Reading<SafeText>> = numbers
        .iter()
        .map(|fd| (*fd, target(root, pid, *fd)))
        .collect();
    let mut locks = None;
    for wait in waits.iter_mut() {
        for fd in wait.descriptors_mut() {
            if let Some(target) = targets.get(&fd.number) {
                fd.target.clone_from(target);
            }
        }
        if let Wait::On { verb, fd } = wait
            && held::is_lock(verb)
        {
            let locks = locks.get_or_insert_with(|| Locks::read(root, pid));
            fd.about = locks.held_by(fd);
        }
    }
}

/// The name of a process.
pub(super) fn called(root: &ProcRoot, pid: Pid) -> Option<SafeText> {
    let comm = std::fs::read(root.proc(format!("{pid}/comm"))).ok()?;
    Some(SafeText::from_bytes(comm.trim_ascii_end()))
}

/// Who used a System V object last: took from a queue that is full, sent to one that is empty, changed a semaphore.
fn last_user(root: &ProcRoot, object: &SystemV) -> Option<SafeText> {
    let id = u64::try_from(object.id).ok()?;
    let queue = || {
        let text = std::fs::read(root.proc("sysvipc/msg")).ok()?;
        queues::parse(&text).into_iter().find(|q| q.id == id)
    };
    let (what, pid) = match object.what {
        Object::Message => ("last sent to by", queue()?.sender),
        Object::Room => ("last taken from by", queue()?.receiver),
        Object::Semaphore(number) if root.is_live() => {
            ("last changed by", sysv::last_changed(object.id, number?)?)
        }
        Object::Semaphore(_) => return None,
    };
    let user = match (pid.0, called(root, pid)) {
        (0, _) => return Some("never used".into()),
        (_, Some(name)) => format!("{what} {pid} {name}"),
        (_, None) => format!("{what} {pid}, which has ended"),
    };
    Some(user.into())
}

fn waits<'a>(chosen: &'a [usize], rows: &'a mut [ThreadRow]) -> impl Iterator<Item = &'a mut Wait> {
    let chosen: BTreeSet<usize> = chosen.iter().copied().collect();
    let rows = rows.iter_mut().enumerate();
    rows.filter(move |(i, _)| chosen.contains(i))
        .filter_map(|(_, row)| Some(&mut row.detail.as_mut().ok()?.waiting.what))
}

/// A link such as `/proc/812/fd/3` → `pipe:[4711]`.
fn target(root: &ProcRoot, pid: Pid, fd: i32) -> Reading<SafeText> {
    let link = std::fs::read_link(root.proc(format!("{pid}/fd/{fd}")))?;
    Ok(SafeText::from_bytes(link.as_os_str().as_bytes()))
}

/// Fills in what epoll instances watch.
fn watch(root: &ProcRoot, pid: Pid, waits: &mut [&mut Wait]) {
    for wait in waits.iter_mut() {
        let Wait::Any {
            set: Some(set),
            fds,
            total,
            ..
        } = wait
        else {
            continue;
        };
        let path = root.proc(format!("{pid}/fdinfo/{}", set.number));
        if let Ok(text) = asker::read(&path, LONGEST) {
            let numbers = watched(&text);
            *total = numbers.len();
            fds.extend(
                numbers
                    .into_iter()
                    .take(MOST_FDS)
                    .map(|(number, events)| Fd {
                        wants: wants(events),
                        ..Fd::new(number)
                    }),
            );
        }
    }
}

/// The descriptors and events of lines such as `tfd:        5 events:        4 data:                5  pos:0 ino:2 sdev:9`, ascending.
pub(crate) fn watched(fdinfo: &[u8]) -> Vec<(i32, u32)> {
    let lines = fdinfo.split(|b| *b == b'\n');
    let mut all: Vec<(i32, u32)> = lines
        .filter_map(|line| {
            let rest = line.strip_prefix(b"tfd:")?;
            let number = i32::try_from(fields::number(rest)?).ok()?;
            let mut words = fields::words(rest).skip_while(|w| *w != b"events:").skip(1);
            let events = std::str::from_utf8(words.next()?).ok()?;
            Some((number, u32::from_str_radix(events, 16).ok()?))
        })
        .collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_an_epoll_instance_watches() {
        let text = b"pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1057\n\
            tfd:       12 events:       19 data:               12  pos:0 ino:2 sdev:9\n\
            tfd:        5 events:        4 data:                5  pos:0 ino:2 sdev:9\n\
            tfd: x\n";
        assert_eq!(watched(text), [(5, 0x4), (12, 0x19)]);
        assert!(watched(b"").is_empty());
    }
}
