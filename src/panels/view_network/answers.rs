//! The first three lines: whose ports, whose bandwidth, which way out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::format;
use crate::model::network::{Network, Rates, Talker};
use crate::model::reading::Missing;
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
    let (listeners, away): (Vec<_>, Vec<_>) = network
        .listeners()
        .into_iter()
        .partition(|c| network.elsewhere(&c.inet).is_none());
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
    if !away.is_empty() {
        out.push((", ".to_owned(), Role::Dim));
        out.push((away.len().to_string(), Role::Strong));
        out.push((" in other namespaces".to_owned(), Role::Dim));
    }
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
    if network.span.0 == 0 {
        out.push(("TCP only: needs a second reading".to_owned(), Role::Dim));
        return out;
    }
    let mut busy: Vec<(Rates, Vec<Part>)> = network.talkers.iter().map(talker).collect();
    // Short connections take the place among the others that is due to what they move.
    if let Ok(short) = network.short {
        let name = format::counted(
            short.connections as u64,
            "short connection",
            "short connections",
        );
        let name = (name, Role::Text);
        busy.push((short.rates, vec![name]));
    }
    busy.retain(|(rates, _)| rates.sum() >= 1.0);
    busy.sort_by(|a, b| b.0.sum().total_cmp(&a.0.sum()));
    let nobody = busy.is_empty();
    let words = if nobody {
        "TCP only: nobody moves anything now"
    } else {
        "TCP only:"
    };
    out.push((words.to_owned(), Role::Dim));
    match network.short {
        Ok(short) if short.missed => {
            let text = " more ended than the kernel could tell, too low";
            out.push((text.to_owned(), Role::Warn));
        }
        Err(why) if why != Missing::Soon => {
            out.push((format!(" short connections – {why}"), Role::Dim));
        }
        _ => {}
    }
    for (rates, name) in busy.into_iter().take(NAMES) {
        out.push(("   ".to_owned(), Role::Dim));
        out.extend(name);
        moved(&mut out, rates);
    }
    out
}

fn talker(of: &Talker) -> (Rates, Vec<Part>) {
    let mut name = match &of.who {
        Some((id, name)) => vec![
            (format!("{} ", id.pid), Role::Dim),
            (name.to_string(), Role::Accent),
        ],
        None => vec![("not visible".to_owned(), Role::Dim)],
    };
    if of.ended > 0 {
        let text = format!(" with {} ended", format::count(of.ended as u64));
        name.push((text, Role::Dim));
    }
    (of.rates, name)
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
        if let Some(name) = network.names.hosts.name(gateway) {
            out.push((format!(" {name}"), Role::Dim));
        }
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
            "in other namespaces",
            "Listeners in network namespaces other than ours, as containers have them: their ports are not ports of this machine.",
        ),
        (
            "TCP only",
            "What each process moves is known only for TCP; UDP, and so QUIC, has no byte counters. \
             The interfaces count everything.",
        ),
        (
            "short connections",
            "Connections that began and ended between two readings. The kernel tells what they moved, not whose they were; \
             those of a port that somebody listens on are counted there.",
        ),
        (
            "with N ended",
            "So many connections of the process ended since the last reading; what they moved is counted with the others.",
        ),
        ("names from", "The servers of /etc/resolv.conf. pscope asks none of them."),
    ]
    .map(|(word, about)| (word.to_owned(), about.to_owned()))
    .to_vec()
}
