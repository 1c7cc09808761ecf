//! What is passed over is told as what is looked at, as far as it is told.

use super::*;
use crate::model::id::ProcId;
use crate::recording::past::Glance;

fn past(records: &[Vec<u8>]) -> Past {
    let kept = Kept::new(1 << 20);
    kept.push(records.to_vec());
    Past::new(Box::new(kept))
}

#[test]
fn a_glance_tells_what_a_look_tells_of_those_who_did_something() {
    let (samples, seen) = script(40);
    let mut writer = Writer::default();
    writer.longest = 7;
    let mut records = Vec::new();
    for (i, sample) in samples.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &samples[i]);
        let summary = Summary::of(&seen[i], Marks::default());
        records.extend(writer.tick(before, sample, summary));
    }
    for one in [ProcId::new(1, 1), ProcId::new(105, 105)] {
        let (mut busy, mut alone) = (past(&records), past(&records));
        for live in &seen[1..] {
            let glance = busy.glance(live.at, Glance::Busy(Some(one))).expect("kept");
            let only = alone.glance(live.at, Glance::One(Some(one))).expect("kept");
            for told in [&glance, &only] {
                assert_eq!((told.at, told.span), (live.at, live.span));
                assert_eq!(told.system.cores, live.system.cores);
                assert_eq!(told.system.switches, live.system.switches);
                assert_eq!(
                    as_kept(&told.system.pressure),
                    as_kept(&live.system.pressure)
                );
                let (told, live) = (told.get(one), live.get(one));
                assert_eq!(
                    as_kept(&told.map(|p| (p.stat, p.cpu))),
                    as_kept(&live.map(|p| (p.stat, p.cpu)))
                );
                let rates =
                    |p: Option<&crate::model::snapshot::Proc>| p.and_then(|p| p.rates.clone());
                assert_eq!(as_kept(&rates(told)), as_kept(&rates(live)));
            }
            assert!(only.procs.len() <= 1);
            let is_told = |p: &&crate::model::snapshot::Proc| {
                p.stat.state == State::Blocked || p.cpu_with_ended().is_ok_and(|cpu| cpu > 0.0)
            };
            let who: Vec<ProcId> = live.procs.iter().filter(is_told).map(|p| p.id).collect();
            for id in &who {
                let (told, live) = (glance.get(*id), live.get(*id));
                let numbers = |p: &crate::model::snapshot::Proc| (p.stat, p.cpu, p.ended);
                assert_eq!(
                    as_kept(&told.map(numbers)),
                    as_kept(&live.map(numbers)),
                    "{id:?}"
                );
            }
            assert!(glance.procs.len() < live.procs.len(), "not all of them");
        }
    }
}

#[test]
fn whoever_glanced_at_a_moment_can_look_at_any() {
    let (samples, seen) = script(40);
    let records = record(&samples, &seen);
    let mut past = past(&records);
    for at in [30_usize, 5, 6, 7, 39, 38, 0, 1] {
        for glances in [at.saturating_sub(3)..at, at..at + 1] {
            for tick in &seen[glances] {
                past.glance(tick.at, Glance::Busy(None)).expect("kept");
            }
            same(&past.at(seen[at].at).expect("kept"), &seen[at]);
        }
    }
}
