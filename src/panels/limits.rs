//! The tab Limits & isolation: what the process may use, what it uses of it, and what it is kept apart from.

mod explain;
mod items;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::kept::Kept;
use super::listing::{self, Content, Listing, Parts};
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::key::{Key, Mouse};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::isolation::Isolation;
use crate::model::plan::Needs;
use crate::model::text::wrap;
use crate::theme::Role;
use crate::widgets::table::Row;
use items::Item;

static SPEC: Spec = Spec {
    name: "limits",
    title: "Limits",
    about: "Its limits with their use, its control group, namespaces, capabilities and what else confines it.",
    place: Place::Tab,
    needs: Needs::LIMITS,
    actions: &[
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::HALF_UP,
        moves::HALF_DOWN,
        moves::FIRST,
        moves::LAST,
        moves::SEARCH,
        moves::NEXT,
        moves::PREVIOUS,
        moves::COPY,
    ],
};

/// The pane.
#[derive(Default)]
pub struct LimitsTab {
    kept: Kept<Isolation>,
    list: Listing<usize>,
    items: Vec<Item>,
    keys: Vec<usize>,
}

/// How many threads the user of the process in focus has.
fn threads_of_user(world: &World) -> Option<u64> {
    let user = world.snapshot.get(world.focus?)?.facts.uid.ok()?;
    let all = world.snapshot.procs.iter();
    let own = all.filter(|p| p.facts.uid == Ok(user));
    Some(own.map(|p| u64::from(p.stat.threads)).sum())
}

/// The text of an item in full, where its row cannot hold it.
fn foot(item: &Item, wide: usize) -> Vec<Parts> {
    let text = item.text();
    if crate::model::text::width(&text) + 2 <= wide {
        return Vec::new();
    }
    let lines = wrap(&item.value, wide.saturating_sub(2));
    let mut out = vec![vec![(item.name.clone(), Role::Strong)]];
    out.extend(lines.into_iter().map(|l| vec![(l, Role::Text)]));
    out
}

impl Panel for LimitsTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.isolation.as_ref());
        let Some(isolation) = self.kept.value() else {
            return Reply::Pass;
        };
        let mut isolation = (**isolation).clone();
        if let Some(threads) = threads_of_user(world) {
            isolation = isolation.with_threads_of_user(threads);
        }
        self.items = items::all(&isolation);
        self.keys = (0..self.items.len()).collect();
        let ended = self.kept.ended();
        let items = &self.items;
        let theme = &world.theme;
        let mut head = Vec::new();
        if ended {
            let text = "The process has ended; these were its limits.".to_owned();
            head.push(vec![(text, Role::Warn)]);
        }
        let contains = |i: usize, needle: &str| {
            items[i]
                .text()
                .to_lowercase()
                .contains(&needle.to_lowercase())
        };
        let row = |i: usize| Row {
            cells: vec![items[i].line(theme, area.width)],
            style: if ended {
                theme.style(Role::Dim)
            } else {
                Style::new()
            },
        };
        let content = Content {
            titles: false,
            head,
            foot: &|i| foot(&items[i], usize::from(area.width)),
            keys: &self.keys,
            matches: &contains,
            row: &row,
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        if action == moves::COPY {
            let chosen = self.list.sheet.chosen().and_then(|i| self.items.get(*i));
            return chosen.map_or(Reply::Done, |item| Reply::Do(Effect::Copy(item.text())));
        }
        self.list.act(action, &[])
    }

    fn typing(&self) -> bool {
        self.list.sheet.typing()
    }

    fn key(&mut self, world: &World, key: Key) -> Reply {
        self.list.sheet.key(&world.keys, key);
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.list.sheet.paste(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        self.list.mouse(mouse, items::COLUMNS)
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        explain::lines()
    }

    fn status(&self, _: &World) -> String {
        self.list.sheet.status()
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.value().is_none() {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        self.list.render(world, items::COLUMNS, |_| false, buf);
    }
}

#[cfg(test)]
mod tests;
