//! What the sums of the tab are now.

use crate::model::format::duration;
use crate::model::scheduling::spent::Spent;

/// The present value of one of the sums.
pub fn now(all: &Spent, word: &str) -> Option<String> {
    let span = match word {
        "running" => all.running,
        "ready" => all.ready,
        "blocked" => all.blocked(),
        "idle" => all.idle(),
        _ => return None,
    };
    Some(duration(span))
}
