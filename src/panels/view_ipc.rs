//! View 6: who talks to whom? Pairs of processes with what joins them, and the neighbourhood of the chosen one.

mod answers;
mod neighbours;
mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::listing::{self, Content, Listing};
use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Rows, Spec};
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::ipc::{Ipc, Pair};
use crate::model::plan::Needs;

/// Opens the process on the left.
const INSPECT: Action = Action {
    name: "inspect-left",
    about: "Inspects the files of the process on the left",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

/// Opens the process on the right.
const OTHER: Action = Action {
    name: "inspect-right",
    about: "Inspects the files of the process on the right",
    keys: &[Key::char('r')],
    hint: "other end",
};

/// Lists all pairs, or those of one process.
const SHOW: Action = Action {
    name: "neighbourhood",
    about: "Lists only the pairs of the selected process, or all again",
    keys: &[Key::char('g')],
    hint: "neighbourhood",
};

static ACTIONS: [&Action; 20] = listing::actions(moves::HOME, [&INSPECT, &OTHER, &SHOW]);

static SPEC: Spec = Spec {
    name: "view-ipc",
    title: "Who talks to whom",
    about: "Channels between processes: pipes, sockets, terminals, shared memory, queues, and locks that are waited for.",
    place: Place::View(6),
    needs: Needs::IPC,
    actions: &ACTIONS,
};

/// The view.
pub struct ViewIpc {
    list: Listing<(ProcId, ProcId)>,
    ipc: Option<Arc<Ipc>>,
    order: Vec<usize>,
    /// Only pairs of this process.
    only: Option<ProcId>,
    answers: Rect,
    table: Rect,
    graph: Rect,
}

impl Default for ViewIpc {
    fn default() -> Self {
        Self {
            list: Listing::sorted_by(row::BY),
            ipc: None,
            order: Vec::new(),
            only: None,
            answers: Rect::ZERO,
            table: Rect::ZERO,
            graph: Rect::ZERO,
        }
    }
}

impl ViewIpc {
    fn chosen(&self) -> Option<&Pair> {
        let row = self.order.get(self.list.selected()?)?;
        self.ipc.as_deref()?.pairs.get(*row)
    }

    fn inspect(&self, right: bool) -> Reply {
        match self.chosen() {
            Some(pair) if right => Reply::Inspect(pair.b.id, "files"),
            Some(pair) => Reply::Inspect(pair.a.id, "files"),
            None => Reply::Say("nothing is selected".to_owned()),
        }
    }

    fn divide(&mut self, area: Rect) {
        let answers = area.height.min(3);
        let graph = match area.height {
            0..=17 => 0,
            18..=29 => 7,
            _ => 11,
        };
        let gap = u16::from(area.height > 6);
        let above = u16::from(graph > 0);
        let table = area.height.saturating_sub(answers + gap + above + graph);
        self.answers = Rect {
            height: answers,
            ..area
        };
        self.table = Rect {
            y: area.y + answers + gap.min(area.height - answers),
            height: table,
            ..area
        };
        self.graph = Rect {
            y: area.bottom() - graph,
            height: graph,
            ..area
        };
    }
}

impl Panel for ViewIpc {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let slot = world.detail.machine.ipc.as_ref();
        self.ipc = slot.and_then(|s| s.value.as_ref().ok()).cloned();
        self.divide(area);
        let pairs = self.ipc.as_deref().map_or(&[][..], |ipc| &ipc.pairs);
        let only = self.only;
        let here = |p: &Pair| only.is_none_or(|id| p.a.id == id || p.b.id == id);
        self.order.clear();
        self.order
            .extend((0..pairs.len()).filter(|i| here(&pairs[*i])));
        row::sort(&mut self.order, pairs, self.list.sort());
        let key = |i: &usize| (pairs[*i].a.id, pairs[*i].b.id);
        let keys: Vec<_> = self.order.iter().map(key).collect();
        let order = &self.order;
        let content = Content {
            columns: &row::COLUMNS,
            order: row::order,
            titles: true,
            head: Vec::new(),
            foot: &listing::no_foot,
            keys: &keys,
            words: &|i| row::copied(&pairs[order[i]]),
            row: &|i| row::cells(world, &pairs[order[i]]),
        };
        self.list.fit(self.table, content);
        Reply::Pass
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.list)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.list)
    }

    fn enter(&self, _: &World) -> Reply {
        self.inspect(false)
    }

    fn copied(&self, _: &World) -> Option<String> {
        self.chosen().map(row::copied)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match *action {
            INSPECT => self.inspect(false),
            OTHER => self.inspect(true),
            SHOW => {
                self.only = match self.only {
                    Some(_) => None,
                    None => self.chosen().map(|p| p.a.id),
                };
                Reply::Done
            }
            _ => self.act_on_rows(world, action),
        }
    }

    fn status(&self, _: &World) -> String {
        match self.only {
            Some(id) => format!("only {}  {}", id.pid, self.list.status()),
            None => self.list.status(),
        }
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        answers::explain()
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let Some(ipc) = self.ipc.as_deref() else {
            super::sockets::say(world, "reading who talks to whom …", area, buf);
            return;
        };
        answers::draw(world, ipc, self.answers, buf);
        self.list.render(world, buf);
        if let Some(chosen) = self.chosen() {
            neighbours::draw(world, ipc, &chosen.a, self.graph, buf);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
