//! The themes: a row each with its colours; the chosen one is on the whole screen at once, Esc brings back what was.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{hints, scroll};
use crate::app::action::{Action, actions};
use crate::app::button::Button;
use crate::app::choice::{Choice, Value};
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::pad;
use crate::theme::{Role, Theme, builtin};
use crate::widgets::{line, popup, put, table};

actions! {
    /// Opens this.
    THEMES "themes" [] "Shows the themes, each on the whole screen as it is chosen" "";
    /// Stays with it.
    TAKE "take-theme" [Key::of(Code::Enter)] "Stays with this theme" "take";
    /// Goes back to the one before.
    LEAVE "leave-theme" [Key::of(Code::Esc), Key::char('q')] "Goes back to the theme there was" "back";
}

static SPEC: Spec = Spec {
    name: "themes",
    title: "Themes",
    about: "The colours that there are; the one under the bar is on the screen.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[
        moves::UP,
        moves::DOWN,
        moves::FIRST,
        moves::LAST,
        &TAKE,
        &LEAVE,
    ],
};

/// Cells of the box.
const WIDTH: u16 = 56;
/// Cells of a name.
const NAME: usize = 17;
/// What a swatch shows beside the colours of processes.
const SHOWN: [Role; 6] = [
    Role::Text,
    Role::Dim,
    Role::Accent,
    Role::Good,
    Role::Warn,
    Role::Bad,
];

/// The list.
#[derive(Default)]
pub struct ThemeDialog {
    /// The theme before it was opened.
    before: String,
    at: usize,
    top: usize,
    inside: Rect,
}

fn choice(world: &World) -> Option<&Choice> {
    world.choices.iter().find(|c| c.name == "theme")
}

fn outer(screen: Rect, world: &World) -> Rect {
    let themes = choice(world).map_or(1, |c| c.values.len());
    popup::area(screen, WIDTH, themes as u16)
}

impl ThemeDialog {
    fn to(&mut self, world: &World, at: usize) -> Reply {
        let Some(choice) = choice(world) else {
            return Reply::Done;
        };
        self.at = at.min(choice.values.len().saturating_sub(1));
        match choice.values.get(self.at) {
            Some(value) => Reply::Choose("theme", value.clone()),
            None => Reply::Done,
        }
    }

    fn leave(&self) -> Reply {
        let before = Value::Text(self.before.clone());
        Reply::All(vec![Reply::Choose("theme", before), Reply::Close])
    }

    fn take(world: &World) -> Reply {
        let name = &world.settings.theme;
        let said = format!("theme {name}; F2, then w keeps it for the next time");
        Reply::All(vec![Reply::Close, Reply::Say(said)])
    }
}

impl Panel for ThemeDialog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&THEMES]
    }

    fn open(&mut self, world: &World, _: &'static Action) -> Reply {
        world.settings.theme.clone_into(&mut self.before);
        self.at = usize::MAX;
        Reply::Done
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        self.inside = popup::content(outer(screen, world));
        let Some(choice) = choice(world) else {
            return Reply::Pass;
        };
        if self.at >= choice.values.len() {
            let now = choice.values.iter().position(|v| *v == choice.value);
            self.at = now.unwrap_or(0);
        }
        let rows = usize::from(self.inside.height).max(1);
        self.top = self
            .top
            .min(self.at)
            .max((self.at + 1).saturating_sub(rows));
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match action.name {
            n if n == TAKE.name => Self::take(world),
            n if n == LEAVE.name => self.leave(),
            n if n == moves::UP.name => self.to(world, self.at.saturating_sub(1)),
            n if n == moves::DOWN.name => self.to(world, self.at.saturating_add(1)),
            n if n == moves::FIRST.name => self.to(world, 0),
            _ => self.to(world, usize::MAX),
        }
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.to(world, self.at.saturating_sub(1)),
            Press::WheelDown => self.to(world, self.at.saturating_add(1)),
            Press::Left => {
                let (row, y) = (mouse.row, self.inside.y);
                let inside = row >= y && row < self.inside.bottom();
                let at = self.top + usize::from(row.saturating_sub(y));
                match inside {
                    true if at == self.at => Self::take(world),
                    true => self.to(world, at),
                    false => self.leave(),
                }
            }
            _ => Reply::Done,
        }
    }

    fn is_clear(&self) -> bool {
        true
    }

    fn moment(&self, _: &World) -> Vec<(String, &'static str)> {
        hints::moment(&HINTS)
    }

    fn buttons(&self, world: &World, screen: Rect) -> Vec<Button> {
        hints::buttons(outer(screen, world), &HINTS)
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let outer = outer(screen, world);
        let area = popup::draw(&world.theme, outer, SPEC.title, "", buf);
        hints::draw(&world.theme, outer, &HINTS, buf);
        let values = choice(world).map_or(&[][..], |c| &c.values);
        let shown = values.iter().enumerate().skip(self.top);
        for (row, (i, value)) in shown.take(usize::from(area.height)).enumerate() {
            let at = scroll::row(area, row);
            let name = value.to_string();
            let text = [(format!("  {} ", pad(&name, NAME)), Role::Text)];
            line::draw(&world.theme, at, &text, Modifier::empty(), buf);
            if i == self.at {
                table::select(&world.theme, at, buf);
            }
            let from = at.x + (NAME as u16 + 3).min(at.width);
            let swatch = Rect {
                x: from,
                width: at.right().saturating_sub(from),
                ..at
            };
            let theme = match builtin(&name) {
                Some(palette) => &Theme::new(&palette, world.theme.depth, false),
                None => &world.theme,
            };
            draw_swatch(theme, &name, swatch, buf);
        }
    }
}

const HINTS: [hints::Hint; 3] = [("↑ ↓", "try"), ("Enter", "take"), ("Esc", "back")];

/// The colours of a theme on its own ground.
fn draw_swatch(theme: &Theme, name: &str, area: Rect, buf: &mut Buffer) {
    if name == crate::theme::ground::AUTO {
        let dim = theme.style(Role::Dim);
        let room = usize::from(area.width);
        put::text(buf, area.x, area.y, "what fits this terminal", room, dim);
        return;
    }
    let text = theme.style(Role::Text);
    let ground = text.bg.map_or_else(Style::new, |bg| Style::new().bg(bg));
    let mut x = area.x;
    let mut show = |symbol: &str, style: Style| {
        let room = usize::from(area.right().saturating_sub(x));
        x = put::text(buf, x, area.y, symbol, room, style);
    };
    show(" ", ground);
    for role in SHOWN {
        show("Aa", ground.patch(theme.style(role)));
        show(" ", ground);
    }
    for color in theme.process_colors() {
        show("█", ground.fg(*color));
    }
    show(" ", ground);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::app::event::Event;
    use crate::app::world::Settings;
    use crate::theme::Depth;

    fn press(app: &mut App, keys: &[&str]) {
        let screen = Rect::new(0, 0, 100, 30);
        crate::screen::fit(app, screen);
        for key in keys {
            app.update(Event::Key(key.parse().expect(key)));
            crate::screen::fit(app, screen);
        }
    }

    #[test]
    fn the_theme_under_the_bar_is_on_the_screen_and_esc_brings_back_what_was() {
        let theme = Theme::terminal(Depth::True, false);
        let mut app = App::new(crate::panels::all(), Settings::default(), theme);
        let open = [":", "t", "h", "e", "m", "e", "s", "Enter"];
        press(&mut app, &open);
        let before = app.world.settings.theme.clone();
        press(&mut app, &["Down"]);
        let tried = app.world.settings.theme.clone();
        assert_ne!(tried, before);
        let mut buf = Buffer::empty(Rect::new(0, 0, 100, 30));
        crate::screen::render(&app, buf.area, &mut buf);
        let shown = crate::widgets::picture::text(&buf);
        assert!(shown.contains("tokyo-night"), "{shown}");
        press(&mut app, &["Esc"]);
        assert_eq!(app.world.settings.theme, before);
        assert_eq!(app.overlays().count(), 0);
        press(&mut app, &open);
        press(&mut app, &["Down", "Enter"]);
        assert_eq!(app.world.settings.theme, tried);
        assert_eq!(app.overlays().count(), 0);
    }

    #[test]
    fn what_the_terminal_says_of_its_ground_changes_the_theme_that_fits_it() {
        let settings = Settings::default();
        let theme = crate::theme::ground::auto(settings.ground, Depth::True, false);
        let mut app = App::new(crate::panels::all(), settings, theme);
        let accent = |app: &App| app.world.theme.style(Role::Accent).fg;
        let dark = accent(&app);
        app.update(Event::Ground(Some([255, 255, 255])));
        assert_ne!(accent(&app), dark, "light");
        app.update(Event::Ground(None));
        app.update(Event::Ground(Some([0, 0, 0])));
        assert_eq!(accent(&app), dark);
    }
}
