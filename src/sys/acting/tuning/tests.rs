//! Live: only ever on children of our own.

use std::process::{Child, Command};

use super::*;
use crate::model::acting::tuning::{Forecast, IoClass};
use crate::model::id::{CpuId, Pid};

struct Puppet(Child);

impl Puppet {
    fn new() -> Self {
        Self(
            Command::new("sleep")
                .arg("1000")
                .spawn()
                .expect("sleep starts"),
        )
    }

    fn id(&self) -> ProcId {
        process_ids::read(&ProcRoot::live(), Pid(self.0.id()))
            .expect("our child")
            .id
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn right() -> Signals {
    Signals::over(&ProcRoot::live()).expect("tests run over the real /proc")
}

#[test]
fn every_lever_moves_and_moves_back() {
    let puppet = Puppet::new();
    let signals = right();
    let before = survey(&signals, &[puppet.id()]).remove(0);
    let first = before
        .cores
        .clone()
        .expect("its cores")
        .iter()
        .next()
        .expect("one");
    let settings = [
        Setting::Nice(before.nice.expect("its nice value") + 3),
        Setting::Affinity([first].into_iter().collect()),
        Setting::Io(IoPriority {
            class: IoClass::BestEffort,
            level: 6,
        }),
        Setting::Policy(Scheduling {
            policy: Policy::Batch,
            priority: 0,
        }),
    ];
    for setting in settings {
        let footing = survey(&signals, &[puppet.id()]).remove(0);
        let foretold = Forecast::of(&setting, &footing, &"us".into());
        if setting.tunable() == Tunable::Affinity
            && before.cores.as_ref().is_ok_and(|c| c.len() == 1)
        {
            println!("skipped: one core leaves no choice");
            continue;
        }
        assert_eq!(foretold, Forecast::Allowed, "{setting}");
        let (changes, back) = change(&signals, &[puppet.id()], &setting);
        assert_eq!(changes[0].done, Ok(1), "{setting}");
        assert_eq!(changes[0].before, before.now(setting.tunable()));
        let after = survey(&signals, &[puppet.id()]).remove(0);
        assert_eq!(after.now(setting.tunable()).as_ref(), Ok(&setting));
        let allowed = Forecast::of(
            &changes[0].before.clone().expect("known"),
            &after,
            &"us".into(),
        );
        let undone = undo(&signals, &back);
        assert_eq!(
            undone[0].done.is_ok(),
            allowed.is_allowed(),
            "{setting}: {allowed}"
        );
    }
}

#[test]
fn a_number_that_was_reused_changes_nobody() {
    let puppet = Puppet::new();
    let mut stale = puppet.id();
    stale.start.0 += 1;
    let (changes, back) = change(&right(), &[stale], &Setting::Nice(19));
    assert_eq!(changes[0].done, Err(Missing::Gone));
    assert!(undo(&right(), &back).is_empty());
    assert_eq!(survey(&right(), &[stale])[0].there, Err(Missing::Gone));
    assert_ne!(survey(&right(), &[puppet.id()])[0].nice, Ok(19));
}

#[test]
fn cores_that_are_not_there_are_refused() {
    let puppet = Puppet::new();
    let nowhere: CoreSet = [CpuId(8000)].into_iter().collect();
    let (changes, _) = change(&right(), &[puppet.id()], &Setting::Affinity(nowhere));
    assert_eq!(changes[0].done, Err(Missing::Unsupported));
}

#[test]
fn limits_are_read() {
    let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
        Max nice priority         25                   30                   \n\
        Max realtime priority     unlimited            unlimited            \n";
    assert_eq!(limit(text, "Max nice priority"), 25);
    assert_eq!(limit(text, "Max realtime priority"), u64::MAX);
    assert_eq!(limit("", "Max nice priority"), 0);
}
