//! The network as JSON.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::model::descriptors::count_hidden;
use crate::model::descriptors::socket::{Inet, Scope};
use crate::model::network::{Connection, Interface, Network, reach};
use crate::model::reading::Reading;
use crate::model::text::SafeText;
use crate::report::json::put;

/// A name, and what stands under it.
type Field = (&'static str, fn(&Network) -> Reading<Value>);

/// Puts everything in; `null` where the network could not be read.
pub fn put_in(out: &mut Map<String, Value>, network: &Reading<Network>) {
    let parts: [Field; 6] = [
        ("interfaces", |n| {
            Ok(n.interfaces.iter().map(interface).collect())
        }),
        ("gateways", |n| {
            let each = n.gateways();
            let told = each.map(|(ip, interface)| json!({"address": ip, "interface": interface}));
            Ok(told.collect())
        }),
        ("dns_servers", |n| Ok(json!(n.resolvers))),
        ("listeners", |n| {
            let each = n.listeners().into_iter();
            Ok(each.map(|c| listener(n, c)).collect())
        }),
        ("tcp", |n| Ok(tcp(n))),
        ("processes_not_visible", |n| {
            count_hidden(n.hidden, n.unlisted).map(Value::from)
        }),
    ];
    for (name, make) in parts {
        let value = network.as_ref().map_err(|why| *why).and_then(make);
        put(out, name, value);
    }
}

fn interface(i: &Interface) -> Value {
    let mut out = Map::new();
    let addresses = i.addresses.iter().map(
        |(ip, prefix)| json!({"address": ip, "prefix": prefix, "scope": Scope::of(*ip).word()}),
    );
    let c = &i.counters;
    for (name, value) in [
        ("name", json!(i.name)),
        ("index", json!(i.index)),
        ("kind", json!(i.kind.word)),
        ("vlan_id", json!(i.kind.vlan)),
        ("under", json!(i.kind.under)),
        ("part_of", json!(i.kind.part_of)),
        ("up", json!(i.is_up())),
        ("addresses", addresses.collect()),
        ("received_bytes", json!(c.received.0)),
        ("sent_bytes", json!(c.sent.0)),
        ("packets_in", json!(c.packets_in)),
        ("packets_out", json!(c.packets_out)),
        ("errors_in", json!(c.errors_in)),
        ("errors_out", json!(c.errors_out)),
        ("drops_in", json!(c.drops_in)),
        ("drops_out", json!(c.drops_out)),
    ] {
        out.insert(name.to_owned(), value);
    }
    put(
        &mut out,
        "state",
        i.state.as_ref().map(SafeText::as_str).map_err(|w| *w),
    );
    put(&mut out, "carrier", i.carrier);
    put(&mut out, "speed_mbit_per_second", i.speed);
    put(
        &mut out,
        "mac",
        i.mac.as_ref().map(|m| json!(m)).map_err(|w| *w),
    );
    put(&mut out, "mtu", i.mtu);
    put(
        &mut out,
        "received_bytes_per_second",
        i.rates.map(|r| r.received),
    );
    put(&mut out, "sent_bytes_per_second", i.rates.map(|r| r.sent));
    Value::Object(out)
}

fn listener(network: &Network, c: &Connection) -> Value {
    let each = c.holders.iter();
    let processes: Vec<_> = each
        .map(|(id, name, fd)| json!({"pid": id.pid.0, "name": name, "fd": fd}))
        .collect();
    json!({
        "protocol": c.inet.protocol.word(),
        "address": c.inet.local.ip(),
        "port": c.inet.local.port(),
        "families": families(&c.inet),
        "service": network.service(&c.inet),
        "scope": Scope::of(c.inet.local.ip()).word(),
        "reach": reach(&c.inet),
        "network_namespace": (c.inet.namespace != 0).then_some(c.inet.namespace),
        "own_network_namespace": network.elsewhere(&c.inet).is_none(),
        "uid": c.inet.uid.0,
        "processes": processes,
        "more_processes": c.more,
    })
}

/// From where a listener takes anything: a socket of IPv6 on every address takes IPv4 too, unless it was told not to.
fn families(listener: &Inet) -> Value {
    match (listener.local.ip(), listener.only_v6) {
        (IpAddr::V4(_), _) => json!(["ipv4"]),
        (IpAddr::V6(ip), Some(false)) if ip.is_unspecified() => json!(["ipv4", "ipv6"]),
        (IpAddr::V6(_), _) => json!(["ipv6"]),
    }
}

/// What each process moves, and what short connections moved; `null` in place of a pid where it is not visible.
fn tcp(network: &Network) -> Value {
    let talkers = network.talkers.iter().map(|t| {
        json!({
            "pid": t.who.as_ref().map(|(id, _)| id.pid.0),
            "name": t.who.as_ref().map(|(_, name)| name),
            "connections": t.connections,
            "ended": t.ended,
            "received_bytes_per_second": t.rates.received,
            "sent_bytes_per_second": t.rates.sent,
        })
    });
    let mut out = Map::new();
    out.insert("processes".to_owned(), talkers.collect());
    let short = network.short.map(|s| {
        json!({
            "connections": s.connections,
            "received_bytes_per_second": s.rates.received,
            "sent_bytes_per_second": s.rates.sent,
            "some_missed": s.missed,
        })
    });
    put(&mut out, "short_connections", short);
    Value::Object(out)
}
