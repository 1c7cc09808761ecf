//! What every pane with a table does alike: lines above it, the table itself, search, filter, order, mouse.

mod rows;
mod state;
mod wanted;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::action::Action;
use crate::app::moves;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::text::{width, wrap};
use crate::theme::{Role, Theme};
use crate::widgets::line::{self, Styled};
use crate::widgets::table::{Column, Row, Table};
use state::TableState;
use wanted::Wanted;

/// What a pane with a listing answers besides going to the first row.
const SHARED: [&Action; 16] = [
    moves::UP,
    moves::DOWN,
    moves::PAGE_UP,
    moves::PAGE_DOWN,
    moves::HALF_UP,
    moves::HALF_DOWN,
    moves::LAST,
    moves::FILTER,
    moves::CLEAR,
    moves::SEARCH,
    moves::NEXT,
    moves::PREVIOUS,
    moves::SORT_LEFT,
    moves::SORT_RIGHT,
    moves::INVERT,
    moves::COPY,
];

/// The pane's own actions and those of every listing, for its spec. `first` is [`moves::FIRST`], or [`moves::HOME`] where `g` is the pane's own.
///
/// # Panics
/// While compiling, where the list is not as long as all of them together.
pub const fn actions<const OWN: usize, const ALL: usize>(
    first: &'static Action,
    own: [&'static Action; OWN],
) -> [&'static Action; ALL] {
    assert!(
        ALL == OWN + SHARED.len() + 1,
        "the list holds the pane's own actions, the first row, and the shared ones"
    );
    let mut all = [first; ALL];
    let mut i = 0;
    while i < OWN {
        all[i] = own[i];
        i += 1;
    }
    while i + 1 < ALL {
        all[i] = SHARED[i - OWN];
        i += 1;
    }
    all
}

/// A line above a table, in parts of different roles.
pub type Parts = Vec<Styled>;

/// From this height on the selected row is told of in full below the table.
const ROOM_FOR_FOOT: u16 = 14;

/// Cells of a column of users; longer names are cut in the middle, no two alike.
pub const USER: u16 = 9;

/// How a column orders rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest first, or by the alphabet.
    Ascending,
    /// The largest first.
    Descending,
    /// Rows cannot be sorted by it.
    None,
}

impl Order {
    /// Descending if so, else ascending.
    pub const fn descending(so: bool) -> Self {
        if so {
            Self::Descending
        } else {
            Self::Ascending
        }
    }
}

/// A table with lines above it, as it was fitted last.
#[derive(Clone, Debug)]
pub struct Listing<K> {
    table: TableState<K>,
    columns: Vec<Column>,
    order: fn(usize) -> Order,
    head: Vec<Parts>,
    foot: Vec<Parts>,
    /// The places of the listed rows among all that the pane has: the filter leaves some out.
    listed: Vec<usize>,
    all: usize,
    rows: Vec<Row>,
    titles: bool,
    area: Rect,
}

impl<K> Default for Listing<K> {
    fn default() -> Self {
        Self {
            table: TableState::default(),
            columns: Vec::new(),
            order: |_| Order::None,
            head: Vec::new(),
            foot: Vec::new(),
            listed: Vec::new(),
            all: 0,
            rows: Vec::new(),
            titles: true,
            area: Rect::ZERO,
        }
    }
}

/// What a listing is fitted to. Rows are told by their place in `keys`.
pub struct Content<'a, K> {
    /// The columns.
    pub columns: &'a [Column],
    /// How each of them orders rows; the pane has sorted its rows so.
    pub order: fn(usize) -> Order,
    /// Whether the columns have titles.
    pub titles: bool,
    /// The lines above the table; at most a third of the height is given to them.
    pub head: Vec<Parts>,
    /// What is told of the selected row below the table, where there is room for it.
    pub foot: &'a dyn Fn(usize) -> Vec<Parts>,
    /// The keys of all rows, in order.
    pub keys: &'a [K],
    /// Everything about a row that search and filter look at, in any case.
    pub words: &'a dyn Fn(usize) -> String,
    /// A row as it is drawn.
    pub row: &'a dyn Fn(usize) -> Row,
}

/// Nothing below the table.
pub fn no_foot(_: usize) -> Vec<Parts> {
    Vec::new()
}

impl Listing<ProcId> {
    /// Opens the chosen process in the inspector, on this tab.
    pub fn inspect(&self, tab: &'static str) -> Reply {
        let chosen = self.chosen();
        chosen.map_or(Reply::Done, |id| Reply::Inspect(*id, tab))
    }
}

impl<K: Clone + PartialEq> Listing<K> {
    /// A listing that is sorted by this column at first.
    pub fn sorted_by(column: usize) -> Self {
        let mut listing = Self::default();
        listing.table.sort = column;
        listing
    }

    /// Where a line above the table stands, where there is room for it.
    pub fn head_line(&self, at: usize) -> Option<Rect> {
        (at < self.head.len()).then(|| Rect {
            x: self.area.x + 1.min(self.area.width),
            y: self.area.y + at as u16,
            width: self.area.width.saturating_sub(1),
            height: 1,
        })
    }

    /// Takes in the rows as they are now; only those in view are made.
    pub fn fit(&mut self, area: Rect, mut content: Content<'_, K>) {
        self.area = area;
        self.columns.clear();
        self.columns.extend(content.columns);
        self.order = content.order;
        self.titles = content.titles;
        self.head = std::mem::take(&mut content.head);
        self.head.truncate(usize::from(area.height / 3));
        self.foot.clear();
        self.fit_sheet(&content);
        if let Some(selected) = self.selected() {
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
        self.rows = self.in_view().map(content.row).collect();
    }

    fn fit_sheet(&mut self, content: &Content<'_, K>) {
        let words = |i: usize| (content.words)(i).to_lowercase();
        let filter = self.table.filter().to_lowercase();
        let wanted: Vec<&str> = filter.split_whitespace().collect();
        self.all = content.keys.len();
        self.listed.clear();
        if wanted.is_empty() {
            self.listed.extend(0..self.all);
        } else {
            let rows: Vec<String> = (0..self.all).map(words).collect();
            let wanted: Vec<_> = wanted.iter().map(|w| Wanted::of(w, &rows)).collect();
            let passes = |row: &String| wanted.iter().all(|word| word.is_in(row));
            self.listed
                .extend((0..self.all).filter(|i| passes(&rows[*i])));
        }
        let left: Vec<K>;
        let keys = if self.listed.len() == self.all {
            content.keys
        } else {
            left = self
                .listed
                .iter()
                .map(|i| content.keys[*i].clone())
                .collect();
            &left
        };
        let height = usize::from(self.table().height.saturating_sub(self.titles.into()));
        let listed = &self.listed;
        self.table.fit(keys, height, |i, needle| {
            words(listed[i]).contains(&needle.to_lowercase())
        });
    }

    /// The key of the selected row.
    pub fn chosen(&self) -> Option<&K> {
        self.table.chosen()
    }

    /// Selects a row by its key at the next `fit`.
    pub fn choose(&mut self, key: K) {
        self.table.choose(key);
    }

    /// The place of the selected row among those of the pane.
    pub fn selected(&self) -> Option<usize> {
        self.listed.get(self.table.selected()?).copied()
    }

    /// The places of the rows in view among those of the pane.
    pub fn in_view(&self) -> impl Iterator<Item = usize> {
        let listed = self.listed.get(self.table.window()).unwrap_or_default();
        listed.iter().copied()
    }

    /// The column that rows are to be sorted by, and whether the other way round than its own order.
    pub fn sort(&self) -> (usize, bool) {
        (self.table.sort, self.table.inverted)
    }

    /// Sorts by this column from now on, in its own order.
    pub fn sort_by(&mut self, column: usize) {
        self.table.sort = column;
        self.table.inverted = false;
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

    /// Draws what was fitted.
    pub fn render(&self, world: &World, buf: &mut Buffer) {
        let theme = &world.theme;
        draw_lines(theme, &self.head, self.area, buf);
        let foot = self.foot_height();
        if foot > 0 {
            let rule = if theme.glyphs.ascii { "-" } else { "─" };
            let wide = usize::from(self.area.width.saturating_sub(2));
            let mut lines = vec![vec![(rule.repeat(wide), Role::Faint)]];
            lines.extend(self.foot.iter().cloned());
            let at = Rect {
                y: self.area.bottom().saturating_sub(foot),
                height: foot,
                ..self.area
            };
            draw_lines(theme, &lines, at, buf);
        }
        let (by, inverted) = self.sort();
        let sort = match (self.order)(by) {
            Order::None => None,
            order => Some((by, (order == Order::Descending) != inverted)),
        };
        let table = Table {
            columns: &self.columns,
            rows: &self.rows,
            selected: self.table.selected_in_view(),
            sort,
            needle: self.table.marked(),
            header: self.titles,
        };
        table.render(theme, self.table(), buf);
        if self.listed.is_empty() && self.all > 0 {
            let table = self.table();
            let below = Rect {
                y: table.y + u16::from(self.titles),
                height: table.height.saturating_sub(self.titles.into()),
                ..table
            };
            let text = format!("none of {} rows has '{}'", self.all, self.table.filter());
            draw_lines(theme, &[vec![(text, Role::Dim)]], below, buf);
        }
    }
}

/// Draws lines one below the other, a cell from the left end.
pub fn draw_lines(theme: &Theme, lines: &[Parts], area: Rect, buf: &mut Buffer) {
    for (parts, y) in lines.iter().zip(area.top()..area.bottom()) {
        let at = Rect {
            x: area.x + 1.min(area.width),
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(theme, at, parts, Modifier::empty(), buf);
    }
}

/// Says in the middle of an empty pane why it is empty.
pub fn empty(theme: &Theme, area: Rect, text: &str, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let lines = wrap(text, usize::from(area.width.saturating_sub(2).max(1)));
    let wide = lines.iter().map(|l| width(l)).max().unwrap_or(0);
    let wide = wide.min(usize::from(area.width)) as u16;
    for (words, y) in lines
        .into_iter()
        .zip(area.y + area.height / 3..area.bottom())
    {
        let at = Rect {
            x: area.x + (area.width - wide) / 2,
            y,
            width: wide,
            height: 1,
        };
        line::draw(theme, at, &[(words, Role::Dim)], Modifier::empty(), buf);
    }
}

#[cfg(test)]
mod tests;
