//! View 6: who talks to whom? Pairs of processes with what joins them, and the neighbourhood of the chosen one.

mod answers;
mod neighbours;
mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sheet::{self, Sheet};
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::ipc::{Ipc, Pair};
use crate::model::plan::Needs;
use crate::widgets::table::{Row, Table};

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

const ACTIONS: [&Action; 15] = {
    let mut all = [&INSPECT; 15];
    let mut i = 0;
    while i < 8 {
        all[i + 1] = sheet::MOVES[i];
        i += 1;
    }
    all[9] = moves::SEARCH;
    all[10] = moves::NEXT;
    all[11] = moves::PREVIOUS;
    all[12] = moves::COPY;
    all[13] = &OTHER;
    all[14] = &SHOW;
    all
};

static SPEC: Spec = Spec {
    name: "view-ipc",
    title: "Who talks to whom",
    about: "Channels between processes: pipes, sockets, terminals, shared memory, queues, and locks that are waited for.",
    place: Place::View(6),
    needs: Needs::IPC,
    actions: &ACTIONS,
};

/// The view.
#[derive(Default)]
pub struct ViewIpc {
    sheet: Sheet<(ProcId, ProcId)>,
    ipc: Option<Arc<Ipc>>,
    rows: Vec<usize>,
    /// Only pairs of this process.
    only: Option<ProcId>,
    answers: Rect,
    table: Rect,
    graph: Rect,
}

impl ViewIpc {
    fn chosen(&self) -> Option<&Pair> {
        let row = self.rows.get(self.sheet.selected()?)?;
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
        let needle = self.sheet.needle().to_lowercase();
        let only = self.only;
        let fits = |p: &Pair| {
            only.is_none_or(|id| p.a.id == id || p.b.id == id)
                && (needle.is_empty() || row::text(p).contains(&needle))
        };
        self.rows.clear();
        self.rows
            .extend((0..pairs.len()).filter(|i| fits(&pairs[*i])));
        let keys: Vec<_> = self
            .rows
            .iter()
            .map(|i| (pairs[*i].a.id, pairs[*i].b.id))
            .collect();
        let height = usize::from(self.table.height.saturating_sub(1));
        self.sheet.fit(&keys, height, |_, _| true);
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        match action.name {
            name if name == INSPECT.name => return self.inspect(false),
            name if name == OTHER.name => return self.inspect(true),
            name if name == SHOW.name => {
                self.only = match self.only {
                    Some(_) => None,
                    None => self.chosen().map(|p| p.a.id),
                };
            }
            name if name == moves::COPY.name => {
                return match self.chosen() {
                    Some(pair) => Reply::Do(Effect::Copy(row::copied(pair))),
                    None => Reply::Say("nothing is selected".to_owned()),
                };
            }
            _ if self.sheet.act(action, 0) => {}
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn typing(&self) -> bool {
        self.sheet.typing()
    }

    fn key(&mut self, world: &World, key: Key) -> Reply {
        self.sheet.key(&world.keys, key);
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.sheet.paste(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        let row = i32::from(mouse.row) - i32::from(self.table.y) - 1;
        let again = mouse.press == Press::Left
            && usize::try_from(row).is_ok_and(|r| self.sheet.selected_in_view() == Some(r));
        if again {
            return self.inspect(false);
        }
        if self.sheet.mouse(mouse, row) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    fn status(&self, _: &World) -> String {
        match self.only {
            Some(id) => format!("only {}  {}", id.pid, self.sheet.status()),
            None => self.sheet.status(),
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
        let shown = self.rows.get(self.sheet.window()).unwrap_or_default();
        let rows: Vec<Row> = shown
            .iter()
            .filter_map(|i| ipc.pairs.get(*i))
            .map(|p| row::cells(world, p))
            .collect();
        Table {
            columns: &row::COLUMNS,
            rows: &rows,
            selected: self.sheet.selected_in_view(),
            sort: None,
            needle: self.sheet.needle(),
            header: true,
        }
        .render(&world.theme, self.table, buf);
        if let Some(chosen) = self.chosen() {
            neighbours::draw(world, ipc, &chosen.a, self.graph, buf);
        }
    }
}

#[cfg(test)]
mod tests;
