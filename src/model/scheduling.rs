//! Who had the cores, and why a thread did not run: slices, scheduling facts, waits.

pub mod blocked;
pub mod call_rates;
pub mod calls;
pub mod phases;
pub mod schedule;
pub mod spent;
pub mod spread;
pub mod timeline;
pub mod wait;
pub mod wakes;
