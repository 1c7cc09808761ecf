//! The seam between the app and its panes.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::action::{Action, Keymap};
use super::button::Button;
use super::choice::{Choice, Value};
use super::event::{Effect, Outcome};
use super::key::{Key, Mouse};
use super::moves;
use super::save::WholeTable;
use super::word::Word;
use super::world::{Chosen, World};
use crate::model::acting::signal::Signal;
use crate::model::id::{ProcId, Tid};
use crate::model::plan::{Needs, Plan};
use crate::theme::Role;

/// Where a pane stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first line.
    Header,
    /// Below it on the dashboard: the cores and memory.
    Top,
    /// Below the header: the views, by digit and name.
    Views,
    /// The process list.
    List,
    /// A tab of the inspector, in the order of the registry.
    Tab,
    /// A system view, chosen by its digit.
    View(u8),
    /// The line above the last one, while time stands still.
    Time,
    /// The last line.
    Footer,
    /// Above everything, until closed.
    Overlay,
}

/// The fixed facts of a pane. Help, footer, palette and README tables are made from them.
#[derive(Debug)]
pub struct Spec {
    /// Its name in settings and tests.
    pub name: &'static str,
    /// Its title on the screen.
    pub title: &'static str,
    /// What it shows, one sentence.
    pub about: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it needs while it is shown.
    pub needs: Needs,
    /// What it answers to.
    pub actions: &'static [&'static Action],
}

/// A row of a process that another pane leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// One of its threads.
    Thread(Tid),
    /// One of its descriptors.
    Descriptor(u32),
}

/// What a pane says to an event.
#[derive(Default)]
pub enum Reply {
    /// Not mine: ask the next one.
    #[default]
    Pass,
    /// Taken care of.
    Done,
    /// Select this process.
    Focus(ProcId),
    /// This group is selected, or none is.
    Group(Option<Arc<Chosen>>),
    /// Whether the list has a row for what is selected.
    Listed(bool),
    /// Select this process and open the inspector on the tab of this name.
    Inspect(ProcId, &'static str),
    /// The same on the tab that lists this, with its row selected.
    Lead(ProcId, Led),
    /// Perform this.
    Do(Effect),
    /// Tag or untag these.
    Tag(Vec<ProcId>, bool),
    /// Show this pane above everything.
    Open(Box<dyn Panel>),
    /// Close this overlay.
    Close,
    /// Ask for this action as if its key had been pressed (palette, menus).
    Act(&'static Action),
    /// Ask for this action about this process and this signal, whatever is selected or tagged.
    Propose(&'static Action, ProcId, Signal),
    /// Choose a value by its name, as the configuration file would.
    Choose(&'static str, Value),
    /// Show this moment of those that are kept, by its place.
    Go(usize),
    /// Show this time of the calendar, milliseconds since 1970.
    Then(u64),
    /// Show the moment that is written like this: `12:03:40`, `-5m`.
    When(String),
    /// Arm the trigger that is written like this, disarm it where that is nothing: `cpu>300 for 3s`, `normal oom`.
    Arm(String),
    /// Say this in the status line.
    Say(String),
    /// Say that this went wrong.
    Complain(String),
    /// All of these, in order.
    All(Vec<Reply>),
}

/// What the mouse did to the rows of a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// Nothing: it was for somebody else.
    Missed,
    /// A row was chosen, rows were scrolled or sorted.
    Taken,
    /// The chosen row was clicked once more: that opens it.
    Again,
}

/// The rows of a pane that is a table with things around it; all of them answer the same keys alike.
pub trait Rows {
    /// Whether a search or a filter is being typed.
    fn typing(&self) -> bool;

    /// Whether a search or a filter is in force, so that Esc clears it.
    fn filtered(&self) -> bool;

    /// Answers a key while something is typed.
    fn key(&mut self, keys: &Keymap, key: Key);

    /// Takes pasted text in while something is typed.
    fn paste(&mut self, text: &str);

    /// Answers moves, search, filter and order; passes any other action on.
    fn act(&mut self, action: &Action) -> Reply;

    /// Answers the mouse.
    fn mouse(&mut self, mouse: Mouse) -> Hit;

    /// Which row of how many, and what is searched for; for the right end of a title.
    fn status(&self) -> String;

    /// Selects the first row, whichever it is.
    fn begin(&mut self);

    /// The selected row: each head with its text.
    fn chosen_cells(&self) -> Vec<(&'static str, String)>;

    /// The heads, and the texts of the rows that have room in the area of the last fit.
    fn whole_table(&self) -> (Vec<String>, Vec<Vec<String>>);
}

/// The rows of a pane, by the field that holds them: with that it answers as every table does.
macro_rules! has_rows {
    ($($field:ident).+) => {
        fn rows(&self) -> Option<&dyn $crate::app::panel::Rows> {
            Some(&self.$($field).+)
        }

        fn rows_mut(&mut self) -> Option<&mut dyn $crate::app::panel::Rows> {
            Some(&mut self.$($field).+)
        }
    };
}
pub(crate) use has_rows;

/// What the keys do while a line is typed that takes effect at once.
pub fn line_keys(esc: &'static str) -> Vec<(String, &'static str)> {
    vec![
        ("Enter".to_owned(), "keep"),
        ("Esc".to_owned(), esc),
        ("↑ ↓".to_owned(), "move"),
        ("Ctrl-u".to_owned(), "empty the line"),
    ]
}

/// A pane with its state. Rendering cannot change it.
pub trait Panel {
    /// Its fixed facts.
    fn spec(&self) -> &'static Spec;

    /// Adds what it wants read, while it is shown.
    fn plan(&self, world: &World, plan: &mut Plan) {
        let _ = world;
        plan.needs |= self.spec().needs;
    }

    /// Prepares for being drawn into `area`: lists rows, clamps the selection. Called after every event and before `render`.
    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let _ = (world, area);
        Reply::Pass
    }

    /// Its rows, where it is a table: then moves, search, filter, order, mouse and copying need nothing more.
    fn rows(&self) -> Option<&dyn Rows> {
        None
    }

    /// The same, to be changed.
    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        None
    }

    /// What Enter and a second click on the chosen row do.
    fn enter(&self, world: &World) -> Reply {
        let _ = world;
        Reply::Pass
    }

    /// The chosen row as text for the clipboard.
    fn copied(&self, world: &World) -> Option<String> {
        let _ = world;
        None
    }

    /// Answers an action of its spec.
    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        self.act_on_rows(world, action)
    }

    /// Answers what all tables answer alike.
    fn act_on_rows(&mut self, world: &World, action: &'static Action) -> Reply {
        if action == moves::COPY {
            return match self.copied(world) {
                Some(text) => Reply::Do(Effect::Copy(text)),
                None => Reply::Say("nothing is selected".to_owned()),
            };
        }
        self.rows_mut().map_or(Reply::Pass, |rows| rows.act(action))
    }

    /// Whether it takes typed text now; then every key goes to [`Panel::key`] first.
    fn typing(&self) -> bool {
        self.rows().is_some_and(Rows::typing)
    }

    /// Whether a search or a filter is in force in it, so that Esc clears it.
    fn filtered(&self) -> bool {
        self.rows().is_some_and(Rows::filtered)
    }

    /// Answers a key as it was pressed, before the keymap is asked, while it is typing.
    fn key(&mut self, world: &World, key: Key) -> Reply {
        self.rows_mut().map_or(Reply::Pass, |rows| {
            rows.key(&world.keys, key);
            Reply::Done
        })
    }

    /// Answers pasted text while it is typing.
    fn paste(&mut self, world: &World, text: &str) -> Reply {
        let _ = world;
        self.rows_mut().map_or(Reply::Pass, |rows| {
            rows.paste(text);
            Reply::Done
        })
    }

    /// Answers the mouse inside the area that it was fitted to.
    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        self.mouse_on_rows(world, mouse)
    }

    /// The same of its rows alone.
    fn mouse_on_rows(&mut self, world: &World, mouse: Mouse) -> Reply {
        match self
            .rows_mut()
            .map_or(Hit::Missed, |rows| rows.mouse(mouse))
        {
            Hit::Missed => Reply::Pass,
            Hit::Taken => Reply::Done,
            Hit::Again => self.enter(world),
        }
    }

    /// Everything that it lists, as it was fitted last, for a file.
    fn whole_table(&self, world: &World) -> Option<WholeTable> {
        let _ = world;
        let (heads, rows) = self.rows()?.whole_table();
        Some(WholeTable {
            name: self.spec().name,
            heads,
            rows,
            procs: Vec::new(),
        })
    }

    /// Hears what became of an effect.
    fn outcome(&mut self, world: &World, outcome: &Outcome) -> Reply {
        let _ = (world, outcome);
        Reply::Pass
    }

    /// A new tick is shown: `world.snapshot` or `world.detail` changed.
    fn tick(&mut self, world: &World) {
        let _ = world;
    }

    /// The recording of another machine is shown from now on, that of this number: what was selected, folded or kept of the
    /// processes of the one before is of nobody there. Called before anything of it is shown.
    fn elsewhere(&mut self, host: usize) {
        let _ = host;
        if let Some(rows) = self.rows_mut() {
            rows.begin();
        }
    }

    /// Selects a process, if this pane lists processes.
    fn select(&mut self, world: &World, id: ProcId) {
        let _ = (world, id);
    }

    /// Selects this row of a process as soon as it is there, if this pane lists such rows; answers whether it does.
    fn find(&mut self, of: ProcId, to: Led) -> bool {
        let _ = (of, to);
        false
    }

    /// The actions that open this overlay, whatever pane has the keyboard.
    fn openers(&self) -> &'static [&'static Action] {
        &[]
    }

    /// It is being opened by one of its openers: begins afresh for `world.focus` and `world.tags`. `Reply::Pass` and a complaint keep it shut.
    fn open(&mut self, world: &World, by: &'static Action) -> Reply {
        let _ = (world, by);
        Reply::Done
    }

    /// What of it can be chosen and kept.
    fn choices(&self, world: &World) -> Vec<Choice> {
        let _ = world;
        Vec::new()
    }

    /// Chooses a value by its name; `None` where it is not its own to choose.
    fn choose(&mut self, name: &str, value: &Value) -> Option<Result<(), String>> {
        let _ = (name, value);
        None
    }

    /// Its words and numbers: what each means and where it comes from.
    fn words(&self) -> &'static [&'static [Word]] {
        &[]
    }

    /// The present value of one of its words, with the parts that it is made of where those are known.
    fn now(&self, world: &World, word: &str) -> Option<String> {
        let _ = world;
        let cells = self.rows()?.chosen_cells();
        cells
            .into_iter()
            .find(|(head, _)| *head == word)
            .map(|(_, text)| text)
    }

    /// What else is to be said now: of the selected row, and for each `–` in view, why.
    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let _ = world;
        Vec::new()
    }

    /// How many lines of at most `most` it would like, borders not counted; asked of panes above the body.
    fn height(&self, world: &World, width: u16, most: u16) -> u16 {
        let _ = (world, width, most);
        1
    }

    /// Lets go of what a key or a click left on it: a cursor, a pan; says whether there was anything.
    fn settle(&mut self) -> bool {
        false
    }

    /// Whether what is behind it keeps its colours, where it is an overlay.
    fn is_clear(&self) -> bool {
        false
    }

    /// Its title in parts; the screen writes it into the border.
    fn title(&self, world: &World) -> Vec<(String, Role)> {
        let _ = world;
        vec![(self.spec().title.to_owned(), Role::Title)]
    }

    /// A short text for the right end of its title, such as `14/412`.
    fn status(&self, world: &World) -> String {
        let _ = world;
        self.rows().map_or_else(String::new, Rows::status)
    }

    /// The right end of its title in parts, where a plain [`Panel::status`] does not say enough.
    fn badge(&self, world: &World) -> Vec<(String, Role)> {
        let status = self.status(world);
        if status.is_empty() {
            Vec::new()
        } else {
            vec![(status, Role::Dim)]
        }
    }

    /// What the keys do at this moment, where that is not what its actions say: while something is typed or chosen. Keys
    /// are parted by blanks.
    fn moment(&self, world: &World) -> Vec<(String, &'static str)> {
        let spec = self.spec();
        if self.rows().is_some_and(Rows::typing) {
            return line_keys("clear");
        }
        if spec.place != Place::Overlay {
            return Vec::new();
        }
        let hints = spec.actions.iter().filter(|a| !a.hint.is_empty());
        let mut out: Vec<(String, &'static str)> =
            hints.map(|a| (world.keys.shown(a), a.hint)).collect();
        if !out.iter().any(|(key, _)| key == "Esc") {
            out.push(("Esc".to_owned(), "close"));
        }
        out
    }

    /// What can be clicked besides what [`Panel::mouse`] answers: parts of its title, hints. `outer` is its area with the
    /// border, or for an overlay the whole screen.
    fn buttons(&self, world: &World, outer: Rect) -> Vec<Button> {
        let _ = (world, outer);
        Vec::new()
    }

    /// Draws itself; `area` is what `fit` was given.
    fn render(&self, world: &World, area: Rect, buf: &mut Buffer);
}
