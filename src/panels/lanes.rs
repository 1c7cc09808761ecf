//! The cores and memory on top of the dashboard: who had each core, or where that is not known, how busy it was.

mod memory;
mod meters;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget as _};

use crate::app::action::Action;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::theme::Role;

/// Scrolls the cores up.
pub const CORES_UP: Action = Action {
    name: "cores-up",
    about: "Show the cores before these",
    keys: &[crate::app::key::Key::of(crate::app::key::Code::PageUp)],
    hint: "",
};

/// Scrolls the cores down.
pub const CORES_DOWN: Action = Action {
    name: "cores-down",
    about: "Show the cores after these",
    keys: &[crate::app::key::Key::of(crate::app::key::Code::PageDown)],
    hint: "",
};

static SPEC: Spec = Spec {
    name: "lanes",
    title: "Time sharing",
    about: "Who had each core and for how long, memory, and pressure.",
    place: Place::Top,
    needs: Needs::empty(),
    actions: &[&CORES_UP, &CORES_DOWN],
};

/// How many rows the pane wants of a dashboard that has `area`: never more than a third of the height.
pub fn height(world: &World, area: Rect) -> u16 {
    let most = area.height / 3;
    if most < 2 {
        return 0;
    }
    let rows = meters::rows(
        world.snapshot.system.cores.len(),
        area.width.saturating_sub(4),
        most.saturating_sub(3),
    );
    (rows + 3).min(most)
}

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
    fn inside(area: Rect) -> Rect {
        if area.height < 3 || area.width < 8 {
            area
        } else {
            Rect {
                x: area.x + 2,
                y: area.y + 1,
                width: area.width - 4,
                height: area.height - 2,
            }
        }
    }

    fn split(inside: Rect) -> (Rect, Rect) {
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
        let (cores, _) = Self::split(Self::inside(area));
        let all = meters::rows(world.snapshot.system.cores.len(), cores.width, cores.height);
        self.shown = cores.height;
        self.last = all.saturating_sub(cores.height);
        self.top = self.top.min(self.last);
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        if *action == CORES_UP {
            self.top = self.top.saturating_sub(self.shown.max(1));
        } else if *action == CORES_DOWN {
            self.top = (self.top + self.shown.max(1)).min(self.last);
        } else {
            return Reply::Pass;
        }
        Reply::Done
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let inside = Self::inside(area);
        if inside != area {
            frame(world, area, buf);
        }
        let (cores, mem) = Self::split(inside);
        meters::draw(world, cores, self.top, buf);
        if mem.height > 0 {
            memory::draw(world, mem, buf);
        }
    }
}

fn frame(world: &World, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let border = if theme.glyphs.ascii {
        BorderType::Plain
    } else {
        BorderType::Rounded
    };
    let verdict = memory::verdict(world);
    let left = "Time sharing · shares of the last tick";
    let fits = left.len() + verdict.len() + 10 < usize::from(area.width);
    let mut block = Block::bordered()
        .border_type(border)
        .border_style(theme.style(Role::Border))
        .title(Line::from(vec![
            Span::styled(" Time sharing ", theme.style(Role::Title)),
            Span::styled("· shares of the last tick ", theme.style(Role::Dim)),
        ]));
    if fits && !verdict.is_empty() {
        block = block
            .title(Line::styled(format!(" {verdict} "), theme.style(Role::Warn)).right_aligned());
    }
    block.render(area, buf);
}

#[cfg(test)]
mod tests;
