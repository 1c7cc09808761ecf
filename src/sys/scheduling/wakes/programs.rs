//! The programs: what happens in the kernel when an interrupt begins and ends, when a thread is woken, and when it gets a core.

use super::each::{BY, ENTRY, HEADER, Log, NUMBER, WHEN, WHOM};
use super::{
    CONTEXT, CORES, FROM_CORE, FROM_INTERRUPT, FROM_SOFT, FROM_TIMER, HARD, LONGEST, SOFT, SPREAD,
    WAITED, WAKES,
};
use crate::model::id::Pid;
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Label, Op,
    Reg::{R0, R1, R2, R3, R6, R7, R8, R9, R10},
    Width,
};
use crate::sys::bpf::btf::Task;
use crate::sys::bpf::spread;

/// The maps by their numbers.
pub struct Maps {
    /// By core: which interrupt it is in.
    pub contexts: i32,
    /// By thread: when it was woken (0: it has had its core since) and by whom. A thread keeps its entry: to make one and take
    /// it away costs more than all the rest.
    pub woken: i32,
    /// By thread and waker: the sums.
    pub sums: i32,
    /// Zeros, to begin sums with.
    pub zeros: i32,
}

/// What begins or ends on this core.
#[derive(Clone, Copy)]
pub enum Context {
    /// An interrupt whose number is the first argument.
    Interrupt,
    /// What is left of interrupts for later, by kinds.
    Soft,
    /// This core's own timer.
    Timer,
    /// Another core wants something.
    Core,
}

/// On the stack: the thread, when and by whom it was woken, the key of its sums, and who comes next.
const THREAD: i16 = -8;
const VALUE: i16 = -24;
const KEY: i16 = -40;
const NEXT: i16 = -48;

/// `R8` = what is known of this core. Destroys `R0` to `R5`.
fn here(a: &mut Assembler, contexts: i32) {
    a.call(Helper::GetSmpProcessorId);
    a.op(Op::And, R0, CORES as i32 - 1);
    a.op(Op::Mul, R0, CONTEXT as i32);
    a.value(R8, contexts);
    a.op(Op::Add, R8, R0);
}

/// Notes that such a context begins on this core, or that it ends.
///
/// # Errors
/// None but faults of this program.
pub fn context(what: Context, begins: bool, contexts: i32) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    a.load(Width::Double, R6, (R1, 0));
    here(&mut a, contexts);
    match what {
        Context::Interrupt => a.wide(R1, FROM_INTERRUPT),
        Context::Soft => a.wide(R1, FROM_SOFT),
        Context::Timer => a.wide(R1, FROM_TIMER),
        Context::Core => a.wide(R1, FROM_CORE),
    }
    if matches!(what, Context::Interrupt | Context::Soft) {
        a.op(Op::And, R6, 0xffff);
        a.op(Op::Or, R1, R6);
    }
    if !begins {
        a.mov(R1, 0);
    }
    let at = if matches!(what, Context::Soft) {
        SOFT
    } else {
        HARD
    };
    a.store(Width::Double, (R8, at), R1);
    a.done();
    a.finish()
}

/// Leaves the number of the thread at `R7` on the stack; ends at `out` unless it is of the process.
fn only_of(a: &mut Assembler, pid: Pid, at: Task, out: Label) {
    a.load(Width::Word, R1, (R7, at.tgid));
    a.jump_if(If::Ne, R1, pid.0.cast_signed(), out);
    a.load(Width::Word, R1, (R7, at.tid));
    a.store(Width::Double, (R10, THREAD), R1);
    a.store(Width::Double, (R10, KEY), R1);
}

/// `R6` = when the thread on the stack was woken, which is known no more; ends at `out` where it was not.
fn take(a: &mut Assembler, maps: &Maps, out: Label) {
    a.find(maps.woken, THREAD);
    a.jump_if(If::Eq, R0, 0, out);
    a.load(Width::Double, R1, (R0, 8));
    a.store(Width::Double, (R10, KEY + 8), R1);
    a.load(Width::Double, R6, (R0, 0));
    a.jump_if(If::Eq, R6, 0, out);
    a.store(Width::Double, (R0, 0), 0);
}

/// Adds a wake-up to the sums whose key is on the stack; `R9`: how long the thread then waited.
fn count(a: &mut Assembler, maps: &Maps) {
    let (out, known) = (a.label(), a.label());
    a.find(maps.sums, KEY);
    a.jump_if(If::Ne, R0, 0, known);
    a.value(R3, maps.zeros);
    a.begin(maps.sums, KEY);
    a.find(maps.sums, KEY);
    a.jump_if(If::Eq, R0, 0, out);
    a.place(known);
    a.mov(R8, R0);
    spread::add(a, [WAKES, WAITED, LONGEST]);
    spread::bucket(a);
    spread::count(a, SPREAD);
    a.place(out);
}

/// `R6` = who wakes somebody now: the interrupt that this core is in, else the thread that has it. Destroys `R8` and what calls
/// do.
fn waker(a: &mut Assembler, contexts: i32) {
    let known = a.label();
    here(a, contexts);
    a.load(Width::Double, R6, (R8, HARD));
    a.jump_if(If::Ne, R6, 0, known);
    a.load(Width::Double, R6, (R8, SOFT));
    a.jump_if(If::Ne, R6, 0, known);
    a.call(Helper::GetCurrentPidTgid);
    a.mov(R6, R0);
    a.place(known);
}

/// At `sched_waking`: writes down when, whom, and who did it, over the oldest that this core has written.
///
/// # Errors
/// None but faults of this program.
pub fn each(at: Task, contexts: i32, log: (i32, Log)) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (memory, log) = log;
    a.load(Width::Double, R7, (R1, 0));
    a.call(Helper::KtimeGetNs);
    a.mov(R9, R0);
    waker(&mut a, contexts);
    a.call(Helper::GetSmpProcessorId);
    a.op(Op::And, R0, log.cores as i32 - 1);
    a.op(Op::Mul, R0, log.bytes() as i32);
    a.value(R8, memory);
    a.op(Op::Add, R8, R0);
    // The place is taken first: what interrupts this takes another one.
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, 0), R1);
    a.mov(R2, R1);
    a.op(Op::And, R2, log.entries as i32 - 1);
    a.op(Op::Mul, R2, ENTRY as i32);
    a.op(Op::Add, R8, R2);
    a.store(Width::Double, (R8, HEADER + WHEN), R9);
    a.store(Width::Double, (R8, HEADER + BY), R6);
    a.load(Width::Word, R2, (R7, at.tid));
    a.store(Width::Word, (R8, HEADER + WHOM), R2);
    a.load(Width::Word, R2, (R7, at.tgid));
    a.store(Width::Word, (R8, HEADER + WHOM + 4), R2);
    // Whole, and which one it is.
    a.op(Op::Add, R1, 1);
    a.store(Width::Double, (R8, HEADER + NUMBER), R1);
    a.done();
    a.finish()
}

/// At `sched_waking`: notes when, and who did it: an interrupt rather than the thread that it interrupted.
///
/// # Errors
/// None but faults of this program.
pub fn waking(pid: Pid, at: Task, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, first, fresh) = (a.label(), a.label(), a.label());
    a.load(Width::Double, R7, (R1, 0));
    only_of(&mut a, pid, at, out);
    // Woken before it had left its core the last time, it did not wait.
    take(&mut a, maps, first);
    a.mov(R9, 0);
    count(&mut a, maps);
    a.place(first);
    a.call(Helper::KtimeGetNs);
    a.store(Width::Double, (R10, VALUE), R0);
    waker(&mut a, maps.contexts);
    a.store(Width::Double, (R10, VALUE + 8), R6);
    a.find(maps.woken, THREAD);
    a.jump_if(If::Eq, R0, 0, fresh);
    a.store(Width::Double, (R0, 8), R6);
    a.load(Width::Double, R1, (R10, VALUE));
    a.store(Width::Double, (R0, 0), R1);
    a.jump(out);
    a.place(fresh);
    a.set(maps.woken, THREAD, VALUE);
    a.place(out);
    a.done();
    a.finish()
}

/// At `sched_switch`: whoever was woken and gets a core now waited until now. Whoever loses one and could run was not asleep:
/// it was woken before it had left its core, did not wait, and waits now for another reason.
///
/// # Errors
/// None but faults of this program.
pub fn switch(pid: Pid, at: Task, maps: &Maps) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, comes, could) = (a.label(), a.label(), a.label());
    // `bool preempt, struct task_struct *prev, struct task_struct *next`.
    a.mov(R8, R1);
    a.load(Width::Double, R7, (R8, 8));
    // The one that comes is kept over what follows.
    a.load(Width::Double, R9, (R8, 16));
    a.load(Width::Double, R6, (R8, 0));
    a.store(Width::Double, (R10, NEXT), R9);
    only_of(&mut a, pid, at, comes);
    a.jump_if(If::Ne, R6, 0, could);
    a.load(Width::Word, R1, (R7, at.state));
    a.jump_if(If::Ne, R1, 0, comes);
    a.place(could);
    take(&mut a, maps, comes);
    a.mov(R9, 0);
    count(&mut a, maps);
    a.place(comes);
    a.load(Width::Double, R7, (R10, NEXT));
    only_of(&mut a, pid, at, out);
    take(&mut a, maps, out);
    a.call(Helper::KtimeGetNs);
    a.mov(R9, R0);
    a.op(Op::Sub, R9, R6);
    count(&mut a, maps);
    a.place(out);
    a.done();
    a.finish()
}
