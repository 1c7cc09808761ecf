//! The import rule, held over the source tree: which room may name which, and who may name the terminal and the kernel.
//!
//! Code under `#[cfg(test)]` may look wherever it likes.

mod layers {
    pub mod imports;
    mod opens;
    pub mod source;
    mod subjects;
    mod users;
}

use std::fmt::Write as _;
use std::path::Path;

use layers::imports::of_rooms;
use layers::source::{code, files};

/// What each room may import besides itself. `cli` and `run` join all of them.
const MAY: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("sys", &["model"]),
    // The format: bytes in, bytes out. Files and clocks are for those who use it.
    ("recording", &["model"]),
    ("sampler", &["model", "sys", "recording"]),
    ("theme", &["model"]),
    ("app", &["model", "theme", "recording"]),
    ("widgets", &["model", "theme"]),
    ("panels", &["model", "theme", "app", "widgets", "recording"]),
    ("screen", &["model", "theme", "app", "widgets"]),
    ("term", &["app", "theme"]),
    // Only compiled for tests and for fuzzing.
    (
        "parsers",
        &[
            "recording",
            "app",
            "model",
            "run",
            "sampler",
            "sys",
            "term",
            "theme",
        ],
    ),
    ("report", &["model", "sys", "sampler", "recording"]),
    (
        "cli",
        &[
            "app",
            "model",
            "panels",
            "recording",
            "report",
            "run",
            "sampler",
            "screen",
            "sys",
            "term",
            "theme",
        ],
    ),
    (
        "run",
        &[
            "app",
            "model",
            "panels",
            "recording",
            "report",
            "sampler",
            "screen",
            "sys",
            "term",
            "theme",
        ],
    ),
];

/// Words that only some rooms may write.
const WORDS: &[(&str, &[&str])] = &[
    ("crossterm", &["term"]),
    ("procfs", &["sys"]),
    ("libc", &["sys", "term"]),
    ("nix", &["sys", "term", "run"]),
    ("std::fs", &["sys", "run"]),
    ("unsafe", &["sys"]),
    (
        "ratatui",
        &["app", "panels", "run", "screen", "term", "theme", "widgets"],
    ),
    ("std::process::Command", &[]),
];

/// What one file does that it may not; `path` is below `src`.
fn faults(path: &Path, text: &str) -> Vec<String> {
    let parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    let room = parts[0].as_str();
    let mut out = Vec::new();
    let Some((_, may)) = MAY.iter().find(|(name, _)| *name == room) else {
        return vec![format!(
            "src/{}: '{room}' is no room; give it a place in tests/layers.rs",
            path.display()
        )];
    };
    for (number, line) in (1..).zip(code(text).lines()) {
        let mut complain =
            |what: String| out.push(format!("src/{}:{number}: {what}", path.display()));
        for other in of_rooms(line, parts.len()) {
            let known = MAY.iter().any(|(name, _)| *name == other);
            if known && other != room && !may.contains(&other.as_str()) {
                complain(format!("{room} must not import {other}"));
            }
        }
        for (word, rooms) in WORDS {
            if names(line, word) && !rooms.contains(&room) {
                complain(format!("{room} must not name {word}"));
            }
        }
    }
    out
}

/// Whether a line names `word` as a whole word.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        // `unsafe_code` in an attribute is another word; a path or a keyword stands alone.
        !before.is_some_and(part)
            && !after.is_some_and(part)
            && (word == "unsafe"
                || word.contains("::")
                || line[at + word.len()..].starts_with("::"))
    })
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut all = String::new();
    for (path, text) in files() {
        if path == Path::new("lib.rs") || path == Path::new("main.rs") {
            continue;
        }
        for fault in faults(&path, &text) {
            let _ = writeln!(all, "{fault}");
        }
    }
    assert!(all.is_empty(), "\n{all}");
}

/// Lines that start a thread by themselves: it would take signals that are meant for the program.
fn starts_threads(text: &str) -> Vec<usize> {
    let starts = |line: &str| {
        ["thread::spawn", ".spawn(", ".spawn_scoped("]
            .iter()
            .any(|word| line.contains(word))
    };
    let code = code(text);
    let lines = (1..).zip(code.lines());
    lines
        .filter(|(_, line)| starts(line))
        .map(|(n, _)| n)
        .collect()
}

#[test]
fn threads_are_started_in_one_place() {
    let mut all = String::new();
    for (path, text) in files() {
        if path != Path::new("sys/threads.rs") {
            for number in starts_threads(&text) {
                let _ = writeln!(all, "src/{}:{number}", path.display());
            }
        }
    }
    assert!(
        all.is_empty(),
        "started without sys::threads, which keeps signals back:\n{all}"
    );
    assert_eq!(starts_threads("let a = 1;\nstd::thread::spawn(work);"), [2]);
    assert_eq!(starts_threads("builder\n    .spawn(work)?;"), [2]);
    assert!(starts_threads("#[cfg(test)]\nmod tests {\n    thread::spawn(x);\n}").is_empty());
}

/// Lines that draw values over time by themselves. `panels/charts` does it for every pane and tells the mouse the moment of
/// each cell: what is drawn elsewhere could not be clicked.
fn draws_charts(text: &str) -> Vec<usize> {
    let code = code(text);
    let lines = (1..).zip(code.lines());
    let draws = |line: &str| {
        [
            "widgets::chart",
            "widgets::braille",
            "widgets::heat",
            "widgets::spark",
        ]
        .iter()
        .any(|word| line.contains(word))
    };
    let lines = lines.filter(|(_, line)| draws(line));
    lines.map(|(n, _)| n).collect()
}

#[test]
fn charts_are_drawn_in_one_place() {
    // A bar a core is of one moment; what stands in a row of the list selects the row.
    let others = [
        "panels/dashboard/lanes/strip.rs",
        "panels/dashboard/list/draw.rs",
    ];
    let mut all = String::new();
    for (path, text) in files() {
        let there = path.starts_with("panels/charts") || path == Path::new("panels/charts.rs");
        let may = there || others.iter().any(|other| path == Path::new(other));
        if path.starts_with("panels") && !may {
            for number in draws_charts(&text) {
                let _ = writeln!(all, "src/{}:{number}", path.display());
            }
        }
    }
    assert!(all.is_empty(), "drawn without panels::charts:\n{all}");
    let line = "use a;\nuse crate::widgets::chart::Chart;";
    assert_eq!(draws_charts(line), [2]);
}

/// Lines by which the program is another one where it is tested: such tests prove nothing of what people run.
fn differs_in_tests(text: &str) -> Vec<usize> {
    let lines = (1..).zip(text.lines());
    let differs = |line: &str| line.contains("cfg!(test)") || line.contains("cfg(not(test))");
    lines
        .filter(|(_, line)| differs(line))
        .map(|(n, _)| n)
        .collect()
}

#[test]
fn what_is_tested_is_what_is_run() {
    for (path, text) in files() {
        let lines = differs_in_tests(&text);
        assert!(lines.is_empty(), "src/{}: {lines:?}", path.display());
    }
    assert_eq!(
        differs_in_tests("a\nconst A: u8 = if cfg!(test) { 1 } else { 2 };"),
        [2]
    );
}

#[test]
fn every_file_says_what_it_owns() {
    for (path, text) in files() {
        let path_shown = path.display();
        assert!(
            text.starts_with("//! "),
            "{path_shown} does not open with //!"
        );
        assert!(!path.ends_with("mod.rs"), "{path_shown}");
    }
}

#[test]
fn the_rule_can_be_broken() {
    for (path, text, said) in [
        (
            "model/a.rs",
            "use crate::sys::root;",
            "model must not import sys",
        ),
        (
            "panels/b.rs",
            "use crate::{model::id, term};",
            "panels must not import term",
        ),
        (
            "app/c.rs",
            "let k = crossterm::event::read();",
            "app must not name crossterm",
        ),
        (
            "app.rs",
            "use super::run::drive;",
            "app must not import run",
        ),
        (
            "widgets/d.rs",
            "use super::super::app::App;",
            "widgets must not import app",
        ),
        (
            "term/e.rs",
            "unsafe { libc::kill(1, 9) }",
            "term must not name unsafe",
        ),
        (
            "report/f.rs",
            "std::fs::write(p, t)?;",
            "report must not name std::fs",
        ),
        (
            "sys/g.rs",
            "use ratatui::style::Color;",
            "sys must not name ratatui",
        ),
        (
            "run/h.rs",
            "std::process::Command::new(p)",
            "run must not name std::process::Command",
        ),
        ("helpers.rs", "", "'helpers' is no room"),
        (
            "app/i.rs",
            "#[cfg(test)]\nmod tests;\n\nuse crate::sys::root;",
            "app must not import sys",
        ),
    ] {
        let found = faults(Path::new(path), text);
        assert!(found.iter().any(|f| f.contains(said)), "{path}: {found:?}");
    }
    for (path, text) in [
        ("sys/a.rs", "use crate::model::id::Pid;"),
        (
            "model/b/c.rs",
            "use super::super::id::Pid; // not crate::sys",
        ),
        ("model/d.rs", "let text = \"crate::sys unsafe\";"),
        ("sys/e.rs", "#![expect(unsafe_code, reason = \"mmap\")]"),
        ("app/f.rs", "#[cfg(test)]\nuse crate::sys::root;"),
    ] {
        assert_eq!(faults(Path::new(path), text), [] as [&str; 0]);
    }
}
