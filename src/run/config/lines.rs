//! A configuration line by line: what is understood is taken, the rest is told with its line and with what is known.
//!
//! A wrong line takes nothing else away, and never keeps the program from starting.

use std::mem::discriminant;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keep::toml as toml_of;
use super::{Choices, File, settings};
use crate::app::choice::{Choice, Value};
use crate::app::key::Key;

/// Keys for an action, as one line of `[keys]` gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The action's name.
    pub action: String,
    /// On which line.
    pub line: usize,
    /// The keys that ask for it, and no others.
    pub keys: Vec<Key>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) file: File,
    /// What the app and its panes answer for, in the order in which it is to be chosen.
    pub(super) choices: Choices,
    pub(super) keys: Vec<Binding>,
    /// Which setting stands on which line.
    pub(super) places: Vec<(String, usize)>,
    /// What was not understood, in the order of the lines.
    pub(super) complaints: Vec<(usize, String)>,
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|b| *b == b'\n').count()
}

/// Reads a text.
pub(super) fn read(text: &str) -> Lines {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut out = Lines::default();
    for error in errors {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        // One mistake may confuse the parser several times.
        if !out.complaints.iter().any(|(l, _)| *l == line) {
            out.complaints.push((line, one_line(error.message())));
        }
    }
    let mut good = String::new();
    for (key, value) in table.get_ref() {
        let name = key.get_ref().as_ref();
        let line = line_of(text, key.span().start);
        if out.complaints.iter().any(|(l, _)| *l == line) {
            continue;
        }
        match value.get_ref() {
            DeValue::Table(keys) if name == "keys" => bindings(text, keys, &mut out),
            of => {
                // What stands in a section cannot be written on one line, and no setting is one.
                let value = match of {
                    DeValue::Table(_) => "{}",
                    _ => &text[value.span()],
                };
                let one = format!("{name} = {value}\n");
                let taken = match toml::from_str::<File>(&one) {
                    Ok(_) => {
                        good += &one;
                        Ok(())
                    }
                    Err(why) => match known(name).filter(|_| is_unknown(&why)) {
                        Some(at) => chosen(&one, &settings()[at])
                            .map(|value| out.choices.push((settings()[at].name, value, line))),
                        None => Err(one_line(&wrong(name, &why))),
                    },
                };
                match taken {
                    Ok(()) => out.places.push((name.to_owned(), line)),
                    Err(why) => out.complaints.push((line, why)),
                }
            }
        }
    }
    // Each line was understood alone, and no name stands there twice.
    out.file = toml::from_str(&good).unwrap_or_default();
    out.choices.sort_by_key(|(name, ..)| known(name));
    out.complaints.sort();
    out
}

/// The place of a setting among all.
fn known(name: &str) -> Option<usize> {
    settings().iter().position(|setting| setting.name == name)
}

/// What a line says for a setting; it must be of the kind that the setting is.
fn chosen(line: &str, setting: &Choice) -> Result<Value, String> {
    let table: toml::Table = toml::from_str(line).map_err(|why| one_line(why.message()))?;
    let said = table.get(setting.name);
    let value = said.and_then(value);
    let same = |value: &Value| discriminant(value) == discriminant(&setting.default);
    value.filter(same).ok_or_else(|| {
        let (name, usual) = (setting.name, toml_of(&setting.default));
        let said = said.map(ToString::to_string).unwrap_or_default();
        format!(
            "{name}: it is not {}, but like {usual}",
            said.replace('"', "'")
        )
    })
}

fn value(said: &toml::Value) -> Option<Value> {
    Some(match said {
        toml::Value::Boolean(on) => Value::On(*on),
        toml::Value::Integer(n) => Value::Number(u64::try_from(*n).ok()?),
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Array(words) => {
            let word = |word: &toml::Value| word.as_str().map(str::to_owned);
            Value::List(words.iter().map(word).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// Whether [`File`] has no such field.
fn is_unknown(why: &toml::de::Error) -> bool {
    why.message().starts_with("unknown field")
}

fn wrong(name: &str, why: &toml::de::Error) -> String {
    let message = why.message();
    match message.split_once(", expected one of ") {
        Some((_, first)) if is_unknown(why) => {
            let first = first.replace('`', "");
            let more = settings().iter().map(|setting| setting.name);
            let more = more.filter(|name| !first.split(", ").any(|f| f == *name));
            let all: Vec<&str> = first.split(", ").chain(more).collect();
            format!("there is no setting '{name}'; there are {}", all.join(", "))
        }
        _ => format!("{name}: {message}"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes the lines of `[keys]`.
fn bindings(text: &str, keys: &DeTable<'_>, out: &mut Lines) {
    for (action, value) in keys {
        let line = line_of(text, action.span().start);
        let action = action.get_ref().as_ref();
        match listed(value) {
            Ok(keys) => out.keys.push(Binding {
                action: action.to_owned(),
                line,
                keys,
            }),
            Err(why) => out.complaints.push((line, format!("keys.{action}: {why}"))),
        }
    }
    out.keys.sort_by_key(|binding| binding.line);
}

fn listed(value: &Spanned<DeValue<'_>>) -> Result<Vec<Key>, String> {
    let how = || "keys are a list of names such as [\"p\", \"Ctrl-x\", \"F12\"]".to_owned();
    let DeValue::Array(items) = value.get_ref() else {
        return Err(how());
    };
    let key = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::String(name) => name.parse::<Key>(),
        _ => Err(how()),
    };
    items.iter().map(key).collect()
}
