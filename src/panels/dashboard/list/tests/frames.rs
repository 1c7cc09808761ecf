use super::*;

fn busy(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height);
    for tick in 0..6 {
        stage.pass(&[(4211, 90 + tick), (1842, 3 * tick), (1901, 12), (703, 1)]);
    }
    stage
}

fn frame(width: u16, height: u16, keys: &str) -> String {
    let mut stage = busy(width, height);
    if !keys.is_empty() {
        stage.press(keys);
    }
    picture::styled(&stage.draw())
}

#[test]
fn at_60_by_15() {
    insta::assert_snapshot!(frame(60, 15, "j j j j Space"));
}

#[test]
fn at_80_by_24() {
    insta::assert_snapshot!(frame(80, 24, "j j H"));
}

#[test]
fn at_120_by_40() {
    insta::assert_snapshot!(frame(120, 40, "/ s s h d"));
}

#[test]
fn at_200_by_60_everything_has_its_row() {
    let mut stage = busy(200, 60);
    stage.press("K j ← j j W");
    let text = stage.text();
    for pid in [
        "1", "612", "1201", "1842", "1901", "2044", "703", "2950", "2", "3",
    ] {
        let rows = text
            .lines()
            .filter(|l| l.split_whitespace().any(|w| w == pid));
        assert!(rows.count() > 0, "{pid} is missing:\n{text}");
    }
    assert!(
        text.contains("sshd (3) -D"),
        "folded, with a count:\n{text}"
    );
    assert!(
        text.contains("zombie, not yet waited for by 1 systemd"),
        "{text}"
    );
}

/// Whom a zombie waits for is what one can act on.
#[test]
fn who_has_not_waited_for_a_zombie_is_not_cut() {
    for (wide, who) in [
        (60, " 1 sys"),
        (72, " 1 s"),
        (80, " 1 systemd"),
        (130, " 1 systemd"),
        (200, "by 1 systemd"),
    ] {
        let mut stage = busy(wide, 60);
        let text = stage.text();
        let line = text
            .lines()
            .find(|l| l.contains("zombie") || l.contains("not waited"));
        let line = line.unwrap_or_else(|| panic!("{wide}:\n{text}"));
        assert!(line.contains(who), "{wide}: {line}");
    }
}

#[test]
fn in_ascii_and_without_colours() {
    let theme = Theme::terminal(Depth::Mono, true);
    let mut stage = Stage::with(scene(), Settings::default(), theme, 80, 20);
    stage.pass(&[(4211, 96)]);
    stage.press("j Space H");
    let text = stage.text();
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(picture::styled(&stage.draw()));
}

#[test]
fn every_size_is_right() {
    for (width, height) in (1..40)
        .map(|n| (n, n))
        .chain((1..60).map(|n| (n * 3, 1 + n % 7)))
    {
        let mut stage = busy(width, height);
        for keys in [
            "",
            "H K W",
            "F6",
            "Esc C",
            "Esc u",
            "Esc /",
            "r",
            "Enter G Space",
        ] {
            if !keys.is_empty() {
                stage.press(keys);
            }
            let text = stage.text();
            assert_eq!(text.lines().count(), height as usize);
            assert!(
                text.lines()
                    .all(|line| crate::model::text::width(line) <= width as usize),
                "{text}"
            );
        }
    }
}

#[test]
fn a_deep_tree_draws_its_lines_closer() {
    let mut scene = scene();
    for pid in 6000..6009 {
        scene.task(pid, if pid == 6000 { 1 } else { pid - 1 }, "deep");
    }
    let theme = Theme::terminal(Depth::Ansi, false);
    let mut stage = Stage::with(scene.clone(), Settings::default(), theme.clone(), 64, 30);
    insta::assert_snapshot!(stage.text());
    for pid in 6009..6060 {
        scene.task(pid, pid - 1, "deep");
    }
    let mut stage = Stage::with(scene, Settings::default(), theme, 64, 30);
    stage.press("G");
    insta::assert_snapshot!(stage.text());
}

#[test]
fn one_deep_branch_leaves_the_others_their_shape() {
    let mut scene = scene();
    for pid in 6000..6060 {
        scene.task(pid, if pid == 6000 { 1 } else { pid - 1 }, "deep");
    }
    let theme = Theme::terminal(Depth::True, false);
    let mut stage = Stage::with(scene, Settings::default(), theme, 80, 90);
    let text = stage.text();
    let column = |pid: &str, name: &str| {
        let line = text.lines().find(|line| line.contains(pid)).expect(pid);
        line[..line.find(name).expect(name)].chars().count()
    };
    let family = [
        ("612", "sshd"),
        ("2210", "sshd"),
        ("2214", "-bash"),
        ("4211", "rustc"),
    ];
    let columns = family.map(|(pid, name)| column(&format!(" {pid} "), name));
    assert!(columns.is_sorted_by(|a, b| a < b), "{columns:?}\n{text}");
    // Deep down a child stands a cell behind its parent too, but for the few that begin anew.
    let deep: Vec<usize> = (6000..6060)
        .map(|pid| column(&format!(" {pid} "), "deep"))
        .collect();
    let steps = deep.windows(2).filter(|pair| pair[1] > pair[0]).count();
    assert!(steps >= 54, "{deep:?}\n{text}");
}

#[test]
fn wide_and_hostile_names_stay_in_their_cells() {
    let mut scene = scene();
    scene.task(5000, 1, "進程の名前").stat.threads = 1;
    facts(
        scene.of(5000),
        "ユーザー名です",
        1001,
        "進程の名前|\u{1b}[2J|e\u{301}e\u{301}",
    );
    for pid in 6000..6060 {
        scene.task(pid, if pid == 6000 { 1 } else { pid - 1 }, "deep");
    }
    for columns in [30, 57, 80, 131] {
        let theme = Theme::terminal(Depth::True, false);
        let mut stage = Stage::with(scene.clone(), Settings::default(), theme, columns, 70);
        let text = stage.text();
        for line in text.lines().skip(1).filter(|l| l.starts_with('│')) {
            assert_eq!(crate::model::text::width(line), columns as usize, "{line}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
