//! Sleepers that others move to another control group.

use super::*;

fn groups(sweeper: &Sweeper) -> Vec<String> {
    let sample = sweeper.last.as_ref().expect("a tick was made");
    let of = |t: &TaskSample| {
        let extra = t.extra.as_deref().expect("it was asked for");
        extra
            .cgroup
            .as_deref()
            .map(str::to_owned)
            .unwrap_or_default()
    };
    sample.tasks.iter().map(of).collect()
}

#[test]
fn a_sleeper_is_found_in_its_new_group_at_once_where_it_is_shown_and_soon_elsewhere() {
    let all: Vec<(u32, &str)> = (1..=40).map(|pid| (pid, "sleeper")).collect();
    let (_dir, root) = root_of(&all);
    let put = |path: &str| {
        for (pid, _) in &all {
            let line = format!("0::{path}\n");
            std::fs::write(root.proc(format!("{pid}/cgroup")), line).expect("written");
        }
    };
    put("/old");
    let (mut sweeper, _told) = listening(&root);
    let plan = Plan {
        of_all: Needs::CGROUP,
        needs: Needs::CGROUP,
        visible: vec![ProcId::new(3, 3)].into(),
        ..plan()
    };
    sweeper.tick(s(1), &plan).expect("it lists");
    sweeper.tick(s(2), &plan).expect("it lists");
    assert!(groups(&sweeper).iter().all(|group| group == "/old"));
    put("/new");
    let moved = |sweeper: &Sweeper| groups(sweeper).iter().filter(|g| *g == "/new").count();
    sweeper.tick(s(3), &plan).expect("it lists");
    assert_eq!(groups(&sweeper)[2], "/new", "its row is shown");
    assert!(moved(&sweeper) < 20, "the others are asked by turns");
    for at in 4..=13 {
        sweeper.tick(s(at), &plan).expect("it lists");
    }
    assert_eq!(moved(&sweeper), all.len());
}
