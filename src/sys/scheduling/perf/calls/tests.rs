//! Records as the kernel writes them, and calls of this very process.

use super::*;
use crate::sys::clock;

fn layout() -> Layout {
    let read = |seed: &[u8]| Format::parse(seed).expect("a format");
    let enter = read(include_bytes!(
        "../../../../../fuzz/seeds/tracepoint/sys_enter"
    ));
    let leave = read(include_bytes!(
        "../../../../../fuzz/seeds/tracepoint/sys_exit"
    ));
    Layout::of(&enter, &leave).expect("its fields")
}

/// Who, when, and the bytes that were noted, padded as the kernel pads them.
fn body(pid: u32, noted: &[u8], behind: &[u64]) -> Vec<u8> {
    let mut body = [pid.to_ne_bytes(), 9_u32.to_ne_bytes()].concat();
    body.extend(5_u64.to_ne_bytes());
    let padded = (noted.len() + 4).next_multiple_of(8) - 4;
    body.extend((padded as u32).to_ne_bytes());
    body.extend(noted);
    body.resize(20 + padded, 0);
    body.extend(behind.iter().flat_map(|w| w.to_ne_bytes()));
    body
}

fn noted(id: u16, words: &[i64]) -> Vec<u8> {
    let mut noted = id.to_ne_bytes().to_vec();
    noted.resize(8, 0);
    noted.extend(words.iter().flat_map(|w| w.to_ne_bytes()));
    noted
}

#[test]
fn the_begin_and_the_end_of_a_call_are_read_where_the_format_says() {
    let layout = layout();
    let enters = noted(443, &[0, 7, 2, 3, 4, 5, 6]);
    let number = |number, narrow| Number { number, narrow };
    let told = |of, noted: &[u8], width| {
        sample(&body(7, noted, &[width, 1]), Pid(of), &layout).map(|(at, tid, passage)| {
            assert_eq!((at, tid), (Nanos(5), Tid(9)));
            passage
        })
    };
    let read = Passage::Enters(number(0, false), 7);
    assert_eq!(told(7, &enters, 2), Some(read));
    let read = Passage::Enters(number(0, true), 7);
    assert_eq!(told(7, &enters, 1), Some(read));
    assert_eq!(told(8, &enters, 2), None, "of somebody else");
    let unknown = noted(443, &[-1, 7, 2, 3, 4, 5, 6]);
    let beyond = Passage::Enters(number(Number::BEYOND, false), 7);
    assert_eq!(told(7, &unknown, 2), Some(beyond));
    let leaves = |number, result| told(7, &noted(442, &[number, result]), 0);
    assert_eq!(leaves(0, -11), Some(Passage::Leaves(Some(0), -11)));
    // What a signal went on with has no number any more.
    assert_eq!(leaves(-1, 4), Some(Passage::Leaves(None, 4)));
    assert_eq!(told(7, &noted(1, &[0, 0]), 0), None);
}

#[test]
fn any_bytes_are_a_passage_or_none() {
    let layout = layout();
    let whole = body(7, &noted(443, &[0; 7]), &[2, 1]);
    for length in 0..whole.len() - 8 {
        assert_eq!(sample(&whole[..length], Pid(7), &layout), None, "{length}");
    }
    let mut long = whole;
    long[16..20].fill(0xff);
    assert_eq!(sample(&long, Pid(7), &layout), None);
}

#[test]
fn every_call_of_a_thread_is_told_also_of_one_that_is_made_later() {
    let root = ProcRoot::live();
    let cpus = crate::sys::machine::cores::online(&root);
    let me = Pid(std::process::id());
    let mut calls = match Calls::of(&root, me, &cpus) {
        Ok(calls) => calls,
        Err(why) => {
            println!("skipped: calls are not told here: {why}");
            return;
        }
    };
    // Nobody else asks for this number here.
    let number = libc::SYS_getpgid as u32;
    let made = std::thread::spawn(move || {
        for _ in 0..1000 {
            nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(i32::MAX))).expect_err("nobody");
        }
        nix::unistd::gettid().as_raw() as u32
    });
    let made = Tid(made.join().expect("it counts"));
    let (mut enters, mut leaves, mut born, mut lost) = (0, 0, false, 0);
    calls.read(clock::now(), |_, _, told| match told {
        Told::Of(tid, passage) if tid == made => match passage {
            Passage::Begins => born = true,
            Passage::Enters(n, first) if n.number == number => {
                assert_eq!((n.narrow, first), (false, i32::MAX as u64));
                enters += 1;
            }
            Passage::Leaves(n, result) if n == Some(number) => {
                assert_eq!(result, -i64::from(libc::ESRCH));
                leaves += 1;
            }
            _ => {}
        },
        Told::Lost(many) => lost += many,
        Told::Of(..) => {}
    });
    if lost > 0 {
        println!("skipped: {lost} records were lost beside other tests");
        return;
    }
    assert_eq!((born, enters, leaves), (true, 1000, 1000));
}
