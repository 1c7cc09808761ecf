//! The dialog of the trigger: a condition, what it does when it fires, and what it may look like.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{hints, scroll};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::pad;
use crate::model::trigger::{EXAMPLES, Mode, Trigger};
use crate::theme::Role;
use crate::widgets::{line, popup, table};

/// Opens this.
pub const TRIGGER: Action = Action {
    name: "trigger",
    about: "Stops time when something happens: a condition such as cpu>300 for 3s, ended signal:SEGV, oom",
    keys: &[Key::char('!')],
    hint: "",
};

static SPEC: Spec = Spec {
    name: "trigger",
    title: "Trigger",
    about: "Waits for a condition and stops time on its moment, with what was before.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

/// What the keys do, in its border.
const HINTS: &[hints::Hint] = &[
    ("Enter", "arms"),
    ("Tab", "mode"),
    ("↑ ↓", "examples"),
    ("Ctrl-u", "empty"),
    ("Esc", "closes"),
];
/// Lines above the examples: condition, what is missing, mode and what it means, blank.
const ABOVE: usize = 5;
const WIDE: u16 = 92;

/// The dialog.
#[derive(Default)]
pub struct TriggerDialog {
    input: Input,
    mode: Mode,
    /// Which example the cursor stands on.
    at: Option<usize>,
    outer: Rect,
}

impl TriggerDialog {
    fn arm(&self) -> Reply {
        let text = self.input.text().trim();
        if is_unfinished(text) {
            // The line below says what is missing. Whoever goes on typing must not type commands.
            return Reply::Done;
        }
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("{} {text}", self.mode.word())
        };
        Reply::All(vec![Reply::Close, Reply::Arm(text)])
    }

    /// Puts an example into the line.
    fn choose(&mut self, at: usize) {
        let at = at.min(EXAMPLES.len() - 1);
        self.at = Some(at);
        self.input = Input::new(EXAMPLES[at].0);
    }

    fn next_mode(&mut self) {
        let at = Mode::ALL.iter().position(|mode| *mode == self.mode);
        let next = at.map_or(0, |at| (at + 1) % Mode::ALL.len());
        self.mode = Mode::ALL[next];
    }

    /// The line below the condition: what is not understood, what cannot be seen, or that it is armed.
    fn state(&self, world: &World) -> (String, Role) {
        let text = self.input.text().trim();
        let trigger = Trigger::parse(text);
        if let Some(note) = trigger.notes().first() {
            return (note.why.clone(), Role::Warn);
        }
        let armed = world.trigger.as_ref().filter(|armed| armed.text == text);
        match (armed, text.is_empty()) {
            (Some(armed), _) => match (&armed.last, armed.unseen.first()) {
                (Some(last), _) => (format!("fired ×{}: {last}", armed.fired), Role::Accent),
                (None, Some(unseen)) => (format!("armed, but {unseen}"), Role::Warn),
                (None, None) => ("armed".to_owned(), Role::Good),
            },
            (None, true) if world.trigger.is_some() => ("Enter disarms it".to_owned(), Role::Dim),
            (None, true) => (
                "a filter, with words for the machine and for what happens".to_owned(),
                Role::Dim,
            ),
            (None, false) => {
                let unseen = trigger.unseen(&world.snapshot, &world.timeline);
                unseen.into_iter().next().map_or_else(
                    || ("Enter arms it".to_owned(), Role::Dim),
                    |unseen| (unseen, Role::Warn),
                )
            }
        }
    }
}

/// Whether a condition cannot be armed as it is.
pub(super) fn is_unfinished(text: &str) -> bool {
    let words = text.split_once(' ');
    let text = words.map_or(text, |(word, rest)| Mode::find(word).map_or(text, |_| rest));
    let text = text.trim();
    let disarms = text.is_empty() || text == "off";
    let trigger = Trigger::parse(text);
    !disarms && (trigger.is_empty() || !trigger.notes().is_empty())
}

/// What a mode does, in words.
fn meaning(mode: Mode) -> &'static str {
    match mode {
        Mode::Single => "time stops on the moment; armed once",
        Mode::Normal => "marks it, keeps 30 s before and 10 s after in a file here, goes on",
        Mode::Auto => "time stops on the moment for 10 s, then goes on; armed still",
    }
}

impl Panel for TriggerDialog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&TRIGGER]
    }

    fn open(&mut self, world: &World, _: &'static Action) -> Reply {
        *self = Self::default();
        if let Some(armed) = &world.trigger {
            self.input = Input::new(&armed.text);
            self.mode = armed.mode;
        }
        Reply::Done
    }

    fn fit(&mut self, _: &World, screen: Rect) -> Reply {
        self.outer = popup::area(screen, WIDE, (ABOVE + EXAMPLES.len()) as u16);
        Reply::Pass
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        match key.code {
            Code::Esc => return Reply::Close,
            Code::Enter => return self.arm(),
            Code::Tab => self.next_mode(),
            Code::Up => self.choose(self.at.map_or(0, |at| at.saturating_sub(1))),
            Code::Down => self.choose(self.at.map_or(0, |at| at + 1)),
            _ => {
                if !self.input.key(key) {
                    return Reply::Pass;
                }
                self.at = None;
            }
        }
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.input.insert(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        if mouse.press != Press::Left {
            return Reply::Done;
        }
        if !self.outer.contains(Position::new(mouse.column, mouse.row)) {
            return Reply::Close;
        }
        let area = popup::content(self.outer);
        match usize::from(mouse.row.saturating_sub(area.y)) {
            2 | 3 => self.next_mode(),
            row if (ABOVE..ABOVE + EXAMPLES.len()).contains(&row) => self.choose(row - ABOVE),
            _ => {}
        }
        Reply::Done
    }

    fn buttons(&self, _: &World, _: Rect) -> Vec<Button> {
        hints::buttons(self.outer, HINTS)
    }

    fn moment(&self, _: &World) -> Vec<(String, &'static str)> {
        let hints = HINTS.iter();
        hints
            .map(|(key, does)| ((*key).to_owned(), *does))
            .collect()
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        let examples = EXAMPLES.iter();
        let told = examples.map(|(text, about)| ((*text).to_owned(), (*about).to_owned()));
        told.collect()
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let outer = popup::area(screen, WIDE, (ABOVE + EXAMPLES.len()) as u16);
        let area = popup::draw(theme, outer, SPEC.title, "", buf);
        let row = |i: usize| scroll::row(area, i);
        let plain = Modifier::empty();
        let prompt = [
            ("when ".to_owned(), Role::Accent),
            (self.input.marked(), Role::Text),
        ];
        line::draw(theme, row(0), &prompt, plain, buf);
        let (state, role) = self.state(world);
        line::draw(
            theme,
            row(1),
            &[(format!("     {state}"), role)],
            plain,
            buf,
        );
        let mut modes = vec![("mode ".to_owned(), Role::Accent)];
        for mode in Mode::ALL {
            let dot = match (mode == self.mode, theme.glyphs.ascii) {
                (true, false) => "(●)",
                (true, true) => "(*)",
                (false, _) => "( )",
            };
            let role = if mode == self.mode {
                Role::Strong
            } else {
                Role::Dim
            };
            modes.push((format!("{dot} {}  ", mode.word()), role));
        }
        line::draw(theme, row(2), &modes, plain, buf);
        let about = format!("     {}", meaning(self.mode));
        line::draw(theme, row(3), &[(about, Role::Dim)], plain, buf);
        for (i, (text, about)) in EXAMPLES.iter().enumerate() {
            let area = row(ABOVE + i);
            let parts = [
                (format!("  {}", pad(text, 20)), Role::Strong),
                ((*about).to_owned(), Role::Dim),
            ];
            line::draw(theme, area, &parts, plain, buf);
            if self.at == Some(i) {
                table::select(theme, area, buf);
            }
        }
        hints::draw(theme, outer, HINTS, buf);
    }
}
