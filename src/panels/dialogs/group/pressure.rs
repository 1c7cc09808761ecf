//! Pressure of a group over time, a chart for each resource.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{GroupInspector, Moment, moment};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::sample::Pressure;
use crate::panels::charts;
use crate::theme::Role;
use crate::widgets::line;

impl GroupInspector {
    /// Its pressure until the moment that is shown, oldest first: of the past what was kept.
    fn pressures(&self, world: &World) -> Vec<(Nanos, Moment)> {
        if !world.looks_back() {
            let seen = self.past.iter();
            let seen = seen.filter(|(at, _)| *at <= world.snapshot.at);
            return seen.copied().collect();
        }
        let path = self.of.as_ref().and_then(|of| of.group.path.as_ref());
        let read = world.readings.part(|detail| &detail.machine.group);
        let read = read.filter_map(|slot| Some((slot.at, slot.value.as_ref().ok()?)));
        let own = read.filter(|(_, facts)| Some(&facts.path) == path);
        own.map(|(at, facts)| (at, moment(facts))).collect()
    }

    /// Pressure over time, a chart for each resource.
    pub(super) fn charts(&self, world: &World, area: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let past = self.pressures(world);
        let moments = past.first().zip(past.last());
        let span = moments.map_or(Nanos(0), |((from, _), (to, _))| to.since(*from));
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
            let value = |p: &Pressure| f64::from(p.some_10);
            let values: Vec<_> = past
                .iter()
                .map(|(when, moment)| (*when, moment[at].as_ref().map(value)))
                .collect();
            let now = past.last().and_then(|(_, moment)| moment[at]);
            let known = values.iter().filter_map(|(_, value)| *value);
            let most = known.fold(0.0, f64::max);
            let told = match now {
                Some(now) => waited(&now, most, span),
                None if past.is_empty() && world.looks_back() => {
                    format!("– {}", world.passed().unwrap_or("not read at that moment"))
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

/// Pressure now, and what is known of before: the kernel's own mean of a minute, the most that was read and in how long, and all
/// time since there is the group.
fn waited(now: &Pressure, most: f64, span: Nanos) -> String {
    let most = match span {
        Nanos(0) => String::new(),
        span => format!("   most {most:.1} in {}", format::duration(span)),
    };
    format!(
        "{:.1} % of the last 10 s somebody waited, {:.1} of the last minute, {} in all{most}",
        now.some_10,
        now.some_60,
        format::duration(now.some_total),
    )
}
