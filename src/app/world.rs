//! What every pane may look at: the snapshot, the selection, the settings. Panes never change it; they reply.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::action::{Action, Keymap};
use super::choice::Choice;
use super::history::History;
use super::layout::Layout;
use super::log::Log;
use super::minutes::Minutes;
use super::timed::Probe;
use super::trace::Trace;
use crate::model::acting::signal::Signal;
use crate::model::descriptors::peer::Object;
use crate::model::detail::{Detail, Slot, Stamped};
use crate::model::groups::grouping::Group;
use crate::model::id::{Nanos, Pid, ProcId, Uid};
use crate::model::machine::verdict::Verdict;
use crate::model::plan::Needs;
use crate::model::process::forest::Ended;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::model::trigger;
use crate::recording::past::Moment;
use crate::theme::ground::AUTO;
use crate::theme::{Ground, Theme};

/// Everything that panes read.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each so or not"
)]
pub struct World {
    /// The tick that is shown; frozen while paused.
    pub snapshot: Arc<Snapshot>,
    /// What the inspector and the system views show.
    pub detail: Arc<Detail>,
    /// What was read before the moment of the past that is shown.
    pub readings: Readings,
    /// Who had the cores; frozen while paused.
    pub timeline: Arc<Timeline>,
    /// What is known of the time before it in another way, oldest first: of a recording that goes from slices to sums or back.
    pub before: Vec<Arc<Timeline>>,
    /// The past of busy processes.
    pub history: History,
    /// The past of the process in focus.
    pub trace: Trace,
    /// The last minutes of the machine.
    pub minutes: Minutes,
    /// The selected process; the inspector shows it.
    pub focus: Option<ProcId>,
    /// A person has pressed something: from then on what is selected was chosen, or left so, by somebody.
    pub touched: bool,
    /// The group that is selected, where the selection is one.
    pub group: Option<Arc<Chosen>>,
    /// Whether the list has a row for what is selected: a filter may leave none.
    pub listed: bool,
    /// Tagged processes.
    pub tags: BTreeSet<ProcId>,
    /// What the dialog that is being opened is to be about, where a pane proposed something.
    pub proposal: Option<(ProcId, Signal)>,
    /// Whether time stands still, and how many ticks before the last one.
    pub paused: Option<usize>,
    /// What can be looked back at.
    pub time: TimeBar,
    /// The person's choices.
    pub settings: Settings,
    /// Colours and glyphs.
    pub theme: Theme,
    /// Which key asks for what.
    pub keys: Keymap,
    /// One line for the person, until the next key.
    pub notice: Option<Notice>,
    /// What fills the screen.
    pub page: Page,
    /// Which pane has the keyboard, by its name.
    pub active: &'static str,
    /// Every action that a key can ask for now, by pane: the source of help, footer and palette.
    pub catalog: Vec<Section>,
    /// What the keys do at this moment, where that is not what the actions of the pane say.
    pub moment: Vec<(String, &'static str)>,
    /// A filter or a search is in force in the pane with the keyboard.
    pub filtered: bool,
    /// The digits of the views that there are, the dashboard among them.
    pub views: Vec<u8>,
    /// The line of views is on the screen.
    pub bar: bool,
    /// The names of dialogs that can be opened from anywhere.
    pub dialogs: Vec<&'static str>,
    /// Everything that can be chosen, while a dialog is open.
    pub choices: Vec<Choice>,
    /// What a pane said when it was last asked to explain itself.
    pub explanation: Explanation,
    /// What was done to processes, and what became of it.
    pub log: Log,
    /// What holds the machine back now, if anything.
    pub verdict: Option<Verdict>,
    /// The trigger that is armed, or has fired.
    pub trigger: Option<Armed>,
    /// Listens for the chart under the mouse, while panes are drawn.
    pub probe: Probe,
}

/// What was read in the minutes before a moment of the past that is shown; empty while the present is.
#[derive(Debug, Default)]
pub struct Readings {
    /// Of which moment, of whom, and for what; `None`: of none.
    pub of: Option<(Nanos, Option<ProcId>, Needs)>,
    /// Each with what was read since the one before, oldest first.
    pub all: Vec<Detail>,
}

impl Readings {
    /// What was read of one part, oldest first.
    pub fn part<'a, T: 'a>(
        &'a self,
        of: impl Fn(&'a Detail) -> &'a Slot<T> + 'a,
    ) -> impl Iterator<Item = &'a Stamped<T>> + 'a {
        self.all
            .iter()
            .filter_map(move |detail| of(detail).as_ref())
    }
}

/// A trigger, as far as panes tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armed {
    /// Its condition as it was written.
    pub text: String,
    /// What it does when it fires.
    pub mode: trigger::Mode,
    /// How often it has fired.
    pub fired: u32,
    /// What happened last, in one sentence.
    pub last: Option<String>,
    /// It has fired and is armed no more.
    pub spent: bool,
    /// What of the condition cannot be seen here.
    pub unseen: Vec<String>,
    /// It never fires here.
    pub never: bool,
}

/// A group that is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which.
    pub group: Group,
    /// Who is in it and in its parts and may be shown, ascending; with a filter those who pass.
    pub members: Vec<ProcId>,
    /// Whether nobody is left out by a filter.
    pub whole: bool,
}

/// The moments that are kept, while time stands still, and how a recording is played.
#[derive(Clone, Debug, Default)]
pub struct TimeBar {
    /// Every moment, oldest first.
    pub moments: Vec<Moment>,
    /// Which of them is shown.
    pub at: usize,
    /// The moment that was clicked last on a chart or a lane, while time stands still.
    pub pointed: Option<Nanos>,
    /// Those in focus or tagged who are not there at the moment that is shown, as they were at the nearest one at which they
    /// are.
    pub gone: BTreeMap<ProcId, Ended>,
    /// It is a recording: whether it plays, and how fast.
    pub replay: Option<Replay>,
    /// What is shown was recorded: nothing more can be read of it.
    pub recorded: bool,
    /// The file into which it is recorded.
    pub recording: Option<String>,
    /// It came from elsewhere and nothing more comes.
    pub ended: bool,
    /// The machines of which there are recordings.
    pub hosts: Vec<Host>,
    /// The place of the shown one.
    pub host: usize,
}

/// A machine of which there is a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What it is called.
    pub name: SafeText,
    /// From when to when it was recorded, milliseconds since 1970.
    pub span: (u64, u64),
}

/// How a recording is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Whether it plays.
    pub playing: bool,
    /// How many times faster than it was, as a power of two.
    pub speed: i8,
}

/// What fills the screen below the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Cores, process list, and the inspector beside it where there is room.
    Dashboard,
    /// The inspector alone.
    Inspector,
    /// A system view, by its digit.
    View(u8),
}

/// What a pane shows, in words.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The pane's title.
    pub title: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// Each word or number with its meaning.
    pub lines: Vec<(String, String)>,
}

/// The actions of one pane.
#[derive(Clone, Debug)]
pub struct Section {
    /// The pane's name.
    pub name: &'static str,
    /// The pane's title.
    pub title: &'static str,
    /// What it shows.
    pub about: &'static str,
    /// What it answers to.
    pub actions: &'static [&'static Action],
}

/// A line that says what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The text, printable.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
}

/// What a person chose.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent choices, each on or off"
)]
pub struct Settings {
    /// The name of the theme.
    pub theme: String,
    /// How the dashboard is divided.
    pub layout: Layout,
    /// What is behind the text of the terminal.
    pub ground: Ground,
    /// Whose keys are taken, by the name of the preset.
    pub keymap: &'static str,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// The pace.
    pub interval: Nanos,
    /// What recording switches may cost: percent of one core.
    pub recording_budget: u8,
    /// CPU % is of the whole machine instead of one core.
    pub of_machine: bool,
    /// Nothing on the machine may be changed.
    pub read_only: bool,
    /// The line of views tells the keys to begin with.
    pub tips: bool,
    /// How much memory the past may take, MiB.
    pub remember_mib: u64,
    /// Graphics cards are asked, where there are any.
    pub gpu: bool,
    /// The header shows what pscope itself costs.
    pub own_cost: bool,
    /// Which process this is, and whose; the list begins with one that this user may look into.
    pub me: Option<(Pid, Uid)>,
    /// Whether the list begins as a tree.
    pub tree: bool,
    /// The process to open in the inspector at the start.
    pub target: Option<ProcId>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: AUTO.to_owned(),
            layout: Layout::default(),
            ground: Ground::Unknown,
            keymap: super::presets::NAMES[0],
            mouse: true,
            interval: Nanos::from_millis(1000),
            recording_budget: 5,
            of_machine: false,
            read_only: false,
            tips: true,
            remember_mib: 8,
            gpu: true,
            own_cost: false,
            me: None,
            tree: true,
            target: None,
        }
    }
}

/// The dialogs that do something to processes.
const ACTING: [&str; 2] = ["signal", "tuning"];

impl World {
    /// Whether the actions of a pane are offered: where nothing may be done to processes, what does it is not.
    pub fn offers(&self, pane: &str) -> bool {
        !(self.settings.read_only && ACTING.contains(&pane))
    }

    /// The actions that are offered.
    pub fn offered(&self) -> impl Iterator<Item = &'static Action> {
        let sections = self.catalog.iter().filter(|s| self.offers(s.name));
        sections.flat_map(|s| s.actions.iter().copied())
    }

    /// What the process in focus uses of graphics cards, in words, where that is known.
    pub fn graphics(&self) -> Option<String> {
        let gpus = self.detail.machine.gpus.as_ref()?.value.as_ref().ok()?;
        gpus.words(self.detail.of?.pid)
    }

    /// Whether the process in focus holds a descriptor of a graphics card.
    pub fn holds_card(&self) -> bool {
        let files = self.detail.files.as_ref().map(|slot| &slot.value);
        let mut rows = files
            .into_iter()
            .flatten()
            .flat_map(|files| files.rows.iter());
        rows.any(|row| row.object == Object::Card)
    }

    /// Whom an action is meant for: the tagged ones, else the selected group's members, else the selected process.
    pub fn meant(&self) -> Vec<ProcId> {
        if !self.tags.is_empty() {
            return self.tags.iter().copied().collect();
        }
        match self.chosen_group() {
            Some(group) => group.members.clone(),
            // Nobody means one whom the list does not show.
            None if self.in_list() && !self.listed => Vec::new(),
            None => self.focus.into_iter().collect(),
        }
    }

    /// What to say where an action is meant for nobody.
    pub fn nobody(&self) -> String {
        match self.chosen_group() {
            Some(group) => format!("nobody is in {}", group.group.title()),
            None => "select a process first".to_owned(),
        }
    }

    fn in_list(&self) -> bool {
        self.page == Page::Dashboard && self.active == "list"
    }

    /// The selected group, while the list that it stands in has the keyboard: elsewhere only processes are selected.
    pub fn chosen_group(&self) -> Option<&Arc<Chosen>> {
        self.group.as_ref().filter(|_| self.in_list())
    }

    /// A world before the first sweep.
    pub fn new(theme: Theme, settings: Settings) -> Self {
        Self {
            snapshot: Arc::default(),
            detail: Arc::default(),
            readings: Readings::default(),
            timeline: Arc::default(),
            before: Vec::new(),
            history: History::default(),
            trace: Trace::default(),
            minutes: Minutes::default(),
            focus: None,
            touched: false,
            group: None,
            listed: true,
            tags: BTreeSet::new(),
            proposal: None,
            paused: None,
            time: TimeBar::default(),
            settings,
            theme,
            keys: Keymap::default(),
            notice: None,
            page: Page::Dashboard,
            active: "list",
            catalog: Vec::new(),
            moment: Vec::new(),
            filtered: false,
            views: vec![1],
            bar: false,
            dialogs: Vec::new(),
            choices: Vec::new(),
            explanation: Explanation::default(),
            log: Log::default(),
            verdict: None,
            trigger: None,
            probe: Probe::default(),
        }
    }

    /// CPU % in the scale that is in force.
    pub fn scaled(&self, of_one_core: f32) -> f32 {
        if self.settings.of_machine {
            of_one_core / self.snapshot.system.cores.len().max(1) as f32
        } else {
            of_one_core
        }
    }
}
