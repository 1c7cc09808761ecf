//! Every `pub` item has a user in the program: what only tests use is no part of it.

use std::collections::HashMap;
use std::path::Path;

use super::source;

/// Kinds of items with a name of their own.
const KINDS: [&str; 8] = [
    "fn", "struct", "enum", "const", "static", "type", "trait", "mod",
];

/// Files that are used from outside of the program, and why.
const FROM_OUTSIDE: [(&str, &str); 3] = [
    (
        "model/scene.rs",
        "tests and benchmarks make their machines of it",
    ),
    (
        "scheduling/perf/recorded.rs",
        "benchmarks read streams as fast as they can",
    ),
    ("model/acting/signal.rs", "tests send signals by name"),
];

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
}

/// The names that a line makes public: `pub fn name`, `pub const fn name`, `pub struct Name`.
fn made(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let mut all = words(rest).peekable();
    let mut kind = all.next()?;
    while matches!(kind, "const" | "unsafe") && matches!(all.peek(), Some(&("fn" | "unsafe"))) {
        kind = all.next()?;
    }
    KINDS.contains(&kind).then(|| all.next())?
}

#[test]
fn every_public_item_has_a_user_in_the_program() {
    let files: Vec<_> = source::files()
        .into_iter()
        // Compiled for tests and fuzzing only.
        .filter(|(path, _)| path != Path::new("parsers.rs"))
        .map(|(path, text)| (path, source::code(&text)))
        .collect();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for word in files.iter().flat_map(|(_, code)| words(code)) {
        *uses.entry(word).or_default() += 1;
    }
    let mut unused = Vec::new();
    for (path, code) in &files {
        if FROM_OUTSIDE.iter().any(|(file, _)| path.ends_with(file)) {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            // Once is where it is made. A name that several items share is not seen through.
            if let Some(name) = made(line)
                && name != "scene"
                && uses.get(name) == Some(&1)
            {
                unused.push(format!("src/{}:{}: {name}", path.display(), number + 1));
            }
        }
    }
    assert!(
        unused.is_empty(),
        "nothing in the program uses\n{}",
        unused.join("\n")
    );
}

#[test]
fn public_items_are_seen() {
    for (line, name) in [
        ("    pub const fn a(self) {", Some("a")),
        ("pub unsafe fn b()", Some("b")),
        ("pub const C: u8 = 1;", Some("C")),
        ("pub struct D<'a> {", Some("D")),
        ("pub field: u8,", None),
        ("pub(crate) fn e()", None),
        ("pub use f::G;", None),
    ] {
        assert_eq!(made(line), name, "{line}");
    }
}
