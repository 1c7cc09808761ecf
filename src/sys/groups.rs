//! Control groups, and how hard the limits of our own press it.

pub mod own_strain;
pub mod proc_cgroup;
