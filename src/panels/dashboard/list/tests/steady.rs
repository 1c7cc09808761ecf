//! How still the rows of the tree hold while children come and go: of a recording, and of a puppet in miniature.

use super::*;
use crate::model::snapshot::Snapshot;
use crate::recording::past::Past;
use crate::recording::recorded::Recorded;

/// Rows that were in view at two ticks, and how many of them kept their line.
#[derive(Debug, Default)]
struct Held {
    kept: usize,
    seen: usize,
}

impl Held {
    fn percent(&self) -> f64 {
        self.kept as f64 * 100.0 / self.seen.max(1) as f64
    }
}

/// The pids of living processes by the line that they stand in.
fn lines(stage: &mut Stage) -> Vec<(u32, usize)> {
    let text = stage.text();
    let pid = |line: &str| {
        let ended = line.chars().take(3).any(|c| c == '×');
        let line = line.trim_start_matches(['│', '▌', ' ', '◆', '+', '■']);
        let pid = line.split_whitespace().next()?.parse().ok();
        pid.filter(|_| !ended)
    };
    let rows = text.lines().enumerate();
    rows.filter_map(|(at, line)| Some((pid(line)?, at)))
        .collect()
}

/// Shows one tick after the other.
fn held(ticks: impl Iterator<Item = Snapshot>) -> Held {
    let mut out = Held::default();
    let mut ticks = ticks.map(|tick| Event::Snapshot(Arc::new(tick)));
    let size = Rect::new(0, 0, 160, 48);
    let mut stage = Stage::untouched(scene(), Settings::default(), picture::theme(), size);
    stage.event(ticks.next().expect("a first tick"));
    let mut before = Vec::new();
    for (at, tick) in ticks.enumerate() {
        stage.event(tick);
        let now = lines(&mut stage);
        if at >= 8 {
            let both: Vec<bool> = (now.iter())
                .filter_map(|(pid, line)| {
                    let old = before.iter().find(|(old, _): &&(u32, usize)| old == pid)?;
                    Some(old.1 == *line)
                })
                .collect();
            let kept = both.iter().filter(|kept| **kept).count();
            out.kept += kept;
            out.seen += both.len();
        }
        before = now;
    }
    out
}

/// Four parents of a busy child each, of others that idle, and of two that start one short child after the other.
fn puppet() -> impl Iterator<Item = Snapshot> {
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    for parent in 1..=4_u32 {
        let pid = parent * 10;
        scene.task(pid, 1, &format!("make-{parent}"));
        for child in 1..=7 {
            scene.task(pid + child, pid, &format!("job-{child}"));
        }
    }
    let mut seed = 7_u64;
    let mut noise = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed >> 33
    };
    let (mut next, mut running) = (1000, Vec::<(u32, u32)>::new());
    (0..120).map(move |_| {
        running.retain(|(_, pid)| {
            let ends = noise() % 2 == 0;
            if ends {
                scene.end(*pid);
            }
            !ends
        });
        for parent in [11, 12, 21, 22, 31, 32, 41, 42] {
            if running.iter().all(|(of, _)| *of != parent) && noise() % 4 > 0 {
                next += 1;
                let age = 20 + noise() % 160;
                let now = scene.sample.system.uptime.0 / 10_000_000 + 100;
                scene.task(next, parent, "short").id.start.0 = now - age.min(90);
                running.push((parent, next));
            }
        }
        let mut busy: Vec<(u32, u64)> = (1..=4).map(|p| (p * 10 + 3, noise() % 60)).collect();
        busy.extend(running.iter().map(|(_, pid)| (*pid, noise() % 30)));
        scene.pass(1000, &busy)
    })
}

#[test]
fn rows_keep_their_line_while_children_come_and_go() {
    let held = held(puppet());
    assert!(held.seen > 3000, "{held:?}");
    assert!(held.percent() >= 85.0, "{:.1} %", held.percent());
}

#[test]
#[ignore = "measures the recording that PSCOPE_RECORDING names"]
fn of_a_recording() {
    let name = std::env::var_os("PSCOPE_RECORDING").expect("PSCOPE_RECORDING=FILE");
    let bytes = std::fs::read(name).expect("a file");
    let mut past = Past::new(Box::new(
        Recorded::open(Box::new(bytes)).expect("a recording"),
    ));
    let moments = past.moments();
    let ticks = moments
        .iter()
        .map(|moment| past.at(moment.at).expect("whole"));
    let held = held(ticks);
    println!(
        "{:.1} % of {} rows keep their line",
        held.percent(),
        held.seen
    );
}
