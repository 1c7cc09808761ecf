//! Why columns of the tab are empty.

use super::rows;
use crate::model::process::threads::Threads;
use crate::model::reading::Missing;

/// Why something is not known.
pub fn lines(threads: Option<&Threads>) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let rows = threads.map_or(&[][..], |t| &t.rows);
    if threads.is_some_and(rows::is_denied) {
        let why = Missing::Denied.to_string();
        out.push(("– in WAITS FOR and STACK".to_owned(), why));
    }
    let missing = rows.iter().filter_map(|r| r.detail.as_ref().err());
    let missing: std::collections::HashSet<_> = missing.collect();
    for why in missing {
        out.push((
            "–".to_owned(),
            format!("{why}. Threads in view are read first, the others in turns."),
        ));
    }
    out
}
