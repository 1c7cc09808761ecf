//! Where the registers of a call stand in what the kernel keeps of them (`struct pt_regs`).

use std::io;

use super::assembler::Width;

/// Offsets and widths of what programs look at.
pub struct Registers {
    /// Which call it is; with all its bits set it is none.
    pub number: (i32, Width),
    /// The first argument of a 64-bit program.
    pub first: (i32, Width),
    /// That of a 32-bit program.
    pub narrow_first: (i32, Width),
    /// The second argument of a 64-bit program.
    pub second: (i32, Width),
    /// That of a 32-bit program.
    pub narrow_second: (i32, Width),
    /// The word that tells which of both it is, by a mask and a value.
    pub mode: (i32, Width),
    /// What of that word tells.
    pub mask: i32,
    /// What it tells of a 32-bit program.
    pub narrow: i32,
}

/// Those of this machine.
///
/// # Errors
/// Where they are not known.
pub fn of_this_machine() -> io::Result<Registers> {
    let known = "what a call was made with is known on x86-64 and arm64 only";
    REGISTERS.ok_or_else(|| io::Error::other(known))
}

/// Those of this machine, where they are known.
#[cfg(target_arch = "x86_64")]
const REGISTERS: Option<Registers> = Some(Registers {
    number: (120, Width::Word),
    first: (112, Width::Double),
    narrow_first: (40, Width::Double),
    second: (104, Width::Double),
    narrow_second: (88, Width::Double),
    // The code segment: 0x23 is that of 32-bit programs.
    mode: (136, Width::Half),
    mask: 0xffff,
    narrow: 0x23,
});
/// Those of this machine, where they are known.
#[cfg(target_arch = "aarch64")]
const REGISTERS: Option<Registers> = Some(Registers {
    number: (280, Width::Word),
    first: (0, Width::Double),
    narrow_first: (0, Width::Double),
    second: (8, Width::Double),
    narrow_second: (8, Width::Double),
    // The saved state of the processor: one bit for the 32-bit mode.
    mode: (264, Width::Word),
    mask: 0x10,
    narrow: 0x10,
});
/// Those of this machine, where they are known.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const REGISTERS: Option<Registers> = None;
