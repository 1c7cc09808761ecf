//! What every tab with one table does alike: lines above it, the table itself, the mouse, the search.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::sheet::Sheet;
use crate::app::action::Action;
use crate::app::key::{Mouse, Press};
use crate::app::moves;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::theme::{Role, Theme};
use crate::widgets::line;
use crate::widgets::table::{Column, Row, Table, place};

/// What a pane with a listing answers; it copies the chosen row itself.
pub const ACTIONS: &[&Action] = &[
    moves::UP,
    moves::DOWN,
    moves::PAGE_UP,
    moves::PAGE_DOWN,
    moves::HALF_UP,
    moves::HALF_DOWN,
    moves::FIRST,
    moves::LAST,
    moves::SEARCH,
    moves::NEXT,
    moves::PREVIOUS,
    moves::SORT_LEFT,
    moves::SORT_RIGHT,
    moves::INVERT,
    moves::COPY,
];

/// A line above a table, in parts of different roles.
pub type Parts = Vec<(String, Role)>;

/// From this height on the selected row is told of in full below the table.
const ROOM_FOR_FOOT: u16 = 14;

/// A table with lines above it, as it was fitted last.
#[derive(Clone, Debug, Default)]
pub struct Listing<K> {
    /// Selection, scrolling, search and order.
    pub sheet: Sheet<K>,
    head: Vec<Parts>,
    foot: Vec<Parts>,
    rows: Vec<Row>,
    titles: bool,
    area: Rect,
}

/// What a listing is fitted to.
pub struct Content<'a, K> {
    /// Whether the columns have titles.
    pub titles: bool,
    /// The lines above the table; at most a third of the height is given to them.
    pub head: Vec<Parts>,
    /// What is told of the selected row below the table, where there is room for it.
    pub foot: &'a dyn Fn(usize) -> Vec<Parts>,
    /// The keys of all rows, in order.
    pub keys: &'a [K],
    /// Whether a row contains a text.
    pub matches: &'a dyn Fn(usize, &str) -> bool,
    /// A row as it is drawn.
    pub row: &'a dyn Fn(usize) -> Row,
}

impl<K: Clone + PartialEq + Default> Listing<K> {
    /// Takes in the rows as they are now; only those in view are made.
    pub fn fit(&mut self, area: Rect, mut content: Content<'_, K>) {
        self.area = area;
        self.titles = content.titles;
        self.head = std::mem::take(&mut content.head);
        self.head.truncate(usize::from(area.height / 3));
        self.foot.clear();
        self.fit_sheet(&content);
        if let Some(selected) = self.sheet.selected() {
            self.foot = (content.foot)(selected);
            let room = if area.height >= ROOM_FOR_FOOT {
                area.height / 3
            } else {
                0
            };
            self.foot.truncate(usize::from(room));
            if !self.foot.is_empty() {
                self.fit_sheet(&content);
            }
        }
        self.rows = self.sheet.window().map(content.row).collect();
    }

    fn fit_sheet(&mut self, content: &Content<'_, K>) {
        let height = usize::from(self.table().height.saturating_sub(self.titles.into()));
        self.sheet.fit(content.keys, height, content.matches);
    }

    /// The places of the rows in view.
    pub fn in_view(&self) -> std::ops::Range<usize> {
        self.sheet.window()
    }

    /// Where the table stands, its titles included: between the head and a line above the foot.
    fn table(&self) -> Rect {
        let head = self.head.len() as u16;
        let foot = self.foot_height();
        Rect {
            y: self.area.y + head,
            height: self.area.height.saturating_sub(head + foot),
            ..self.area
        }
    }

    fn foot_height(&self) -> u16 {
        match self.foot.len() {
            0 => 0,
            lines => lines as u16 + 1,
        }
    }

    /// Answers moves, search and sort.
    pub fn act(&mut self, action: &Action, columns: &[Column]) -> Reply {
        if self.sheet.act(action, columns.len()) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    /// Answers the mouse: rows are selected, the wheel scrolls, a click on a title sorts.
    pub fn mouse(&mut self, mouse: Mouse, columns: &[Column]) -> Reply {
        let table = self.table();
        if mouse.press == Press::Left && mouse.row == table.y && table.height > 0 && self.titles {
            let at = mouse.column.saturating_sub(table.x);
            let placed = place(columns, table.width);
            if let Some(p) = placed.iter().find(|p| p.cells.contains(&at)) {
                self.sheet.sort_by(p.column);
                return Reply::Done;
            }
        }
        let row = i32::from(mouse.row) - i32::from(table.y) - i32::from(self.titles);
        if self.sheet.mouse(mouse, row) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    /// Draws what was fitted; `order` tells whether a column's own order begins with the largest.
    pub fn render(
        &self,
        world: &World,
        columns: &[Column],
        order: impl Fn(usize) -> bool,
        buf: &mut Buffer,
    ) {
        let descending = order(self.sheet.sort) != self.sheet.inverted;
        let theme = &world.theme;
        self.draw_lines(theme, &self.head, self.area.y, buf);
        let bottom = self.area.y + self.area.height;
        let foot = bottom.saturating_sub(self.foot_height());
        if !self.foot.is_empty() {
            let rule = if theme.glyphs.ascii { "-" } else { "─" };
            let wide = usize::from(self.area.width.saturating_sub(2));
            let parts = vec![(rule.repeat(wide), Role::Faint)];
            self.draw_lines(theme, &[parts], foot, buf);
            self.draw_lines(theme, &self.foot, foot + 1, buf);
        }
        let table = Table {
            columns,
            rows: &self.rows,
            selected: self.sheet.selected_in_view(),
            sort: Some((self.sheet.sort, descending)),
            needle: self.sheet.needle(),
            header: self.titles,
        };
        table.render(theme, self.table(), buf);
    }
}

impl<K> Listing<K> {
    fn draw_lines(&self, theme: &Theme, lines: &[Parts], from: u16, buf: &mut Buffer) {
        for (parts, y) in lines.iter().zip(from..) {
            let area = Rect {
                x: self.area.x + 1,
                y,
                width: self.area.width.saturating_sub(1),
                height: 1,
            };
            line::draw(theme, area, parts, Modifier::empty(), buf);
        }
    }
}

/// Says in the middle of an empty pane why it is empty.
pub fn empty(theme: &Theme, area: Rect, text: &str, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let wide = crate::model::text::width(text).min(usize::from(area.width)) as u16;
    let at = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + area.height / 3,
        width: wide,
        height: 1,
    };
    let parts = [(text.to_owned(), Role::Dim)];
    line::draw(theme, at, &parts, Modifier::empty(), buf);
}
