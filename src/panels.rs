//! The panes: one file each. This list is the order of tabs and views; nothing else registers them.

pub mod lanes;
pub mod sheet;

use crate::app::panel::Panel;

/// Every pane of the screen, fresh.
pub fn all() -> Vec<Box<dyn Panel>> {
    vec![Box::new(lanes::Lanes::default())]
}
