//! The picture of an address space: one block for each kind of region, high addresses on top, tall enough to be read and
//! not to scale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::format;
use crate::model::id::Bytes;
use crate::model::memory::region::{AddressSpace, Group, Region};
use crate::model::text::{cut, width};
use crate::theme::{Role, Theme};

use super::region_bar::role;
use crate::widgets::put;

/// A block of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it is.
    pub group: Group,
    /// How many bytes it claims, or how many stacks of which size.
    pub amount: String,
    /// Where its largest region begins.
    pub address: u64,
    /// Claimed bytes, which decide how tall it is.
    pub size: Bytes,
    /// Growth in words, such as `+1.2M/s`; empty for none.
    pub growth: String,
}

/// Between blocks so far apart a gap is drawn.
const APART: u64 = 1 << 36;
/// No block is taller than this.
const TALLEST: usize = 6;

/// The blocks of an address space, highest address first. `growth` says in words how a group grows.
pub fn blocks(space: &AddressSpace, growth: impl Fn(Group) -> String) -> Vec<Block> {
    let mut out: Vec<Block> = space
        .by_group()
        .into_iter()
        .map(|(group, totals)| {
            let own = || space.regions.iter().filter(|r| r.kind.group() == group);
            let largest = own().max_by_key(|r| (r.size(), r.start));
            Block {
                group,
                amount: amount(group, totals.size, own()),
                address: largest.map_or(0, |r| r.start),
                size: totals.size,
                growth: growth(group),
            }
        })
        .collect();
    out.sort_by_key(|b| std::cmp::Reverse(b.address));
    out
}

fn amount<'a>(
    group: Group,
    size: Bytes,
    regions: impl Iterator<Item = &'a Region> + Clone,
) -> String {
    let text = format::bytes(size);
    let mut sizes = regions.map(Region::size);
    match group {
        Group::ThreadStacks => {
            let first = sizes.next().unwrap_or_default();
            let same = sizes.clone().all(|s| s == first);
            let count = 1 + sizes.count();
            if same && count > 1 {
                format!("{count} × {}", format::bytes(first))
            } else {
                text
            }
        }
        Group::Reserved => format!("{text} claimed"),
        _ => text,
    }
}

/// How the picture is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The blocks, highest address first.
    pub blocks: &'a [Block],
    /// Whether addresses stand at the left.
    pub addresses: bool,
    /// The group that is selected elsewhere.
    pub selected: Option<Group>,
}

/// How many cells addresses take.
const ADDRESS: u16 = 15;

impl Picture<'_> {
    /// Draws the picture from the top of `area`; answers how many rows it took.
    pub fn draw(&self, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
        let area = area.intersection(buf.area);
        let rows = usize::from(area.height);
        let kept = self.kept(rows);
        let heights = heights(&kept, rows);
        let mut y = area.y;
        let mut last: Option<u64> = None;
        let spare = rows.saturating_sub(heights.iter().sum());
        let mut gaps = spare;
        for (block, height) in kept.iter().zip(&heights) {
            let apart = last.is_some_and(|above| above.saturating_sub(block.address) > APART);
            if apart && gaps > 0 {
                self.draw_gap(
                    theme,
                    Rect {
                        y,
                        height: 1,
                        ..area
                    },
                    buf,
                );
                gaps -= 1;
                y += 1;
            }
            let place = Rect {
                y,
                height: *height as u16,
                ..area
            };
            self.draw_block(theme, block, place, last.is_none() || apart, buf);
            y += *height as u16;
            last = Some(block.address);
        }
        y - area.y
    }

    /// The blocks that find room: the least telling ones go first.
    fn kept(&self, rows: usize) -> Vec<&Block> {
        let mut kept: Vec<&Block> = self.blocks.iter().collect();
        let least = [
            Group::Other,
            Group::Vdso,
            Group::Devices,
            Group::Reserved,
            Group::Rodata,
            Group::Files,
            Group::Shared,
        ];
        for group in least {
            if kept.len() > rows {
                kept.retain(|b| b.group != group);
            }
        }
        kept.truncate(rows);
        kept
    }

    fn draw_gap(&self, theme: &Theme, row: Rect, buf: &mut Buffer) {
        let x = row.x + if self.addresses { ADDRESS } else { 0 };
        let dot = if theme.glyphs.ascii { "." } else { "·" };
        let style = theme.style(Role::Faint);
        for x in (x..row.right()).step_by(2).take(8) {
            put::text(buf, x, row.y, dot, 1, style);
        }
    }

    fn draw_block(&self, theme: &Theme, block: &Block, at: Rect, address: bool, buf: &mut Buffer) {
        let colour = theme.style(role(block.group));
        let mut x = at.x;
        if self.addresses {
            if address {
                let text = short_address(block.address);
                put::text(
                    buf,
                    x,
                    at.y,
                    text,
                    usize::from(at.width),
                    theme.style(Role::Dim),
                );
            }
            x += ADDRESS;
        }
        let solid = if theme.glyphs.ascii {
            "###"
        } else {
            "███"
        };
        let wide = if self.addresses { 3 } else { 2 };
        for y in at.top()..at.bottom() {
            let room = usize::from(at.right().saturating_sub(x)).min(wide);
            put::text(buf, x, y, solid, room, colour);
        }
        x += wide as u16 + 1;
        let label = if self.selected == Some(block.group) {
            Role::Strong
        } else {
            Role::Text
        };
        let room = usize::from(at.right().saturating_sub(x));
        let label_wide = width(block.group.title());
        let fits = |amount: &str| label_wide + 1 + width(amount) <= room;
        let short = format::bytes(block.size);
        let amount = if fits(&block.amount) {
            block.amount.as_str()
        } else {
            short.as_str()
        };
        let amount = if theme.glyphs.ascii {
            amount.replace('×', "x")
        } else {
            amount.to_owned()
        };
        let amount = cut(&amount, room);
        let gap = room.saturating_sub(width(&amount) + 1);
        put::text(
            buf,
            x,
            at.y,
            cut(block.group.title(), gap),
            gap,
            theme.style(label),
        );
        let right = if self.addresses {
            (x + 15).min(at.right().saturating_sub(width(&amount) as u16))
        } else {
            at.right().saturating_sub(width(&amount) as u16)
        };
        put::text(buf, right, at.y, &amount, room, colour);
        if at.height > 1 {
            let arrow = match (block.group, theme.glyphs.ascii) {
                (Group::Heap, false) => "↑ ",
                (Group::Heap, true) => "^ ",
                (Group::Stack | Group::ThreadStacks, false) => "↓ ",
                (Group::Stack | Group::ThreadStacks, true) => "v ",
                _ => "",
            };
            let text = format!("{arrow}{}", block.growth);
            let style = theme.style(if block.growth.is_empty() {
                Role::Dim
            } else {
                Role::Good
            });
            put::text(buf, x, at.y + 1, cut(&text, room), room, style);
        }
    }
}

/// `7f3a 0000 0000`, as people compare addresses.
pub fn short_address(address: u64) -> String {
    let (high, middle, low) = (address >> 32, address >> 16 & 0xffff, address & 0xffff);
    if high > 0 {
        format!("{high:>4x} {middle:04x} {low:04x}")
    } else {
        format!("{:>4} {middle:>4x} {low:04x}", "")
    }
}

/// A row for each block, a second for those with an arrow, and what is left by the logarithm of their size.
fn heights(blocks: &[&Block], rows: usize) -> Vec<usize> {
    let mut heights = vec![1; blocks.len()];
    let mut left = rows.saturating_sub(blocks.len());
    for (block, height) in blocks.iter().zip(&mut heights) {
        let grows = matches!(
            block.group,
            Group::Heap | Group::Stack | Group::ThreadStacks
        );
        if (grows || !block.growth.is_empty()) && left > 0 {
            *height += 1;
            left -= 1;
        }
    }
    // Two rows stay for the gaps.
    left = left.saturating_sub(2);
    let wish = |b: &Block| {
        (b.size.0 >> 20)
            .checked_ilog2()
            .map_or(0, |n| n as usize / 2 + 1)
    };
    while left > 0 {
        let neediest = (0..blocks.len())
            .filter(|i| heights[*i] < wish(blocks[*i]).min(TALLEST))
            .max_by_key(|i| wish(blocks[*i]) as isize * 4 - heights[*i] as isize * 4 + 1);
        let Some(neediest) = neediest else { break };
        heights[neediest] += 1;
        left -= 1;
    }
    heights
}
