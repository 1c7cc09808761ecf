//! A quick hash for maps by thread number: at every switch two threads are looked up.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash for small numbers: the kernel gives thread numbers out, so nobody can choose them to collide.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuickHash(u64);

impl Hasher for QuickHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u32(u32::from(*b));
        }
    }
    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0 ^ u64::from(n))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(26);
    }
}

/// The hasher of maps by thread number.
pub type Quick = BuildHasherDefault<QuickHash>;
