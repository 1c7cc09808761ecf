//! Who has the cores: what the thread `switches` does, whom it samples where the kernel tells no switches, and what the
//! threads of the process in focus wait for.

pub mod call_rates;
pub mod calls;
pub(crate) mod sampled;
pub mod spent;
pub(super) mod switches;
pub mod waits;
pub mod wakes;
