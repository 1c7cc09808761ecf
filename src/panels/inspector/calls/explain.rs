//! Why numbers of the tab are empty.

use crate::model::scheduling::calls::Calls;

/// Why something is not known.
pub fn lines(calls: Option<&Calls>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if let Some(calls) = calls.filter(|c| !c.counts()) {
        let why = format!(
            "Calls are not counted here, only seen up to 250 times a second. {}",
            calls.why
        );
        out.push(("–".to_owned(), why));
    }
    out
}
