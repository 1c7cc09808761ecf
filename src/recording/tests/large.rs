//! What very many processes take: measured, not judged.

use super::*;

/// So many mostly idle processes.
fn farm(processes: u32) -> Scene {
    let mut scene = Scene::new();
    for pid in 1..=processes {
        let task = scene.task(pid, 1, "farm");
        let facts = Arc::make_mut(&mut task.facts);
        facts.command = Ok(Command::from_bytes(
            format!("/usr/bin/farm\0--row={pid}\0").as_bytes(),
        ));
        task.stat.minor_faults = u64::from(pid.wrapping_mul(2_654_435_761) % 5000);
        task.stat.resident.0 += u64::from(pid.wrapping_mul(40_503) % 900) * 4096;
    }
    scene
}

/// A second in which fifty of them do something.
fn pass(scene: &mut Scene, second: u32) {
    let sample = &mut scene.sample;
    sample.at.0 += 1_000_000_000;
    sample.system.uptime.0 += 1_000_000_000;
    for core in &mut sample.system.cores {
        core.user.0 += 50;
        core.idle.0 += 50;
    }
    let all = sample.tasks.len() as u32;
    for k in 0..50 {
        let pid = (second * 31 + k * 197) % all;
        let stat = &mut sample.tasks[pid as usize].stat;
        stat.user.0 += 3;
        stat.minor_faults += u64::from(pid % 9);
        stat.processor.0 = pid % 4;
    }
}

fn summary(second: u32) -> Summary {
    Summary::at(1_700_000_000_000 + u64::from(second) * 1000)
}

#[test]
#[ignore = "measures: 10,000 processes of which 50 change at each tick"]
fn how_much_ten_thousand_take() {
    let mut scene = farm(10_000);
    let mut writer = Writer::default();
    let (mut bytes, mut took) = (0, std::time::Duration::ZERO);
    let kept = Kept::new(8 << 20);
    for second in 0..900 {
        let before = scene.sample.clone();
        pass(&mut scene, second);
        let began = std::time::Instant::now();
        let records = writer.tick(Some(&before), &scene.sample, summary(second));
        took += began.elapsed();
        bytes += records.iter().map(Vec::len).sum::<usize>();
        kept.push(records);
    }
    let (from, to) = kept.span().expect("kept");
    let mut past = Past::new(Box::new(kept.clone()));
    let moments = past.moments();
    let began = std::time::Instant::now();
    past.at(moments[moments.len() - 2].at).expect("kept");
    println!(
        "900 ticks: {bytes} bytes, kept {} s in {} bytes, {took:?} in all, a moment in {:?}",
        to.since(from).seconds(),
        kept.bytes(),
        began.elapsed()
    );
}

/// `PSCOPE_RECORDING=FILE PSCOPE_PROCESSES=10000 cargo test --lib an_hour -- --ignored`, then
/// `tests/tools/leaps.py FILE` with a program that was built for release.
#[test]
#[ignore = "writes a recording of an hour for measuring"]
fn an_hour_of_very_many() {
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let processes = told("PSCOPE_PROCESSES").parse().unwrap_or(1000);
    let mut scene = farm(processes);
    let (mut writer, mut records) = (Writer::default(), Vec::new());
    for second in 0..3600 {
        let before = scene.sample.clone();
        pass(&mut scene, second);
        records.extend(writer.tick(Some(&before), &scene.sample, summary(second)));
    }
    std::fs::write(told("PSCOPE_RECORDING"), file(&records)).expect("written");
}
