//! The event log: what was done to processes and what became of it, with the time of day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::action::Action;
use crate::app::key::{Key, Mouse, Press};
use crate::app::log::Entry;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::theme::Role;
use crate::widgets::{line, popup};

/// Opens it.
pub const LOG: Action = Action {
    name: "log",
    about: "Shows what was done to processes and what became of it",
    keys: &[Key::char('L')],
    hint: "",
};

static SPEC: Spec = Spec {
    name: "log",
    title: "Event log",
    about: "What was done to processes and what became of it.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::FIRST,
        moves::LAST,
    ],
};

/// The log on the screen.
#[derive(Default)]
pub struct EventLog {
    /// Lines below the last visible one.
    below: usize,
    rows: usize,
}

fn outer(screen: Rect, lines: usize) -> Rect {
    popup::area(screen, 92, (lines.clamp(1, 20)) as u16)
}

impl EventLog {
    fn go(&mut self, lines: usize, action: &Action) {
        self.below = match action.name {
            n if n == moves::UP.name => self.below + 1,
            n if n == moves::DOWN.name => self.below.saturating_sub(1),
            n if n == moves::PAGE_UP.name => self.below + self.rows,
            n if n == moves::PAGE_DOWN.name => self.below.saturating_sub(self.rows),
            n if n == moves::FIRST.name => lines,
            _ => 0,
        };
    }
}

impl Panel for EventLog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&LOG]
    }

    fn open(&mut self, _: &World, _: &'static Action) -> Reply {
        *self = Self::default();
        Reply::Done
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        let lines = world.log.entries().len();
        self.rows = popup::content(outer(screen, lines)).height as usize;
        self.below = self.below.min(lines.saturating_sub(self.rows));
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        self.go(world.log.entries().len(), action);
        Reply::Done
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.go(world.log.entries().len(), moves::UP),
            Press::WheelDown => self.go(world.log.entries().len(), moves::DOWN),
            Press::Left => return Reply::Close,
            _ => {}
        }
        Reply::Done
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let entries = world.log.entries();
        let lines = entries.len();
        let status = if self.below > 0 {
            format!("{} newer below", self.below)
        } else {
            "Esc closes".to_owned()
        };
        let area = popup::draw(theme, outer(screen, lines), SPEC.title, &status, buf);
        let row = |i: usize| Rect {
            y: area.y + i as u16,
            height: u16::from(i < area.height as usize),
            ..area
        };
        if lines == 0 {
            let nothing = [("nothing was done to any process yet".to_owned(), Role::Dim)];
            line::draw(theme, row(0), &nothing, Modifier::empty(), buf);
        }
        let first = lines.saturating_sub(self.below + self.rows);
        for (i, entry) in entries.skip(first).take(self.rows).enumerate() {
            line::draw(theme, row(i), &parts(world, entry), Modifier::empty(), buf);
        }
    }
}

fn parts(world: &World, entry: &Entry) -> Vec<(String, Role)> {
    let role = if entry.bad { Role::Warn } else { Role::Text };
    let local = (entry.unix_ms / 1000) as i64 + i64::from(world.snapshot.machine.utc_offset);
    let second = local.rem_euclid(86_400);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    vec![
        (format!("{h:02}:{m:02}:{s:02}  "), Role::Dim),
        (entry.text.clone(), role),
    ]
}
