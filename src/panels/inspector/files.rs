//! Tab Files: the descriptor table, and who is at the other end of each.

mod explain;
mod head;
mod order;
mod row;
mod shorten;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Led, Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::descriptors::descriptor::{Descriptor, Files};
use crate::model::descriptors::peer::Peer;
use crate::model::id::ProcId;
use crate::model::plan::{Needs, Plan};
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::table;

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

static ACTIONS: [&Action; 19] = listing::actions(moves::FIRST, [&JUMP, &NEXT_PEER]);

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
    list: Listing<u32>,
    files: Option<Arc<Files>>,
    order: order::Order,
    /// Which of several peers Enter goes to.
    peer: usize,
    /// The row that the choice is about.
    peer_of: Option<(ProcId, u32)>,
    /// The one that another pane led to, until it is listed.
    led: Option<(ProcId, u32)>,
    parts: Parts,
    /// How wide words were at most, of the process that is shown.
    wanted: row::Wanted,
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
        files.rows.get(self.order.row(self.list.selected()?)?)
    }

    /// The peer that Enter goes to: the chosen one of those that are not this very process.
    fn target(&self) -> Option<&Peer> {
        let row = self.chosen()?;
        let of = self.files.as_deref()?.of;
        let others: Vec<_> = row.peers.named.iter().filter(|p| p.id != of).collect();
        others.get(self.peer % others.len().max(1)).copied()
    }

    /// Asks new descriptors how wide their words are.
    fn ask_widths(&mut self, world: &World, files: Option<&Files>) {
        let before = self.files.as_deref();
        if before.map(|f| f.of) != files.map(|f| f.of) {
            self.wanted = row::Wanted::default();
        }
        if let Some(files) = files.filter(|f| before.is_none_or(|b| !std::ptr::eq(b, *f))) {
            self.wanted = self.wanted.or(&world.theme, files);
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

    fn plan(&self, world: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        if world.holds_card() {
            plan.needs |= Needs::GPU;
        }
        plan.descriptors = self
            .list
            .in_view()
            .filter_map(|i| self.order.key(i))
            .collect();
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let slot = world.detail.files.as_ref();
        let files = slot.and_then(|s| s.value.as_ref().ok()).cloned();
        let files = files.filter(|f| Some(f.of) == world.focus);
        self.ask_widths(world, files.as_deref());
        self.files = files;
        self.parts = self.divide(area);
        let (sort, inverted) = self.list.sort();
        self.order.update(self.files.as_ref(), sort, inverted);
        if let Some((of, fd)) = self.led
            && self.files.as_ref().is_some_and(|f| f.of == of)
        {
            self.list.choose(fd);
            self.led = None;
        }
        let width = self.parts.table.width;
        let columns = row::columns(self.wanted, width);
        let room = [row::WHAT, row::PEER].map(|column| table::room(&columns, column, width));
        let (files, order) = (self.files.as_deref(), &self.order);
        let at = |i: usize| Some((files?, files?.rows.get(order.row(i)?)?));
        let content = Content {
            columns: &columns,
            order: row::order,
            titles: true,
            head: Vec::new(),
            foot: &listing::no_foot,
            keys: order.keys(),
            words: &|i| at(i).map(|(_, d)| row::text(d)).unwrap_or_default(),
            row: &|i| {
                at(i)
                    .map(|(files, d)| row::cells(world, files.of, d, room))
                    .unwrap_or_default()
            },
        };
        self.list.fit(self.parts.table, content);
        let chosen = self
            .files
            .as_ref()
            .map(|f| f.of)
            .zip(self.list.chosen().copied());
        if chosen != self.peer_of {
            self.peer_of = chosen;
            self.peer = 0;
        }
        Reply::Pass
    }

    has_rows!(list);

    fn find(&mut self, of: ProcId, to: Led) -> bool {
        if let Led::Descriptor(fd) = to {
            self.led = Some((of, fd));
        }
        matches!(to, Led::Descriptor(_))
    }

    fn enter(&self, _: &World) -> Reply {
        match self.target() {
            Some(peer) => Reply::Inspect(peer.id, SPEC.name),
            None => Reply::Say("no process is known at the other end of this one".to_owned()),
        }
    }

    fn copied(&self, _: &World) -> Option<String> {
        self.chosen().map(row::copied)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match *action {
            JUMP => self.enter(world),
            NEXT_PEER => {
                self.peer += 1;
                Reply::Done
            }
            _ => self.act_on_rows(world, action),
        }
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::FILES]
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
        self.list.render(world, buf);
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
