//! What calls did about each path, as the program at their end copied it from the memory of the process.

use std::collections::BTreeMap;
use std::io;

use super::{PATHS, number};
use crate::model::id::Nanos;
use crate::model::scheduling::calls::{CallSums, Number};
use crate::model::text::SafeText;
use crate::sys::bpf::map::{Map, word};

/// The sums of each. Where most of the room is taken, those paths that took the least make some.
///
/// # Errors
/// As the kernel says.
pub fn read(map: &Map) -> io::Result<BTreeMap<(Number, SafeText), CallSums>> {
    let mut all = Vec::new();
    map.all(false, |key, value| {
        let sums = (word(value, 0), word(value, 8));
        if let (Some(at), (Some(calls), Some(span))) = (key.first_chunk(), sums) {
            let at = u32::from_ne_bytes(*at);
            let span = Nanos(span);
            all.push((at, key.to_vec(), CallSums { calls, span }));
        }
    })?;
    if all.len() > PATHS / 4 * 3 {
        all.sort_unstable_by_key(|(_, _, part)| std::cmp::Reverse(part.span));
        for (_, key, _) in all.drain(PATHS / 2..) {
            // Nobody else takes any out.
            let _ = map.remove(&key);
        }
    }
    let named = |(at, key, part): (u32, Vec<u8>, _)| ((number(at), path(&key[8..])), part);
    Ok(all.into_iter().map(named).collect())
}

/// A path up to its end, or as much of it as there was room for, with `…` behind.
fn path(bytes: &[u8]) -> SafeText {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let path = SafeText::from_bytes(&bytes[..end]);
    if end + 1 < bytes.len() {
        return path;
    }
    SafeText::from_exact(&format!("{}…", path.exact()))
}
