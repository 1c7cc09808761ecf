//! The command palette: every action by its name, found by a few of its letters; a number jumps to that process.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::trigger::{is_unfinished, meaning};
use super::{help, hints, scroll};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::choice::{Choice, Value};
use crate::app::event::Effect;
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::save::{Form, Save};
use crate::app::synonyms;
use crate::app::world::World;
use crate::model::id::{Pid, ProcId};
use crate::model::plan::Needs;
use crate::model::text::pad;
use crate::model::trigger::{Mode, Trigger};
use crate::theme::Role;
use crate::widgets::{line, popup, table};

/// Opens this.
pub const PALETTE: Action = Action {
    name: "commands",
    about: "Does anything by its name; a number jumps to that pid",
    keys: &[Key::char(':')],
    hint: "commands",
};

static SPEC: Spec = Spec {
    name: "palette",
    title: "Commands",
    about: "Every command by its name, and any process by its pid.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

/// The palette.
#[derive(Default)]
pub struct Palette {
    input: Input,
    at: usize,
    found: Vec<Item>,
    outer: Rect,
}

/// What the keys do, in its border.
const STATUS: &str = "Enter does it · Esc closes";

/// What people look for here first: what has a name rather than a key that the fingers know.
const SOUGHT: [&str; 12] = [
    "signal", "filter", "search", "sort-by", "columns", "group-by", "themes", "settings", "save",
    "copy", "pause", "help",
];

/// The box for so many lines found.
fn outer(screen: Rect, found: usize) -> Rect {
    let most = (screen.height * 2 / 3).saturating_sub(4).max(8);
    Rect {
        y: screen.y + screen.height / 6,
        ..popup::area(screen, 76, (found.max(1) as u16).min(most) + 2)
    }
    .intersection(screen)
}

impl Palette {
    /// Does what the cursor stands on.
    fn take(&self) -> Reply {
        match self.found.get(self.at) {
            Some(Item::Do(action)) => Reply::All(vec![Reply::Close, Reply::Act(action)]),
            Some(Item::Choose(name, value, _)) => {
                Reply::All(vec![Reply::Close, Reply::Choose(name, value.clone())])
            }
            Some(Item::When(text)) => Reply::All(vec![Reply::Close, Reply::When(text.clone())]),
            Some(Item::Save(path, form)) => match form {
                Ok(form) => {
                    let (form, path) = (*form, path.clone());
                    let save = Save {
                        form,
                        path,
                        over: false,
                    };
                    Reply::All(vec![Reply::Close, Reply::Do(Effect::Save(save))])
                }
                Err(why) => Reply::All(vec![Reply::Close, Reply::Complain(why.clone())]),
            },
            Some(Item::Arm(text)) if is_unfinished(text) => Reply::Done,
            Some(Item::Arm(text)) => Reply::All(vec![Reply::Close, Reply::Arm(text.clone())]),
            Some(Item::Jump(id, _)) => Reply::All(vec![Reply::Close, Reply::Focus(*id)]),
            None => Reply::All(vec![
                Reply::Close,
                Reply::Complain(format!("nothing is called '{}'", self.input.text())),
            ]),
        }
    }
}

#[derive(Clone)]
enum Item {
    Do(&'static Action),
    Jump(ProcId, String),
    /// A moment, as it was typed.
    When(String),
    /// A file to save to, and why it cannot be.
    Save(String, Result<Form, String>),
    /// A trigger, as it was typed.
    Arm(String),
    /// A setting with one of its values.
    Choose(&'static str, Value, &'static str),
}

impl Panel for Palette {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&PALETTE]
    }

    fn open(&mut self, _: &World, _: &'static Action) -> Reply {
        *self = Self::default();
        Reply::Done
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        self.found = find(world, self.input.text());
        self.at = self.at.min(self.found.len().saturating_sub(1));
        self.outer = outer(screen, self.found.len());
        Reply::Pass
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        match key.code {
            Code::Esc => return Reply::Close,
            Code::Enter => return self.take(),
            Code::Up => self.at = self.at.saturating_sub(1),
            Code::Down => self.at += 1,
            _ => {
                if !self.input.key(key) {
                    return Reply::Pass;
                }
                self.at = 0;
            }
        }
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.input.insert(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.at = self.at.saturating_sub(3),
            Press::WheelDown => self.at += 3,
            Press::Left => {
                let at = Position::new(mouse.column, mouse.row);
                if !self.outer.contains(at) {
                    return Reply::Close;
                }
                let area = popup::content(self.outer);
                let row = usize::from(mouse.row.saturating_sub(area.y));
                let shown = (area.height as usize).saturating_sub(2);
                let top = (self.at + 1).saturating_sub(shown);
                if area.contains(at) && row >= 2 && top + row - 2 < self.found.len() {
                    self.at = top + row - 2;
                    return self.take();
                }
            }
            _ => {}
        }
        Reply::Done
    }

    fn buttons(&self, _: &World, _: Rect) -> Vec<Button> {
        hints::status(self.outer, SPEC.title, STATUS)
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let outer = outer(screen, self.found.len());
        let area = popup::draw(theme, outer, SPEC.title, STATUS, buf);
        let row = |i: usize| scroll::row(area, i);
        let prompt = [
            (": ".to_owned(), Role::Accent),
            (format!("{}_", self.input.text()), Role::Text),
        ];
        line::draw(theme, row(0), &prompt, Modifier::empty(), buf);
        if self.found.is_empty() {
            line::draw(
                theme,
                row(2),
                &[(nothing(world).to_owned(), Role::Dim)],
                Modifier::empty(),
                buf,
            );
        }
        let shown = (area.height as usize).saturating_sub(2);
        let top = (self.at + 1).saturating_sub(shown);
        for (i, item) in self.found.iter().enumerate().skip(top).take(shown) {
            let area = row(i - top + 2);
            let mut parts = parts(world, item);
            parts.insert(0, (" ".to_owned(), Role::Text));
            line::draw(theme, area, &parts, Modifier::empty(), buf);
            if i == self.at {
                table::select(theme, area, buf);
            }
        }
    }
}

/// Why there is nothing to choose from.
fn nothing(world: &World) -> &'static str {
    if world.settings.read_only {
        "nothing is called that; read-only, so nothing acts on processes"
    } else {
        "nothing is called that"
    }
}

fn parts(world: &World, item: &Item) -> Vec<(String, Role)> {
    match item {
        Item::Do(action) => vec![
            (pad(&world.keys.shown(action), 8), Role::Accent),
            (pad(action.name, 20), Role::Strong),
            (action.about.to_owned(), Role::Dim),
        ],
        Item::Choose(name, value, about) => vec![
            (pad("set", 8), Role::Accent),
            (pad(&format!("{name} {value}"), 20), Role::Strong),
            ((*about).to_owned(), Role::Dim),
        ],
        Item::When(text) => vec![
            (pad("time", 8), Role::Accent),
            (pad(text, 20), Role::Strong),
            ("Shows that moment of the past".to_owned(), Role::Dim),
        ],
        Item::Save(path, form) => vec![
            (pad("save", 8), Role::Accent),
            (pad(path, 20), Role::Strong),
            match form {
                Ok(form) => (format!(" {}", form.about()), Role::Dim),
                Err(why) => (format!(" {why}"), Role::Warn),
            },
        ],
        Item::Arm(text) => vec![
            (pad("trigger", 8), Role::Accent),
            (text.clone(), Role::Strong),
            (format!("  {}", condition(text)), Role::Dim),
        ],
        Item::Jump(id, command) => vec![
            (pad("jump", 8), Role::Accent),
            (pad(&id.pid.to_string(), 20), Role::Strong),
            (command.clone(), Role::Dim),
        ],
    }
}

/// What is not understood of a condition yet, or that Enter arms it.
fn condition(text: &str) -> String {
    if text.is_empty() || text == "off" {
        return "disarms it".to_owned();
    }
    let (mode, text) = Mode::split(text);
    let trigger = Trigger::parse(text);
    match trigger.notes().first() {
        Some(note) => note.why.clone(),
        None if trigger.is_empty() => "a condition: cpu>300 for 3s, oom; ! has examples".to_owned(),
        None => meaning(mode.unwrap_or_default(), &trigger),
    }
}

/// Processes whose pid begins with the number typed; else actions, the best match first.
fn find(world: &World, typed: &str) -> Vec<Item> {
    let typed = typed.trim().trim_start_matches(':');
    if let Some(path) = typed.strip_prefix("save ").map(str::trim)
        && !path.is_empty()
    {
        return vec![Item::Save(path.to_owned(), Form::told(path))];
    }
    let typed = typed.to_lowercase();
    let words = typed.trim_start().trim_start_matches(':');
    if let Some(condition) = words.strip_prefix("trigger ") {
        return vec![Item::Arm(condition.trim_start().to_owned())];
    }
    let typed = typed.trim().trim_start_matches(':').to_lowercase();
    let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if typed.strip_prefix('-').is_some_and(digit) || digit(&typed) && typed.contains(':') {
        return vec![Item::When(typed)];
    }
    if let Ok(pid) = typed.parse::<u32>() {
        let jump = |p: &crate::model::snapshot::Proc| Item::Jump(p.id, p.command_line());
        let exact = world.snapshot.by_pid(Pid(pid)).map(jump);
        let procs = world.snapshot.procs.iter();
        let begun =
            procs.filter(|p| p.id.pid != Pid(pid) && p.id.pid.to_string().starts_with(&typed));
        return exact.into_iter().chain(begun.map(jump)).take(50).collect();
    }
    let mut actions: Vec<(u32, &'static Action)> = Vec::new();
    for action in world.offered() {
        if action.name == PALETTE.name || actions.iter().any(|(_, a)| a.name == action.name) {
            continue;
        }
        if let Some(score) = score(&typed, action) {
            actions.push((score, action));
        }
    }
    if typed.is_empty() {
        // What is worth knowing first comes first, and what a stray Enter must not do last.
        let essential = help::essential_names().filter(|name| !SOUGHT.contains(name));
        let first: Vec<&str> = SOUGHT.into_iter().chain(essential).collect();
        let rank = |action: &Action| match action.name {
            "quit" => usize::MAX,
            name => first
                .iter()
                .position(|of| *of == name)
                .unwrap_or(first.len()),
        };
        actions.sort_by_key(|(_, action)| rank(action));
    }
    actions.sort_by_key(|(score, _)| *score);
    let (near, far): (Vec<_>, Vec<_>) = actions.into_iter().partition(|(score, _)| *score < 2);
    let items = |found: Vec<(u32, &'static Action)>| found.into_iter().map(|(_, a)| Item::Do(a));
    items(near)
        .chain(settings(world, &typed))
        .chain(items(far))
        .collect()
}

/// The values of the settings that are called so: `theme dark`, `dark`.
fn settings(world: &World, typed: &str) -> Vec<Item> {
    if typed.chars().count() < 2 {
        return Vec::new();
    }
    let of = |choice: &Choice| {
        let (name, about) = (choice.name, choice.about);
        let values = choice.values.iter().filter(|v| **v != choice.value);
        let items = values.filter(|v| format!("{name} {v}").contains(typed));
        items
            .map(|v| Item::Choose(name, v.clone(), about))
            .collect::<Vec<_>>()
    };
    world.choices.iter().flat_map(of).take(40).collect()
}

/// How well the letters fit, lower is better; `None` where they do not occur in this order.
fn score(typed: &str, action: &Action) -> Option<u32> {
    if typed.is_empty() {
        return Some(0);
    }
    let about = action.about.to_lowercase();
    if action.name.starts_with(typed) || action.name.split('-').any(|word| word == typed) {
        return Some(0);
    }
    if action.name.contains(typed) {
        return Some(1);
    }
    let also = synonyms::of(action.name);
    if also.contains(&typed) {
        return Some(0);
    }
    if typed.len() > 1 && also.iter().any(|word| word.starts_with(typed)) {
        return Some(1);
    }
    if about.contains(typed) {
        return Some(2);
    }
    let mut letters = action.name.chars();
    let all = typed.chars().all(|c| letters.any(|l| l == c));
    all.then_some(3)
}

#[cfg(test)]
mod tests;
