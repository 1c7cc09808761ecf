//! The line of views below the header: which there are, which one is shown, and at its right the keys to begin with,
//! until they are dismissed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::globals as g;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::{Page, World};
use crate::model::plan::Needs;
use crate::model::text::width;
use crate::theme::Role;
use crate::widgets::line;

static SPEC: Spec = Spec {
    name: "views",
    title: "Views",
    about: "The views of the machine by their digits.",
    place: Place::Views,
    needs: Needs::empty(),
    actions: &[],
};

/// The actions whose keys a newcomer needs, by name, with what they do.
const FIRST_KEYS: [(&str, &str); 3] = [
    ("inspect", "inspects"),
    ("filter", "filters"),
    ("help", "helps"),
];

/// The line; it keeps where each part stands.
#[derive(Default)]
pub struct ViewsBar {
    parts: Vec<BarItem>,
}

struct BarItem {
    area: Rect,
    key: String,
    label: &'static str,
    shown: bool,
    does: &'static Action,
}

impl Panel for ViewsBar {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.parts = views(world, area);
        let end = self.parts.last().map_or(area.x, |p| p.area.right());
        self.parts.extend(tip(world, area, end));
        Reply::Pass
    }

    fn buttons(&self, _: &World, _: Rect) -> Vec<Button> {
        let parts = self.parts.iter();
        parts.map(|p| Button::act(p.area, p.does)).collect()
    }

    fn render(&self, world: &World, _: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        for part in &self.parts {
            if part.shown {
                let text = [" ", part.key.as_str(), " ", part.label, " "];
                let text = text.map(|text| (text, Role::Badge));
                line::draw(theme, part.area, &text, Modifier::empty(), buf);
                continue;
            }
            let inner = Rect {
                x: part.area.x + 1,
                width: part.area.width.saturating_sub(1),
                ..part.area
            };
            let text = [
                (part.key.as_str(), Role::Accent),
                (" ", Role::Dim),
                (part.label, Role::Dim),
            ];
            line::draw(theme, inner, &text, Modifier::empty(), buf);
        }
    }
}

/// The views that there are; where their names find no room, only the one that is shown has its own.
fn views(world: &World, area: Rect) -> Vec<BarItem> {
    let shown = |digit: u8| match world.page {
        Page::Dashboard => digit == 1,
        Page::View(n) => digit == n,
        Page::Inspector => false,
    };
    let there = || g::VIEWS.iter().filter(|v| world.views.contains(&v.1));
    let wide = |label: &str, key: &str| (width(label) + width(key) + 3) as u16;
    let all: u16 = there().map(|(a, _, l)| wide(l, &world.keys.shown(a))).sum();
    let whole = all <= area.width;
    let mut x = area.x;
    let mut out = Vec::new();
    for (action, digit, label) in there() {
        let key = world.keys.shown(action);
        let label = if whole || shown(*digit) { *label } else { "" };
        let cells = wide(label, &key);
        if x + cells > area.right() {
            break;
        }
        out.push(BarItem {
            area: Rect::new(x, area.y, cells, 1.min(area.height)),
            key,
            label,
            shown: shown(*digit),
            does: action,
        });
        x += cells;
    }
    out
}

/// The keys to begin with and what dismisses them, at the right end, where all of it finds room.
fn tip(world: &World, area: Rect, from: u16) -> Vec<BarItem> {
    if !world.settings.tips || world.page != Page::Dashboard {
        return Vec::new();
    }
    let actions = || world.catalog.iter().flat_map(|s| s.actions.iter().copied());
    let mut parts: Vec<(String, &str, &'static Action)> = Vec::new();
    for (name, does) in FIRST_KEYS {
        let Some(action) = actions().find(|a| a.name == name) else {
            continue;
        };
        let key = world.keys.shown(action);
        if !key.is_empty() {
            parts.push((key, does, action));
        }
    }
    let close = if world.theme.glyphs.ascii { "x" } else { "×" };
    parts.push((close.to_owned(), "", &g::DISMISS));
    let wide = |key: &str, does: &str| {
        let gap = if does.is_empty() { 2 } else { 3 };
        (width(key) + width(does) + gap) as u16
    };
    // Where there is little room, the last ones: whoever finds the help finds the others there.
    let all = |parts: &[(String, &str, _)]| {
        let cells = parts.iter().map(|(key, does, _)| wide(key, does));
        cells.sum::<u16>()
    };
    while parts.len() > 2 && from + all(&parts) > area.right() {
        parts.remove(0);
    }
    let all = all(&parts);
    if from + all > area.right() {
        return Vec::new();
    }
    let mut x = area.right() - all;
    let place = |(key, does, action): (String, &'static str, &'static Action)| {
        let cells = wide(&key, does);
        x += cells;
        BarItem {
            area: Rect::new(x - cells, area.y, cells, 1.min(area.height)),
            key,
            label: does,
            shown: false,
            does: action,
        }
    };
    parts.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::app::event::Event;
    use crate::app::key::{Mouse, Press};
    use crate::app::world::Settings;
    use crate::screen;
    use crate::theme::{Depth, Theme};
    use crate::widgets::picture;

    fn app() -> App {
        let theme = Theme::terminal(Depth::True, false);
        App::new(crate::panels::all(), Settings::default(), theme)
    }

    /// The second line of a screen of this size.
    fn bar(app: &mut App, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        screen::fit(app, area);
        let mut buf = Buffer::empty(area);
        screen::render(app, area, &mut buf);
        picture::text(&buf)
            .lines()
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    }

    fn click(app: &mut App, line: &str, word: &str) {
        let before = line.find(word).expect(word);
        let mouse = Mouse {
            press: Press::Left,
            column: line[..before].chars().count() as u16,
            row: 1,
        };
        app.update(Event::Mouse(mouse));
    }

    #[test]
    fn the_views_are_there_and_a_click_shows_one() {
        let mut app = app();
        let line = bar(&mut app, 80, 24);
        assert!(
            line.contains("1 Processes  2 CPU  3 Memory  4 Disks  5 Network  6 IPC"),
            "{line}"
        );
        click(&mut app, &line, "Disks");
        assert_eq!(app.world.page, Page::View(4));
        let line = bar(&mut app, 80, 24);
        click(&mut app, &line, "Processes");
        assert_eq!(app.world.page, Page::Dashboard);
        let narrow = bar(&mut app, 44, 24);
        assert!(narrow.contains("1 Processes  2   3"), "{narrow}");
        assert!(!bar(&mut app, 80, 16).contains("4 Disks"), "too low for it");
    }

    #[test]
    fn the_first_keys_are_told_until_they_are_dismissed() {
        let mut app = app();
        let line = bar(&mut app, 120, 40);
        assert!(
            line.contains("Enter inspects  / filters  ? helps  ×"),
            "{line}"
        );
        let narrow = bar(&mut app, 80, 24);
        assert!(narrow.contains("/ filters  ? helps  ×"), "{narrow}");
        let line = bar(&mut app, 120, 40);
        click(&mut app, &line, "×");
        assert!(!bar(&mut app, 120, 40).contains("inspects"));
        assert!(!bar(&mut app, 80, 24).contains("helps"));
        let mut app = self::app();
        bar(&mut app, 120, 40);
        app.update(Event::Key("Esc".parse().expect("a key")));
        assert!(!bar(&mut app, 120, 40).contains("inspects"));
    }
}
