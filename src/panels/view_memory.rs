//! View 3: where did my memory go? Parts that add up to all of it, how hard the kernel searches, and who holds the most.

mod draw;
mod holders;

use std::collections::VecDeque;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sheet::{self, Sheet};
use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::detail::Stamped;
use crate::model::id::ProcId;
use crate::model::machine_memory::{MachineMemory, MemoryRates};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};

/// Opens the selected holder.
const INSPECT: Action = Action {
    name: "inspect-holder",
    about: "Inspects the memory of the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static SPEC: Spec = Spec {
    name: "view-memory",
    title: "Memory of the machine",
    about: "Where memory went: parts that add up to all of it, and who holds the most.",
    place: Place::View(3),
    needs: Needs::MEMORY
        .union(Needs::PSS)
        .union(Needs::OOM)
        .union(Needs::STATUS),
    actions: &sheet::with::<4, 12>([&INSPECT, moves::SEARCH, moves::NEXT, moves::PREVIOUS]),
};

/// How many ticks the history keeps.
const HISTORY: usize = 240;
/// How many of the biggest processes are asked for their proportional memory.
const CANDIDATES: usize = 40;

/// The view with its history.
pub struct ViewMemory {
    sheet: Sheet<ProcId>,
    holders: Vec<holders::Holder>,
    /// Share of memory in use and of swap in use at the last ticks, 0..1.
    history: VecDeque<(f64, f64)>,
    newest: Option<Arc<MachineMemory>>,
    rates: Reading<MemoryRates>,
    /// Where the table of holders is, header included.
    table: Rect,
}

impl Default for ViewMemory {
    fn default() -> Self {
        Self {
            sheet: Sheet::default(),
            holders: Vec::new(),
            history: VecDeque::new(),
            newest: None,
            rates: Err(Missing::Soon),
            table: Rect::ZERO,
        }
    }
}

impl Panel for ViewMemory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, world: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        let biggest = holders::biggest(&world.snapshot, CANDIDATES);
        plan.visible = plan.visible.iter().copied().chain(biggest).collect();
    }

    fn tick(&mut self, world: &World) {
        let Some(Stamped { value: Ok(now), .. }) = &world.detail.machine.memory else {
            return;
        };
        let Some(before) = &self.newest else {
            self.newest = Some(Arc::clone(now));
            return;
        };
        if before.at == now.at {
            return;
        }
        self.rates = now.rates(before);
        let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
        self.history.push_back((
            share(now.used().0, now.total.0),
            share(now.swap_used().0, now.swap_total.0),
        ));
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        self.newest = Some(Arc::clone(now));
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.holders = holders::list(&world.snapshot, CANDIDATES);
        let head = draw::head_height(self.newest.as_deref(), area);
        self.table = Rect {
            y: area.y + head.min(area.height),
            height: area.height.saturating_sub(head),
            ..area
        };
        let rows: Vec<ProcId> = self.holders.iter().map(|h| h.id).collect();
        let holders = &self.holders;
        let height = usize::from(self.table.height.saturating_sub(1));
        self.sheet
            .fit(&rows, height, |i, needle| holders[i].matches(needle));
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            return match self.sheet.chosen() {
                Some(id) => Reply::Inspect(*id, "memory"),
                None => Reply::Pass,
            };
        }
        if self.sheet.act(action, 0) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    fn typing(&self) -> bool {
        self.sheet.typing()
    }

    fn key(&mut self, world: &World, key: Key) -> Reply {
        self.sheet.key(&world.keys, key);
        Reply::Done
    }

    fn paste(&mut self, _: &World, text: &str) -> Reply {
        self.sheet.paste(text);
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        let row = i32::from(mouse.row) - i32::from(self.table.y) - 1;
        let again = mouse.press == Press::Left
            && usize::try_from(row).is_ok_and(|r| self.sheet.selected_in_view() == Some(r));
        match self.sheet.chosen().copied() {
            Some(id) if again => Reply::Inspect(id, "memory"),
            _ if self.sheet.mouse(mouse, row) => Reply::Done,
            _ => Reply::Pass,
        }
    }

    fn status(&self, _: &World) -> String {
        self.sheet.status()
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        draw::explain(world)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        draw::head(self, world, area, buf);
        holders::draw(world, &self.holders, &self.sheet, self.table, buf);
    }
}

#[cfg(test)]
mod tests;
