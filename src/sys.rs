//! The kernel: one file for each interface, which opens, reads and parses. The only room with `unsafe`.
//!
//! Nothing here knows what is visible, keeps a clock of its own beyond stamping what it read, or draws.

pub mod acting;
pub mod asker;
pub mod bounded;
pub mod bpf;
pub mod caught;
pub mod clock;
pub mod descriptors;
pub mod doctor;
pub mod fields;
pub mod groups;
pub mod kept;
pub mod machine;
pub mod memory;
pub mod network;
pub mod own;
pub mod process;
pub mod root;
#[cfg(test)]
pub mod scenario;
pub mod scheduling;
pub mod source;
#[cfg(test)]
mod tests;
pub mod threads;
