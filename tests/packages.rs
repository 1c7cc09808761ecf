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

/// Runs a program; `None` where it is not there.
fn there(program: &str, args: &[&str]) -> Option<()> {
    let ran = Command::new(program).args(args).output();
    ran.ok().filter(|ran| ran.status.success()).map(|_| ())
}

#[test]
fn a_package_of_debian_is_made_and_what_it_puts_in_place_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if there("cargo", &["deb", "--version"]).is_none() {
        println!("skipped: there is no cargo-deb");
        return;
    }
    if there("dpkg-deb", &["--version"]).is_none() {
        println!("skipped: there is no dpkg-deb");
        return;
    }
    let docs = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .arg("install-docs")
        .arg(root.join("target/package"))
        .output()
        .expect("it runs");
    if !docs.status.success() {
        println!("skipped: this user may not write where packages are made");
        return;
    }
    let scratch = tempfile::tempdir().expect("a directory");
    let package = scratch.path().join("pscope.deb");
    // The program that is tested: nothing is built anew.
    let optimized = env!("CARGO_BIN_EXE_pscope").contains("/release/");
    let profile = if optimized { "release" } else { "dev" };
    let options = [
        "deb",
        "--no-build",
        "--no-strip",
        "--fast",
        "--profile",
        profile,
    ];
    let made = Command::new("cargo")
        .current_dir(root)
        .args(options)
        .arg("--output")
        .arg(&package)
        .output()
        .expect("it runs");
    assert!(made.status.success(), "{made:?}");
    let at = scratch.path().join("root");
    let mut put = Command::new("dpkg-deb");
    let put = put.arg("-x").arg(&package).arg(&at).output();
    let put = put.expect("it runs");
    assert!(put.status.success(), "{put:?}");
    let version = Command::new(at.join("usr/bin/pscope"))
        .arg("--version")
        .output();
    let version = version.expect("it runs").stdout;
    assert!(version.starts_with(b"pscope "), "{version:?}");
    for file in [
        "usr/share/man/man1/pscope.1.gz",
        "usr/share/bash-completion/completions/pscope",
        "usr/share/zsh/vendor-completions/_pscope",
        "usr/share/fish/vendor_completions.d/pscope.fish",
        "usr/share/doc/pscope/examples/pscope-record.service",
        "usr/share/doc/pscope/copyright",
        "usr/share/doc/pscope/LICENSE-MIT",
        "usr/share/doc/pscope/LICENSE-APACHE",
    ] {
        assert!(at.join(file).is_file(), "{file}");
    }
    let names = |dir: std::path::PathBuf| -> BTreeSet<_> {
        let all = std::fs::read_dir(dir).expect("a folder");
        all.flatten().map(|e| e.file_name()).collect()
    };
    let installed = names(at.join("usr/share/pscope/themes"));
    assert_eq!(installed, names(root.join("assets/themes")));
}
