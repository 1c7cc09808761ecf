//! State, actions, update: events in, effects out. Performs nothing, draws nothing itself.

pub mod action;
pub mod button;
pub mod choice;
pub mod event;
pub mod globals;
pub mod history;
pub mod input;
pub mod key;
pub mod layout;
pub mod log;
pub mod minutes;
mod moment_word;
pub mod moves;
mod pages;
pub mod panel;
pub mod presets;
mod route;
pub mod save;
pub mod settings;
pub mod synonyms;
mod time;
pub mod timed;
pub mod trace;
mod trigger;
mod unread;
pub mod word;
pub mod world;

use ratatui::layout::Rect;

use action::Action;
use event::{Effect, Event};
use panel::{Panel, Place, Reply};
use time::{Away, Past};
use world::{Notice, Page, Section, Settings, World};

use crate::model::machine::verdict::Judge;
use crate::model::plan::Plan;
use crate::model::text::SafeText;
use crate::theme::Theme;
use crate::theme::ground::AUTO;

/// The whole state of the program on the screen.
pub struct App {
    /// What panes read.
    pub world: World,
    panels: Vec<Box<dyn Panel>>,
    /// Overlays that were made on the spot, and the registered ones that are open, lowest first.
    overlays: Vec<Overlay>,
    /// Where each visible pane was placed at the last fit.
    placed: Vec<Placed>,
    /// Where the titles of tabs are, for the mouse.
    tab_titles: Vec<(Rect, usize)>,
    /// The whole screen at the last fit; boxes stand in it.
    screen: Rect,
    /// The tab of the inspector, as an index of `panels`.
    tab: Option<usize>,
    /// From where the inspector was opened.
    came: Page,
    /// The theme that it began with, where that is none of those that come with the program.
    own_theme: Option<(String, Theme)>,
    /// The border that the mouse draws.
    drag: Option<layout::Drag>,
    /// The chart that the mouse went down on, as it was then: it moves under a mouse that is dragged.
    grabbed: Option<timed::Timed>,
    past: Past,
    judge: Judge,
    guard: Option<trigger::Guard>,
    /// What is kept of the machines of which there are recordings, while another one is shown.
    hosts: Vec<Away>,
    /// The time of the calendar that was asked for, where the moment that is shown is only the nearest one.
    then: Option<u64>,
    effects: Vec<Effect>,
}

enum Overlay {
    Registered(usize),
    Made(Box<dyn Panel>),
}

/// A visible pane and the area inside its border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index among the panes.
    pub panel: usize,
    /// Where it draws.
    pub area: Rect,
    /// The same with its border, where it has one.
    pub outer: Rect,
}

impl App {
    /// An app before the first sweep, with these panes in the order of tabs and views.
    pub fn new(panels: Vec<Box<dyn Panel>>, settings: Settings, theme: Theme) -> Self {
        let name = settings.theme.clone();
        let own = name != AUTO && crate::theme::builtin(&name).is_none();
        let own_theme = own.then(|| (name, theme.clone()));
        let mut world = World::new(theme, settings);
        world.catalog.push(Section {
            name: "app",
            title: "Everywhere",
            about: "Keys that work in every pane.",
            actions: globals::ALL,
        });
        for panel in &panels {
            let spec = panel.spec();
            if let Place::View(digit) = spec.place {
                world.views.push(digit);
            }
            let actions = match panel.openers() {
                [] => spec.actions,
                openers => {
                    world.dialogs.push(spec.name);
                    openers
                }
            };
            if !actions.is_empty() {
                world.catalog.push(Section {
                    name: spec.name,
                    title: spec.title,
                    about: spec.about,
                    actions,
                });
            }
        }
        let tab = panels.iter().position(|p| p.spec().place == Place::Tab);
        Self {
            world,
            panels,
            overlays: Vec::new(),
            placed: Vec::new(),
            tab_titles: Vec::new(),
            screen: Rect::ZERO,
            tab,
            came: Page::Dashboard,
            own_theme,
            drag: None,
            grabbed: None,
            past: Past::default(),
            judge: Judge::default(),
            guard: None,
            hosts: Vec::new(),
            then: None,
            effects: Vec::new(),
        }
    }

    /// Takes one event in; what is to be done comes back. Performs nothing.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        self.world.touched |= match &event {
            Event::Key(_) | Event::Paste(_) => true,
            Event::Mouse(mouse) => mouse.press.is_hand(),
            _ => false,
        };
        match event {
            Event::Key(key) => self.on_key(key),
            Event::Mouse(mouse) => self.on_mouse(mouse),
            Event::Paste(text) => self.on_paste(&text),
            Event::Resize => {}
            Event::Snapshot(snapshot) => self.on_snapshot(snapshot),
            Event::Detail(detail) => self.on_detail(detail),
            Event::Switches(timeline) => self.on_switches(timeline),
            Event::Outcome(outcome) => {
                match &outcome {
                    event::Outcome::Done(text) => self.say(text.clone(), false),
                    event::Outcome::Failed(text) => self.say(text.clone(), true),
                    event::Outcome::Acted(report) => self.world.log.hear(report),
                    event::Outcome::Exists(_) => {}
                }
                self.each(|panel, world| panel.outcome(world, &outcome));
            }
            Event::Ground(told) => self.on_ground(told),
            Event::Beat => self.beat(),
            Event::Recording(news) => self.on_recording(news),
            Event::Ended(why) => {
                self.world.time.ended = true;
                self.say(why, true);
            }
            Event::Stop => self.effects.push(Effect::Quit),
            Event::Lost { thread, why } => self.say(
                format!("the thread '{thread}' died: {why}; what it read stays as it was"),
                true,
            ),
        }
        std::mem::take(&mut self.effects)
    }

    /// What is worth reading now: the union of what visible panes need.
    pub fn plan(&self) -> Plan {
        let mut plan = Plan {
            interval: self.world.settings.interval,
            recording_budget: self.world.settings.recording_budget,
            focus: self.world.focus,
            watched: self
                .world
                .focus
                .iter()
                .chain(&self.world.tags)
                .copied()
                .collect(),
            ..Plan::default()
        };
        for placed in &self.placed {
            self.panels[placed.panel].plan(&self.world, &mut plan);
        }
        for overlay in &self.overlays {
            self.overlay(overlay).plan(&self.world, &mut plan);
        }
        self.guard_plan(&mut plan);
        self.plan_stopped(&mut plan);
        plan
    }

    /// Places the visible panes and lets them prepare for being drawn; `screen` decides where.
    pub fn place(&mut self, placed: Vec<Placed>, tab_titles: Vec<(Rect, usize)>, screen: Rect) {
        let bar = |p: &Placed| self.panels[p.panel].spec().place == Place::Views;
        self.world.bar = placed.iter().any(bar);
        self.placed = placed;
        self.tab_titles = tab_titles;
        self.screen = screen;
        let is_active = |p: &&Placed| self.panels[p.panel].spec().name == self.world.active;
        if !self.placed.iter().any(|p| is_active(&p)) {
            let mut visible = self.placed.iter().map(|p| self.panels[p.panel].spec());
            let first =
                visible.find(|s| matches!(s.place, Place::List | Place::Tab | Place::View(_)));
            self.world.active = first.map_or("", |s| s.name);
        }
        self.world.moment = self.moment();
        let mut panels = self.panels.iter();
        let active = panels.find(|p| p.spec().name == self.world.active);
        self.world.filtered = active.is_some_and(|p| p.filtered());
        self.reread();
        for i in 0..self.placed.len() {
            let Placed { panel, area, .. } = self.placed[i];
            let reply = self.panels[panel].fit(&self.world, area);
            self.obey(reply);
        }
        if !self.overlays.is_empty() {
            self.world.choices = self.choices();
        }
        for i in 0..self.overlays.len() {
            let reply = match &mut self.overlays[i] {
                Overlay::Registered(p) => self.panels[*p].fit(&self.world, screen),
                Overlay::Made(panel) => panel.fit(&self.world, screen),
            };
            self.obey(reply);
        }
    }

    /// What the topmost overlay, or else the pane with the keyboard, says that the keys do at this moment.
    fn moment(&self) -> Vec<(String, &'static str)> {
        let overlay = self.overlays.last().map(|o| self.overlay(o));
        let active = || {
            let mut panels = self.panels.iter();
            let found = panels.find(|p| p.spec().name == self.world.active);
            found.map(AsRef::as_ref)
        };
        let pane = overlay.or_else(active);
        pane.map_or_else(Vec::new, |p| p.moment(&self.world))
    }

    /// Every pane, in the order of the registry.
    pub fn panels(&self) -> &[Box<dyn Panel>] {
        &self.panels
    }

    /// Where the visible panes stand.
    pub fn placed(&self) -> &[Placed] {
        &self.placed
    }

    /// Open overlays, lowest first.
    pub fn overlays(&self) -> impl Iterator<Item = &dyn Panel> {
        self.overlays.iter().map(|o| self.overlay(o))
    }

    fn overlay<'a>(&'a self, overlay: &'a Overlay) -> &'a dyn Panel {
        match overlay {
            Overlay::Registered(i) => self.panels[*i].as_ref(),
            Overlay::Made(panel) => panel.as_ref(),
        }
    }

    /// Lets every pane that is or was shown hear something.
    fn each(&mut self, mut hear: impl FnMut(&mut dyn Panel, &World) -> Reply) {
        let mut replies = Vec::new();
        for panel in &mut self.panels {
            replies.push(hear(panel.as_mut(), &self.world));
        }
        for overlay in &mut self.overlays {
            if let Overlay::Made(panel) = overlay {
                replies.push(hear(panel.as_mut(), &self.world));
            }
        }
        for reply in replies {
            self.obey(reply);
        }
    }

    /// Does what a pane asked for; says whether it asked for anything.
    fn obey(&mut self, reply: Reply) -> bool {
        match reply {
            Reply::Pass => return false,
            Reply::Done => {}
            Reply::Focus(id) => self.focus_on(id),
            Reply::Group(group) => self.world.group = group,
            Reply::Listed(listed) => self.world.listed = listed,
            Reply::Inspect(id, tab) => self.inspect(id, tab),
            Reply::Lead(id, to) => self.lead(id, to),
            Reply::Do(effect) => self.effects.push(effect),
            Reply::Tag(ids, on) => {
                for id in ids {
                    if on {
                        self.world.tags.insert(id);
                    } else {
                        self.world.tags.remove(&id);
                    }
                }
            }
            Reply::Open(panel) => self.overlays.push(Overlay::Made(panel)),
            Reply::Close => {
                self.overlays.pop();
            }
            Reply::Act(action) => {
                self.perform(action);
            }
            Reply::Propose(action, id, signal) => {
                self.world.proposal = Some((id, signal));
                self.perform(action);
                self.world.proposal = None;
            }
            Reply::Choose(name, value) => match self.choose(name, &value) {
                Ok(()) => self.world.choices = self.choices(),
                Err(why) => self.say(why, true),
            },
            Reply::Go(place) => self.go(place),
            Reply::Then(unix_ms) => drop(self.go_then(unix_ms)),
            Reply::When(text) => self.go_to(&text),
            Reply::Arm(text) => self.arm(&text),
            Reply::Say(text) => self.say(text, false),
            Reply::Complain(text) => self.say(text, true),
            Reply::All(replies) => {
                for reply in replies {
                    self.obey(reply);
                }
            }
        }
        true
    }

    /// Tells what was not understood before the screen was there: the first of it now, all of it in the event log.
    pub fn complain(&mut self, unix_ms: u64, about: &[String]) {
        let Some(first) = about.first() else {
            return;
        };
        let more = match about.len() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more: L)"),
        };
        // A file may hold anything.
        let printable = |text: &str| SafeText::from(text).as_str().to_owned();
        self.say(printable(&format!("{first}{more}")), true);
        for text in about {
            self.world.log.tell(unix_ms, printable(text));
        }
    }

    fn say(&mut self, text: String, bad: bool) {
        self.world.notice = Some(Notice { text, bad });
    }

    /// Does what an action asks for; says whether anybody answered.
    fn perform(&mut self, action: &'static Action) -> bool {
        if self.perform_global(action) {
            return true;
        }
        if let Some(i) =
            (0..self.panels.len()).find(|i| self.panels[*i].openers().contains(&action))
        {
            self.overlays
                .retain(|o| !matches!(o, Overlay::Registered(r) if *r == i));
            let reply = self.panels[i].open(&self.world, action);
            if !matches!(reply, Reply::Pass | Reply::Complain(_)) {
                self.overlays.push(Overlay::Registered(i));
            }
            self.obey(reply);
            return true;
        }
        let order = self.answering_order();
        order
            .into_iter()
            .any(|i| self.panels[i].spec().actions.contains(&action) && self.answers(i, action))
    }

    /// The visible panes: first the one that has the keyboard, then the others.
    fn answering_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = self.placed.iter().map(|p| p.panel).collect();
        order.sort_by_key(|i| self.panels[*i].spec().name != self.world.active);
        order
    }
}

#[cfg(test)]
mod tests;
