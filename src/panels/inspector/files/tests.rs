use super::*;
use crate::app::event::Effect;
use crate::app::world::Settings;
use crate::model::descriptors::descriptor::{Extent, Flags, Info, Kind, Mode};
use crate::model::descriptors::peer::{Flow, Note, Peers};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Bytes, Nanos, ProcId, Tid};
use crate::model::reading::{Missing, Reading};
use crate::model::scene::Scene;
use crate::panels::tests::drawn::text as drawn;
use crate::theme::{Depth, Theme};

fn peer(pid: u32, name: &str, fd: u32, flow: Flow) -> Peer {
    Peer {
        id: ProcId::new(pid, u64::from(pid)),
        name: name.into(),
        fd: Some(fd),
        flow,
        foreign: false,
    }
}

fn table() -> Files {
    let mut files = Files::new(ProcId::new(20, 20));
    let mut input = Descriptor::new(0, b"/dev/null");
    input.mode = Ok(Mode::Read);
    let mut output = Descriptor::new(1, b"pipe:[39457]");
    output.mode = Ok(Mode::Write);
    output.peers.named = vec![peer(30, "tee", 0, Flow::Out), peer(31, "cat", 0, Flow::Out)];
    let mut log = Descriptor::new(7, b"/var/log/big.log (deleted)");
    log.mode = Ok(Mode::Both);
    log.info = Ok(Info {
        position: 6 << 20,
        flags: Flags::APPEND | Flags::CLOEXEC,
        ..Info::default()
    });
    log.extent = Ok(Extent {
        size: Bytes(12 << 20),
        held: Bytes(12 << 20),
        ..Extent::default()
    });
    let mut hidden = Descriptor::new(9, b"socket:[77]");
    hidden.kind = Kind::Unix;
    hidden.peers = Peers {
        note: Some(Note::Hidden(None)),
        ..Peers::default()
    };
    files.rows = vec![input, output, log, hidden];
    files.limit = Ok(Some(1024));
    files.pipelines = vec![vec![
        (ProcId::new(20, 20), "make".into()),
        (ProcId::new(30, 30), "tee".into()),
    ]];
    files.hidden = 3;
    files
}

fn world(files: Reading<Files>) -> World {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.task(20, 1, "make");
    scene.task(30, 1, "tee");
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    world.snapshot = Arc::new(scene.snapshot());
    world.focus = Some(ProcId::new(20, 20));
    world.detail = Arc::new(Detail {
        of: world.focus,
        files: Some(Stamped::new(Nanos(1), files)),
        ..Detail::default()
    });
    world
}

#[test]
fn of_a_long_name_the_middle_goes_before_how_many_more_there_are() {
    let mut files = table();
    let named = &mut files.rows[1].peers.named;
    named[0].name = "a-service-with-a-long-name".into();
    let world = world(Ok(files));
    let text = drawn(&mut FilesTab::default(), &world, 66, 20);
    assert!(text.contains("+ 1 more"), "{text}");
    assert!(text.contains("30 a-") && text.contains("…"), "{text}");
    let whole = drawn(&mut FilesTab::default(), &world, 130, 20);
    assert!(
        whole.contains("30 a-service-with-a-long-name + 1 more"),
        "{whole}"
    );
}

/// A call that waits in accept(2) has its number already: it counts against the limit, and everywhere else.
#[test]
fn numbers_that_calls_keep_are_counted_and_said_apart() {
    let mut files = table();
    files.taken = 7;
    let told: String = head::summary(&world(Ok(files.clone())), &files)
        .iter()
        .map(|(text, _)| text.as_str())
        .collect();
    assert!(told.starts_with("7 of 1024"), "{told}");
    assert!(told.contains("   3 being opened"), "{told}");
}

#[test]
fn the_table_reads_well_at_a_common_size() {
    let mut tab = FilesTab::default();
    insta::assert_snapshot!(drawn(&mut tab, &world(Ok(table())), 100, 18), @r##"
     4 of 1024 ▱▱▱▱▱▱▱   1 file   1 pipe   1 unix   1 deleted, holding 12.0M   3 processes not visible
     pipeline  make → tee

       FD▲       KIND      MODE WHAT                               POSITION, QUEUES    PEER
    ▌   0 stdin  device    r    /dev/null
        1 stdout pipe      w    pipe:[39457]                                           → 30 tee + 1 more
        7        file      rw   …/big.log deleted, holds 12.0M     ▰▰▰▰▱▱▱  6.0M/12.0M
        9        unix      –    socket:[77]                                            owner not visible








     0 device /dev/null
     flags being read …
    "##);
}

#[test]
fn every_size_is_drawn_and_the_numbers_stay() {
    let world = world(Ok(table()));
    for (width, height) in [(58, 13), (78, 20), (118, 36), (198, 56)] {
        let text = drawn(&mut FilesTab::default(), &world, width, height);
        assert!(text.contains("1 stdout"), "{width}x{height}\n{text}");
        assert!(text.contains("30 tee"), "{width}x{height}\n{text}");
    }
    for width in 0..45 {
        drawn(&mut FilesTab::default(), &world, width, width / 2);
    }
}

#[test]
fn enter_goes_to_the_peer_and_r_chooses_another() {
    let world = world(Ok(table()));
    let mut tab = FilesTab::default();
    drawn(&mut tab, &world, 100, 20);
    assert!(
        matches!(tab.act(&world, &JUMP), Reply::Say(_)),
        "no peer of /dev/null"
    );
    tab.act(&world, moves::DOWN);
    drawn(&mut tab, &world, 100, 20);
    let goes = |tab: &mut FilesTab| match tab.act(&world, &JUMP) {
        Reply::Inspect(id, "files") => id.pid.0,
        _ => 0,
    };
    assert_eq!(goes(&mut tab), 30);
    tab.act(&world, &NEXT_PEER);
    assert_eq!(goes(&mut tab), 31);
    tab.act(&world, &NEXT_PEER);
    assert_eq!(goes(&mut tab), 30);
}

#[test]
fn another_pane_may_lead_to_a_descriptor() {
    let world = world(Ok(table()));
    let mut tab = FilesTab::default();
    let of = world.focus.expect("somebody");
    assert!(!tab.find(of, Led::Thread(Tid(1))));
    assert!(tab.find(of, Led::Descriptor(1)));
    drawn(&mut tab, &world, 100, 20);
    assert_eq!(tab.chosen().map(|d| d.fd), Some(1));
    tab.act(&world, moves::UP);
    drawn(&mut tab, &world, 100, 20);
    assert_eq!(tab.chosen().map(|d| d.fd), Some(0), "once only");
}

#[test]
fn what_is_shown_is_asked_for_first() {
    let world = world(Ok(table()));
    let mut tab = FilesTab::default();
    drawn(&mut tab, &world, 100, 5);
    let mut plan = Plan::default();
    tab.plan(&world, &mut plan);
    assert_eq!(plan.descriptors[..], [0, 1, 7]);
    assert!(plan.needs.contains(Needs::FILES));
}

#[test]
fn sorting_and_searching_find_a_row() {
    let world = world(Ok(table()));
    let mut tab = FilesTab::default();
    drawn(&mut tab, &world, 100, 20);
    tab.act(&world, moves::SORT_LEFT);
    drawn(&mut tab, &world, 100, 20);
    assert_eq!(
        tab.order.keys(),
        [1, 0, 7, 9],
        "by peer, those without last"
    );
    tab.act(&world, moves::SEARCH);
    for c in "BIG".chars() {
        tab.key(&world, Key::char(c));
    }
    drawn(&mut tab, &world, 100, 20);
    assert_eq!(tab.list.chosen(), Some(&7));
}

#[test]
fn a_refusal_is_said_and_copying_gives_the_path() {
    let denied = world(Err(Missing::Denied));
    let mut tab = FilesTab::default();
    let text = drawn(&mut tab, &denied, 60, 8);
    let text: Vec<&str> = text.split_whitespace().collect();
    assert!(text.join(" ").contains("does not show it to this user"));
    let world = world(Ok(table()));
    drawn(&mut tab, &world, 100, 20);
    let copied = tab.act(&world, moves::COPY);
    assert!(matches!(copied, Reply::Do(Effect::Copy(text)) if text == "/dev/null"));
}

#[test]
fn the_other_end_is_told_in_whole_where_there_is_room() {
    let mut files = table();
    files.rows[1].peers = Peers {
        note: Some(Note::Closed),
        ..Peers::default()
    };
    let world = world(Ok(files));
    for width in [100, 120, 160] {
        let text = drawn(&mut FilesTab::default(), &world, width, 18);
        assert!(text.contains(&Note::Closed.words()), "{text}");
        assert!(text.contains(" deleted, holds 12.0M"), "{text}");
    }
}
