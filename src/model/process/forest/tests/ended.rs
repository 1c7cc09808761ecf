//! Processes that have ended and are kept in the tree.

use super::*;

#[test]
fn an_ended_process_stays_at_its_place() {
    let mut scene = scene();
    let before = scene.snapshot();
    let bash = before
        .by_pid(crate::model::id::Pid(11))
        .expect("bash")
        .clone();
    scene.end(11);
    let ended = Ended {
        proc: bash,
        parent: Some(ProcId::new(10, 10)),
        end: WhenEnded::new(scene.sample.at, scene.sample.at),
        line: None,
    };
    let want = Want {
        ended: vec![ended],
        ..Want::default()
    };
    let text = want.draw(&scene.snapshot());
    assert!(text.contains("|- sshd 10\n|  `- bash 11\n"), "{text}");
}

#[test]
fn ended_ones_that_name_each_other_do_not_hang() {
    let snapshot = scene().snapshot();
    let ended = |pid: u32, parent: u32| {
        let mut proc = snapshot.procs[0].clone();
        proc.id = ProcId::new(pid, 1);
        proc.facts = Arc::clone(&proc.facts);
        Ended {
            proc,
            parent: Some(ProcId::new(parent, 1)),
            end: WhenEnded::new(Nanos(0), Nanos(0)),
            line: None,
        }
    };
    let want = Want {
        ended: vec![ended(500, 501), ended(501, 500), ended(502, 502)],
        ..Want::default()
    };
    let text = want.draw(&snapshot);
    assert!(
        text.contains("systemd 500\n`- systemd 501\n") && text.contains("systemd 502"),
        "{text}"
    );
}
