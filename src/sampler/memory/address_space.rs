//! The address space of the process in focus: its mappings, split and named with the help of what else the kernel tells.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::sharers::Sharers;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::memory::region::classify::{Evidence, classify};
use crate::model::memory::region::merged;
use crate::model::memory::region::{AddressSpace, FileId, Headers, Mapping, Region, StackPointer};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::sys::machine::host;
use crate::sys::memory::stack_pointers::StackPointers;
use crate::sys::memory::{elf, maps, pagemap, semaphores};
use crate::sys::process::living;
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{asker, bounded};

/// The least time between two readings, in milliseconds.
const PACE: u64 = 1000;
/// Readings may take this share of a core: one part of so many.
const SHARE: u64 = 250;

/// Reads the address space of the process in focus: `maps` first, then `smaps`.
#[derive(Debug)]
pub struct AddressSpaces {
    root: ProcRoot,
    page: u64,
    of: Option<ProcId>,
    headers: HashMap<FileId, Headers>,
    /// Files that are no ELF files or cannot be read.
    opaque: HashSet<FileId>,
    exe: Option<FileId>,
    pointers: StackPointers,
    sharers: Sharers,
}

impl AddressSpaces {
    /// Reads below this root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            page: host::read(root).page_size,
            of: None,
            headers: HashMap::new(),
            opaque: HashSet::new(),
            exe: None,
            pointers: StackPointers::default(),
            sharers: Sharers::new(root),
        }
    }

    /// Reads the address space of one process, residency included if asked for.
    ///
    /// # Errors
    /// `Denied` for another user's process without the right to trace it; `Gone` when it ended.
    pub fn of(&mut self, id: ProcId, residency: bool) -> Reading<AddressSpace> {
        let began = Instant::now();
        self.turn_to(id);
        if process_ids::read(&self.root, id.pid)?.id != id {
            return Err(Missing::Gone);
        }
        let asked = living::pid(&self.root, id.pid);
        let dir = self.root.proc(asked.to_string());
        let file = |name: &str| bounded::read(&dir.join(name));
        let (text, told) = match residency.then(|| file("smaps")) {
            Some(Ok(text)) => (text, Ok(())),
            Some(Err(why)) => (file("maps")?, Err(why)),
            None => (file("maps")?, Err(Missing::Soon)),
        };
        let listing = maps::parse(&text).map_err(|_| Missing::Unsupported)?;
        self.learn(asked, &dir, &listing);
        let (pointers, all_threads) = self.pointers.read(&self.root, id.pid);
        let mut regions = classify(&Evidence {
            mappings: &listing.mappings,
            headers: &self.headers,
            exe: self.exe,
            pointers: &pointers,
            all_threads,
            page: self.page,
        });
        self.name_semaphores(asked, &mut regions);
        for joined in merged::find(&regions, &listing.mappings) {
            if let Ok(pages) = pagemap::count(&dir, joined.asked(), self.page) {
                joined.settle(&mut regions, pages);
            }
        }
        if let Err(why) = told {
            for region in &mut regions {
                region.residency = region.residency.and(Err(why)).or(Err(why));
            }
        }
        // Looking through every process is paid for only while the whole address space is shown.
        let sharers = if residency {
            self.sharers.find(id.pid, &mut regions)
        } else {
            Err(Missing::Soon)
        };
        Ok(AddressSpace {
            regions,
            residency: told,
            sharers,
            cost: Nanos(began.elapsed().as_nanos() as u64),
        })
    }

    /// Reads the address space of one process with everything that can be told, whatever it costs: for reports.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn whole(&mut self, id: ProcId) -> Reading<AddressSpace> {
        let mut space = self.of(id, true)?;
        space.sharers = self.sharers.finish(id.pid, &mut space.regions);
        Ok(space)
    }

    /// The regions in a text of `maps`, without residency, where threads' stack pointers are known already.
    pub fn named(
        &mut self,
        id: ProcId,
        asked: Pid,
        listing: &maps::Listing<'_>,
        pointers: &[StackPointer],
    ) -> Vec<Region> {
        self.turn_to(id);
        let dir = self.root.proc(asked.to_string());
        self.learn(asked, &dir, listing);
        let mut regions = classify(&Evidence {
            mappings: &listing.mappings,
            headers: &self.headers,
            exe: self.exe,
            pointers,
            all_threads: false,
            page: self.page,
        });
        self.name_semaphores(asked, &mut regions);
        regions
    }

    /// Gives POSIX semaphores, whose first name is gone as soon as they have their own, the one that they have.
    fn name_semaphores(&self, pid: Pid, regions: &mut [Region]) {
        let unnamed = |r: &&mut Region| r.deleted && r.is_semaphore();
        for region in regions.iter_mut().filter(unnamed) {
            if let Some(path) = semaphores::path(&self.root, pid, region.file) {
                (region.name, region.deleted) = (path, false);
            }
        }
    }

    /// The file of the program, where it was found among the mappings last read.
    pub fn program(&self) -> Option<FileId> {
        self.exe
    }

    fn turn_to(&mut self, id: ProcId) {
        if self.of == Some(id) {
            return;
        }
        self.of = Some(id);
        self.headers.clear();
        self.opaque.clear();
        self.exe = None;
        self.pointers.clear();
        self.sharers.clear();
    }

    /// Reads the headers of files with code that are new in the list, and finds out which one is the program.
    fn learn(&mut self, pid: Pid, dir: &Path, listing: &maps::Listing<'_>) {
        let exe = dir.join("exe");
        let target = asker::targets(vec![exe.clone()]).pop();
        let inode = target.and_then(|t| Some(t.ok()?.extent.inode));
        // The device in `maps` is not always that of `stat` (overlay, btrfs), so the path decides where inodes repeat.
        let path = self.root.link(format!("{pid}/exe")).ok();
        let candidates = || {
            listing
                .mappings
                .iter()
                .zip(&listing.paths)
                .filter(|(m, _)| Some(m.file.inode) == inode && m.file.inode != 0)
        };
        let named = |bytes: &[u8]| {
            let bytes = maps::unescaped(bytes);
            path.as_deref().is_some_and(|p| {
                let link = p.as_os_str().as_bytes();
                link.strip_suffix(b" (deleted)").unwrap_or(link) == &*bytes
            })
        };
        let found = candidates()
            .find(|(_, p)| named(p))
            .or_else(|| candidates().next());
        let program = found.map(|(m, _)| m.file);
        if program != self.exe {
            // It executed another program: what was known of files may be of others with their numbers.
            self.headers.clear();
            self.opaque.clear();
            self.exe = program;
        }
        let mut files = Vec::new();
        let mut places = Vec::new();
        for (mapping, path) in listing.mappings.iter().zip(&listing.paths) {
            let file = mapping.file;
            let known = self.headers.contains_key(&file) || self.opaque.contains(&file);
            if mapping.access.run && file.inode != 0 && !known && !files.contains(&file) {
                let exe = (Some(file) == self.exe).then_some(&exe);
                files.push(file);
                places.push(self.places_of(pid, mapping, path, exe));
            }
        }
        for (file, headers) in files.into_iter().zip(headers_at(&places)) {
            match headers {
                Ok(headers) => {
                    self.headers.insert(file, headers);
                }
                Err(_) => {
                    self.opaque.insert(file);
                }
            }
        }
    }

    /// Where a mapped file can be opened: by the link of the mapping, which works for deleted files and in other mount
    /// namespaces but needs rights, or by its path below the root that the process sees.
    fn places_of(
        &self,
        pid: Pid,
        mapping: &Mapping,
        path: &[u8],
        exe: Option<&PathBuf>,
    ) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = exe.into_iter().cloned().collect();
        let link = format!("{pid}/map_files/{:x}-{:x}", mapping.start, mapping.end);
        places.push(self.root.proc(link));
        if !mapping.deleted && path.starts_with(b"/") {
            let path = maps::unescaped(path);
            let path = std::ffi::OsStr::from_bytes(&path[1..]);
            places.push(self.root.proc(format!("{pid}/root")).join(path));
        }
        places
    }
}

/// The reader, shared by its two sources.
type Shared = Arc<Mutex<AddressSpaces>>;

/// The two sources of an address space: its mappings, and where their pages are.
pub fn sources(root: &ProcRoot) -> (Regions, Residencies) {
    let shared = Arc::new(Mutex::new(AddressSpaces::new(root)));
    (Regions(Arc::clone(&shared)), Residencies(shared))
}

/// The mappings of the process in focus, from `maps`.
#[derive(Debug)]
pub struct Regions(Shared);

/// The mappings of the process in focus and where their pages are, from `smaps`.
#[derive(Debug)]
pub struct Residencies(Shared);

impl Source<Detail> for Regions {
    fn name(&self) -> &'static str {
        "maps"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others"])
    }

    fn fills(&self) -> Needs {
        Needs::REGIONS
    }

    fn pace_ms(&self) -> u64 {
        PACE
    }

    fn share(&self) -> u64 {
        SHARE
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        // Where smaps is read it tells all that maps does.
        let told = into.regions.as_ref().and_then(|r| r.value.as_ref().ok());
        if !(plan.needs.contains(Needs::RESIDENCY) && told.is_some_and(|s| s.residency.is_ok())) {
            lock(&self.0).fill(plan.focus, false, into);
        }
        Ok(())
    }
}

impl Source<Detail> for Residencies {
    fn name(&self) -> &'static str {
        "smaps"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others"])
    }

    fn fills(&self) -> Needs {
        Needs::RESIDENCY
    }

    fn pace_ms(&self) -> u64 {
        PACE
    }

    fn share(&self) -> u64 {
        SHARE
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        lock(&self.0).fill(plan.focus, true, into);
        Ok(())
    }
}

impl AddressSpaces {
    fn fill(&mut self, focus: Option<ProcId>, residency: bool, into: &mut Detail) {
        let Some(id) = focus else {
            into.regions = None;
            return;
        };
        let space = self.of(id, residency);
        // A process that ended keeps what was last read of it.
        let kept = into.of == Some(id) && into.regions.as_ref().is_some_and(|r| r.value.is_ok());
        let ended = |space: &AddressSpace| space.regions.is_empty();
        let lost = space
            .as_ref()
            .map_or_else(|why| *why == Missing::Gone, ended);
        if !(kept && lost) {
            into.regions = Some(Stamped::new(into.at, space));
        }
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, AddressSpaces> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For each file the headers found at the first of its places where they can be read.
fn headers_at(places: &[Vec<PathBuf>]) -> Vec<Reading<Headers>> {
    let mut out: Vec<Reading<Headers>> = places.iter().map(|_| Err(Missing::Gone)).collect();
    let rounds = places.iter().map(Vec::len).max().unwrap_or(0);
    for round in 0..rounds {
        let open = |(i, places): (usize, &Vec<PathBuf>)| Some((i, places.get(round)?.clone()));
        let left = places.iter().enumerate().filter_map(open);
        let left: Vec<_> = left.filter(|(i, _)| out[*i].is_err()).collect();
        let paths: Vec<_> = left.iter().map(|(_, path)| path.clone()).collect();
        for ((i, _), found) in left.iter().zip(elf::read(&paths)) {
            out[*i] = found;
        }
    }
    out
}

#[cfg(test)]
mod tests;
