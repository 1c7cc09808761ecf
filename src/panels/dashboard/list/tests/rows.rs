//! Rows: those that end or begin, those that are revealed or followed, what they cost.

use super::keys::stage;
use super::*;
use crate::app::world::Page;
use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;
use crate::model::id::ProcId;
use crate::model::plan::{Needs, Plan};

#[test]
fn what_ends_while_selected_stays() {
    let mut stage = stage();
    stage.press("j j j j");
    stage.scene.end(4211);
    stage.pass(&[]);
    stage.pass(&[]);
    // Since it was seen last, as the inspector says it too.
    assert!(
        stage.selected().contains("rustc ended 2.0s ago"),
        "{}",
        stage.selected()
    );
    assert_eq!(stage.focus(), 4211);
    // It does nothing any more, and has no part in what is used.
    let row = stage.selected();
    assert!(row.contains("alice X – "), "{row}");
    let text = stage.text();
    assert!(text.contains("1 selected · own –"), "{text}");
    stage.press("k");
    stage.pass(&[]);
    assert!(
        stage.text().contains("rustc"),
        "its line holds for a moment"
    );
    for _ in 0..8 {
        stage.pass(&[]);
    }
    assert!(!stage.text().contains("rustc"));
    stage.press("Space");
    stage.scene.end(2214);
    stage.pass(&[]);
    stage.press("g");
    stage.pass(&[]);
    assert!(
        stage.text().contains("bash ended"),
        "a tagged one too: {}",
        stage.text()
    );
    stage.press("U");
    stage.pass(&[]);
    for _ in 0..9 {
        stage.pass(&[]);
    }
    assert!(!stage.text().contains("bash"));
}

#[test]
fn when_what_nobody_chose_ends_another_is_offered() {
    let begin = || {
        let size = Rect::new(0, 0, 100, 30);
        let settings = Settings::default();
        let mut stage = Stage::untouched(scene(), settings, picture::theme(), size);
        stage.pass(&[(4211, 90), (1842, 40)]);
        assert_eq!(stage.focus(), 4211, "the busiest");
        stage.pass(&[(4211, 10), (1842, 90)]);
        assert_eq!(stage.focus(), 4211, "it stays while it lives");
        stage
    };
    let mut left = begin();
    left.mouse(Press::Hover, 5, 5);
    left.pass(&[(4211, 95), (1842, 20)]);
    left.scene.end(4211);
    left.pass(&[(1842, 20)]);
    assert_eq!(left.focus(), 1842, "however busy the other was at last");
    left.pass(&[(703, 95), (1842, 20)]);
    assert_eq!(left.focus(), 1842);
    let mut zombie = begin();
    zombie.scene.of(4211).stat.state = State::Zombie;
    zombie.pass(&[(1842, 90)]);
    assert_eq!(zombie.focus(), 1842, "it only waits to be waited for");
    let mut touched = begin();
    touched.press("t");
    touched.scene.end(4211);
    touched.pass(&[(1842, 90)]);
    assert_eq!(touched.focus(), 4211, "somebody was there");
    assert!(touched.selected().contains("rustc ended"));
}

#[test]
fn a_dull_process_is_offered_only_until_there_is_a_busy_one() {
    let size = Rect::new(0, 0, 100, 30);
    let settings = Settings::default();
    let mut stage = Stage::untouched(scene(), settings, picture::theme(), size);
    stage.pass(&[(4211, 90)]);
    assert_eq!(stage.focus(), 4211, "the busiest");
    stage.scene.end(4211);
    stage.pass(&[]);
    let dull = stage.focus();
    assert_ne!(dull, 4211, "it ended, and all others are dull");
    let other = if dull == 703 { 1842 } else { 703 };
    stage.pass(&[(other, 1)]);
    assert_eq!(stage.focus(), dull, "none of them calls the cursor");
    stage.pass(&[(1842, 90)]);
    assert_eq!(stage.focus(), 1842, "now there is a busy one");
    stage.pass(&[(703, 95)]);
    assert_eq!(stage.focus(), 1842, "who stays");
}

#[test]
fn what_ends_with_its_branch_while_selected_keeps_its_place() {
    let mut stage = stage();
    stage.press("j j j j");
    assert_eq!(stage.focus(), 4211);
    let line = |stage: &mut Stage| {
        let text = stage.text();
        text.lines().position(|line| line.contains("rustc"))
    };
    let before = line(&mut stage);
    // Its parent, and the one above it.
    for pid in [4211, 2214, 2210] {
        stage.scene.end(pid);
    }
    for _ in 0..10 {
        stage.pass(&[]);
    }
    let after = line(&mut stage);
    // The rows of the two above it have gone.
    assert_eq!(after, before.map(|line| line - 2), "{}", stage.text());
    assert!(stage.selected().contains("rustc ended"));
}

#[test]
fn an_ended_row_says_how() {
    let mut stage = stage();
    stage.press("j j j j");
    stage
        .scene
        .end_as(4211, Ok(Fate::Killed(Signal::SEGV, true)));
    stage.pass(&[]);
    stage.pass(&[]);
    assert!(
        stage
            .selected()
            .contains("rustc killed by SIGSEGV, core dumped"),
        "{}",
        stage.selected()
    );
    let told: Vec<_> = stage.app.world.log.entries().collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].text, "4211 rustc killed by SIGSEGV, core dumped");
    assert!(stage.app.plan().watched.contains(&ProcId::new(4211, 4211)));
}

#[test]
fn one_that_ended_is_no_match_of_a_filter_that_it_does_not_pass_and_is_not_counted() {
    let mut stage = stage();
    stage.press("j j j j");
    assert_eq!(stage.focus(), 4211);
    stage.scene.end_as(4211, Ok(Fate::Exited(0)));
    stage.pass(&[]);
    stage.pass(&[]);
    assert!(stage.text().contains("rustc exited"), "{}", stage.text());
    stage.press("/").type_in("rust");
    assert!(stage.text().contains("1 of "), "{}", stage.text());
    assert!(stage.text().contains("rustc exited"), "it passes");
    stage.press("Esc").press("/").type_in("nothing at all");
    assert!(stage.text().contains("0 of "), "{}", stage.text());
    assert!(!stage.text().contains("rustc exited"), "{}", stage.text());
    stage.press("Esc");
    assert_eq!(stage.focus(), 4211, "it is still the one that was selected");
}

#[test]
fn a_new_row_is_marked_for_a_while() {
    let mut stage = stage();
    stage.scene.task(5000, 1, "fresh").id.start.0 = 100_150;
    stage.pass(&[]);
    assert!(
        !stage.text().contains(" 5000 "),
        "who lives for less than a tick pushes nobody about: {}",
        stage.text()
    );
    stage.press("t");
    assert!(
        stage.text().contains("+  5000"),
        "the flat list has everybody"
    );
    stage.press("t");
    stage.pass(&[]);
    assert!(stage.text().contains("+  5000"), "{}", stage.text());
    for _ in 0..5 {
        stage.pass(&[]);
    }
    assert!(!stage.text().contains("+  5000"));
}

#[test]
fn going_to_a_process_reveals_it() {
    let mut stage = stage();
    stage.press("g *");
    let id = |stage: &Stage, pid: u32| {
        let procs = &stage.app.world.snapshot.procs;
        procs.iter().find(|p| p.id.pid.0 == pid).expect("there").id
    };
    let focus = id(&stage, 1902);
    stage.app.inspect(focus, "overview");
    stage.press("1");
    assert_eq!(stage.focus(), 1902);
    assert!(
        stage.selected().starts_with("1902 alice"),
        "{}",
        stage.text()
    );
    let focus = id(&stage, 3);
    stage.app.inspect(focus, "overview");
    stage.press("1");
    assert!(
        stage.selected().contains("[kworker/0:1]"),
        "{}",
        stage.text()
    );
}

#[test]
fn enter_inspects_and_y_copies() {
    let mut stage = stage();
    stage.press("j y");
    assert_eq!(stage.effects, [], "a menu opens");
    let text = stage.text();
    assert!(text.contains("strace -f -p 612"), "{text}");
    stage.press("y");
    stage.press("y p");
    stage.press("y g");
    let copied = ["/usr/sbin/sshd -D", "612", "gdb -p 612"];
    let copied = copied.map(|text| Effect::Copy(text.to_owned()));
    assert_eq!(stage.effects, copied);
    stage.press("Enter");
    assert_eq!(
        (stage.app.world.page, stage.focus()),
        (Page::Inspector, 612)
    );
}

#[test]
fn columns_are_chosen_and_cost_only_while_shown() {
    let mut stage = stage();
    assert!(!stage.app.plan().needs.contains(Needs::IO));
    stage.press("C").type_in("read").press("Space");
    assert!(stage.text().contains("READ/s"));
    stage.press("Esc");
    let plan = stage.app.plan();
    assert!(plan.needs.contains(Needs::IO) && !plan.of_all.contains(Needs::IO));
    stage.press("F6").type_in("read").press("Enter");
    assert!(
        stage.app.plan().of_all.contains(Needs::IO),
        "all rows where it is the sort key"
    );
}

#[test]
fn only_rows_in_view_are_asked_for() {
    let mut stage = Stage::new(100, 8);
    let plan = stage.app.plan();
    assert_eq!(plan.visible.len(), 4, "{:?}", plan.visible);
    stage.press("G");
    assert!(stage.app.plan().visible.iter().any(|id| id.pid.0 == 2950));
}

#[test]
fn a_folded_row_asks_for_what_is_below_it_only_where_a_costly_sum_is_shown() {
    let mut stage = stage();
    stage.press("g -");
    let visible = |stage: &Stage| {
        // Another pane has its needs too.
        let mut plan = Plan {
            needs: Needs::OVERVIEW,
            ..Plan::default()
        };
        let list = stage.app.panels().iter().find(|p| p.spec().name == "list");
        list.expect("the list").plan(&stage.app.world, &mut plan);
        plan.visible.len()
    };
    assert_eq!(visible(&stage), 1, "{}", stage.text());
    stage.press("C").type_in("read").press("Space Esc");
    assert!(visible(&stage) > 10, "{}", stage.text());
}

#[test]
fn the_whole_command_line_and_paths() {
    let mut stage = stage();
    stage.press("B");
    assert!(stage.text().contains("/usr/sbin/sshd -D"));
    stage.press("B G");
    stage.press("F3").type_in("postgres").press("Enter W");
    let text = stage.text();
    assert!(
        text.contains("│ /usr/bin/postgres -D /var/lib/postgresql/15/main"),
        "{text}"
    );
}

#[test]
fn time_stands_still_and_everything_works_on() {
    let mut stage = stage();
    stage.press("p");
    let snapshot = stage.scene.pass(1000, &[(703, 90)]);
    stage.event(Event::Snapshot(Arc::new(snapshot)));
    stage.press("t");
    assert_eq!(stage.pids()[0], 4211, "the frozen tick");
    stage.press("M");
    assert_eq!(stage.pids()[0], 1842);
    stage.press("/").type_in("sshd").press("Enter");
    assert_eq!(stage.pids(), [612, 2210]);
    stage.press("Esc P p");
    assert_eq!(stage.pids()[0], 703);
}

#[test]
fn follow_keeps_the_selection_in_view() {
    let mut stage = Stage::new(100, 9);
    stage.press("t");
    stage.pass(&[(4211, 90), (1842, 80), (1901, 70), (703, 60), (612, 50)]);
    stage.press("g F");
    assert_eq!(stage.focus(), 4211);
    for _ in 0..12 {
        stage.pass(&[
            (1842, 80),
            (1901, 70),
            (703, 60),
            (612, 50),
            (1201, 40),
            (2214, 30),
        ]);
    }
    assert!(stage.selected().contains("4211"), "{}", stage.text());
    assert!(stage.pids()[0] != 1842);
}

#[test]
fn rows_that_come_above_do_not_push_the_selection_out_of_view() {
    let mut stage = Stage::new(100, 9);
    stage.pass(&[]);
    stage.press("G");
    let before = stage.selected();
    let pid = stage.focus();
    for n in 0..12 {
        stage.scene.task(5000 + n, 1, &format!("new{n}"));
        stage.pass(&[(5000 + n, 90)]);
    }
    assert_eq!(stage.focus(), pid);
    assert!(
        stage.selected().contains(&pid.to_string()),
        "{before}\n{}",
        stage.text()
    );
    stage.mouse(Press::WheelUp, 20, 4);
    stage.mouse(Press::WheelUp, 20, 4);
    stage.mouse(Press::WheelUp, 20, 4);
    stage.pass(&[]);
    assert_eq!(
        stage.selected(),
        "",
        "the wheel may leave it behind: {}",
        stage.text()
    );
}

#[test]
fn a_sibling_takes_over_the_line_of_one_that_ended() {
    let mut stage = stage();
    stage.pass(&[]);
    stage.scene.task(5000, 612, "cc1");
    stage.pass(&[]);
    let before = stage.pids();
    assert!(before.contains(&5000));
    for pid in 5001..5006 {
        stage.scene.end(pid - 1);
        stage.pass(&[]);
        let held = stage.pids();
        assert_eq!(
            held,
            before
                .iter()
                .map(|p| if *p == 5000 { pid - 1 } else { *p })
                .collect::<Vec<_>>()
        );
        stage.scene.task(pid, 612, "cc1");
        stage.pass(&[]);
        assert_eq!(stage.pids().len(), before.len(), "no row was pushed");
    }
}

#[test]
fn children_that_no_row_shows_stand_with_their_parent_and_in_sums() {
    let size = Rect::new(0, 0, 130, 30);
    let settings = Settings::default();
    let mut stage = Stage::untouched(scene(), settings, picture::theme(), size);
    // The shell starts one after the other that ends at once; 2210 is above it.
    stage.scene.pass(1000, &[(4211, 20), (2214, 3)]);
    stage.scene.of(2214).stat.children.0 += 92;
    stage.scene.of(1201).stat.children.0 += 4;
    stage.scene.of(1902).stat.children.0 += 8;
    for core in &mut stage.scene.sample.system.cores {
        core.user.0 += 50;
    }
    let snapshot = stage.scene.snapshot();
    stage.event(Event::Snapshot(Arc::new(snapshot)));
    assert_eq!(stage.focus(), 2214, "who is behind most of the load");
    let row = stage.selected();
    assert!(row.contains("bash (ended children 92%)"), "{row}");
    assert!(row.contains(" 3.0 "), "CPU% stays its own: {row}");
    let text = stage.text();
    let sums = "own 3.0%  5.0M · with children 115%";
    assert!(text.contains(sums), "{text}");
    let group = "3×[Web Content] (ended children 8%)";
    assert!(text.contains(group) && !text.contains("4%)"), "{text}");
    let line = |of: &str| text.lines().position(|l| l.contains(of));
    assert!(line("firefox") < line("postgres"), "{text}");
    // Folded, they are in the sum of the row above.
    stage.press("k -");
    let row = stage.selected();
    assert!(row.contains(" 115 ") && row.contains("(2)"), "{row}");
    stage.press("+ G k k k");
    let text = stage.text();
    assert!(
        text.contains("own 0.0%  639M · with ended children 8.0%"),
        "{text}"
    );
    // It is over at the next tick.
    stage.pass(&[]);
    assert!(!stage.text().contains("ended children"), "{}", stage.text());
}
