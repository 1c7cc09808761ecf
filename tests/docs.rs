//! The documents lead where they say: every relative link, and every path of the repository in code quotes, exists.

use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: &[&str] = &[
    "assets", "bench", "docs", "examples", "fuzz", "src", "tests",
];
const LAYERS: &[&str] = &[
    "app", "model", "panels", "report", "run", "sampler", "sys", "term", "theme",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document of the repository.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in ["", "bench", "docs", "fuzz", "tests"] {
        for entry in fs::read_dir(root().join(dir)).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// What stands between brackets of a link: `[words](path#place)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

/// Paths in code quotes that begin with a folder of the repository or a layer of the source.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| {
        let known = FOLDERS.iter().chain(LAYERS).any(|dir| {
            let rest = word.strip_prefix(dir);
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        known && !word.contains(char::is_whitespace)
    })
}

/// Without the parts in capitals, which stand for names, and what follows them; a path without any is whole.
fn known(path: &str) -> PathBuf {
    let stands_for = |part: &&str| {
        let shouted = part.chars().any(|c| c.is_ascii_uppercase());
        !shouted || *part == "README.md"
    };
    let layer = LAYERS.iter().any(|l| path.split('/').next() == Some(*l));
    let below = if layer { "src/" } else { "" };
    format!("{below}{path}")
        .split('/')
        .take_while(stands_for)
        .take_while(|part| !part.contains('*'))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut lost = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document");
        let below = document.parent().expect("a folder");
        let shown = document.strip_prefix(root()).expect("below the root");
        for link in links(&text) {
            let path = link.split('#').next().unwrap_or(link);
            let outside = link.contains("://") || path.is_empty();
            if !outside && !below.join(path).exists() {
                lost.push(format!("{}: {link}", shown.display()));
            }
        }
        for path in paths(&text) {
            if !root().join(known(path)).exists() {
                lost.push(format!("{}: {path}", shown.display()));
            }
        }
    }
    assert!(lost.is_empty(), "these lead nowhere:\n{}", lost.join("\n"));
}

#[test]
fn links_and_paths_are_seen() {
    let text = "see [a](docs/b.md#c) and `src/d.rs`, `fuzz/seeds/NAME/x`, `src and more`";
    assert_eq!(links(text).collect::<Vec<_>>(), ["docs/b.md#c"]);
    assert_eq!(
        paths(text).map(known).collect::<Vec<_>>(),
        [Path::new("src/d.rs"), Path::new("fuzz/seeds")]
    );
}
