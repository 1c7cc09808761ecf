//! The programs: what happens in the kernel when a request to a disk is made, when its driver gets it, and when it is answered.

use super::{
    AREA, COUNT, DEVICE, DEVICES, DONE, DROPPED, HEAT, LONGEST, NAME, OF_PROCESS, SPREAD, TOOK,
    Types,
};
use crate::model::machine::requests::{COLUMN, FIRST, KEPT, STEPS};
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Op,
    Reg::{R0, R1, R2, R3, R6, R7, R8, R9, R10},
    Width,
};
use crate::sys::bpf::spread;

/// The maps by their numbers.
pub struct Maps {
    /// By the address of the request: when it was made (0: it is not under way), when the driver got it, by whom it was made
    /// and how the thread was called.
    /// The kernel uses the same few again and again: they keep their entries.
    pub under_way: i32,
    /// By the number of the device: which part of `sums` is its.
    pub devices: i32,
    /// Sums of each device and kind.
    pub sums: i32,
    /// By process, device and kind.
    pub processes: i32,
    /// Zeros, to begin sums with.
    pub zeros: i32,
}

/// Offsets in the value of `under_way`.
const MADE: i16 = 0;
const ISSUED: i16 = 8;
const WHO: i16 = 16;
const CALLED: i16 = 24;

/// Who makes a flush that stands for those of programs.
const NOBODY: u64 = 0xffff_ffff;
/// `REQ_OP_FLUSH`, and the bits of the flags that tell what is asked for.
const FLUSH: i32 = 2;
const OPERATION: i32 = 0xff;

/// On the stack: the request, a value of `under_way`, now, how long the device had it, the number of the device, the key of
/// a process, the bucket.
const REQUEST: i16 = -8;
const VALUE: i16 = -120;
const NOW: i16 = -40;
const HAD: i16 = -48;
const NUMBER: i16 = -56;
const KEY: i16 = -64;
const BUCKET: i16 = -72;
/// And how many bytes it has, where it reads or writes.
const LENGTH: i16 = -76;

/// `R6` = the request, also on the stack; `R9` = now; `R8` = the process that this happens in.
fn begin(argument: usize) -> Assembler {
    let mut a = Assembler::default();
    a.load(Width::Double, R6, (R1, (argument * 8) as i16));
    a.store(Width::Double, (R10, REQUEST), R6);
    a.call(Helper::GetCurrentPidTgid);
    a.mov(R8, R0);
    a.op(Op::Rsh, R8, 32);
    a.call(Helper::KtimeGetNs);
    a.mov(R9, R0);
    a
}

/// Writes that a request is made now, and takes the driver to have it, until this is told. Destroys `R0` to `R5`.
fn note(a: &mut Assembler, base: crate::sys::bpf::assembler::Reg, at: i16) {
    a.store(Width::Double, (base, at + ISSUED), R9);
    a.store(Width::Double, (base, at + WHO), R8);
    a.store(Width::Double, (base, at + MADE), R9);
    a.mov(R1, base);
    a.op(Op::Add, R1, i32::from(at + CALLED));
    a.mov(R2, NAME.1 as i32);
    a.call(Helper::GetCurrentComm);
}

/// At `block_io_start`, in whoever asks; and at `block_rq_issue`, where the driver gets it, which `issued` tells.
///
/// # Errors
/// None but faults of this program.
pub fn made(types: &Types, issued: bool, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let at = types.made.filter(|_| !issued).unwrap_or(types.issued);
    let mut a = begin(at.1);
    let (first, unknown, out) = (a.label(), a.label(), a.label());
    a.find(maps.under_way, REQUEST);
    a.jump_if(If::Eq, R0, 0, first);
    a.mov(R7, R0);
    if issued {
        a.load(Width::Double, R1, (R7, MADE));
        a.jump_if(If::Eq, R1, 0, unknown);
        a.store(Width::Double, (R7, ISSUED), R9);
        a.jump(out);
    }
    a.place(unknown);
    whose(&mut a, types, issued);
    note(&mut a, R7, 0);
    a.jump(out);
    a.place(first);
    whose(&mut a, types, issued);
    note(&mut a, R10, VALUE);
    a.set(maps.under_way, REQUEST, VALUE);
    a.place(out);
    a.done();
    a.finish()
}

/// A flush that nobody was seen to make is the kernel's own, for those of programs that wait: `R8` = nobody. Destroys `R1`.
fn whose(a: &mut Assembler, types: &Types, issued: bool) {
    if !issued || types.made.is_none() {
        return;
    }
    let known = a.label();
    a.load(Width::Word, R1, (R6, types.flags));
    a.op(Op::And, R1, OPERATION);
    a.jump_if(If::Ne, R1, FLUSH, known);
    a.wide(R8, NOBODY);
    a.place(known);
}

/// At `block_rq_complete`: adds what it took to the sums of its device and of who asked.
///
/// # Errors
/// None but faults of this program.
pub fn answered(types: &Types, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let argument = types.answered.1;
    let mut a = Assembler::default();
    let (out, whole) = (a.label(), a.label());
    a.load(Width::Double, R6, (R1, (argument * 8) as i16));
    // How many bytes are answered: a part is no answer. Behind the request and the error.
    a.load(Width::Double, R8, (R1, (argument * 8 + 16) as i16));
    a.op(Op::Lsh, R8, 32);
    a.op(Op::Rsh, R8, 32);
    a.store(Width::Double, (R10, REQUEST), R6);
    a.load(Width::Word, R1, (R6, types.length));
    a.jump_if(If::Ge, R8, R1, whole);
    a.jump(out);
    a.place(whole);
    a.find(maps.under_way, REQUEST);
    a.jump_if(If::Eq, R0, 0, out);
    a.mov(R7, R0);
    a.load(Width::Double, R8, (R7, MADE));
    a.jump_if(If::Eq, R8, 0, out);
    a.call(Helper::KtimeGetNs);
    a.store(Width::Double, (R10, NOW), R0);
    a.mov(R9, R0);
    // One that another core wrote a moment later than this one reads its clock took no time.
    let in_order = a.label();
    a.jump_if(If::Ge, R9, R8, in_order);
    a.mov(R9, R8);
    a.place(in_order);
    a.op(Op::Sub, R9, R8);
    a.load(Width::Double, R1, (R7, ISSUED));
    a.load(Width::Double, R2, (R10, NOW));
    let sane = a.label();
    a.jump_if(If::Ge, R2, R1, sane);
    a.mov(R2, R1);
    a.place(sane);
    a.op(Op::Sub, R2, R1);
    a.store(Width::Double, (R10, HAD), R2);
    area(&mut a, types, maps);
    spread::bucket(&mut a);
    a.store(Width::Double, (R10, BUCKET), R3);
    let (of_process, done) = (a.label(), a.label());
    // The device has the kernel's flush for those of programs, which have no bytes.
    a.load(Width::Word, R1, (R10, LENGTH));
    a.jump_if(If::Eq, R1, 0, of_process);
    sums(&mut a);
    column(&mut a);
    a.load(Width::Word, R1, (R10, KEY));
    a.wide(R2, NOBODY);
    a.jump_if(If::Eq, R1, R2, done);
    a.place(of_process);
    process(&mut a, maps);
    a.place(done);
    a.store(Width::Double, (R7, MADE), 0);
    a.place(out);
    a.done();
    a.finish()
}

/// `R8` = the sums of the device and the kind of the request at `R6`; leaves the key of the process on the stack.
fn area(a: &mut Assembler, types: &Types, maps: &Maps) {
    let (of_disk, known) = (a.label(), a.label());
    a.mov(R1, R6);
    for field in types.disk.iter().flatten() {
        a.load(Width::Double, R1, (R1, *field));
    }
    a.load(Width::Word, R2, (R1, types.major));
    a.load(Width::Word, R3, (R1, types.minor));
    a.op(Op::Lsh, R2, 32);
    a.op(Op::Or, R2, R3);
    a.store(Width::Double, (R10, NUMBER), R2);
    a.find(maps.devices, NUMBER);
    a.mov(R8, 0);
    a.jump_if(If::Eq, R0, 0, of_disk);
    a.load(Width::Double, R8, (R0, 0));
    a.place(of_disk);
    a.op(Op::And, R8, DEVICES as i32 - 1);
    // R2: what is asked for, as `enum req_op` numbers it: even ones read, odd ones write; one without bytes flushes.
    a.load(Width::Word, R1, (R6, types.flags));
    a.op(Op::And, R1, OPERATION);
    a.mov(R2, 2);
    a.mov(R3, 1);
    a.store(Width::Word, (R10, LENGTH), R3);
    a.jump_if(If::Eq, R1, FLUSH, known);
    a.jump_if(If::Eq, R1, 3, known);
    a.jump_if(If::Ge, R1, 32, known);
    a.mov(R2, R1);
    a.op(Op::And, R2, 1);
    a.load(Width::Word, R3, (R6, types.length));
    a.store(Width::Word, (R10, LENGTH), R3);
    a.jump_if(If::Ne, R3, 0, known);
    a.mov(R2, 2);
    a.place(known);
    a.op(Op::And, R2, 3);
    a.op(Op::Lsh, R8, 2);
    a.op(Op::Or, R8, R2);
    a.store(Width::Word, (R10, KEY + 4), R8);
    a.load(Width::Double, R1, (R7, WHO));
    a.store(Width::Word, (R10, KEY), R1);
    a.op(Op::Mul, R8, AREA as i32);
    a.value(R1, maps.sums);
    a.op(Op::Add, R1, R8);
    a.mov(R8, R1);
}

/// Adds the request to the sums at `R8`; `R9`: how long it took.
fn sums(a: &mut Assembler) {
    add(a);
    a.load(Width::Double, R3, (R10, BUCKET));
    spread::count(a, SPREAD);
}

/// Adds it to how many there were, how long they took, and how long the device had them.
fn add(a: &mut Assembler) {
    spread::add(a, [DONE, TOOK, LONGEST]);
    a.load(Width::Double, R1, (R10, HAD));
    a.fetch_add(Width::Double, (R8, DEVICE), R1);
}

/// `R3` = the bucket without what comes before the first that is told apart, and at most `last`.
fn bucket_from_first(a: &mut Assembler, last: usize) {
    let (above, within) = (a.label(), a.label());
    a.load(Width::Double, R3, (R10, BUCKET));
    a.jump_if(If::Ge, R3, FIRST as i32, above);
    a.mov(R3, FIRST as i32);
    a.place(above);
    a.op(Op::Sub, R3, FIRST as i32);
    a.jump_if(If::Le, R3, last as i32, within);
    a.mov(R3, last as i32);
    a.place(within);
}

/// Adds it to the column of this moment.
fn column(a: &mut Assembler) {
    bucket_from_first(a, 2 * STEPS - 1);
    a.op(Op::Rsh, R3, 1);
    a.load(Width::Double, R1, (R10, NOW));
    a.wide(R2, COLUMN.0);
    a.op(Op::Div, R1, R2);
    a.op(Op::And, R1, KEPT as i32 - 1);
    a.op(Op::Mul, R1, STEPS as i32);
    a.op(Op::Add, R3, R1);
    spread::count(a, HEAT);
}

/// Adds it to the sums of who asked, whose key is on the stack.
fn process(a: &mut Assembler, maps: &Maps) {
    let (known, out) = (a.label(), a.label());
    a.find(maps.processes, KEY);
    a.jump_if(If::Ne, R0, 0, known);
    a.value(R3, maps.zeros);
    a.begin(maps.processes, KEY);
    a.find(maps.processes, KEY);
    a.jump_if(If::Ne, R0, 0, known);
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, DROPPED), R1);
    a.jump(out);
    a.place(known);
    a.mov(R8, R0);
    add(a);
    bucket_from_first(a, OF_PROCESS - 1);
    spread::count(a, COUNT);
    // Whoever has ended by the time that this is read was called so.
    for at in [0, 8] {
        a.load(Width::Double, R1, (R7, CALLED + at));
        a.store(Width::Double, (R8, NAME.0 + at), R1);
    }
    a.place(out);
}
