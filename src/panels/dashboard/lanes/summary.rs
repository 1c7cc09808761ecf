//! One process in a window of time: how long its slices were, how they ended, what it waited, who took the core from it.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::picture::{at_least, rounded, unknown};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::timeline::{COUNTING, HISTOGRAM, Origin, Tally, Waited, Who, Window};
use crate::model::text::{cut, pad, width};
use crate::theme::{Role, Theme};
use crate::widgets::put;

/// One line: a label, perhaps a bar, and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SumLine {
    /// What stands left.
    pub label: String,
    /// The part of the longest possible bar, and whose colour it has.
    pub bar: Option<(f32, ProcId)>,
    /// What stands behind it.
    pub words: Vec<(String, Role)>,
    /// Whether it begins a part.
    pub title: bool,
}

fn title(label: &str, words: String) -> SumLine {
    SumLine {
        label: label.to_owned(),
        words: vec![(words, Role::Text)],
        title: true,
        ..SumLine::default()
    }
}

/// How many that took the core are named.
const TAKERS: usize = 6;

/// The lines about `id` in `window`.
pub fn lines(world: &World, id: ProcId, window: Window) -> Vec<SumLine> {
    let line = world.timeline.about(id);
    let seconds = line.known(window).seconds();
    if seconds <= 0.0 || line.origin == Origin::None {
        let why = unknown(world, window).unwrap_or(&line.why);
        return vec![SumLine {
            label: format!("slices are not known: {why}"),
            ..SumLine::default()
        }];
    }
    let (sums, waited) = line.of(id, window);
    let rate = format::per_second(sums.slices as f64 / seconds);
    let mean = sums.mean().map_or("–".to_owned(), rounded);
    let mut out = vec![title("slice length", format!("{rate}/s, mean {mean}"))];
    let single = line.lanes.iter().all(|lane| lane.is_single(window));
    if !single {
        out.push(SumLine {
            label: "exact sums: single slices are too many to tell".to_owned(),
            ..SumLine::default()
        });
    } else if sums.told.is_some() || sums.slices == 0 {
        histogram(&mut out, &line.lengths(id, window), id);
    } else {
        out.push(SumLine {
            label: "sampled: single slices are not known".to_owned(),
            ..SumLine::default()
        });
    }
    out.push(SumLine::default());
    parts(&mut out, world, id, window, (sums.run, waited));
    out.extend(ends(&sums, seconds));
    if line.origin.tells_all_ends() && single {
        takers(&mut out, &line.takers(id, window));
    }
    out
}

/// How its slices ended, and how often it changed the core.
fn ends(sums: &Tally, seconds: f64) -> Vec<SumLine> {
    let Some((preempted, told)) = sums.preempted_percent().zip(sums.told) else {
        return Vec::new();
    };
    let role = Role::Strong;
    let ended = SumLine {
        label: "ended".to_owned(),
        words: vec![
            (format!("{preempted:.0}%"), role),
            (" preempted ".to_owned(), Role::Dim),
            (format!("{:.0}%", 100.0 - preempted), Role::Strong),
            (" yielded".to_owned(), Role::Dim),
        ],
        ..SumLine::default()
    };
    let moved = format::per_second(told.moved as f64 / seconds);
    let each = told.moved as f64 * 100.0 / sums.slices.max(1) as f64;
    let moved = SumLine {
        label: "moved core".to_owned(),
        words: vec![
            (format!("{moved}/s"), Role::Strong),
            (format!("  {each:.1}% of its slices"), Role::Dim),
        ],
        ..SumLine::default()
    };
    vec![ended, moved]
}

fn histogram(out: &mut Vec<SumLine>, counts: &[u64; HISTOGRAM.len() + 1], id: ProcId) {
    let all: u64 = counts.iter().sum();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    for (i, count) in counts.iter().enumerate() {
        let label = match HISTOGRAM.get(i) {
            Some(bound) => format!("< {}", rounded(*bound)),
            None => format!("≥ {}", rounded(HISTOGRAM[HISTOGRAM.len() - 1])),
        };
        let share = *count as f64 * 100.0 / all.max(1) as f64;
        out.push(SumLine {
            label,
            bar: Some((*count as f32 / most as f32, id)),
            words: if *count > 0 {
                vec![(format!("{share:.0}%"), Role::Text)]
            } else {
                Vec::new()
            },
            ..SumLine::default()
        });
    }
}

/// Waits are counted over so long a time at least.
const SOON: Nanos = Nanos(COUNTING.0 * 2);

/// The three parts of its threads' time: on a core, waiting for one, asleep. They add up to the time that all its
/// threads together had.
fn parts(
    out: &mut Vec<SumLine>,
    world: &World,
    id: ProcId,
    window: Window,
    (run, waited): (Nanos, Waited),
) {
    let threads = world.snapshot.get(id).map_or(1, |p| p.stat.threads.max(1));
    let known = world.timeline.about(id).known(window);
    let all = known.0.saturating_mul(u64::from(threads));
    // Counted at its begin and its end, the kernel's wait may reach beyond the window.
    let waits = waited.span.0.min(all.saturating_sub(run.0));
    let slept = all.saturating_sub(run.0 + waits);
    let of = if threads > 1 {
        format!("{threads} threads")
    } else {
        String::new()
    };
    out.push(title("a second of it", of));
    let (more, less) = if waited.whole {
        ("", "")
    } else {
        (at_least(&world.theme), at_most(&world.theme))
    };
    let less = if slept == 0 { "" } else { less };
    let why = if window.span() < SOON {
        "– not told of so short a time"
    } else {
        "– counted from now on"
    };
    let wait = if waits > run.0 / 10 {
        Role::Warn
    } else {
        Role::Text
    };
    for (label, part, sign, role) in [
        ("on a core", run.0, "", Role::Strong),
        ("waited for one", waits, more, wait),
        ("slept", slept, less, Role::Text),
    ] {
        let share = part as f64 / all.max(1) as f64;
        let a_second = rounded(Nanos((share * f64::from(threads) * 1e9) as u64));
        let unknown = label == "waited for one" && !waited.whole && waits == 0;
        out.push(SumLine {
            label: label.to_owned(),
            bar: Some((share as f32, id)),
            words: if unknown {
                vec![(why.to_owned(), Role::Dim)]
            } else {
                vec![
                    (format!("{sign}{a_second}"), role),
                    (format!("  {:.0}%", share * 100.0), Role::Dim),
                ]
            },
            ..SumLine::default()
        });
    }
}

fn at_most(theme: &Theme) -> &'static str {
    if theme.glyphs.ascii { "<=" } else { "≤" }
}

fn takers(out: &mut Vec<SumLine>, takers: &[(Arc<Who>, u64)]) {
    let all: u64 = takers.iter().map(|(_, n)| n).sum();
    out.push(SumLine::default());
    let words = if all == 0 { "nobody" } else { "" };
    out.push(title("who took the core", words.to_owned()));
    for (who, count) in takers.iter().take(TAKERS) {
        let share = *count as f64 * 100.0 / all.max(1) as f64;
        out.push(SumLine {
            label: format!("{} {}", who.name, who.id.pid),
            bar: Some(((share / 100.0) as f32, who.id)),
            words: vec![
                (format!("{share:.0}%"), Role::Text),
                (format!("  {count}×"), Role::Dim),
            ],
            ..SumLine::default()
        });
    }
}

/// Cells of a label.
const LABEL: usize = 18;
/// What stands behind a bar takes at most so many: `≤999 ms  100%`.
const NUMBERS: usize = 16;

/// Draws the lines from the top of `area`.
pub fn draw(theme: &Theme, lines: &[SumLine], area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let wide = |line: &SumLine| {
        line.words
            .iter()
            .map(|(text, _)| width(text))
            .sum::<usize>()
    };
    // A sentence stands in place of a bar.
    let barred = lines.iter().filter(|line| line.bar.is_some());
    let words = barred.map(wide).filter(|words| *words <= NUMBERS).max();
    let beside = LABEL + 2 + words.unwrap_or_default();
    let bars = usize::from(area.width).saturating_sub(beside).min(40);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        let mut x = area.x;
        let mut put = |x: &mut u16, text: &str, style: Style| {
            let room = usize::from(area.right().saturating_sub(*x));
            let text = cut(text, room);
            put::text(buf, *x, y, &text, room, style);
            *x += width(&text) as u16;
        };
        let role = if line.title { Role::Title } else { Role::Dim };
        let whole = line.words.is_empty() && line.bar.is_none();
        if whole {
            put(&mut x, &line.label, theme.style(role));
            continue;
        }
        put(&mut x, &pad(&line.label, LABEL), theme.style(role));
        put(&mut x, " ", Style::new());
        if let Some((share, id)) = line.bar {
            let filled = (share * bars as f32).ceil() as usize;
            let full = if theme.glyphs.ascii { "#" } else { "█" };
            let style = theme.style(Role::Text).fg(theme.process(id));
            put(&mut x, &full.repeat(filled.min(bars)), style);
            if filled > 0 {
                put(&mut x, " ", Style::new());
            }
        }
        for (text, role) in &line.words {
            put(&mut x, text, theme.style(*role));
        }
    }
}
