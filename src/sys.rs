//! The kernel: one file for each interface, which opens, reads and parses. The only room with `unsafe`.
//!
//! Nothing here knows what is visible, keeps a clock of its own beyond stamping what it read, or draws.

pub mod acting;
pub mod address_space;
pub mod bounded;
pub mod census;
pub mod changes;
pub mod clock;
pub mod cores;
pub mod descriptors;
pub mod disks;
pub mod elf;
pub mod environ;
pub mod fdinfo;
pub mod fds;
pub mod fields;
pub mod frequency;
pub mod isolation;
pub mod kept;
pub mod kin;
pub mod levers;
pub mod loadavg;
pub mod machine;
pub mod machine_memory;
pub mod maps;
pub mod meminfo;
pub mod net_namespace;
pub mod net_tables;
pub mod netlink;
pub mod opened;
pub mod overview;
pub mod own;
pub mod perf;
pub mod pressure;
pub mod proc_cgroup;
pub mod proc_counters;
pub mod proc_dir;
pub mod proc_stat;
pub mod proc_status;
pub mod remote;
pub mod root;
pub mod sampled;
#[cfg(test)]
pub mod scenario;
pub mod sharers;
pub mod signal_masks;
pub mod signals;
pub mod sock_diag;
pub mod source;
pub mod stack_pointers;
pub mod standing;
pub mod system_calls;
pub mod tables;
pub mod users;
pub mod waits;
