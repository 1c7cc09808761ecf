//! A confined process, drawn.

use std::sync::Arc;

use super::*;
use crate::app::event::Effect;
use crate::app::world::Settings;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId, Uid};
use crate::model::process::isolation::Namespace;
use crate::model::process::isolation::group::{Group, GroupCpu, Layout, Membership, Usage};
use crate::model::process::isolation::limit::{Limit, Resource};
use crate::model::process::isolation::rights::{Capabilities, Rights, Seccomp};
use crate::model::reading::{Missing, Reading};
use crate::panels::tests::drawn::{buffer, lines};
use crate::theme::{Depth, Theme};

fn confined() -> Isolation {
    let limit = |resource, soft, used| Limit {
        resource,
        soft,
        hard: None,
        used,
    };
    let namespace = |kind, about, ours| Namespace {
        kind,
        about,
        id: Ok(4_026_531_833),
        ours: Ok(ours),
    };
    Isolation {
        limits: Ok(vec![
            limit(Resource::Files, Some(1000), Ok(950)),
            limit(Resource::Stack, Some(8 << 20), Ok(132 << 10)),
            limit(Resource::Cpu, None, Ok(7)),
            limit(Resource::Locks, None, Err(Missing::Unsupported)),
        ]),
        namespaces: vec![
            namespace("net", "network interfaces and sockets", false),
            namespace("pid", "process numbers", true),
        ],
        numbers: vec![812, 1],
        group: Ok(Group {
            layout: Layout::V2,
            memberships: vec![Membership {
                controllers: "".into(),
                path: "/a.slice/b.service".into(),
            }],
            memory: Some(Usage {
                used: Some(512 << 20),
                limit: Some(1 << 30),
                set_by: Some("/a.slice".into()),
                ..Usage::default()
            }),
            cpu: Some(GroupCpu {
                cores: Some(0.5),
                set_by: None,
                periods: 400,
                throttled: 100,
                throttled_time: Nanos::from_millis(2500),
                above: None,
            }),
            oom_kills: Some(2),
            ..Group::default()
        }),
        rights: Ok(Rights {
            users: [Uid(1000), Uid(0), Uid(0)],
            effective: Capabilities(0x21),
            bounding: Capabilities(0x1ff_ffff_ffff),
            last: 40,
            seccomp: Seccomp::Filter(Some(1)),
            ..Rights::default()
        }),
        label: Ok(Some("docker-default (enforce)".into())),
        login: Ok(None),
        oom_score: Ok(666),
        oom_adjustment: Ok(-500),
    }
}

fn world_with(value: Reading<Isolation>) -> World {
    let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
    world.focus = Some(ProcId::new(812, 9));
    world.detail = Arc::new(Detail {
        of: world.focus,
        isolation: Some(Stamped::new(Nanos(1), value)),
        ..Detail::default()
    });
    world
}

fn drawn(tab: &mut LimitsTab, world: &World, wide: u16, high: u16) -> (Vec<String>, Buffer) {
    let buf = buffer(tab, world, wide, high);
    (lines(&buf), buf)
}

#[test]
fn shows_what_confines_it() {
    let world = world_with(Ok(confined()));
    let (lines, buf) = drawn(&mut LimitsTab::default(), &world, 90, 32);
    insta::assert_snapshot!(lines.join("\n"), @r"
    ▌LIMITS                     used      soft      hard
      open descriptors           950      1000  no limit  ▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▱
      main stack                132K      8.0M  no limit  ▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱
      time on a core            7.0s  no limit  no limit
      file locks                   –  no limit  no limit
     CONTROL GROUP  v2
      path                 /a.slice/b.service
      memory                    512M     1.00G            ▰▰▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱  set by /a.sli…
      cores                at most 0.50; throttled in 25% of 400 periods, 2.5s in all
      out of memory        2 ended for want of memory
     NAMESPACES  1 of 2 differ from those of pscope
      net                  4026531833  its own network interfaces and sockets
      pid                  4026531833  ours · process numbers
      pid inside           1
     RIGHTS
      user                 real 1000, effective 0, saved 0
      capabilities         chown, kill
      permitted            none
      bounding             all
      ambient              none
      no new privileges    no
      seccomp              filtered by 1 program
      security label       docker-default (enforce)
      logged in as         nobody: a service
      OOM score            666, adjusted by -500
    ");
    let row = lines
        .iter()
        .position(|l| l.contains("open descriptors"))
        .expect("a row") as u16;
    let column = lines[usize::from(row)].find("950").expect("its use") as u16;
    let bad = world.theme.style(Role::Bad).fg.expect("a colour");
    assert_eq!(buf[(column, row)].fg, bad, "a limit that is near is red");
}

#[test]
fn narrow_screens_lose_the_bars() {
    let world = world_with(Ok(confined()));
    let (lines, _) = drawn(&mut LimitsTab::default(), &world, 52, 30);
    assert!(!lines.join("").contains('▰'));
    assert!(
        lines
            .iter()
            .any(|l| l.contains("open descriptors") && l.contains("950"))
    );
    let mut tab = LimitsTab::default();
    for wide in 0..60 {
        for high in 0..18 {
            drawn(&mut tab, &world, wide, high);
        }
    }
}

#[test]
fn finds_and_copies_a_row() {
    let world = world_with(Ok(confined()));
    let mut tab = LimitsTab::default();
    drawn(&mut tab, &world, 90, 32);
    tab.act(&world, moves::SEARCH);
    tab.paste(&world, "open desc");
    drawn(&mut tab, &world, 90, 32);
    let Reply::Do(Effect::Copy(text)) = tab.act(&world, moves::COPY) else {
        panic!("it copies");
    };
    assert_eq!(text, "open descriptors: 950 of 1000");
}

#[test]
fn what_is_denied_is_said_in_its_place() {
    let mut isolation = confined();
    for namespace in &mut isolation.namespaces {
        namespace.id = Err(Missing::Denied);
        namespace.ours = Err(Missing::Denied);
    }
    let world = world_with(Ok(isolation));
    let text = drawn(&mut LimitsTab::default(), &world, 90, 40)
        .0
        .join("\n");
    assert!(
        text.contains("NAMESPACES  – the kernel does not show it"),
        "{text}"
    );
    assert!(!text.contains("all are those of pscope"));
}
