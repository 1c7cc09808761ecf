//! The lanes of some cores with their axis, cursor and numbers: shared by the dashboard, the view of the cores and the inspector.

mod draw;
mod reading;
mod scope;

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::snapshot::{CoreShare, Snapshot};
use crate::model::timeline::{Cell, Origin, Tally, Timeline, Who, Window};
use crate::theme::Role;

pub use draw::numbers_width;
pub use scope::{Scope, rounded};

/// A shorter span of time.
pub const ZOOM_IN: Action = Action {
    name: "lanes-zoom-in",
    about: "Shows a shorter time across the lanes, down to 1 ms",
    keys: &[Key::char(']')],
    hint: "",
};
/// A longer span of time.
pub const ZOOM_OUT: Action = Action {
    name: "lanes-zoom-out",
    about: "Shows a longer time across the lanes, up to 60 s",
    keys: &[Key::char('[')],
    hint: "zoom time",
};
/// Earlier.
pub const EARLIER: Action = Action {
    name: "lanes-earlier",
    about: "Pans the lanes back in time",
    keys: &[Key::char('{')],
    hint: "",
};
/// Later.
pub const LATER: Action = Action {
    name: "lanes-later",
    about: "Pans the lanes forward in time, at last to now",
    keys: &[Key::char('}')],
    hint: "",
};
/// Only the selected process in colour.
pub const FOCUS: Action = Action {
    name: "lanes-focus",
    about: "Leaves only the selected process its colour in the lanes, or gives it back to all",
    keys: &[Key::char('v')],
    hint: "",
};
/// Cursor to the left.
pub const CURSOR_LEFT: Action = Action {
    name: "lanes-cursor-left",
    about: "Moves the cursor of the lanes back in time",
    keys: &[Key::of(Code::Left), Key::char('h')],
    hint: "",
};
/// Cursor to the right.
pub const CURSOR_RIGHT: Action = Action {
    name: "lanes-cursor-right",
    about: "Moves the cursor of the lanes forward in time",
    keys: &[Key::of(Code::Right), Key::char('l')],
    hint: "",
};

/// What zooms and pans wherever lanes are shown.
pub const TIME: [&Action; 5] = [&ZOOM_IN, &ZOOM_OUT, &EARLIER, &LATER, &FOCUS];

/// One lane as it is shown.
#[derive(Debug)]
pub struct Row {
    /// Which core.
    pub cpu: CpuId,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Its sums in the shown window.
    pub total: Tally,
    /// Its shares of the last tick.
    pub share: Option<CoreShare>,
    /// Its frequency, where known.
    pub khz: Option<u32>,
}

/// Where the parts of the picture stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    /// Where the cells begin, and how many there are.
    left: u16,
    cells: u16,
    /// Rows of the screen a lane.
    each: u16,
    /// Whether there is a line for axis or reading below.
    axis: bool,
    area: Rect,
}

/// From this width on a bucket usually holds several slices.
const PROCESSES: Nanos = Nanos::from_millis(1);

/// Lanes with their state.
#[derive(Debug, Default)]
pub struct Picture {
    /// What time is shown.
    pub scope: Scope,
    /// Whether only the selected process is in colour.
    pub focused: bool,
    /// The cursor: a lane counted from the first one, and a cell.
    cursor: Option<(usize, u16)>,
    /// The first lane that is shown.
    top: usize,
    lanes: usize,
    rows: Vec<Row>,
    parts: Parts,
    window: Option<Window>,
    bucket: Nanos,
    reading: String,
    seen: Option<Seen>,
}

/// What the prepared rows were made of; while it is the same, they are.
#[derive(Debug)]
struct Seen {
    timeline: Arc<Timeline>,
    tick: Nanos,
    parts: Parts,
    scope: Scope,
    focus: Option<ProcId>,
    top: usize,
    cursor: Option<(usize, u16)>,
}

impl Picture {
    /// How often a new view is worth drawing: about twenty times over the span, within reason.
    pub fn pace(&self) -> Nanos {
        Nanos(self.scope.span().0 / 20).clamp(Nanos::from_millis(100), Nanos::from_millis(500))
    }

    /// The window that is shown.
    pub fn window(&self) -> Option<Window> {
        self.window
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// How many are shown.
    pub fn shown(&self) -> usize {
        self.rows.len()
    }

    /// Prepares the lanes for `area`, `each` rows a lane, at most; `right` cells are kept for numbers.
    pub fn fit(&mut self, world: &World, area: Rect, each: u16, right: u16) {
        let line = &world.timeline;
        self.lanes = line.lanes.len();
        let label = 6.min(area.width);
        let lanes = self.lanes.min(usize::from(u16::MAX)) as u16;
        let axis = area.height > lanes.min(area.height.saturating_sub(1));
        let room = area.height - u16::from(axis && area.height > 1);
        let each = (room / lanes.max(1)).clamp(1, each.max(1));
        self.parts = Parts {
            left: area.x + label,
            cells: area.width.saturating_sub(label + right),
            each,
            axis: axis && area.height > 1,
            area,
        };
        let shown = usize::from(room / each).min(self.lanes);
        self.top = self.top.min(self.lanes - shown);
        if let Some((lane, cell)) = &mut self.cursor {
            *lane = (*lane).min(self.lanes.saturating_sub(1));
            *cell = (*cell).min(self.parts.cells.saturating_sub(1));
            self.top = self.top.clamp((*lane + 1).saturating_sub(shown), *lane);
        }
        let focus = world.focus.filter(|_| self.focused);
        if self.is_current(world, focus) {
            return;
        }
        self.prepare(world, focus, shown);
        self.seen = Some(Seen {
            timeline: Arc::clone(line),
            tick: world.snapshot.at,
            parts: self.parts,
            scope: self.scope,
            focus,
            top: self.top,
            cursor: self.cursor,
        });
    }

    fn is_current(&self, world: &World, focus: Option<ProcId>) -> bool {
        self.seen.as_ref().is_some_and(|seen| {
            Arc::ptr_eq(&seen.timeline, &world.timeline)
                && seen.tick == world.snapshot.at
                && seen.parts == self.parts
                && seen.scope == self.scope
                && seen.focus == focus
                && seen.top == self.top
                && seen.cursor == self.cursor
        })
    }

    fn prepare(&mut self, world: &World, focus: Option<ProcId>, shown: usize) {
        let line = &world.timeline;
        let n = self.parts.cells.max(1);
        let (window, bucket) = self.scope.window(line, n);
        (self.window, self.bucket) = (Some(window), bucket);
        let cores = &world.snapshot.system.cores;
        let lanes = line.lanes.iter().skip(self.top).take(shown);
        let by_process = bucket >= PROCESSES;
        self.rows = lanes
            .map(|lane| {
                let core = cores.binary_search_by_key(&lane.cpu, |c| c.id).ok();
                let mut cells = lane.cells(line.origin, window.from, bucket, usize::from(n), focus);
                if by_process {
                    name_processes(&mut cells, &world.snapshot);
                }
                Row {
                    cpu: lane.cpu,
                    cells,
                    total: lane.total(window, line.origin),
                    share: core.and_then(|i| cores[i].share.ok()),
                    khz: core.and_then(|i| cores[i].khz),
                }
            })
            .collect();
        self.reading = match self.cursor {
            Some((lane, cell)) => self.read(line, lane, cell),
            None => String::new(),
        };
    }

    /// Answers one of [`TIME`] or a move of the cursor; `None` where it is neither.
    pub fn act(&mut self, world: &World, action: &Action) -> Option<Reply> {
        let line = &world.timeline;
        let at = self
            .cursor
            .map(|(_, cell)| f64::from(cell) / f64::from(self.parts.cells.max(1)));
        match *action {
            ZOOM_IN => self.scope.zoom(line, true, at),
            ZOOM_OUT => self.scope.zoom(line, false, at),
            EARLIER => self.scope.pan(line, true),
            LATER => self.scope.pan(line, false),
            FOCUS if world.focus.is_none() => {
                return Some(Reply::Say("select a process first".to_owned()));
            }
            FOCUS => self.focused = !self.focused,
            CURSOR_LEFT => self.step(0, -1),
            CURSOR_RIGHT => self.step(0, 1),
            _ if action == moves::UP => self.step(-1, 0),
            _ if action == moves::DOWN => self.step(1, 0),
            _ if action == moves::PAGE_UP => self.scroll(false),
            _ if action == moves::PAGE_DOWN => self.scroll(true),
            _ => return None,
        }
        Some(Reply::Done)
    }

    /// Moves the cursor; the first move shows it at the newest cell.
    fn step(&mut self, lanes: i32, cells: i32) {
        let last = i32::from(self.parts.cells) - 1;
        let Some((lane, cell)) = self.cursor else {
            self.cursor = Some((self.top, last.max(0) as u16));
            return;
        };
        let cell = (i32::from(cell) + cells).clamp(0, last.max(0)) as u16;
        let lane = lane
            .saturating_add_signed(lanes as isize)
            .min(self.lanes.saturating_sub(1));
        self.cursor = Some((lane, cell));
    }

    fn scroll(&mut self, on: bool) {
        let page = self.rows.len().max(1);
        self.top = if on {
            (self.top + page).min(self.lanes.saturating_sub(page))
        } else {
            self.top.saturating_sub(page)
        };
        if let Some((lane, _)) = &mut self.cursor {
            *lane = (*lane).clamp(self.top, self.top + page - 1);
        }
    }

    /// Takes the cursor away; says whether there was one.
    pub fn leave(&mut self) -> bool {
        self.cursor.take().is_some()
    }

    /// Answers the mouse: the cursor follows it, the wheel zooms.
    pub fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        let parts = self.parts;
        let inside = mouse.column >= parts.left && mouse.column < parts.left + parts.cells;
        match mouse.press {
            Press::WheelUp | Press::WheelDown if inside => {
                let at = f64::from(mouse.column - parts.left) / f64::from(parts.cells.max(1));
                let on = mouse.press == Press::WheelUp;
                self.scope.zoom(&world.timeline, on, Some(at));
                Reply::Done
            }
            Press::Left | Press::Drag | Press::Hover if inside && mouse.row >= parts.area.y => {
                let row = usize::from((mouse.row - parts.area.y) / parts.each.max(1));
                if row < self.rows.len() {
                    self.cursor = Some((self.top + row, mouse.column - parts.left));
                    return self.pressed(mouse);
                }
                Reply::Pass
            }
            _ => Reply::Pass,
        }
    }

    /// A click on a run selects its process.
    fn pressed(&self, mouse: Mouse) -> Reply {
        let Some((lane, cell)) = self.cursor.filter(|_| mouse.press == Press::Left) else {
            return Reply::Done;
        };
        let row = self.rows.get(lane - self.top);
        let cell = row.and_then(|r| r.cells.get(usize::from(cell)));
        match cell.and_then(|c| c.who.as_ref()) {
            Some(who) => Reply::Focus(who.id),
            None => Reply::Done,
        }
    }

    /// Whether nothing is known of other processes than the inspected one.
    fn idle_known(line: &Timeline) -> bool {
        line.origin != Origin::Own
    }
}

/// Threads have names of their own; a cell that holds many slices is called by their process.
fn name_processes(cells: &mut [Cell], snapshot: &Snapshot) {
    for cell in cells {
        if let Some(who) = &mut cell.who
            && who.tid.0 != who.id.pid.0
            && let Some(proc) = snapshot.get(who.id)
        {
            *who = Arc::new(Who {
                name: proc.facts.name.clone(),
                ..(**who).clone()
            });
        }
    }
}

/// How the slices are known, and which time is shown: the words of a title.
pub fn origin(picture: &Picture, world: &World) -> Vec<(String, Role)> {
    let line = &world.timeline;
    let role = match line.origin {
        Origin::Exact => Role::Good,
        _ => Role::Warn,
    };
    let words = picture.scope.words(line, picture.window);
    let mut out = vec![
        (line.origin.title().to_owned(), role),
        (format!(" · {words}"), Role::Dim),
    ];
    if line.lost > 0 {
        let lost = format!(" · {} events lost", line.lost);
        out.push((lost, Role::Bad));
    }
    if picture.focused {
        out.push((" · focus".to_owned(), Role::Accent));
    }
    out
}
