//! Tab Sockets: the connections of the process, and the layers under the chosen one.

pub mod layers;
pub mod list;
pub mod row;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::remedy;
use crate::app::action::Action;
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec, has_rows};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::format;
use crate::model::network::{Connection, Network, Rates, Talker};
use crate::model::plan::Needs;
use crate::model::reading::Missing;
use crate::panels::listing;
use crate::panels::words;
use crate::theme::Role;
use crate::widgets::line;
use list::List;

/// Jumps to the process at the other end.
const JUMP: Action = Action {
    name: "jump-to-socket-peer",
    about: "Inspects the process at the other end, where it is on this machine",
    keys: &[Key::of(Code::Enter)],
    hint: "peer",
};

static ACTIONS: [&Action; 18] = listing::actions(moves::FIRST, [&JUMP]);

static SPEC: Spec = Spec {
    name: "sockets",
    title: "Sockets",
    about: "The connections of the process, and the layers under the chosen one, from the program down to the cable.",
    place: Place::Tab,
    needs: Needs::SOCKETS,
    actions: &ACTIONS,
};

/// The tab.
#[derive(Default)]
pub struct SocketsTab {
    list: List,
    network: Option<Arc<Network>>,
    head: Rect,
    layers: Rect,
}

impl SocketsTab {
    fn chosen(&self) -> Option<&Connection> {
        self.list.chosen(self.network.as_deref()?)
    }
}

impl Panel for SocketsTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        self.network = newest(world);
        let head = u16::from(area.height > 3) * 2;
        let layers = match area.height {
            0..=11 => 0,
            12..=15 => 6,
            _ => 8,
        };
        self.head = Rect {
            height: head,
            ..area
        };
        self.layers = Rect {
            y: area.bottom() - layers,
            height: layers,
            ..area
        };
        let table = Rect {
            y: area.y + head,
            height: area.height - head - layers,
            ..area
        };
        let focus = world.focus;
        let belongs = |c: &Connection| c.holders.iter().any(|(id, ..)| Some(*id) == focus);
        self.list
            .fit(world, self.network.as_deref(), table, Vec::new(), belongs);
        Reply::Pass
    }

    has_rows!(list.rows);

    fn enter(&self, _: &World) -> Reply {
        let network = self.network.as_deref();
        let far = network
            .zip(self.chosen())
            .and_then(|(n, c)| row::opposite(n, c));
        match far {
            Some(id) => Reply::Inspect(id, SPEC.name),
            None => Reply::Say("the other end is not a process that can be seen".to_owned()),
        }
    }

    fn copied(&self, _: &World) -> Option<String> {
        self.chosen().map(row::copied)
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == JUMP {
            return self.enter(world);
        }
        self.act_on_rows(world, action)
    }

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::network::SOCKETS]
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        row::explain(self.chosen())
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let Some(network) = self.network.as_deref() else {
            say(world, "reading the sockets …", area, buf);
            return;
        };
        let parts = summary(world, &self.list, network);
        let at = Rect {
            x: area.x + 1,
            height: self.head.height.min(1),
            width: area.width.saturating_sub(1),
            ..self.head
        };
        line::draw(
            &world.theme,
            at,
            &parts,
            ratatui::style::Modifier::empty(),
            buf,
        );
        self.list.rows.render(world, buf);
        if let Some(chosen) = self.chosen() {
            layers::draw(world, network, chosen, self.layers, buf);
        }
    }
}

fn summary(world: &World, list: &List, network: &Network) -> Vec<(String, Role)> {
    let all = list.all(network);
    let (listening, connected): (Vec<_>, Vec<_>) = all.partition(|c| c.inet.listens());
    if listening.is_empty() && connected.is_empty() {
        return match network.focus {
            Err(Missing::Denied) => vec![
                ("– ".to_owned(), Role::Warn),
                (
                    format!(
                        "the kernel does not show its sockets to this user{}",
                        remedy(world)
                    ),
                    Role::Dim,
                ),
            ],
            _ if !network.complete => {
                vec![("reading who holds which socket …".to_owned(), Role::Dim)]
            }
            _ => vec![("It has no TCP or UDP socket.".to_owned(), Role::Dim)],
        };
    }
    let mut out = vec![
        (connected.len().to_string(), Role::Strong),
        (
            if connected.len() == 1 {
                " connection   ".to_owned()
            } else {
                " connections   ".to_owned()
            },
            Role::Dim,
        ),
        (listening.len().to_string(), Role::Strong),
        (" listening".to_owned(), Role::Dim),
    ];
    let rates: Vec<_> = connected.iter().filter_map(|c| c.rates.ok()).collect();
    if !rates.is_empty() {
        let received: f64 = rates.iter().map(|r| r.received).sum();
        let sent: f64 = rates.iter().map(|r| r.sent).sum();
        out.push(("   TCP in ".to_owned(), Role::Dim));
        out.push((format::rate(received), Role::Text));
        out.push((" out ".to_owned(), Role::Dim));
        out.push((format::rate(sent), Role::Text));
    }
    // What ended since the last reading is in no row, and may be most of what a server does.
    let own = |t: &&Talker| t.who.as_ref().map(|(id, _)| *id) == world.focus;
    let ended = network.talkers.iter().find(own).filter(|t| t.ended > 0);
    if let Some(talker) = ended {
        let Rates { received, sent } = talker.of_ended;
        out.push((format!("   {} ended, in ", talker.ended), Role::Dim));
        out.push((format::rate(received), Role::Text));
        out.push((" out ".to_owned(), Role::Dim));
        out.push((format::rate(sent), Role::Text));
    }
    out
}

/// The newest reading of the network.
pub fn newest(world: &World) -> Option<Arc<Network>> {
    let slot = world.detail.machine.network.as_ref()?;
    slot.value.as_ref().ok().cloned()
}

/// One dim line where there is nothing to show.
pub fn say(world: &World, text: &str, area: Rect, buf: &mut Buffer) {
    let text = match world.detail.machine.network.as_ref().map(|s| &s.value) {
        Some(Err(why @ Missing::Denied)) => why.to_string(),
        _ => text.to_owned(),
    };
    let at = Rect {
        x: (area.x + 1).min(area.right()),
        width: area.width.saturating_sub(1),
        height: area.height.min(1),
        ..area
    };
    line::draw(
        &world.theme,
        at,
        &[(text, Role::Dim)],
        ratatui::style::Modifier::empty(),
        buf,
    );
}

#[cfg(test)]
pub mod tests;
