//! What is built in: from the registry alone, under licences that a user of MIT or Apache-2.0 can live with. Asks no network.

use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than a notice.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether one way to read the expression asks for allowed licences only: `(MIT OR Apache-2.0) AND Unicode-3.0`, `MIT/Apache-2.0`.
fn allowed(expression: &str) -> bool {
    let plain = expression.replace('/', " OR ");
    let parts = plain
        .split(" AND ")
        .map(|part| part.trim_matches(['(', ')', ' ']));
    parts.into_iter().all(|part| {
        part.split(" OR ")
            .any(|one| ALLOWED.contains(&one.trim_matches(['(', ')', ' '])))
    })
}

#[test]
fn what_is_built_in_is_free_and_from_the_registry() {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let answer = match answer {
        Ok(answer) if answer.status.success() => answer,
        // Who did not build this need not reach cargo or its sources, nor need those of another platform be here.
        Ok(answer) => {
            let why = String::from_utf8_lossy(&answer.stderr);
            return println!("skipped: cargo does not tell: {why}");
        }
        Err(why) => return println!("skipped: cargo is not to be had: {why}"),
    };
    let answer: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    let mut faults = Vec::new();
    for package in answer["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !allowed(licence) {
            faults.push(format!("{name}: '{licence}'"));
        }
        let from = package["source"].as_str().unwrap_or("registry+");
        if !from.starts_with("registry+") {
            faults.push(format!("{name} comes from {from}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn licences_are_read_as_they_are_written() {
    for (expression, is) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT AND GPL-2.0-only", false),
        ("", false),
    ] {
        assert_eq!(allowed(expression), is, "{expression}");
    }
}
