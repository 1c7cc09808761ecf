//! What processes hold open: of whom it is read, how often, and joined with whoever is at the other end.

pub mod holder_index;
pub mod ipc;
pub mod joined;
