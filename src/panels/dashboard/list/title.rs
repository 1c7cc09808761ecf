//! The title of the list: mode, order, filter, switches; each a button of its own.

use ratatui::layout::Rect;

use super::{List, actions};
use crate::app::action::Action;
use crate::app::button::Button;
use crate::app::moves;
use crate::app::world::World;
use crate::model::groups::grouping::By;
use crate::theme::Role;
use crate::widgets::frame;

/// The title in parts: `Processes tree · by CPU% ▼ · / filter`.
pub(super) fn title(list: &List, world: &World) -> Vec<(String, Role)> {
    let tree = list.tree.unwrap_or(world.settings.tree);
    let arrow = arrow(list.descending, world.theme.glyphs.ascii);
    let mut out = vec![
        ("Processes ".to_owned(), Role::Title),
        (if tree { "tree" } else { "flat" }.to_owned(), Role::Accent),
        (grouped(list), Role::Accent),
        (format!(" · by {} {arrow}", list.sort.title), Role::Dim),
        (" · ".to_owned(), Role::Dim),
    ];
    if list.filter.text().is_empty() {
        let key = world.keys.shown(moves::FILTER);
        out.push((format!("{key} filter"), Role::Dim));
    } else {
        out.push((format!("/ {}", list.filter.text()), Role::Accent));
    }
    for (on, word) in [
        (list.threads, "threads"),
        (list.kernel, "kernel"),
        (list.follow, "follow"),
    ] {
        if on {
            out.push((format!(" · {word}"), Role::Dim));
        }
    }
    out
}

/// What it is grouped by, where that is not the parent.
fn grouped(list: &List) -> String {
    match list.by {
        By::Parent => String::new(),
        by => format!(" · grouped by {}", by.words()),
    }
}

/// What the parts of the title do: the mode, the sort column, the filter, and whatever is switched on.
pub(super) fn title_buttons(list: &List, world: &World, outer: Rect) -> Vec<Button> {
    let parts = title(list, world);
    let (cells, _) = frame::title_cells(outer, &parts, &[]);
    let does = |text: &str| {
        let of = |action: &'static Action| Some(action);
        match text.trim_start_matches(" · ") {
            "tree" | "flat" => of(actions::TREE),
            "threads" => of(actions::THREADS),
            "kernel" => of(actions::KERNEL),
            "follow" => of(actions::FOLLOW),
            text if text.starts_with("grouped ") => of(actions::GROUP_BY),
            text if text.starts_with("by ") => of(actions::SORT_MENU),
            text if text.starts_with("/ ") || text.ends_with(" filter") => of(moves::FILTER),
            _ => None,
        }
    };
    let parts = cells.into_iter().zip(&parts);
    parts
        .filter_map(|(at, (text, _))| Some(Button::act(at, does(text)?)))
        .collect()
}

/// The mark of an order.
pub(super) fn arrow(descending: bool, ascii: bool) -> &'static str {
    match (descending, ascii) {
        (true, false) => "▼",
        (false, false) => "▲",
        (true, true) => "v",
        (false, true) => "^",
    }
}
