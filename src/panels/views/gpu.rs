//! View 7, where there is a card: each card with how busy it was, its memory, heat and power, and who uses it.

use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::format::{bytes, percent};
use crate::model::id::{Bytes, Nanos, Pid};
use crate::model::machine::gpu::{Card, Gpus, User};
use crate::model::plan::Needs;
use crate::model::process::user_names::UserNames;
use crate::model::reading::{Missing, Reading};
use crate::panels::charts;
use crate::panels::listing::{self, Content, Listing, Order, Parts};
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::table::{Column, Row};

/// Opens the selected process.
const INSPECT: Action = Action {
    name: "inspect-gpu-user",
    about: "Inspects the selected process",
    keys: &[Key::of(Code::Enter)],
    hint: "inspect",
};

static ACTIONS: [&Action; 18] = listing::actions(moves::FIRST, [&INSPECT]);

static SPEC: Spec = Spec {
    name: "view-gpu",
    title: "Graphics cards",
    about: "Each graphics card: how busy it is, its memory, heat and power, and who uses it.",
    place: Place::View(7),
    needs: Needs::GPU,
    actions: &ACTIONS,
};

const COLUMNS: [Column; 6] = [
    Column::right("CARD", 4, 0),
    Column::right("PID", 8, 0),
    Column::left("USER", listing::USER, 5),
    Column::right("GPU%", 6, 0),
    Column::right("GPU MEM", 8, 0),
    Column::left("COMMAND", 16, 0).growing(),
];

/// The column that the table is sorted by at first.
const MEMORY: usize = 4;
/// How many readings a picture shows.
const KEPT: usize = 60;

fn order(column: usize) -> Order {
    match column {
        0 | 1 | 2 | 5 => Order::Ascending,
        _ => Order::Descending,
    }
}

/// The view.
pub struct ViewGpu {
    list: Listing<(u32, Pid)>,
    users: Vec<(u32, User)>,
    /// How busy each card was, oldest first; `None` where that was not told.
    past: Vec<VecDeque<(Nanos, Option<f32>)>>,
    heard: Nanos,
}

impl Default for ViewGpu {
    fn default() -> Self {
        Self {
            list: Listing::sorted_by(MEMORY),
            users: Vec::new(),
            past: Vec::new(),
            heard: Nanos(0),
        }
    }
}

/// What is known of the cards.
fn known(world: &World) -> Reading<&Gpus> {
    let slot = world.detail.machine.gpus.as_ref().ok_or(Missing::Soon)?;
    slot.value.as_ref().map(AsRef::as_ref).map_err(|why| *why)
}

fn text<T>(reading: Reading<T>, told: impl FnOnce(T) -> String) -> (String, Role) {
    match reading {
        Ok(value) => (told(value), Role::Text),
        Err(_) => ("–".to_owned(), Role::Faint),
    }
}

impl ViewGpu {
    fn remember(&mut self, world: &World, gpus: &Gpus) {
        let at = world
            .detail
            .machine
            .gpus
            .as_ref()
            .map_or(Nanos(0), |s| s.at);
        // What was read of a moment of the past tells nothing of those around it.
        if at == self.heard || world.looks_back() {
            return;
        }
        self.heard = at;
        self.past.resize_with(gpus.cards.len(), VecDeque::new);
        for (past, card) in self.past.iter_mut().zip(&gpus.cards) {
            past.push_back((at, card.busy.ok()));
            if past.len() > KEPT {
                past.pop_front();
            }
        }
    }

    /// Two lines of a card: what it is and does, and the picture of its past with heat and power.
    fn card(card: &Card) -> [Parts; 2] {
        let label = |name: &str| (format!("   {name} "), Role::Dim);
        let of = |part: Reading<Bytes>, all: Reading<Bytes>| match (part, all) {
            (Ok(part), Ok(all)) => (format!("{} of {}", bytes(part), bytes(all)), Role::Text),
            (part, _) => text(part, bytes),
        };
        let first = vec![
            (format!("{} {}", card.index, card.name), Role::Strong),
            (format!("  {}", card.driver), Role::Dim),
            label("busy"),
            text(card.busy, |b| format!("{b:.0} %")),
            label("memory"),
            of(card.used, card.total),
            label("moved"),
            text(card.memory_busy, |b| format!("{b:.0} %")),
        ];
        // The picture of its past stands in these cells.
        let mut second = vec![(" ".repeat(KEPT + 2), Role::Good)];
        second.extend([
            label("heat"),
            text(card.temperature, |t| format!("{t:.0} °C")),
            label("power"),
            match (card.power, card.power_limit) {
                (Ok(now), Ok(most)) => (format!("{now:.0} of {most:.0} W"), Role::Text),
                (now, _) => text(now, |now| format!("{now:.0} W")),
            },
            label("clock"),
            text(card.clock, |mhz| format!("{mhz} MHz")),
            label("encoder"),
            text(card.encoder, |p| format!("{p:.0} %")),
            label("decoder"),
            text(card.decoder, |p| format!("{p:.0} %")),
        ]);
        if card.asleep {
            let asleep = "  asleep: it is not asked, which would wake it";
            second = vec![(asleep.to_owned(), Role::Dim)];
        }
        if let Some(trouble) = card.trouble {
            let name = vec![(format!("{} {}", card.index, card.name), Role::Strong)];
            return [name, vec![(format!("  – {trouble}"), Role::Warn)]];
        }
        if card.split {
            second.push((
                "   split (MIG): use is not told of the whole".to_owned(),
                Role::Warn,
            ));
        }
        [first, second]
    }

    fn head(world: &World) -> Vec<Parts> {
        match known(world) {
            Ok(gpus) => gpus.cards.iter().flat_map(Self::card).collect(),
            Err(why) if why.is_unread() && world.looks_back() => Vec::new(),
            Err(Missing::Soon) => vec![vec![("the cards are being asked …".to_owned(), Role::Dim)]],
            Err(Missing::Late) => vec![vec![(
                "– the driver tells nothing: it did not answer in time, since it opens its cards, or hangs".to_owned(),
                Role::Warn,
            )]],
            Err(why) => vec![vec![(
                format!("– the driver tells nothing: {why}"),
                Role::Warn,
            )]],
        }
    }
}

/// A name for one who uses a card; of another pid namespace only the host's number is known.
fn command(world: &World, pid: Pid) -> (String, String, bool) {
    match world.snapshot.by_pid(pid) {
        Some(proc) => (proc.facts.user.to_string(), proc.command_line(), true),
        None => (
            String::new(),
            "a number of the host, of nobody that is seen here".to_owned(),
            false,
        ),
    }
}

impl Panel for ViewGpu {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn tick(&mut self, world: &World) {
        if let Ok(gpus) = known(world) {
            self.remember(world, gpus);
        }
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.users.clear();
        if let Ok(gpus) = known(world) {
            for card in &gpus.cards {
                let users = card.users.iter().flatten();
                self.users.extend(users.map(|user| (card.index, *user)));
            }
        }
        let (by, inverted) = self.list.sort();
        let memory = |user: &User| user.memory.ok();
        let key = |pid: Pid| command(world, pid);
        self.users
            .sort_by_key(|(card, user)| (std::cmp::Reverse(memory(user)), *card, user.pid));
        match by {
            0 => self.users.sort_by_key(|(card, _)| *card),
            1 => self.users.sort_by_key(|(_, user)| user.pid),
            2 => self.users.sort_by_key(|(_, user)| key(user.pid).0),
            3 => self.users.sort_by(|(_, a), (_, b)| {
                let busy = |u: &User| u.busy.unwrap_or(-1.0);
                busy(b).total_cmp(&busy(a))
            }),
            5 => self.users.sort_by_key(|(_, user)| key(user.pid).1),
            _ => {}
        }
        if inverted {
            self.users.reverse();
        }
        let keys: Vec<(u32, Pid)> = self.users.iter().map(|(card, u)| (*card, u.pid)).collect();
        let users = &self.users;
        let words = |i: usize| {
            let (user, command, _) = command(world, users[i].1.pid);
            format!("{} {} {user} {command}", users[i].0, users[i].1.pid)
        };
        let head = Self::head(world);
        let called = UserNames::within(&world.snapshot, usize::from(listing::USER));
        let row = |i: usize| row(world, &called, users[i].0, &users[i].1);
        let content = Content {
            columns: &COLUMNS,
            order,
            titles: true,
            head,
            foot: &listing::no_foot,
            keys: &keys,
            words: &words,
            row: &row,
        };
        self.list.fit(area, content);
        Reply::Pass
    }

    has_rows!(list);

    fn enter(&self, world: &World) -> Reply {
        let chosen = self
            .list
            .chosen()
            .and_then(|(_, pid)| world.snapshot.by_pid(*pid));
        match chosen {
            Some(proc) => Reply::Inspect(proc.id, "files"),
            None => Reply::Done,
        }
    }

    fn copied(&self, world: &World) -> Option<String> {
        let (card, user) = self.users.get(self.list.selected()?)?;
        let (_, command, _) = command(world, user.pid);
        Some(format!("card {card} {} {command}", user.pid))
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == INSPECT {
            return self.enter(world);
        }
        self.act_on_rows(world, action)
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::views::GPU]
    }

    fn explain(&self, world: &World) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if let Ok(gpus) = known(world)
            && gpus.cards.iter().any(|card| card.split)
        {
            out.push(("MIG".to_owned(), "The card is split into parts; the driver tells of each part, which is not asked for here.".to_owned()));
        }
        out
    }

    fn render(&self, world: &World, _: Rect, buf: &mut Buffer) {
        self.list.render(world, buf);
        let cards = known(world).map_or(&[][..], |gpus| &gpus.cards);
        for (at, card) in cards.iter().enumerate() {
            let Some(line) = self
                .list
                .head_line(2 * at + 1)
                .filter(|_| !card.asleep && card.trouble.is_none())
            else {
                continue;
            };
            let area = Rect {
                x: line.x + 2.min(line.width),
                width: (KEPT as u16).min(line.width.saturating_sub(2)),
                ..line
            };
            let points = self.points(world, at);
            charts::bars(world, &points, 100.0, Role::Good, area, buf);
        }
    }
}

impl ViewGpu {
    /// How busy a card was until the moment that is shown, oldest first: of the past what was kept.
    fn points(&self, world: &World, card: usize) -> Vec<(Nanos, Option<f64>)> {
        let busy = |busy: Option<f32>| busy.map(f64::from);
        if !world.looks_back() {
            let past = self.past.get(card).into_iter().flatten();
            let past = past.filter(|(at, _)| *at <= world.snapshot.at);
            return past.map(|(at, value)| (*at, busy(*value))).collect();
        }
        let read = world.readings.part(|detail| &detail.machine.gpus);
        let all: Vec<_> = read
            .map(|slot| {
                let cards = slot.value.as_ref().ok().map(|gpus| &gpus.cards);
                let card = cards.and_then(|cards| cards.get(card));
                (slot.at, card.and_then(|card| busy(card.busy.ok())))
            })
            .collect();
        all[all.len().saturating_sub(KEPT)..].to_vec()
    }
}

fn row(world: &World, called: &UserNames, card: u32, user: &User) -> Row {
    let theme = &world.theme;
    let cell = |text: String, role| Line::from(Span::styled(text, theme.style(role)));
    let (name, command, seen) = command(world, user.pid);
    let of = |(text, role): (String, Role)| cell(text, role);
    Row {
        cells: vec![
            cell(card.to_string(), Role::Dim),
            cell(user.pid.to_string(), Role::Text),
            cell(called.shown(&name).into_owned(), Role::User),
            of(text(user.busy, percent)),
            of(text(user.memory, bytes)),
            cell(command, if seen { Role::Text } else { Role::Dim }),
        ],
        style: Style::new(),
    }
}

#[cfg(test)]
mod tests;
