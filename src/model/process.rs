//! What a process is to a person: its columns, its place in the tree, its names, its threads, what it may use.

pub mod called;
pub mod column;
pub mod environment;
pub mod filter;
pub mod forest;
pub mod isolation;
pub mod lines;
pub mod overview;
pub mod siblings;
pub mod stat;
pub mod steady;
pub mod threads;
pub mod title;
pub mod tty;
pub mod user_names;
pub mod when_ended;
