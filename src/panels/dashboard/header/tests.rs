use crate::model::id::Nanos;
use std::sync::Arc;

use super::*;
use crate::app::world::Settings;
use crate::model::id::ProcId;
use crate::model::machine::verdict::{Basis, Bottleneck, Scope, Storage, Verdict};
use crate::model::sample::Fault;
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};

fn world() -> World {
    let mut scene = Scene::new();
    scene.task(1, 0, "systemd");
    scene.task(5, 1, "sshd");
    scene.task(9, 5, "bash");
    scene.sample.system.switches = Ok(1000);
    scene.pass(1000, &[]);
    scene.sample.system.switches = Ok(13_400);
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    world.snapshot = Arc::new(scene.pass(1000, &[(9, 18)]));
    world
}

fn drawn(world: &World, width: u16) -> String {
    let area = Rect::new(0, 0, width, 1);
    let mut buf = Buffer::empty(area);
    Header.render(world, area, &mut buf);
    (0..width).map(|x| buf[(x, 0)].symbol()).collect()
}

#[test]
fn tells_the_pace_that_is_kept() {
    let mut world = world();
    let mut shown = |asked_ms, kept_ms| {
        world.settings.interval = Nanos::from_millis(asked_ms);
        let mut snapshot = (*world.snapshot).clone();
        snapshot.interval = Nanos::from_millis(kept_ms);
        world.snapshot = Arc::new(snapshot);
        let line = drawn(&world, 160);
        line.trim_end().rsplit(' ').next().map(str::to_owned)
    };
    assert_eq!(shown(200, 200).as_deref(), Some("0.2s"));
    assert_eq!(
        shown(200, 800).as_deref(),
        Some("0.8s"),
        "a sweep takes too long"
    );
    assert_eq!(
        shown(2000, 1000).as_deref(),
        Some("2s"),
        "from the next tick on"
    );
    world.time.recording = Some("a.pscope".to_owned());
    let line = drawn(&world, 160);
    assert!(line.contains("◉ REC  "), "{line}");
    world.settings.interval = Nanos::from_millis(500);
    let line = drawn(&world, 160);
    assert!(line.contains("◉ REC slowed  ● LIVE 1s"), "{line}");
    world.time.recorded = true;
    let line = drawn(&world, 160);
    assert!(line.trim_end().ends_with("LIVE 1s"), "of a stream: {line}");
}

#[test]
fn says_how_the_machine_does() {
    let line = drawn(&world(), 160);
    for part in [
        "pscope",
        "scene",
        "Linux 6.18.0",
        "up 16m 42s",
        "load 1.38 1.07 0.51",
        "3 processes",
        "2 running",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(
        line.trim_end().ends_with("100% = 1 core  ● LIVE 1s"),
        "{line}"
    );
}

#[test]
fn narrow_lines_lose_the_least_first_and_keep_the_badge() {
    let world = world();
    let line = drawn(&world, 80);
    assert!(line.contains("load") && !line.contains("Linux"), "{line}");
    for width in 0..200 {
        let line = drawn(&world, width);
        assert!(width < 40 || line.contains("LIVE"), "{width}: {line}");
    }
}

#[test]
fn what_could_not_be_read_is_cut_before_it_goes_untold() {
    let mut world = world();
    let mut snapshot = (*world.snapshot).clone();
    snapshot.faults = vec![Fault {
        source: "processes",
        why: "those of other users are not listed (mount option hidepid=invisible)".into(),
    }];
    world.snapshot = Arc::new(snapshot);
    let line = drawn(&world, 160);
    assert!(
        line.contains("hidepid=invisible)") && line.contains("load"),
        "{line}"
    );
    let line = drawn(&world, 100);
    assert!(
        line.contains("processes: those of other users are") && line.contains('…'),
        "{line}"
    );
    for width in 0..200 {
        let line = drawn(&world, width);
        assert!(width < 40 || line.contains("LIVE"), "{width}: {line}");
    }
}

#[test]
fn the_verdict_outlasts_everything_but_the_name_of_the_program() {
    let mut world = world();
    world.page = Page::View(3);
    world.active = "view-memory";
    world.verdict = Some(Verdict {
        storage: Storage::Disk,
        scope: Scope::Machine,
        of: Bottleneck::Cpu,
        basis: Basis::Pressure,
        percent: 82.0,
        severity: 4.0,
        since: Nanos(0),
        began_before: false,
        behind: vec!["rustc ×3".to_owned(), "cargo".to_owned()],
    });
    let said = [
        (
            160,
            "CPU-bound: 82% of the time someone waited for a core: rustc ×3, cargo for ",
        ),
        (100, "CPU-bound 82%: rustc ×3, cargo"),
        (80, "CPU-bound 82%: rustc ×3, cargo"),
        (66, "CPU-bound 82%: rustc ×3 "),
        (60, "CPU-bound 82% "),
    ];
    for (width, said) in said {
        let line = drawn(&world, width);
        assert!(
            line.contains(said) && line.contains("LIVE"),
            "{width}: {line}"
        );
    }
}

#[test]
fn paused_time_is_loud() {
    let mut world = world();
    world.paused = Some(3);
    let line = drawn(&world, 120);
    assert!(
        line.contains("‖ PAUSED 3 back") && !line.contains("LIVE"),
        "{line}"
    );
}

#[test]
fn the_inspector_names_its_process() {
    let mut world = world();
    world.page = Page::Inspector;
    world.focus = Some(ProcId::new(9, 9));
    let line = drawn(&world, 120);
    assert!(
        line.contains("9 bash   systemd → sshd → bash   root   CPU 18.0%   holds 10.0M"),
        "{line}"
    );
    world.focus = Some(ProcId::new(9, 8));
    assert!(drawn(&world, 120).contains("9 ended"));
    world.focus = Some(ProcId::new(9, 9));
    let seen = Arc::clone(&world.snapshot);
    world.trace.follow(world.focus, std::iter::once(&*seen));
    world.snapshot = Arc::default();
    assert!(drawn(&world, 120).contains("9 bash ended"));
}

#[test]
fn shows_its_own_cost_when_asked() {
    let mut world = world();
    let mut snapshot = (*world.snapshot).clone();
    snapshot.own = Some(crate::model::snapshot::Own {
        cpu: Ok(0.42),
        resident: crate::model::id::Bytes(18 << 20),
        calls: Err(crate::model::reading::Missing::Denied),
        written: Ok(crate::model::id::Bytes(9318)),
    });
    world.snapshot = Arc::new(snapshot);
    assert!(!drawn(&world, 160).contains("calls"));
    world.settings.own_cost = true;
    let line = drawn(&world, 160);
    assert!(
        line.contains("pscope 0.4% 18.0M – calls 9.1K out, scan: 0 read"),
        "{line}"
    );
    for (width, cost) in [
        (100, "pscope 0.4% 18.0M – calls, scan  "),
        (80, "pscope 0.4% 18.0M  100%"),
    ] {
        let line = drawn(&world, width);
        assert!(
            line.contains(cost) && line.contains("LIVE"),
            "{width}: {line}"
        );
    }
    let mut plan = Plan::default();
    Header.plan(&world, &mut plan);
    assert_eq!(plan.needs, Needs::OWN);
}

#[test]
fn what_has_ended_says_so_also_while_it_is_looked_back_at() {
    use crate::app::world::Replay;
    let mut world = world();
    world.time.ended = true;
    for (paused, told) in [
        (None, "■ ENDED"),
        (Some(0), "■ ENDED"),
        (Some(3), "‖ ENDED 3 back"),
    ] {
        world.paused = paused;
        let line = drawn(&world, 120);
        assert!(line.trim_end().ends_with(told), "{told}: {line}");
    }
    world.time.ended = false;
    world.time.replay = Some(Replay {
        playing: false,
        speed: 0,
    });
    for (paused, told) in [(Some(0), "■ RECORDING ENDED"), (Some(1), "‖ RECORDING")] {
        world.paused = paused;
        let line = drawn(&world, 120);
        assert!(line.trim_end().ends_with(told), "{told}: {line}");
    }
}

#[test]
fn says_whether_what_is_armed_can_fire() {
    let mut world = world();
    let armed = |unseen: &[&str], never| crate::app::world::Armed {
        text: "gpu>10".to_owned(),
        mode: crate::model::trigger::Mode::Single,
        fired: 0,
        last: None,
        spent: false,
        unseen: unseen.iter().map(|why| (*why).to_owned()).collect(),
        never,
    };
    for (unseen, never, told) in [
        (&[][..], false, "ARMED gpu>10"),
        (&["of 3"], false, "ARMED? gpu>10"),
        (&["no card"], true, "NEVER FIRES gpu>10"),
    ] {
        world.trigger = Some(armed(unseen, never));
        let line = drawn(&world, 160);
        assert!(line.contains(told), "{told} in {line}");
    }
}
