//! Who else maps the same shared memory: looks through every process's `maps`, a few at a time.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::model::id::Pid;
use crate::model::memory::region::{FileId, Kind, Region, Sharer};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::memory::maps;
use crate::sys::root::ProcRoot;

/// How long one look may take; the next one goes on where it stopped.
const BUDGET: Duration = Duration::from_millis(3);
/// So many are named for each region.
const NAMED: usize = 64;

/// What was found so far for the process in focus.
#[derive(Debug)]
pub struct Sharers {
    root: ProcRoot,
    found: HashMap<FileId, BTreeMap<Pid, SafeText>>,
    /// Processes that are still to be looked at in this round.
    left: Vec<Pid>,
    /// Whether a round was finished.
    whole: bool,
    denied: bool,
}

impl Sharers {
    /// Looks below this root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            found: HashMap::new(),
            left: Vec::new(),
            whole: false,
            denied: false,
        }
    }

    /// Forgets all, for another process.
    pub fn clear(&mut self) {
        self.found.clear();
        self.left.clear();
        self.whole = false;
        self.denied = false;
    }

    /// Looks at some more processes and fills in who else maps the shared regions.
    ///
    /// # Errors
    /// `Soon` until every process was looked at once; `Denied` where some would not let us.
    pub fn find(&mut self, pid: Pid, regions: &mut [Region]) -> Reading<()> {
        let mut wanted: Vec<FileId> = regions
            .iter()
            .filter(|r| can_share(r))
            .map(|r| r.file)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        self.look(pid, &wanted);
        for region in regions.iter_mut().filter(|r| can_share(r)) {
            region.sharers = self
                .found
                .get(&region.file)
                .into_iter()
                .flatten()
                .take(NAMED)
                .map(|(pid, name)| Sharer {
                    pid: *pid,
                    name: name.clone(),
                })
                .collect();
        }
        match (self.whole, self.denied) {
            (false, _) => Err(Missing::Soon),
            (true, true) => Err(Missing::Denied),
            (true, false) => Ok(()),
        }
    }

    /// Goes on until every process was looked at.
    ///
    /// # Errors
    /// `Denied` where some would not let us.
    pub fn finish(&mut self, pid: Pid, regions: &mut [Region]) -> Reading<()> {
        loop {
            match self.find(pid, regions) {
                Err(Missing::Soon) => {}
                other => return other,
            }
        }
    }

    fn look(&mut self, pid: Pid, wanted: &[FileId]) {
        let began = Instant::now();
        if self.left.is_empty() {
            self.left = self.root.pids();
        }
        while let Some(other) = self.left.pop() {
            if other != pid {
                self.look_at(other, wanted);
            }
            if self.left.is_empty() {
                self.whole = true;
            } else if began.elapsed() > BUDGET {
                return;
            }
        }
    }

    fn look_at(&mut self, other: Pid, wanted: &[FileId]) {
        for holders in self.found.values_mut() {
            holders.remove(&other);
        }
        let dir = self.root.proc(other.to_string());
        let text = match bounded::read(&dir.join("maps")) {
            Ok(text) => text,
            Err(why) => {
                self.denied |= why == Missing::Denied;
                return;
            }
        };
        let Ok(listing) = maps::parse(&text) else {
            return;
        };
        let mut hits = listing
            .mappings
            .iter()
            .filter(|m| m.access.shared && wanted.binary_search(&m.file).is_ok())
            .peekable();
        if hits.peek().is_none() {
            return;
        }
        let name = self.root.read(format!("{other}/comm")).unwrap_or_default();
        let name = SafeText::from_bytes(name.strip_suffix(b"\n").unwrap_or(&name));
        for hit in hits {
            self.found
                .entry(hit.file)
                .or_default()
                .insert(other, name.clone());
        }
    }
}

/// Whether others may see what is written here.
fn can_share(region: &Region) -> bool {
    // A System V segment's inode is its id, which may be 0; its device is not.
    region.access.shared
        && region.file != FileId::default()
        && matches!(region.kind, Kind::Shared | Kind::File)
}
