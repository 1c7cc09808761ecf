//! What is looked at: the page, the tab of the inspector, the process that both are about.

use std::sync::Arc;

use super::App;
use super::panel::{Led, Place};
use super::world::Page;
use crate::model::id::ProcId;

impl App {
    /// Opens the inspector on a process, on the tab of this name.
    pub fn inspect(&mut self, id: ProcId, tab: &str) {
        self.focus_on(id);
        self.show_tab(tab);
        self.show(Page::Inspector);
    }

    /// Opens the inspector on a process, on the tab that lists this, with its row selected.
    pub fn lead(&mut self, id: ProcId, to: Led) {
        let mut tabs = self.panels.iter_mut();
        let lists = tabs.find_map(|p| {
            let tab = p.spec().place == Place::Tab;
            (tab && p.find(id, to)).then(|| p.spec().name)
        });
        if let Some(name) = lists {
            self.inspect(id, name);
        }
    }

    /// The chosen tab of the inspector, as an index of the panes.
    pub fn tab(&self) -> Option<usize> {
        self.tab
    }

    pub(super) fn focus_on(&mut self, id: ProcId) {
        if self.world.focus == Some(id) {
            return;
        }
        self.world.focus = Some(id);
        self.world.group = None;
        self.retrace();
        if self.world.detail.of != Some(id) {
            self.world.detail = Arc::new(self.world.detail.refocused(Some(id)));
            self.detail_of_focus();
        }
        for panel in &mut self.panels {
            panel.select(&self.world, id);
        }
    }

    pub(super) fn show(&mut self, page: Page) {
        if page == Page::Inspector && self.world.page != page {
            self.came = self.world.page;
        }
        self.world.page = page;
        self.world.active = match page {
            Page::Dashboard => "list",
            Page::Inspector => self.tab.map_or("list", |t| self.panels[t].spec().name),
            Page::View(n) => {
                let view = self
                    .panels
                    .iter()
                    .find(|p| p.spec().place == Place::View(n));
                view.map_or("list", |p| p.spec().name)
            }
        };
    }

    pub(super) fn show_tab(&mut self, name: &str) {
        if let Some(found) = self.named(name) {
            self.tab = Some(found);
            let active = self.named(self.world.active);
            if active.is_some_and(|i| self.panels[i].spec().place == Place::Tab) {
                self.world.active = self.panels[found].spec().name;
            }
        }
    }

    /// The tabs of the inspector, as indices of the panes.
    pub fn tabs(&self) -> impl Iterator<Item = usize> {
        (0..self.panels.len()).filter(|i| self.panels[*i].spec().place == Place::Tab)
    }

    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.panels.iter().position(|p| p.spec().name == name)
    }
}
