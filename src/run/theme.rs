//! Which theme: one that comes with the program, or a file.

use std::path::Path;

use anyhow::{Context as _, bail};
use ratatui::style::Style;

use super::config::text;
use crate::sys::asker::hand::PATIENCE;
use crate::theme::ground::{self, AUTO};
use crate::theme::{self, Depth, Ground, Role, Theme, ThemeError};

/// Loads a theme by its name, or from a file where the name is a path; with what was not understood of it.
///
/// # Errors
/// When there is no such theme or the file cannot be read.
pub fn load(
    name: &str,
    ground: Ground,
    depth: Depth,
    ascii: bool,
) -> anyhow::Result<(Theme, Vec<String>)> {
    if name == AUTO {
        return Ok((ground::auto(ground, depth, ascii), Vec::new()));
    }
    if let Some(palette) = theme::builtin(name) {
        return Ok((Theme::new(&palette, depth, ascii), Vec::new()));
    }
    if Path::new(name).extension().is_none_or(|e| e != "toml") && !name.contains('/') {
        let known = theme::NAMES.join(", ");
        bail!(
            "there is no theme '{name}'; themes are {AUTO}, {known}, or the path of a .toml file"
        );
    }
    let text = text::read_apart(Path::new(name), PATIENCE)
        .with_context(|| format!("cannot read the theme {name}"))?;
    let (mut palette, complaints) = theme::read(&text);
    // What a file leaves out, or says so that nobody understands it, is as where nobody chose.
    let usual = theme::builtin(theme::NAMES[0]).unwrap_or_default();
    if !complaints.is_empty() {
        let missing = |(role, _): &&(Role, Style)| palette.roles.iter().all(|(r, _)| r != role);
        let missing: Vec<_> = usual.roles.iter().filter(missing).copied().collect();
        palette.roles.extend(missing);
    }
    let line = |(line, why): &(usize, ThemeError)| format!("line {line}: {why} (in {name})");
    let complaints = complaints.iter().map(line).collect();
    Ok((Theme::new(&palette, depth, ascii), complaints))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_by_name_and_by_path_and_says_what_is_wrong() {
        assert!(load("dark", Ground::Unknown, Depth::True, false).is_ok());
        let error = load("drak", Ground::Unknown, Depth::True, false).expect_err("no such theme");
        assert!(
            error
                .to_string()
                .contains("themes are auto, terminal-16, dark")
        );
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mine.toml");
        let path = path.to_str().expect("a plain path");
        std::fs::write(path, "[roles]\nnobody = 'red'").expect("written");
        let (_, told) =
            load(path, Ground::Unknown, Depth::True, false).expect("it starts all the same");
        assert!(
            told[0].starts_with("line 2: ") && told[0].contains("mine.toml"),
            "{told:?}"
        );
        assert!(load("/dev/zero.toml", Ground::Unknown, Depth::True, false).is_err());
        let (own, other) = ("/proc/self/../../dev/zero", Depth::True);
        let error = format!(
            "{:#}",
            load(own, Ground::Unknown, other, false).expect_err("a device")
        );
        assert!(error.contains("no regular file"), "{error}");
        std::fs::write(path, "[roles]\ntext = 'red'").expect("written");
        assert!(load(path, Ground::Unknown, Depth::True, false).is_ok());
    }
}
