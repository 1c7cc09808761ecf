//! The JSON contract.

use super::*;
use crate::model::process::isolation::rights::Capabilities;

#[test]
fn json_is_the_contract() {
    let isolation = Isolation {
        limits: Ok(vec![
            Limit {
                resource: Resource::Files,
                soft: Some(1024),
                hard: None,
                used: Ok(12),
            },
            Limit {
                resource: Resource::Processes,
                soft: Some(100),
                hard: Some(200),
                used: Err(Missing::Soon),
            },
        ]),
        namespaces: vec![Namespace {
            kind: "net",
            about: "",
            id: Ok(4_026_531_833),
            ours: Ok(false),
        }],
        numbers: vec![7],
        group: Err(Missing::Denied),
        rights: Ok(Rights {
            effective: Capabilities(0x21),
            ..Rights::default()
        }),
        label: Ok(None),
        login: Ok(None),
        oom_score: Ok(0),
        oom_adjustment: Ok(0),
    };
    assert!(isolation.differs());
    let isolation = isolation.with_threads_of_user(42);
    let json = serde_json::to_value(isolation.to_json()).expect("json");
    let expected = serde_json::json!({
        "limits": [
            {"name": "nofile", "soft": 1024, "hard": null, "used": 12},
            {"name": "nproc", "soft": 100, "hard": 200, "used": 42},
        ],
        "namespaces": {"net": {"id": 4_026_531_833_u64, "same_as_ours": false}},
        "cgroup": null,
        "capabilities": ["chown", "kill"],
        "unavailable": {"cgroup": "denied"},
    });
    assert_eq!(json, expected);
}
