//! The numbers right of a lane: how busy its core is and with what, how often it switches, who waits for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::Row;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::machine::core_share::CoreShare;
use crate::model::text::width;
use crate::panels::charts;
use crate::theme::{Role, Theme};
use crate::widgets::line;

type Parts = Vec<(String, Role)>;

/// What the small picture at the right end is of.
const MINUTE: &str = " 60 s ";

/// The width of all numbers.
const FULL: u16 = 55;

/// How many cells the numbers right of a lane take in a picture of this width.
pub fn numbers_width(width: u16) -> u16 {
    match width {
        0..40 => 5,
        40..70 => 16,
        70..110 => 30,
        _ => FULL,
    }
}

/// Draws as many of them as there is room for, the most telling ones first.
pub fn draw(world: &World, row: &Row, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let mut lines = vec![first(theme, row, area.width)];
    if area.height > 2 && area.width >= 30 && !row.offline {
        lines.extend(row.share.map(|s| shares(&s, area.width)));
        lines.push(rest(theme, row));
    }
    for (parts, y) in lines.iter().zip(area.y..area.bottom()) {
        let area = Rect::new(area.x, y, area.width, 1);
        line::draw(theme, area, parts, Modifier::empty(), buf);
    }
    // The last minute of the core as a small picture.
    let columns = row.history.len() as u16;
    if lines.len() > 2 && columns > 0 && area.width >= FULL {
        let chart = Rect::new(area.right() - columns, area.y + 1, columns, 2);
        let wide = |parts: &Parts| parts.iter().map(|(text, _)| width(text)).sum::<usize>();
        let used = lines.last().map_or(0, wide) as u16;
        if area.x + used + MINUTE.len() as u16 <= chart.x {
            let x = chart.x - MINUTE.len() as u16;
            let label = Rect::new(x, area.y + 2, MINUTE.len() as u16, 1);
            line::draw(theme, label, &[(MINUTE, Role::Dim)], Modifier::empty(), buf);
        }
        charts::bars(world, &row.history, 100.0, Role::CpuUser, chart, buf);
    }
}

/// Busy, its parts, switches and preemptions.
fn first(theme: &Theme, row: &Row, cells: u16) -> Parts {
    if row.offline {
        let word = if cells >= 9 { "  offline" } else { "  off" };
        return vec![(word.to_owned(), Role::Warn)];
    }
    let seconds = row.known.seconds();
    let mut parts = Vec::new();
    parts.push(match row.share.map(|s| s.busy()) {
        Some(busy) => (format!("{busy:>4.0}%"), Role::Strong),
        None => ("    –".to_owned(), Role::Dim),
    });
    if cells >= FULL {
        let known = row.share.is_some();
        let share = row.share.unwrap_or_default();
        let number = |value: f32| {
            if known {
                (format!("{value:>2.0}"), Role::Text)
            } else {
                (" –".to_owned(), Role::Dim)
            }
        };
        parts.push((" usr ".to_owned(), Role::Dim));
        parts.push(number(share.user));
        parts.push((" sys ".to_owned(), Role::Dim));
        parts.push(number(share.system));
        // What takes the core from everybody stands where the eye already is, only when it matters.
        parts.push(if share.steal >= 1.0 {
            (format!(" steal{:>3.0}", share.steal), Role::CpuSteal)
        } else if !known {
            (" irq  –  ".to_owned(), Role::Dim)
        } else {
            let irq = share.interrupts();
            let role = if irq >= 1.0 { Role::Text } else { Role::Dim };
            (format!(" irq{irq:>3.0}  "), role)
        });
    }
    if cells >= 16 && seconds > 0.0 {
        let rate = format::per_second(row.total.slices as f64 / seconds);
        let rate = match (mostly_others(row), row.total.slices) {
            (true, 0) => ("     –".to_owned(), Role::Dim),
            (true, _) => (
                format!("{:>6}", at_least(theme).to_owned() + &rate),
                Role::Text,
            ),
            (false, _) => (format!("{rate:>6}"), Role::Text),
        };
        parts.push(rate);
        parts.push((" sw/s".to_owned(), Role::Dim));
    }
    // Samples do not tell how slices ended.
    if cells >= 30 && row.total.told.is_some() {
        match row.total.preempted_percent() {
            Some(share) => {
                // Being preempted is how cores are shared; who waits for one is told by the pressure.
                parts.push((format!(" {share:>3.0}%"), Role::Text));
            }
            None => parts.push(("    –".to_owned(), Role::Dim)),
        }
        let word = if cells >= 44 {
            " preempted"
        } else {
            " preempt"
        };
        parts.push((word.to_owned(), Role::Dim));
    }
    parts
}

/// By so much the ticks of a core and the samples of its threads differ where nothing is missed.
const NOISE: f64 = 0.05;

/// Whether a sampled core was busy mostly with threads that were not seen: their switches are not counted either.
fn mostly_others(row: &Row) -> bool {
    let busy = |share: CoreShare| f64::from(share.user + share.system) / 100.0;
    let seen = row.total.run.seconds() / row.known.seconds();
    let others = |share| {
        let busy = busy(share);
        seen < busy / 2.0 && busy - seen > NOISE
    };
    row.total.told.is_none() && row.share.is_some_and(others)
}

/// What of the core's time was nobody's.
fn shares(share: &CoreShare, width: u16) -> Parts {
    let mut parts = vec![(" ".to_owned(), Role::Dim)];
    let mut used = 1;
    for (name, value, role) in [
        ("idle", share.idle, Role::Text),
        ("irq", share.irq, Role::Text),
        ("softirq", share.softirq, Role::Text),
        ("steal", share.steal, Role::CpuSteal),
        ("iowait", share.iowait, Role::CpuIowait),
    ] {
        let (name, number) = (format!(" {name} "), format!("{value:.0}"));
        used += name.len() + number.len();
        if used > usize::from(width) {
            break;
        }
        parts.push((name, Role::Dim));
        let role = if value >= 1.0 { role } else { Role::Dim };
        parts.push((number, role));
    }
    parts
}

/// How many threads waited for the core on average, how often one came over from another core, the frequency.
fn rest(theme: &Theme, row: &Row) -> Parts {
    let mut parts = vec![("  queue ".to_owned(), Role::Dim)];
    if row.known == Nanos(0) {
        parts.push(("–".to_owned(), Role::Dim));
        return parts;
    }
    let seconds = row.known.seconds();
    let queue = row.waited.span.seconds() / seconds;
    let role = if queue >= 1.0 {
        Role::Strong
    } else {
        Role::Text
    };
    parts.push(match (row.waited.whole, queue) {
        (false, q) if q < 0.05 => ("–".to_owned(), Role::Dim),
        (true, q) => (format!("{q:.1}"), role),
        (false, q) => (format!("{}{q:.1}", at_least(theme)), role),
    });
    if let Some(told) = row.total.told {
        let moved = format::per_second(told.moved as f64 / seconds);
        parts.push(("  moved in ".to_owned(), Role::Dim));
        parts.push((format!("{moved}/s"), Role::Text));
    }
    if let Some(khz) = row.khz {
        parts.push((format!("  {:.1} GHz", f64::from(khz) / 1e6), Role::Dim));
    }
    parts
}

/// The sign before a number that may be larger.
pub fn at_least(theme: &Theme) -> &'static str {
    if theme.glyphs.ascii { ">=" } else { "≥" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::CpuId;
    use crate::model::scheduling::timeline::{SwitchSums, Tally, Waited};
    use crate::theme::Depth;

    #[test]
    fn switches_of_threads_that_were_not_seen_are_not_told_as_none() {
        let theme = Theme::terminal(Depth::True, false);
        let at = |user: f32, ran_ms, slices, told| {
            let row = Row {
                cpu: CpuId(0),
                cells: Vec::new(),
                total: Tally {
                    run: Nanos::from_millis(ran_ms),
                    slices,
                    waited: Nanos(0),
                    told,
                },
                known: Nanos::from_millis(1000),
                waited: Waited::default(),
                share: Some(CoreShare {
                    user,
                    ..CoreShare::default()
                }),
                ready: Vec::new(),
                spent: Vec::new(),
                history: Vec::new(),
                marked: false,
                offline: false,
                khz: None,
            };
            let parts = first(&theme, &row, 16);
            let text: String = parts.into_iter().map(|(text, _)| text).collect();
            text.trim_start().to_owned()
        };
        let told = |ran_ms, slices, told| at(90.0, ran_ms, slices, told);
        assert_eq!(told(0, 0, None), "90%     – sw/s");
        assert_eq!(told(100, 7, None), "90%  ≥7.0 sw/s");
        assert_eq!(told(880, 70, None), "90%    70 sw/s");
        assert_eq!(at(1.0, 4, 14, None), "1%    14 sw/s", "an idle core");
        let exact = Some(SwitchSums::default());
        assert_eq!(told(0, 0, exact), "90%     0 sw/s", "nothing was missed");
    }
}
