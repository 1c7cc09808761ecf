//! What a pane that is added needs, and what follows of itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{all, world};
use crate::app::action::Action;
use crate::app::event::Event;
use crate::app::key::Key;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::{Settings, World};
use crate::model::plan::Needs;
use crate::theme::{Depth, Role, Theme};

crate::app::action::actions! {
    /// An action of a tab that only this test has.
    TINY "tiny-thing" [Key::f(12)] "Does a tiny thing" "tiny";
}

/// A tab as the recipe has it, in miniature.
struct Tiny;

impl Panel for Tiny {
    fn spec(&self) -> &'static Spec {
        static SPEC: Spec = Spec {
            name: "tiny",
            title: "Tiny",
            about: "A tiny tab.",
            place: Place::Tab,
            needs: Needs::SENSORS,
            actions: &[&TINY],
        };
        &SPEC
    }

    fn act(&mut self, _: &World, _: &Action) -> Reply {
        Reply::Say("done".to_owned())
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        crate::widgets::line::draw(
            &world.theme,
            area,
            &[("all of it".to_owned(), Role::Text)],
            Modifier::empty(),
            buf,
        );
    }
}

/// Bar of tabs, plan, footer, help, palette and keymap follow from the `Spec` of a tab.
#[test]
fn a_tab_that_is_added_is_found_everywhere() {
    let mut panes = all();
    panes.push(Box::new(Tiny));
    let theme = Theme::terminal(Depth::Ansi, false);
    let mut app = crate::app::App::new(panes, Settings::default(), theme);
    let listed = app.world.catalog.iter().find(|s| s.name == "tiny");
    assert_eq!(
        listed.map(|s| (s.title, s.about)),
        Some(("Tiny", "A tiny tab."))
    );
    assert!(
        app.actions().any(|a| a.name == "tiny-thing"),
        "palette, manual page, [keys]"
    );
    let area = Rect::new(0, 0, 160, 48);
    let of = world();
    app.update(Event::Snapshot(of.snapshot));
    crate::screen::fit(&mut app, area);
    for key in ["Enter", "←"] {
        app.update(Event::Key(key.parse().expect("a key")));
        crate::screen::fit(&mut app, area);
    }
    assert!(
        app.plan().needs.contains(Needs::SENSORS),
        "it is open, and its plan is asked for"
    );
    let mut buf = Buffer::empty(area);
    crate::screen::render(&app, area, &mut buf);
    let text = crate::widgets::picture::text(&buf);
    for word in ["Tiny", "all of it", "tiny"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}
