//! The tab Overview: user land on the left, kernel land on the right, as a lecture draws a process on the board.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use self::around::Around;
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::key::{Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::word::Word;
use crate::app::world::{Chosen, Page, World};
use crate::model::detail::Stamped;
use crate::model::id::{Nanos, ProcId};
use crate::model::memory::region::growth::Growth;
use crate::model::memory::region::{AddressSpace, Group};
use crate::model::plan::{Needs, Plan};
use crate::model::process::overview::Overview as Facts;
use crate::model::process::when_ended::WhenEnded;
use crate::model::snapshot::Proc;
use crate::panels::dialogs::group::Told;
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::address_space::{Block, blocks};
use crate::widgets::line;

mod around;
mod children;
mod fold;
mod history;
mod kernel_land;
mod lines;
mod parts;
mod user_land;

use children::Children;
use lines::Parts;

static SPEC: Spec = Spec {
    name: "overview",
    title: "Overview",
    about: "One process at a glance: its memory on the left, what the kernel keeps of it on the right.",
    place: Place::Tab,
    needs: Needs::OVERVIEW.union(Needs::REGIONS),
    actions: &[
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::FIRST,
        moves::LAST,
        moves::COPY,
    ],
};

/// Below this width kernel land stands above user land.
const BESIDE: u16 = 50;
/// From this size on what is around the process stands at the right.
const AROUND: (u16, u16) = (112, 26);
/// Descriptors, threads and signals are renewed so often here; their own tabs do it faster.
const RENEW: Nanos = Nanos(4_000_000_000);

/// When the regions were read of which lines are made, and where these stand.
type Regions = (Option<Nanos>, Rect);

/// The tab.
#[derive(Default)]
pub struct Overview {
    of: Option<ProcId>,
    /// The process as it was last seen, and when it ended, once it has.
    last: Option<(Proc, WhenEnded)>,
    children: Children,
    rings: history::Rings,
    growth: Growth<Group>,
    /// When the regions were read of which these are made: the blocks of the picture, and the largest ones where they stand.
    measured: Option<Nanos>,
    pictured: Vec<Block>,
    listed: Option<(Regions, Vec<Parts>)>,
    areas: Areas,
    head: Vec<Parts>,
    kernel: Vec<Parts>,
    around: Around,
    regions: Vec<Parts>,
    folds: fold::Folds,
    /// The rows that the two lands took at most, of how many.
    tallest: (u16, u16),
    blocks: Vec<Block>,
    sums: Vec<Parts>,
    foot: Parts,
    /// A group is selected: its facts stand here.
    grouped: bool,
    top: usize,
    page: usize,
}

/// Where the parts of the tab stand; empty areas are left out.
#[derive(Clone, Copy, Debug, Default)]
struct Areas {
    head: Rect,
    user: Rect,
    /// Below the picture of the address space: its largest regions.
    regions: Rect,
    kernel: Rect,
    /// At the right, where there is width.
    around: Rect,
    history: Rect,
    foot: Rect,
}

/// The charts are so many rows high each at most, beside the list and alone.
const CHART: [u16; 2] = [3, 5];

impl Areas {
    /// Gives the charts what the two lands leave of their rows; each of the three gets the same.
    fn leave(&mut self, needed: u16, most: u16) {
        // One blank row stays between.
        let spare = self.kernel.height.saturating_sub(needed + 1);
        if self.history.height < 3 {
            return;
        }
        let more = (spare / 3).min(most - 1) * 3;
        for part in [&mut self.user, &mut self.kernel, &mut self.around] {
            part.height = part.height.saturating_sub(more);
        }
        self.history.y -= more;
        self.history.height += more;
    }

    /// Below the picture stand the largest regions, where rows are left.
    fn split_user(&mut self, pictured: u16) {
        let left = self.user.height.saturating_sub(pictured + 1);
        if self.around.width > 0 && left >= 4 {
            self.user.height -= left;
            self.regions = Rect {
                y: self.user.bottom(),
                height: left,
                ..self.user
            };
        }
    }

    fn of(area: Rect) -> Self {
        let tall = area.height;
        let head = if tall >= 16 { 2 } else { u16::from(tall >= 8) };
        let foot = u16::from(tall >= 14);
        let history = match tall {
            0..18 => 0,
            18..26 => 1,
            26..32 => 3,
            _ => 4,
        };
        let body = Rect {
            y: area.y + head,
            height: tall.saturating_sub(head + foot + history),
            ..area
        };
        let user = if area.width < BESIDE {
            0
        } else {
            (area.width * 38 / 100).clamp(24, 40)
        };
        let rows = |y: u16, height: u16| Rect { y, height, ..area };
        let right = body.width.saturating_sub(user + u16::from(user > 0));
        let around = if (area.width, tall) >= AROUND && tall >= AROUND.1 {
            right * 55 / 100
        } else {
            0
        };
        Self {
            regions: Rect::ZERO,
            around: Rect {
                x: body.right() - around,
                width: around,
                ..body
            },
            head: rows(area.y, head),
            user: Rect {
                width: user,
                ..body
            },
            kernel: Rect {
                x: body.x + user + u16::from(user > 0),
                width: right - around,
                ..body
            },
            history: rows(body.bottom(), history),
            foot: rows(area.bottom().saturating_sub(foot), foot),
        }
    }
}

/// Everything that the lines are made of.
struct View<'a> {
    world: &'a World,
    proc: &'a Proc,
    /// When it ended, if it has.
    ended: Option<WhenEnded>,
    facts: Option<&'a Facts>,
    space: Option<&'a AddressSpace>,
    children: &'a Children,
}

/// What is known of the process in focus, where it is known.
fn known<'a, T>(world: &'a World, slot: Option<&'a Stamped<T>>) -> Option<&'a Stamped<T>> {
    slot.filter(|_| world.focus.is_some() && world.detail.of == world.focus)
}

fn value<'a, T>(world: &'a World, slot: Option<&'a Stamped<T>>) -> Option<&'a T> {
    known(world, slot)?.value.as_ref().ok().map(Arc::as_ref)
}

impl Overview {
    fn take_in(&mut self, world: &World) {
        if self.of != world.focus {
            *self = Self {
                of: world.focus,
                ..Self::default()
            };
        }
        let Some(id) = world.focus else { return };
        self.children.seek(id, &world.snapshot);
        if let Some(proc) = world.snapshot.get(id) {
            self.rings.push(world);
            let end = WhenEnded::new(world.snapshot.at, Nanos(u64::MAX));
            self.last = Some((proc.clone(), end));
        } else if let Some((_, end)) = &mut self.last {
            end.miss(world.snapshot.at);
        }
        if let Some(gone) = world.time.gone.get(&id) {
            self.last = Some((gone.proc.clone(), gone.end));
        }
        let slot = known(world, world.detail.regions.as_ref());
        let at = slot.map(|s| s.at);
        if at != self.measured
            && let Some(space) = value(world, world.detail.regions.as_ref())
        {
            self.measured = at;
            self.growth.at(at.unwrap_or_default());
            for (group, totals) in space.by_group() {
                self.growth.note(group, totals.size);
            }
            let growth = &self.growth;
            self.pictured = blocks(space, |group| match growth.of(&group) {
                Some(grown) if grown.rate >= 512.0 => crate::model::format::growth(grown.rate),
                _ => String::new(),
            });
        }
    }

    fn view<'a>(&'a self, world: &'a World) -> Option<View<'a>> {
        let (proc, end) = self.last.as_ref()?;
        let lives = world.snapshot.get(proc.id).is_some();
        Some(View {
            world,
            proc,
            ended: (!lives).then_some(*end),
            facts: value(world, world.detail.overview.as_ref()),
            space: value(world, world.detail.regions.as_ref()),
            children: &self.children,
        })
    }

    /// The facts of the group that is selected in the list, instead of those of one of its members.
    fn fit_group(&mut self, world: &World, of: &Chosen, area: Rect) {
        let mut members = of.members.clone();
        let cpu = |id: &ProcId| world.snapshot.get(*id).and_then(|p| p.cpu.ok());
        let cpu = |id: &ProcId| cpu(id).unwrap_or(0.0);
        members.sort_by(|a, b| cpu(b).total_cmp(&cpu(a)).then(a.cmp(b)));
        let told = Told {
            world,
            group: &of.group,
            members: &members,
            whole: of.whole,
        };
        self.kernel = told.at_a_glance();
        self.areas = Areas {
            kernel: area,
            ..Areas::default()
        };
        self.page = usize::from(area.height);
        self.scroll(0);
    }

    fn scroll(&mut self, rows: isize) {
        let last = self.kernel.len().saturating_sub(self.page);
        self.top = self.top.saturating_add_signed(rows).min(last);
    }
}

impl Panel for Overview {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, world: &World, plan: &mut Plan) {
        // What is told of a group the list asks for.
        if world.chosen_group().is_some() {
            return;
        }
        plan.needs |= SPEC.needs;
        if world.holds_card() {
            plan.needs |= Needs::GPU;
        }
        let now = world.detail.at;
        let due = |at: Option<Nanos>| at.is_none_or(|at| now.since(at) >= RENEW);
        let detail = &world.detail;
        if due(known(world, detail.threads.as_ref()).map(|s| s.at)) {
            plan.needs |= Needs::WAITS;
        }
        if self.around.calls {
            plan.needs |= Needs::CALLS;
        }
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.take_in(world);
        let group = world.chosen_group();
        if self.grouped != group.is_some() {
            (self.grouped, self.top) = (group.is_some(), 0);
        }
        if let Some(group) = group {
            self.fit_group(world, group, area);
            return Reply::Pass;
        }
        let mut areas = Areas::of(area);
        self.areas = areas;
        let mut folds = std::mem::take(&mut self.folds);
        let Some(view) = self.view(world) else {
            (self.head, self.kernel, self.sums) = Default::default();
            (self.around, self.regions) = Default::default();
            self.blocks.clear();
            return Reply::Pass;
        };
        let head = lines::head(&view, areas.head);
        let apart = areas.around.width > 0;
        let mut kernel = kernel_land::lines(&view, areas.kernel, apart, &mut folds);
        let sums = user_land::sums(&view, areas.user.width);
        let foot = lines::foot(&view);
        let shown = view.space.map(|_| self.pictured.clone());
        let shown = shown.unwrap_or_default();
        if areas.user.width == 0 {
            kernel.push(Vec::new());
            kernel.extend(user_land::stacked(&view, &shown));
        }
        let mut tallest = self.tallest;
        let pictured = user_land::rows(&shown, &sums);
        let around = if areas.around.width > 0 {
            let wide = usize::from(areas.around.width.saturating_sub(1));
            around::around(&view, usize::from(areas.around.height), wide)
        } else {
            Around::default()
        };
        // What is not read yet would leave too much; what was not read then is not read any more.
        let whole = view.facts.is_some() || world.looks_back();
        if whole && areas.user.width > 0 {
            let lines = kernel.len().max(around.lines.len());
            let needed = pictured.max(lines.min(usize::from(area.height)) as u16);
            let before = if self.tallest.1 == area.height {
                self.tallest.0
            } else {
                0
            };
            tallest = (needed.max(before), area.height);
            areas.leave(tallest.0, CHART[usize::from(alone(world))]);
        }
        areas.split_user(pictured);
        let wanted = (self.measured, areas.regions);
        let regions = match &self.listed {
            Some((of, lines)) if *of == wanted => lines.clone(),
            _ => user_land::largest(&view, areas.regions),
        };
        let listed = view.space.map(|_| (wanted, regions.clone()));
        self.areas = areas;
        (self.around, self.regions, self.tallest) = (around, regions, tallest);
        self.listed = listed;
        (self.head, self.kernel, self.sums, self.foot) = (head, kernel, sums, foot);
        self.folds = folds;
        self.blocks = shown;
        self.page = usize::from(areas.kernel.height);
        self.scroll(0);
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        let page = self.page.max(2) as isize - 1;
        match action.name {
            name if name == moves::UP.name => self.scroll(-1),
            name if name == moves::DOWN.name => self.scroll(1),
            name if name == moves::PAGE_UP.name => self.scroll(-page),
            name if name == moves::PAGE_DOWN.name => self.scroll(page),
            name if name == moves::FIRST.name => self.scroll(isize::MIN),
            name if name == moves::LAST.name => self.scroll(isize::MAX),
            name if name == moves::COPY.name => {
                let line = self.last.as_ref().map(|(proc, _)| proc.command_line());
                return line.map_or(Reply::Done, |line| Reply::Do(Effect::Copy(line)));
            }
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn key(&mut self, _: &World, _: Key) -> Reply {
        Reply::Pass
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        match mouse.press {
            Press::WheelUp => self.scroll(-3),
            Press::WheelDown => self.scroll(3),
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::OVERVIEW]
    }

    fn now(&self, world: &World, word: &str) -> Option<String> {
        lines::now(&self.view(world)?, word)
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        lines::explained(known(world, world.detail.overview.as_ref()))
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let area = area.intersection(buf.area);
        let shown = self.top.min(self.kernel.len());
        if self.grouped {
            draw_lines(world, self.areas.kernel, &self.kernel[shown..], buf);
            return;
        }
        let Some(view) = self.view(world) else {
            let text = if world.focus.is_some() {
                "The process has ended."
            } else {
                "No process is selected."
            };
            let parts = [(text.to_owned(), Role::Dim)];
            line::draw(theme, area, &parts, Modifier::empty(), buf);
            return;
        };
        draw_lines(world, self.areas.head, &self.head, buf);
        if self.areas.user.width > 0 {
            user_land::draw(&view, self.areas.user, &self.blocks, &self.sums, buf);
        }
        draw_lines(world, self.areas.kernel, &self.kernel[shown..], buf);
        draw_lines(world, self.areas.around, &self.around.lines, buf);
        draw_lines(world, self.areas.regions, &self.regions, buf);
        self.rings.draw(world, self.areas.history, buf);
        draw_lines(
            world,
            self.areas.foot,
            std::slice::from_ref(&self.foot),
            buf,
        );
        if view.ended.is_some() {
            buf.set_style(area, theme.style(Role::Dim));
        }
    }
}

fn draw_lines(world: &World, area: Rect, lines: &[Parts], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    for (y, parts) in (area.top()..area.bottom()).zip(lines) {
        let row = Rect {
            x: area.x + 1.min(area.width),
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(&world.theme, row, parts, Modifier::empty(), buf);
    }
}

/// Whether the inspector has the screen to itself.
fn alone(world: &World) -> bool {
    world.page == Page::Inspector
}

#[cfg(test)]
mod tests;
