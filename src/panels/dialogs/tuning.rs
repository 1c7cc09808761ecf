//! The dialogs that move a tunable: nice, affinity, I/O priority, scheduling policy. What is now, what would be allowed, what came of it.
//!
//! They work on identities, so a number that passed to somebody else changes nobody; the last change can be taken back.

mod draw;
mod mouse;
mod picker;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::{Action, actions};
use crate::app::button::Button;
use crate::app::event::{Effect, Outcome};
use crate::app::key::{Code, Key, Mouse};
use crate::app::log::changed;
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::acting::tuning::{
    CoreSet, Footing, IoClass, IoPriority, Policy, Scheduling, Setting, Tunable,
};
use crate::model::acting::{Order, Progress, Ticket};
use crate::model::id::ProcId;
use crate::model::plan::Needs;
use crate::panels::dialogs::hints;
use picker::Picker;

actions! {
    /// Opens nice, one lower.
    NICE_DOWN "nice-down" [Key::f(7)] "Opens the dialog for nice, one lower: more of the cores" "";
    /// Opens nice, one higher.
    NICE_UP "nice-up" [Key::f(8)] "Opens the dialog for nice, one higher: less of the cores" "";
    /// Opens affinity.
    AFFINITY "affinity" [Key::char('a')] "Chooses the cores that the selected or tagged processes may run on" "";
    /// Opens I/O priority.
    IO "io-priority" [Key::char('i')] "Sets the I/O priority of the selected or tagged processes" "";
    /// Opens policy.
    POLICY "policy" [Key::char('Y')] "Sets the scheduling policy of the selected or tagged processes" "";
    /// Changes.
    APPLY "apply" [Key::of(Code::Enter)] "Changes everybody who is named" "apply";
    /// Takes the last change back.
    UNDO "undo" [Key::char('u')] "Takes the last change back" "undo";
    /// Leaves.
    CANCEL "cancel-change" [Key::of(Code::Esc)] "Closes the dialog; what was changed stays so" "close";
    /// Less.
    LESS "less" [Key::of(Code::Left), Key::char('h')] "Lowers the number, or goes one core to the left" "";
    /// More.
    MORE "more" [Key::of(Code::Right), Key::char('l')] "Raises the number, or goes one core to the right" "";
    /// Puts the core under the cursor in or out.
    TOGGLE "toggle-core" [Key::char(' ')] "Puts a core in or takes it out" "";
    /// Every core.
    ALL_CORES "all-cores" [Key::char('a')] "Chooses every core" "";
    /// No core.
    NO_CORES "no-cores" [Key::char('n')] "Chooses no core, to begin afresh" "";
    /// The other cores.
    OTHER_CORES "other-cores" [Key::char('i')] "Chooses the cores that were not chosen" "";
}

static SPEC: Spec = Spec {
    name: "tuning",
    title: "Change",
    about: "Nice, affinity, I/O priority and policy: what is, what would be allowed, what came of it.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[
        &APPLY,
        &UNDO,
        &CANCEL,
        &LESS,
        &MORE,
        &TOGGLE,
        &ALL_CORES,
        &NO_CORES,
        &OTHER_CORES,
        &NICE_DOWN,
        &NICE_UP,
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::FIRST,
        moves::LAST,
    ],
};

/// The dialogs.
#[derive(Default)]
pub struct TuningDialog {
    number: u64,
    open: bool,
    tunable: Tunable,
    /// How far nice is to be moved when its value is known.
    by: i32,
    chosen: Vec<ProcId>,
    footings: Vec<Footing>,
    setting: Option<Setting>,
    picker: Picker,
    /// What the last change did, line by line, and whether it failed.
    results: Vec<(String, bool)>,
    waiting: bool,
    rows: usize,
    /// Where the value is edited.
    editor: Rect,
}

impl TuningDialog {
    fn ticket(&self) -> Ticket {
        Ticket {
            dialog: SPEC.name,
            number: self.number,
        }
    }

    fn ask(&mut self, order: Order) -> Reply {
        self.waiting = true;
        Reply::Do(Effect::Act(self.ticket(), order))
    }

    fn survey(&mut self) -> Reply {
        let chosen = self.chosen.clone();
        self.ask(Order::Survey(chosen))
    }

    /// What the dialog would change everybody to.
    fn proposed(&self) -> Option<Setting> {
        match self.tunable {
            Tunable::Affinity if self.setting.is_some() => {
                Some(Setting::Affinity(self.picker.chosen.clone()))
            }
            _ => self.setting.clone(),
        }
    }

    /// Begins at what the first process has.
    fn begin(&mut self, world: &World) {
        let first = self.footings.iter().find_map(|f| f.now(self.tunable).ok());
        let first = first.unwrap_or_else(|| match self.tunable {
            Tunable::Nice => Setting::Nice(0),
            Tunable::Affinity => Setting::Affinity(CoreSet::default()),
            Tunable::Io => Setting::Io(IoPriority::default()),
            Tunable::Policy => Setting::Policy(Scheduling::default()),
        });
        if let Setting::Affinity(cores) = &first {
            let all = world.snapshot.system.cores.iter().map(|c| c.id).collect();
            self.picker = Picker::new(all, cores.clone());
        }
        self.setting = Some(first);
        let by = std::mem::take(&mut self.by);
        self.add(by);
    }

    /// Raises or lowers the number of the setting.
    fn add(&mut self, by: i32) {
        let moved = |value: u8, low: i32, high: i32| (i32::from(value) + by).clamp(low, high) as u8;
        match &mut self.setting {
            Some(Setting::Nice(nice)) => *nice = (*nice + by).clamp(-20, 19),
            Some(Setting::Io(io)) if io.class.has_levels() => io.level = moved(io.level, 0, 7),
            Some(Setting::Policy(s)) if s.policy.is_real_time() => {
                s.priority = moved(s.priority, 1, 99);
            }
            _ => {}
        }
    }

    /// Goes to another class or policy.
    fn class(&mut self, by: isize) {
        match &mut self.setting {
            Some(Setting::Io(io)) => {
                io.class = step(&IoClass::ALL, io.class, by);
                io.level = if io.class.has_levels() {
                    io.level.max(4)
                } else {
                    0
                };
            }
            Some(Setting::Policy(s)) => {
                s.policy = step(&Policy::ALL, s.policy, by);
                s.priority = if s.policy.is_real_time() {
                    s.priority.max(1)
                } else {
                    0
                };
            }
            Some(Setting::Nice(_)) => self.add(by as i32),
            _ => {}
        }
    }

    fn apply(&mut self) -> Reply {
        let Some(to) = self.proposed().filter(|_| !self.waiting) else {
            return Reply::Done;
        };
        if matches!(&to, Setting::Affinity(cores) if cores.is_empty()) {
            return Reply::Complain("choose at least one core".to_owned());
        }
        let of = self.chosen.clone();
        self.ask(Order::Change { of, to })
    }

    fn on_core_action(&mut self, action: &Action) {
        let page = self.rows.max(1) as isize;
        match action.name {
            n if n == LESS.name => self.picker.go(-1, 0),
            n if n == MORE.name => self.picker.go(1, 0),
            n if n == moves::UP.name => self.picker.go(0, -1),
            n if n == moves::DOWN.name => self.picker.go(0, 1),
            n if n == moves::PAGE_UP.name => self.picker.go(0, -page),
            n if n == moves::PAGE_DOWN.name => self.picker.go(0, page),
            n if n == moves::FIRST.name => self.picker.go(isize::MIN / 2, 0),
            n if n == moves::LAST.name => self.picker.go(isize::MAX / 2, 0),
            n if n == TOGGLE.name => self.picker.toggle(),
            n if n == ALL_CORES.name => self.picker.choose(|_| true),
            n if n == NO_CORES.name => self.picker.choose(|_| false),
            n if n == OTHER_CORES.name => self.picker.choose(|was| !was),
            _ => {}
        }
    }

    fn on_number_action(&mut self, action: &Action) {
        let page = if self.tunable == Tunable::Policy {
            10
        } else {
            5
        };
        match action.name {
            n if n == LESS.name || n == NICE_DOWN.name => self.add(-1),
            n if n == MORE.name || n == NICE_UP.name => self.add(1),
            n if n == moves::UP.name => self.class(-1),
            n if n == moves::DOWN.name => self.class(1),
            n if n == moves::PAGE_UP.name => self.add(-page),
            n if n == moves::PAGE_DOWN.name => self.add(page),
            n if n == moves::FIRST.name => self.add(-100),
            n if n == moves::LAST.name => self.add(100),
            _ => {}
        }
    }
}

/// The neighbour of `at` in `all`; the ends hold.
fn step<T: Copy + PartialEq>(all: &[T], at: T, by: isize) -> T {
    let now = all.iter().position(|x| *x == at);
    let next = now.map_or(0, |i| i.saturating_add_signed(by).min(all.len() - 1));
    all[next]
}

impl Panel for TuningDialog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&NICE_DOWN, &NICE_UP, &AFFINITY, &IO, &POLICY]
    }

    fn open(&mut self, world: &World, by: &'static Action) -> Reply {
        if world.settings.read_only {
            return Reply::Complain("pscope runs read-only: nothing can be changed".to_owned());
        }
        let chosen = world.meant();
        if chosen.is_empty() {
            return Reply::Complain(world.nobody());
        }
        let (tunable, by) = match *by {
            AFFINITY => (Tunable::Affinity, 0),
            IO => (Tunable::Io, 0),
            POLICY => (Tunable::Policy, 0),
            NICE_DOWN => (Tunable::Nice, -1),
            _ => (Tunable::Nice, 1),
        };
        *self = Self {
            number: self.number + 1,
            open: true,
            tunable,
            by,
            chosen,
            ..Self::default()
        };
        self.survey()
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        if self.setting.is_none() && !self.footings.is_empty() {
            self.begin(world);
        }
        let area = draw::editor(self, screen);
        self.rows = area.height as usize;
        self.editor = area;
        self.picker.fit(area);
        Reply::Pass
    }

    fn moment(&self, _: &World) -> Vec<(String, &'static str)> {
        hints::moment(draw::hints(self.tunable))
    }

    fn typing(&self) -> bool {
        self.tunable == Tunable::Affinity && self.setting.is_some()
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        if self.picker.key(key) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        match *action {
            APPLY => self.apply(),
            UNDO if self.waiting => Reply::Done,
            UNDO => self.ask(Order::Undo),
            CANCEL => {
                self.open = false;
                Reply::Close
            }
            _ => {
                self.results.clear();
                if self.tunable == Tunable::Affinity {
                    self.on_core_action(action);
                } else {
                    self.on_number_action(action);
                }
                Reply::Done
            }
        }
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        if self.tunable == Tunable::Affinity {
            self.picker.mouse(mouse);
        } else {
            self.on_mouse(mouse);
        }
        Reply::Done
    }

    fn buttons(&self, _: &World, screen: Rect) -> Vec<Button> {
        draw::buttons(self, screen)
    }

    fn outcome(&mut self, _: &World, outcome: &Outcome) -> Reply {
        let Outcome::Acted(report) = outcome else {
            return Reply::Pass;
        };
        if report.ticket != self.ticket() {
            return Reply::Pass;
        }
        self.waiting = false;
        match &report.news {
            Progress::Surveyed(footings) => self.footings.clone_from(footings),
            Progress::Changed { to, changes } => {
                let lines = changes.iter().map(|c| changed(to.as_ref(), c));
                self.results = lines.collect();
                if !self.open {
                    let bad = self.results.iter().find(|(_, bad)| *bad);
                    return bad.map_or(Reply::Pass, |(text, _)| Reply::Complain(text.clone()));
                }
                // The values that are shown as now are read again.
                return self.survey();
            }
            Progress::Refused(why) => self.results = vec![(why.clone(), true)],
            _ => {}
        }
        Reply::Pass
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        draw::dialog(self, world, screen, buf);
    }
}
