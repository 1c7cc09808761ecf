//! Keys and mouse: moving, folding, filtering, tagging, sorting.

use super::*;
use crate::model::id::Pid;
use crate::model::plan::Needs;
use crate::model::sample::{Opened, OptionalStats};

pub(super) fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    stage.pass(&[(4211, 96), (1842, 18), (1901, 20)]);
    stage
}

#[test]
fn the_tree_stands_by_the_total_of_subtrees() {
    let mut stage = stage();
    assert_eq!(
        stage.pids(),
        [1, 612, 2210, 2214, 4211, 1201, 1842, 1901, 2044, 703, 2950]
    );
}

#[test]
fn the_cursor_moves_and_is_the_focus() {
    let mut stage = stage();
    for (keys, pid) in [
        ("j", 612),
        ("↓ ↓", 2214),
        ("k", 2210),
        ("G", 2950),
        ("g", 1),
        ("End", 2950),
        ("Home", 1),
        ("PgDn", 2950),
        ("Ctrl-u", 1),
        ("Ctrl-d", 2950),
        ("PgUp", 1),
    ] {
        stage.press(keys);
        assert_eq!(stage.focus(), pid, "{keys}");
    }
}

#[test]
fn the_busiest_that_may_be_looked_into_is_selected_first() {
    let begin = |me: Option<(u32, u32)>| {
        let settings = Settings {
            me: me.map(|(pid, uid)| (Pid(pid), Uid(uid))),
            ..Settings::default()
        };
        let mut app = App::new(vec![Box::new(List::default())], settings, picture::theme());
        let mut scene = scene();
        let size = Rect::new(0, 0, 120, 40);
        let mut focus = Vec::new();
        let first = scene.snapshot();
        let busy = [
            &[(1, 95), (612, 90), (1842, 60), (4211, 30)][..],
            &[(4211, 99)],
        ];
        let later = busy.map(|busy| scene.pass(1000, busy));
        for snapshot in [first].into_iter().chain(later) {
            app.update(Event::Snapshot(Arc::new(snapshot)));
            screen::fit(&mut app, size);
            focus.push(app.world.focus.map_or(0, |id| id.pid.0));
        }
        focus[1..].to_vec()
    };
    assert_eq!(begin(None), [612, 612], "it stays, whoever is busy later");
    let nobody = 9999;
    assert_eq!(
        begin(Some((nobody, 0))),
        [612, 612],
        "root may look into all"
    );
    let other = begin(Some((nobody, 1000)));
    assert_eq!(other, [1842, 1842], "another's is closed");
    assert_eq!(begin(Some((1842, 1000))), [4211, 4211], "not ourselves");
    let helper = begin(Some((1201, 1000)));
    assert_eq!(helper, [4211, 4211], "nor a child of ours");
}

/// Who has nothing else sees pscope itself rather than dashes; and it stays there while others do nothing.
#[test]
fn what_can_be_read_goes_before_what_is_denied_also_where_all_are_idle() {
    let settings = Settings {
        me: Some((Pid(703), Uid(33))),
        ..Settings::default()
    };
    let mut app = App::new(vec![Box::new(List::default())], settings, picture::theme());
    let mut scene = scene();
    facts(scene.of(703), "www", 33, "pscope");
    let idle: [&[(u32, u64)]; 4] = [&[], &[(1842, 1)], &[(703, 1)], &[(612, 1)]];
    let first = scene.snapshot();
    let later = idle.map(|busy| scene.pass(1000, busy));
    for snapshot in [first].into_iter().chain(later) {
        app.update(Event::Snapshot(Arc::new(snapshot)));
        screen::fit(&mut app, Rect::new(0, 0, 120, 40));
        assert_eq!(app.world.focus.map(|id| id.pid), Some(Pid(703)));
    }
}

#[test]
fn the_selection_is_an_identity() {
    let mut stage = stage();
    stage.press("j j j j");
    assert_eq!(stage.focus(), 4211);
    for _ in 0..12 {
        stage.pass(&[(1842, 90)]);
    }
    assert_eq!(stage.focus(), 4211);
    let pids = stage.pids();
    assert!(
        pids.iter().position(|p| *p == 1201) < pids.iter().position(|p| *p == 612),
        "{pids:?}"
    );
    for keys in ["t", "M", "I", "t", "H", "K", "d", "B", "T", "<", ">"] {
        stage.press(keys);
        assert_eq!(stage.focus(), 4211, "{keys}");
        assert!(
            stage.selected().contains("4211"),
            "{keys}: {}",
            stage.selected()
        );
    }
}

#[test]
fn folding_sums_and_moves() {
    let mut stage = stage();
    stage.press("j j j j ←");
    assert_eq!(stage.focus(), 2214, "a leaf goes to its parent");
    stage.press("←");
    assert!(stage.selected().contains("96.0"), "{}", stage.selected());
    assert!(
        stage.selected().contains("+ -bash (1)"),
        "{}",
        stage.selected()
    );
    stage.press("←");
    assert_eq!(stage.focus(), 2210, "a folded row goes to its parent");
    stage.press("→");
    assert_eq!(stage.focus(), 2214, "an open row goes to its first child");
    stage.press("→ →");
    assert_eq!(stage.focus(), 4211, "a folded one opens first");
    stage.press("g *");
    assert_eq!(stage.pids(), [1, 612, 1201, 703, 2950]);
    stage.press("*");
    assert_eq!(stage.pids().len(), 11);
    stage.press("g -");
    assert_eq!(stage.pids(), [1]);
    stage.press("→");
    assert_eq!(
        stage.pids(),
        [1, 612, 1201, 703, 2950],
        "what is below stays folded"
    );
    stage.press("+");
    assert_eq!(stage.pids().len(), 11);
}

#[test]
fn identical_leaves_open_and_close() {
    let mut stage = stage();
    let groups = |stage: &mut Stage| stage.text().contains("3×[Web Content]");
    assert!(groups(&mut stage));
    stage.press("/").type_in("re:contentproc").press("Enter");
    assert!(stage.selected().contains("3×[Web"), "{}", stage.selected());
    assert!(
        stage.selected().contains("20.0"),
        "the sum of three: {}",
        stage.selected()
    );
    stage.press("Esc →");
    assert!(!groups(&mut stage));
    assert_eq!(stage.focus(), 1901);
    stage.press("j");
    assert_eq!(stage.focus(), 1902);
    stage.press("←");
    assert!(groups(&mut stage));
    stage.press("d");
    assert!(!groups(&mut stage) && stage.focus() == 1902);
    stage.press("d");
    assert!(
        groups(&mut stage) && stage.selected().contains("3×"),
        "{}",
        stage.selected()
    );
}

#[test]
fn threads_and_kernel_threads_come_and_go() {
    let mut stage = stage();
    stage.press("H K");
    let text = stage.text();
    assert!(
        text.contains("{Compositor}") && text.contains("{2×StyleThread}"),
        "{text}"
    );
    assert!(
        text.contains("[kthreadd]") && text.contains("└─ [kworker/0:1]"),
        "{text}"
    );
    assert!(stage.app.plan().needs.contains(Needs::THREADS));
    stage.press("H K");
    let text = stage.text();
    assert!(
        !text.contains("{Compositor}") && !text.contains("kworker"),
        "{text}"
    );
    assert!(!stage.app.plan().needs.contains(Needs::THREADS));
}

#[test]
fn a_filter_is_live_and_clearing_it_keeps_the_selection() {
    let mut stage = stage();
    stage.press("/").type_in("rust");
    assert_eq!(stage.pids(), [1, 612, 2210, 2214, 4211]);
    assert_eq!(stage.focus(), 4211, "the cursor goes to the match");
    assert!(stage.text().contains("1 of 13"));
    stage.type_in(" cpu>");
    assert_eq!(
        stage.pids(),
        [1, 612, 2210, 2214, 4211],
        "half a term changes nothing"
    );
    assert!(stage.text().contains("cpu of what?"));
    assert!(stage.app.plan().of_all.contains(Needs::COMMANDS));
    stage.press("Enter");
    assert!(
        stage.text().contains("/ rust cpu>"),
        "the title says what is filtered"
    );
    stage.press("Esc");
    assert_eq!((stage.pids().len(), stage.focus()), (11, 4211));
    assert!(!stage.app.plan().of_all.contains(Needs::COMMANDS));
    stage.press("\\").type_in("nothing at all");
    assert_eq!((stage.pids().len(), stage.focus()), (0, 4211));
    stage.press("Esc");
    assert_eq!(stage.focus(), 4211);
    assert!(stage.selected().contains("4211"));
}

#[test]
fn a_filter_looks_into_folds_and_leaves_them() {
    let mut stage = stage();
    stage.press("g *").press("F4").type_in("rustc");
    assert_eq!(stage.focus(), 4211);
    stage.press("Enter k ←");
    assert_eq!(
        stage.pids(),
        [1, 612, 2210, 2214],
        "folds work inside of a filter"
    );
    stage.press("Esc");
    assert_eq!(stage.pids().len(), 5, "the folds from before are back");
}

#[test]
fn a_filter_whose_facts_come_later_finds_its_match_then() {
    let mut stage = stage();
    stage.press("/").type_in("port:22").press("Enter");
    assert_eq!(stage.pids().len(), 0);
    stage.scene.of(612).extra = Some(Arc::new(OptionalStats {
        opened: Ok(Arc::new(Opened {
            targets: Vec::new(),
            ports: vec![22],
            owned: Vec::new(),
        })),
        ..OptionalStats::default()
    }));
    stage.pass(&[]);
    assert_eq!((stage.pids(), stage.focus()), (vec![1, 612], 612));
}

#[test]
fn a_search_jumps() {
    let mut stage = stage();
    stage.press("F3").type_in("ssh");
    assert_eq!(stage.focus(), 612);
    stage.press("Enter n");
    assert_eq!(stage.focus(), 2210);
    stage.press("n");
    assert_eq!(stage.focus(), 612, "around the end");
    stage.press("N");
    assert_eq!(stage.focus(), 2210);
    stage.press("F3").type_in("postgres").press("Esc");
    assert_eq!(stage.focus(), 2210, "Esc goes back");
}

#[test]
fn tags_follow_identities() {
    let mut stage = stage();
    let tags =
        |stage: &Stage| -> Vec<u32> { stage.app.world.tags.iter().map(|id| id.pid.0).collect() };
    stage.press("Space Space");
    assert_eq!((tags(&stage), stage.focus()), (vec![1, 612], 2210));
    stage.press("k Space");
    assert_eq!(tags(&stage), [1]);
    stage.press("U c");
    assert_eq!(tags(&stage), [2210, 2214, 4211]);
    assert!(
        stage.text().contains("Σ 3 tagged · own 96.0%"),
        "{}",
        stage.text()
    );
    stage.press("c");
    assert_eq!(tags(&stage), [0u32; 0]);
    stage.press("F3").type_in("Web").press("Enter Space");
    assert_eq!(tags(&stage), [1901, 1902, 1903], "a group is tagged whole");
    assert!(!stage.text().contains('×'), "and tagged rows stand alone");
    stage.press("U");
    assert_eq!(tags(&stage), [0u32; 0]);
}

#[test]
fn sorting_by_keys_menu_and_header() {
    let mut stage = stage();
    stage.press("t");
    assert_eq!(stage.pids()[..3], [4211, 1901, 1842]);
    stage.press("M");
    assert_eq!(stage.pids()[..2], [1842, 4211]);
    stage.press("I");
    assert_eq!(stage.pids()[0], 2950);
    stage.press("P T");
    assert_eq!(stage.pids()[0], 4211);
    stage.press("F6").type_in("user").press("Enter");
    assert_eq!(
        stage.pids()[0],
        1842.min(stage.pids()[0]),
        "alice comes first"
    );
    assert!(stage.text().contains("USER▲"));
    stage.press(">");
    assert!(stage.text().contains("by S ▲"), "{}", stage.text());
    let header = stage
        .text()
        .lines()
        .nth(1)
        .map(str::to_owned)
        .unwrap_or_default();
    let x = header.chars().position(|c| c == 'M').unwrap_or(0) as u16;
    stage.click(x, 1);
    assert!(stage.text().contains("MEM▼"), "{}", stage.text());
    stage.click(x, 1);
    assert!(stage.text().contains("MEM▲"));
}

#[test]
fn what_rows_are_sorted_by_is_seen_even_where_it_is_no_chosen_column() {
    for width in [60, 100, 160] {
        let mut stage = Stage::new(width, 30);
        assert!(!stage.text().contains("TIME"), "{}", stage.text());
        stage.press("T");
        assert!(stage.text().contains("TIME▼"), "{width}: {}", stage.text());
        stage.press("P");
        assert!(!stage.text().contains("TIME"), "it goes with the order");
    }
}

#[test]
fn a_thread_that_burns_does_not_hide_among_those_of_its_name() {
    let mut stage = stage();
    stage.scene.thread(1842, 1846, "StyleThread");
    stage.press("H");
    stage.pass(&[]);
    assert!(stage.text().contains("{3×StyleThread}"), "{}", stage.text());
    let mut threads = stage.scene.sample.threads.iter_mut();
    let burning = threads.find(|t| t.id.tid.0 == 1845).expect("the thread");
    let before = burning.stat.user;
    stage.scene.pass(1000, &[]);
    let mut threads = stage.scene.sample.threads.iter_mut();
    let burning = threads.find(|t| t.id.tid.0 == 1845).expect("the thread");
    burning.stat.user.0 = before.0 + 90;
    let snapshot = stage.scene.snapshot();
    stage.event(Event::Snapshot(Arc::new(snapshot)));
    let text = stage.text();
    assert!(text.contains("{StyleThread}"), "{text}");
    assert!(text.contains("{2×StyleThread}"), "{text}");
}

#[test]
fn the_footer_says_how_a_filter_is_cleared() {
    let mut stage = stage();
    assert!(!stage.app.world.filtered);
    stage.press("/").type_in("ssh").press("Enter");
    assert!(stage.app.world.filtered);
    stage.press("Esc");
    assert!(!stage.app.world.filtered);
}

#[test]
fn the_user_menu_filters() {
    let mut stage = stage();
    stage.press("u");
    assert!(stage.text().contains("all users"));
    stage.type_in("post").press("Enter");
    assert_eq!((stage.pids(), stage.focus()), (vec![1, 703], 703));
    stage.press("u Enter");
    assert_eq!(stage.pids().len(), 11);
}

#[test]
fn the_user_menu_shows_no_two_users_alike() {
    let mut stage = stage();
    let long = |part: &str| format!("{}{part}{}", "averyverylong".repeat(3), "name".repeat(5));
    for (pid, user) in [
        (9001, long("a")),
        (9002, long("b")),
        (9003, "short".to_owned()),
    ] {
        let task = stage.scene.task(pid, 1, "x");
        facts(task, &user, pid, "x");
    }
    stage.pass(&[]);
    stage.press("u");
    let text = stage.text();
    let shown = text.lines().filter_map(|line| {
        let at = line.find("averyvery")?;
        line[at..].split_whitespace().next().map(str::to_owned)
    });
    let shown: std::collections::BTreeSet<String> = shown.collect();
    assert_eq!(shown.len(), 2, "{text}");
}

#[test]
fn the_mouse_selects_folds_and_scrolls() {
    let mut stage = stage();
    stage.click(20, 4);
    assert_eq!(stage.focus(), 2210);
    let line = stage
        .text()
        .lines()
        .nth(3)
        .map(str::to_owned)
        .unwrap_or_default();
    let x = line.chars().position(|c| c == '├').unwrap_or(0) as u16;
    stage.click(x, 3);
    assert!(
        stage.selected().contains("+ sshd (3)"),
        "{}",
        stage.selected()
    );
    stage.click(x + 2, 3);
    assert!(!stage.selected().contains('+'));
    let mut stage = Stage::new(100, 9);
    assert_eq!(stage.pids()[0], 1);
    stage.mouse(Press::WheelDown, 20, 4);
    assert_eq!(stage.pids()[0], stage.pids()[0].max(2));
    assert_eq!(
        stage.focus(),
        1,
        "the wheel moves the view, not the selection"
    );
    stage.press("k");
    assert_eq!(stage.pids()[0], 1, "the next key brings the view back");
}

#[test]
fn a_filter_tells_its_syntax_and_what_it_does_not_understand() {
    let mut stage = Stage::new(120, 40);
    stage.press("/");
    assert!(stage.text().contains("user:alice  state:D"), "the syntax");
    stage.type_in("us");
    assert!(stage.text().contains("fields  user"));
    stage.type_in("er:nobdy");
    assert!(stage.text().contains("no user nobdy"));
    stage.press("Enter");
    assert!(stage.text().contains("no user nobdy"), "after Enter too");
    stage.press("/ Ctrl-u").type_in("usr:alice").press("Enter");
    let text = stage.text();
    assert!(
        text.contains("left out of the filter: usr:alice") && text.contains("is 'user' meant?"),
        "{text}"
    );
}

#[test]
fn the_same_sort_key_twice_does_not_turn_the_order() {
    let mut stage = stage();
    stage.press("M");
    let once = stage.pids();
    stage.press("M");
    assert_eq!(stage.pids(), once);
    stage.press("I");
    assert_ne!(stage.pids(), once);
}
