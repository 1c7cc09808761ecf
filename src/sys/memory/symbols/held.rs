//! The functions at places in the code of a file (`elf(5)`), in one pass over its table of symbols: little is kept of it.

use std::path::Path;

use super::{LONGEST_NAME, MOST_TABLE, PIECE, SHT_SYMTAB, Sections, is_function, part};
use crate::model::reading::{Missing, Reading};
use crate::sys::memory::elf::{self, Parsed, View};

const SHT_DYNSYM: u64 = 11;

/// A place in the code of a file, and the function there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The place, by the file's own addresses.
    pub address: u64,
    /// How far behind the beginning of its function that is, and what a linker calls this; `None` where nobody named it.
    pub function: Option<(u64, Vec<u8>)>,
}

/// The functions at these places of a file, `offset` bytes from its beginning each: of all that it has, else of those that
/// it exports. Names are not looked at before they are wanted, so that a large table costs a pass and little memory.
///
/// # Errors
/// As the kernel says of the file; `Unsupported` for what is no ELF file and where the table is larger than is looked through.
pub fn holding(path: &Path, offsets: &[u64]) -> Reading<Vec<Held>> {
    let head = part(path, 0, 4096)?;
    let view = View::of(&head).ok_or(Missing::Unsupported)?;
    let Parsed::Headers(headers) = elf::parse(&head) else {
        return Err(Missing::Unsupported);
    };
    let address = |offset: &u64| {
        let mut loads = headers.loads.iter();
        let load =
            loads.find(|l| (l.offset..l.offset.saturating_add(l.from_file)).contains(offset));
        load.map_or(0, |l| offset - l.offset + l.address)
    };
    let mut out: Vec<Held> = Vec::with_capacity(offsets.len());
    out.extend(offsets.iter().map(|offset| Held {
        address: address(offset),
        function: None,
    }));
    let sections = Sections::read(path, &head)?;
    for kind in [SHT_SYMTAB, SHT_DYNSYM] {
        let Some([(at, size), (strings_at, strings_size)]) = sections.symbols(kind) else {
            continue;
        };
        if size > MOST_TABLE {
            return Err(Missing::Unsupported);
        }
        // Where the best function for each place begins, whether others may use it, and where its name stands.
        let mut best: Vec<Option<(u64, bool, u64)>> = vec![None; out.len()];
        let each = view.symbol_size() as u64;
        let piece = PIECE / each * each;
        for from in (0..size).step_by(piece as usize) {
            let table = part(path, at + from, piece.min(size - from))?;
            let symbols = 0..table.len() / each as usize;
            let table = view.over(&table);
            let symbols = symbols.filter_map(|i| table.symbol(i * each as usize));
            for symbol in symbols.filter(is_function) {
                let (name, kind, _, start, size) = symbol;
                let end = start.saturating_add(size);
                let told = (start, kind >> 4 != 0, name);
                for (held, best) in out.iter().zip(&mut best) {
                    if (start..end).contains(&held.address)
                        && best.is_none_or(|b| (b.0, b.1) < (told.0, told.1))
                    {
                        *best = Some(told);
                    }
                }
            }
        }
        for (held, best) in out.iter_mut().zip(best) {
            let Some((start, _, name)) =
                best.filter(|b| held.function.is_none() && b.2 < strings_size)
            else {
                continue;
            };
            let most = (LONGEST_NAME as u64).min(strings_size - name);
            let text = part(path, strings_at + name, most)?;
            let name = text.split(|b| *b == 0).next().unwrap_or_default();
            if !name.is_empty() {
                held.function = Some((held.address - start, name.to_vec()));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn the_function_at_a_place_of_a_file_is_told_by_its_name() {
        // A function of the C library by where it lies in its file, as the mappings tell it.
        let at = libc::getpid as *const () as u64;
        let maps = std::fs::read("/proc/self/maps").expect("our own");
        let listing = crate::sys::memory::maps::parse(&maps).expect("mappings");
        let mut listed = listing.mappings.iter().zip(&listing.paths);
        let found = listed.find(|(m, _)| (m.start..m.end).contains(&at));
        let (mapping, path) = found.expect("it is mapped");
        if mapping.file.inode == 0 || !path.starts_with(b"/") {
            println!("skipped: the C library is of no file");
            return;
        }
        let path = std::ffi::OsStr::from_bytes(path);
        let offset = at - mapping.start + mapping.offset;
        let held = holding(Path::new(path), &[offset + 1, 1]).expect("a file");
        let told = held[0]
            .function
            .as_ref()
            .map(|(behind, name)| (*behind, &name[..]));
        let name = told.map_or(&b""[..], |(_, name)| name);
        assert!(
            name.ends_with(b"getpid"),
            "{:?}",
            name.escape_ascii().to_string()
        );
        assert_eq!(told.map(|t| t.0), Some(1));
        assert_eq!(held[1].function, None, "the head of a file is no code");
        assert!(holding(Path::new("/proc/self/status"), &[1]).is_err());
    }
}
