//! What the cursor reads out: `cpu1 at −4.218 s: rustc 4211/4213, 3.98 ms, preempted by kworker/1:2`.

use std::fmt::Write as _;

use super::Picture;
use super::ready::{self, Arrow};
use super::scope::{ago, rounded};
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::machine::core_share::CoreShare;
use crate::model::scheduling::timeline::{Blind, Cell, Covering, Ended, Fill, Origin, Timeline};
use crate::model::text::width;

impl Picture {
    /// The sentence about one cell, and the arrow to whoever made its thread ready.
    pub(super) fn read(&self, line: &Timeline, lane: usize, cell: u16) -> (String, Option<Arrow>) {
        let nothing = (String::new(), None);
        let (Some(window), Some(row)) = (self.window, lane.checked_sub(self.top)) else {
            return nothing;
        };
        let (Some(row), Some(lane)) = (self.rows.get(row), line.lanes.get(lane)) else {
            return nothing;
        };
        let Some(found) = row.cells.get(usize::from(cell)) else {
            return nothing;
        };
        let mut arrow = None;
        let start = window.from.0 + self.bucket.0 * u64::from(cell);
        let middle = Nanos(start + self.bucket.0 / 2);
        let when = format!("cpu{} at {}: ", lane.cpu.0, ago(line.now.since(middle)));
        let what = match found.fill {
            Fill::Unknown => "not known".to_owned(),
            Fill::Gap(why) => blind(why),
            Fill::Known if line.origin.is_coarse() => self.summed(found, line.origin),
            Fill::Known => match lane.slice_at(middle) {
                Some(found) if found.slice.span().0 * 2 >= self.bucket.0 => {
                    let ready = ready::of_slice(lane, &found);
                    arrow = ready.and_then(|(_, arrow)| arrow);
                    let ready = ready.map(|(ready, _)| ready::told(line, lane, &ready));
                    let ready = ready.map(|r| format!(" · {r}")).unwrap_or_default();
                    let whole = told(&found) + &ready;
                    let room = self.parts.area.right().saturating_sub(self.parts.left);
                    if !ready.is_empty() && width(&when) + width(&whole) > usize::from(room) {
                        // Where and how it ended shows; why it began so late does not.
                        return (brief(&found) + &ready, arrow);
                    }
                    whole
                }
                _ => self.summed(found, line.origin),
            },
        };
        let taken = row.spent.get(usize::from(cell)).copied().flatten();
        let taken = taken.map(|s| stolen(&s)).unwrap_or_default();
        (when + &what + &taken, arrow)
    }

    /// A cell that holds many slices, or none.
    fn summed(&self, cell: &Cell, origin: Origin) -> String {
        let percent = |part: f64| format!("{:.0}% of {}", part * 100.0, rounded(self.bucket));
        let others = cell.others.filter(|o| *o > 0.0);
        let who_else = match origin {
            Origin::Own | Origin::Inside => "others",
            _ => "somebody not seen",
        };
        let Some(who) = &cell.who else {
            return match (others, cell.others, origin) {
                (Some(o), _, _) => format!("{who_else} had {}", percent(f64::from(o))),
                (None, Some(_), _) => "idle".to_owned(),
                (None, None, Origin::Own) => "not this process".to_owned(),
                (None, None, _) => "not counted yet".to_owned(),
            };
        };
        let share = cell.run.0 as f64 / self.bucket.0.max(1) as f64;
        let mut text = format!("{} {} had {}", who.name, who.id.pid, percent(share));
        if cell.slices > 0 {
            let plural = if cell.slices == 1 { "" } else { "s" };
            let _ = write!(text, " in {} slice{plural}", cell.slices);
            // Samples do not tell how slices ended.
            if !origin.is_coarse() {
                let _ = write!(text, ", {} preempted", cell.preempted);
            }
        }
        if let Some(others) = others {
            let _ = write!(text, " · {who_else} {:.0}%", others * 100.0);
        }
        text
    }
}

/// Why nothing is known.
pub(super) fn blind(why: Blind) -> String {
    match why {
        Blind::Lost => "events were lost here".to_owned(),
        Blind::Suspended(span) => {
            format!("the machine was suspended for {}", format::duration(span))
        }
        Blind::Offline => "the core was offline".to_owned(),
    }
}

/// What of that time was taken from whoever had the core, where it was something.
fn stolen(share: &CoreShare) -> String {
    let parts = [
        ("irq", share.irq),
        ("softirq", share.softirq),
        ("steal", share.steal),
    ];
    let told = parts.iter().filter(|(_, share)| *share >= 1.0);
    let told: Vec<_> = told.map(|(name, s)| format!("{name} {s:.0}%")).collect();
    if told.is_empty() {
        String::new()
    } else {
        format!(" · {} around then", told.join(" "))
    }
}

/// Whose slice it is, and how long.
fn brief(Covering { slice, who, .. }: &Covering<'_>) -> String {
    let span = rounded(slice.span());
    format!("{} {}/{}, {span}", who.name, who.id.pid, who.tid)
}

/// One slice.
fn told(found: &Covering<'_>) -> String {
    let Covering { slice, next, .. } = found;
    let by = next.map(|n| format!(" by {}", n.name)).unwrap_or_default();
    let how = match slice.ended {
        Ended::Preempted => format!("preempted{by}"),
        Ended::Yielded => "yielded".to_owned(),
        Ended::Exited => "exited".to_owned(),
        Ended::Running => "still running".to_owned(),
        Ended::Unseen => "its end was not told".to_owned(),
    };
    format!("{}, {how}", brief(found))
}
