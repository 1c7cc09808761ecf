//! What processes talk by that has no descriptor: System V objects, POSIX queues, and file locks.

pub mod asked;
pub mod locks;
pub mod queues;
pub mod sysv;
