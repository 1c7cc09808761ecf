use std::sync::Arc;

use super::*;
use crate::app::world::Settings;
use crate::model::acting::Fate;
use crate::model::descriptors::descriptor::{Descriptor, Files};
use crate::model::detail::Detail;
use crate::model::id::{Bytes, ThreadId, Ticks, Tid};
use crate::model::memory::region::{Access, FileId, Flags, Kind, Part, Region, Residency};
use crate::model::process::overview::{Credentials, Limit};
use crate::model::process::stat::State;
use crate::model::process::threads::{ThreadDetail, ThreadRow, Threads};
use crate::model::reading::{Missing, Reading};
use crate::model::scene::Scene;
use crate::model::scheduling::wait::{Wait, Waiting};
use crate::model::snapshot::Snapshot;
use crate::panels::tests::drawn::drawn;
use crate::theme::{Depth, Theme};

fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    scene.task(50, 1, "sshd");
    scene.task(60, 50, "bash");
    scene.task(70, 60, "fox").stat.threads = 4;
    scene
}

fn world(scene: &Scene, ascii: bool) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, ascii), Settings::default());
    world.snapshot = Arc::new(scene.snapshot());
    world.focus = Some(ProcId::new(70, 70));
    world
}

fn region(start: u64, kib: u64, kind: Kind) -> Region {
    Region {
        start,
        end: start + kib * 1024,
        kind,
        part: Part::Plain,
        access: Access::default(),
        offset: 0,
        file: FileId::default(),
        name: "".into(),
        deleted: false,
        stack: None,
        residency: Err(Missing::Soon),
        flags: Flags::empty(),
        sharers: Vec::new(),
    }
}

fn facts() -> Facts {
    Facts {
        exe: Ok("/usr/bin/fox".into()),
        cwd: Err(Missing::Denied),
        cgroup: Ok("/user.slice".into()),
        status: Ok(Credentials {
            signals: [12, 2, 0],
            cores: "0-7".into(),
            ..Credentials::default()
        }),
        descriptors: Ok(1000),
        standard: [
            Ok("/dev/null".into()),
            Ok("pipe:[7]".into()),
            Err(Missing::Denied),
        ],
        limits: Ok(vec![Limit {
            name: "Max open files",
            used: 1000,
            soft: Some(1024),
            bytes: false,
        }]),
        memory: Ok(Residency {
            resident: Bytes(8 << 20),
            own: Bytes(6 << 20),
            ..Residency::default()
        }),
        ..Facts::default()
    }
}

fn read(world: &mut World, overview: Reading<Facts>, regions: Reading<AddressSpace>) {
    let at = Nanos::from_millis(1_000_000);
    world.detail = Arc::new(Detail {
        at,
        of: world.focus,
        overview: Some(Stamped::new(at, overview)),
        regions: Some(Stamped::new(at, regions)),
        ..Detail::default()
    });
}

fn space() -> AddressSpace {
    AddressSpace {
        regions: vec![
            region(0x5581_0000_0000, 612, Kind::Text),
            region(0x5581_1000_0000, 412, Kind::Heap),
            region(0x7f13_0000_0000, 1900, Kind::Library),
            region(0x7ffd_0000_0000, 132, Kind::Stack),
        ],
        ..AddressSpace::default()
    }
}

fn has(lines: &[String], part: &str) {
    let text = lines.join("\n");
    assert!(text.contains(part), "no {part:?} in\n{text}");
}

#[test]
fn both_lands_stand_side_by_side_down_to_60_columns() {
    let mut world = world(&scene(), false);
    read(&mut world, Ok(facts()), Ok(space()));
    for width in [58, 67, 118, 158] {
        let lines = drawn(&mut Overview::default(), &world, width, 36);
        has(&lines, "systemd → sshd → bash → fox   root");
        let lands = lines.iter().find(|l| l.contains("USER LAND"));
        assert!(
            lands.is_some_and(|l| l.contains("KERNEL LAND")),
            "{lines:?}"
        );
        has(&lines, "state   S sleeping");
        has(&lines, "parent  60 bash");
        has(&lines, "descriptors 1000 of 1024");
        has(&lines, "signals 12 caught 2 ignored");
        has(&lines, "limit near Max open files");
        has(&lines, "claims 100M holds 10.0M");
        has(&lines, "own 6.0M");
        has(&lines, "cwd     –");
        has(&lines, "denied 1 of 9 sources · x explains");
        let at = |what: &str| lines.iter().position(|l| l.contains(what));
        assert!(
            at("stack ") < at("libraries") && at("libraries") < at("heap "),
            "{lines:?}"
        );
    }
}

#[test]
fn huge_pages_of_the_pool_stand_beside_what_it_holds() {
    let mut world = world(&scene(), false);
    let mut facts = facts();
    facts.memory = Ok(Residency {
        resident: Bytes(8 << 30),
        own: Bytes(8 << 30),
        pool: Bytes(7 << 30),
        ..Residency::default()
    });
    read(&mut world, Ok(facts), Ok(space()));
    let lines = drawn(&mut Overview::default(), &world, 120, 40);
    has(&lines, "huge pages 7.00G");
}

#[test]
fn one_column_and_every_size_are_drawn() {
    let mut world = world(&scene(), true);
    read(&mut world, Ok(facts()), Ok(space()));
    for width in [1, 3, 9, 24, 40, 49, 50, 66, 120, 220] {
        for height in [1, 2, 4, 8, 13, 14, 17, 18, 25, 31, 32, 60] {
            drawn(&mut Overview::default(), &world, width, height);
        }
    }
    let mut overview = Overview::default();
    let lines = drawn(&mut overview, &world, 44, 20);
    has(&lines, "KERNEL LAND");
    overview.act(&world, moves::LAST);
    has(&drawn(&mut overview, &world, 44, 20), "claims 100M");
}

#[test]
fn kernel_threads_zombies_and_strangers_are_told_in_words() {
    let mut scene = scene();
    scene.of(70).stat.flags = 0x0020_0000;
    let mut of_kernel = world(&scene, false);
    read(&mut of_kernel, Ok(facts()), Ok(AddressSpace::default()));
    let lines = drawn(&mut Overview::default(), &of_kernel, 90, 36);
    has(&lines, "none: a thread of the kernel");
    assert!(
        !lines.iter().any(|l| l.contains("descriptors")),
        "{lines:?}"
    );
    scene.of(70).stat.flags = 0;
    scene.of(70).stat.state = State::Zombie;
    let mut dead = world(&scene, false);
    read(&mut dead, Ok(facts()), Ok(AddressSpace::default()));
    let lines = drawn(&mut Overview::default(), &dead, 90, 36);
    has(&lines, "Z zombie: 60 must ask how it ended");
    has(&lines, "given its");
    scene.of(70).stat.state = State::Sleeping;
    let mut foreign = world(&scene, false);
    read(&mut foreign, Ok(facts()), Err(Missing::Denied));
    has(
        &drawn(&mut Overview::default(), &foreign, 90, 36),
        "not permitted",
    );
}

#[test]
fn what_ended_while_open_stays_readable() {
    let mut scene = scene();
    let mut world = world(&scene, false);
    read(&mut world, Ok(facts()), Ok(space()));
    let mut overview = Overview::default();
    drawn(&mut overview, &world, 100, 36);
    scene.end(70);
    world.snapshot = Arc::new(scene.pass(3000, &[]));
    let lines = drawn(&mut overview, &world, 100, 36);
    has(&lines, "state   ended 3.0s ago");
    has(&lines, "libraries");
    let mut snapshot = Snapshot::clone(&world.snapshot);
    snapshot.endings = [(ProcId::new(70, 70), Ok(Fate::Exited(3)))].into();
    world.snapshot = Arc::new(snapshot);
    let lines = drawn(&mut overview, &world, 100, 36);
    has(&lines, "state   exited, code 3 · 3.0s ago");
}

#[test]
fn each_listed_key_is_answered_and_missing_sources_are_explained() {
    let mut world = world(&scene(), false);
    read(&mut world, Ok(facts()), Ok(space()));
    let mut overview = Overview::default();
    drawn(&mut overview, &world, 100, 36);
    for action in SPEC.actions {
        assert!(
            !matches!(overview.act(&world, action), Reply::Pass),
            "{}",
            action.name
        );
    }
    let copied = overview.act(&world, moves::COPY);
    assert!(matches!(copied, Reply::Do(Effect::Copy(line)) if line == "fox"));
    let explained = overview.explain(&world);
    let cwd = explained.iter().find(|(word, _)| word == "– cwd");
    assert!(cwd.is_some_and(|(_, why)| why.contains("does not show it to this user")));
}

#[test]
fn children_are_listed_where_there_is_room() {
    let mut scene = scene();
    for pid in 80..=90 {
        scene.task(pid, 70, "kit");
    }
    scene.of(82).stat.state = State::Zombie;
    let mut world = world(&scene, false);
    read(&mut world, Ok(facts()), Ok(space()));
    let lines = drawn(&mut Overview::default(), &world, 100, 44);
    has(&lines, "children 11 · 1 ended, not yet asked how");
    has(&lines, "80 kit  sleeping");
    has(&lines, "82 kit  zombie");
    let lines = drawn(&mut Overview::default(), &world, 100, 36);
    let listed = lines.iter().filter(|l| l.contains(" kit  ")).count();
    assert!(listed > 0, "{lines:?}");
    has(&lines, &format!("+ {} more", 11 - listed));
    has(&lines, "command");
    let lines = drawn(&mut Overview::default(), &world, 76, 20);
    assert!(!lines.iter().any(|l| l.contains("kit")), "{lines:?}");
}

#[test]
fn what_is_around_it_stands_beside_it_where_there_is_width() {
    let mut scene = scene();
    for pid in 80..=90 {
        scene.task(pid, 70, "kit");
    }
    scene.of(82).stat.state = State::Zombie;
    let mut world = world(&scene, false);
    read(&mut world, Ok(facts()), Ok(space()));
    let mut overview = Overview::default();
    let lines = drawn(&mut overview, &world, 158, 44);
    for part in [
        "AROUND IT",
        "└─ sshd",
        "└─ bash",
        "├─ kit",
        "kit zombie",
        "+ 3 more · 1 ended",
        "threads 4",
        "largest regions",
        "1.9M library",
    ] {
        has(&lines, part);
    }
    let mut plan = Plan::default();
    overview.plan(&world, &mut plan);
    assert!(plan.needs.contains(Needs::CALLS));
    drawn(&mut overview, &world, 158, 20);
    let mut plan = Plan::default();
    overview.plan(&world, &mut plan);
    assert!(
        !plan.needs.contains(Needs::CALLS),
        "there is no room for them"
    );
    let lines = drawn(&mut overview, &world, 100, 44);
    assert!(!lines.iter().any(|l| l.contains("AROUND")), "{lines:?}");
    let mut plan = Plan::default();
    overview.plan(&world, &mut plan);
    assert!(!plan.needs.contains(Needs::CALLS), "nobody sees them");
}

#[test]
fn a_wait_of_another_moment_is_no_part_of_the_state() {
    let mut scene = scene();
    scene.of(70).stat.threads = 1;
    let mut world = world(&scene, false);
    read(&mut world, Ok(facts()), Ok(space()));
    let at = world.detail.at;
    let mut said = |state| {
        let sleeps = Wait::Phrase("sleep of 5 s");
        let what = if state == State::Running {
            Wait::Running
        } else {
            sleeps
        };
        let row = thread(70, state, what);
        let threads = Threads {
            rows: vec![row],
            ..Threads::default()
        };
        world.detail = Arc::new(Detail {
            threads: Some(Stamped::new(at, Ok(threads))),
            ..(*world.detail).clone()
        });
        let lines = drawn(&mut Overview::default(), &world, 100, 44);
        let line = |of: &str| lines.iter().find(|l| l.contains(of)).cloned();
        let threads = line("threads 1").expect("how many there are is told");
        assert!(!threads.contains("running"), "{threads}");
        line("state   ").expect("the state is told")
    };
    let sleeping = said(State::Sleeping);
    assert!(sleeping.contains("S sleeping · sleep of 5 s"), "{sleeping}");
    let running = said(State::Running);
    assert!(running.contains("S sleeping"), "{running}");
    assert!(!running.contains("running"), "{running}");
}

/// They come and go between two readings: the heading and what stands below it are one number.
#[test]
fn what_is_left_out_is_told_of_as_many_as_the_heading_has() {
    let mut world = world(&scene(), false);
    read(&mut world, Ok(facts()), Ok(space()));
    let mut files = Files::new(ProcId::new(70, 70));
    files.rows = (0..16)
        .map(|fd| Descriptor::new(fd, b"/dev/null"))
        .collect();
    world.detail = Arc::new(Detail {
        files: Some(Stamped::new(world.detail.at, Ok(files))),
        ..(*world.detail).clone()
    });
    let lines = drawn(&mut Overview::default(), &world, 100, 44);
    let below = |l: &&String| l.contains("/dev/null");
    let shown = lines.iter().filter(below).count();
    has(&lines, "descriptors 1000 of 1024");
    assert!(shown > 0, "{lines:?}");
    has(&lines, &format!("+ {} more", 1000 - shown));
}

fn thread(tid: u32, state: State, what: Wait) -> ThreadRow {
    let mut stat = scene().of(70).stat;
    stat.state = state;
    ThreadRow {
        id: ThreadId {
            tid: Tid(tid),
            start: Ticks(u64::from(tid)),
        },
        name: "fox".into(),
        stat,
        at: Nanos(1),
        cpu: Err(Missing::Soon),
        detail: Ok(ThreadDetail {
            at: Nanos(1),
            switches: Err(Missing::Soon),
            rates: Err(Missing::Soon),
            waiting: Waiting {
                what,
                call: None,
                function: None,
                uninterruptible: false,
            },
            seen: Nanos(0),
            stack: Err(Missing::Soon),
            sp: Err(Missing::Soon),
        }),
    }
}
