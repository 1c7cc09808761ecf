//! Keys and mouse: what each action does, what is typed, what is clicked.

use ratatui::layout::Position;

use super::menu::{Chosen, Menu};
use super::moves::Found;
use super::{Cursor, List, Typing};
use crate::app::action::Action;
use crate::app::event::Effect;
use crate::app::input::Input;
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::panel::{Panel as _, Reply};
use crate::app::world::World;
use crate::model::process::column::Column;
use crate::model::process::forest::Fold;
use crate::panels::dialogs::copy::CopyMenu;
use crate::panels::dialogs::group::GROUP;
use crate::panels::dialogs::row_menu::RowMenu;

/// Rows that one turn of the wheel moves the view by.
const WHEEL: usize = 3;

pub(super) fn act(list: &mut List, world: &World, action: &'static Action) -> Reply {
    list.begun = true;
    list.clicked = None;
    match action.name {
        "up" => list.step(world, -1),
        "down" => list.step(world, 1),
        "page-up" => list.page(world, -2),
        "page-down" => list.page(world, 2),
        "half-page-up" => list.page(world, -1),
        "half-page-down" => list.page(world, 1),
        "first" => list.go(world, 0),
        "last" => list.go(world, usize::MAX),
        "fold" => list.fold(world),
        "unfold" => list.unfold(world),
        "toggle-fold" => list.toggle(world),
        "fold-below" => list.fold_below(world, true),
        "unfold-below" => list.fold_below(world, false),
        "fold-all" => list.fold_all(world),
        "next-match" | "previous-match" => return again(list, world, action.name == "next-match"),
        "filter" => {
            let input = Input::new(list.filter.text());
            list.typing = Some(Typing::Filter(input, list.cursor.clone()));
        }
        "search" => list.typing = Some(Typing::Search(Input::default(), list.cursor.clone())),
        // Esc with nothing to clear is for whoever comes next.
        "clear-filter" if !list.filtered() => {
            return Reply::Pass;
        }
        "clear-filter" => {
            list.set_filter("");
            list.needle.clear();
        }
        "inspect" if list.group_here().is_some() => return Reply::Act(&GROUP),
        "inspect" => {
            return match list.here(world) {
                Some((_, proc)) => Reply::Inspect(proc.id, "overview"),
                None => Reply::Done,
            };
        }
        "tag" => return list.tag(world),
        "tag-subtree" => return list.tag_below(world),
        "untag-all" => return Reply::Tag(world.tags.iter().copied().collect(), false),
        "copy" => {
            return match copies(list, world) {
                Some(menu) => Reply::Open(Box::new(menu)),
                None => Reply::Done,
            };
        }
        _ => return look(list, world, action.name),
    }
    Reply::Done
}

/// What can be copied of the selected process.
fn copies(list: &List, world: &World) -> Option<CopyMenu> {
    let (_, proc) = list.here(world)?;
    let of = |column: &&Column| column.text(&world.snapshot, proc).ok();
    let cells: Vec<_> = list.columns.iter().filter_map(of).collect();
    Some(CopyMenu::new(proc, cells.join("  ")))
}

/// Actions that change how the list looks.
fn look(list: &mut List, world: &World, name: &str) -> Reply {
    match name {
        "tree-or-flat" => {
            list.tree = Some(!list.tree.unwrap_or(world.settings.tree));
            list.seek_top = true;
        }
        "group-by" => {
            list.group_by(list.by.next());
            list.seek_top = list.cursor.is_none();
        }
        "show-threads" => list.threads = !list.threads,
        "show-kernel" => list.kernel = !list.kernel,
        "group-alike" => {
            list.compact = !list.compact;
            list.opened.clear();
        }
        "follow" => list.follow = !list.follow,
        "paths" => list.paths = !list.paths,
        "whole-command" => list.wrapped = !list.wrapped,
        "sort-cpu" => sort_on(list, "cpu"),
        "sort-memory" => sort_on(list, "mem"),
        "sort-time" => sort_on(list, "time"),
        "sort-left" => sort_beside(list, false),
        "sort-right" => sort_beside(list, true),
        "invert-order" => list.descending = !list.descending,
        "sort-by" => list.menu = Some(Menu::sort(list.sort)),
        "columns" => list.menu = Some(Menu::columns(&list.columns)),
        "user" => list.menu = Some(Menu::users(&world.snapshot)),
        _ => return Reply::Pass,
    }
    list.seek = true;
    list.changed();
    Reply::Done
}

fn again(list: &mut List, world: &World, down: bool) -> Reply {
    if list.needle.is_empty() {
        return Reply::Say("nothing is searched for; F3 searches".to_owned());
    }
    let len = list.forest.rows.len().max(1);
    let at = list.at.unwrap_or(0);
    // What a row hides comes after the row itself.
    let wanted = list.needle.to_lowercase();
    if down && let Some(id) = list.folded_match(world, at, &wanted, true) {
        list.reveal(world, id);
        return Reply::Done;
    }
    let from = if down { at + 1 } else { at + len - 1 };
    match list.search(world, from % len, down, true) {
        Found::Nowhere => nowhere(list),
        Found::Row | Found::Folded => Reply::Done,
    }
}

/// Says that nothing was found.
fn nowhere(list: &List) -> Reply {
    Reply::Complain(format!("no match: no row has '{}'", list.needle))
}

/// Enter ends the typing. A search unfolds what it found, or says that it found nothing.
fn keep(list: &mut List, world: &World) -> Reply {
    let search = matches!(list.typing, Some(Typing::Search(..)));
    list.typing = None;
    if !search || list.needle.is_empty() {
        return Reply::Done;
    }
    let at = list.at.unwrap_or(0);
    match list.search(world, at, true, true) {
        Found::Nowhere => nowhere(list),
        Found::Row | Found::Folded => Reply::Done,
    }
}

/// Sorts by a column in its own order: the same key twice does not turn it round.
fn sort_on(list: &mut List, name: &str) {
    if let Some(column) = Column::find(name) {
        list.sort = column;
        list.descending = column.greatest_first();
        list.changed();
    }
}

/// Sorts by a column; where it is sorted by that already, the other way round.
fn sort_by(list: &mut List, name: &str) {
    let Some(column) = Column::find(name) else {
        return;
    };
    if column.name == list.sort.name {
        list.descending = !list.descending;
    } else {
        list.sort = column;
        list.descending = column.greatest_first();
    }
    list.changed();
}

/// Sorts by the shown column beside the one that it is sorted by.
fn sort_beside(list: &mut List, right: bool) {
    let shown = &list.columns;
    let at = shown.iter().position(|c| c.name == list.sort.name);
    let next = match (at, right) {
        (Some(at), true) => (at + 1).min(shown.len() - 1),
        (Some(at), false) => at.saturating_sub(1),
        (None, _) => 0,
    };
    if let Some(name) = shown
        .get(next)
        .map(|c| c.name)
        .filter(|n| *n != list.sort.name)
    {
        sort_by(list, name);
    }
}

/// A key while a line or a menu takes it.
pub(super) fn typed(list: &mut List, world: &World, key: Key) -> Reply {
    if key == Key::ctrl('c') || key == Key::ctrl('z') || key == Key::ctrl('l') {
        return Reply::Pass;
    }
    if let Some(mut menu) = list.menu.take() {
        let chosen = menu.key(key);
        return choose(list, world, menu, chosen);
    }
    match key.code {
        Code::Up => list.step(world, -1),
        Code::Down => list.step(world, 1),
        Code::PageUp => list.page(world, -2),
        Code::PageDown => list.page(world, 2),
        Code::Enter => return keep(list, world),
        Code::Esc => leave(list),
        _ => {
            if edit(list, |input| input.key(key)) {
                live(list, world);
            }
        }
    }
    Reply::Done
}

pub(super) fn paste(list: &mut List, world: &World, text: &str) -> Reply {
    if list.typing.is_none() {
        return Reply::Pass;
    }
    edit(list, |input| {
        input.insert(text);
        true
    });
    live(list, world);
    Reply::Done
}

fn edit(list: &mut List, change: impl FnOnce(&mut Input) -> bool) -> bool {
    match &mut list.typing {
        Some(Typing::Filter(input, _) | Typing::Search(input, _)) => change(input),
        None => false,
    }
}

/// What was typed takes effect at once.
fn live(list: &mut List, world: &World) {
    match &list.typing {
        Some(Typing::Filter(input, before)) => {
            let (text, before) = (input.text().to_owned(), before.clone());
            list.cursor = before;
            list.set_filter(&text);
        }
        Some(Typing::Search(input, before)) => {
            list.needle = input.text().to_owned();
            let before = before.clone();
            list.cursor = before;
            let at = list.at.unwrap_or(0);
            list.search(world, at, true, false);
        }
        None => {}
    }
}

/// Escape: the filter is cleared and the selection stays; a search goes back to where it began.
fn leave(list: &mut List) {
    match list.typing.take() {
        Some(Typing::Filter(..)) => list.set_filter(""),
        Some(Typing::Search(_, before)) => {
            list.needle.clear();
            list.cursor = before;
            list.seek = true;
        }
        None => {}
    }
}

fn choose(list: &mut List, world: &World, menu: Menu, chosen: Chosen) -> Reply {
    match chosen {
        Chosen::Nothing => list.menu = Some(menu),
        Chosen::Closed => {}
        Chosen::Sort(column) => {
            if list.sort.name != column.name {
                sort_by(list, column.name);
            }
        }
        Chosen::User(name) => match name {
            Some(name) => list.set_filter(&format!("user={}", quoted(&name))),
            None => list.set_filter(""),
        },
        Chosen::Keep => {
            list.menu = Some(menu);
            let mut all = super::choices::all(list, world);
            all.retain(|c| c.name == "columns");
            return Reply::Do(Effect::Keep(all));
        }
        Chosen::Columns(columns) => {
            list.columns = columns;
            list.menu = Some(menu);
            list.changed();
        }
    }
    Reply::Done
}

/// A value as a filter takes it: in quotes where a blank would end it.
fn quoted(value: &str) -> String {
    if value.contains([' ', '\t', '|']) {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

pub(super) fn mouse(list: &mut List, world: &World, mouse: Mouse) -> Reply {
    let clicked = match mouse.press {
        Press::Hover | Press::Drag => None,
        _ => list.clicked.take(),
    };
    if let Some(mut menu) = list.menu.take() {
        let chosen = menu.mouse(mouse, list.area);
        return choose(list, world, menu, chosen);
    }
    let at = Position::new(mouse.column, mouse.row);
    let x = mouse.column.saturating_sub(list.area.x);
    match mouse.press {
        // The wheel may leave the cursor behind.
        Press::WheelUp | Press::WheelDown => {
            list.in_view = false;
            list.top = match mouse.press {
                Press::WheelUp => list.top.saturating_sub(WHEEL),
                _ => list.top + WHEEL,
            };
        }
        Press::Left if list.layout.header.contains(at) => {
            let hit = list.layout.columns.iter().find(|p| {
                // A header may reach into the gap before its cells.
                (p.cells.start.saturating_sub(1)..p.cells.end).contains(&x)
            });
            if let Some(name) = hit.map(|p| p.column.name) {
                sort_by(list, name);
            }
        }
        Press::Left | Press::Right if list.layout.body.contains(at) => {
            let row = usize::from(mouse.row - list.layout.body.y);
            if list.top + row >= list.forest.rows.len() {
                return Reply::Done;
            }
            // Who has nothing to fold has no mark for it.
            let folds = list.forest.rows[list.top + row].fold != Fold::Leaf;
            let on_mark = folds && list.drawn.is_fold_mark(row, x);
            list.begun = true;
            list.go(world, list.top + row);
            list.seek = false;
            if mouse.press == Press::Left && on_mark {
                list.toggle(world);
            } else if mouse.press == Press::Left {
                if clicked.is_some() && clicked == list.cursor {
                    return Reply::Act(super::actions::INSPECT);
                }
                list.clicked.clone_from(&list.cursor);
            }
            if mouse.press == Press::Right
                && let Some(copy) = copies(list, world)
            {
                let focus = list.cursor.as_ref().and_then(Cursor::owner);
                let menu = Reply::Open(Box::new(RowMenu::new(copy, world.settings.read_only)));
                return Reply::All(focus.map(Reply::Focus).into_iter().chain([menu]).collect());
            }
        }
        Press::Left => {}
        _ => return Reply::Pass,
    }
    Reply::Done
}
