//! The first three lines: whose ports, whose bandwidth, which way out.

use crate::model::descriptors::socket::Scope;
use crate::model::format;
use crate::model::network::{Connection, Network, Rates, Talker};
use crate::model::text::SafeText;
use crate::panels::views::answers::Answer;
use crate::theme::Role;
use crate::widgets::line::Styled;

/// The answers.
pub fn of(network: &Network) -> [Answer; 3] {
    [ports(network), bandwidth(network), way_out(network)]
}

fn ports(network: &Network) -> Answer {
    let (listeners, away): (Vec<_>, Vec<_>) = network
        .listeners()
        .into_iter()
        .partition(|c| network.elsewhere(&c.inet).is_none());
    let open = listeners
        .iter()
        .filter(|c| Scope::of(c.inet.local.ip()) != Scope::Loopback);
    let mut out = Answer::to("ports");
    out.say(listeners.len().to_string(), Role::Strong);
    out.say(" listen, ", Role::Dim);
    out.say(open.count().to_string(), Role::Strong);
    out.say(" beyond this machine", Role::Dim);
    if !away.is_empty() {
        out.say(", ", Role::Dim);
        out.say(away.len().to_string(), Role::Strong);
        out.say(" in other namespaces", Role::Dim);
    }
    out.add(listeners.iter().map(|c| port(network, c)));
    out
}

fn port(network: &Network, c: &Connection) -> Vec<Styled> {
    let mut out = vec![(c.inet.local.port().to_string(), Role::Text)];
    if let Some(service) = network.service(&c.inet) {
        out.push((format!(" {service}"), Role::Dim));
    }
    out.push(match c.holders.first() {
        Some((_, name, _)) => (format!(" {name}"), Role::Accent),
        None => (format!(" uid {}", c.inet.uid), Role::Dim),
    });
    out
}

fn bandwidth(network: &Network) -> Answer {
    let mut out = Answer::to("bandwidth");
    if network.span.0 == 0 {
        out.say("TCP only: needs a second reading", Role::Dim);
        return out;
    }
    let mut busy: Vec<(Rates, Vec<Styled>)> = network.talkers.iter().map(talker).collect();
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
    let words = if busy.is_empty() {
        "TCP only: nobody moves anything now"
    } else {
        "TCP only:"
    };
    out.say(words, Role::Dim);
    match network.short {
        Ok(short) if short.missed => {
            let text = " more ended than the kernel could tell, too low";
            out.say(text, Role::Warn);
        }
        Err(why) if !why.is_unread() => {
            out.say(format!(" short connections – {why}"), Role::Dim);
        }
        _ => {}
    }
    out.add(busy.into_iter().map(|(rates, mut name)| {
        moved(&mut name, rates);
        name
    }));
    out
}

fn talker(of: &Talker) -> (Rates, Vec<Styled>) {
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

fn moved(out: &mut Vec<Styled>, rates: Rates) {
    out.push((" in ".to_owned(), Role::Dim));
    out.push((format::rate(rates.received), Role::Strong));
    out.push((" out ".to_owned(), Role::Dim));
    out.push((format::rate(rates.sent), Role::Strong));
}

fn way_out(network: &Network) -> Answer {
    let mut out = Answer::to("way out");
    let mut ways: Vec<Vec<Styled>> = Vec::new();
    let mut seen = Vec::new();
    for (gateway, name) in network.gateways() {
        let mut way = Vec::new();
        if !seen.contains(&name) {
            way.push((format!("{name} "), Role::Strong));
            seen.push(name);
        }
        way.push(("gateway ".to_owned(), Role::Dim));
        way.push((gateway.to_string(), Role::Text));
        if let Some(name) = network.names.hosts.name(gateway) {
            way.push((format!(" {name}"), Role::Dim));
        }
        ways.push(way);
    }
    if seen.is_empty() {
        let text = "no default route: only networks that are right here";
        out.say(text, Role::Warn);
    }
    if !network.resolvers.is_empty() {
        let names: Vec<_> = network.resolvers.iter().map(SafeText::as_str).collect();
        ways.push(vec![
            ("names from ".to_owned(), Role::Dim),
            (names.join(", "), Role::Text),
        ]);
    }
    for name in seen {
        if let Some(Ok(rates)) = network.interface(name).map(|i| i.rates) {
            let mut way = vec![(name.to_string(), Role::Strong)];
            moved(&mut way, rates);
            ways.push(way);
        }
    }
    out.add(ways.into_iter());
    out
}
