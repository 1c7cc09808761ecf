//! Our own calls, counted by the kernel and by us.

use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;

use super::*;
use crate::model::scheduling::calls::between;

fn begin() -> Option<Tracing> {
    match Tracing::begin(&ProcRoot::live(), Pid(std::process::id())) {
        Ok(tracing) => Some(tracing),
        Err(refused) => {
            println!("skipped: {refused}");
            None
        }
    }
}

#[test]
fn calls_are_counted_to_the_last() {
    let Some(tracing) = begin() else { return };
    let (mut reader, mut writer) = io::pipe().expect("a pipe");
    let (from, to) = (reader.as_raw_fd(), writer.as_raw_fd());
    let first = tracing.read().expect("read");
    let mut byte = [0];
    for _ in 0..1000 {
        writer.write_all(&[7]).expect("room");
        reader.read_exact(&mut byte).expect("a byte");
    }
    for _ in 0..50 {
        let missing = std::fs::File::open("/no such file");
        assert!(missing.is_err());
    }
    let last = tracing.read().expect("read");
    let calls = between(&first, &last, &WORDS);
    let on = |call: &str, fd: i32| {
        let row = calls.rows.iter().find(|r| r.name == call).expect("made");
        let found = last.descriptors.get(&(row.number, fd));
        found.map(|p| p.calls)
    };
    // Of these two descriptors nobody else knows.
    assert_eq!(
        (on("read", from), on("write", to)),
        (Some(1000), Some(1000))
    );
    let open = calls
        .rows
        .iter()
        .find(|r| r.name == "openat")
        .expect("made");
    assert!(open.errors.is_ok_and(|n| n >= 50), "{open:?}");
    let read = calls.rows.iter().find(|r| r.name == "read").expect("made");
    let counted = read.calls.expect("exact");
    assert!(counted >= 1000);
    let spread: u64 = last.calls[&read.number].spread.0.iter().sum();
    assert_eq!(
        spread, last.calls[&read.number].calls,
        "each call is in a bucket"
    );
}

#[test]
fn time_asleep_in_a_call_is_without_a_core() {
    let Some(tracing) = begin() else { return };
    let first = tracing.read().expect("read");
    for _ in 0..10 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let last = tracing.read().expect("read");
    let calls = between(&first, &last, &WORDS);
    let sleep = calls
        .rows
        .iter()
        .find(|r| r.name == "clock_nanosleep")
        .expect("made");
    assert!(sleep.span >= Nanos::from_millis(200), "{sleep:?}");
    match sleep.on_core {
        Ok(on_core) => assert!(on_core.0 < sleep.span.0 / 2, "{sleep:?}"),
        Err(_) => println!("skipped: this kernel does not tell its types"),
    }
}

#[test]
fn errors_have_names() {
    assert_eq!(error_words(2).0, "ENOENT");
    assert!(
        error_words(11).1.to_lowercase().contains("again")
            || error_words(11).1.contains("unavailable")
    );
}
