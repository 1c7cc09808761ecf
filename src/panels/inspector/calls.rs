//! The tab Calls: what the process asks of the kernel, how often, how long that takes, how it fails, and on what.

mod explain;
mod rows;

use std::cmp::Ordering;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::Kept;
use crate::app::action::Action;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::scheduling::calls::{CallRow, Calls};
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;

static ACTIONS: [&Action; 17] = listing::actions(moves::FIRST, []);

static SPEC: Spec = Spec {
    name: "calls",
    title: "Calls",
    about: "Its system calls: how many, how long they take, how they fail, and on what.",
    place: Place::Tab,
    // Descriptors, since a call is on one, and that leads to somebody.
    needs: Needs::CALLS.union(Needs::FILES),
    actions: &ACTIONS,
};

/// The tab.
pub struct CallsTab {
    kept: Kept<Calls>,
    list: Listing<String>,
    /// Places in `Calls::rows`, and their names, in the order that is shown.
    order: Vec<usize>,
    keys: Vec<String>,
}

impl Default for CallsTab {
    fn default() -> Self {
        Self {
            kept: Kept::default(),
            list: Listing::sorted_by(rows::TIME),
            order: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl CallsTab {
    fn sort(&mut self, calls: &Calls) {
        let (by, inverted) = self.list.sort();
        self.order = (0..calls.rows.len()).collect();
        self.order
            .sort_by(|a, b| compare(by, &calls.rows[*a], &calls.rows[*b]));
        if inverted {
            self.order.reverse();
        }
        let name = |i: &usize| calls.rows[*i].name.clone();
        self.keys = self.order.iter().map(name).collect();
    }
}

/// Orders two calls by a column, the largest first where it holds amounts.
fn compare(column: usize, a: &CallRow, b: &CallRow) -> Ordering {
    match column {
        rows::NAME => a.name.cmp(&b.name),
        rows::CALLS => b.calls.unwrap_or(0).cmp(&a.calls.unwrap_or(0)),
        rows::ERRORS => b.errors.unwrap_or(0).cmp(&a.errors.unwrap_or(0)),
        rows::TIME => b.span.cmp(&a.span),
        rows::CORE => b.on_core.ok().cmp(&a.on_core.ok()),
        rows::MEAN => b.mean.ok().cmp(&a.mean.ok()),
        rows::P99 => b.p99.ok().cmp(&a.p99.ok()),
        rows::LONGEST => b.longest.ok().cmp(&a.longest.ok()),
        _ => Ordering::Equal,
    }
}

impl Panel for CallsTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.calls.as_ref());
        let calls = self.kept.value().map(Arc::clone).unwrap_or_default();
        self.sort(&calls);
        let at = |i: usize| &calls.rows[self.order[i]];
        let content = Content {
            columns: rows::COLUMNS,
            order: rows::order,
            titles: true,
            head: rows::head(&calls, self.kept.ended()),
            foot: &|i| rows::foot(world, at(i)),
            keys: &self.keys,
            words: &|i| rows::text(world, &calls, at(i)),
            row: &|i| rows::row(world, &calls, at(i)),
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    has_rows!(list);

    fn copied(&self, world: &World) -> Option<String> {
        let calls = self.kept.value()?;
        let row = calls.rows.get(*self.order.get(self.list.selected()?)?)?;
        Some(rows::text(world, calls, row))
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::process::CALLS]
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
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
