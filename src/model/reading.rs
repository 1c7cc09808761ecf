//! A value read from the kernel, or why there is none.

use std::fmt;

/// Why a value is not there. It is shown as `–` with this reason one key away, never as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The process ended while it was read (`ENOENT`, `ESRCH`).
    Gone,
    /// The kernel refuses it to this user (`EACCES`, `EPERM`).
    Denied,
    /// This kernel does not tell it.
    Unsupported,
    /// The kernel did not answer within the time that a read may take.
    Late,
    /// Not known yet: nobody asked for it until now, or a rate needs one more sample.
    #[default]
    Soon,
    /// The sample before is too long ago for a rate: nothing was read meanwhile.
    Gap,
    /// It is told of what was kept, in which this is not: nobody read it then, and nobody can any more.
    Unrecorded,
}

impl Missing {
    /// The reason as one word, as in the JSON field `unavailable`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Denied => "denied",
            Self::Unsupported => "unsupported",
            Self::Late => "late",
            Self::Soon => "soon",
            Self::Gap => "gap",
            Self::Unrecorded => "unrecorded",
        }
    }

    /// Whether there is something that is not told, so that a sum without it is too small.
    pub fn may_be_much(self) -> bool {
        matches!(
            self,
            Self::Denied | Self::Late | Self::Soon | Self::Gap | Self::Unrecorded
        )
    }

    /// Whether nobody has read it: until now, or then.
    pub fn is_unread(self) -> bool {
        matches!(self, Self::Soon | Self::Unrecorded)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "the process ended while it was read",
            Self::Denied => "the kernel does not show it to this user",
            Self::Unsupported => "this kernel does not tell it",
            Self::Late => "the kernel did not answer in time",
            Self::Soon => "not read yet; a rate needs two samples",
            Self::Gap => "nothing was read for too long; the next tick has it",
            Self::Unrecorded => "not read at that moment",
        })
    }
}

impl std::error::Error for Missing {}

/// A value, or why there is none.
pub type Reading<T> = Result<T, Missing>;

impl From<&std::io::Error> for Missing {
    /// Maps an I/O error on a proc file to the reason that a person is shown.
    fn from(error: &std::io::Error) -> Self {
        match error.raw_os_error() {
            Some(2 | 3) => Self::Gone,
            Some(1 | 13) => Self::Denied,
            _ => Self::Unsupported,
        }
    }
}

impl From<std::io::Error> for Missing {
    fn from(error: std::io::Error) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_or_not_supported_hides_nothing() {
        for (why, much) in [
            (Missing::Gone, false),
            (Missing::Unsupported, false),
            (Missing::Denied, true),
            (Missing::Late, true),
            (Missing::Soon, true),
            (Missing::Gap, true),
        ] {
            assert_eq!(why.may_be_much(), much, "{why:?}");
        }
    }
}
