//! Names of functions (`elf(5)`): the exported ones of a library from memory, where the loader has mapped them, and all
//! that a file keeps, of a static program. What a process says of itself names nothing but itself.

use std::path::Path;

use super::elf::{self, Parsed, View};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::frames::{Symbol, Symbols};
use crate::sys::asker;

/// No C library exports so many names.
const MOST: u64 = 1 << 16;
/// Bytes of names, and of the table of a file, that are looked at.
const MOST_BYTES: u64 = 6 << 20;
/// Sections of a file that are looked at.
const MOST_SECTIONS: u64 = 256;

const PT_DYNAMIC: u64 = 2;
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
    let Parsed::Headers(headers) = elf::parse(&head) else {
        return None;
    };
    let view = View::of(&head)?;
    let first = headers.loads.first()?.address & !0xfff;
    let bias = base.wrapping_sub(first);
    let (address, size) = view.part(PT_DYNAMIC)?;
    let dynamic = memory(bias.wrapping_add(address), size.min(4096) as usize)?;
    let entry = view.word_size();
    let table = view.over(&dynamic);
    let tag = |wanted: u64| {
        let count = dynamic.len() / (2 * entry);
        let at = (0..count).find(|i| table.word(i * 2 * entry) == Some(wanted))?;
        table.word((at * 2 + 1) * entry)
    };
    // The GNU loader writes addresses here, others leave the file's.
    let absolute = |value: u64| {
        if value >= base {
            value
        } else {
            bias.wrapping_add(value)
        }
    };
    let (symbols, names) = (absolute(tag(DT_SYMTAB)?), absolute(tag(DT_STRTAB)?));
    let each = view.symbol_size() as u64;
    let hashed = tag(DT_HASH).and_then(|at| {
        let counts = memory(absolute(at), 8)?;
        view.over(&counts).quad(4)
    });
    // Without the old table: names stand behind the symbols in every library that a linker makes.
    let count = hashed.or_else(|| Some(names.checked_sub(symbols)? / each))?;
    let strings = tag(DT_STRSZ)?.min(MOST_BYTES);
    let table = memory(symbols, (count.min(MOST) * each) as usize)?;
    let strings = memory(names, strings as usize)?;
    Some(Symbols::new(functions(&view, &table, &strings, bias)))
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
    let part = |offset: u64, length: u64| {
        let length = u32::try_from(length.min(MOST_BYTES)).unwrap_or(u32::MAX);
        asker::part(path, offset, length)
    };
    let head = part(0, 4096)?;
    let first = match elf::parse(&head) {
        Parsed::Headers(headers) => headers.loads.first().map_or(0, |l| l.address & !0xfff),
        _ => 0,
    };
    let view = View::of(&head).ok_or(Missing::Unsupported)?;
    let (table, each, count, names) = view.sections().ok_or(Missing::Unsupported)?;
    let sections = part(table, each * count.min(MOST_SECTIONS))?;
    let view = view.over(&sections);
    let section = |i: u64| view.section((i * each) as usize);
    let (_, names_at, names_size, _) = section(names).ok_or(Missing::Unsupported)?;
    let text = part(names_at, names_size.min(64 << 10))?;
    let mut out = Kept {
        go: text.windows(11).any(|w| w == b".gopclntab\0"),
        first,
        functions: Vec::new(),
    };
    let mut all = (0..count.min(MOST_SECTIONS)).filter_map(section);
    if functions_too
        && !out.go
        && let Some((_, at, size, link)) = all.find(|(kind, ..)| *kind == SHT_SYMTAB)
        && let Some((_, strings_at, strings_size, _)) = section(link)
    {
        let table = part(at, size)?;
        let strings = part(strings_at, strings_size)?;
        out.functions = functions(&view, &table, &strings, 0);
    }
    Ok(out)
}

/// The functions of a symbol table.
fn functions(view: &View<'_>, table: &[u8], strings: &[u8], bias: u64) -> Vec<Symbol> {
    let each = view.symbol_size();
    let count = table.len() / each;
    let table = view.over(table);
    let all = (0..count).filter_map(|i| {
        let (name, kind, section, value, size) = table.symbol(i * each)?;
        if !matches!(kind & 0xf, STT_FUNC | STT_GNU_IFUNC) || section == 0 || value == 0 {
            return None;
        }
        let name = strings.get(name as usize..)?.split(|b| *b == 0).next()?;
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$');
        let fits = !name.is_empty() && name.len() <= 200 && name.iter().all(plain);
        let name = std::str::from_utf8(name).ok().filter(|_| fits)?;
        Some(Symbol {
            start: bias.wrapping_add(value),
            size,
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
