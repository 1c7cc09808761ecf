//! The tab Threads: each thread, what it does, and what it waits for in words.

mod explain;
mod foot;
mod rows;

pub use rows::peer;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::Kept;
use crate::app::action::Action;
use crate::app::moves;
use crate::app::panel::{Led, Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::id::{ProcId, Tid};
use crate::model::plan::{Needs, Plan};
use crate::model::process::threads::{ThreadRow, Threads};
use crate::model::scheduling::wait::Wait;
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;

static ACTIONS: [&Action; 17] = listing::actions(moves::FIRST, []);

static SPEC: Spec = Spec {
    name: "threads",
    title: "Threads",
    about: "Its threads: what each does, how much, and what it waits for.",
    place: Place::Tab,
    // Descriptors, since a wait tells who is at the other end.
    needs: Needs::WAITS.union(Needs::FILES),
    actions: &ACTIONS,
};

/// The pane.
#[derive(Default)]
pub struct ThreadsTab {
    kept: Kept<Threads>,
    list: Listing<Tid>,
    /// Places in `Threads::rows`, and their numbers, in the order that is shown.
    order: Vec<usize>,
    keys: Vec<Tid>,
    sorted: Option<(usize, bool)>,
    /// The thread that another pane led to, until it is listed.
    led: Option<(ProcId, Tid)>,
}

impl ThreadsTab {
    fn sort(&mut self, threads: &Threads) {
        let (by, inverted) = self.list.sort();
        self.order = (0..threads.rows.len()).collect();
        let row = |i: usize| &threads.rows[i];
        if by == rows::WAITS {
            let words = |i: &usize| threads.waits_on(row(*i), &|_| None).unwrap_or_default();
            self.order.sort_by_cached_key(words);
        } else {
            self.order.sort_by(|a, b| compare(by, row(*a), row(*b)));
        }
        if inverted {
            self.order.reverse();
        }
        self.keys = self.order.iter().map(|i| row(*i).id.tid).collect();
        self.sorted = Some((by, inverted));
    }
}

/// Orders two threads by a column, the largest first where it holds amounts; equal ones stay in the order of their numbers.
fn compare(column: usize, a: &ThreadRow, b: &ThreadRow) -> Ordering {
    let most = |of: fn(&ThreadRow) -> f64| of(b).total_cmp(&of(a));
    match column {
        rows::NAME => a.name.cmp(&b.name),
        rows::STATE => a.stat.state.cmp(&b.stat.state),
        rows::CPU => most(|r| r.cpu.map_or(-1.0, f64::from)),
        rows::CORE => a.stat.processor.cmp(&b.stat.processor),
        rows::VOLUNTARY => most(|r| r.value(|d| d.rates).map_or(-1.0, |s| s.voluntary)),
        rows::INVOLUNTARY => most(|r| r.value(|d| d.rates).map_or(-1.0, |s| s.involuntary)),
        rows::STACK => most(|r| r.value(|d| d.stack).map_or(-1.0, |s| s.used.0 as f64)),
        _ => Ordering::Equal,
    }
}

impl Panel for ThreadsTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        let shown: Vec<Tid> = self
            .list
            .in_view()
            .filter_map(|i| self.keys.get(i).copied())
            .collect();
        if let Some(threads) = self.kept.value() {
            let rows = shown.iter().filter_map(|tid| threads.get(*tid));
            let waits = rows.filter_map(|r| Some(&r.detail.as_ref().ok()?.waiting.what));
            let fds = waits.flat_map(Wait::descriptors);
            let fds: BTreeSet<u32> = fds.filter_map(|f| u32::try_from(f.number).ok()).collect();
            plan.descriptors = fds.into_iter().collect();
        }
        plan.threads = shown.into();
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let changed = self.kept.take(world, world.detail.threads.as_ref());
        let threads = self.kept.value().map(Arc::clone).unwrap_or_default();
        if changed || self.sorted != Some(self.list.sort()) {
            self.sort(&threads);
        }
        if let Some((of, tid)) = self.led
            && !self.keys.is_empty()
            && world.focus == Some(of)
        {
            self.list.choose(tid);
            self.led = None;
        }
        let ended = self.kept.ended();
        let at = |i: usize| &threads.rows[self.order[i]];
        let content = Content {
            columns: rows::COLUMNS,
            order: rows::order,
            titles: true,
            head: rows::head(world, &threads, ended, area.height),
            foot: &|i| foot::lines(world, &threads, at(i), area.width),
            keys: &self.keys,
            words: &|i| rows::text(world, &threads, at(i)),
            row: &|i| rows::row(world, &threads, at(i), ended),
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    has_rows!(list);

    fn find(&mut self, of: ProcId, to: Led) -> bool {
        if let Led::Thread(tid) = to {
            self.led = Some((of, tid));
        }
        matches!(to, Led::Thread(_))
    }

    fn copied(&self, world: &World) -> Option<String> {
        let threads = self.kept.value()?;
        let tid = *self.list.chosen()?;
        Some(rows::copied(world, threads, tid))
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::process::THREADS]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let _ = world;
        explain::lines(self.kept.value().map(AsRef::as_ref))
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.shows(world, area, buf) {
            self.list.render(world, buf);
        }
    }
}

#[cfg(test)]
mod tests;
