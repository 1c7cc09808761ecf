//! Groups of processes: control groups and their names, what else processes have in common, and what the control group
//! that pscope lives in may use.

pub mod facts;
pub mod frozen;
pub mod grouping;
pub mod own_group;
pub mod refusal;
pub mod telling;
pub mod unit;
