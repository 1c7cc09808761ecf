//! Pressure of a group over time, a chart for each resource.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::GroupInspector;
use crate::app::world::World;
use crate::panels::charts;
use crate::theme::Role;
use crate::widgets::line;

impl GroupInspector {
    /// Pressure over time, a chart for each resource.
    pub(super) fn charts(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let each = (area.height / 3).max(2);
        let roles = [Role::CpuUser, Role::MemCache, Role::RegionShared];
        for (at, (name, role)) in ["cores", "memory", "I/O"]
            .into_iter()
            .zip(roles)
            .enumerate()
        {
            let top = area.y + each * at as u16;
            if top + each > area.bottom() {
                break;
            }
            let seen = self
                .past
                .iter()
                .filter(|(when, _)| *when <= world.snapshot.at);
            let values: Vec<_> = seen.map(|(when, moment)| (*when, moment[at])).collect();
            let now = values.last().and_then(|(_, value)| *value);
            let known = values.iter().filter_map(|(_, value)| *value);
            let most = known.fold(0.0, f64::max);
            let told = match now {
                Some(now) => {
                    format!("{now:.1} % of the last 10 s somebody waited   most {most:.1}")
                }
                None => "– not told: pressure needs a group of v2 and a kernel with PSI".to_owned(),
            };
            let row = Rect {
                y: top,
                height: 1,
                ..area
            };
            let parts = [(format!("{name:7} "), Role::Dim), (told, Role::Text)];
            line::draw(theme, row, &parts, Modifier::empty(), buf);
            let place = Rect {
                y: top + 1,
                height: each - 1,
                ..area
            };
            charts::bars(world, &values, most.max(10.0) * 1.15, role, place, buf);
        }
    }
}
