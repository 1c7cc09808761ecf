//! What the reports print as JSON is what `docs/schema.json` says: no field more, none less, each of its type.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

fn schema() -> Value {
    serde_json::from_str(include_str!("../docs/schema.json")).expect("JSON")
}

/// What a program prints; it may fail only where nothing was asked of it.
fn printed(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
        .args(args)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The part of JSON Schema that `docs/schema.json` uses; what it finds wrong goes to `out` with its place.
struct Check<'a> {
    all: &'a Value,
    out: Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, value: &Value, rule: &Value, at: &str) {
        if let Some(name) = rule["$ref"].as_str() {
            let all = self.all;
            let name = name.trim_start_matches("#/$defs/");
            return self.value(value, &all["$defs"][name], at);
        }
        if let Some(only) = rule.get("const")
            && value != only
        {
            self.out.push(format!("{at}: {value}, not {only}"));
        }
        if let Some(words) = rule["enum"].as_array()
            && !words.contains(value)
        {
            self.out.push(format!("{at}: {value} is none of {words:?}"));
        }
        self.kind(value, rule, at);
        match value {
            Value::Array(items) if rule.get("items").is_some() => {
                for (n, item) in items.iter().enumerate() {
                    self.value(item, &rule["items"], &format!("{at}[{n}]"));
                }
            }
            Value::Object(fields) => self.fields(fields, rule, at),
            _ => {}
        }
    }

    fn kind(&mut self, value: &Value, rule: &Value, at: &str) {
        let kinds: Vec<&str> = match &rule["type"] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let is = |kind: &&str| match *kind {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            _ => value.is_object(),
        };
        if !kinds.iter().any(is) {
            self.out.push(format!("{at}: {value} is no {kinds:?}"));
        }
    }

    fn fields(&mut self, fields: &serde_json::Map<String, Value>, rule: &Value, at: &str) {
        for name in rule["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !fields.contains_key(name) {
                self.out.push(format!("{at}.{name} is missing"));
            }
        }
        for (name, field) in fields {
            let place = format!("{at}.{name}");
            match rule["properties"].get(name) {
                Some(rule) => self.value(field, rule, &place),
                None if rule["additionalProperties"] == false => self.out.push(format!(
                    "{place} is not told in docs/schema.json: add it there and in docs/json.md"
                )),
                None => self.value(field, &rule["additionalProperties"], &place),
            }
        }
    }
}

fn faults(value: &Value, name: &str) -> Vec<String> {
    let all = schema();
    assert!(all["$defs"].get(name).is_some(), "no definition of {name}");
    let mut check = Check {
        all: &all,
        out: Vec::new(),
    };
    check.value(value, &all["$defs"][name], name);
    check.out
}

fn holds(args: &[&str], name: &str) {
    let value = serde_json::from_str(&printed(args)).expect("JSON");
    let faults = faults(&value, name);
    let first: Vec<_> = faults.iter().take(20).map(String::as_str).collect();
    assert!(first.is_empty(), "{args:?}\n{}", first.join("\n"));
}

#[test]
fn the_machine_and_its_processes() {
    for name in ["ps", "tree", "system", "ipc", "doctor"] {
        holds(&[name, "--json"], name);
    }
    let columns = "mem%,net-in,faults,ports,fds,fd%,priv,policy,cgroup,life,start,command";
    holds(&["ps", "--columns", columns, "--json"], "ps");
    for by in ["cgroup", "container", "user", "program", "session"] {
        holds(&["ps", "--group-by", by, "--json"], "groups");
        holds(&["tree", "--by", by, "--json"], "groups");
    }
    holds(
        &[
            "ps",
            "--group-by",
            "user",
            "--columns",
            "mem,fds,pid",
            "--json",
        ],
        "groups",
    );
}

/// What of a group may be `null` without a reason, since there is none of it: no limit, nobody who sets one, nothing that
/// refuses.
fn may_be_none(name: &str) -> bool {
    let ends = [
        "_limit_bytes",
        "_limit",
        "_limit_cores",
        "_set_by",
        "_refused",
    ];
    let names = ["memory_high_bytes", "throttled_above", "path"];
    ends.iter().any(|end| name.ends_with(end)) || names.contains(&name)
}

/// Every `null` that has no reason in the object it stands in, though there may be a value that is not told.
fn unexplained(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| unexplained(item, at, out)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let place = format!("{at}.{name}");
                let told = value["unavailable"].get(name).is_some();
                if field.is_null() && !told && !may_be_none(name) {
                    out.push(place);
                } else if !field.is_null() && told {
                    out.push(format!("{place} is told, and has a reason why not"));
                } else {
                    unexplained(field, &place, out);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn what_is_not_told_of_a_group_has_its_reason() {
    let own = std::process::id().to_string();
    for args in [
        &["ps", "--group-by", "cgroup", "--json"][..],
        &[
            "ps",
            "--group-by",
            "user",
            "--columns",
            "fds,read,ports,fd%",
            "--json",
        ],
        &["tree", "--by", "cgroup", "--json"],
        &["tree", "--by", "unit", "--json"],
        &["ps", "--group-by", "cgroup", "--from", RECORDED, "--json"],
        &["inspect", &own, "limits", "--json"],
    ] {
        let all: Value = serde_json::from_str(&printed(args)).expect("JSON");
        let mut out = Vec::new();
        for part in ["groups", "cgroup"] {
            unexplained(&all[part], part, &mut out);
        }
        out.sort_unstable();
        out.dedup();
        assert_eq!(out, [] as [&str; 0], "{args:?}");
    }
}

/// A process of our own, ended with the value.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn one_process_of_ours_and_one_of_root() {
    let mut sleep = Command::new("cat");
    let sleeper = Sleeper(sleep.stdin(Stdio::piped()).spawn().expect("cat"));
    let own = sleeper.0.id().to_string();
    for target in [own.as_str(), "1"] {
        holds(&["inspect", target, "--json"], "inspect");
        holds(&["inspect", target, "--for", "50ms", "--json"], "inspect");
        holds(&["time", target, "--for", "200ms", "--json"], "time");
    }
    holds(&["calls", &own, "--for", "200ms", "--json"], "calls");
}

#[test]
fn slices_line_by_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.pscope");
    let file = file.to_str().expect("UTF-8");
    let span = ["--slices", "all", "--interval", "100ms", "--for", "1s"];
    printed(&[&["record", file], &span[..]].concat());
    for more in [["--for", "300ms"], ["--from", file]] {
        let text = printed(&[&["slices", "--json"], &more[..]].concat());
        assert!(text.lines().count() > 0);
        for line in text.lines() {
            let value = serde_json::from_str(line).expect("JSON");
            assert_eq!(faults(&value, "slices"), [] as [&str; 0], "{line}");
        }
    }
}

const RECORDED: &str = "tests/recordings/1.0.0.pscope";

#[test]
fn a_recording_as_now() {
    holds(&["time", "40", "--from", RECORDED, "--json"], "time");
    holds(&["inspect", "40", "--from", RECORDED, "--json"], "inspect");
}

#[test]
fn the_document_tells_of_every_report() {
    let text = include_str!("../docs/json.md");
    let all = schema();
    for name in all["$defs"].as_object().expect("definitions").keys() {
        assert!(
            text.contains(&format!("`{name}`")),
            "docs/json.md lacks {name}"
        );
    }
}

#[test]
fn what_is_wrong_is_found() {
    let doctor = |source: Value| serde_json::json!({ "schema": 1, "sources": [source] });
    let whole =
        serde_json::json!({ "name": "a", "state": "ok", "gives": "b", "found": null, "get": null });
    assert_eq!(faults(&doctor(whole.clone()), "doctor"), [] as [&str; 0]);
    for (field, value, said) in [
        ("name", Value::from(7), "is no"),
        ("more", Value::from(7), "is not told"),
    ] {
        let mut wrong = whole.clone();
        wrong[field] = value;
        let found = faults(&doctor(wrong), "doctor").join("\n");
        assert!(found.contains(said), "{found}");
    }
    let none = serde_json::json!({ "schema": 2 });
    let found = faults(&none, "doctor").join("\n");
    assert!(
        found.contains("2, not 1") && found.contains("sources is missing"),
        "{found}"
    );
}
