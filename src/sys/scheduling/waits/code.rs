//! The code that a waiting thread is in: the C library of a process, and the words above the thread's stack pointer.
//!
//! Memory is only copied (`process_vm_readv(2)`); nobody is stopped. Which functions are told by name see
//! `model::scheduling::wait`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::space::Space;
use crate::model::id::Pid;
use crate::model::memory::region::Mapping;
use crate::model::reading::Reading;
use crate::model::scheduling::wait::frames::{self, Callee, Entry, Symbol, Symbols};
use crate::model::scheduling::wait::{
    Flavour, Inside, flavour, inside, instructions, made, made_at,
};
use crate::sys::memory::symbols::Kept;
use crate::sys::memory::{process_memory, symbols};

/// Bytes above a stack pointer that are looked at.
pub const STACK: usize = 2048;
/// Words of them that may be return addresses.
const MOST_CANDIDATES: usize = 64;
/// So many files of 32 bits are asked for where their stubs count from.
const MOST_FILES: usize = 16;
/// Files that are C libraries, by how their names begin. Before 2.34 glibc had its threads in a library of their own.
const LIBRARIES: &[&str] = &["libc.so", "libc-", "libpthread", "ld-musl", "libc.musl"];

/// Files that are libraries of languages, which call the kernel themselves.
const RUNTIMES: &[&str] = &["libstdc++.so", "libc++.so", "libstd-"];

/// A run of addresses.
type Run = (u64, u64);

/// The C library of a process, and its program.
#[derive(Debug, Default)]
pub struct Code {
    wide: bool,
    symbols: Symbols,
    flavour: Flavour,
    /// The code of the library, and that of the program.
    library: Vec<Run>,
    program: Vec<Run>,
    /// All code.
    all: Vec<Run>,
    go: bool,
    /// What is added to the addresses of the program's file, and where libraries begin that wait without the C library.
    bias: u64,
    runtimes: Vec<u64>,
    /// The functions of both that wait; read once somebody was in one that the C library does not name.
    made: OnceLock<Symbols>,
    unnamed: AtomicBool,
    /// Code of files whose stubs count from where the words are that say where functions of others begin: of 32 bits.
    files: Vec<(Run, Option<u64>)>,
    calls: Mutex<HashMap<u64, Option<Callee>>>,
}

impl Code {
    /// Which C library it is.
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// What a thread waits for that called the kernel at `pc` with these arguments of `futex(2)`, by the `stack` above its
    /// stack pointer.
    pub fn inside(&self, thread: Pid, pc: u64, stack: &[u8], args: &[u64; 6]) -> Option<Inside> {
        let holds = |runs: &[Run], at: u64| runs.iter().any(|(a, b)| (*a..*b).contains(&at));
        if self.go && holds(&self.program, pc) {
            return Some(Inside::Go);
        }
        let within = |at: u64| holds(&self.library, at);
        let mut words = frames::candidates(stack, self.wide, &|at| holds(&self.all, at));
        words.truncate(MOST_CANDIDATES);
        self.learn(thread, &words, &within);
        let calls = self.calls();
        let callee = |at: u64| calls.get(&at).copied().flatten();
        let places = frames::places(pc, &words, &callee, &self.symbols, &within);
        let told = inside(&places.inside, &self.symbols);
        // A program that calls the kernel from its own code, and has a library beside it.
        let own = holds(&self.program, pc) && !within(pc);
        let bare = match told {
            Some(Inside::Bare) => true,
            Some(_) => false,
            None => own,
        };
        if !bare {
            return told.or_else(|| self.coded(thread, &words, args));
        }
        let Some(symbols) = self.made.get() else {
            self.unnamed.store(true, Ordering::Relaxed);
            return Some(Inside::Bare);
        };
        // `syscall(3)` keeps nothing on the stack: what lies on top is where it goes back to, whatever register led there.
        let top = frames::candidates(stack, self.wide, &|_| true)
            .first()
            .copied();
        let top = words
            .first()
            .filter(|w| top == Some(**w) && callee(**w).is_some());
        let from = places.from.or(top.map(|_| 0)).filter(|_| !own);
        let (first, rest) = from.map_or((pc, &words[..]), |i| (words[i], &words[i + 1..]));
        let called = frames::callers(first, rest, &callee, symbols);
        let made = made_at(&called, symbols);
        let made = made.or_else(|| self.coded(thread, from.map_or(&[], |i| &words[i..]), args));
        made.or(Some(Inside::Bare))
    }

    /// What the standard library of Rust waits for in a program whose names tell nothing, by the code that called
    /// `syscall(3)`: the first of these words is where that goes back to.
    fn coded(&self, thread: Pid, words: &[u64], args: &[u64; 6]) -> Option<Inside> {
        let back_to = *words.first().filter(|_| self.wide)?;
        let from = back_to.wrapping_sub(instructions::AROUND as u64);
        let code = process_memory::read(thread, from, 2 * instructions::AROUND).ok()?;
        let (before, behind) = code.split_at_checked(instructions::AROUND)?;
        let made = instructions::made_by(before, behind, args[2] as u32, args[3] != 0);
        made.map(Inside::Made)
    }

    /// Whether somebody waits in what only the program's own names could tell, and those have not been read.
    pub fn lacks_names(&self) -> bool {
        self.unnamed.load(Ordering::Relaxed) && self.made.get().is_none()
    }

    /// Takes the functions of the program, and of libraries of its language, that wait for what they made themselves.
    /// `own` are those of the program's file, from [`waiting`].
    pub fn learn_names(&self, pid: Pid, own: Vec<Symbol>) {
        let here = |symbol: Symbol| Symbol {
            start: symbol.start.wrapping_add(self.bias),
            ..symbol
        };
        let mut all: Vec<Symbol> = own.into_iter().map(here).collect();
        let memory = |at: u64, length: usize| process_memory::read(pid, at, length).ok();
        for base in &self.runtimes {
            let exported = symbols::exported(&memory, *base).map(Symbols::into_all);
            let exported = exported.into_iter().flatten();
            all.extend(exported.filter(|s| made(&s.name).is_some()));
        }
        let _ = self.made.set(Symbols::new(all));
    }

    /// Reads the calls before words that were not seen before.
    fn learn(&self, thread: Pid, words: &[u64], within: &dyn Fn(u64) -> bool) {
        let new: Vec<u64> = {
            let known = self.calls();
            let is_new = |w: &&u64| !known.contains_key(w);
            words.iter().filter(is_new).copied().collect()
        };
        let read = |at: u64, length| process_memory::read(thread, at, length).unwrap_or_default();
        let code = |at: u64| {
            if within(at) {
                read(at, frames::BEGINNING)
            } else {
                Vec::new()
            }
        };
        for word in new {
            let bytes = read(word.wrapping_sub(frames::CALL as u64), frames::CALL);
            let call = match frames::call_before(&bytes, word) {
                Some(Callee::At(entry)) if within(word) => {
                    Some(Callee::At(entry.with_jumps(&code)))
                }
                // From another file: a stub there, or the instruction itself, names the word that says where to.
                Some(Callee::At(Entry { at, .. })) => {
                    let stub = read(at, 16);
                    let file = self.files.iter().find(|f| (f.0.0..f.0.1).contains(&at));
                    let others = file.and_then(|f| f.1);
                    match frames::slot_of_stub(&stub, at, self.wide, others) {
                        None => Some(Callee::At(Entry::new(at))),
                        slot => self.behind(slot, &read, &code, within),
                    }
                }
                Some(Callee::Somewhere) if !within(word) => {
                    let slot = frames::slot_of_call(&bytes, word);
                    let behind = self.behind(slot, &read, &code, within);
                    behind.or(Some(Callee::Somewhere))
                }
                other => other,
            };
            self.calls().insert(word, call);
        }
    }

    /// The function of the library that a word of memory says the address of.
    fn behind(
        &self,
        slot: Option<u64>,
        read: &dyn Fn(u64, usize) -> Vec<u8>,
        code: &dyn Fn(u64) -> Vec<u8>,
        within: &dyn Fn(u64) -> bool,
    ) -> Option<Callee> {
        let bytes = read(slot?, if self.wide { 8 } else { 4 });
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(&bytes);
        let at = u64::from_le_bytes(word);
        within(at).then(|| Callee::At(Entry::new(at).with_jumps(code)))
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<u64, Option<Callee>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what a process has of code: from its memory, and of its program what the `file` [`kept`]. `program` is the
    /// inode of that.
    pub fn read(pid: Pid, space: &Space, file: &Kept, program: u64, wide: bool) -> Self {
        let begins = |m: &&Mapping| m.offset == 0 && is_called(m, RUNTIMES);
        let mut code = Self {
            wide,
            bias: bias(space, program, file),
            runtimes: space.all().iter().filter(begins).map(|m| m.start).collect(),
            program: runs(space, &|m| m.file.inode == program && program != 0),
            library: runs(space, &is_library),
            all: runs(space, &|_| true),
            ..Self::default()
        };
        let memory = |at: u64, length: usize| process_memory::read(pid, at, length).ok();
        let mut all: Vec<Symbol> = Vec::new();
        let mut done: Vec<u64> = Vec::new();
        for mapping in space.all().iter().filter(|m| m.access.run && is_library(m)) {
            let Some(base) = begins_at(space, mapping).filter(|b| !done.contains(b)) else {
                continue;
            };
            done.push(base);
            all.extend(
                symbols::exported(&memory, base)
                    .into_iter()
                    .flat_map(Symbols::into_all),
            );
        }
        let stubs = |m: &&Mapping| !wide && m.access.run && m.file.inode != 0 && !is_library(m);
        for mapping in space.all().iter().filter(stubs).take(MOST_FILES) {
            let base = begins_at(space, mapping);
            let others = base.and_then(|base| symbols::others(&memory, base));
            code.files.push(((mapping.start, mapping.end), others));
        }
        code.go = file.go;
        if code.library.is_empty() {
            let here = |symbol: &Symbol| Symbol {
                start: symbol.start.wrapping_add(code.bias),
                ..symbol.clone()
            };
            all = file.functions.iter().map(here).collect();
            code.library.clone_from(&code.program);
        }
        code.symbols = Symbols::new(all);
        code.flavour = flavour(&code.symbols);
        code
    }
}

/// What is worth keeping of a program's file: its functions only where no C library is mapped beside it.
///
/// # Errors
/// As the kernel says; `Late` where its filesystem does not answer.
pub fn kept(space: &Space, exe: &Path) -> Reading<Kept> {
    let alone = !space.all().iter().any(|m| m.access.run && is_library(m));
    symbols::kept(exe, alone)
}

/// The functions of a program's file that wait for what the standard library of its language made; none where it was
/// stripped, or cannot be read.
pub fn waiting(exe: &Path) -> Vec<Symbol> {
    symbols::chosen(exe, &|name| made(name).is_some()).unwrap_or_default()
}

fn is_library(mapping: &Mapping) -> bool {
    is_called(mapping, LIBRARIES)
}

fn is_called(mapping: &Mapping, names: &[&str]) -> bool {
    mapping.file.inode != 0 && begins_with(mapping.name.as_str(), names)
}

/// Whether a file is a C library, by its name.
pub fn is_c_library(path: &str) -> bool {
    begins_with(path, LIBRARIES)
}

fn begins_with(path: &str, names: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    names.iter().any(|l| name.starts_with(l))
}

fn runs(space: &Space, is: &dyn Fn(&Mapping) -> bool) -> Vec<Run> {
    let code = space.all().iter().filter(|m| m.access.run && is(m));
    code.map(|m| (m.start, m.end)).collect()
}

/// Where the file of a mapping begins in memory.
fn begins_at(space: &Space, mapping: &Mapping) -> Option<u64> {
    let mut before = space.all().iter();
    let first =
        before.rfind(|m| m.file == mapping.file && m.offset == 0 && m.start <= mapping.start);
    first.map(|m| m.start)
}

/// What is added to the addresses of a program's file: where it begins in memory against where its first part would.
fn bias(space: &Space, program: u64, kept: &Kept) -> u64 {
    let of_program = |m: &&Mapping| m.file.inode == program && m.offset == 0;
    let start = space.all().iter().find(of_program).map_or(0, |m| m.start);
    start.wrapping_sub(kept.first)
}
