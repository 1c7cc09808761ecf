//! Assembles programs for the kernel's machine: instructions with labels, as `linux/bpf.h` and the kernel's
//! `Documentation/bpf/standardization/instruction-set.rst` tell them. Pure: it loads nothing.

use thiserror::Error;

/// One instruction, as the kernel reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    code: u8,
    /// The register that is written in the low half, the one that is read in the high half.
    registers: u8,
    offset: i16,
    immediate: i32,
}

/// A register: `R0` has results, `R1` to `R5` arguments, which calls destroy; `R6` to `R9` are kept, `R10` is the end of a
/// stack of 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are all that there is to say")]
pub enum Reg {
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
}

/// What an operation works with.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    /// A register.
    Reg(Reg),
    /// A number, whose sign is extended.
    Number(i32),
}

impl From<Reg> for Operand {
    fn from(reg: Reg) -> Self {
        Self::Reg(reg)
    }
}

impl From<i32> for Operand {
    fn from(number: i32) -> Self {
        Self::Number(number)
    }
}

/// An operation on 64 bits; numbers are taken without a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names are all that there is to say")]
pub enum Op {
    Add = 0x00,
    Sub = 0x10,
    Mul = 0x20,
    Div = 0x30,
    Or = 0x40,
    And = 0x50,
    Lsh = 0x60,
    Rsh = 0x70,
    Mod = 0x90,
    Xor = 0xa0,
    Mov = 0xb0,
}

/// When a jump is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum If {
    /// Both are equal.
    Eq = 0x10,
    /// The first is greater, without signs.
    Gt = 0x20,
    /// It is greater or equal.
    Ge = 0x30,
    /// They have a bit in common.
    AnyBit = 0x40,
    /// They differ.
    Ne = 0x50,
    /// It is greater, with signs.
    SignedGt = 0x60,
    /// It is less.
    Lt = 0xa0,
    /// It is less or equal.
    Le = 0xb0,
    /// It is less, with signs.
    SignedLt = 0xc0,
}

/// How many bytes are read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Four.
    Word = 0x00,
    /// Two.
    Half = 0x08,
    /// One.
    Byte = 0x10,
    /// Eight.
    Double = 0x18,
}

/// A function of the kernel that programs may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Helper {
    /// The value of a key (`R2`) of a map (`R1`), or 0.
    MapLookup = 1,
    /// Sets the value (`R3`) of a key (`R2`) of a map (`R1`) by flags (`R4`).
    MapUpdate = 2,
    /// Takes a key (`R2`) out of a map (`R1`).
    MapDelete = 3,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    KtimeGetNs = 5,
    /// The core that this runs on.
    GetSmpProcessorId = 8,
    /// The process in the high half, the thread in the low one.
    GetCurrentPidTgid = 14,
    /// Copies the name of the current thread to the `R2` bytes at `R1`.
    GetCurrentComm = 16,
    /// Copies `R2` bytes of the kernel at `R3` to `R1`.
    ProbeReadKernel = 113,
    /// Copies a text of the current process at `R3`, at most `R2` bytes with its end, to `R1`; how many bytes that were.
    ProbeReadUserStr = 114,
    /// What the kernel keeps of the registers of the task at `R1` (Linux 5.15).
    TaskPtRegs = 175,
}

/// A place in a program that jumps lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// What is wrong with a program.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// A jump leads to a label that was never placed.
    #[error("a jump leads nowhere: label {0} has no place")]
    NoPlace(usize),
    /// A label was placed twice.
    #[error("label {0} has two places")]
    TwoPlaces(usize),
    /// A jump leads further than 15 bits and a sign say.
    #[error("label {0} is too far from a jump")]
    TooFar(usize),
}

/// Classes of instructions, and bits beside them.
const LD: u8 = 0x00;
const LDX: u8 = 0x01;
const ST: u8 = 0x02;
const STX: u8 = 0x03;
const JMP: u8 = 0x05;
const ALU64: u8 = 0x07;
/// The second operand is a register.
const OF_REG: u8 = 0x08;
const MEM: u8 = 0x60;
const ATOMIC: u8 = 0xc0;
const JA: u8 = 0x00;
const CALL: u8 = 0x80;
const EXIT: u8 = 0x90;
/// What the second register of a wide load says that its number is.
const MAP: u8 = 1;
const MAP_VALUE: u8 = 2;

/// A program that is being written.
#[derive(Debug, Default)]
pub struct Assembler {
    code: Vec<Instruction>,
    labels: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
    fault: Option<Fault>,
}

impl Assembler {
    /// A label without a place.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// The label stands here.
    pub fn place(&mut self, label: Label) {
        let here = self.code.len();
        if self.labels[label.0].replace(here).is_some() {
            self.fault.get_or_insert(Fault::TwoPlaces(label.0));
        }
    }

    fn push(&mut self, code: u8, (to, from): (u8, u8), offset: i16, immediate: i32) {
        self.code.push(Instruction {
            code,
            registers: to | from << 4,
            offset,
            immediate,
        });
    }

    fn with(&mut self, code: u8, to: Reg, operand: Operand, offset: i16) {
        match operand {
            Operand::Reg(from) => self.push(code | OF_REG, (to as u8, from as u8), offset, 0),
            Operand::Number(number) => self.push(code, (to as u8, 0), offset, number),
        }
    }

    /// `to = to op operand`.
    pub fn op(&mut self, op: Op, to: Reg, operand: impl Into<Operand>) {
        self.with(ALU64 | op as u8, to, operand.into(), 0);
    }

    /// `to = operand`.
    pub fn mov(&mut self, to: Reg, operand: impl Into<Operand>) {
        self.op(Op::Mov, to, operand);
    }

    /// `to` = a number of 64 bits.
    pub fn wide(&mut self, to: Reg, number: u64) {
        self.two(to, 0, number as i32, (number >> 32) as i32);
    }

    /// `to` = a map, for the helpers that take one.
    pub fn map(&mut self, to: Reg, map: i32) {
        self.two(to, MAP, map, 0);
    }

    /// `to` = the address of the only value of an array.
    pub fn value(&mut self, to: Reg, map: i32) {
        self.two(to, MAP_VALUE, map, 0);
    }

    fn two(&mut self, to: Reg, what: u8, low: i32, high: i32) {
        self.push(LD | Width::Double as u8, (to as u8, what), 0, low);
        self.push(0, (0, 0), 0, high);
    }

    /// `to` = what stands at an address; what is narrower is extended by zeros.
    pub fn load(&mut self, width: Width, to: Reg, (base, offset): (Reg, i16)) {
        let code = LDX | MEM | width as u8;
        self.push(code, (to as u8, base as u8), offset, 0);
    }

    /// Writes to an address.
    pub fn store(&mut self, width: Width, (base, offset): (Reg, i16), operand: impl Into<Operand>) {
        match operand.into() {
            Operand::Reg(from) => {
                let code = STX | MEM | width as u8;
                self.push(code, (base as u8, from as u8), offset, 0);
            }
            Operand::Number(number) => {
                let code = ST | MEM | width as u8;
                self.push(code, (base as u8, 0), offset, number);
            }
        }
    }

    /// Adds a register to what stands at an address, at once, and leaves in it what stood there before; nothing is moved
    /// across it.
    pub fn fetch_add(&mut self, width: Width, (base, offset): (Reg, i16), with: Reg) {
        let code = STX | ATOMIC | width as u8;
        self.push(code, (base as u8, with as u8), offset, 1);
    }

    /// Writes a register to an address if what stands there is as `R0`, at once; `R0` is what stood there then.
    pub fn exchange(&mut self, width: Width, (base, offset): (Reg, i16), with: Reg) {
        let code = STX | ATOMIC | width as u8;
        self.push(code, (base as u8, with as u8), offset, 0xf1);
    }

    /// Goes on at a label.
    pub fn jump(&mut self, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(JMP | JA, (0, 0), 0, 0);
    }

    /// Goes on at a label if so.
    pub fn jump_if(&mut self, what: If, reg: Reg, operand: impl Into<Operand>, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.with(JMP | what as u8, reg, operand.into(), 0);
    }

    /// Calls the kernel.
    pub fn call(&mut self, helper: Helper) {
        self.push(JMP | CALL, (0, 0), 0, helper as i32);
    }

    /// `to` = the address of a place on the stack.
    fn on_stack(&mut self, to: Reg, place: i16) {
        self.mov(to, Reg::R10);
        self.op(Op::Add, to, i32::from(place));
    }

    /// `R0` = the value in a map of the key at a place on the stack, or 0.
    pub fn find(&mut self, map: i32, key: i16) {
        self.map(Reg::R1, map);
        self.on_stack(Reg::R2, key);
        self.call(Helper::MapLookup);
    }

    /// Sets the value in a map of the key at a place on the stack to what stands at another place there.
    pub fn set(&mut self, map: i32, key: i16, value: i16) {
        self.on_stack(Reg::R3, value);
        self.put(map, key, 0);
    }

    /// Sets the value in a map of the key at a place on the stack to what `R3` points at, unless another core was faster.
    pub fn begin(&mut self, map: i32, key: i16) {
        // BPF_NOEXIST.
        self.put(map, key, 1);
    }

    /// The same with what stands at a place on the stack.
    pub fn begin_with(&mut self, map: i32, key: i16, value: i16) {
        self.on_stack(Reg::R3, value);
        self.begin(map, key);
    }

    fn put(&mut self, map: i32, key: i16, flags: i32) {
        self.map(Reg::R1, map);
        self.on_stack(Reg::R2, key);
        self.mov(Reg::R4, flags);
        self.call(Helper::MapUpdate);
    }

    /// Takes the key at a place on the stack out of a map.
    pub fn remove(&mut self, map: i32, key: i16) {
        self.map(Reg::R1, map);
        self.on_stack(Reg::R2, key);
        self.call(Helper::MapDelete);
    }

    /// Copies bytes of the kernel, from where `R3` points to a place on the stack.
    pub fn copy(&mut self, bytes: i32, to: i16) {
        self.on_stack(Reg::R1, to);
        self.mov(Reg::R2, bytes);
        self.call(Helper::ProbeReadKernel);
    }

    /// Ends the program with 0, as those at tracepoints do.
    pub fn done(&mut self) {
        self.mov(Reg::R0, 0);
        self.exit();
    }

    /// Ends the program with what is in `R0`.
    pub fn exit(&mut self) {
        self.push(JMP | EXIT, (0, 0), 0, 0);
    }

    /// The program, every jump led to its label.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn finish(mut self) -> Result<Vec<Instruction>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        for (at, Label(label)) in self.jumps {
            let place = self.labels[label].ok_or(Fault::NoPlace(label))?;
            let by = place as i64 - at as i64 - 1;
            self.code[at].offset = by.try_into().map_err(|_| Fault::TooFar(label))?;
        }
        Ok(self.code)
    }
}

#[cfg(test)]
mod tests;
