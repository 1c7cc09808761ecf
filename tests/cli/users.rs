//! Users of processes in other user namespaces: the number here, and the one there.

use serde_json::Value;

use super::{Sleeper, pscope, text};

/// What is told of who a process acts as, in words and as JSON.
fn user(of: &Sleeper) -> (String, Value) {
    let pid = of.pid().to_string();
    let told = text(&pscope(&["inspect", &pid, "overview"]).stdout);
    let line = told
        .lines()
        .find(|line| line.trim_start().starts_with("user "));
    let json = pscope(&["inspect", &pid, "overview", "--json"]).stdout;
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    (
        line.expect("a line about the user").to_owned(),
        json["overview"].clone(),
    )
}

#[test]
fn a_number_of_another_user_namespace_is_told_with_it() {
    let (line, json) = user(&Sleeper::start());
    assert!(!line.contains("namespace"), "{line}");
    assert!(json.get("uid_in_own_namespace").is_none(), "{json}");
    for (args, words, number) in [
        (
            &["unshare", "--user", "--map-root-user"][..],
            "root (0) in its own user namespace",
            Value::from(0),
        ),
        (
            &["unshare", "--user"],
            "without a number in its own user namespace",
            Value::Null,
        ),
    ] {
        let Some(apart) = Sleeper::within(args) else {
            println!("skipped: unshare: Operation not permitted");
            return;
        };
        let (line, json) = user(&apart);
        assert!(line.contains(words), "{line}");
        assert_eq!(json.get("uid_in_own_namespace"), Some(&number), "{json}");
    }
}
