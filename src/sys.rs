//! The kernel: one file for each interface, which opens, reads and parses. The only room with `unsafe`.
//!
//! Nothing here knows what is visible, keeps a clock of its own beyond stamping what it read, or draws.

pub mod acting;
pub mod bounded;
pub mod kin;
pub mod root;
pub mod signals;
pub mod source;
pub mod standing;
