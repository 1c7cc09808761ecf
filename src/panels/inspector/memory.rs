//! The tab Memory: the address space as a picture, and every region by kind or by address.

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept;
use crate::app::action::{Action, actions};
use crate::app::key::{Code, Key as Pressed};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Rows as _, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::id::{Nanos, ProcId};
use crate::model::memory::faults::PageFaults;
use crate::model::memory::region::growth::Growth;
use crate::model::memory::region::{AddressSpace, Group};
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::address_space::{Block, Picture, blocks};
use crate::widgets::table;

mod about;
mod cells;
mod rows;
mod takes;

use crate::widgets::put;
use rows::{Entry, Fold, Key, Wanted};

actions! {
    /// Lists regions by address, or by kind again.
    BY_ADDRESS "by-address" [Pressed::char('g')] "List every region by address, or by kind again" "by address";
    /// Opens a kind.
    OPEN "open-kind" [Pressed::char('+'), Pressed::char('=')] "List more of the selected kind" "open";
    /// Closes a kind.
    CLOSE "close-kind" [Pressed::char('-')] "List less of the selected kind" "";
    /// Opens or closes a kind.
    TOGGLE "toggle-kind" [Pressed::of(Code::Enter)] "List all of the selected kind, or only its sum" "";
}

static ACTIONS: [&Action; 21] =
    listing::actions(moves::HOME, [&OPEN, &CLOSE, &TOGGLE, &BY_ADDRESS]);

static SPEC: Spec = Spec {
    name: "memory",
    title: "Memory",
    about: "The address space: every region with what it claims and what it holds.",
    place: Place::Tab,
    needs: Needs::REGIONS
        .union(Needs::RESIDENCY)
        .union(Needs::PAGE_FAULTS),
    actions: &ACTIONS,
};

/// From this width on the picture stands left of the table.
const PICTURE: u16 = 96;
/// From this width on the picture has addresses.
const ADDRESSES: u16 = 128;

/// The tab.
#[derive(Default)]
pub struct Memory {
    of: Option<ProcId>,
    read: Option<Nanos>,
    measured: bool,
    groups: Vec<(Entry, Vec<Entry>)>,
    growth: Growth<Key>,
    list: Listing<Key>,
    addresses: bool,
    folds: HashMap<Group, Fold>,
    entries: Vec<Entry>,
    /// What the rows were made of; while it is the same, they are.
    made: Option<Made>,
    blocks: Vec<Block>,
    about: Vec<about::Words>,
    areas: Areas,
}

/// All that the rows depend on: when regions and their faults were read, how the table is sorted and folded.
#[derive(PartialEq)]
struct Made {
    read: [Option<Nanos>; 2],
    sort: (usize, bool),
    addresses: bool,
    folds: HashMap<Group, Fold>,
}

/// Where the parts of the tab stand.
#[derive(Clone, Copy, Debug, Default)]
struct Areas {
    picture: Rect,
    table: Rect,
    about: Rect,
}

impl Areas {
    fn of(area: Rect) -> Self {
        let picture = match area.width {
            0..PICTURE => 0,
            PICTURE..ADDRESSES => 30,
            _ => 50,
        };
        let about = match area.height {
            0..6 => 0,
            6..12 => 1,
            12..20 => 4,
            20..30 => 7,
            _ => 10,
        };
        let gap = u16::from(picture > 0);
        let right = Rect {
            x: area.x + picture + gap,
            width: area.width.saturating_sub(picture + gap),
            ..area
        };
        Self {
            picture: Rect {
                width: picture,
                ..area
            },
            table: Rect {
                height: right.height.saturating_sub(about),
                ..right
            },
            about: Rect {
                y: right.bottom().saturating_sub(about),
                height: about,
                ..right
            },
        }
    }
}

/// The address space of the process in focus, as it was last read.
fn space(world: &World) -> Option<&Reading<std::sync::Arc<AddressSpace>>> {
    let known = world.detail.of == world.focus && world.focus.is_some();
    let slot = world.detail.regions.as_ref().filter(|_| known)?;
    Some(&slot.value)
}

fn filled(world: &World) -> Option<&AddressSpace> {
    space(world)?.as_ref().ok().map(AsRef::as_ref)
}

/// Which of its regions take pages now.
fn faults(world: &World) -> Reading<&PageFaults> {
    let known = world.detail.of == world.focus && world.focus.is_some();
    let slot = world.detail.page_faults.as_ref().filter(|_| known);
    let slot = slot.ok_or(Missing::Soon)?;
    slot.value.as_ref().map(AsRef::as_ref).map_err(|why| *why)
}

impl Memory {
    /// Takes in a new reading: sums and growth.
    fn take_in(&mut self, world: &World) {
        if self.of != world.focus {
            *self = Self {
                of: world.focus,
                addresses: self.addresses,
                folds: std::mem::take(&mut self.folds),
                ..Self::default()
            };
        }
        let Some(space) = filled(world) else {
            self.groups.clear();
            return;
        };
        let at = world.detail.regions.as_ref().map(|slot| slot.at);
        if at == self.read {
            return;
        }
        self.read = at;
        if self.measured != space.residency.is_ok() {
            // Claims and residency are not compared.
            self.growth = Growth::default();
            self.measured = space.residency.is_ok();
        }
        self.groups = rows::grouped(space);
        self.growth.at(at.unwrap_or_default());
        for (sum, items) in &self.groups {
            for entry in std::iter::once(sum).chain(items) {
                self.growth
                    .note(entry.key.clone(), rows::held(&entry.totals));
            }
        }
        for region in &space.regions {
            if let Ok(r) = region.residency {
                let held = r.resident.0.saturating_add(r.swapped.0);
                self.growth
                    .note(Key::At(region.start), crate::model::id::Bytes(held));
            }
        }
        self.growth.sweep();
    }

    /// Sorts the rows anew and looks where the blocks of the picture stand, where anything changed of which they are made:
    /// a program may have a hundred thousand regions, and a frame comes with every key.
    fn sort(&mut self, world: &World, space: &AddressSpace, faults: Reading<&PageFaults>) {
        let faulted = world.detail.page_faults.as_ref().map(|slot| slot.at);
        let made = Made {
            read: [self.read, faulted],
            sort: self.list.sort(),
            addresses: self.addresses,
            folds: self.folds.clone(),
        };
        if self.made.as_ref() == Some(&made) {
            return;
        }
        let (by, inverted) = made.sort;
        self.made = Some(made);
        let growth = &self.growth;
        let wanted = Wanted {
            folds: &self.folds,
            by: cells::order_of(by),
            inverted,
            grown: &|key| growth.of(key).map_or(0.0, |g| g.rate),
            takes: &|entry| faults.map_or(0, |f| cells::takes(entry, space, f).all()),
        };
        self.entries = if self.addresses {
            rows::by_address(space, &wanted)
        } else {
            rows::by_kind(&self.groups, &wanted)
        };
        self.blocks = blocks(space, |group| {
            cells::growth_words(growth.of(&Key::Group(group)))
        });
    }

    fn chosen(&self) -> Option<&Entry> {
        self.entries.get(self.list.selected()?)
    }

    fn fold(&mut self, change: impl Fn(Fold) -> Fold) -> Reply {
        let Some(entry) = self.chosen() else {
            return Reply::Done;
        };
        let group = entry.group;
        let more = matches!(entry.key, Key::More(_));
        let fold = self.folds.entry(group).or_default();
        *fold = if more { Fold::All } else { change(*fold) };
        if *fold == Fold::Closed {
            self.list.choose(Key::Group(group));
        }
        Reply::Done
    }
}

impl Panel for Memory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.take_in(world);
        self.areas = Areas::of(area);
        let Some(space) = filled(world).filter(|s| !s.regions.is_empty()) else {
            self.entries.clear();
            self.made = None;
            return Reply::Pass;
        };
        let faults = faults(world);
        self.sort(world, space, faults);
        let keys: Vec<Key> = self.entries.iter().map(|e| e.key.clone()).collect();
        let columns = cells::columns(self.addresses);
        let entries = &self.entries;
        let look = cells::Look {
            theme: &world.theme,
            space,
            growth: &self.growth,
            faults,
            full: cells::full(entries),
            bar: table::room(columns, cells::BAR, self.areas.table.width) as u16,
            addresses: self.addresses,
        };
        let content = Content {
            columns,
            order: cells::order(self.addresses),
            titles: true,
            head: Vec::new(),
            foot: &listing::no_foot,
            keys: &keys,
            words: &|i| cells::label(&entries[i], space),
            row: &|i| look.row(&entries[i]),
        };
        self.list.fit(self.areas.table, content);
        self.about = about::words(self.chosen(), space, &self.growth, faults);
        Reply::Pass
    }

    has_rows!(list);

    fn enter(&self, _: &World) -> Reply {
        Reply::Act(&TOGGLE)
    }

    fn copied(&self, world: &World) -> Option<String> {
        Some(about::copied(self.chosen()?, filled(world)?))
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match *action {
            BY_ADDRESS => {
                self.addresses = !self.addresses;
                self.list.sort_by(0);
                Reply::Done
            }
            OPEN => self.fold(|f| match f {
                Fold::Closed => Fold::Few,
                Fold::Few | Fold::All => Fold::All,
            }),
            CLOSE => self.fold(|f| match f {
                Fold::All => Fold::Few,
                Fold::Few | Fold::Closed => Fold::Closed,
            }),
            TOGGLE => self.fold(|f| match f {
                Fold::All => Fold::Closed,
                Fold::Few | Fold::Closed => Fold::All,
            }),
            _ => self.act_on_rows(world, action),
        }
    }

    fn status(&self, _: &World) -> String {
        let shown = if self.addresses {
            "by address"
        } else {
            "by kind"
        };
        let status = self.list.status();
        if status.is_empty() {
            shown.to_owned()
        } else {
            format!("{shown}  {status}")
        }
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::tabs::MEMORY]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        about::explained(space(world), faults(world))
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        if self.entries.is_empty() {
            let proc = world.focus.and_then(|id| world.snapshot.get(id));
            let why = about::nothing(space(world), proc, kept::remedy(world));
            about::draw_message(theme, area, &why, buf);
            return;
        }
        let areas = &self.areas;
        if areas.picture.width > 0 {
            self.draw_picture(world, buf);
        }
        self.list.render(world, buf);
        about::draw(theme, areas.about, &self.about, buf);
        let ended = world
            .focus
            .is_some_and(|id| world.snapshot.get(id).is_none());
        if ended && world.snapshot.at.0 > 0 {
            buf.set_style(area.intersection(buf.area), theme.style(Role::Dim));
        }
    }
}

impl Memory {
    fn draw_picture(&self, world: &World, buf: &mut Buffer) {
        let theme = &world.theme;
        let area = self.areas.picture;
        let wide = self.areas.picture.width > 40;
        put::text(
            buf,
            area.x + 1,
            area.y,
            "ADDRESS SPACE",
            13,
            theme.style(Role::Accent),
        );
        if wide {
            put::text(
                buf,
                area.x + 16,
                area.y,
                "not to scale",
                12,
                theme.style(Role::Dim),
            );
        }
        let inner = Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(1),
        };
        let picture = Picture {
            blocks: &self.blocks,
            addresses: wide,
            selected: self.chosen().map(|e| e.group),
        };
        picture.draw(theme, inner, buf);
    }
}

/// Why there is no value, for one line of the tab.
fn why(reading: Missing) -> &'static str {
    match reading {
        Missing::Denied => {
            "The kernel shows the memory of a process only to its own user and to those who may trace it."
        }
        Missing::Gone => "The process has ended, and nothing was read of it before.",
        Missing::Unsupported => {
            "This kernel does not tell it, or tells it in a way that is not understood."
        }
        Missing::Late => {
            "The kernel did not answer in time: somebody holds the lock on the process's memory."
        }
        Missing::Soon | Missing::Gap => "Being read.",
        Missing::Unrecorded => "Nobody read it at that moment.",
    }
}

#[cfg(test)]
mod tests;
