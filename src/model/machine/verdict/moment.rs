//! What one tick found, as it is remembered: judging and naming the contributors both stand on it.

use crate::model::id::{Nanos, ProcId};
use crate::model::text::SafeText;

/// What one tick found.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) at: Nanos,
    /// More tasks could run than there are cores.
    pub(super) queued: Option<bool>,
    /// Some task was blocked on I/O.
    pub(super) waited: Option<bool>,
    /// Programs searched for memory themselves, or took pages back from swap.
    pub(super) searched: Option<bool>,
    /// Our own group: share of its quota's periods in which it was throttled, percent.
    pub(super) throttled: Option<f32>,
    /// Our own group: whether its memory limit was reached.
    pub(super) hit: Option<bool>,
    /// Processes that were in uninterruptible sleep for what may be I/O, and what they moved, bytes a second.
    pub(super) blocked: Vec<(ProcId, f64)>,
    /// Whether disks moved anything.
    pub(super) moved: Option<bool>,
    /// Whether somebody in uninterruptible sleep waits for a disk, or for what is not known; and for a filesystem server.
    pub(super) met: [bool; 2],
    /// Processes that used a core, with their names, since they may end, and how much of it, percent.
    pub(super) busy: Vec<(ProcId, SafeText, f32)>,
    /// What programs and the kernel for them used of all cores, and how much of it those used who are listed; percent of one core.
    pub(super) used: Option<(f32, f32)>,
}
