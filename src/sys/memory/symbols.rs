//! Names of functions (`elf(5)`): the exported ones of a library from memory, where the loader has mapped them, and all
//! that a file keeps, of a static program. What a process says of itself names nothing but itself.

mod held;

pub use held::{Held, holding};

use std::path::Path;

use super::elf::{self, Parsed, View};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::frames::{Symbol, Symbols};
use crate::sys::asker;

/// No C library exports so many names.
const MOST: u64 = 1 << 16;
/// Bytes of names, and of the table of a file, that are looked at.
const MOST_BYTES: u64 = 6 << 20;
/// The longest name that is kept.
const LONGEST_NAME: usize = 200;
/// Bytes of the table of a large program, and of its names, that are looked through, and how many of names at a time.
const MOST_TABLE: u64 = 16 << 20;
const MOST_NAMES: u64 = 64 << 20;
const PIECE: u64 = 4 << 20;
/// Sections of a file that are looked at.
const MOST_SECTIONS: u64 = 256;

const PT_DYNAMIC: u64 = 2;
const DT_PLTGOT: u64 = 3;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_STRSZ: u64 = 10;
const SHT_SYMTAB: u64 = 2;
const STT_FUNC: u64 = 2;
const STT_GNU_IFUNC: u64 = 10;

/// What reads memory of the process: an address and how many bytes.
pub type Memory<'a> = &'a dyn Fn(u64, usize) -> Option<Vec<u8>>;

/// The exported functions of a library whose file begins at an address in memory.
pub fn exported(memory: Memory<'_>, base: u64) -> Option<Symbols> {
    let head = memory(base, 4096)?;
    let dynamic = Dynamic::read(memory, base, &head)?;
    let view = &dynamic.view;
    let (symbols, names) = (dynamic.address(DT_SYMTAB)?, dynamic.address(DT_STRTAB)?);
    let each = view.symbol_size() as u64;
    let hashed = dynamic.address(DT_HASH).and_then(|at| {
        let counts = memory(at, 8)?;
        view.over(&counts).quad(4)
    });
    // Without the old table: names stand behind the symbols in every library that a linker makes.
    let count = hashed.or_else(|| Some(names.checked_sub(symbols)? / each))?;
    let strings = dynamic.tag(DT_STRSZ)?.min(MOST_BYTES);
    let table = memory(symbols, (count.min(MOST) * each) as usize)?;
    let strings = memory(names, strings as usize)?;
    Some(Symbols::new(functions(
        view,
        &table,
        &strings,
        dynamic.bias,
    )))
}

/// Where the words are that say where functions of other files begin, of a file that begins at an address in memory.
pub fn others(memory: Memory<'_>, base: u64) -> Option<u64> {
    let head = memory(base, 4096)?;
    Dynamic::read(memory, base, &head)?.address(DT_PLTGOT)
}

/// What the loader is told of a file.
struct Dynamic<'a> {
    view: View<'a>,
    table: Vec<u8>,
    base: u64,
    bias: u64,
}

impl<'a> Dynamic<'a> {
    fn read(memory: Memory<'_>, base: u64, head: &'a [u8]) -> Option<Self> {
        let Parsed::Headers(headers) = elf::parse(head) else {
            return None;
        };
        let view = View::of(head)?;
        let first = headers.loads.first()?.address & !0xfff;
        let bias = base.wrapping_sub(first);
        let (address, size) = view.part(PT_DYNAMIC)?;
        let table = memory(bias.wrapping_add(address), size.min(4096) as usize)?;
        Some(Self {
            view,
            table,
            base,
            bias,
        })
    }

    fn tag(&self, wanted: u64) -> Option<u64> {
        let entry = self.view.word_size();
        let table = self.view.over(&self.table);
        let count = self.table.len() / (2 * entry);
        let at = (0..count).find(|i| table.word(i * 2 * entry) == Some(wanted))?;
        table.word((at * 2 + 1) * entry)
    }

    /// The GNU loader writes addresses here, others leave the file's.
    fn address(&self, wanted: u64) -> Option<u64> {
        let value = self.tag(wanted)?;
        Some(if value >= self.base {
            value
        } else {
            self.bias.wrapping_add(value)
        })
    }
}

/// What a file keeps of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its functions, if it was not stripped, by the file's own addresses.
    pub functions: Vec<Symbol>,
    /// Whether it was made by Go.
    pub go: bool,
    /// The address, by the file, of the page that its first part begins in.
    pub first: u64,
}

/// Reads what the file of a program keeps; its functions only if asked for.
///
/// # Errors
/// As the kernel says; `Unsupported` for what is no ELF file.
pub fn kept(path: &Path, functions_too: bool) -> Reading<Kept> {
    let head = part(path, 0, 4096)?;
    let first = match elf::parse(&head) {
        Parsed::Headers(headers) => headers.loads.first().map_or(0, |l| l.address & !0xfff),
        _ => 0,
    };
    let sections = Sections::read(path, &head)?;
    let (_, names_at, names_size, _) = sections.get(sections.names).ok_or(Missing::Unsupported)?;
    let text = part(path, names_at, names_size.min(64 << 10))?;
    let mut out = Kept {
        go: text.windows(11).any(|w| w == b".gopclntab\0"),
        first,
        functions: Vec::new(),
    };
    if functions_too
        && !out.go
        && let Some([(at, size), (strings_at, strings_size)]) = sections.symbols(SHT_SYMTAB)
    {
        let table = part(path, at, size.min(MOST_BYTES))?;
        let strings = part(path, strings_at, strings_size.min(MOST_BYTES))?;
        let view = View::of(&head).ok_or(Missing::Unsupported)?;
        out.functions = functions(&view, &table, &strings, 0);
    }
    Ok(out)
}

/// The functions of a program's file whose names are `wanted`, by the file's own addresses; none where it was stripped. The
/// names of a large program are read piece by piece, and few of them kept.
///
/// # Errors
/// As [`kept`].
pub fn chosen(path: &Path, wanted: &dyn Fn(&str) -> bool) -> Reading<Vec<Symbol>> {
    let head = part(path, 0, 4096)?;
    let view = View::of(&head).ok_or(Missing::Unsupported)?;
    let sections = Sections::read(path, &head)?;
    let Some([(at, size), (strings_at, strings_size)]) = sections.symbols(SHT_SYMTAB) else {
        return Ok(Vec::new());
    };
    if size > MOST_TABLE || strings_size > MOST_NAMES {
        return Ok(Vec::new());
    }
    let table = part(path, at, size)?;
    let table = view.over(&table);
    let each = view.symbol_size();
    let mut out = Vec::new();
    for from in (0..strings_size).step_by(PIECE as usize) {
        // A name that begins at the end of a piece is whole all the same.
        let strings = part(path, strings_at + from, PIECE + LONGEST_NAME as u64)?;
        for i in 0..size as usize / each {
            let Some(symbol) = table.symbol(i * each) else {
                continue;
            };
            let here = symbol.0.checked_sub(from).filter(|at| *at < PIECE);
            let name = here.and_then(|at| name_at(&strings, at));
            if let Some(name) = name.filter(|name| is_function(&symbol) && wanted(name)) {
                out.push(Symbol {
                    start: symbol.3,
                    size: symbol.4,
                    name: name.into(),
                });
            }
        }
    }
    Ok(out)
}

fn part(path: &Path, offset: u64, length: u64) -> Reading<Vec<u8>> {
    asker::part(path, offset, u32::try_from(length).unwrap_or(u32::MAX))
}

/// The section headers of a file.
struct Sections<'a> {
    view: View<'a>,
    bytes: Vec<u8>,
    each: u64,
    count: u64,
    /// Which one holds their names.
    names: u64,
}

impl<'a> Sections<'a> {
    fn read(path: &Path, head: &'a [u8]) -> Reading<Self> {
        let view = View::of(head).ok_or(Missing::Unsupported)?;
        let (table, each, count, names) = view.sections().ok_or(Missing::Unsupported)?;
        let count = count.min(MOST_SECTIONS);
        let bytes = part(path, table, each * count)?;
        Ok(Self {
            view,
            bytes,
            each,
            count,
            names,
        })
    }

    /// Kind, place in the file, size and link of one.
    fn get(&self, i: u64) -> Option<(u64, u64, u64, u64)> {
        let view = self.view.over(&self.bytes);
        view.section(usize::try_from(i.checked_mul(self.each)?).ok()?)
    }

    /// Place and size of a table of symbols, and of their names.
    fn symbols(&self, wanted: u64) -> Option<[(u64, u64); 2]> {
        let mut all = (0..self.count).filter_map(|i| self.get(i));
        let (_, at, size, link) = all.find(|(kind, ..)| *kind == wanted)?;
        let (_, strings_at, strings_size, _) = self.get(link)?;
        Some([(at, size), (strings_at, strings_size)])
    }
}

/// Whether a symbol is a function that the file itself has.
fn is_function(&(_, kind, section, value, _): &(u64, u64, u64, u64, u64)) -> bool {
    matches!(kind & 0xf, STT_FUNC | STT_GNU_IFUNC) && section != 0 && value != 0
}

/// A plain name at a place among names.
fn name_at(strings: &[u8], at: u64) -> Option<&str> {
    let name = strings.get(usize::try_from(at).ok()?..)?;
    let name = name.split(|b| *b == 0).next()?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
    let fits = !name.is_empty() && name.len() <= LONGEST_NAME && name.iter().all(plain);
    std::str::from_utf8(name).ok().filter(|_| fits)
}

/// The functions of a symbol table.
fn functions(view: &View<'_>, table: &[u8], strings: &[u8], bias: u64) -> Vec<Symbol> {
    let each = view.symbol_size();
    let count = table.len() / each;
    let table = view.over(table);
    let all = (0..count).filter_map(|i| {
        let symbol = table.symbol(i * each)?;
        let name = name_at(strings, symbol.0).filter(|_| is_function(&symbol))?;
        Some(Symbol {
            start: bias.wrapping_add(symbol.3),
            size: symbol.4,
            name: name.into(),
        })
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_has_its_functions() {
        let path = std::env::current_exe().expect("our own path");
        let kept = kept(&path, true).expect("our own file");
        assert!(!kept.go);
        // A test is not stripped, but its table may be larger than is looked at.
        let names: Vec<&str> = kept.functions.iter().map(|f| &*f.name).collect();
        assert!(names.is_empty() || names.len() > 100);
        let script = Path::new("/proc/self/status");
        assert!(super::kept(script, true).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_memory_is_harmless(tail: Vec<u8>, class in 0_u8..4, order in 0_u8..4) {
            let mut bytes = b"\x7fELF".to_vec();
            bytes.extend([class, order]);
            bytes.extend(tail);
            let read = |at: u64, length: usize| {
                let from = usize::try_from(at.checked_sub(0x1000)?).ok()?;
                Some(bytes.get(from..)?.iter().copied().take(length).collect())
            };
            let _ = exported(&read, 0x1000);
        }
    }
}
