//! For whom threads of the kernel ask disks.

use super::*;
use crate::model::id::Pid;
use crate::model::machine::requests::{Kind, ProcessRequests, Took};
use crate::model::scene::Scene;

#[test]
fn only_what_a_thread_of_the_kernel_writes_for_others_is_writeback() {
    let mut scene = Scene::new();
    let kernel = ["kworker/u4:1", "kworker/0:1H", "jbd2/vda-8", "kswapd0"];
    for (pid, name) in (10..).zip(kernel) {
        scene.task(pid, 2, name).stat.flags = 0x0020_0000;
    }
    scene.task(20, 1, "postgres");
    let now = scene.pass(1000, &[]);
    let asked = |pid: u32, kind| ProcessRequests {
        pid: Pid(pid),
        called: "asker".into(),
        device: "vda".into(),
        kind,
        took: Took {
            done: 3,
            mean: Err(Missing::Soon),
            device: Err(Missing::Soon),
            p50: Err(Missing::Soon),
            p99: Err(Missing::Soon),
        },
    };
    let requests = Requests {
        span: Nanos(1_000_000_000),
        processes: vec![
            asked(10, Kind::Write),
            asked(10, Kind::Other),
            asked(11, Kind::Other),
            asked(12, Kind::Write),
            asked(13, Kind::Read),
            asked(20, Kind::Write),
            asked(20, Kind::Other),
        ],
        ..Requests::default()
    };
    let mut rows = list(&now, Some(true), Some(&requests), None).rows;
    rows.sort_by_key(|p| p.id);
    let told: Vec<_> = rows.iter().map(|p| (p.id.pid.0, p.whose)).collect();
    let expected = [
        (10, "writeback by "),
        (11, "flushes by "),
        (12, "journal by "),
        (13, ""),
        (20, ""),
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[4].asked, Ok(6.0), "its flushes are its own");
}
