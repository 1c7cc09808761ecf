//! Address spaces: at which pace they are read, and who else maps what they share.

pub mod address_space;
pub mod faults;
pub mod functions;
pub mod shared_maps;
pub mod sharers;
