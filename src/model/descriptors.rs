//! What processes hold open, who is at the other end, and who talks to whom.

pub mod descriptor;
pub mod ipc;
mod mode;
pub mod peer;
pub mod socket;

use super::format;
use super::reading::{Missing, Reading};

/// How many processes keep their descriptors from this user.
///
/// # Errors
/// `Denied` where those of other users are not even listed, and so cannot be counted.
pub fn count_hidden(hidden: u32, unlisted: bool) -> Reading<u32> {
    if unlisted {
        Err(Missing::Denied)
    } else {
        Ok(hidden)
    }
}

/// The same in words; `None` where nobody does.
pub fn hidden_words(hidden: u32, unlisted: bool) -> Option<String> {
    match count_hidden(hidden, unlisted) {
        Ok(0) => None,
        Ok(n) => {
            let processes = format::counted(u64::from(n), "process", "processes");
            Some(format!("{processes} not visible"))
        }
        Err(_) => Some("processes of other users not visible".to_owned()),
    }
}
