//! Locks of the C library: who has each is told where it is stored and nowhere else, and circles are found and no others.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pscope::model::process::threads::Threads;
use pscope::model::scheduling::wait::Wait;
use pscope::sampler::scheduling::waits::Waits;
use pscope::sys::root::ProcRoot;
use serde_json::Value;

use super::puppet::{Puppet, id_of};

/// What each thread waits for by its name, with names in place of numbers: `mutex held by holder (0x…`.
fn told(threads: &Threads) -> BTreeMap<String, String> {
    let words = |row| {
        let words = threads.waits_on(row, &|_| None).unwrap_or_default();
        let mut parts = words.split(' ').peekable();
        let mut out = Vec::new();
        while let Some(part) = parts.next() {
            let numbered = parts.peek().is_some_and(|p| p.parse::<u32>().is_ok());
            if part == "thread" && numbered {
                parts.next();
            } else {
                out.push(part);
            }
        }
        out.join(" ")
    };
    let rows = threads.rows.iter();
    rows.map(|row| (row.name.to_string(), words(row))).collect()
}

/// The names of the threads of each circle.
fn circles(threads: &Threads) -> Vec<Vec<String>> {
    let name = |tid| {
        threads
            .get(tid)
            .map_or(String::new(), |r| r.name.to_string())
    };
    let circle = |d: &pscope::model::scheduling::wait::Deadlock| {
        let mut names: Vec<String> = d.0.iter().map(|tid| name(*tid)).collect();
        names.sort();
        names
    };
    threads.deadlocks.iter().map(circle).collect()
}

/// Reads again until what is told `is` so; `None` where this machine does not show system calls of our own children.
fn until(pid: u32, is: impl Fn(&Threads) -> Result<(), String>) -> Option<()> {
    let mut waits = Waits::new(&ProcRoot::live());
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let threads = waits.threads(id_of(pid), &[]).expect("our own child");
        let mut details = threads.rows.iter().filter_map(|r| r.detail.as_ref().ok());
        if details.any(|d| d.waiting.what == Wait::Hidden) {
            println!("skipped: this machine does not show system calls of our own children");
            return None;
        }
        // A thread blocks a moment after it said what for.
        match is(&threads) {
            Ok(()) => return Some(()),
            Err(why) => assert!(Instant::now() < end, "{why}"),
        }
    }
}

fn as_said(threads: &Threads, said: &[(String, String)]) -> Result<(), String> {
    let told = told(threads);
    for (name, begins) in said {
        let words = told
            .get(name)
            .ok_or_else(|| format!("{name}: not listed"))?;
        if !words.starts_with(begins.as_str()) {
            return Err(format!("{name}: {words}, not {begins}"));
        }
    }
    Ok(())
}

/// What the puppet said that its threads wait for.
fn said(puppet: &Puppet) -> Vec<(String, String)> {
    let all = puppet.truth["locks"].as_array().expect("a list");
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    all.iter()
        .map(|l| (text(&l["name"]), text(&l["waits"])))
        .collect()
}

#[test]
#[cfg(target_env = "gnu")]
fn every_lock_tells_whose_it_is() {
    let puppet = Puppet::mode("locks");
    let said = said(&puppet);
    assert!(said.len() > 15);
    until(puppet.pid(), |threads| {
        as_said(threads, &said)?;
        let found = circles(threads);
        let none = found.is_empty();
        none.then_some(()).ok_or(format!("no deadlock: {found:?}"))
    });
}

#[test]
#[cfg(all(
    target_env = "gnu",
    target_pointer_width = "64",
    target_arch = "x86_64"
))]
fn a_stripped_program_of_rust_tells_its_waits_by_its_code() {
    let directory = tempfile::tempdir().expect("a directory");
    let puppet = Puppet::stripped(directory.path(), "locks");
    let of_rust = said(&puppet)
        .into_iter()
        .filter(|(name, _)| name.starts_with("rust "));
    // A barrier is made of a mutex and a condition variable, and no name tells which.
    let by_code = |(name, waits): (String, String)| match waits.as_str() {
        "barrier (" => (name, "condition variable (".to_owned()),
        _ => (name, waits),
    };
    let said: Vec<_> = of_rust.map(by_code).collect();
    assert!(said.len() > 6);
    until(puppet.pid(), |threads| as_said(threads, &said));
}

#[test]
#[cfg(target_env = "gnu")]
fn small_numbers_of_a_pid_namespace_are_no_owners() {
    let puppet = Puppet::mode("locks-nested");
    let Some(pid) = puppet.truth["pid"].as_u64() else {
        println!("skipped: this user may not have a PID namespace of its own");
        return;
    };
    let expected = [
        ("plain", "mutex held by holder ("),
        ("recursive", "mutex held by holder ("),
        ("robust", "robust mutex held by holder ("),
        ("inherit", "PI mutex held by holder ("),
        ("rw reader", "rwlock written by holder ("),
        ("condition", "condition variable ("),
        ("semaphore", "semaphore ("),
        ("barrier", "barrier ("),
        ("joiner", "joining holder"),
    ];
    let said: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    until(pid as u32, |threads| {
        as_said(threads, &said)?;
        let found = circles(threads);
        let right = found == [["A", "B"]];
        right.then_some(()).ok_or(format!("{found:?}"))
    });
}

#[test]
#[cfg(target_env = "gnu")]
fn an_owner_that_has_ended_is_no_holder() {
    let puppet = Puppet::mode("owner_ended");
    let said = said(&puppet);
    assert_eq!(said.len(), 3);
    until(puppet.pid(), |threads| as_said(threads, &said));
}

#[test]
#[cfg(target_env = "gnu")]
fn circles_through_any_lock_are_found() {
    for how in ["locks-plain", "locks-robust", "locks-timed", "locks-rwlock"] {
        let puppet = Puppet::mode(how);
        until(puppet.pid(), |threads| {
            let found = circles(threads);
            let right = found == [["A", "B"]];
            right.then_some(()).ok_or(format!("{how}: {found:?}"))
        });
    }
}

#[test]
#[cfg(target_env = "gnu")]
fn a_circle_through_two_processes_is_found() {
    let puppet = Puppet::mode("locks-shared");
    let child = puppet.truth["child"].to_string();
    until(puppet.pid(), |threads| {
        let told: Vec<String> = threads.deadlocks.iter().map(|d| threads.told(d)).collect();
        let [circle] = &told[..] else {
            return Err(format!("{told:?}"));
        };
        let both = circle.contains(&format!("{child} of puppet"));
        both.then_some(()).ok_or_else(|| circle.clone())
    });
}

/// The numbers in a circle of the one that is told, in order; none where none is.
fn members(threads: &Threads) -> Vec<u32> {
    let all = threads.deadlocks.iter().flat_map(|d| &d.0);
    let mut all: Vec<u32> = all.map(|tid| tid.0).collect();
    all.sort_unstable();
    all
}

#[test]
fn circles_through_whole_processes_are_found() {
    for (how, waits) in [
        ("flock", "file lock (flock) on"),
        ("child", "child"),
        ("record", "child"),
        ("pipes", "read of"),
        ("alone", "read of"),
    ] {
        let puppet = Puppet::mode(&format!("circle-{how}"));
        let pid = puppet.pid();
        let child = puppet.truth["child"].as_u64().expect("a number") as u32;
        let expected: Vec<u32> = [pid, child].into_iter().filter(|n| *n != 0).collect();
        let told = until(pid, |threads| {
            as_said(threads, &[("puppet".to_owned(), waits.to_owned())])?;
            let found = members(threads);
            let right = found == expected;
            right.then_some(()).ok_or(format!("{how}: {found:?}"))
        });
        if told.is_none() {
            return;
        }
    }
}

#[test]
fn a_circle_stays_told_for_as_long_as_nobody_does_anything() {
    let puppet = Puppet::mode("circle-flock");
    let child = puppet.truth["child"].as_u64().expect("a number") as i32;
    let mut waits = Waits::new(&ProcRoot::live());
    let end = Instant::now() + Duration::from_mins(1);
    let mut look = || {
        assert!(Instant::now() < end, "neither found nor over");
        let threads = waits.threads(puppet.id(), &[]).expect("our own child");
        let mut details = threads.rows.iter().filter_map(|r| r.detail.as_ref().ok());
        let hidden = details.any(|d| d.waiting.what == Wait::Hidden);
        (!hidden).then(|| !threads.deadlocks.is_empty())
    };
    loop {
        match look() {
            None => {
                println!("skipped: this machine does not show system calls of our own children");
                return;
            }
            Some(true) => break,
            Some(false) => std::thread::yield_now(),
        }
    }
    for _ in 0..5 {
        assert_eq!(look(), Some(true));
    }
    let child = nix::unistd::Pid::from_raw(child);
    nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).expect("a child of our own");
    while look() == Some(true) {}
}

#[test]
fn a_circle_through_a_mutex_and_a_file_is_found() {
    let puppet = Puppet::mode("circle-mixed");
    until(puppet.pid(), |threads| {
        let found = circles(threads);
        let right = found == [["A", "B"]];
        right.then_some(()).ok_or(format!("{found:?}"))
    });
}

/// Another thread of the holder, or another process with the same end of a pipe, may act though it does not yet.
#[test]
fn whoever_waits_for_somebody_who_may_act_is_in_no_circle() {
    for (how, waits) in [("free", "child"), ("third", "read of")] {
        let puppet = Puppet::mode(&format!("circle-{how}"));
        let child = puppet.truth["child"].as_u64().expect("a number") as u32;
        // Whoever would close the circle waits too.
        let other = if how == "free" {
            "file lock"
        } else {
            "read of"
        };
        for (pid, waits) in [(puppet.pid(), waits), (child, other)] {
            until(pid, |threads| {
                let waits = [("puppet".to_owned(), waits.to_owned())];
                as_said(threads, &waits)
            });
        }
        let mut waits = Waits::new(&ProcRoot::live());
        let threads = waits.threads(puppet.id(), &[]).expect("our own child");
        assert!(
            threads.deadlocks.is_empty(),
            "{how}: {:?}",
            threads.deadlocks
        );
    }
}
