//! Sums of lengths, and sorting a length into the buckets of a histogram, as `model::scheduling::spread` reads it.

use super::assembler::{
    Assembler, If, Op,
    Reg::{R1, R2, R3, R8, R9},
    Width,
};
use crate::model::scheduling::spread::BUCKETS;

/// Adds one of the length in `R9` to sums at `R8`: how many there were, how long together, the longest. Destroys `R1`.
pub fn add(a: &mut Assembler, [many, together, longest]: [i16; 3]) {
    a.mov(R1, 1);
    a.fetch_add(Width::Double, (R8, many), R1);
    lengths(a, [together, longest]);
}

/// The same where buckets tell how many there were.
pub fn lengths(a: &mut Assembler, [together, longest]: [i16; 2]) {
    let shorter = a.label();
    a.mov(R1, R9);
    a.fetch_add(Width::Double, (R8, together), R1);
    a.load(Width::Double, R1, (R8, longest));
    a.jump_if(If::Le, R9, R1, shorter);
    a.store(Width::Double, (R8, longest), R9);
    a.place(shorter);
}

/// Adds one to the counter in `R3` of those that stand at `R8` and an offset. Destroys `R1` to `R3`.
pub fn count(a: &mut Assembler, at: i16) {
    a.op(Op::Lsh, R3, 3);
    a.mov(R1, R8);
    a.op(Op::Add, R1, R3);
    a.mov(R2, 1);
    a.fetch_add(Width::Double, (R1, at), R2);
}

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
