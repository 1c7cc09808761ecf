//! Choosing cores on a grid that scrolls: one cell a core, whatever their number and however many are missing.

use ratatui::layout::Rect;

use crate::app::key::{Code, Key, Mouse, Press};
use crate::model::acting::tuning::CoreSet;
use crate::model::id::CpuId;

/// The grid with its cursor.
#[derive(Default)]
pub(super) struct Picker {
    /// Every core of the machine, in order.
    pub(super) all: Vec<CpuId>,
    pub(super) chosen: CoreSet,
    pub(super) at: usize,
    /// What is being typed, such as `0-3,8`.
    pub(super) typed: String,
    /// The first row that is visible.
    pub(super) top: usize,
    area: Rect,
}

impl Picker {
    pub(super) fn new(mut all: Vec<CpuId>, chosen: CoreSet) -> Self {
        // A core that went offline keeps its place in the mask.
        all.extend(chosen.iter());
        all.sort_unstable();
        all.dedup();
        Self {
            all,
            chosen,
            ..Self::default()
        }
    }

    /// Cells that one core takes: its mark, its number, a gap.
    pub(super) fn cell(&self) -> u16 {
        let digits = self.all.last().map_or(1, |c| c.to_string().len());
        digits as u16 + 3
    }

    pub(super) fn columns(&self) -> usize {
        // Eights make a grid that can be counted.
        let fitting = usize::from(self.area.width / self.cell()).max(1);
        if fitting >= 8 {
            fitting / 8 * 8
        } else {
            fitting
        }
    }

    pub(super) fn fit(&mut self, area: Rect) {
        self.area = area;
        self.at = self.at.min(self.all.len().saturating_sub(1));
        let (row, rows) = (self.at / self.columns(), usize::from(area.height).max(1));
        self.top = self.top.min(row).max((row + 1).saturating_sub(rows));
    }

    pub(super) fn go(&mut self, right: isize, down: isize) {
        self.typed.clear();
        let by = right.saturating_add(down.saturating_mul(self.columns() as isize));
        let last = self.all.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
    }

    pub(super) fn toggle(&mut self) {
        self.typed.clear();
        if let Some(core) = self.all.get(self.at) {
            self.chosen.set(*core, !self.chosen.contains(*core));
        }
    }

    /// Chooses anew from whether each core was chosen.
    pub(super) fn choose(&mut self, choose: impl Fn(bool) -> bool) {
        self.typed.clear();
        let was = self.chosen.clone();
        let now = self
            .all
            .iter()
            .copied()
            .filter(|c| choose(was.contains(*c)));
        self.chosen = now.collect();
    }

    /// Takes typed numbers; says whether the key was part of one.
    pub(super) fn key(&mut self, key: Key) -> bool {
        match key.code {
            Code::Backspace => {
                self.typed.pop();
            }
            Code::Char(c)
                if !key.ctrl && !key.alt && (c.is_ascii_digit() || c == ',' || c == '-') =>
            {
                self.typed.push(c);
            }
            _ => return false,
        }
        if let Ok(cores) = self.typed.parse::<CoreSet>() {
            self.chosen = self
                .all
                .iter()
                .copied()
                .filter(|c| cores.contains(*c))
                .collect();
        }
        true
    }

    pub(super) fn mouse(&mut self, mouse: Mouse) {
        match mouse.press {
            Press::WheelUp => self.go(0, -1),
            Press::WheelDown => self.go(0, 1),
            Press::Left if self.area.contains((mouse.column, mouse.row).into()) => {
                let column = usize::from((mouse.column - self.area.x) / self.cell());
                let row = usize::from(mouse.row - self.area.y) + self.top;
                let at = row * self.columns() + column;
                if column < self.columns() && at < self.all.len() {
                    self.at = at;
                    self.toggle();
                }
            }
            _ => {}
        }
    }
}
