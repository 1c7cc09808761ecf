//! Threads that wait for a whole process: for its end, for a lock of a file, for what comes through a pipe. Any thread of
//! whoever may act can end such a wait, so it is certain that it never ends only where every thread of each of them waits
//! itself, in the end for one of these. What cannot be seen whole is taken to go on.

mod stand;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use self::stand::{Seen, Stand, living};
use super::beyond;
use crate::model::id::{Pid, Tid};
use crate::model::process::threads::{Other, ThreadRow};
use crate::model::scheduling::wait::{Child, Fd, Limit, Lock, Owner, Wait};
use crate::model::text::SafeText;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::held::{self, Locks};
use crate::sys::scheduling::waits::holders::{self, Ends, Sought};
use crate::sys::scheduling::waits::thread::{self, Raw};

/// So many threads are looked at.
const MOST: usize = 64;
/// So much time is spent.
const PATIENCE: Duration = Duration::from_millis(200);

/// A search that found nothing takes at most one part of so many of a core.
const SHARE: u32 = 50;

/// Finds out which threads of a process wait in a circle that goes through whole processes.
#[derive(Default)]
pub struct Stuck {
    /// Of which process the rest is.
    of: Option<Pid>,
    /// What was found: it stays so for as long as nobody of it does anything.
    found: Option<Found>,
    /// No search before this.
    rests: Option<Instant>,
    /// Who could end a wait when it was looked at last, by what it is for: asked first, so that most waits cost little.
    acts: HashMap<Key, Pid>,
}

/// A circle, or several.
struct Found {
    /// The threads of the process that it was looked for from.
    begins: Vec<Tid>,
    stand: Stand,
    steps: Vec<Other>,
}

/// What may be waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    ChildOf(Pid),
    Held(Sought),
}

impl Stuck {
    /// The steps of such circles: of threads of the process itself and of others.
    pub fn steps(&mut self, root: &ProcRoot, of: Pid, rows: &[ThreadRow]) -> Vec<Other> {
        let begins: Vec<Tid> = rows
            .iter()
            .filter(|r| begins(r))
            .map(|r| r.id.tid)
            .collect();
        if begins.is_empty() || self.of != Some(of) {
            (self.of, self.found, self.rests) = (Some(of), None, None);
        }
        if begins.is_empty() {
            self.acts.clear();
            return Vec::new();
        }
        let found = self.found.take();
        if let Some(found) = found.filter(|f| f.begins == begins && f.stand.is_still(root)) {
            return self.found.insert(found).steps.clone();
        }
        let began = Instant::now();
        if self.rests.is_some_and(|until| began < until) {
            return Vec::new();
        }
        let mut walk = Walk {
            root,
            of,
            rows,
            stand: Stand::default(),
            acts: &mut self.acts,
            until: began + PATIENCE,
        };
        for tid in &begins {
            walk.look_at(of, *tid);
        }
        walk.stand.keep_stuck();
        let steps = walk.steps();
        if !steps.is_empty() && walk.stand.is_still(root) {
            let stand = walk.stand;
            self.found = Some(Found {
                begins,
                stand,
                steps: steps.clone(),
            });
            return steps;
        }
        // Who has what is waited for is looked for among everybody: that is not done anew at each look.
        self.rests = Some(Instant::now() + began.elapsed() * SHARE);
        Vec::new()
    }
}

/// Whether a circle through a process may begin with a thread.
fn begins(row: &ThreadRow) -> bool {
    let Ok(detail) = &row.detail else {
        return false;
    };
    match &detail.waiting.what {
        Wait::On { verb, fd } => held::is_lock(verb) || is_pipe(fd),
        Wait::Child(Child::One(..) | Child::Any) => true,
        what => matches!(what.held_by(), Some(Owner::Elsewhere { .. })),
    }
}

fn is_pipe(fd: &Fd) -> bool {
    fd.target.as_ref().is_ok_and(|t| t.starts_with("pipe:["))
}

struct Walk<'a> {
    root: &'a ProcRoot,
    of: Pid,
    rows: &'a [ThreadRow],
    stand: Stand,
    acts: &'a mut HashMap<Key, Pid>,
    until: Instant,
}

impl Walk<'_> {
    /// Looks at a thread and at those that can end its wait; answers whether it may be stuck.
    fn look_at(&mut self, pid: Pid, tid: Tid) -> bool {
        if let Some(seen) = self.stand.seen.get(&tid) {
            return seen.by.is_some();
        }
        if self.stand.seen.len() >= MOST || Instant::now() >= self.until {
            return false;
        }
        let Some((raw, waiting)) = beyond::read(self.root, pid, tid) else {
            return false;
        };
        let seen = Seen {
            pid,
            call: raw.call,
            slept: raw.switches.map(|s| s.voluntary),
            // Whoever is on the way is taken to be stuck until it is known.
            by: Some(Vec::new()),
            in_memory: matches!(waiting.what, Wait::Futex(_)),
            joins: self.joins(pid, tid),
        };
        self.stand.seen.insert(tid, seen);
        let by = self.awaited(pid, tid, &raw, &waiting.what);
        let may_be = by.is_some();
        if let Some(seen) = self.stand.seen.get_mut(&tid) {
            seen.by = by;
        }
        may_be
    }

    /// Who can end a wait, where they are known and none of them goes on.
    fn awaited(&mut self, pid: Pid, tid: Tid, raw: &Raw, what: &Wait) -> Option<Vec<Tid>> {
        match what {
            Wait::Futex(futex) => {
                // What is known of the process in focus is more than the looks of the lock.
                let known = self.row(pid, tid).and_then(|row| {
                    match &row.detail.as_ref().ok()?.waiting.what {
                        known @ Wait::Futex(told) if told.word == futex.word => known.held_by(),
                        _ => None,
                    }
                });
                let (process, thread) = match known.or(what.held_by())? {
                    Owner::Thread(tid) => (pid, *tid),
                    Owner::Elsewhere { pid, tid, .. } => (*pid, *tid),
                    _ => return None,
                };
                let stuck = futex.limit == Limit::None && self.look_at(process, thread);
                stuck.then(|| vec![thread])
            }
            Wait::Child(child @ (Child::One(..) | Child::Any)) => self.children(pid, raw, child),
            Wait::On { verb, fd } if held::is_lock(verb) => {
                let lock = Locks::read(self.root, pid).stands(verb, fd, tid)?;
                if lock.kind.as_str() == "POSIX" {
                    return self.process(lock.pid?);
                }
                let taker = lock.pid;
                self.holders(pid, taker, &Sought::Lock(lock))
            }
            Wait::On { fd, .. } => {
                let ends = match raw.name? {
                    "read" | "readv" => Ends::Written,
                    "write" | "writev" => Ends::Read,
                    _ => return None,
                };
                let dir = ProcDir::open(self.root).ok()?;
                let link = dir.link(pid, &format!("fd/{}", fd.number)).ok()?;
                let link = String::from_utf8(link).ok()?;
                let is_pipe = link.starts_with("pipe:[");
                is_pipe.then(|| self.holders(pid, None, &Sought::Pipe(link, ends)))?
            }
            _ => None,
        }
    }

    /// The children of a process that a thread waits for.
    fn children(&mut self, pid: Pid, raw: &Raw, child: &Child) -> Option<Vec<Tid>> {
        let is_child = |of: Pid| process_ids::read(self.root, of).is_ok_and(|p| p.parent == pid);
        let nested = raw.inner.is_none_or(|(_, depth)| depth > 1);
        if let Child::One(one, _) = child
            && !nested
        {
            return is_child(*one).then(|| self.process(*one))?;
        }
        let key = Key::ChildOf(pid);
        if let Some(acts) = self.acts.get(&key).copied().filter(|acts| is_child(*acts))
            && *child == Child::Any
            && self.process(acts).is_none()
        {
            return None;
        }
        let numbered = |of: Pid, number: Pid| {
            let (dir, mut buffer) = (ProcDir::open(self.root).ok()?, Vec::new());
            let (inner, _) = thread::inner(dir.read(of, "status", &mut buffer).ok()?)?;
            Some(inner == number.0)
        };
        let all = process_ids::all(self.root).into_iter();
        let all: Vec<Pid> = all
            .filter(|p| p.parent == pid)
            .map(|p| p.id.pid)
            .filter(|of| match child {
                Child::One(number, _) => numbered(*of, *number) == Some(true),
                _ => true,
            })
            .collect();
        self.any_of(&key, all)
    }

    /// The threads of these processes, where each of those is stuck.
    fn any_of(&mut self, key: &Key, all: Vec<Pid>) -> Option<Vec<Tid>> {
        let mut by = Vec::new();
        for pid in all {
            if let Some(threads) = self.process(pid) {
                by.extend(threads);
            } else {
                self.acts.insert(key.clone(), pid);
                return None;
            }
        }
        (!by.is_empty()).then_some(by)
    }

    /// Whoever has what is looked for, where each of them is stuck and nobody else may have it. `near` waits for it.
    fn holders(&mut self, near: Pid, taker: Option<Pid>, sought: &Sought) -> Option<Vec<Tid>> {
        let mut by = BTreeSet::new();
        let mut search = holders::Search::new(self.root, near, sought)?;
        let key = Key::Held(sought.clone());
        let first = self.acts.get(&key).copied().or(taker);
        for pid in search.everybody(first) {
            if Instant::now() >= self.until {
                return None;
            }
            if !search.has(pid)? {
                continue;
            }
            if let Some(threads) = self.process(pid) {
                by.extend(threads);
            } else {
                self.acts.insert(key, pid);
                return None;
            }
        }
        (!by.is_empty()).then(|| by.into_iter().collect())
    }

    /// The living threads of a process, where each of them may be stuck.
    fn process(&mut self, pid: Pid) -> Option<Vec<Tid>> {
        if !self.stand.listed.contains_key(&pid) {
            let threads = living(self.root, pid)?;
            self.stand.listed.insert(pid, threads);
        }
        let threads = self.stand.listed.get(&pid).cloned().unwrap_or_default();
        let whole = !threads.is_empty() && threads.len() <= MOST;
        (whole && threads.iter().all(|tid| self.look_at(pid, *tid))).then_some(threads)
    }

    fn joins(&self, pid: Pid, tid: Tid) -> bool {
        let detail = self.row(pid, tid).and_then(|row| row.detail.as_ref().ok());
        let futex = detail.map(|d| &d.waiting.what);
        matches!(futex, Some(Wait::Futex(futex)) if matches!(futex.kind, Lock::Join(_)))
    }

    fn row(&self, pid: Pid, tid: Tid) -> Option<&ThreadRow> {
        let at = self.rows.binary_search_by_key(&tid, |r| r.id.tid).ok();
        at.map(|at| &self.rows[at]).filter(|_| pid == self.of)
    }

    /// One step from each thread: to somebody else where there is one, to another process rather than to its own.
    fn steps(&self) -> Vec<Other> {
        let mut out = Vec::new();
        for (tid, seen) in &self.stand.seen {
            if seen.in_memory && seen.pid == self.of {
                continue;
            }
            let leads = |of: &&Tid| {
                let next = self.stand.seen.get(of);
                let own = next.is_some_and(|next| next.pid == seen.pid);
                (*of == tid, own, next.is_some_and(|next| next.joins), **of)
            };
            let by = seen.by.iter().flatten();
            out.extend(by.min_by_key(leads).map(|waits_for| Other {
                tid: *tid,
                name: name(self.root, seen.pid),
                waits_for: *waits_for,
            }));
        }
        out.sort_by_key(|other| other.tid);
        out
    }
}

fn name(root: &ProcRoot, pid: Pid) -> SafeText {
    process_ids::read(root, pid).map_or_else(|_| pid.to_string().into(), |p| p.name)
}
