//! The memory around what threads wait for: mappings, the regions that they are, and the code of the C library. Each is
//! read again only when the mappings have changed.

use std::sync::Arc;

use crate::model::id::{Bytes, Pid, ProcId, Tid};
use crate::model::memory::region::place::holding;
use crate::model::memory::region::{FileId, Region, StackPointer};
use crate::model::process::threads::{Stack, ThreadRow};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::Wait;
use crate::sampler::memory::address_space::AddressSpaces;
use crate::sys::memory::maps;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::waits::code::{self, Code};
use crate::sys::scheduling::waits::space::Space;
use crate::sys::{asker, bounded};

/// Mappings with code, as far as they decide whether the code is still the same.
type Shape = Vec<(u64, u64, FileId)>;

/// What was read last.
pub struct Around {
    root: ProcRoot,
    spaces: AddressSpaces,
    of: Option<ProcId>,
    text: Vec<u8>,
    space: Arc<Space>,
    shape: Shape,
    code: Option<Arc<Code>>,
    /// Whether the program has 64-bit words, and the inode of its file.
    program: Option<(bool, u64)>,
    /// The regions, and the threads whose stacks decided among them.
    regions: Option<(Vec<Tid>, Vec<Region>)>,
}

impl Around {
    /// Reads below this root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            spaces: AddressSpaces::new(root),
            of: None,
            text: Vec::new(),
            space: Arc::default(),
            shape: Vec::new(),
            code: None,
            program: None,
            regions: None,
        }
    }

    /// Reads the mappings of a process again.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn turn_to(&mut self, of: ProcId, asked: Pid) -> Reading<Arc<Space>> {
        if self.of != Some(of) {
            self.of = Some(of);
            self.text.clear();
            self.shape.clear();
            self.code = None;
            (self.program, self.regions) = (None, None);
        }
        let text = bounded::read(&self.root.proc(format!("{asked}/maps")))?;
        if text != self.text {
            let listing = maps::parse(&text).map_err(|_| Missing::Unsupported)?;
            self.space = Arc::new(Space::new(listing.mappings));
            self.text = text;
            (self.program, self.regions) = (None, None);
        }
        Ok(Arc::clone(&self.space))
    }

    /// Whether the process has 64-bit words.
    pub fn is_wide(&mut self, asked: Pid) -> bool {
        self.program(asked).0
    }

    /// A program that is executed has other mappings, so what is known of it holds as long as they do.
    fn program(&mut self, asked: Pid) -> (bool, u64) {
        *self
            .program
            .get_or_insert_with(|| program(&self.root, asked))
    }

    /// The code of the process whose mappings were read last; `None` where its memory may not be read, or is none.
    pub fn code(&mut self, asked: Pid) -> Option<Arc<Code>> {
        let (wide, program) = self.program(asked);
        if !self.root.is_live() {
            return None;
        }
        let shape: Shape = self
            .space
            .all()
            .iter()
            .filter(|m| m.access.run && m.file.inode != 0)
            .map(|m| (m.start, m.end, m.file))
            .collect();
        if self.code.is_none() || shape != self.shape {
            let space = Arc::clone(&self.space);
            let exe = self.root.proc(format!("{asked}/exe"));
            let file = code::kept(&space, &exe);
            let late = file == Err(Missing::Late);
            let file = file.unwrap_or_default();
            let read = move |pid: &Pid| Ok(Code::read(*pid, &space, &file, program, wide));
            let read = bounded::each("code", vec![asked], read).pop();
            self.code = read.and_then(Result::ok).map(Arc::new);
            // What was not answered in time is asked again.
            self.shape = if late { Shape::new() } else { shape };
        }
        if let Some(code) = self.code.clone().filter(|c| c.lacks_names()) {
            let own = code::waiting(&self.root.proc(format!("{asked}/exe")));
            let learn = move |pid: &Pid| {
                code.learn_names(*pid, own.clone());
                Ok(())
            };
            bounded::each("code", vec![asked], learn);
        }
        self.code.clone()
    }

    /// Finds each thread's stack and each lock's place.
    ///
    /// A mapping that holds the stack pointers of two threads is no stack: a runtime moves its own stacks inside it.
    pub fn place(&mut self, of: ProcId, asked: Pid, rows: &mut [ThreadRow]) {
        let space = Arc::clone(&self.space);
        let mut users = std::collections::HashMap::<u64, u32>::new();
        let mapping = |row: &ThreadRow| space.at(row.detail.as_ref().ok()?.sp.ok()?);
        for row in &*rows {
            if let Some(m) = mapping(row) {
                *users.entry(m.start).or_default() += 1;
            }
        }
        self.learn(of, asked, rows);
        let regions = self.regions.as_ref().map_or(&[][..], |(_, r)| r.as_slice());
        for row in rows {
            let found = mapping(row);
            let Ok(detail) = &mut row.detail else {
                continue;
            };
            let stack = found.filter(|m| users[&m.start] == 1 && &*m.name != "[heap]");
            detail.stack = match (detail.sp, stack) {
                (Ok(sp), Some(m)) => Ok(Stack {
                    start: m.end,
                    used: Bytes(m.end - sp),
                    size: Bytes(m.end - m.start),
                }),
                (Ok(_), None) => Err(Missing::Unsupported),
                (Err(why), _) => Err(why),
            };
            if let Wait::Futex(futex) = &mut detail.waiting.what {
                futex.place = holding(regions, futex.word).map(|r| r.place(futex.word));
                if let Some(m) = space.at(futex.word) {
                    futex.settle(m.access.shared);
                }
            }
        }
    }

    /// Finds out the regions where a thread waits for a lock, unless mappings and threads are those of the last time.
    fn learn(&mut self, of: ProcId, asked: Pid, rows: &[ThreadRow]) {
        let waits = |r: &ThreadRow| {
            let detail = r.detail.as_ref();
            detail.is_ok_and(|d| matches!(d.waiting.what, Wait::Futex(_)))
        };
        let pointer = |row: &ThreadRow| {
            let at = row.detail.as_ref().ok()?.sp.ok()?;
            Some(StackPointer {
                tid: row.id.tid,
                name: row.name.clone(),
                at,
            })
        };
        let pointers: Vec<StackPointer> = rows.iter().filter_map(pointer).collect();
        let tids: Vec<Tid> = pointers.iter().map(|p| p.tid).collect();
        let known = self.regions.as_ref().is_some_and(|(of, _)| *of == tids);
        if known || !rows.iter().any(waits) {
            return;
        }
        if let Ok(listing) = maps::parse(&self.text) {
            let regions = self.spaces.named(of, asked, &listing, &pointers);
            self.regions = Some((tids, regions));
        }
    }
}

/// Whether a process has 64-bit words (the class of its executable's ELF header; as our own where it cannot be read), and
/// the inode of its executable.
pub fn program(root: &ProcRoot, pid: Pid) -> (bool, u64) {
    let path = root.proc(format!("{pid}/exe"));
    let wide = match asker::regular(vec![path.clone()], 5).pop().as_ref() {
        Some(Ok(header)) if header.starts_with(b"\x7fELF") => header.get(4) == Some(&2),
        _ => cfg!(target_pointer_width = "64"),
    };
    let target = asker::targets(vec![path]).pop();
    let inode = target.and_then(|t| Some(t.ok()?.extent.inode));
    (wide, inode.unwrap_or(0))
}
