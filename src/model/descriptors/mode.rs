//! Which way data can go through a descriptor: what descriptors and their peers both stand on.

/// Whether a descriptor can be read, written, both, or neither (opened with `O_PATH`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Reading only.
    Read,
    /// Writing only.
    Write,
    /// Both.
    Both,
    /// Neither: it only names a place.
    Path,
}

impl Mode {
    /// From the permission bits of the link: the owner's read and write bits are those of the descriptor.
    pub fn from_link(bits: u32) -> Self {
        match (bits & 0o400 != 0, bits & 0o200 != 0) {
            (true, true) => Self::Both,
            (true, false) => Self::Read,
            (false, true) => Self::Write,
            (false, false) => Self::Path,
        }
    }

    /// `r`, `w`, `rw`, or `path`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::Both => "rw",
            Self::Path => "path",
        }
    }

    /// Whether data can flow out of it into the process.
    pub fn reads(self) -> bool {
        matches!(self, Self::Read | Self::Both)
    }

    /// Whether data can flow from the process into it.
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Both)
    }
}
