//! The rows of the memory table: groups with their largest items, or every region by address.

use std::collections::HashMap;

use crate::model::id::Bytes;
use crate::model::memory::region::totals::Totals;
use crate::model::memory::region::{AddressSpace, Group, Kind, Part, Region};
use crate::model::text::SafeText;

/// Who a row is, over readings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A group.
    Group(Group),
    /// What belongs together within a group: a library, a thread's stack, an arena.
    Item(Group, SafeText),
    /// The items that are not listed.
    More(Group),
    /// A region by its first address.
    At(u64),
}

/// How much of a group is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    /// Only its sum.
    Closed,
    /// Its largest items.
    #[default]
    Few,
    /// All.
    All,
}

/// Items that a group lists by itself.
const FEW: usize = 3;

/// A row.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who it is.
    pub key: Key,
    /// Its group.
    pub group: Group,
    /// Its words.
    pub label: SafeText,
    /// Its sums.
    pub totals: Totals,
    /// The regions in it, by their place in the address space's list.
    pub regions: Vec<usize>,
    /// How many items a group has.
    pub items: usize,
}

/// The columns that rows can be sorted by, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The picture's order, or the address.
    Place,
    /// Claimed.
    Claimed,
    /// Resident.
    Resident,
    /// Proportional.
    Proportional,
    /// Own.
    Own,
    /// Swapped.
    Swapped,
    /// Dirty.
    Dirty,
    /// Growth.
    Growth,
    /// Pages that are taken now.
    Takes,
}

impl By {
    /// Every order.
    pub const ALL: [Self; 9] = [
        Self::Place,
        Self::Claimed,
        Self::Resident,
        Self::Proportional,
        Self::Own,
        Self::Swapped,
        Self::Dirty,
        Self::Growth,
        Self::Takes,
    ];

    fn amount(self, entry: &Entry, wanted: &Wanted<'_>) -> f64 {
        let r = entry.totals.residency.unwrap_or_default();
        let bytes = match self {
            Self::Place => 0,
            Self::Claimed => entry.totals.size.0,
            Self::Resident => r.resident.0,
            Self::Proportional => r.proportional.0,
            Self::Own => r.own.0,
            Self::Swapped => r.swapped.0,
            Self::Dirty => r.dirty.0,
            Self::Growth => return (wanted.grown)(&entry.key),
            Self::Takes => return (wanted.takes)(entry) as f64,
        };
        bytes as f64
    }
}

/// What the rows are made with.
pub struct Wanted<'a> {
    /// How much of each group is listed.
    pub folds: &'a HashMap<Group, Fold>,
    /// The order.
    pub by: By,
    /// The other way round.
    pub inverted: bool,
    /// Growth a second of a row.
    pub grown: &'a dyn Fn(&Key) -> f64,
    /// How many pages a row took lately.
    pub takes: &'a dyn Fn(&Entry) -> u64,
}

/// Groups and their items: all of them, for sums and growth.
pub fn grouped(space: &AddressSpace) -> Vec<(Entry, Vec<Entry>)> {
    // The sum, the items, and where each item stands by its label.
    type Sorted = (Entry, Vec<Entry>, HashMap<SafeText, usize>);
    let mut groups: HashMap<Group, Sorted> = HashMap::new();
    for (i, region) in space.regions.iter().enumerate() {
        let group = region.kind.group();
        let (sum, items, places) = groups.entry(group).or_insert_with(|| {
            let entry = entry(Key::Group(group), group, SafeText::from(group.title()));
            (entry, Vec::new(), HashMap::new())
        });
        add(sum, i, region);
        let label = item(region);
        let place = *places.entry(label.clone()).or_insert_with(|| {
            items.push(entry(Key::Item(group, label.clone()), group, label));
            items.len() - 1
        });
        add(&mut items[place], i, region);
    }
    let mut out: Vec<(Entry, Vec<Entry>)> = Vec::new();
    for group in Group::ALL {
        if let Some((mut sum, items, _)) = groups.remove(&group) {
            sum.items = items.len();
            out.push((sum, items));
        }
    }
    out
}

fn entry(key: Key, group: Group, label: SafeText) -> Entry {
    Entry {
        key,
        group,
        label,
        totals: Totals::default(),
        regions: Vec::new(),
        items: 0,
    }
}

fn add(entry: &mut Entry, at: usize, region: &Region) {
    entry.totals.add(region);
    entry.regions.push(at);
}

/// What a region is listed under within its group.
fn item(region: &Region) -> SafeText {
    let object = region.short_name();
    let text = match region.kind {
        Kind::Data => format!("data  {object}"),
        Kind::Bss => format!("bss  {object}"),
        Kind::Heap => match region.part {
            Part::Brk => "brk".to_owned(),
            Part::GoHeap => "Go heap".to_owned(),
            Part::Named => region.name.to_string(),
            _ => format!("arena {:x}", region.start),
        },
        Kind::ThreadStack => match &region.stack {
            Some(stack) => format!("{} {}", stack.tid, stack.name),
            None if region.part == Part::SpareStack => "spare, thread ended".to_owned(),
            None => "of other threads".to_owned(),
        },
        Kind::Guard => match region.part {
            Part::StackGuard => "stack guards".to_owned(),
            Part::ArenaReserve => "arena reserves".to_owned(),
            _ => "reserved".to_owned(),
        },
        Kind::Anonymous => match region.part {
            Part::Jit => "JIT code".to_owned(),
            Part::Huge => "huge pages".to_owned(),
            Part::Named => region.name.to_string(),
            _ => format!("mmap {:x}", region.start),
        },
        Kind::Shared => match region.part {
            Part::ForkShared => "shared by fork".to_owned(),
            part => format!("{} {object}", part.word()),
        },
        _ if object.is_empty() => format!("{:x}", region.start),
        _ => object.to_owned(),
    };
    SafeText::from(text)
}

/// The rows by group, as they are listed.
pub fn by_kind(groups: &[(Entry, Vec<Entry>)], wanted: &Wanted<'_>) -> Vec<Entry> {
    let mut order: Vec<&(Entry, Vec<Entry>)> = groups.iter().collect();
    arrange(&mut order, wanted, |g| &g.0);
    if wanted.by == By::Place && wanted.inverted {
        order.reverse();
    }
    let mut out = Vec::new();
    for (sum, items) in order {
        out.push(sum.clone());
        let fold = wanted.folds.get(&sum.group).copied().unwrap_or_default();
        if fold == Fold::Closed || items.len() < 2 {
            continue;
        }
        let mut items: Vec<&Entry> = items.iter().collect();
        let by = if wanted.by == By::Place {
            By::Resident
        } else {
            wanted.by
        };
        // Of two with nothing resident the larger claim comes first.
        items.sort_by_key(|e| std::cmp::Reverse(e.totals.size));
        let inner = Wanted {
            by,
            inverted: wanted.inverted && wanted.by != By::Place,
            ..*wanted
        };
        arrange(&mut items, &inner, |e| e);
        let shown = if fold == Fold::All || items.len() == FEW + 1 {
            items.len()
        } else {
            items.len().min(FEW)
        };
        out.extend(items[..shown].iter().map(|e| (*e).clone()));
        if shown < items.len() {
            out.push(more(sum.group, &items[shown..]));
        }
    }
    out
}

fn more(group: Group, rest: &[&Entry]) -> Entry {
    let mut row = entry(
        Key::More(group),
        group,
        SafeText::from(format!("+ {} more", rest.len())),
    );
    for item in rest {
        row.totals.count += item.totals.count;
        row.totals.size.0 = row.totals.size.0.saturating_add(item.totals.size.0);
        match (&mut row.totals.residency, &item.totals.residency) {
            (Ok(sum), Ok(more)) => sum.add(more),
            (Err(_), Ok(first)) => row.totals.residency = Ok(*first),
            _ => {}
        }
        row.regions.extend(&item.regions);
    }
    row
}

/// Every region by itself.
pub fn by_address(space: &AddressSpace, wanted: &Wanted<'_>) -> Vec<Entry> {
    let mut rows: Vec<Entry> = Vec::with_capacity(space.regions.len());
    for (i, region) in space.regions.iter().enumerate().rev() {
        let mut row = entry(
            Key::At(region.start),
            region.kind.group(),
            region.name.clone(),
        );
        add(&mut row, i, region);
        rows.push(row);
    }
    arrange(&mut rows, wanted, |e| e);
    if wanted.by == By::Place && wanted.inverted {
        rows.reverse();
    }
    rows
}

fn arrange<T>(rows: &mut [T], wanted: &Wanted<'_>, entry: impl Fn(&T) -> &Entry) {
    if wanted.by == By::Place {
        return;
    }
    rows.sort_by(|a, b| {
        let (a, b) = (
            wanted.by.amount(entry(a), wanted),
            wanted.by.amount(entry(b), wanted),
        );
        if wanted.inverted {
            a.total_cmp(&b)
        } else {
            b.total_cmp(&a)
        }
    });
}

/// What a row holds: resident and swapped; where that is not known, what it claims.
pub fn held(totals: &Totals) -> Bytes {
    totals.residency.map_or(totals.size, |r| {
        Bytes(r.resident.0.saturating_add(r.swapped.0))
    })
}
