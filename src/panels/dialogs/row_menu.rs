//! What can be done with the process under a right click: the actions of the keys, for the mouse. Does nothing by itself.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::copy::CopyMenu;
use super::{hints, scroll, signal, tuning};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::globals as g;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::text::pad;
use crate::theme::Role;
use crate::widgets::{line, popup, table};

static SPEC: Spec = Spec {
    name: "row-menu",
    title: "Process",
    about: "What can be done with the process under the mouse.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

const STATUS: &str = "Enter does it · Esc closes";

/// What is offered, and what it is called here.
const ITEMS: [(&str, &Action); 13] = [
    ("inspect it", &g::OVERVIEW),
    ("its memory", &g::MEMORY),
    ("its files and their other ends", &g::FILES),
    ("its threads and what they wait for", &g::THREADS),
    ("its connections", &g::SOCKETS),
    ("its environment", &g::ENVIRONMENT),
    ("its limits", &g::LIMITS),
    ("send a signal …", &signal::SIGNAL),
    ("freeze or thaw the branch …", &signal::FREEZE),
    ("nice …", &tuning::NICE_UP),
    ("cores …", &tuning::AFFINITY),
    ("I/O priority …", &tuning::IO),
    ("policy …", &tuning::POLICY),
];
/// The line for copying, below those of the inspector and above those that do something to the process.
const COPY: usize = 7;

/// The menu, with what can be copied of the process.
pub struct RowMenu {
    copy: Option<CopyMenu>,
    /// The last line.
    last: usize,
    at: usize,
    outer: Rect,
}

impl RowMenu {
    /// About the selected process; where nothing may be done to it, what does it is left out.
    pub fn new(copy: CopyMenu, read_only: bool) -> Self {
        Self {
            copy: Some(copy),
            last: if read_only { COPY } else { ITEMS.len() },
            at: 0,
            outer: Rect::ZERO,
        }
    }

    /// Label and keys of a line; the line for copying is none of the actions.
    fn item(at: usize) -> (&'static str, Option<&'static Action>) {
        match at {
            COPY => ("copy …", None),
            at => {
                let (label, action) = ITEMS[at - usize::from(at > COPY)];
                (label, Some(action))
            }
        }
    }

    fn take(&mut self) -> Reply {
        let then = match (Self::item(self.at).1, self.copy.take()) {
            (Some(action), _) => Reply::Act(action),
            (None, Some(copy)) => Reply::Open(Box::new(copy)),
            (None, None) => Reply::Done,
        };
        Reply::All(vec![Reply::Close, then])
    }

    fn by(&mut self, down: bool) {
        self.at = if down {
            (self.at + 1).min(self.last)
        } else {
            self.at.saturating_sub(1)
        };
    }
}

impl Panel for RowMenu {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, _: &World, screen: Rect) -> Reply {
        self.outer = popup::area(screen, 48, self.last as u16 + 1);
        Reply::Pass
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        match key.code {
            Code::Esc => return Reply::Close,
            Code::Enter => return self.take(),
            Code::Up => self.by(false),
            Code::Down => self.by(true),
            _ => return Reply::Pass,
        }
        Reply::Done
    }

    fn mouse(&mut self, _: &World, mouse: Mouse) -> Reply {
        let at = Position::new(mouse.column, mouse.row);
        let area = popup::content(self.outer);
        match mouse.press {
            Press::WheelUp => self.by(false),
            Press::WheelDown => self.by(true),
            Press::Left | Press::Right if !self.outer.contains(at) => return Reply::Close,
            Press::Left if area.contains(at) => {
                self.at = usize::from(mouse.row - area.y).min(self.last);
                return self.take();
            }
            _ => {}
        }
        Reply::Done
    }

    fn buttons(&self, _: &World, _: Rect) -> Vec<Button> {
        hints::status(self.outer, SPEC.title, STATUS)
    }

    fn render(&self, world: &World, _: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let area = popup::draw(theme, self.outer, SPEC.title, STATUS, buf);
        for i in 0..=self.last {
            let row = scroll::row(area, i);
            let (label, action) = Self::item(i);
            let key = action.map_or_else(|| "y".to_owned(), |a| world.keys.shown(a));
            let parts = [
                (format!("  {}", pad(&key, 5)), Role::Accent),
                (label.to_owned(), Role::Text),
            ];
            line::draw(theme, row, &parts, Modifier::empty(), buf);
            if i == self.at && row.height > 0 {
                table::select(theme, row, buf);
            }
        }
    }
}
