//! What of the list can be chosen in the settings and kept.

use super::List;
use crate::app::choice::{Choice, Value};
use crate::app::settings::{self, Setting, switch};
use crate::app::world::World;
use crate::model::groups::grouping::By;
use crate::model::process::column::{self, Column};

fn names(columns: &[&'static Column]) -> Vec<String> {
    columns.iter().map(|c| c.name.to_owned()).collect()
}

/// The largest first, or the smallest.
const ORDERS: [&str; 2] = ["descending", "ascending"];
const VIEWS: [&str; 2] = ["tree", "flat"];

fn order(descending: bool) -> Value {
    Value::text(ORDERS[usize::from(!descending)])
}

/// Yes or no, by the field of the list that has it.
macro_rules! switch {
    ($name:literal, $about:literal, $field:ident, $usual:literal) => {
        Setting {
            name: $name,
            about: $about,
            now: |list, _| Value::On(list.$field),
            default: |_| Value::On($usual),
            values: switch,
            set: |list, value| {
                list.$field = value.on()?;
                Ok(())
            },
        }
    };
}

/// In the order in which they are shown and chosen: the order of a column comes after the column.
const SETTINGS: &[Setting<List>] = &[
    Setting {
        name: "view",
        about: "The list is a tree, or flat",
        now: |list, world| {
            let tree = list.tree.unwrap_or(world.settings.tree);
            Value::text(VIEWS[usize::from(!tree)])
        },
        default: |_| Value::text(VIEWS[0]),
        values: |_| Value::words(&VIEWS),
        set: |list, value| {
            list.tree = Some(value.one_of(&VIEWS)? == 0);
            Ok(())
        },
    },
    Setting {
        name: "group-by",
        about: "What the list is grouped by",
        now: |list, _| Value::text(list.by.word()),
        default: |_| Value::text(By::ALL[0].word()),
        values: |_| Value::words(&By::ALL.map(By::word)),
        set: |list, value| {
            let by = By::find(value.word()?);
            list.group_by(by.ok_or_else(|| {
                let known = By::ALL.map(By::word).join(", ");
                format!("nothing is grouped by '{value}'; one of {known}")
            })?);
            Ok(())
        },
    },
    Setting {
        name: "sort",
        about: "The column that the list is sorted by",
        now: |list, _| Value::text(list.sort.name),
        default: |_| Value::text("cpu"),
        values: |_| names(column::ALL).into_iter().map(Value::Text).collect(),
        set: |list, value| {
            list.sort = found(value.word()?)?;
            list.descending = list.sort.greatest_first();
            Ok(())
        },
    },
    Setting {
        name: "order",
        about: "The largest first, or the smallest",
        now: |list, _| order(list.descending),
        default: |list| order(list.sort.greatest_first()),
        values: |_| Value::words(&ORDERS),
        set: |list, value| {
            list.descending = value.one_of(&ORDERS)? == 0;
            Ok(())
        },
    },
    Setting {
        name: "columns",
        about: "The columns of the list; C in the list chooses them",
        now: |list, _| Value::List(names(&list.columns)),
        default: |_| Value::List(names(column::DEFAULT)),
        values: |_| Vec::new(),
        set: |list, value| {
            let columns = value.list()?.iter().map(|name| found(name));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            if columns.is_empty() {
                return Err("a list needs at least one column".to_owned());
            }
            list.columns = columns;
            Ok(())
        },
    },
    Setting {
        name: "filter",
        about: "The filter that the list begins with; / in the list sets it",
        now: |list, _| Value::text(list.filter.text()),
        default: |_| Value::text(""),
        values: |_| Vec::new(),
        set: |list, value| {
            list.set_filter(value.word()?);
            Ok(())
        },
    },
    switch!("threads", "Shows threads", threads, false),
    switch!("kernel", "Shows kernel threads", kernel, false),
    switch!("group", "Identical siblings share a row", compact, true),
    switch!("paths", "Shows whole paths of programs", paths, false),
    switch!(
        "follow",
        "Keeps the selected process in view when rows move",
        follow,
        false
    ),
];

pub(super) fn all(list: &List, world: &World) -> Vec<Choice> {
    settings::choices(SETTINGS, list, world)
}

/// Chooses; `None` where it is not the list's to choose.
pub(super) fn choose(list: &mut List, name: &str, value: &Value) -> Option<Result<(), String>> {
    let done = settings::choose(SETTINGS, list, name, value)?;
    if done.is_ok() {
        list.seek = true;
        list.changed();
    }
    Some(done)
}

fn found(name: &str) -> Result<&'static Column, String> {
    Column::find(name).ok_or_else(|| {
        let all = names(column::ALL).join(", ");
        format!("there is no column '{name}'; columns are {all}")
    })
}
