//! The seam between the kernel's interfaces and the samplers: what a source is, and how it fails.

use std::path::PathBuf;

use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;

/// One thing that the kernel can tell. Implementations only read.
///
/// `T` is what it fills: a `Sample` at every tick, or a part of `Detail` at its own pace.
pub trait Source<T>: Send {
    /// Its name, as the doctor and the status line print it.
    fn name(&self) -> &'static str;
    /// What `pscope doctor` tries, to tell whether the kernel lets it be read.
    fn probe(&self) -> Probe;
    /// What it fills; it is read only while some of this is needed. Empty: always.
    fn fills(&self) -> Needs;
    /// How many milliseconds pass between two readings at the least.
    fn pace_ms(&self) -> u64 {
        0
    }
    /// It may take one part of so many of the time of a core: what its readings cost makes them rarer.
    fn share(&self) -> u64 {
        100
    }
    /// Nobody needs it any more: gives back what costs the machine while it is open.
    fn rest(&mut self) {}
    /// Reads what the plan asks for.
    ///
    /// # Errors
    /// Only where the source fails whole; a value that one process denies is a `Missing` inside `T`.
    fn read(&mut self, plan: &Plan, into: &mut T) -> Result<(), Error>;
    /// Says why there is nothing of it, where it failed whole and until it is read again.
    fn lack(&self, _why: Missing, _into: &mut T) {}
}

/// What the doctor tries, to tell whether a source is open to this program.
#[derive(Clone, Copy, Debug)]
pub enum Probe {
    /// What the doctor tries anyway, by the names of those findings.
    Examined(&'static [&'static str]),
    /// A file or folder of its own; the doctor tries it and tells of it under the name of the source.
    Path {
        /// Where it is: `/proc/…` or `/sys/…`.
        path: &'static str,
        /// What it gives.
        gives: &'static str,
        /// How one gets a kernel or machine that has it; empty where there is no way.
        lacks: &'static str,
    },
}

/// Why a kernel interface could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be opened or read.
    #[error("{path}: {why}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the kernel said.
        why: std::io::Error,
    },
    /// A text is not as its manual page says.
    #[error("{path}, line {line}: {item} is not as expected")]
    Format {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The field that could not be read.
        item: &'static str,
    },
    /// It lists nobody, not even us: it is no `/proc` of a running kernel.
    #[error("{path} lists no process: is it mounted? mount -t proc proc /proc")]
    Nobody {
        /// Which directory.
        path: PathBuf,
    },
    /// A system call failed.
    #[error("{call}: {why}")]
    Call {
        /// Its name.
        call: &'static str,
        /// What the kernel said.
        why: std::io::Error,
    },
}

impl Error {
    /// For `map_err`: names the file that an I/O error is about.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |why| Self::Io { path, why }
    }

    /// Why a fact of the machine is missing. A file that is not there is one that this kernel does not have.
    pub fn reason(&self) -> Missing {
        match self {
            Self::Io { why, .. } | Self::Call { why, .. }
                if Missing::from(why) == Missing::Denied =>
            {
                Missing::Denied
            }
            _ => Missing::Unsupported,
        }
    }
}
