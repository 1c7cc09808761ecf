//! Reusable pictures: they take plain data and styles and draw into a buffer. They know no pane and keep no state.

pub mod address_space;
pub mod ascii;
pub mod braille;
pub mod chart;
pub mod dim;
pub mod frame;
pub mod heat;
pub mod lane;
pub mod line;
pub mod meter;
#[cfg(test)]
pub mod picture;
pub mod popup;
pub mod put;
pub mod region_bar;
pub mod spark;
pub mod table;
