//! The line of temperatures, fans and power in view 2; an empty one where nothing is known.

use crate::app::world::World;
use crate::model::machine::sensor::Sensors;
use crate::panels::listing::Parts;
use crate::theme::Role;

/// The sensors side by side, the hottest against its limit first.
pub fn line(world: &World) -> Parts {
    let mut parts = Parts::new();
    for (name, text, warns) in known(world).map(Sensors::words).unwrap_or_default() {
        let gap = if parts.is_empty() { "" } else { "  " };
        parts.push((format!("{gap}{name} "), Role::Dim));
        // The mark says without colour what the colour says.
        let (mark, role) = if warns {
            ("! ", Role::Warn)
        } else {
            ("", Role::Text)
        };
        parts.push((format!("{mark}{text}"), role));
    }
    parts
}

/// Each sensor by name, since a narrow line shows only the first.
pub fn explain(world: &World) -> Vec<(String, String)> {
    let words = known(world).map(Sensors::words).unwrap_or_default();
    words
        .into_iter()
        .map(|(name, text, _)| (name, text))
        .collect()
}

fn known(world: &World) -> Option<&Sensors> {
    let slot = world.detail.machine.sensors.as_ref()?;
    slot.value.as_ref().ok().map(AsRef::as_ref)
}
