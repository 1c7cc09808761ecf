//! What is known of the time before that of which the lanes tell: the cells that they leave open.

use crate::app::world::World;
use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::timeline::{Cell, Fill, Lane};

/// Fills the cells of a time at which one process was not listened to yet with what is known of everybody.
pub(super) fn earlier(
    cells: &mut [Cell],
    world: &World,
    lane: &Lane,
    from: Nanos,
    bucket: Nanos,
    focus: Option<ProcId>,
) {
    let all = &world.timeline;
    let missing = cells.iter().take_while(|c| c.fill == Fill::Unknown).count();
    let there = all.lane(lane.cpu).filter(|there| there.since < lane.since);
    if let Some(there) = there.filter(|_| missing > 0) {
        let found = there.cells(all.origin, from, bucket, missing, focus);
        for (cell, found) in cells.iter_mut().zip(found) {
            *cell = found;
        }
    }
}

/// Fills the cells of a time that is known in another way: of a recording that went from slices to sums, or back.
pub(super) fn otherwise(
    cells: &mut [Cell],
    world: &World,
    lane: &Lane,
    from: Nanos,
    bucket: Nanos,
    focus: Option<ProcId>,
) {
    for line in world.before.iter().rev() {
        let missing = cells.iter().take_while(|c| c.fill == Fill::Unknown).count();
        let there = line.lane(lane.cpu).filter(|_| missing > 0);
        let found = there.map(|there| there.cells(line.origin, from, bucket, missing, focus));
        for (cell, found) in cells.iter_mut().zip(found.into_iter().flatten()) {
            *cell = found;
        }
    }
}
