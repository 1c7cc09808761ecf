//! Groups in the list: the key that goes through them, folds, selection, who is meant by an action.

use super::keys::stage;
use super::*;
use crate::model::groups::frozen::Frozen;
use crate::model::groups::grouping::By;
use crate::model::id::{Bytes, Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::OptionalStats;
use crate::model::text::SafeText;

/// The text of the rows: indent, name and count of groups, names of processes.
fn rows(stage: &mut Stage) -> Vec<String> {
    let text = stage.text();
    let lines = text.lines().skip(2);
    lines.map(str::to_owned).collect()
}

fn chosen(stage: &Stage) -> Option<(String, usize)> {
    let group = stage.app.world.group.as_ref()?;
    Some((group.group.name.to_string(), group.members.len()))
}

/// Presses the key until the list is grouped by this.
fn by(stage: &mut Stage, by: By) {
    let at = By::ALL
        .iter()
        .position(|one| *one == by)
        .expect("it is one");
    for _ in 0..at {
        stage.press("D");
    }
}

#[test]
fn one_key_goes_through_all_groupings_and_back_to_the_tree() {
    let mut stage = stage();
    let before = stage.pids();
    for by in &By::ALL[1..] {
        stage.press("D");
        let title = rows_title(&mut stage);
        assert!(
            title.contains(&format!("grouped by {}", by.words())),
            "{title}"
        );
    }
    stage.press("D");
    assert_eq!(stage.pids(), before);
}

fn rows_title(stage: &mut Stage) -> String {
    stage.text().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_selected_process_is_found_in_its_group_and_the_group_is_selected() {
    let mut stage = stage();
    stage.press("End");
    let last = stage.focus();
    by(&mut stage, By::User);
    let (_, n) = chosen(&stage).expect("a group is selected");
    let snapshot = &stage.app.world.snapshot;
    let uid = snapshot.by_pid(Pid(last)).map(|p| p.facts.uid);
    let same = snapshot.procs.iter().filter(|p| Some(p.facts.uid) == uid);
    assert_eq!(n, same.count());
    // Unfolded, the process is a row of its own again.
    stage.press("l l");
    assert!(chosen(&stage).is_none(), "a process is selected now");
}

#[test]
fn folds_and_the_selected_group_stay_from_tick_to_tick() {
    let mut stage = stage();
    by(&mut stage, By::User);
    stage.press("g l");
    let (before, selected) = (rows(&mut stage).len(), chosen(&stage));
    let folded = |stage: &mut Stage| rows(stage).iter().filter(|l| l.contains("+ ")).count();
    let closed = folded(&mut stage);
    for _ in 0..3 {
        stage.pass(&[(4211, 10), (1842, 90)]);
    }
    assert_eq!(chosen(&stage), selected);
    assert_eq!(
        (rows(&mut stage).len(), folded(&mut stage)),
        (before, closed)
    );
}

#[test]
fn an_action_on_a_group_is_meant_for_all_of_its_members() {
    let mut stage = stage();
    by(&mut stage, By::User);
    stage.press("g");
    let (_, n) = chosen(&stage).expect("a group");
    assert_eq!(stage.app.world.meant().len(), n);
    // Tagged ones come first, as ever.
    stage.app.world.tags = [ProcId::new(612, 612)].into();
    assert_eq!(stage.app.world.meant(), [ProcId::new(612, 612)]);
    stage.app.world.tags.clear();
    stage.press("Space");
    assert_eq!(
        stage.app.world.tags.len(),
        n,
        "the tag of a group is that of its members"
    );
}

#[test]
fn a_filter_shows_groups_open_with_those_who_pass() {
    let mut stage = stage();
    by(&mut stage, By::Program);
    stage.press("/");
    for c in "firefox".chars() {
        stage.press(&c.to_string());
    }
    let shown = rows(&mut stage);
    let with = shown.iter().filter(|l| l.contains("firefox")).count();
    assert!(with >= 2, "the group and its process: {shown:?}");
}

#[test]
fn whom_a_filter_leaves_out_is_not_meant_by_what_is_done_to_a_group() {
    let mut stage = stage();
    by(&mut stage, By::User);
    stage.press("g");
    let (name, all) = chosen(&stage).expect("a group");
    let first = *stage.app.world.meant().first().expect("somebody");
    stage.press("/");
    for c in format!("pid:{}", first.pid).chars() {
        stage.press(&c.to_string());
    }
    stage.press("Enter g");
    assert_eq!(chosen(&stage), Some((name, 1)), "of {all}");
    assert_eq!(stage.app.world.meant(), [first]);
    assert!(
        stage
            .app
            .world
            .group
            .as_ref()
            .is_some_and(|group| !group.whole)
    );
    stage.press("Space");
    assert_eq!(stage.app.world.tags, [first].into());
}

#[test]
fn groups_that_nobody_is_in_are_shown_selected_and_not_acted_on() {
    let mut stage = stage();
    by(&mut stage, By::Cgroup);
    let mut snapshot = (*stage.app.world.snapshot).clone();
    let mut shares = (*snapshot.shares).clone();
    shares.groups = ["/idle.slice", "/idle.slice/timer.service"]
        .map(Into::into)
        .into();
    snapshot.shares = Arc::new(shares);
    stage.event(Event::Snapshot(Arc::new(snapshot)));
    stage.press("End");
    let text = stage.text();
    assert!(text.contains("timer.service empty"), "{text}");
    assert_eq!(
        chosen(&stage),
        Some(("timer.service".to_owned(), 0)),
        "{text}"
    );
    assert!(stage.app.world.meant().is_empty());
    assert_eq!(stage.app.world.nobody(), "nobody is in timer.service");
    stage.press("Space");
    assert!(stage.app.world.tags.is_empty());
    // A word looks for somebody, and there is nobody there; groups are looked for by `group:`.
    let mut sought = |filter: &str| {
        stage.press("Esc /").type_in(filter).press("Enter");
        stage.text()
    };
    let vain = ["idle", "group:timer cpu<1", "!group:timer cpu<1"];
    for filter in vain {
        let text = sought(filter);
        assert!(!text.contains("timer.service"), "{filter}: {text}");
    }
    for filter in [
        "group:timer",
        "cgroup:idle !group:sshd",
        "cpu>90 | unit:timer",
    ] {
        let text = sought(filter);
        let there = text.contains("timer.service empty");
        assert!(there && text.contains("idle.slice"), "{filter}: {text}");
    }
}

#[test]
fn a_sum_says_at_least_where_somebody_hides_a_part_of_it() {
    let mut stage = stage();
    by(&mut stage, By::User);
    stage.press("C").type_in("pss").press("Space").press("Esc");
    let mut bobs = |pss: Reading<Bytes>| {
        for (pid, pss) in [(2950, Ok(Bytes(5 << 20))), (4211, pss)] {
            let task = stage.scene.of(pid);
            facts(task, "bob", 1001, "make");
            let pss = OptionalStats {
                pss,
                ..OptionalStats::default()
            };
            task.extra = Some(Arc::new(pss));
        }
        stage.pass(&[]);
        let rows = rows(&mut stage);
        rows.into_iter()
            .find(|row| row.contains("bob"))
            .expect("the group")
    };
    let whole = bobs(Ok(Bytes(0)));
    assert!(whole.contains(" 5.0M"), "{whole}");
    let part = bobs(Err(Missing::Denied));
    assert!(part.contains("≥5.0M"), "{part}");
}

#[test]
fn nobody_is_meant_whom_no_row_shows() {
    let mut stage = stage();
    let before = stage.app.world.meant();
    assert_eq!(before.len(), 1);
    stage.press("/").type_in("cpu>9999").press("Enter");
    assert!(stage.app.world.meant().is_empty());
    stage.press("Esc");
    assert_eq!(stage.app.world.meant(), before, "it is selected still");
    // A filter that all of a group pass leaves the group whole.
    by(&mut stage, By::User);
    stage.press("/").type_in("!user:root").press("Enter");
    let whole = |stage: &Stage| stage.app.world.group.as_ref().map(|group| group.whole);
    assert_eq!(whole(&stage), Some(true), "{:?}", chosen(&stage));
    stage
        .press("Esc / Ctrl-u")
        .type_in("firefox")
        .press("Enter");
    assert_eq!(whole(&stage), Some(false));
}

#[test]
fn a_long_name_leaves_room_for_how_many_are_in_it() {
    let mut scene = scene();
    let long = "a-user-of-a-large-directory-whose-name-goes-on-and-on-and-on-and-on";
    for pid in [703, 1201] {
        facts(scene.of(pid), long, 4242, "x");
    }
    let size = Rect::new(0, 0, 80, 24);
    let mut stage = Stage::untouched(scene, Settings::default(), picture::theme(), size);
    by(&mut stage, By::User);
    let text = stage.text();
    assert!(
        text.contains("+ a-user-of") && text.contains("-and-on (2)"),
        "{text}"
    );
}

#[test]
fn users_with_long_names_of_one_beginning_are_told_apart() {
    let mut scene = scene();
    let ends = ["number-one-of-the-two", "number-two-of-the-two"];
    for ((pid, end), uid) in [703, 1201].into_iter().zip(ends).zip(70_001..) {
        let name = format!("a-service-account-of-a-large-directory-{end}");
        facts(scene.of(pid), &name, uid, "x");
    }
    let size = Rect::new(0, 0, 80, 24);
    let mut stage = Stage::untouched(scene, Settings::default(), picture::theme(), size);
    by(&mut stage, By::User);
    let text = stage.text();
    assert!(
        text.contains("…-the-two (1)") && text.contains("…70002 (1)"),
        "{text}"
    );
}

/// What `x` tells of a word.
fn told(stage: &Stage, word: &str) -> String {
    let list = screen::pane(&stage.app, "list").expect("the list");
    let told = list.explain(&stage.app.world);
    let found = told.into_iter().find(|(name, _)| name == word);
    found.map(|(_, told)| told).unwrap_or_default()
}

/// Selects the row of the group with this name.
fn go_to(stage: &mut Stage, name: &str) {
    stage.press("g");
    for _ in 0..40 {
        if chosen(stage).is_some_and(|(of, _)| of == name) {
            return;
        }
        stage.press("Down");
    }
    panic!("no group {name}\n{}", stage.text());
}

#[test]
fn a_number_of_a_group_is_explained_by_what_its_members_have_in_it() {
    let mut stage = stage();
    stage.pass(&[(4211, 50), (1842, 20), (1901, 3), (1902, 2), (1903, 1)]);
    by(&mut stage, By::User);
    go_to(&mut stage, "postgres");
    let n = chosen(&stage).expect("a group").1;
    assert_eq!(
        told(&stage, "group"),
        format!("postgres (user): the numbers are of its {n} members together.")
    );
    let cpu = told(&stage, "CPU%");
    let parts = format!(
        "Now 76.0, the sum over its {n} members: 50.0 of 4211 rustc, 20.0 of 1842 firefox, 3.0 of 1901 Web Content, \
         3.0 of {} others. From /proc/PID/stat",
        n - 3
    );
    assert!(cpu.contains(&parts), "{cpu}");
    // What all have in common is theirs, and what differs or does not add up says so.
    go_to(&mut stage, "root");
    let user = told(&stage, "USER");
    assert!(
        user.contains("Now root, of each of its 2 members."),
        "{user}"
    );
    go_to(&mut stage, "postgres");
    let state = told(&stage, "S");
    assert!(
        state.contains("Blank here: it is not the same of its"),
        "{state}"
    );
    let pid = told(&stage, "PID");
    assert!(
        pid.contains("Blank here: of several it does not add up."),
        "{pid}"
    );
    assert!(!pid.contains("Now"), "{pid}");
    // Whom a filter leaves out counts in no number, and that is said.
    stage.press("/").type_in("firefox").press("Enter");
    go_to(&mut stage, "postgres");
    let cpu = told(&stage, "CPU%");
    assert!(
        cpu.contains("Now 26.0, the sum over its 5 members: 20.0 of 1842"),
        "{cpu}"
    );
    let group = told(&stage, "group");
    assert!(
        group.ends_with(&format!(
            "The filter leaves {} out: they count in no number.",
            n - 5
        )),
        "{group}"
    );
}

#[test]
fn a_part_that_somebody_hides_is_missing_from_the_sum_and_from_what_is_said_of_it() {
    let mut stage = stage();
    by(&mut stage, By::User);
    stage.press("C").type_in("pss").press("Space").press("Esc");
    for (pid, pss) in [(2950, Ok(Bytes(5 << 20))), (4211, Err(Missing::Denied))] {
        let task = stage.scene.of(pid);
        facts(task, "bob", 1001, "make");
        task.extra = Some(Arc::new(OptionalStats {
            pss,
            ..OptionalStats::default()
        }));
    }
    stage.pass(&[]);
    go_to(&mut stage, "bob");
    let pss = told(&stage, "PSS");
    let hidden = "Now ≥5.0M, the sum over its 2 members: 5.0M of 2950 make. Not told of 1 of them (the kernel does not show it to this user): the true number may be greater.";
    assert!(pss.contains(hidden), "{pss}");
}

#[test]
fn rows_that_several_share_are_explained_as_sums_too() {
    let mut stage = stage();
    stage.pass(&[(1842, 20), (1901, 3), (1902, 2), (1903, 1)]);
    let at = |stage: &mut Stage, pid: u32| {
        stage.press("g");
        for _ in 0..20 {
            if stage.focus() == pid {
                return;
            }
            stage.press("Down");
        }
        panic!("{pid}\n{}", stage.text());
    };
    at(&mut stage, 1901);
    let cpu = told(&stage, "CPU%");
    assert!(
        cpu.contains("Now 6.0, the sum over these 3 processes: 3.0 of 1901"),
        "{cpu}"
    );
    at(&mut stage, 1842);
    assert!(
        told(&stage, "CPU%").contains("Now 20.0"),
        "{}",
        told(&stage, "CPU%")
    );
    stage.press("h");
    let (row, cpu) = (told(&stage, "row"), told(&stage, "CPU%"));
    assert!(
        row.starts_with("1842 firefox with 4 folded away below it"),
        "{row}"
    );
    assert!(
        cpu.contains("Now 26.0, the sum over it and the 4 below it: 20.0 of 1842"),
        "{cpu}"
    );
    let pid = told(&stage, "PID");
    assert!(pid.contains("Now 1842."), "{pid}");
}

/// Puts processes into control groups: the one that tells where they belong, and one beside it.
fn place(stage: &mut Stage, all: &[(u32, &str, &[&str])]) {
    for (pid, path, beside) in all {
        stage.scene.of(*pid).extra = Some(Arc::new(OptionalStats {
            cgroup: Ok((*path).into()),
            beside: Ok(beside.iter().map(|path| SafeText::from(*path)).collect()),
            ..OptionalStats::default()
        }));
    }
}

#[test]
fn a_group_that_is_frozen_and_whoever_is_in_it_are_marked() {
    let mut stage = stage();
    place(
        &mut stage,
        &[
            (703, "/db.service", &[]),
            (1201, "/a.slice/x", &[]),
            (1842, "/a.slice/y", &[]),
        ],
    );
    let frozen = |stage: &mut Stage, groups: &[&str], pids: &[u32]| {
        let mut shares = (*stage.scene.sample.shares).clone();
        shares.frozen = Arc::new(Frozen {
            groups: groups.iter().map(|path| SafeText::from(*path)).collect(),
            pids: pids.iter().map(|pid| Pid(*pid)).collect(),
        });
        shares.groups = ["/idle.slice"].map(Into::into).into();
        stage.scene.sample.shares = Arc::new(shares);
        stage.pass(&[]);
    };
    by(&mut stage, By::Cgroup);
    frozen(
        &mut stage,
        &["/db.service", "/a.slice/x", "/idle.slice"],
        &[703, 1201],
    );
    let line = |stage: &mut Stage, of: &str| {
        let rows = rows(stage);
        rows.into_iter().find(|row| row.contains(of)).expect(of)
    };
    assert!(line(&mut stage, "db.service (1)").contains("(1) frozen"));
    assert!(line(&mut stage, "idle.slice").contains("empty frozen"));
    let half = line(&mut stage, "a.slice (2)");
    assert!(!half.contains("frozen"), "one of two: {half}");
    go_to(&mut stage, "db.service");
    assert!(
        told(&stage, "S").contains("Now F, of its one member."),
        "{}",
        told(&stage, "S")
    );
    // Its member is marked too, by the letter of its state.
    stage.press("l l");
    assert_eq!(stage.focus(), 703);
    let member = stage.selected();
    assert!(
        member.contains(" F ") && member.contains("postgres"),
        "{member}"
    );
    frozen(&mut stage, &[], &[]);
    let member = stage.selected();
    assert!(
        member.contains(" D ") && !member.contains(" F "),
        "{member}"
    );
    assert!(!stage.text().contains("frozen"));
}

#[test]
fn a_group_of_another_hierarchy_has_the_numbers_of_who_is_in_it() {
    let mut stage = stage();
    place(
        &mut stage,
        &[
            (703, "/m/one", &["/g/only"]),
            (1201, "/m/two", &["/g/only"]),
            (1842, "/m/two", &["/b/low"]),
        ],
    );
    by(&mut stage, By::Cgroup);
    stage.pass(&[(703, 40), (1201, 2), (1842, 1)]);
    go_to(&mut stage, "only");
    let row = stage.selected();
    assert!(row.starts_with("42.0 ") && row.contains("2 in it"), "{row}");
    let group = told(&stage, "group");
    assert!(
        group.contains("2 in it, listed by another hierarchy; the numbers are of them together."),
        "{group}"
    );
    let cpu = told(&stage, "CPU%");
    assert!(
        cpu.contains("Now 42.0, the sum over its 2 members: 40.0 of 703 postgres, 2.0 of 1201"),
        "{cpu}"
    );
    // It is sorted by what it shows.
    let at = |stage: &mut Stage, of: &str| rows(stage).iter().position(|row| row.contains(of));
    assert!(
        at(&mut stage, " only ") < at(&mut stage, " low "),
        "{}",
        stage.text()
    );
    assert!(
        stage.text().contains("Σ 2 in only · 42.0%"),
        "{}",
        stage.text()
    );
    // Nothing is done to whom it does not list.
    assert!(stage.app.world.meant().is_empty());
}
