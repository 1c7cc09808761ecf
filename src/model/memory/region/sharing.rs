//! Who else maps a region, and in which words it is said that not all of them are known.

use super::{AddressSpace, FileId, Kind, Region};
use crate::model::reading::Missing;

impl Region {
    /// Whether who else maps it is looked for: what is written there others may see.
    pub fn can_be_shared(&self) -> bool {
        // A System V segment's inode is its id, which may be 0; its device is not.
        self.access.shared
            && self.file != FileId::default()
            && matches!(self.kind, Kind::Shared | Kind::File)
    }
}

impl AddressSpace {
    /// That others may map a shared region too of whom nothing is known; `None` where everybody was looked at.
    ///
    /// Where nobody is known, it is said of memory that is there to be shared, and not of every file.
    pub fn others_untold(&self, region: &Region) -> Option<&'static str> {
        let worth = !region.sharers.is_empty() || region.kind == Kind::Shared;
        if !worth || !region.can_be_shared() {
            return None;
        }
        Some(match self.sharers.err()? {
            Missing::Soon => "others not yet looked for",
            Missing::Unrecorded => "others not looked for then",
            Missing::Late => "others did not answer",
            _ => "others not visible",
        })
    }
}
