//! Who else maps the same shared memory: looks through every process's `maps`, a few at a time.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::model::id::Pid;
use crate::model::memory::region::{FileId, Region, Sharer};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::memory::maps;
use crate::sys::process::{living, visible};
use crate::sys::root::ProcRoot;

/// How long one look may take; the next one goes on where it stopped.
const BUDGET: Duration = Duration::from_millis(3);

/// What was found so far for the process in focus.
#[derive(Debug)]
pub struct Sharers {
    root: ProcRoot,
    found: HashMap<FileId, BTreeMap<Pid, SafeText>>,
    /// Processes that are still to be looked at in this round.
    left: Vec<Pid>,
    /// Whether a round was finished.
    whole: bool,
    /// Why somebody could not be looked at, the graver reason where there are two.
    untold: Option<Missing>,
    /// Whether there may be processes that are not even listed.
    in_part: bool,
}

impl Sharers {
    /// Looks below this root.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            found: HashMap::new(),
            left: Vec::new(),
            whole: false,
            untold: None,
            in_part: visible::in_part(root),
        }
    }

    /// Forgets all, for another process.
    pub fn clear(&mut self) {
        self.found.clear();
        self.left.clear();
        self.whole = false;
        self.untold = None;
    }

    /// Looks at some more processes and fills in who else maps the shared regions.
    ///
    /// # Errors
    /// `Soon` until every process was looked at once; `Denied` where some would not let us or may not be listed, `Late` where
    /// one did not answer.
    pub fn find(&mut self, pid: Pid, regions: &mut [Region]) -> Reading<()> {
        let mut wanted: Vec<FileId> = regions
            .iter()
            .filter(|r| r.can_be_shared())
            .map(|r| r.file)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        self.look(pid, &wanted);
        for region in regions.iter_mut().filter(|r| r.can_be_shared()) {
            region.sharers = self
                .found
                .get(&region.file)
                .into_iter()
                .flatten()
                .map(|(pid, name)| Sharer {
                    pid: *pid,
                    name: name.clone(),
                })
                .collect();
        }
        match (self.whole, self.untold, self.in_part) {
            (false, ..) => Err(Missing::Soon),
            (true, Some(why), _) => Err(why),
            (true, None, true) => Err(Missing::Denied),
            (true, None, false) => Ok(()),
        }
    }

    /// Goes on until every process was looked at.
    ///
    /// # Errors
    /// As [`Self::find`], save `Soon`.
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
        let maps_of = |pid: Pid| bounded::read(&self.root.proc(format!("{pid}/maps")));
        let mut text = maps_of(other);
        if text.as_ref().is_ok_and(Vec::is_empty)
            && let Some(lives) = living::other(&self.root, other)
        {
            text = maps_of(Pid(lives.0));
        }
        let text = match text {
            Ok(text) => text,
            Err(why @ (Missing::Denied | Missing::Late)) => {
                self.untold = self.untold.filter(|w| *w == Missing::Denied).or(Some(why));
                return;
            }
            Err(_) => return,
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::memory::region::{Access, Flags, Kind, Part};

    const RING: &str = "7f00-7f01 rw-s 0 00:1a 7 /dev/shm/ring\n";

    fn process(at: &Path, pid: u32, maps: &str, stat: &str) {
        let own = at.join(format!("proc/{pid}"));
        std::fs::create_dir_all(&own).expect("made");
        for (name, text) in [("maps", maps), ("comm", "make\n"), ("stat", stat)] {
            std::fs::write(own.join(name), text).expect("written");
        }
    }

    fn ring() -> Region {
        Region {
            start: 0x7f00,
            end: 0x7f01,
            kind: Kind::Shared,
            part: Part::Plain,
            access: Access::from_letters(b"rw-s"),
            offset: 0,
            file: FileId {
                major: 0,
                minor: 26,
                inode: 7,
            },
            name: "/dev/shm/ring".into(),
            deleted: false,
            stack: None,
            residency: Err(Missing::Soon),
            flags: Flags::empty(),
            sharers: Vec::new(),
        }
    }

    fn stat(pid: u32, state: char, threads: u32) -> String {
        let zeros = "0 ".repeat(32);
        format!("{pid} (make) {state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 5 0 {zeros}\n")
    }

    #[test]
    fn who_maps_it_is_its_threads_and_whom_the_mount_hides_is_not_nobody() {
        let at = tempfile::tempdir().expect("a directory");
        let own = at.path().join("proc/self");
        std::fs::create_dir_all(own.join("ns")).expect("made");
        let first = "pid:[4026531836]";
        std::os::unix::fs::symlink(first, own.join("ns/pid")).expect("linked");
        let mounts = "21 28 0:20 / /proc rw,nosuid - proc proc rw\n";
        std::fs::write(own.join("mountinfo"), mounts).expect("written");
        process(at.path(), 7, RING, &stat(7, 'S', 1));
        process(at.path(), 8, "", &stat(8, 'Z', 2));
        for (tid, state) in [(8, 'Z'), (9, 'S')] {
            let task = at.path().join(format!("proc/8/task/{tid}"));
            std::fs::create_dir_all(&task).expect("made");
            std::fs::write(task.join("stat"), stat(tid, state, 2)).expect("written");
        }
        // The number of a thread is not listed, but has a directory.
        let hidden = at.path().join("proc/8/task/9/maps");
        std::fs::write(&hidden, RING).expect("written");
        std::os::unix::fs::symlink("8/task/9", at.path().join("proc/9")).expect("linked");
        let root = ProcRoot::fixture(at.path());
        let mut regions = [ring()];
        let told = Sharers::new(&root).finish(Pid(7), &mut regions);
        assert_eq!(told, Ok(()));
        let known = |regions: &[Region]| -> Vec<u32> {
            regions[0].sharers.iter().map(|s| s.pid.0).collect()
        };
        assert!(known(&regions).contains(&8), "the first thread has ended");

        let hiding = mounts.replace("proc rw\n", "proc rw,hidepid=invisible\n");
        std::fs::write(own.join("mountinfo"), hiding).expect("written");
        let told = Sharers::new(&root).finish(Pid(7), &mut regions);
        assert_eq!(told, Err(Missing::Denied), "others may map it too");
        assert!(known(&regions).contains(&8));
    }
}
