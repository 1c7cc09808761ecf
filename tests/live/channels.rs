//! The puppet and its child: every descriptor has its kind, and every channel is found from both of its ends.

use pscope::model::descriptors::descriptor::{Descriptor, Files};
use pscope::model::descriptors::ipc::{Edge, Ipc};
use pscope::model::descriptors::peer::Flow;
use pscope::model::reading::Missing;
use pscope::sampler::descriptors::ipc::Talks;
use pscope::sampler::descriptors::joined::Descriptors;
use pscope::sampler::descriptors::joined::shared::Shared;
use pscope::sys::root::ProcRoot;
use serde_json::Value;
use std::time::Duration;

use super::puppet::{Puppet, id_of};

fn child(puppet: &Puppet) -> u32 {
    let pid = puppet.truth["channels"]["child"].as_u64();
    pid.expect("a pid") as u32
}

fn files(pid: u32) -> Files {
    Descriptors::all_of(&ProcRoot::live(), id_of(pid)).expect("our own")
}

fn row<'a>(files: &'a Files, fd: &Value) -> &'a Descriptor {
    let fd = fd.as_u64().expect("a number") as u32;
    let found = files.rows.iter().find(|d| d.fd == fd);
    found.expect("it is open")
}

fn channels(puppet: &Puppet) -> &[Value] {
    puppet.truth["channels"]["list"].as_array().expect("a list")
}

#[test]
fn every_channel_names_the_other_end_from_both_sides() {
    let puppet = Puppet::start();
    let (ours, theirs) = (files(puppet.pid()), files(child(&puppet)));
    for said in channels(&puppet) {
        let name = &said["name"];
        let (here, there) = (row(&ours, &said["fd"]), row(&theirs, &said["peer_fd"]));
        assert_eq!(here.kind.word(), said["kind"], "{name}: {here:?}");
        let socket = here.kind.is_socket();
        if socket && here.socket.is_none() {
            println!("skipped {name}: this kernel tells nothing of such sockets");
            continue;
        }
        let peer = |of: &Descriptor, pid: u32, fd: u32| {
            let found = of.peers.named.iter().find(|p| p.id.pid.0 == pid);
            let found = found.unwrap_or_else(|| panic!("{name} has no peer {pid}: {of:?}"));
            assert_eq!(found.fd, Some(fd), "{name}");
            found.flow
        };
        let flow = peer(here, child(&puppet), there.fd);
        assert_eq!(flow.turned(), peer(there, puppet.pid(), here.fd), "{name}");
        let expected = match said["flow"].as_str() {
            Some("in") => Flow::In,
            Some("out") => Flow::Out,
            _ => Flow::Both,
        };
        assert_eq!(flow, expected, "{name}");
    }
}

#[test]
fn a_terminal_of_another_devpts_has_two_sides_wherever_it_is_mounted() {
    let puppet = Puppet::mode("terminal");
    let said = &puppet.truth;
    let Some(child) = said["child"].as_u64() else {
        println!("skipped: this user may not mount");
        return;
    };
    let peer = |of: u32, fd: &Value| {
        let files = files(of);
        let row = row(&files, fd);
        let named: Vec<u32> = row.peers.named.iter().map(|p| p.id.pid.0).collect();
        (row.kind.word(), named)
    };
    let master = peer(puppet.pid(), &said["fd"]);
    assert_eq!(master, ("tty", vec![child as u32]));
    let slave = peer(child as u32, &said["peer_fd"]);
    assert_eq!(slave, ("tty", vec![puppet.pid()]));
}

#[test]
fn every_kind_is_told() {
    let puppet = Puppet::start();
    let files = files(puppet.pid());
    let alone = puppet.truth["channels"]["alone"].as_array();
    for said in alone.expect("a list") {
        let row = row(&files, &said["fd"]);
        assert_eq!(row.kind.word(), said["kind"], "{row:?}");
        match row.kind.word() {
            "epoll" => assert!(row.words().starts_with("watches 1:"), "{row:?}"),
            "signalfd" => assert_eq!(row.words(), "receives USR2"),
            "pidfd" => assert_eq!(row.peers.named[0].id.pid.0, child(&puppet)),
            "file" => {
                assert!(row.deleted);
                let size = row.extent.expect("a size").size.0;
                assert_eq!(size, 10_000);
            }
            _ => {}
        }
    }
}

#[test]
fn every_channel_is_an_edge() {
    let puppet = Puppet::start();
    let root = ProcRoot::live();
    let ipc: Ipc = Talks::new(&root, Shared::new(&root)).ipc(Duration::from_mins(1), None);
    let (us, them) = (puppet.pid(), child(&puppet));
    for said in channels(&puppet) {
        let (here, there) = (said["fd"].as_u64(), said["peer_fd"].as_u64());
        let fits = |pid: u32, fd: Option<u32>| {
            (pid == us && fd.map(u64::from) == here) || (pid == them && fd.map(u64::from) == there)
        };
        let found = ipc
            .edges
            .iter()
            .any(|e| fits(e.a.id.pid.0, e.a.fd) && fits(e.b.id.pid.0, e.b.fd));
        assert!(found, "{said}");
    }
    let pair = ipc.pairs.iter().find(|p| {
        let ends = [p.a.id.pid.0, p.b.id.pid.0];
        ends.contains(&us) && ends.contains(&them)
    });
    assert!(pair.is_some_and(|p| p.channels.len() >= 5), "{pair:?}");
}

#[test]
fn what_joins_without_a_descriptor_is_an_edge_from_both_sides() {
    let puppet = Puppet::start();
    let said = puppet.truth["joined"].as_array().expect("a list");
    assert!(said.len() >= 5, "{said:?}");
    let root = ProcRoot::live();
    let mut talks = Talks::new(&root, Shared::new(&root));
    let began = std::time::Instant::now();
    loop {
        // From the other side as well as from the puppet's, whoever shares it too.
        let mut missing = Vec::new();
        for one in said {
            let with = one["with"].as_u64().expect("a pid") as u32;
            for of in [puppet.pid(), with] {
                let ipc = talks.ipc(Duration::from_mins(1), Some(id_of(of)));
                let ends = [puppet.pid(), with];
                let fits = |e: &Edge| {
                    e.channel.word() == one["kind"]
                        && ends.contains(&e.a.id.pid.0)
                        && ends.contains(&e.b.id.pid.0)
                        && e.detail.contains(one["detail"].as_str().expect("words"))
                };
                if !ipc.edges.iter().any(fits) {
                    missing.push(one);
                }
            }
        }
        // A child may still be about to wait for its lock.
        if missing.is_empty() {
            break;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{missing:?}");
    }
    for one in said {
        let with = one["with"].as_u64().expect("a pid");
        for of in [u64::from(puppet.pid()), with] {
            let edges = told(of);
            let fits = |e: &Value| {
                let ends = [e["a"]["pid"].as_u64(), e["b"]["pid"].as_u64()];
                e["kind"] == one["kind"]
                    && ends.contains(&Some(u64::from(puppet.pid())))
                    && ends.contains(&Some(with))
            };
            assert!(edges.iter().any(fits), "pscope ipc {of} --json: {one}");
        }
    }
}

/// The edges that the program itself tells of a process.
fn told(of: u64) -> Vec<Value> {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["ipc", &of.to_string(), "--json"])
        .output()
        .expect("it runs");
    let answer: Value = serde_json::from_slice(&out.stdout).expect("one object");
    answer["edges"].as_array().expect("a list").clone()
}

#[test]
fn another_user_is_denied_and_not_told_that_there_is_nothing() {
    let files = Descriptors::all_of(&ProcRoot::live(), id_of(1));
    match files {
        Err(why) => assert_eq!(why, Missing::Denied),
        Ok(files) => {
            println!("skipped: we may see process 1");
            assert_eq!(files.of, id_of(1));
        }
    }
}
