//! The colours and glyphs of the screen by their role. Reads no file: `term` finds out what the terminal can, `run` loads themes.

mod apart;
mod builtin;
pub mod contrast;
mod depth;
mod file;
pub mod ground;
mod role;

use ratatui::style::{Color, Modifier, Style};

pub use builtin::{NAMES, builtin};
pub use depth::Depth;
pub use file::{ThemeError, parse, read};
pub use ground::Ground;
pub use role::Role;

use crate::model::id::ProcId;
use apart::Given;

/// The colours of processes where a terminal has sixteen, which is too few for one that nothing else has: none that is a state,
/// and each read on black and on white.
const OF_SIXTEEN: [Color; 4] = [
    Color::LightBlue,
    Color::Magenta,
    Color::Cyan,
    Color::LightMagenta,
];

/// What says how something is.
const STATES: [Role; 7] = [
    Role::Good,
    Role::Warn,
    Role::Bad,
    Role::Tagged,
    Role::New,
    Role::Match,
    Role::Paused,
];

/// Whether pictures are drawn with Unicode or with ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// ASCII only.
    pub ascii: bool,
}

/// Styles by role, a palette for processes, and the glyphs.
#[derive(Clone, Debug)]
pub struct Theme {
    /// By the place of the role in [`Role::ALL`].
    styles: Vec<Style>,
    processes: Vec<Color>,
    given: Given,
    /// The glyphs.
    pub glyphs: Glyphs,
    /// How many colours the terminal shows.
    pub depth: Depth,
}

/// A theme as its file says, before it is fitted to a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// The style of each role that has one.
    pub roles: Vec<(Role, Style)>,
    /// The colours of processes.
    pub processes: Vec<Color>,
}

impl Theme {
    /// Fits a palette to what the terminal can show.
    pub fn new(palette: &Palette, depth: Depth, ascii: bool) -> Self {
        let mut styles = vec![Style::new(); Role::ALL.len()];
        let ground = palette.roles.iter().find(|(role, _)| *role == Role::Text);
        let ground = ground.and_then(|(_, style)| style.bg);
        for (role, style) in &palette.roles {
            let mut style = *style;
            if depth == Depth::Mono && style.bg == ground {
                // What is behind everything marks nothing.
                style.bg = None;
            }
            styles[*role as usize] = depth.style(style);
        }
        if matches!(depth, Depth::Eight | Depth::Ansi) {
            few(&mut styles, palette);
        }
        let mut processes: Vec<Color> = Vec::new();
        let few = matches!(depth, Depth::Eight | Depth::Ansi);
        let state = |color: Color| {
            let shown = STATES.iter().map(|role| styles[*role as usize]);
            shown.map(|s| s.bg.or(s.fg)).any(|c| c == Some(color))
        };
        let sixteen = OF_SIXTEEN.map(|c| depth.color(c));
        let sixteen: Vec<Color> = sixteen.into_iter().filter(|c| !state(*c)).collect();
        let own = palette.processes.iter().flat_map(|color| match color {
            Color::Rgb(..) if few => sixteen.clone(),
            color => vec![depth.color(*color)],
        });
        for color in own {
            if !processes.contains(&color) && color != Color::DarkGray {
                processes.push(color);
            }
        }
        if processes.is_empty() {
            processes.push(Color::Reset);
        }
        Self {
            styles,
            processes,
            given: Given::default(),
            glyphs: Glyphs { ascii },
            depth,
        }
    }

    /// The terminal's own 16 colours on its own background: right on light and on dark.
    pub fn terminal(depth: Depth, ascii: bool) -> Self {
        Self::new(&builtin("terminal-16").unwrap_or_default(), depth, ascii)
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The colours that processes have.
    pub fn process_colors(&self) -> &[Color] {
        &self.processes
    }

    /// The colour of a process: the same in lanes, tree and tables, and from when it is busy on for as long as it is.
    pub fn process(&self, id: ProcId) -> Color {
        let place = self.given.of(id).unwrap_or_else(|| self.own(id));
        self.processes[place % self.processes.len()]
    }

    /// The place of the colour that a process has by its number.
    fn own(&self, id: ProcId) -> usize {
        let mixed =
            (u64::from(id.pid.0) ^ id.start.0.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize % self.processes.len()
    }

    /// Sees to it that those that are busy at the same time have different colours, the busiest first.
    pub fn tell_apart(&mut self, busiest: &[ProcId]) {
        let mut given = std::mem::take(&mut self.given);
        let colors = self.processes.len();
        given.tell_apart(busiest, colors, |id| self.own(id));
        self.given = given;
    }

    /// Leaves processes the places among the colours that they had in another theme.
    pub fn keep_places(&mut self, other: &Self) {
        self.given.clone_from(&other.given);
    }
}

/// Makes a theme of many colours right in few: nothing is said in bright black, which well-known palettes give to the background,
/// and what stood out by what is behind it still does where both became one colour.
fn few(styles: &mut [Style], palette: &Palette) {
    let asked = |role: usize| palette.roles.iter().find(|(r, _)| *r as usize == role);
    let behind = asked(Role::Text as usize).and_then(|(_, style)| style.bg);
    let text = &mut styles[Role::Text as usize];
    if text.fg == Some(Color::DarkGray) {
        text.fg = Some(match text.bg {
            Some(Color::White | Color::Gray) => Color::Black,
            _ => Color::Gray,
        });
    }
    let text = *text;
    for (role, style) in styles.iter_mut().enumerate() {
        if style.fg == Some(Color::DarkGray) {
            style.fg = text.fg;
            *style = style.add_modifier(Modifier::DIM);
        }
        let stood_out = asked(role).is_some_and(|(_, s)| s.bg.is_some() && s.bg != behind);
        if stood_out && style.bg == text.bg {
            *style = style.add_modifier(Modifier::REVERSED);
        }
    }
}
