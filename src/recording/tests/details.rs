//! What the inspector and the views showed comes back as it was, whatever it was, and nothing forged makes it grow.

mod values;

use std::sync::Arc;

use proptest::prelude::*;

use super::super::details::{self, DetailWriter};
use super::super::record::{Found, Head, Kind, Marks, Summary};
use super::super::{Kept, Past, Recorded, Writer};
use super::{file, record, script};
use crate::model::descriptors::descriptor::{self, About, Files};
use crate::model::detail::{Detail, MachineDetail, Stamped};
use crate::model::groups::frozen::Frozen;
use crate::model::groups::unit::Names;
use crate::model::id::{Nanos, Pid, ProcId, Tid};
use crate::model::process::threads::Threads;
use crate::model::reading::Missing;
use crate::model::scene::Scene;
use crate::model::scheduling::wait::{Futex, Limit, Lock, Owner, RwHeld, Wait};
use crate::model::text::SafeText;
use values::{OF, everything, files};

const BACK: Nanos = Nanos(60_000_000_000);

/// A record of all that can be told, as a file of a release has it.
pub(super) fn record_of_everything(tick: Nanos) -> Option<Vec<u8>> {
    DetailWriter::new(true).record(&everything(Nanos(tick.0 + 1000)), 0)
}

/// What that record tells, also where later versions know more.
pub(super) fn was_everything(past: &Past, tick: Nanos) {
    fn value<T>(slot: Option<Stamped<T>>) -> Arc<T> {
        slot.expect("it was read").value.expect("and known")
    }
    let heard = past.detail(tick, Some(OF), BACK).expect("sound");
    let known = everything(Nanos(tick.0 + 1000));
    let rows = |files: &Files| -> Vec<String> {
        let rows = files.rows.iter();
        rows.map(|row| format!("{} {:?} {} {:?}", row.fd, row.kind, row.target, row.object))
            .collect()
    };
    assert_eq!(rows(&value(heard.files)), rows(&value(known.files)));
    let waits = |threads: &Threads| -> Vec<String> {
        let rows = threads
            .rows
            .iter()
            .filter_map(|row| row.detail.as_ref().ok());
        rows.map(|detail| format!("{:?}", detail.waiting.what))
            .collect()
    };
    assert_eq!(waits(&value(heard.threads)), waits(&value(known.threads)));
    assert_eq!(value(heard.environment).variables.len(), 1);
    assert_eq!(value(heard.spent).buckets.len(), 1);
    assert_eq!(value(heard.machine.gpus).cards[0].temperature, Ok(-1.5));
    assert_eq!(value(heard.machine.group).path.as_str(), "/a");
    assert_eq!(heard.machine.containers.len(), 2);
}

fn told(detail: &Detail, environment: bool) -> Vec<u8> {
    let record = DetailWriter::new(environment).record(detail, 5);
    record.expect("there is something to tell")
}

fn heard(record: &[u8], of: Option<ProcId>) -> Detail {
    let Found::Head(head, _) = Head::find(record) else {
        panic!("a head")
    };
    assert_eq!(head.kind, Kind::Details);
    let mut into = Detail {
        at: head.at,
        of,
        ..Detail::default()
    };
    details::fill(&mut into, &head.unpack(record).expect("whole")).expect("well formed");
    into
}

fn same(a: &Detail, b: &Detail) {
    // Names of containers stand in no order.
    let text = |detail: &Detail| {
        let mut names: Vec<_> = detail.machine.containers.iter().collect();
        names.sort_by_key(|(id, _)| *id);
        let mut rest = detail.clone();
        rest.machine.containers = Arc::default();
        format!("{names:#?}\n{rest:#?}")
    };
    // Of what was still to be read, what is kept says that it was not.
    let [a, b] = [a, b].map(|detail| text(detail).replace("Soon", "Unrecorded"));
    let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
    assert!(a == b, "{differs:?}");
}

#[test]
fn what_was_shown_is_what_was_recorded() {
    let detail = everything(Nanos(1000));
    same(&heard(&told(&detail, true), Some(OF)), &detail);
    // Environments only where they are asked for.
    let without = heard(&told(&detail, false), Some(OF));
    assert!(without.environment.is_none() && without.files.is_some());
    // Of somebody else it tells the machine alone.
    let other = heard(&told(&detail, false), Some(ProcId::new(8, 8)));
    assert!(other.files.is_none() && other.machine.gpus.is_some());
}

/// What is told since the first release, and not in its file.
#[test]
fn what_is_told_since_comes_back_too() {
    let mut detail = everything(Nanos(1000));
    let mut files = files();
    let marks = descriptor::about::Marks {
        files: 0,
        mounts: 2,
        filesystems: 1,
    };
    if let Ok(info) = &mut files.rows[0].info {
        info.about = About::Fanotify(4, marks);
    }
    detail.files = Some(Stamped::new(Nanos(1000), Ok(files)));
    let threads = detail.threads.as_ref().and_then(|t| t.value.as_ref().ok());
    let mut threads = Threads::clone(threads.expect("told"));
    let owner = Owner::Ended {
        tid: Tid(7),
        pid: Some(Pid(7)),
        name: "a".into(),
        others: true,
    };
    if let Ok(row) = &mut threads.rows[0].detail {
        row.waiting.what = Wait::Futex(Futex {
            kind: Lock::RwLock(RwHeld::Writer(owner)),
            word: 8,
            place: None,
            limit: Limit::None,
        });
    }
    detail.threads = Some(Stamped::new(Nanos(1000), Ok(threads)));
    same(&heard(&told(&detail, true), Some(OF)), &detail);
    let told = format!("{detail:?}");
    assert!(
        told.contains("Fanotify") && told.contains("Ended {"),
        "{told}"
    );
}

#[test]
fn each_part_is_the_one_that_was_read_last() {
    let (samples, seen) = script(30);
    let kept = Kept::new(1 << 20);
    let mut writer = DetailWriter::new(false);
    let mut all = Vec::new();
    for (records, shown) in samples.windows(2).zip(seen.windows(2)) {
        let records = if all.is_empty() {
            record(records, shown)
        } else {
            record(records, shown).split_off(1)
        };
        all.extend(records);
        let at = Nanos(shown[1].at.0 + 1000);
        let mut detail = everything(at);
        if at > seen[20].at {
            // What is not read anew is not told again.
            detail.files = Some(Stamped::new(seen[20].at, Ok(files())));
        }
        all.extend(writer.record(&detail, 0));
        assert_eq!(writer.record(&detail, 0), None);
    }
    kept.push(all.clone());
    let recorded = Recorded::open(Box::new(file(&all))).expect("a recording");
    for past in [Past::new(Box::new(kept)), Past::new(Box::new(recorded))] {
        let of = |at, back| past.detail(at, Some(OF), back).expect("kept");
        let early = of(seen[5].at, BACK);
        assert_eq!(early.threads.expect("read").at, Nanos(seen[5].at.0 + 1000));
        let late = of(seen[28].at, BACK);
        assert!(late.files.expect("read before").at <= seen[20].at);
        let gone = of(seen[28].at, Nanos(1_000_000_000));
        assert!(gone.files.is_none(), "that is too long ago");
        let before = past.read_before(seen[5].at, Some(OF), BACK).expect("kept");
        assert_eq!(before.threads.expect("read").at, Nanos(seen[4].at.0 + 1000));
        assert!(of(Nanos(0), BACK).threads.is_none());
    }
}

#[test]
fn what_was_shown_does_not_cost_the_ticks_their_room() {
    let (samples, seen) = script(200);
    let (with, without) = (Kept::new(60_000), Kept::new(60_000));
    let mut writer = DetailWriter::new(false);
    for (i, records) in record(&samples, &seen).into_iter().enumerate() {
        with.push(vec![records.clone()]);
        without.push(vec![records]);
        let detail = everything(Nanos(seen[i.min(199)].at.0 + 1));
        with.push(writer.record(&detail, 0).into_iter().collect());
    }
    let long = |kept: &Kept| kept.span().map_or(0, |(from, to)| to.since(from).0);
    assert!(
        long(&with) * 4 >= long(&without) * 2,
        "{} of {}",
        long(&with),
        long(&without)
    );
    let past = Past::new(Box::new(with));
    let newest = past.detail(seen[199].at, Some(OF), BACK).expect("kept");
    assert!(newest.threads.is_some());
}

#[test]
fn another_container_is_told_although_there_are_as_many_and_all_are_told_again() {
    let mut detail = everything(Nanos(1000));
    let all = Arc::clone(&detail.machine.containers);
    let mut writer = DetailWriter::new(false);
    let mut tells = |detail: &Detail| {
        let record = writer.record(detail, 5)?;
        let Found::Head(head, _) = Head::find(&record) else {
            panic!("a head")
        };
        let mut heard = Detail::default();
        let body = head.unpack(&record).expect("whole");
        details::fill(&mut heard, &body).expect("well formed");
        Some(heard.machine.containers)
    };
    assert_eq!(tells(&detail).as_ref(), Some(&all));
    assert_eq!(tells(&detail), None, "nothing is new");
    let mut names = Names::clone(&all);
    let (id, called) = all.iter().next().expect("some");
    names.remove(id);
    names.insert("another".into(), called.clone());
    detail.machine.containers = Arc::new(names);
    assert_eq!(tells(&detail), Some(Arc::clone(&detail.machine.containers)));
    detail.at = Nanos(40_000_000_000);
    assert_eq!(tells(&detail), Some(Arc::clone(&detail.machine.containers)));
}

#[test]
fn columns_show_what_was_read_shortly_before() {
    let machine = everything(Nanos(1000)).machine;
    let now = machine.shares_at(Nanos(2000));
    assert!(now.gpus.is_ok());
    let read = format!("{:?}", machine.shares(Nanos(0)));
    assert_eq!(format!("{now:?}"), read.replace("Soon", "Unrecorded"));
    assert_eq!(now.names, machine.containers);
    let late = machine.shares_at(Nanos(100_000_000_000));
    assert_eq!(late.gpus.err(), Some(Missing::Gap));
    let none = MachineDetail::default().shares_at(Nanos(2000));
    assert_eq!(none.gpus.as_ref().err(), Some(&Missing::Unrecorded));
    assert_eq!(none.calls_of(ProcId::new(1, 1)), Err(Missing::Unrecorded));
}

#[test]
fn a_list_that_swells_is_not_believed() {
    // Two bytes an element, of which each would take hundreds.
    let mut body = vec![0x0a, 0x06, 0x0a, 0x02, 0x08, 0x07, 0x10, 0x03];
    let elements = [0x0a, 0x00].repeat(200_000);
    let mut list = vec![0x0a];
    let push = |into: &mut Vec<u8>, inner: &[u8]| {
        let mut len = inner.len();
        while len >= 0x80 {
            into.push(len as u8 | 0x80);
            len >>= 7;
        }
        into.push(len as u8);
        into.extend(inner);
    };
    push(&mut list, &elements);
    let mut value = vec![0x12];
    push(&mut value, &list);
    body.extend([0x1a]);
    push(&mut body, &value);
    let mut into = Detail {
        of: Some(OF),
        ..Detail::default()
    };
    let _ = details::fill(&mut into, &body);
    let rows = into.threads.and_then(|slot| slot.value.ok());
    assert!(rows.is_none_or(|threads| threads.rows.len() < 200_000));
}

proptest! {
    #[test]
    fn any_damage_of_details_is_borne(flips in proptest::collection::vec((0_usize..6000, 1_u8..), 1..9)) {
        let record = told(&everything(Nanos(1000)), true);
        let Found::Head(head, _) = Head::find(&record) else {
            panic!("a head")
        };
        let mut body = head.unpack(&record).expect("whole");
        for (at, flip) in flips {
            let len = body.len();
            body[at % len] ^= flip;
        }
        let mut into = Detail { of: Some(OF), ..Detail::default() };
        let _ = details::fill(&mut into, &body);
    }
}

#[test]
fn marks_and_summaries_are_those_of_ticks() {
    let record = told(&everything(Nanos(1000)), false);
    let Found::Head(head, _) = Head::find(&record) else {
        panic!("a head")
    };
    assert_eq!(head.summary, Summary::at(5));
    assert_eq!(head.summary.marks, Marks::default());
}

/// Groups that nobody is in are told by nothing else; all of them are told now and then, and at once where they changed.
#[test]
fn groups_that_nobody_is_in_come_back() {
    let kept = Kept::new(1 << 20);
    let mut scene = Scene::new();
    scene.task(1, 0, "init");
    let mut writer = DetailWriter::new(false);
    let mut detail = Detail::default();
    let mut told = Vec::new();
    for (second, paths, frozen) in [
        (10, &["/a", "/a/empty"][..], false),
        (20, &["/a", "/a/empty"], false),
        (70, &["/a", "/a/empty"], false),
        (80, &["/a"], false),
        (85, &["/a"], true),
        (95, &["/a"], false),
    ] {
        detail.machine.frozen = Arc::new(Frozen {
            groups: frozen.then(|| "/a".into()).into_iter().collect(),
            pids: frozen.then_some(Pid(1)).into_iter().collect(),
        });
        detail.at = Nanos(second * 1_000_000_000);
        detail.machine.hierarchy = paths.iter().map(|path| SafeText::from(*path)).collect();
        if let Some(record) = writer.record(&detail, 0) {
            told.push(second);
            // Nothing tells of what stands before all states.
            kept.push(Writer::default().tick(None, &scene.sample, Summary::at(0)));
            kept.push(vec![record]);
        }
    }
    assert_eq!(told, [10, 70, 80, 85, 95]);
    let past = Past::new(Box::new(kept));
    let shares = |second: u64| {
        let at = Nanos(second * 1_000_000_000);
        let detail = past.read_before(at, None, Nanos(60_000_000_000));
        detail.expect("sound").machine.shares_at(at)
    };
    let groups = |second: u64| {
        shares(second)
            .groups
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(groups(60), ["/a", "/a/empty"]);
    assert_eq!(groups(75), ["/a", "/a/empty"]);
    assert_eq!(groups(90), ["/a"]);
    let frozen = |second: u64| shares(second).frozen.has(Pid(1));
    assert_eq!([82, 90, 97].map(frozen), [false, true, false]);
}
