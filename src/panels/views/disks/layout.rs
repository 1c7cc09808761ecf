//! Where the parts of view 4 stand.

use ratatui::layout::Rect;

use super::tables;
use crate::model::machine::disk::Disks;
use crate::model::machine::requests::Requests;
use crate::panels::charts;

/// Where each part stands; an area without height is left out.
#[derive(Default)]
pub struct Layout {
    pub answer: Rect,
    pub minutes: Rect,
    pub requests: Rect,
    pub devices: Rect,
    pub filesystems: Rect,
    pub title: Rect,
    pub processes: Rect,
}

/// The answer, the devices, the filesystems, the processes: each as high as it needs, the last one what is left.
pub fn layout(disks: Option<&Disks>, requests: Option<&Requests>, area: Rect) -> Layout {
    let mut y = area.y;
    let mut take = |wanted: u16| {
        let left = area.bottom().saturating_sub(y);
        let height = wanted.min(left);
        let part = Rect { y, height, ..area };
        y += height;
        part
    };
    let (devices, filesystems) = disks.map_or((0, 0), |d| {
        let devices = d.told().iter().filter(|d| !tables::is_empty(d)).count();
        (devices as u16, d.filesystems.len() as u16)
    });
    let heat = charts::requests::height(requests, area.height);
    let small = heat > 1 && area.height < 24;
    // The processes keep half of a small screen.
    let third = match area.height {
        h if h < 30 && heat > 1 => (h / 6).max(2),
        h if h < 30 => (h / 5).max(2),
        h => h / 3,
    };
    let answer = take(if area.height > 16 { 3 } else { 1 });
    take(u16::from(area.height > 12 && !small));
    let high = area.height >= charts::HIGH;
    let minutes = take(if high { charts::ROWS } else { 0 });
    take(u16::from(high));
    let heat = take(heat);
    take(u16::from(heat.height > 0 && area.height >= 24));
    let devices = take((devices + 1).min(third));
    take(u16::from(area.height > 12));
    let filesystems = if area.height > 12 {
        take((filesystems + 1).min(third))
    } else {
        take(0)
    };
    take(u16::from(area.height > 16 && !small));
    let title = take(u16::from(area.height > 16));
    let rest = take(u16::MAX);
    Layout {
        answer,
        minutes: charts::inset(minutes),
        requests: charts::inset(heat),
        devices,
        filesystems,
        title,
        processes: rest,
    }
}
