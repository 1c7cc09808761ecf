//! What a line of code imports, by its path: `crate::model::{id::Pid, text}`, `super::super::id`.

/// The rooms that a line of a file at this depth (1: `src/foo.rs`) imports.
pub fn of_rooms(line: &str, depth: usize) -> Vec<String> {
    let from_root = format!("{}::", vec!["super"; depth].join("::"));
    let mut out = after(line, "crate::");
    out.extend(after(line, &from_root));
    out
}

/// The names that follow a path at once: one, or those of the group in braces.
pub fn after(line: &str, prefix: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &line[at + prefix.len()..];
        let names = match rest.strip_prefix('{') {
            None => vec![rest],
            Some(group) => group
                .split('}')
                .next()
                .unwrap_or(group)
                .split(',')
                .collect(),
        };
        for name in names {
            let word = name.trim().chars();
            let word: String = word
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !word.is_empty() {
                out.push(word);
            }
        }
    }
    out
}
