//! View 2: the lanes of all cores, who had them in the shown time, and one process in particular.

mod sensors;
mod table;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::key::{Code, Key, Mouse};
use crate::app::moves;
use crate::app::panel::{Hit, Panel, Place, Reply, Rows, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::ProcId;
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::{Origin, PidStats, Timeline, Window};
use crate::model::text::width;
use crate::panels::charts::{self, Charts};
use crate::panels::dashboard::lanes::picture::{self, Picture};
use crate::panels::dashboard::lanes::summary::{self, SumLine};
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::table::{Row, Table};

/// Opens the selected process.
const INSPECT: Action = Action {
    name: "inspect-slices",
    about: "Inspects the slices of the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static ACTIONS: [&Action; 26] = listing::actions(
    moves::FIRST,
    [
        &picture::CURSOR_LEFT,
        &picture::CURSOR_RIGHT,
        &picture::ZOOM_OUT,
        &picture::ZOOM_IN,
        &picture::EARLIER,
        &picture::LATER,
        &picture::PRESENT,
        &picture::FOCUS,
        &INSPECT,
    ],
);

static SPEC: Spec = Spec {
    name: "view-cpu",
    title: "CPU",
    about: "Which process had each core, for how long, and who took it from whom.",
    place: Place::View(2),
    needs: Needs::SWITCHES.union(Needs::SENSORS),
    actions: &ACTIONS,
};

/// Rows of a lane: three of cells, one for how runs ended.
const TALL: u16 = 4;
/// The same on a low screen, where the rows belong to the processes.
const LOW: u16 = 3;
/// Below this height it is low.
const HIGH: u16 = 30;
/// Rows of the last minutes, where so many are left below them.
const CHARTS: u16 = 7;
const BELOW: u16 = 18;
/// From this width on the selected process has a column of its own.
const BESIDE: u16 = 110;

/// The view.
pub struct ViewCpu {
    picture: Picture,
    list: Listing<ProcId>,
    found: Vec<PidStats>,
    keys: Vec<ProcId>,
    /// The rows below the processes, in full and where there is no room for that, which of them are shown, and where.
    sums: [Vec<Row>; 2],
    few: usize,
    sums_area: Rect,
    side: Vec<SumLine>,
    side_area: Rect,
    charts: Charts,
    made: Option<Made>,
}

impl Default for ViewCpu {
    fn default() -> Self {
        Self {
            picture: Picture::default(),
            list: Listing::sorted_by(table::SHARE),
            found: Vec::new(),
            keys: Vec::new(),
            sums: Default::default(),
            few: 0,
            sums_area: Rect::default(),
            side: Vec::new(),
            side_area: Rect::default(),
            charts: Charts::default(),
            made: None,
        }
    }
}

/// What the table was made of.
struct Made {
    timeline: Arc<Timeline>,
    window: Window,
    sort: (usize, bool),
    chosen: Option<ProcId>,
}

impl ViewCpu {
    fn areas(world: &World, area: Rect) -> [Rect; 4] {
        let count = world.timeline.lanes.len().min(usize::from(u16::MAX / 4)) as u16;
        let count = count.max(1);
        let most = (area.height * 3 / 5).max(1);
        // As many rows for each as there are for all of them, and the axis: none is left over.
        let tall = if area.height < HIGH { LOW } else { TALL };
        let each = (most.saturating_sub(1) / count).clamp(1, tall);
        let lanes = Rect {
            x: area.x + 1.min(area.width),
            width: area.width.saturating_sub(2),
            height: (count * each + 1).min(most),
            ..area
        };
        let left = area.bottom().saturating_sub(lanes.bottom());
        let minutes = Rect {
            y: lanes.bottom(),
            height: if left >= CHARTS + BELOW { CHARTS } else { 0 },
            ..lanes
        };
        let over = minutes.height + u16::from(minutes.height > 0);
        let below = Rect {
            y: lanes.bottom() + over,
            height: left - over,
            ..area
        };
        if area.width < BESIDE {
            return [lanes, minutes, below, Rect::default()];
        }
        let table = Rect {
            width: below.width * 3 / 5,
            ..below
        };
        let side = Rect {
            x: table.right() + 2,
            width: below.width - table.width - 2,
            ..below
        };
        [lanes, minutes, table, side]
    }

    /// Takes the last lines for the sums, as many as leave the processes two thirds.
    fn keep_room(&mut self, below: Rect, heads: u16) -> Rect {
        let most = below.height / 3;
        self.few = usize::from(self.sums[0].len() > usize::from(most));
        let height = (self.sums[self.few].len() as u16).min(most);
        let table = heads.min(below.height / 3)
            + 1
            + self.found.len().min(usize::from(below.height)) as u16;
        // The list gives its head a third of its height.
        let table = table.max(heads * 3).min(below.height - height);
        self.sums_area = Rect {
            y: below.y + table,
            height,
            ..below
        };
        Rect {
            height: table,
            ..below
        }
    }

    fn make(&mut self, world: &World, window: Window) {
        let sort = self.list.sort();
        let chosen = self.list.chosen().copied();
        let same = self.made.as_ref().is_some_and(|m| {
            Arc::ptr_eq(&m.timeline, &world.timeline) && m.window == window && m.sort == sort
        });
        if !same {
            self.found = world.timeline.by_process(window);
            table::sort(&mut self.found, sort);
            self.keys = self.found.iter().map(|p| p.who.id).collect();
            self.sums = [false, true].map(|few| table::sums(world, window, few));
        }
        let side = self.made.as_ref().map(|m| m.chosen);
        if !same || side != Some(chosen) {
            let lines = chosen.map(|id| summary::lines(world, id, window));
            self.side = lines.unwrap_or_default();
        }
        self.made = Some(Made {
            timeline: Arc::clone(&world.timeline),
            window,
            sort,
            chosen,
        });
    }
}

impl Panel for ViewCpu {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan(&self, _: &World, plan: &mut Plan) {
        plan.needs |= SPEC.needs;
        plan.glimpse = plan.glimpse.or(self.picture.glimpse());
        plan.needs |= self.picture.needs();
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        let [lanes, minutes, below, side] = Self::areas(world, area);
        self.side_area = side;
        let subjects = [&charts::CPU, &charts::SWITCHES, &charts::PRESSURE];
        self.charts.fit(world, &subjects, minutes);
        let right = picture::numbers_width(lanes.width);
        self.picture.fit(world, lanes, TALL, right);
        let Some(window) = self.picture.window() else {
            return Reply::Pass;
        };
        self.make(world, window);
        let heads = heads(world, window, below.width);
        let below = self.keep_room(below, heads.len() as u16);
        let (found, seconds) = (&self.found, world.timeline.known(window).seconds());
        let name = |i: usize| table::name(world, &found[i]);
        let content = Content {
            columns: table::columns(world.timeline.origin),
            order: table::order,
            head: heads,
            foot: &listing::no_foot,
            titles: true,
            keys: &self.keys,
            words: &|i| format!("{} {}", found[i].who.id.pid, name(i)),
            row: &|i| table::row(world, &found[i], &name(i), seconds),
        };
        self.list.fit(below, content);
        // The first fit chooses the first row.
        if self.made.as_ref().map(|m| m.chosen) != Some(self.list.chosen().copied()) {
            self.make(world, window);
        }
        Reply::Pass
    }

    has_rows!(list);

    fn enter(&self, _: &World) -> Reply {
        self.list.inspect("schedule")
    }

    fn copied(&self, world: &World) -> Option<String> {
        let found = self.found.get(self.list.selected()?)?;
        Some(format!(
            "{} {}",
            found.who.id.pid,
            table::name(world, found)
        ))
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            return self.enter(world);
        }
        if *action == picture::FOCUS
            && let Some(id) = self.list.chosen()
        {
            self.picture.focused = !self.picture.focused;
            return Reply::Focus(*id);
        }
        let moves_picture = [&picture::CURSOR_LEFT, &picture::CURSOR_RIGHT].contains(&action);
        if moves_picture || picture::TIME.contains(&action) {
            return self.picture.act(world, action).unwrap_or_default();
        }
        // The first Esc leaves what the cursor and the panning hold, the next one the view.
        if action == moves::CLEAR && self.picture.settle() {
            return Reply::Done;
        }
        self.act_on_rows(world, action)
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        match self.picture.mouse(world, mouse) {
            Reply::Pass => match self.list.mouse(mouse) {
                Hit::Missed => Reply::Pass,
                Hit::Taken => Reply::Done,
                Hit::Again => self.enter(world),
            },
            Reply::Focus(id) => {
                self.list.choose(id);
                Reply::Focus(id)
            }
            other => other,
        }
    }

    fn title(&self, world: &World) -> Vec<(String, Role)> {
        let mut title = vec![("Time sharing ".to_owned(), Role::Title)];
        title.extend(picture::origin(&self.picture, world));
        title
    }

    fn status(&self, world: &World) -> String {
        let system = &world.snapshot.system;
        let rate = system.switches.map_or("–".to_owned(), format::per_second);
        let running = system.running.map_or("–".to_owned(), |n| n.to_string());
        let machine = format!("{rate} switches/s · {running} running");
        format!("{}  {machine}", self.list.status())
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::views::CPU]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let mut words = picture::explain(world);
        words.extend(sensors::explain(world));
        words
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if world.timeline.origin == Origin::None {
            let why = "not known yet who has the cores";
            listing::empty(&world.theme, area, why, buf);
            return;
        }
        self.picture.draw(world, buf);
        self.charts.draw(world, buf);
        self.list.render(world, buf);
        let sums = Table {
            columns: table::columns(world.timeline.origin),
            rows: &self.sums[self.few],
            selected: None,
            sort: None,
            needle: "",
            header: false,
        };
        sums.render(&world.theme, self.sums_area, buf);
        let side = Rect {
            y: self.side_area.y + 1,
            height: self.side_area.height.saturating_sub(1),
            ..self.side_area
        };
        if self.side_area.width > 0 {
            summary::draw(&world.theme, &self.side, side, buf);
        }
    }
}

/// The lines above the table: sensors where there are any, who holds the machine back, what the table is about.
fn heads(world: &World, window: Window, room: u16) -> Vec<listing::Parts> {
    let sensors = sensors::line(world);
    let forms = [
        pressure(world, " running or waiting on", true),
        pressure(world, " running or waiting on", false),
    ];
    let fits = |parts: &listing::Parts| {
        let cells: usize = parts.iter().map(|(text, _)| width(text)).sum();
        cells <= usize::from(room)
    };
    let fitting = forms.into_iter().find(fits);
    let mut out = vec![fitting.unwrap_or_else(|| pressure(world, " runnable,", false))];
    if !sensors.is_empty() {
        out.push(sensors);
    }
    out.push(head(world, window));
    out
}

/// How many tasks want a core, and for how much of the time some waited; `minute`: also on average of the last one.
fn pressure(world: &World, wanting: &str, minute: bool) -> listing::Parts {
    let system = &world.snapshot.system;
    let cores = system.cores.len();
    let running = match system.running {
        Ok(n) if n as usize > cores => (n.to_string(), Role::Warn),
        Ok(n) => (n.to_string(), Role::Strong),
        Err(why) => (format!("– ({})", why.word()), Role::Dim),
    };
    let mut parts = vec![
        running,
        (format!("{wanting} {cores} cores"), Role::Dim),
        (" · pressure ".to_owned(), Role::Dim),
    ];
    match &system.pressure[0] {
        Ok(p) => {
            let role = if p.some_10 >= 10.0 {
                Role::Warn
            } else {
                Role::Strong
            };
            parts.push((format!("{:.0}%", p.some_10), role));
            if minute {
                parts.push((format!(", {:.0}% in 60 s", p.some_60), Role::Dim));
            }
        }
        Err(why) => parts.push((format!("– {}", why.word()), Role::Dim)),
    }
    if let Ok([one, five, fifteen]) = system.load {
        parts.push((
            format!(" · load {one:.2} {five:.2} {fifteen:.2}"),
            Role::Dim,
        ));
    }
    parts
}

/// What the table is about.
fn head(world: &World, window: Window) -> listing::Parts {
    let line = &world.timeline;
    let known = line.known(window);
    let mut parts = vec![
        ("Who had the cores ".to_owned(), Role::Title),
        (format!("in these {}", picture::rounded(known)), Role::Dim),
    ];
    if let Some(why) = picture::unknown(world, window) {
        parts.truncate(1);
        parts.push((format!(" · not known: {why}"), Role::Dim));
        return parts;
    }
    let rest = line.rest(window);
    let all = known.seconds() * line.lanes.len() as f64;
    let known = all - rest.unknown.seconds();
    if known > 0.0 {
        let text = rest.idle.map_or_else(
            || " · busy – · idle –, which nothing counts".to_owned(),
            |idle| {
                let idle = idle.seconds() * 100.0 / known;
                let busy = (100.0 - idle).max(0.0);
                format!(" · busy {busy:.1}% · idle {idle:.1}%")
            },
        );
        parts.push((text, Role::Dim));
    }
    parts
}

#[cfg(test)]
mod tests;
