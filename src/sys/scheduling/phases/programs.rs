//! The programs: what happens in the kernel when a core passes from one thread to another, and when one is woken.

mod call;

use std::io;

use call::site;

use super::{
    BEGAN, CLOSED, COMM, HAS_ENDED, IS_BLOCKED, IS_READY, IS_RUNNING, LOST, OPENED, OTHERS, RAN,
    READY, RUNNING, SINCE, SITE, SLICES, START, STATE, TGID, VALUE,
};
use crate::model::id::Pid;
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Label, Op, Reg,
    Reg::{R0, R1, R2, R3, R6, R7, R8, R9, R10},
    Width,
};
use crate::sys::bpf::btf::Task;
use crate::sys::bpf::registers::{self, Registers};

/// The maps by their numbers.
pub struct Maps {
    /// When counting began, and what the first arguments of calls are.
    pub shared: i32,
    /// By thread: its phase, since when, and the sums.
    pub threads: i32,
    /// By thread, call and what that is on: how many waits, and how long.
    pub sites: i32,
}

/// Whose threads are counted.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Those of this process.
    One(Pid),
    /// Those of the processes in this map, and of whoever they fork, who is put into it.
    Kin(i32),
}

/// On the stack: the thread, the moment, who comes next, the wait that begins, the key and the value of the sums of one, and
/// what is first known of a thread.
const THREAD: i16 = -8;
const NOW: i16 = -16;
const NEXT: i16 = -24;
const BEGINS: i16 = -40;
const KEY: i16 = -56;
const SUMS: i16 = -72;
const FRESH: i16 = SUMS - VALUE as i16;
/// A process, and the value that it has among those that are counted.
const PROCESS: i16 = FRESH - 8;
const IS_KIN: i16 = FRESH - 16;

/// How a thread sleeps.
const BEFORE: i32 = 0;
const LIGHT: i32 = 1;
const DEEP: i32 = 2;
const DISK: i32 = 3;
const STOPPED: i32 = 4;
const TRACED: i32 = 5;

/// Bits of `task_struct.__state` (`include/linux/sched.h`): ending, stopped, traced, in deep sleep or in that of a lock, and
/// that this is no load.
const ENDING: i32 = 0xb0;
const IS_STOPPED: i32 = 0x4;
const IS_TRACED: i32 = 0x8;
const IS_DEEP: i32 = 0x1002;
const IS_IDLE: i32 = 0x400;

type Code = io::Result<Result<Vec<Instruction>, Fault>>;

fn end(mut a: Assembler, out: Label) -> Result<Vec<Instruction>, Fault> {
    a.place(out);
    a.done();
    a.finish()
}

/// Ends at `out` as long as counting has not begun, so that all programs begin at once.
fn begun(a: &mut Assembler, maps: &Maps, out: Label) {
    a.value(R2, maps.shared);
    a.load(Width::Double, R2, (R2, BEGAN));
    a.jump_if(If::Eq, R2, 0, out);
}

/// Ends at `out` unless the thread at `R7` is counted; leaves its number and the moment on the stack. Destroys `R0` to `R5`.
fn only_of(a: &mut Assembler, of: Of, at: &Task, out: Label) {
    a.load(Width::Word, R1, (R7, at.tgid));
    match of {
        Of::One(pid) => a.jump_if(If::Ne, R1, pid.0.cast_signed(), out),
        Of::Kin(kin) => {
            a.store(Width::Double, (R10, PROCESS), R1);
            a.find(kin, PROCESS);
            a.jump_if(If::Eq, R0, 0, out);
        }
    }
    a.load(Width::Word, R1, (R7, at.tid));
    a.store(Width::Double, (R10, THREAD), R1);
    a.call(Helper::KtimeGetNs);
    a.store(Width::Double, (R10, NOW), R0);
}

/// Whoever is forked by one that is counted is so too: at the first wake-up of the thread at `R7`, which the forking one makes.
fn adopt(a: &mut Assembler, kin: i32, at: &Task) {
    let stranger = a.label();
    a.call(Helper::GetCurrentPidTgid);
    a.op(Op::Rsh, R0, 32);
    a.store(Width::Double, (R10, PROCESS), R0);
    a.find(kin, PROCESS);
    a.jump_if(If::Eq, R0, 0, stranger);
    a.load(Width::Word, R1, (R7, at.tgid));
    a.store(Width::Double, (R10, PROCESS), R1);
    a.store(Width::Double, (R10, IS_KIN), 1);
    a.begin_with(kin, PROCESS, IS_KIN);
    a.place(stranger);
}

/// Notes at `base` and so many bytes on whose thread that at `R7` is: its process, when it began, its name. Destroys `R1`.
fn owner(a: &mut Assembler, at: &Task, base: Reg, bytes: i16) {
    a.load(Width::Word, R1, (R7, at.tgid));
    a.store(Width::Double, (base, bytes + TGID), R1);
    if let Some(start) = at.start {
        a.load(Width::Double, R1, (R7, start));
        a.store(Width::Double, (base, bytes + START), R1);
    }
    name(a, at, base, bytes);
}

/// Notes there what it is called, which it may change. Destroys `R1`.
fn name(a: &mut Assembler, at: &Task, base: Reg, bytes: i16) {
    if let Some(comm) = at.comm {
        for half in [0, 8] {
            a.load(Width::Double, R1, (R7, comm + half));
            a.store(Width::Double, (base, bytes + COMM + half), R1);
        }
    }
}

/// `R8` = what is known of the thread on the stack; of one that is not known, that it is in this state since counting began, or
/// since now. Ends at `out` where there is no room. Destroys `R0` to `R5`.
fn thread(a: &mut Assembler, at: &Task, maps: &Maps, (state, since_now): (i32, bool), out: Label) {
    let known = a.label();
    a.find(maps.threads, THREAD);
    a.jump_if(If::Ne, R0, 0, known);
    for at in (0..VALUE as i16).step_by(8) {
        a.store(Width::Double, (R10, FRESH + at), 0);
    }
    owner(a, at, R10, FRESH);
    a.store(Width::Double, (R10, FRESH + STATE), state);
    if since_now {
        a.load(Width::Double, R1, (R10, NOW));
    } else {
        a.value(R1, maps.shared);
        a.load(Width::Double, R1, (R1, BEGAN));
    }
    a.store(Width::Double, (R10, FRESH + SINCE), R1);
    if state == IS_BLOCKED {
        for at in [0, 8] {
            a.load(Width::Double, R1, (R10, BEGINS + at));
            a.store(Width::Double, (R10, FRESH + SITE + at), R1);
        }
    }
    a.begin_with(maps.threads, THREAD, FRESH);
    a.find(maps.threads, THREAD);
    a.jump_if(If::Ne, R0, 0, known);
    a.value(R3, maps.shared);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R3, LOST), R1);
    a.jump(out);
    a.place(known);
    a.mov(R8, R0);
}

/// What is known of the thread at `R8` changes from here on; `R9` = how long its phase was, and the next begins now. Destroys
/// `R1` and `R2`.
fn open(a: &mut Assembler) {
    let forward = a.label();
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, OPENED), R1);
    a.load(Width::Double, R9, (R10, NOW));
    a.load(Width::Double, R2, (R8, SINCE));
    a.store(Width::Double, (R8, SINCE), R9);
    a.op(Op::Sub, R9, R2);
    // The clocks of cores may differ a little.
    a.jump_if(If::SignedGt, R9, -1, forward);
    a.mov(R9, 0);
    a.place(forward);
}

/// It has changed to this state.
fn close(a: &mut Assembler, state: i32) {
    a.store(Width::Double, (R8, STATE), state);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, CLOSED), R1);
}

fn grow(a: &mut Assembler, at: i16, by: Reg) {
    a.load(Width::Double, R2, (R8, at));
    a.op(Op::Add, R2, by);
    a.store(Width::Double, (R8, at), R2);
}

/// Adds `R9` to the sums of the wait that the thread at `R8` was in. Destroys `R0` to `R5`.
fn waited(a: &mut Assembler, maps: &Maps) {
    let (known, done) = (a.label(), a.label());
    for at in [0, 8] {
        a.load(Width::Double, R1, (R8, SITE + at));
        a.store(Width::Double, (R10, KEY + at), R1);
    }
    a.find(maps.sites, KEY);
    a.jump_if(If::Ne, R0, 0, known);
    a.store(Width::Double, (R10, SUMS), 0);
    a.store(Width::Double, (R10, SUMS + 8), 0);
    a.begin_with(maps.sites, KEY, SUMS);
    a.find(maps.sites, KEY);
    a.jump_if(If::Ne, R0, 0, known);
    grow(a, OTHERS, R9);
    a.jump(done);
    a.place(known);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R0, 0), R1);
    a.mov(R1, R9);
    a.fetch_add(Width::Double, (R0, 8), R1);
    a.place(done);
}

/// Adds `R9` to how long the thread at `R8`, whose task is at `R7`, had a core. Where the kernel did not tell that it got one, as
/// happens, that is as much as it ran since it left one last; before, it did what was told. Destroys `R0` to `R5`.
fn had(a: &mut Assembler, at: &Task, maps: &Maps) {
    let (told, less, ready, out) = (a.label(), a.label(), a.label(), a.label());
    a.load(Width::Double, R1, (R7, at.ran));
    a.load(Width::Double, R3, (R8, RAN));
    a.store(Width::Double, (R8, RAN), R1);
    a.load(Width::Double, R0, (R8, STATE));
    a.jump_if(If::Eq, R0, IS_RUNNING, told);
    a.op(Op::Sub, R1, R3);
    a.jump_if(If::Le, R1, R9, less);
    a.mov(R1, R9);
    a.place(less);
    a.op(Op::Sub, R9, R1);
    grow(a, RUNNING, R1);
    a.jump_if(If::Ne, R0, IS_BLOCKED, ready);
    waited(a, maps);
    a.jump(out);
    a.place(ready);
    grow(a, READY, R9);
    a.jump(out);
    a.place(told);
    grow(a, RUNNING, R9);
    a.place(out);
}

/// At `sched_switch`: whoever loses the core was on one until now, and is blocked, could go on, or has ended; whoever gets it
/// waited until now.
///
/// # Errors
/// Where it is not known how this machine passes arguments.
pub fn switch(of: Of, at: &Task, maps: &Maps) -> Code {
    let registers = registers::of_this_machine()?;
    let mut a = Assembler::default();
    let (out, comes) = (a.label(), a.label());
    // `bool preempt, struct task_struct *prev, struct task_struct *next`.
    a.load(Width::Double, R6, (R1, 0));
    a.load(Width::Double, R7, (R1, 8));
    a.load(Width::Double, R9, (R1, 16));
    a.store(Width::Double, (R10, NEXT), R9);
    begun(&mut a, maps, out);
    only_of(&mut a, of, at, comes);
    leaves(&mut a, at, maps, &registers, comes);
    a.place(comes);
    a.load(Width::Double, R7, (R10, NEXT));
    only_of(&mut a, of, at, out);
    thread(&mut a, at, maps, (IS_READY, false), out);
    let (was_ready, runs) = (a.label(), a.label());
    open(&mut a);
    a.load(Width::Double, R1, (R8, STATE));
    a.jump_if(If::Ne, R1, IS_BLOCKED, was_ready);
    waited(&mut a, maps);
    a.jump(runs);
    a.place(was_ready);
    grow(&mut a, READY, R9);
    a.place(runs);
    a.mov(R1, 1);
    grow(&mut a, SLICES, R1);
    close(&mut a, IS_RUNNING);
    Ok(end(a, out))
}

/// The thread at `R7` leaves its core; `R6`: whether that was taken from it. Goes on at `comes`.
fn leaves(a: &mut Assembler, at: &Task, maps: &Maps, registers: &Registers, comes: Label) {
    let (could, ended, sleeps, stopped, traced, light) = (
        a.label(),
        a.label(),
        a.label(),
        a.label(),
        a.label(),
        a.label(),
    );
    a.jump_if(If::Ne, R6, 0, could);
    a.load(Width::Word, R1, (R7, at.state));
    a.jump_if(If::Eq, R1, 0, could);
    a.jump_if(If::AnyBit, R1, ENDING, ended);
    a.jump_if(If::AnyBit, R1, IS_STOPPED, stopped);
    a.jump_if(If::AnyBit, R1, IS_TRACED, traced);
    a.jump_if(If::AnyBit, R1, IS_IDLE, light);
    a.mov(R6, LIGHT);
    let deep = a.label();
    a.jump_if(If::AnyBit, R1, IS_DEEP, deep);
    a.jump(sleeps);
    a.place(light);
    a.mov(R6, LIGHT);
    a.jump(sleeps);
    a.place(deep);
    a.mov(R6, DEEP);
    if let Some((byte, bit)) = at.for_disk {
        a.load(Width::Byte, R1, (R7, byte));
        a.op(Op::And, R1, bit);
        a.jump_if(If::Eq, R1, 0, sleeps);
        a.mov(R6, DISK);
    }
    a.jump(sleeps);
    a.place(stopped);
    a.mov(R6, STOPPED);
    a.jump(sleeps);
    a.place(traced);
    a.mov(R6, TRACED);
    a.place(sleeps);
    site(a, maps, at, registers);
    thread(a, at, maps, (IS_RUNNING, false), comes);
    open(a);
    had(a, at, maps);
    for at in [0, 8] {
        a.load(Width::Double, R1, (R10, BEGINS + at));
        a.store(Width::Double, (R8, SITE + at), R1);
    }
    close(a, IS_BLOCKED);
    a.jump(comes);
    for (label, state) in [(could, IS_READY), (ended, HAS_ENDED)] {
        a.place(label);
        thread(a, at, maps, (IS_RUNNING, false), comes);
        open(a);
        had(a, at, maps);
        if state == HAS_ENDED {
            name(a, at, R8, 0);
        }
        close(a, state);
        a.jump(comes);
    }
}

/// At `sched_wakeup`: whoever was blocked waits for a core from now on.
///
/// # Errors
/// As [`switch`].
pub fn woken(of: Of, at: &Task, maps: &Maps) -> Code {
    let registers = registers::of_this_machine()?;
    let mut a = Assembler::default();
    let (out, known, found) = (a.label(), a.label(), a.label());
    a.load(Width::Double, R7, (R1, 0));
    begun(&mut a, maps, out);
    only_of(&mut a, of, at, out);
    a.find(maps.threads, THREAD);
    a.jump_if(If::Ne, R0, 0, known);
    // It slept before counting began, unless it was about to and is still on its core.
    if let Some(on_core) = at.on_core {
        a.load(Width::Word, R1, (R7, on_core));
        a.jump_if(If::Ne, R1, 0, out);
    }
    a.mov(R6, BEFORE);
    site(&mut a, maps, at, &registers);
    thread(&mut a, at, maps, (IS_BLOCKED, false), out);
    a.jump(found);
    a.place(known);
    a.mov(R8, R0);
    a.place(found);
    a.load(Width::Double, R1, (R8, STATE));
    a.jump_if(If::Ne, R1, IS_BLOCKED, out);
    open(&mut a);
    waited(&mut a, maps);
    close(&mut a, IS_READY);
    Ok(end(a, out))
}

/// At `sched_wakeup_new`: a thread begins, and waits for its first core.
///
/// # Errors
/// None but faults of this program.
pub fn new(of: Of, at: &Task, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let out = a.label();
    a.load(Width::Double, R7, (R1, 0));
    begun(&mut a, maps, out);
    if let Of::Kin(kin) = of {
        adopt(&mut a, kin, at);
    }
    only_of(&mut a, of, at, out);
    thread(&mut a, at, maps, (IS_READY, true), out);
    // One that had the number before has ended.
    open(&mut a);
    owner(&mut a, at, R8, 0);
    close(&mut a, IS_READY);
    end(a, out)
}

/// At `sched_process_exec`: a thread that runs another program takes its name, and the number of the first one, which has ended;
/// its own number is nobody's.
///
/// # Errors
/// None but faults of this program.
pub fn runs(of: Of, at: &Task, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, renamed, same) = (a.label(), a.label(), a.label());
    // `struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm`.
    a.load(Width::Double, R7, (R1, 0));
    a.load(Width::Double, R6, (R1, 8));
    a.op(Op::Lsh, R6, 32);
    a.op(Op::Rsh, R6, 32);
    begun(&mut a, maps, out);
    only_of(&mut a, of, at, out);
    a.load(Width::Double, R9, (R10, THREAD));
    a.jump_if(If::Eq, R6, R9, same);
    a.store(Width::Double, (R10, NEXT), R9);
    a.store(Width::Double, (R10, THREAD), R6);
    a.find(maps.threads, THREAD);
    a.jump_if(If::Eq, R0, 0, renamed);
    a.mov(R8, R0);
    open(&mut a);
    grow(&mut a, RUNNING, R9);
    close(&mut a, HAS_ENDED);
    a.place(renamed);
    a.load(Width::Double, R1, (R10, NEXT));
    a.store(Width::Double, (R10, THREAD), R1);
    thread(&mut a, at, maps, (IS_RUNNING, true), out);
    open(&mut a);
    a.load(Width::Double, R1, (R7, at.ran));
    a.store(Width::Double, (R8, RAN), R1);
    close(&mut a, IS_RUNNING);
    a.jump(out);
    // It has the name of that program from now on.
    a.place(same);
    a.find(maps.threads, THREAD);
    a.jump_if(If::Eq, R0, 0, out);
    a.mov(R8, R0);
    name(&mut a, at, R8, 0);
    end(a, out)
}
