//! What packages put in place: each file is in the tree, or is written by `install-docs`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Where packages expect what `install-docs` writes.
const MADE: &str = "target/package/";

/// The files that a section of `Cargo.toml` names.
fn assets(section: &str) -> Vec<String> {
    let text = include_str!("../Cargo.toml");
    let table: toml::Table = toml::from_str(text).expect("a manifest");
    let assets = table["package"]["metadata"][section]["assets"]
        .as_array()
        .expect("a list");
    let source = |asset: &toml::Value| match asset {
        toml::Value::Array(parts) => parts[0].as_str().expect("a path").to_owned(),
        other => other["source"].as_str().expect("a path").to_owned(),
    };
    assets.iter().map(source).collect()
}

fn is_there(root: &Path, path: &str) -> bool {
    match path.split_once('*') {
        None => root.join(path).is_file(),
        Some((before, after)) => {
            let folder = std::fs::read_dir(root.join(before)).expect("a folder");
            folder
                .flatten()
                .any(|e| e.file_name().to_string_lossy().ends_with(after))
        }
    }
}

#[test]
fn every_file_of_a_package_is_in_the_tree_or_made() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = tempfile::tempdir().expect("a directory");
    let ran = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .arg("install-docs")
        .arg(made.path())
        .output()
        .expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
    let written: BTreeSet<String> = String::from_utf8_lossy(&ran.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(written.len(), 4, "{written:?}");
    for section in ["deb", "generate-rpm"] {
        let all = assets(section);
        for path in &all {
            let there = match path.strip_prefix(MADE) {
                Some(rest) => is_there(made.path(), rest),
                None => path == "target/release/pscope" || is_there(root, path),
            };
            assert!(there, "{section}: {path}");
        }
        for part in [
            "man1/pscope.1",
            "bash-completion",
            "_pscope",
            "pscope.fish",
            "pscope-record.service",
            "themes/",
            "LICENSE-MIT",
            "LICENSE-APACHE",
        ] {
            assert!(
                all.iter().any(|path| path.contains(part)),
                "{section}: {part}"
            );
        }
    }
}

#[test]
fn installed_documents_can_be_read_by_everybody_and_installed_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let made = tempfile::tempdir().expect("a directory");
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
        let status = command
            .arg("install-docs")
            .arg(made.path())
            .output()
            .expect("it runs")
            .status;
        assert!(status.success());
    }
    let page = made.path().join("share/man/man1/pscope.1");
    let mode = std::fs::metadata(&page)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o644);
    let nowhere = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(["install-docs", "/proc/nowhere"])
        .output()
        .expect("it runs");
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("/proc/nowhere"));
}
