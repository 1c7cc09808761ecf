//! The first three lines: whose ports, whose bandwidth, which way out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::format;
use crate::model::network::{Network, Rates, Talker};
use crate::model::socket::Scope;
use crate::model::text::SafeText;
use crate::theme::Role;
use crate::widgets::line;

type Part = (String, Role);

/// How many names an answer gives at most; the line cuts what does not fit.
const NAMES: usize = 8;

/// Draws the answers.
pub fn draw(world: &World, network: &Network, area: Rect, buf: &mut Buffer) {
    let all = [ports(network), bandwidth(network), way_out(network)];
    for (parts, y) in all.iter().zip(area.y..area.bottom()) {
        let at = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(&world.theme, at, parts, Modifier::empty(), buf);
    }
}

fn label(text: &str) -> Part {
    (format!("{text:<10} "), Role::Dim)
}

fn ports(network: &Network) -> Vec<Part> {
    let listeners = network.listeners();
    let open = listeners
        .iter()
        .filter(|c| Scope::of(c.inet.local.ip()) != Scope::Loopback);
    let mut out = vec![
        label("ports"),
        (listeners.len().to_string(), Role::Strong),
        (" listen, ".to_owned(), Role::Dim),
        (open.count().to_string(), Role::Strong),
        (" beyond this machine".to_owned(), Role::Dim),
    ];
    for c in listeners.iter().take(NAMES) {
        out.push(("   ".to_owned(), Role::Dim));
        out.push((c.inet.local.port().to_string(), Role::Text));
        if let Some(service) = network.service(&c.inet) {
            out.push((format!(" {service}"), Role::Dim));
        }
        match c.holders.first() {
            Some((_, name, _)) => out.push((format!(" {name}"), Role::Accent)),
            None => out.push((format!(" uid {}", c.inet.uid), Role::Dim)),
        }
    }
    out
}

fn bandwidth(network: &Network) -> Vec<Part> {
    let mut out = vec![label("bandwidth")];
    let busy: Vec<&Talker> = network
        .talkers
        .iter()
        .filter(|t| t.rates.sum() >= 1.0)
        .take(NAMES)
        .collect();
    if network.talkers.is_empty() && network.connected().any(|c| c.inet.tcp.is_some()) {
        out.push(("TCP only: needs a second reading".to_owned(), Role::Dim));
        return out;
    }
    if busy.is_empty() {
        out.push(("TCP only: nobody moves anything now".to_owned(), Role::Dim));
    } else {
        out.push(("TCP only:".to_owned(), Role::Dim));
    }
    for talker in busy {
        out.push(("   ".to_owned(), Role::Dim));
        match &talker.who {
            Some((id, name)) => {
                out.push((format!("{} ", id.pid), Role::Dim));
                out.push((name.to_string(), Role::Accent));
            }
            None => out.push(("not visible".to_owned(), Role::Dim)),
        }
        moved(&mut out, talker.rates);
    }
    if let Ok(short) = network.short
        && short.sum() >= 1.0
    {
        out.push(("   short connections".to_owned(), Role::Dim));
        moved(&mut out, short);
    }
    out
}

fn moved(out: &mut Vec<Part>, rates: Rates) {
    out.push((" in ".to_owned(), Role::Dim));
    out.push((format::rate(rates.received), Role::Strong));
    out.push((" out ".to_owned(), Role::Dim));
    out.push((format::rate(rates.sent), Role::Strong));
}

fn way_out(network: &Network) -> Vec<Part> {
    let mut out = vec![label("way out")];
    let mut seen = Vec::new();
    for (gateway, name) in network.gateways() {
        if !seen.contains(&name) {
            out.push((name.to_string(), Role::Strong));
            if let Some(Ok(rates)) = network.interface(name).map(|i| i.rates) {
                moved(&mut out, rates);
            }
            seen.push(name);
        }
        out.push((" gateway ".to_owned(), Role::Dim));
        out.push((gateway.to_string(), Role::Text));
        out.push(("  ".to_owned(), Role::Dim));
    }
    if seen.is_empty() {
        out.push((
            "no default route: only networks that are right here".to_owned(),
            Role::Warn,
        ));
    }
    if !network.resolvers.is_empty() {
        let names: Vec<_> = network.resolvers.iter().map(SafeText::as_str).collect();
        out.push((" names from ".to_owned(), Role::Dim));
        out.push((names.join(", "), Role::Text));
    }
    out
}

/// What the answers mean.
pub fn explain() -> Vec<(String, String)> {
    [
        (
            "beyond this machine",
            "Listeners on an address that others can reach: every address, a private or a public one.",
        ),
        (
            "TCP only",
            "What each process moves is known only for TCP; UDP, and so QUIC, has no byte counters. \
             The interfaces count everything.",
        ),
        (
            "short connections",
            "Connections that began and ended between two readings; the kernel tells what they moved, not whose they were.",
        ),
        ("names from", "The servers of /etc/resolv.conf. pscope asks none of them."),
    ]
    .map(|(word, about)| (word.to_owned(), about.to_owned()))
    .to_vec()
}
