//! Reads `/proc/PID/maps` and `/proc/PID/smaps` (`proc_pid_maps(5)`, `proc_pid_smaps(5)`). Opens nothing: it is given bytes.

use crate::model::id::Bytes;
use crate::model::memory::region::{Access, FileId, Flags, Mapping, Residency};
use crate::model::text::SafeText;
use crate::sys::source::Error;

/// The text of `maps` or `smaps` with the bytes of each mapping's path, which a file can be opened by.
#[derive(Debug, Default)]
pub struct Listing<'a> {
    /// The mappings by ascending address.
    pub mappings: Vec<Mapping>,
    /// For each mapping its path as the kernel wrote it, ` (deleted)` taken off; empty for none.
    pub paths: Vec<&'a [u8]>,
}

/// Parses either file: `smaps` has below each line of `maps` what is where.
///
/// `7f5c6d228000-7f5c6d24e000 r--p 00000000 fe:00 1311131    /usr/lib/x86_64-linux-gnu/libc.so.6`
///
/// # Errors
/// `Format` with the line where a mapping cannot be read; a field below a mapping that is not understood is skipped.
pub fn parse(text: &[u8]) -> Result<Listing<'_>, Error> {
    let mut listing = Listing::default();
    let mut name = (&b""[..], SafeText::default());
    for (i, line) in text.split(|b| *b == b'\n').enumerate() {
        match line.first() {
            None => {}
            Some(b'A'..=b'Z') => {
                if let Some(mapping) = listing.mappings.last_mut() {
                    let (residency, flags) = mapping.pages.get_or_insert_default();
                    field(line, residency, flags);
                }
            }
            Some(_) => {
                let (mapping, path) = header(line, &mut name).ok_or(Error::Format {
                    path: "maps".into(),
                    line: i + 1,
                    item: "mapping",
                })?;
                listing.mappings.push(mapping);
                listing.paths.push(path);
            }
        }
    }
    Ok(listing)
}

/// The mappings of `maps` whose changes others may see, in no order; lines that cannot be read are passed over.
pub fn shared(text: &[u8]) -> impl Iterator<Item = Mapping> {
    let mut name = (&b""[..], SafeText::default());
    text.split(|b| *b == b'\n').filter_map(move |line| {
        let space = line.iter().position(|b| *b == b' ')?;
        if line.get(space + 4) != Some(&b's') {
            return None;
        }
        header(line, &mut name).map(|(mapping, _)| mapping)
    })
}

fn header<'a>(line: &'a [u8], last: &mut (&'a [u8], SafeText)) -> Option<(Mapping, &'a [u8])> {
    let mut fields = line.splitn(6, |b| *b == b' ');
    let range = fields.next()?;
    let dash = range.iter().position(|b| *b == b'-')?;
    let access = Access::from_letters(fields.next()?);
    let offset = hex(fields.next()?)?;
    let device = fields.next()?;
    let colon = device.iter().position(|b| *b == b':')?;
    let inode = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let path = fields.next().unwrap_or_default().trim_ascii_start();
    let (path, deleted) = match path.strip_suffix(b" (deleted)") {
        Some(path) => (path, true),
        None => (path, false),
    };
    if last.0 != path {
        *last = (path, SafeText::from_bytes(&unescaped(path)));
    }
    let mapping = Mapping {
        start: hex(&range[..dash])?,
        end: hex(&range[dash + 1..])?,
        access,
        offset,
        file: FileId {
            major: hex(&device[..colon])? as u32,
            minor: hex(&device[colon + 1..])? as u32,
            inode,
        },
        name: last.1.clone(),
        deleted,
        pages: None,
    };
    (mapping.start <= mapping.end).then_some((mapping, path))
}

fn hex(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The kernel writes a line break in a path as `\012`; nothing else is escaped.
pub fn unescaped(path: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    const BREAK: &[u8] = b"\\012";
    if !path.windows(BREAK.len()).any(|w| w == BREAK) {
        return path.into();
    }
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(byte) = rest.first() {
        if let Some(tail) = rest.strip_prefix(BREAK) {
            out.push(b'\n');
            rest = tail;
        } else {
            out.push(*byte);
            rest = &rest[1..];
        }
    }
    out.into()
}

/// `Private_Dirty:         8 kB` or `VmFlags: rd wr mr mw me nh`.
fn field(line: &[u8], residency: &mut Residency, flags: &mut Flags) {
    let Some(colon) = line.iter().position(|b| *b == b':') else {
        return;
    };
    let (key, value) = (&line[..colon], &line[colon + 1..]);
    if key == b"VmFlags" {
        for flag in value.split(|b| *b == b' ') {
            flags.insert(flag_of(flag));
        }
        return;
    }
    let add = |to: &mut Bytes| to.0 = to.0.saturating_add(kib(value).0);
    match key {
        b"Rss" => add(&mut residency.resident),
        b"Pss" => add(&mut residency.proportional),
        b"Private_Clean" => add(&mut residency.own),
        b"Private_Dirty" => {
            add(&mut residency.own);
            add(&mut residency.own_dirty);
            add(&mut residency.dirty);
        }
        b"Shared_Dirty" => add(&mut residency.dirty),
        b"Swap" => add(&mut residency.swapped),
        b"LazyFree" => add(&mut residency.freed),
        b"Locked" => add(&mut residency.locked),
        b"AnonHugePages" | b"ShmemPmdMapped" | b"FilePmdMapped" => add(&mut residency.huge),
        // The pool's pages are in neither Rss nor Pss.
        b"Private_Hugetlb" => {
            add(&mut residency.resident);
            add(&mut residency.own);
            add(&mut residency.proportional);
            add(&mut residency.huge);
            add(&mut residency.pool);
        }
        b"Shared_Hugetlb" => {
            add(&mut residency.resident);
            add(&mut residency.huge);
            add(&mut residency.pool);
        }
        _ => {}
    }
}

fn kib(value: &[u8]) -> Bytes {
    let digits = value.trim_ascii_start().iter();
    let n = digits
        .take_while(|b| b.is_ascii_digit())
        .fold(0_u64, |n, b| {
            n.saturating_mul(10).saturating_add(u64::from(b - b'0'))
        });
    Bytes::from_kib(n)
}

fn flag_of(flag: &[u8]) -> Flags {
    match flag {
        b"nh" => Flags::NO_HUGE,
        b"nr" => Flags::NO_RESERVE,
        b"ht" => Flags::HUGE,
        b"gu" => Flags::GUARDS,
        b"gd" => Flags::GROWS_DOWN,
        b"lo" => Flags::LOCKED,
        b"io" | b"pf" => Flags::DEVICE,
        b"dc" => Flags::NOT_FORKED,
        b"dd" => Flags::NOT_DUMPED,
        _ => Flags::empty(),
    }
}

#[cfg(test)]
mod tests;
