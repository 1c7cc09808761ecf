use super::*;
use crate::app::world::Settings;
use crate::model::descriptors::ipc::{Channel, Crowd, Edge, Party, lines, pairs};
use crate::model::descriptors::peer::{Flow, Object};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Nanos;
use crate::panels::tests::drawn::text as drawn;
use crate::theme::{Depth, Theme};

fn party(pid: u32, name: &str) -> Party {
    Party {
        id: ProcId::new(pid, u64::from(pid)),
        name: name.into(),
        fd: Some(3),
    }
}

fn edge(channel: Channel, a: (u32, &str), b: (u32, &str), flow: Flow, detail: &str) -> Edge {
    Edge {
        channel,
        a: party(a.0, a.1),
        b: party(b.0, b.1),
        flow,
        detail: detail.to_owned(),
        crowd: false,
    }
}

/// A log that a whole tree of processes writes to.
fn crowd() -> Crowd {
    let tree = (600..625).map(|pid| party(pid, if pid == 600 { "make" } else { "cc1" }));
    Crowd {
        object: Object::Pipe(9),
        channel: Channel::Pipe,
        a: tree.collect(),
        b: vec![party(700, "tee")],
        flow: Flow::Out,
        detail: "empty".to_owned(),
    }
}

pub fn ipc() -> Ipc {
    let (make, bash, cc) = ((812, "make"), (780, "bash"), (900, "cc1"));
    let mut edges = vec![
        edge(
            Channel::Pipe,
            make,
            cc,
            Flow::Out,
            "64K of 64K: the writer waits",
        ),
        edge(Channel::Pipe, cc, make, Flow::Out, "empty"),
        edge(Channel::Pty, bash, make, Flow::Both, "pts/3"),
        edge(Channel::Pipe, (790, "sh"), make, Flow::Out, "empty"),
        edge(
            Channel::Unix,
            make,
            (1, "systemd"),
            Flow::Both,
            "/run/systemd/notify",
        ),
        edge(
            Channel::Memory,
            (40, "X"),
            (41, "term"),
            Flow::Both,
            "inode 7",
        ),
    ];
    edges.extend((60..64).map(|pid| {
        let detail = format!("127.0.0.1:80 127.0.0.1:{}", 5000 + pid);
        edge(
            Channel::Tcp,
            (50, "httpd"),
            (pid, "curl"),
            Flow::Both,
            &detail,
        )
    }));
    let lines = lines::lines(&edges, vec![crowd()]);
    let stage = |p: (u32, &str)| (ProcId::new(p.0, 1), p.1.into());
    Ipc {
        pairs: pairs(&edges),
        processes: lines::processes(&lines),
        lines,
        edges,
        more: 4996,
        pipelines: vec![vec![stage((790, "sh")), stage(make)]],
        hidden: 2,
        unlisted: false,
        descriptors: 100,
        complete: true,
    }
}

fn world(ascii: bool) -> World {
    let mut world = World::new(Theme::terminal(Depth::True, ascii), Settings::default());
    let mut detail = Detail::default();
    detail.machine.ipc = Some(Stamped::new(Nanos(1), Ok(ipc())));
    world.detail = Arc::new(detail);
    world
}

#[test]
fn pairs_stand_above_the_neighbourhood_of_the_chosen_one() {
    let mut view = ViewIpc::default();
    drawn(&mut view, &world(false), 118, 24);
    view.act(&world(false), moves::DOWN);
    insta::assert_snapshot!(drawn(&mut view, &world(false), 118, 24), @r##"
     channels   11 among 38 processes   2 processes not visible   4 pipes   1 unix socket   4 tcp   1 terminal   +1 more
     most       httpd ⇄ 4×[curl] 4   make ⇄ cc1 2   systemd ⇄ make 1   X ⇄ term 1   bash ⇄ make 1   sh → make 1   +1 more
     pipelines  sh → make

     PROCESS               PROCESS          BY▼              DETAIL
     +     50 httpd     ⇄        4×[curl]   4 tcp            127.0.0.1:80
    ▌     812 make      ⇄      900 cc1      2 pipes          64K of 64K: the writer waits, empty
            1 systemd   ⇄      812 make     unix socket      /run/systemd/notify
           40 X         ⇄       41 term     shared memory    inode 7
          780 bash      ⇄      812 make     terminal         pts/3
          790 sh        →      812 make     pipe             empty
     +     25 processes →      700 tee      one pipe         empty, 24 cc1, 1 make





     NEIGHBOURHOOD of 812 make
                                         790 sh → pipe ─┬─ 812 make ─┬─ unix socket ⇄ 1 systemd
                                     900 cc1 ⇄ 2 pipes ─┘            └─ terminal ⇄ 780 bash
    "##);
}

#[test]
fn every_size_answers_in_both_alphabets() {
    for ascii in [false, true] {
        let world = world(ascii);
        for (width, height) in [(58, 13), (78, 20), (118, 36), (198, 56)] {
            let text = drawn(&mut ViewIpc::default(), &world, width, height);
            assert!(text.contains("make"), "{width}x{height}\n{text}");
            assert!(
                text.contains("11 among 38 processes"),
                "{width}x{height}\n{text}"
            );
            assert!(!ascii || !text.contains(['→', '─', '⇄']), "{text}");
        }
        for width in 0..60 {
            drawn(&mut ViewIpc::default(), &world, width, width / 2);
        }
    }
}

#[test]
fn enter_and_r_go_to_the_two_ends_and_g_keeps_one_neighbourhood() {
    let world = world(false);
    let mut view = ViewIpc::default();
    drawn(&mut view, &world, 118, 30);
    view.act(&world, moves::DOWN);
    drawn(&mut view, &world, 118, 30);
    let goes = |view: &mut ViewIpc, action| match view.act(&world, action) {
        Reply::Inspect(id, "files") => id.pid.0,
        _ => 0,
    };
    assert_eq!(
        (goes(&mut view, &INSPECT), goes(&mut view, &OTHER)),
        (812, 900)
    );
    view.act(&world, &SHOW);
    let text = drawn(&mut view, &world, 118, 30);
    assert!(!text.contains("41 term"), "{text}");
    assert!(view.status(&world).starts_with("only 812"));
}

#[test]
fn where_there_is_room_each_channel_of_the_chosen_row_is_told() {
    let world = world(false);
    let mut view = ViewIpc::default();
    drawn(&mut view, &world, 158, 44);
    view.act(&world, moves::DOWN);
    let text = drawn(&mut view, &world, 158, 44);
    for told in [
        "CHANNELS 812 make ⇄ 900 cc1",
        "812 fd 3 → 900 fd 3   pipe   64K of 64K: the writer waits",
        "812 fd 3 ← 900 fd 3   pipe   empty",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    view.act(&world, moves::UP);
    drawn(&mut view, &world, 158, 44);
    view.act(&world, &UNFOLD);
    drawn(&mut view, &world, 158, 44);
    let text = drawn(&mut view, &world, 158, 24);
    assert!(text.contains("50 fd 3 ⇄ 60 fd 3"), "{text}");
    view.act(&world, moves::DOWN);
    drawn(&mut view, &world, 158, 44);
    view.act(&world, moves::DOWN);
    let text = drawn(&mut view, &world, 158, 44);
    assert!(
        !text.contains("50 fd 3 ⇄ 60 fd 3"),
        "only of the chosen one\n{text}"
    );
    assert!(text.contains("50 fd 3 ⇄ 61 fd 3"), "{text}");
}

#[test]
fn a_line_of_many_opens_to_them_and_closes_again() {
    let world = world(false);
    let mut view = ViewIpc::default();
    drawn(&mut view, &world, 118, 40);
    let text = drawn(&mut view, &world, 118, 40);
    assert!(
        text.contains("4×[curl]") && !text.contains("62 curl"),
        "{text}"
    );
    let goes = |view: &mut ViewIpc, action| match view.act(&world, action) {
        Reply::Inspect(id, "files") => id.pid.0,
        _ => 0,
    };
    // Many at the right: they are listed, and each of them is a row of its own.
    assert_eq!(
        (goes(&mut view, &INSPECT), goes(&mut view, &OTHER)),
        (50, 0)
    );
    for _ in 0..3 {
        drawn(&mut view, &world, 118, 40);
        view.act(&world, moves::DOWN);
    }
    let text = drawn(&mut view, &world, 118, 40);
    assert!(text.contains("▌") && text.contains("62 curl"), "{text}");
    assert_eq!(
        (goes(&mut view, &INSPECT), goes(&mut view, &OTHER)),
        (50, 62)
    );
    assert_eq!(
        view.copied(&world).as_deref(),
        Some("50 httpd <> 62 curl 4 tcp 127.0.0.1:80")
    );
    view.act(&world, &FOLD);
    let text = drawn(&mut view, &world, 118, 40);
    assert!(!text.contains("62 curl"), "{text}");
    assert_eq!(goes(&mut view, &INSPECT), 50, "the line itself is selected");
}

#[test]
fn a_filter_leaves_what_contains_it() {
    let world = world(false);
    let mut view = ViewIpc::default();
    view.act(&world, moves::FILTER);
    for c in "memory".chars() {
        view.key(&world, Key::char(c));
    }
    drawn(&mut view, &world, 118, 30);
    assert_eq!(view.list.in_view().count(), 1);
}

#[test]
fn no_pipeline_is_told_of_those_only_who_are_visible() {
    let mut world = world(false);
    for (hidden, unlisted, complete, words) in [
        (0, false, true, "none"),
        (2, false, true, "none among those who are visible"),
        (0, true, true, "none among those who are visible"),
        (0, false, false, "none yet of those who were looked at"),
    ] {
        let mut detail = Detail::default();
        let seen = Ipc {
            hidden,
            unlisted,
            complete,
            ..Ipc::default()
        };
        detail.machine.ipc = Some(Stamped::new(Nanos(1), Ok(seen)));
        world.detail = Arc::new(detail);
        let screen = drawn(&mut ViewIpc::default(), &world, 118, 24);
        let line = screen.lines().find(|line| line.contains("pipelines"));
        let told = line.map(|line| line.trim().trim_start_matches("pipelines").trim());
        assert_eq!(told, Some(words));
    }
}
