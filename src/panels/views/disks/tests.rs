use super::*;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Slow};
use crate::model::id::{Bytes, Nanos, Ticks};
use crate::model::machine::disk::{Device, DiskCounters, Filesystem, Space};
use crate::model::process::stat::State;
use crate::model::sample::{Fault, Io, Moved, OptionalStats};
use crate::model::scene::Scene;
use crate::panels::tests::drawn::text as drawn;
use crate::theme::{Depth, Theme};

fn disks(at_ms: u64, written: u64) -> Disks {
    Disks {
        delay_accounting: Some(false),
        at: Nanos::from_millis(at_ms),
        devices: Ok(vec![Device {
            name: "vda".into(),
            size: Ok(Bytes(100 << 30)),
            rotational: Some(false),
            counters: DiskCounters {
                writes: written >> 12,
                written: Bytes(written),
                write_ms: written >> 13,
                busy_ms: at_ms / 4,
                ..DiskCounters::default()
            },
        }]),
        filesystems: vec![
            Filesystem {
                mount: "/".into(),
                source: "/dev/vda".into(),
                kind: "ext4".into(),
                read_only: false,
                silent: None,
                space: Ok(Space {
                    total: Bytes(100 << 30),
                    free: Bytes(5 << 30),
                    available: Bytes(5 << 30),
                    inodes: 100,
                    inodes_free: 50,
                }),
            },
            Filesystem {
                mount: "/far".into(),
                source: "nas:/export".into(),
                kind: "nfs4".into(),
                read_only: true,
                space: Err(Missing::Late),
                silent: Some(Nanos(12_000_000_000)),
            },
        ],
    }
}

fn world() -> World {
    let mut scene = Scene::new();
    let io = |written| {
        Some(Arc::new(OptionalStats {
            io: Ok(Io::alone(Bytes(0), Bytes(written))),
            ..OptionalStats::default()
        }))
    };
    scene.task(1, 0, "init");
    scene.task(7, 1, "writer").extra = io(1 << 20);
    scene.task(8, 1, "denied").extra = Some(Arc::new(OptionalStats {
        io: Err(Missing::Denied),
        ..OptionalStats::default()
    }));
    scene.pass(1000, &[]);
    scene.of(7).extra = io(5 << 20);
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    world.snapshot = Arc::new(scene.snapshot());
    world
}

fn heard(world: &mut World, view: &mut ViewDisks, disks: Disks) {
    let mut detail = Detail::default();
    detail.machine.disks = Some(Stamped::new(disks.at, Ok(disks)));
    world.detail = Arc::new(detail);
    view.tick(world);
}

#[test]
fn names_the_busiest_device_and_who_is_at_it() {
    let (mut world, mut view) = (world(), ViewDisks::default());
    heard(&mut world, &mut view, disks(1000, 0));
    assert!(drawn(&mut view, &world, 120, 40).contains("rates need a second reading"));
    heard(&mut world, &mut view, disks(2000, 8 << 20));
    for (width, height) in [(78, 13), (78, 20), (118, 36), (198, 56)] {
        let screen = drawn(&mut view, &world, width, height);
        let first = screen.lines().next().expect("a line");
        assert!(
            first.contains("vda is busy 25% of the time: reads 0 B/s, writes 8.0 MB/s"),
            "{screen}"
        );
        assert!(screen.contains("writer"), "{width}x{height}: {screen}");
    }
    let wide = drawn(&mut view, &world, 160, 40);
    assert!(
        wide.lines()
            .next()
            .is_some_and(|l| l.contains("most by 7 writer 4.0 MB/s")),
        "{wide}"
    );
    for width in 0..40 {
        drawn(&mut view, &world, width, width / 2);
    }
}

#[test]
fn what_ended_children_moved_is_not_said_of_their_parent() {
    let mut scene = Scene::new();
    let io = |all: u64, living: u64| {
        let moved = |n: u64| Moved {
            read: Bytes(n << 20),
            ..Moved::default()
        };
        let io = Io {
            all: moved(all),
            living: Some(moved(living)),
        };
        Some(Arc::new(OptionalStats {
            io: Ok(io),
            ..OptionalStats::default()
        }))
    };
    scene.task(1, 0, "init");
    scene.task(7, 1, "make").extra = io(100, 1);
    scene.pass(1000, &[]);
    scene.of(7).extra = io(107, 1);
    let (mut world, mut view) = (world(), ViewDisks::default());
    world.snapshot = Arc::new(scene.snapshot());
    heard(&mut world, &mut view, disks(1000, 0));
    heard(&mut world, &mut view, disks(2000, 8 << 20));
    let screen = drawn(&mut view, &world, 160, 40);
    assert!(
        screen.contains("most by children that ended, of 7 make 7.0 MB/s"),
        "{screen}"
    );
    let row = screen.lines().find(|l| l.trim_end().ends_with("make"));
    let row: Vec<&str> = row.expect("a row").split_whitespace().collect();
    assert_eq!(
        row[..9],
        ["▌", "7", "root", "0", "B/s", "0", "B/s", "7.0", "MB/s"]
    );
}

#[test]
fn nobody_waited_for_longer_than_it_lives() {
    let mut scene = Scene::new();
    let age = scene.snapshot().age(ProcId::new(7, 7)).0 / 10_000_000;
    for (pid, name, waited) in [(7, "true", age / 2), (8, "false", age * 2)] {
        let task = scene.task(pid, 1, name);
        task.stat.block_delay = Ticks(waited);
        task.stat.state = State::Blocked;
    }
    let list = processes::list(&scene.snapshot(), Some(true), None, None);
    let mut waited: Vec<_> = list
        .rows
        .iter()
        .map(|p| (p.id.pid.0, p.waited.is_ok()))
        .collect();
    waited.sort_unstable();
    assert_eq!(waited, [(7, true), (8, false)]);
}

#[test]
fn what_is_not_known_is_no_zero() {
    let (mut world, mut view) = (world(), ViewDisks::default());
    heard(&mut world, &mut view, disks(1000, 0));
    let screen = drawn(&mut view, &world, 140, 40);
    let far = screen
        .lines()
        .find(|l| l.contains("nfs4"))
        .expect("the export");
    assert!(
        far.contains("/far")
            && far.contains("no answer")
            && far.contains('–')
            && !far.contains("0%"),
        "{far}"
    );
    assert!(
        !screen.contains("denied"),
        "a process whose I/O may not be read has no place in this order"
    );
}

#[test]
fn the_chosen_one_is_kept_while_it_is_not_known_what_others_do() {
    let (mut world, mut view) = (world(), ViewDisks::default());
    heard(&mut world, &mut view, disks(1000, 0));
    view.list.choose(ProcId::new(7, 7));
    drawn(&mut view, &world, 120, 40);
    // The inspector was shown meanwhile, and nobody asked for I/O.
    let mut scene = Scene::new();
    for (pid, name) in [(1, "init"), (7, "writer"), (8, "cat")] {
        scene.task(pid, 0, name);
    }
    scene.task(8, 1, "cat").stat.state = State::Blocked;
    world.snapshot = Arc::new(scene.snapshot());
    let screen = drawn(&mut view, &world, 120, 40);
    assert_eq!(view.list.chosen(), Some(&ProcId::new(7, 7)), "{screen}");
    let row = screen.lines().find(|l| l.contains("writer"));
    assert!(row.is_some_and(|l| l.contains('–')), "{screen}");
}

#[test]
fn enter_inspects_the_files_of_the_selected_process() {
    let (mut world, mut view) = (world(), ViewDisks::default());
    heard(&mut world, &mut view, disks(1000, 0));
    drawn(&mut view, &world, 120, 40);
    assert!(
        matches!(view.act(&world, &INSPECT), Reply::Inspect(id, "files") if id == ProcId::new(7, 7))
    );
}

#[test]
fn what_was_read_before_the_moment_says_so_and_what_is_not_known_of_it_is_forgotten() {
    let (mut world, mut view) = (world(), ViewDisks::default());
    let now = world.snapshot.at;
    let early = Nanos(now.0.saturating_sub(Nanos::from_millis(900).0));
    world.time.recorded = true;
    let mut read = disks(1000, 0);
    read.at = early;
    heard(&mut world, &mut view, read.clone());
    assert_eq!(world.read_elsewhen(SPEC.needs), None, "of this tick");
    Arc::make_mut(&mut world.snapshot).at = Nanos(early.0 + Nanos::from_millis(12_400).0);
    let told = world.read_elsewhen(SPEC.needs);
    assert_eq!(told.as_deref(), Some("disks read 12s before"));
    assert!(drawn(&mut view, &world, 120, 40).contains("/far"));
    // A moment before anything was read: nothing is left of what was shown.
    world.detail = Arc::default();
    view.tick(&world);
    assert!(!drawn(&mut view, &world, 120, 40).contains("/far"));
}

#[test]
fn what_is_read_more_seldom_than_the_ticks_says_so() {
    let mut world = world();
    let slow = |of, what, every| Slow {
        of,
        what,
        every: Nanos::from_millis(every),
    };
    Arc::make_mut(&mut world.detail).slow = vec![
        slow(Needs::DISKS, "disks", 12_000),
        // Of something else, and hardly slower than the ticks.
        slow(Needs::FILES, "descriptors", 12_000),
        slow(Needs::DISK_REQUESTS, "requests", 1_200),
    ];
    let told = world.read_slowly(SPEC.needs | Needs::DISK_REQUESTS);
    assert_eq!(told.as_deref(), Some("disks read every 12s, as it is much"));
    assert_eq!(world.read_slowly(Needs::MEMORY), None);
    world.time.recorded = true;
    assert_eq!(world.read_slowly(SPEC.needs), None, "nothing is read");
}

#[test]
fn of_whom_it_is_not_known_it_is_not_told_that_a_disk_holds_him() {
    let mut scene = Scene::new();
    scene.task(7, 1, "make").stat.state = State::Blocked;
    let (mut world, mut view) = (world(), ViewDisks::default());
    let mut line = |snapshot| {
        world.snapshot = Arc::new(snapshot);
        heard(&mut world, &mut view, disks(1000, 0));
        let screen = drawn(&mut view, &world, 160, 40);
        let line = screen.lines().find(|l| l.contains("blocked on a disk"));
        line.expect("it is told").trim().to_owned()
    };
    let unknown = line(scene.pass(1000, &[]));
    assert_eq!(
        unknown,
        "nobody is known to be blocked on a disk; in state D, on what is not told to this user: 7 make"
    );
    scene.of(7).stat.state = State::Sleeping;
    let mut hidden = scene.pass(1000, &[]);
    hidden.faults = vec![Fault {
        source: "processes",
        why: "those of other users are not listed".into(),
    }];
    assert_eq!(
        line(hidden),
        "nobody who is listed is known to be blocked on a disk"
    );
    assert_eq!(line(scene.pass(1000, &[])), "nobody is blocked on a disk");
}
