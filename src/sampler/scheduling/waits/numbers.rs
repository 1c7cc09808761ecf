//! Whom the numbers in a process's memory mean: there threads have the numbers of the process's own PID namespace.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::model::id::{Pid, Tid};
use crate::model::process::stat::State;
use crate::model::process::threads::ThreadRow;
use crate::model::reading::Reading;
use crate::model::scheduling::wait::Owner;
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::owner;
use crate::sys::scheduling::waits::thread::Raw;

/// The numbers of one process's threads as the process itself sees them. They never change while a thread lives.
#[derive(Debug, Default)]
pub struct Numbers {
    known: HashMap<Tid, u32>,
    inner: HashMap<u32, Tid>,
    /// Those that have ended, with their names.
    ended: HashMap<Tid, SafeText>,
    nested: bool,
    /// Who was found beyond the process since the last reading, by the number and the address of the lock.
    beyond: RefCell<HashMap<(u32, u64), Owner>>,
}

impl Numbers {
    /// Takes in what was read of some threads, and forgets those that ended.
    pub fn learn(&mut self, rows: &[ThreadRow], chosen: &[usize], raws: &[Reading<Raw>]) {
        for (i, raw) in chosen.iter().zip(raws) {
            if let Some((number, depth)) = raw.as_ref().ok().and_then(|r| r.inner) {
                self.known.insert(rows[*i].id.tid, number);
                self.nested = depth > 1;
            }
        }
        self.beyond.borrow_mut().clear();
        let lives = |tid: &Tid| rows.binary_search_by_key(tid, |r| r.id.tid).is_ok();
        self.known.retain(|tid, _| lives(tid));
        let ended = |r: &&ThreadRow| matches!(r.stat.state, State::Zombie | State::Dead);
        let ended = rows.iter().filter(ended);
        self.ended = ended.map(|r| (r.id.tid, r.name.clone())).collect();
        self.inner = if self.nested {
            self.known.iter().map(|(tid, n)| (*n, *tid)).collect()
        } else {
            rows.iter().map(|r| (r.id.tid.0, r.id.tid)).collect()
        };
    }

    /// Whether the process has a PID namespace of its own.
    pub fn nested(&self) -> bool {
        self.nested
    }

    /// Who is meant by a number in a lock of a process; of one that may be `shared`, of any process that maps its memory there.
    pub fn owner(&self, root: &ProcRoot, of: Pid, number: u32, shared: Option<u64>) -> Owner {
        if let Some(tid) = self.inner.get(&number) {
            // The first thread of a process is listed for as long as others live.
            return match self.ended.get(tid) {
                None => Owner::Thread(*tid),
                Some(name) => Owner::Ended {
                    tid: *tid,
                    pid: None,
                    name: name.clone(),
                    others: true,
                },
            };
        }
        let Some(word) = shared else {
            return if self.nested {
                Owner::Numbered(number)
            } else {
                owner::owner(root, of, number, None)
            };
        };
        // A thousand threads may wait for one lock.
        let mut beyond = self.beyond.borrow_mut();
        let found = beyond.entry((number, word)).or_insert_with(|| {
            if self.nested {
                match owner::elsewhere(root, of, number, word) {
                    // It is no number that anybody here knows it by.
                    Owner::Nobody(number) => Owner::Numbered(number),
                    found => found,
                }
            } else {
                owner::owner(root, of, number, shared)
            }
        });
        found.clone()
    }
}
