//! Who has the cores: what the thread `switches` does, and whom it samples where the kernel tells no switches.

pub(crate) mod sampled;
pub(super) mod switches;
