//! The tab Schedule: when the process had a core, how its slices ended, who took the core, and what the scheduler allows it.

mod facts;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::Kept;
use crate::app::action::Action;
use crate::app::key::Mouse;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::schedule::Schedule;
use crate::model::scheduling::timeline::Origin;
use crate::panels::dashboard::lanes::picture::{self, Picture};
use crate::panels::dashboard::lanes::summary::{self, SumLine};
use crate::panels::listing;
use crate::panels::words;

static SPEC: Spec = Spec {
    name: "schedule",
    title: "Schedule",
    about: "Its slices on every core, how long they are, how they end, and who takes the core from it.",
    place: Place::Tab,
    needs: Needs::SCHEDULE.union(Needs::SWITCHES),
    actions: &[
        moves::UP,
        moves::DOWN,
        &picture::ZOOM_OUT,
        &picture::ZOOM_IN,
        &picture::EARLIER,
        &picture::LATER,
        &picture::SLICE_BEFORE,
        &picture::SLICE_NEXT,
        &picture::PRESENT,
    ],
};

/// From this width on facts and slices stand side by side.
const BESIDE: u16 = 96;

/// The pane.
#[derive(Default)]
pub struct ScheduleTab {
    kept: Kept<Schedule>,
    picture: Picture,
    facts: Vec<SumLine>,
    slices: Vec<SumLine>,
    areas: [Rect; 3],
    top: usize,
}

impl ScheduleTab {
    /// Rows of a lane.
    fn each(area: Rect) -> u16 {
        if area.height >= 40 { 3 } else { 2 }
    }

    fn place(world: &World, area: Rect) -> [Rect; 3] {
        let known = world.timeline.origin != Origin::None;
        let lanes = world.timeline.lanes.len().min(64) as u16;
        let height = if known {
            (lanes * Self::each(area) + 2).min(area.height / 2)
        } else {
            0
        };
        let inside = Rect {
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(2),
            ..area
        };
        let lanes = Rect { height, ..inside };
        let below = Rect {
            y: inside.y + height,
            height: inside.height - height,
            ..inside
        };
        if area.width < BESIDE {
            return [lanes, below, Rect::default()];
        }
        let half = below.width / 2;
        let right = Rect {
            x: below.x + half + 1,
            width: below.width - half - 1,
            ..below
        };
        [
            lanes,
            Rect {
                width: half,
                ..below
            },
            right,
        ]
    }
}

impl Panel for ScheduleTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        plan.glimpse = plan.glimpse.or(self.picture.glimpse());
        plan.needs |= self.picture.needs();
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.kept.take(world, world.detail.schedule.as_ref());
        self.areas = Self::place(world, area);
        self.picture.focused = true;
        let right = picture::numbers_width(area.width).min(16);
        self.picture
            .fit(world, self.areas[0], Self::each(area), right);
        // The lanes are there before the facts, and stay while time stands still.
        self.facts = match self.kept.value() {
            Some(schedule) => facts::lines(schedule),
            None => vec![SumLine {
                label: self.kept.why(),
                ..SumLine::default()
            }],
        };
        self.slices = match (world.focus, self.picture.window()) {
            (Some(id), Some(window)) => summary::lines(world, id, window),
            _ => Vec::new(),
        };
        if self.areas[2].width == 0 {
            self.facts.push(SumLine::default());
            self.facts.append(&mut self.slices);
        }
        let lines = self.facts.len().max(self.slices.len());
        let last = lines.saturating_sub(usize::from(self.areas[1].height));
        self.top = self.top.min(last);
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if action == moves::UP {
            self.top = self.top.saturating_sub(1);
        } else if action == moves::DOWN {
            self.top += 1;
        } else {
            return self.picture.act(world, action).unwrap_or_default();
        }
        Reply::Done
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        self.picture.mouse(world, mouse)
    }

    fn status(&self, world: &World) -> String {
        let title = picture::origin(&self.picture, world);
        title
            .iter()
            .take(2)
            .map(|(text, _)| text.as_str())
            .collect()
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::process::SCHEDULE]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        picture::explain(world)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.kept.value().is_none() && self.slices.is_empty() && self.facts.len() < 2 {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        if self.areas[0].height > 0 {
            self.picture.draw(world, buf);
        }
        for (lines, area) in [(&self.facts, self.areas[1]), (&self.slices, self.areas[2])] {
            let lines = lines.get(self.top..).unwrap_or_default();
            summary::draw(&world.theme, lines, area, buf);
        }
    }
}

#[cfg(test)]
mod tests;
