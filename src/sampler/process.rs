//! What a sweep reads of processes: of whom, how often, and how it finds what changed.

pub(super) mod brief;
pub(super) mod commands;
pub(super) mod means;
pub(super) mod optional_stats;
pub(super) mod pace;
pub(super) mod reaped;
pub(super) mod resident;
pub(super) mod table;
pub(super) mod threads;
pub(super) mod tracking;
