use super::*;
use crate::app::App;
use crate::app::choice::Value;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::model::id::Nanos;
use crate::theme::{Depth, Theme};
use crate::widgets::picture;

struct Stage(App, Rect);

impl Stage {
    fn new(width: u16, height: u16) -> Self {
        let theme = Theme::terminal(Depth::True, false);
        let app = App::new(crate::panels::all(), Settings::default(), theme);
        let mut stage = Self(app, Rect::new(0, 0, width, height));
        stage.press(&["F2"]);
        stage
    }

    fn press(&mut self, keys: &[&str]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys {
            crate::screen::fit(&mut self.0, self.1);
            effects.extend(self.0.update(Event::Key(key.parse().expect(key))));
        }
        crate::screen::fit(&mut self.0, self.1);
        effects
    }

    fn go(&mut self, name: &str) {
        self.press(&["Home"]);
        let choices = &self.0.world.choices;
        let at = choices.iter().position(|c| c.name == name).expect(name);
        for _ in 0..at {
            self.press(&["j"]);
        }
    }

    fn value(&self, name: &str) -> Value {
        let all = self.0.choices();
        let found = all.into_iter().find(|c| c.name == name);
        found.expect(name).value
    }

    fn text(&self) -> String {
        let mut buf = Buffer::empty(self.1);
        crate::screen::render(&self.0, self.1, &mut buf);
        picture::text(&buf)
    }
}

#[test]
fn every_choice_is_listed_and_changes_at_once() {
    let mut stage = Stage::new(100, 40);
    let text = stage.text();
    for choice in stage.0.choices() {
        assert!(text.contains(choice.name), "{}: {text}", choice.name);
        stage.go(choice.name);
        let before = stage.value(choice.name);
        stage.press(&["→"]);
        let after = stage.value(choice.name);
        assert_eq!(
            before != after,
            !choice.values.is_empty(),
            "{}",
            choice.name
        );
        stage.press(&["←"]);
        assert_eq!(stage.value(choice.name), before, "{}", choice.name);
    }
    stage.go("interval-ms");
    stage.press(&["Enter"]);
    assert_eq!(stage.0.world.settings.interval, Nanos::from_millis(2000));
}

#[test]
fn the_mouse_is_given_back_and_nothing_is_written_unasked() {
    let mut stage = Stage::new(100, 40);
    stage.go("mouse");
    assert_eq!(stage.press(&["Space"]), [Effect::Mouse(false)]);
    assert_eq!(stage.press(&["w"]), [], "it is shown first");
    assert!(stage.text().contains("w writes: mouse = off"));
    let effects = stage.press(&["w"]);
    let [Effect::Keep(choices)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    for passing in PASSING {
        assert!(choices.iter().all(|c| c.name != passing), "{passing}");
    }
    let mouse = choices.iter().find(|c| c.name == "mouse").expect("listed");
    assert_eq!(
        (&mouse.value, &mouse.default),
        (&Value::On(false), &Value::On(true))
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let mut stage = Stage::new(100, 40);
    let app = &mut stage.0;
    let columns = |names: &[&str]| Value::List(names.iter().map(|n| (*n).to_owned()).collect());
    let refused = app.choose("columns", &columns(&["pid", "colour"]));
    assert!(refused.is_err_and(|e| e.contains("'colour'") && e.contains("command")));
    assert!(app.choose("columns", &columns(&[])).is_err());
    assert!(app.choose("sort", &Value::text("colour")).is_err());
    assert!(app.choose("theme", &Value::text("drak")).is_err());
    assert!(app.choose("nothing", &Value::On(true)).is_err());
    assert!(app.choose("columns", &columns(&["pid", "command"])).is_ok());
}

#[test]
fn it_is_right_at_every_size() {
    for (width, height) in [(1, 1), (20, 5), (61, 17), (80, 24), (200, 60)] {
        let mut stage = Stage::new(width, height);
        stage.press(&["G"]);
        let text = stage.text();
        if height >= 5 && width >= 20 {
            assert!(text.contains("follow"), "the last one is in view: {text}");
        }
    }
}
