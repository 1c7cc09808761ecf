//! The words: plain data and pure functions. No I/O, no clock, no terminal, no threads.

pub mod acting;
pub mod descriptors;
pub mod detail;
pub mod format;
pub mod groups;
pub mod id;
pub mod machine;
pub mod memory;
pub mod network;
pub mod plan;
pub mod process;
pub mod reading;
pub mod sample;
pub mod scene;
pub mod scheduling;
pub mod snapshot;
pub mod span;
pub mod text;
pub mod trigger;
pub mod zone;
