use super::json::as_json;
use super::text::lines;
use super::*;
use crate::model::descriptors::peer::Peers;
use crate::model::descriptors::socket::{Inet, State};
use crate::model::groups::own_group::GroupMemory;
use crate::model::id::{Bytes, Nanos};
use crate::model::machine::disk::{Device, DiskCounters};
use crate::model::machine::requests::Requests;
use crate::model::network::{Connection, Counters, Interface, Kind, Rates, Route};
use crate::model::reading::Missing;
use crate::model::sample::Pressure;
use crate::model::scene::Scene;
use serde_json::Value;

fn machine() -> Machine {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    Machine {
        read_before: None,
        now: scene.pass(500, &[]),
        memory: MachineMemories::new(&ProcRoot::live())
            .read_now()
            .map_err(|why| why.reason()),
        disks: Err(Missing::Denied),
        requests: Ok(Requests::refused(
            Nanos(0),
            ("it needs root".to_owned(), true),
        )),
        verdict: None,
        own: OwnGroup::default(),
        identity: Identity::default(),
        sensors: Ok(Sensors::default()),
        gpus: Ok(Gpus::default()),
        network: Err(Missing::Soon),
    }
}

#[test]
fn what_cannot_be_read_is_null_with_its_reason() {
    let answer = as_json(&machine());
    assert_eq!(answer["schema"], 1);
    assert_eq!(answer["pressure"]["cpu"], Value::Null);
    assert_eq!(answer["pressure"]["unavailable"]["cpu"], "soon");
    assert_eq!(answer["cores"][0]["busy_percent"], 50.0);
    assert_eq!(answer["verdict"], Value::Null);
    assert_eq!(answer["disk_requests_why"], "it needs root");
    for (name, why) in [
        ("disk_requests", "denied"),
        ("disks", "denied"),
        ("filesystems", "denied"),
        ("interfaces", "soon"),
        ("listeners", "soon"),
    ] {
        assert_eq!(answer[name], Value::Null);
        assert_eq!(answer["unavailable"][name], why);
    }
    let page = page(&machine());
    let disks = page.iter().find(|l| l.starts_with("disks"));
    assert_eq!(
        disks.map(String::as_str),
        Some("disks           – the kernel does not show it to this user")
    );
}

#[test]
fn averages_are_as_short_in_json_as_the_kernel_tells_them() {
    let mut machine = machine();
    machine.now.system.load = Ok([3.69, 3.11, 0.0]);
    machine.now.system.pressure[0] = Ok(Pressure {
        some_10: 72.83,
        ..Pressure::default()
    });
    let answer = as_json(&machine).to_string();
    assert!(answer.contains(r#""load":[3.69,3.11,0.0]"#), "{answer}");
    assert!(answer.contains(r#""some_10s_percent":72.83,"#), "{answer}");
    machine.now.system.load = Err(Missing::Unsupported);
    let answer = as_json(&machine);
    assert_eq!(
        (&answer["load"], &answer["unavailable"]["load"]),
        (&Value::Null, &"unsupported".into())
    );
}

#[test]
fn the_parts_of_memory_add_up_in_json_too() {
    let answer = as_json(&machine());
    let parts = answer["memory"]["parts"].as_object().expect("parts");
    let sum: u64 = parts.values().filter_map(Value::as_u64).sum();
    assert_eq!(Some(sum), answer["memory"]["total_bytes"].as_u64());
}

#[test]
fn the_page_names_each_core_and_says_when_nothing_is_wrong() {
    let page = page(&machine());
    assert!(
        page.iter()
            .any(|l| l.starts_with("cpu1") && l.contains("50.0% busy")),
        "{page:?}"
    );
    assert!(
        page.iter()
            .any(|l| l.contains("nothing holds the machine back"))
    );
}

fn page(machine: &Machine) -> Vec<String> {
    let all = lines(machine, false).into_iter();
    all.map(|l| l.into_iter().map(|p| p.0).collect()).collect()
}

#[test]
fn limits_are_told_with_the_group_that_sets_them() {
    let mut machine = machine();
    let before = page(&machine);
    assert!(
        !before.iter().any(|l| l.starts_with("own group")),
        "{before:?}"
    );
    assert_eq!(as_json(&machine)["own_group"]["memory"], Value::Null);
    machine.own.memory = Some(GroupMemory {
        path: "/a.slice".into(),
        limit: Bytes(1 << 30),
        used: Bytes(512 << 20),
        cache: Some(Bytes(4 << 20)),
        hits: Some(3),
        ..GroupMemory::default()
    });
    let told = &as_json(&machine)["own_group"]["memory"];
    assert_eq!(
        (&told["cache_bytes"], &told["limit_reached"]),
        (&(4 << 20).into(), &3.into())
    );
    machine.now.system.own_pressure = [Ok(Pressure::default()); 3];
    let page = page(&machine);
    let own: Vec<_> = page.iter().filter(|l| l.starts_with("own group")).collect();
    assert_eq!(own.len(), 2);
    assert!(own[0].ends_with(
        "512M of 1.00G memory used in /a.slice, 4.0M of it cache; limit reached 3 times"
    ));
}

#[test]
fn a_disk_tells_how_long_it_took_and_null_where_nothing_was_asked_of_it() {
    let mut machine = machine();
    let device = |reads: u64| Device {
        name: "vda".into(),
        size: Ok(Bytes(1 << 30)),
        rotational: None,
        counters: DiskCounters {
            reads,
            read: Bytes(reads << 20),
            read_ms: reads * 4,
            ..DiskCounters::default()
        },
    };
    let disks = |at_ms, reads| Disks {
        at: Nanos::from_millis(at_ms),
        devices: Ok(vec![device(reads)]),
        filesystems: Vec::new(),
        delay_accounting: None,
    };
    let (before, now) = (disks(0, 10), disks(1000, 30));
    let rates = now.rates(&before);
    machine.disks = Ok((now, rates));
    let told = &as_json(&machine)["disks"][0];
    assert_eq!(told["read_latency_ms"], 4.0);
    assert_eq!(told["write_latency_ms"], Value::Null);
    assert!(told.get("unavailable").is_none(), "{told}");
    let page = page(&machine);
    let line = page.iter().find(|l| l.starts_with("vda")).expect("a line");
    assert!(
        line.contains("reads 20 MB/s (4.0 ms each), writes 0 B/s  busy 0%"),
        "{line}"
    );
}

/// A card with an address, its gateway, and a listener that nobody may be seen to hold.
fn network() -> Network {
    let listener = Inet {
        inode: 7,
        state: State::Listening,
        send_queue: 128,
        ..Inet::between("0.0.0.0:22", "0.0.0.0:0")
    };
    Network {
        interfaces: vec![Interface {
            name: "eth0".into(),
            index: 2,
            kind: Kind {
                part_of: Some("bond0".into()),
                ..Kind::default()
            },
            state: Ok("up".into()),
            carrier: Ok(true),
            speed: Err(Missing::Unsupported),
            mac: Ok(Some("02:fc:00:00:00:01".into())),
            mtu: Ok(1500),
            addresses: vec![("192.0.2.2".parse().expect("an address"), 24)],
            counters: Counters {
                drops_in: 3,
                ..Counters::default()
            },
            rates: Ok(Rates {
                received: 2048.0,
                sent: 0.0,
            }),
        }],
        routes: vec![Route {
            destination: "0.0.0.0".parse().expect("an address"),
            prefix: 0,
            gateway: Some("192.0.2.1".parse().expect("an address")),
            interface: "eth0".into(),
            metric: 0,
        }],
        resolvers: vec!["192.0.2.53".into()],
        connections: vec![Connection {
            inet: listener,
            holders: vec![],
            more: 0,
            peers: Peers::default(),
            was: None,
            rates: Err(Missing::Soon),
        }],
        hidden: 4,
        ..Network::default()
    }
}

#[test]
fn the_network_is_told_in_text() {
    let mut machine = machine();
    assert!(!page(&machine).iter().any(|l| l.starts_with("gateway")));
    machine.network = Ok(network());
    let page = page(&machine);
    let line = |with: &str| {
        let found = page.iter().find(|l| l.starts_with(with));
        found.unwrap_or_else(|| panic!("{with}: {page:?}")).as_str()
    };
    assert_eq!(
        line("eth0"),
        "eth0            up  192.0.2.2/24 documentation  in 2.0 KB/s out 0 B/s  part of bond0  02:fc:00:00:00:01 MTU 1500  3 drops"
    );
    assert_eq!(line("gateway"), "gateway         192.0.2.1 by eth0");
    assert_eq!(line("names from"), "names from      192.0.2.53");
    assert_eq!(
        line("listens"),
        "listens         tcp 0.0.0.0:22 for everyone  uid 0, owner not visible"
    );
}

#[test]
fn the_network_is_told_in_json() {
    let mut machine = machine();
    assert_eq!(as_json(&machine)["interfaces"], Value::Null);
    machine.network = Ok(network());
    let answer = as_json(&machine);
    let eth0 = &answer["interfaces"][0];
    assert_eq!(eth0["addresses"][0]["scope"], "documentation");
    assert_eq!(eth0["speed_mbit_per_second"], Value::Null);
    assert_eq!(eth0["unavailable"]["speed_mbit_per_second"], "unsupported");
    assert_eq!(
        (&eth0["part_of"], &eth0["drops_in"]),
        (&"bond0".into(), &3.into())
    );
    assert_eq!(eth0["received_bytes_per_second"], 2048.0);
    assert_eq!(answer["gateways"][0]["address"], "192.0.2.1");
    assert_eq!(answer["dns_servers"][0], "192.0.2.53");
    let listener = &answer["listeners"][0];
    assert_eq!(
        (&listener["port"], &listener["reach"]),
        (&22.into(), &"everyone".into())
    );
    assert_eq!(listener["processes"].as_array().map(Vec::len), Some(0));
    assert_eq!(answer["processes_not_visible"], 4);
}

#[test]
fn what_was_read_before_the_moment_says_how_long() {
    let mut machine = machine();
    assert!(as_json(&machine)["read_before_ms"].is_null(), "of now");
    let age = Nanos::from_millis(12_400);
    machine.read_before = Some(vec![("memory", age), ("sensors", Nanos(1))]);
    assert_eq!(as_json(&machine)["read_before_ms"]["memory"], 12_400);
    assert_eq!(as_json(&machine)["read_before_ms"]["sensors"], 0);
    let page = page(&machine);
    let told = page.iter().find(|line| line.starts_with("read "));
    assert_eq!(
        told.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")),
        Some("read memory 12s before this moment".to_owned())
    );
}
