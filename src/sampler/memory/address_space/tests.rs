//! The address space of this very test: every address that it knows must lie in a region of the right kind.

use std::sync::mpsc;

use super::*;
use crate::model::memory::region::{Kind, Region};

static WRITTEN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(7);
static ZEROS: [std::sync::atomic::AtomicU8; 300_000] =
    [const { std::sync::atomic::AtomicU8::new(0) }; 300_000];
const WORDS: &str = "words that stand among the constants of the program";

fn own_id() -> ProcId {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("our own stat");
    let fields = stat.rsplit(')').next().expect("a name").split_whitespace();
    let start = fields.skip(19).map(|f| f.parse().expect("a number")).next();
    ProcId::new(std::process::id(), start.expect("a start time"))
}

fn at(space: &AddressSpace, address: usize) -> &Region {
    let found = space
        .regions
        .iter()
        .find(|r| (r.start..r.end).contains(&(address as u64)));
    found.expect("the address is mapped")
}

#[test]
fn every_address_that_we_know_has_the_right_kind() {
    ZEROS[200_000].store(1, std::sync::atomic::Ordering::Relaxed);
    let (done, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let local = 5_u8;
        let task = std::fs::read_link("/proc/thread-self").expect("our own thread");
        let tid: u32 = task
            .file_name()
            .and_then(|n| n.to_str()?.parse().ok())
            .expect("a tid");
        tell.send((std::ptr::from_ref(&local) as usize, tid))
            .expect("sent");
        wait.recv().expect_err("ends when the other end is dropped");
    });
    let (on_stack, tid) = told.recv().expect("a stack address");
    let boxed = Box::new([1_u8; 64]);
    let mut spaces = AddressSpaces::new(&ProcRoot::live());
    let space = spaces.of(own_id(), true).expect("our own address space");
    let kind = |address: usize| at(&space, address).kind;
    assert_eq!(kind(own_id as fn() -> ProcId as usize), Kind::Text);
    assert_eq!(kind(WORDS.as_ptr() as usize), Kind::Rodata);
    assert_eq!(kind(std::ptr::from_ref(&WRITTEN) as usize), Kind::Data);
    assert_eq!(
        kind(std::ptr::from_ref(&ZEROS[200_000]) as usize),
        Kind::Bss
    );
    let stack = at(&space, on_stack);
    assert_eq!(stack.kind, Kind::ThreadStack);
    if let Some(stack) = &stack.stack {
        assert_eq!(stack.tid.0, tid);
    }
    assert_eq!(
        kind(std::ptr::from_ref(&*boxed) as usize),
        Kind::Heap,
        "{:?}",
        at(&space, boxed.as_ptr() as usize)
    );
    assert!(space.regions.iter().any(|r| r.kind == Kind::Stack));
    assert!(space.regions.iter().any(|r| r.kind == Kind::Vdso));
    assert_eq!(space.residency, Ok(()));
    drop(done);
    thread.join().expect("the thread ends");
}

#[test]
fn a_process_that_is_gone_says_so() {
    let mut spaces = AddressSpaces::new(&ProcRoot::live());
    let gone = spaces.of(ProcId::new(4_194_305, 1), true);
    assert_eq!(gone.expect_err("beyond the highest pid"), Missing::Gone);
}
