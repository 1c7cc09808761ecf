//! Tab Files: the descriptor table, and who is at the other end of each.

mod explain;
mod head;
mod order;
mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::sheet::{self, Sheet};
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::descriptor::{Descriptor, Files};
use crate::model::peer::Peer;
use crate::model::plan::{Needs, Plan};
use crate::theme::Role;
use crate::widgets::table::{self, Row, Table};

/// Jumps to the process at the other end.
const JUMP: Action = Action {
    name: "jump-to-peer",
    about: "Inspects the process at the other end of the selected descriptor",
    keys: &[Key::of(Code::Enter)],
    hint: "peer",
};

/// Chooses among several peers.
const NEXT_PEER: Action = Action {
    name: "next-peer",
    about: "Chooses the next of several peers of the selected descriptor",
    keys: &[Key::char('r')],
    hint: "",
};

const ACTIONS: [&Action; 17] = {
    let mut all = [&JUMP; 17];
    let mut i = 0;
    while i < 8 {
        all[i + 1] = sheet::MOVES[i];
        i += 1;
    }
    all[9] = moves::SEARCH;
    all[10] = moves::NEXT;
    all[11] = moves::PREVIOUS;
    all[12] = moves::SORT_LEFT;
    all[13] = moves::SORT_RIGHT;
    all[14] = moves::INVERT;
    all[15] = moves::COPY;
    all[16] = &NEXT_PEER;
    all
};

static SPEC: Spec = Spec {
    name: "files",
    title: "Files",
    about: "The descriptors of the process: what each is, how far it was read, and who is at its other end.",
    place: Place::Tab,
    needs: Needs::FILES,
    actions: &ACTIONS,
};

/// The tab with its selection.
#[derive(Default)]
pub struct FilesTab {
    sheet: Sheet<u32>,
    files: Option<Arc<Files>>,
    order: order::Order,
    /// Which of several peers Enter goes to.
    peer: usize,
    parts: Parts,
}

/// Where things are drawn.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    head: Rect,
    table: Rect,
    foot: Rect,
}

impl FilesTab {
    fn chosen(&self) -> Option<&Descriptor> {
        let files = self.files.as_deref()?;
        files.rows.get(self.order.row(self.sheet.selected()?)?)
    }

    /// The peer that Enter goes to: the chosen one of those that are not this very process.
    fn target(&self) -> Option<&Peer> {
        let row = self.chosen()?;
        let of = self.files.as_deref()?.of;
        let others: Vec<_> = row.peers.named.iter().filter(|p| p.id != of).collect();
        others.get(self.peer % others.len().max(1)).copied()
    }

    fn jump(&self) -> Reply {
        match self.target() {
            Some(peer) => Reply::Inspect(peer.id, SPEC.name),
            None => Reply::Say("no process is known at the other end of this one".to_owned()),
        }
    }

    /// The head shows what there is to say; the foot is there where the table keeps most of the height.
    fn divide(&self, area: Rect) -> Parts {
        let pipelines = self
            .files
            .as_deref()
            .is_some_and(|f| !f.pipelines.is_empty());
        let head = match area.height {
            0..=3 => 0,
            4..=8 => 1,
            _ => 2 + u16::from(pipelines),
        };
        let foot = match area.height {
            0..=15 => 0,
            16..=23 => 3,
            _ => 6,
        };
        let table = area.height - head - foot;
        Parts {
            head: Rect {
                height: head,
                ..area
            },
            table: Rect {
                y: area.y + head,
                height: table,
                ..area
            },
            foot: Rect {
                y: area.y + head + table,
                height: foot,
                ..area
            },
        }
    }
}

impl Panel for FilesTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        plan.descriptors = self
            .sheet
            .window()
            .filter_map(|i| self.order.key(i))
            .collect();
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let slot = world.detail.files.as_ref();
        let files = slot.and_then(|s| s.value.as_ref().ok()).cloned();
        let files = files.filter(|f| Some(f.of) == world.focus);
        if files.as_ref().map(|f| f.of) != self.files.as_ref().map(|f| f.of) {
            self.peer = 0;
        }
        self.files = files;
        self.parts = self.divide(area);
        self.order
            .update(self.files.as_ref(), self.sheet.sort, self.sheet.inverted);
        let height = usize::from(self.parts.table.height.saturating_sub(1));
        let (files, order) = (self.files.as_deref(), &self.order);
        self.sheet.fit(order.keys(), height, |i, needle| {
            let row = order.row(i).zip(files).and_then(|(r, f)| f.rows.get(r));
            row.is_some_and(|d| row::matches(d, needle))
        });
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        match action.name {
            name if name == JUMP.name => return self.jump(),
            name if name == NEXT_PEER.name => self.peer += 1,
            name if name == moves::COPY.name => {
                return match self.chosen() {
                    Some(row) => Reply::Do(Effect::Copy(row::copied(row))),
                    None => Reply::Done,
                };
            }
            _ => {
                self.peer = 0;
                if !self.sheet.act(action, row::COLUMNS.len()) {
                    return Reply::Pass;
                }
            }
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
        let area = self.parts.table;
        let row = i32::from(mouse.row) - i32::from(area.y) - 1;
        if mouse.press == Press::Left && row == -1 {
            let at = mouse.column.saturating_sub(area.x);
            let columns = table::place(&row::COLUMNS, area.width);
            if let Some(column) = columns.iter().find(|p| p.cells.contains(&at)) {
                self.sheet.sort_by(column.column);
            }
            return Reply::Done;
        }
        let again = mouse.press == Press::Left
            && usize::try_from(row).is_ok_and(|r| self.sheet.selected_in_view() == Some(r));
        if again {
            return self.jump();
        }
        self.peer = 0;
        if self.sheet.mouse(mouse, row) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    fn status(&self, _: &World) -> String {
        self.sheet.status()
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        explain::words(world, self.chosen())
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let Some(files) = self.files.as_deref() else {
            head::absent(world, area, buf);
            return;
        };
        head::draw(world, files, self.parts.head, buf);
        let shown = self.sheet.window().filter_map(|i| self.order.row(i));
        let columns = table::place(&row::COLUMNS, self.parts.table.width);
        let what = columns.iter().find(|p| p.column == row::WHAT);
        let room = what.map_or(0, |p| usize::from(p.cells.end - p.cells.start));
        let rows: Vec<Row> = shown
            .filter_map(|i| files.rows.get(i))
            .map(|d| row::cells(world, files.of, d, room))
            .collect();
        Table {
            columns: &row::COLUMNS,
            rows: &rows,
            selected: self.sheet.selected_in_view(),
            sort: Some((
                self.sheet.sort,
                row::descends(self.sheet.sort) != self.sheet.inverted,
            )),
            needle: self.sheet.needle(),
            header: true,
        }
        .render(&world.theme, self.parts.table, buf);
        if let Some(row) = self.chosen() {
            let lines = row::detail(world, files, row, self.target());
            draw_lines(&lines, self.parts.foot, buf);
        }
        if world.snapshot.get(files.of).is_none() && !world.snapshot.procs.is_empty() {
            buf.set_style(area, world.theme.style(Role::Dim));
        }
    }
}

/// Draws lines of styled text below a rule.
fn draw_lines(lines: &[Line<'static>], area: Rect, buf: &mut Buffer) {
    for (line, y) in lines.iter().zip(area.y + 1..area.bottom()) {
        let at = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        table::put_line(line, at, buf);
    }
}

#[cfg(test)]
mod tests;
