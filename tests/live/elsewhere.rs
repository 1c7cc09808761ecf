//! The puppet's child in another network namespace: its sockets, and its own interfaces and routes.

use std::time::Duration;

use pscope::model::id::Pid;
use pscope::model::network::{Connection, Network};
use pscope::model::reading::Missing;
use pscope::sampler::descriptors::joined::shared::Shared;
use pscope::sampler::network::Networks;
use pscope::sys::root::ProcRoot;

use super::puppet::{Puppet, id_of};

fn read(of: Option<u32>) -> Network {
    let root = ProcRoot::live();
    let mut networks = Networks::new(&root, Shared::new(&root));
    let read = networks.network(Duration::from_mins(1), of.map(Pid));
    read.expect("the network")
}

#[test]
fn a_process_in_another_network_namespace_has_its_own_surroundings() {
    let puppet = Puppet::start();
    let said = &puppet.truth["elsewhere"];
    let Some(child) = said["child"].as_u64() else {
        println!("skipped: this user may not have a network namespace of its own");
        return;
    };
    let (child, port) = (child as u32, said["port"].as_u64());
    let network = read(Some(child));
    let foreign = network.foreign.as_ref().expect("another namespace");
    assert_ne!(foreign.namespace, network.namespace);
    let interfaces = foreign.interfaces.as_ref().expect("at least their names");
    let lo = interfaces.iter().find(|i| i.name.as_str() == "lo");
    let lo = lo.expect("every namespace has one");
    let alone = interfaces.len() < network.interfaces.len();
    assert!(alone || network.interfaces.len() == 1, "{interfaces:?}");
    if lo.mtu == Err(Missing::Denied) {
        println!(
            "skipped: this user may not enter the namespace, and sees names and counters only"
        );
        assert!(lo.counters.packets_in > 0, "the text is readable: {lo:?}");
    } else {
        assert!(lo.mtu.is_ok() && !lo.addresses.is_empty(), "{lo:?}");
    }
    let mine = |c: &&Connection| {
        c.inet.namespace == foreign.namespace && Some(u64::from(c.inet.local.port())) == port
    };
    let all: Vec<_> = network.connections.iter().filter(mine).collect();
    assert!(!all.is_empty(), "its sockets are seen");
    let holds = |c: &&Connection| c.holders.iter().any(|(id, ..)| *id == id_of(child));
    assert!(all.iter().any(holds), "{all:?}");
    let ways = network.ways(foreign.namespace).expect("they were read");
    let (interface, route) = ways.to("127.0.0.1".parse().expect("an address"));
    assert_eq!(interface.map(|i| i.name.as_str()), Some("lo"));
    assert_eq!(route, None);
}

#[test]
fn our_own_namespace_is_no_other() {
    let network = read(Some(std::process::id()));
    assert_eq!(network.foreign, None);
    assert!(network.ways(network.namespace).is_ok());
}
