//! Metrics for Prometheus: what the standard asks of them, and how a file of them is renewed.

use std::fs;
use std::process::{Command, Stdio};

use super::{pscope, text};

const BINARY: &str = env!("CARGO_BIN_EXE_pscope");

/// What the standard asks of a text: families in one piece, each value once, labels and values that can be read.
fn is_open_metrics(text: &str) -> Result<usize, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it does not end")?;
    let word = |word: &str| {
        let first = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        first && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let (mut families, mut values) = (
        std::collections::BTreeSet::new(),
        std::collections::BTreeSet::new(),
    );
    let mut family = String::new();
    for line in body.lines() {
        let wrong = |why: &str| Err(format!("{why}: {line}"));
        if let Some(meta) = line.strip_prefix("# ") {
            let Some((kind, rest)) = meta.split_once(' ') else {
                return wrong("no metadata");
            };
            let (name, told) = rest.split_once(' ').unwrap_or((rest, ""));
            match kind {
                "TYPE" if told == "gauge" && word(name) && families.insert(name.to_owned()) => {
                    name.clone_into(&mut family);
                }
                "HELP" if name == family && told.ends_with('.') && !told.contains('\\') => {}
                _ => return wrong("metadata that cannot be"),
            }
            continue;
        }
        let Some((sample, value)) = line.rsplit_once(' ') else {
            return wrong("no value");
        };
        if !value.parse::<f64>().is_ok_and(f64::is_finite) {
            return wrong("no number");
        }
        let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
        if name != family || !values.insert(sample.to_owned()) {
            return wrong("of another family, or there twice");
        }
        let Some(mut labels) = labels.strip_suffix('}') else {
            return wrong("labels that do not end");
        };
        while !labels.is_empty() {
            let Some((label, rest)) = labels.split_once("=\"").filter(|(label, _)| word(label))
            else {
                return wrong("no label");
            };
            let mut end = None;
            let mut escaped = false;
            for (i, c) in rest.char_indices() {
                match c {
                    _ if escaped && !matches!(c, '\\' | 'n' | '"') => return wrong("an escape"),
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => {
                        end = Some(i);
                        break;
                    }
                    c if c.is_control() => return wrong("a control character"),
                    _ => {}
                }
            }
            let Some(end) = end else {
                return wrong("a value that does not end");
            };
            labels = &rest[end + 1..];
            labels = labels.strip_prefix(',').unwrap_or(labels);
            let _ = label;
        }
    }
    Ok(values.len())
}

#[test]
fn metrics_are_as_the_standard_asks_and_bounded() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join("a \"b\\c\nd");
    fs::copy("/bin/sleep", &program).expect("copied");
    let mut odd = Command::new(&program)
        .arg("1000")
        .spawn()
        .expect("it begins");
    let few = text(&pscope(&["metrics", "--programs", "2", "--for", "100ms"]).stdout);
    let many = text(&pscope(&["metrics", "--programs", "5000", "--for", "100ms"]).stdout);
    odd.kill().expect("ours");
    odd.wait().expect("it ends");
    let count = is_open_metrics(&few).expect("as it should be");
    assert!(
        few.contains("pscope_program_") && few.contains("other"),
        "{few}"
    );
    assert!(is_open_metrics(&many).expect("as it should be") >= count);
    for family in [
        "core_busy_ratio",
        "memory_bytes",
        "processes",
        "program_processes",
    ] {
        assert!(
            few.contains(&format!("# TYPE pscope_{family} gauge")),
            "{few}"
        );
    }
    assert!(is_open_metrics("# TYPE a gauge\n# HELP a b.\nb 1\n# EOF\n").is_err());
    assert!(is_open_metrics("# TYPE a gauge\na{x=\"\\q\"} 1\n# EOF\n").is_err());
    // Where promtool is, it says so too.
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else { return };
    let mut input = promtool.stdin.take().expect("its input");
    std::io::Write::write_all(&mut input, many.as_bytes()).expect("it reads");
    drop(input);
    let said = promtool.wait_with_output().expect("it ends");
    assert!(said.status.success(), "{}", text(&said.stderr));
}

#[test]
fn metrics_are_renewed_as_a_whole() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("pscope.prom");
    let mut child = Command::new(BINARY)
        .args(["metrics", "--for", "50ms", "--every", "50ms", "--out"])
        .arg(&file)
        .spawn()
        .expect("it begins");
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 3 {
        // Half a file would have no end.
        if let Ok(text) = fs::read_to_string(&file) {
            assert!(text.ends_with("# EOF\n"), "{text}");
            seen.insert(text);
        }
        assert!(child.try_wait().expect("ours").is_none(), "it goes on");
        // Looks again a little later: nothing tells of a renewal.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id() as i32),
        nix::sys::signal::Signal::SIGTERM,
    )
    .expect("ours");
    assert!(child.wait().expect("it ends").success());
    assert!(seen.iter().all(|text| text.contains("pscope_unit_cores")));
}
