//! What processes hold open, who is at the other end, and who talks to whom.

pub mod descriptor;
pub mod ipc;
mod mode;
pub mod peer;
pub mod socket;
