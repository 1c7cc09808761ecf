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
use crate::model::format::duration;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::text::{pad, width};
use crate::model::trigger::{AFTER, BEFORE, EXAMPLES, Mode, Trigger};
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
/// Lines above the examples: condition, what is missing, mode and what it means, how much is kept, blank.
const ABOVE: usize = 6;
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
        let text = match Mode::split(text) {
            (_, "") => String::new(),
            (mode, text) => format!("{} {text}", mode.unwrap_or(self.mode).word()),
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
                let unseen = trigger.unseen(&world.snapshot, &world.timeline, world.scaled(1.0));
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
    let (_, text) = Mode::split(text);
    let disarms = text.is_empty() || text == "off";
    let trigger = Trigger::parse(text);
    !disarms && (trigger.is_empty() || !trigger.notes().is_empty())
}

/// What a mode does when the condition is met, in words.
pub(super) fn meaning(mode: Mode, trigger: &Trigger) -> String {
    let after = trigger.after.map(duration);
    let when = after.as_ref().map_or_else(
        || "on the moment".to_owned(),
        |after| format!("{after} after the moment"),
    );
    match mode {
        Mode::Single => format!("time stops {when}; armed once"),
        Mode::Normal => {
            let before = duration(trigger.before.unwrap_or(BEFORE));
            let after = after.unwrap_or_else(|| duration(AFTER));
            format!("marks it, keeps {before} before and {after} after it in a file here, goes on")
        }
        Mode::Auto => format!("time stops {when} for 10 s, then goes on; armed still"),
    }
}

/// How much before and after the moment is kept, and how one says otherwise.
fn kept(mode: Mode, trigger: &Trigger) -> Vec<(String, Role)> {
    let span = |written: Option<Nanos>, usual: String| match written {
        Some(span) => (duration(span), Role::Strong),
        None => (usual, Role::Dim),
    };
    let label = |text: &str| (text.to_owned(), Role::Accent);
    let dim = |text: &str| (text.to_owned(), Role::Dim);
    let (before, after, how) = if mode == Mode::Normal {
        (
            span(trigger.before, duration(BEFORE)),
            span(trigger.after, duration(AFTER)),
            "    written behind it: before 5m after 1m",
        )
    } else {
        let how = if trigger.before.is_some() {
            "    before is of mode normal, which keeps a file"
        } else {
            "    written behind it: after 2s"
        };
        let all = "all that is remembered".to_owned();
        ((all, Role::Dim), span(trigger.after, "0s".to_owned()), how)
    };
    vec![
        label("keep "),
        dim("before "),
        before,
        dim("   after "),
        after,
        dim(how),
    ]
}

/// The condition as it is typed, with what is not understood of it.
fn typed(trigger: &Trigger) -> Vec<(String, Role)> {
    let text = trigger.text();
    let mut notes: Vec<_> = trigger.notes().iter().map(|note| note.at.clone()).collect();
    notes.sort_by_key(|at| at.start);
    let (mut out, mut at) = (Vec::new(), 0);
    for wrong in notes {
        let (Some(before), Some(part)) = (text.get(at..wrong.start), text.get(wrong.clone()))
        else {
            continue;
        };
        out.push((before.to_owned(), Role::Text));
        out.push((part.to_owned(), Role::Warn));
        at = wrong.end;
    }
    out.push((text.get(at..).unwrap_or_default().to_owned(), Role::Text));
    // The cursor stands behind the last letter.
    out.push((" ".to_owned(), Role::Text));
    out
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
        hints::moment(HINTS)
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        let examples = EXAMPLES.iter();
        let told = examples.map(|(text, about)| ((*text).to_owned(), (*about).to_owned()));
        let of_births = (
            "new".to_owned(),
            "who began since the last tick; of who lives for less than a tick the name is known where the kernel tells of births (root, CAP_PERFMON), and else nothing: ( halves the interval then. 'ended' without a name tells of him anywhere".to_owned(),
        );
        told.chain([of_births]).collect()
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let outer = popup::area(screen, WIDE, (ABOVE + EXAMPLES.len()) as u16);
        let area = popup::draw(theme, outer, SPEC.title, "", buf);
        let row = |i: usize| scroll::row(area, i);
        let plain = Modifier::empty();
        let trigger = Trigger::parse(self.input.text());
        let mut prompt = vec![("when ".to_owned(), Role::Accent)];
        let caret = width(&prompt[0].0) + self.input.cursor();
        prompt.extend(typed(&trigger));
        line::draw(theme, row(0), &prompt, plain, buf);
        let x = row(0).x + (caret as u16).min(row(0).width.saturating_sub(1));
        if let Some(cell) = buf.cell_mut((x, row(0).y)) {
            cell.modifier.insert(Modifier::REVERSED);
        }
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
        let about = format!("     {}", meaning(self.mode, &trigger));
        line::draw(theme, row(3), &[(about, Role::Dim)], plain, buf);
        line::draw(theme, row(4), &kept(self.mode, &trigger), plain, buf);
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

#[cfg(test)]
mod tests;
