//! The programs: what happens in the kernel when a call begins, when it ends, and when a thread in one loses or gets its core.

use std::io;

use super::{
    AWAY, BEGUN_BEFORE, DROPPED, EARLIER, ERRORS, FD, FDS, LONGEST, LONGEST_EARLIER, NUMBERS, ON,
    ON_FD, ON_SECOND, PATH, PLACE, PLACES, SLOT, SPAN, SPREAD,
};
use crate::model::id::Pid;
use crate::model::scheduling::calls::Number;
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Label, Op, Operand, Reg,
    Reg::{R0, R1, R2, R3, R6, R7, R8, R9, R10},
    Width,
};
use crate::sys::bpf::registers;
use crate::sys::bpf::spread;

/// The maps by their numbers.
pub struct Maps {
    pub counts: i32,
    /// What is known of each thread, by the end of its number: to find it in a table by key costs as much as all that is done
    /// with it. The first thread with an end keeps its place.
    pub threads: i32,
    /// The same of threads whose place is another's, by thread. They keep their entries too: to make one and take it away
    /// costs more than all the rest.
    pub started: i32,
    pub errors: i32,
    /// Of the first descriptors, by call and descriptor; and of the others.
    pub first_descriptors: i32,
    pub descriptors: i32,
    pub paths: i32,
}

/// Offsets in what is known of a thread: when its call began (0: it is in none), which it is, its first argument or where its path is, how long it
/// had no core, since when it has none; and in `threads` whose the place is.
const SINCE: i16 = 0;
const CALL: i16 = 8;
const FIRST: i16 = 16;
const LOST: i16 = 24;
const LEFT: i16 = 32;
const OWNER: i16 = 8 * super::OWNER as i16;

/// On the stack: the thread, the value of `started`, room for what is copied, and the key and value of a part.
const THREAD: i16 = -4;
const VALUE: i16 = -48;
const COPY: i16 = -56;
const KEY: i16 = -64;
const PART: i16 = -80;
/// And of a path: its call, four bytes of nothing, and how it begins.
const PATH_KEY: i16 = PART - 8 - PATH as i16;

/// Ends at `out` unless this thread is of the process; leaves its number on the stack. Destroys `R0` to `R5`.
fn only_of(a: &mut Assembler, pid: Pid, out: Label) {
    a.call(Helper::GetCurrentPidTgid);
    a.store(Width::Word, (R10, THREAD), R0);
    a.op(Op::Rsh, R0, 32);
    a.jump_if(If::Ne, R0, pid.0.cast_signed(), out);
}

/// `R0` = what is known of the thread on the stack, or 0; `claim`: a place that is nobody's becomes its. Destroys `R1` to `R5`.
fn thread(a: &mut Assembler, maps: &Maps, claim: bool) {
    let (others, mine, found) = (a.label(), a.label(), a.label());
    a.load(Width::Word, R2, (R10, THREAD));
    a.mov(R1, R2);
    a.op(Op::And, R1, (PLACES - 1) as i32);
    a.op(Op::Mul, R1, PLACE as i32);
    a.value(R3, maps.threads);
    a.op(Op::Add, R3, R1);
    a.load(Width::Double, R0, (R3, OWNER));
    a.jump_if(If::Eq, R0, R2, mine);
    if claim {
        a.jump_if(If::Ne, R0, 0, others);
        a.exchange(Width::Double, (R3, OWNER), R2);
        // Another core may have been faster.
        a.jump_if(If::Eq, R0, 0, mine);
    }
    a.place(others);
    a.find(maps.started, THREAD);
    a.jump(found);
    a.place(mine);
    a.mov(R0, R3);
    a.place(found);
}

/// `R1` = a word at `R7` and an offset; `typed`: it may be read, else it is copied to the stack first.
fn register(a: &mut Assembler, typed: bool, (offset, width): (i32, Width)) {
    if typed {
        a.load(width, R1, (R7, offset as i16));
        return;
    }
    a.mov(R3, R7);
    a.op(Op::Add, R3, offset);
    a.copy(8, COPY);
    a.load(width, R1, (R10, COPY));
}

/// `R8` = the argument that tells what the call in `R6` is on: its first one, or its second. Destroys `R0` to `R5`.
fn argument(a: &mut Assembler, maps: &Maps, typed: bool, [first, second]: [(i32, Width); 2]) {
    let known = a.label();
    register(a, typed, first);
    a.mov(R8, R1);
    a.mov(R1, R6);
    a.op(Op::Mul, R1, (SLOT * 8) as i32);
    a.value(R2, maps.counts);
    a.op(Op::Add, R2, R1);
    a.load(Width::Double, R1, (R2, offset(ON)));
    a.jump_if(If::Ne, R1, ON_SECOND as i32, known);
    register(a, typed, second);
    a.mov(R8, R1);
    a.place(known);
}

fn end(mut a: Assembler, out: Label) -> Result<Vec<Instruction>, Fault> {
    a.place(out);
    a.done();
    a.finish()
}

/// At `sys_enter`: notes when, which, and its first argument; `typed`: where the registers may be read.
///
/// # Errors
/// Where it is not known how this machine passes arguments.
pub fn enter(pid: Pid, maps: &Maps, typed: bool) -> io::Result<Result<Vec<Instruction>, Fault>> {
    let at = registers::of_this_machine()?;
    let mut a = Assembler::default();
    let (out, wide, both, first) = (a.label(), a.label(), a.label(), a.label());
    a.load(Width::Double, R7, (R1, 0));
    a.load(Width::Double, R6, (R1, 8));
    only_of(&mut a, pid, out);
    // Numbers that no table has are told together.
    let known = a.label();
    a.jump_if(If::Lt, R6, Number::BEYOND.cast_signed(), known);
    a.mov(R6, Number::BEYOND.cast_signed());
    a.place(known);
    register(&mut a, typed, at.mode);
    a.op(Op::And, R1, at.mask);
    a.jump_if(If::Ne, R1, at.narrow, wide);
    a.op(Op::Add, R6, NUMBERS.cast_signed());
    argument(&mut a, maps, typed, [at.narrow_first, at.narrow_second]);
    a.jump(both);
    a.place(wide);
    argument(&mut a, maps, typed, [at.first, at.second]);
    a.place(both);
    // Who ends never returns, and is in no call any more.
    let ends = a.label();
    for at in (0..2 * NUMBERS).filter(|at| super::ends_thread(super::number(*at))) {
        a.jump_if(If::Eq, R6, at.cast_signed(), ends);
    }
    thread(&mut a, maps, true);
    a.mov(R7, R0);
    a.jump_if(If::Eq, R7, 0, first);
    note(&mut a, R7, 0);
    a.jump(out);
    a.place(first);
    note(&mut a, R10, VALUE);
    a.set(maps.started, THREAD, VALUE);
    a.jump(out);
    a.place(ends);
    thread(&mut a, maps, false);
    a.jump_if(If::Eq, R0, 0, out);
    a.store(Width::Double, (R0, SINCE), 0);
    Ok(end(a, out))
}

/// Writes that the call in `R6` begins now, whose first argument is in `R8`, as a value of `started`. Destroys `R0` to `R5`.
fn note(a: &mut Assembler, base: Reg, at: i16) {
    a.store(Width::Double, (base, at + FIRST), R8);
    a.store(Width::Double, (base, at + CALL), R6);
    a.store(Width::Double, (base, at + LOST), 0);
    a.store(Width::Double, (base, at + LEFT), 0);
    a.call(Helper::KtimeGetNs);
    a.store(Width::Double, (base, at + SINCE), R0);
}

fn offset(word: usize) -> i16 {
    (word * 8) as i16
}

/// At `sys_exit`: adds what it took to the sums of its call, its error and its descriptor.
///
/// # Errors
/// None but faults of this program.
pub fn leave(pid: Pid, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, worked, off, far) = (a.label(), a.label(), a.label(), a.label());
    let (earlier, on, about) = (a.label(), a.label(), a.label());
    a.mov(R6, R1);
    only_of(&mut a, pid, out);
    thread(&mut a, maps, false);
    a.jump_if(If::Eq, R0, 0, out);
    a.mov(R7, R0);
    // R9: how long it took. R8: the sums of this call.
    a.call(Helper::KtimeGetNs);
    a.mov(R9, R0);
    a.load(Width::Double, R1, (R7, SINCE));
    // It was in none when this began.
    a.jump_if(If::Eq, R1, 0, out);
    a.op(Op::Sub, R9, R1);
    a.load(Width::Double, R1, (R7, CALL));
    a.op(Op::And, R1, (2 * NUMBERS - 1).cast_signed());
    a.store(Width::Word, (R10, KEY), R1);
    a.op(Op::Mul, R1, (SLOT * 8) as i32);
    a.value(R8, maps.counts);
    a.op(Op::Add, R8, R1);
    a.load(Width::Double, R1, (R7, CALL));
    a.jump_if(If::Ge, R1, BEGUN_BEFORE as i32, earlier);
    sums(&mut a);
    // A result in -4095..-1 is an error.
    a.load(Width::Double, R1, (R6, 8));
    a.jump_if(If::SignedGt, R1, -1, worked);
    a.jump_if(If::SignedLt, R1, -4095, worked);
    a.mov(R2, 0);
    a.op(Op::Sub, R2, R1);
    a.store(Width::Word, (R10, KEY + 4), R2);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, offset(ERRORS)), R1);
    part(&mut a, (maps.errors, KEY), 1);
    a.place(worked);
    // R6: how many more there are.
    a.mov(R6, 1);
    a.place(on);
    a.load(Width::Double, R1, (R8, offset(ON)));
    a.jump_if(If::Eq, R1, 0, off);
    a.jump_if(If::Ne, R1, ON_FD as i32, about);
    a.load(Width::Word, R1, (R7, FIRST));
    a.store(Width::Word, (R10, KEY + 4), R1);
    a.jump_if(If::Ge, R1, FDS as i32, far);
    a.load(Width::Word, R2, (R10, KEY));
    a.op(Op::And, R2, (2 * NUMBERS - 1).cast_signed());
    a.op(Op::Mul, R2, FDS as i32);
    a.op(Op::Add, R2, R1);
    a.op(Op::Mul, R2, FD as i32);
    a.value(R0, maps.first_descriptors);
    a.op(Op::Add, R0, R2);
    more(&mut a, R6);
    a.jump(off);
    a.place(far);
    part(&mut a, (maps.descriptors, KEY), R6);
    a.jump(off);
    a.place(about);
    path(&mut a, maps, off);
    a.place(off);
    a.store(Width::Double, (R7, SINCE), 0);
    a.jump(out);
    // How long it took nobody knows, only how long since counting began.
    a.place(earlier);
    spread::lengths(&mut a, [EARLIER, LONGEST_EARLIER].map(offset));
    away(&mut a);
    a.mov(R6, 0);
    a.jump(on);
    end(a, out)
}

/// Adds to the sums at `R8`: what is known stands at `R7`, how long it took in `R9`.
fn sums(a: &mut Assembler) {
    spread::lengths(a, [SPAN, LONGEST].map(offset));
    away(a);
    spread::bucket(a);
    spread::count(a, offset(SPREAD));
}

/// Adds to the sums at `R8` how long the thread at `R7` had no core. Destroys `R1`.
fn away(a: &mut Assembler) {
    let always = a.label();
    a.load(Width::Double, R1, (R7, LOST));
    a.jump_if(If::Eq, R1, 0, always);
    a.fetch_add(Width::Double, (R8, offset(AWAY)), R1);
    a.place(always);
}

/// Adds this call, as many as `R6` says, to those about its path; where that cannot be read, or is empty, ends at `out`.
///
/// Now and not when it began: the kernel has just read it, so it is in memory.
fn path(a: &mut Assembler, maps: &Maps, out: Label) {
    for at in (0..PATH as i16 + 8).step_by(8) {
        a.store(Width::Double, (R10, PATH_KEY + at), 0);
    }
    a.load(Width::Word, R1, (R10, KEY));
    a.store(Width::Word, (R10, PATH_KEY), R1);
    a.load(Width::Double, R3, (R7, FIRST));
    a.mov(R1, R10);
    a.op(Op::Add, R1, i32::from(PATH_KEY) + 8);
    a.mov(R2, PATH as i32);
    a.call(Helper::ProbeReadUserStr);
    // The end of the text is one of its bytes.
    a.jump_if(If::SignedLt, R0, 2, out);
    part(a, (maps.paths, PATH_KEY), R6);
}

/// Adds this call, as so many, to the part whose key is on the stack.
fn part(a: &mut Assembler, (map, key): (i32, i16), many: impl Into<Operand>) {
    let (known, done) = (a.label(), a.label());
    a.find(map, key);
    a.jump_if(If::Ne, R0, 0, known);
    a.store(Width::Double, (R10, PART), 0);
    a.store(Width::Double, (R10, PART + 8), 0);
    a.begin_with(map, key, PART);
    a.find(map, key);
    a.jump_if(If::Ne, R0, 0, known);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, offset(DROPPED)), R1);
    a.jump(done);
    a.place(known);
    more(a, many);
    a.place(done);
}

/// Adds this call, as so many, to how many there were at `R0` and how long they took.
fn more(a: &mut Assembler, many: impl Into<Operand>) {
    a.mov(R1, many);
    a.fetch_add(Width::Double, (R0, 0), R1);
    a.mov(R1, R9);
    a.fetch_add(Width::Double, (R0, 8), R1);
}

/// At `sched_switch`: who is in a call and loses its core notes when; who gets one adds how long it had none.
///
/// # Errors
/// None but faults of this program.
pub fn switch(pid: Pid, maps: &Maps, tid: i16, tgid: i16) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, other, had) = (a.label(), a.label(), a.label());
    a.load(Width::Double, R7, (R1, 16));
    a.call(Helper::KtimeGetNs);
    a.mov(R9, R0);
    only_of(&mut a, pid, other);
    thread(&mut a, maps, false);
    a.jump_if(If::Eq, R0, 0, other);
    a.store(Width::Double, (R0, LEFT), R9);
    a.place(other);
    a.load(Width::Word, R1, (R7, tgid));
    a.jump_if(If::Ne, R1, pid.0.cast_signed(), out);
    a.load(Width::Word, R1, (R7, tid));
    a.store(Width::Word, (R10, THREAD), R1);
    thread(&mut a, maps, false);
    a.jump_if(If::Eq, R0, 0, out);
    a.load(Width::Double, R1, (R0, LEFT));
    a.jump_if(If::Eq, R1, 0, had);
    lost(&mut a, R9);
    a.place(had);
    end(a, out)
}

/// Adds the time since the thread at `R0` lost its core, in `R1`, until `now`.
fn lost(a: &mut Assembler, now: Reg) {
    a.op(Op::Sub, now, R1);
    a.load(Width::Double, R2, (R0, LOST));
    a.op(Op::Add, R2, now);
    a.store(Width::Double, (R0, LOST), R2);
    a.store(Width::Double, (R0, LEFT), 0);
}
