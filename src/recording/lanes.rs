//! Slices, or sums of them, as records of their own between the ticks; and from them the lanes again.
//!
//! A record of lanes needs no other one: it names the threads that it tells of. Whoever does not know its kind leaves it out.

mod read;
mod rebuild;
mod write;

use std::sync::Arc;

use crate::model::id::{CpuId, Nanos};
use crate::model::scheduling::timeline::{Gap, Origin, Ran, Slice, Who};

pub use read::read;
pub use rebuild::Rebuilder;
pub use write::LaneWriter;

/// How much of the slices is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Slices {
    /// Nothing.
    #[default]
    Off,
    /// For each thread and core how long it ran, in how many slices, and how long it waited, a tick at a time
    Sums,
    /// Every slice, where the kernel tells them; else sums
    All,
}

/// What a record of lanes tells.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    /// From when on.
    pub from: Nanos,
    /// Until when.
    pub to: Nanos,
    /// How the slices were known.
    pub origin: Origin,
    /// Whether only sums were kept.
    pub sums: bool,
    /// How many events had been lost by then.
    pub lost: u64,
    /// By ascending core id.
    pub cores: Vec<Core>,
}

/// What it tells of one core.
#[derive(Clone, Debug, Default)]
pub struct Core {
    /// Which.
    pub cpu: CpuId,
    /// The slices that ended, oldest first.
    pub slices: Vec<(Slice, Arc<Who>)>,
    /// What each thread had of it, where only sums are told.
    pub ran: Vec<Ran>,
    /// For when nothing is known of it.
    pub gaps: Vec<Gap>,
}

/// The numbers of the fields.
mod field {
    pub const ROW: u32 = 1;
    pub const WHO: u32 = 2;
    pub const CORE: u32 = 3;
    pub const CORE_ID: u32 = 1;
    pub const SLICES: u32 = 2;
    pub const SUMS: u32 = 3;
    pub const GAPS: u32 = 4;
}

#[cfg(test)]
pub(in crate::recording) mod tests;
