//! The network in lines: interfaces, the way out, who listens, who moves how much.

use super::{Pieces, label};
use crate::model::descriptors::socket::Scope;
use crate::model::format;
use crate::model::network::{Connection, Interface, Network, reach};
use crate::model::text::SafeText;
use crate::report::printer::Ink;

/// A line for each interface that is up or has an address, for each gateway, the servers of names, each listener, and
/// each process that moves anything over TCP.
pub fn lines(network: &Network, missing: &str) -> Vec<Pieces> {
    let worth = |i: &&Interface| i.is_up() || !i.addresses.is_empty();
    let mut out: Vec<Pieces> = network
        .interfaces
        .iter()
        .filter(worth)
        .map(interface)
        .collect();
    for (gateway, name) in network.gateways() {
        out.push(vec![
            label("gateway"),
            (format!("{gateway} by {name}"), Ink::Plain),
        ]);
    }
    if !network.resolvers.is_empty() {
        let all: Vec<_> = network.resolvers.iter().map(SafeText::as_str).collect();
        out.push(vec![label("names from"), (all.join(", "), Ink::Plain)]);
    }
    out.extend(
        network
            .listeners()
            .into_iter()
            .map(|c| listener(network, c)),
    );
    out.extend(talkers(network, missing));
    out
}

fn interface(i: &Interface) -> Pieces {
    let mut facts = vec![if i.is_up() {
        "up".to_owned()
    } else {
        i.state.as_ref().map_or("down", |s| s.as_str()).to_owned()
    }];
    facts.extend(i.speed.ok().map(format::bit_rate));
    for (ip, prefix) in &i.addresses {
        facts.push(format!("{ip}/{prefix} {}", Scope::of(*ip).word()));
    }
    if let Ok(rates) = i.rates {
        let (received, sent) = (format::rate(rates.received), format::rate(rates.sent));
        facts.push(format!("in {received} out {sent}"));
    }
    facts.push(i.kind.words());
    let mac = match &i.mac {
        Ok(Some(mac)) => format!("{mac} "),
        _ => String::new(),
    };
    facts.extend(i.mtu.ok().map(|mtu| format!("{mac}MTU {mtu}")));
    let c = &i.counters;
    for (n, word) in [
        (c.errors_in + c.errors_out, "errors"),
        (c.drops_in + c.drops_out, "drops"),
    ] {
        if n > 0 {
            facts.push(format!("{n} {word}"));
        }
    }
    facts.retain(|fact| !fact.is_empty());
    vec![label(i.name.as_str()), (facts.join("  "), Ink::Plain)]
}

fn listener(network: &Network, c: &Connection) -> Pieces {
    let service = network.service(&c.inet).map(|s| format!(" {s}"));
    let away = network.elsewhere(&c.inet);
    let what = format!(
        "{} {}{} for {}{}",
        c.inet.protocol.word(),
        c.inet.local_end(),
        service.unwrap_or_default(),
        reach(&c.inet),
        away.map_or_else(String::new, |name| format!(" in network namespace {name}"))
    );
    let who = match c.holders.first() {
        Some((id, name, _)) => {
            let more = match c.holders.len() - 1 + c.more {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            format!("  {} {name}{more}", id.pid)
        }
        None if network.hidden > 0 || network.unlisted => {
            format!("  uid {}, owner not visible", c.inet.uid)
        }
        None => format!("  uid {}, no visible process", c.inet.uid),
    };
    let ink = match Scope::of(c.inet.local.ip()) {
        Scope::Loopback => Ink::Plain,
        _ => Ink::Strong,
    };
    vec![label("listens"), (what, ink), (who, Ink::Plain)]
}

fn talkers(network: &Network, missing: &str) -> Vec<Pieces> {
    let mut all: Vec<_> = network
        .talkers
        .iter()
        .map(|t| {
            let who = t.who.as_ref();
            let who = who.map_or_else(
                || "not visible".to_owned(),
                |(id, name)| format!("{} {name}", id.pid),
            );
            (t.rates, who)
        })
        .collect();
    let short = match network.short {
        Ok(short) => {
            let missed = if short.missed {
                ", not all were told"
            } else {
                ""
            };
            let words = format!("{} short connections{missed}", short.connections);
            all.push((short.rates, words));
            None
        }
        Err(why) => Some(format!("short connections {missing} {why}")),
    };
    all.retain(|(rates, _)| rates.sum() >= 1.0);
    all.sort_by(|a, b| b.0.sum().total_cmp(&a.0.sum()));
    let mut out: Vec<Pieces> = all
        .into_iter()
        .map(|(rates, who)| {
            let (received, sent) = (format::rate(rates.received), format::rate(rates.sent));
            let text = format!("in {received} out {sent}  {who}");
            vec![label("TCP"), (text, Ink::Plain)]
        })
        .collect();
    out.extend(short.map(|text| vec![label("TCP"), (text, Ink::Dim)]));
    out
}
