//! Control groups, what containers are called, and how hard the limits of our own group press it.

pub mod hierarchy;
pub mod names;
pub mod own_strain;
pub mod proc_cgroup;
