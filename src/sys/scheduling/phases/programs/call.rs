//! In which call a thread sleeps and on what, read from the registers that the kernel keeps of it.

use super::super::{DESCRIPTOR, FIRST_IS, NONE, NUMBERS, UNKNOWN, WHOLE};
use super::{BEGINS, Maps, THREAD};
use crate::sys::bpf::assembler::{
    Assembler, Helper, If, Op, Reg,
    Reg::{R0, R1, R2, R3, R6, R7, R10},
    Width,
};
use crate::sys::bpf::btf::Task;
use crate::sys::bpf::registers::Registers;

/// `PF_KTHREAD`, `PF_USER_WORKER`, `PF_IO_WORKER` in `task_struct.flags`.
const KERNEL: i32 = 0x0020_4010;

/// Leaves on the stack in which call the thread at `R7` is, on what, and how it sleeps, which is in `R6`. Destroys `R0` to `R5`.
pub fn site(a: &mut Assembler, maps: &Maps, task: &Task, at: &Registers) {
    let (wide, told, none, unknown, nothing) =
        (a.label(), a.label(), a.label(), a.label(), a.label());
    // Threads of the kernel keep none.
    a.load(Width::Word, R1, (R7, task.flags));
    a.jump_if(If::AnyBit, R1, KERNEL, none);
    a.mov(R1, R7);
    a.call(Helper::TaskPtRegs);
    let load = |a: &mut Assembler, (offset, width): (i32, Width), to: Reg| {
        a.load(width, to, (R0, offset as i16));
    };
    load(a, at.number, R1);
    a.wide(R3, 0xffff_ffff);
    a.jump_if(If::Eq, R1, R3, none);
    a.jump_if(If::Ge, R1, NUMBERS.cast_signed(), unknown);
    load(a, at.mode, R3);
    a.op(Op::And, R3, at.mask);
    load(a, at.first, R2);
    a.jump_if(If::Ne, R3, at.narrow, wide);
    load(a, at.narrow_first, R2);
    a.op(Op::Add, R1, NUMBERS.cast_signed());
    a.place(wide);
    // What of the argument tells.
    a.value(R3, maps.shared);
    a.op(Op::And, R1, (2 * NUMBERS - 1).cast_signed());
    a.mov(R0, R1);
    a.op(Op::Lsh, R0, 3);
    a.op(Op::Add, R3, R0);
    a.load(Width::Double, R3, (R3, FIRST_IS));
    a.jump_if(If::Eq, R3, WHOLE as i32, told);
    a.jump_if(If::Ne, R3, DESCRIPTOR as i32, nothing);
    a.op(Op::Lsh, R2, 32);
    a.op(Op::Rsh, R2, 32);
    a.jump(told);
    a.place(none);
    a.mov(R1, NONE as i32);
    a.jump(nothing);
    a.place(unknown);
    a.mov(R1, UNKNOWN as i32);
    a.place(nothing);
    a.mov(R2, 0);
    a.place(told);
    a.store(Width::Double, (R10, BEGINS + 8), R2);
    a.op(Op::Lsh, R1, 32);
    a.load(Width::Double, R2, (R10, THREAD));
    a.op(Op::Or, R1, R2);
    a.mov(R2, R6);
    a.op(Op::Lsh, R2, 56);
    a.op(Op::Or, R1, R2);
    a.store(Width::Double, (R10, BEGINS), R1);
}
