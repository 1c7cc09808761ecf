//! One process in a window of time: how long its slices were, how they ended, what it waited, who took the core from it.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::picture::rounded;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::text::{cut, pad, width};
use crate::model::timeline::{HISTOGRAM, Origin, Who, Window};
use crate::theme::{Role, Theme};

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
    let line = &world.timeline;
    let sums = line.of(id, window);
    let seconds = window.span().seconds();
    if seconds <= 0.0 || line.origin == Origin::None {
        return vec![title("slices are not known", line.why.to_string())];
    }
    let rate = format::per_second(sums.slices as f64 / seconds);
    let mean = sums.mean().map_or("–".to_owned(), rounded);
    let mut out = vec![title("slice length", format!("{rate}/s, mean {mean}"))];
    if line.origin == Origin::Sampled {
        out.push(SumLine {
            label: "single slices are not known: the cores are sampled".to_owned(),
            ..SumLine::default()
        });
    } else {
        histogram(&mut out, &line.lengths(id, window), id);
    }
    out.push(SumLine::default());
    share_of_a_second(&mut out, id, sums.run, sums.waited, seconds, line.origin);
    if let Some(preempted) = sums
        .preempted_percent()
        .filter(|_| line.origin != Origin::Sampled)
    {
        let role = if preempted >= 50.0 {
            Role::Warn
        } else {
            Role::Strong
        };
        out.push(SumLine {
            label: "ended".to_owned(),
            words: vec![
                (format!("{preempted:.0}%"), role),
                (" preempted  ".to_owned(), Role::Dim),
                (format!("{:.0}%", 100.0 - preempted), Role::Strong),
                (" yielded".to_owned(), Role::Dim),
            ],
            ..SumLine::default()
        });
        let moved = format::per_second(sums.moved as f64 / seconds);
        let each = sums.moved as f64 * 100.0 / sums.slices.max(1) as f64;
        out.push(SumLine {
            label: "moved core".to_owned(),
            words: vec![
                (format!("{moved}/s"), Role::Strong),
                (format!("  {each:.1}% of its slices"), Role::Dim),
            ],
            ..SumLine::default()
        });
    }
    if line.origin == Origin::Exact {
        takers(&mut out, &line.takers(id, window));
    }
    out
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

fn share_of_a_second(
    out: &mut Vec<SumLine>,
    id: ProcId,
    run: Nanos,
    waited: Nanos,
    seconds: f64,
    origin: Origin,
) {
    out.push(title("one second of it", String::new()));
    let mut push = |label: &str, span: Nanos, role: Role| {
        let a_second = Nanos((span.0 as f64 / seconds) as u64);
        out.push(SumLine {
            label: label.to_owned(),
            bar: Some(((a_second.seconds() as f32).min(1.0), id)),
            words: vec![(rounded(a_second), role)],
            ..SumLine::default()
        });
    };
    push("on a core", run, Role::Strong);
    if origin == Origin::Exact {
        push(
            "preempted",
            waited,
            if waited.0 > run.0 / 10 {
                Role::Warn
            } else {
                Role::Text
            },
        );
    }
}

fn takers(out: &mut Vec<SumLine>, takers: &[(Arc<Who>, u64)]) {
    let all: u64 = takers.iter().map(|(_, n)| n).sum();
    out.push(SumLine::default());
    let words = if all == 0 { "nobody" } else { "" };
    out.push(title("who took the core", words.to_owned()));
    for (who, count) in takers.iter().take(TAKERS) {
        let share = *count as f64 * 100.0 / all.max(1) as f64;
        out.push(SumLine {
            label: who.name.to_string(),
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

/// Draws the lines from the top of `area`.
pub fn draw(theme: &Theme, lines: &[SumLine], area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let bars = usize::from(area.width).saturating_sub(LABEL + 12).min(40);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        let mut x = area.x;
        let mut put = |x: &mut u16, text: &str, style: Style| {
            let room = usize::from(area.right().saturating_sub(*x));
            let text = cut(text, room);
            buf.set_stringn(*x, y, &text, room, style);
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
