//! Control groups: their names, and what the one that pscope lives in may use.

pub mod own_group;
pub mod unit;
