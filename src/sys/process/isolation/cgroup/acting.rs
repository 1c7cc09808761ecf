//! What freezes a control group and what ends it in one write, and why it may be refused: known before anybody is asked.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::{AccessFlags, faccessat};

use super::facts::value;
use super::{Membership, Mount, Place, memberships, place};
use crate::model::groups::refusal::Refusal;
use crate::sys::own::capabilities;
use crate::sys::root::ProcRoot;

/// How the groups of a hierarchy are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freezes {
    /// As those of v2.
    Unified,
    /// By the freezer of v1.
    Old,
    /// Not at all.
    Never,
}

impl Freezes {
    /// Whether everything in the group of this directory stands still: `frozen 1` in `cgroup.events`, or `FROZEN` in
    /// `freezer.state` of v1.
    pub(super) fn is_frozen(self, dir: &Path) -> Option<bool> {
        match self {
            Self::Unified => {
                let events = std::fs::read(dir.join("cgroup.events")).ok()?;
                value(&events, b"frozen").map(|frozen| frozen == 1)
            }
            Self::Old => {
                let state = std::fs::read(dir.join("freezer.state")).ok()?;
                Some(state.trim_ascii() == b"FROZEN")
            }
            Self::Never => None,
        }
    }
}

/// The file by which a group is frozen and thawed.
#[derive(Clone, Debug)]
pub struct Freezer {
    place: Place,
    /// `cgroup.freeze`, or `freezer.state` of v1.
    pub file: PathBuf,
}

impl Freezer {
    pub(super) fn new(place: Place) -> Self {
        let name = if place.unified {
            "cgroup.freeze"
        } else {
            "freezer.state"
        };
        let file = place.dir.join(name);
        Self { place, file }
    }

    /// What is written to thaw, and to freeze.
    pub fn words(&self) -> [&'static str; 2] {
        if self.place.unified {
            ["0", "1"]
        } else {
            ["THAWED", "FROZEN"]
        }
    }

    /// Whether everything in it stands still.
    pub fn frozen(&self) -> Option<bool> {
        let how = if self.place.unified {
            Freezes::Unified
        } else {
            Freezes::Old
        };
        how.is_frozen(&self.place.dir)
    }

    /// The nearest frozen group of which this one is a part.
    pub fn above(&self) -> Option<Refusal> {
        let above = self.place.dir.ancestors().skip(1);
        let mut above = above.take_while(|dir| dir.starts_with(&self.place.top));
        let found = above.find(|dir| self.asked(dir))?;
        Some(Refusal::Above(self.place.path_of(found)))
    }

    /// Whether somebody froze the group of this directory itself.
    fn asked(&self, dir: &Path) -> bool {
        let (file, word): (_, &[u8]) = if self.place.unified {
            ("cgroup.freeze", b"1")
        } else {
            ("freezer.self_freezing", b"1")
        };
        std::fs::read(dir.join(file)).is_ok_and(|text| text.trim_ascii() == word)
    }
}

/// A group as one acts on it.
pub(super) struct Acting<'a> {
    root: &'a ProcRoot,
    mounts: &'a [Mount],
    of: &'a [Membership],
}

impl<'a> Acting<'a> {
    pub(super) fn new(root: &'a ProcRoot, mounts: &'a [Mount], of: &'a [Membership]) -> Self {
        Self { root, mounts, of }
    }

    fn place(&self, controller: &str) -> Option<Place> {
        place(self.root, self.mounts, self.of, controller)
    }

    fn unified(&self) -> Option<Place> {
        self.place("").filter(|place| place.unified)
    }

    /// The file that freezes it, in v2 or else in the hierarchy of v1 that does.
    ///
    /// # Errors
    /// `Whole` and `Lacking`.
    pub(super) fn freezer(&self) -> Result<Freezer, Refusal> {
        let places = [self.unified(), self.place("freezer")];
        let mut found = places.into_iter().flatten().map(Freezer::new);
        found
            .find(|f| f.file.exists())
            .ok_or_else(|| self.lacking())
    }

    /// Why a group cannot be frozen although there is a file for it.
    pub(super) fn refuses(&self, freezer: &Freezer) -> Option<Refusal> {
        if let Some(why) = unwritable(&freezer.file) {
            return Some(why);
        }
        if freezer.frozen() == Some(true) && !freezer.asked(&freezer.place.dir) {
            return freezer.above();
        }
        self.is_ours(&freezer.place).then_some(Refusal::Ourselves)
    }

    /// The file that ends it in one write.
    ///
    /// # Errors
    /// Why there is none, or why it may not be written.
    pub(super) fn kill(&self) -> Result<PathBuf, Refusal> {
        let place = self.unified().ok_or_else(|| self.lacking())?;
        let file = place.dir.join("cgroup.kill");
        if !file.exists() {
            return Err(self.lacking());
        }
        let kind = std::fs::read(place.dir.join("cgroup.type")).unwrap_or_default();
        if kind.trim_ascii() == b"threaded" {
            return Err(Refusal::Threads);
        }
        match unwritable(&file) {
            Some(why) => Err(why),
            None if self.is_ours(&place) => Err(Refusal::Ourselves),
            None => Ok(file),
        }
    }

    /// Why there is no file: the group that everything is in has none.
    fn lacking(&self) -> Refusal {
        if self.of.iter().all(|m| m.path.as_str() == "/") {
            Refusal::Whole
        } else {
            Refusal::Lacking
        }
    }

    /// Whether this program is in a group or in a part of it.
    fn is_ours(&self, group: &Place) -> bool {
        let text = std::fs::read(self.root.proc("self/cgroup")).unwrap_or_default();
        let ours = memberships(&text);
        let controller = if group.unified { "" } else { "freezer" };
        let own = place(self.root, self.mounts, &ours, controller);
        own.is_some_and(|own| own.dir.starts_with(&group.dir))
    }
}

/// Why a file may not be written, by the rights that this thread has now.
pub(in crate::sys) fn unwritable(file: &Path) -> Option<Refusal> {
    match faccessat(
        nix::fcntl::AT_FDCWD,
        file,
        AccessFlags::W_OK,
        AtFlags::AT_EACCESS,
    ) {
        // A report gives up the right to write anywhere; that is not what stands in the way of who runs it.
        Err(Errno::EACCES) if capabilities::gave_up(capabilities::ANY_FILE) => None,
        Err(Errno::EACCES | Errno::EPERM) => Some(Refusal::Denied),
        Err(Errno::EROFS) => Some(Refusal::ReadOnly),
        // Whatever else there is shows when it is written.
        _ => None,
    }
}
