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
    let Some(ident) = head.get(..16).filter(|h| h.starts_with(b"\x7fELF")) else {
        return Parsed::NotElf;
    };
    let view = match (ident[4], ident[5]) {
        (class @ (1 | 2), order @ (1 | 2)) => View {
            bytes: head,
            wide: class == 2,
            big: order == 2,
        },
        _ => return Parsed::NotElf,
    };
    let (table, entry, count) = if view.wide {
        (view.word(32), view.half(54), view.half(56))
    } else {
        (view.word(28), view.half(42), view.half(44))
    };
    let (Some(table), Some(entry), Some(count)) = (table, entry, count) else {
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

struct View<'a> {
    bytes: &'a [u8],
    wide: bool,
    big: bool,
}

impl View<'_> {
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

    fn quad(&self, at: usize) -> Option<u64> {
        self.number(at, 4)
    }

    /// A number of the file's own width.
    fn word(&self, at: usize) -> Option<u64> {
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
