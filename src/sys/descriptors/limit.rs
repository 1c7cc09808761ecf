//! How many descriptors a process may hold: `/proc/PID/limits`, `getrlimit(2)`.

use crate::model::reading::{Missing, Reading};
use crate::sys::fields;

/// The soft limit in `Max open files            1024                 1048576              files`; `None`: without limit.
///
/// # Errors
/// `Unsupported` where the line is not as the manual page says.
pub fn soft(text: &[u8]) -> Reading<Option<u64>> {
    let line = fields::lines(text)
        .find_map(|l| l.strip_prefix(b"Max open files"))
        .ok_or(Missing::Unsupported)?;
    match fields::words(line).next() {
        Some(b"unlimited") => Ok(None),
        Some(word) => fields::number(word).map(Some).ok_or(Missing::Unsupported),
        None => Err(Missing::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_number_or_none() {
        let line = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 1048576              files     \n";
        assert_eq!(soft(line.as_bytes()), Ok(Some(1024)));
        assert_eq!(soft(b"Max open files  unlimited unlimited files"), Ok(None));
        assert_eq!(soft(b"Max open files"), Err(Missing::Unsupported));
        assert_eq!(soft(b""), Err(Missing::Unsupported));
    }
}
