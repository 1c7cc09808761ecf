//! A theme's text: TOML with a style for each role, such as `selected = "on #3b4252 bold"`. Opens no file.

use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

use super::{Palette, Role};

/// What is wrong with a theme.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ThemeError {
    /// The text is no TOML of the expected shape.
    #[error("{0}")]
    Shape(String),
    /// A role that nobody plays.
    #[error("there is no role '{0}'; roles are {known}", known = known())]
    Role(String),
    /// A word of a style that means nothing.
    #[error(
        "'{word}' in {role} is no colour and no attribute; write for example \"#88c0d0 on black bold\""
    )]
    Word {
        /// Which role or list.
        role: String,
        /// The word.
        word: String,
    },
}

fn known() -> String {
    let names: Vec<&str> = Role::ALL.iter().map(|r| r.name()).collect();
    names.join(", ")
}

/// Reads a theme, of which every line must be understood.
///
/// # Errors
/// Says which role or word is not understood.
pub fn parse(text: &str) -> Result<Palette, ThemeError> {
    let (palette, complaints) = read(text);
    match complaints.into_iter().next() {
        Some((_, why)) => Err(why),
        None => Ok(palette),
    }
}

/// Reads what is understood of a theme, and what is not, with the line of each.
pub fn read(text: &str) -> (Palette, Vec<(usize, ThemeError)>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let line = |at: usize| 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
    let shape = |e: toml::de::Error| {
        let at = e.span().map_or(1, |span| line(span.start));
        (at, ThemeError::Shape(e.message().replace('\n', " ")))
    };
    let mut complaints: Vec<(usize, ThemeError)> = errors.into_iter().map(shape).collect();
    let mut palette = Palette::default();
    for (key, value) in table.get_ref() {
        let mut complain = |at: usize, why| complaints.push((line(at), why));
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("roles", DeValue::Table(roles)) => {
                for (name, value) in roles {
                    match one(name.get_ref(), value.get_ref()) {
                        Ok(role) => palette.roles.push(role),
                        Err(why) => complain(name.span().start, why),
                    }
                }
            }
            ("processes", DeValue::Array(colors)) => {
                for value in colors {
                    let text = shown(value.get_ref());
                    match color(&text) {
                        Some(color) => palette.processes.push(color),
                        None => complain(value.span().start, word("processes", &text)),
                    }
                }
            }
            (name, _) => {
                let known =
                    format!("'{name}' is not known here; a theme has [roles] and processes");
                complain(key.span().start, ThemeError::Shape(known));
            }
        }
    }
    complaints.sort_by_key(|(line, _)| *line);
    // One mistake may confuse the parser several times.
    complaints.dedup_by_key(|(line, _)| *line);
    (palette, complaints)
}

/// One line of `[roles]`.
fn one(name: &str, value: &DeValue<'_>) -> Result<(Role, Style), ThemeError> {
    let role = Role::ALL.iter().find(|r| r.name() == name);
    let role = *role.ok_or_else(|| ThemeError::Role(name.to_owned()))?;
    match value {
        DeValue::String(text) => Ok((role, style(name, text)?)),
        other => Err(word(name, &shown(other))),
    }
}

/// A value as a person wrote it, or what kind it is.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        other => other.type_str().to_owned(),
    }
}

fn word(role: &str, word: &str) -> ThemeError {
    ThemeError::Word {
        role: role.to_owned(),
        word: word.to_owned(),
    }
}

/// `"[COLOUR] [on COLOUR] [ATTRIBUTE…]"`.
fn style(role: &str, text: &str) -> Result<Style, ThemeError> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(next) = words.next() {
        if next == "on" {
            let behind = words.next().unwrap_or("on");
            style.bg = Some(color(behind).ok_or_else(|| word(role, behind))?);
        } else if let Some(modifier) = modifier(next) {
            style = style.add_modifier(modifier);
        } else {
            style.fg = Some(color(next).ok_or_else(|| word(role, next))?);
        }
    }
    Ok(style)
}

fn modifier(word: &str) -> Option<Modifier> {
    Some(match word {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        "crossed-out" => Modifier::CROSSED_OUT,
        _ => return None,
    })
}

/// `#88c0d0`, a name of the terminal's palette, or `default`.
fn color(word: &str) -> Option<Color> {
    match word {
        "default" => Some(Color::Reset),
        word => Color::from_str(word).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_styles() {
        let text = "processes = ['#5e81ac', 'red']\n[roles]\nselected = 'on #3b4252 bold'\ndim = 'dark-gray'\ntext = ''";
        let palette = parse(text).expect("a theme");
        assert!(
            palette.roles.contains(&(
                Role::Selected,
                Style::new()
                    .bg(Color::Rgb(0x3b, 0x42, 0x52))
                    .add_modifier(Modifier::BOLD)
            ))
        );
        assert!(
            palette
                .roles
                .contains(&(Role::Dim, Style::new().fg(Color::DarkGray)))
        );
        assert_eq!(
            palette.processes,
            [Color::Rgb(0x5e, 0x81, 0xac), Color::Red]
        );
    }

    #[test]
    fn says_what_it_does_not_understand() {
        for (text, said) in [
            ("[roles]\nselektiert = 'bold'", "no role 'selektiert'"),
            ("[roles]\ntext = 'blinking'", "'blinking' in text"),
            ("[roles]\ntext = 3", "'3' in text"),
            ("colours = 3", "colours"),
            ("processes = ['plaid']", "'plaid' in processes"),
            ("[roles]\ntext = 'on'", "'on' in text"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_wrong_line_takes_no_other_away() {
        let text =
            "processes = ['plaid', 'red']\n[roles]\nnobody = 'bold'\ntext = 'red'\ndim = 'dimm'";
        let (palette, complaints) = read(text);
        assert_eq!(palette.processes, [Color::Red]);
        assert_eq!(palette.roles, [(Role::Text, Style::new().fg(Color::Red))]);
        let lines: Vec<usize> = complaints.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = read(&text);
        }
    }
}
