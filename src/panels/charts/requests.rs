//! How long requests to disks took: a heat map over time for each disk and what it was asked for.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::machine::requests::{
    COLUMN, COLUMNS, Column, DeviceRequests, Kind, Requests, step_begins,
};
use crate::model::reading::Reading;
use crate::model::text::width;
use crate::panels::charts;
use crate::theme::Role;
use crate::widgets::{heat, line};

/// Cells below which a map is told together with another one.
const NARROW: u16 = 50;
/// Cells of the scale at the left.
const SCALE: u16 = 7;
/// A map goes back so far at the most: what is kept.
const MOST: Nanos = Nanos(COLUMN.0 * COLUMNS as u64);

type Parts = Vec<(String, Role)>;

/// What one map is about: a disk, or all of one kind that a disk was asked for.
struct Map<'a> {
    of: Vec<&'a DeviceRequests>,
}

impl Map<'_> {
    fn asked(&self) -> u64 {
        let columns = self.of.iter().flat_map(|d| &d.columns);
        columns.flat_map(|c| &c.steps).map(|(_, n)| n).sum()
    }

    fn role(&self) -> Role {
        match self.of.as_slice() {
            [one] if one.kind == Kind::Read => Role::FlowIn,
            [one] if one.kind == Kind::Write => Role::FlowOut,
            _ => Role::Wait,
        }
    }

    /// `vda reads 812/s  p50 131µs p99 1.2ms  in the device 120µs`.
    fn title(&self, requests: &Requests, room: usize) -> Parts {
        let whole = self.title_with(requests, room, true);
        let wide: usize = whole.iter().map(|(text, _)| width(text)).sum();
        if wide > room && self.of.len() > 1 {
            return self.title_with(requests, room, false);
        }
        whole
    }

    /// `half`: with what half of the requests took.
    fn title_with(&self, requests: &Requests, room: usize, half: bool) -> Parts {
        let first = self.of.first().map_or("", |d| d.name.as_str());
        let mut out = vec![(first.to_owned(), Role::Strong)];
        let told = |time: Reading<Nanos>| match time {
            Ok(time) => (format::duration(time), Role::Strong),
            Err(_) => ("–".to_owned(), Role::Dim),
        };
        for (n, d) in self.of.iter().enumerate() {
            let gap = if n == 0 { " " } else { "  " };
            // Two in one title stand closer.
            let within = if self.of.len() > 1 { " " } else { "  " };
            out.push((format!("{gap}{} ", d.kind.word()), Role::Text));
            let rate = format::per_second(requests.per_second(d.took.done));
            out.push((format!("{rate}/s"), Role::Strong));
            if half {
                out.push((format!("{within}p50 "), Role::Dim));
                out.push(told(d.took.p50));
            }
            out.push((format!("{within}p99 "), Role::Dim));
            out.push(told(d.took.p99));
        }
        if let [d] = self.of.as_slice() {
            for (name, time) in [("mean", d.took.mean), ("in the device", d.took.device)] {
                let time = told(time);
                let cells = name.len() + 3 + width(&time.0);
                let taken: usize = out.iter().map(|(text, _)| width(text)).sum();
                if taken + cells <= room {
                    out.push((format!("  {name} "), Role::Dim));
                    out.push(time);
                }
            }
        }
        out
    }
}

/// The maps that find room side by side: of each disk and kind, or of each disk, the busiest ones.
fn maps(requests: &Requests, room: u16) -> (Vec<Map<'_>>, usize) {
    let one = |d| Map { of: vec![d] };
    let mut all: Vec<Map<'_>> = requests.devices.iter().map(one).collect();
    all.retain(|map| map.asked() > 0);
    let most = usize::from((room + 2) / (NARROW + 2)).max(1);
    if all.len() > most {
        // A title has room for two; flushes are few and tell little where there are both others.
        let kinds = |map: &Map<'_>| {
            let same = all.iter().filter(|m| m.of[0].name == map.of[0].name);
            same.count()
        };
        let full: Vec<bool> = all.iter().map(|map| kinds(map) > 2).collect();
        let mut full = full.into_iter();
        all.retain(|map| !full.next().unwrap_or(false) || map.of[0].kind != Kind::Other);
    }
    if all.len() > most {
        let mut together: Vec<Map<'_>> = Vec::new();
        for map in all {
            let same = |m: &&mut Map<'_>| m.of[0].name == map.of[0].name;
            match together.iter_mut().find(same) {
                Some(known) => known.of.extend(map.of),
                None => together.push(map),
            }
        }
        all = together;
    }
    let hidden = all.len().saturating_sub(most);
    if hidden > 0 {
        all.sort_by_key(|map| std::cmp::Reverse(map.asked()));
        all.truncate(most);
        all.sort_by_key(|map| map.of[0].name.clone());
    }
    (all, hidden)
}

/// How high it wants to be in a view of this height.
pub fn height(requests: Option<&Requests>, view: u16) -> u16 {
    match (requests, view) {
        (None, _) | (_, 0..=14) => 0,
        (Some(requests), _) if requests.devices.iter().all(|d| d.columns.is_empty()) => 1,
        (_, 15..=23) => 4,
        (_, 24..=35) => 6,
        _ => 9,
    }
}

/// Draws the maps, or why there are none.
pub fn draw(world: &World, requests: &Requests, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    if area.height == 0 {
        return;
    }
    let row = Rect { height: 1, ..area };
    let say = |text: Cow<'_, str>, buf: &mut Buffer| {
        let parts = [(text.into_owned(), Role::Dim)];
        line::draw(theme, row, &parts, Modifier::empty(), buf);
    };
    if !requests.counted() {
        let why = &requests.why;
        return say(format!("each request – {why}").into(), buf);
    }
    let (maps, hidden) = maps(requests, area.width);
    if maps.is_empty() {
        let whole = format::duration(requests.at.since(requests.since));
        let text = format!("no disk was asked for anything since counting began, {whole} ago");
        return say(text.into(), buf);
    }
    let parts = charts::beside(area, maps.len());
    for (i, (map, part)) in maps.iter().zip(parts).enumerate() {
        let more = (i + 1 == maps.len() && hidden > 0).then_some(hidden);
        draw_one(world, map, more, requests, part, buf);
    }
}

fn draw_one(
    world: &World,
    map: &Map<'_>,
    more: Option<usize>,
    requests: &Requests,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &world.theme;
    let head = Rect { height: 1, ..area };
    let mut title = map.title(requests, usize::from(area.width));
    if let Some(more) = more {
        title.push((format!("   {more} more disks"), Role::Dim));
    }
    line::draw(theme, head, &title, Modifier::empty(), buf);
    let axis = u16::from(area.height > 4);
    let taken: usize = title.iter().map(|(text, _)| width(text)).sum();
    let inside = Rect {
        x: area.x + SCALE,
        y: area.y + 1,
        width: area.width.saturating_sub(SCALE),
        height: area.height.saturating_sub(1 + axis),
    };
    if inside.height == 0 || inside.width == 0 {
        return;
    }
    let role = map.role();
    let span = back(world);
    let picture = Picture::of(
        map,
        requests,
        span,
        (inside.width, heat::steps(theme, role, inside.height)),
    );
    heat::draw(theme, role, &picture.columns, inside, buf);
    world.probe.chart(inside, || picture.moments(inside.width));
    let each = picture.each * heat::steps(theme, role, 1);
    let rows = usize::from(inside.height);
    let marks = if rows > 4 { 3 } else { rows.min(2) };
    for mark in 0..marks {
        let up = (rows - 1) * mark / (marks - 1).max(1);
        let least = format::duration(step_begins(picture.first + up * each));
        let scale = Rect {
            y: inside.bottom() - 1 - up as u16,
            height: 1,
            width: SCALE - 1,
            ..area
        };
        line::draw_right(theme, scale, &[(least, Role::Dim)], buf);
    }
    let end = world.when(requests.at);
    if axis == 0 {
        let seconds = span.0 / 1_000_000_000;
        let whole = if world.goes_on() {
            format!("last {seconds} s")
        } else {
            format!("{seconds} s until {end}")
        };
        if taken + whole.len() + 2 <= usize::from(head.width) {
            line::draw_right(theme, head, &[(whole, Role::Dim)], buf);
        }
    } else {
        let below = Rect {
            y: inside.bottom(),
            height: 1,
            ..inside
        };
        charts::axis(theme, span, &end, below, buf);
    }
}

/// How far back maps go: as charts do, as far as that is kept.
fn back(world: &World) -> Nanos {
    let mut seconds = world.minutes.until(world.snapshot.at);
    let ends = seconds.next().zip(seconds.next_back());
    let known = ends.map_or(Nanos(0), |(first, last)| last.at.since(first.at));
    charts::back(known).min(MOST)
}

/// Requests by time and how long they took, as they are to be painted.
struct Picture {
    columns: Vec<Option<Vec<f64>>>,
    /// How long one of them is.
    long: u64,
    /// The first of them, counted in such ones since the machine began: they lie on a grid of time.
    oldest: u64,
    /// The step that the lowest one begins with, and how many of them are one of the picture.
    first: usize,
    each: usize,
}

impl Picture {
    fn of(map: &Map<'_>, requests: &Requests, span: Nanos, (width, steps): (u16, usize)) -> Self {
        let long = span.0.div_ceil(u64::from(width.max(1))).max(1);
        let now = (requests.at.0 / COLUMN.0 * COLUMN.0 + COLUMN.0 - 1) / long;
        let since = requests.since.0 / long;
        let oldest = (now + 1).saturating_sub(u64::from(width));
        // Where they are longer than a column of time, that is in one of them, by its middle; else in several.
        let places = |c: &Column| {
            let begins = c.number * COLUMN.0;
            if long > COLUMN.0 {
                let middle = (begins + COLUMN.0 / 2) / long;
                middle..=middle
            } else {
                begins.div_ceil(long)..=(begins + COLUMN.0 - 1) / long
            }
        };
        let columns = map.of.iter().flat_map(|d| &d.columns);
        let shown = |c: &&Column| *places(c).end() >= oldest && *places(c).start() <= now;
        let columns: Vec<&Column> = columns.filter(shown).collect();
        let seen = columns.iter().flat_map(|c| &c.steps);
        let seen = seen.map(|(step, _)| usize::from(*step));
        let (low, high) = (seen.clone().min().unwrap_or(0), seen.max().unwrap_or(0));
        // Whole powers of two, so that the scale seldom moves; more above where there is room.
        let first = low - low % 2;
        let each = (high + 1 - first).div_ceil(steps.max(1)).max(1);
        let mut sums = vec![vec![0; steps]; usize::from(width)];
        for column in columns {
            for at in places(column).filter(|at| *at >= oldest) {
                for (step, n) in &column.steps {
                    let up = (usize::from(*step) - first) / each;
                    let x = (at - oldest) as usize;
                    if let Some(sum) = sums.get_mut(x).and_then(|c| c.get_mut(up)) {
                        *sum += n;
                    }
                }
            }
        }
        let most = sums.iter().flatten().copied().max().unwrap_or(1).max(1);
        // One of a thousand is seen as well: what is rare and long is what one looks for.
        let scaled = |n: &u64| libm::log1p(*n as f64) / libm::log1p(most as f64);
        let painted = sums
            .iter()
            .zip(oldest..)
            .map(|(column, number)| (number >= since).then(|| column.iter().map(scaled).collect()));
        Self {
            columns: painted.collect(),
            long,
            oldest,
            first,
            each,
        }
    }

    /// The end of each of so many columns.
    fn moments(&self, width: u16) -> Vec<Option<Nanos>> {
        let ends = (self.oldest + 1..).take(usize::from(width));
        ends.map(|n| Some(Nanos(n * self.long))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::world::Settings;
    use crate::model::machine::requests::Took;
    use crate::panels::tests::drawn::lines;
    use crate::theme::{Depth, Theme};

    fn device(name: &str, kind: Kind, columns: &[(u64, u8, u64)]) -> DeviceRequests {
        let column = |&(number, step, n): &(u64, u8, u64)| Column {
            number,
            steps: vec![(step, n)],
        };
        DeviceRequests {
            name: name.into(),
            kind,
            took: Took {
                done: 500,
                mean: Ok(Nanos(150_000)),
                device: Ok(Nanos(120_000)),
                p50: Ok(Nanos(131_000)),
                p99: Ok(Nanos(1_200_000)),
            },
            longest: Nanos(20_000_000),
            columns: columns.iter().map(column).collect(),
        }
    }

    fn requests(devices: Vec<DeviceRequests>) -> Requests {
        Requests {
            at: Nanos::from_millis(60_100),
            span: Nanos::from_millis(5000),
            since: Nanos::from_millis(50_000),
            devices,
            ..Requests::default()
        }
    }

    fn drawn(requests: &Requests, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        let theme = Theme::terminal(Depth::Mono, true);
        let world = World::new(theme, Settings::default());
        draw(&world, requests, area, &mut buf);
        lines(&buf).join("\n")
    }

    #[test]
    fn each_disk_has_a_map_or_one_for_all_that_it_is_asked() {
        let told = requests(vec![
            device(
                "vda",
                Kind::Read,
                &[(118, 14, 90), (120, 14, 90), (120, 20, 1)],
            ),
            device("vda", Kind::Write, &[(119, 16, 9)]),
        ]);
        let wide = drawn(&told, 120, 9);
        assert!(
            wide.contains("vda reads 100/s  p50 131µs  p99 1.2ms"),
            "{wide}"
        );
        assert!(wide.contains("vda writes 100/s"), "{wide}");
        // As far back as the charts beside it, whatever the width.
        assert!(wide.contains("−60 s") && wide.contains("now"), "{wide}");
        assert!(wide.contains('@'), "the most: {wide}");
        // A program that writes and flushes has both.
        let flushes = requests(vec![
            device("vda", Kind::Write, &[(119, 16, 9)]),
            device("vda", Kind::Other, &[(119, 20, 3)]),
        ]);
        let both = drawn(&flushes, 78, 5);
        let title = both.lines().next().expect("a title");
        assert!(
            title.contains("writes 100/s") && title.contains("flushes and discards 100/s"),
            "{both}"
        );
        assert_eq!(title.matches("p99 1.2ms").count(), 2, "{both}");
        let narrow = drawn(&told, 78, 5);
        let first = narrow.lines().next().expect("a title");
        assert!(
            first.contains("reads") && first.contains("writes"),
            "{narrow}"
        );
        assert_eq!(narrow.matches("p99").count(), 2, "{narrow}");
        for (width, height) in (0..120).map(|n| (n, n / 8)) {
            drawn(&told, width, height);
        }
    }

    #[test]
    fn what_is_not_counted_is_said() {
        let why = "programs in the kernel need root".to_owned();
        let refused = Requests::refused(Nanos(0), (why, true));
        assert_eq!(height(Some(&refused), 40), 1);
        let text = drawn(&refused, 80, 1);
        assert!(
            text.contains("each request – programs in the kernel need root"),
            "{text}"
        );
        let quiet = requests(Vec::new());
        assert!(drawn(&quiet, 80, 5).contains("since counting began, 10"));
        assert_eq!(height(None, 40), 0);
    }
}
