//! Which functions a thread is in, told from the words above its stack pointer while it waits: nobody is stopped.
//!
//! A word is believed to be a return address only where a call stands before it that leads to the function below it, so that
//! what earlier calls left on the stack is passed over. Nothing is read here.

mod symbols;

pub use symbols::{Symbol, Symbols};

/// Where a call leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// To this address.
    At(Entry),
    /// Into the kernel, by the page that it lends to 32-bit processes.
    Kernel,
    /// To where a register or a word of memory says.
    Somewhere,
}

/// Where a function begins, and where it may go on in another's place: its first jumps (a call at its end is made so), and
/// those of where they lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its address.
    pub at: u64,
    /// Jumps near its beginning, and near theirs; 0 for none.
    pub jumps: [u64; 8],
}

impl Entry {
    /// A function of which only the address is known.
    pub fn new(at: u64) -> Self {
        Self { at, jumps: [0; 8] }
    }

    /// Looks for jumps; `code` reads the [`BEGINNING`] of what begins at an address.
    #[must_use]
    pub fn with_jumps(mut self, code: &dyn Fn(u64) -> Vec<u8>) -> Self {
        let jumps = if cfg!(target_arch = "aarch64") {
            branches
        } else {
            jumps
        };
        let first = |at: u64| jumps(&code(at), at);
        let near = first(self.at);
        let behind = near
            .iter()
            .take(2)
            .flat_map(|at| first(*at).into_iter().take(2));
        let all = near.iter().copied().chain(behind);
        for (to, jump) in self.jumps.iter_mut().zip(all) {
            *to = jump;
        }
        self
    }

    /// Whether what begins here is being run at an address.
    fn leads_to(&self, at: u64, holds: &dyn Fn(u64, u64) -> bool) -> bool {
        let all = std::iter::once(self.at).chain(self.jumps);
        all.filter(|start| *start != 0)
            .any(|start| holds(start, at))
    }
}

/// Bytes of a function's code in which its first jumps are looked for.
pub const BEGINNING: usize = 128;

/// How many jumps of a beginning are followed.
const JUMPS: usize = 4;

/// Where the first jumps in some code at an address may lead: `e9` and 32 bits.
fn jumps(code: &[u8], at: u64) -> Vec<u64> {
    let jump = |(i, w): (usize, &[u8])| {
        let [0xe9, by @ ..] = w.as_array::<5>()? else {
            return None;
        };
        let end = at.wrapping_add(i as u64 + 5);
        Some(end.wrapping_add_signed(i32::from_le_bytes(*by).into()))
    };
    let places = code.windows(5).enumerate();
    places.filter_map(jump).take(JUMPS).collect()
}

/// The same on aarch64: `b` and 26 bits.
fn branches(code: &[u8], at: u64) -> Vec<u64> {
    let (words, _) = code.as_chunks::<4>();
    let jump = |(i, w): (usize, &[u8; 4])| {
        let here = at.wrapping_add(4 * i as u64);
        led_by(0x1400_0000, u32::from_le_bytes(*w), here)
    };
    let places = words.iter().enumerate();
    places.filter_map(jump).take(JUMPS).collect()
}

/// Where a branch of aarch64 at an address leads, if it is of this kind: 6 bits, behind which 26 tell how many words further.
fn led_by(kind: u32, word: u32, at: u64) -> Option<u64> {
    let by = i64::from((word << 6) as i32 >> 4);
    (word & 0xfc00_0000 == kind).then(|| at.wrapping_add_signed(by))
}

/// The longest function that a call is believed to lead into the middle of, in bytes.
const LONGEST: u64 = 16 << 10;
/// How many calls are followed.
const DEEPEST: usize = 12;
/// Bytes before a return address that the longest call takes.
pub const CALL: usize = 7;

/// A call of something in another file: the address of the word that says where it leads, from the [`CALL`] bytes before a
/// return address, and for a call that leads to a stub (`endbr64; jmp *word`) from the stub's first bytes.
pub fn slot_of_call(bytes: &[u8], back_to: u64) -> Option<u64> {
    let [_, 0xff, 0x15, d0, d1, d2, d3] = *<&[u8; CALL]>::try_from(bytes).ok()? else {
        return None;
    };
    let by = i64::from(i32::from_le_bytes([d0, d1, d2, d3]));
    Some(back_to.wrapping_add_signed(by))
}

/// The same of a call of what a register holds (`mov word,%rax` before `call *%rax`), from the bytes before a return address.
pub fn slot_loaded(before: &[u8], back_to: u64) -> Option<u64> {
    let (load, call) = ([0x48, 0x8b, 0x05], [0xff, 0xd0]);
    let rest = before.strip_suffix(&call)?;
    let at = rest.windows(7).rposition(|w| w.starts_with(&load))?;
    let by: [u8; 4] = rest[at + 3..at + 7].try_into().ok()?;
    let behind = back_to.wrapping_sub((before.len() - at - 7) as u64);
    Some(behind.wrapping_add_signed(i32::from_le_bytes(by).into()))
}

/// The same of a stub that begins at an address; `wide` code counts from itself, narrow code names the word, or counts from
/// where the words of its file are, `others`.
pub fn slot_of_stub(code: &[u8], at: u64, wide: bool, others: Option<u64>) -> Option<u64> {
    let jump = |w: &[u8]| w[0] == 0xff && (w[1] == 0x25 || (!wide && w[1] == 0xa3));
    let found = code.windows(6).take(8).position(jump)?;
    let by: [u8; 4] = code.get(found + 2..found + 6)?.try_into().ok()?;
    if code[found + 1] == 0xa3 {
        return Some(others?.wrapping_add_signed(i32::from_le_bytes(by).into()));
    }
    if !wide {
        return Some(u32::from_le_bytes(by).into());
    }
    let end = at.wrapping_add(found as u64 + 6);
    Some(end.wrapping_add_signed(i32::from_le_bytes(by).into()))
}

/// The call that ends at a return address, from the [`CALL`] bytes before it; `None` where no call stands there.
///
/// x86: `e8` and 32 bits; `65 ff 15` and 32 bits, or `65 ff 10`, for the kernel's page; `ff /2` in its forms.
/// aarch64: `bl` and 26 bits; `blr`.
pub fn call_before(bytes: &[u8], back_to: u64) -> Option<Callee> {
    let bytes: [u8; CALL] = bytes.try_into().ok()?;
    if cfg!(target_arch = "aarch64") {
        return branch_before(bytes, back_to);
    }
    let [.., e8, d0, d1, d2, d3] = bytes;
    if let [0x65, 0xff, 0x15, ..] | [.., 0x65, 0xff, 0x10] = bytes {
        return Some(Callee::Kernel);
    }
    if e8 == 0xe8 {
        let by = i64::from(i32::from_le_bytes([d0, d1, d2, d3]));
        return Some(Callee::At(Entry::new(back_to.wrapping_add_signed(by))));
    }
    // `call *reg` and `call *(reg)` in 2 bytes, with 8 bits in 3, with 32 in 6 (of the instruction pointer too).
    let indirect = |at: usize| bytes[at] == 0xff && bytes[at + 1] & 0x38 == 0x10;
    (indirect(1) || indirect(4) || indirect(5)).then_some(Callee::Somewhere)
}

fn branch_before(bytes: [u8; CALL], back_to: u64) -> Option<Callee> {
    let word = u32::from_le_bytes([bytes[3], bytes[4], bytes[5], bytes[6]]);
    let to = led_by(0x9400_0000, word, back_to.wrapping_sub(4));
    let to = to.map(|to| Callee::At(Entry::new(to)));
    to.or_else(|| (word & 0xffff_fc1f == 0xd63f_0000).then_some(Callee::Somewhere))
}

/// The words above a stack pointer that may be return addresses into code: those that `inside` takes.
pub fn candidates(stack: &[u8], wide: bool, inside: &dyn Fn(u64) -> bool) -> Vec<u64> {
    let words: Vec<u64> = if wide {
        let (words, _) = stack.as_chunks::<8>();
        words.iter().map(|w| u64::from_ne_bytes(*w)).collect()
    } else {
        let (words, _) = stack.as_chunks::<4>();
        words
            .iter()
            .map(|w| u32::from_ne_bytes(*w).into())
            .collect()
    };
    words.into_iter().filter(|w| inside(*w)).collect()
}

/// The places in code that a thread is at, the innermost first: where it called the kernel, and where each call goes back to
/// that leads to the function before it. `candidates` are in the order of the stack. What was called from outside of the
/// library is told by where it begins, and is the last.
pub fn places(
    pc: u64,
    candidates: &[u64],
    callee: &dyn Fn(u64) -> Option<Callee>,
    symbols: &Symbols,
    within: &dyn Fn(u64) -> bool,
) -> Places {
    let holds = |start: u64, at: u64| match symbols.start_of(at) {
        Some(known) => known == start,
        // A function that is not named: none that is named lies between.
        None => (1..LONGEST).contains(&at.wrapping_sub(start)) && !symbols.between(start, at),
    };
    let mut at = pc;
    let mut out = vec![pc];
    let mut from = None;
    for (i, back_to) in candidates.iter().enumerate() {
        if out.len() == DEEPEST {
            break;
        }
        match callee(*back_to) {
            Some(Callee::At(entry)) if entry.leads_to(at, &holds) => {
                if !within(*back_to) {
                    out.push(entry.at.wrapping_add(1));
                    from = Some(i);
                    break;
                }
            }
            // The kernel's page is no code of a file, and the first thing that is called in.
            Some(Callee::Kernel) if out.len() == 1 => {}
            _ => continue,
        }
        out.push(*back_to);
        at = *back_to;
    }
    Places { inside: out, from }
}

/// The places in a program's own code that a thread is at, the innermost first: where it called the library or the kernel,
/// and where each call goes back to that leads to the function before it. Only functions that are named are followed.
pub fn callers(
    first: u64,
    candidates: &[u64],
    callee: &dyn Fn(u64) -> Option<Callee>,
    symbols: &Symbols,
) -> Vec<u64> {
    let mut at = first;
    let mut out = vec![first];
    for back_to in candidates {
        let Some(start) = symbols.start_of(at).filter(|_| out.len() < DEEPEST) else {
            break;
        };
        if let Some(Callee::At(entry)) = callee(*back_to)
            && entry.at == start
        {
            out.push(*back_to);
            at = *back_to;
        }
    }
    out
}

/// Where in a library a thread is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The places in the library, the innermost first; what was called from outside by where it begins, and last.
    pub inside: Vec<u64>,
    /// Which of the candidates the library was called from; `None` where that was not found.
    pub from: Option<usize>,
}

#[cfg(test)]
mod tests;
