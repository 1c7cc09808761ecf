//! The themes that come with the program, from `assets/themes`.

use super::Palette;
use super::file::parse;

macro_rules! themes {
    ($($name:literal),*) => {
        /// Their names, the default first.
        pub const NAMES: &[&str] = &[$($name),*];

        const TEXTS: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../assets/themes/", $name, ".toml")))),*
        ];
    };
}

themes!(
    "terminal-16",
    "dark",
    "light",
    "gruvbox",
    "nord",
    "dracula",
    "solarized-dark",
    "solarized-light",
    "catppuccin",
    "tokyo-night",
    "monokai",
    "contrast",
    "colorblind",
    "mono"
);

/// The theme of this name.
pub fn builtin(name: &str) -> Option<Palette> {
    let (_, text) = TEXTS.iter().find(|(known, _)| *known == name)?;
    parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ProcId;
    use crate::theme::{Depth, Role, Theme};
    use ratatui::style::{Color, Modifier, Style};

    #[test]
    fn every_theme_is_sound_and_names_every_role() {
        for (name, text) in TEXTS {
            let palette = parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            for role in Role::ALL {
                let has = palette.roles.iter().any(|(r, _)| r == role);
                assert!(has, "{name} has no {}", role.name());
            }
        }
    }

    #[test]
    fn what_must_stand_out_does_so_at_every_depth() {
        for name in NAMES {
            let palette = builtin(name).expect(name);
            for depth in [
                Depth::Mono,
                Depth::Eight,
                Depth::Ansi,
                Depth::Indexed,
                Depth::True,
            ] {
                let theme = Theme::new(&palette, depth, false);
                let text = theme.style(Role::Text);
                for role in [Role::Selected, Role::Badge, Role::Paused] {
                    let style = theme.style(role);
                    let marked = style.add_modifier.contains(Modifier::REVERSED)
                        || style
                            .bg
                            .is_some_and(|bg| Some(bg) != text.bg && bg != Color::Reset);
                    assert!(marked, "{name} {depth:?} {}: {style:?}", role.name());
                }
            }
        }
    }

    #[test]
    fn nothing_is_said_in_bright_black() {
        for name in NAMES {
            let palette = builtin(name).expect(name);
            for depth in [Depth::Eight, Depth::Ansi] {
                let theme = Theme::new(&palette, depth, false);
                for role in Role::ALL {
                    let fg = theme.style(*role).fg;
                    assert_ne!(fg, Some(Color::DarkGray), "{name} {}", role.name());
                }
            }
        }
        let theme = Theme::new(&builtin("terminal-16").expect("it"), Depth::True, false);
        for role in Role::ALL {
            assert_ne!(
                theme.style(*role).fg,
                Some(Color::DarkGray),
                "{}",
                role.name()
            );
        }
    }

    /// The lightness of the sixteen as xterm shows them, 0..1 (WCAG); `None` for the terminal's own.
    fn lightness(color: Color) -> Option<f64> {
        let rgb: [u8; 3] = match color {
            Color::Black => [0, 0, 0],
            Color::Red => [205, 0, 0],
            Color::Green => [0, 205, 0],
            Color::Yellow => [205, 205, 0],
            Color::Blue => [0, 0, 238],
            Color::Magenta => [205, 0, 205],
            Color::Cyan => [0, 205, 205],
            Color::Gray => [229, 229, 229],
            Color::DarkGray => [127, 127, 127],
            Color::LightRed => [255, 0, 0],
            Color::LightGreen => [0, 255, 0],
            Color::LightYellow => [255, 255, 0],
            Color::LightBlue => [92, 92, 255],
            Color::LightMagenta => [255, 0, 255],
            Color::LightCyan => [0, 255, 255],
            Color::White => [255, 255, 255],
            _ => return None,
        };
        let [r, g, b] = rgb.map(|v| libm::pow(f64::from(v) / 255.0, 2.2));
        Some(0.2126 * r + 0.7152 * g + 0.0722 * b)
    }

    /// Terminals with a light background darken the plain colours, so that less is asked against white.
    #[test]
    fn the_sixteen_are_read_on_black_and_on_white() {
        let palette = builtin("terminal-16").expect("the default");
        let roles = palette.roles.iter();
        let roles = roles.filter_map(|(role, style)| Some((role.name(), style.fg?)));
        let processes = palette.processes.iter().map(|c| ("processes", *c));
        for (name, color) in roles.chain(processes) {
            let Some(light) = lightness(color) else {
                continue;
            };
            let (on_black, on_white) = ((light + 0.05) / 0.05, 1.05 / (light + 0.05));
            assert!(
                on_black >= 3.0,
                "{name}: {color} is lost on black ({on_black:.1})"
            );
            assert!(
                on_white >= 1.6,
                "{name}: {color} is lost on white ({on_white:.1})"
            );
        }
    }

    #[test]
    fn without_colours_nothing_is_coloured() {
        for name in NAMES {
            let theme = Theme::new(&builtin(name).expect(name), Depth::Mono, false);
            for role in Role::ALL {
                let Style { fg, bg, .. } = theme.style(*role);
                assert_eq!((fg, bg), (None, None), "{name} {}", role.name());
            }
            assert_eq!(theme.process(ProcId::new(1, 1)), Color::Reset);
        }
    }
}
