//! The process list: the live tree or the flat list, with its selection, folds, sort, filter and search.
//!
//! The selection is an identity. It survives ticks, filters, modes and orders, and a process that ends while it is
//! selected or tagged stays.

mod actions;
mod build;
mod cells;
mod choices;
mod command;
mod draw;
mod elsewhere;
mod explain;
mod folds;
mod headings;
mod keys;
mod layout;
mod menu;
mod moves;
mod sums;
mod title;
mod visited;
mod whole_table;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::choice::{Choice, Value};
use crate::app::input::Input;
use crate::app::key::{Key, Mouse};
use crate::app::panel::{Panel, Place, Reply, Spec, line_keys};
use crate::app::save::WholeTable;
use crate::app::world::World;
use crate::model::groups::grouping::{By, GroupId};
use crate::model::id::{ProcId, ThreadId};
use crate::model::plan::{Needs, Plan};
use crate::model::process::column::{self, Column};
use crate::model::process::filter::Filter;
use crate::model::process::forest::{Ended, Forest, GroupKey};
use crate::model::process::steady::Steady;
use crate::model::process::user_names::UserNames;
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::theme::Role;

use draw::Drawn;
use elsewhere::Elsewhere;
use layout::Layout;
use menu::Menu;
use moves::Found;
use visited::Visited;

static SPEC: Spec = Spec {
    name: "list",
    title: "Processes",
    about: "Every process, as a tree or as a flat list.",
    place: Place::List,
    needs: Needs::empty(),
    actions: actions::ALL,
};

/// The process list.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct List {
    /// As a tree; `None` until the settings are known.
    tree: Option<bool>,
    /// What the processes are grouped by.
    by: By,
    /// Groups that were folded or unfolded, without a filter and with one.
    headings: [HashMap<GroupId, bool>; 2],
    threads: bool,
    kernel: bool,
    compact: bool,
    /// Whole paths of programs, not only their last part.
    paths: bool,
    /// The whole command line of the selected row, wrapped, below the list.
    wrapped: bool,
    /// The selected row stays in view when others move.
    follow: bool,
    columns: Vec<&'static Column>,
    sort: &'static Column,
    descending: bool,
    folded: HashSet<ProcId>,
    /// What is folded while a filter is on: it begins with nothing, so that every match is seen.
    folded_in_filter: HashSet<ProcId>,
    opened: HashSet<GroupKey>,
    filter: Filter,
    /// Who is looked for by the filter and is not there.
    nobody: Option<String>,
    needle: String,
    /// What became of the search for it.
    found: Found,
    typing: Option<Typing>,
    menu: Option<Menu>,
    cursor: Option<Cursor>,
    /// The row that was clicked last, with nothing pressed since: clicked once more it is opened.
    clicked: Option<Cursor>,
    /// The cursor stands where a person, or the first rates, put it.
    begun: bool,
    /// The cursor stands where it was put at first, on nobody who was asked for.
    offered: Option<Offer>,
    /// The first row in view.
    top: usize,
    /// The row of the cursor, where it has one.
    at: Option<usize>,
    /// The cursor must be brought into view.
    seek: bool,
    /// The first rows must be in view; a cursor that is not there then goes to the first.
    seek_top: bool,
    /// The cursor's row was in view when it was drawn last.
    in_view: bool,
    /// The filter changed: a cursor on a row that does not pass moves to one that does.
    settle_on_match: bool,
    forest: Forest,
    steady: Steady,
    ended: Vec<Ended>,
    /// Those of `ended` that only hold their line for a moment.
    vacant: BTreeSet<ProcId>,
    passing: Vec<bool>,
    built: Option<Built>,
    users: UserNames,
    /// Counts every change of what the rows depend on.
    version: u64,
    /// Counts those that a person made.
    by_hand: u64,
    area: Rect,
    layout: Layout,
    drawn: Drawn,
    /// The sums of the last line, and of which cursor.
    sums: (Option<Cursor>, Vec<(String, Role)>),
    elsewhere: Elsewhere,
    visited: Visited,
}

/// What the rows were made from.
struct Built {
    snapshot: Arc<Snapshot>,
    tags: BTreeSet<ProcId>,
    version: u64,
    by_hand: u64,
    of_machine: bool,
}

/// The process on which the cursor was put at first.
#[derive(Clone, Copy)]
struct Offer {
    /// It did next to nothing then.
    dull: bool,
}

/// A line that takes typed text.
enum Typing {
    /// The filter, and where the cursor was before: it goes back there when nothing passes.
    Filter(Input, Option<Cursor>),
    /// The search, and where the cursor was before.
    Search(Input, Option<Cursor>),
}

/// What the cursor stands on.
#[derive(Clone, Debug, PartialEq)]
enum Cursor {
    Proc(ProcId),
    /// A group of identical leaves, with the one that stands for it.
    Group(GroupKey, ProcId),
    /// A group of another kind, with its first member where it has any.
    Heading(GroupId, Option<ProcId>),
    Thread(ProcId, ThreadId),
    /// Threads of one name.
    Threads(ProcId, SafeText),
}

impl Cursor {
    /// The process that the inspector shows for it.
    fn owner(&self) -> Option<ProcId> {
        match self {
            Self::Heading(_, first) => *first,
            Self::Proc(id) | Self::Group(_, id) | Self::Thread(id, _) | Self::Threads(id, _) => {
                Some(*id)
            }
        }
    }
}

impl Default for List {
    fn default() -> Self {
        let sort = Column::find("cpu").unwrap_or(column::DEFAULT[0]);
        Self {
            tree: None,
            by: By::Parent,
            headings: [HashMap::new(), HashMap::new()],
            threads: false,
            kernel: false,
            compact: true,
            paths: false,
            wrapped: false,
            follow: false,
            columns: column::DEFAULT.to_vec(),
            sort,
            descending: true,
            folded: HashSet::new(),
            folded_in_filter: HashSet::new(),
            opened: HashSet::new(),
            filter: Filter::default(),
            nobody: None,
            needle: String::new(),
            found: Found::default(),
            typing: None,
            menu: None,
            cursor: None,
            clicked: None,
            begun: false,
            offered: None,
            top: 0,
            at: None,
            seek: true,
            seek_top: false,
            in_view: false,
            settle_on_match: false,
            forest: Forest::default(),
            steady: Steady::default(),
            ended: Vec::new(),
            vacant: BTreeSet::new(),
            passing: Vec::new(),
            built: None,
            users: UserNames::default(),
            version: 0,
            by_hand: 0,
            area: Rect::default(),
            layout: Layout::default(),
            drawn: Drawn::default(),
            sums: (None, Vec::new()),
            elsewhere: Elsewhere::default(),
            visited: Visited::default(),
        }
    }
}

impl Panel for List {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, world: &World, plan: &mut Plan) {
        let shown = self.layout.shown();
        let needs = shown.fold(Needs::empty(), |all, column| all | column.needs);
        let of_all = self.sort.needs | self.filter.needs() | self.by.needs();
        plan.of_all |= of_all;
        plan.needs |= needs | of_all;
        if self.threads {
            plan.needs |= Needs::THREADS;
        }
        // How near its limits are stands in the last line.
        if let Some(chosen) = world.chosen_group()
            && let Some(path) = chosen.group.path.as_ref()
        {
            plan.needs |= Needs::GROUP;
            plan.group = Some((path.clone(), chosen.members.first().copied()));
        }
        // The sum of a folded row is near enough without each page of those below.
        let sums = needs - of_all - Needs::RESIDENT;
        plan.visible = self.visible(world, !sums.is_empty());
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.area = area;
        self.prepare(world)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        keys::act(self, world, action)
    }

    fn typing(&self) -> bool {
        self.typing.is_some() || self.menu.is_some()
    }

    fn filtered(&self) -> bool {
        !self.filter.text().is_empty() || !self.needle.is_empty()
    }

    fn key(&mut self, world: &World, key: Key) -> Reply {
        keys::typed(self, world, key)
    }

    fn paste(&mut self, world: &World, text: &str) -> Reply {
        keys::paste(self, world, text)
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        keys::mouse(self, world, mouse)
    }

    fn tick(&mut self, world: &World) {
        self.keep_ended(world);
    }

    fn elsewhere(&mut self, host: usize) {
        self.change_host(host);
    }

    fn select(&mut self, world: &World, id: ProcId) {
        if self.cursor.as_ref().and_then(Cursor::owner) != Some(id) {
            self.reveal(world, id);
        }
    }

    fn whole_table(&self, world: &World) -> Option<WholeTable> {
        Some(whole_table::whole_table(self, world))
    }

    fn title(&self, world: &World) -> Vec<(String, Role)> {
        title::title(self, world)
    }

    fn moment(&self, _: &World) -> Vec<(String, &'static str)> {
        match (&self.menu, &self.typing) {
            (Some(menu), _) => menu.moment(),
            (None, Some(Typing::Filter(..))) => line_keys("clear"),
            (None, Some(Typing::Search(..))) => line_keys("go back"),
            (None, None) => Vec::new(),
        }
    }

    fn buttons(&self, world: &World, outer: Rect) -> Vec<Button> {
        match &self.menu {
            Some(menu) => menu.buttons(self.area),
            None => title::title_buttons(self, world, outer),
        }
    }

    fn status(&self, _: &World) -> String {
        let (passing, all) = self.forest.counts();
        if self.filter.is_empty() {
            let row = self.at.map_or(0, |at| at + 1);
            format!("{row}/{}", self.forest.rows.len())
        } else {
            format!("{passing} of {all}")
        }
    }

    fn choices(&self, world: &World) -> Vec<Choice> {
        choices::all(self, world)
    }

    fn choose(&mut self, name: &str, value: &Value) -> Option<Result<(), String>> {
        choices::choose(self, name, value)
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        explain::explain(self, world)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        draw::render(self, world, area, buf);
    }
}

#[cfg(test)]
mod tests;
