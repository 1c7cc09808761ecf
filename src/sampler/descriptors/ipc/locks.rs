//! Who waits for whose file lock: `/proc/locks`. Of a lock that belongs to an open file description the kernel tells no
//! process: who holds it shows it in `fdinfo`, who waits for it is in the call with a descriptor of that file.

use crate::model::descriptors::ipc::{Channel, Edge, Party};
use crate::model::descriptors::peer::{End, Flow, Holder, HolderIndex, Object};
use crate::model::id::Pid;
use crate::sys::descriptors::ipc::asked::{File, asked};
use crate::sys::descriptors::ipc::locks::{self, Lock, shows};
use crate::sys::memory::process_memory;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;
use crate::sys::{asker, bounded};

/// So many processes that have the file of one lock open are looked at.
const MOST: usize = 64;
/// The kind of locks of open file descriptions.
const OF_DESCRIPTION: &str = "OFDLCK";
/// What `fdinfo` may tell, in bytes.
const INFO: u32 = 1 << 20;

/// Copies from a process's memory.
type Copying<'a> = &'a dyn Fn(Pid, u64, usize) -> Option<Vec<u8>>;

/// An edge for each process that waits and each that it waits for.
pub(super) fn edges(root: &ProcRoot, index: &HolderIndex) -> Vec<Edge> {
    // A tree of files that stands in for a kernel must never lead to a real process.
    let live = root.is_live();
    let copied = |pid, at, length| live.then(|| process_memory::read(pid, at, length).ok())?;
    edges_by(root, index, &copied)
}

fn edges_by(root: &ProcRoot, index: &HolderIndex, copied: Copying<'_>) -> Vec<Edge> {
    let text = root.read("locks").unwrap_or_default();
    let all = locks::parse(&text);
    let mut out: Vec<Edge> = Vec::new();
    for waits in all.iter().filter(|l| l.waits) {
        let Some(held) = all.iter().find(|l| !l.waits && l.number == waits.number) else {
            continue;
        };
        let waiting = parties(index, waits, |holder, fds| {
            waits_in(root, holder, fds, waits, copied)
        });
        let holding = parties(index, held, |holder, fds| holds(root, holder, fds, held));
        for a in &waiting {
            for b in holding.iter().filter(|b| b.id != a.id) {
                let edge = edge(a, b, waits);
                // Every line of a file tells of all that wait at it.
                let told = |e: &Edge| (e.a.id, e.b.id, &e.detail) == (a.id, b.id, &edge.detail);
                if waits.pid.is_some() || !out.iter().any(told) {
                    out.push(edge);
                }
            }
        }
    }
    out
}

fn edge(a: &Party, b: &Party, waits: &Lock) -> Edge {
    let (kind, inode) = (&waits.kind, waits.inode);
    let article = if kind.starts_with('O') { "an" } else { "a" };
    Edge {
        channel: Channel::Lock,
        a: a.clone(),
        b: b.clone(),
        flow: Flow::In,
        detail: format!(
            "{} waits for {article} {kind} lock on inode {inode}",
            a.id.pid
        ),
        crowd: false,
    }
}

/// Whose a line is: the process that it names, else those that have the file open of whom this is `true`.
fn parties(index: &HolderIndex, lock: &Lock, is: impl Fn(&Holder, &[u32]) -> bool) -> Vec<Party> {
    if let Some(pid) = lock.pid {
        return Party::of(index, pid).into_iter().collect();
    }
    if lock.kind.as_str() != OF_DESCRIPTION {
        return Vec::new();
    }
    let of_file =
        |end: &&End| matches!(&end.object, Object::Inode { inode, .. } if *inode == lock.inode);
    let open = index.holders.iter().filter_map(|holder| {
        let ends = holder.ends.as_ref().ok()?;
        let fds: Vec<u32> = ends.iter().filter(of_file).map(|e| e.fd).collect();
        (!fds.is_empty()).then_some((holder, fds))
    });
    open.take(MOST)
        .filter(|(holder, fds)| is(holder, fds))
        .filter_map(|(holder, _)| Party::of(index, holder.id.pid))
        .collect()
}

/// Whether one of a process's threads waits for this lock at one of these descriptors.
fn waits_in(
    root: &ProcRoot,
    holder: &Holder,
    fds: &[u32],
    lock: &Lock,
    copied: Copying<'_>,
) -> bool {
    let pid: Pid = holder.id.pid;
    let (mut tids, mut buffer) = (Vec::new(), Vec::new());
    let listed = ProcDir::open(root).map(|dir| dir.tids(pid, &mut tids, &mut buffer));
    if !matches!(listed, Ok(Ok(()))) {
        return false;
    }
    let path = |tid| root.proc(format!("{pid}/task/{tid}/syscall"));
    let paths = tids.into_iter().map(path).collect();
    let mut calls = bounded::texts("syscall", paths).into_iter().flatten();
    calls.any(|text| {
        let asked = asked(&text, &|at, length| copied(pid, at, length));
        let at_one = asked.filter(|asked| fds.contains(&asked.fd));
        at_one.is_some_and(|asked| lock.is_asked(&asked, &File::read(root, pid, asked.fd)))
    })
}

/// Whether one of these descriptors of a process shows the lock.
fn holds(root: &ProcRoot, holder: &Holder, fds: &[u32], lock: &Lock) -> bool {
    let pid: Pid = holder.id.pid;
    let path = |fd: &u32| root.proc(format!("{pid}/fdinfo/{fd}"));
    let texts = asker::each(fds.iter().map(path).collect(), INFO);
    texts.into_iter().flatten().any(|text| shows(&text, lock))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::id::ProcId;

    fn holder(pid: u32, fd: u32) -> Holder {
        let end = End {
            fd,
            mode: None,
            object: Object::Inode {
                device: 1,
                inode: 1057,
                memory: false,
            },
        };
        Holder {
            id: ProcId::new(pid, 1),
            name: "x".into(),
            namespace: 1,
            mounts: 1,
            ends: Ok(Arc::from([end])),
        }
    }

    #[test]
    fn a_lock_of_an_open_file_description_joins_who_waits_with_who_holds_it() {
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        let write = |path: &str, text: String| {
            let path = root.proc(path);
            std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let line = "OFDLCK ADVISORY  WRITE -1 fe:00:1057 0 EOF";
        write("locks", format!("1: {line}\n1: -> {line}\n"));
        let call = |fd: u32, command: u32| {
            format!(
                "{} {fd:#x} {command:#x} 0x0 0x0 0x0 0x0 0x7 0x7\n",
                libc::SYS_fcntl
            )
        };
        write("812/task/812/syscall", "running\n".to_owned());
        write("812/task/813/syscall", call(5, 38));
        write("900/task/900/syscall", call(4, 0));
        write("900/fdinfo/4", format!("pos:\t0\nlock:\t1: {line}\n"));
        // Who merely has the file open.
        write("901/task/901/syscall", call(9, 38));
        write("901/fdinfo/4", "pos:\t0\n".to_owned());
        let index = HolderIndex {
            holders: vec![holder(812, 5), holder(900, 4), holder(901, 4)],
            ..HolderIndex::default()
        };
        let edges = edges(&root, &index);
        let ends = edges.iter().map(|e| (e.a.id.pid.0, e.b.id.pid.0));
        assert_eq!(ends.collect::<Vec<_>>(), [(812, 900)]);
        let detail = "812 waits for an OFDLCK lock on inode 1057";
        assert_eq!(edges[0].detail, detail);
        // Nobody is named who cannot be seen to wait.
        std::fs::remove_file(root.proc("812/task/813/syscall")).expect("there");
        assert!(super::edges(&root, &index).is_empty());
    }
    #[test]
    fn descriptions_of_one_file_with_other_bytes_are_not_joined() {
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        let write = |path: String, text: String| {
            let path = root.proc(path);
            std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let line = |at: u32| format!("OFDLCK ADVISORY  WRITE -1 fe:00:1057 {at} {}", at + 9);
        let both = |n: u32, at: u32| format!("{n}: {0}\n{n}: -> {0}\n", line(at));
        write("locks".to_owned(), both(1, 200) + &both(2, 300));
        for (pid, at) in [(812, 200), (813, 300)] {
            let call = format!("{} 0x4 0x26 {at:#x} 0x0 0x0 0x0 0x7 0x7\n", libc::SYS_fcntl);
            write(format!("{pid}/task/{pid}/syscall"), call);
            write(
                format!("{}/task/{0}/syscall", pid + 100),
                "running\n".to_owned(),
            );
            let shown = format!("pos:\t0\nlock:\t1: {}\n", line(at));
            write(format!("{}/fdinfo/4", pid + 100), shown);
        }
        let index = HolderIndex {
            holders: vec![
                holder(812, 4),
                holder(813, 4),
                holder(912, 4),
                holder(913, 4),
            ],
            ..HolderIndex::default()
        };
        // A lock to write ten bytes, whose first is the address itself.
        let copied = |_: Pid, at: u64, _: usize| {
            let kind = [1_i16.to_ne_bytes(), [0; 2], [0; 2], [0; 2]].concat();
            Some(
                [
                    kind,
                    at.to_ne_bytes().to_vec(),
                    10_u64.to_ne_bytes().to_vec(),
                ]
                .concat(),
            )
        };
        let edges = edges_by(&root, &index, &copied);
        let ends = edges.iter().map(|e| (e.a.id.pid.0, e.b.id.pid.0));
        assert_eq!(ends.collect::<Vec<_>>(), [(812, 912), (813, 913)]);
    }
}
