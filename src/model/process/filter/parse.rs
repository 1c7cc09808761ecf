//! From typed text to terms.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::fields;
use super::fragment::Fragment;
use super::term::{Compare, How, Test};
use super::{Filter, Note, Term};
use crate::model::process::column::{Column, Shows, Unit};

pub(super) fn parse(text: &str) -> Filter {
    let mut filter = Filter {
        text: text.to_owned(),
        ..Filter::default()
    };
    let mut terms = Vec::new();
    for at in tokens(text) {
        let token = &text[at.clone()];
        if token == "|" {
            finish(&mut filter, &mut terms);
            continue;
        }
        match term(token) {
            Ok(term) => terms.push(term),
            Err(why) => filter.notes.push(Note { at, why }),
        }
    }
    finish(&mut filter, &mut terms);
    filter
}

/// An alternative without a finished term would let everything pass: it is left out.
fn finish(filter: &mut Filter, terms: &mut Vec<Term>) {
    for term in terms.iter() {
        filter.needs |= term.test.needs();
    }
    if !terms.is_empty() {
        filter.alternatives.push(std::mem::take(terms));
    }
}

/// Splits at spaces outside of quotes; `|` stands alone, save in a pattern (`re:a|b`), which reaches to the next space.
pub(super) fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from: Option<usize> = None;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        let in_pattern =
            from.is_some_and(|f| text[f..at].trim_start_matches('!').starts_with("re:"));
        match c {
            '"' if !in_pattern => {
                quoted = !quoted;
                from.get_or_insert(at);
            }
            ' ' | '\t' if !quoted => out.extend(from.take().map(|f| f..at)),
            '|' if !quoted && !in_pattern => {
                out.extend(from.take().map(|f| f..at));
                out.push(at..at + 1);
            }
            _ => {
                from.get_or_insert(at);
            }
        }
    }
    out.extend(from.map(|f| f..text.len()));
    out
}

fn term(token: &str) -> Result<Term, String> {
    let bare = token.trim_start_matches('!');
    let not = (token.len() - bare.len()) % 2 == 1;
    if bare.is_empty() {
        return Err("what not?".to_owned());
    }
    let text = token.to_owned();
    test(bare).map(|test| Term { not, test, text })
}

fn test(token: &str) -> Result<Test, String> {
    if let Some(pattern) = token.strip_prefix("re:") {
        return if pattern.is_empty() {
            Err("a pattern is missing".to_owned())
        } else {
            Ok(Test::Pattern(regex(pattern)?))
        };
    }
    let Some(end) = token.find([':', '=', '<', '>']).filter(|end| *end > 0) else {
        return Ok(Test::Word(part(token)?));
    };
    let key = token[..end].to_lowercase();
    let (compare, value) = Compare::split(&token[end..]);
    let exact = token[end..].starts_with('=');
    let value = value.trim_matches('"');
    let known = matches!(
        key.as_str(),
        "port" | "fd" | "name" | "group" | "exe" | "state" | "unit" | "command"
    );
    let column = Column::find(&key);
    if !known && column.is_none() {
        // `if=/dev/zero` and `http://host` stand in command lines; `usr:alice` is a field that there is not.
        let plain = token[end..].starts_with('=') || token[end..].starts_with("://");
        let word = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain || !word || value.is_empty() {
            return Ok(Test::Word(part(token)?));
        }
        return Err(fields::unknown(&key));
    }
    if value.is_empty() {
        return Err(format!("{key} of what?"));
    }
    match (key.as_str(), column) {
        ("port", _) => ports(value).map(Test::Port),
        ("fd", _) => part(value).map(Test::Target),
        ("name", _) => part(value).map(Test::Name),
        ("group", _) => part(value).map(Test::Group),
        ("exe", _) => part(value).map(Test::Exe),
        ("command", _) => part(value).map(Test::Word),
        ("state", _) => states(value).map(Test::State),
        (_, Some(column)) => match column.shows {
            Shows::Text(_) => Ok(Test::Text(
                column,
                if exact { How::Is } else { How::Begins },
                value.to_lowercase(),
            )),
            Shows::Number { unit, .. } => {
                amount(value, unit).map(|n| Test::Number(column, compare, n))
            }
            Shows::History | Shows::Command => Err(format!("{key} cannot be compared")),
        },
        (_, None) => Err(format!("{key} is not known")),
    }
}

fn part(text: &str) -> Result<Fragment, String> {
    let text = text.replace('"', "");
    if text.is_empty() {
        return Err("a word is missing".to_owned());
    }
    Ok(Fragment::new(&text))
}

fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| "the pattern is not finished".to_owned())
}

fn ports(value: &str) -> Result<std::ops::RangeInclusive<u16>, String> {
    let (from, to) = value.split_once('-').unwrap_or((value, value));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) => Ok(from..=to),
        _ => Err("a port is a number up to 65535".to_owned()),
    }
}

/// Letters (`state:DZ`) or the beginning of a word (`state:zombie`).
fn states(value: &str) -> Result<String, String> {
    const WORDS: [(&str, &str); 7] = [
        ("running", "R"),
        ("sleeping", "S"),
        ("blocked", "D"),
        ("zombie", "Z"),
        ("stopped", "T"),
        ("traced", "t"),
        ("idle", "I"),
    ];
    if value.len() > 2
        && let Some((_, letter)) = WORDS
            .iter()
            .find(|(word, _)| word.starts_with(&value.to_lowercase()))
    {
        return Ok((*letter).to_owned());
    }
    let letters: String = value
        .chars()
        .map(|c| if c == 't' { c } else { c.to_ascii_uppercase() })
        .collect();
    if letters.chars().all(|c| "RSDZTtIX".contains(c)) {
        Ok(letters)
    } else {
        Err("a state is one of R S D Z T t I".to_owned())
    }
}

/// A number with the suffix that its unit allows: `1.5g`, `90s`, `2d`, `10%`.
fn amount(value: &str, unit: Unit) -> Result<f64, String> {
    const SIZES: &[(&str, f64)] = &[
        ("k", 1024.0),
        ("m", 1_048_576.0),
        ("g", 1_073_741_824.0),
        ("t", 1_099_511_627_776.0),
        ("b", 1.0),
    ];
    const COUNTS: &[(&str, f64)] = &[("k", 1e3), ("m", 1e6)];
    const SPANS: &[(&str, f64)] = &[
        ("ms", 1e6),
        ("s", 1e9),
        ("m", 6e10),
        ("h", 3.6e12),
        ("d", 8.64e13),
        ("w", 6.048e14),
    ];
    let value = value.to_lowercase();
    let (suffixes, bare): (&[(&str, f64)], f64) = match unit {
        Unit::Bytes | Unit::BytesRate | Unit::Signed => (SIZES, 1.0),
        Unit::Clock | Unit::Span => (SPANS, 1e9),
        Unit::Percent | Unit::Share => (&[("%", 1.0)], 1.0),
        Unit::Count | Unit::Rate => (COUNTS, 1.0),
        Unit::Plain => (&[], 1.0),
        Unit::Moment => return Err("use age, as in age<1h".to_owned()),
    };
    let value = match unit {
        Unit::Bytes | Unit::BytesRate | Unit::Signed => {
            value.trim_end_matches("/s").trim_end_matches("ib")
        }
        _ => &value,
    };
    let (number, factor) = suffixes
        .iter()
        .find_map(|(suffix, factor)| value.strip_suffix(suffix).map(|n| (n, *factor)))
        .unwrap_or((value, bare));
    match number.parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(n * factor),
        _ => Err(match unit {
            Unit::Bytes | Unit::BytesRate | Unit::Signed => {
                "it wants a size such as 512m or 1.5g".to_owned()
            }
            Unit::Clock | Unit::Span => "it wants a span such as 30s, 5m or 2d".to_owned(),
            _ => "it wants a number".to_owned(),
        }),
    }
}
