//! Who answers a key or the mouse: the topmost overlay, then the pane with the keyboard, then the app, then the other visible panes.

use ratatui::layout::Position;

use super::action::Action;
use super::button::{Button, Does};
use super::event::Effect;
use super::globals as g;
use super::key::{Key, Mouse, Press};
use super::panel::{Place, Reply};
use super::world::{Explanation, Page};
use super::{App, Overlay, Placed};
use crate::model::id::Nanos;

const SHORTEST: Nanos = Nanos(100_000_000);
const LONGEST: Nanos = Nanos(60_000_000_000);

/// Whether a pane in this place can have the keyboard.
pub(super) fn has_keyboard(place: Place) -> bool {
    !matches!(
        place,
        Place::Header | Place::Views | Place::Footer | Place::Time
    )
}

impl App {
    pub(super) fn on_key(&mut self, key: Key) {
        self.world.notice = None;
        self.guard_waits();
        if let Some(overlay) = self.overlays.last_mut() {
            let panel = match overlay {
                Overlay::Registered(i) => &mut self.panels[*i],
                Overlay::Made(panel) => panel,
            };
            let mut reply = if panel.typing() {
                panel.key(&self.world, key)
            } else {
                Reply::Pass
            };
            if matches!(reply, Reply::Pass)
                && let Some(action) = self.world.keys.find(key, panel.spec().actions)
            {
                reply = panel.act(&self.world, action);
            }
            if !self.obey(reply) {
                self.leave_overlay(key);
            }
            return;
        }
        if let Some(i) = self.active()
            && self.panels[i].typing()
        {
            let reply = self.panels[i].key(&self.world, key);
            if self.obey(reply) {
                return;
            }
        }
        self.by_keymap(key);
    }

    /// An overlay did not want the key: only leaving and quitting go past it.
    fn leave_overlay(&mut self, key: Key) {
        match self
            .world
            .keys
            .find(key, &[&g::BACK, &g::QUIT, &g::REDRAW, &g::SUSPEND])
        {
            Some(&g::BACK) => {
                self.overlays.pop();
            }
            Some(&g::QUIT) if key.typed().is_some() => {
                self.overlays.pop();
            }
            Some(action) => {
                self.perform_global(action);
            }
            None => {
                // What is seen can be saved whatever is open.
                let mut openers = self.panels.iter().map(|p| p.openers());
                let opener = openers.find_map(|all| self.world.keys.find(key, all));
                if let Some(action) = opener.filter(|a| a.name == "save") {
                    self.perform(action);
                }
            }
        }
    }

    fn by_keymap(&mut self, key: Key) {
        if self.world.paused.is_some()
            && let Some(action) = self.world.keys.find(key, g::TIME)
        {
            self.perform_global(action);
            return;
        }
        for i in self.answering_order() {
            let Some(action) = self.world.keys.find(key, self.panels[i].spec().actions) else {
                continue;
            };
            let is_active = self.panels[i].spec().name == self.world.active;
            if !is_active && self.world.keys.find(key, g::ALL).is_some() {
                continue;
            }
            if self.answers(i, action) {
                return;
            }
        }
        if let Some(action) = self.world.keys.find(key, g::ALL)
            && self.perform_global(action)
        {
            return;
        }
        let opener = self
            .panels
            .iter()
            .find_map(|p| self.world.keys.find(key, p.openers()));
        if let Some(action) = opener {
            self.perform(action);
        }
    }

    /// Lets a pane answer an action; says whether it did.
    pub(super) fn answers(&mut self, panel: usize, action: &'static Action) -> bool {
        let reply = self.panels[panel].act(&self.world, action);
        let answered = self.obey(reply);
        if answered && self.panels[panel].typing() {
            // What is typed next is for its line, and no commands of the pane that had the keyboard.
            self.world.active = self.panels[panel].spec().name;
        }
        answered
    }

    /// The pane that has the keyboard, if it is visible.
    fn active(&self) -> Option<usize> {
        let name = self.world.active;
        let mut visible = self.placed.iter().map(|p| p.panel);
        visible.find(|i| self.panels[*i].spec().name == name)
    }

    pub(super) fn on_paste(&mut self, text: &str) {
        let reply = match self.overlays.last_mut() {
            Some(Overlay::Registered(i)) => self.panels[*i].paste(&self.world, text),
            Some(Overlay::Made(panel)) => panel.paste(&self.world, text),
            None => match self.active() {
                Some(i) if self.panels[i].typing() => self.panels[i].paste(&self.world, text),
                _ => Reply::Pass,
            },
        };
        self.obey(reply);
    }

    pub(super) fn on_mouse(&mut self, mouse: Mouse) {
        let at = Position::new(mouse.column, mouse.row);
        let pressed = mouse.press == Press::Left;
        if pressed && let Some(does) = self.button(at) {
            self.world.notice = None;
            match does {
                Does::Press(key) => self.on_key(key),
                Does::Act(action) => {
                    self.perform(action);
                }
            }
            return;
        }
        if self.on_chart(mouse) {
            return;
        }
        if let Some(overlay) = self.overlays.last_mut() {
            let reply = match overlay {
                Overlay::Registered(i) => self.panels[*i].mouse(&self.world, mouse),
                Overlay::Made(panel) => panel.mouse(&self.world, mouse),
            };
            self.obey(reply);
            return;
        }
        if self.draw_border(mouse) {
            return;
        }
        if pressed
            && let Some((_, tab)) = self.tab_titles.iter().find(|(area, _)| area.contains(at))
        {
            let name = self.panels[*tab].spec().name;
            self.show_tab(name);
            self.world.active = name;
            return;
        }
        let Some(hit) = self.placed.iter().find(|p| p.area.contains(at)).copied() else {
            let border = self.placed.iter().find(|p| p.outer.contains(at));
            if let Some(hit) = border.filter(|_| pressed) {
                self.world.active = self.panels[hit.panel].spec().name;
            }
            return;
        };
        let spec = self.panels[hit.panel].spec();
        if pressed {
            self.world.notice = None;
            if has_keyboard(spec.place) {
                self.world.active = spec.name;
            }
        }
        self.on_pane(mouse);
    }

    /// What a click on this cell asks for, where that is a button: of the topmost overlay, else of the panes. A pane whose
    /// button it is gets the keyboard.
    fn button(&mut self, at: Position) -> Option<Does> {
        let hit = |buttons: Vec<Button>| {
            let found = buttons.into_iter().find(|b| b.area.contains(at));
            found.map(|b| b.does)
        };
        if let Some(overlay) = self.overlays.last() {
            let own = hit(self.overlay(overlay).buttons(&self.world, self.screen));
            // The footer tells the keys of the box.
            let footer = |p: &&Placed| self.panels[p.panel].spec().place == Place::Footer;
            let footer = self.placed.iter().find(footer);
            let below = || hit(self.panels[footer?.panel].buttons(&self.world, footer?.outer));
            return own.or_else(below);
        }
        let mut placed = self.placed.iter().filter(|p| p.outer.contains(at));
        let (panel, does) = placed.find_map(|p| {
            let panel = &self.panels[p.panel];
            Some((p.panel, hit(panel.buttons(&self.world, p.outer))?))
        })?;
        if has_keyboard(self.panels[panel].spec().place) {
            self.world.active = self.panels[panel].spec().name;
        }
        Some(does)
    }

    /// Answers an action of the app's own; says whether it was one, and one that means something here.
    pub(super) fn perform_global(&mut self, action: &'static Action) -> bool {
        match *action {
            g::QUIT => self.effects.push(Effect::Quit),
            g::REDRAW => self.effects.push(Effect::Redraw),
            g::SUSPEND => self.effects.push(Effect::Suspend),
            g::BACK => self.back(),
            g::DISMISS => self.world.settings.tips = false,
            g::NEXT_PANE => self.next_pane(true),
            g::PREVIOUS_PANE => self.next_pane(false),
            g::ZOOM => self.zoom(),
            g::PAUSE => self.pause(),
            g::STEP_BACK => self.step(true),
            g::STEP_ON => self.step(false),
            g::MINUTE_BACK | g::MINUTE_ON | g::OLDEST | g::NEWEST => return self.leap(action),
            g::RECORD => self.effects.push(Effect::Record),
            g::NEXT_HOST => self.next_host(),
            g::EXPLAIN => self.explain(),
            g::OWN_COST => self.world.settings.own_cost = !self.world.settings.own_cost,
            g::CPU_SCALE => self.world.settings.of_machine = !self.world.settings.of_machine,
            g::SLOWER => self.pace(|i| Nanos(i.0.saturating_mul(2))),
            g::FASTER => self.pace(|i| Nanos(i.0 / 2)),
            g::NEXT_TAB | g::PREVIOUS_TAB => return self.next_tab(*action == g::NEXT_TAB),
            _ => return self.lay_out(action) || self.open_page(action),
        }
        true
    }

    fn open_page(&mut self, action: &'static Action) -> bool {
        if let Some((_, digit, _)) = g::VIEWS.iter().find(|(a, ..)| *a == action) {
            let there = |n| self.panels.iter().any(|p| p.spec().place == Place::View(n));
            match *digit {
                1 => self.show(Page::Dashboard),
                n if there(n) => self.show(Page::View(n)),
                n => self.say(format!("there is no view {n}"), true),
            }
            return true;
        }
        let Some((_, tab)) = g::TABS.iter().find(|(a, _)| *a == action) else {
            return false;
        };
        match (self.world.focus, self.named(tab)) {
            (Some(id), Some(_)) => self.inspect(id, tab),
            (None, _) => self.say("select a process first".to_owned(), true),
            (_, None) => self.say(format!("there is no tab '{tab}'"), true),
        }
        true
    }

    /// Lets the pane with the keyboard explain itself in the overlay of that name.
    fn explain(&mut self) {
        let Some(pane) = self.active().map(|i| self.panels[i].as_ref()) else {
            return;
        };
        let words = pane.words().iter().flat_map(|words| words.iter());
        let told = words.map(|word| {
            let now = pane.now(&self.world, word.name);
            (word.name.to_owned(), word.told(now.as_deref()))
        });
        let mut lines: Vec<(String, String)> = told.collect();
        lines.extend(pane.explain(&self.world));
        if let Some(verdict) = &self.world.verdict {
            let lasts = verdict.lasts(self.world.snapshot.at);
            let lasts = lasts.map_or_else(String::new, |span| format!("; {span}"));
            let text = format!("{}{lasts}; {}", verdict.sentence(), verdict.threshold());
            lines.push(("verdict now".to_owned(), text));
        }
        let explanation = Explanation {
            title: pane.spec().title,
            about: pane.spec().about,
            lines,
        };
        self.world.explanation = explanation;
        if let Some(overlay) = self.named("explain") {
            self.overlays.push(Overlay::Registered(overlay));
        }
    }

    fn back(&mut self) {
        let visible: Vec<usize> = self.placed.iter().map(|p| p.panel).collect();
        if visible.into_iter().any(|i| self.panels[i].settle()) {
            return;
        }
        match self.world.page {
            Page::Dashboard if self.world.active == "list" => self.world.settings.tips = false,
            Page::Dashboard => self.world.active = "list",
            Page::Inspector => self.show(self.came),
            Page::View(_) => self.show(Page::Dashboard),
        }
    }

    fn zoom(&mut self) {
        match self.world.page {
            Page::Inspector => {
                self.world.page = Page::Dashboard;
            }
            Page::Dashboard if self.world.focus.is_some() && self.tab.is_some() => {
                self.show(Page::Inspector);
            }
            _ => {}
        }
    }

    fn next_pane(&mut self, on: bool) {
        let focusable = |i: &usize| has_keyboard(self.panels[*i].spec().place);
        let visible: Vec<usize> = self
            .placed
            .iter()
            .map(|p| p.panel)
            .filter(focusable)
            .collect();
        if visible.is_empty() {
            return;
        }
        let at = visible
            .iter()
            .position(|i| self.panels[*i].spec().name == self.world.active);
        let n = visible.len();
        let next = at.map_or(0, |at| if on { (at + 1) % n } else { (at + n - 1) % n });
        self.world.active = self.panels[visible[next]].spec().name;
    }

    fn next_tab(&mut self, on: bool) -> bool {
        let tabs: Vec<usize> = self.tabs().collect();
        let in_inspector = self.active().is_some_and(|i| tabs.contains(&i));
        let Some(at) = tabs
            .iter()
            .position(|t| Some(*t) == self.tab)
            .filter(|_| in_inspector)
        else {
            return false;
        };
        let n = tabs.len();
        let next = tabs[if on { (at + 1) % n } else { (at + n - 1) % n }];
        self.show_tab(self.panels[next].spec().name);
        true
    }

    fn pace(&mut self, change: impl Fn(Nanos) -> Nanos) {
        if self.world.time.replay.is_some() {
            let slower = change(Nanos(2)).0 > 2;
            self.play_at(if slower { -1 } else { 1 });
            return;
        }
        let interval = change(self.world.settings.interval).clamp(SHORTEST, LONGEST);
        self.world.settings.interval = interval;
        self.say(format!("a tick every {} s", interval.seconds()), false);
    }
}
