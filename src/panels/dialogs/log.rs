//! The event log: what was done to processes, what became of it, and how those ended that were looked at, with the time of day.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::hints;
use super::scroll::{self, Scroll};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::key::{Key, Mouse};
use crate::app::log::Entry;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::wrap;
use crate::recording::when;
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
    about: "What was done to processes, what became of it, and how those ended that were looked at.",
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
    scroll: Scroll,
    /// It opens at its newest line.
    opened: bool,
}

/// How wide a line may be.
const WIDTH: u16 = 110;
/// Where what happened begins, after the time of day.
const INDENT: usize = 10;

/// The lines of a log as they fit a screen: what is long goes on below, since what matters may stand at its end.
fn lines(world: &World, screen: Rect) -> Vec<Vec<(String, Role)>> {
    let room = usize::from(popup::content(popup::area(screen, WIDTH, 1)).width);
    let wrapped = |entry| parts(world, entry, room.saturating_sub(INDENT).max(1));
    world.log.entries().flat_map(wrapped).collect()
}

fn outer(screen: Rect, lines: usize) -> Rect {
    popup::area(screen, WIDTH, (lines.clamp(1, 20)) as u16)
}

impl Panel for EventLog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&LOG]
    }

    fn open(&mut self, _: &World, _: &'static Action) -> Reply {
        self.opened = true;
        Reply::Done
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        let lines = lines(world, screen).len();
        if std::mem::take(&mut self.opened) {
            self.scroll.end();
        }
        let rows = popup::content(outer(screen, lines)).height;
        self.scroll.fit(lines, usize::from(rows));
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        match action.name {
            n if n == moves::UP.name => self.scroll.by(-1),
            n if n == moves::DOWN.name => self.scroll.by(1),
            n if n == moves::PAGE_UP.name => self.scroll.page(-1),
            n if n == moves::PAGE_DOWN.name => self.scroll.page(1),
            n if n == moves::FIRST.name => self.scroll.home(),
            _ => self.scroll.end(),
        }
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        self.scroll.mouse(mouse)
    }

    fn buttons(&self, world: &World, screen: Rect) -> Vec<Button> {
        let outer = outer(screen, lines(world, screen).len());
        hints::status(outer, SPEC.title, &self.scroll.status())
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let all = lines(world, screen);
        let area = popup::draw(
            theme,
            outer(screen, all.len()),
            SPEC.title,
            &self.scroll.status(),
            buf,
        );
        let row = |i: usize| scroll::row(area, i);
        if all.is_empty() {
            let nothing = [(
                "nothing was done to any process yet, and none that was looked at has ended"
                    .to_owned(),
                Role::Dim,
            )];
            line::draw(theme, row(0), &nothing, Modifier::empty(), buf);
        }
        let shown = self.scroll.shown();
        let visible = all.iter().skip(shown.start).take(shown.len());
        for (i, parts) in visible.enumerate() {
            line::draw(theme, row(i), parts, Modifier::empty(), buf);
        }
    }
}

fn parts(world: &World, entry: &Entry, room: usize) -> Vec<Vec<(String, Role)>> {
    let role = if entry.bad { Role::Warn } else { Role::Text };
    let clock = when::clock(entry.unix_ms as i64, &world.snapshot.machine.zone);
    let mut head = format!("{clock}  ");
    let line = |text| {
        let head = std::mem::replace(&mut head, " ".repeat(INDENT));
        vec![(head, Role::Dim), (text, role)]
    };
    wrap(&entry.text, room).into_iter().map(line).collect()
}
