//! What stands in the cells of the memory table.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::rows::{By, Entry, Key, held};
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::memory::faults::{PageFaults, RegionFaults};
use crate::model::memory::region::growth::{Grown, Growth};
use crate::model::memory::region::{AddressSpace, Region, Residency};
use crate::model::reading::{Missing, Reading};
use crate::panels::listing::Order;
use crate::theme::{Role, Theme};
use crate::widgets::region_bar::{Amounts, bar, role};
use crate::widgets::table::{Column, Row};

const CLAIMED: Column = Column::right("claimed", 8, 2);
const RESIDENT: Column = Column::right("resident", 9, 0);
const PROPORTIONAL: Column = Column::right("PSS", 6, 7);
const OWN: Column = Column::right("own", 6, 1);
const SWAPPED: Column = Column::right("swapped", 8, 6);
const DIRTY: Column = Column::right("dirty", 6, 8);
const GROWTH: Column = Column::right("growth", 8, 4);

const TAKES: Column = Column::right("pages/s", 8, 4);

/// The column of the bar, in both tables.
pub const BAR: usize = 11;

const BY_KIND: [Column; 12] = [
    Column::left("", 1, 3),
    Column::left("KIND", 14, 0).growing(),
    CLAIMED,
    RESIDENT,
    PROPORTIONAL,
    OWN,
    SWAPPED,
    DIRTY,
    GROWTH,
    TAKES,
    Column::left("", 0, 9),
    Column::left("of claimed", 12, 5).growing(),
];

const BY_ADDRESS: [Column; 12] = [
    Column::left("RANGE", 25, 3),
    Column::left("KIND", 13, 0),
    CLAIMED,
    RESIDENT,
    PROPORTIONAL,
    OWN,
    SWAPPED,
    DIRTY,
    GROWTH,
    TAKES,
    Column::left("MODE", 4, 5),
    Column::left("PATH", 14, 4).growing(),
];

/// The columns of the table.
pub fn columns(addresses: bool) -> &'static [Column] {
    if addresses { &BY_ADDRESS } else { &BY_KIND }
}

/// What a column orders rows by; amounts follow the first two columns in both tables.
pub fn order_of(column: usize) -> By {
    let amount = column.checked_sub(1).and_then(|n| By::ALL.get(n));
    amount.copied().unwrap_or(By::Place)
}

/// How each column orders rows.
pub fn order(addresses: bool) -> fn(usize) -> Order {
    if addresses {
        |column| sorts(column == 0 || (2..10).contains(&column))
    } else {
        |column| sorts((1..10).contains(&column))
    }
}

fn sorts(so: bool) -> Order {
    if so { Order::Descending } else { Order::None }
}

/// What fills a bar: the largest held amount of all rows, with a little room, unless nothing claims as much.
pub fn full(entries: &[Entry]) -> Bytes {
    let largest = |amount: fn(&Entry) -> u64| entries.iter().map(amount).max().unwrap_or(0);
    let most_held = largest(|e| held(&e.totals).0);
    let claimed = largest(|e| e.totals.size.0);
    Bytes((most_held / 8).saturating_mul(9).min(claimed).max(1))
}

/// The words of a row, as the search sees them.
pub fn label(entry: &Entry, space: &AddressSpace) -> String {
    match (&entry.key, entry.regions.first()) {
        (Key::At(_), Some(at)) => {
            let r = &space.regions[*at];
            format!(
                "{:x}-{:x} {} {} {} {}",
                r.start,
                r.end,
                r.access,
                r.kind.word(),
                r.part.word(),
                r.name
            )
        }
        _ => entry.label.to_string(),
    }
}

/// Growth as `+1.2M/s`; empty where there is none to speak of.
pub fn growth_words(grown: Option<Grown>) -> String {
    let rate = grown.map_or(0.0, |g| g.rate);
    if rate.abs() < 512.0 {
        return String::new();
    }
    format::growth(rate)
}

/// The page faults in the regions of a row.
pub fn takes(entry: &Entry, space: &AddressSpace, faults: &PageFaults) -> RegionFaults {
    let mut sum = RegionFaults::default();
    for at in &entry.regions {
        if let Some(more) = faults.of(space.regions[*at].start) {
            sum.add(more);
        }
    }
    sum
}

/// How many a second so many faults are; about, where each so many stands for others.
pub fn rate(faults: &PageFaults, taken: u64) -> String {
    let about = if faults.whole { "" } else { "~" };
    format!("{about}{}", format::per_second(faults.rate(taken)))
}

/// How rows look.
pub struct Look<'a> {
    /// Colours and glyphs.
    pub theme: &'a Theme,
    /// The regions.
    pub space: &'a AddressSpace,
    /// How they grow.
    pub growth: &'a Growth<Key>,
    /// Which of them take pages now.
    pub faults: Reading<&'a PageFaults>,
    /// What fills a bar.
    pub full: Bytes,
    /// Cells of the bar; 0 for none.
    pub bar: u16,
    /// By address.
    pub addresses: bool,
}

impl Look<'_> {
    /// A row of the table.
    pub fn row(&self, entry: &Entry) -> Row {
        let inner = matches!(entry.key, Key::Item(..) | Key::More(_));
        let (plain, strong) = if inner {
            (Role::Dim, Role::Dim)
        } else if self.addresses {
            (Role::Text, Role::Text)
        } else {
            (Role::Text, Role::Strong)
        };
        let mut cells = self.front(entry, inner);
        let residency = &entry.totals.residency;
        cells.push(self.amount(&Ok(entry.totals.size), plain));
        let part = |f: fn(&Residency) -> Bytes| residency.as_ref().map(f).map_err(|why| *why);
        cells.push(self.amount(&part(|r| r.resident), strong));
        cells.push(self.amount(&part(|r| r.proportional), plain));
        cells.push(self.amount(&part(|r| r.own), plain));
        let swapped = part(|r| r.swapped);
        let warn = if swapped.is_ok_and(|s| s.0 > 0) {
            Role::Warn
        } else {
            plain
        };
        cells.push(self.amount(&swapped, warn));
        cells.push(self.amount(&part(|r| r.dirty), Role::Dim));
        let growth = growth_words(self.growth.of(&entry.key));
        let role = if growth.starts_with('-') {
            Role::Dim
        } else {
            Role::Good
        };
        cells.push(Line::from(Span::styled(growth, self.theme.style(role))));
        cells.push(self.takes(entry));
        cells.extend(self.back(entry));
        Row {
            cells,
            style: Style::new(),
        }
    }

    fn front(&self, entry: &Entry, inner: bool) -> Vec<Line<'static>> {
        let theme = self.theme;
        let colour = theme.style(role(entry.group));
        let region = entry.regions.first().map(|at| &self.space.regions[*at]);
        if let (true, Some(region)) = (self.addresses, region) {
            let range = format!("{:x}-{:x}", region.start, region.end);
            return vec![
                Line::from(Span::styled(range, theme.style(Role::Dim))),
                Line::from(Span::styled(kind_words(region), colour)),
            ];
        }
        let edge = if theme.glyphs.ascii { "|" } else { "▎" };
        let mut label = vec![];
        if inner {
            let text = format!("  {}", entry.label);
            label.push(Span::styled(text, theme.style(Role::Dim)));
        } else {
            let text = entry.label.to_string();
            label.push(Span::styled(text, theme.style(Role::Strong)));
            if entry.items > 1 {
                let times = if theme.glyphs.ascii { "x" } else { "×" };
                let count = format!("  {}{times}", entry.items);
                label.push(Span::styled(count, theme.style(Role::Dim)));
            }
        }
        vec![Line::from(Span::styled(edge, colour)), Line::from(label)]
    }

    fn back(&self, entry: &Entry) -> [Line<'static>; 2] {
        let theme = self.theme;
        let region = entry.regions.first().map(|at| &self.space.regions[*at]);
        if let (true, Some(region)) = (self.addresses, region) {
            let mut path = vec![Span::styled(
                region.name.to_string(),
                theme.style(Role::Dim),
            )];
            if region.deleted {
                path.push(Span::styled(" (deleted)", theme.style(Role::Warn)));
            }
            if let Some(stack) = &region.stack {
                let text = format!(" {} {}", stack.tid, stack.name);
                path.push(Span::styled(text, theme.style(Role::Thread)));
            }
            let access = region.access.to_string();
            return [
                Line::from(Span::styled(access, theme.style(Role::Dim))),
                Line::from(path),
            ];
        }
        let amounts = Amounts {
            claimed: entry.totals.size,
            residency: entry.totals.residency.ok(),
            full: self.full,
        };
        let style = theme.style(role(entry.group));
        [Line::default(), bar(theme, style, &amounts, self.bar)]
    }

    /// How many pages a second the row takes.
    fn takes(&self, entry: &Entry) -> Line<'static> {
        let (text, role) = match self.faults {
            Ok(faults) => match takes(entry, self.space, faults) {
                taken if taken.all() == 0 => (String::new(), Role::Dim),
                taken => (rate(faults, taken.all()), Role::Good),
            },
            Err(Missing::Soon | Missing::Unrecorded) => (String::new(), Role::Dim),
            Err(_) => ("–".to_owned(), Role::Dim),
        };
        Line::from(Span::styled(text, self.theme.style(role)))
    }

    fn amount(&self, bytes: &Reading<Bytes>, role: Role) -> Line<'static> {
        let (text, role) = match bytes {
            Ok(Bytes(0)) => ("0".to_owned(), Role::Dim),
            Ok(bytes) => (format::bytes(*bytes), role),
            Err(_) => ("–".to_owned(), Role::Dim),
        };
        Line::from(Span::styled(text, self.theme.style(role)))
    }
}

/// The kind of a region, or what it is within its kind where that says more.
fn kind_words(region: &Region) -> String {
    use crate::model::memory::region::Kind;
    match region.kind {
        Kind::Heap | Kind::Guard | Kind::Anonymous if !region.part.word().is_empty() => {
            region.part.word().to_owned()
        }
        Kind::Data | Kind::Bss | Kind::Library if !region.part.word().is_empty() => {
            format!("{} {}", region.kind.word(), region.part.word())
        }
        kind => kind.word().replace('_', " "),
    }
}
