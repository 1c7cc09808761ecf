//! What was seen, in bytes, and back: the format of recordings (`docs/recording.md`) and the past that is kept in memory.
//! Opens no file, reads no clock, draws nothing; whoever has bytes gives them here.

mod checksum;
pub mod details;
mod extra;
mod glance;
pub mod kept;
pub mod lanes;
mod mask;
mod names;
mod numbers;
mod packed;
pub mod past;
pub mod player;
pub mod record;
pub mod recorded;
mod system;
mod task;
mod tick;
mod told;
pub mod when;
mod wire;
pub mod writer;

pub use details::DetailWriter;
pub use kept::Kept;
pub use lanes::{LaneWriter, Slices};
pub use past::{Cut, Past, Records};
pub use player::Player;
pub use record::{Head, Kind, Marks, Summary};
pub use recorded::Recorded;
pub use writer::Writer;

/// The first bytes of a recording.
pub const MAGIC: &[u8; 8] = b"PSCOPE\x1a\n";

/// More processes or threads than a state may have: beyond it a recording is not believed.
const MOST_TASKS: usize = 1 << 20;

/// Why a part of a recording cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Its bytes are not those that were written.
    #[error("a part of the recording is damaged")]
    Damaged,
    /// A change without the state that it changes.
    #[error("a change stands without the state that it changes")]
    Alone,
    /// It is larger than any machine.
    #[error("a part of the recording claims more than there can be")]
    TooLarge,
}

#[cfg(test)]
mod tests;
