//! The views of the machine: a file for each.

pub(super) mod answers;
pub(super) mod cpu;
pub(super) mod disks;
pub(super) mod gpu;
pub(super) mod ipc;
pub(super) mod memory;
pub(super) mod network;
