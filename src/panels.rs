//! The panes: one file each, and one line in `all`; nothing else registers them.

mod charts;
mod dashboard;
mod dialogs;
mod inspector;
mod listing;
mod views;
mod words;

use crate::app::panel::Panel;
use crate::app::world::World;

/// What would allow what was denied, for whoever this is: root is not told to become root.
fn rights(world: &World) -> &'static str {
    match world.settings.me {
        Some((_, user)) if user.0 == 0 => {
            "they are denied even to root here, as in a container or by a security module"
        }
        _ => "run pscope as root or with CAP_SYS_PTRACE",
    }
}

/// The view of graphics cards, for where there is one.
pub fn gpu() -> Box<dyn Panel> {
    Box::new(views::gpu::ViewGpu::default())
}

/// Every pane of the screen, fresh, save that of graphics cards; tabs in their order on the screen.
pub fn all() -> Vec<Box<dyn Panel>> {
    vec![
        Box::new(dashboard::header::Header),
        Box::new(dashboard::views_bar::ViewsBar::default()),
        Box::new(dashboard::lanes::Lanes::default()),
        Box::new(dashboard::list::List::default()),
        Box::new(inspector::overview::Overview::default()),
        Box::new(inspector::memory::Memory::default()),
        Box::new(inspector::files::FilesTab::default()),
        Box::new(inspector::threads::ThreadsTab::default()),
        Box::new(inspector::time::TimeTab::default()),
        Box::new(inspector::calls::CallsTab::default()),
        Box::new(inspector::schedule::ScheduleTab::default()),
        Box::new(inspector::signals::SignalsTab::default()),
        Box::new(inspector::sockets::SocketsTab::default()),
        Box::new(inspector::environment::EnvironmentTab::default()),
        Box::new(inspector::limits::LimitsTab::default()),
        Box::new(inspector::history::HistoryTab::default()),
        Box::new(dashboard::footer::Footer::default()),
        Box::new(dashboard::time_bar::TimeLine::default()),
        Box::new(views::cpu::ViewCpu::default()),
        Box::new(dialogs::palette::Palette::default()),
        Box::new(dialogs::help::Help::default()),
        Box::new(dialogs::settings::SettingsDialog::default()),
        Box::new(dialogs::save::SaveDialog::default()),
        Box::new(dialogs::themes::ThemeDialog::default()),
        Box::new(dialogs::explain::Explain::default()),
        Box::new(views::ipc::ViewIpc::default()),
        Box::new(views::network::ViewNetwork::default()),
        Box::new(views::memory::ViewMemory::default()),
        Box::new(views::disks::ViewDisks::default()),
        Box::new(dialogs::signal::SignalDialog::default()),
        Box::new(dialogs::tuning::TuningDialog::default()),
        Box::new(dialogs::log::EventLog::default()),
        Box::new(dialogs::group::GroupInspector::default()),
        Box::new(dialogs::trigger::TriggerDialog::default()),
    ]
}

#[cfg(test)]
mod tests;
