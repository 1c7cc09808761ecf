//! The machine as a whole: cores, memory, disks, sensors, and what holds it back.

pub mod core_share;
pub mod disk;
pub mod gpu;
pub mod identity;
pub mod memory;
pub mod requests;
pub mod sensor;
pub mod topology;
pub mod verdict;
