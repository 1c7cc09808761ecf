//! System V queues and semaphores: who uses one together with whom. `sysvipc(7)`.
//!
//! The kernel keeps only who sent, took or changed last, and who waits now. Both are gathered while somebody looks, so
//! the longer one looks, the more is known; those who ended are forgotten.
#![expect(unsafe_code, reason = "semctl(2) has no safe binding here")]

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::queues::{self, Queue, Set};
use crate::model::descriptors::ipc::{Channel, Edge, Party};
use crate::model::descriptors::peer::{Flow, HolderIndex};
use crate::model::id::{Pid, ProcId};
use crate::sys::bounded;
use crate::sys::fields;
use crate::sys::root::ProcRoot;

/// Questions to `semctl(2)`, from the kernel's `linux/sem.h`.
const LAST: libc::c_int = 11;
const WAIT_TO_TAKE: libc::c_int = 14;
const WAIT_FOR_NOUGHT: libc::c_int = 15;
/// How many semaphores of a set are asked about.
const ASKED: u64 = 64;
/// How many processes are looked at between two looks at the clock.
const STEP: usize = 32;
/// So many pairs of users of one queue or set are listed.
const MOST: usize = 64;

/// Who was seen to use what.
#[derive(Debug, Default)]
pub struct Users {
    /// By queue: who sent, who took.
    queues: HashMap<u64, (BTreeSet<ProcId>, BTreeSet<ProcId>)>,
    /// By set.
    sets: HashMap<u64, BTreeSet<ProcId>>,
    /// Where the search for those who wait goes on.
    next: usize,
}

/// What a process waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    ToSend(u64),
    ToTake(u64),
    AtSet(u64),
}

impl Users {
    /// Looks who uses what now, and answers the edges between them.
    pub fn edges(&mut self, root: &ProcRoot, index: &HolderIndex, budget: Duration) -> Vec<Edge> {
        let read = |name| std::fs::read(root.proc(name)).unwrap_or_default();
        let queues = queues::parse(&read("sysvipc/msg"));
        let sets = queues::sets(&read("sysvipc/sem"));
        if queues.is_empty() && sets.is_empty() {
            *self = Self::default();
            return Vec::new();
        }
        self.forget(index, &queues, &sets);
        let who = |pid: Pid| Some(index.of_pid(pid)?.id);
        for queue in &queues {
            let (senders, takers) = self.queues.entry(queue.id).or_default();
            senders.extend(who(queue.sender));
            takers.extend(who(queue.receiver));
        }
        let mut waiting = HashMap::new();
        for set in sets.iter().filter(|_| root.is_live()) {
            let (users, waits) = ask(set);
            waiting.insert(set.id, waits);
            let known = self.sets.entry(set.id).or_default();
            known.extend(users.into_iter().filter_map(who));
        }
        for (id, waits) in self.blocked(root, index, budget) {
            match waits {
                Waits::ToSend(queue) => drop(self.queues.entry(queue).or_default().0.insert(id)),
                Waits::ToTake(queue) => drop(self.queues.entry(queue).or_default().1.insert(id)),
                Waits::AtSet(set) => drop(self.sets.entry(set).or_default().insert(id)),
            }
        }
        let mut out = self.of_queues(index, &queues);
        out.extend(self.of_sets(index, &sets, &waiting));
        out
    }

    fn forget(&mut self, index: &HolderIndex, queues: &[Queue], sets: &[Set]) {
        let lives = |id: &ProcId| index.of_pid(id.pid).is_some_and(|h| h.id == *id);
        self.queues
            .retain(|id, _| queues.iter().any(|q| q.id == *id));
        self.sets.retain(|id, _| sets.iter().any(|s| s.id == *id));
        for (senders, takers) in self.queues.values_mut() {
            senders.retain(lives);
            takers.retain(lives);
        }
        self.sets.values_mut().for_each(|users| users.retain(lives));
    }

    /// Who waits in a queue or at a set now: the first thread of each process, some at each call.
    fn blocked(
        &mut self,
        root: &ProcRoot,
        index: &HolderIndex,
        budget: Duration,
    ) -> Vec<(ProcId, Waits)> {
        let began = Instant::now();
        let mut out = Vec::new();
        let mut seen = 0;
        while seen < index.holders.len() && began.elapsed() < budget {
            let some: Vec<_> = index
                .holders
                .iter()
                .cycle()
                .skip(self.next)
                .take(STEP.min(index.holders.len() - seen))
                .collect();
            self.next = (self.next + some.len()) % index.holders.len();
            seen += some.len();
            let paths = some.iter();
            let paths = paths.map(|h| root.proc(format!("{}/syscall", h.id.pid)));
            let told = bounded::texts("syscall", paths.collect());
            for (holder, text) in some.iter().zip(told) {
                let waits = text.ok().and_then(|text| waits(&text));
                out.extend(waits.map(|waits| (holder.id, waits)));
            }
        }
        out
    }

    fn of_queues(&self, index: &HolderIndex, queues: &[Queue]) -> Vec<Edge> {
        let mut out = Vec::new();
        for queue in queues {
            let Some((senders, takers)) = self.queues.get(&queue.id) else {
                continue;
            };
            let detail = format!(
                "System V queue {}, {} messages, {} bytes wait",
                queues::named(queue.id, queue.key),
                queue.messages,
                queue.bytes
            );
            let pairs = senders
                .iter()
                .flat_map(|a| takers.iter().map(move |b| (*a, *b)));
            let pairs = pairs.filter(|(a, b)| a != b).take(MOST);
            out.extend(
                pairs.filter_map(|pair| {
                    edge(index, Channel::Queue, pair, Flow::Out, detail.clone())
                }),
            );
        }
        out
    }

    fn of_sets(&self, index: &HolderIndex, sets: &[Set], waiting: &HashMap<u64, u64>) -> Vec<Edge> {
        let mut out = Vec::new();
        for set in sets {
            let Some(users) = self.sets.get(&set.id) else {
                continue;
            };
            let named = queues::named(set.id, set.key);
            let mut detail = match set.count {
                1 => format!("System V semaphore {named}"),
                n => format!("System V semaphores {named}, {n} of them"),
            };
            if let Some(n) = waiting.get(&set.id).filter(|n| **n > 0) {
                detail = format!("{detail}, {n} wait");
            }
            let all: Vec<_> = users.iter().copied().collect();
            let pairs = all
                .iter()
                .enumerate()
                .flat_map(|(i, a)| all[i + 1..].iter().map(move |b| (*a, *b)));
            out.extend(pairs.take(MOST).filter_map(|pair| {
                edge(index, Channel::Semaphore, pair, Flow::Both, detail.clone())
            }));
        }
        out
    }
}

fn edge(
    index: &HolderIndex,
    channel: Channel,
    (a, b): (ProcId, ProcId),
    flow: Flow,
    detail: String,
) -> Option<Edge> {
    let party = |id: ProcId| Party::of(index, id.pid);
    let (a, b) = (party(a)?, party(b)?);
    Some(Edge {
        channel,
        a,
        b,
        flow,
        detail,
        crowd: false,
    })
}

/// Who changed each semaphore of a set last, and how many tasks wait at it; nothing where it may not be read.
fn ask(set: &Set) -> (BTreeSet<Pid>, u64) {
    let (mut users, mut waits) = (BTreeSet::new(), 0);
    let Ok(id) = libc::c_int::try_from(set.id) else {
        return (users, waits);
    };
    for n in 0..set.count.min(ASKED) as libc::c_int {
        // SAFETY: these questions take numbers only and answer with a number or -1.
        let answer = |what| unsafe { libc::semctl(id, n, what) };
        users.extend(
            u32::try_from(answer(LAST))
                .ok()
                .filter(|pid| *pid > 0)
                .map(Pid),
        );
        for what in [WAIT_TO_TAKE, WAIT_FOR_NOUGHT] {
            waits += u64::try_from(answer(what)).unwrap_or(0);
        }
    }
    (users, waits)
}

/// Who changed one semaphore of a set last; pid 0 for nobody, `None` where this user may not ask.
pub fn last_changed(set: i32, number: u16) -> Option<Pid> {
    // SAFETY: the question takes numbers only and answers with a number or -1.
    let pid = unsafe { libc::semctl(set, number.into(), LAST) };
    u32::try_from(pid).ok().map(Pid)
}

/// What `220 0x5 0x7ffd… …` means: the number of the system call in decimal, its arguments in hexadecimal.
pub(crate) fn waits(text: &[u8]) -> Option<Waits> {
    let mut words = fields::words(text);
    let call = fields::number(words.next()?)? as libc::c_long;
    let id = std::str::from_utf8(words.next()?).ok()?;
    let id = u64::from_str_radix(id.strip_prefix("0x")?, 16).ok()?;
    match call {
        libc::SYS_semop | libc::SYS_semtimedop => Some(Waits::AtSet(id)),
        libc::SYS_msgsnd => Some(Waits::ToSend(id)),
        libc::SYS_msgrcv => Some(Waits::ToTake(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::peer::Holder;
    use std::sync::Arc;

    #[test]
    fn a_line_of_syscall_tells_who_waits_where() {
        let line =
            |call: libc::c_long| format!("{call} 0x5 0x7ffd 0x1 0x0 0x0 0x0 0x7ffd 0x7f5c\n");
        let of = |call| waits(line(call).as_bytes());
        assert_eq!(of(libc::SYS_semtimedop), Some(Waits::AtSet(5)));
        assert_eq!(of(libc::SYS_msgrcv), Some(Waits::ToTake(5)));
        assert_eq!(of(libc::SYS_msgsnd), Some(Waits::ToSend(5)));
        assert_eq!(of(libc::SYS_read), None);
        assert_eq!(waits(b"running\n"), None);
        assert_eq!(waits(b"-1 0x7ffd 0x7f5c\n"), None);
    }

    #[test]
    fn who_used_a_queue_before_is_remembered_while_he_lives() {
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        std::fs::create_dir_all(root.proc("sysvipc")).expect("made");
        let holder = |pid| Holder {
            id: ProcId::new(pid, 1),
            name: "x".into(),
            namespace: 1,
            mounts: 1,
            ends: Ok(Arc::default()),
        };
        let index = |pids: &[u32]| HolderIndex {
            holders: pids.iter().map(|pid| holder(*pid)).collect(),
            in_part: false,
            unlisted: false,
            early: false,
        };
        let mut users = Users::default();
        let mut look = |sender: u32, pids: &[u32]| {
            let text = format!("head\n1 3 644 12 1 {sender} 900 0 0\n");
            std::fs::write(root.proc("sysvipc/msg"), text).expect("written");
            let edges = users.edges(&root, &index(pids), Duration::ZERO);
            let ends = edges.iter().map(|e| (e.a.id.pid.0, e.b.id.pid.0));
            ends.collect::<Vec<_>>()
        };
        assert_eq!(look(812, &[812, 813, 900]), [(812, 900)]);
        assert_eq!(look(813, &[812, 813, 900]), [(812, 900), (813, 900)]);
        assert_eq!(look(813, &[813, 900]), [(813, 900)]);
        assert_eq!(look(900, &[900]), [], "with itself nobody talks");
    }
}
