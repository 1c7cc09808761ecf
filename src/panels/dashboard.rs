//! The dashboard: header, lanes, the process list, footer.

pub(super) mod footer;
pub(super) mod header;
pub mod lanes;
pub mod list;
pub mod time_bar;
pub(super) mod views_bar;
