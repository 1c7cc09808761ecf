//! The source tree as code alone: comments, texts and what is compiled for tests only are blank, lines stay where they are.

use std::fs;
use std::path::{Path, PathBuf};

/// Every file below `src` that is not tests alone: its path below `src`, and its code.
pub fn files() -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    assert!(paths.len() > 20, "the source tree was found");
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        let below = path.strip_prefix(&src).expect("below src").to_owned();
        (below, text)
    };
    paths.into_iter().map(read).collect()
}

fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory of the source tree") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if path.is_dir() && name != "tests" {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") && name != "tests.rs" {
            out.push(path);
        }
    }
}

/// The code of a file: comments, texts in quotes, and every item under `#[cfg(test)]` become blanks.
pub fn code(text: &str) -> String {
    without_tests(&bare(text))
}

/// Comments and texts blanked, line breaks kept.
fn bare(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = blank_length(&text[at..], out.as_bytes().last().copied());
        if length == 0 {
            let c = text[at..].chars().next().unwrap_or(' ');
            out.push(c);
            at += c.len_utf8();
        } else {
            let lines = text[at..at + length].matches('\n').count();
            out.push(' ');
            out.extend(std::iter::repeat_n('\n', lines));
            at += length;
        }
    }
    out
}

/// How long the comment or text at the front is; 0 for neither. `before` tells an `r"…"` from a name that ends in r.
fn blank_length(rest: &str, before: Option<u8>) -> usize {
    let named = before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    let raw = rest.strip_prefix('b').unwrap_or(rest);
    if !named && let Some(raw) = raw.strip_prefix('r') {
        let hashes = raw.bytes().take_while(|b| *b == b'#').count();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let from = rest.len() - raw.len() + hashes + 1;
            let found = rest[from..].find(&end);
            return found.map_or(rest.len(), |at| from + at + end.len());
        }
    }
    if let Some(text) = rest.strip_prefix('"') {
        return 1 + quoted(text);
    }
    // A character, not a lifetime.
    let mut chars = rest.chars();
    if chars.next() == Some('\'') {
        match (chars.next(), chars.next()) {
            (Some('\\'), _) => return rest[3..].find('\'').map_or(rest.len(), |at| at + 4),
            (Some(c), Some('\'')) => return 2 + c.len_utf8(),
            _ => {}
        }
    }
    0
}

/// How long a text is from after its opening quote to its closing one.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, b) in rest.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Blanks each item that `#[cfg(test)]` stands over, and nothing that follows it.
fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(") {
        let close = rest[at..].find(']').map_or(rest.len(), |n| at + n + 1);
        let condition = &rest[at..close];
        let tests = condition == "#[cfg(test)]" || condition == "#[cfg(any(test, fuzzing))]";
        let end = if tests {
            close + item(&rest[close..])
        } else {
            close
        };
        out.push_str(&rest[..at]);
        if tests {
            out.extend(rest[at..end].chars().filter(|c| *c == '\n'));
        } else {
            out.push_str(condition);
        }
        rest = &rest[end..];
    }
    out + rest
}

/// How long the item at the front is: to its semicolon or comma, or to the brace that closes it.
fn item(rest: &str) -> usize {
    let mut depth = 0_i32;
    for (at, b) in rest.bytes().enumerate() {
        match b {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth < 0 {
                    return at;
                }
                if depth == 0 && b == b'}' {
                    // `use a::{b, c};` goes on to its semicolon.
                    return at + 1 + usize::from(rest[at + 1..].starts_with(';'));
                }
            }
            b';' | b',' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn only_what_is_under_the_attribute_is_skipped() {
    for (text, left) in [
        ("a\n#[cfg(test)]\nmod tests;\nb", "a b"),
        ("#[cfg(test)]\nmod t {\n    fn f() { g(\"}\") }\n}\nb", "b"),
        ("#[cfg(test)]\nuse x::{a, b};\nfn c() {}", "fn c() {}"),
        (
            "struct S {\n    #[cfg(test)]\n    n: u8,\n    m: u8 }",
            "struct S { m: u8 }",
        ),
        (
            "let a = \"#[cfg(test)]\"; // #[cfg(test)]\nb",
            "let a = ; b",
        ),
        ("r#\"x \" y\"# + '\"' + b\"z\" + 'a", "+ + b + 'a"),
        (
            "fn for_(x: &'static str) {} /* c\nd */ e",
            "fn for_(x: &'static str) {} e",
        ),
        (
            "#[cfg(debug_assertions)]\nfn f() {}",
            "#[cfg(debug_assertions)] fn f() {}",
        ),
    ] {
        let words: Vec<_> = code(text).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words.join(" "), left, "{text}");
        assert_eq!(code(text).lines().count(), text.lines().count(), "{text}");
    }
}
