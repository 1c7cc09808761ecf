//! View 2: the lanes of all cores, who had them in the shown time, and one process in particular.

mod sensors;
mod table;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lanes::picture::{self, Picture};
use super::lanes::summary::{self, SumLine};
use super::listing::{self, Content, Listing};
use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::timeline::{Origin, PidStats, Timeline, Window};
use crate::theme::Role;

/// Opens the selected process.
const INSPECT: Action = Action {
    name: "inspect-slices",
    about: "Inspects the slices of the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static SPEC: Spec = Spec {
    name: "view-cpu",
    title: "CPU",
    about: "Which process had each core, for how long, and who took it from whom.",
    place: Place::View(2),
    needs: Needs::SWITCHES.union(Needs::SENSORS),
    actions: &[
        &picture::CURSOR_LEFT,
        &picture::CURSOR_RIGHT,
        &picture::ZOOM_OUT,
        &picture::ZOOM_IN,
        &picture::EARLIER,
        &picture::LATER,
        &picture::FOCUS,
        &INSPECT,
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
        moves::SORT_LEFT,
        moves::SORT_RIGHT,
        moves::INVERT,
    ],
};

/// From this width on the selected process has a column of its own.
const BESIDE: u16 = 110;

/// The view.
pub struct ViewCpu {
    picture: Picture,
    list: Listing<ProcId>,
    found: Vec<PidStats>,
    keys: Vec<ProcId>,
    side: Vec<SumLine>,
    side_area: Rect,
    made: Option<Made>,
}

impl Default for ViewCpu {
    fn default() -> Self {
        let mut list = Listing::default();
        list.sheet.sort = table::SHARE;
        Self {
            picture: Picture::default(),
            list,
            found: Vec::new(),
            keys: Vec::new(),
            side: Vec::new(),
            side_area: Rect::default(),
            made: None,
        }
    }
}

/// What the table was made of.
struct Made {
    timeline: Arc<Timeline>,
    window: Window,
    sort: (usize, bool),
    chosen: Option<ProcId>,
}

impl ViewCpu {
    fn areas(world: &World, area: Rect) -> [Rect; 3] {
        let lanes = world.timeline.lanes.len().min(usize::from(u16::MAX / 4)) as u16;
        let most = (area.height * 3 / 5).max(1);
        let lanes = Rect {
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(2),
            height: (lanes.max(1) * 3 + 1).min(most),
            ..area
        };
        let below = Rect {
            y: lanes.bottom(),
            height: area.bottom().saturating_sub(lanes.bottom()),
            ..area
        };
        if area.width < BESIDE {
            return [lanes, below, Rect::default()];
        }
        let table = Rect {
            width: below.width * 3 / 5,
            ..below
        };
        let side = Rect {
            x: table.right() + 2,
            width: below.width - table.width - 2,
            ..below
        };
        [lanes, table, side]
    }

    fn make(&mut self, world: &World, window: Window) {
        let sort = (self.list.sheet.sort, self.list.sheet.inverted);
        let chosen = self.list.sheet.chosen().copied();
        let same = self.made.as_ref().is_some_and(|m| {
            Arc::ptr_eq(&m.timeline, &world.timeline) && m.window == window && m.sort == sort
        });
        if !same {
            self.found = world.timeline.by_process(window);
            table::order(&mut self.found, sort);
            self.keys = self.found.iter().map(|p| p.who.id).collect();
        }
        let side = self.made.as_ref().map(|m| m.chosen);
        if !same || side != Some(chosen) {
            let lines = chosen.map(|id| summary::lines(world, id, window));
            self.side = lines.unwrap_or_default();
        }
        self.made = Some(Made {
            timeline: Arc::clone(&world.timeline),
            window,
            sort,
            chosen,
        });
    }
}

impl Panel for ViewCpu {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let [lanes, below, side] = Self::areas(world, area);
        self.side_area = side;
        let right = picture::numbers_width(lanes.width);
        self.picture.fit(world, lanes, 3, right);
        let Some(window) = self.picture.window() else {
            return Reply::Pass;
        };
        self.make(world, window);
        let (found, seconds) = (&self.found, window.span().seconds());
        let name = |i: usize| table::name(world, &found[i]);
        let content = Content {
            head: vec![sensors::line(world), head(world, window)],
            foot: &|_| Vec::new(),
            titles: true,
            keys: &self.keys,
            matches: &|i, needle| name(i).to_lowercase().contains(&needle.to_lowercase()),
            row: &|i| table::row(world, &found[i], &name(i), seconds),
        };
        self.list.fit(below, content);
        // The first fit chooses the first row.
        if self.made.as_ref().map(|m| m.chosen) != Some(self.list.sheet.chosen().copied()) {
            self.make(world, window);
        }
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            let chosen = self.list.sheet.chosen();
            return chosen.map_or(Reply::Done, |id| Reply::Inspect(*id, "schedule"));
        }
        if picture::TIME.contains(&action)
            || *action == picture::CURSOR_LEFT
            || *action == picture::CURSOR_RIGHT
        {
            if *action == picture::FOCUS
                && let Some(id) = self.list.sheet.chosen()
            {
                self.picture.focused = !self.picture.focused;
                return Reply::Focus(*id);
            }
            return self.picture.act(world, action).unwrap_or_default();
        }
        self.list.act(action, table::COLUMNS)
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

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        match self.picture.mouse(world, mouse) {
            Reply::Pass => self.list.mouse(mouse, table::COLUMNS),
            Reply::Focus(id) => {
                self.list.sheet.choose(id);
                Reply::Focus(id)
            }
            other => other,
        }
    }

    fn title(&self, world: &World) -> Vec<(String, Role)> {
        let mut title = vec![("Time sharing ".to_owned(), Role::Title)];
        title.extend(picture::origin(&self.picture, world));
        title
    }

    fn status(&self, world: &World) -> String {
        let system = &world.snapshot.system;
        let rate = system.switches.map_or("–".to_owned(), format::per_second);
        format!("{rate} switches/s · {} running", system.running)
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let mut words = table::words();
        words.extend(sensors::explain(world));
        words
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if world.timeline.origin == Origin::None {
            let why = "not known yet who has the cores";
            listing::empty(&world.theme, area, why, buf);
            return;
        }
        self.picture.draw(world, buf);
        self.list
            .render(world, table::COLUMNS, table::is_descending, buf);
        let side = Rect {
            y: self.side_area.y + 1,
            height: self.side_area.height.saturating_sub(1),
            ..self.side_area
        };
        if self.side_area.width > 0 {
            summary::draw(&world.theme, &self.side, side, buf);
        }
    }
}

/// What the table is about.
fn head(world: &World, window: Window) -> listing::Parts {
    let line = &world.timeline;
    let run: u64 = line
        .lanes
        .iter()
        .map(|l| l.total(window, line.origin).run.0)
        .sum();
    let all = window.span().0.max(1) as f64 * line.lanes.len().max(1) as f64;
    let busy = run as f64 * 100.0 / all;
    let mut parts = vec![
        ("Who had the cores ".to_owned(), Role::Title),
        (
            format!("in these {}", picture::rounded(Nanos(window.span().0))),
            Role::Dim,
        ),
    ];
    if line.origin != Origin::Own {
        parts.push((
            format!(" · busy {busy:.1}% · idle {:.1}%", (100.0 - busy).max(0.0)),
            Role::Dim,
        ));
    }
    parts
}

#[cfg(test)]
mod tests;
