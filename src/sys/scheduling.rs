//! Who has the cores, and what threads wait for: switches, `schedstat`, system calls.

pub mod call_counts;
pub mod calls;
pub mod perf;
pub mod phases;
pub mod run_delay;
pub mod sched;
pub mod sums;
pub mod system_calls;
pub mod tracepoint;
pub mod waits;
pub mod wakes;
