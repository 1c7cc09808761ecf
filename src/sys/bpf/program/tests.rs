use super::*;
use crate::sys::bpf::assembler::{Assembler, Helper, If, Op, Reg::*, Width};
use crate::sys::bpf::btf::Types;
use crate::sys::bpf::map::{Kind, Map, Shared};
use crate::sys::root::ProcRoot;

/// Whether this kernel lets us, or a printed reason why a test cannot run here.
fn allowed() -> bool {
    match Shared::new(4096) {
        Ok(_) => true,
        Err(error) => {
            println!("skipped: {}", crate::sys::bpf::why(&error));
            false
        }
    }
}

/// Sleeps, so that there are switches, until it is so.
fn until(mut done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "no switch comes");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[test]
fn a_program_counts_switches_into_memory_that_is_shared() {
    if !allowed() {
        return;
    }
    let shared = Shared::new(4096).expect("allowed");
    let mut a = Assembler::default();
    a.value(R1, shared.fd());
    a.mov(R2, 1);
    a.fetch_add(Width::Double, (R1, 8), R2);
    a.mov(R0, 0);
    a.exit();
    let code = a.finish().expect("whole");
    let running = run("count", &code, At::RawTracepoint(c"sched_switch")).expect("taken");
    until(|| shared.get(8) > 1);
    let mut words = [0; 2];
    shared.copy(0, &mut words);
    assert_eq!(words[0], 0);
    assert!(words[1] > 1);
    drop(running);
    // It ended with what held it: a sleep, which is a switch, is counted no more.
    until(|| {
        let before = shared.get(8);
        std::thread::sleep(std::time::Duration::from_millis(1));
        shared.get(8) == before
    });
}

/// Counts switches by the thread that comes, which the kernel's types tell.
#[test]
fn a_program_follows_its_arguments_and_fills_a_map() {
    if !allowed() {
        return;
    }
    let types = Types::of_kernel(&ProcRoot::live());
    let id = types.as_ref().and_then(|t| t.tracepoint("sched_switch"));
    let pid = types.and_then(|t| t.offset("task_struct", "pid"));
    let (Some(id), Some(pid)) = (id, pid) else {
        println!("skipped: this kernel does not tell its types");
        return;
    };
    let map = Map::new(Kind::Hash, (4, 8), 10_000, 0).expect("allowed");
    let mut a = Assembler::default();
    let (new, end) = (a.label(), a.label());
    a.load(Width::Double, R1, (R1, 16));
    a.load(Width::Word, R6, (R1, pid as i16));
    a.store(Width::Word, (R10, -4), R6);
    a.map(R1, map.fd());
    a.mov(R2, R10);
    a.op(Op::Add, R2, -4);
    a.call(Helper::MapLookup);
    a.jump_if(If::Eq, R0, 0, new);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R0, 0), R1);
    a.jump(end);
    a.place(new);
    a.store(Width::Double, (R10, -16), 1);
    a.map(R1, map.fd());
    a.mov(R2, R10);
    a.op(Op::Add, R2, -4);
    a.mov(R3, R10);
    a.op(Op::Add, R3, -16);
    a.mov(R4, 0);
    a.call(Helper::MapUpdate);
    a.place(end);
    a.mov(R0, 0);
    a.exit();
    let code = a.finish().expect("whole");
    let running = run("by_next", &code, At::TypedTracepoint(id)).expect("taken");
    let own = nix::unistd::gettid().as_raw().to_ne_bytes();
    until(|| map.get(&own).is_ok());
    drop(running);
    let mut all = Vec::new();
    map.all(false, |key, value| all.push((key.to_vec(), value.to_vec())))
        .expect("read");
    assert!(all.iter().any(|(key, _)| *key == own));
    map.set(&own, &7_u64.to_ne_bytes()).expect("set");
    assert_eq!(map.get(&own).expect("there"), 7_u64.to_ne_bytes());
    map.remove(&own).expect("there");
    assert_eq!(
        map.get(&own).err().and_then(|e| e.raw_os_error()),
        Some(libc::ENOENT)
    );
    let mut taken = 0;
    map.all(true, |_, _| taken += 1).expect("read");
    assert_eq!(taken, all.len() - 1);
    map.all(false, |_, _| panic!("it is empty")).expect("read");
}

#[test]
fn what_the_verifier_does_not_take_is_told_in_its_words() {
    if !allowed() {
        return;
    }
    let mut a = Assembler::default();
    a.load(Width::Double, R0, (R1, 0));
    a.load(Width::Double, R0, (R0, 0));
    a.exit();
    let code = a.finish().expect("whole");
    let refused = run("bad", &code, At::RawTracepoint(c"sched_switch")).expect_err("unsafe");
    assert!(
        refused.to_string().contains("R0 invalid mem access"),
        "{refused}"
    );
    let refused = run("no_such", &[], At::RawTracepoint(c"no_such")).expect_err("empty");
    assert!(!refused.to_string().is_empty());
}

#[test]
fn the_last_line_that_says_something() {
    let log = b"0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000)\n\0\0junk";
    assert_eq!(last_line(log), "R0 !read_ok");
    assert_eq!(last_line(b""), "");
}
