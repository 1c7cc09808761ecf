//! The words: plain data and pure functions. No I/O, no clock, no terminal, no threads.

pub mod acting;
pub mod column;
pub mod descriptor;
pub mod detail;
pub mod filter;
pub mod format;
pub mod id;
pub mod machine_memory;
pub mod peer;
pub mod plan;
pub mod prediction;
pub mod reading;
pub mod region;
pub mod sample;
pub mod scene;
pub mod signal;
pub mod snapshot;
pub mod socket;
pub mod standing;
pub mod stat;
pub mod text;
pub mod timeline;
pub mod tty;
pub mod unit;
pub mod verdict;
