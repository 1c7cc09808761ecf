//! The dialog that asks how and where the screen or the table is to be saved. Writes nothing itself.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{hints, scroll};
use crate::app::action::{Action, actions};
use crate::app::button::Button;
use crate::app::event::{Effect, Outcome};
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::save::{Form, Save};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::{pad, width};
use crate::theme::Role;
use crate::widgets::{line, popup, table};

actions! {
    /// Opens this.
    SAVE "save" [Key::ctrl('s')] "Saves the screen or the table into a file" "";
}

static SPEC: Spec = Spec {
    name: "save",
    title: "Save",
    about: "How and where the screen or the table is saved.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

const STATUS: &str = "Enter saves · Esc closes";
/// Lines below the forms: a blank one, the name, what is said of it.
const BELOW: u16 = 3;

/// The dialog.
#[derive(Default)]
pub struct SaveDialog {
    at: usize,
    path: Input,
    /// A file of this name is there: whether it may be replaced is asked.
    asked: Option<Save>,
    outer: Rect,
}

fn outer(screen: Rect) -> Rect {
    popup::area(screen, 72, Form::ALL.len() as u16 + BELOW)
}

/// A name that tells the moment: `pscope-2026-11-27-00-03-40.svg`.
fn name(world: &World, form: Form) -> String {
    let snapshot = &world.snapshot;
    let wall = snapshot.machine.zone.wall_ms(snapshot.unix_ms() as i64);
    let at = jiff::Timestamp::from_millisecond(wall).unwrap_or_default();
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    let at = at.strftime("%Y-%m-%d-%H-%M-%S");
    format!("pscope-{at}.{}", form.ending())
}

/// The end of a text, where it has more cells than there are.
fn tail(text: &str, cells: usize) -> &str {
    let mut from = text.char_indices().map(|(at, _)| &text[at..]);
    from.find(|rest| width(rest) <= cells).unwrap_or_default()
}

impl SaveDialog {
    fn form(&self) -> Form {
        Form::ALL[self.at]
    }

    /// Another form: the name ends as that one's files do.
    fn choose(&mut self, at: usize) {
        self.at = at.min(Form::ALL.len() - 1);
        self.asked = None;
        let text = self.path.text().to_owned();
        let stem = match (Form::of(&text), text.rsplit_once('.')) {
            (Some(_), Some((stem, _))) => stem,
            _ => &text,
        };
        self.path = Input::new(&format!("{stem}.{}", self.form().ending()));
    }

    fn save(&mut self) -> Reply {
        let path = self.path.text().trim().to_owned();
        if path.is_empty() {
            return Reply::Complain("the file needs a name".to_owned());
        }
        let over = self.asked.as_ref().is_some_and(|s| s.path == path);
        let form = Form::of(&path).unwrap_or(self.form());
        let save = Save { form, path, over };
        Reply::All(vec![Reply::Close, Reply::Do(Effect::Save(save))])
    }

    /// The name was changed by hand: its ending chooses the form, and nothing is agreed to any more.
    fn typed(&mut self) {
        self.asked = None;
        let form = Form::of(self.path.text());
        let at = form.and_then(|form| Form::ALL.iter().position(|f| *f == form));
        self.at = at.unwrap_or(self.at);
    }
}

impl Panel for SaveDialog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&SAVE]
    }

    fn open(&mut self, world: &World, _: &'static Action) -> Reply {
        match self.asked.take() {
            Some(save) => {
                self.path = Input::new(&save.path);
                self.typed();
                self.asked = Some(save);
            }
            None => self.path = Input::new(&name(world, self.form())),
        }
        Reply::Done
    }

    fn outcome(&mut self, _: &World, outcome: &Outcome) -> Reply {
        match outcome {
            Outcome::Exists(save) => {
                self.asked = Some(save.clone());
                Reply::Act(&SAVE)
            }
            _ => Reply::Pass,
        }
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        match key.code {
            Code::Esc => {
                self.asked = None;
                return Reply::Close;
            }
            Code::Enter => return self.save(),
            Code::Up => self.choose(self.at.saturating_sub(1)),
            Code::Down => self.choose(self.at + 1),
            _ if self.path.key(key) => self.typed(),
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.path.insert(text);
        self.typed();
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.choose(self.at.saturating_sub(1)),
            Press::WheelDown => self.choose(self.at + 1),
            Press::Left => {
                let at = Position::new(mouse.column, mouse.row);
                if !self.outer.contains(at) {
                    return Reply::Close;
                }
                let row = usize::from(mouse.row.saturating_sub(popup::content(self.outer).y));
                if row < Form::ALL.len() {
                    self.choose(row);
                }
            }
            _ => {}
        }
        Reply::Done
    }

    fn fit(&mut self, _: &World, screen: Rect) -> Reply {
        self.outer = outer(screen);
        Reply::Pass
    }

    fn buttons(&self, _: &World, _: Rect) -> Vec<Button> {
        hints::status(self.outer, SPEC.title, STATUS)
    }

    fn moment(&self, _: &World) -> Vec<(String, &'static str)> {
        [("Enter", "save"), ("↑ ↓", "choose how"), ("Esc", "close")]
            .map(|(key, does)| (key.to_owned(), does))
            .to_vec()
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let area = popup::draw(theme, outer(screen), SPEC.title, STATUS, buf);
        for (i, form) in Form::ALL.iter().enumerate() {
            let row = scroll::row(area, i);
            let parts = [
                (format!("  {}", pad(form.ending(), 6)), Role::Strong),
                (form.about().to_owned(), Role::Text),
            ];
            line::draw(theme, row, &parts, Modifier::empty(), buf);
            if i == self.at && row.height > 0 {
                table::select(theme, row, buf);
            }
        }
        let name = self.path.marked();
        let room = usize::from(area.width).saturating_sub(9);
        let parts = [
            ("  file   ".to_owned(), Role::Accent),
            (tail(&name, room).to_owned(), Role::Strong),
        ];
        let row = scroll::row(area, Form::ALL.len() + 1);
        line::draw(theme, row, &parts, Modifier::empty(), buf);
        let said = match (&self.asked, &world.notice) {
            (Some(_), _) => (
                "a file of this name is there: Enter replaces it, another name keeps it".to_owned(),
                Role::Warn,
            ),
            (None, Some(notice)) if notice.bad => (notice.text.clone(), Role::Bad),
            _ => (
                "for you alone to read; secrets stay masked as on the screen".to_owned(),
                Role::Dim,
            ),
        };
        let row = scroll::row(area, Form::ALL.len() + 2);
        line::draw(
            theme,
            row,
            &[(format!("  {}", said.0), said.1)],
            Modifier::empty(),
            buf,
        );
    }
}
