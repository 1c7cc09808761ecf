//! What the words and numbers of the tab mean.

use crate::model::scheduling::calls::Calls;

const WORDS: &[(&str, &str)] = &[
    (
        "CALL",
        "The border between user land and the kernel: the program asks, the kernel does. The names are those of section 2 of the manual.",
    ),
    ("CALLS/s", "How many returned, a second."),
    (
        "ERR/s",
        "How many of those returned an error, a second. Many are harmless: EAGAIN says that there is nothing yet.",
    ),
    (
        "TIME",
        "How long they took together, from the raw tracepoints sys_enter and sys_exit; a call counts when it returns.",
    ),
    (
        "CORE",
        "Of that, the time on a core; the rest it was blocked, or waited for a core.",
    ),
    ("P99", "99 of 100 took at most so long; right to a fifth."),
    ("LONGEST", "The longest since the tab was opened."),
    (
        "ON",
        "The descriptor that took most of the time, and who is at its other end; or who is in the call now.",
    ),
];

/// All of it, and why something is not known.
pub fn lines(calls: Option<&Calls>) -> Vec<(String, String)> {
    let line = |(word, meaning): &(&str, &str)| ((*word).to_owned(), (*meaning).to_owned());
    let mut out: Vec<_> = WORDS.iter().map(line).collect();
    if let Some(calls) = calls.filter(|c| !c.exact) {
        let why = format!(
            "Calls are not counted here, only seen 20 times a second. {}",
            calls.why
        );
        out.push(("–".to_owned(), why));
    }
    out
}
