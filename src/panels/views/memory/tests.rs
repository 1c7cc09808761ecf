use super::*;
use crate::app::world::Settings;
use crate::model::detail::Detail;
use crate::model::groups::own_group::OwnGroup;
use crate::model::id::{Bytes, Nanos};
use crate::model::machine::memory::{Counters, MemoryUse};
use crate::model::scene::Scene;
use crate::panels::tests::drawn::text as drawn;
use crate::theme::{Depth, Theme};

pub(in crate::panels) fn memory(at_ms: u64, faults: u64) -> MachineMemory {
    let gib = |n: u64| Bytes(n << 30);
    MachineMemory {
        at: Nanos::from_millis(at_ms),
        total: gib(16),
        available: gib(10),
        parts: vec![
            (MemoryUse::Processes, gib(5)),
            (MemoryUse::Kernel, gib(1)),
            (MemoryUse::Cache, gib(4)),
            (MemoryUse::Free, gib(6)),
        ],
        swap_total: gib(2),
        swap_free: gib(1),
        swaps: Vec::new(),
        dirty: Bytes(1 << 20),
        writeback: Bytes(0),
        committed: gib(7),
        huge: None,
        compressed: None,
        nodes: Vec::new(),
        counters: Ok(Counters {
            faults,
            ..Counters::default()
        }),
        transparent: Bytes(0),
        own: OwnGroup::default(),
    }
}

fn world() -> World {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(20, 1, "java").stat.resident = Bytes(3 << 30);
    scene.task(30, 1, "chrome").stat.resident = Bytes(2 << 30);
    scene.of(30).extra = Some(Arc::new(crate::model::sample::OptionalStats {
        pss: Ok(Bytes(1 << 30)),
        ..Default::default()
    }));
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    world.snapshot = Arc::new(scene.snapshot());
    world
}

fn heard(world: &mut World, view: &mut ViewMemory, memory: MachineMemory) {
    let mut detail = Detail::default();
    detail.machine.memory = Some(Stamped::new(memory.at, Ok(memory)));
    world.detail = Arc::new(detail);
    view.tick(world);
}

#[test]
fn answers_in_its_first_lines_at_every_size() {
    let (mut world, mut view) = (world(), ViewMemory::default());
    assert!(drawn(&mut view, &world, 80, 24).contains("not read yet"));
    heard(&mut world, &mut view, memory(1000, 0));
    for (width, height) in [(60, 12), (78, 20), (118, 36), (198, 56)] {
        let screen = drawn(&mut view, &world, width, height);
        let first = screen.lines().next().expect("a line");
        assert!(first.contains("6.00G of 16.0G used (38%)"), "{screen}");
        assert!(screen.contains("java"), "{width}x{height}: {screen}");
    }
    for width in 0..40 {
        drawn(&mut view, &world, width, width / 2);
    }
}

#[test]
fn faults_are_a_rate_between_two_readings() {
    let (mut world, mut view) = (world(), ViewMemory::default());
    heard(&mut world, &mut view, memory(1000, 1000));
    assert_eq!(view.rates, Err(Missing::Soon));
    heard(&mut world, &mut view, memory(3000, 3400));
    assert_eq!(view.rates.map(|r| r.faults), Ok(1200.0));
    assert!(drawn(&mut view, &world, 160, 40).contains("1.2k/s, from disk"));
}

#[test]
fn the_past_is_a_chart_where_there_is_room_and_a_trail_where_not() {
    let (mut world, mut view) = (world(), ViewMemory::default());
    let mut scene = Scene::new();
    for gib in [6, 6, 12, 3] {
        if let Ok(memory) = &mut scene.sample.system.memory {
            memory.available = Bytes(memory.total.0 - (gib << 30));
        }
        world.snapshot = Arc::new(scene.pass(1000, &[]));
        world.minutes.hear(&world.snapshot);
        let at_ms = world.snapshot.at.0 / 1_000_000;
        heard(&mut world, &mut view, memory(at_ms, at_ms * 2));
    }
    let tall = drawn(&mut view, &world, 158, 46);
    let line = |screen: &str, with: &str| {
        let found = screen.lines().position(|l| l.contains(with));
        found.unwrap_or_else(|| panic!("{with}: {screen}"))
    };
    assert!(tall.contains("least 3.00G most 12.0G"), "{tall}");
    let last = |line: &str| line.chars().skip(153).take(4).collect::<String>();
    let faults = |screen: &str| {
        screen
            .lines()
            .nth(line(screen, "faults "))
            .map(str::to_owned)
    };
    let trail = faults(&tall).expect("a line");
    assert_eq!(last(&trail).trim(), "▇▇▇", "one less than readings");
    let flat = drawn(&mut view, &world, 100, 26);
    assert!(!flat.contains("in the last"), "{flat}");
    let used = flat.lines().nth(line(&flat, "used  ")).expect("a line");
    assert!(used.trim_end().ends_with("▃▃▇▂"), "{used}");
}

#[test]
fn holders_are_ordered_by_proportional_memory_where_it_is_known() {
    let (mut world, mut view) = (world(), ViewMemory::default());
    heard(&mut world, &mut view, memory(1000, 0));
    let screen = drawn(&mut view, &world, 120, 40);
    let row = |name| {
        let of_table = |l: &&str| l.trim_end().ends_with(name);
        screen.lines().position(|l| of_table(&l)).expect(name)
    };
    assert!(
        row("java") < row("chrome") && row("chrome") < row("init"),
        "{screen}"
    );
    let denied = screen.lines().nth(row("java")).expect("java");
    assert!(
        denied.contains('–'),
        "unread proportional memory is no zero: {denied}"
    );
}

#[test]
fn enter_inspects_the_memory_of_the_selected_holder() {
    let (mut world, mut view) = (world(), ViewMemory::default());
    heard(&mut world, &mut view, memory(1000, 0));
    drawn(&mut view, &world, 120, 40);
    view.act(&world, moves::DOWN);
    drawn(&mut view, &world, 120, 40);
    let reply = view.act(&world, &INSPECT);
    assert!(matches!(reply, Reply::Inspect(id, "memory") if id == ProcId::new(30, 30)));
}
