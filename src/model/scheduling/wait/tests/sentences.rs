//! Sentences of what a wait knows beyond its kind.

use super::*;
use crate::model::descriptors::peer::FULL;

#[test]
fn descriptors_tell_what_they_shall_be_ready_for_once() {
    for (events, words) in [
        (0x01, "to read"),
        (0x04, "to write"),
        (0x45, "to read or write"),
        (0x02, "for urgent data"),
        (0x80, "for urgent data"),
        (0x03, "to read"),
        (0x08, ""),
    ] {
        let t = call("poll", &[0x5000, 1, u64::MAX]).words32(0x5000, &[9, events]);
        let gap = if words.is_empty() { "" } else { " " };
        assert_eq!(t.said(), format!("poll on 1 descriptor: 9{gap}{words}"));
    }
    let input = call("poll", &[0x5000, 1, u64::MAX]).words32(0x5000, &[0, 1]);
    assert_eq!(input.said(), "poll on 1 descriptor: 0 to read");
}

#[test]
fn what_is_watched_is_counted_as_far_as_it_is_read() {
    let many = |count: u64| {
        let fds: Vec<u32> = (0..1024).flat_map(|n| [n.max(1) - 1, 1]).collect();
        let fds = [&[u32::MAX, 1], &fds[2..]].concat();
        let t = call("poll", &[0x5000, count, u64::MAX]).words32(0x5000, &fds);
        t.said().split(':').next().map(str::to_owned)
    };
    let said = |n: u32| Some(format!("poll on {n} descriptors"));
    assert_eq!(many(1024), said(1023), "one of them is negative");
    assert_eq!(many(1025), said(1025), "not all are looked at");
}

#[test]
fn a_connection_that_waits_for_a_full_backlog_says_so_once() {
    let said = |about: &str, peer: &str| {
        let mut waiting = call("connect", &[9]).waiting();
        for fd in waiting.what.descriptors_mut() {
            fd.about = Some(about.into());
        }
        waiting.words(&Names {
            thread: &|_| None,
            peer: &|_| Some(peer.to_owned()),
        })
    };
    let full = format!("unix, {FULL}");
    assert_eq!(said("to /run/x", "unix"), "connect of fd 9 to /run/x");
    let told = format!("connect of fd 9 to /run/x, {FULL}");
    assert_eq!(said("to /run/x", &full), told);
    assert_eq!(said(&format!("to /run/x, {FULL}"), &full), told);
}

#[test]
fn owners_elsewhere_are_named_by_their_process() {
    let said = |owner: Owner| {
        let kind = Lock::Mutex(Mutex::Plain, Some(owner));
        let (word, place, limit) = (0x5000, None, Limit::None);
        let waiting = Waiting {
            what: Wait::Futex(Futex {
                kind,
                word,
                place,
                limit,
            }),
            call: None,
            function: None,
            uninterruptible: false,
        };
        let said = waiting.words(&Names::NONE);
        said.replace("mutex held by ", "").replace(" (0x5000)", "")
    };
    let elsewhere = |tid| Owner::Elsewhere {
        tid: Tid(tid),
        pid: Pid(7),
        name: "db".into(),
    };
    let ended = |tid, pid, others| Owner::Ended {
        tid: Tid(tid),
        pid,
        name: "db".into(),
        others,
    };
    let other = Some(Pid(7));
    for (owner, words) in [
        (elsewhere(7), "7 db"),
        (elsewhere(8), "7 db, thread 8"),
        (ended(8, None, true), "thread 8 db, which has ended"),
        (ended(7, other, false), "7 db, which has ended"),
        (ended(7, other, true), "7 db, thread 7, which has ended"),
        (ended(8, other, false), "7 db, thread 8, which has ended"),
    ] {
        assert_eq!(said(owner), words);
    }
}

#[test]
fn in_state_d_a_call_that_has_no_words_of_its_own_is_told_by_its_function() {
    let mut t = call("keyctl", &[]);
    t.state = State::Blocked;
    assert_eq!(t.said(), "held in the kernel (D): in keyctl");
    t.function = Some("io_schedule");
    assert_eq!(t.said(), "blocked on a disk (D, in io_schedule)");
}
