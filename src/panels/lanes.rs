//! The cores and memory on top of the dashboard: who had each core, or where that is not known, how busy it was.

mod explain;
mod memory;
mod meters;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::theme::Role;

static SPEC: Spec = Spec {
    name: "lanes",
    title: "Time sharing",
    about: "Who had each core and for how long, memory, and pressure.",
    place: Place::Top,
    needs: Needs::SWITCHES,
    actions: &[moves::PAGE_UP, moves::PAGE_DOWN],
};

/// The pane.
#[derive(Debug, Default)]
pub struct Lanes {
    /// The first row of cores that is shown.
    top: u16,
    /// The last row of cores that can be on top.
    last: u16,
    /// How many rows of cores are shown.
    shown: u16,
}

impl Lanes {
    fn split(mut inside: Rect) -> (Rect, Rect) {
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
        (cores, memory)
    }
}

impl Panel for Lanes {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let (cores, _) = Self::split(area);
        let all = meters::rows(world.snapshot.system.cores.len(), cores.width, cores.height);
        self.shown = cores.height;
        self.last = all.saturating_sub(cores.height);
        self.top = self.top.min(self.last);
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        if action == moves::PAGE_UP {
            self.top = self.top.saturating_sub(self.shown.max(1));
        } else if action == moves::PAGE_DOWN {
            self.top = (self.top + self.shown.max(1)).min(self.last);
        } else {
            return Reply::Pass;
        }
        Reply::Done
    }

    fn height(&self, world: &World, _: u16) -> u16 {
        let cores = world.snapshot.system.cores.len();
        cores.min(usize::from(u16::MAX - 1)) as u16 + 1
    }

    fn title(&self, world: &World) -> Vec<(String, Role)> {
        let _ = world;
        vec![
            ("Time sharing ".to_owned(), Role::Title),
            ("· shares of the last tick".to_owned(), Role::Dim),
        ]
    }

    fn badge(&self, world: &World) -> Vec<(String, Role)> {
        let verdict = world.verdict.as_ref();
        verdict
            .map(|v| (v.sentence(), Role::Warn))
            .into_iter()
            .collect()
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        explain::lines(world)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let (cores, mem) = Self::split(area);
        meters::draw(world, cores, self.top, buf);
        if mem.height > 0 {
            memory::draw(world, mem, buf);
        }
    }
}

#[cfg(test)]
mod tests;
