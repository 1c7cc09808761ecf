//! The last line: what the keys do here, made from the live keymap; or what just happened.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::globals as g;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::width;
use crate::theme::Role;
use crate::widgets::line;

static SPEC: Spec = Spec {
    name: "footer",
    title: "Footer",
    about: "What the keys do here.",
    place: Place::Footer,
    needs: Needs::empty(),
    actions: &[],
};

/// The footer; it remembers where each hint stands, for the mouse.
#[derive(Default)]
pub struct Footer {
    hints: Vec<Hint>,
}

/// Keys with what they do, in so many cells.
struct Hint {
    keys: String,
    does: &'static str,
    action: Option<&'static Action>,
    area: Rect,
}

impl Panel for Footer {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.hints = if world.moment.is_empty() {
            place(hints(world), area, 2)
        } else {
            place(moment(world), area, 0)
        };
        Reply::Pass
    }

    fn buttons(&self, world: &World, _: Rect) -> Vec<Button> {
        if world.notice.is_some() {
            return Vec::new();
        }
        self.hints.iter().flat_map(Hint::buttons).collect()
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        if let Some(notice) = &world.notice {
            let role = if notice.bad { Role::Warn } else { Role::Text };
            line::draw(
                theme,
                area,
                &[(format!(" {}", notice.text), role)],
                Modifier::empty(),
                buf,
            );
            return;
        }
        for hint in &self.hints {
            let x = line::draw(
                theme,
                hint.area,
                &[(hint.keys.as_str(), Role::Accent)],
                Modifier::BOLD,
                buf,
            );
            let rest = Rect {
                x,
                width: (hint.area.x + hint.area.width).saturating_sub(x),
                ..hint.area
            };
            let does = [(" ", Role::Dim), (hint.does, Role::Dim)];
            line::draw(theme, rest, &does, Modifier::empty(), buf);
        }
    }
}

impl Hint {
    /// What is clicked: the action, or each of its keys; the last one takes the words along.
    fn buttons(&self) -> Vec<Button> {
        if let Some(action) = self.action {
            return vec![Button::act(self.area, action)];
        }
        let count = self.keys.split_whitespace().count();
        let mut x = self.area.x;
        let button = |(i, word): (usize, &str)| {
            let wide = width(word) as u16;
            let cells = if i + 1 == count {
                self.area.right().saturating_sub(x)
            } else {
                wide
            };
            let at = Rect {
                x,
                width: cells,
                ..self.area
            };
            x += wide + 1;
            Some(Button::press(at, word.parse().ok()?))
        };
        let words = self.keys.split_whitespace().enumerate();
        words.filter_map(button).collect()
    }
}

/// What the keys do at this moment: while something is typed, in a dialog.
fn moment(world: &World) -> Vec<Hint> {
    let hint = |(keys, does): &(String, &'static str)| Hint {
        keys: keys.clone(),
        does,
        action: None,
        area: Rect::ZERO,
    };
    world.moment.iter().map(hint).collect()
}

/// The hints of the pane with the keyboard, then of dialogs, then of the app; neighbours with the same hint share it.
fn hints(world: &World) -> Vec<Hint> {
    let rank = |name: &str| match name {
        "app" => 1,
        name if name == world.active => 0,
        _ => 2,
    };
    let mut sections: Vec<_> = world
        .catalog
        .iter()
        .filter(|s| belongs(s.name, world))
        .collect();
    sections.sort_by_key(|s| rank(s.name));
    let mut out: Vec<Hint> = Vec::new();
    for action in sections
        .iter()
        .flat_map(|s| s.actions)
        .filter(|a| !a.hint.is_empty())
    {
        let key = world.keys.shown(action);
        if key.is_empty() || taken(world, action) {
            continue;
        }
        match out.last_mut() {
            Some(last) if last.does == action.hint => {
                if width(&key) > 1 {
                    last.keys.push(' ');
                }
                last.keys.push_str(&key);
            }
            _ => out.push(Hint {
                keys: key,
                does: if world.paused.is_some() && **action == g::PAUSE {
                    "go on"
                } else {
                    action.hint
                },
                action: Some(action),
                area: Rect::ZERO,
            }),
        }
    }
    let keys = |actions: &[&Action], does| {
        let shown = actions.iter().map(|action| world.keys.shown(action));
        let shown: Vec<String> = shown.filter(|key| !key.is_empty()).collect();
        Hint {
            keys: shown.join(" "),
            does,
            action: None,
            area: Rect::ZERO,
        }
    };
    // Whoever came into a tab is told first how to leave it, and how to see the others.
    if g::TABS.iter().any(|(_, pane)| *pane == world.active) {
        let leave = keys(&[&g::BACK], if world.filtered { "clear" } else { "back" });
        let tabs = keys(&[&g::PREVIOUS_TAB, &g::NEXT_TAB], "tab");
        let ways = [leave, tabs].into_iter();
        out.splice(0..0, ways.filter(|hint| !hint.keys.is_empty()));
    } else if world.filtered {
        out.insert(0, keys(&[moves::CLEAR], "clear"));
    }
    if world.paused.is_some() {
        let pair = |back: &Action, on: &Action, does| keys(&[back, on], does);
        out.insert(0, pair(&g::MINUTE_BACK, &g::MINUTE_ON, "a minute"));
        out.insert(0, pair(&g::STEP_BACK, &g::STEP_ON, "a tick"));
        if let Some(at) = out.iter().position(|h| h.does == "go on") {
            out[..=at].rotate_right(1);
        }
    }
    out.sort_by_key(|hint| match hint.does {
        "help" => 1,
        "quit" => 2,
        _ => 0,
    });
    out
}

/// Whether the key that would be shown for an action means something else while time stands still.
fn taken(world: &World, action: &'static Action) -> bool {
    let key = world.keys.keys(action).first();
    world.paused.is_some() && key.is_some_and(|key| world.keys.find(*key, g::TIME).is_some())
}

/// Whether the actions of a pane can be asked for now: its own, the app's, and those that open dialogs.
fn belongs(name: &str, world: &World) -> bool {
    let asked = name == world.active || name == "app" || world.dialogs.contains(&name);
    asked && world.offers(name)
}

/// Gives each hint its cells from the left; what does not fit is left out, but never the last ones that are to be kept.
fn place(hints: Vec<Hint>, area: Rect, keep: usize) -> Vec<Hint> {
    let wide = |h: &Hint| (width(&h.keys) + 1 + width(h.does)) as u16;
    let keep = hints.len().saturating_sub(keep);
    let last: u16 = hints[keep..].iter().map(|h| wide(h) + 3).sum();
    let mut x = area.x + 1;
    let mut out = Vec::new();
    for (i, mut hint) in hints.into_iter().enumerate() {
        let reserved = if i < keep { last } else { 0 };
        if x + wide(&hint) + reserved > area.x + area.width {
            continue;
        }
        hint.area = Rect::new(x, area.y, wide(&hint), 1.min(area.height));
        x += wide(&hint) + 3;
        out.push(hint);
    }
    out
}

#[cfg(test)]
mod tests;
