//! Reads the program headers of an ELF file (`elf(5)`), 32 and 64 bit, both byte orders. Reads at most its first 64 KiB.

use std::path::PathBuf;

use crate::model::memory::region::{Headers, Load};
use crate::model::reading::{Missing, Reading};
use crate::sys::asker;

/// Program headers stand behind the file header in every file that a linker makes; more than this is not looked at.
const LOOKED_AT: u32 = 64 << 10;
/// So much is read first, which holds them nearly always.
const FIRST: u32 = 4096;

const PT_LOAD: u64 = 1;
const RUN: u64 = 1;
const WRITE: u64 = 2;

/// Reads the program headers of files that an observed process chose, in their order.
///
/// # Errors
/// For each as the kernel says; `Unsupported` for what is no ELF file, `Late` where its filesystem does not answer.
pub fn read(paths: &[PathBuf]) -> Vec<Reading<Headers>> {
    let mut out: Vec<Reading<Headers>> = Vec::with_capacity(paths.len());
    let mut longer = Vec::new();
    for (i, head) in asker::regular(paths.to_vec(), FIRST)
        .into_iter()
        .enumerate()
    {
        out.push(head.and_then(|head| match parse(&head) {
            Parsed::Headers(headers) => Ok(headers),
            Parsed::NotElf => Err(Missing::Unsupported),
            Parsed::Longer => {
                longer.push(i);
                Err(Missing::Unsupported)
            }
        }));
    }
    let again = longer.iter().map(|i| paths[*i].clone()).collect();
    for (i, head) in longer.iter().zip(asker::regular(again, LOOKED_AT)) {
        if let Ok(Parsed::Headers(headers)) = head.map(|head| parse(&head)) {
            out[*i] = Ok(headers);
        }
    }
    out
}

/// What the first bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// An ELF file with these parts.
    Headers(Headers),
    /// No ELF file, or a broken one.
    NotElf,
    /// An ELF file whose program headers stand behind these bytes.
    Longer,
}

/// Parses the head of a file.
pub fn parse(head: &[u8]) -> Parsed {
    let Some(view) = View::of(head) else {
        return Parsed::NotElf;
    };
    let (Some(table), Some(entry), Some(count)) = view.parts() else {
        return Parsed::NotElf;
    };
    let least = if view.wide { 56 } else { 32 };
    if entry < least {
        return Parsed::NotElf;
    }
    let end = table.saturating_add(entry * count);
    if end > head.len() as u64 {
        return if end <= u64::from(LOOKED_AT) {
            Parsed::Longer
        } else {
            Parsed::NotElf
        };
    }
    let mut loads: Vec<Load> = (0..count)
        .filter_map(|i| view.load((table + i * entry) as usize))
        .collect();
    loads.sort_by_key(|l| l.address);
    Parsed::Headers(Headers {
        loads,
        wide: view.wide,
    })
}

/// Bytes of an ELF file with its word size and byte order.
pub struct View<'a> {
    bytes: &'a [u8],
    wide: bool,
    big: bool,
}

impl<'a> View<'a> {
    /// Over the head of a file; `None` where it is none of ELF.
    pub fn of(head: &'a [u8]) -> Option<Self> {
        let ident = head.get(..16).filter(|h| h.starts_with(b"\x7fELF"))?;
        match (ident[4], ident[5]) {
            (class @ (1 | 2), order @ (1 | 2)) => Some(View {
                bytes: head,
                wide: class == 2,
                big: order == 2,
            }),
            _ => None,
        }
    }

    /// Over other bytes of the same file.
    pub fn over<'b>(&self, bytes: &'b [u8]) -> View<'b> {
        View {
            bytes,
            wide: self.wide,
            big: self.big,
        }
    }

    /// Bytes of a word of the file.
    pub fn word_size(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// Bytes of an entry of a symbol table.
    pub fn symbol_size(&self) -> usize {
        if self.wide { 24 } else { 16 }
    }

    /// Where the program headers are, bytes of each, and how many.
    fn parts(&self) -> (Option<u64>, Option<u64>, Option<u64>) {
        if self.wide {
            (self.word(32), self.half(54), self.half(56))
        } else {
            (self.word(28), self.half(42), self.half(44))
        }
    }

    /// Address and size in memory of the first part of a kind; `None` where the head does not hold it.
    pub fn part(&self, kind: u64) -> Option<(u64, u64)> {
        let (table, entry, count) = self.parts();
        let (table, entry) = (table?, entry?);
        let at = |i: u64| usize::try_from(table.checked_add(i * entry)?).ok();
        let found = (0..count?)
            .filter_map(at)
            .find(|at| self.quad(*at) == Some(kind))?;
        let [address, size] = if self.wide { [16, 40] } else { [8, 20] };
        Some((self.word(found + address)?, self.word(found + size)?))
    }

    /// Where the section headers are, bytes of each, how many, and which one holds their names.
    pub fn sections(&self) -> Option<(u64, u64, u64, u64)> {
        let (table, [each, count, names]) = if self.wide {
            (self.word(40)?, [58, 60, 62])
        } else {
            (self.word(32)?, [46, 48, 50])
        };
        let (each, count) = (self.half(each)?, self.half(count)?);
        let least = if self.wide { 64 } else { 40 };
        (table != 0 && each >= least).then_some((table, each, count, self.half(names)?))
    }

    /// Kind, place in the file, size and link of a section.
    pub fn section(&self, at: usize) -> Option<(u64, u64, u64, u64)> {
        let [offset, size, link] = if self.wide {
            [24, 32, 40]
        } else {
            [16, 20, 24]
        };
        Some((
            self.quad(at + 4)?,
            self.word(at + offset)?,
            self.word(at + size)?,
            self.quad(at + link)?,
        ))
    }

    /// Place of the name, kind, section, value and size of a symbol.
    pub fn symbol(&self, at: usize) -> Option<(u64, u64, u64, u64, u64)> {
        let [info, section, value, size] = if self.wide {
            [4, 6, 8, 16]
        } else {
            [12, 14, 4, 8]
        };
        Some((
            self.quad(at)?,
            self.number(at + info, 1)?,
            self.half(at + section)?,
            self.word(at + value)?,
            self.word(at + size)?,
        ))
    }
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let add = |n: u64, b: &u8| n << 8 | u64::from(*b);
        Some(if self.big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }

    fn half(&self, at: usize) -> Option<u64> {
        self.number(at, 2)
    }

    /// A number of 4 bytes.
    pub fn quad(&self, at: usize) -> Option<u64> {
        self.number(at, 4)
    }

    /// A number of the file's own width.
    pub fn word(&self, at: usize) -> Option<u64> {
        self.number(at, if self.wide { 8 } else { 4 })
    }

    fn load(&self, at: usize) -> Option<Load> {
        if self.quad(at)? != PT_LOAD {
            return None;
        }
        let [flags, offset, address, from_file, in_memory] = if self.wide {
            [4, 8, 16, 32, 40]
        } else {
            [24, 4, 8, 16, 20]
        };
        let flags = self.quad(at + flags)?;
        Some(Load {
            offset: self.word(at + offset)?,
            address: self.word(at + address)?,
            from_file: self.word(at + from_file)?,
            in_memory: self.word(at + in_memory)?,
            write: flags & WRITE != 0,
            run: flags & RUN != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_headers_of_this_program() {
        let path = std::env::current_exe().expect("our own path");
        let found = read(std::slice::from_ref(&path)).remove(0);
        let headers = found.expect("our own headers");
        assert!(headers.loads.iter().any(|l| l.run && !l.write));
        assert!(
            headers
                .loads
                .iter()
                .any(|l| l.write && l.in_memory >= l.from_file)
        );
        assert_eq!(headers.wide, cfg!(target_pointer_width = "64"));
    }

    /// A 32-bit big-endian file with one part, `rw-`, at 0x10054 for 0x20 bytes of 0x40.
    #[test]
    fn reads_narrow_and_big_endian_files() {
        let mut file = b"\x7fELF\x01\x02\x01\0\0\0\0\0\0\0\0\0".to_vec();
        file.extend([0, 2, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0]);
        file.extend([0, 0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0]);
        file.extend([0, 52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0]);
        for word in [1_u32, 0x54, 0x1_0054, 0, 0x20, 0x40, 6, 0x1000] {
            file.extend(word.to_be_bytes());
        }
        let load = Load {
            offset: 0x54,
            address: 0x1_0054,
            from_file: 0x20,
            in_memory: 0x40,
            write: true,
            run: false,
        };
        let headers = Headers {
            loads: vec![load],
            wide: false,
        };
        assert_eq!(parse(&file), Parsed::Headers(headers));
        assert_eq!(parse(&file[..60]), Parsed::Longer);
        assert_eq!(parse(b"#!/bin/sh\n"), Parsed::NotElf);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_harmless(tail: Vec<u8>, class in 0_u8..4, order in 0_u8..4) {
            let mut bytes = b"\x7fELF".to_vec();
            bytes.extend([class, order]);
            bytes.extend(tail);
            parse(&bytes);
        }
    }
}
