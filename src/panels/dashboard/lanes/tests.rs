pub mod why;

use super::*;
use crate::app::key::Press;
use crate::app::world::Settings;
use crate::model::id::{Bytes, CpuId, Ticks};
use crate::model::machine::topology::{Seat, Topology};
use crate::model::sample::{CoreSample, Pressure};
use crate::model::scene::Scene;
use crate::theme::{Depth, Theme};
use std::sync::Arc;

pub fn world(cores: impl IntoIterator<Item = u32>) -> World {
    let mut scene = Scene::new();
    scene.sample.system.cores = cores
        .into_iter()
        .map(|id| CoreSample {
            id: CpuId(id),
            ..CoreSample::default()
        })
        .collect();
    scene.sample.system.cpu_pressure = Ok(Pressure {
        some_10: 38.2,
        ..Pressure::default()
    });
    let mut world = World::new(Theme::terminal(Depth::True, false), Settings::default());
    world.snapshot = Arc::new(scene.pass(1000, &[]));
    world
}

pub fn screen(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        for x in 0..buf.area.width {
            out.push_str(buf[(x, y)].symbol());
        }
        out.push('\n');
    }
    out
}

fn drawn(world: &World, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut pane = Lanes::default();
    pane.fit(world, area);
    let mut buf = Buffer::empty(area);
    pane.render(world, area, &mut buf);
    screen(&buf)
}

#[test]
fn two_cores_and_memory() {
    let world = world([0, 1]);
    insta::assert_snapshot!(drawn(&world, 100, 3), @r"
    cpu0  ██████████████████████████·························   50%  usr 50  sys  0  irq  0  steal  0  
    cpu1  ██████████████████████████·························   50%  usr 50  sys  0  irq  0  steal  0  
    mem   ████████▓▓▓▓···················  6.0 / 24.0 GiB used  swap none  pressure cpu 38% io – mem –
    ");
}

#[test]
fn narrow_and_without_memory_figures() {
    let mut world = world([0, 7]);
    let mut snapshot = (*world.snapshot).clone();
    snapshot.system.memory = Err(crate::model::reading::Missing::Denied);
    snapshot.system.cores[1].share = Err(crate::model::reading::Missing::Soon);
    world.snapshot = Arc::new(snapshot);
    insta::assert_snapshot!(drawn(&world, 40, 3), @r"
cpu0  █████████········   50%  usr 50  
cpu7  ·························     –  
mem   ·····························  –
");
}

#[test]
fn many_cores_become_a_strip_that_scrolls() {
    let world = world((0..4096).map(|i| i * 3));
    let area = Rect::new(0, 0, 120, 12);
    let mut pane = Lanes::default();
    pane.fit(&world, area);
    assert!(pane.last > 0);
    assert!(matches!(pane.act(&world, moves::PAGE_DOWN), Reply::Done));
    assert_eq!(pane.top, 11);
    for _ in 0..9 {
        pane.act(&world, moves::PAGE_DOWN);
    }
    assert_eq!(pane.top, pane.last);
    let mut buf = Buffer::empty(area);
    pane.render(&world, area, &mut buf);
    let text = screen(&buf);
    assert!(text.contains("12096 "), "{text}");
}

/// Two packages of two nodes; eight cores share a cache, and the second threads of all come last.
fn seated(cores: u32) -> World {
    let mut world = world(0..cores);
    let mut snapshot = (*world.snapshot).clone();
    let half = cores / 2;
    let seat = |id: u32| {
        let core = id % half;
        let seat = Seat {
            package: Some(core * 2 / half),
            node: Some(core * 4 / half),
            cache: Some(core / 4),
            ..Seat::default()
        };
        (CpuId(id), seat)
    };
    let mut machine = (*snapshot.machine).clone();
    machine.topology = Topology::new((0..cores).map(seat).collect());
    snapshot.machine = Arc::new(machine);
    world.snapshot = Arc::new(snapshot);
    world
}

#[test]
fn cores_that_stand_together_are_shown_together() {
    let world = seated(128);
    let rows = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let high = rows(&drawn(&world, 60, 9));
    let rises = |row: &str| row.chars().filter(|c| *c == '█').count();
    assert_eq!(
        (rises(&high[0]), rises(&high[1])),
        (0, 32),
        "half of two rows: {high:?}"
    );
    let wide = rows(&drawn(&world, 60, 5));
    assert!(wide[0].starts_with(" p0 n0     0 "), "{wide:?}");
    assert!(wide[1].starts_with(" p0 n1    16 "), "{wide:?}");
    assert!(wide[3].starts_with(" p1 n3    48 "), "{wide:?}");
    // Eight share a cache: 0 to 3, and 64 to 67.
    let cells: Vec<_> = wide[0].chars().skip(13).collect();
    assert_eq!(cells.iter().position(|c| *c == ' '), Some(8), "{wide:?}");
    let mut pane = Lanes::default();
    for (cores, w, h) in [(1024, 80, 24), (4096, 200, 60), (1024, 7, 3)] {
        let world = seated(cores);
        pane.fit(&world, Rect::new(0, 0, w, h));
        drawn(&world, w, h);
    }
    let world = seated(1024);
    pane.fit(&world, Rect::new(0, 0, 80, 24));
    assert_eq!(pane.last, 0, "all of a thousand are seen at 80x24");
}

#[test]
fn right_at_every_size() {
    for cores in [0_u32, 1, 2, 8, 130, 4096] {
        let world = world(0..cores);
        for (w, h) in [(1, 1), (2, 9), (7, 3), (60, 15), (80, 24), (200, 60)] {
            drawn(&world, w, h);
        }
    }
}

#[test]
fn swap_shows_where_there_is_some() {
    let mut world = world([0]);
    let mut snapshot = (*world.snapshot).clone();
    if let Ok(memory) = &mut snapshot.system.memory {
        memory.swap_total = Bytes(2 << 30);
        memory.swap_free = Bytes(1 << 30);
    }
    world.snapshot = Arc::new(snapshot);
    assert!(drawn(&world, 120, 4).contains("swap 1.0 / 2.0"));
}

/// Twelve seconds of two cores: 2 and 4 take turns of 4 ms on the first one, 6 runs 2 ms of every 20 on the second.
pub fn with_lanes(world: &mut World) {
    with_lanes_of(world, 2);
}

/// The same of so many cores: on each of the others, as on the second, one process runs 2 ms of every 20.
fn with_lanes_of(world: &mut World, cores: u32) {
    use crate::model::id::{Pid, ProcId, Tid};
    use crate::model::scheduling::timeline::{Builder, Thread, Who};
    let mut names = |pid: Pid, tid: Tid| {
        (
            ProcId::new(pid.0, u64::from(pid.0)),
            format!("job{tid}").into(),
        )
    };
    let ms = crate::model::id::Nanos::from_millis;
    let thread = |tid| Thread {
        pid: Pid(tid),
        tid: Tid(tid),
    };
    let mut b = Builder::new(Origin::Exact, (0..cores).map(CpuId), ms(0));
    let counted = |b: &mut Builder, at: u64| {
        let core = |id| CoreSample {
            id: CpuId(id),
            user: Ticks(at / 20),
            idle: Ticks(at / 20),
            softirq: Ticks(at / 1000),
            ..CoreSample::default()
        };
        // 2 and 4 wait half of the time, and each time that 6 wakes up it waits for 1 ms.
        b.count(ms(at), (0..cores).map(core).collect(), &mut |who: &Who| {
            Some(ms(if who.tid.0 >= 6 { at / 20 } else { at / 2 }))
        });
    };
    for i in 0..3000_u64 {
        if i % 125 == 0 {
            counted(&mut b, i * 4);
        }
        let pair = if i % 2 == 0 { (4, 2) } else { (2, 4) };
        let pair = (thread(pair.0), thread(pair.1));
        b.switch(CpuId(0), ms(i * 4), pair, Some(true), &mut names);
        if i % 5 == 0 {
            for cpu in 1..cores {
                let tid = 4 + 2 * cpu;
                for (at, pair) in [(i * 4, (0, tid)), (i * 4 + 2, (tid, 0))] {
                    let pair = (thread(pair.0), thread(pair.1));
                    b.switch(CpuId(cpu), ms(at), pair, Some(false), &mut names);
                }
            }
        }
    }
    counted(&mut b, 12_000);
    world.timeline = Arc::new(b.publish(ms(12_000)));
}

/// Twelve seconds of two cores by samples: the kernel says that the first one is busy for 80 %, 2 was seen for 30 % on it.
pub fn with_samples(world: &mut World) {
    use crate::model::id::{Nanos, ProcId, Tid};
    use crate::model::scheduling::timeline::{Builder, Ran, Who};
    let ms = Nanos::from_millis;
    let who = Arc::new(Who {
        id: ProcId::new(2, 2),
        tid: Tid(2),
        name: "job2".into(),
    });
    let mut b = Builder::new(Origin::Sampled, [CpuId(0), CpuId(1)], ms(0));
    for i in 0..=240_u64 {
        let at = i * 50;
        if i > 0 {
            let ran = Ran {
                cpu: CpuId(0),
                who: Arc::clone(&who),
                run: ms(15),
                slices: 2,
                waited: ms(0),
            };
            b.sampled((ms(at - 50), ms(at)), vec![ran]);
        }
        if i % 10 == 0 {
            let core = |id, busy| CoreSample {
                id: CpuId(id),
                user: Ticks(at * busy / 1000),
                idle: Ticks(at * (100 - busy) / 1000),
                ..CoreSample::default()
            };
            b.count(ms(at), vec![core(0, 80), core(1, 0)], &mut |_: &Who| None);
        }
    }
    world.timeline = Arc::new(b.publish(ms(12_000)));
}

#[test]
fn who_was_not_seen_is_never_idle() {
    let mut world = world([0, 1]);
    with_samples(&mut world);
    let (pane, text) = pressed(&world, "<", 120, 6);
    let rows: Vec<_> = text
        .lines()
        .map(|l| l.chars().collect::<Vec<_>>())
        .collect();
    // In two rows: 30 % of somebody who was seen, above it others up to 80 %.
    assert_eq!((rows[0][30], rows[1][30]), ('▅', '▅'), "{text}");
    assert_eq!((rows[2][30], rows[3][30]), (' ', '·'), "{text}");
    let said = "job2 2 had 30% of 180 ms in 8 slices · somebody not seen 50%";
    assert!(text.contains(said), "{text}");
    let told = pane.explain(&world);
    let marks = told.iter().find(|(mark, _)| mark.starts_with('░'));
    assert!(marks.expect("explained").1.starts_with("not seen"));
}

#[test]
fn more_lanes_than_rows_stand_in_columns_and_no_row_stays_empty() {
    let mut world = world(0..16);
    with_lanes_of(&mut world, 16);
    let labels = |text: &str| {
        let parts = text.split("cpu").skip(1);
        parts
            .filter(|part| part.starts_with(|c: char| c.is_ascii_digit()))
            .count()
    };
    let cases = [
        (158, 14, 2),
        (198, 18, 1),
        (118, 11, 2),
        (78, 10, 2),
        (158, 6, 4),
    ];
    for (wide, most, columns) in cases {
        let height = Lanes::default().height(&world, wide, most);
        let text = drawn(&world, wide, height);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| !line.trim().is_empty()), "{text}");
        assert_eq!(labels(&text), 16, "{wide} {most}:\n{text}");
        assert_eq!(labels(lines[0]), columns, "{wide} {most}:\n{text}");
    }
    // Each column is a picture of its own for the mouse: the process of core 9 in the second row of the second column.
    let area = Rect::new(0, 0, 118, 10);
    let mut pane = Lanes::default();
    pane.fit(&world, area);
    let click = |column| Mouse {
        press: Press::Left,
        column,
        row: 1,
    };
    let hit = |pane: &mut Lanes, column| match pane.mouse(&world, click(column)) {
        Reply::Focus(id) => Some(id.pid.0),
        _ => None,
    };
    let found: Vec<u32> = (0..118).filter_map(|x| hit(&mut pane, x)).collect();
    let mut ids = found.clone();
    ids.dedup();
    assert_eq!(ids, [6, 22], "{found:?}");
}

fn pressed(world: &World, keys: &str, width: u16, height: u16) -> (Lanes, String) {
    let area = Rect::new(0, 0, width, height);
    let mut pane = Lanes::default();
    pane.fit(world, area);
    for key in keys.chars() {
        let key = match key {
            '<' => crate::app::key::Key::of(crate::app::key::Code::Left),
            key => crate::app::key::Key::char(key),
        };
        let action = world.keys.find(key, SPEC.actions).expect("listed");
        assert!(!matches!(pane.act(world, action), Reply::Pass));
        pane.fit(world, area);
    }
    let mut buf = Buffer::empty(area);
    pane.render(world, area, &mut buf);
    (pane, screen(&buf))
}

#[test]
fn samples_do_not_tell_how_slices_ended() {
    let mut world = world([0, 1]);
    with_lanes(&mut world);
    let mut sampled = (*world.timeline).clone();
    sampled.origin = Origin::Sampled;
    sampled.why = "switches of all cores need CAP_PERFMON".into();
    world.timeline = Arc::new(sampled);
    let (pane, text) = pressed(&world, "", 120, 6);
    assert!(!text.contains("preempted"), "{text}");
    // Why that is so is one key away.
    let told = pane.explain(&world);
    let (word, means) = &told[0];
    assert_eq!(word, "sampled 20 Hz");
    assert!(means.contains("CAP_PERFMON"), "{means}");
}

#[test]
fn lanes_of_ten_seconds() {
    let mut world = world([0, 1]);
    with_lanes(&mut world);
    let (pane, text) = pressed(&world, "", 120, 6);
    insta::assert_snapshot!(text, @r"
    cpu0  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇  50% usr 50 sys  0 irq  0     250 sw/s 100% preempted  
                                                                                                                           
    cpu1                                                             50% usr 50 sys  0 irq  0      50 sw/s   0% preempted  
          ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂                                                        
           −10 s                       −5 s                     now                                                        
    mem   █████████████▓▓▓▓▓▓································  6.0 / 24.0 GiB used  swap none  pressure cpu 38% io – mem –
    ");
    let title: String = pane.title(&world).into_iter().map(|(t, _)| t).collect();
    assert_eq!(title, "Time sharing exact · last 10 s");
    assert_eq!(pane.height(&world, 118, 14), 6);
    assert_eq!(pane.height(&world, 118, 3), 3);
}

#[test]
fn lanes_zoomed_in_tell_the_slice_under_the_cursor() {
    let mut world = world([0, 1]);
    with_lanes(&mut world);
    let (_, text) = pressed(&world, "]]]]]]]]{<<<<", 120, 6);
    insta::assert_snapshot!(text, @r"
    cpu0  ▁▁▁▁▁job2▁▁▁▁▁▁▁job4▁▁▁▁▁▁▁job2▁▁▁▁▁▁▁▁job4▁▁▁▁▁▁▁job2▁▁▁  51% usr 49 sys  0 irq  2     250 sw/s 100% preempted  
             ┘ 4.0ms    ┘ 4.0ms    ┘ 4.0ms     ┘ 4.0ms    ┘ 4.0ms ┘                                                        
    cpu1  ···············     ▆································┊···  51% usr 49 sys  0 irq  2      50 sw/s   0% preempted  
                                                                                                                           
          cpu0 at −6.5 ms: job2 2/2, 4 ms, preempted by job4 · waited 4 ms behind 4 job4 · softirq 2% around then          
    mem   █████████████▓▓▓▓▓▓································  6.0 / 24.0 GiB used  swap none  pressure cpu 38% io – mem –
    ");
}

#[test]
fn lanes_are_right_at_every_size() {
    let mut world = world([0, 1]);
    with_lanes(&mut world);
    for (w, h) in [
        (1, 1),
        (2, 9),
        (29, 3),
        (30, 3),
        (60, 4),
        (78, 6),
        (198, 18),
    ] {
        pressed(&world, "[]{}", w, h);
    }
}

#[test]
fn what_is_not_known_is_hatched_and_told_in_the_title() {
    use crate::model::scheduling::timeline::{Blind, Gap};
    let mut world = world([0, 1]);
    with_lanes(&mut world);
    let ms = crate::model::id::Nanos::from_millis;
    let mut line = (*world.timeline).clone();
    let gap = |from, to, why| Gap {
        start: ms(from),
        end: ms(to),
        why,
    };
    line.lost = 17;
    let slept = Blind::Suspended(ms(3_600_000));
    line.lanes[0].gaps = [gap(5000, 6000, Blind::Lost), gap(9000, 9000, slept)].into();
    line.lanes[1].gaps = [gap(11_000, 12_000, Blind::Offline)].into();
    world.timeline = Arc::new(line);
    let (pane, text) = pressed(&world, "", 120, 6);
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows[0].matches('╱').count(), 8, "{text}");
    assert!(
        rows[2].contains("╌╌╌") && rows[2].contains("offline"),
        "{text}"
    );
    let title: String = pane.title(&world).into_iter().map(|(t, _)| t).collect();
    assert_eq!(
        title,
        "Time sharing exact · last 10 s · 17 events lost · suspended 1h 00m · cpu1 was offline"
    );
    let (_, text) = pressed(&world, "<j", 120, 6);
    assert!(text.contains("the core was offline"), "{text}");
    // A loss of long ago takes nothing from the last second.
    let (pane, _) = pressed(&world, "]]]", 120, 6);
    let title: String = pane.title(&world).into_iter().map(|(t, _)| t).collect();
    assert!(
        title.contains("last 1 s") && !title.contains("lost"),
        "{title}"
    );
}

/// With any number of cores: of the rows that the pane asks for, and of those that a person gives it beyond, none is empty.
#[test]
fn no_row_below_the_lanes_stays_empty() {
    for cores in 1..=12 {
        let mut world = world(0..cores);
        with_lanes_of(&mut world, cores);
        for (width, most) in [(78, 6), (78, 14), (118, 11), (158, 14), (238, 20)] {
            let own = Lanes::default().height(&world, width, most);
            for height in [own, own + 1, own + 5] {
                let text = drawn(&world, width, height);
                // The lanes end where the axis is, and that is above memory.
                let axis = text.lines().position(|line| line.contains("−5 s"));
                let before_memory = usize::from(height) - 2;
                let last = axis.is_none_or(|axis| axis == before_memory);
                assert!(last, "{cores} in {width}x{height}:\n{text}");
            }
        }
    }
}

#[test]
fn a_lane_keeps_its_height_while_marks_come_and_go() {
    let mut world = world([0, 1]);
    with_lanes(&mut world);
    let (mut pane, _) = pressed(&world, "", 120, 6);
    assert_eq!(pane.picture.body(0), 2, "nothing is marked in ten seconds");
    let (mut close, _) = pressed(&world, "]]]]]]]]", 120, 6);
    assert_eq!(close.picture.body(0), 1, "single slices were preempted");
    // The marks have left the window, and a little later nothing remembers them.
    std::mem::swap(&mut pane.picture.scope, &mut close.picture.scope);
    let area = Rect::new(0, 0, 120, 6);
    close.fit(&world, area);
    assert_eq!(close.picture.body(0), 1);
    let mut later = (*world.snapshot).clone();
    later.at.0 += picture::MARKED.0 + 1;
    world.snapshot = Arc::new(later);
    close.fit(&world, area);
    assert_eq!(close.picture.body(0), 2);
}
