//! Who is whose child, of whose group and session, at this moment: `/proc/PID/stat` read afresh, not from the last tick.
//!
//! See `proc_pid_stat(5)`.

use crate::model::id::{Pid, ProcId};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::process::living;
use crate::sys::root::ProcRoot;

/// The family of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessIds {
    /// Who it is.
    pub id: ProcId,
    /// The name that the kernel keeps.
    pub name: SafeText,
    /// What it is doing.
    pub state: State,
    /// Its parent.
    pub parent: Pid,
    /// Its process group.
    pub group: Pid,
    /// Its session.
    pub session: Pid,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// Its wait status, for a zombie that the kernel shows to us.
    pub exit_code: i32,
}

/// Reads one process.
///
/// # Errors
/// `Gone` when there is none of this number.
pub fn read(root: &ProcRoot, pid: Pid) -> Reading<ProcessIds> {
    let mut who = read_at(root, &pid.to_string())?;
    // A process is its threads: it has not ended while one of them lives.
    if who.state == State::Zombie
        && let Some(tid) = living::other(root, pid)
        && let Ok(thread) = read_at(root, &format!("{pid}/task/{tid}"))
    {
        who.state = thread.state;
    }
    Ok(who)
}

/// Reads this very process.
///
/// # Errors
/// `Gone` when it has ended, whoever has its number now.
pub fn still(root: &ProcRoot, id: ProcId) -> Reading<ProcessIds> {
    let who = read(root, id.pid)?;
    if who.id == id {
        Ok(who)
    } else {
        Err(Missing::Gone)
    }
}

/// Reads the process or thread in a directory below `/proc`, such as `12/task/14`.
///
/// # Errors
/// `Gone` when it is not there.
pub fn read_at(root: &ProcRoot, directory: &str) -> Reading<ProcessIds> {
    let bytes = std::fs::read(root.proc(format!("{directory}/stat")))?;
    parse(&bytes).ok_or(Missing::Gone)
}

/// The wait status of a zombie, where it is shown to us.
///
/// The kernel prints 0 to those whom it shows nothing, so we ask first for a link that has the same rule.
pub fn zombie_status(root: &ProcRoot, id: ProcId) -> Option<i32> {
    let zombie = still(root, id).ok()?;
    if zombie.state != State::Zombie {
        return None;
    }
    let link = std::fs::read_link(root.proc(format!("{}/cwd", id.pid)));
    let hidden = link.is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied);
    (!hidden).then_some(zombie.exit_code)
}

/// Reads every process, by ascending pid.
pub fn all(root: &ProcRoot) -> Vec<ProcessIds> {
    let Ok(entries) = std::fs::read_dir(root.proc("")) else {
        return Vec::new();
    };
    let names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let mut all: Vec<ProcessIds> = names
        .filter_map(|name| read(root, Pid(name.parse().ok()?)).ok())
        .collect();
    all.sort_by_key(|who| who.id);
    all
}

/// Whether nobody in its session, outside its process group, is the parent of a member: nobody could continue the group.
///
/// As `will_become_orphaned_pgrp` in the kernel's `exit.c`.
pub fn orphaned(everybody: &[ProcessIds], group: Pid) -> bool {
    let find = |pid: Pid| {
        let at = everybody.binary_search_by_key(&pid, |k| k.id.pid).ok()?;
        everybody.get(at)
    };
    let dead = |k: &&ProcessIds| matches!(k.state, State::Zombie | State::Dead);
    everybody
        .iter()
        .filter(|k| k.group == group && !dead(k) && k.parent.0 > 1)
        .all(|k| find(k.parent).is_none_or(|p| p.group == group || p.session != k.session))
}

/// Those of `roots` and all their descendants, parents before children.
pub fn subtree(everybody: &[ProcessIds], roots: &[ProcId]) -> Vec<ProcId> {
    let mut found: Vec<ProcId> = Vec::new();
    for root in roots {
        if everybody.iter().any(|k| k.id == *root) && !found.contains(root) {
            found.push(*root);
        }
    }
    let mut children: std::collections::HashMap<Pid, Vec<ProcId>> =
        std::collections::HashMap::new();
    for who in everybody {
        children.entry(who.parent).or_default().push(who.id);
    }
    let mut seen: std::collections::HashSet<ProcId> = found.iter().copied().collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        for child in children.get(&parent.pid).into_iter().flatten() {
            if seen.insert(*child) {
                found.push(*child);
            }
        }
    }
    found
}

/// The process and its parents, nearest first.
pub fn ancestry(everybody: &[ProcessIds], of: Pid) -> Vec<ProcId> {
    let by_pid = |pid| everybody.iter().find(|k| k.id.pid == pid);
    let mut line: Vec<ProcId> = Vec::new();
    let mut at = by_pid(of);
    while let Some(who) = at {
        if line.contains(&who.id) {
            break;
        }
        line.push(who.id);
        at = by_pid(who.parent);
    }
    line
}

/// Parses a line such as `812 (make) S 640 812 640 34816 812 4194304 … 771203 …`.
///
/// The name may hold anything, brackets and line ends too, so the last `)` ends it.
pub(crate) fn parse(bytes: &[u8]) -> Option<ProcessIds> {
    const KERNEL_THREAD: u32 = 0x0020_0000;
    let open = bytes.iter().position(|b| *b == b'(')?;
    let close = bytes.iter().rposition(|b| *b == b')')?;
    let pid = std::str::from_utf8(&bytes[..open]).ok()?.trim();
    let rest = std::str::from_utf8(bytes.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // `proc_pid_stat(5)` counts from 1 and the state is its field 3.
    let field = |n: usize| fields.get(n - 3).copied();
    let number = |n: usize| field(n)?.parse::<u32>().ok().map(Pid);
    Some(ProcessIds {
        id: ProcId::new(pid.parse().ok()?, field(22)?.parse().ok()?),
        name: SafeText::from_bytes(bytes.get(open + 1..close)?),
        state: State::from_letter(*field(3)?.as_bytes().first()?),
        parent: number(4)?,
        group: number(5).unwrap_or_default(),
        session: number(6).unwrap_or_default(),
        kernel_thread: field(9)?.parse::<u32>().ok()? & KERNEL_THREAD != 0,
        exit_code: field(52).and_then(|f| f.parse().ok()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] =
        b"812 (a) (b\n) Z 640 811 640 34816 812 4194304 1 2 3 4 5 6 7 8 20 0 1 0 771203 0 0 184 \
        0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 1792\n";

    #[test]
    fn reads_a_line_whatever_the_name_holds() {
        let who = parse(LINE).expect("a stat line");
        assert_eq!(who.id, ProcId::new(812, 771_203));
        assert_eq!(who.name.as_str(), "a) (b\\n");
        assert_eq!(
            (who.parent, who.group, who.session),
            (Pid(640), Pid(811), Pid(640))
        );
        assert_eq!((who.state, who.exit_code), (State::Zombie, 7 << 8));
        assert!(!who.kernel_thread);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_cut_line_is_no_process(end in 0..80usize) {
            let _ = parse(&LINE[..end]);
        }
    }

    fn who(pid: u32, parent: u32) -> ProcessIds {
        ProcessIds {
            id: ProcId::new(pid, u64::from(pid)),
            name: "k".into(),
            state: State::Sleeping,
            parent: Pid(parent),
            group: Pid(pid),
            session: Pid(1),
            kernel_thread: false,
            exit_code: 0,
        }
    }

    #[test]
    fn families_are_walked_down_and_up() {
        let everybody = [
            who(1, 0),
            who(2, 1),
            who(3, 2),
            who(4, 2),
            who(5, 1),
            who(6, 4),
        ];
        let pids = |ids: Vec<ProcId>| ids.iter().map(|i| i.pid.0).collect::<Vec<_>>();
        assert_eq!(pids(subtree(&everybody, &[everybody[1].id])), [2, 3, 4, 6]);
        assert_eq!(
            pids(subtree(&everybody, &[everybody[3].id, everybody[1].id])),
            [4, 2, 6, 3]
        );
        assert_eq!(pids(ancestry(&everybody, Pid(6))), [6, 4, 2, 1]);
        let stale = ProcId::new(2, 99);
        assert!(subtree(&everybody, &[stale]).is_empty());
        let circle = [who(7, 8), who(8, 7)];
        assert_eq!(pids(ancestry(&circle, Pid(7))), [7, 8]);
        assert_eq!(pids(subtree(&circle, &[circle[0].id])), [7, 8]);
    }
}
