//! The settings: everything that can be chosen, changed live, and kept in the configuration file only when asked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{hints, scroll};
use crate::app::action::{Action, actions};
use crate::app::button::Button;
use crate::app::choice::Choice;
use crate::app::event::Effect;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::{cut, pad, width};
use crate::theme::Role;
use crate::widgets::{line, popup, table};

actions! {
    /// Opens this.
    SETTINGS "settings" [Key::f(2)] "Shows the settings, changes them, and keeps them where asked" "";
    /// The next value.
    NEXT_VALUE "next-value" [Key::of(Code::Right), Key::char('l'), Key::of(Code::Enter), Key::char(' ')] "Takes the next value" "change";
    /// The value before.
    PREVIOUS_VALUE "previous-value" [Key::of(Code::Left), Key::char('h')] "Takes the value before" "";
    /// Writes them down.
    KEEP "keep-settings" [Key::char('w')] "Writes the settings into the configuration file" "keep";
}

static SPEC: Spec = Spec {
    name: "settings",
    title: "Settings",
    about: "Everything that can be chosen, as it is now; nothing is written unless asked.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[
        &NEXT_VALUE,
        &PREVIOUS_VALUE,
        &KEEP,
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::FIRST,
        moves::LAST,
    ],
};

/// Cells of the widest box.
const WIDTH: u16 = 96;
/// Cells of a name.
const NAME: usize = 16;
/// Cells of a value.
const VALUE: usize = 24;

/// The table.
#[derive(Default)]
pub struct SettingsDialog {
    at: usize,
    top: usize,
    rows: usize,
    inside: Rect,
    /// What is to be written is shown, and waits for the key once more.
    asking: bool,
    /// The names of what was changed here.
    changed: Vec<&'static str>,
}

/// What is passing unless it was chosen here: the filter, the order and the mode that the list happens to have.
const PASSING: [&str; 4] = ["filter", "sort", "order", "view"];

fn outer(screen: Rect, choices: usize) -> Rect {
    popup::area(screen, WIDTH, choices as u16 + 2)
}

impl SettingsDialog {
    fn chosen<'a>(&self, world: &'a World) -> Option<&'a Choice> {
        world.choices.get(self.at)
    }

    /// What is written: all but what is only passing.
    fn kept(&self, world: &World) -> Vec<Choice> {
        let stays = |c: &&Choice| !PASSING.contains(&c.name) || self.changed.contains(&c.name);
        world.choices.iter().filter(stays).cloned().collect()
    }

    /// What differs from the defaults, as the file will say it.
    fn preview(&self, world: &World) -> String {
        let kept = self.kept(world);
        let differs = kept.iter().filter(|c| c.value != c.default);
        let lines: Vec<String> = differs
            .map(|c| format!("{} = {}", c.name, c.value))
            .collect();
        let key = world.keys.shown(&KEEP);
        if lines.is_empty() {
            return format!("nothing differs from the defaults; {key} writes so");
        }
        format!("{key} writes: {}", lines.join(", "))
    }

    fn change(&mut self, world: &World, on: bool) -> Reply {
        let Some(choice) = self.chosen(world) else {
            return Reply::Done;
        };
        if !self.changed.contains(&choice.name) {
            self.changed.push(choice.name);
        }
        match choice.beside(on) {
            Some(value) => Reply::Choose(choice.name, value),
            None => Reply::Say(choice.about.to_owned()),
        }
    }

    fn by(&mut self, world: &World, rows: isize) {
        let last = world.choices.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(rows).min(last);
    }
}

impl Panel for SettingsDialog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&SETTINGS]
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        let count = world.choices.len();
        self.inside = popup::content(outer(screen, count));
        self.rows = usize::from(self.inside.height.saturating_sub(2)).max(1);
        self.at = self.at.min(count.saturating_sub(1));
        self.top = self
            .top
            .min(self.at)
            .max((self.at + 1).saturating_sub(self.rows));
        Reply::Pass
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        self.asking &= action.name == KEEP.name;
        let page = self.rows as isize;
        match action.name {
            n if n == NEXT_VALUE.name => return self.change(world, true),
            n if n == PREVIOUS_VALUE.name => return self.change(world, false),
            n if n == KEEP.name && !std::mem::replace(&mut self.asking, true) => {}
            n if n == KEEP.name => {
                self.asking = false;
                return Reply::Do(Effect::Keep(self.kept(world)));
            }
            n if n == moves::UP.name => self.by(world, -1),
            n if n == moves::DOWN.name => self.by(world, 1),
            n if n == moves::PAGE_UP.name => self.by(world, -page),
            n if n == moves::PAGE_DOWN.name => self.by(world, page),
            n if n == moves::FIRST.name => self.at = 0,
            _ => self.by(world, isize::MAX),
        }
        Reply::Done
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.by(world, -1),
            Press::WheelDown => self.by(world, 1),
            Press::Left => {
                let row = usize::from(mouse.row.saturating_sub(self.inside.y));
                let at = self.top + row;
                let inside = mouse.row >= self.inside.y && row < self.rows;
                if !inside || at >= world.choices.len() {
                    return Reply::Close;
                }
                if at == self.at {
                    return self.change(world, true);
                }
                self.at = at;
            }
            _ => {}
        }
        Reply::Done
    }

    fn buttons(&self, world: &World, screen: Rect) -> Vec<Button> {
        let outer = outer(screen, world.choices.len());
        hints::status(outer, SPEC.title, &status(world))
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let outer = outer(screen, world.choices.len());
        let status = status(world);
        let area = popup::draw(theme, outer, SPEC.title, &status, buf);
        let shown = world.choices.iter().enumerate().skip(self.top);
        for (row, (i, choice)) in shown.take(self.rows).enumerate() {
            let at = scroll::row(area, row);
            line::draw(theme, at, &parts(choice), Modifier::empty(), buf);
            if i == self.at && at.height > 0 {
                table::select(theme, at, buf);
            }
        }
        let said = world.notice.as_ref().map_or_else(
            || {
                (
                    "← → change   what differs from the default is bold".to_owned(),
                    Role::Dim,
                )
            },
            |n| (n.text.clone(), if n.bad { Role::Bad } else { Role::Good }),
        );
        let said = if self.asking {
            (self.preview(world), Role::Warn)
        } else {
            said
        };
        let foot = scroll::row(area, usize::from(area.height).saturating_sub(1));
        if area.height > 2 {
            line::draw(theme, foot, &[said], Modifier::empty(), buf);
        }
    }
}

fn status(world: &World) -> String {
    format!("{} keeps them · Esc closes", world.keys.shown(&KEEP))
}

fn parts(choice: &Choice) -> Vec<(String, Role)> {
    let value = choice.value.to_string();
    let value = if width(&value) > VALUE {
        cut(&value, VALUE).into_owned()
    } else {
        pad(&value, VALUE)
    };
    let role = if choice.value == choice.default {
        Role::Text
    } else {
        Role::Strong
    };
    vec![
        (format!("  {} ", pad(choice.name, NAME)), Role::Accent),
        (format!("{value} "), role),
        (choice.about.to_owned(), Role::Dim),
    ]
}

#[cfg(test)]
mod tests;
