//! Sorting a length into the buckets of a histogram, as `model::scheduling::spread` reads it.

use super::assembler::{
    Assembler, If, Op,
    Reg::{R1, R2, R3, R9},
};
use crate::model::scheduling::spread::BUCKETS;

/// `R3` = the bucket of the length in `R9`. Destroys `R1` and `R2`.
pub fn bucket(a: &mut Assembler) {
    let (tiny, sorted, in_range) = (a.label(), a.label(), a.label());
    // R3: the logarithm; R2: the next two bits.
    a.mov(R2, R9);
    a.mov(R3, 0);
    for bits in [32, 16, 8, 4, 2, 1] {
        let less = a.label();
        a.wide(R1, 1 << bits);
        a.jump_if(If::Lt, R2, R1, less);
        a.op(Op::Rsh, R2, bits);
        a.op(Op::Add, R3, bits);
        a.place(less);
    }
    a.jump_if(If::Lt, R3, 2, tiny);
    a.mov(R1, R3);
    a.op(Op::Sub, R1, 2);
    a.mov(R2, R9);
    a.op(Op::Rsh, R2, R1);
    a.op(Op::And, R2, 3);
    a.jump(sorted);
    a.place(tiny);
    a.mov(R2, 0);
    a.place(sorted);
    a.op(Op::Lsh, R3, 2);
    a.op(Op::Add, R3, R2);
    let last = BUCKETS as i32 - 1;
    a.jump_if(If::Le, R3, last, in_range);
    a.mov(R3, last);
    a.place(in_range);
}
