//! The first line: whose machine this is, how it does, and whether time runs. In the inspector: which process.

mod badge;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::globals as g;
use crate::app::panel::{Panel, Place, Spec};
use crate::app::world::{Page, World};
use crate::model::acting::ending;
use crate::model::format;
use crate::model::machine::verdict::blind;
use crate::model::plan::{Needs, Plan};
use crate::model::process::called::called;
use crate::model::snapshot::Proc;
use crate::model::text::{cut, width};
use crate::panels::dialogs::palette::PALETTE;
use crate::theme::Role::{self, Badge, Dim, Good, Strong, Text, User, Warn};
use crate::widgets::line::{self, Styled};

static SPEC: Spec = Spec {
    name: "header",
    title: "Header",
    about: "The machine in one line, and whether time runs.",
    place: Place::Header,
    needs: Needs::empty(),
    actions: &[],
};

/// The header; it keeps no state.
#[derive(Default)]
pub struct Header;

/// The rank of what the verdict does not see.
const BLIND: u8 = 25;
/// The rank of the verdict: only the names of the program and of the process in focus outlast it.
const VERDICT: u8 = 95;
/// How important it is what could not be read; and from how many cells on the beginning of it says something.
const FAULT: u8 = 80;
const LEGIBLE: usize = 20;

/// Parts that come and go together; the lowest rank goes first where the line is short.
struct Group {
    rank: u8,
    parts: Vec<Styled>,
    /// What a click asks for.
    does: Option<&'static Action>,
}

impl Group {
    fn doing(mut self, action: &'static Action) -> Self {
        self.does = Some(action);
        self
    }
}

fn group(rank: u8, parts: impl IntoIterator<Item = (impl Into<String>, Role)>) -> Group {
    Group {
        rank,
        parts: parts
            .into_iter()
            .map(|(text, role)| (text.into(), role))
            .collect(),
        does: None,
    }
}

impl Panel for Header {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, world: &World, plan: &mut Plan) {
        if world.settings.own_cost {
            plan.needs |= Needs::OWN;
        }
    }

    fn buttons(&self, world: &World, area: Rect) -> Vec<Button> {
        let line = Line::new(world, area);
        let mut out = Vec::new();
        let mut x = area.x;
        for group in &line.left {
            let cells = total(std::slice::from_ref(group)) as u16;
            out.extend(group.does.map(|does| {
                Button::act(
                    Rect {
                        x,
                        width: cells,
                        ..area
                    },
                    does,
                )
            }));
            x += cells + 3;
        }
        let wide: usize = line
            .right
            .iter()
            .map(|g| total(std::slice::from_ref(g)))
            .sum();
        let mut x = area.right().saturating_sub(wide as u16);
        for group in &line.right {
            let cells = total(std::slice::from_ref(group)) as u16;
            out.extend(group.does.map(|does| {
                Button::act(
                    Rect {
                        x,
                        width: cells,
                        ..area
                    },
                    does,
                )
            }));
            x += cells;
        }
        out
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let Line { left, right } = Line::new(world, area);
        let right: Vec<Styled> = right.into_iter().flat_map(|g| g.parts).collect();
        let wide: usize = right.iter().map(|(text, _)| width(text)).sum();
        let mut parts = Vec::new();
        for (i, group) in left.into_iter().enumerate() {
            if i > 0 {
                parts.push(("   ".to_owned(), Text));
            }
            parts.extend(group.parts);
        }
        let fits = wide < area.width as usize;
        let room = (area.width as usize).saturating_sub(wide + 3);
        let left = Rect {
            width: if fits { room as u16 } else { area.width },
            ..area
        };
        line::draw(&world.theme, left, &parts, Modifier::empty(), buf);
        if fits {
            line::draw_right(&world.theme, area, &right, buf);
        }
    }
}

/// What stands in the line: groups from its left end with three blanks between them, and without any at its right end.
struct Line {
    left: Vec<Group>,
    right: Vec<Group>,
}

impl Line {
    fn new(world: &World, area: Rect) -> Self {
        let right = badge::badge(world, area.width);
        let parts = right.iter().flat_map(|g| &g.parts);
        let wide: usize = parts.map(|(text, _)| width(text)).sum();
        let room = (area.width as usize).saturating_sub(wide + 3);
        let mut groups = match world.page {
            Page::Inspector => inspected(world),
            Page::Dashboard | Page::View(_) => machine(world),
        };
        if world.page != Page::Dashboard {
            // On the dashboard the title of the lanes says it.
            let left = |kept: &dyn Fn(usize, &Group) -> bool| {
                let kept = groups.iter().enumerate().filter(|(i, g)| kept(*i, g));
                let taken: usize = kept.map(|(_, g)| total(std::slice::from_ref(g)) + 3).sum();
                room.saturating_sub(taken)
            };
            let rooms = [
                left(&|i, g| i < 2 || g.rank >= 90),
                left(&|_, g| g.rank > VERDICT),
            ];
            groups.extend(verdict(world, rooms));
        }
        while groups.len() > 1 && total(&groups) > room {
            let least = (0..groups.len()).min_by_key(|i| (groups[*i].rank, usize::MAX - i));
            let mut lost = groups.remove(least.unwrap_or(0));
            let left = room.saturating_sub(total(&groups) + 3);
            if lost.rank == FAULT && left >= LEGIBLE {
                // What cannot be read may not go untold.
                for (text, _) in &mut lost.parts {
                    *text = cut(text, left).into_owned();
                }
                groups.push(lost);
            }
        }
        Self {
            left: groups,
            right,
        }
    }
}

fn total(groups: &[Group]) -> usize {
    let parts = groups.iter().flat_map(|g| &g.parts);
    parts.map(|(text, _)| width(text)).sum::<usize>() + 3 * groups.len().saturating_sub(1)
}

fn machine(world: &World) -> Vec<Group> {
    let s = &world.snapshot;
    let system = &s.system;
    let mut out = vec![group(99, [(" pscope ", Badge)]).doing(&PALETTE)];
    if s.at.0 == 0 {
        // Nothing was read yet.
        return out;
    }
    out.push(group(60, [(s.machine.host.as_str(), Strong)]));
    if let Page::View(n) = world.page
        && !world.bar
    {
        let view = world.catalog.iter().find(|c| c.name == world.active);
        out.push(group(
            90,
            [(format!("{n} {}", view.map_or("", |v| v.title)), Strong)],
        ));
    } else if !matches!(world.page, Page::View(_)) {
        let kernel = format!("Linux {}", s.machine.kernel);
        out.push(group(10, [(kernel, Dim)]));
        out.push(group(
            20,
            [(format!("up {}", format::duration(system.uptime)), Dim)],
        ));
    }
    if let Ok(load) = system.load {
        let load = load.map(|l| format!("{l:.2}")).join(" ");
        let load = group(70, [("load ".to_owned(), Dim), (load, Text)]);
        out.push(load.doing(&g::VIEW_2));
    }
    out.push(group(
        50,
        [
            (s.procs.len().to_string(), Text),
            (" processes".to_owned(), Dim),
        ],
    ));
    out.push(group(
        40,
        [
            (system.threads.to_string(), Text),
            (" threads".to_owned(), Dim),
        ],
    ));
    let mut tasks = vec![
        system
            .running
            .map_or_else(|_| ("–".to_owned(), Dim), |n| (n.to_string(), Good)),
        (" running".to_owned(), Dim),
    ];
    if let Ok(blocked @ 1..) = system.blocked {
        tasks.extend([
            ("  ".to_owned(), Dim),
            (blocked.to_string(), Warn),
            (" blocked".to_owned(), Dim),
        ]);
    }
    out.push(group(45, tasks).doing(&g::VIEW_2));
    if let Ok(rate) = system.switches {
        out.push(group(
            30,
            [
                (format::per_second(rate), Text),
                (" switches/s".to_owned(), Dim),
            ],
        ));
    }
    if let Ok(rate) = system.forks {
        out.push(group(
            15,
            [
                (format::per_second(rate), Text),
                (" forks/s".to_owned(), Dim),
            ],
        ));
    }
    if let Some(fault) = s.faults.first() {
        out.push(group(
            FAULT,
            [(format!("{}: {}", fault.source, fault.why), Warn)],
        ));
    }
    out
}

/// What holds the machine back, at the length that there is room for: beside the title, or else without it, which the
/// border below says again.
fn verdict(world: &World, [beside, alone]: [usize; 2]) -> Option<Group> {
    let Some(verdict) = &world.verdict else {
        let blind = blind::blind(&world.snapshot.system);
        let mut forms = blind::forms(&blind)?.into_iter();
        let form = forms.find(|form| width(form) <= beside)?;
        return Some(group(BLIND, [(form, Dim)]).doing(&g::EXPLAIN));
    };
    let forms = verdict.forms(world.snapshot.at);
    let fits = |(a, b): &&(String, String), room| width(a) + width(b) <= room;
    let whole = forms.iter().take(3).find(|form| fits(form, beside));
    let (sentence, lasts) =
        whole.or_else(|| forms.iter().skip(1).find(|form| fits(form, alone)))?;
    let parts = [(sentence.as_str(), Warn), (lasts.as_str(), Dim)];
    Some(group(VERDICT, parts).doing(&g::EXPLAIN))
}

fn inspected(world: &World) -> Vec<Group> {
    let mut out = vec![group(99, [(" pscope ", Badge)]).doing(&PALETTE)];
    let Some(id) = world.focus else {
        out.push(group(98, [("no process is selected", Dim)]));
        return out;
    };
    let Some(proc) = world.snapshot.get(id) else {
        let how = world.snapshot.ending(id);
        let how = how.map_or_else(|| "ended".to_owned(), ending);
        let gone = world.time.gone.get(&id).map(|gone| &gone.proc.facts.name);
        let known = gone.or(Some(world.trace.name()));
        let known = known.filter(|name| !name.is_empty());
        let name = known.map_or_else(String::new, |name| format!("{name} "));
        out.push(group(
            98,
            [(format!("{} ", id.pid), Text), (name, Strong), (how, Warn)],
        ));
        return out;
    };
    out.push(group(
        98,
        [
            (format!("{} ", id.pid), Text),
            (called(proc).into_owned(), Strong),
        ],
    ));
    out.push(group(20, ancestry(world, proc)));
    out.push(group(40, [(proc.facts.user.as_str(), User)]));
    let cpu = proc.cpu.map_or_else(
        |_| "–".to_owned(),
        |c| format!("{}%", format::percent(world.scaled(c))),
    );
    out.push(group(60, [("CPU ".to_owned(), Dim), (cpu, Text)]));
    out.push(group(
        50,
        [
            ("holds ".to_owned(), Dim),
            (format::bytes(proc.stat.resident), Text),
        ],
    ));
    out
}

/// `systemd → sshd → bash`: the ancestors by name, the process itself last.
fn ancestry(world: &World, proc: &Proc) -> Vec<Styled> {
    let s = &world.snapshot;
    let arrow = if world.theme.glyphs.ascii {
        " > "
    } else {
        " → "
    };
    let mut names = vec![(proc.facts.name.to_string(), Text)];
    let mut at = proc.parent;
    while let Some(parent) = at.and_then(|i| s.procs.get(i as usize)) {
        names.push((arrow.to_owned(), Dim));
        names.push((parent.facts.name.to_string(), Dim));
        at = parent.parent;
    }
    names.reverse();
    names
}

#[cfg(test)]
mod tests;
