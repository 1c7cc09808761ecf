//! A made-up machine with something of everything, for whole screens: its processes, memory, disks, network, sensors.

use std::sync::Arc;

use super::all;
use super::dashboard::lanes;
use super::inspector::sockets;
use super::views::ipc;
use crate::app::App;
use crate::app::event::Event;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::groups::own_group::{GroupMemory, OwnGroup, StrainSample};
use crate::model::id::{Bytes, Nanos};
use crate::model::machine::disk::{Device, DiskCounters, Disks, Filesystem, Space};
use crate::model::machine::memory::{Counters, MachineMemory, MemoryUse, Node, Swap};
use crate::model::machine::sensor::{Fan, Sensors, Supply, Temperature};
use crate::model::process::isolation::group::GroupCpu;
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::sample::{Io, Memory, OptionalStats, Pressure, Status};
use crate::model::scene::Scene;
use crate::theme::Theme;

/// Who lives there: pid, parent, name, resident MiB, proportional MiB where it may be read, swapped MiB, MiB written.
type Life = (u32, u32, &'static str, u64, Option<u64>, u64, Option<u64>);
const LIVES: &[Life] = &[
    (1, 0, "systemd", 12, Some(6), 0, Some(3)),
    (2, 1, "job2", 300, Some(290), 0, Some(0)),
    (4, 1, "job4", 310, Some(300), 0, Some(0)),
    (6, 1, "job6", 20, Some(15), 0, Some(0)),
    (9, 1, "sshd", 8, None, 0, None),
    (20, 1, "curl", 14, Some(9), 0, Some(700)),
    (30, 1, "proxy", 60, None, 0, None),
    (40, 1, "X", 120, Some(80), 0, Some(0)),
    (41, 40, "term", 45, Some(30), 0, Some(0)),
    (703, 1, "postgres", 2200, Some(1400), 700, Some(9000)),
    (704, 703, "postgres", 1900, Some(300), 0, Some(400)),
    (780, 41, "bash", 5, Some(2), 0, Some(1)),
    (790, 780, "sh", 2, Some(1), 0, Some(0)),
    (812, 780, "make", 9, Some(5), 0, Some(0)),
    (900, 812, "cc1", 520, Some(515), 0, Some(40)),
    (1500, 1, "java", 6100, Some(6050), 1300, Some(120)),
];

/// What every process wrote so far, `steps` seconds after the beginning; postgres and curl go on.
fn wrote(pid: u32, mib: u64, steps: u64) -> Bytes {
    let more = match pid {
        703 => 48 * steps,
        20 => 12 * steps,
        _ => 0,
    };
    Bytes((mib + more) << 20)
}

fn extra(life: &Life, steps: u64) -> OptionalStats {
    let (pid, _, _, resident, pss, swap, written) = *life;
    let mib = |n: u64| Bytes(n << 20);
    OptionalStats {
        status: Ok(Status {
            swap: mib(swap),
            ..Status::default()
        }),
        io: written.map_or(Err(Missing::Denied), |n| {
            Ok(Io::alone(mib(n / 2), wrote(pid, n, steps)))
        }),
        pss: pss.map(mib).ok_or(Missing::Denied),
        oom_score: Ok((resident / 10) as u32 + 600),
        ..OptionalStats::default()
    }
}

fn scene() -> Scene {
    let mut scene = Scene::new();
    for life in LIVES {
        let task = scene.task(life.0, life.1, life.2);
        task.stat.resident = Bytes(life.3 << 20);
        task.extra = Some(Arc::new(extra(life, 0)));
    }
    scene.of(703).stat.state = State::Blocked;
    let system = &mut scene.sample.system;
    let pressure = |some_10, full_10| {
        Ok(Pressure {
            some_10,
            full_10,
            ..Pressure::default()
        })
    };
    system.cpu_pressure = pressure(38.2, 0.0);
    system.memory_pressure = pressure(1.5, 0.4);
    system.io_pressure = pressure(7.2, 2.1);
    system.memory = Ok(Memory {
        total: Bytes(24 << 30),
        available: Bytes(9 << 30),
        free: Bytes(1 << 30),
        buffers: Bytes(300 << 20),
        cache: Bytes(7 << 30),
        shared: Bytes(600 << 20),
        swap_total: Bytes(8 << 30),
        swap_free: Bytes(6 << 30),
    });
    scene
}

fn memory(steps: u64) -> MachineMemory {
    let mib = |n: u64| Bytes(n << 20);
    MachineMemory {
        at: Nanos::from_millis(1_000_000 + steps * 1000),
        total: Bytes(24 << 30),
        available: Bytes(9 << 30),
        parts: vec![
            (MemoryUse::Processes, mib(11_600)),
            (MemoryUse::Shared, mib(600)),
            (MemoryUse::Huge, mib(1024)),
            (MemoryUse::Slab, mib(410)),
            (MemoryUse::Kernel, mib(714)),
            (MemoryUse::Compressed, mib(512)),
            (MemoryUse::Cache, mib(7600)),
            (MemoryUse::Buffers, mib(300)),
            (MemoryUse::SlabReclaimable, mib(792)),
            (MemoryUse::Free, mib(1024)),
        ],
        swap_total: Bytes(8 << 30),
        swap_free: Bytes(6 << 30),
        swaps: vec![Swap {
            path: "/dev/zram0".into(),
            size: Bytes(8 << 30),
            used: Bytes(2 << 30),
            priority: 100,
        }],
        dirty: mib(88),
        writeback: mib(3),
        committed: Bytes(31 << 30),
        huge: Some((100, 512, mib(2))),
        compressed: Some((mib(1990), mib(512))),
        nodes: vec![
            Node {
                id: 0,
                total: Bytes(12 << 30),
                free: mib(900),
            },
            Node {
                id: 1,
                total: Bytes(12 << 30),
                free: mib(124),
            },
        ],
        counters: Ok(Counters {
            faults: steps * 51_300,
            major_faults: steps * 12,
            swapped_in: steps * 140,
            swapped_out: steps * 900,
            scanned: steps * 8000,
            reclaimed: steps * 6100,
            stalls: steps,
            refaults: steps * 33,
            oom_kills: 0,
        }),
        transparent: mib(4100),
        own: OwnGroup {
            memory: Some(GroupMemory {
                path: "/user.slice".into(),
                limit: Bytes(2 << 30),
                soft: false,
                used: mib(1870),
                cache: Some(mib(300)),
                hits: Some(7),
            }),
            cpu: Some(GroupCpu {
                cores: Some(1.5),
                set_by: Some("/user.slice".into()),
                periods: 400,
                throttled: 100,
                ..GroupCpu::default()
            }),
            unseen: None,
        },
    }
}

fn disks(steps: u64) -> Disks {
    let device = |name: &str, gib: u64, pace: u64| Device {
        name: name.into(),
        size: Ok(Bytes(gib << 30)),
        rotational: Some(name == "sda"),
        counters: DiskCounters {
            reads: pace * steps,
            read: Bytes((pace * steps) << 14),
            read_ms: pace * steps * 3,
            writes: pace * steps * 4,
            written: Bytes((pace * steps) << 17),
            write_ms: pace * steps * 9,
            in_flight: 2,
            busy_ms: steps * pace.min(970),
            weighted_ms: steps * pace * 5,
        },
    };
    let filesystem = |mount: &str, source: &str, kind: &str, gib: u64, used: u64| Filesystem {
        mount: mount.into(),
        source: source.into(),
        kind: kind.into(),
        read_only: kind == "squashfs",
        silent: None,
        space: Ok(Space {
            total: Bytes(gib << 30),
            free: Bytes((gib - used) << 30),
            available: Bytes((gib - used) << 30),
            inodes: gib * 65_536,
            inodes_free: gib * 60_000,
        }),
    };
    Disks {
        at: Nanos::from_millis(1_000_000 + steps * 1000),
        devices: Ok(vec![
            device("nvme0n1", 953, 410),
            device("nvme1n1", 953, 0),
            device("sda", 7452, 1900),
        ]),
        filesystems: vec![
            filesystem("/", "/dev/nvme0n1p2", "ext4", 200, 96),
            filesystem("/home", "/dev/nvme0n1p3", "btrfs", 700, 655),
            filesystem("/snap/core/1", "/dev/loop0", "squashfs", 1, 1),
            filesystem("/tmp", "tmpfs", "tmpfs", 12, 0),
            Filesystem {
                space: Err(Missing::Late),
                silent: Some(Nanos(12_000_000_000)),
                ..filesystem("/mnt/archive", "nas:/export/archive", "nfs4", 1, 0)
            },
        ],
        delay_accounting: Some(true),
    }
}

fn sensors() -> Sensors {
    Sensors {
        temperatures: vec![Temperature {
            chip: "coretemp".into(),
            place: "hwmon0/temp1".into(),
            told: None,
            silent: None,
            label: Some("Package id 0".into()),
            celsius: Ok(93.0),
            critical: Some(100.0),
        }],
        fans: vec![Fan {
            chip: "nct6775".into(),
            place: "hwmon1/fan1".into(),
            label: None,
            rpm: 1240,
        }],
        supplies: vec![Supply {
            name: "BAT0".into(),
            kind: "Battery".into(),
            state: Some("Discharging".into()),
            percent: Some(7.0),
            watts: Some(18.4),
            online: None,
        }],
    }
}

fn detail(steps: u64) -> Detail {
    let at = Nanos::from_millis(1_000_000 + steps * 1000);
    let mut detail = Detail {
        at,
        ..Detail::default()
    };
    detail.machine.memory = Some(Stamped::new(at, Ok(memory(steps))));
    detail.machine.disks = Some(Stamped::new(at, Ok(disks(steps))));
    detail.machine.network = Some(Stamped::new(at, Ok(sockets::tests::network())));
    detail.machine.ipc = Some(Stamped::new(at, Ok(ipc::tests::ipc())));
    detail.machine.sensors = Some(Stamped::new(at, Ok(sensors())));
    detail
}

/// The app after some seconds on that machine.
pub fn app(theme: Theme) -> App {
    living(theme).0
}

/// The same, with the machine, which can go on.
pub fn living(theme: Theme) -> (App, Scene) {
    let mut scene = scene();
    let settings = Settings {
        target: scene
            .sample
            .tasks
            .iter()
            .find(|p| p.facts.name.as_str() == "curl")
            .map(|p| p.id),
        ..Settings::default()
    };
    let mut app = App::new(all(), settings, theme);
    app.update(Event::Snapshot(Arc::new(scene.snapshot())));
    app.update(Event::Detail(Arc::new(detail(0))));
    for step in 1..=6 {
        let busy = [(2, 48), (4, 47), (900, 90), (1500, 12), (703, 4)];
        scene.pass(1000, &busy);
        for life in LIVES {
            scene.of(life.0).extra = Some(Arc::new(extra(life, step)));
        }
        scene.of(703).stat.block_delay.0 += 62;
        scene.of(704).stat.block_delay.0 += 4;
        scene.sample.system.own_strain = StrainSample {
            periods: Ok((step * 10, step)),
            hits: Ok(0),
            ..StrainSample::default()
        };
        app.update(Event::Snapshot(Arc::new(scene.snapshot())));
        app.update(Event::Detail(Arc::new(detail(step))));
    }
    lanes::tests::with_lanes(&mut app.world);
    (app, scene)
}
