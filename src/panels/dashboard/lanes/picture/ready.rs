//! Ready time where single slices are shown: a thin mark before a slice, an arrow from whoever made its thread ready to the
//! slice at the cursor, and the sentence about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::Picture;
use super::scope::rounded;
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::scheduling::timeline::{
    BINS, Covering, Lane, Made, Ready, Timeline, Who, Window,
};
use crate::model::scheduling::wakes::Waker;
use crate::theme::{Role, Theme};

/// Buckets that are narrower show single slices, as far as these are kept.
const SINGLE: Nanos = Nanos(BINS[0].0 * 4);

/// A thread that was ready, as cells of the lane on which it ran next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The first cell, and the one after the last.
    pub from: u16,
    /// The one after the last.
    pub to: u16,
    /// Whose thread it is.
    pub of: ProcId,
}

/// From the core on which a thread was woken to the lane on which it ran next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    from: CpuId,
    to: CpuId,
    /// When.
    at: Nanos,
}

/// The marks of a lane, from the left. Where several wait at one time, the cells are those of the one that gets the core
/// first.
pub fn marks(lane: &Lane, window: Window, bucket: Nanos, focus: Option<ProcId>) -> Vec<Mark> {
    if bucket >= SINGLE || !lane.is_single(window) {
        return Vec::new();
    }
    let cell = |at: Nanos| (at.min(window.to).since(window.from).0 / bucket.0.max(1)) as u16;
    let mut out = Vec::new();
    let mut free = 0;
    for (ready, who) in lane.ready.from(window.from) {
        let (from, to) = (cell(ready.since).max(free), cell(ready.until));
        let others = focus.is_some_and(|focus| focus != who.id);
        // What is shorter than a cell has none to stand in.
        if from < to && !others {
            free = to;
            let of = who.id;
            out.push(Mark { from, to, of });
        }
    }
    out
}

/// How the thread of a slice became ready, and how long it then waited behind whom.
pub fn told(line: &Timeline, lane: &Lane, ready: &Ready) -> String {
    let made = match ready.made {
        // It stayed ready when it lost its core: there is nobody to name.
        Made::Preempted => String::new(),
        Made::Woken(waker, cpu) => format!("made ready by {}, ", by(line, waker, cpu, ready.since)),
    };
    let waited = format!("{made}waited {}", rounded(ready.span()));
    let Some(behind) = lane.behind(ready) else {
        return waited;
    };
    let more = match behind.others {
        0 => String::new(),
        1 => " and another".to_owned(),
        n => format!(" and {n} others"),
    };
    format!("{waited} behind {}{more}", called(&behind.who))
}

/// A process with the name of its thread: `6840 rustc`.
fn called(who: &Who) -> String {
    format!("{} {}", who.id.pid, who.name)
}

/// Who woke it, and on which core that was.
fn by(line: &Timeline, waker: Waker, cpu: CpuId, at: Nanos) -> String {
    let who = match waker {
        Waker::Thread(pid, tid) => match line.waker(tid, cpu, at) {
            Some(who) => called(&who),
            // It is told by its number only: its slice is not kept.
            None => pid.to_string(),
        },
        Waker::Timer => "a timer".to_owned(),
        Waker::Network => "the network".to_owned(),
        Waker::Disk => "a disk".to_owned(),
        Waker::Interrupt(number) => format!("interrupt {number}"),
        Waker::Kernel => "the kernel".to_owned(),
    };
    format!("{who} on core {cpu}")
}

/// The wait before a slice, and the arrow to where its thread was woken.
pub fn of_slice(lane: &Lane, found: &Covering<'_>) -> Option<(Ready, Option<Arrow>)> {
    let ready = lane.ready_before(&found.slice, found.who.tid)?;
    let arrow = match ready.made {
        Made::Woken(_, from) => Some(Arrow {
            from,
            to: lane.cpu,
            at: ready.since,
        }),
        Made::Preempted => None,
    };
    Some((ready, arrow))
}

/// Draws marks into the last row of the cells of a lane: where another one had the core they leave its colour.
pub fn draw(theme: &Theme, area: Rect, marks: &[Mark], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let ascii = theme.glyphs.ascii;
    for mark in marks {
        for x in (area.x + mark.from)..(area.x + mark.to).min(area.right()) {
            let at = &mut buf[(x, area.bottom() - 1)];
            let symbol = match (at.symbol(), ascii) {
                (" " | "·", false) => "▁",
                (" " | ".", true) => "_",
                // Without colour a run is full: it gives way a little.
                ("█", _) => "▇",
                ("#", _) => "=",
                // A name or a height tells more.
                _ => continue,
            };
            let color = theme.process(mark.of);
            at.set_symbol(symbol).set_fg(color);
        }
    }
}

impl Picture {
    /// Draws the arrow: from the lane of whoever woke the thread at the cursor, at that moment, to the lane that it ran on.
    pub(super) fn point(&self, theme: &Theme, buf: &mut Buffer) {
        let (Some(arrow), Some(window)) = (self.arrow, self.window) else {
            return;
        };
        let cell = arrow.at.since(window.from).0 / self.bucket.0.max(1);
        if arrow.at < window.from || cell >= u64::from(self.parts.cells) {
            return;
        }
        let parts = self.parts;
        let shown = |cpu: CpuId| self.rows.iter().position(|row| row.cpu == cpu);
        let top = |row: usize| parts.seat(row).1;
        let end = |row: usize| top(row) + self.body(row);
        let Some(to) = shown(arrow.to) else { return };
        let (left, _) = parts.seat(to);
        let x = left + cell as u16;
        // A lane in another column is as one that is not shown.
        let row = |cpu: CpuId| shown(cpu).filter(|row| parts.seat(*row).0 == left);
        let bottom = parts.below(self.rows.len());
        let ascii = theme.glyphs.ascii;
        // On the ground of the screen: whatever colour a lane has there, the arrow stands out.
        let style = theme.style(Role::Accent).add_modifier(Modifier::BOLD);
        let mut set = |y: u16, symbol: &str| {
            if let Some(at) = buf.cell_mut((x, y)) {
                at.reset();
                at.set_symbol(symbol).set_style(style);
            }
        };
        // A waker whose lane is not shown is beyond the edge on its side.
        let above = arrow.from < arrow.to;
        let shaft = match row(arrow.from) {
            Some(from) if from < to => end(from)..top(to),
            Some(from) if from > to => end(to)..top(from),
            Some(_) => 0..0,
            None if above => parts.area.y..top(to),
            None => end(to)..bottom,
        };
        for y in shaft.clone() {
            set(y, if ascii { "|" } else { "│" });
        }
        let below = row(arrow.from).map_or(!above, |from| from > to);
        if let Some(from) = row(arrow.from).filter(|from| *from != to) {
            let y = if below { top(from) } else { end(from) - 1 };
            set(y, if ascii { "o" } else { "●" });
        }
        let (y, symbol) = if row(arrow.from) == Some(to) {
            (end(to) - 1, if ascii { ">" } else { "▸" })
        } else if below {
            (end(to) - 1, if ascii { "^" } else { "▲" })
        } else {
            (top(to), if ascii { "v" } else { "▼" })
        };
        set(y, symbol);
    }
}
