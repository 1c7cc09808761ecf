//! Writes choices into the configuration file: comments, keys and the order of lines stay; the file is replaced whole.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use anyhow::Context as _;
use toml_edit::{DocumentMut, Item};

use super::{Config, text};
use crate::app::choice::{Choice, Value};
use crate::app::key::SYNTAX;
use crate::app::presets;
use crate::model::text::wrap;
use crate::sys::own::outfile;

/// Writes what differs from the defaults or stands in the file already; answers the names of what was changed.
///
/// # Errors
/// When the file cannot be read, understood or written; it is then as it was.
pub fn keep(path: &Path, choices: &[Choice]) -> anyhow::Result<Vec<&'static str>> {
    // A link leads to the file that is meant.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = match text::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
    };
    let (after, names) =
        edited(&before, choices).with_context(|| format!("cannot change {}", path.display()))?;
    let head = if before.is_empty() {
        head()
    } else {
        String::new()
    };
    if !names.is_empty() {
        outfile::rewrite(&path, (head + &after).as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(names)
}

/// What a file that is written for the first time begins with.
fn head() -> String {
    let mut out = "# The configuration of pscope; `pscope man` tells what it may say.\n#\n# keymap = \"htop\" takes the keys of another program: ".to_owned();
    out += &presets::NAMES.join(", ");
    out += ".\n# Any action can have other keys; the key : lists every action by its name:\n#   [keys]\n#   pause = [\"p\", \"F12\"]\n";
    for line in wrap(SYNTAX, 100) {
        let _ = writeln!(out, "# {line}");
    }
    out + "\n"
}

/// A value as the file writes it.
pub(super) fn toml(value: &Value) -> toml::Value {
    match value {
        Value::On(on) => (*on).into(),
        Value::Number(n) => i64::try_from(*n).unwrap_or(i64::MAX).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(words) => words.clone().into(),
    }
}

/// The same, to stand in a document.
fn written(value: &Value) -> toml_edit::Value {
    match value {
        Value::On(on) => (*on).into(),
        Value::Number(n) => i64::try_from(*n).unwrap_or(i64::MAX).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(words) => words.iter().collect::<toml_edit::Array>().into(),
    }
}

/// The text with these choices in it, and the names of those that changed it.
fn edited(before: &str, choices: &[Choice]) -> anyhow::Result<(String, Vec<&'static str>)> {
    let known: toml::Table = toml::from_str(before)?;
    let mut document: DocumentMut = before.parse()?;
    let mut names = Vec::new();
    for choice in choices {
        let Choice { name, value, .. } = choice;
        match document.get_mut(name).map(Item::as_value_mut) {
            _ if known.get(*name) == Some(&toml(value)) => continue,
            // A section has this name: the check below says so.
            Some(None) => continue,
            Some(Some(there)) => {
                // What stands around it stays: blanks, and a comment behind it.
                let around = there.decor().clone();
                *there = written(value);
                *there.decor_mut() = around;
            }
            None if *value == choice.default => continue,
            None => add(&mut document, name, written(value)),
        }
        names.push(*name);
    }
    let after = document.to_string();
    Config::check(&after).context("it would not be understood afterwards")?;
    Ok((after, names))
}

/// Adds a line behind the last plain one, or at the top; where there are only comments, behind those.
fn add(document: &mut DocumentMut, name: &str, value: toml_edit::Value) {
    let comments = document
        .as_table()
        .is_empty()
        .then(|| document.trailing().as_str().unwrap_or_default().to_owned());
    document.insert(name, Item::Value(value));
    if let (Some(comments), Some(mut key)) = (comments, document.key_mut(name)) {
        key.leaf_decor_mut().set_prefix(comments);
        document.set_trailing("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(sort: &str, follow: bool) -> Vec<Choice> {
        let columns = vec!["pid".to_owned(), "command".to_owned()];
        let one = |name, value, default| Choice {
            name,
            about: "",
            value,
            default,
            values: Vec::new(),
        };
        vec![
            one("sort", Value::text(sort), Value::text("cpu")),
            one("follow", Value::On(follow), Value::On(false)),
            one("columns", Value::List(columns), Value::List(Vec::new())),
        ]
    }

    #[test]
    fn comments_order_and_keys_stay() {
        let before =
            "# mine\nsort = 'cpu' # busy first\ncolumns = [\n  'pid',\n]\n\n[keys]\nquit = ['x']\n";
        let (after, names) = edited(before, &choices("mem", true)).expect("edited");
        assert_eq!(
            after,
            "# mine\nsort = \"mem\" # busy first\ncolumns = [\"pid\", \"command\"]\nfollow = true\n\n[keys]\nquit = ['x']\n"
        );
        assert_eq!(names, ["sort", "follow", "columns"]);
        let (again, names) = edited(&after, &choices("mem", true)).expect("edited");
        assert_eq!(
            (again, names.len()),
            (after, 0),
            "nothing is left to change"
        );
    }

    #[test]
    fn what_is_as_always_is_not_written() {
        let (after, names) =
            edited("[keys]\nquit = ['x']", &choices("cpu", false)).expect("edited");
        assert_eq!(
            after,
            "columns = [\"pid\", \"command\"]\n[keys]\nquit = ['x']\n"
        );
        assert_eq!(names, ["columns"]);
        let (after, _) = edited("ascii = true", &choices("cpu", true)).expect("edited");
        assert_eq!(
            after,
            "ascii = true\nfollow = true\ncolumns = [\"pid\", \"command\"]\n"
        );
    }

    #[test]
    fn what_is_added_stands_behind_the_comments() {
        let (after, _) = edited("# mine\n# and yours\n\n", &choices("cpu", true)).expect("edited");
        assert_eq!(
            after,
            "# mine\n# and yours\n\nfollow = true\ncolumns = [\"pid\", \"command\"]\n"
        );
    }

    #[test]
    fn a_file_that_is_not_understood_stays_as_it_is() {
        assert!(edited("colour = 1", &choices("mem", false)).is_err());
        assert!(edited("sort = ", &choices("mem", false)).is_err());
    }

    #[test]
    fn the_file_is_made_and_keeps_its_rights_and_its_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pscope/config.toml");
        assert_eq!(keep(&path, &choices("mem", false)).expect("kept").len(), 2);
        let text = fs::read_to_string(&path).expect("there");
        assert!(
            text.starts_with("# The configuration") && text.contains("Ctrl-u"),
            "{text}"
        );
        assert_eq!(Config::parse(&text).complaints, []);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("ours");
        let link = dir.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        keep(&link, &choices("cpu", true)).expect("kept");
        let text = fs::read_to_string(&path).expect("there");
        assert!(
            text.contains("sort = \"cpu\"") && text.contains("follow = true"),
            "{text}"
        );
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        let left = fs::read_dir(path.parent().expect("a directory")).expect("there");
        assert_eq!(left.count(), 1, "nothing is left beside it");
        let error = keep(
            Path::new("/proc/pscope/config.toml"),
            &choices("mem", false),
        );
        let error = format!("{:#}", error.expect_err("nobody writes there"));
        assert!(
            error.contains("cannot write /proc/pscope/config.toml"),
            "{error}"
        );
    }
}
