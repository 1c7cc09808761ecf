//! Which function each place in the code of a process is in, by the names that its files keep; and who called it, where the
//! word at the stack pointer can be where it goes back to. Nobody is stopped; memory is only copied.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::memory::faults::code::{Code, Toucher, called, does_what_it_is_told};
use crate::model::memory::region::{AddressSpace, FileId, Kind, Region};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::frames::{self, Callee};
use crate::sys::memory::{process_memory, symbols};
use crate::sys::process::living;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::code::is_c_library;
use crate::sys::{bounded, clock};

/// Places that are remembered; of more all are forgotten.
const MOST: usize = 1 << 13;
/// Looking for names takes at most this part of the time: one in so many.
const SHARE: u64 = 20;
/// What fills and copies in a C library lies so near to where it begins: it jumps to what it shares with its like.
const NEAR: u64 = 4 << 10;
/// So many bytes before a call of what a register holds the register may have been loaded.
const LOADED: usize = 32;
/// From here on addresses are the kernel's.
const KERNEL: u64 = 1 << 63;

/// A place in code, and the word at the stack pointer there.
pub type Place = (u64, u64);
/// A part of a file in memory, and addresses in that file, each with where it lies there.
type InFile<'a> = (&'a Region, Vec<(u64, u64)>);

/// What is known of an address in code.
#[derive(Clone, Debug)]
struct Found {
    code: Code,
    /// Where its function begins in memory.
    start: Option<u64>,
}

/// A place of which it is asked who called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    pid: Pid,
    code: u64,
    start: Option<u64>,
    back_to: u64,
}

/// Names places in the code of one process.
#[derive(Debug)]
pub struct Functions {
    root: ProcRoot,
    of: ProcId,
    /// What of its address space is code, to see when that changes.
    code: u64,
    found: HashMap<u64, Found>,
    /// Where a place was called from.
    callers: HashMap<Place, Option<u64>>,
    /// Before this nothing is looked for again.
    rests_until: Nanos,
}

impl Functions {
    /// Of a process.
    pub fn of(root: &ProcRoot, of: ProcId) -> Self {
        Self {
            root: root.clone(),
            of,
            code: 0,
            found: HashMap::new(),
            callers: HashMap::new(),
            rests_until: Nanos(0),
        }
    }

    /// Looks for the names of places that are new, if it has not just done so for long.
    pub fn learn(&mut self, space: &AddressSpace, places: impl Iterator<Item = Place>) {
        self.forget_what_moved(space);
        // Most faults are at few places.
        let places: HashSet<Place> = places.collect();
        let new: HashSet<Place> = places
            .into_iter()
            .map(|place| worth(space, place))
            .filter(|place| place.0 < KERNEL && !self.callers.contains_key(place))
            .collect();
        let began = clock::now();
        if new.is_empty() || began < self.rests_until {
            return;
        }
        if self.callers.len() + new.len() > MOST {
            self.found.clear();
            self.callers.clear();
        }
        let asked = living::pid(&self.root, self.of.pid);
        self.name(asked, space, new.iter().map(|place| place.0));
        let mut called: Vec<Asked> = Vec::new();
        for place in &new {
            let found = self.found.get(&place.0);
            // Whoever keeps something of its own on top of the stack has no word there that tells.
            let by_itself = |f: &Found| match &f.code.function {
                Ok(name) => !does_what_it_is_told(name),
                Err(_) => !is_c_library(f.code.object.as_str()),
            };
            if place.1 == 0 || found.is_none_or(by_itself) {
                self.callers.insert(*place, None);
                continue;
            }
            called.push(Asked {
                pid: asked,
                code: place.0,
                start: found.and_then(|f| f.start),
                back_to: place.1,
            });
        }
        let led = bounded::each("callers", called.clone(), |asked| Ok(leads_to(asked)));
        for (asked, led) in called.iter().zip(led) {
            let caller = led.unwrap_or(false).then_some(asked.back_to);
            self.callers.insert((asked.code, asked.back_to), caller);
        }
        let callers: Vec<u64> = new.iter().filter_map(|place| self.callers[place]).collect();
        self.name(asked, space, callers.into_iter());
        let now = clock::now();
        self.rests_until = Nanos(now.0 + now.since(began).0 * SHARE);
    }

    /// Whose code a place is.
    pub fn toucher(&self, space: &AddressSpace, place: Place) -> Toucher {
        if place.0 >= KERNEL {
            return Toucher::default();
        }
        let code = |at: u64| match self.found.get(&at) {
            Some(found) => found.code.clone(),
            None => untold(space, at, Missing::Soon),
        };
        let caller = self.callers.get(&worth(space, place)).copied().flatten();
        Toucher {
            code: Some(code(place.0)),
            caller: caller.map(code),
        }
    }

    /// Where files were mapped or given back since, addresses may be of others.
    fn forget_what_moved(&mut self, space: &AddressSpace) {
        let mut hash = DefaultHasher::new();
        for region in space.regions.iter().filter(|r| r.access.run) {
            (region.start, region.end, region.offset, region.file).hash(&mut hash);
        }
        let code = hash.finish();
        if code != self.code {
            self.code = code;
            self.found.clear();
            self.callers.clear();
        }
    }

    /// Names the functions at these addresses, file by file.
    fn name(&mut self, pid: Pid, space: &AddressSpace, at: impl Iterator<Item = u64>) {
        let mut files: HashMap<FileId, InFile<'_>> = HashMap::new();
        for at in at {
            if self.found.contains_key(&at) {
                continue;
            }
            let region = region_at(space, at);
            let Some(region) = region.filter(|r| r.access.run && r.file.inode != 0) else {
                let code = untold(space, at, Missing::Unsupported);
                self.found.insert(at, Found { code, start: None });
                continue;
            };
            let (_, places) = files.entry(region.file).or_insert((region, Vec::new()));
            places.push((at, at - region.start + region.offset));
        }
        for (region, places) in files.into_values() {
            let offsets: Vec<u64> = places.iter().map(|place| place.1).collect();
            let held = self.held(pid, region, &offsets);
            for (i, (at, _)) in places.into_iter().enumerate() {
                let found = match &held {
                    Err(why) => Found {
                        code: untold(space, at, *why),
                        start: None,
                    },
                    Ok(held) => {
                        let told = held[i].function.as_ref();
                        Found {
                            start: told.map(|(behind, _)| at - behind),
                            code: Code {
                                function: told
                                    .map(|(_, name)| called(name))
                                    .ok_or(Missing::Unsupported),
                                object: region.name.clone(),
                                address: held[i].address,
                            },
                        }
                    }
                };
                self.found.insert(at, found);
            }
        }
    }

    fn held(&self, pid: Pid, region: &Region, offsets: &[u64]) -> Reading<Vec<symbols::Held>> {
        let path = region.name.bytes();
        let below = path.strip_prefix(b"/").filter(|_| !region.deleted);
        let named = below.map(|path| {
            let seen = self.root.proc(format!("{pid}/root"));
            seen.join(OsStr::from_bytes(path))
        });
        // The program's own file is there though it was deleted.
        let exe = (region.kind == Kind::Text).then(|| self.root.proc(format!("{pid}/exe")));
        let places: Vec<PathBuf> = exe.into_iter().chain(named).collect();
        let mut last = Err(Missing::Unsupported);
        for path in places {
            last = symbols::holding(&path, offsets);
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

fn region_at(space: &AddressSpace, at: u64) -> Option<&Region> {
    let after = space.regions.partition_point(|r| r.start <= at);
    space.regions[..after].last().filter(|r| at < r.end)
}

/// The place, with the word only where that is an address in code.
fn worth(space: &AddressSpace, (code, top): Place) -> Place {
    // Code of 32 bits keeps words of 32.
    let top = if code >> 32 == 0 {
        top & 0xffff_ffff
    } else {
        top
    };
    let runs = region_at(space, top).is_some_and(|r| r.access.run);
    (code, if runs { top } else { 0 })
}

/// An address in code whose function is not told.
fn untold(space: &AddressSpace, at: u64, why: Missing) -> Code {
    let region = region_at(space, at).filter(|r| !r.name.is_empty());
    Code {
        function: Err(why),
        object: region.map_or_else(|| "".into(), |r| r.name.clone()),
        address: region.map_or(at, |r| at - r.start + r.offset),
    }
}

/// Whether the call before where it may go back to leads to the function that holds a place.
fn leads_to(asked: &Asked) -> bool {
    let &Asked {
        pid,
        code,
        start,
        back_to,
    } = asked;
    let read = |at: u64, length| process_memory::read(pid, at, length).unwrap_or_default();
    let wide = code >> 32 != 0;
    let word = |at: u64| {
        let bytes = read(at, if wide { 8 } else { 4 });
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(&bytes);
        u64::from_le_bytes(word)
    };
    let before = read(back_to.wrapping_sub(LOADED as u64), LOADED);
    let Some(bytes) = before.last_chunk::<{ frames::CALL }>() else {
        return false;
    };
    let to = match frames::call_before(bytes, back_to) {
        // In another file: by a stub here that reads where to.
        Some(Callee::At(entry)) => {
            let stub = read(entry.at, 16);
            frames::slot_of_stub(&stub, entry.at, wide, None).map_or(entry.at, word)
        }
        Some(Callee::Somewhere) => {
            let slot = frames::slot_of_call(bytes, back_to);
            match slot.or_else(|| frames::slot_loaded(&before, back_to)) {
                Some(slot) => word(slot),
                None => return false,
            }
        }
        _ => return false,
    };
    match start {
        Some(start) => to == start,
        None => to.abs_diff(code) < NEAR,
    }
}
