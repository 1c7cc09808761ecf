//! Reusable pictures: they take plain data and styles and draw into a buffer. They know no pane and keep no state.

pub mod ascii;
pub mod frame;
pub mod line;
pub mod meter;
#[cfg(test)]
pub mod picture;
pub mod popup;
pub mod spark;
pub mod table;
