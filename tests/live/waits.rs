//! The puppet's threads and signals: what each waits for, who locks whom out, what is caught, ignored, blocked, pending.

use std::time::{Duration, Instant};

use pscope::model::acting::signal::{Disposition, Signal};
use pscope::model::id::Tid;
use pscope::model::process::threads::Threads;
use pscope::model::scheduling::wait::Wait;
use pscope::sampler::scheduling::waits::Waits;
use pscope::sys::acting::signal_masks::SignalMasks;
use pscope::sys::root::ProcRoot;
use serde_json::Value;

use super::puppet::Puppet;

/// What a thread of the puppet ought to wait for, as the beginning of the words.
fn expected(said: &Value, all: &[Value]) -> Vec<String> {
    let more = &said["more"];
    let named = |name: &Value| {
        let other = all.iter().find(|o| o["name"] == *name).expect("said");
        format!("thread {} {}", other["tid"], name.as_str().expect("a name"))
    };
    if let Some(verb) = more["verb"].as_str() {
        let what = if verb == "read of" { "pipe" } else { "socket" };
        return vec![format!("{verb} fd {}, {what}", more["fd"])];
    }
    if let Some(fds) = more["polls"].as_array() {
        return vec![format!(
            "poll on 2 descriptors: {} pipe, {} socket",
            fds[0], fds[1]
        )];
    }
    if !more["mutex_of"].is_null() {
        return vec![format!("mutex held by {}", named(&more["mutex_of"]))];
    }
    if !more["joins"].is_null() {
        return vec![format!("joining {}", named(&more["joins"]))];
    }
    if more["condition"] == true {
        return vec!["condition variable (".to_owned()];
    }
    vec!["sleep, ".to_owned(), "sleep of ".to_owned()]
}

fn waits_as_said(threads: &Threads, all: &[Value]) -> Result<(), String> {
    for said in all {
        let tid = Tid(said["tid"].as_u64().expect("a tid") as u32);
        let row = threads
            .get(tid)
            .ok_or_else(|| format!("{said}: not listed"))?;
        let words = threads.waits_on(row, &|_| None).unwrap_or_default();
        if !expected(said, all).iter().any(|e| words.starts_with(e)) {
            return Err(format!("{said}: {words}"));
        }
    }
    Ok(())
}

#[test]
#[cfg(target_env = "gnu")]
fn every_thread_waits_for_what_it_said() {
    let puppet = Puppet::start();
    let all = puppet.truth["waits"].as_array().expect("a list");
    let mut waits = Waits::new(&ProcRoot::live());
    let end = Instant::now() + Duration::from_mins(1);
    let threads = loop {
        let threads = waits.threads(puppet.id(), &[]).expect("our own child");
        let hidden = threads.rows.iter().filter_map(|r| r.detail.as_ref().ok());
        if hidden.clone().any(|d| d.waiting.what == Wait::Hidden) {
            println!("skipped: this machine does not show system calls of our own children");
            return;
        }
        // A thread blocks a moment after it said what for.
        match waits_as_said(&threads, all) {
            Ok(()) => break threads,
            Err(why) => assert!(Instant::now() < end, "{why}"),
        }
    };
    let of = |name: &str| {
        let said = all.iter().find(|s| s["name"] == name).expect("said");
        said["tid"].as_u64().expect("a tid") as u32
    };
    let mut circle = [of("left"), of("right")];
    circle.sort_unstable();
    let told: Vec<Vec<u32>> = threads
        .deadlocks
        .iter()
        .map(|d| d.0.iter().map(|t| t.0).collect())
        .collect();
    assert_eq!(
        told,
        [circle],
        "the two that lock each other out, and nobody else"
    );
    for said in all {
        let row = threads
            .get(Tid(of(said["name"].as_str().expect("a name"))))
            .expect("listed");
        assert_eq!(Value::from(row.name.as_str()), said["name"]);
        let stack = row.value(|d| d.stack).expect("a stack of its own");
        assert!(
            stack.used.0 > 0 && stack.used <= stack.size,
            "{said}: {stack:?}"
        );
    }
}

#[test]
fn signals_are_as_the_puppet_arranged_them() {
    let puppet = Puppet::start();
    let state = SignalMasks::new(&ProcRoot::live());
    let state = state.of(puppet.id()).expect("our own child");
    let truth = &puppet.truth["signals"];
    let signal = |n: &Value| Signal::new(n.as_u64().expect("a number") as u32).expect("a signal");
    let list = |name: &str| -> Vec<Signal> {
        truth[name]
            .as_array()
            .expect("a list")
            .iter()
            .map(signal)
            .collect()
    };
    assert_eq!(
        state.disposition(signal(&truth["caught"])),
        Disposition::Caught
    );
    for signal in list("ignored") {
        assert_eq!(state.disposition(signal), Disposition::Ignored, "{signal}");
    }
    assert_eq!(state.disposition(Signal::TERM), Disposition::Default);
    for signal in list("blocked") {
        assert!(state.is_blocked(signal), "{signal}");
    }
    let pending: Vec<Signal> = Signal::all().filter(|s| state.is_pending(*s)).collect();
    assert_eq!(pending, list("pending"));
    let first = Tid(puppet.pid());
    let alone: Vec<Tid> = state.waiting(list("pending")[1]).map(|t| t.tid).collect();
    assert_eq!(alone, [first], "it waits for the first thread alone");
    assert!(
        state.pending.contains(list("pending")[0]),
        "it waits for the process"
    );
}

#[test]
fn a_strangers_waits_are_denied_and_not_made_up() {
    if nix::unistd::geteuid().is_root() {
        println!("skipped: root may see everything");
        return;
    }
    let mut waits = Waits::new(&ProcRoot::live());
    let init = super::puppet::id_of(1);
    let threads = waits
        .threads(init, &[Tid(1)])
        .expect("anyone may list threads");
    let first = threads.get(Tid(1)).expect("listed");
    let detail = first.detail.as_ref().expect("shown threads are read");
    assert!(
        matches!(detail.waiting.what, Wait::Hidden | Wait::Running),
        "{detail:?}"
    );
    assert!(detail.stack.is_err(), "never 0");
}
