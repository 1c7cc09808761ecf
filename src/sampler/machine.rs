//! The machine as far as its facts are joined with who uses them.

pub mod gpus;
pub mod requests;
