use std::sync::Arc;

use super::*;
use crate::app::event::Effect;
use crate::app::key::{Mouse, Press};
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Pid, Tid, Uid};
use crate::model::memory::region::{
    Access, FileId, Flags, Kind, Part, Region, Residency, Sharer, StackUse,
};
use crate::model::process::stat::State;
use crate::model::scene::Scene;
use crate::panels::tests::drawn::{buffer, lines};
use crate::theme::{Depth, Theme};

fn region(start: u64, kib: u64, kind: Kind, name: &str, resident: u64) -> Region {
    Region {
        start,
        end: start + kib * 1024,
        kind,
        part: Part::Plain,
        access: Access::from_letters(b"rw-p"),
        offset: 0,
        file: FileId::default(),
        name: name.into(),
        deleted: false,
        stack: None,
        residency: Ok(Residency {
            resident: Bytes::from_kib(resident),
            proportional: Bytes::from_kib(resident / 2),
            own: Bytes::from_kib(resident),
            ..Residency::default()
        }),
        flags: Flags::empty(),
        sharers: Vec::new(),
    }
}

fn stack_of(mut region: Region, tid: u32, name: &str) -> Region {
    region.stack = Some(StackUse {
        tid: Tid(tid),
        name: name.into(),
        used: Bytes(5000),
    });
    region
}

/// A process as a lecture draws it: text, globals, a heap of `heap` KiB, libraries, two threads' stacks, a stack.
fn space(heap: u64) -> AddressSpace {
    let parts = [
        (0x5581_0000_0000, 612, Kind::Text, "/usr/bin/fox", 580),
        (0x5581_0100_0000, 100, Kind::Rodata, "/usr/bin/fox", 80),
        (0x5581_0200_0000, 40, Kind::Data, "/usr/bin/fox", 40),
        (0x5581_0300_0000, 52, Kind::Bss, "/usr/bin/fox", 20),
        (0x5581_1000_0000, heap, Kind::Heap, "[heap]", heap),
        (0x7f10_0000_0000, 8192, Kind::ThreadStack, "", 96),
        (0x7f11_0000_0000, 8192, Kind::ThreadStack, "", 212),
        (0x7f12_0000_0000, 40_000, Kind::Anonymous, "", 30_000),
        (
            0x7f13_0000_0000,
            1900,
            Kind::Library,
            "/lib/libc.so.6",
            1600,
        ),
        (0x7ffd_0000_0000, 132, Kind::Stack, "[stack]", 96),
    ];
    let mut regions: Vec<Region> = parts
        .into_iter()
        .map(|(start, kib, kind, name, held)| region(start, kib, kind, name, held))
        .collect();
    regions[4].part = Part::Brk;
    regions[5] = stack_of(regions[5].clone(), 1871, "Compositor");
    regions[6] = stack_of(regions[6].clone(), 1872, "IPC");
    if let Ok(r) = &mut regions[7].residency {
        r.swapped = Bytes::from_kib(4000);
    }
    AddressSpace {
        regions,
        residency: Ok(()),
        sharers: Ok(()),
        cost: Nanos(0),
    }
}

fn world(depth: Depth, ascii: bool) -> World {
    let mut scene = Scene::new();
    let id = scene.task(1842, 1, "fox").id;
    let mut world = World::new(Theme::terminal(depth, ascii), Settings::default());
    world.snapshot = Arc::new(scene.snapshot());
    world.focus = Some(id);
    world
}

fn read(world: &mut World, second: u64, value: Reading<AddressSpace>) {
    let at = Nanos::from_millis(second * 1000);
    world.detail = Arc::new(Detail {
        at,
        of: world.focus,
        regions: Some(Stamped::new(at, value)),
        ..Detail::default()
    });
}

fn drawn(memory: &mut Memory, world: &World, width: u16, height: u16) -> (Vec<String>, Buffer) {
    let buf = buffer(memory, world, width, height);
    (lines(&buf), buf)
}

fn press(memory: &mut Memory, world: &World, keys: &str) {
    for key in keys.chars().map(Pressed::char) {
        if memory.typing() {
            memory.key(world, key);
        } else if let Some(action) = world.keys.find(key, SPEC.actions) {
            memory.act(world, action);
        }
        memory.fit(world, Rect::new(0, 0, 120, 40));
    }
}

#[test]
fn a_wide_screen_has_picture_table_and_words() {
    let mut world = world(Depth::Ansi, false);
    read(&mut world, 1, Ok(space(412)));
    let mut memory = Memory::default();
    let (lines, _) = drawn(&mut memory, &world, 158, 45);
    let text = lines.join("\n");
    for part in [
        "ADDRESS SPACE  not to scale",
        "7ffd 0000 0000 ███ stack          132K",
        "thread stacks  2 × 8.0M",
        "1871 Compositor",
        "claims 58.2M   holds 32.4M   of that own 32.4M, shared with others 0   swapped 3.9M",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let stack = lines.iter().position(|l| l.contains("███ stack"));
    let heap = lines.iter().position(|l| l.contains("███ heap"));
    assert!(stack < heap, "high addresses stand on top");
}

#[test]
fn every_size_is_drawn_and_the_table_stays_readable() {
    let mut world = world(Depth::Mono, true);
    read(&mut world, 1, Ok(space(412)));
    let mut memory = Memory::default();
    for width in [1, 2, 7, 20, 40, 58, 78, 96, 118, 128, 200] {
        for height in [1, 2, 5, 8, 13, 22, 38, 60] {
            let (lines, _) = drawn(&mut memory, &world, width, height);
            let marks = ['█', '░', '▎', '▌', '×', '·', '↑', '↓'];
            assert!(!lines.iter().any(|l| l.contains(marks)), "{lines:?}");
        }
    }
    let (lines, _) = drawn(&mut memory, &world, 58, 13);
    assert!(
        lines[0].contains("KIND") && lines[0].contains("resident"),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|l| l.contains("heap") && l.contains("412K")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|l| l.contains("claims 58.2M")),
        "{lines:?}"
    );
}

#[test]
fn growth_is_told_since_the_tab_opened() {
    let mut world = world(Depth::Ansi, false);
    let mut memory = Memory::default();
    read(&mut world, 1, Ok(space(1000)));
    drawn(&mut memory, &world, 120, 40);
    read(&mut world, 3, Ok(space(4000)));
    let (lines, _) = drawn(&mut memory, &world, 120, 40);
    let heap = lines
        .iter()
        .find(|l| l.contains("▎ heap"))
        .expect("the heap");
    assert!(heap.contains("+1.5M/s"), "{heap}");
    let stack = lines
        .iter()
        .find(|l| l.contains("▎ stack"))
        .expect("the stack");
    assert!(!stack.contains("/s"), "{stack}");
}

#[test]
fn keys_fold_list_by_address_sort_search_and_copy() {
    let mut world = world(Depth::Ansi, false);
    read(&mut world, 1, Ok(space(412)));
    let mut memory = Memory::default();
    memory.fit(&world, Rect::new(0, 0, 120, 40));
    press(&mut memory, &world, "j");
    assert_eq!(memory.chosen().map(|e| e.group), Some(Group::ThreadStacks));
    let before = memory.entries.len();
    press(&mut memory, &world, "-");
    assert_eq!(memory.entries.len(), before - 2);
    press(&mut memory, &world, "+");
    assert_eq!(memory.entries.len(), before);
    press(&mut memory, &world, "g");
    assert_eq!(memory.entries.len(), 10);
    assert_eq!(memory.entries[0].key, Key::At(0x7ffd_0000_0000));
    press(&mut memory, &world, ">>");
    assert_eq!(
        memory.entries[0].key,
        Key::At(0x7f12_0000_0000),
        "most resident first"
    );
    press(&mut memory, &world, "/libc");
    memory.key(&world, Pressed::of(Code::Enter));
    assert_eq!(
        memory.chosen().map(|e| e.key.clone()),
        Some(Key::At(0x7f13_0000_0000))
    );
    let copied = memory.act(&world, moves::COPY);
    assert!(matches!(copied, Reply::Do(Effect::Copy(path)) if path == "/lib/libc.so.6"));
}

#[test]
fn each_listed_key_is_answered() {
    let mut world = world(Depth::Ansi, false);
    read(&mut world, 1, Ok(space(412)));
    // Esc leaves the tab where there is nothing to clear.
    for action in SPEC.actions.iter().filter(|a| **a != moves::CLEAR) {
        let mut memory = Memory::default();
        memory.fit(&world, Rect::new(0, 0, 120, 40));
        assert!(
            !matches!(memory.act(&world, action), Reply::Pass),
            "{}",
            action.name
        );
    }
}

#[test]
fn a_click_on_a_title_sorts_and_the_selected_row_is_marked() {
    let mut world = world(Depth::Ansi, false);
    read(&mut world, 1, Ok(space(412)));
    let mut memory = Memory::default();
    let (lines, buf) = drawn(&mut memory, &world, 90, 30);
    let column = lines[0].find("claimed").expect("the column") as u16;
    let marked = |y| {
        buf[(6, y)]
            .modifier
            .contains(ratatui::style::Modifier::REVERSED)
    };
    assert!(marked(1) && !marked(2));
    let click = Mouse {
        press: Press::Left,
        column,
        row: 0,
    };
    memory.mouse(&world, click);
    let (lines, _) = drawn(&mut memory, &world, 90, 30);
    assert!(lines[0].contains("claimed▼"), "{}", lines[0]);
    assert!(lines[1].contains("anonymous"), "{}", lines[1]);
}

#[test]
fn what_is_missing_is_said_and_never_zero() {
    let mut world = world(Depth::Ansi, false);
    let mut memory = Memory::default();
    let says = |memory: &mut Memory, world: &World, what: &str| {
        let text = drawn(memory, world, 90, 20).0.join("\n");
        assert!(text.contains(what), "no {what:?} in\n{text}");
    };
    says(&mut memory, &world, "Reading");
    read(&mut world, 1, Err(Missing::Denied));
    says(&mut memory, &world, "only to its own user");
    for (user, told) in [(1000, "as its user or as root"), (0, "not even to root")] {
        world.settings.me = Some((Pid(1), Uid(user)));
        says(&mut memory, &world, told);
    }
    let mut unread = space(412);
    unread.residency = Err(Missing::Soon);
    for region in &mut unread.regions {
        region.residency = Err(Missing::Soon);
    }
    read(&mut world, 2, Ok(unread));
    says(&mut memory, &world, "holds –");
    read(&mut world, 3, Ok(AddressSpace::default()));
    says(&mut memory, &world, "No address space");
    let mut scene = Scene::new();
    scene.task(1842, 1, "fox").stat.state = State::Zombie;
    world.snapshot = Arc::new(scene.snapshot());
    says(&mut memory, &world, "until the parent asks for it");
}

#[test]
fn who_else_maps_a_region_ends_with_those_who_cannot_be_seen() {
    let mut world = world(Depth::Ansi, false);
    let mut ring = region(0x7f20_0000_0000, 64, Kind::Shared, "/dev/shm/ring", 64);
    ring.access = Access::from_letters(b"rw-s");
    ring.file.inode = 7;
    let mut space = AddressSpace {
        regions: vec![ring],
        sharers: Err(Missing::Denied),
        ..space(412)
    };
    let mut memory = Memory::default();
    read(&mut world, 1, Ok(space.clone()));
    press(&mut memory, &world, "g");
    let told = |memory: &mut Memory, world: &World| drawn(memory, world, 120, 40).0.join("\n");
    let text = told(&mut memory, &world);
    assert!(text.contains("  others not visible"), "{text}");
    space.regions[0].sharers = vec![Sharer {
        pid: Pid(812),
        name: "make".into(),
    }];
    read(&mut world, 2, Ok(space.clone()));
    let text = told(&mut memory, &world);
    let all = "also mapped by 812 make, others not visible";
    assert!(text.contains(all), "{text}");
    space.sharers = Ok(());
    read(&mut world, 3, Ok(space));
    let text = told(&mut memory, &world);
    assert!(text.contains("also mapped by 812 make\n"), "{text}");
}

#[test]
fn regions_that_take_pages_are_marked_and_say_where_these_come_from() {
    use crate::model::memory::faults::code::{Code, Toucher};
    use crate::model::memory::faults::{PageFaults, RegionFaults, TouchedBy};
    let mut world = world(Depth::Ansi, false);
    read(&mut world, 1, Ok(space(412)));
    let code = |function: Reading<&str>, object: &str| Code {
        function: function.map(Into::into),
        object: object.into(),
        address: 0x15a3,
    };
    let fill = code(Ok("touch_pages"), "/opt/fox/firefox");
    let library = code(Err(Missing::Unsupported), "/usr/lib/libc.so.6");
    let by = |code: &Code, caller: Option<&Code>, faults| TouchedBy {
        toucher: Toucher {
            code: Some(code.clone()),
            caller: caller.cloned(),
        },
        faults,
    };
    let called = by(&library, Some(&fill), 1100);
    let faults = |whole| PageFaults {
        span: Nanos::from_millis(2000),
        whole,
        counted: (!whole).then_some((8020, 400)),
        kernel: true,
        regions: vec![
            RegionFaults {
                first: 20,
                ..RegionFaults::default()
            },
            RegionFaults {
                start: 0x5581_1000_0000,
                first: 4000,
                swap: 400,
                waited: 400,
                by: vec![by(&fill, None, 3300), called.clone()],
                ..RegionFaults::default()
            },
        ],
        by: vec![by(&fill, None, 3315), by(&library, None, 5)],
    };
    let tell = |world: &mut World, value| {
        let mut detail = (*world.detail).clone();
        detail.page_faults = Some(Stamped::new(Nanos(1), value));
        world.detail = Arc::new(detail);
        let mut memory = Memory::default();
        drawn(&mut memory, world, 158, 45);
        // The heap: the row that takes most.
        let column = cells::columns(false)
            .iter()
            .position(|c| c.title == "pages/s");
        memory.list.sort_by(column.expect("it is there"));
        let (lines, _) = drawn(&mut memory, world, 158, 45);
        let first = lines
            .iter()
            .find(|l| l.contains("heap  ") && l.contains("412K"));
        assert!(first.is_some(), "{lines:#?}");
        (memory, lines.join("\n"))
    };
    let (mut memory, text) = tell(&mut world, Ok(faults(true)));
    assert!(
        text.contains("takes 2.2k pages/s, 10") && text.contains("of them in regions that are"),
        "{text}"
    );
    let told = "touched by touch_pages of firefox 75%; libc.so.6+0x15a3, called by touch_pages of firefox 25%";
    assert!(text.contains(told), "{text}");
    // A row that takes nothing tells who touches the others.
    memory.list.choose(Key::Group(Group::Stack));
    let text = drawn(&mut memory, &world, 158, 45).0.join("\n");
    assert!(
        text.contains("What it takes elsewhere is touched by touch_pages of firefox 75%")
            && text.contains("others 25%"),
        "{text}"
    );
    let (memory, text) = tell(&mut world, Ok(faults(false)));
    assert!(
        text.contains("~2.2k"),
        "about, where each so many stands for others: {text}"
    );
    assert!(
        text.contains("takes 4.2k pages/s, ~2.0k of them without an address"),
        "the sum is counted: {text}"
    );
    let told = memory.explain(&world);
    assert!(told.iter().any(|(word, _)| word == "pages/s"));
    let (_, text) = tell(&mut world, Err(Missing::Denied));
    assert!(!text.contains("takes"), "{text}");
}
