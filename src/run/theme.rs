//! Which theme: one that comes with the program, or a file.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::theme::{self, Depth, Theme};

/// Loads a theme by its name, or from a file where the name is a path.
///
/// # Errors
/// When there is no such theme or the file is none.
pub fn load(name: &str, depth: Depth, ascii: bool) -> anyhow::Result<Theme> {
    if let Some(palette) = theme::builtin(name) {
        return Ok(Theme::new(&palette, depth, ascii));
    }
    if Path::new(name).extension().is_none_or(|e| e != "toml") && !name.contains('/') {
        let known = theme::NAMES.join(", ");
        bail!("there is no theme '{name}'; themes are {known}, or the path of a .toml file");
    }
    let text =
        std::fs::read_to_string(name).with_context(|| format!("cannot read the theme {name}"))?;
    let palette = theme::parse(&text).with_context(|| format!("cannot use the theme {name}"))?;
    Ok(Theme::new(&palette, depth, ascii))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_by_name_and_by_path_and_says_what_is_wrong() {
        assert!(load("dark", Depth::True, false).is_ok());
        let error = load("drak", Depth::True, false).expect_err("no such theme");
        assert!(error.to_string().contains("themes are terminal-16, dark"));
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mine.toml");
        let path = path.to_str().expect("a plain path");
        std::fs::write(path, "[roles]\nnobody = 'red'").expect("written");
        let error = format!(
            "{:#}",
            load(path, Depth::True, false).expect_err("a bad role")
        );
        assert!(
            error.contains("mine.toml") && error.contains("'nobody'"),
            "{error}"
        );
        std::fs::write(path, "[roles]\ntext = 'red'").expect("written");
        assert!(load(path, Depth::True, false).is_ok());
    }
}
