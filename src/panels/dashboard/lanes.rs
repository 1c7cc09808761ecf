//! The cores and memory on top of the dashboard: who had each core, or where that is not known, how busy it was.

mod explain;
mod memory;
mod meters;
pub mod picture;
mod strip;
pub mod summary;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::globals;
use crate::app::key::Mouse;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::machine::verdict::blind;
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::Origin;
use crate::model::text::width;
use crate::panels::charts::{self, Charts};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::frame;
use picture::{Picture, Seats};

static SPEC: Spec = Spec {
    name: "lanes",
    title: "Time sharing",
    about: "Who had each core and for how long, memory, and pressure.",
    place: Place::Top,
    needs: Needs::SWITCHES,
    actions: &[
        &picture::ZOOM_OUT,
        &picture::ZOOM_IN,
        &picture::EARLIER,
        &picture::LATER,
        &picture::PRESENT,
        &picture::FOCUS,
        &picture::CURSOR_LEFT,
        &picture::CURSOR_RIGHT,
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
    ],
};

/// What is drawn above the line of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// How busy each core was: nobody tells who had it.
    #[default]
    Meters,
    /// Who had each core.
    Lanes,
    /// One cell a core: there are too many for a row each.
    Strip,
}

/// The pane.
#[derive(Debug, Default)]
pub struct Lanes {
    kind: Kind,
    picture: Picture,
    /// The first row of meters or of the strip that is shown.
    top: u16,
    /// The last row that can be on top.
    last: u16,
    /// How many rows are shown.
    shown: u16,
    /// How wide the panel is inside.
    width: u16,
    charts: Charts,
}

/// From this width on the last minutes stand beside the cores: ten seconds of who, ten minutes of how much.
const BESIDE: u16 = 118;
/// So high is the pane then, where there is height.
const TALL: u16 = 8;
/// From this height of the screen on there is.
const HIGH: u16 = 11;
/// The most cells that the minutes take.
const WIDEST: u16 = 96;

/// Where the parts of the pane stand.
#[derive(Clone, Copy, Debug)]
struct Areas {
    cores: Rect,
    minutes: Rect,
    memory: Rect,
}

impl Lanes {
    fn split(mut inside: Rect) -> Areas {
        if inside.width >= 24 {
            inside.x += 1;
            inside.width -= 2;
        }
        let memory = u16::from(inside.height > 1);
        let cores = Rect {
            height: inside.height - memory,
            ..inside
        };
        let memory = Rect {
            y: inside.y + cores.height,
            height: memory,
            ..inside
        };
        let mut areas = Areas {
            cores,
            minutes: Rect::ZERO,
            memory,
        };
        if Self::is_beside(inside.width) && cores.height + 1 >= TALL {
            let wide = (cores.width * 2 / 5).min(WIDEST);
            areas.cores.width -= wide + 2;
            areas.minutes = Rect {
                x: areas.cores.right() + 2,
                width: wide,
                ..cores
            };
        }
        areas
    }

    /// Whether the last minutes stand beside the cores, in a pane of this width.
    fn is_beside(inside: u16) -> bool {
        inside >= BESIDE
    }

    /// What fits into `rows` rows without the line of memory.
    fn kind(world: &World, width: u16, rows: u16) -> Kind {
        let lanes = world.timeline.lanes.len();
        if lanes == 0 || world.timeline.origin == Origin::None {
            Kind::Meters
        } else if width >= 30 && Seats::new(lanes, width, rows).hold(lanes, rows) {
            Kind::Lanes
        } else {
            Kind::Strip
        }
    }
}

impl Panel for Lanes {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        plan.lane_pace = self.picture.pace();
        plan.glimpse = plan.glimpse.or(self.picture.glimpse());
        plan.needs |= self.picture.needs();
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.width = area.width;
        let Areas { cores, minutes, .. } = Self::split(area);
        self.charts
            .fit(world, &[&charts::CPU, &charts::PRESSURE], minutes);
        self.kind = Self::kind(world, cores.width, cores.height);
        if self.kind == Kind::Lanes {
            let right = picture::numbers_width(cores.width);
            self.picture.fit(world, cores, u16::MAX, right);
            return Reply::Pass;
        }
        let all = meters::rows(world, self.kind == Kind::Strip, cores.width, cores.height);
        self.shown = cores.height;
        self.last = all.saturating_sub(cores.height);
        self.top = self.top.min(self.last);
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if self.kind == Kind::Lanes {
            return self.picture.act(world, action).unwrap_or_default();
        }
        let page = self.shown.max(1);
        if action == moves::PAGE_UP || action == moves::UP {
            self.top = self.top.saturating_sub(page);
        } else if action == moves::PAGE_DOWN || action == moves::DOWN {
            self.top = (self.top + page).min(self.last);
        } else {
            return Reply::Say("there are no lanes here: the cores are shown as sums".to_owned());
        }
        Reply::Done
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        if self.kind == Kind::Lanes {
            self.picture.mouse(world, mouse)
        } else {
            Reply::Pass
        }
    }

    fn settle(&mut self) -> bool {
        self.picture.settle()
    }

    fn height(&self, world: &World, width: u16, most: u16) -> u16 {
        let beside = Self::is_beside(width.saturating_sub(2)) && most >= HIGH;
        let least = if beside { TALL } else { 0 };
        let width = if beside { width * 3 / 5 } else { width }.saturating_sub(2);
        let rows = most.saturating_sub(1);
        let lanes = Seats::new(world.timeline.lanes.len(), width, rows).high;
        match Self::kind(world, width, rows) {
            Kind::Lanes => {
                // As many rows for each as there are for all of them, axis and memory: none is left over. Where the screen
                // is low, the rows belong to the processes.
                let each = if most < HIGH { 1 } else { 2 };
                let each = (most.saturating_sub(2) / lanes.max(1)).clamp(1, each);
                (lanes * each + 2).min(most)
            }
            kind => meters::rows(world, kind == Kind::Strip, width, rows).min(rows) + 1,
        }
        .max(least)
    }

    fn title(&self, world: &World) -> Vec<(String, Role)> {
        let mut title = vec![("Time sharing ".to_owned(), Role::Title)];
        match self.kind {
            Kind::Meters if world.goes_on() => {
                title.push(("· shares of the last tick".to_owned(), Role::Dim));
            }
            Kind::Meters => {
                let when = world.when(world.snapshot.at);
                title.push((format!("· shares of the tick of {when}"), Role::Dim));
            }
            Kind::Lanes => title.extend(picture::origin(&self.picture, world)),
            Kind::Strip => {
                let second = if world.goes_on() {
                    "last 1 s".to_owned()
                } else {
                    format!("1 s until {}", world.when(world.timeline.now))
                };
                let told = format!("· who had each core longest, {second}");
                title.push((told, Role::Dim));
            }
        }
        title
    }

    fn buttons(&self, world: &World, outer: Rect) -> Vec<Button> {
        let (title, badge) = (self.title(world), self.badge(world));
        let (title, badge) = frame::title_cells(outer, &title, &badge);
        let first = title.into_iter().take(1);
        let view = first.map(|at| Button::act(at, &globals::VIEW_2));
        let verdict = badge
            .into_iter()
            .map(|at| Button::act(at, &globals::EXPLAIN));
        view.chain(verdict).collect()
    }

    fn badge(&self, world: &World) -> Vec<(String, Role)> {
        let title: usize = self.title(world).iter().map(|(text, _)| width(text)).sum();
        // Beside the title: corners, blanks, and a piece of the border between them.
        let room = usize::from(self.width).saturating_sub(title + 8);
        let Some(verdict) = &world.verdict else {
            let blind = blind::blind(&world.snapshot.system);
            let mut forms = blind::forms(&blind).into_iter().flatten();
            let form = forms.find(|form| width(form) <= room);
            return form.into_iter().map(|form| (form, Role::Dim)).collect();
        };
        let mut forms = verdict.forms(world.snapshot.at).into_iter();
        let fits = |(sentence, lasts): &(String, String)| width(sentence) + width(lasts) <= room;
        let Some((sentence, lasts)) = forms.find(fits) else {
            return Vec::new();
        };
        vec![(sentence, Role::Warn), (lasts, Role::Dim)]
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::dashboard::LANES]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let mut out = match self.kind {
            Kind::Lanes => picture::explain(world),
            Kind::Meters | Kind::Strip => Vec::new(),
        };
        out.extend(explain::lines());
        out
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let Areas {
            cores, memory: mem, ..
        } = Self::split(area);
        self.charts.draw(world, buf);
        match self.kind {
            Kind::Lanes => self.picture.draw(world, buf),
            kind => meters::draw(world, kind == Kind::Strip, cores, self.top, buf),
        }
        if mem.height > 0 {
            memory::draw(world, mem, buf);
        }
    }
}

#[cfg(test)]
pub(in crate::panels) mod tests;
