//! What a process maps so that others may see it: `/proc/PID/maps`.
//!
//! Reading it takes the memory lock of its process, so it may hang: only where that is bounded.

use std::path::Path;
use std::sync::Arc;

use super::maps;
use crate::model::descriptors::ipc::Mapped;
use crate::model::reading::Reading;

/// Every piece that is mapped shared and has a name, once.
///
/// # Errors
/// As the kernel says.
pub fn read(path: &Path) -> Reading<Arc<[Mapped]>> {
    Ok(shared(&std::fs::read(path)?))
}

pub(crate) fn shared(text: &[u8]) -> Arc<[Mapped]> {
    let mut all: Vec<Mapped> = Vec::new();
    // What has no name belongs to a device.
    for mapping in maps::shared(text).filter(|m| !m.name.is_empty()) {
        let file = mapping.file;
        let one = Mapped {
            device: u64::from(file.major) << 32 | u64::from(file.minor),
            inode: file.inode,
            writes: mapping.access.write,
            deleted: mapping.deleted,
            name: mapping.name,
        };
        // One piece is often mapped in several ranges.
        match all
            .iter_mut()
            .find(|m| (m.device, m.inode) == (one.device, one.inode))
        {
            Some(known) => known.writes |= one.writes,
            None => all.push(one),
        }
    }
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shared_mappings_are_taken_and_ranges_of_one_piece_once() {
        let text = b"7f0000000000-7f0000001000 r--s 00000000 00:01 2049      /memfd:a (deleted)
7f0000001000-7f0000002000 rw-s 00001000 00:01 2049      /memfd:a (deleted)
7f0000002000-7f0000003000 rw-p 00001000 00:01 2050      /memfd:b (deleted)
7f0000003000-7f0000004000 rw-s 00000000 fe:00 0
broken
";
        let all = shared(text);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].inode, all[0].device), (2049, 1));
        assert!(all[0].writes && all[0].name.as_str() == "/memfd:a");
    }
}
