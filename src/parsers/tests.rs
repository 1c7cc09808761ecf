use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{PARSERS, Parser};

/// `fuzz/seeds`: for each parser a folder of inputs, those that once broke it among them.
fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

fn listed(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut all: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    all.sort();
    all
}

fn inputs((name, _): &Parser) -> Vec<(PathBuf, Vec<u8>)> {
    let files = listed(&seeds().join(name)).into_iter();
    files
        .map(|path| {
            let bytes = std::fs::read(&path).expect("a seed");
            (path, bytes)
        })
        .collect()
}

/// Feeds a parser, and says which input it was that broke it.
fn feed((name, parse): &Parser, bytes: &[u8], from: &Path) {
    let outcome = std::panic::catch_unwind(|| parse(bytes));
    let from = from.display();
    assert!(
        outcome.is_ok(),
        "{name}, made from {from}: {:?}",
        bytes.escape_ascii().to_string()
    );
}

#[test]
fn every_parser_has_seeds_and_every_seed_a_parser() {
    let names: BTreeSet<_> = PARSERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), PARSERS.len(), "a name twice");
    let folders: BTreeSet<_> = listed(&seeds())
        .iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(names, folders);
    for parser in PARSERS {
        assert!(!inputs(parser).is_empty(), "{} has no seed", parser.0);
    }
}

#[test]
fn no_seed_breaks_its_parser() {
    for parser in PARSERS {
        for (path, bytes) in inputs(parser) {
            feed(parser, &bytes, &path);
        }
    }
}

/// A file of one kind where another is expected: nothing breaks, whatever lies where.
#[test]
fn no_seed_breaks_any_other_parser() {
    let all: Vec<_> = PARSERS.iter().flat_map(inputs).collect();
    for parser in PARSERS {
        for (path, bytes) in &all {
            feed(parser, bytes, path);
        }
    }
}

/// Cut short, with a byte changed, doubled, or with a number that no kernel prints: the same few thousand each time.
#[test]
fn no_damaged_seed_breaks_its_parser() {
    const HOSTILE: [&[u8]; 6] = [
        b"18446744073709551615",
        b"99999999999999999999999",
        b"-9223372036854775808",
        b"\xff\xfe",
        b"",
        b"\n\n",
    ];
    for parser in PARSERS {
        for (path, bytes) in inputs(parser) {
            let bytes = &bytes[..bytes.len().min(2048)];
            let step = (bytes.len() / 64).max(1);
            for at in (0..bytes.len()).step_by(step) {
                feed(parser, &bytes[..at], &path);
                feed(parser, &bytes[at..], &path);
                for other in [0, b' ', b'\n', b':', b'9', 0x80, 0xff] {
                    let mut changed = bytes.to_vec();
                    changed[at] = other;
                    feed(parser, &changed, &path);
                }
                for piece in HOSTILE {
                    let word = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric());
                    let end = at + word.count();
                    let changed = [&bytes[..at], piece, &bytes[end..]].concat();
                    feed(parser, &changed, &path);
                }
            }
        }
    }
}
