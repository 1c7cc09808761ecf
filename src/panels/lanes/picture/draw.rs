//! Draws a prepared picture: labels, lanes, the numbers to their right, the axis or what the cursor reads.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::scope::ago;
use super::{Picture, Row};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::text::{cut, width};
use crate::model::timeline::Origin;
use crate::theme::{Role, Theme};
use crate::widgets::{lane, line};

/// How many cells the numbers right of a lane take in a picture of this width.
pub fn numbers_width(width: u16) -> u16 {
    match width {
        0..40 => 5,
        40..70 => 16,
        70..110 => 30,
        _ => 55,
    }
}

impl Picture {
    /// Draws it; call `fit` first.
    pub fn draw(&self, world: &World, buf: &mut Buffer) {
        let parts = self.parts;
        let theme = &world.theme;
        let look = lane::Look {
            theme,
            focus: world.focus.filter(|_| self.focused),
            idle_known: Self::idle_known(&world.timeline),
        };
        let mut y = parts.area.y;
        for row in &self.rows {
            let area = Rect::new(parts.left, y, parts.cells, parts.each.min(2));
            label(theme, row, Rect::new(parts.area.x, y, 6, 1), buf);
            lane::draw(look, area.intersection(parts.area), &row.cells, buf);
            let x = (parts.left + parts.cells).min(parts.area.right());
            let right = Rect::new(x, y, parts.area.right() - x, 1);
            numbers(world, row, self.span(), right, buf);
            if parts.each > 2 {
                let below = Rect { y: y + 1, ..right };
                more_numbers(theme, row, below.intersection(parts.area), buf);
            }
            y += parts.each;
        }
        self.mark_cursor(theme, buf);
        if parts.axis && y < parts.area.bottom() {
            self.axis(world, y, buf);
        }
    }

    fn span(&self) -> Nanos {
        self.window.map_or(Nanos(0), |w| w.span())
    }

    fn mark_cursor(&self, theme: &Theme, buf: &mut Buffer) {
        let Some((lane, cell)) = self.cursor else {
            return;
        };
        let x = self.parts.left + cell;
        for i in 0..self.rows.len() {
            let y = self.parts.area.y + i as u16 * self.parts.each;
            let Some(at) = buf.cell_mut((x, y)) else {
                continue;
            };
            if i + self.top == lane {
                at.set_style(theme.style(Role::Accent).add_modifier(Modifier::REVERSED));
            } else if matches!(at.symbol(), "·" | "." | " ") {
                let line = if theme.glyphs.ascii { ":" } else { "┊" };
                at.set_symbol(line).set_style(theme.style(Role::Accent));
            }
        }
    }

    fn axis(&self, world: &World, y: u16, buf: &mut Buffer) {
        let theme = &world.theme;
        let parts = self.parts;
        let room = usize::from(parts.area.right().saturating_sub(parts.left));
        if !self.reading.is_empty() {
            let style = theme.style(Role::Strong);
            let text = cut(&self.reading, room);
            buf.set_stringn(parts.left, y, &text, room, style);
            return;
        }
        let Some(window) = self.window else { return };
        let (shown, now) = (window.span().0.max(1), world.timeline.now);
        // Round moments before the right end, as many as stand apart.
        let quarters = if parts.cells >= 60 { 4 } else { 2 };
        let quarter = self.scope.span().0.min(shown) / quarters;
        for i in 0..=quarters {
            let before = quarter * i;
            let live = self.scope.is_live() && i == 0;
            let back = if self.scope.is_live() {
                Nanos(before)
            } else {
                tidy(now.since(window.to), window.span(), before)
            };
            let text = if live { "now".to_owned() } else { ago(back) };
            let from_left = u64::from(parts.cells) * (shown - before.min(shown)) / shown;
            let last = parts.cells.saturating_sub(width(&text) as u16);
            let x = parts.left + (from_left as u16).min(last);
            let style = theme.style(Role::Faint);
            buf.set_stringn(x, y, &text, usize::from(parts.cells), style);
        }
    }
}

/// A moment of the axis, rounded to a hundredth of the span, so that its digits stand still.
fn tidy(end: Nanos, span: Nanos, before: u64) -> Nanos {
    let step = 10_u64.pow((span.0 / 20).max(1).ilog10());
    Nanos((end.0 + before + step / 2) / step * step)
}

fn label(theme: &Theme, row: &Row, area: Rect, buf: &mut Buffer) {
    let text = format!("cpu{}", row.cpu.0);
    let parts = [(text, Role::Dim)];
    line::draw(theme, area, &parts, Modifier::empty(), buf);
}

/// Busy, its parts, switches and preemptions: as much as there is room for.
fn numbers(world: &World, row: &Row, span: Nanos, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    // Samples do not tell how a slice ended.
    let told = world.timeline.origin != Origin::Sampled;
    let seconds = span.seconds();
    let mut parts = Vec::new();
    let busy = row.share.map(|s| s.busy());
    parts.push(match busy {
        Some(busy) if busy >= 90.0 => (format!("{busy:>4.0}%"), Role::Warn),
        Some(busy) => (format!("{busy:>4.0}%"), Role::Strong),
        None => ("    –".to_owned(), Role::Dim),
    });
    if area.width >= 55 {
        let share = row.share.unwrap_or_default();
        parts.push((" usr ".to_owned(), Role::Dim));
        parts.push((format!("{:>2.0}", share.user), Role::Text));
        parts.push((" sys ".to_owned(), Role::Dim));
        parts.push((format!("{:>2.0}", share.system), Role::Text));
        // What takes the core from everybody stands where the eye already is, only when it matters.
        parts.push(if share.steal >= 1.0 {
            (format!(" steal{:>3.0}", share.steal), Role::CpuSteal)
        } else {
            (
                format!(" irq{:>3.0}  ", share.irq),
                if share.irq >= 1.0 {
                    Role::CpuIrq
                } else {
                    Role::Faint
                },
            )
        });
    }
    if area.width >= 16 && seconds > 0.0 {
        let rate = row.total.slices as f64 / seconds;
        parts.push((format!("{:>6}", format::per_second(rate)), Role::Text));
        parts.push((" sw/s".to_owned(), Role::Dim));
    }
    if area.width >= 30 {
        match row.total.preempted_percent().filter(|_| told) {
            Some(share) => {
                let role = if share >= 30.0 {
                    Role::Warn
                } else {
                    Role::Text
                };
                parts.push((format!(" {share:>3.0}%"), role));
            }
            None => parts.push(("    –".to_owned(), Role::Dim)),
        }
        let word = if area.width >= 44 {
            " preempted"
        } else {
            " preempt"
        };
        parts.push((word.to_owned(), Role::Dim));
    }
    line::draw(theme, area, &parts, Modifier::empty(), buf);
}

/// What of the core's time was nobody's, and its frequency: below the first numbers.
fn more_numbers(theme: &Theme, row: &Row, area: Rect, buf: &mut Buffer) {
    let Some(share) = row.share.filter(|_| area.width >= 30) else {
        return;
    };
    let mut parts = Vec::new();
    for (name, value, role) in [
        (" idle", share.idle, Role::Text),
        (" iowait", share.iowait, Role::CpuIowait),
        (" irq", share.irq, Role::CpuIrq),
        (" steal", share.steal, Role::CpuSteal),
    ] {
        parts.push((format!("{name} "), Role::Dim));
        let role = if value >= 1.0 { role } else { Role::Dim };
        parts.push((format!("{value:.0}"), role));
    }
    if let Some(khz) = row.khz {
        parts.push((format!("  {:.1} GHz", f64::from(khz) / 1e6), Role::Dim));
    }
    line::draw(theme, area, &parts, Modifier::empty(), buf);
}
