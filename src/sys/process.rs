//! Processes as `/proc` and the connector tell of them: who there is, who began or ended, the counters of each, what confines it.

pub mod changes;
pub mod connector;
pub mod endings;
pub mod environ;
pub mod isolation;
pub mod living;
pub mod overview;
pub mod proc_counters;
pub mod proc_dir;
pub mod proc_stat;
pub mod proc_status;
pub mod process_ids;
pub mod users;
pub mod visible;
