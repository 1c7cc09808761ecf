use std::sync::Arc;

use super::*;
use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::world::Settings;
use crate::model::acting::Order;
use crate::model::detail::{Detail, Stamped};
use crate::model::groups::refusal::Refusal;
use crate::model::id::Bytes;
use crate::model::process::isolation::group::{Group, GroupCpu, Near, Quota, Usage};
use crate::model::sample::OptionalStats;
use crate::model::scene::Scene;
use crate::screen;
use crate::widgets::picture;

const SIZE: Rect = Rect::new(0, 0, 140, 40);

struct Bench {
    app: App,
    effects: Vec<Effect>,
}

impl Bench {
    /// The list is grouped by control group, and the group of the web server is inspected.
    fn new(settings: Settings) -> Self {
        let mut scene = Scene::new();
        for (pid, path) in [
            (7, "/a/web.service"),
            (8, "/a/web.service"),
            (9, "/b.service"),
        ] {
            let extra = OptionalStats {
                cgroup: Ok(path.into()),
                ..OptionalStats::default()
            };
            scene.task(pid, 1, "web").extra = Some(Arc::new(extra));
        }
        let app = App::new(crate::panels::all(), settings, picture::theme());
        let effects = Vec::new();
        let mut bench = Self { app, effects };
        let mut snapshot = scene.snapshot();
        snapshot.at = Nanos::from_millis(60_000);
        bench.event(Event::Snapshot(Arc::new(snapshot)));
        bench.press(&[Key::char('D'), Key::char('g')]);
        let on = |bench: &Self| {
            let group = bench.app.world.group.as_ref();
            group.is_some_and(|g| g.group.name.as_str() == "web.service")
        };
        for _ in 0..10 {
            if on(&bench) {
                break;
            }
            bench.press(&[Key::of(Code::Down)]);
        }
        assert!(on(&bench), "{}", bench.text());
        bench.press(&[Key::of(Code::Enter)]);
        bench
    }

    fn event(&mut self, event: Event) {
        self.effects.extend(self.app.update(event));
        screen::fit(&mut self.app, SIZE);
    }

    fn press(&mut self, keys: &[Key]) {
        for key in keys {
            self.event(Event::Key(*key));
        }
    }

    fn tell(&mut self, facts: GroupFacts) {
        let mut detail = Detail::default();
        detail.machine.group = Some(Stamped::new(Nanos(5), Ok(facts)));
        self.event(Event::Detail(Arc::new(detail)));
    }

    fn tell_at(&mut self, second: u64, facts: GroupFacts) {
        let mut detail = Detail::default();
        let at = Nanos::from_millis(second * 1000);
        detail.machine.group = Some(Stamped::new(at, Ok(facts)));
        self.event(Event::Detail(Arc::new(detail)));
    }

    fn text(&self) -> String {
        let mut buf = Buffer::empty(SIZE);
        screen::render(&self.app, SIZE, &mut buf);
        picture::text(&buf)
    }
}

fn facts(frozen: bool) -> GroupFacts {
    GroupFacts {
        path: "/a/web.service".into(),
        limits: Group {
            memory: Some(Usage {
                used: Some(480 << 20),
                limit: Some(512 << 20),
                set_by: Some("/a".into()),
                near: None,
            }),
            oom_kills: Some(2),
            ..Group::default()
        },
        memory: vec![("of programs", Bytes(300 << 20))],
        frozen: Some(frozen),
        ..GroupFacts::default()
    }
}

#[test]
fn the_footer_offers_what_may_be_done() {
    let told = |bench: &Bench| -> String {
        let hints = bench.app.world.moment.iter();
        let told: Vec<String> = hints.map(|(key, does)| format!("{key} {does}")).collect();
        told.join("  ")
    };
    let bench = Bench::new(Settings::default());
    assert!(told(&bench).contains("s signal"), "{}", told(&bench));
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let bench = Bench::new(settings);
    let read = told(&bench);
    assert!(
        read.starts_with("→ part") && read.ends_with("Esc close"),
        "{read}"
    );
    assert!(
        !read.contains("signal") && !read.contains("freeze"),
        "{read}"
    );
}

#[test]
fn every_part_tells_its_own() {
    let mut bench = Bench::new(Settings::default());
    let plan = bench.app.plan();
    assert_eq!(
        plan.group.as_ref().map(|(path, _)| path.as_str()),
        Some("/a/web.service")
    );
    assert!(plan.needs.contains(Needs::GROUP));
    bench.tell(facts(false));
    let text = bench.text();
    for part in [
        "web.service",
        "2 with 2 threads",
        "480M of 512M (94 %)",
        "set by /a",
        "OOM kills",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let right = [Key::of(Code::Right)];
    for told in [
        "of programs",
        "pressure needs a group of v2",
        "COMMAND",
        "cgroup.kill",
    ] {
        bench.press(&right);
        let text = bench.text();
        assert!(text.contains(told), "{told}\n{text}");
    }
    bench.press(&[
        Key::of(Code::Left),
        Key::of(Code::Down),
        Key::of(Code::Enter),
    ]);
    assert_eq!(
        bench.app.world.focus,
        Some(ProcId::new(8, 8)),
        "a member is inspected"
    );
}

#[test]
fn freezing_is_asked_first_and_done_through_an_order() {
    let mut bench = Bench::new(Settings::default());
    bench.press(&[Key::char('X')]);
    assert!(bench.text().contains("still being read"));
    bench.tell(facts(false));
    bench.press(&[Key::char('X')]);
    assert!(
        bench.text().contains("freeze its 2 processes?"),
        "{}",
        bench.text()
    );
    // Any other key does not.
    bench.press(&[Key::of(Code::Down), Key::char('y')]);
    let acts = |bench: &Bench| {
        bench
            .effects
            .iter()
            .filter(|e| matches!(e, Effect::Act(..)))
            .count()
    };
    assert_eq!(acts(&bench), 0);
    bench.press(&[Key::char('X'), Key::char('y')]);
    let order = bench.effects.iter().find_map(|effect| match effect {
        Effect::Act(_, order) => Some(order.clone()),
        _ => None,
    });
    let expected = Order::Freeze {
        path: "/a/web.service".into(),
        member: Some(ProcId::new(7, 7)),
        on: true,
    };
    assert_eq!(order, Some(expected));
    bench.tell(facts(true));
    bench.press(&[Key::char('X')]);
    assert!(bench.text().contains("thaw its 2 processes?"));
}

#[test]
fn what_the_kernel_would_refuse_is_not_asked_but_told() {
    for (frozen, why, told) in [
        (
            false,
            Refusal::Denied,
            "cannot be frozen as one: not permitted",
        ),
        (
            false,
            Refusal::Ourselves,
            "cannot be frozen as one: pscope itself is in it",
        ),
        (false, Refusal::ReadOnly, "mounted read-only"),
        (
            true,
            Refusal::Above("/a".into()),
            "cannot be thawed as one: /a above it is frozen",
        ),
    ] {
        let mut bench = Bench::new(Settings::default());
        bench.tell(GroupFacts {
            freeze_refused: Some(why.clone()),
            kill_refused: Some(why),
            ..facts(frozen)
        });
        bench.press(&[Key::char('X')]);
        let text = bench.text();
        assert!(text.contains(told), "{told}\n{text}");
        assert!(!text.contains("its 2 processes?"), "{text}");
        bench.press(&[Key::char('y')]);
        let acts = bench.effects.iter().any(|e| matches!(e, Effect::Act(..)));
        assert!(!acts, "nothing was ordered");
        bench.press(&[Key::of(Code::BackTab)]);
        let text = bench.text();
        let word = if frozen {
            "frozen; X cannot thaw it"
        } else {
            "X cannot freeze it"
        };
        assert!(text.contains(word), "{text}");
        assert!(
            text.contains("KILL goes to one member after the other: "),
            "{text}"
        );
    }
}

#[test]
fn the_quota_and_the_limits_say_who_sets_them_and_what_comes_first() {
    let mut bench = Bench::new(Settings::default());
    let mut told = facts(false);
    told.limits.cpu = Some(GroupCpu {
        cores: Some(1.0),
        set_by: Some("/a".into()),
        above: Some(Quota {
            group: "/".into(),
            cores: 2.0,
            periods: 40,
            throttled: 38,
        }),
        ..GroupCpu::default()
    });
    told.limits.tasks = Some(Usage {
        used: Some(3),
        limit: Some(50),
        set_by: Some("/a".into()),
        near: Some(Near {
            group: "/a".into(),
            used: 49,
            limit: 50,
        }),
    });
    told.limit_met = Some(5);
    told.forks_refused = Some(7);
    bench.tell(told);
    let parts = [
        "1.00 cores   set by /a",
        "/ with 2.00 cores throttled in 38 of 40 periods",
        "3 of 50   set by /a, which has 49 in use (98 %)",
    ];
    for part in parts {
        assert!(bench.text().contains(part), "{part}\n{}", bench.text());
    }
    bench.press(&[Key::of(Code::BackTab)]);
    for part in parts
        .into_iter()
        .chain(["5 times   as /a counts", "7 times a fork was refused"])
    {
        assert!(bench.text().contains(part), "{part}\n{}", bench.text());
    }
    assert!(!bench.text().contains("slowed down"), "it is not told");
}

#[test]
fn nothing_is_frozen_where_nothing_may_be_changed() {
    let mut bench = Bench::new(Settings {
        read_only: true,
        ..Settings::default()
    });
    bench.tell(facts(false));
    bench.press(&[Key::char('X')]);
    assert!(bench.text().contains("read-only"));
    bench.press(&[Key::of(Code::BackTab)]);
    let text = bench.text();
    assert!(
        text.contains("not frozen") && !text.contains("X freezes it"),
        "{text}"
    );
    assert!(!text.contains("KILL ends all of it"), "{text}");
}

#[test]
fn pressure_says_since_when_it_is_known_and_what_was_before() {
    let mut bench = Bench::new(Settings::default());
    bench.press(&[Key::of(Code::Right), Key::of(Code::Right)]);
    let mut known = facts(false);
    known.limits.pressure[0] = Some(Pressure {
        some_10: 3.0,
        some_60: 7.5,
        some_total: Nanos::from_millis(90_000),
        ..Pressure::default()
    });
    bench.tell_at(1, known.clone());
    let text = bench.text();
    let first = "3.0 % of the last 10 s somebody waited, 7.5 of the last minute, 1m 30s in all";
    assert!(text.contains(first), "{text}");
    bench.tell_at(43, known);
    let text = bench.text();
    let then = "of the last minute, 1m 30s in all   most 3.0 in 42s";
    assert!(text.contains(then), "{text}");
}

#[test]
fn the_foot_offers_only_what_can_be_done() {
    let foot = |bench: &Bench| bench.text().lines().last().unwrap_or_default().to_owned();
    let mut bench = Bench::new(Settings::default());
    assert!(!foot(&bench).contains(" X "), "nothing is known yet");
    bench.tell(facts(false));
    assert!(foot(&bench).contains("X freeze"), "{}", foot(&bench));
    assert!(!foot(&bench).contains("inspect"), "{}", foot(&bench));
    bench.press(&[Key::char('X')]);
    let asked = foot(&bench);
    assert!(asked.contains("y freeze"), "{asked}");
    bench.press(&[Key::of(Code::Down)]);
    bench.tell(facts(true));
    assert!(foot(&bench).contains("X thaw"), "{}", foot(&bench));
    let mut refused = facts(false);
    refused.freeze_refused = Some(Refusal::Lacking);
    bench.tell(refused);
    assert!(!foot(&bench).contains("X "), "{}", foot(&bench));
    let read_only = Settings {
        read_only: true,
        ..Settings::default()
    };
    let mut bench = Bench::new(read_only);
    bench.tell(facts(false));
    let told = foot(&bench);
    assert!(!told.contains("X ") && !told.contains("signal"), "{told}");
}

#[test]
fn beside_the_list_stand_the_facts_of_a_selected_group_and_a_member_is_called_one() {
    let mut bench = Bench::new(Settings::default());
    bench.press(&[Key::of(Code::Esc)]);
    bench.tell(facts(false));
    let title = |bench: &Bench| {
        let text = bench.text();
        let line = text.lines().find(|line| line.contains("Overview "));
        line.unwrap_or_default().to_owned()
    };
    assert!(
        title(&bench).contains("web.service  Overview"),
        "{}",
        bench.text()
    );
    let text = bench.text();
    for told in [
        "2 with 2 threads",
        "480M of 512M (94 %)",
        "of programs",
        "PID USER",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    assert!(!text.contains("USER LAND"), "it is no process: {text}");
    // Nothing of a member is read for that.
    assert!(
        !bench
            .app
            .plan()
            .needs
            .intersects(Needs::OVERVIEW | Needs::REGIONS)
    );
    // With the keyboard in the inspector what is done is done to one of them.
    bench.press(&[Key::of(Code::Tab)]);
    let told = title(&bench);
    assert!(told.contains("one member of web.service: 7 web"), "{told}");
    assert!(bench.text().contains("USER LAND"), "{}", bench.text());
    bench.press(&[Key::of(Code::BackTab)]);
    assert!(
        title(&bench).contains("web.service  Overview"),
        "{}",
        bench.text()
    );
    // Whom a filter leaves out counts in no sum there.
    bench.press(&[
        Key::char('/'),
        Key::char('p'),
        Key::char('i'),
        Key::char('d'),
        Key::char(':'),
        Key::char('8'),
    ]);
    bench.press(&[Key::of(Code::Enter)]);
    let text = bench.text();
    for told in ["1 with 1 thread", "it leaves out other members"] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    bench.press(&[Key::of(Code::Esc)]);
    // A process is called by its own name.
    bench.press(&[Key::of(Code::Right), Key::of(Code::Right)]);
    let told = title(&bench);
    assert!(told.contains("7 web") && !told.contains("member"), "{told}");
}
