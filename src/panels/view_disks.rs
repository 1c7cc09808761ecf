//! View 4: who is hammering the disk? Devices with what they do a second, filesystems with what is left, processes by I/O.

mod processes;
mod tables;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::sheet::{self, Sheet};
use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::detail::Stamped;
use crate::model::disk::{DiskRates, Disks};
use crate::model::format;
use crate::model::id::ProcId;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::theme::Role;
use crate::widgets::line;

/// Opens the selected process.
const INSPECT: Action = Action {
    name: "inspect-writer",
    about: "Inspects the files of the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static SPEC: Spec = Spec {
    name: "view-disks",
    title: "Disks",
    about: "What each disk does, how full filesystems are, and which processes read and write.",
    place: Place::View(4),
    needs: Needs::DISKS.union(Needs::IO),
    actions: &sheet::with::<4, 12>([&INSPECT, moves::SEARCH, moves::NEXT, moves::PREVIOUS]),
};

/// The view.
#[derive(Default)]
pub struct ViewDisks {
    sheet: Sheet<ProcId>,
    processes: Vec<processes::Busy>,
    newest: Option<Arc<Disks>>,
    rates: Vec<Reading<DiskRates>>,
    layout: Layout,
}

/// Where each part stands; an area without height is left out.
#[derive(Default)]
struct Layout {
    answer: Rect,
    devices: Rect,
    filesystems: Rect,
    title: Rect,
    processes: Rect,
}

impl Panel for ViewDisks {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        plan.of_all |= Needs::IO;
    }

    fn tick(&mut self, world: &World) {
        let Some(Stamped { value: Ok(now), .. }) = &world.detail.machine.disks else {
            return;
        };
        match &self.newest {
            Some(before) if before.at == now.at => return,
            Some(before) => self.rates = now.rates(before),
            None => self.rates = vec![Err(Missing::Soon); now.devices.len()],
        }
        self.newest = Some(Arc::clone(now));
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.processes = processes::list(&world.snapshot);
        self.layout = layout(self.newest.as_deref(), area);
        let rows: Vec<ProcId> = self.processes.iter().map(|p| p.id).collect();
        let height = usize::from(self.layout.processes.height.saturating_sub(1));
        let processes = &self.processes;
        self.sheet
            .fit(&rows, height, |i, needle| processes[i].matches(needle));
        Reply::Pass
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            let chosen = self.sheet.chosen();
            return chosen.map_or(Reply::Done, |id| Reply::Inspect(*id, "files"));
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
        let row = i32::from(mouse.row) - i32::from(self.layout.processes.y) - 1;
        let here = usize::try_from(row).ok();
        let again =
            mouse.press == Press::Left && here.is_some() && self.sheet.selected_in_view() == here;
        match self.sheet.chosen().copied() {
            Some(id) if again => Reply::Inspect(id, "files"),
            _ if self.sheet.mouse(mouse, row) => Reply::Done,
            _ => Reply::Pass,
        }
    }

    fn status(&self, _: &World) -> String {
        self.sheet.status()
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        tables::explain()
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let Some(disks) = self.newest.as_deref() else {
            let slot = world.detail.machine.disks.as_ref();
            let why = slot
                .and_then(|s| s.value.as_ref().err())
                .copied()
                .unwrap_or(Missing::Soon);
            line::draw(
                theme,
                area,
                &[(format!(" {why}"), Role::Dim)],
                Modifier::empty(),
                buf,
            );
            return;
        };
        line::draw(
            theme,
            self.layout.answer,
            &self.answer(disks),
            Modifier::empty(),
            buf,
        );
        tables::devices(theme, disks, &self.rates, self.layout.devices, buf);
        tables::filesystems(theme, disks, self.layout.filesystems, buf);
        let title = [
            (" Processes".to_owned(), Role::Title),
            (
                "  by what they read from and write to disks".to_owned(),
                Role::Dim,
            ),
        ];
        line::draw(theme, self.layout.title, &title, Modifier::empty(), buf);
        processes::draw(
            world,
            &self.processes,
            &self.sheet,
            self.layout.processes,
            buf,
        );
    }
}

impl ViewDisks {
    /// The busiest device, and who is at it.
    fn answer(&self, disks: &Disks) -> Vec<(String, Role)> {
        let rated = disks.devices.iter().zip(&self.rates);
        let busiest = rated
            .filter_map(|(d, r)| Some((d, r.as_ref().ok()?)))
            .max_by(|a, b| a.1.busy.total_cmp(&b.1.busy));
        let Some((device, rates)) = busiest else {
            return vec![(" rates need a second reading".to_owned(), Role::Dim)];
        };
        if rates.reads + rates.writes == 0.0 {
            return vec![(" all disks are idle".to_owned(), Role::Strong)];
        }
        let role = if rates.busy >= 80.0 {
            Role::Warn
        } else {
            Role::Strong
        };
        let mut out = vec![
            (format!(" {}", device.name), Role::Strong),
            (" is busy ".to_owned(), Role::Dim),
            (format!("{:.0}%", rates.busy), role),
            (" of the time: reads ".to_owned(), Role::Dim),
            (format::rate(rates.read), Role::Text),
            (", writes ".to_owned(), Role::Dim),
            (format::rate(rates.written), Role::Text),
        ];
        if let Some(top) = self.processes.first().filter(|p| p.total() > 0.0) {
            out.push(("; most by ".to_owned(), Role::Dim));
            out.push((format!("{} {}", top.id.pid, top.name), Role::Strong));
            out.push((format!(" {}", format::rate(top.total())), Role::Text));
        }
        out
    }
}

/// The answer, the devices, the filesystems, the processes: each as high as it needs, the last one what is left.
fn layout(disks: Option<&Disks>, area: Rect) -> Layout {
    let mut y = area.y;
    let mut take = |wanted: u16| {
        let left = area.bottom().saturating_sub(y);
        let height = wanted.min(left);
        let part = Rect { y, height, ..area };
        y += height;
        part
    };
    let (devices, filesystems) = disks.map_or((0, 0), |d| {
        (d.devices.len() as u16, d.filesystems.len() as u16)
    });
    let third = area.height / 3;
    let answer = take(1);
    take(u16::from(area.height > 12));
    let devices = take((devices + 1).min(third));
    take(u16::from(area.height > 12));
    let filesystems = if area.height > 12 {
        take((filesystems + 1).min(third))
    } else {
        take(0)
    };
    take(u16::from(area.height > 16));
    let title = take(u16::from(area.height > 16));
    let rest = take(u16::MAX);
    Layout {
        answer,
        devices,
        filesystems,
        title,
        processes: rest,
    }
}

#[cfg(test)]
mod tests;
