//! Why a control group cannot be frozen, thawed or ended as one.

use std::fmt;

use crate::model::text::SafeText;

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is the group that everything is in.
    Whole,
    /// The kernel has no such file for it.
    Lacking,
    /// Its files may not be written by this user.
    Denied,
    /// Its filesystem is mounted to be read alone.
    ReadOnly,
    /// pscope itself is in it.
    Ourselves,
    /// Its members are single threads.
    Threads,
    /// This group above it is frozen, and with it all of its parts.
    Above(SafeText),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("everything is in it"),
            Self::Lacking => f.write_str("the kernel has no file for it here"),
            Self::Denied => f.write_str("not permitted: its files belong to somebody else"),
            Self::ReadOnly => f.write_str("its files are mounted read-only"),
            Self::Ourselves => f.write_str("pscope itself is in it"),
            Self::Threads => f.write_str("its members are single threads"),
            Self::Above(group) => write!(f, "{group} above it is frozen; thaw that one"),
        }
    }
}
