//! Who has the cores: what the thread `switches` does.

pub(super) mod switches;
