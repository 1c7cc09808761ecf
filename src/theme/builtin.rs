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
            for depth in [Depth::Mono, Depth::Ansi, Depth::Indexed, Depth::True] {
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
