//! The rows of a process's threads: those of one name that do little share a row, in the order of the sort column.

use super::emit::Emit;
use super::family::rank;
use super::{Fold, GroupKey, Item, threads_of};
use crate::model::process::column::Shows;

/// From this share of one core on a thread has a row of its own, whatever others are called.
const BUSY: f32 = 1.0;

impl Emit<'_> {
    /// Where a thread stands among those of its process by the sort column, steps of noise left out.
    fn rank_of_thread(&self, node: u32, thread: u32) -> u64 {
        let column = self.view.sort;
        let there = (
            self.snapshot.procs.get(node as usize),
            self.snapshot.threads.get(thread as usize),
        );
        let (Some(of), Some(thread)) = there else {
            return u64::MAX;
        };
        if !column.of_threads {
            return 0;
        }
        let value = column.number(self.snapshot, &thread.as_proc(of));
        let value = value.and_then(Result::ok).unwrap_or(f64::NAN);
        let step = match column.shows {
            Shows::Number { slack, .. } => slack.unwrap_or(0.0),
            _ => 1.0,
        };
        let key = if step > 0.0 {
            (value / step).round()
        } else {
            value
        };
        rank(key, self.view.descending)
    }

    fn is_busy(&self, thread: u32) -> bool {
        let thread = self.snapshot.threads.get(thread as usize);
        thread.is_some_and(|t| t.cpu.is_ok_and(|cpu| cpu >= BUSY))
    }

    /// Writes the threads of a process below it; `more` rows follow them.
    pub(super) fn thread_rows(&mut self, node: u32, parent: u32, depth: u32, more: bool) {
        let id = self.snapshot.procs[node as usize].id;
        let mut threads: Vec<_> = threads_of(self.snapshot, id).collect();
        if self.view.compact {
            let opened = |name: &crate::model::text::SafeText| {
                !self.view.opened.is_empty()
                    && self
                        .view
                        .opened
                        .contains(&GroupKey::of_threads(id, name.clone()))
            };
            threads.sort_by(|(a, x), (b, y)| (&x.name, a).cmp(&(&y.name, b)));
            let mut lists: Vec<Vec<u32>> = Vec::new();
            for same in threads.chunk_by(|(_, a), (_, b)| a.name == b.name) {
                let all = same.iter().map(|(i, _)| *i);
                if opened(&same[0].1.name) {
                    lists.extend(all.map(|i| vec![i]));
                    continue;
                }
                // One that burns is not hidden among idle ones of its name.
                let (busy, idle): (Vec<u32>, Vec<u32>) = all.partition(|i| self.is_busy(*i));
                lists.extend(busy.into_iter().map(|i| vec![i]));
                if !idle.is_empty() {
                    lists.push(idle);
                }
            }
            let rank_of = |i: &u32| self.rank_of_thread(node, *i);
            lists.sort_by_cached_key(|list| (list.iter().map(rank_of).min(), list[0]));
            let end = lists.len();
            for (i, list) in lists.into_iter().enumerate() {
                let item = if let [thread] = list[..] {
                    Item::Thread { node, thread }
                } else {
                    let first = self.out.members.len() as u32;
                    self.out.members.extend(&list);
                    Item::Threads {
                        node,
                        first,
                        len: list.len() as u32,
                    }
                };
                let fold = if list.len() > 1 {
                    Fold::Closed(0)
                } else {
                    Fold::Leaf
                };
                self.row(item, parent, depth, !more && i + 1 == end, fold);
            }
        } else {
            threads.sort_by_cached_key(|(i, _)| (self.rank_of_thread(node, *i), *i));
            let end = threads.len();
            for (i, (thread, _)) in threads.into_iter().enumerate() {
                let item = Item::Thread { node, thread };
                self.row(item, parent, depth, !more && i + 1 == end, Fold::Leaf);
            }
        }
    }
}
