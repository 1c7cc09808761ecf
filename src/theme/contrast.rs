//! How well a colour is read on another one, by the rule of WCAG 2: from 1, the same, to 21, black on white.

use ratatui::style::Color;

use super::{Palette, Role};

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// What text must have at the least against what is behind it.
pub const READ: f64 = 4.5;

/// How light a colour is, 0 to 1.
pub fn lightness(rgb: Rgb) -> f64 {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 {
            v / 12.92
        } else {
            libm::pow((v + 0.055) / 1.055, 2.4)
        }
    };
    let [r, g, b] = rgb.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The contrast of two colours, 1 to 21.
pub fn between(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (lightness(a), lightness(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// A true colour as its channels; none of the terminal's own.
pub fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        _ => None,
    }
}

/// Whichever of black and white is read better on this colour.
pub fn ink(on: Rgb) -> Color {
    if between(on, [0; 3]) >= between(on, [255; 3]) {
        Color::Black
    } else {
        Color::White
    }
}

/// Whether a role is for lines and the empty parts of bars, in which nothing is written.
pub fn is_drawn_only(role: Role) -> bool {
    matches!(
        role,
        Role::Faint | Role::Border | Role::BorderFocus | Role::MemCache
    )
}

impl Palette {
    /// What everything stands on, where the theme paints that.
    pub fn ground(&self) -> Option<Rgb> {
        let text = self.roles.iter().find(|(role, _)| *role == Role::Text);
        text.and_then(|(_, style)| rgb(style.bg?))
    }

    /// Whether all that must be read of it is read on this ground.
    pub fn is_read_on(&self, ground: Rgb) -> bool {
        let mut text = self.roles.iter().filter(|(role, style)| {
            !is_drawn_only(*role) && (*role == Role::Text || style.bg.is_none())
        });
        text.all(|(_, style)| {
            style
                .fg
                .and_then(rgb)
                .is_none_or(|fg| between(fg, ground) >= READ)
        })
    }

    /// The same on the terminal's own ground.
    #[must_use]
    pub fn unpainted(mut self) -> Self {
        for (role, style) in &mut self.roles {
            if *role == Role::Text {
                style.bg = None;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::{NAMES, builtin};

    #[test]
    fn contrast_is_that_of_the_rule() {
        assert!((between([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((between([119; 3], [255; 3]) - 4.48).abs() < 0.01, "#777");
        assert!((between([9, 9, 9], [9, 9, 9]) - 1.0).abs() < 1e-9);
    }

    /// Every pair that comes about: each role on the ground and on the selected row, the badges on their own, and a name on a
    /// run of a lane.
    #[test]
    fn everything_that_must_be_read_is_read_in_every_theme_of_true_colours() {
        let mut of_true_colours = 0;
        for name in NAMES {
            let palette = builtin(name).expect(name);
            let Some(ground) = palette.ground() else {
                continue;
            };
            of_true_colours += 1;
            let style = |wanted: Role| {
                let found = palette.roles.iter().find(|(role, _)| *role == wanted);
                found.map(|(_, style)| *style).expect("every role")
            };
            let selected = style(Role::Selected);
            let selected = selected.bg.and_then(rgb).expect("a ground of its own");
            for (role, style) in &palette.roles {
                let Some(fg) = style.fg.and_then(rgb) else {
                    continue;
                };
                let own = style.bg.and_then(rgb).filter(|_| *role != Role::Text);
                let grounds = own.map_or(vec![ground, selected], |own| vec![own]);
                let least = if is_drawn_only(*role) { 1.5 } else { READ };
                for on in grounds {
                    let has = between(fg, on);
                    let fine = has >= least || is_drawn_only(*role) && on == selected;
                    assert!(fine, "{name}: {} has {has:.2} on {on:02x?}", role.name());
                }
            }
            for color in &palette.processes {
                let run = rgb(*color).expect("a true colour");
                let seen = between(run, ground);
                assert!(seen >= 3.0, "{name}: {color} is seen by {seen:.2}");
                let letters = match ink(run) {
                    Color::Black => [0; 3],
                    _ => [255; 3],
                };
                assert!(between(letters, run) >= READ, "{name}: a name on {color}");
            }
        }
        assert!(of_true_colours >= 12, "{of_true_colours}");
    }

    /// Red and yellow say that something is wrong, or wants a look.
    #[test]
    fn nobodys_own_colour_is_red_or_yellow() {
        for name in NAMES {
            for color in builtin(name).expect(name).processes {
                let Some([r, g, b]) = rgb(color) else {
                    assert!(!matches!(
                        color,
                        Color::Red | Color::Yellow | Color::LightRed | Color::LightYellow
                    ));
                    continue;
                };
                let (r, g, b) = (f64::from(r), f64::from(g), f64::from(b));
                let (high, low) = (r.max(g).max(b), r.min(g).min(b));
                let red = high - low > 50.0 && r >= high && (g - b).abs() < (high - low) * 0.28;
                let yellow = high - low > 50.0 && b <= low && (r - g).abs() < (high - low) * 0.29;
                assert!(!red && !yellow, "{name}: {color}");
            }
        }
    }

    /// How far apart two colours look (Oklab): 0.02 is just seen side by side, black and white are 1.
    fn apart(a: Rgb, b: Rgb) -> f64 {
        let lab = |rgb: Rgb| {
            let [red, green, blue] = rgb.map(|v| lightness([v; 3]));
            let cone = |of: [f64; 3]| libm::cbrt(of[0] * red + of[1] * green + of[2] * blue);
            let long = cone([0.412_221, 0.536_333, 0.051_446]);
            let middle = cone([0.211_903, 0.680_700, 0.107_397]);
            let short = cone([0.088_302, 0.281_719, 0.629_979]);
            [
                0.210_454 * long + 0.793_618 * middle - 0.004_072 * short,
                1.977_998 * long - 2.428_592 * middle + 0.450_594 * short,
                0.025_904 * long + 0.782_772 * middle - 0.808_676 * short,
            ]
        };
        let (a, b) = (lab(a), lab(b));
        libm::sqrt((0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum())
    }

    /// A colour as its channels, those of the terminal's palette as xterm has them.
    fn as_xterm(color: Color) -> Option<Rgb> {
        match color {
            Color::Rgb(r, g, b) => Some([r, g, b]),
            Color::Green => Some([0, 205, 0]),
            Color::Yellow => Some([205, 205, 0]),
            Color::Red => Some([205, 0, 0]),
            Color::Cyan => Some([0, 205, 205]),
            Color::Magenta => Some([205, 0, 205]),
            Color::LightBlue => Some([92, 92, 255]),
            Color::LightMagenta => Some([255, 0, 255]),
            Color::Reset => None,
            other => unreachable!("{other} is in no theme"),
        }
    }

    /// One colour, one meaning: what a lane shows is who, and what a bar, a word or a badge shows is what.
    #[test]
    fn the_colour_of_a_process_means_nothing_else() {
        for name in NAMES {
            let palette = builtin(name).expect(name);
            let own: Vec<_> = palette
                .processes
                .iter()
                .filter_map(|c| as_xterm(*c))
                .collect();
            let least = if *name == "mono" { 0 } else { 8 };
            assert!(own.len() >= least, "{name}: {}", own.len());
            for (at, who) in own.iter().enumerate() {
                for (role, style) in &palette.roles {
                    for other in [style.fg, style.bg].into_iter().flatten() {
                        let Some(other) = as_xterm(other) else {
                            continue;
                        };
                        let far = apart(*who, other);
                        let role = role.name();
                        assert!(far >= 0.07, "{name}: {who:02x?} is {role} by {far:.3}");
                    }
                }
                for other in &own[at + 1..] {
                    let far = apart(*who, *other);
                    assert!(
                        far >= 0.07,
                        "{name}: {who:02x?} is {other:02x?} by {far:.3}"
                    );
                }
            }
        }
    }

    /// Also in 256 colours; in sixteen there are not enough, and at least no state has the colour of a process.
    #[test]
    fn fewer_colours_leave_processes_their_own() {
        use crate::theme::{Depth, STATES, Theme};
        for name in NAMES.iter().filter(|name| **name != "mono") {
            let palette = builtin(name).expect(name);
            for (depth, roles, least) in [
                (Depth::Indexed, Role::ALL, 8),
                (Depth::Ansi, &STATES[..], 3),
                (Depth::Eight, &STATES[..], 2),
            ] {
                let theme = Theme::new(&palette, depth, false);
                let own = theme.process_colors();
                assert!(own.len() >= least, "{name} {depth:?}: {own:?}");
                for role in roles {
                    let style = theme.style(*role);
                    // Of a badge it is what is behind the letters.
                    if let Some(other) = style.bg.filter(|_| *role != Role::Text).or(style.fg) {
                        let role = role.name();
                        assert!(!own.contains(&other), "{name} {depth:?}: {role} is {other}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_on_an_unknown_ground_is_seen_on_black_and_on_white() {
        let palette = builtin("terminal-16").expect("the default");
        for color in &palette.processes {
            let own = rgb(*color).expect("a true colour");
            for ground in [[0; 3], [255; 3]] {
                let seen = between(own, ground);
                assert!(seen >= 3.0, "{color} is seen by {seen:.2} on {ground:?}");
            }
        }
    }
}
