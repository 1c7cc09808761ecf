//! How many colours a terminal shows, and the nearest of them to a colour that a theme asks for.

use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None (`NO_COLOR`, `TERM=dumb`): bold, dim and reverse only.
    Mono,
    /// The 8 colours of consoles that know no light ones but by bold.
    Eight,
    /// The 16 colours of the terminal's own palette.
    Ansi,
    /// 256.
    Indexed,
    /// 24 bits.
    True,
}

/// The six hues, by sixths of the circle from red on: ordinary and light.
const HUES: [(Color, Color); 6] = [
    (Color::Red, Color::LightRed),
    (Color::Yellow, Color::LightYellow),
    (Color::Green, Color::LightGreen),
    (Color::Cyan, Color::LightCyan),
    (Color::Blue, Color::LightBlue),
    (Color::Magenta, Color::LightMagenta),
];

/// Spread of a colour's channels from which on it has a hue.
const HUE: u8 = 32;

impl Depth {
    /// The nearest colour that the terminal has.
    pub fn color(self, color: Color) -> Color {
        match (self, color) {
            (Self::Mono, _) => Color::Reset,
            (Self::Indexed, Color::Rgb(r, g, b)) => Color::Indexed(indexed([r, g, b])),
            (Self::Ansi, Color::Rgb(r, g, b)) => ansi([r, g, b]),
            (Self::Eight, Color::Rgb(r, g, b)) => ordinary(ansi([r, g, b])),
            (Self::Eight, color) => ordinary(color),
            (_, color) => color,
        }
    }

    /// A style in the terminal's colours. Where a background cannot be had, reverse video takes its place.
    pub fn style(self, style: Style) -> Style {
        let mut out = style;
        out.fg = style.fg.map(|c| self.color(c));
        out.bg = style.bg.map(|c| self.color(c));
        if self == Self::Eight
            && style
                .fg
                .is_some_and(|c| HUES.iter().any(|(_, light)| *light == c))
        {
            out = out.add_modifier(Modifier::BOLD);
        }
        if self == Self::Mono {
            let marked = style.bg.is_some_and(|bg| bg != Color::Reset) && !printer(style);
            (out.fg, out.bg) = (None, None);
            if marked {
                out = out.add_modifier(Modifier::REVERSED);
            }
        }
        out
    }
}

/// The one of the first eight that a colour of the sixteen is a lighter kind of.
fn ordinary(color: Color) -> Color {
    let dark = HUES.iter().find(|(_, light)| *light == color);
    match (color, dark) {
        (_, Some((dark, _))) => *dark,
        (Color::White, _) => Color::Gray,
        (other, _) => other,
    }
}

/// Whether a style is dark on light: what a light theme paints everything with, which marks nothing.
fn printer(style: Style) -> bool {
    let light = |c: Option<Color>| matches!(c, Some(Color::Rgb(r, g, b)) if luma([r, g, b]) > 160);
    light(style.bg) && !light(style.fg) && style.add_modifier.is_empty()
}

fn luma([r, g, b]: [u8; 3]) -> u32 {
    (u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114) / 1000
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    (0..3).map(|i| u32::from(a[i].abs_diff(b[i])).pow(2)).sum()
}

/// The nearest of the 240 fixed colours: a cube of 6 levels a channel, and 24 greys.
fn indexed(rgb: [u8; 3]) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |v: u8| (0..6).min_by_key(|i| LEVELS[*i].abs_diff(v)).unwrap_or(0);
    let [r, g, b] = rgb.map(nearest);
    let cube = distance(rgb, [LEVELS[r], LEVELS[g], LEVELS[b]]);
    let step = (luma(rgb).saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * step;
    if distance(rgb, [grey; 3]) < cube {
        232 + step
    } else {
        (16 + 36 * r + 6 * g + b) as u8
    }
}

/// The nearest of the 16: a colour with a hue goes to one that has that hue, a grey to a grey.
fn ansi(rgb: [u8; 3]) -> Color {
    let (high, low) = (rgb.iter().max(), rgb.iter().min());
    let (high, low) = (high.copied().unwrap_or(0), low.copied().unwrap_or(0));
    if high - low < HUE {
        return match luma(rgb) {
            0..=31 => Color::Black,
            32..=145 => Color::DarkGray,
            146..=235 => Color::Gray,
            _ => Color::White,
        };
    }
    let [r, g, b] = rgb.map(i32::from);
    let spread = i32::from(high - low);
    let degrees = if rgb[0] == high {
        60 * (g - b) / spread
    } else if rgb[1] == high {
        120 + 60 * (b - r) / spread
    } else {
        240 + 60 * (r - g) / spread
    };
    let (ordinary, light) = HUES[((degrees + 390) / 60 % 6) as usize];
    if luma(rgb) > 190 { light } else { ordinary }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_keep_their_names_at_16() {
        for (hex, name) in [
            (0x00a3_be8c, Color::Green),
            (0x00bf_616a, Color::Red),
            (0x00eb_cb8b, Color::LightYellow),
            (0x005e_81ac, Color::Blue),
            (0x003b_4252, Color::DarkGray),
            (0x00ec_eff4, Color::White),
            (0x0000_0000, Color::Black),
        ] {
            assert_eq!(Depth::Ansi.color(Color::from_u32(hex)), name, "{hex:06x}");
        }
    }

    #[test]
    fn eight_colours_are_eight() {
        assert_eq!(Depth::Eight.color(Color::LightBlue), Color::Blue);
        assert_eq!(Depth::Eight.color(Color::White), Color::Gray);
        let light = Depth::Eight.style(Style::new().fg(Color::LightRed));
        assert_eq!(
            light,
            Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
        );
    }

    #[test]
    fn the_cube_and_the_greys_are_hit_exactly() {
        assert_eq!(indexed([0, 0, 0]), 16);
        assert_eq!(indexed([255, 255, 255]), 231);
        assert_eq!(indexed([95, 135, 175]), 67);
        assert_eq!(indexed([128, 128, 128]), 244);
        assert_eq!(Depth::True.color(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::Mono.color(Color::Red), Color::Reset);
    }
}
