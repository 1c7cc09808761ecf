//! A theme's text: TOML with a style for each role, such as `selected = "on #3b4252 bold"`. Opens no file.

use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};

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

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    roles: toml::Table,
    #[serde(default)]
    processes: Vec<String>,
}

/// Reads a theme.
///
/// # Errors
/// Says which role or word is not understood.
pub fn parse(text: &str) -> Result<Palette, ThemeError> {
    let file: File = toml::from_str(text).map_err(|e| ThemeError::Shape(e.to_string()))?;
    let mut palette = Palette::default();
    for (name, value) in &file.roles {
        let role = Role::ALL.iter().find(|r| r.name() == name);
        let role = *role.ok_or_else(|| ThemeError::Role(name.clone()))?;
        let text = value
            .as_str()
            .ok_or_else(|| word(name, &value.to_string()))?;
        palette.roles.push((role, style(name, text)?));
    }
    for text in &file.processes {
        palette
            .processes
            .push(color(text).ok_or_else(|| word("processes", text))?);
    }
    Ok(palette)
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
}
