//! The words below the memory table: the sums, and what the selected row means.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::rows::{Entry, Key};
use super::takes;
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::memory::faults::PageFaults;
use crate::model::memory::region::growth::Growth;
use crate::model::memory::region::{AddressSpace, Flags, Kind, Region};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::Proc;
use crate::model::text::wrap;
use crate::theme::{Role, Theme};
use crate::widgets::address_space::short_address;
use crate::widgets::line;

/// A line of words, or a text to be wrapped.
#[derive(Clone, Debug)]
pub enum Words {
    /// Parts of one line.
    Line(Vec<(String, Role)>),
    /// A text that takes as many lines as it needs.
    Text(String),
}

fn strong(bytes: Bytes) -> (String, Role) {
    (format::bytes(bytes), Role::Strong)
}

fn dim(text: impl Into<String>) -> (String, Role) {
    (text.into(), Role::Dim)
}

/// The sums, then the selected row.
pub fn words(
    chosen: Option<&Entry>,
    space: &AddressSpace,
    growth: &Growth<Key>,
    faults: Reading<&PageFaults>,
) -> Vec<Words> {
    // Where nothing is taken a blank line parts the sums from the row.
    let taken_now = faults.map(takes::in_all).unwrap_or_default();
    let mut out = vec![Words::Line(sums(space)), Words::Line(taken_now)];
    let Some(entry) = chosen else { return out };
    let regions: Vec<&Region> = entry.regions.iter().map(|at| &space.regions[*at]).collect();
    out.push(Words::Line(headline(entry, &regions)));
    if let Ok(faults) = faults {
        out.extend(takes::of(entry, space, faults));
    }
    if let Some(line) = grown(entry, growth) {
        out.push(Words::Line(line));
    }
    if let [region] = regions[..] {
        out.extend(particulars(region, space.others_untold(region)));
    }
    out.push(Words::Text(meaning(entry, &regions)));
    out
}

fn sums(space: &AddressSpace) -> Vec<(String, Role)> {
    let totals = space.totals();
    let mut out = vec![dim("claims "), strong(totals.size)];
    match totals.residency {
        Ok(r) => {
            let others = Bytes(r.resident.0.saturating_sub(r.own.0));
            out.extend([dim("   holds "), strong(r.resident)]);
            out.extend([dim("   of that own "), strong(r.own)]);
            out.extend([dim(", shared with others "), strong(others)]);
            let role = if r.swapped.0 > 0 {
                Role::Warn
            } else {
                Role::Dim
            };
            out.extend([dim("   swapped "), (format::bytes(r.swapped), role)]);
        }
        Err(why) => out.push(dim(format!("   holds –: {why}"))),
    }
    out
}

fn headline(entry: &Entry, regions: &[&Region]) -> Vec<(String, Role)> {
    let mut out = vec![(entry.label.to_string(), Role::Strong)];
    let (Some(first), Some(last)) = (regions.first(), regions.last()) else {
        return out;
    };
    if let Key::At(_) = entry.key {
        out = vec![(first.kind.group().title().to_owned(), Role::Strong)];
    }
    let low = first.start.min(last.start);
    let high = first.end.max(last.end);
    if let [region] = regions {
        let range = format!(
            "  {} – {}",
            short_address(low).trim(),
            short_address(high).trim()
        );
        out.push(dim(range));
        out.push(dim(format!("  {}", region.access)));
    } else {
        out.push(dim(format!("  {} regions", regions.len())));
    }
    out.push(dim("   "));
    out.push(strong(entry.totals.size));
    out.push(dim(" claimed"));
    if let Ok(r) = entry.totals.residency {
        out.extend([dim(", "), strong(r.resident), dim(" resident")]);
        if r.huge.0 > 0 {
            out.extend([dim(", "), strong(r.huge), dim(" in huge pages")]);
        }
        if r.locked.0 > 0 {
            out.extend([dim(", "), strong(r.locked), dim(" locked")]);
        }
    }
    out
}

fn grown(entry: &Entry, growth: &Growth<Key>) -> Option<Vec<(String, Role)>> {
    let grown = growth.of(&entry.key)?;
    let age = format::duration(growth.age());
    let (verb, sign) = match grown.bytes {
        0 => {
            return Some(vec![dim(format!(
                "unchanged since this tab opened {age} ago"
            ))]);
        }
        1.. => ("grown ", "+"),
        _ => ("shrunk ", "-"),
    };
    let amount = format!("{sign}{}", format::bytes(Bytes(grown.bytes.unsigned_abs())));
    Some(vec![
        dim(verb),
        (amount, Role::Good),
        dim(format!(" since this tab opened {age} ago")),
    ])
}

fn particulars(region: &Region, others_untold: Option<&str>) -> Vec<Words> {
    let mut out = Vec::new();
    if !region.name.is_empty() && !region.name.starts_with('[') {
        let mut file = vec![(region.name.to_string(), Role::Text)];
        if region.deleted && region.kind != Kind::Shared {
            file.push((" (deleted)".to_owned(), Role::Warn));
        }
        if region.file.inode != 0 {
            file.push(dim(format!("  from byte {:#x}", region.offset)));
        }
        out.push(Words::Line(file));
    }
    if let Some(stack) = &region.stack {
        let used = format::bytes(stack.used);
        out.push(Words::Line(vec![
            dim("thread "),
            (format!("{} {}", stack.tid, stack.name), Role::Thread),
            dim(format!(", {used} deep when it was last asked")),
        ]));
    }
    let mut line = Vec::new();
    for (i, s) in region.sharers.iter().take(6).enumerate() {
        let before = if i > 0 { ", " } else { "also mapped by " };
        line.push(dim(before));
        line.push((format!("{} {}", s.pid, s.name), Role::Accent));
    }
    if region.sharers.len() > 6 {
        line.push(dim(format!(" and {} more", region.sharers.len() - 6)));
    }
    if let Some(untold) = others_untold {
        let comma = if line.is_empty() { "" } else { ", " };
        line.push(dim(format!("{comma}{untold}")));
    }
    if !line.is_empty() {
        out.push(Words::Line(line));
    }
    out
}

fn meaning(entry: &Entry, regions: &[&Region]) -> String {
    let part = regions.first().map(|r| r.part);
    let same = regions.iter().all(|r| Some(r.part) == part);
    let mut text = match (&entry.key, part) {
        (Key::Item(..) | Key::At(_), Some(part)) if same && !part.about().is_empty() => {
            part.about().to_owned()
        }
        _ => entry.group.about().to_owned(),
    };
    if let [region] = regions {
        if region.flags.contains(Flags::GUARDS) {
            text.push_str(" Some of its pages may be guards that fault when touched.");
        }
        if let Ok(held) = region.residency
            && held.freed.0 > 0
        {
            let freed = format::bytes(held.freed);
            text.push_str(" The program freed ");
            text.push_str(&freed);
            text.push_str(" of it, which the kernel takes back when it needs memory.");
        }
        if region.flags.contains(Flags::NOT_FORKED) {
            text.push_str(" A child made by fork does not get it.");
        }
        if region.residency == Err(Missing::Unsupported) {
            text.push_str(" The kernel counts its pages with the region beside it.");
        }
    }
    text
}

/// Draws the words from the top of `area`; what finds no room is left out.
pub fn draw(theme: &Theme, area: Rect, words: &[Words], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    // A blank line parts the words from the table where there is room.
    let mut y = area.y + u16::from(area.height > 4);
    let mut put = |parts: &[(String, Role)]| {
        if y < area.bottom() {
            let row = Rect {
                y,
                height: 1,
                ..area
            };
            let row = Rect {
                x: row.x + 2.min(row.width),
                width: row.width.saturating_sub(2),
                ..row
            };
            line::draw(theme, row, parts, Modifier::empty(), buf);
            y += 1;
        }
    };
    for words in words {
        match words {
            Words::Line(parts) if parts.is_empty() && area.height < 8 => {}
            Words::Line(parts) => put(parts),
            Words::Text(text) => {
                for line in wrap(text, usize::from(area.width.saturating_sub(2))) {
                    put(&[dim(line)]);
                }
            }
        }
    }
}

/// Why there are no rows, with what would help.
pub fn nothing(
    space: Option<&Reading<Arc<AddressSpace>>>,
    proc: Option<&Proc>,
    remedy: &str,
) -> Vec<String> {
    let kernel = proc.is_some_and(|p| p.stat.is_kernel_thread());
    let zombie = proc.is_some_and(|p| p.stat.state == State::Zombie);
    let lines: &[&str] = match space {
        _ if kernel => &[
            "No address space",
            "A kernel thread runs in the kernel's own memory. It has no user land: no stack, heap or text of its own.",
        ],
        _ if zombie => &[
            "No address space any more",
            "The process has ended and given its memory back. Only its exit status waits, until the parent asks for it.",
        ],
        None => &["Reading …"],
        Some(Err(Missing::Denied)) => &[
            "Not permitted",
            super::why(Missing::Denied),
            remedy.trim_start_matches([':', ';', ' ']),
        ],
        Some(Err(why)) => &["Nothing to show", super::why(*why)],
        Some(Ok(_)) => &[
            "No address space",
            "The process has ended, or it never had memory of its own.",
        ],
    };
    lines.iter().map(|l| (*l).to_owned()).collect()
}

/// Draws a message where a picture would be: its first line strong, the rest wrapped.
pub fn draw_message(theme: &Theme, area: Rect, lines: &[String], buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let wide = usize::from(area.width.saturating_sub(4)).min(76);
    let mut all: Vec<(String, Role)> = Vec::new();
    for (i, text) in lines.iter().enumerate() {
        let role = if i == 0 { Role::Strong } else { Role::Dim };
        all.extend(wrap(text, wide).into_iter().map(|l| (l, role)));
        if i == 0 && lines.len() > 1 && area.height > 4 {
            all.push((String::new(), Role::Dim));
        }
    }
    let top = area.y + u16::from(area.height > 6);
    for (y, part) in (top..area.bottom()).zip(&all) {
        let row = Rect {
            x: area.x + 2.min(area.width),
            y,
            width: area.width.saturating_sub(2),
            height: 1,
        };
        line::draw(
            theme,
            row,
            std::slice::from_ref(part),
            Modifier::empty(),
            buf,
        );
    }
}

/// What `y` copies: the path where there is one, else the range, else the label.
pub fn copied(entry: &Entry, space: &AddressSpace) -> String {
    let regions: Vec<&Region> = entry.regions.iter().map(|at| &space.regions[*at]).collect();
    match regions[..] {
        [region] if region.name.starts_with('/') => region.name.to_string(),
        [region] => format!("{:#x}-{:#x}", region.start, region.end),
        [first, ..]
            if first.name.starts_with('/') && regions.iter().all(|r| r.name == first.name) =>
        {
            first.name.to_string()
        }
        _ => entry.label.to_string(),
    }
}

/// The kinds of memory, and why something is not known.
pub fn explained(
    space: Option<&Reading<Arc<AddressSpace>>>,
    faults: Reading<&PageFaults>,
) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for group in crate::model::memory::region::Group::ALL {
        out.push((group.title().to_owned(), group.about().to_owned()));
    }
    if let Some(Err(why)) = space {
        out.push(("–".to_owned(), super::why(*why).to_owned()));
    } else if let Some(Ok(space)) = space
        && let Err(why) = space.residency
    {
        out.push(("–".to_owned(), super::why(why).to_owned()));
    }
    let told = takes::explained(faults);
    out.push(("pages/s".to_owned(), told.to_owned()));
    out
}
