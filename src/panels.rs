//! The panes: one file each, and one line in `all`; nothing else registers them.

mod answers;
mod environment;
mod explain;
mod files;
mod footer;
mod header;
mod help;
mod history;
mod kept;
pub mod lanes;
mod lever;
mod limits;
pub mod list;
mod listing;
mod log;
mod memory;
mod overview;
mod palette;
mod schedule;
mod scroll;
pub mod settings;
pub mod signal;
mod signal_state;
mod sockets;
mod threads;
mod view_cpu;
mod view_disks;
mod view_ipc;
mod view_memory;
mod view_network;

use crate::app::panel::Panel;

/// The order of tabs and views on the screen, by name; a pane that is not named here comes last.
const ORDER: &[&str] = &[
    "header",
    "lanes",
    "list",
    "overview",
    "memory",
    "files",
    "threads",
    "schedule",
    "signals",
    "sockets",
    "environment",
    "limits",
    "history",
];

/// Every pane of the screen, fresh.
pub fn all() -> Vec<Box<dyn Panel>> {
    let mut all: Vec<Box<dyn Panel>> = vec![
        Box::new(header::Header),
        Box::new(footer::Footer::default()),
        Box::new(lanes::Lanes::default()),
        Box::new(view_cpu::ViewCpu::default()),
        Box::new(schedule::ScheduleTab::default()),
        Box::new(list::List::default()),
        Box::new(palette::Palette::default()),
        Box::new(help::Help::default()),
        Box::new(settings::SettingsSheet::default()),
        Box::new(explain::Explain::default()),
        Box::new(files::FilesTab::default()),
        Box::new(sockets::SocketsTab::default()),
        Box::new(view_ipc::ViewIpc::default()),
        Box::new(view_network::ViewNetwork::default()),
        Box::new(view_memory::ViewMemory::default()),
        Box::new(environment::EnvironmentTab::default()),
        Box::new(history::HistoryTab::default()),
        Box::new(limits::LimitsTab::default()),
        Box::new(signal_state::SignalsTab::default()),
        Box::new(view_disks::ViewDisks::default()),
        Box::new(threads::ThreadsTab::default()),
        Box::new(signal::SignalDialog::default()),
        Box::new(lever::LeverDialog::default()),
        Box::new(log::EventLog::default()),
        Box::new(overview::Overview::default()),
        Box::new(memory::Memory::default()),
    ];
    all.sort_by_key(|p| {
        ORDER
            .iter()
            .position(|name| *name == p.spec().name)
            .unwrap_or(ORDER.len())
    });
    all
}

#[cfg(test)]
mod tests;
