//! The small menu of what can be copied of a process: its pid, name, command, row, and lines ready to be run elsewhere.
//! Copies nothing by itself; pscope never runs those lines.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{hints, scroll};
use crate::app::button::Button;
use crate::app::event::Effect;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::plan::Needs;
use crate::model::snapshot::Proc;
use crate::model::text::pad;
use crate::theme::Role;
use crate::widgets::{line, popup, table};

static SPEC: Spec = Spec {
    name: "copy-menu",
    title: "Copy",
    about: "What can be copied of the selected process.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[],
};

const STATUS: &str = "Enter copies · Esc closes";

/// The menu, about one process as it was when it opened.
pub struct CopyMenu {
    items: Vec<Item>,
    at: usize,
}

/// A letter, what is copied, and its text.
struct Item {
    key: char,
    what: &'static str,
    text: String,
}

impl CopyMenu {
    /// What can be copied of a process whose row reads so.
    pub fn new(proc: &Proc, row: String) -> Self {
        let pid = proc.id.pid;
        let mut items = Vec::new();
        let mut add = |key, what, text: String| items.push(Item { key, what, text });
        add('y', "command", proc.command_line());
        add('p', "pid", pid.to_string());
        add('n', "name", proc.facts.name.to_string());
        add('r', "row as text", row);
        if let Some(path) = path(proc) {
            add('f', "path of the program", path);
        }
        add('s', "its system calls", format!("strace -f -p {pid}"));
        add('g', "a debugger on it", format!("gdb -p {pid}"));
        add(
            'o',
            "where it spends time",
            format!("perf record -g -p {pid}"),
        );
        Self { items, at: 0 }
    }

    fn outer(&self, screen: Rect) -> Rect {
        popup::area(screen, 84, self.items.len() as u16)
    }

    fn take(&self, at: usize) -> Reply {
        match self.items.get(at) {
            Some(item) => Reply::All(vec![
                Reply::Close,
                Reply::Do(Effect::Copy(item.text.clone())),
            ]),
            None => Reply::Done,
        }
    }
}

/// Where its program lies, as far as it was read or its first argument tells.
fn path(proc: &Proc) -> Option<String> {
    let read = proc.extra.as_ref().and_then(|e| e.exe.as_ref().ok());
    let read = read.map(ToString::to_string);
    read.or_else(|| {
        let command = proc.facts.command.as_ref().ok()?;
        let first = command.args().next().filter(|a| a.starts_with('/'))?;
        Some(first.split(' ').next().unwrap_or(first).to_owned())
    })
}

impl Panel for CopyMenu {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        let last = self.items.len().saturating_sub(1);
        match key.code {
            Code::Esc => return Reply::Close,
            Code::Enter => return self.take(self.at),
            Code::Up => self.at = self.at.saturating_sub(1),
            Code::Down => self.at = (self.at + 1).min(last),
            _ => {
                let letter = key.typed();
                let found = self.items.iter().position(|i| Some(i.key) == letter);
                return found.map_or(Reply::Pass, |at| self.take(at));
            }
        }
        Reply::Done
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        let _ = world;
        match mouse.press {
            Press::WheelUp => self.at = self.at.saturating_sub(1),
            Press::WheelDown => self.at = (self.at + 1).min(self.items.len() - 1),
            // A click on a line is a button; any other leaves.
            Press::Left => return Reply::Close,
            _ => {}
        }
        Reply::Done
    }

    fn buttons(&self, _: &World, screen: Rect) -> Vec<Button> {
        let outer = self.outer(screen);
        let area = popup::content(outer);
        let lines = self.items.iter().enumerate().map(|(i, item)| {
            let row = scroll::row(area, i);
            Button::press(row, Key::char(item.key))
        });
        let lines = lines.filter(|b| b.area.contains(Position::new(area.x, b.area.y)));
        lines
            .chain(hints::status(outer, SPEC.title, STATUS))
            .collect()
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        let theme = &world.theme;
        let area = popup::draw(theme, self.outer(screen), SPEC.title, STATUS, buf);
        for (i, item) in self.items.iter().enumerate() {
            let row = scroll::row(area, i);
            let parts = [
                (format!("  {}  ", item.key), Role::Accent),
                (pad(item.what, 22), Role::Text),
                (item.text.clone(), Role::Dim),
            ];
            line::draw(theme, row, &parts, Modifier::empty(), buf);
            if i == self.at && row.height > 0 {
                table::select(theme, row, buf);
            }
        }
    }
}
