//! The mouse in the dialogs of numbers, classes and policies.

use ratatui::layout::Position;

use super::{TuningDialog, draw};
use crate::app::key::{Mouse, Press};
use crate::model::acting::tuning::{IoClass, Policy, Setting};

impl TuningDialog {
    /// The wheel raises and lowers the number; a click takes a place of the rail, a class or a policy.
    pub(super) fn on_mouse(&mut self, mouse: Mouse) {
        let at = Position::new(mouse.column, mouse.row);
        let inside = self.editor.contains(at);
        let (x, y) = (
            mouse.column.saturating_sub(self.editor.x),
            mouse.row.saturating_sub(self.editor.y),
        );
        match (mouse.press, &self.setting) {
            (Press::WheelUp, _) => self.add(1),
            (Press::WheelDown, _) => self.add(-1),
            (Press::Left | Press::Drag, Some(Setting::Nice(nice))) if inside => {
                let rail = draw::RAIL..draw::RAIL + 40;
                if rail.contains(&x) {
                    let wanted = i32::from(x - draw::RAIL) - 20;
                    self.add(wanted - nice);
                }
            }
            (Press::Left, Some(Setting::Io(io))) if inside => {
                self.go_to_line(IoClass::ALL.iter().position(|c| *c == io.class), y);
            }
            (Press::Left, Some(Setting::Policy(s))) if inside => {
                self.go_to_line(Policy::ALL.iter().position(|p| *p == s.policy), y);
            }
            _ => return,
        }
        self.results.clear();
    }

    /// Goes to the class or policy in this line of those in view.
    fn go_to_line(&mut self, now: Option<usize>, line: u16) {
        let now = now.unwrap_or(0);
        let wanted = draw::above(now, self.rows) + usize::from(line);
        self.class(wanted as isize - now as isize);
    }
}
