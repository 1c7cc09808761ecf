//! The inspector: a file for each tab.

pub(super) mod calls;
pub(super) mod environment;
pub(super) mod files;
pub(super) mod history;
pub(super) mod kept;
pub(super) mod limits;
pub(super) mod memory;
pub(super) mod overview;
pub(super) mod schedule;
pub(super) mod signals;
pub(super) mod sockets;
pub(super) mod threads;
pub(super) mod time;
