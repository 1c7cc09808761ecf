//! The program that runs at every switch, in the words of the kernel's machine. It looks at whoever comes, adds up whoever
//! leaves, and has no loop: about 60 instructions where the slice lies in one bin, as nearly all do.

use super::layout::{
    AHEAD, BIN, BIN_END, CLOCK, GEN, HEAD, HEADER, KEY, LONGEST, LOST, Layout, MADE, MOVES, OF_BIN,
    PREEMPTED, RUN, SEQ, SLICES, SLOT, START, TAIL, WAITED, WHO, WIDTH,
};
use crate::sys::bpf::assembler::Reg::{R0, R1, R2, R4, R5, R6, R7, R8, R9, R10};
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Label, Op, Reg, Width,
};
use crate::sys::bpf::btf::Types;

/// Where the kernel that runs has what the program looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub tracepoint: u32,
    tid: i16,
    pid: i16,
    waited: i16,
    moves: i16,
    clock: i16,
}

impl Fields {
    /// `None` where one of them is not there.
    pub fn of(types: &Types) -> Option<Self> {
        let task = |field| i16::try_from(types.offset("task_struct", field)?).ok();
        Some(Self {
            tracepoint: types.tracepoint("sched_switch")?,
            tid: task("pid")?,
            pid: task("tgid")?,
            waited: task("sched_info.run_delay")?,
            moves: task("se.nr_migrations")?,
            clock: task("se.exec_start")?,
        })
    }
}

/// Places on the stack: whether the thread that leaves could still run, what the kernel counted of it, and what the
/// scheduler's clock says.
const RUNNABLE: i16 = -8;
const HAS_WAITED: i16 = -16;
const HAS_MOVED: i16 = -24;
const TICK: i16 = -32;

/// The argument of the tracepoint: preempted within the kernel, who leaves, who comes, the state of who leaves.
const PREEMPT: i16 = 0;
const PREV: i16 = 8;
const NEXT: i16 = 16;
const STATE: i16 = 24;

/// Registers throughout: the moment, the slot, who comes, the memory of this core; when the slice began, whose it is, its
/// bin.
const NOW: Reg = R6;
const OWN: Reg = R7;
const COMES: Reg = R8;
const CORE: Reg = R9;
const BEGAN: Reg = R1;
const LEAVES: Reg = R2;
const IN_BIN: Reg = R5;

struct Writer<'a> {
    a: Assembler,
    layout: &'a Layout,
    fields: &'a Fields,
    /// Where whoever comes is noted, and where there was no room.
    arrive: Label,
    full: Label,
}

/// The program for this memory.
///
/// # Errors
/// Never, as its test shows.
pub(super) fn assemble(
    layout: &Layout,
    fields: &Fields,
    shared: i32,
) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (arrive, full, end) = (a.label(), a.label(), a.label());
    let mut w = Writer {
        a,
        layout,
        fields,
        arrive,
        full,
    };
    w.begin(shared, end);
    w.leave();
    w.a.place(full);
    w.bump(LOST, R0);
    w.a.place(arrive);
    w.arrive();
    w.a.place(end);
    w.a.mov(R0, 0);
    w.a.exit();
    w.a.finish()
}

const D: Width = Width::Double;
const W: Width = Width::Word;

impl Writer<'_> {
    fn get(&mut self, to: Reg, base: Reg, at: usize) {
        self.a.load(D, to, (base, at as i16));
    }

    fn put(&mut self, base: Reg, at: usize, from: Reg) {
        self.a.store(D, (base, at as i16), from);
    }

    /// Adds one to a word of this core.
    fn bump(&mut self, at: usize, with: Reg) {
        self.get(with, CORE, at);
        self.a.op(Op::Add, with, 1);
        self.put(CORE, at, with);
    }

    /// The same so that what is written before and after stays there. Stores are seen in their order on x86 anyway, and
    /// there an atomic addition would cost as much as the rest of the program.
    fn turn(&mut self, at: usize, with: Reg) {
        if cfg!(target_arch = "x86_64") {
            self.bump(at, with);
        } else {
            self.a.mov(with, 1);
            self.a.fetch_add(D, (CORE, at as i16), with);
        }
    }

    /// Takes what the argument tells, finds the memory of this core, and what time it is.
    fn begin(&mut self, shared: i32, end: Label) {
        let known = self.a.label();
        let Fields { waited, moves, .. } = *self.fields;
        self.a.mov(R6, R1);
        self.a.load(D, R7, (R6, PREV));
        self.a.load(D, COMES, (R6, NEXT));
        self.a.load(D, R2, (R7, waited));
        self.a.store(D, (R10, HAS_WAITED), R2);
        self.a.load(D, R2, (R7, moves));
        self.a.store(D, (R10, HAS_MOVED), R2);
        self.a.store(D, (R10, RUNNABLE), 1);
        self.a.load(D, R2, (R6, PREEMPT));
        self.a.op(Op::And, R2, 0xff);
        self.a.jump_if(If::Ne, R2, 0, known);
        self.a.load(D, R2, (R6, STATE));
        self.a.op(Op::Lsh, R2, 32);
        self.a.jump_if(If::Eq, R2, 0, known);
        self.a.store(D, (R10, RUNNABLE), 0);
        self.a.place(known);
        self.a.call(Helper::GetSmpProcessorId);
        self.a.jump_if(If::Ge, R0, self.layout.cores as i32, end);
        self.a.op(Op::Mul, R0, self.layout.stride() as i32);
        self.a.value(CORE, shared);
        self.a.op(Op::Add, CORE, R0);
        self.moment();
        self.turn(SEQ, R0);
    }

    /// `NOW` = what time it is. Asking the clock takes longer than all the rest, so it is asked once a bin: in between it is
    /// what the scheduler read when it began this switch and noted in both threads. Where it noted nothing new, the clock
    /// is asked.
    fn moment(&mut self) {
        let (later, ask, known, onward) = (
            self.a.label(),
            self.a.label(),
            self.a.label(),
            self.a.label(),
        );
        let Fields { clock, .. } = *self.fields;
        self.a.load(D, R1, (R7, clock));
        self.a.load(D, R2, (COMES, clock));
        self.a.jump_if(If::Ge, R1, R2, later);
        self.a.mov(R1, R2);
        self.a.place(later);
        self.a.store(D, (R10, TICK), R1);
        self.get(R2, CORE, CLOCK);
        self.a.jump_if(If::Le, R1, R2, ask);
        self.get(NOW, CORE, AHEAD);
        self.a.op(Op::Add, NOW, R1);
        self.get(R2, CORE, BIN_END);
        self.a.jump_if(If::Lt, NOW, R2, known);
        self.a.place(ask);
        self.a.call(Helper::KtimeGetNs);
        self.a.mov(NOW, R0);
        self.a.load(D, R1, (R10, TICK));
        self.a.op(Op::Sub, R0, R1);
        self.put(CORE, AHEAD, R0);
        self.a.place(known);
        self.put(CORE, CLOCK, R1);
        // Both clocks do not go quite alike, but no slice ends before it began.
        self.get(R2, CORE, START);
        self.a.jump_if(If::Ge, NOW, R2, onward);
        self.a.mov(NOW, R2);
        self.a.place(onward);
    }

    /// Adds up the slice of whoever leaves.
    fn leave(&mut self) {
        let (same, one_bin) = (self.a.label(), self.a.label());
        self.get(BEGAN, CORE, START);
        self.get(LEAVES, CORE, WHO);
        self.a.jump_if(If::Eq, LEAVES, 0, self.arrive);
        self.get(R4, CORE, BIN_END);
        self.a.jump_if(If::Lt, NOW, R4, same);
        self.a.mov(R4, NOW);
        self.a.op(Op::Div, R4, WIDTH as i32);
        self.put(CORE, BIN, R4);
        self.a.op(Op::Add, R4, 1);
        self.a.op(Op::Mul, R4, WIDTH as i32);
        self.put(CORE, BIN_END, R4);
        self.a.place(same);
        self.a.op(Op::Sub, R4, WIDTH as i32);
        self.a.jump_if(If::Ge, BEGAN, R4, one_bin);
        self.whole();
        self.a.place(one_bin);
        self.get(IN_BIN, CORE, BIN);
        self.find();
        self.add();
        self.a.jump(self.arrive);
    }

    /// `R4` = the next entry of the log, which is counted as written; what it holds is written before the switch ends.
    fn log(&mut self) {
        self.get(R4, CORE, TAIL);
        self.get(R0, CORE, HEAD);
        self.a.op(Op::Sub, R0, R4);
        let most = self.layout.log as i32;
        self.a.jump_if(If::Ge, R0, most, self.full);
        self.get(R0, CORE, HEAD);
        self.a.op(Op::And, R0, most - 1);
        self.a.op(Op::Mul, R0, SLOT as i32);
        self.a.mov(R4, CORE);
        self.a
            .op(Op::Add, R4, (HEADER + self.layout.slots * SLOT) as i32);
        self.a.op(Op::Add, R4, R0);
    }

    /// A slice over a border of bins is told as it was.
    fn whole(&mut self) {
        self.log();
        self.put(R4, KEY, LEAVES);
        self.put(R4, OF_BIN, BEGAN);
        self.put(R4, RUN, NOW);
        self.a.store(W, (R4, SLICES as i16), 1);
        self.a.load(D, R0, (R10, RUNNABLE));
        self.a.store(W, (R4, PREEMPTED as i16), R0);
        self.a.load(D, R0, (R10, HAS_WAITED));
        self.put(R4, WAITED, R0);
        self.a.store(D, (R4, GEN as i16), 0);
        self.a.load(D, R0, (R10, HAS_MOVED));
        self.put(R4, MOVES, R0);
        self.turn(HEAD, R0);
        self.a.jump(self.arrive);
    }

    /// The address in `to` of the slot at the place in `R0`, which is cut to those that there are.
    fn slot(&mut self, to: Reg) {
        self.a.op(Op::And, R0, self.layout.slots as i32 - 1);
        self.a.op(Op::Mul, R0, SLOT as i32);
        self.a.mov(to, CORE);
        self.a.op(Op::Add, to, HEADER as i32);
        self.a.op(Op::Add, to, R0);
    }

    /// `OWN` = the slot of the thread that leaves in this bin. It has two places; where others have both, one of them makes
    /// room.
    fn find(&mut self) {
        let (mine, taken, ready, second) = (
            self.a.label(),
            self.a.label(),
            self.a.label(),
            self.a.label(),
        );
        self.a.mov(R0, LEAVES);
        self.slot(OWN);
        self.get(R0, OWN, KEY);
        self.a.jump_if(If::Eq, R0, LEAVES, mine);
        self.a.mov(R0, LEAVES);
        self.a.op(Op::Xor, R0, self.layout.slots as i32 / 2);
        self.slot(R4);
        self.get(R0, R4, KEY);
        self.a.jump_if(If::Eq, R0, LEAVES, second);
        // Whose bin is over makes room first.
        self.get(R0, OWN, OF_BIN);
        self.a.jump_if(If::Lt, R0, IN_BIN, taken);
        self.a.mov(OWN, R4);
        self.a.jump(taken);
        self.a.place(second);
        self.a.mov(OWN, R4);
        self.a.place(mine);
        self.get(R0, OWN, OF_BIN);
        self.a.jump_if(If::Eq, R0, IN_BIN, ready);
        self.a.place(taken);
        self.make();
        self.a.place(ready);
    }

    /// Gives a slot to the thread that leaves; what is in it goes to the log.
    fn make(&mut self) {
        let fresh = self.a.label();
        self.get(R0, OWN, KEY);
        self.a.jump_if(If::Eq, R0, 0, fresh);
        self.log();
        for at in (0..SLOT).step_by(8) {
            self.get(R0, OWN, at);
            self.put(R4, at, R0);
        }
        self.turn(HEAD, R0);
        self.a.place(fresh);
        self.put(OWN, KEY, LEAVES);
        self.put(OWN, OF_BIN, IN_BIN);
        for at in [RUN, SLICES, LONGEST] {
            self.a.store(D, (OWN, at as i16), 0);
        }
        self.bump(MADE, R0);
        self.put(OWN, GEN, R0);
    }

    /// Adds the slice to the slot.
    fn add(&mut self) {
        let shorter = self.a.label();
        self.a.mov(R0, NOW);
        self.a.op(Op::Sub, R0, BEGAN);
        self.get(R4, OWN, RUN);
        self.a.op(Op::Add, R4, R0);
        self.put(OWN, RUN, R4);
        self.get(R4, OWN, LONGEST);
        self.a.jump_if(If::Ge, R4, R0, shorter);
        self.put(OWN, LONGEST, R0);
        self.a.place(shorter);
        self.a.load(W, R4, (OWN, SLICES as i16));
        self.a.op(Op::Add, R4, 1);
        self.a.store(W, (OWN, SLICES as i16), R4);
        self.a.load(D, R0, (R10, RUNNABLE));
        self.a.load(W, R4, (OWN, PREEMPTED as i16));
        self.a.op(Op::Add, R4, R0);
        self.a.store(W, (OWN, PREEMPTED as i16), R4);
        self.a.load(D, R0, (R10, HAS_WAITED));
        self.put(OWN, WAITED, R0);
        self.a.load(D, R0, (R10, HAS_MOVED));
        self.put(OWN, MOVES, R0);
    }

    /// Notes whoever comes.
    fn arrive(&mut self) {
        let Fields { tid, pid, .. } = *self.fields;
        self.put(CORE, START, NOW);
        self.a.load(W, R1, (COMES, pid));
        self.a.op(Op::Lsh, R1, 32);
        self.a.load(W, R2, (COMES, tid));
        self.a.op(Op::Or, R1, R2);
        self.put(CORE, WHO, R1);
        self.turn(SEQ, R0);
    }
}
