//! The fields that a filter knows: which begin so, and which is meant where one is not known.

use crate::model::process::column::{ALL, Shows};

/// Fields that are no columns, and what they are about.
pub const MORE: [(&str, &str); 5] = [
    ("port", "A local or remote port of its sockets."),
    ("fd", "A part of the path of something it holds open."),
    ("name", "A part of its name."),
    ("threads", "The same as thr."),
    (
        "group",
        "A part of the path of its control group, or of the name of its unit or container.",
    ),
];

/// What stands in the help line while nothing is typed yet, the most useful first.
pub const SYNTAX: &str = "words narrow · user:alice  state:D  cpu>10  mem>1g  port:8080  fd:/var/log  age<1m · !x not · a | b or · re:…";

/// Every field, sorted.
pub fn all() -> Vec<&'static str> {
    // The older names of two that people know by them.
    let columns = ALL.iter().filter(|c| !matches!(c.shows, Shows::History));
    let mut all: Vec<&str> = columns
        .map(|c| c.name)
        .chain(MORE.map(|(name, _)| name))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The fields that begin with what stands at the end of the text.
pub fn beginning(text: &str) -> Vec<&'static str> {
    let word = text.rsplit([' ', '|', '!']).next().unwrap_or_default();
    if word.is_empty() {
        return Vec::new();
    }
    let word = word.to_lowercase();
    all().into_iter().filter(|f| f.starts_with(&word)).collect()
}

/// Says that there is no such field, which one may be meant, and how to search for the text.
pub(super) fn unknown(key: &str) -> String {
    // Of a short word more than one letter is another word.
    let most = (key.chars().count() / 3).clamp(1, 2);
    let near = all()
        .into_iter()
        .map(|field| (distance(key, field), field))
        .filter(|(d, _)| *d <= most)
        .min();
    match near {
        Some((_, field)) => format!("there is no field '{key}'; is '{field}' meant?"),
        None => format!("there is no field '{key}'; in quotes it is text"),
    }
}

/// How many letters must be put in, taken out or changed to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_not_known_is_told_with_the_one_that_is_meant() {
        assert_eq!(unknown("usr"), "there is no field 'usr'; is 'user' meant?");
        assert!(unknown("localhost").ends_with("in quotes it is text"));
        assert!(unknown("foo").ends_with("in quotes it is text"), "not fd%");
        assert!(unknown("comand").contains("'command'"));
        assert_eq!(beginning("cpu>1 us"), ["user"]);
        assert!(beginning("cpu>1 ").is_empty());
    }
}
