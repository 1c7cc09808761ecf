//! What opens above the panes: dialogs, help, the palette, the event log.

pub(super) mod copy;
pub(super) mod explain;
pub mod group;
pub(super) mod help;
pub(super) mod hints;
pub(super) mod log;
pub(super) mod palette;
pub(super) mod row_menu;
pub(super) mod save;
pub(super) mod scroll;
pub mod settings;
pub mod signal;
pub(super) mod themes;
pub(super) mod trigger;
pub(super) mod tuning;
