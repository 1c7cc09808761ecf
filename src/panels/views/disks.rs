//! View 4: who is hammering the disk? Devices with what they do a second, filesystems with what is left, processes by I/O.

mod layout;
mod processes;
mod tables;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use layout::{Layout, layout};

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Rows as _, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::detail::Stamped;
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::machine::disk::{DiskRates, Disks};
use crate::model::machine::requests::{Kind, Requests};
use crate::model::plan::{Needs, Plan};
use crate::model::process::user_names::UserNames;
use crate::model::reading::{Missing, Reading};
use crate::panels::charts::{self, Charts};
use crate::panels::listing::{self, Content, Listing};
use crate::panels::rights;
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::line;

/// Opens the selected process.
const INSPECT: Action = Action {
    name: "inspect-writer",
    about: "Inspects the files of the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static ACTIONS: [&Action; 18] = listing::actions(moves::FIRST, [&INSPECT]);

static SPEC: Spec = Spec {
    name: "view-disks",
    title: "Disks",
    about: "What each disk does and how long each request took, how full filesystems are, and which processes read and write.",
    place: Place::View(4),
    needs: Needs::DISKS.union(Needs::DISK_REQUESTS).union(Needs::IO),
    actions: &ACTIONS,
};

/// The view.
pub struct ViewDisks {
    list: Listing<ProcId>,
    processes: processes::List,
    /// Whom the answer names: who moves the most, whatever the order of the table.
    busiest: Option<processes::Busy>,
    newest: Option<Arc<Disks>>,
    requests: Option<Arc<Requests>>,
    rates: Vec<Reading<DiskRates>>,
    layout: Layout,
    charts: Charts,
}

impl Default for ViewDisks {
    fn default() -> Self {
        Self {
            list: Listing::sorted_by(processes::BY_BOTH),
            processes: processes::List::default(),
            busiest: None,
            newest: None,
            requests: None,
            rates: Vec::new(),
            layout: Layout::default(),
            charts: Charts::default(),
        }
    }
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
        let requests = world.detail.machine.requests.as_ref();
        self.requests = requests.and_then(|slot| slot.value.clone().ok());
        let Some(Stamped { value: Ok(now), .. }) = &world.detail.machine.disks else {
            if world.looks_back() {
                // What is known is of another moment, perhaps of another machine.
                (self.newest, self.rates) = (None, Vec::new());
            }
            return;
        };
        match &self.newest {
            Some(before) if before.at == now.at => return,
            Some(before) => self.rates = now.rates(before),
            None => self.rates = vec![Err(world.to_come()); now.told().len()],
        }
        self.newest = Some(Arc::clone(now));
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let accounted = self.newest.as_ref().and_then(|d| d.delay_accounting);
        let requests = self.requests.as_deref();
        let chosen = self.list.chosen().copied();
        self.processes = processes::list(&world.snapshot, accounted, requests, chosen);
        self.busiest = self.processes.busiest().cloned();
        processes::sort(&mut self.processes.rows, self.list.sort());
        self.layout = layout(self.newest.as_deref(), requests, area);
        let subjects = [&charts::DISKS, &charts::PRESSURE];
        self.charts.fit(world, &subjects, self.layout.minutes);
        let keys: Vec<ProcId> = self.processes.rows.iter().map(|p| p.id).collect();
        let users = UserNames::within(&world.snapshot, usize::from(listing::USER));
        let columns = self.processes.columns();
        let processes = &self.processes.rows;
        let content = Content {
            columns: &columns,
            order: processes::order,
            titles: true,
            head: Vec::new(),
            foot: &listing::no_foot,
            keys: &keys,
            words: &|i| processes[i].words(),
            row: &|i| processes::row(world, &users, &processes[i]),
        };
        self.list.fit(self.layout.processes, content);
        Reply::Pass
    }

    has_rows!(list);

    fn enter(&self, _: &World) -> Reply {
        self.list.inspect("files")
    }

    fn copied(&self, _: &World) -> Option<String> {
        let row = self.processes.rows.get(self.list.selected()?);
        row.map(processes::Busy::words)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            return self.enter(world);
        }
        self.act_on_rows(world, action)
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::views::DISKS]
    }

    fn now(&self, _: &World, word: &str) -> Option<String> {
        let cells = self.list.chosen_cells();
        let cell = cells.into_iter().find(|(head, _)| *head == word);
        let (device, rates) = self.busiest_device()?;
        let device = match word {
            "BUSY" => format!("{:.0}%", rates.busy),
            "READ REQ/s" => format::per_second(rates.reads),
            "WRITE REQ/s" => format::per_second(rates.writes),
            "READ TOOK" => took(rates.read_latency_ms),
            "WRITE TOOK" => took(rates.write_latency_ms),
            "QUEUE" => format!("{:.1}", rates.queue),
            "READ p99" => self.slowest(device, Kind::Read)?,
            "WRITE p99" => self.slowest(device, Kind::Write)?,
            _ => return cell.map(|(_, text)| text),
        } + " of "
            + device;
        Some(device)
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        self.missing(world)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let Some(disks) = self.newest.as_deref() else {
            let slot = world.detail.machine.disks.as_ref();
            let why = slot
                .and_then(|s| s.value.as_ref().err())
                .copied()
                .unwrap_or(world.to_come());
            line::draw(
                theme,
                area,
                &[(format!(" {why}"), Role::Dim)],
                Modifier::empty(),
                buf,
            );
            return;
        };
        let answers = [self.answer(disks), fullest(disks), self.waiting(world)];
        for (i, parts) in answers
            .iter()
            .enumerate()
            .take(usize::from(self.layout.answer.height))
        {
            let row = Rect {
                y: self.layout.answer.y + i as u16,
                height: 1,
                ..self.layout.answer
            };
            line::draw(theme, row, parts, Modifier::empty(), buf);
        }
        self.charts.draw(world, buf);
        let requests = self.requests.as_deref();
        if let Some(requests) = requests {
            charts::requests::draw(world, requests, self.layout.requests, buf);
        }
        let devices = self.layout.devices;
        tables::devices(theme, disks, &self.rates, requests, devices, buf);
        tables::filesystems(theme, disks, self.layout.filesystems, buf);
        let title = self.processes.title();
        line::draw(theme, self.layout.title, &title, Modifier::empty(), buf);
        self.list.render(world, buf);
    }
}

impl ViewDisks {
    /// Who is held up by a disk now. That somebody is not, is said of those only of whom it is known.
    fn waiting(&self, world: &World) -> Vec<(String, Role)> {
        let names = self.processes.held_up();
        let unknown = self.processes.held_unknown();
        let hidden = world.snapshot.unlisted().is_some();
        let nobody = match (hidden, unknown.is_empty()) {
            (true, _) => " nobody who is listed is known to be blocked on a disk",
            (false, false) => " nobody is known to be blocked on a disk",
            (false, true) => " nobody is blocked on a disk",
        };
        let mut out = if names.is_empty() {
            vec![(nobody.to_owned(), Role::Dim)]
        } else {
            vec![
                (" blocked on a disk: ".to_owned(), Role::Dim),
                (names, Role::Bad),
            ]
        };
        if !unknown.is_empty() {
            let text = "; in state D, on what is not told to this user: ";
            out.push((text.to_owned(), Role::Dim));
            out.push((unknown, Role::Warn));
        }
        let elsewhere = self.processes.held_elsewhere();
        if let Some(first) = elsewhere.first() {
            out.push(("; ".to_owned(), Role::Dim));
            out.push((first.clone(), Role::Warn));
            if elsewhere.len() > 1 {
                out.push((format!(" and {} more", elsewhere.len() - 1), Role::Dim));
            }
        }
        out
    }

    /// Why there are dashes, for those that there are.
    fn missing(&self, world: &World) -> Vec<(String, String)> {
        let dash = |why: String| ("–".to_owned(), why);
        let mut out = Vec::new();
        let disks = self.newest.as_deref();
        if let Some(requests) = self.requests.as_deref().filter(|r| !r.counted()) {
            let why = format!("each request and how long it took: {}", requests.why);
            out.push(dash(why));
        }
        if disks.is_some_and(|d| d.delay_accounting == Some(false)) {
            let how = "the kernel does not account how long tasks wait for disks: turn it on with 'sysctl kernel.task_delayacct=1' (what waited before is not counted)";
            out.push(dash(how.to_owned()));
        }
        if self.processes.denied > 0 {
            let how = &format!(
                "processes of other users do not show what they read and write: {}",
                rights(world)
            );
            out.push(dash(format!("{} {how}", self.processes.denied)));
        }
        for f in disks.map_or(&[][..], |d| &d.filesystems) {
            if let Err(why) = f.space {
                out.push(dash(format!("{}: {}", f.mount, tables::silence(why))));
            }
        }
        out
    }

    /// How long all but one of a hundred requests to a device took, where there were some.
    fn slowest(&self, device: &str, kind: Kind) -> Option<String> {
        let of = self.requests.as_deref()?.of(device, kind)?;
        of.took.p99.ok().map(format::duration)
    }

    /// The device that is busy for most of the time, where rates are known.
    fn busiest_device(&self) -> Option<(&str, &DiskRates)> {
        let disks = self.newest.as_deref()?;
        let rated = disks.told().iter().zip(&self.rates);
        rated
            .filter_map(|(d, r)| Some((d.name.as_str(), r.as_ref().ok()?)))
            .max_by(|a, b| a.1.busy.total_cmp(&b.1.busy))
    }

    /// The busiest device, and who is at it.
    fn answer(&self, disks: &Disks) -> Vec<(String, Role)> {
        if let Err(why) = disks.devices {
            return vec![(format!(" disks – {why}"), Role::Dim)];
        }
        if disks.told().is_empty() {
            return vec![(" no disk has done anything yet".to_owned(), Role::Dim)];
        }
        let Some((device, rates)) = self.busiest_device() else {
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
            (format!(" {device}"), Role::Strong),
            (" is busy ".to_owned(), Role::Dim),
            (format!("{:.0}%", rates.busy), role),
            (" of the time: reads ".to_owned(), Role::Dim),
            (format::rate(rates.read), Role::Text),
            (", writes ".to_owned(), Role::Dim),
            (format::rate(rates.written), Role::Text),
        ];
        if let Some(top) = &self.busiest {
            let by = if top.by_ended() {
                "; most by children that ended, of "
            } else {
                "; most by "
            };
            out.push((by.to_owned(), Role::Dim));
            out.push((format!("{} {}", top.id.pid, top.name), Role::Strong));
            out.push((format!(" {}", format::rate(top.total())), Role::Text));
        }
        out
    }
}

/// How long a request took, or that there was none.
fn took(ms: Option<f64>) -> String {
    match ms {
        None => "–".to_owned(),
        // The kernel counts whole milliseconds: that it counted none does not mean that they took no time.
        Some(0.0) => "<1ms".to_owned(),
        Some(ms) => format::duration(crate::model::id::Nanos((ms * 1e6) as u64)),
    }
}

/// The fullest filesystem, and those that do not answer.
fn fullest(disks: &Disks) -> Vec<(String, Role)> {
    let known = disks
        .filesystems
        .iter()
        .filter_map(|f| Some((f, f.fullness()?)));
    let mut out = Vec::new();
    if let Some((f, percent)) = known.max_by(|a, b| a.1.total_cmp(&b.1)) {
        let role = if percent >= 90.0 {
            Role::Warn
        } else {
            Role::Strong
        };
        out.push((format!(" {}", f.mount), Role::Strong));
        out.push((" is the fullest: ".to_owned(), Role::Dim));
        out.push((format!("{percent:.0}%"), role));
        let left = if f.is_short_of_inodes() {
            let free = f.space.map_or(0, |s| s.inodes_free);
            format!(" of its inodes, {} left", format::count(free))
        } else {
            let left = f.space.map_or(0, |s| s.available.0);
            format!(", {} left", format::bytes(Bytes(left)))
        };
        out.push((left, Role::Dim));
    }
    let silent = disks
        .filesystems
        .iter()
        .filter(|f| f.space == Err(Missing::Late));
    let silent = silent.map(|f| match f.silent {
        Some(lasts) => format!("{} for {}", f.mount, format::duration(lasts)),
        None => f.mount.to_string(),
    });
    let silent: Vec<String> = silent.collect();
    if !silent.is_empty() {
        let gap = if out.is_empty() { " " } else { "; " };
        out.push((
            format!("{gap}no answer from {}", silent.join(", ")),
            Role::Bad,
        ));
    }
    out
}

#[cfg(test)]
mod tests;
