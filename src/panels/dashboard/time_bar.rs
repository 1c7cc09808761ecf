//! The line of time, while it stands still: how the machine did over all that is kept, and which moment is shown.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use crate::app::key::{Mouse, Press};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::{TimeBar, World};
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::plan::Needs;
use crate::model::text::width;
use crate::recording::past::Moment;
use crate::recording::{Marks, when};
use crate::theme::Role::{self, Accent, Bad, Dim, Good, Strong, Warn};
use crate::widgets::{line, put};

static SPEC: Spec = Spec {
    name: "time-bar",
    title: "Time",
    about: "How the machine did over all that is kept, and which moment is shown.",
    place: Place::Time,
    needs: Needs::empty(),
    actions: &[],
};

/// The line; it remembers where the dots stand, for the mouse.
#[derive(Default)]
pub struct TimeLine {
    dots: Rect,
}

/// Dots of a braille cell from the bottom up, of its left and its right column.
const LEFT: [u32; 5] = [0, 0x40, 0x44, 0x46, 0x47];
const RIGHT: [u32; 5] = [0, 0x80, 0xa0, 0xb0, 0xb8];

impl Panel for TimeLine {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let [left, right] = words(world).map(|parts| total(&parts) as u16);
        let fits = area.width > left + right + 8;
        let (left, right) = if fits {
            (left, right)
        } else {
            (left.min(area.width), 0)
        };
        self.dots = Rect {
            x: area.x + left,
            width: area.width.saturating_sub(left + right),
            ..area
        };
        Reply::Pass
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.press {
            Press::Left | Press::Drag if self.dots.contains(at) => {
                let axis = Axis::of(&world.time, self.dots.width);
                let cell = usize::from(mouse.column - self.dots.x);
                let bucket = axis.bucket(&world.time.moments, cell);
                match axis {
                    Axis::Calendar(..) if bucket.is_empty() => Reply::Then(axis.begins(cell)),
                    _ if bucket.is_empty() => Reply::Pass,
                    _ => Reply::Go(telling(&world.time.moments, bucket)),
                }
            }
            _ => Reply::Pass,
        }
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        vec![
            (
                "dots".to_owned(),
                "left: cores busy; right: memory used; the highest of each cell".to_owned(),
            ),
            (
                "colour".to_owned(),
                "pressure: the highest of the three, from 10% and from 40%".to_owned(),
            ),
            (
                "marks".to_owned(),
                "! what holds the machine back changed; x a process was ended by a signal; O memory ran out; T a trigger fired".to_owned(),
            ),
            (
                "· or .".to_owned(),
                "in recordings of several machines: this one was not recorded then".to_owned(),
            ),
        ]
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let [left, right] = words(world);
        line::draw(&world.theme, area, &left, Modifier::empty(), buf);
        if self.dots.right() < area.right() {
            line::draw_right(&world.theme, area, &right, buf);
        }
        let moments = &world.time.moments;
        let axis = Axis::of(&world.time, self.dots.width);
        let mut before = 0..0;
        for (cell, x) in (self.dots.left()..self.dots.right()).enumerate() {
            let bucket = axis.bucket(moments, cell);
            // A moment over several cells is marked once.
            let again = bucket.start == before.start && !before.is_empty();
            let (text, role) = match (moments.get(bucket.clone()), axis) {
                (Some(told @ [_, ..]), _) => dot(told, !again, world.theme.glyphs.ascii),
                (_, Axis::Calendar(..)) => {
                    let none = if world.theme.glyphs.ascii { "." } else { "·" };
                    (none.to_owned(), Role::Faint)
                }
                _ => break,
            };
            let mut style = world.theme.style(role);
            if bucket.contains(&world.time.at) {
                style = style.add_modifier(Modifier::REVERSED | Modifier::BOLD);
            }
            put::text(buf, x, area.y, text, 1, style);
            before = bucket;
        }
    }
}

/// Which moments the cells tell of.
#[derive(Clone, Copy)]
enum Axis {
    /// Each of them as many, in so many cells.
    Moments(usize),
    /// Each of them as much time: from when to when, milliseconds since 1970, in so many cells. Machines have moments of
    /// their own and the calendar in common.
    Calendar([u64; 2], usize),
}

impl Axis {
    fn of(time: &TimeBar, cells: u16) -> Self {
        let cells = usize::from(cells.max(1));
        let spans = || time.hosts.iter().map(|host| host.span);
        let from = spans().map(|(from, _)| from).min();
        let to = spans().map(|(_, to)| to).max();
        match (time.hosts.len(), from.zip(to)) {
            (2.., Some((from, to))) => Self::Calendar([from, to], cells),
            _ => Self::Moments(cells),
        }
    }

    /// With which time a cell begins.
    fn begins(self, cell: usize) -> u64 {
        match self {
            Self::Moments(_) => 0,
            Self::Calendar([from, to], cells) => {
                let share = u128::from(to.saturating_sub(from) + 1) * cell as u128 / cells as u128;
                from.saturating_add(share as u64)
            }
        }
    }

    /// The moments of a cell; none where none is kept of that time.
    fn bucket(self, moments: &[Moment], cell: usize) -> Range<usize> {
        match self {
            Self::Moments(cells) => {
                let first = |cell: usize| cell * moments.len() / cells;
                let from = first(cell);
                from..first(cell + 1).max(from + 1).min(moments.len())
            }
            Self::Calendar(..) => {
                let until = |ms: u64| moments.partition_point(|m| m.summary.unix_ms < ms);
                let (from, to) = (until(self.begins(cell)), until(self.begins(cell + 1)));
                // Between two ticks the first one holds on.
                let between = from == to && (1..moments.len()).contains(&from);
                from - usize::from(between)..to
            }
        }
    }
}

/// What is marked, the most telling first.
const SIGNS: [(Marks, &str, Role); 4] = [
    (Marks::TRIGGER, "T", Accent),
    (Marks::OOM, "O", Bad),
    (Marks::KILLED, "x", Bad),
    (Marks::VERDICT, "!", Warn),
];

/// The moment that a cell tells of: the marked one, else that at which the cores were busiest, the last of several.
fn telling(moments: &[Moment], cell: Range<usize>) -> usize {
    let weight = |place: &usize| {
        let summary = moments.get(*place).map(|moment| moment.summary);
        let marks = summary.map_or(Marks::default(), |s| s.marks);
        let sign = SIGNS.iter().position(|(mark, ..)| marks.contains(*mark));
        let sign = sign.map_or(0, |place| SIGNS.len() - place);
        (sign, summary.and_then(|s| s.cpu))
    };
    let last = cell.end.saturating_sub(1);
    cell.max_by_key(weight).unwrap_or(last)
}

/// What a cell shows of the moments in it.
fn dot(moments: &[Moment], marked: bool, ascii: bool) -> (String, Role) {
    let marks = moments
        .iter()
        .fold(Marks::default(), |all, m| all | m.summary.marks);
    for (mark, sign, role) in SIGNS {
        if marked && marks.contains(mark) {
            return (sign.to_owned(), role);
        }
    }
    let most = |of: fn(&Moment) -> Option<u16>| moments.iter().filter_map(of).max();
    let cpu = most(|m| m.summary.cpu).unwrap_or(0);
    let memory = most(|m| m.summary.memory).unwrap_or(0);
    let role = match most(|m| m.summary.pressure).unwrap_or(0) {
        400.. => Bad,
        100.. => Warn,
        _ => Good,
    };
    if ascii {
        return ((cpu.min(999) / 100).to_string(), role);
    }
    // Something is a dot, and only all of it are four.
    let height = |share: u16| usize::from(share.div_ceil(250).min(4));
    let dots = 0x2800 + LEFT[height(cpu)] + RIGHT[height(memory)];
    let text = char::from_u32(dots).map_or_else(String::new, String::from);
    (text, role)
}

fn total(parts: &[(String, Role)]) -> usize {
    parts.iter().map(|(text, _)| width(text)).sum()
}

/// What stands left and right of the dots: when it is, and how far back one can go.
fn words(world: &World) -> [Vec<(String, Role)>; 2] {
    let time = &world.time;
    let zone = &world.snapshot.machine.zone;
    let at = world.snapshot.unix_ms() as i64;
    // Of what goes over days the day is told as well, save that of the end.
    let end = time.moments.last().map_or(at, |m| m.summary.unix_ms as i64);
    let clock = when::told(at, end, zone);
    let mut left = vec![(format!(" {clock} "), Strong)];
    if let Some(replay) = time.replay {
        let text = match (replay.playing, replay.speed) {
            (false, _) => "stands ".to_owned(),
            (true, speed @ ..0) => format!("plays 1/{}× ", 1_u32 << -speed),
            (true, speed) => format!("plays {}× ", 1_u32 << speed),
        };
        left.push((text, Accent));
    }
    let ends = time.moments.first().zip(time.moments.last());
    let kept = ends.map_or_else(String::new, |(first, last)| {
        let what = if time.replay.is_some() {
            "recorded"
        } else {
            "kept"
        };
        let own = format::duration(last.at.since(first.at));
        match Axis::of(time, 1) {
            Axis::Moments(_) => format!(" {what}: {own} "),
            Axis::Calendar([from, to], _) => {
                let all =
                    format::duration(Nanos(to.saturating_sub(from).saturating_mul(1_000_000)));
                format!(" {what}: {own} of {all} ")
            }
        }
    });
    [left, vec![(kept, Dim)]]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::App;
    use crate::app::event::Event;
    use crate::app::key::Key;
    use crate::app::world::Settings;
    use crate::model::id::{Pid, Ticks};
    use crate::model::scene::Scene;
    use crate::model::snapshot::Snapshot;
    use crate::recording::{Kept, Past, Summary, Writer};
    use crate::screen;
    use crate::theme::{Depth, Theme};

    /// Seven hundred seconds of a quiet machine; at one of them a process takes a core.
    fn past(spike: u64) -> (Kept, Vec<Arc<Snapshot>>) {
        let (kept, mut writer) = (Kept::new(4 << 20), Writer::default());
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        scene.task(7, 1, "culprit");
        let mut seen = Vec::new();
        for tick in 0..700 {
            let before = scene.sample.clone();
            let busy = if tick == spike { 95 } else { 1 };
            for core in &mut scene.sample.system.cores {
                core.user = Ticks(core.user.0 + busy);
                core.idle = Ticks(core.idle.0 + 100 - busy);
            }
            scene.pass(1000, &[(7, busy)]);
            let snapshot = Snapshot::between(Some(&before), &scene.sample);
            let summary = Summary::of(&snapshot, Marks::default());
            kept.push(writer.tick(Some(&before), &scene.sample, summary));
            seen.push(Arc::new(snapshot));
        }
        (kept, seen)
    }

    fn row(app: &mut App, area: Rect) -> Vec<String> {
        screen::fit(app, area);
        let mut buf = Buffer::empty(area);
        screen::render(app, area, &mut buf);
        let y = area.height - 2;
        (0..area.width)
            .map(|x| buf[(x, y)].symbol().to_owned())
            .collect()
    }

    #[test]
    fn a_spike_of_ten_minutes_ago_is_found_by_a_click() {
        let area = Rect::new(0, 0, 160, 48);
        let (kept, seen) = past(100);
        let theme = Theme::terminal(Depth::True, false);
        let mut app = App::new(crate::panels::all(), Settings::default(), theme);
        app.remember(Past::new(Box::new(kept)));
        for tick in &seen[690..] {
            app.update(Event::Snapshot(Arc::clone(tick)));
        }
        row(&mut app, area);
        app.update(Event::Key(Key::char('p')));
        let cells = row(&mut app, area);
        let is_dots = |cell: &&String| cell.chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
        let dots: Vec<&String> = cells.iter().filter(is_dots).collect();
        let alone = |cell: &String| dots.iter().filter(|dot| **dot == cell).count() == 1;
        let column = cells.iter().position(|cell| is_dots(&cell) && alone(cell));
        let column = column.expect("it stands out");
        app.update(Event::Mouse(Mouse {
            press: Press::Left,
            column: column as u16,
            row: area.height - 2,
        }));
        assert_eq!(app.world.snapshot.at, seen[100].at, "{cells:?}");
        let who = app.world.snapshot.by_pid(Pid(7)).expect("it lived");
        assert_eq!((who.cpu, who.facts.name.as_str()), (Ok(95.0), "culprit"));
        app.update(Event::Key(Key::char('p')));
        assert_eq!(
            (app.world.paused, app.world.snapshot.at),
            (None, seen[699].at)
        );
    }
}
