//! The dialog of the trigger: a condition, what it does when it fires, and what it may look like.

use std::ops::Range;

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
use crate::model::text::{pad, width, wrap};
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
const WIDE: u16 = 92;
/// Where what explains the line above it begins.
const INDENT: usize = 5;

/// The dialog.
#[derive(Default)]
pub struct TriggerDialog {
    input: Input,
    mode: Mode,
    /// Which example the cursor stands on.
    at: Option<usize>,
    outer: Rect,
    /// The rows above the examples that a click on changes the mode, how many there are, and the first example in view.
    mode_rows: Range<usize>,
    above: usize,
    top: usize,
}

type Parts = Vec<(String, Role)>;

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

    /// What stands above the examples in so many cells: the condition and its state, the mode and what it means, how much is
    /// kept, and a blank line where there is room; with the rows of the mode.
    fn lines_above(&self, world: &World, cells: usize) -> (Vec<Parts>, Range<usize>) {
        let trigger = Trigger::parse(self.input.text());
        let mut first = vec![(WHEN.to_owned(), Role::Accent)];
        first.extend(typed(&trigger));
        let mut out = vec![first];
        let (state, role) = self.state(world);
        out.extend(below(&state, role, cells));
        let mode = out.len();
        out.push(self.modes(world));
        out.extend(below(&meaning(self.mode, &trigger), Role::Dim, cells));
        let end = out.len();
        let (kept, how) = kept(self.mode, &trigger);
        let wide: usize = kept.iter().map(|(text, _)| width(text)).sum();
        if wide + HOW_GAP.len() + width(how) <= cells {
            let how = (format!("{HOW_GAP}{how}"), Role::Dim);
            out.push(kept.into_iter().chain([how]).collect());
        } else {
            out.push(kept);
            out.extend(below(how, Role::Dim, cells));
        }
        out.push(Vec::new());
        (out, mode..end)
    }

    /// The modes, and which is chosen.
    fn modes(&self, world: &World) -> Parts {
        let mut modes = vec![("mode ".to_owned(), Role::Accent)];
        for mode in Mode::ALL {
            let dot = match (mode == self.mode, world.theme.glyphs.ascii) {
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
        modes
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

/// What stands before the condition.
const WHEN: &str = "when ";
/// What parts how much is kept from how one says otherwise.
const HOW_GAP: &str = "    ";

/// What explains the line above it, in lines of so many cells.
fn below(text: &str, role: Role, cells: usize) -> impl Iterator<Item = Parts> {
    let lines = wrap(text, cells.saturating_sub(INDENT).max(1)).into_iter();
    lines.map(move |line| vec![(format!("{:INDENT$}{line}", ""), role)])
}

/// How much before and after the moment is kept, and how one says otherwise.
fn kept(mode: Mode, trigger: &Trigger) -> (Parts, &'static str) {
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
            "written behind it: before 5m after 1m",
        )
    } else {
        let how = if trigger.before.is_some() {
            "before is of mode normal, which keeps a file"
        } else {
            "written behind it: after 2s"
        };
        let all = "all that is remembered".to_owned();
        ((all, Role::Dim), span(trigger.after, "0s".to_owned()), how)
    };
    let parts = vec![
        label("keep "),
        dim("before "),
        before,
        dim("   after "),
        after,
    ];
    (parts, how)
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

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        let cells = usize::from(popup::content(popup::area(screen, WIDE, u16::MAX)).width);
        let (above, mode_rows) = self.lines_above(world, cells);
        let all = (above.len() + EXAMPLES.len()) as u16;
        self.outer = popup::area(screen, WIDE, all);
        let rows = usize::from(popup::content(self.outer).height);
        let shown = rows.saturating_sub(above.len());
        (self.above, self.mode_rows) = (above.len(), mode_rows);
        self.top = self
            .at
            .map_or(0, |at| (at + 1).saturating_sub(shown.max(1)));
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
        let row = usize::from(mouse.row.saturating_sub(area.y));
        if self.mode_rows.contains(&row) {
            self.next_mode();
        } else if let Some(example) = row.checked_sub(self.above).map(|row| row + self.top)
            && example < EXAMPLES.len()
        {
            self.choose(example);
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

    fn render(&self, world: &World, _: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let area = popup::draw(theme, self.outer, SPEC.title, "", buf);
        let row = |i: usize| scroll::row(area, i);
        let (above, _) = self.lines_above(world, usize::from(area.width));
        for (i, parts) in above.iter().enumerate() {
            line::draw(theme, row(i), parts, Modifier::empty(), buf);
        }
        let first = row(0);
        let caret = (width(WHEN) + self.input.cursor()) as u16;
        let x = first.x + caret.min(first.width.saturating_sub(1));
        if let Some(cell) = buf.cell_mut((x, first.y)) {
            cell.modifier.insert(Modifier::REVERSED);
        }
        for (i, (text, about)) in EXAMPLES.iter().enumerate().skip(self.top) {
            let area = row(self.above + i - self.top);
            let parts = [
                (format!("  {}", pad(text, 20)), Role::Strong),
                ((*about).to_owned(), Role::Dim),
            ];
            line::draw(theme, area, &parts, Modifier::empty(), buf);
            if self.at == Some(i) {
                table::select(theme, area, buf);
            }
        }
        hints::draw(theme, self.outer, HINTS, buf);
    }
}

#[cfg(test)]
mod tests;
