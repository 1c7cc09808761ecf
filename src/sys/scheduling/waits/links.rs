//! What the descriptors and children that threads wait for are: `/proc/PID/fd`, `/proc/PID/fdinfo`, `/proc/PID/comm`.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt as _;

use super::held::{self, Locks};
use super::thread::standing;
use crate::model::descriptors::descriptor::About;
use crate::model::format::duration;
use crate::model::id::{Pid, Tid};
use crate::model::process::threads::ThreadRow;
use crate::model::reading::Reading;
use crate::model::scheduling::wait::{Child, Fd, MOST_FDS, Object, SystemV, TIMER, Wait, wants};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::descriptors::fdinfo;
use crate::sys::descriptors::ipc::{queues, sysv};
use crate::sys::fields;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// An epoll instance that watches ten thousand descriptors tells a megabyte.
const LONGEST: u32 = 4 << 20;

/// Fills in what the descriptors in the waits of the chosen threads lead to, and the names of children.
///
/// `nested` is whether numbers in the process's memory are of another pid namespace than ours; children are not named then.
pub fn resolve(root: &ProcRoot, pid: Pid, chosen: &[usize], rows: &mut [ThreadRow], nested: bool) {
    let (threads, mut waits): (Vec<Tid>, Vec<&mut Wait>) = waits(chosen, rows).unzip();
    fill_of(root, pid, &threads, &mut waits, nested);
}

/// The same of waits alone.
pub fn fill(root: &ProcRoot, pid: Pid, waits: &mut [&mut Wait], nested: bool) {
    fill_of(root, pid, &[], waits, nested);
}

/// The same of waits that are of these threads, as far as those are known.
fn fill_of(root: &ProcRoot, pid: Pid, threads: &[Tid], waits: &mut [&mut Wait], nested: bool) {
    watch(root, pid, waits);
    let mut wanted = BTreeSet::new();
    for wait in waits.iter_mut() {
        match wait {
            Wait::Child(Child::One(child, name)) if !nested => *name = called(root, *child),
            Wait::Child(Child::Behind(fd)) => {
                // The kernel tells the number that it has here, wherever it lives.
                if let Some(child) = behind(root, pid, *fd) {
                    **wait = Wait::Child(Child::One(child, called(root, child)));
                }
            }
            Wait::SystemV(object) => {
                object.key = key(root, object);
                object.about = last_user(root, object);
            }
            _ => wanted.extend(wait.descriptors_mut().map(|fd| fd.number)),
        }
    }
    let numbers: Vec<i32> = wanted.into_iter().collect();
    let targets: HashMap<i32, Reading<SafeText>> = numbers
        .iter()
        .map(|fd| (*fd, target(root, pid, *fd)))
        .collect();
    let timers = timers(root, pid, &targets);
    let mut locks = None;
    for (at, wait) in waits.iter_mut().enumerate() {
        for fd in wait.descriptors_mut() {
            if let Some(target) = targets.get(&fd.number) {
                fd.target.clone_from(target);
            }
            if let Some(left) = timers.get(&fd.number) {
                fd.about = Some(left.clone());
            }
        }
        if let Wait::On { verb, fd } = wait
            && held::is_lock(verb)
        {
            let locks = locks.get_or_insert_with(|| Locks::read(root, pid));
            fd.about = locks.held_by(verb, fd, threads.get(at).copied());
        }
    }
}

/// How long the timers among descriptors have left.
fn timers(
    root: &ProcRoot,
    pid: Pid,
    targets: &HashMap<i32, Reading<SafeText>>,
) -> HashMap<i32, SafeText> {
    let is_timer = |target: &Reading<SafeText>| target.as_deref() == Ok(TIMER);
    let all = targets.iter().filter(|(_, target)| is_timer(target));
    let mut numbers: Vec<i32> = all.map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers.truncate(MOST_FDS);
    let path = |number: &i32| root.proc(format!("{pid}/fdinfo/{number}"));
    let infos = asker::each(numbers.iter().map(path).collect(), LONGEST);
    let left = |text: &[u8]| match fdinfo::parse(text).about {
        About::Timerfd { ticks: 1.., .. } => Some("expired".into()),
        About::Timerfd { left: None, .. } => Some("not set".into()),
        About::Timerfd {
            left: Some(left), ..
        } => Some(format!("{} left", duration(left)).into()),
        _ => None,
    };
    let told = numbers.into_iter().zip(infos);
    told.filter_map(|(number, text)| Some((number, left(&text.ok()?)?)))
        .collect()
}

/// The name of a process, also of one that has ended and is listed still.
pub(super) fn called(root: &ProcRoot, pid: Pid) -> Option<SafeText> {
    let comm = std::fs::read(root.proc(format!("{pid}/comm"))).ok()?;
    Some(SafeText::from_bytes(comm.trim_ascii_end()))
}

/// Whether a process has ended, listed or not.
pub(super) fn has_ended(root: &ProcRoot, pid: Pid) -> bool {
    let status = std::fs::read(root.proc(format!("{pid}/status"))).ok();
    let standing = status.as_deref().and_then(standing);
    standing.is_none_or(|(_, threads, ended)| ended && threads <= 1)
}

/// A process in words: `812 make`, `812 make, which has ended`.
fn user(root: &ProcRoot, pid: Pid) -> String {
    let ended = if has_ended(root, pid) {
        ", which has ended"
    } else {
        ""
    };
    match called(root, pid) {
        Some(name) => format!("{pid} {name}{ended}"),
        None => format!("{pid}, which has ended"),
    }
}

/// The process behind a pidfd; `None` once it has ended, and where it is not seen here.
fn behind(root: &ProcRoot, pid: Pid, fd: i32) -> Option<Pid> {
    let told = asker::read(&root.proc(format!("{pid}/fdinfo/{fd}")), LONGEST).ok()?;
    match fdinfo::parse(&told).about {
        About::Pidfd(Some(child)) if child > 0 => Some(Pid(child)),
        _ => None,
    }
}

/// The key of a System V object; the kernel lists those that one may read.
fn key(root: &ProcRoot, object: &SystemV) -> Option<u32> {
    let id = u64::try_from(object.id).ok()?;
    let key = if let Object::Semaphore(_) = object.what {
        let text = root.read("sysvipc/sem").ok()?;
        queues::sets(&text).into_iter().find(|s| s.id == id)?.key
    } else {
        let text = root.read("sysvipc/msg").ok()?;
        queues::parse(&text).into_iter().find(|q| q.id == id)?.key
    };
    (key != 0).then_some(key)
}

/// Who used a System V object last: took from a queue that is full, sent to one that is empty, changed a semaphore. Where
/// nobody did that yet, who used it otherwise.
fn last_user(root: &ProcRoot, object: &SystemV) -> Option<SafeText> {
    let id = u64::try_from(object.id).ok()?;
    let user = |pid| user(root, pid);
    if let Object::Semaphore(number) = object.what {
        let last = if root.is_live() {
            sysv::last_changed(object.id, number?)?
        } else {
            return None;
        };
        let used = || {
            let text = std::fs::read(root.proc("sysvipc/sem")).ok()?;
            let set = queues::sets(&text).into_iter().find(|s| s.id == id)?;
            Some(set.used > 0)
        };
        return Some(match (last.0, used()) {
            (0, Some(false)) => "never used".into(),
            (0, _) if !visible::inside(root) => "never changed".into(),
            // Whoever lives in another PID namespace has no number here.
            (0, _) => "changed by nobody who is seen here".into(),
            _ => format!("last changed by {}", user(last)).into(),
        });
    }
    let text = std::fs::read(root.proc("sysvipc/msg")).ok()?;
    let queue = queues::parse(&text).into_iter().find(|q| q.id == id)?;
    Some(of_queue(object.what, &queue, &user).into())
}

/// Who used a queue last in the way that is waited for; what was not done yet, and by whom it was used else.
fn of_queue(awaited: Object, queue: &queues::Queue, user: &dyn Fn(Pid) -> String) -> String {
    let used = |verb: &str, pid: Pid, at: u64| match (pid.0, at) {
        (0, 0) => None,
        (0, _) => Some(format!("last {verb} by a process that is not seen here")),
        (..) => Some(format!("last {verb} by {}", user(pid))),
    };
    let sent = used("sent to", queue.sender, queue.sent);
    let taken = used("taken from", queue.receiver, queue.taken);
    let (wanted, never, other) = if awaited == Object::Room {
        (taken, "nobody took from it yet", sent)
    } else {
        (sent, "nobody sent to it yet", taken)
    };
    match (wanted, other) {
        (Some(wanted), _) => wanted,
        (None, Some(other)) => format!("{never}, {other}"),
        (None, None) if queue.messages == 0 => "never used".to_owned(),
        (None, None) => never.to_owned(),
    }
}

fn waits<'a>(
    chosen: &'a [usize],
    rows: &'a mut [ThreadRow],
) -> impl Iterator<Item = (Tid, &'a mut Wait)> {
    let chosen: BTreeSet<usize> = chosen.iter().copied().collect();
    let rows = rows.iter_mut().enumerate();
    rows.filter(move |(i, _)| chosen.contains(i))
        .filter_map(|(_, row)| Some((row.id.tid, &mut row.detail.as_mut().ok()?.waiting.what)))
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
    fn a_queue_that_nobody_took_from_was_used_all_the_same() {
        let told = |what, line: &str| {
            let text = format!("key msqid\n 0 3 644 {line} 0 0 0 0 ");
            let queue = queues::parse(format!("{text}\n").as_bytes());
            of_queue(what, &queue[0], &|pid| format!("{pid} x"))
        };
        let of = |what, bytes: &str, users: &str, times: &str| {
            told(what, &format!("{bytes} {users} 0 0 0 0 {times}"))
        };
        let room = |users, times| of(Object::Room, "16000 2", users, times);
        assert_eq!(
            room("812 0", "17 0"),
            "nobody took from it yet, last sent to by 812 x"
        );
        assert_eq!(room("812 900", "17 18"), "last taken from by 900 x");
        assert_eq!(
            room("0 0", "17 0"),
            "nobody took from it yet, last sent to by a process that is not seen here"
        );
        assert_eq!(
            room("812 0", "17 18"),
            "last taken from by a process that is not seen here"
        );
        let message = |users, times| of(Object::Message, "0 0", users, times);
        assert_eq!(message("0 0", "0 0"), "never used");
        assert_eq!(message("812 900", "17 18"), "last sent to by 812 x");
    }

    #[test]
    fn the_child_behind_a_pidfd_and_keys_of_objects_are_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let file = |name: &str, text: &str| {
            let path = root.proc(name);
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        file("7/fdinfo/5", "pos:\t0\nPid:\t812\nNSpid:\t812\n");
        file("7/fdinfo/6", "pos:\t0\nPid:\t-1\nNSpid:\t-1\n");
        file("812/comm", "make\n");
        let head = "key id\n";
        file(
            "sysvipc/sem",
            &format!("{head}5537 4 600 2 0 0 0 0 0 1\n0 5 600 2 0 0 0 0 0 1\n"),
        );
        file(
            "sysvipc/msg",
            &format!("{head}-1 4 600 0 0 0 0 0 0 0 0 0 0 1\n"),
        );
        let mut said = [
            Wait::Child(Child::Behind(5)),
            Wait::Child(Child::Behind(6)),
            semaphore(Object::Semaphore(Some(1)), 4),
            semaphore(Object::Semaphore(Some(1)), 5),
            semaphore(Object::Room, 4),
        ];
        fill(
            &root,
            Pid(7),
            &mut said.iter_mut().collect::<Vec<_>>(),
            true,
        );
        let made = Child::One(Pid(812), Some("make".into()));
        assert_eq!(said[0], Wait::Child(made));
        assert_eq!(said[1], Wait::Child(Child::Behind(6)), "it has ended");
        let keys = said.iter().filter_map(|wait| match wait {
            Wait::SystemV(object) => Some(object.key),
            _ => None,
        });
        assert_eq!(
            keys.collect::<Vec<_>>(),
            [Some(0x15a1), None, Some(u32::MAX)]
        );
    }

    fn semaphore(what: Object, id: i32) -> Wait {
        Wait::SystemV(SystemV {
            what,
            id,
            key: None,
            about: None,
        })
    }

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
