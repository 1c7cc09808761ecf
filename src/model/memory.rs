//! The address space of a process: mappings, and the regions that a person sees in them.

pub mod faults;
pub mod region;
