//! Objects that the loader has mapped: a program or library, its load bias, and what each of its addresses is.

use std::collections::HashMap;

use super::{FileId, Headers, Mapping};

/// An ELF file where it lies in the address space.
#[derive(Debug)]
pub(super) struct Image<'a> {
    /// The file.
    pub file: FileId,
    /// Added to the file's addresses (modulo 2^64).
    pub bias: u64,
    /// Its parts.
    pub headers: &'a Headers,
    /// The mapping that it was recognised by.
    pub first: &'a Mapping,
}

/// What an address inside an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In code.
    Code,
    /// In constants.
    Constants,
    /// In a part that may be written; comes from the file.
    Data,
}

impl Image<'_> {
    /// The first address behind its last part.
    pub fn end(&self) -> u64 {
        self.headers.loads.iter().fold(0, |end, l| {
            end.max(
                self.bias
                    .wrapping_add(l.address)
                    .saturating_add(l.in_memory),
            )
        })
    }

    /// What lies at a page of the image.
    pub fn place(&self, at: u64, page: u64) -> Option<Place> {
        let load = self.headers.loads.iter().rev().find(|l| {
            let start = down(self.bias.wrapping_add(l.address), page);
            let end = self
                .bias
                .wrapping_add(l.address)
                .saturating_add(l.from_file);
            start <= at && at < up(end, page)
        })?;
        Some(match (load.run, load.write) {
            (true, _) => Place::Code,
            (false, true) => Place::Data,
            (false, false) => Place::Constants,
        })
    }

    /// Its globals that begin as zero: from the byte behind the file's part to the last one in memory, not rounded.
    pub fn zeros(&self) -> impl Iterator<Item = (u64, u64)> {
        self.headers
            .loads
            .iter()
            .filter(|l| l.in_memory > l.from_file)
            .map(|l| {
                let start = self.bias.wrapping_add(l.address);
                (
                    start.saturating_add(l.from_file),
                    start.saturating_add(l.in_memory),
                )
            })
    }
}

/// Finds every image among the mappings, by ascending address.
///
/// The load bias is that of the first mapping of a file whose offset is a part's: start − page(part's address). A file
/// that is mapped a second time behind the end of the first image makes a second one (`dlmopen(3)`).
pub(super) fn find<'a>(
    mappings: &'a [Mapping],
    headers: &'a HashMap<FileId, Headers>,
    page: u64,
) -> Vec<Image<'a>> {
    let mut images: Vec<Image<'a>> = Vec::new();
    for mapping in mappings.iter().filter(|m| m.file.inode != 0) {
        let Some(headers) = headers.get(&mapping.file) else {
            continue;
        };
        let known = images.iter().rev().find(|i| i.file == mapping.file);
        if known.is_some_and(|i| mapping.start < i.end()) {
            continue;
        }
        let fits = |l: &&super::Load| {
            down(l.offset, page) == mapping.offset
                && (!mapping.access.run || l.run)
                && (!mapping.access.write || l.write)
        };
        if let Some(load) = headers.loads.iter().find(fits) {
            images.push(Image {
                file: mapping.file,
                bias: mapping.start.wrapping_sub(down(load.address, page)),
                headers,
                first: mapping,
            });
        }
    }
    // A file that is only read through memory, without its code, is a file and no image.
    images.retain(|i| {
        let end = i.end();
        mappings
            .iter()
            .any(|m| m.file == i.file && m.access.run && m.start >= i.first.start && m.start < end)
    });
    images
}

/// Rounds down to a page.
pub(super) fn down(at: u64, page: u64) -> u64 {
    at - at % page.max(1)
}

/// Rounds up to a page.
pub(super) fn up(at: u64, page: u64) -> u64 {
    down(at.saturating_add(page.max(1) - 1), page)
}
