//! What the kernel tells of a thread that waits: its call, its memory around a lock, what its descriptors lead to.

pub(crate) mod code;
pub mod first;
pub(crate) mod held;
pub(crate) mod holders;
pub(crate) mod links;
pub(crate) mod owner;
pub(crate) mod space;
pub(crate) mod thread;
