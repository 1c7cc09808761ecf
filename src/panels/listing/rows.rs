//! What every table answers alike: moves, search, filter, order, mouse; and what it says of itself.

use super::{Listing, Order};
use crate::app::action::{Action, Keymap};
use crate::app::key::{Key, Mouse, Press};
use crate::app::panel::{Hit, Reply, Rows};
use crate::widgets::table::{Row, place};

impl<K: Clone + PartialEq> Rows for Listing<K> {
    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn filtered(&self) -> bool {
        self.table.filtered()
    }

    fn key(&mut self, keys: &Keymap, key: Key) {
        self.table.key(keys, key);
    }

    fn paste(&mut self, text: &str) {
        self.table.paste(text);
    }

    fn act(&mut self, action: &Action) -> Reply {
        let order = self.order;
        let sortable = |column| order(column) != Order::None;
        self.table.act(action, self.columns.len(), sortable)
    }

    /// A click selects a row, the wheel scrolls, a click on a title sorts.
    fn mouse(&mut self, mouse: Mouse) -> Hit {
        let table = self.table();
        if mouse.press == Press::Left && mouse.row == table.y && table.height > 0 && self.titles {
            let at = mouse.column.saturating_sub(table.x);
            let placed = place(&self.columns, table.width);
            let hit = placed.iter().find(|p| p.cells.contains(&at));
            if let Some(p) = hit.filter(|p| (self.order)(p.column) != Order::None) {
                self.table.sort_by(p.column);
            }
            return Hit::Taken;
        }
        let row = i32::from(mouse.row) - i32::from(table.y) - i32::from(self.titles);
        self.table.mouse(mouse, row)
    }

    fn begin(&mut self) {
        self.table.begin();
    }

    fn status(&self) -> String {
        self.table.status(self.all)
    }

    fn chosen_cells(&self) -> Vec<(&'static str, String)> {
        let row = self.table.selected_in_view().and_then(|i| self.rows.get(i));
        let cells = row.into_iter().flat_map(|row| &row.cells);
        self.columns
            .iter()
            .zip(cells)
            .filter(|(column, _)| !column.absent)
            .map(|(column, cell)| (column.title.trim(), cell.to_string().trim().to_owned()))
            .collect()
    }

    fn whole_table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let heads = self.columns.iter().map(|c| c.title.to_lowercase());
        let text = |row: &Row| {
            let cells = row
                .cells
                .iter()
                .map(|line| line.to_string().trim().to_owned());
            cells.collect()
        };
        (heads.collect(), self.rows.iter().map(text).collect())
    }
}
