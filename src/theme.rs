//! The colours and glyphs of the screen by their role. Reads no file: `term` finds out what the terminal can, `run` loads themes.

use ratatui::style::{Color, Modifier, Style};

use crate::model::id::ProcId;

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None (`NO_COLOR`, `TERM=dumb`): bold, dim and reverse only.
    Mono,
    /// The 8 or 16 colours of the terminal's own palette.
    Ansi,
    /// 256.
    Indexed,
    /// 24 bits.
    True,
}

/// A role that text or a shape plays; a theme gives each a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// What matters most in its place.
    Strong,
    /// What recedes: units, labels, lines of the tree.
    Dim,
    /// What recedes furthest: empty parts of bars, grids.
    Faint,
    /// Borders.
    Border,
    /// The border of the pane that has the keyboard.
    BorderFocus,
    /// Titles of panes.
    Title,
    /// The one accent: keys in the footer, the chosen tab, links to other processes.
    Accent,
    /// The chosen tab, the badge with the program's name.
    Badge,
    /// The loud badge of stopped time.
    Paused,
    /// The selected row.
    Selected,
    /// All is well, live, running.
    Good,
    /// Look here: high, near a limit, waiting.
    Warn,
    /// Wrong: blocked, lost, failed.
    Bad,
    /// A tagged row.
    Tagged,
    /// A row that just began.
    New,
    /// A row that has ended.
    Ended,
    /// A match of the search.
    Match,
    /// Names of users.
    User,
    /// Names of threads.
    Thread,
    /// Kernel threads.
    Kernel,
    /// Share of a core: user land.
    CpuUser,
    /// Share of a core: the kernel.
    CpuSystem,
    /// Share of a core: interrupts.
    CpuIrq,
    /// Share of a core: taken by the hypervisor.
    CpuSteal,
    /// Share of a core: waiting for I/O.
    CpuIowait,
    /// Memory in use.
    MemUsed,
    /// Memory as cache.
    MemCache,
    /// Swap.
    Swap,
    /// Regions: text (code).
    RegionText,
    /// Regions: read-only data.
    RegionRodata,
    /// Regions: globals.
    RegionGlobals,
    /// Regions: heap.
    RegionHeap,
    /// Regions: stacks.
    RegionStack,
    /// Regions: libraries.
    RegionLibrary,
    /// Regions: mapped files.
    RegionFile,
    /// Regions: shared memory.
    RegionShared,
    /// Regions: anonymous memory.
    RegionAnonymous,
    /// Regions: reserved, guard, vdso, devices.
    RegionOther,
}

/// Whether pictures are drawn with Unicode or with ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// ASCII only.
    pub ascii: bool,
}

/// Styles by role, a palette for processes, and the glyphs.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: Vec<(Role, Style)>,
    processes: Vec<Color>,
    /// The glyphs.
    pub glyphs: Glyphs,
}

impl Theme {
    /// The terminal's own 16 colours on its own background: right on light and on dark.
    pub fn terminal(depth: Depth, ascii: bool) -> Self {
        let mut styles = Vec::new();
        for (role, color, modifier) in TERMINAL_16 {
            let mut style = Style::new().add_modifier(*modifier);
            if depth > Depth::Mono && *color != Color::Reset {
                style = style.fg(*color);
            }
            styles.push((*role, style));
        }
        let processes = if depth == Depth::Mono {
            vec![Color::Reset]
        } else {
            vec![
                Color::Blue,
                Color::Magenta,
                Color::Green,
                Color::Cyan,
                Color::Yellow,
                Color::Red,
                Color::LightBlue,
                Color::LightMagenta,
                Color::LightGreen,
                Color::LightCyan,
            ]
        };
        Self {
            styles,
            processes,
            glyphs: Glyphs { ascii },
        }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles
            .iter()
            .find(|(r, _)| *r == role)
            .map_or_else(Style::new, |(_, style)| *style)
    }

    /// The colour of a process: the same in lanes, tree and tables, for its whole life.
    pub fn process(&self, id: ProcId) -> Color {
        let mixed =
            (u64::from(id.pid.0) ^ id.start.0.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.processes[(mixed >> 32) as usize % self.processes.len()]
    }
}

const TERMINAL_16: &[(Role, Color, Modifier)] = &[
    (Role::Strong, Color::Reset, Modifier::BOLD),
    (Role::Dim, Color::DarkGray, Modifier::empty()),
    (Role::Faint, Color::DarkGray, Modifier::DIM),
    (Role::Border, Color::DarkGray, Modifier::empty()),
    (Role::BorderFocus, Color::Cyan, Modifier::empty()),
    (Role::Title, Color::Reset, Modifier::BOLD),
    (Role::Accent, Color::Cyan, Modifier::empty()),
    (Role::Badge, Color::Cyan, Modifier::REVERSED),
    (
        Role::Paused,
        Color::Yellow,
        Modifier::REVERSED.union(Modifier::BOLD),
    ),
    (Role::Selected, Color::Reset, Modifier::REVERSED),
    (Role::Good, Color::Green, Modifier::empty()),
    (Role::Warn, Color::Yellow, Modifier::empty()),
    (Role::Bad, Color::Red, Modifier::BOLD),
    (Role::Tagged, Color::Yellow, Modifier::BOLD),
    (Role::New, Color::Green, Modifier::empty()),
    (Role::Ended, Color::DarkGray, Modifier::CROSSED_OUT),
    (Role::Match, Color::Yellow, Modifier::UNDERLINED),
    (Role::User, Color::Blue, Modifier::empty()),
    (Role::Thread, Color::Green, Modifier::empty()),
    (Role::Kernel, Color::DarkGray, Modifier::empty()),
    (Role::CpuUser, Color::Green, Modifier::empty()),
    (Role::CpuSystem, Color::Red, Modifier::empty()),
    (Role::CpuIrq, Color::Yellow, Modifier::empty()),
    (Role::CpuSteal, Color::Magenta, Modifier::empty()),
    (Role::CpuIowait, Color::Blue, Modifier::empty()),
    (Role::MemUsed, Color::Green, Modifier::empty()),
    (Role::MemCache, Color::Blue, Modifier::empty()),
    (Role::Swap, Color::Yellow, Modifier::empty()),
    (Role::RegionText, Color::Magenta, Modifier::empty()),
    (Role::RegionRodata, Color::Yellow, Modifier::DIM),
    (Role::RegionGlobals, Color::Yellow, Modifier::empty()),
    (Role::RegionHeap, Color::Green, Modifier::empty()),
    (Role::RegionStack, Color::Red, Modifier::empty()),
    (Role::RegionLibrary, Color::Blue, Modifier::empty()),
    (Role::RegionFile, Color::LightBlue, Modifier::empty()),
    (Role::RegionShared, Color::Cyan, Modifier::empty()),
    (Role::RegionAnonymous, Color::Gray, Modifier::empty()),
    (Role::RegionOther, Color::DarkGray, Modifier::empty()),
];
