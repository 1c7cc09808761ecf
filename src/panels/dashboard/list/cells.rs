//! The cells of a row: texts with their styles, and the picture of its past.

use std::borrow::Cow;

use ratatui::style::Style;

use super::List;
use crate::app::history::TICKS;
use crate::app::world::World;
use crate::model::groups::grouping::Group;
use crate::model::id::ProcId;
use crate::model::process::column::{Column, Joined, Shows, Sum, Together, Unit, all};
use crate::model::process::forest::{Fold, Forest, Item, Row};
use crate::model::process::stat::State;
use crate::model::snapshot::{Proc, Thread};
use crate::theme::Role;

/// What a row is about: one process or thread, or several that share the row.
pub(super) struct Subject<'a> {
    /// The one that stands for the row.
    pub lead: Cow<'a, Proc>,
    /// All of them where they are several; sums are over these.
    pub all: Vec<Cow<'a, Proc>>,
    /// The thread's name.
    pub thread: Option<&'a Thread>,
    /// It has ended, and is as it was last seen.
    pub gone: bool,
    /// The group that the row stands for.
    pub group: Option<&'a Group>,
    /// Of threads, their process.
    of: Option<&'a Proc>,
}

/// What stands in a cell.
pub(super) enum Cell {
    Text(String, Style),
    /// CPU shares of the last ticks, oldest first.
    Past(Vec<f64>),
}

impl<'a> Subject<'a> {
    pub(super) fn of(list: &'a List, world: &'a World, row: Row) -> Option<Self> {
        let snapshot = &*world.snapshot;
        let forest = &list.forest;
        let lead = Forest::proc(snapshot, &list.ended, forest.node(row.item))?;
        let living = |nodes: &[u32]| -> Vec<Cow<'a, Proc>> {
            let procs = nodes.iter().filter_map(|n| snapshot.procs.get(*n as usize));
            procs.map(Cow::Borrowed).collect()
        };
        let thread = |i: u32| snapshot.threads.get(i as usize);
        let gone = forest.node(row.item) as usize >= snapshot.procs.len();
        Some(match row.item {
            Item::Proc(node) => Self {
                lead: Cow::Borrowed(lead),
                all: match row.fold {
                    Fold::Closed(_) => living(forest.subtree(node)),
                    Fold::Leaf | Fold::Open => Vec::new(),
                },
                thread: None,
                gone,
                group: None,
                of: None,
            },
            Item::Group { .. } => Self {
                lead: Cow::Borrowed(lead),
                all: living(forest.members(row.item)),
                thread: None,
                gone: false,
                group: None,
                of: None,
            },
            Item::Heading(_) => Self {
                lead: Cow::Borrowed(lead),
                // With a filter those who pass, of whom there are rows.
                all: living(&list.passing_of(forest.members(row.item))),
                thread: None,
                gone: false,
                group: forest.heading(row.item),
                of: None,
            },
            Item::Thread { thread: i, .. } => Self {
                lead: Cow::Owned(thread(i)?.as_proc(lead)),
                all: Vec::new(),
                thread: thread(i),
                gone: false,
                group: None,
                of: Some(lead),
            },
            Item::Threads { .. } => {
                let threads = forest.members(row.item).iter().filter_map(|i| thread(*i));
                let all: Vec<Cow<'a, Proc>> =
                    threads.map(|t| Cow::Owned(t.as_proc(lead))).collect();
                Self {
                    lead: all.first()?.clone(),
                    all,
                    thread: forest.members(row.item).first().and_then(|i| thread(*i)),
                    gone: false,
                    group: None,
                    of: Some(lead),
                }
            }
        })
    }

    /// A group that lists nobody, with whoever is in it by another hierarchy; `None` where nobody is.
    pub(super) fn listed_elsewhere(
        list: &'a List,
        world: &'a World,
        group: &'a Group,
    ) -> Option<Self> {
        let groups = &list.forest.groups;
        let place = groups.place(&group.key)?;
        let all = groups.elsewhere(&world.snapshot, place);
        let all: Vec<Cow<'a, Proc>> = all.map(Cow::Borrowed).collect();
        Some(Self {
            lead: all.first()?.clone(),
            all,
            thread: None,
            gone: false,
            group: Some(group),
            of: None,
        })
    }

    /// The number of a column: the sum where several share the row.
    pub(super) fn number(&self, world: &World, column: &Column) -> Option<Sum> {
        if (self.all.len() > 1 || self.group.is_some()) && column.counts_several() {
            column.of_several(&world.snapshot, self.all.iter().map(AsRef::as_ref))
        } else {
            let value = column.number(&world.snapshot, &self.lead)?;
            Some(Sum { value, missing: 0 })
        }
    }

    /// The text of a column of those that share the row.
    pub(super) fn joined<'b>(&'b self, world: &'b World, column: &Column) -> Option<Joined<'b>> {
        column.text_of_several(&world.snapshot, self.all.iter().map(AsRef::as_ref))
    }

    /// Whether all that share the row stand still with their control groups; who is threads of one process with that one's.
    pub(super) fn stands_still(&self, world: &World) -> bool {
        let still = |p: &Proc| world.snapshot.shares.stands_still(p);
        match self.of {
            Some(of) => still(of),
            None if self.gone => false,
            None if self.all.is_empty() => self.group.is_none() && still(&self.lead),
            None => self.all.iter().all(|p| still(p)),
        }
    }

    /// The state that says most among those that share the row.
    fn state(&self) -> State {
        if self.gone {
            return State::Dead;
        }
        let telling = |s: &State| match s {
            State::Running => 3,
            State::Blocked => 2,
            _ => 1,
        };
        let shared = self.thread.is_some()
            || self
                .all
                .iter()
                .all(|p| p.facts.name == self.lead.facts.name);
        let all = self.all.iter().map(|p| p.stat.state).filter(|_| shared);
        all.chain([self.lead.stat.state])
            .max_by_key(telling)
            .unwrap_or_default()
    }

    /// The cell of a column, except the command.
    pub(super) fn cell(&self, list: &List, world: &World, column: &Column) -> Cell {
        let theme = &world.theme;
        let nothing = || Cell::Text(String::new(), Style::new());
        if self.thread.is_some() && !column.of_threads {
            return nothing();
        }
        let joins = self.all.len() > 1 && column.together() == Together::Union;
        if joins || (self.group.is_some() && !column.counts_several()) {
            // What all its members have in common is the group's.
            return match self.joined(world, column) {
                Some(Joined { text: Err(_), .. }) => missing(world),
                Some(joined) => {
                    let sign = joined.sign();
                    let text = joined.text.unwrap_or_default();
                    let text = match column.name {
                        "user" => list.users.shown(&text).into_owned(),
                        _ => text.into_owned() + sign,
                    };
                    let frozen = column.name == "state" && text == all::FROZEN;
                    let role = if frozen { Role::Warn } else { Role::Dim };
                    Cell::Text(text, theme.style(role))
                }
                None => nothing(),
            };
        }
        match column.shows {
            // What it did a second it does no more; what it had when it was last seen is worth knowing.
            Shows::Number { .. }
                if self.gone && (column.over_time() || column.name == all::CPU.name) =>
            {
                missing(world)
            }
            Shows::Number { unit, .. } => {
                let sum = self.number(world, column);
                match sum.map(|sum| (sum.value, sum.sign())) {
                    Some((Ok(value), sign)) => {
                        let (mut text, style) = number(world, unit, value);
                        text.insert_str(0, sign);
                        Cell::Text(text, style)
                    }
                    _ => missing(world),
                }
            }
            Shows::History => Cell::Past(self.past(world, usize::from(column.width))),
            Shows::Text(_) if column.name == "state" && self.stands_still(world) => {
                Cell::Text(all::FROZEN.to_owned(), theme.style(Role::Warn))
            }
            Shows::Text(_) if column.name == "state" => {
                let state = self.state();
                Cell::Text(state.letter().to_string(), theme.style(state_role(state)))
            }
            Shows::Text(of) => match of(&world.snapshot, &self.lead) {
                Ok(text) => {
                    let root = column.name == "user" && self.lead.facts.uid.is_ok_and(|u| u.0 == 0);
                    let role = match column.name {
                        "user" if !root => Role::User,
                        _ => Role::Dim,
                    };
                    let text = match column.name {
                        "user" => list.users.shown(&text).into_owned(),
                        _ => text.into_owned(),
                    };
                    Cell::Text(text, theme.style(role))
                }
                Err(_) => missing(world),
            },
            Shows::Command => Cell::Text(String::new(), Style::new()),
        }
    }

    fn past(&self, world: &World, cells: usize) -> Vec<f64> {
        let mut sum = vec![0.0; cells.min(TICKS)];
        let mut add = |id: ProcId| {
            for (slot, value) in sum.iter_mut().zip(world.history.cpu(id, cells)) {
                *slot += f64::from(value);
            }
        };
        if self.all.len() > 1 || self.group.is_some() {
            self.all.iter().for_each(|p| add(p.id));
        } else {
            add(self.lead.id);
        }
        // What nobody measured stays blank.
        sum.split_off(sum.len() - world.history.measured(sum.len()))
    }
}

fn missing(world: &World) -> Cell {
    let dash = if world.theme.glyphs.ascii { "-" } else { "–" };
    Cell::Text(dash.to_owned(), world.theme.style(Role::Dim))
}

/// How a number of a column reads, and how it looks.
pub(super) fn number(world: &World, unit: Unit, value: f64) -> (String, Style) {
    let theme = &world.theme;
    let text = |value| unit.text(value, &world.snapshot);
    match unit {
        Unit::Percent => {
            let shown = world.scaled(value as f32);
            (text(f64::from(shown)), busy(world, value))
        }
        Unit::Bytes => {
            let total = world.snapshot.system.memory.map_or(0, |m| m.total.0) as f64;
            let role = if value * 100.0 >= total {
                Role::Text
            } else {
                Role::Dim
            };
            (text(value), theme.style(role))
        }
        Unit::BytesRate | Unit::Rate | Unit::Signed => {
            let role = if value >= 1.0 { Role::Text } else { Role::Dim };
            (text(value), theme.style(role))
        }
        _ => (text(value), theme.style(Role::Dim)),
    }
}

/// How a CPU share of one core looks.
pub(super) fn busy(world: &World, of_one_core: f64) -> Style {
    let theme = &world.theme;
    match of_one_core {
        v if v >= 40.0 => theme.style(Role::Strong),
        v if v >= 0.05 => theme.style(Role::Text),
        _ => theme.style(Role::Dim),
    }
}

fn state_role(state: State) -> Role {
    match state {
        State::Running => Role::Good,
        State::Blocked => Role::Bad,
        State::Zombie | State::Stopped | State::Traced => Role::Warn,
        _ => Role::Dim,
    }
}
