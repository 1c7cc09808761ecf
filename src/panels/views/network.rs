//! View 5: who owns this port, who eats my bandwidth, which way out? Then every socket.

mod answers;
mod interfaces;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Rows as _, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::descriptors::socket::State;
use crate::model::format;
use crate::model::network::{Connection, Network};
use crate::model::plan::Needs;
use crate::panels::charts::{self, Charts};
use crate::panels::inspector::sockets::list::List;
use crate::panels::inspector::sockets::{layers, newest, row, say};
use crate::panels::listing;
use crate::panels::words;
use crate::theme::Role;

/// Opens the process that holds the selected socket.
const INSPECT: Action = Action {
    name: "inspect-owner",
    about: "Inspects the sockets of the process that holds the selected one",
    keys: &[Key::of(Code::Enter)],
    hint: "owner",
};

/// Chooses which sockets are listed.
const SHOW: Action = Action {
    name: "which-sockets",
    about: "Lists all sockets, only those that listen, only connections, or those that are over",
    keys: &[Key::char('g')],
    hint: "listening/connected",
};

static ACTIONS: [&Action; 19] = listing::actions(moves::HOME, [&INSPECT, &SHOW]);

static SPEC: Spec = Spec {
    name: "view-network",
    title: "Network",
    about: "Who owns which port, who moves how much over TCP, and which way packets leave.",
    place: Place::View(5),
    needs: Needs::NETWORK,
    actions: &ACTIONS,
};

/// Which sockets are listed.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Which {
    #[default]
    All,
    Listening,
    Connected,
    /// What is over, of which the kernel keeps the ports.
    Over,
}

/// The view.
pub struct ViewNetwork {
    list: List,
    which: Which,
    network: Option<Arc<Network>>,
    answers: Rect,
    minutes: Rect,
    interfaces: Rect,
    layers: Rect,
    charts: Charts,
}

impl Default for ViewNetwork {
    fn default() -> Self {
        Self {
            list: List::of_all(),
            which: Which::default(),
            network: None,
            answers: Rect::ZERO,
            minutes: Rect::ZERO,
            interfaces: Rect::ZERO,
            layers: Rect::ZERO,
            charts: Charts::default(),
        }
    }
}

impl ViewNetwork {
    fn chosen(&self) -> Option<&Connection> {
        self.list.chosen(self.network.as_deref()?)
    }

    /// The one line for all connections that are over.
    fn folded(world: &World, count: u64) -> listing::Parts {
        let told = format::counted(count, "connection is", "connections are");
        let key = world.keys.shown(&SHOW);
        vec![
            (format!("{told} over"), Role::Text),
            (
                format!(" (time-wait): the kernel keeps the ports for a minute · {key} shows them"),
                Role::Dim,
            ),
        ]
    }

    /// The answers always stand; interfaces and layers only where the table keeps room enough.
    fn divide(&mut self, area: Rect) -> Rect {
        let shown = self.network.as_deref().map_or(0, interfaces::height);
        let answers = area.height.min(3);
        let high = area.height >= charts::HIGH;
        let minutes = if high { charts::ROWS + 1 } else { 0 };
        let rest = area.height - answers - minutes;
        let interfaces = if rest >= shown + 8 { shown } else { 0 };
        let layers = if rest >= interfaces + 18 { 8 } else { 0 };
        let mut y = area.y;
        let mut take = |height: u16| {
            let part = Rect { y, height, ..area };
            y += height;
            part
        };
        self.answers = take(answers);
        let minutes = take(minutes);
        self.minutes = charts::inset(Rect {
            y: minutes.y + u16::from(high),
            height: minutes.height.saturating_sub(1),
            ..minutes
        });
        self.interfaces = take(interfaces);
        let gap = u16::from(interfaces > 0 || rest > 12);
        take(gap.min(rest));
        let table = take(rest.saturating_sub(interfaces + layers + gap));
        self.layers = take(layers);
        table
    }
}

impl Panel for ViewNetwork {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.network = newest(world);
        let table = self.divide(area);
        self.charts.fit(world, &[&charts::NETWORK], self.minutes);
        let which = self.which;
        let over = |c: &Connection| c.inet.state == State::TimeWait;
        let all = self.network.as_deref().map_or(&[][..], |n| &n.connections);
        let folded = all.iter().filter(|c| over(c)).count() as u64;
        let head = if folded > 0 && matches!(which, Which::All | Which::Connected) {
            vec![Self::folded(world, folded)]
        } else {
            Vec::new()
        };
        self.list.fit(
            world,
            self.network.as_deref(),
            table,
            head,
            |c| match which {
                Which::All => !over(c),
                Which::Listening => c.inet.listens(),
                Which::Connected => !c.inet.listens() && !over(c),
                Which::Over => over(c),
            },
        );
        Reply::Pass
    }

    has_rows!(list.rows);

    fn enter(&self, _: &World) -> Reply {
        let Some(chosen) = self.chosen() else {
            return Reply::Say("nothing is selected".to_owned());
        };
        match chosen.holders.first() {
            Some((id, ..)) => Reply::Inspect(*id, "sockets"),
            None if chosen.inet.inode == 0 => Reply::Say("no process holds this socket".to_owned()),
            None if !self.network.as_deref().is_some_and(|n| n.complete) => Reply::Say(
                "descriptors are still being read: its owner is not known yet".to_owned(),
            ),
            None => Reply::Say("the owner of this socket is not visible".to_owned()),
        }
    }

    fn copied(&self, _: &World) -> Option<String> {
        self.chosen().map(row::copied)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        match *action {
            INSPECT => self.enter(world),
            SHOW => {
                self.which = match self.which {
                    Which::All => Which::Listening,
                    Which::Listening => Which::Connected,
                    Which::Connected => Which::Over,
                    Which::Over => Which::All,
                };
                Reply::Done
            }
            _ => self.act_on_rows(world, action),
        }
    }

    fn status(&self, _: &World) -> String {
        let which = match self.which {
            Which::All => "all sockets",
            Which::Listening => "listening",
            Which::Connected => "connections",
            Which::Over => "time-wait",
        };
        format!("{which}  {}", self.list.rows.status())
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::network::NETWORK, words::network::SOCKETS]
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        row::explain(self.chosen())
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let Some(network) = self.network.as_deref() else {
            say(world, "reading the network …", area, buf);
            return;
        };
        super::answers::draw(world, &answers::of(network), self.answers, buf);
        self.charts.draw(world, buf);
        interfaces::draw(world, network, self.interfaces, buf);
        self.list.rows.render(world, buf);
        if self.layers.height > 0
            && let Some(chosen) = self.chosen()
        {
            layers::draw(world, network, chosen, self.layers, buf);
        }
    }
}

#[cfg(test)]
mod tests;
