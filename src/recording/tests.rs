//! The laws of recordings.

mod cuts;
mod details;
mod fields;
mod glances;
mod keeping;
mod large;
mod releases;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::record::{Found, Head, Marks, Summary};
use super::{Kept, Kind, MAGIC, Past, Player, Recorded, Writer, recorded, tick};
use crate::model::acting::Fate;
use crate::model::acting::signal::Signal;
use crate::model::id::{Bytes, Nanos, Uid};
use crate::model::process::column;
use crate::model::process::stat::State;
use crate::model::reading::Missing;
use crate::model::sample::{
    After, Command, Fault, Io, Mode, Moved, Opened, OptionalStats, OwnSample, Pressure, Sample,
    SchedStat, Status,
};
use crate::model::scene::Scene;
use crate::model::snapshot::Snapshot;

/// A run of ticks in which everything happens that a sweep can tell.
fn script(ticks: u64) -> (Vec<Sample>, Vec<Snapshot>) {
    let mut scene = Scene::new();
    for (pid, ppid, name) in [
        (1, 0, "init"),
        (2, 0, "kthreadd"),
        (40, 1, "sh"),
        (41, 40, "cc"),
    ] {
        scene.task(pid, ppid, name);
    }
    for pid in 100..140 {
        scene.task(pid, 1, "farm");
    }
    // The first version did not tell them.
    scene.sample.system.disk_flow = Err(Missing::Unsupported);
    scene.sample.system.network_flow = Err(Missing::Unsupported);
    let mut samples = vec![scene.sample.clone()];
    for i in 1..ticks {
        change(&mut scene, i);
        scene.pass(1000, &[(40, i % 7), (100 + (i % 40) as u32, 20)]);
        samples.push(scene.sample.clone());
    }
    let before = |i: usize| i.checked_sub(1).map(|i| &samples[i]);
    let seen = samples.iter().enumerate();
    let seen = seen.map(|(i, s)| Snapshot::between(before(i), s)).collect();
    (samples, seen)
}

fn change(scene: &mut Scene, i: u64) {
    let system = &mut scene.sample.system;
    system.switches = Ok(system.switches.unwrap_or(0) + 1000 + i);
    system.running = Ok((i % 5) as u32);
    let load = (!i.is_multiple_of(4)).then_some([0.1, i as f32, 3.5]);
    system.load = load.ok_or(Missing::Unsupported);
    system.tasks = Ok(400 + i as u32);
    system.searches = Ok(i);
    system.io_pressure = Ok(Pressure {
        some_10: i as f32 * 1.5,
        some_total: Nanos(i * 77),
        ..Pressure::default()
    });
    system.own_strain.periods = Ok((i * 10, i));
    system.cores[0].khz = i
        .is_multiple_of(2)
        .then_some(2_400_000)
        .ok_or(Missing::Unsupported);
    scene.sample.mode = if i.is_multiple_of(3) {
        Mode::Events
    } else {
        Mode::Scan
    };
    scene.sample.read = i as u32;
    scene.of(40).stat.state = if i.is_multiple_of(2) {
        State::Running
    } else {
        State::Other(b'W')
    };
    scene.of(40).stat.priority = -51;
    scene.of(40).stat.resident = Bytes(1 << (20 + i % 5));
    scene.of(1).extra = (!i.is_multiple_of(5)).then(|| Arc::new(extra(i)));
    match i % 6 {
        1 => drop(scene.task(500 + i as u32, 40, "born")),
        3 => scene.end_as(
            500 + i as u32 - 2,
            Ok(Fate::Killed(Signal::KILL, i % 4 == 1)),
        ),
        4 => {
            // The number is given to another one.
            scene.of(41).id.start.0 += 1000;
            scene.of(41).stat.user.0 = 0;
            let facts = Arc::make_mut(&mut scene.of(41).facts);
            facts.command = Ok(Command::from_bytes(b"cc\0\0-o\0\xff\x1bx\0"));
            facts.uid = Err(Missing::Denied);
        }
        5 => {
            let facts = Arc::make_mut(&mut scene.of(41).facts);
            (facts.command, facts.uid) = (Err(Missing::Late), Ok(Uid(1000)));
            scene.sample.faults = vec![Fault {
                source: "disks",
                why: "no\x1b[2J".into(),
            }];
            scene.thread(40, 40 + i as u32, "worker").stat.user.0 = i;
        }
        _ => {
            scene.sample.faults.clear();
            scene.sample.own = Some(OwnSample {
                cpu: Nanos(i),
                resident: Bytes(i),
                calls: Ok(i),
                written: Err(Missing::Denied),
            });
        }
    }
}

fn extra(i: u64) -> OptionalStats {
    OptionalStats {
        status: Ok(Status {
            voluntary: i,
            involuntary: 3 * i,
            swap: Bytes(4096),
        }),
        io: Ok(Io {
            all: Moved {
                read: Bytes(i * 4096),
                written: Bytes(7),
            },
            living: i.is_multiple_of(2).then_some(Moved {
                read: Bytes(i),
                written: Bytes(1),
            }),
        }),
        cgroup: Ok("/user.slice".into()),
        pss: if i.is_multiple_of(3) {
            Err(Missing::Denied)
        } else {
            Ok(Bytes(i))
        },
        oom_score: Ok(i as u32),
        schedstat: Ok(SchedStat {
            run: Nanos(i),
            wait: Nanos(2 * i),
            slices: i,
        }),
        exe: Err(Missing::Gone),
        opened: Ok(Arc::new(Opened {
            targets: vec!["pipe:[1]".into()],
            ports: vec![80, 8080],
            owned: Vec::new(),
        })),
        ..OptionalStats::default()
    }
}

fn record(samples: &[Sample], seen: &[Snapshot]) -> Vec<Vec<u8>> {
    let mut writer = Writer::default();
    writer.longest = 20;
    let mut records = Vec::new();
    for (i, (sample, snapshot)) in samples.iter().zip(seen).enumerate() {
        let before = i.checked_sub(1).map(|i| &samples[i]);
        records.extend(writer.tick(before, sample, Summary::of(snapshot, Marks::default())));
    }
    records
}

fn file(records: &[Vec<u8>]) -> Vec<u8> {
    [MAGIC.to_vec(), records.concat()].concat()
}

/// A value as what is kept tells it: what was still to be read was not.
fn as_kept(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").replace("Soon", "Unrecorded")
}

/// Whether what is kept is what was seen. Of what was still to be read then it says that it was not.
fn same(kept: &Snapshot, seen: &Snapshot) {
    let (a, b) = (format!("{kept:#?}"), format!("{seen:#?}"));
    let b = b.replace("Soon", "Unrecorded");
    let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
    assert!(a == b, "{differs:?}");
}

#[test]
fn what_was_recorded_is_what_was_seen() {
    let (samples, seen) = script(90);
    let recorded = Recorded::open(Box::new(file(&record(&samples, &seen)))).expect("a recording");
    assert_eq!(recorded.lacks, None);
    let mut past = Past::new(Box::new(recorded));
    let moments = past.moments();
    assert_eq!(moments.len(), 90);
    for (moment, live) in moments.iter().zip(&seen) {
        same(&past.at(moment.at).expect("it is kept"), live);
    }
}

#[test]
fn what_was_read_between_two_ticks_and_what_was_not_there_are_recorded_as_such() {
    let (mut samples, _) = script(30);
    let mut later = 0;
    for (i, sample) in samples.iter_mut().enumerate() {
        // What is denied at times is told as that too.
        if i % 4 > 1 {
            sample.system.running = Err(Missing::Denied);
            sample.system.switches = Err(Missing::Soon);
            sample.system.load = Err(Missing::Denied);
            sample.system.cores[0].khz = Err(Missing::Denied);
        }
        for thread in &mut sample.threads {
            thread.after = Nanos(i as u64 % 3);
            later += thread.after.0;
        }
        for extra in sample.tasks.iter_mut().filter_map(|t| t.extra.as_mut()) {
            Arc::make_mut(extra).after = After {
                status: Nanos(0),
                io: Nanos(i as u64 % 3),
                schedstat: Nanos(i as u64),
            };
        }
    }
    assert!(later > 0, "there are threads");
    let before = std::iter::once(None).chain(samples.iter().map(Some));
    let seen = before.zip(&samples).map(|(b, s)| Snapshot::between(b, s));
    let seen: Vec<Snapshot> = seen.collect();
    let kept = Kept::new(1 << 20);
    kept.push(record(&samples, &seen));
    let mut past = Past::new(Box::new(kept));
    for live in &seen {
        same(&past.at(live.at).expect("it is kept"), live);
    }
}

/// Whoever asks what was kept hears the same reason of what is not in it, and nothing is to come.
#[test]
fn what_was_not_read_is_told_as_that_by_everything() {
    let (samples, seen) = script(20);
    let kept = Kept::new(1 << 20);
    kept.push(record(&samples, &seen));
    let mut past = Past::new(Box::new(kept));
    let mut unread = 0;
    for live in &seen {
        let then = past.at(live.at).expect("it is kept");
        for proc in then.procs.iter() {
            for column in column::ALL {
                let why = column.text(&then, proc).err();
                assert_ne!(why, Some(Missing::Soon), "{}", column.name);
                unread += usize::from(why == Some(Missing::Unrecorded));
            }
        }
        let told = format!("{:?} {:?} {:?}", then.system, then.own, then.shares);
        assert!(!told.contains("Soon"), "{told}");
    }
    assert!(unread > 0);
}

#[test]
fn stepping_back_and_forth_is_the_identity() {
    let (samples, seen) = script(50);
    let kept = Kept::new(1 << 20);
    kept.push(record(&samples, &seen));
    let mut past = Past::new(Box::new(kept));
    let mut place = 25_usize;
    for step in [0, -1, 1, 1, -1, -20, 40, 4, -1, -44, -3, 1, 0, 30, -1, 1] {
        place = place.saturating_add_signed(step).min(49);
        same(&past.at(seen[place].at).expect("it is kept"), &seen[place]);
    }
    assert!(past.at(Nanos(0)).is_err(), "before all");
}

/// Bytes that count how often they are asked for.
struct Asked(Vec<u8>, Arc<AtomicUsize>);

impl recorded::Bytes for Asked {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, place: u64, into: &mut [u8]) -> std::io::Result<()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read_at(place, into)
    }
}

/// Another process reads the file: what it is asked costs more than what it answers.
#[test]
fn going_back_over_what_was_read_asks_for_nothing_again() {
    let (samples, seen) = script(30);
    let asked = Arc::new(AtomicUsize::new(0));
    let bytes = Asked(file(&record(&samples, &seen)), Arc::clone(&asked));
    let recorded = Recorded::open(Box::new(bytes)).expect("a recording");
    let mut past = Past::new(Box::new(recorded));
    let moments = past.moments();
    let mut reads = |places: std::ops::Range<usize>| {
        let before = asked.load(Ordering::Relaxed);
        for place in places {
            same(&past.at(moments[place].at).expect("whole"), &seen[place]);
        }
        asked.load(Ordering::Relaxed) - before
    };
    assert_eq!(reads(20..21), 1, "what lies together is read at once");
    assert_eq!(reads(5..20), 0);
    // The last tick begins a chunk.
    assert!(reads(20..30) <= 1);
    assert!(reads(0..30) <= 2);
}

#[test]
fn a_recording_that_was_cut_tells_all_but_the_last_tick() {
    let (samples, seen) = script(12);
    let records = record(&samples, &seen);
    let all = file(&records);
    let mut whole = MAGIC.len();
    let ends: Vec<usize> = records
        .iter()
        .map(|r| {
            whole += r.len();
            whole
        })
        .collect();
    for cut in (0..all.len()).step_by(3) {
        let wanted = ends.iter().filter(|end| **end <= cut).count();
        let opened = Recorded::open(Box::new(all[..cut].to_vec()));
        let moments = opened.map_or(0, |recorded| {
            assert_eq!(recorded.lacks.is_some(), !ends.contains(&cut));
            super::past::Records::moments(&recorded).len()
        });
        assert_eq!(moments, wanted, "cut at {cut}");
    }
}

#[test]
fn damage_costs_its_chunk_and_no_more() {
    let (samples, seen) = script(60);
    let mut all = file(&record(&samples, &seen));
    let middle = all.len() / 2;
    all[middle] ^= 0x40;
    let recorded = Recorded::open(Box::new(all)).expect("the rest is whole");
    assert!(recorded.lacks.is_some());
    let mut past = Past::new(Box::new(recorded));
    let moments = past.moments();
    assert!((40..60).contains(&moments.len()), "{}", moments.len());
    for moment in moments {
        let shown = past.at(moment.at).expect("it is whole");
        let live = seen.iter().find(|s| s.at == shown.at).expect("it was seen");
        assert_eq!(shown.procs.len(), live.procs.len());
    }
}

#[test]
fn changes_that_are_linked_need_those_before_them() {
    let (samples, seen) = script(8);
    let all = record(&samples, &seen);
    let heads: Vec<Head> = all
        .iter()
        .map(|record| match Head::find(record) {
            Found::Head(head, _) => head,
            _ => panic!("a head"),
        })
        .collect();
    let linked = heads.iter().filter(|head| head.kind == Kind::Linked);
    assert_eq!(linked.count(), 7, "one whole state, and what follows");
    let mut player = Player::default();
    for (head, record) in heads.iter().zip(&all) {
        player.take(head, record, false).expect("in order");
    }
    same(&player.snapshot().expect("reached"), &seen[7]);
    // Where one of them is lacking, nothing is made up of the others.
    for lacking in 1..7 {
        let mut player = Player::default();
        for (i, (head, record)) in heads.iter().zip(&all).enumerate() {
            if i != lacking {
                let taken = player.take(head, record, false);
                assert_eq!(taken.is_ok(), i < lacking, "{i} without {lacking}");
            }
        }
        assert_eq!(player.at(), None);
    }
}

#[test]
fn secrets_and_what_acts_on_a_terminal_do_not_come_out() {
    let mut scene = Scene::new();
    let facts = Arc::make_mut(&mut scene.task(7, 1, "db").facts);
    facts.command = Ok(Command::from_bytes(b"db\0--password=hunter2\0"));
    let snapshot = scene.snapshot();
    let all = file(&record(&[scene.sample.clone()], &[snapshot]));
    let mut past = Past::new(Box::new(Recorded::open(Box::new(all)).expect("sound")));
    let shown = past.at(scene.sample.at).expect("kept");
    assert_eq!(shown.procs[0].command_line(), "db --password=********");
    // A forged one: escapes where text should be.
    let mut raw = Vec::new();
    let facts = [&[0x0a, 5][..], b"\x1b[2Jx", &[0x12, 4], b"\x1b]0;"].concat();
    raw.extend([
        0x22,
        facts.len() as u8 + 6,
        8,
        9,
        16,
        1,
        0x1a,
        facts.len() as u8,
    ]);
    raw.extend(facts);
    let mut state = Sample::default();
    tick::apply(&mut state, &raw).expect("well formed");
    let text = format!("{:?}", state.tasks);
    assert!(!text.contains('\u{1b}') && text.contains("x1b"), "{text}");
}

proptest! {
    #[test]
    fn any_bytes_are_borne(bytes: Vec<u8>) {
        let mut state = Sample::default();
        let _ = tick::apply(&mut state, &bytes);
        let _ = Recorded::open(Box::new([&MAGIC[..], &bytes].concat()));
    }

    #[test]
    fn any_damage_is_borne(flips in proptest::collection::vec((0_usize..4000, 1_u8..), 1..8)) {
        let (samples, _) = script(4);
        let mut raw = tick::write(None, &samples[0]);
        for (at, flip) in &flips {
            let len = raw.len();
            raw[at % len] ^= flip;
        }
        let mut state = Sample::default();
        if tick::apply(&mut state, &raw).is_ok() {
            let _ = Snapshot::between(None, &state);
        }
    }
}

#[test]
fn a_record_of_another_kind_is_left_out() {
    let (samples, seen) = script(3);
    let mut records = record(&samples, &seen);
    let summary = Summary::of(&seen[0], Marks::default());
    let other = super::record::write(Kind::Other(77), samples[0].at, &summary, b"new", None);
    records.insert(1, other);
    let recorded = Recorded::open(Box::new(file(&records))).expect("a recording");
    let mut past = Past::new(Box::new(recorded));
    assert_eq!(past.moments().len(), 3);
    same(&past.at(seen[2].at).expect("kept"), &seen[2]);
    let mut player = Player::default();
    assert!(player.snapshot().is_none() && player.at().is_none());
    let change = records.last().expect("some");
    let Found::Head(head, _) = Head::find(change) else {
        panic!("a head")
    };
    assert!(player.take(&head, change, false).is_err(), "a change alone");
}
