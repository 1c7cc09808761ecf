//! What of the list can be chosen in the settings and kept.

use super::List;
use crate::app::choice::{Choice, Value};
use crate::app::world::World;
use crate::model::groups::grouping::By;
use crate::model::process::column::{self, Column};

fn names(columns: &[&'static Column]) -> Vec<String> {
    columns.iter().map(|c| c.name.to_owned()).collect()
}

fn direction(descending: bool) -> Value {
    Value::text(if descending {
        "descending"
    } else {
        "ascending"
    })
}

pub(super) fn all(list: &List, world: &World) -> Vec<Choice> {
    let view = if list.tree.unwrap_or(world.settings.tree) {
        "tree"
    } else {
        "flat"
    };
    let every = names(column::ALL).into_iter().map(Value::Text).collect();
    let order = vec![direction(true), direction(false)];
    let columns = Choice {
        name: "columns",
        about: "The columns of the list; C in the list chooses them",
        value: Value::List(names(&list.columns)),
        default: Value::List(names(column::DEFAULT)),
        values: Vec::new(),
    };
    let filter = Choice {
        name: "filter",
        about: "The filter that the list begins with; / in the list sets it",
        value: Value::text(list.filter.text()),
        default: Value::text(""),
        values: Vec::new(),
    };
    vec![
        Choice::word(
            "view",
            "The list is a tree, or flat",
            view,
            &["tree", "flat"],
        ),
        Choice::word(
            "group-by",
            "What the list is grouped by",
            list.by.word(),
            &By::ALL.map(By::word),
        ),
        Choice {
            name: "sort",
            about: "The column that the list is sorted by",
            value: Value::text(list.sort.name),
            default: Value::text("cpu"),
            values: every,
        },
        Choice {
            name: "order",
            about: "The largest first, or the smallest",
            value: direction(list.descending),
            default: direction(list.sort.greatest_first()),
            values: order,
        },
        columns,
        filter,
        Choice::switch("threads", "Shows threads", list.threads, false),
        Choice::switch("kernel", "Shows kernel threads", list.kernel, false),
        Choice::switch(
            "group",
            "Identical siblings share a row",
            list.compact,
            true,
        ),
        Choice::switch("paths", "Shows whole paths of programs", list.paths, false),
        Choice::switch(
            "follow",
            "Keeps the selected process in view when rows move",
            list.follow,
            false,
        ),
    ]
}

/// Chooses; `None` where it is not the list's to choose.
pub(super) fn choose(list: &mut List, name: &str, value: &Value) -> Option<Result<(), String>> {
    match (name, value) {
        ("view", Value::Text(view)) => list.tree = Some(view != "flat"),
        ("group-by", Value::Text(by)) => {
            let Some(by) = By::find(by) else {
                let known = By::ALL.map(By::word).join(", ");
                return Some(Err(format!("nothing is grouped by '{by}'; one of {known}")));
            };
            list.group_by(by);
        }
        ("sort", Value::Text(wanted)) => match Column::find(wanted) {
            Some(column) => {
                list.sort = column;
                list.descending = column.greatest_first();
            }
            None => return Some(Err(unknown(wanted))),
        },
        ("order", Value::Text(order)) => list.descending = order != "ascending",
        ("columns", Value::List(wanted)) => {
            let mut columns = Vec::new();
            for name in wanted {
                match Column::find(name) {
                    Some(column) => columns.push(column),
                    None => return Some(Err(unknown(name))),
                }
            }
            if columns.is_empty() {
                return Some(Err("a list needs at least one column".to_owned()));
            }
            list.columns = columns;
        }
        ("filter", Value::Text(text)) => list.set_filter(text),
        ("threads", Value::On(on)) => list.threads = *on,
        ("kernel", Value::On(on)) => list.kernel = *on,
        ("group", Value::On(on)) => list.compact = *on,
        ("paths", Value::On(on)) => list.paths = *on,
        ("follow", Value::On(on)) => list.follow = *on,
        _ => return None,
    }
    list.seek = true;
    list.changed();
    Some(Ok(()))
}

fn unknown(name: &str) -> String {
    let all = names(column::ALL).join(", ");
    format!("there is no column '{name}'; columns are {all}")
}
