//! What processes hold open, who is at the other end, and who talks to whom.

pub mod descriptor;
pub mod ipc;
pub mod peer;
pub mod socket;
