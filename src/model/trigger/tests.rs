//! Conditions by table: what is seen, tick by tick, and when each fires; and the laws.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::acting::Fate;
use crate::model::id::{Bytes, Pid};
use crate::model::machine::verdict::Judge;
use crate::model::process::stat::State;
use crate::model::reading::Reading;
use crate::model::sample::{Brief, OptionalStats, Pressure, Shares};
use crate::model::scene::Scene;

/// A machine with an init, a shell and a java; one tick a second.
struct Run {
    scene: Scene,
    watch: Watch,
    judge: Judge,
    fired: Vec<(u64, String)>,
    tick: u64,
}

impl Run {
    fn of(condition: &str) -> Self {
        let trigger = Trigger::parse(condition);
        assert_eq!(trigger.notes(), [], "{condition}");
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        scene.task(40, 1, "sh");
        scene.task(41, 40, "java");
        scene.sample.ends = Some([].into());
        scene.sample.system.oom_kills = Ok(7);
        scene.sample.system.memory_pressure = Ok(Pressure::default());
        let mut run = Self {
            scene,
            watch: Watch::new(trigger, 1.0),
            judge: Judge::default(),
            fired: Vec::new(),
            tick: 0,
        };
        run.pass(&[]);
        run
    }

    /// A second in which processes take so many percent of a core.
    fn pass(&mut self, cpu: &[(u32, u64)]) -> &mut Self {
        self.pass_for(1000, cpu)
    }

    fn pass_for(&mut self, ms: u64, cpu: &[(u32, u64)]) -> &mut Self {
        let snapshot = self.scene.pass(ms, cpu);
        self.saw(snapshot)
    }

    /// A second in which counters move like this.
    fn counted(&mut self, change: impl FnOnce(&mut Scene)) -> &mut Self {
        let _ = self.scene.pass(1000, &[]);
        change(&mut self.scene);
        let snapshot = self.scene.snapshot();
        self.saw(snapshot)
    }

    fn saw(&mut self, snapshot: Snapshot) -> &mut Self {
        let snapshot = Arc::new(snapshot);
        let verdict = self.judge.judge(&snapshot);
        let fired = self.watch.see(&snapshot, verdict.as_ref());
        self.fired.extend(fired.map(|f| (self.tick, f.sentence)));
        self.tick += 1;
        self
    }

    fn when(&self) -> Vec<u64> {
        self.fired.iter().map(|(at, _)| *at).collect()
    }
}

#[test]
fn a_share_must_last_without_a_break_and_is_told_once() {
    let mut run = Run::of("cpu>150 for 2s");
    let busy = [(41, 190)];
    run.pass(&busy)
        .pass(&busy)
        .pass(&[])
        .pass(&busy)
        .pass(&busy);
    assert_eq!(run.when(), [0; 0], "it was interrupted");
    run.pass(&busy);
    assert_eq!(run.when(), [6]);
    assert_eq!(
        run.fired[0].1,
        "cpu>150 for 2s: 41 java CPU% 190; nothing held the machine back"
    );
    run.pass(&busy).pass(&busy);
    assert_eq!(run.when(), [6], "the same stay is told once");
    run.pass(&[]).pass(&busy).pass(&busy).pass(&busy);
    assert_eq!(run.when(), [6, 12], "another stay is another");
}

#[test]
fn one_process_must_meet_all_of_it() {
    let mut run = Run::of("mem>2g name:java");
    run.scene.of(40).stat.resident = Bytes(3 << 30);
    run.pass(&[]);
    assert_eq!(run.when(), [0; 0], "the shell is no java");
    run.scene.of(41).stat.resident = Bytes(3 << 30);
    run.pass(&[]);
    assert_eq!(run.when(), [2]);
    assert!(
        run.fired[0].1.contains("41 java MEM 3.00G"),
        "{:?}",
        run.fired
    );
}

#[test]
fn births_and_deaths_are_seen_once() {
    let mut run = Run::of("new name:cc1plus | ended signal:SEGV");
    run.scene.task(50, 40, "make");
    run.pass(&[]);
    assert_eq!(run.when(), [0; 0]);
    run.scene.task(51, 50, "cc1plus");
    run.scene.task(52, 50, "cc1plus");
    run.pass(&[]).pass(&[]);
    assert_eq!(run.when(), [2]);
    assert!(
        run.fired[0].1.contains("51 cc1plus began and 1 more"),
        "{:?}",
        run.fired
    );
    run.scene.sample.ends = Some(
        [
            (Pid(51), Fate::Killed(Signal::TERM, false)),
            (Pid(41), Fate::Killed(Signal::SEGV, true)),
        ]
        .into(),
    );
    run.scene.sample.tasks.retain(|t| t.id.pid.0 != 41);
    run.pass(&[]);
    assert_eq!(run.when(), [2, 4]);
    assert!(
        run.fired[1].1.contains("41 java killed by SIGSEGV"),
        "{:?}",
        run.fired
    );
    run.scene.sample.ends = Some([(Pid(99), Fate::Killed(Signal::SEGV, false))].into());
    run.pass(&[]);
    assert!(
        run.fired[2]
            .1
            .contains("99 (it lived for less than a tick)"),
        "{:?}",
        run.fired
    );
}

/// Whoever begins and ends between two ticks is known by his name.
#[test]
fn who_lives_for_less_than_a_tick_is_new_and_ends_where_his_name_is_told() {
    let fired = |condition: &str, brief: Option<Reading<Arc<[Brief]>>>| {
        let mut run = Run::of(condition);
        run.watch = run.watch.without(Some(Pid(90)));
        run.pass(&[]);
        run.scene.sample.brief = brief;
        run.scene.sample.ends = Some([(Pid(70), Fate::Killed(Signal::SEGV, false))].into());
        // The same tick again, with more of it, tells of nobody anew.
        run.pass(&[]);
        let again = run.scene.snapshot();
        run.saw(again);
        let trigger = Trigger::parse(condition);
        let unseen = trigger.unseen(&run.scene.snapshot(), &Timeline::default(), 1.0);
        let told = run.fired.into_iter().map(|(_, text)| text);
        (told.collect::<Vec<_>>(), unseen)
    };
    let brief = |pid: u32, parent: u32, name: &str| Brief {
        pid: Pid(pid),
        parent: Pid(parent),
        name: name.into(),
    };
    let all = || {
        let helper = brief(72, 90, "cc1plus");
        Some(Ok([brief(70, 40, "cc1plus"), helper].into()))
    };
    for condition in [
        "new name:cc1plus",
        "new cc1plus",
        "ended signal:SEGV name:cc1plus",
    ] {
        let (fired, unseen) = fired(condition, all());
        assert_eq!(fired.len(), 1, "{condition}: {fired:?}");
        let who = "70 cc1plus (it lived for less than a tick)";
        assert!(
            fired[0].contains(who) && !fired[0].contains("more"),
            "{fired:?}"
        );
        assert_eq!(unseen, [] as [&str; 0], "{condition}");
    }
    for condition in [
        "new name:java",
        "new !name:cc1plus",
        "new user:root cc1plus",
        "new mem<1g",
    ] {
        assert_eq!(fired(condition, all()).0, [] as [&str; 0], "{condition}");
    }
    let (_, unseen) = fired("new cc1plus user:root", all());
    assert!(unseen[0].contains("only the name is known"), "{unseen:?}");
    let (_, unseen) = fired("new name:cc1plus", Some(Err(Missing::Denied)));
    assert!(unseen[0].contains("CAP_PERFMON"), "{unseen:?}");
    // Before it is listened to nobody knows.
    assert_eq!(fired("new name:cc1plus", None).1, [] as [&str; 0]);
    assert!(Trigger::parse("new").needs().contains(Needs::BRIEF));
    // A crash has a name, whether it is asked for or not; where names are not told, ends are all the same.
    let (named, unseen) = fired("ended signal:SEGV", all());
    assert!(named[0].contains("70 cc1plus (it lived"), "{named:?}");
    assert_eq!(unseen, [] as [&str; 0]);
    let (named, unseen) = fired("ended signal:SEGV", Some(Err(Missing::Denied)));
    assert!(named[0].contains("70 (it lived"), "{named:?}");
    assert_eq!(unseen, [] as [&str; 0]);
    for (condition, names) in [("ended name:x", true), ("ended", true), ("cpu>3", false)] {
        let needs = Trigger::parse(condition).needs();
        assert_eq!(needs.contains(Needs::BRIEF), names, "{condition}");
    }
}

#[test]
fn how_somebody_ended_can_be_asked_more_closely() {
    let ends = |how: Fate| {
        let asked = [
            "ended",
            "signal:any",
            "code>0",
            "code:0",
            "dumped",
            "ended name:sh",
        ];
        asked.map(|condition| {
            let mut run = Run::of(condition);
            run.scene.sample.ends = Some([(Pid(41), how.clone())].into());
            run.pass(&[]);
            run.fired.len()
        })
    };
    assert_eq!(ends(Fate::Exited(0)), [1, 0, 0, 1, 0, 0]);
    assert_eq!(ends(Fate::Exited(3)), [1, 0, 1, 0, 0, 0]);
    assert_eq!(ends(Fate::Killed(Signal::KILL, false)), [1, 1, 0, 0, 0, 0]);
    assert_eq!(ends(Fate::Killed(Signal::SEGV, true)), [1, 1, 0, 0, 1, 0]);
}

#[test]
fn the_machine_has_words_of_its_own() {
    let mut run = Run::of("oom");
    run.pass(&[]);
    run.counted(|scene| scene.sample.system.oom_kills = Ok(8));
    run.pass(&[]);
    assert_eq!(run.when(), [3], "a tick later: nobody ended at this one");

    let mut run = Run::of("pressure:memory>30 for 1s");
    let pressure = Pressure {
        some_10: 41.0,
        ..Pressure::default()
    };
    run.scene.sample.system.memory_pressure = Ok(pressure);
    run.pass(&[]).pass(&[]).pass(&[]);
    assert_eq!(run.when(), [2]);
    assert!(
        run.fired[0]
            .1
            .contains("pressure on memory 41.0%; in the way: memory-bound"),
        "{:?}",
        run.fired
    );

    let mut run = Run::of("switches>500k");
    run.counted(|scene| scene.sample.system.switches = Ok(400_000));
    run.counted(|scene| scene.sample.system.switches = Ok(1_000_000));
    assert_eq!(run.when(), [2]);

    let mut run = Run::of("verdict:memory");
    run.scene.sample.system.memory_pressure = Ok(pressure);
    run.pass(&[]).pass(&[]);
    assert_eq!(run.when(), [1]);
}

/// The kernel counts whom it kills because memory ran out, and names nobody.
#[test]
fn who_was_killed_where_memory_ran_out_is_told_as_far_as_it_is_known() {
    let ran_out = |scene: &mut Scene| scene.sample.system.oom_kills = Ok(8);
    let killed = |scene: &mut Scene, pid: u32| {
        scene.sample.ends = Some([(Pid(pid), Fate::Killed(Signal::KILL, false))].into());
        scene.end(pid);
    };
    let begin = || {
        let mut run = Run::of("oom");
        assert_eq!(run.watch.trigger().needs_of_all(), Needs::CGROUP);
        run.scene.of(41).extra = Some(Arc::new(OptionalStats {
            cgroup: Ok("/system.slice/app.service".into()),
            ..OptionalStats::default()
        }));
        run.pass(&[]);
        run
    };
    let mut at_once = begin();
    at_once.counted(|scene| {
        ran_out(scene);
        killed(scene, 41);
    });
    assert_eq!(
        at_once.fired,
        [(2, "oom: memory ran out, 1 killed; probably 41 java of app: ended by KILL then; nothing held the machine back".to_owned())]
    );
    // A large one takes a while to end.
    let mut later = begin();
    later.counted(ran_out);
    assert!(later.fired.is_empty());
    later.counted(|scene| killed(scene, 41));
    assert_eq!(later.when(), [3]);
    assert!(
        later.fired[0].1.contains("probably 41 java of app"),
        "{:?}",
        later.fired
    );
    later.counted(|scene| scene.sample.ends = Some([].into()));
    assert_eq!(later.when(), [3], "it is told once");
    let mut nobody = begin();
    nobody.counted(ran_out).counted(|_| ());
    assert!(
        nobody.fired[0].1.contains("who it was is not known"),
        "{:?}",
        nobody.fired
    );
    let mut untold = begin();
    untold.counted(|scene| {
        ran_out(scene);
        scene.sample.ends = None;
    });
    assert_eq!(untold.when(), [2]);
    assert!(
        untold.fired[0]
            .1
            .starts_with("oom: memory ran out, 1 killed; nothing held")
    );
    let now = untold.scene.pass(1000, &[]);
    let said = Trigger::parse("oom").unseen(&now, &Timeline::default(), 1.0);
    assert!(
        said[0].starts_with("who is killed is not told here"),
        "{said:?}"
    );
}

#[test]
fn a_process_must_meet_it_while_the_machine_does() {
    let mut run = Run::of("load>8 cpu>50");
    run.pass(&[(41, 90)]);
    assert_eq!(run.when(), [0; 0]);
    run.scene.sample.system.load = Ok([9.0, 1.0, 1.0]);
    run.pass(&[(41, 90)]);
    assert_eq!(run.when(), [2]);
}

#[test]
fn a_state_lasts_and_a_gap_proves_nothing() {
    let mut run = Run::of("state:D for 2s");
    run.scene.of(41).stat.state = State::Blocked;
    run.pass(&[]).pass(&[]);
    run.pass_for(60_000, &[]);
    assert_eq!(run.when(), [0; 0], "nobody looked for a minute");
    run.pass(&[]).pass(&[]);
    assert_eq!(run.when().len(), 1);
}

#[test]
fn what_is_half_typed_is_noted_and_left_out() {
    for (text, empty) in [
        ("", true),
        ("cpu>", true),
        ("cpu>300 for", false),
        ("cpu>300 for x", false),
        ("signal:", true),
        ("pressure:", true),
        ("pressure:memory", true),
        ("slice>", true),
        ("verdict:x", true),
        ("| |", true),
        ("switches>", true),
        ("oom | cpu>", false),
    ] {
        let trigger = Trigger::parse(text);
        assert_eq!(trigger.is_empty(), empty, "{text}");
        assert_eq!(
            trigger.notes().is_empty(),
            text.is_empty() || text == "| |",
            "{text}"
        );
    }
    for (text, _) in EXAMPLES {
        let trigger = Trigger::parse(text);
        assert!(trigger.notes().is_empty() && !trigger.is_empty(), "{text}");
    }
    assert!(
        Trigger::parse("new for 3s").notes()[0]
            .why
            .contains("no duration")
    );
}

#[test]
fn what_cannot_be_seen_is_said() {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    let now = scene.pass(1000, &[]);
    let unseen = |text: &str| Trigger::parse(text).unseen(&now, &Timeline::default(), 1.0);
    assert!(unseen("cpu>10").is_empty() && unseen("slice>5ms").is_empty());
    assert!(unseen("ended signal:SEGV")[0].contains("connector"));
    assert!(unseen("pressure:memory>3").is_empty(), "not read yet");
    let sampled = Timeline {
        origin: Origin::Sampled,
        why: "paranoid is 2".into(),
        ..Timeline::default()
    };
    let said = Trigger::parse("slice>5ms").unseen(&now, &sampled, 1.0);
    assert_eq!(said, ["single slices are not told here: paranoid is 2"]);
    let no_verdict = "the verdict does not see: waiting for memory (denied)";
    scene.sample.system.memory_pressure = Err(Missing::Denied);
    scene.sample.system.searches = Err(Missing::Denied);
    let now = scene.pass(1000, &[]);
    let unseen = |text: &str| Trigger::parse(text).unseen(&now, &Timeline::default(), 1.0);
    assert_eq!(unseen("verdict:memory"), [no_verdict]);
    assert_eq!(unseen("verdict"), [no_verdict]);
    assert!(unseen("verdict:cpu").is_empty());
}

/// What never comes true in the scene below, and why.
const NEVER: &[(&str, &str)] = &[
    (
        "cpu>300 for 3s",
        "cpu>300 never comes true here: 200% is all that 2 cores give",
    ),
    ("cpu<0", "cpu<0 never comes true here: 0.0% is the least"),
    (
        "!cpu<=200",
        "!cpu<=200 never comes true here: 200% is all that 2 cores give",
    ),
    (
        "mem>900g",
        "mem>900g never comes true here: 24.0G is all the memory that the machine has",
    ),
    (
        "swap>1m",
        "swap>1m never comes true here: 0 is all the swap that the machine has",
    ),
    (
        "mem%>120",
        "mem%>120 never comes true here: 100% is the most",
    ),
    ("core:2", "core:2 never comes true here: 1 is the most"),
    ("ni>19", "ni>19 never comes true here: 19 is the most"),
    (
        "oom>2000",
        "oom>2000 never comes true here: 2000 is the most",
    ),
    (
        "gpu>10",
        "gpu>10 never comes true here: no graphics card tells of it",
    ),
    (
        "pss>1m",
        "pss>1m never comes true here: this kernel does not tell it",
    ),
    (
        "pressure:memory>100",
        "pressure on memory never comes so far: 100% is the most",
    ),
    (
        "used>130 cpu>10",
        "memory used never comes so far: 100% is the most",
    ),
    ("load<0", "load never comes so far: 0 is the least"),
    (
        "ended code:300",
        "nobody ends with such a code: it is a number from 0 to 255",
    ),
    (
        "ended signal:SEGV code:1",
        "nobody ends in both ways: part them by |",
    ),
    (
        "swap>1m | core:7",
        "swap>1m never comes true here: 0 is all the swap that the machine has; core:7 never comes true here: 1 is the most",
    ),
];

/// What may.
const MAY_COME_TRUE: &[&str] = &[
    "cpu>199",
    "cpu>=200",
    "!cpu>300",
    "mem>23g",
    "core:1",
    "ni>18",
    "cpu>99 | gpu>10",
    "oom",
    "verdict",
    "new",
    "load>900",
    "switches>500k",
    "ended code:255",
    "ended signal:SEGV dumped",
    "swap:0",
    "waited>20ms",
    "state:D",
    "gpu-mem<1g | oom",
];

/// Every number that has an end on this machine or on any, and what nobody tells here.
#[test]
fn what_never_comes_true_is_said() {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    scene.of(1).extra = Some(Arc::new(OptionalStats {
        pss: Err(Missing::Unsupported),
        ..OptionalStats::default()
    }));
    scene.sample.shares = Arc::new(Shares {
        gpus: Err(Missing::Unsupported),
        ..Shares::default()
    });
    let now = scene.pass(1000, &[]);
    let of = |text: &str, scale| {
        let trigger = Trigger::parse(text);
        assert_eq!(trigger.notes(), [], "{text}");
        let never = trigger.never(&now, scale);
        if let Some(why) = &never {
            let unseen = trigger.unseen(&now, &Timeline::default(), scale);
            assert_eq!(unseen.join("; "), *why, "it is said where it is armed");
        }
        never
    };
    for (text, why) in NEVER {
        assert_eq!(of(text, 1.0).as_deref(), Some(*why), "{text}");
    }
    assert!(of("cpu>100", 0.5).is_some_and(|why| why.contains("100% is all that 2 cores give")));
    for text in MAY_COME_TRUE {
        assert_eq!(of(text, 1.0), None, "{text}");
    }
    let some = Trigger::parse("cpu>99 | gpu>10").unseen(&now, &Timeline::default(), 1.0);
    assert_eq!(
        some,
        ["gpu>10 never comes true here: no graphics card tells of it"]
    );
}

proptest! {
    #[test]
    fn nothing_that_is_typed_errs(text in "\\PC{0,60}") {
        let trigger = Trigger::parse(&text);
        for note in trigger.notes() {
            prop_assert!(text.get(note.at.clone()).is_some());
        }
        let mut watch = Watch::new(trigger, 1.0);
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        for _ in 0..3 {
            let _ = watch.see(&Arc::new(scene.pass(1000, &[(1, 50)])), None);
        }
    }

    /// Whatever happens, a stay of one process is told once, and only when it has lasted.
    #[test]
    fn it_fires_once_for_each_stay_that_lasted(busy in proptest::collection::vec(any::<bool>(), 1..40), hold in 0_u64..4) {
        let mut run = Run::of(&format!("cpu>50 for {hold}s").replace(" for 0s", ""));
        let mut wanted = Vec::new();
        let mut lasted = 0;
        for (i, busy) in busy.iter().enumerate() {
            lasted = if *busy { lasted + 1 } else { 0 };
            if lasted == hold + 1 {
                wanted.push(i as u64 + 1);
            }
            run.pass(if *busy { &[(41, 90)] } else { &[] });
        }
        prop_assert_eq!(run.when(), wanted);
    }
}

#[test]
#[ignore = "measures: what an armed trigger costs at each tick of 10,000 processes"]
fn what_it_costs_to_be_armed() {
    let mut scene = Scene::new();
    for pid in 1..=10_000 {
        scene.task(pid, 1, "farm");
    }
    let ticks: Vec<Arc<Snapshot>> = (0..20)
        .map(|i| Arc::new(scene.pass(1000, &[(i + 1, 30), (i + 2, 70)])))
        .collect();
    for condition in [
        "oom",
        "pressure:memory>30",
        "cpu>300 for 3s",
        "state:D for 2s",
        "mem>2g name:java",
        "new name:cc1plus",
        "ended signal:SEGV",
    ] {
        let mut watch = Watch::new(Trigger::parse(condition), 1.0);
        let began = std::time::Instant::now();
        let fired = ticks.iter().filter(|tick| watch.see(tick, None).is_some());
        let fired = fired.count();
        println!(
            "{condition}: {:?} a tick, fired {fired}",
            began.elapsed() / 20
        );
    }
}

#[test]
fn helpers_of_the_one_that_looks_are_no_news() {
    for (own, times) in [(Some(Pid(40)), 0), (None, 2)] {
        let mut fired = 0;
        for condition in ["new", "ended signal:KILL"] {
            let mut run = Run::of(condition);
            run.watch = run.watch.clone().without(own);
            run.pass(&[]);
            run.scene.task(50, 41, "helper");
            run.pass(&[]);
            run.scene.end(50);
            run.scene.sample.ends = Some([(Pid(50), Fate::Killed(Signal::KILL, false))].into());
            run.pass(&[]);
            fired += run.fired.len();
        }
        assert_eq!(fired, times, "{own:?}");
    }
}

mod slices;
