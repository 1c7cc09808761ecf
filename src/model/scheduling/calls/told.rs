//! What to say of calls as a whole: how they are known, what that costs, what of them is lacking.

use super::Calls;
use crate::model::format::counted;

impl Calls {
    /// Whether calls were counted, all or at least those that are told; else what threads were in was looked at many times a
    /// second, and only time is known.
    pub fn counts(&self) -> bool {
        self.exact || self.lost > 0
    }

    /// How those are known that nothing in the kernel counted.
    pub const BY_RECORDS: &str = "told by perf tracepoints, not counted in the kernel";

    /// What a call costs the process while they are counted.
    pub fn cost(&self) -> &'static str {
        if self.records {
            "0.4 to 0.6 µs"
        } else {
            "0.2 to 0.3 µs"
        }
    }

    /// What to say where records were lost.
    pub fn about_lost(&self) -> Option<String> {
        (self.lost > 0).then(|| {
            format!(
                "{} of them lost: there were at least so many calls, for at least so long",
                counted(self.lost, "record", "records")
            )
        })
    }

    /// What to say where no call is listed.
    pub fn none(&self) -> &'static str {
        if self.counts() {
            "no call was made, and nobody was seen in one"
        } else {
            "none of its threads was seen blocked in a call"
        }
    }
}
