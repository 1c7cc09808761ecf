//! The layers under one connection, from the program down to the cable, one line each.

use std::net::IpAddr;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::descriptors::socket::{Protocol, Scope};
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::network::{Connection, Interface, Network, reach};
use crate::model::reading::{Missing, Reading};
use crate::theme::Role;
use crate::widgets::line::{self, Styled};

/// Draws the five layers below a title; as many lines as there is room for.
pub fn draw(world: &World, network: &Network, c: &Connection, area: Rect, buf: &mut Buffer) {
    let title = vec![
        ("LAYERS ".to_owned(), Role::Title),
        ("under the chosen socket".to_owned(), Role::Dim),
    ];
    let all = [
        title,
        application(c),
        transport(network, c),
        internet(network, c),
        link(network, c),
        physical(network, c),
    ];
    let skip = usize::from(area.height > 6);
    for (parts, y) in all.iter().zip(area.y + skip as u16..area.bottom()) {
        let at = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(&world.theme, at, parts, Modifier::empty(), buf);
    }
}

fn layer(name: &str) -> Vec<Styled> {
    vec![(format!("{name:<12} "), Role::Dim)]
}

fn application(c: &Connection) -> Vec<Styled> {
    let mut out = layer("application");
    for (id, name, fd) in &c.holders {
        out.push((format!("{} {name}", id.pid), Role::Strong));
        out.push((format!("  fd {fd}   "), Role::Dim));
    }
    if c.holders.is_empty() {
        out.push((format!("a process of uid {}", c.inet.uid), Role::Text));
    }
    if c.more > 0 {
        out.push((format!("and {} more", c.more), Role::Dim));
    }
    out
}

fn transport(network: &Network, c: &Connection) -> Vec<Styled> {
    let inet = &c.inet;
    let mut out = layer("transport");
    out.push((inet.protocol.word().to_uppercase(), Role::Strong));
    let ports = match (inet.listens(), inet.remote.port()) {
        (true, _) | (_, 0) => format!(" port {}", inet.local.port()),
        (false, there) => format!(" port {} to {there}", inet.local.port()),
    };
    out.push((ports, Role::Text));
    if let Some(service) = network.service(inet) {
        out.push((format!(" {service}"), Role::Accent));
    }
    out.push((format!("   {}", inet.state.word(inet.protocol)), Role::Text));
    match (&inet.tcp, inet.protocol) {
        (Some(tcp), _) => {
            let rtt = tcp.rtt.map_or_else(
                || "–".to_owned(),
                |(rtt, by)| format!("{} ± {}", format::duration(rtt), format::duration(by)),
            );
            let text = format!(
                "   rtt {rtt}   window {} × {}   resent {}   in all {} in, {} out",
                tcp.window,
                format::bytes(Bytes(u64::from(tcp.mss))),
                tcp.retransmits,
                format::bytes(tcp.received),
                format::bytes(tcp.acked),
            );
            out.push((text, Role::Dim));
        }
        (None, Protocol::Udp) => out.push(("   UDP counts nothing".to_owned(), Role::Dim)),
        (None, Protocol::Tcp) => {}
    }
    out
}

fn internet(network: &Network, c: &Connection) -> Vec<Styled> {
    let inet = &c.inet;
    let mut out = layer("network");
    out.push((
        if inet.local.is_ipv6() {
            "IPv6 "
        } else {
            "IPv4 "
        }
        .to_owned(),
        Role::Strong,
    ));
    if inet.listens() || inet.remote.port() == 0 {
        out.push((inet.local_end(), Role::Text));
        out.push((format!("   for {}", reach(inet)), Role::Dim));
        out.extend(elsewhere(network, c).map(|text| (text, Role::Dim)));
        return out;
    }
    let say = |out: &mut Vec<Styled>, ip: IpAddr| {
        out.push((ip.to_string(), Role::Text));
        out.push((format!(" {}", Scope::of(ip).word()), Role::Dim));
        if let Some(name) = network.names.hosts.name(ip) {
            out.push((format!(" {name}"), Role::Accent));
        }
    };
    say(&mut out, inet.local.ip());
    out.push((" to ".to_owned(), Role::Dim));
    say(&mut out, inet.remote.ip());
    let ways = match network.ways(inet.namespace) {
        Ok(ways) => ways,
        Err(why) => {
            let text = format!("   in another network namespace, whose routes are – : {why}");
            out.push((text, Role::Dim));
            return out;
        }
    };
    let (interface, route) = ways.to(inet.remote.ip());
    if let Some(interface) = interface {
        out.push((format!("   by {}", interface.name), Role::Text));
    }
    match route {
        Some(route) => {
            let net = match route.prefix {
                0 => "default route".to_owned(),
                prefix => format!("{}/{prefix}", route.destination),
            };
            out.push((format!(", {net}"), Role::Dim));
            if let Some(gateway) = route.gateway {
                out.push((format!(", gateway {gateway}"), Role::Dim));
            }
        }
        None if interface.is_some() || Scope::of(inet.remote.ip()) == Scope::Loopback => {
            out.push((", on this machine".to_owned(), Role::Dim));
        }
        None => out.push(("   no route is known".to_owned(), Role::Dim)),
    }
    out.extend(elsewhere(network, c).map(|text| (text, Role::Dim)));
    out
}

/// What is said where the interfaces and routes are not those of pscope itself.
fn elsewhere(network: &Network, c: &Connection) -> Option<String> {
    let name = network.elsewhere(&c.inet)?;
    Some(format!(", in another network namespace, {name}"))
}

/// The interface that the socket's packets use; a listener for everyone uses them all, which is `None`.
fn interface<'a>(network: &'a Network, c: &Connection) -> Reading<Option<&'a Interface>> {
    let ip = if c.inet.remote.port() == 0 {
        c.inet.local.ip()
    } else {
        c.inet.remote.ip()
    };
    if ip.is_unspecified() {
        return Ok(None);
    }
    let found = network.ways(c.inet.namespace)?.to(ip).0;
    found.map(Some).ok_or(Missing::Unsupported)
}

fn link(network: &Network, c: &Connection) -> Vec<Styled> {
    let mut out = layer("link");
    let i = match interface(network, c) {
        Ok(Some(i)) => i,
        Ok(None) => {
            out.push(("every interface".to_owned(), Role::Dim));
            return out;
        }
        Err(_) => {
            out.push(("–".to_owned(), Role::Dim));
            return out;
        }
    };
    out.push((i.name.to_string(), Role::Strong));
    let kind = i.kind.words();
    if !kind.is_empty() {
        out.push((format!("  {kind}"), Role::Dim));
    }
    match &i.mac {
        Ok(Some(mac)) => out.push((format!("   {mac}"), Role::Text)),
        Ok(None) => out.push(("   no hardware address".to_owned(), Role::Dim)),
        Err(_) => out.push(("   –".to_owned(), Role::Dim)),
    }
    out.push((format!("   MTU {}", or_dash(i.mtu)), Role::Text));
    let errors = i.counters.errors_in + i.counters.errors_out;
    let drops = i.counters.drops_in + i.counters.drops_out;
    let role = if errors + drops > 0 {
        Role::Warn
    } else {
        Role::Dim
    };
    out.push((format!("   {errors} errors, {drops} drops"), role));
    out
}

fn physical(network: &Network, c: &Connection) -> Vec<Styled> {
    let Ok(Some(i)) = interface(network, c) else {
        return Vec::new();
    };
    let mut out = layer("physical");
    if i.is_loopback() {
        out.push((
            "none: the kernel hands it back to itself".to_owned(),
            Role::Dim,
        ));
        return out;
    }
    let (carrier, role) = match i.carrier {
        Ok(true) => ("carrier", Role::Good),
        Ok(false) => ("no carrier", Role::Bad),
        Err(_) => ("carrier –", Role::Dim),
    };
    out.push((carrier.to_owned(), role));
    match i.speed {
        Ok(mbit) => out.push((format!("   {}", format::bit_rate(mbit)), Role::Text)),
        Err(_) => out.push(("   speed –".to_owned(), Role::Dim)),
    }
    out
}

fn or_dash(value: Reading<u32>) -> String {
    value.map_or_else(|_| "–".to_owned(), |v| v.to_string())
}
