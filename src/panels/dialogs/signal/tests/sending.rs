//! Sending: confirmations, targets that stay themselves, results as they come in.

use super::*;

#[test]
fn what_may_end_the_session_is_asked_for_a_second_time() {
    let dangerous = |kinship, pid| Standing {
        kinship,
        ..standing(pid, "bash")
    };
    for (target, key, words) in [
        (
            dangerous(Kinship::Ancestor, 12),
            "9",
            "pscope runs inside 12 bash",
        ),
        (
            dangerous(Kinship::Stranger, 1),
            "9",
            "first process of the machine",
        ),
        (dangerous(Kinship::Own, 12), "1", "is pscope itself"),
    ] {
        let mut stage = stage(Settings::default());
        stage.ask(
            &["s"],
            Progress::Pinned(brief(Scope::Process, vec![target])),
        );
        assert_eq!(sends(&stage.press(&[key, "Enter", "Enter"])), [], "{words}");
        let screen = stage.screen((90, 16));
        assert!(screen.contains(words), "{screen}");
        stage.press(&["Esc"]);
        assert_eq!(sends(&stage.press(&["y"])), [], "it was taken back");
        stage.press(&[key, "Enter"]);
        assert_eq!(sends(&stage.press(&["y"])).len(), 1);
    }
    let mut stage = stage(Settings::default());
    let many = (20..31).map(|pid| standing(pid, "worker")).collect();
    stage.ask(&["s"], Progress::Pinned(brief(Scope::Subtree, many)));
    assert_eq!(sends(&stage.press(&["Enter"])), []);
    assert_eq!(sends(&stage.press(&["y"])), [Signal::TERM]);
}

#[test]
fn results_come_in_and_kill_is_offered_against_survivors() {
    let mut stage = stage(Settings::default());
    let targets = vec![
        standing(12, "make"),
        standing(13, "cc1"),
        standing(14, "web"),
    ];
    stage.ask(&["s"], Progress::Pinned(brief(Scope::Subtree, targets)));
    let to = |pid: u32| Target {
        id: ProcId::new(pid, u64::from(pid)),
        thread: None,
    };
    let delivery = |pid, name: &str, sent| Delivery {
        to: to(pid),
        name: name.into(),
        sent,
    };
    let deliveries = vec![
        delivery(12, "make", Ok(())),
        delivery(13, "cc1", Ok(())),
        delivery(14, "web", Err(Missing::Denied)),
    ];
    let ticket = stage.ask(
        &["Enter"],
        Progress::Sent {
            signal: Signal::TERM,
            deliveries,
        },
    );
    let after = Nanos::from_millis(400);
    stage.tell(
        ticket,
        Progress::Fate {
            of: to(12),
            fate: Fate::Exited(0),
            after,
        },
    );
    let after = Nanos::from_millis(3000);
    stage.tell(
        ticket,
        Progress::Fate {
            of: to(13),
            fate: Fate::Alive,
            after,
        },
    );
    let settled = Settled {
        after,
        alive: vec![to(13), to(14)],
        stopped: Vec::new(),
        newcomers: vec![(Pid(99), "cc1".into())],
        scanned: true,
    };
    stage.tell(ticket, Progress::Settled(settled));
    insta::assert_snapshot!(stage.screen((90, 12)), @r#"
╭─ Signal sent ──────────────────────────────────────────────────────────── 3 targets ─╮
│ to     12 make, 13 cc1, 14 web                                                       │
│ scope  (●) process  ( ) thread 2  ( ) subtree 2  ( ) group 2  ( ) session 2          │
│                                                                                      │
│ ✓ 12 make  TERM delivered · exited, code 0, after 0.4 s                              │
│ ✓ 13 cc1   TERM delivered · still alive after 3 s                                    │
│ ✗ 14 web   TERM not sent: not permitted                                              │
│ ! 99 cc1 appeared meanwhile and was not signalled                                    │
│                                                                                      │
│ 2 of 3 delivered · 1 ended · 1 still alive after 3 s. KILL?                          │
╰ Enter prepare KILL · Esc close ──────────────────────────────────────────────────────╯
"#);
    let effects = stage.press(&["Enter"]);
    let Some(Effect::Act(ticket, Order::Pin { chosen, .. })) = effects.first() else {
        panic!("{effects:?}");
    };
    assert_eq!(
        chosen.as_slice(),
        [ProcId::new(13, 13)],
        "only who took it and lives"
    );
    assert_eq!(sends(&effects), []);
    stage.tell(
        *ticket,
        Progress::Pinned(brief(Scope::Process, vec![standing(13, "cc1")])),
    );
    assert_eq!(sends(&stage.press(&["Enter"])), [Signal::KILL]);
    stage.press(&["Esc", "L"]);
    let screen = stage.screen((90, 12));
    assert!(screen.contains("00:00:01  13 cc1 still alive"), "{screen}");
    assert!(screen.contains("99 cc1 appeared meanwhile"), "{screen}");
}

#[test]
fn the_list_may_move_but_the_targets_do_not() {
    let mut stage = stage(Settings::default());
    let ticket = stage.ask(
        &["s"],
        Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")])),
    );
    // The number passes to somebody else, another row slides under the cursor, the selection moves.
    stage.scene.end(12);
    stage.scene.task(12, 1, "other").id = ProcId::new(12, 99);
    let moved = stage.scene.pass(1000, &[]);
    stage.app.update(Event::Snapshot(Arc::new(moved)));
    stage.app.world.focus = Some(ProcId::new(13, 13));
    let effects = stage.fit();
    assert!(
        effects.contains(&Effect::Act(ticket, Order::Look)),
        "{effects:?}"
    );
    let effects = stage.press(&["Enter"]);
    assert!(
        effects.contains(&Effect::Act(ticket, Order::Send(Signal::TERM))),
        "{effects:?}"
    );
}

#[test]
fn news_of_an_older_dialog_are_not_mistaken() {
    let mut stage = stage(Settings::default());
    let pinned = || Progress::Pinned(brief(Scope::Process, vec![standing(12, "make")]));
    let old = stage.ask(&["s"], pinned());
    stage.press(&["Esc", "s"]);
    stage.tell(old, pinned());
    assert_eq!(sends(&stage.press(&["Enter"])), []);
}

#[test]
fn a_branch_is_frozen_and_thawed() {
    let mut stage = stage(Settings::default());
    let targets = || vec![standing(12, "make"), standing(13, "cc1")];
    stage.ask(&["X"], Progress::Pinned(brief(Scope::Subtree, targets())));
    assert_eq!(sends(&stage.press(&["Enter"])), [Signal::STOP]);
    stage.press(&["Esc"]);
    stage.scene.of(12).stat.state = State::Stopped;
    stage
        .app
        .update(Event::Snapshot(Arc::new(stage.scene.snapshot())));
    stage.ask(&["X"], Progress::Pinned(brief(Scope::Subtree, targets())));
    assert_eq!(sends(&stage.press(&["Enter"])), [Signal::CONT]);
}

#[test]
fn what_was_not_sent_is_not_called_sent() {
    let mut stage = stage(Settings::default());
    stage.ask(
        &["s"],
        Progress::Pinned(brief(Scope::Process, vec![standing(12, "web")])),
    );
    let refused = Delivery {
        to: Target {
            id: ProcId::new(12, 12),
            thread: None,
        },
        name: "web".into(),
        sent: Err(Missing::Denied),
    };
    stage.ask(
        &["Enter"],
        Progress::Sent {
            signal: Signal::TERM,
            deliveries: vec![refused],
        },
    );
    assert!(stage.screen((90, 12)).contains("Signal not sent"));
}

/// What came of one target, told in one go.
fn settled(stage: &mut Stage1, alive: bool) {
    let to = Target {
        id: ProcId::new(12, 12),
        thread: None,
    };
    let deliveries = vec![Delivery {
        to,
        name: "make".into(),
        sent: Ok(()),
    }];
    let signal = Signal::TERM;
    let ticket = stage.ask(&["Enter"], Progress::Sent { signal, deliveries });
    stage.tell(
        ticket,
        Progress::Settled(Settled {
            after: Nanos::from_millis(3000),
            alive: if alive { vec![to] } else { Vec::new() },
            ..Settled::default()
        }),
    );
}

#[test]
fn the_footer_says_at_each_stage_what_the_border_says() {
    let told = |stage: &mut Stage1| {
        let said = stage.app.world.moment.clone();
        let screen = stage.screen((90, 20));
        let said: Vec<String> = said
            .iter()
            .map(|(key, does)| format!("{key} {does}"))
            .collect();
        let border = screen.lines().find(|line| line.contains('╰'));
        let border = border.unwrap_or_default();
        assert!(border.contains(&said.join(" · ")), "{said:?}: {border}");
        said.join(" · ")
    };
    let pinned = |kinship| {
        let target = Standing {
            kinship,
            ..standing(12, "make")
        };
        Progress::Pinned(brief(Scope::Process, vec![target]))
    };
    let mut stage = stage(Settings::default());
    stage.ask(&["s"], pinned(Kinship::Own));
    assert_eq!(told(&mut stage), "Enter send · Tab scope · Esc cancel");
    stage.press(&["Enter"]);
    assert_eq!(told(&mut stage), "y send it · Esc do not");
    stage.press(&["Esc", "Esc"]);
    stage.ask(&["s"], pinned(Kinship::Stranger));
    settled(&mut stage, true);
    assert_eq!(told(&mut stage), "Enter prepare KILL · Esc close");
    stage.press(&["Esc"]);
    stage.ask(&["s"], pinned(Kinship::Stranger));
    settled(&mut stage, false);
    assert_eq!(told(&mut stage), "Esc close");
}

#[test]
fn of_several_targets_it_says_how_many_meet_which_fate() {
    let one = |pid, signals| Standing {
        signals: Ok(signals),
        ..standing(pid, "make")
    };
    let caught = SignalState {
        caught: [Signal::TERM].into_iter().collect(),
        ..SignalState::default()
    };
    let mut targets: Vec<Standing> = (12..15)
        .map(|pid| one(pid, SignalState::default()))
        .collect();
    targets.insert(0, one(20, caught));
    let mut stage = stage(Settings::default());
    stage.ask(&["s"], Progress::Pinned(brief(Scope::Subtree, targets)));
    let screen = stage.screen((100, 20));
    assert!(screen.contains("terminates 3 · caught by 1"), "{screen}");
}
