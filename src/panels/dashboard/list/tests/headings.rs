//! Groups in the list: the key that goes through them, folds, selection, who is meant by an action.

use super::keys::stage;
use super::*;
use crate::model::groups::grouping::By;
use crate::model::id::{Bytes, Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::OptionalStats;

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
