//! Files that a person named, where their filesystem answers and where it does not.

use std::io::{self, Write as _};
use std::time::Duration;

use super::hung::Mount;
use crate::sys::asker::hand::{self, PATIENCE, Wait};
use crate::sys::asker::reader::Reader;
use crate::sys::asker::stream;

/// Long enough for a loaded machine, and far less than what never comes.
const SHORT: Wait<'_> = Wait {
    at_most: Duration::from_millis(50),
    stop: None,
};

fn kind<T>(what: io::Result<T>) -> Option<io::ErrorKind> {
    what.err().map(|why| why.kind())
}

#[test]
fn what_was_carried_out_and_what_went_wrong_come_back() {
    let done = hand::carry_out(Wait::PATIENT, || Ok(vec![7; 100_000]));
    assert_eq!(done.expect("done"), vec![7; 100_000]);
    let number = || Err(io::Error::from_raw_os_error(libc::EACCES));
    let why = hand::carry_out(Wait::PATIENT, number).expect_err("it failed");
    assert_eq!(why.kind(), io::ErrorKind::PermissionDenied);
    let words = || Err(io::Error::other("in words"));
    let why = hand::carry_out(Wait::PATIENT, words).expect_err("it failed");
    assert_eq!(why.to_string(), "in words");
    let panics = || std::panic::resume_unwind(Box::new("on purpose"));
    let why = hand::carry_out(Wait::PATIENT, panics).expect_err("it panicked");
    assert!(why.to_string().contains("was ended"), "{why}");
}

#[test]
fn a_recording_is_written_gone_on_with_and_shortened_by_somebody_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.pscope");
    let mut file = stream::recording(&path, b"MAGIC").expect("a process");
    file.begins(Wait::PATIENT).expect("it is there");
    assert_eq!(file.size(), 5);
    file.put(b"one").expect("taken");
    file.put(b"two").expect("taken");
    file.shorten(b"MAGIC", 8).expect("taken");
    assert_eq!(file.size(), 8);
    file.put(b"three").expect("taken");
    file.finish(Wait::PATIENT).expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), b"MAGICtwothree");
    // Nobody waits here until the file is there.
    let mut again = stream::recording(&path, b"MAGIC").expect("a process");
    again.put(b"four").expect("taken");
    again.finish(Wait::PATIENT).expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), b"MAGICtwothreefour");
    let other = stream::recording(&path, b"OTHER").expect("a process");
    let why = other.finish(Wait::PATIENT).expect_err("it is another one");
    assert!(why.to_string().contains("no recording"), "{why}");
}

#[test]
fn what_went_wrong_is_said_to_who_goes_on_writing() {
    let Ok(mut full) = stream::plain("/dev/full".as_ref()) else {
        return println!("skipped: there is no /dev/full");
    };
    full.begins(Wait::PATIENT).expect("it is there");
    let why = loop {
        // What was taken before it was tried is not written either.
        if let Err(why) = full.write_all(&[0; 1000]) {
            break why;
        }
    };
    assert_eq!(why.raw_os_error(), Some(libc::ENOSPC), "{why}");
    let full = stream::plain("/dev/full".as_ref()).and_then(|mut full| {
        full.put(b"x")?;
        full.finish(Wait::PATIENT)
    });
    assert_eq!(kind(full), Some(io::ErrorKind::StorageFull));
}

/// More than a socket holds is taken, and whoever hands it over is free again.
#[test]
fn what_is_written_to_a_filesystem_that_does_not_answer_keeps_nobody() {
    let hung = match Mount::new() {
        Ok(hung) => hung,
        Err(why) => return println!("skipped: {why}"),
    };
    let mut file = stream::plain(&hung.path().join("file")).expect("a process");
    let block = vec![0; 1 << 20];
    for _ in 0..16 {
        file.put(&block).expect("taken");
    }
    assert!(!file.has_begun().expect("nothing went wrong"));
    assert_eq!(kind(file.finish(SHORT)), Some(io::ErrorKind::TimedOut));
    let path = hung.path().join("other");
    let look = || std::fs::metadata(path).map(|_| Vec::new());
    let why = hand::carry_out(SHORT, look).expect_err("it does not answer");
    assert_eq!(why.kind(), io::ErrorKind::TimedOut);
    assert!(why.to_string().contains("see to that mount"), "{why}");
}

#[test]
fn a_recording_is_read_by_somebody_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("file");
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
    std::fs::write(&path, &bytes).expect("written");
    let reader = Reader::open(&path, PATIENCE).expect("opened");
    assert_eq!(reader.size(), 300_000);
    let mut part = vec![0; 250_000];
    reader.read_at(1000, &mut part).expect("read");
    assert_eq!(part, bytes[1000..251_000]);
    let beyond = reader.read_at(299_999, &mut part[..2]);
    assert_eq!(kind(beyond), Some(io::ErrorKind::UnexpectedEof));
    reader.read_at(7, &mut part[..1]).expect("it goes on");
    assert_eq!(part[0], 7);
    let none = Reader::open(&dir.path().join("none"), PATIENCE);
    assert_eq!(kind(none), Some(io::ErrorKind::NotFound));
}

#[test]
fn a_part_that_is_not_answered_is_waited_for_once() {
    let hung = match Mount::new() {
        Ok(hung) => hung,
        Err(why) => return println!("skipped: {why}"),
    };
    // Opening it is answered, reading it is not.
    let reader = Reader::open(&hung.path().join("file"), PATIENCE).expect("opened");
    assert_eq!(reader.size(), 4096);
    reader.hurry(SHORT.at_most);
    let late = Some(io::ErrorKind::TimedOut);
    for place in [0, 0, 8] {
        assert_eq!(kind(reader.read_at(place, &mut [0; 4])), late);
    }
    // It would be for ever, were it waited for a second time.
    reader.hurry(Duration::MAX);
    assert_eq!(kind(reader.read_at(16, &mut [0; 4])), late);
}
