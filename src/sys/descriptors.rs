//! What processes hold open: `/proc/PID/fd` and `fdinfo`, System V objects, and locks.

pub mod fdinfo;
pub mod fds;
pub mod fill;
pub mod ipc;
pub mod limit;
pub mod objects;
pub mod opened;
pub mod terminal;
