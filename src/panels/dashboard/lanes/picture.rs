//! The lanes of some cores with their axis, cursor and numbers: shared by the dashboard, the view of the cores and the inspector.

mod before;
mod cursor;
mod draw;
mod numbers;
mod reading;
mod ready;
mod scope;
mod seats;
mod title;

use std::collections::HashMap;
use std::sync::Arc;

use ratatui::layout::Rect;

use crate::app::action::{Action, actions};
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::machine::core_share::CoreShare;
use crate::model::plan::{Glimpse, Needs};
use crate::model::process::called::called;
use crate::model::scheduling::timeline::{
    Cell, Lane, Origin, Tally, Timeline, Waited, Who, Window,
};
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::widgets::lane;

pub use numbers::{at_least, numbers_width};
pub use scope::{Scope, rounded};
pub use seats::Seats;
pub use title::{explain, origin, unknown};

actions! {
    /// A shorter span of time.
    ZOOM_IN "lanes-zoom-in" [Key::char(']')] "Shows a shorter time across the lanes, down to 1 ms" "zoom";
    /// A longer span of time.
    ZOOM_OUT "lanes-zoom-out" [Key::char('[')] "Shows a longer time across the lanes, up to 60 s" "zoom";
    /// Earlier.
    EARLIER "lanes-earlier" [Key::char('{')] "Pans the lanes back in time" "pan";
    /// Later.
    LATER "lanes-later" [Key::char('}')] "Pans the lanes forward in time, at last to now" "pan";
    /// Back to the present.
    PRESENT "lanes-now" [Key::char('0')] "Lets the lanes follow the present again, without a cursor" "";
    /// Only the selected process in colour.
    FOCUS "lanes-focus" [Key::char('v')] "Leaves only the selected process its colour in the lanes, or gives it back to all" "focus";
    /// Cursor to the left.
    CURSOR_LEFT "lanes-cursor-left" [Key::of(Code::Left), Key::char('h')] "Moves the cursor of the lanes back in time" "cursor";
    /// Cursor to the right.
    CURSOR_RIGHT "lanes-cursor-right" [Key::of(Code::Right), Key::char('l')] "Moves the cursor of the lanes forward in time" "cursor";
}

actions! {
    /// The slice of the process after the cursor.
    SLICE_NEXT "lanes-slice-next" [Key::char('n')] "Goes to the next slice of the process, and says who made it ready" "slice";
    /// The slice before it.
    SLICE_BEFORE "lanes-slice-before" [Key::char('N')] "Goes to the slice of the process before, and says who made it ready" "slice";
}

/// What zooms and pans wherever lanes are shown.
pub const TIME: [&Action; 6] = [&ZOOM_IN, &ZOOM_OUT, &EARLIER, &LATER, &PRESENT, &FOCUS];

/// One lane as it is shown.
#[derive(Debug)]
pub struct Row {
    /// Which core.
    pub cpu: CpuId,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Its sums in the shown window.
    pub total: Tally,
    /// How much of the window is known of it.
    pub known: Nanos,
    /// How long threads waited for it in the shown window.
    pub waited: Waited,
    /// Its shares: of the last tick, or of the shown window where that is not the present.
    pub share: Option<CoreShare>,
    /// Where threads were ready and waited for it.
    pub ready: Vec<ready::Mark>,
    /// How the core spent its time around each cell.
    pub spent: Vec<Option<CoreShare>>,
    /// How busy it was in the minute before the right end, percent; none where there is no room for it.
    pub history: Vec<(Nanos, Option<f64>)>,
    /// Whether something is marked below its cells.
    pub marked: bool,
    /// Whether the core is offline.
    pub offline: bool,
    /// Its frequency, where known.
    pub khz: Option<u32>,
}

/// Where the parts of the picture stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    /// Where the cells begin, and how many there are.
    left: u16,
    cells: u16,
    /// Rows of the screen a lane, and how many of the upper lanes have one more: no row stays empty.
    each: u16,
    more: u16,
    /// Whether there is a line for axis or reading below.
    axis: bool,
    area: Rect,
    seats: Seats,
}

/// From this width on a bucket usually holds several slices.
const PROCESSES: Nanos = Nanos::from_millis(1);

/// For so long what the cursor reads out stays where nobody moves it.
const READ: Nanos = Nanos(10_000_000_000);

/// For so long a lane keeps its row for marks after the last one: else it would grow and shrink with every mark that comes.
pub(super) const MARKED: Nanos = Nanos(10_000_000_000);

/// From so many rows a lane on its numbers are those of the shown window in full.
const DETAILED: u16 = 3;

/// Lanes with their state.
#[derive(Debug, Default)]
pub struct Picture {
    /// What time is shown.
    pub scope: Scope,
    /// Whether only the selected process is in colour.
    pub focused: bool,
    /// The cursor: a lane counted from the first one, and a cell.
    cursor: Option<(usize, u16)>,
    /// Where it was when it was seen last, and since when it is there.
    rested: Option<((usize, u16), Nanos)>,
    /// The moment that was clicked last, and whether the cursor is still to go there.
    pointed: (Option<Nanos>, bool),
    /// The first lane that is shown.
    top: usize,
    lanes: usize,
    rows: Vec<Row>,
    /// When something was last marked below a core's lane.
    marked: HashMap<CpuId, Nanos>,
    parts: Parts,
    window: Option<Window>,
    bucket: Nanos,
    reading: String,
    /// From who made the thread at the cursor ready.
    arrow: Option<ready::Arrow>,
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
    /// How many rows of the screen the cells of a shown lane take.
    pub(super) fn body(&self, place: usize) -> u16 {
        let marked = self.rows.get(place).is_some_and(|row| row.marked);
        lane::body(self.parts.tall(place), marked)
    }

    /// How often a new view is worth drawing: about twenty times over the span, within reason.
    pub fn pace(&self) -> Nanos {
        Nanos(self.scope.span().0 / 20).clamp(Nanos::from_millis(100), Nanos::from_millis(500))
    }

    /// What is to be read for the shown span beside the switches.
    pub fn needs(&self) -> Needs {
        if self.scope.asks_why() {
            Needs::WAKE_UPS
        } else {
            Needs::empty()
        }
    }

    /// Whether single slices are looked at.
    pub fn glimpse(&self) -> Glimpse {
        if self.scope.is_close() {
            Glimpse::Each
        } else {
            Glimpse::No
        }
    }

    /// The window that is shown.
    pub fn window(&self) -> Option<Window> {
        self.window
    }

    /// What is drawn: everybody's time, or with the focus on one process what is known best of that one.
    pub fn line<'w>(&self, world: &'w World) -> &'w Timeline {
        match world.focus.filter(|_| self.focused) {
            Some(id) => world.timeline.about(id),
            None => &world.timeline,
        }
    }

    /// Prepares the lanes for `area`, `each` rows a lane, at most; `right` cells are kept for numbers.
    pub fn fit(&mut self, world: &World, area: Rect, each: u16, right: u16) {
        self.lanes = self.line(world).lanes.len();
        self.rest(world);
        let seats = Seats::new(self.lanes, area.width, area.height);
        let right = if seats.width < area.width {
            numbers_width(0)
        } else {
            right
        };
        let label = 6.min(area.width);
        let high = seats.high;
        // Where each lane has just a row, the axis makes room until the cursor reads something out.
        let axis = high != area.height || self.cursor.is_some();
        let room = area.height - u16::from(axis && area.height > 1);
        let most = each.max(1);
        let each = (room / high.max(1)).clamp(1, most);
        let seats = Seats {
            high: high.min(room / each).max(1),
            ..seats
        };
        let left = room.saturating_sub(seats.high * each);
        let more = if each < most { left.min(seats.high) } else { 0 };
        self.parts = Parts {
            left: area.x + label,
            cells: seats.width.saturating_sub(label + right),
            each,
            more,
            axis: axis && area.height > 1,
            area,
            seats,
        };
        let shown = seats.count(room / each).min(self.lanes);
        self.top = self.top.min(self.lanes - shown);
        if let Some((lane, cell)) = &mut self.cursor {
            *lane = (*lane).min(self.lanes.saturating_sub(1));
            *cell = (*cell).min(self.parts.cells.saturating_sub(1));
            let first = (*lane + 1).saturating_sub(shown.max(1));
            self.top = self.top.clamp(first, *lane);
        }
        let focus = world.focus.filter(|_| self.focused);
        let pointed = world.time.pointed;
        if self.pointed.0 != pointed {
            self.pointed = (pointed, pointed.is_some());
        }
        if self.is_current(world, focus) && !self.pointed.1 {
            return;
        }
        self.prepare(world, focus, shown);
        self.seen = Some(Seen {
            timeline: Arc::clone(&world.timeline),
            tick: world.snapshot.at,
            parts: self.parts,
            scope: self.scope,
            focus,
            top: self.top,
            cursor: self.cursor,
        });
    }

    /// The cursor goes away by itself where time goes on and nobody moved it for a while.
    fn rest(&mut self, world: &World) {
        let now = world.snapshot.at;
        self.rested = match (self.cursor, self.rested) {
            (None, _) => None,
            (Some(at), Some((there, since))) if at == there => Some((there, since)),
            (Some(at), _) => Some((at, now)),
        };
        let stands = self
            .rested
            .is_some_and(|(_, since)| now.since(since) > READ);
        if stands && world.paused.is_none() && self.scope.is_live() {
            (self.cursor, self.rested) = (None, None);
        }
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
        let line = self.line(world);
        let n = self.parts.cells.max(1);
        let (window, bucket) = self.scope.window(line, n);
        (self.window, self.bucket) = (Some(window), bucket);
        self.follow();
        let cores = &world.snapshot.system.cores;
        let lanes = line.lanes.iter().skip(self.top).take(shown);
        let by_process = bucket >= PROCESSES;
        let look = lane::Look::new(&world.theme, focus);
        let live = self.scope.is_live() && self.parts.each < DETAILED;
        let now = world.snapshot.at;
        let mut marked = std::mem::take(&mut self.marked);
        marked.retain(|_, at| now.0.abs_diff(at.0) <= MARKED.0);
        self.rows = lanes
            .map(|lane| {
                let core = cores.binary_search_by_key(&lane.cpu, |c| c.id).ok();
                let mut cells = lane.cells(line.origin, window.from, bucket, usize::from(n), focus);
                before::earlier(&mut cells, world, lane, window.from, bucket, focus);
                before::otherwise(&mut cells, world, lane, window.from, bucket, focus);
                if by_process {
                    name_processes(&mut cells, &world.snapshot);
                }
                let tick = core.and_then(|i| cores[i].share.ok());
                let whole = lane.spent_in(window);
                let spent = spent(lane, window.from, bucket, n);
                if look.marks(&cells, &spent) {
                    marked.insert(lane.cpu, now);
                }
                Row {
                    cpu: lane.cpu,
                    marked: marked.contains_key(&lane.cpu),
                    cells,
                    total: lane.total(window, line.origin),
                    known: lane.known(window, line.origin),
                    waited: line.waited_on(lane, window),
                    share: if live { tick.or(whole) } else { whole.or(tick) },
                    ready: ready::marks(lane, window, bucket, focus),
                    spent,
                    history: if self.parts.each < DETAILED {
                        Vec::new()
                    } else {
                        history(lane, window.to)
                    },
                    offline: lane.is_offline(),
                    khz: core.and_then(|i| cores[i].khz.ok()),
                }
            })
            .collect();
        self.marked = marked;
        (self.reading, self.arrow) = match self.cursor {
            Some((lane, cell)) => self.read(line, lane, cell),
            None => (String::new(), None),
        };
    }

    /// Zooms around `at`, a share of the shown time; says where samples tell no more.
    fn zoom(&mut self, line: &Timeline, shorter: bool, at: Option<f64>) -> Reply {
        let coarse = shorter && !self.scope.shortens(line, self.parts.cells);
        let close = line.origin == Origin::Summed && self.scope.is_close();
        if coarse && !close {
            let why = if line.origin == Origin::Summed {
                self.scope.close_up();
                "the machine switches so often that sums are kept: single slices are told for a moment of each second"
            } else {
                "the cores are sampled: they do not tell of shorter times"
            };
            return Reply::Say(why.to_owned());
        }
        if let Some(window) = self.window.filter(|_| !close) {
            self.scope.reach(window.span());
        }
        self.scope.zoom(line, shorter, at);
        Reply::Done
    }

    /// Answers one of [`TIME`] or a move of the cursor; `None` where it is neither.
    pub fn act(&mut self, world: &World, action: &Action) -> Option<Reply> {
        let line = self.line(world);
        let at = self
            .cursor
            .map(|(_, cell)| f64::from(cell) / f64::from(self.parts.cells.max(1)));
        match *action {
            ZOOM_IN | ZOOM_OUT => return Some(self.zoom(line, *action == ZOOM_IN, at)),
            EARLIER => self.scope.pan(line, true),
            LATER => self.scope.pan(line, false),
            PRESENT => {
                self.settle();
            }
            FOCUS if world.focus.is_none() => {
                return Some(Reply::Say("select a process first".to_owned()));
            }
            FOCUS => self.focused = !self.focused,
            CURSOR_LEFT => self.step(0, -1),
            CURSOR_RIGHT => self.step(0, 1),
            SLICE_NEXT | SLICE_BEFORE => return Some(self.hop(world, *action == SLICE_BEFORE)),
            _ if action == moves::UP => self.step(-1, 0),
            _ if action == moves::DOWN => self.step(1, 0),
            _ if action == moves::PAGE_UP => self.scroll(false),
            _ if action == moves::PAGE_DOWN => self.scroll(true),
            _ => return None,
        }
        Some(Reply::Done)
    }
}

/// Threads have names of their own; a cell that holds many slices is called by their process, and by what that runs.
fn name_processes(cells: &mut [Cell], snapshot: &Snapshot) {
    for cell in cells {
        if let Some(who) = &mut cell.who
            && let Some(proc) = snapshot.get(who.id)
        {
            let called = called(proc);
            if who.name.as_str() != called {
                *who = Arc::new(Who {
                    name: SafeText::from(called.into_owned()),
                    ..(**who).clone()
                });
            }
        }
    }
}

/// Columns of the history, and the time of each.
const HISTORY: (u64, Nanos) = (12, Nanos::from_millis(5000));

/// How busy the core was in the minute before `to`, on a grid of time.
fn history(lane: &Lane, to: Nanos) -> Vec<(Nanos, Option<f64>)> {
    let (columns, each) = (HISTORY.0, HISTORY.1.0);
    let last = to.0.div_ceil(each);
    let column = |i: u64| {
        let from = Nanos(last.saturating_sub(columns - i) * each);
        let to = Nanos((from.0 + each).min(to.0));
        let spent = lane.spent_in(Window { from, to });
        (
            to,
            spent
                .filter(|_| last >= columns - i)
                .map(|s| f64::from(s.busy())),
        )
    };
    (0..columns).map(column).collect()
}

/// How the core spent its time around each of `n` cells.
fn spent(lane: &Lane, from: Nanos, bucket: Nanos, n: u16) -> Vec<Option<CoreShare>> {
    let cell = |i: u16| {
        let from = Nanos(from.0 + bucket.0 * u64::from(i));
        let to = Nanos(from.0 + bucket.0);
        lane.spent_in(Window { from, to })
    };
    (0..n).map(cell).collect()
}
