//! The thresholds of the verdict in words.

use crate::model::machine::verdict::THRESHOLDS;

/// When each verdict is given.
pub fn lines() -> Vec<(String, String)> {
    let line = |word: &str, means: &str| (word.to_owned(), means.to_owned());
    let mut out = Vec::new();
    for (of, limit, what) in THRESHOLDS {
        out.push((
            format!("verdict: {}", of.word()),
            format!("from {limit:.0}% {what}; it ends at {:.0}%", of.ends()),
        ));
    }
    out.push(line(
        "this control group",
        "the same thresholds for the control group that pscope lives in, named where the machine at large is below them: its own limits hold it back; without pressure in the group (v1) by the periods in which its quota stopped it, and the ticks at which its memory limit was reached",
    ));
    out
}
