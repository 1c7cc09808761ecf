//! The machine as a whole: cores, memory, pressure, disks, sensors.

pub mod cores;
pub mod disks;
pub mod drm;
pub mod flows;
pub mod frequency;
pub mod gpus;
pub mod host;
pub mod identity;
pub mod loadavg;
pub mod meminfo;
pub mod memory;
pub mod mount_table;
pub(in crate::sys) mod nvml;
pub mod pressure;
pub mod requests;
pub mod sensors;
pub mod topology;
mod zone;
