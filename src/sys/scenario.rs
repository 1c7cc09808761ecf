//! Scenario files for tests: kernel text, links and the expected words in one small file, unpacked to a fixture root.
//!
//! `tests/scenarios/KIND/*.toml`. A file is a list of steps; each writes its `files` and `links` below the root (`proc/7/stat`,
//! `sys/…`, `etc/…`), takes away what is `gone`, and says in `expect` what the reader under test must then tell in
//! words. In the text of files and links `\xNN` stands for that byte. Unknown fields are refused.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::root::ProcRoot;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    step: Vec<Step>,
}

/// One step of a scenario.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When it is, for readers that are told the time.
    #[serde(default)]
    pub at_ms: u64,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    links: BTreeMap<String, String>,
    #[serde(default)]
    gone: Vec<String>,
    expect: String,
}

/// Plays every scenario of a kind: `begin` makes a reader over the root, which answers each step in words.
///
/// # Panics
/// When the words are not those that a scenario expects, with both, or when a file is not a scenario.
pub fn play<R>(
    kind: &str,
    begin: impl Fn(&ProcRoot) -> R,
    answer: impl Fn(&mut R, &ProcRoot, &Step) -> String,
) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/scenarios")
        .join(kind);
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .expect("there are scenarios of this kind")
        .map(|entry| entry.expect("it lists").path())
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it is text");
        let scenario: Scenario =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        std::fs::create_dir_all(root.proc("")).expect("made");
        let mut reader = None;
        for (n, step) in scenario.step.iter().enumerate() {
            unpack(home.path(), step);
            let reader = reader.get_or_insert_with(|| begin(&root));
            let said = answer(reader, &root, step);
            let (said, expected) = (tidy(&said), tidy(&step.expect));
            assert!(
                said == expected,
                "{}, step {}: {}\n--- expected\n{expected}\n--- said\n{said}",
                file.display(),
                n + 1,
                scenario.about,
            );
        }
    }
}

/// Without blanks at line ends and empty lines around.
fn tidy(text: &str) -> String {
    let lines: Vec<_> = text.trim_matches('\n').lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn unpack(home: &Path, step: &Step) {
    for path in &step.gone {
        let path = home.join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).expect("it was there");
        } else {
            std::fs::remove_file(path).expect("it was there");
        }
    }
    let place = |path: &str| {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        path
    };
    for (path, text) in &step.files {
        std::fs::write(place(path), bytes(text)).expect("written");
    }
    for (path, target) in &step.links {
        let target = bytes(target);
        std::os::unix::fs::symlink(OsStr::from_bytes(&target), place(path)).expect("linked");
    }
}

/// The text with `\xNN` as bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before.as_bytes());
        let digits = from.get(2..4).expect("two digits follow \\x");
        out.push(u8::from_str_radix(digits, 16).expect("two digits follow \\x"));
        rest = &from[4..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}
