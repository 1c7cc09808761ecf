//! What each mapping is: rules over plain inputs, in the order in which they decide. Nothing is read here.

use std::collections::HashMap;

use super::image::{self, Image, Place, up};
use super::merged;
use super::{FileId, Flags, Headers, Kind, Mapping, Part, Region, StackPointer, StackUse};
use crate::model::id::{Bytes, Tid};
use crate::model::reading::Missing;

mod names;
mod unnamed;

/// Everything that the rules look at.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The mappings by ascending address.
    pub mappings: &'a [Mapping],
    /// Program headers of the mapped ELF files that could be read.
    pub headers: &'a HashMap<FileId, Headers>,
    /// The file of the executable.
    pub exe: Option<FileId>,
    /// Where the threads' stack pointers stood.
    pub pointers: &'a [StackPointer],
    /// Whether `pointers` has every thread, so that a stack without one has lost its thread.
    pub all_threads: bool,
    /// Bytes a page.
    pub page: u64,
}

/// The regions of an address space, by ascending address, without overlaps; together they cover every mapping.
pub fn classify(evidence: &Evidence<'_>) -> Vec<Region> {
    let images = image::find(evidence.mappings, evidence.headers, evidence.page);
    let mut out: Vec<Region> = Vec::with_capacity(evidence.mappings.len() + images.len());
    for (i, mapping) in evidence.mappings.iter().enumerate() {
        if let Some((kind, part)) = names::bracketed(mapping) {
            let mut region = plain(mapping, kind, part);
            region.stack = match kind {
                Kind::Stack => pointer_in(evidence, mapping).map(|p| used(p, mapping)),
                Kind::ThreadStack => {
                    names::stack_of(mapping).map(|tid| stack_of(evidence, mapping, tid))
                }
                _ => None,
            };
            out.push(region);
        } else if let Some(image) = covering(&images, mapping, evidence.page)
            && in_image(evidence, image, mapping, &mut out)
        {
        } else if let Some((kind, part)) = names::by_path(mapping) {
            out.push(plain(mapping, kind, part));
        } else if mapping.file.inode != 0 {
            let (kind, part) = file(evidence, mapping);
            out.push(plain(mapping, kind, part));
        } else {
            out.push(unnamed::classify(evidence, i));
        }
    }
    mark_stack_guards(&mut out);
    out
}

fn plain(m: &Mapping, kind: Kind, part: Part) -> Region {
    Region {
        start: m.start,
        end: m.end,
        kind,
        part,
        access: m.access,
        offset: m.offset,
        file: m.file,
        name: m.name.clone(),
        deleted: m.deleted,
        stack: None,
        residency: m.pages.map(|(r, _)| r).ok_or(Missing::Soon),
        flags: m.flags(),
        sharers: Vec::new(),
    }
}

fn covering<'i, 'a>(images: &'i [Image<'a>], m: &Mapping, page: u64) -> Option<&'i Image<'a>> {
    let at = images.partition_point(|i| i.first.start <= m.start);
    let image = images.get(at.checked_sub(1)?)?;
    (m.start < up(image.end(), page)).then_some(image)
}

/// Splits a mapping of the image, or anonymous memory that belongs to it. False where it is neither.
fn in_image(
    evidence: &Evidence<'_>,
    image: &Image<'_>,
    m: &Mapping,
    out: &mut Vec<Region>,
) -> bool {
    let own = m.file == image.file || m.file.inode == 0;
    if !own {
        return false;
    }
    let ours = evidence.exe == Some(image.file);
    // What lies wholly among the zeros stays theirs, whatever the program has made of its access.
    let writes = |start: u64| m.access.write || m.file.inode == 0 && start <= m.start;
    let zeros = image
        .zeros()
        .find(|(start, end)| *start < m.end && m.start < up(*end, evidence.page) && writes(*start));
    if m.access.none() && (m.file.inode != 0 || zeros.is_none()) {
        out.push(plain(m, Kind::Guard, Part::Reserve));
        return true;
    }
    let (kind, part) = match image.place(m.start, evidence.page) {
        Some(Place::Code) if ours => (Kind::Text, Part::Code),
        Some(Place::Code) => (Kind::Library, Part::Code),
        Some(Place::Constants) if ours => (Kind::Rodata, Part::Constants),
        Some(Place::Constants) => (Kind::Library, Part::Constants),
        Some(Place::Data) if m.access.write => (Kind::Data, Part::Plain),
        Some(Place::Data) => (Kind::Data, Part::Relocated),
        None if zeros.is_some() && m.access.none() => (Kind::Bss, Part::Protected),
        None if zeros.is_some() => (Kind::Bss, Part::Zeros),
        None => return false,
    };
    let mut region = plain(m, kind, part);
    region.name = image.first.name.clone();
    match (kind, zeros) {
        (Kind::Data, Some((from, _))) => with_tail(region, from, evidence.page, out),
        (Kind::Bss, Some((_, to))) => bss(evidence, region, up(to, evidence.page), m, out),
        _ => out.push(region),
    }
    true
}

/// Parts the last page of data from the zeros that share it. The kernel counts that page once, with the data: where it is
/// plain that the page is among those counted, each gets its bytes of it.
fn with_tail(mut data: Region, from: u64, page: u64, out: &mut Vec<Region>) {
    let mut tail = data.clone();
    tail.start = from.max(data.start);
    tail.kind = Kind::Bss;
    tail.part = Part::Zeros;
    data.end = tail.start;
    if data.start < data.end {
        let before = image::down(data.end, page).saturating_sub(data.start);
        (data.residency, tail.residency) = match data.residency {
            Ok(whole) => match whole.parted(Bytes(before), tail.size()) {
                Some((data, tail)) => (Ok(data), Ok(tail)),
                None => (Ok(whole), Err(Missing::Unsupported)),
            },
            Err(why) => (Err(why), Err(why)),
        };
        out.push(data);
    }
    if tail.start < tail.end {
        out.push(tail);
    }
}

/// Joins the zeros behind data with those in its last page, and parts them from what was mapped right behind.
fn bss(evidence: &Evidence<'_>, mut zeros: Region, end: u64, m: &Mapping, out: &mut Vec<Region>) {
    let rest_of = |start: u64| Mapping { start, ..m.clone() };
    let rest = (end < m.end).then(|| rest_of(end));
    zeros.end = zeros.end.min(end);
    zeros.file = FileId::default();
    let mut behind = rest.map(|rest| unnamed::alone(evidence, &rest));
    if let Some(behind) = &mut behind {
        merged::share(&mut zeros, behind);
    }
    if let Some(tail) = out.last()
        && (tail.kind, tail.part, tail.access) == (Kind::Bss, zeros.part, zeros.access)
        && tail.end == zeros.start
        && tail.name == zeros.name
    {
        zeros.start = tail.start;
        match (&mut zeros.residency, &tail.residency) {
            (Ok(sum), Ok(more)) => sum.add(more),
            (none, Ok(only)) => *none = Ok(*only),
            (_, Err(_)) => {}
        }
        out.pop();
    }
    out.push(zeros);
    out.extend(behind);
}

/// A mapped file that no image covers: by its access, if it holds code whose headers could not be read.
fn file(evidence: &Evidence<'_>, m: &Mapping) -> (Kind, Part) {
    let same_file = || evidence.mappings.iter().filter(|o| o.file == m.file);
    let ours = evidence.exe == Some(m.file);
    let unread = !evidence.headers.contains_key(&m.file);
    let object = unread && !m.access.shared && (ours || same_file().any(|o| o.access.run));
    match (object, m.access.run, m.access.write) {
        (false, ..) if m.access.shared => (Kind::File, Part::SharedFile),
        (false, ..) => (Kind::File, Part::PrivateFile),
        (true, ..) if m.access.none() => (Kind::Guard, Part::Reserve),
        (true, true, _) if ours => (Kind::Text, Part::Code),
        (true, true, _) => (Kind::Library, Part::Code),
        (true, false, true) => (Kind::Data, Part::Plain),
        (true, false, false) if ours => (Kind::Rodata, Part::Constants),
        (true, false, false) => (Kind::Library, Part::Constants),
    }
}

fn pointers_in<'a>(
    evidence: &'a Evidence<'_>,
    m: &'a Mapping,
) -> impl Iterator<Item = &'a StackPointer> {
    evidence
        .pointers
        .iter()
        .filter(|p| m.start < p.at && p.at <= m.end)
}

fn pointer_in<'a>(evidence: &'a Evidence<'_>, m: &'a Mapping) -> Option<&'a StackPointer> {
    pointers_in(evidence, m).next()
}

fn used(pointer: &StackPointer, m: &Mapping) -> StackUse {
    StackUse {
        tid: pointer.tid,
        name: pointer.name.clone(),
        used: Bytes(m.end.saturating_sub(pointer.at)),
    }
}

/// The stack that the kernel or the C library names after its thread.
fn stack_of(evidence: &Evidence<'_>, m: &Mapping, tid: Tid) -> StackUse {
    let pointer = evidence.pointers.iter().find(|p| p.tid == tid);
    pointer
        .filter(|p| (m.start..=m.end).contains(&p.at))
        .map_or_else(
            || StackUse {
                tid,
                name: pointer.map(|p| p.name.clone()).unwrap_or_default(),
                used: Bytes(0),
            },
            |p| used(p, m),
        )
}

fn mark_stack_guards(regions: &mut [Region]) {
    for i in 1..regions.len() {
        let above = matches!(regions[i].kind, Kind::ThreadStack | Kind::Stack);
        let touches = regions[i - 1].end == regions[i].start;
        if above && touches && regions[i - 1].kind == Kind::Guard {
            regions[i - 1].part = Part::StackGuard;
        }
    }
}

#[cfg(test)]
mod tests;
