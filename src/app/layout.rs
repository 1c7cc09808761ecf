//! Which panes of the dashboard stand where and how large they are, as a person chose it by keys, by the mouse or in the file.

use super::App;
use super::action::Action;
use super::globals as g;
use super::key::{Mouse, Press};
use super::panel::Place;
use super::world::Page;

/// Where the inspector stands on the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inspector {
    /// Beside the list, where there is width; below it where there is only height.
    #[default]
    Beside,
    /// Below the list.
    Below,
    /// Nowhere: it fills the screen when it is asked for.
    Alone,
}

impl Inspector {
    pub(super) const ALL: [(Self, &str); 3] = [
        (Self::Beside, "beside"),
        (Self::Below, "below"),
        (Self::Alone, "alone"),
    ];

    pub(super) fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(one, _)| *one == self);
        found.map_or("beside", |(_, name)| name)
    }
}

/// How the dashboard is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where the inspector stands.
    pub inspector: Inspector,
    /// How much of the room beside or above the inspector the list has, in hundredths of a percent: a border that is drawn
    /// stands where the pointer is, on the widest screen.
    pub list: u16,
    /// How many rows the cores have more than they would take by themselves.
    pub cores: u16,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            inspector: Inspector::Beside,
            list: 57 * PERCENT,
            cores: 0,
        }
    }
}

/// A percent of the room.
pub const PERCENT: u16 = 100;
/// The least and the most of the list, percent, and by how much a key changes it.
pub(super) const LIST: [u16; 2] = [20, 80];
const STEP: u16 = 3;
/// The most rows that the cores get more.
pub(super) const CORES: u16 = 40;

/// A border that is being drawn along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drag {
    /// Between the list and the inspector at its right; whether it was taken at the edge of the inspector.
    Across(bool),
    /// Between the list and the inspector below it.
    Down,
    /// Below the cores: the row where it was taken, and how many rows they had more then.
    Cores(u16, u16),
}

impl App {
    /// Answers the keys of the layout; says whether it was one.
    pub(super) fn lay_out(&mut self, action: &Action) -> bool {
        let layout = &mut self.world.settings.layout;
        match *action {
            g::LAYOUT => {
                let at = Inspector::ALL
                    .iter()
                    .position(|(one, _)| *one == layout.inspector);
                let (next, name) =
                    Inspector::ALL[at.map_or(0, |at| (at + 1) % Inspector::ALL.len())];
                layout.inspector = next;
                self.say(format!("the inspector stands {name}"), false);
            }
            g::LIST_LARGER => layout.list = (layout.list + STEP * PERCENT).min(LIST[1] * PERCENT),
            g::LIST_SMALLER => {
                layout.list = (layout.list - STEP * PERCENT).max(LIST[0] * PERCENT);
            }
            g::CORES_LARGER => layout.cores = (layout.cores + 1).min(CORES),
            g::CORES_SMALLER => layout.cores = layout.cores.saturating_sub(1),
            _ => return false,
        }
        true
    }

    /// Lets the mouse draw a border: says whether it did.
    pub(super) fn draw_border(&mut self, mouse: Mouse) -> bool {
        match mouse.press {
            Press::Left => {
                self.drag = self.border(mouse);
                self.drag.is_some()
            }
            Press::Drag => match self.drag {
                Some(drag) => {
                    self.draw_to(drag, mouse);
                    true
                }
                None => false,
            },
            _ => {
                self.drag = None;
                false
            }
        }
    }

    fn outer(&self, of: impl Fn(Place) -> bool) -> Option<ratatui::layout::Rect> {
        let mut placed = self.placed.iter();
        let found = placed.find(|p| of(self.panels[p.panel].spec().place));
        found.map(|p| p.outer)
    }

    /// Which border is under the mouse.
    fn border(&self, mouse: Mouse) -> Option<Drag> {
        if self.world.page != Page::Dashboard {
            return None;
        }
        let list = self.outer(|place| place == Place::List)?;
        let (x, y) = (mouse.column, mouse.row);
        if let Some(tab) = self.outer(|place| place == Place::Tab) {
            let edges = (tab.y + 1)..tab.bottom().saturating_sub(1);
            if tab.x == list.right() && (x + 1 == tab.x || x == tab.x) && edges.contains(&y) {
                return Some(Drag::Across(x == tab.x));
            }
            if tab.y == list.bottom() && y + 1 == tab.y {
                return Some(Drag::Down);
            }
        }
        let top = self.outer(|place| place == Place::Top)?;
        (y + 1 == top.bottom()).then_some(Drag::Cores(y, self.world.settings.layout.cores))
    }

    fn draw_to(&mut self, drag: Drag, mouse: Mouse) {
        let list = self.outer(|place| place == Place::List);
        let tab = self.outer(|place| place == Place::Tab);
        // Rounded up, so that what is rounded down of it is the cell that was meant.
        let share = |from: u16, at: u16, all: u16| {
            let whole = u32::from(100 * PERCENT);
            let share =
                (u32::from(at.saturating_sub(from)) * whole).div_ceil(u32::from(all.max(1)));
            (share.min(whole) as u16).clamp(LIST[0] * PERCENT, LIST[1] * PERCENT)
        };
        let layout = &mut self.world.settings.layout;
        match (drag, list, tab) {
            (Drag::Across(of_tab), Some(list), Some(tab)) => {
                let end = mouse.column + u16::from(!of_tab);
                layout.list = share(list.x, end, list.width + tab.width);
            }
            (Drag::Down, Some(list), Some(tab)) => {
                layout.list = share(list.y, mouse.row + 1, list.height + tab.height);
            }
            (Drag::Cores(from, cores), ..) => {
                let wanted = i32::from(cores) + i32::from(mouse.row) - i32::from(from);
                layout.cores = wanted.clamp(0, i32::from(CORES)) as u16;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::choice::Value;
    use crate::app::event::Event;
    use crate::app::world::Settings;
    use crate::theme::{Depth, Theme};
    use ratatui::layout::Rect;

    const SCREEN: Rect = Rect::new(0, 0, 160, 48);

    fn app() -> App {
        let theme = Theme::terminal(Depth::True, false);
        let mut app = App::new(crate::panels::all(), Settings::default(), theme);
        crate::screen::fit(&mut app, SCREEN);
        app
    }

    fn press(app: &mut App, keys: &[&str]) {
        for key in keys {
            app.update(Event::Key(key.parse().expect(key)));
            crate::screen::fit(app, SCREEN);
        }
    }

    fn mouse(app: &mut App, press: Press, column: u16, row: u16) {
        app.update(Event::Mouse(Mouse { press, column, row }));
        crate::screen::fit(app, SCREEN);
    }

    fn areas(app: &App) -> (Rect, Option<Rect>) {
        let list = app.outer(|place| place == Place::List);
        (
            list.expect("a list"),
            app.outer(|place| place == Place::Tab),
        )
    }

    #[test]
    fn keys_say_where_the_inspector_stands_and_how_large_the_list_is() {
        let mut app = app();
        let (list, tab) = areas(&app);
        assert_eq!(tab.expect("beside").x, list.right());
        press(&mut app, &["Ctrl-\u{2192}", "Ctrl-\u{2192}"]);
        assert!(areas(&app).0.width > list.width);
        press(&mut app, &["|"]);
        let (list, tab) = areas(&app);
        assert_eq!(tab.expect("below").y, list.bottom());
        press(&mut app, &["|"]);
        assert_eq!(areas(&app).1, None, "alone");
        press(&mut app, &["|"]);
        assert!(areas(&app).1.is_some());
    }

    #[test]
    fn the_mouse_draws_the_borders() {
        let mut app = app();
        let (list, _) = areas(&app);
        mouse(&mut app, Press::Left, list.right() - 1, list.y + 5);
        mouse(&mut app, Press::Drag, 60, list.y + 9);
        let (drawn, tab) = areas(&app);
        assert_eq!(drawn.right(), 61, "its edge is where the pointer is");
        assert_eq!(tab.expect("beside").x, drawn.right());
        let top = drawn.y;
        mouse(&mut app, Press::Left, 40, top - 1);
        mouse(&mut app, Press::Drag, 40, top + 3);
        assert_eq!(areas(&app).0.y, top + 4);
        mouse(&mut app, Press::Hover, 40, 2);
        mouse(&mut app, Press::Drag, 40, 30);
        assert_eq!(areas(&app).0.y, top + 4, "it was let go");
    }

    #[test]
    fn a_border_stands_where_the_pointer_is_on_every_screen() {
        for wide in [120, 211, 240, 333] {
            let screen = Rect::new(0, 0, wide, 60);
            let mut app = app();
            crate::screen::fit(&mut app, screen);
            let mut mouse = |press, column, row| {
                app.update(Event::Mouse(Mouse { press, column, row }));
                crate::screen::fit(&mut app, screen);
                areas(&app)
            };
            let (list, tab) = mouse(Press::Hover, 0, 0);
            mouse(Press::Left, list.right() - 1, list.y + 5);
            for at in [wide / 2, wide / 2 + 1, wide / 2 - 9, wide * 3 / 5] {
                assert_eq!(
                    mouse(Press::Drag, at, list.y + 7).0.right() - 1,
                    at,
                    "{wide}"
                );
            }
            mouse(Press::Hover, 0, 0);
            let edge = mouse(Press::Hover, 0, 0).1.or(tab).expect("beside").x;
            mouse(Press::Left, edge, list.y + 5);
            let tab = mouse(Press::Drag, edge - 7, list.y + 5).1.expect("beside");
            assert_eq!(tab.x, edge - 7, "{wide}: taken at the other edge");
        }
    }

    /// What the pointer went too far is no way that it has to come back first.
    #[test]
    fn the_border_of_the_cores_follows_the_pointer_also_from_beyond_the_screen() {
        let mut app = app();
        let top = areas(&app).0.y;
        mouse(&mut app, Press::Left, 40, top - 1);
        for row in [top + 3, 47, 47, 47, 46, top + 5] {
            mouse(&mut app, Press::Drag, 40, row);
        }
        assert_eq!(areas(&app).0.y, top + 6);
        mouse(&mut app, Press::Drag, 40, top - 1);
        assert_eq!(areas(&app).0.y, top);
    }

    #[test]
    fn what_cannot_be_is_told_with_what_can() {
        let mut app = app();
        let wrong = app
            .choose("inspector", &Value::text("round"))
            .expect_err("no");
        assert!(wrong.contains("beside, below or alone"), "{wrong}");
        let wrong = app
            .choose("list-percent", &Value::Number(99))
            .expect_err("no");
        assert!(wrong.contains("20 to 80"), "{wrong}");
        assert_eq!(app.choose("cores-rows", &Value::Number(4)), Ok(()));
    }
}
