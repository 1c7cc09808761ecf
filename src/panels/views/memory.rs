//! View 3: where did my memory go? Parts that add up to all of it, how hard the kernel searches, and who holds the most.

mod draw;
mod holders;
mod kernel;
mod past;

use std::collections::VecDeque;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::detail::Stamped;
use crate::model::id::{Bytes, Nanos, ProcId};
use crate::model::machine::memory::{MachineMemory, MemoryRates};
use crate::model::plan::{Needs, Plan};
use crate::model::process::user_names::UserNames;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::Memory;
use crate::panels::charts::{self, Charts};
use crate::panels::listing::{self, Content, Listing};
use crate::panels::rights;
use crate::panels::words;

/// Opens the selected holder.
const INSPECT: Action = Action {
    name: "inspect-holder",
    about: "Inspects the memory of the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static ACTIONS: [&Action; 18] = listing::actions(moves::FIRST, [&INSPECT]);

static SPEC: Spec = Spec {
    name: "view-memory",
    title: "Memory of the machine",
    about: "Where memory went: parts that add up to all of it, and who holds the most.",
    place: Place::View(3),
    needs: Needs::MEMORY
        .union(Needs::PSS)
        .union(Needs::OOM)
        .union(Needs::STATUS),
    actions: &ACTIONS,
};

/// How many ticks the history keeps.
const HISTORY: usize = 240;
/// How many of the biggest processes are asked for their proportional memory.
const CANDIDATES: usize = 40;
/// How many of them the third line names.
const NAMED: usize = 2;

/// The view, with the rates of the last ticks.
pub struct ViewMemory {
    list: Listing<ProcId>,
    holders: Vec<holders::Holder>,
    history: VecDeque<(Nanos, Reading<MemoryRates>)>,
    charts: Charts,
    /// The tick that the history ends with.
    heard: Option<Nanos>,
    newest: Option<Arc<MachineMemory>>,
    rates: Reading<MemoryRates>,
    /// Whom the third line names, whatever the order of the table.
    biggest: Vec<(String, Bytes)>,
    /// How many lines stand above the table.
    heights: draw::Heights,
    /// Where the table of holders is, header included.
    table: Rect,
}

impl Default for ViewMemory {
    fn default() -> Self {
        Self {
            list: Listing::sorted_by(holders::SIZE),
            holders: Vec::new(),
            history: VecDeque::new(),
            charts: Charts::default(),
            heard: None,
            newest: None,
            rates: Err(Missing::Soon),
            biggest: Vec::new(),
            heights: draw::Heights::default(),
            table: Rect::ZERO,
        }
    }
}

impl ViewMemory {
    /// What every tick tells is remembered elsewhere; how hard the kernel searches is known only of the ticks that were seen.
    fn remember(&mut self, world: &World) {
        let at = world.snapshot.at;
        if self.heard == Some(at) || world.looks_back() {
            return;
        }
        self.heard = Some(at);
        self.history.push_back((at, Err(Missing::Soon)));
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
    }
}

impl Panel for ViewMemory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, world: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        let swapped = |m: &Memory| m.swap_used().0 > 0;
        if world.snapshot.system.memory.as_ref().is_ok_and(swapped) {
            // Whoever is swapped out holds memory as well, and its resident part does not tell.
            plan.of_all |= Needs::STATUS;
        }
        let biggest = holders::biggest(&world.snapshot, CANDIDATES);
        plan.visible = plan.visible.iter().copied().chain(biggest).collect();
    }

    fn tick(&mut self, world: &World) {
        self.remember(world);
        let Some(Stamped { value: Ok(now), .. }) = &world.detail.machine.memory else {
            if world.looks_back() {
                // What is known is of another moment, perhaps of another machine.
                (self.newest, self.rates) = (None, Err(Missing::Unrecorded));
            }
            return;
        };
        let Some(before) = &self.newest else {
            self.newest = Some(Arc::clone(now));
            self.rates = Err(world.to_come());
            return;
        };
        if before.at == now.at {
            return;
        }
        self.rates = now.rates(before);
        let last = self.history.back_mut().filter(|_| !world.looks_back());
        if let Some(last) = last {
            last.1 = self.rates;
        }
        self.newest = Some(Arc::clone(now));
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.holders = holders::list(&world.snapshot, CANDIDATES);
        let largest = self.holders.first().map_or(1, holders::Holder::bytes);
        let named = self.holders.iter().take(NAMED);
        self.biggest = named.map(|h| (h.name().to_owned(), h.size())).collect();
        holders::sort(&mut self.holders, self.list.sort());
        self.heights = draw::Heights::of(self, world, area);
        let minutes = self.heights.chart(area);
        self.charts
            .fit(world, &[&charts::MEMORY, &charts::PRESSURE], minutes);
        let head = self.heights.total();
        self.table = Rect {
            y: area.y + head.min(area.height),
            height: area.height.saturating_sub(head),
            ..area
        };
        let keys: Vec<ProcId> = self.holders.iter().map(|h| h.id).collect();
        let users = UserNames::within(&world.snapshot, usize::from(listing::USER));
        let scale = holders::Scale::of(world, largest, self.table.width);
        let holders = &self.holders;
        let content = Content {
            columns: &holders::COLUMNS,
            order: holders::order,
            titles: true,
            head: Vec::new(),
            foot: &listing::no_foot,
            keys: &keys,
            words: &|i| holders[i].words(),
            row: &|i| holders::row(world, &users, &holders[i], &scale),
        };
        self.list.fit(self.table, content);
        Reply::Pass
    }

    has_rows!(list);

    fn enter(&self, _: &World) -> Reply {
        self.list.inspect("memory")
    }

    fn copied(&self, _: &World) -> Option<String> {
        self.holders
            .get(self.list.selected()?)
            .map(holders::Holder::words)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            return self.enter(world);
        }
        self.act_on_rows(world, action)
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::views::MEMORY]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let mut out = draw::explain(world);
        let denied = holders::denied(&self.holders);
        if denied > 0 {
            let why = format!(
                "the proportional memory of {denied} of {} processes belongs to other users: {}",
                self.holders.len(),
                rights(world)
            );
            out.push(("–".to_owned(), why));
        }
        out
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        draw::head(self, world, area, buf);
        self.list.render(world, buf);
    }
}

#[cfg(test)]
pub(in crate::panels) mod tests;
