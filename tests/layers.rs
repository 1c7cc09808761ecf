//! The import rule, held over the source tree: which room may name which, and who may name the terminal and the kernel.
//!
//! Code under `#[cfg(test)]` may look wherever it likes.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import besides itself. `cli` and `run` join all of them.
const MAY: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("sys", &["model"]),
    ("sampler", &["model", "sys"]),
    ("theme", &["model"]),
    ("app", &["model", "theme"]),
    ("widgets", &["model", "theme"]),
    ("panels", &["model", "theme", "app", "widgets"]),
    ("screen", &["model", "theme", "app", "widgets"]),
    ("term", &["app", "theme"]),
    ("report", &["model", "sys", "sampler"]),
    // Only compiled for tests and for fuzzing.
    (
        "parsers",
        &["app", "model", "run", "sampler", "sys", "term", "theme"],
    ),
    (
        "cli",
        &[
            "app", "model", "panels", "report", "run", "sampler", "screen", "sys", "term", "theme",
        ],
    ),
    (
        "run",
        &[
            "app", "model", "panels", "report", "sampler", "screen", "sys", "term", "theme",
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
    for (number, line) in code(text) {
        let mut complain =
            |what: String| out.push(format!("src/{}:{number}: {what}", path.display()));
        for other in imports(&line, parts.len()) {
            let known = MAY.iter().any(|(name, _)| *name == other);
            if known && other != room && !may.contains(&other.as_str()) {
                complain(format!("{room} must not import {other}"));
            }
        }
        for (word, rooms) in WORDS {
            if names(&line, word) && !rooms.contains(&room) {
                complain(format!("{room} must not name {word}"));
            }
        }
    }
    out
}

/// The lines of code with their numbers: no comments, no texts in quotes, nothing from `#[cfg(test)]` on.
fn code(text: &str) -> impl Iterator<Item = (usize, String)> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .enumerate()
        .map(|(i, line)| (i + 1, strip(line)))
}

fn strip(line: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                chars.next();
            }
            '\'' if !quoted && chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => quoted = !quoted,
            '/' if !quoted && chars.peek() == Some(&'/') => break,
            c if !quoted => out.push(c),
            _ => {}
        }
    }
    out
}

/// The rooms that a line of a file at this depth (1: `src/foo.rs`) imports.
fn imports(line: &str, depth: usize) -> Vec<String> {
    let from_root = format!("{}::", vec!["super"; depth].join("::"));
    let mut out = Vec::new();
    for prefix in ["crate::", from_root.as_str()] {
        for (at, _) in line.match_indices(prefix) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &line[at + prefix.len()..];
            let group = rest
                .strip_prefix('{')
                .map_or(rest, |g| g.split('}').next().unwrap_or(g));
            let items = if group.len() == rest.len() {
                vec![rest]
            } else {
                group.split(',').collect()
            };
            for item in items {
                let name: String = item
                    .trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                out.push(name);
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

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory of the source tree") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") && name != "tests.rs" {
            out.push(path);
        }
    }
}

#[test]
fn rooms_import_only_what_they_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 20, "the source tree was found");
    let mut all = String::new();
    for path in files {
        let below = path.strip_prefix(&src).expect("a path below src");
        if below == Path::new("lib.rs") || below == Path::new("main.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        for fault in faults(below, &text) {
            let _ = writeln!(all, "{fault}");
        }
    }
    assert!(all.is_empty(), "\n{all}");
}

#[test]
fn every_file_says_what_it_owns() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for path in files {
        let text = fs::read_to_string(&path).expect("a source file");
        assert!(
            text.starts_with("//! "),
            "{} does not open with //!",
            path.display()
        );
        assert!(!path.ends_with("mod.rs"), "{}", path.display());
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
