//! View 6: who talks to whom? Pairs of processes with what joins them, many that are alike in one line, and the
//! neighbourhood of the chosen one.

mod answers;
mod channels;
mod neighbours;
mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse};
use crate::app::moves;
use crate::app::panel::{Hit, Panel, Place, Reply, Rows as _, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::descriptors::ipc::lines::Key as LineKey;
use crate::model::descriptors::ipc::{Ipc, Line, Party};
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;

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

/// Opens a line of many.
const UNFOLD: Action = Action {
    name: "unfold-line",
    about: "Lists the processes of a line that stands for many",
    keys: &[
        Key::of(Code::Right),
        Key::char('l'),
        Key::char('+'),
        Key::char('='),
    ],
    hint: "unfold",
};

/// Closes it.
const FOLD: Action = Action {
    name: "fold-line",
    about: "Puts them back into one line",
    keys: &[Key::of(Code::Left), Key::char('h'), Key::char('-')],
    hint: "",
};

static ACTIONS: [&Action; 22] =
    listing::actions(moves::HOME, [&INSPECT, &OTHER, &SHOW, &UNFOLD, &FOLD]);

/// So many of an opened line are listed.
const OPENED: usize = 256;

static SPEC: Spec = Spec {
    name: "view-ipc",
    title: "Who talks to whom",
    about: "Channels between processes: pipes, sockets, terminals, shared memory, queues, and locks that are waited for.",
    place: Place::View(6),
    needs: Needs::IPC,
    actions: &ACTIONS,
};

/// A row: a line, or one of those that an opened line stands for.
#[derive(Clone, Copy)]
struct At {
    line: usize,
    member: Option<Member>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    /// By its place in the line.
    One(usize),
    /// How many more there are.
    Rest(usize),
}

/// What a row is known by: the line, and of one in an opened line also who it is.
type RowKey = (LineKey, Option<ProcId>);

/// The view.
pub struct ViewIpc {
    list: Listing<RowKey>,
    ipc: Option<Arc<Ipc>>,
    order: Vec<usize>,
    rows: Vec<At>,
    open: Vec<LineKey>,
    /// How wide the words of each column but the last were at most.
    wanted: [usize; 4],
    /// Only lines with this process.
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
            rows: Vec::new(),
            open: Vec::new(),
            wanted: [0; 4],
            only: None,
            answers: Rect::ZERO,
            table: Rect::ZERO,
            graph: Rect::ZERO,
        }
    }
}

impl ViewIpc {
    fn chosen(&self) -> Option<(&Line, Option<Member>)> {
        let at = self.rows.get(self.list.selected()?)?;
        Some((self.ipc.as_deref()?.lines.get(at.line)?, at.member))
    }

    /// Inspects one side of the chosen row; where that are many, lists them.
    fn inspect(&mut self, right: bool) -> Reply {
        let Some((line, member)) = self.chosen() else {
            return Reply::Say("nothing is selected".to_owned());
        };
        let own = match member {
            Some(Member::One(at)) => line.member(at),
            _ => (None, None),
        };
        let (own, side) = if right {
            (own.1, &line.b)
        } else {
            (own.0, &line.a)
        };
        match (own, &side[..]) {
            (Some(one), _) | (None, [one]) => Reply::Inspect(one.id, "files"),
            _ if member.is_none() => self.fold(false),
            _ => Reply::Say("there are many on that side".to_owned()),
        }
    }

    /// The process that the chosen row is about.
    fn hub(&self) -> Option<&Party> {
        let (line, member) = self.chosen()?;
        let own = match member {
            Some(Member::One(at)) => line.member(at),
            _ => (None, None),
        };
        own.0.or(own.1).or_else(|| line.hub())
    }

    fn fold(&mut self, closes: bool) -> Reply {
        let Some((line, _)) = self.chosen() else {
            return Reply::Say("nothing is selected".to_owned());
        };
        let key = line.key.clone();
        if !line.is_group() {
            return Reply::Say("this line is of two processes only".to_owned());
        }
        self.open.retain(|k| *k != key);
        if closes {
            self.list.choose((key, None));
        } else {
            self.open.push(key);
        }
        Reply::Done
    }

    /// The rows in order: every line that is to be listed, and below an opened one those that it stands for.
    fn arrange(&mut self) {
        let lines = self.ipc.as_deref().map_or(&[][..], |ipc| &ipc.lines);
        let only = self.only;
        let here = |l: &Line| only.is_none_or(|id| l.has(id));
        self.order.clear();
        self.order
            .extend((0..lines.len()).filter(|i| here(&lines[*i])));
        row::sort(&mut self.order, lines, self.list.sort());
        self.open.retain(|key| lines.iter().any(|l| l.key == *key));
        self.rows.clear();
        for line in &self.order {
            let row = |member| At {
                line: *line,
                member,
            };
            self.rows.push(row(None));
            if !self.open.contains(&lines[*line].key) {
                continue;
            }
            let all = lines[*line].members();
            let shown = (0..all.min(OPENED)).map(|at| row(Some(Member::One(at))));
            self.rows.extend(shown);
            if all > OPENED {
                self.rows.push(row(Some(Member::Rest(all - OPENED))));
            }
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
        let ipc = slot.and_then(|s| s.value.as_ref().ok()).cloned();
        if let Some(new) = ipc.as_ref()
            && self.ipc.as_ref().is_none_or(|old| !Arc::ptr_eq(old, new))
        {
            self.wanted = row::wanted(self.wanted, world, &new.lines);
        }
        self.ipc = ipc;
        self.divide(area);
        self.arrange();
        let lines = self.ipc.as_deref().map_or(&[][..], |ipc| &ipc.lines);
        let key = |at: &At| -> RowKey {
            let line = &lines[at.line];
            let who = match at.member {
                Some(Member::One(n)) => line.member(n).0.or(line.member(n).1).map(|p| p.id),
                Some(Member::Rest(_)) => Some(ProcId::default()),
                None => None,
            };
            (line.key.clone(), who)
        };
        let keys: Vec<_> = self.rows.iter().map(key).collect();
        let rows = &self.rows;
        let open = &self.open;
        let content = Content {
            columns: &row::columns(self.wanted, self.table.width),
            order: row::order,
            titles: true,
            head: Vec::new(),
            foot: &listing::no_foot,
            keys: &keys,
            words: &|i| row::searched(&lines[rows[i].line]),
            row: &|i| {
                let line = &lines[rows[i].line];
                match rows[i].member {
                    None => row::cells(world, line, open.contains(&line.key)),
                    Some(member) => row::member(world, line, member),
                }
            },
        };
        self.list.fit(self.table, content);
        Reply::Pass
    }

    has_rows!(list);

    fn copied(&self, _: &World) -> Option<String> {
        let (line, member) = self.chosen()?;
        Some(row::copied(line, member))
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match *action {
            INSPECT => self.inspect(false),
            OTHER => self.inspect(true),
            SHOW => {
                self.only = match self.only {
                    Some(_) => None,
                    None => self.hub().map(|p| p.id),
                };
                Reply::Done
            }
            UNFOLD => self.fold(false),
            FOLD => self.fold(true),
            _ => self.act_on_rows(world, action),
        }
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        match self.list.mouse(mouse) {
            Hit::Missed => Reply::Pass,
            Hit::Taken => Reply::Done,
            Hit::Again => self.inspect(false),
        }
    }

    fn status(&self, _: &World) -> String {
        match self.only {
            Some(id) => format!("only {}  {}", id.pid, self.list.status()),
            None => self.list.status(),
        }
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::network::IPC]
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let Some(ipc) = self.ipc.as_deref() else {
            crate::panels::inspector::sockets::say(world, "reading who talks to whom …", area, buf);
            return;
        };
        super::answers::draw(world, &answers::of(world, ipc), self.answers, buf);
        self.list.render(world, buf);
        let Some((line, member)) = self.chosen() else {
            return;
        };
        let Some(hub) = self.hub() else {
            return;
        };
        let beside = if self.graph.width >= channels::FROM {
            channels::WIDTH
        } else {
            0
        };
        let [graph, list] =
            Layout::horizontal([Constraint::Min(0), Constraint::Length(beside)]).areas(self.graph);
        neighbours::draw(world, ipc, hub, graph, buf);
        let of = line.hub().map_or(hub.id, |p| p.id);
        let member = member.map(|_| hub.id).filter(|id| *id != of);
        channels::draw(world, ipc, (line, of, member), list, buf);
    }
}

#[cfg(test)]
pub(in crate::panels) mod tests;
