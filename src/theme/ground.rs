//! What is behind the text of a terminal, and the theme that fits it: what `auto` stands for.

use super::contrast::{Rgb, lightness};
use super::{Depth, Palette, Theme, builtin};

/// What is known of the terminal's background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Nothing.
    #[default]
    Unknown,
    /// It is dark, as `COLORFGBG` says.
    Dark,
    /// It is light, as `COLORFGBG` says.
    Light,
    /// It is this, as the terminal answered.
    Told(Rgb),
}

/// The name under which the theme is chosen by what the terminal is.
pub const AUTO: &str = "auto";

/// From this lightness on black letters are read better than white ones.
const LIGHT: f64 = 0.18;

impl Ground {
    /// What `COLORFGBG` says, such as `15;0` or `0;default;15`: the last number is the background, of the 16.
    pub fn hint(colorfgbg: Option<&str>) -> Self {
        let last = colorfgbg.and_then(|text| text.rsplit(';').next()?.parse::<u8>().ok());
        match last {
            Some(7 | 9..=15) => Self::Light,
            Some(0..=8) => Self::Dark,
            _ => Self::Unknown,
        }
    }

    fn is_light(self) -> bool {
        match self {
            Self::Unknown | Self::Dark => false,
            Self::Light => true,
            Self::Told(rgb) => lightness(rgb) > LIGHT,
        }
    }

    /// The name of the theme that fits a terminal of so many colours with this ground.
    pub fn theme_name(self, depth: Depth) -> &'static str {
        match depth {
            Depth::True if self.is_light() => "light",
            Depth::True => "dark",
            _ => "terminal-16",
        }
    }
}

/// The theme that fits: of true colours where there are, on the terminal's own ground where all of it is read there and
/// on a painted one where not; else the terminal's own 16.
pub fn auto(ground: Ground, depth: Depth, ascii: bool) -> Theme {
    let palette = builtin(ground.theme_name(depth)).unwrap_or_default();
    Theme::new(&fitted(palette, ground), depth, ascii)
}

fn fitted(palette: Palette, ground: Ground) -> Palette {
    match ground {
        Ground::Told(rgb) if palette.is_read_on(rgb) => palette.unpainted(),
        _ => palette,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Role;
    use ratatui::style::Color;

    #[test]
    fn the_hint_is_the_last_number() {
        assert_eq!(Ground::hint(Some("15;0")), Ground::Dark);
        assert_eq!(Ground::hint(Some("0;default;15")), Ground::Light);
        assert_eq!(Ground::hint(Some("12;8")), Ground::Dark);
        assert_eq!(Ground::hint(Some("0;7")), Ground::Light);
        for nothing in [None, Some(""), Some("default;default"), Some("1;200")] {
            assert_eq!(Ground::hint(nothing), Ground::Unknown, "{nothing:?}");
        }
    }

    #[test]
    fn the_theme_fits_what_is_behind_it() {
        let behind = |ground| auto(ground, Depth::True, false).style(Role::Text).bg;
        let own = |rgb| behind(Ground::Told(rgb));
        assert_eq!(own([0, 0, 0]), None, "on black it need not be painted");
        assert_eq!(own([255, 255, 255]), None, "nor on white");
        let (dark, light) = (Color::Rgb(0x14, 0x17, 0x1d), Color::Rgb(0xfa, 0xfa, 0xfa));
        assert_eq!(
            own([90, 90, 90]),
            Some(dark),
            "on grey it would not be read"
        );
        assert_eq!(own([170, 170, 170]), Some(light));
        assert_eq!(behind(Ground::Unknown), Some(dark), "nobody said");
        assert_eq!(behind(Ground::Light), Some(light));
        let few = auto(Ground::Told([255; 3]), Depth::Indexed, false);
        let sixteen = Theme::terminal(Depth::Indexed, false);
        assert_eq!(few.style(Role::Accent), sixteen.style(Role::Accent));
    }
}
