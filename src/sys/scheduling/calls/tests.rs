//! Our own calls, counted by the kernel and by us.

use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::thread::JoinHandle;

use super::*;

#[test]
fn errors_are_told_in_the_words_of_the_c_library() {
    let told = |errno: i32| error_words(errno.cast_unsigned());
    assert_eq!(
        told(libc::EBADF),
        ("EBADF".to_owned(), "Bad file descriptor")
    );
    assert_eq!(told(libc::ENOENT).1, "No such file or directory");
    assert_eq!(told(9999), ("errno 9999".to_owned(), ""));
}
use crate::model::scheduling::calls::between;
use crate::model::text::SafeText;

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
    counts(&tracing);
}

#[test]
fn they_are_where_every_place_is_another_s_and_where_descriptors_are_many() {
    let Some(tracing) = begin() else { return };
    for place in 0..PLACES {
        tracing.threads.set(place * PLACE + OWNER * 8, u64::MAX);
    }
    counts(&tracing);
}

#[test]
fn the_kernel_takes_the_program_also_where_it_copies_the_registers() {
    let Some(tracing) = begin() else { return };
    let maps = programs::Maps {
        counts: tracing.counts.fd(),
        threads: tracing.threads.fd(),
        started: tracing.started.fd(),
        errors: tracing.errors.fd(),
        first_descriptors: tracing.first_descriptors.fd(),
        descriptors: tracing.descriptors.fd(),
        paths: tracing.paths.fd(),
    };
    // Of a process that makes no calls.
    let code = programs::enter(Pid(2), &maps, false).expect("this machine is known");
    let code = code.expect("it is whole");
    program::run("pscope_enter", &code, At::RawTracepoint(c"sys_enter")).expect("it is taken");
}

/// Makes calls, and demands that they are counted.
fn counts(tracing: &Tracing) {
    let (mut reader, mut writer) = io::pipe().expect("a pipe");
    // One with a place of its own, and one without.
    let null = std::fs::File::open("/dev/null").expect("it is everywhere");
    let many: Vec<_> = (0..FDS).map(|_| null.try_clone().expect("room")).collect();
    let mut far = writer.try_clone().expect("room");
    drop(many);
    let (from, to, to_far) = (reader.as_raw_fd(), writer.as_raw_fd(), far.as_raw_fd());
    let first = tracing.read().expect("read");
    let mut byte = [0];
    for n in 0..1000 {
        if n % 4 == 0 {
            far.write_all(&[7]).expect("room");
        } else {
            writer.write_all(&[7]).expect("room");
        }
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
        // Others had the number before, who are not known now.
        let of = |counted: &Counted| counted.descriptors.get(&(row.number, fd)).copied();
        of(&last).map(|part| part.calls - of(&first).map_or(0, |before| before.calls))
    };
    // Of these descriptors nobody else knows.
    assert!(to_far >= FDS.cast_signed());
    assert_eq!(on("read", from), Some(1000));
    assert_eq!(
        (on("write", to), on("write", to_far)),
        (Some(750), Some(250))
    );
    let row = |name: &str| calls.rows.iter().find(|r| r.name == name).expect("made");
    let open = row("openat");
    assert!(open.errors.is_ok_and(|n| n >= 50), "{open:?}");
    let about = |counted: &Counted| {
        let key = (open.number, SafeText::from_bytes(b"/no such file"));
        counted.paths.get(&key).map_or(0, |part| part.calls)
    };
    assert_eq!(about(&last) - about(&first), 50);
    assert!(row("read").calls.expect("exact") >= 1000);
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

/// A thread that is asleep in the reading of a byte from a pipe, and gives its end back afterwards.
fn reads_one(mut reader: io::PipeReader) -> (nix::unistd::Pid, JoinHandle<io::PipeReader>) {
    let fd = reader.as_raw_fd();
    let (tell, told) = std::sync::mpsc::channel();
    let waits = std::thread::spawn(move || {
        tell.send(nix::unistd::gettid()).expect("heard");
        reader.read_exact(&mut [0]).expect("a byte");
        reader
    });
    let tid = told.recv().expect("a number");
    let asleep = || {
        let call = std::fs::read_to_string(format!("/proc/self/task/{tid}/syscall"));
        call.is_ok_and(|call| call.starts_with(&format!("{} {fd:#x} ", libc::SYS_read)))
    };
    while !asleep() {
        std::thread::yield_now();
    }
    (tid, waits)
}

#[test]
fn who_is_in_a_call_already_or_still_is_counted_as_long_as_that_lasts() {
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let fd = reader.as_raw_fd();
    let (_, waits) = reads_one(reader);
    let Some(tracing) = begin() else {
        writer.write_all(&[1]).expect("room");
        waits.join().expect("ended");
        return;
    };
    let number = number(libc::SYS_read as u32);
    let on_it = |counted: &Counted| counted.on_descriptors(number).get(&fd).copied();
    let on_it = |counted: &Counted| on_it(counted).unwrap_or_default();
    let first = tracing.read().expect("read");
    std::thread::sleep(std::time::Duration::from_millis(20));
    let then = tracing.read().expect("read");
    let passed = then.at.since(first.at);
    let grown = |to: &Counted, from: &Counted| on_it(to).span.since(on_it(from).span);
    assert_eq!(grown(&then, &first), passed);
    let calls = between(&first, &then, &WORDS);
    let row = calls.rows.into_iter().find(|r| r.name == "read");
    let row = row.expect("it is in it");
    assert!(row.span >= passed && row.inside.is_some() && row.earlier);
    if let Ok(on_core) = row.on_core {
        // Other tests read too; this one has no core.
        assert!(on_core.0 < row.span.0, "{row:?}");
    }
    writer.write_all(&[1]).expect("room");
    let reader = waits.join().expect("ended");
    assert_eq!(reader.as_raw_fd(), fd);
    let last = tracing.read().expect("read");
    let later = grown(&last, &then);
    assert!(later > Nanos(0) && later <= last.at.since(then.at));
    assert_eq!(
        on_it(&last).calls,
        on_it(&then).calls,
        "how long is not known"
    );
    let in_it = last.inside.iter().filter(|i| i.descriptor == Some(fd));
    assert_eq!(in_it.count(), 0, "it has returned");
}

#[test]
fn who_has_ended_is_in_no_call() {
    let Some(tracing) = begin() else { return };
    for _ in 0..3 {
        std::thread::spawn(|| ()).join().expect("ended");
    }
    let counted = tracing.read().expect("read");
    let ends = |i: &&Inside| {
        let name = name(i.number).unwrap_or_default();
        name.starts_with("exit")
    };
    assert_eq!(counted.inside.iter().filter(ends).count(), 0);
}

#[test]
fn errors_have_names() {
    assert_eq!(error_words(2).0, "ENOENT");
    assert!(
        error_words(11).1.to_lowercase().contains("again")
            || error_words(11).1.contains("unavailable")
    );
}

#[test]
fn a_call_of_before_is_over_when_the_thread_has_begun_another_one() {
    let (reader, mut writer) = io::pipe().expect("a pipe");
    let fd = reader.as_raw_fd();
    let (tid, waits) = reads_one(reader);
    let tid = tid.as_raw();
    if let Some(tracing) = begin() {
        let on_it = |counted: &Counted| {
            let all = counted.inside.iter();
            all.filter(|i| i.descriptor == Some(fd) && i.earlier)
                .count()
        };
        assert_eq!(on_it(&tracing.read().expect("read")), 1);
        // As where its return was missed, and it called the kernel again.
        let place = tid as usize % PLACES * PLACE;
        tracing.threads.set(place + OWNER * 8, tid as u64);
        assert_eq!(on_it(&tracing.read().expect("read")), 0);
    }
    writer.write_all(&[1]).expect("room");
    waits.join().expect("ended");
}

#[test]
#[expect(
    unsafe_code,
    reason = "no library has a function for a call that does not exist"
)]
fn calls_that_no_table_has_are_counted_together() {
    let Some(tracing) = begin() else { return };
    let first = tracing.read().expect("read");
    for number in [9999, 511, 4000] {
        // SAFETY: no kernel has a call of that number; it answers ENOSYS and touches nothing.
        let answer = unsafe { libc::syscall(number) };
        assert_eq!(answer, -1);
    }
    let calls = between(&first, &tracing.read().expect("read"), &WORDS);
    let row = calls.rows.iter().find(|r| r.name == "unknown calls");
    let row = row.expect("a row");
    assert_eq!((row.calls, row.errors), (Ok(3), Ok(3)));
    assert_eq!(row.number.known(), None);
    assert_eq!(row.error.as_ref().map(|e| e.name.as_str()), Some("ENOSYS"));
}

#[test]
fn paths_are_told_apart_by_how_they_begin_and_an_empty_one_is_none() {
    let Some(tracing) = begin() else { return };
    let (begins, short) = (format!("/no{}", "o".repeat(PATH)), "/n\x1b[2Jo");
    for path in [&format!("{begins}1"), &format!("{begins}2"), short, ""] {
        for _ in 0..3 {
            assert!(std::fs::read_link(path).is_err());
        }
    }
    let counted = tracing.read().expect("read");
    let about = |text: &str| {
        let all = counted.paths.iter().filter(|((call, path), _)| {
            name(*call).is_some_and(|name| name.starts_with("readlink")) && path.exact() == text
        });
        all.map(|(_, part)| part.calls).sum::<u64>()
    };
    assert_eq!(about(&format!("{}…", &begins[..PATH - 1])), 6);
    let safe = SafeText::from_bytes(short.as_bytes());
    assert_eq!((about(safe.exact()), about("")), (3, 0));
    assert!(!safe.as_str().contains('\x1b'));
}
