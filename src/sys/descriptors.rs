//! What processes hold open: `/proc/PID/fd` and `fdinfo`, joined with whoever is at the other end.

pub mod fdinfo;
pub mod fds;
pub mod fill;
pub mod holder_index;
pub mod ipc;
pub mod joined;
pub mod objects;
pub mod opened;
pub mod terminal;
