//! The inspector of a group: overview, memory, pressure over time, members, limits. Freezes, thaws and signals through the
//! orders that everything else goes through.

mod facts;
mod freeze;
mod pressure;

pub use facts::Told;

use std::collections::VecDeque;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::scroll::{self, Scroll};
use super::signal::SIGNAL;
use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::{Chosen, World};
use crate::model::groups::facts::GroupFacts;
use crate::model::groups::grouping::Groups;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Reading;
use crate::model::sample::Pressure;
use crate::model::snapshot::Snapshot;
use crate::theme::Role;
use crate::widgets::{line, popup};

/// Opens it.
pub const GROUP: Action = Action {
    name: "inspect-group",
    about: "Inspect the selected group: what it uses, its limits, its members",
    keys: &[],
    hint: "",
};
const NEXT: Action = Action {
    name: "next-part",
    about: "Show the next part",
    keys: &[Key::of(Code::Right), Key::of(Code::Tab), Key::char('l')],
    hint: "part",
};
const BACK: Action = Action {
    name: "previous-part",
    about: "Show the part before",
    keys: &[Key::of(Code::Left), Key::of(Code::BackTab), Key::char('h')],
    hint: "",
};
const MEMBER: Action = Action {
    name: "inspect-member",
    about: "Inspect the selected member",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};
const FREEZE: Action = Action {
    name: "freeze-group",
    about: "Freeze the control group, or thaw it; pscope thaws what it froze when it ends",
    keys: &[Key::char('X')],
    hint: "freeze/thaw",
};
const YES: Action = Action {
    name: "confirm-freeze",
    about: "Freeze or thaw, as was asked",
    keys: &[Key::char('y')],
    hint: "",
};

static SPEC: Spec = Spec {
    name: "group",
    title: "Group",
    about: "What a group of processes uses, its limits, and who is in it.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[
        &NEXT,
        &BACK,
        &MEMBER,
        &SIGNAL,
        &FREEZE,
        &YES,
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::FIRST,
        moves::LAST,
    ],
};

/// How many moments of pressure are kept: five minutes at one a second.
const KEPT: usize = 300;

/// The parts of the inspector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum GroupTab {
    #[default]
    Overview,
    Memory,
    Pressure,
    Members,
    Limits,
}

impl GroupTab {
    const ALL: [Self; 5] = [
        Self::Overview,
        Self::Memory,
        Self::Pressure,
        Self::Members,
        Self::Limits,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Memory => "Memory",
            Self::Pressure => "Pressure",
            Self::Members => "Members",
            Self::Limits => "Limits",
        }
    }
}

/// Pressure at one moment: cores, memory, I/O.
type Moment = [Option<Pressure>; 3];

/// The pressure of a group, as it was read.
fn moment(facts: &GroupFacts) -> Moment {
    facts.limits.pressure
}

/// The inspector.
#[derive(Default)]
pub struct GroupInspector {
    of: Option<Arc<Chosen>>,
    part: GroupTab,
    scroll: Scroll,
    members: Vec<ProcId>,
    cursor: usize,
    past: VecDeque<(Nanos, Moment)>,
    heard: Nanos,
    listed: Option<Arc<Snapshot>>,
    /// Whether it is asked if the group is to be frozen (`true`) or thawed.
    asking: Option<bool>,
    lines: Vec<Vec<(String, Role)>>,
    number: u64,
}

/// A line in parts.
type Line = Vec<(String, Role)>;

impl GroupInspector {
    /// The group as it is now, once one is inspected.
    fn told<'a>(&'a self, world: &'a World) -> Option<Told<'a>> {
        let of = self.of.as_deref()?;
        Some(Told {
            world,
            group: &of.group,
            members: &self.members,
            // Its own list leaves nobody out.
            whole: true,
        })
    }

    /// The facts of the group, where it is a control group.
    fn facts<'a>(&'a self, world: &'a World) -> Option<Reading<&'a GroupFacts>> {
        self.told(world)?.facts()
    }

    /// Finds the members again in the tick that is shown.
    fn list(&mut self, world: &World) {
        let Some(of) = &self.of else { return };
        if self
            .listed
            .as_ref()
            .is_some_and(|s| Arc::ptr_eq(s, &world.snapshot))
        {
            return;
        }
        let snapshot = &world.snapshot;
        let groups = Groups::new(snapshot, of.group.key.by);
        let place = groups.place(&of.group.key);
        let found = place.map(|place| groups.members(snapshot, place).collect::<Vec<_>>());
        let mut found = found.unwrap_or_default();
        if found.is_empty() {
            let elsewhere = place.map(|place| groups.elsewhere(snapshot, place));
            found = elsewhere.into_iter().flatten().collect();
        }
        found.sort_by(|a, b| {
            let cpu = |p: &crate::model::snapshot::Proc| p.cpu.unwrap_or(0.0);
            cpu(b).total_cmp(&cpu(a)).then(a.id.cmp(&b.id))
        });
        let held = self.members.get(self.cursor).copied();
        self.members = found.iter().map(|p| p.id).collect();
        let at = held.and_then(|id| self.members.iter().position(|m| *m == id));
        let last = self.members.len().saturating_sub(1);
        self.cursor = at.unwrap_or(self.cursor.min(last));
        self.listed = Some(Arc::clone(snapshot));
    }

    /// Whether everybody of the group is listed, and no filter leaves some out.
    fn is_whole(&self) -> bool {
        self.of.as_ref().is_none_or(|of| of.whole)
    }

    fn turn(&mut self, back: bool) {
        let all = GroupTab::ALL;
        let at = all.iter().position(|p| *p == self.part).unwrap_or(0);
        let step = if back { all.len() - 1 } else { 1 };
        self.part = all[(at + step) % all.len()];
        self.scroll.home();
        self.asking = None;
    }

    fn head(&self) -> Vec<Line> {
        let mut tabs = Line::new();
        for part in GroupTab::ALL {
            let role = if part == self.part {
                Role::Accent
            } else {
                Role::Dim
            };
            tabs.push((format!("{}  ", part.word()), role));
        }
        let mut out = vec![tabs];
        if let Some(on) = self.asking {
            let word = if on { "freeze" } else { "thaw" };
            let n = self.members.len();
            let text =
                format!("{word} its {n} processes? y does it; Enter and any other key do not");
            out.push(vec![(text, Role::Warn)]);
        } else {
            out.push(Vec::new());
        }
        out
    }

    fn move_by(&mut self, rows: isize) {
        if self.part == GroupTab::Members {
            let last = self.members.len().saturating_sub(1);
            self.cursor = self.cursor.saturating_add_signed(rows).min(last);
        } else {
            self.scroll.by(rows);
        }
    }

    fn outer(screen: Rect) -> Rect {
        popup::area(screen, 116, screen.height.saturating_sub(6).min(34))
    }
}

impl Panel for GroupInspector {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&GROUP]
    }

    fn open(&mut self, world: &World, _: &'static Action) -> Reply {
        let Some(of) = world.chosen_group() else {
            return Reply::Complain("no group is selected: group the list first".to_owned());
        };
        *self = Self {
            of: Some(Arc::clone(of)),
            number: self.number,
            ..Self::default()
        };
        Reply::Done
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        let Some(of) = &self.of else { return };
        let by = of.group.key.by.needs();
        plan.needs |= by;
        plan.of_all |= by;
        if let Some(path) = &of.group.path {
            plan.needs |= Needs::GROUP;
            plan.group = Some((path.clone(), self.members.first().copied()));
        }
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        self.list(world);
        let at = world.detail.machine.group.as_ref().map(|slot| slot.at);
        if let (Some(at), Some(Ok(facts))) = (at.filter(|at| *at != self.heard), self.facts(world))
        {
            if !world.looks_back() {
                self.past.push_back((at, moment(facts)));
            }
            self.heard = at;
            if self.past.len() > KEPT {
                self.past.pop_front();
            }
        }
        let body = popup::content(Self::outer(screen));
        let lines = self.told(world).map(|told| told.lines(self.part));
        self.lines = lines.unwrap_or_default();
        let rows = usize::from(body.height.saturating_sub(2));
        self.scroll.fit(self.lines.len(), rows);
        if self.part == GroupTab::Members {
            let shown = self.scroll.shown();
            // The head of the table stays above its rows.
            let row = self.cursor + 1;
            if row < shown.start + 1 {
                self.scroll.by(row as isize - shown.start as isize - 1);
            } else if row >= shown.end && !shown.is_empty() {
                self.scroll.by(row as isize + 1 - shown.end as isize);
            }
            self.scroll.fit(self.lines.len(), rows);
        }
        Reply::Pass
    }

    fn moment(&self, world: &World) -> Vec<(String, &'static str)> {
        let word = |on| if on { "freeze" } else { "thaw" };
        let esc = ("Esc".to_owned(), "close");
        if let Some(on) = self.asking {
            return vec![(world.keys.shown(&YES), word(on)), esc];
        }
        let does = |action: &Action| match action.name {
            n if n == FREEZE.name => self.can_freeze(world).map_or("", word),
            n if n == MEMBER.name && self.part != GroupTab::Members => "",
            n if n == SIGNAL.name && (world.settings.read_only || !self.is_whole()) => "",
            _ => action.hint,
        };
        let hints = SPEC.actions.iter().map(|a| (world.keys.shown(a), does(a)));
        let shown = hints.filter(|(_, does)| !does.is_empty());
        shown.chain([esc]).collect()
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if self.asking.is_some() && action.name != YES.name {
            self.asking = None;
            return Reply::Done;
        }
        match action.name {
            n if n == NEXT.name => self.turn(false),
            n if n == BACK.name => self.turn(true),
            n if n == YES.name => return self.freeze(),
            n if n == FREEZE.name => return self.ask(world),
            n if n == SIGNAL.name && !self.is_whole() => {
                let how = "a filter leaves out some of its members: s in the list is meant for those who pass";
                return Reply::Complain(how.to_owned());
            }
            n if n == SIGNAL.name => return Reply::Act(&SIGNAL),
            n if n == MEMBER.name => {
                let member = self.members.get(self.cursor);
                let member = member.filter(|_| self.part == GroupTab::Members);
                if let Some(id) = member {
                    return Reply::All(vec![Reply::Close, Reply::Inspect(*id, "overview")]);
                }
                self.turn(false);
            }
            n if n == moves::UP.name => self.move_by(-1),
            n if n == moves::DOWN.name => self.move_by(1),
            n if n == moves::PAGE_UP.name => self.move_by(-10),
            n if n == moves::PAGE_DOWN.name => self.move_by(10),
            n if n == moves::FIRST.name => self.move_by(isize::MIN / 2),
            n if n == moves::LAST.name => self.move_by(isize::MAX / 2),
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.move_by(-3),
            Press::WheelDown => self.move_by(3),
            _ => {}
        }
        Reply::Done
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let Some(of) = &self.of else { return };
        let title = format!("{} {}", of.group.title(), of.group.kind);
        let status = self.scroll.status();
        let area = popup::draw(theme, Self::outer(screen), &title, &status, buf);
        for (i, parts) in self.head().iter().enumerate() {
            line::draw(theme, scroll::row(area, i), parts, Modifier::empty(), buf);
        }
        let body = Rect {
            y: area.y + 2.min(area.height),
            height: area.height.saturating_sub(2),
            ..area
        };
        if self.part == GroupTab::Pressure && self.facts(world).is_some_and(|f| f.is_ok()) {
            self.charts(world, body, buf);
            return;
        }
        let shown = self.scroll.shown();
        for (i, parts) in self.lines[shown.clone()].iter().enumerate() {
            let row = scroll::row(body, i);
            let chosen = self.part == GroupTab::Members && shown.start + i == self.cursor + 1;
            let modifier = if chosen {
                Modifier::REVERSED
            } else {
                Modifier::empty()
            };
            line::draw(theme, row, parts, modifier, buf);
        }
    }
}

#[cfg(test)]
mod tests;
