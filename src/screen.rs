//! The layout of a frame: which pane stands where at which size, and the borders and titles around them.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::layout::{Inspector, PERCENT};
use crate::app::panel::{Panel, Place};
use crate::app::world::{Chosen, Page};
use crate::app::{App, Placed};
use crate::model::plan::Needs;
use crate::model::process::called::called;
use crate::model::text::middle::cut_middle;
use crate::model::text::width;
use crate::theme::{Ground, Role};
use crate::widgets::{ascii, dim, frame, put};

/// From this width on the inspector stands beside the list.
const BESIDE: u16 = 100;

/// The least rows of the list and of the inspector below it.
const BELOW: u16 = 8;

/// From this height on the inspector stands below the list where there is no width for it beside.
const HIGH: u16 = 36;

/// From this height on there is a line for the views.
const BAR: u16 = 20;

/// So many cells of the name of a group stand before that of its member, so that tabs keep their room.
const GROUP_CELLS: usize = 24;

/// The areas of one frame, borders included.
#[derive(Debug, Default)]
struct Layout {
    framed: Vec<(usize, Rect)>,
    bare: Vec<(usize, Rect)>,
}

/// Places the visible panes for a screen of this size and lets them prepare.
pub fn fit(app: &mut App, screen: Rect) {
    let layout = layout(app, screen);
    let mut placed = Vec::new();
    let mut tab_titles = Vec::new();
    for (panel, outer) in &layout.framed {
        placed.push(Placed {
            panel: *panel,
            area: frame::inside(*outer),
            outer: *outer,
        });
        if app.panels()[*panel].spec().place == Place::Tab {
            tab_titles = tab_areas(app, *outer);
            tab_titles.extend(more_tabs(app, &tab_titles));
        }
    }
    placed.extend(layout.bare.iter().map(|(panel, area)| Placed {
        panel: *panel,
        area: *area,
        outer: *area,
    }));
    placed.sort_by_key(|p| (p.area.y, p.area.x));
    app.place(placed, tab_titles, screen);
}

/// Draws the whole screen.
pub fn render(app: &App, screen: Rect, buf: &mut Buffer) {
    let world = &app.world;
    buf.set_style(screen, world.theme.style(Role::Text));
    let layout = layout(app, screen);
    for (panel, outer) in &layout.framed {
        let pane = app.panels()[*panel].as_ref();
        let active = pane.spec().name == world.active;
        frame::draw(&world.theme, *outer, active, buf);
        if pane.spec().place == Place::Tab {
            draw_tabs(app, *outer, buf);
        } else {
            frame::title(
                &world.theme,
                *outer,
                &pane.title(world),
                &pane.badge(world),
                buf,
            );
            draw_foot(app, *panel, *outer, &[], buf);
        }
        pane_content(app, *panel, frame::inside(*outer), buf);
    }
    for (panel, area) in &layout.bare {
        pane_content(app, *panel, *area, buf);
    }
    let ground = match world.settings.ground {
        Ground::Told(rgb) => Some(rgb),
        _ => None,
    };
    for overlay in app.overlays() {
        if !overlay.is_clear() {
            dim::recede(&world.theme, ground, screen, buf);
            // The footer tells the keys of the dialog.
            let place = |panel: usize| app.panels()[panel].spec().place;
            for (panel, area) in layout
                .bare
                .iter()
                .filter(|(p, _)| place(*p) == Place::Footer)
            {
                pane_content(app, *panel, *area, buf);
            }
        }
        overlay.render(world, screen, buf);
    }
    if world.theme.glyphs.ascii {
        ascii::plain(buf);
    }
}

/// Draws a pane; or why it is empty, where time stands at a moment of which it knows nothing.
fn pane_content(app: &App, panel: usize, area: Rect, buf: &mut Buffer) {
    let (pane, world) = (app.panels()[panel].as_ref(), &app.world);
    let spec = pane.spec();
    let whole =
        matches!(spec.place, Place::Tab | Place::View(_)) && !spec.needs.contains(Needs::OVERVIEW);
    match world
        .unread(spec.needs)
        .filter(|_| whole && area.height > 0)
    {
        Some(why) => {
            let room = usize::from(area.width.saturating_sub(1));
            put::text(
                buf,
                area.x + 1,
                area.y,
                why,
                room,
                world.theme.style(Role::Dim),
            );
        }
        None => pane.render(world, area, buf),
    }
}

fn layout(app: &App, screen: Rect) -> Layout {
    let mut out = Layout::default();
    let mut body = screen;
    let find = |place: Place| app.panels().iter().position(|p| p.spec().place == place);
    if let Some(header) = find(Place::Header).filter(|_| body.height >= 5) {
        out.bare.push((header, Rect { height: 1, ..body }));
        body = Rect {
            y: body.y + 1,
            height: body.height - 1,
            ..body
        };
    }
    if let Some(views) = find(Place::Views).filter(|_| screen.height >= BAR && screen.width >= 40) {
        out.bare.push((views, Rect { height: 1, ..body }));
        body = Rect {
            y: body.y + 1,
            height: body.height - 1,
            ..body
        };
    }
    if let Some(footer) = find(Place::Footer).filter(|_| body.height >= 4) {
        body.height -= 1;
        out.bare.push((
            footer,
            Rect {
                y: body.y + body.height,
                height: 1,
                ..body
            },
        ));
    }
    let stands = app.world.paused.is_some() && body.height >= 6;
    if let Some(time) = find(Place::Time).filter(|_| stands) {
        body.height -= 1;
        let y = body.y + body.height;
        out.bare.push((
            time,
            Rect {
                y,
                height: 1,
                ..body
            },
        ));
    }
    match app.world.page {
        Page::Dashboard => dashboard(app, screen, body, &mut out),
        Page::Inspector => put(app.tab().or(find(Place::List)), body, &mut out),
        Page::View(n) => put(find(Place::View(n)).or(find(Place::List)), body, &mut out),
    }
    out
}

fn dashboard(app: &App, screen: Rect, mut body: Rect, out: &mut Layout) {
    let find = |place: Place| app.panels().iter().position(|p| p.spec().place == place);
    if let Some(top) = find(Place::Top).filter(|_| body.height >= 9 && body.width >= 20) {
        let most = (screen.height / 3).saturating_sub(2).max(1);
        let width = body.width.saturating_sub(2);
        let own = app.panels()[top].height(&app.world, width, most).min(most);
        // A person may give them more, but the list stays.
        let more = app.world.settings.layout.cores;
        let height = (own + more).min(body.height.saturating_sub(7)).max(own) + 2;
        out.framed.push((top, Rect { height, ..body }));
        body = Rect {
            y: body.y + height,
            height: body.height - height,
            ..body
        };
    }
    let (list, tab) = match app.tab() {
        Some(_) => divide(app.world.settings.layout, body),
        None => (body, None),
    };
    put(find(Place::List), list, out);
    if let Some(tab) = tab {
        put(app.tab(), tab, out);
    }
}

/// The room of the list, and that of the inspector where there is any: beside the list where a person wants it there and
/// the screen is wide, below it where it is only high.
fn divide(layout: crate::app::layout::Layout, body: Rect) -> (Rect, Option<Rect>) {
    let part = |all: u16, least: u16| {
        let share = u32::from(all) * u32::from(layout.list) / u32::from(100 * PERCENT);
        (share as u16).clamp(least, all - least)
    };
    let beside = body.width >= BESIDE && body.height >= 8;
    let below = body.height >= 2 * BELOW;
    let (beside, below) = match layout.inspector {
        Inspector::Alone => (false, false),
        Inspector::Beside => (beside, !beside && body.height >= HIGH),
        Inspector::Below => (false, below),
    };
    if beside {
        let width = part(body.width, 40);
        let list = Rect { width, ..body };
        let rest = Rect {
            x: body.x + width,
            width: body.width - width,
            ..body
        };
        return (list, Some(rest));
    }
    if below {
        let height = part(body.height, BELOW);
        let list = Rect { height, ..body };
        let rest = Rect {
            y: body.y + height,
            height: body.height - height,
            ..body
        };
        return (list, Some(rest));
    }
    (body, None)
}

/// Puts a pane into an area: with a border where there is room for one.
fn put(pane: Option<usize>, area: Rect, out: &mut Layout) {
    let Some(pane) = pane else { return };
    if area.height >= 5 && area.width >= 24 {
        out.framed.push((pane, area));
    } else {
        out.bare.push((pane, area));
    }
}

/// The tabs that fit into the border of the inspector, with where each stands; the chosen one is always among them.
fn tab_areas(app: &App, outer: Rect) -> Vec<(Rect, usize)> {
    let tabs: Vec<usize> = app.tabs().collect();
    let name = inspected(app, outer.width);
    let first = outer.x
        + 3
        + if app.world.page == Page::Dashboard {
            width(&name) as u16 + 1
        } else {
            0
        };
    let room = (outer.x + outer.width).saturating_sub(first + 2);
    let wide = |i: usize| width(app.panels()[i].spec().title) as u16 + 2;
    let chosen = tabs.iter().position(|t| Some(*t) == app.tab()).unwrap_or(0);
    let mut from = 0;
    while from < chosen && tabs[from..=chosen].iter().map(|t| wide(*t)).sum::<u16>() > room {
        from += 1;
    }
    let mut x = first;
    let mut out = Vec::new();
    for tab in &tabs[from.min(tabs.len())..] {
        if x + wide(*tab) > first + room {
            break;
        }
        let area = Rect::new(x, outer.y, wide(*tab), 1);
        out.push((area, *tab));
        x += wide(*tab);
    }
    out
}

/// Where the signs stand that there are more tabs on either side, each with the first tab that is not shown there.
fn more_tabs(app: &App, shown: &[(Rect, usize)]) -> Vec<(Rect, usize)> {
    let tabs: Vec<usize> = app.tabs().collect();
    let place = |tab: usize| tabs.iter().position(|t| *t == tab);
    let (Some((first, a)), Some((last, b))) = (shown.first(), shown.last()) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if let Some(before) = place(*a).and_then(|i| i.checked_sub(1)) {
        let x = first.x.saturating_sub(1);
        out.push((
            Rect {
                x,
                width: 1,
                ..*first
            },
            tabs[before],
        ));
    }
    if let Some(after) = place(*b).and_then(|i| tabs.get(i + 1)) {
        let x = last.right();
        out.push((
            Rect {
                x,
                width: 1,
                ..*last
            },
            *after,
        ));
    }
    out
}

/// Whom the inspector beside the list is about: one process, or the selected group where the tab has the facts of groups;
/// the others show one of its members.
fn inspected(app: &App, cells: u16) -> String {
    let world = &app.world;
    let tab = app.tab().map(|tab| app.panels()[tab].spec());
    if let Some(of) = world
        .chosen_group()
        .filter(|_| tab.is_some_and(|tab| tab.needs.contains(Needs::OVERVIEW)))
    {
        return cut_middle(&of.group.title(), usize::from(cells / 2));
    }
    let proc = world.focus.and_then(|id| world.snapshot.get(id));
    let one = match (proc, world.focus) {
        (Some(p), _) => format!("{} {}", p.id.pid, called(p)),
        (None, Some(id)) => format!("{} ended", id.pid),
        (None, None) => return "no process".to_owned(),
    };
    let member = |of: &&Arc<Chosen>| world.focus.is_some_and(|id| of.members.contains(&id));
    match world.group.as_ref().filter(member) {
        Some(of) => one_of(
            &of.group.title(),
            of.members.len(),
            &one,
            usize::from(cells),
        ),
        None => one,
    }
}

/// A member of a group, as such: with the name of the group where that leaves the tabs their room.
fn one_of(group: &str, members: usize, one: &str, cells: usize) -> String {
    let whole = format!("one member of {}: {one}", cut_middle(group, GROUP_CELLS));
    if width(&whole) * 5 <= cells * 3 {
        return whole;
    }
    match members {
        1 => format!("its one member: {one}"),
        n => format!("one of {n} members: {one}"),
    }
}

fn draw_tabs(app: &App, outer: Rect, buf: &mut Buffer) {
    let theme = &app.world.theme;
    if app.world.page == Page::Dashboard {
        let parts = [(inspected(app, outer.width), Role::Title)];
        frame::title(theme, outer, &parts, &[], buf);
    }
    let areas = tab_areas(app, outer);
    for (area, tab) in &areas {
        let chosen = Some(*tab) == app.tab();
        let style = theme.style(if chosen { Role::Badge } else { Role::Dim });
        let right = usize::from(area.right());
        let mut x = area.x;
        for text in [" ", app.panels()[*tab].spec().title, " "] {
            let room = right.saturating_sub(usize::from(x));
            x = put::text(buf, x, area.y, text, room, style);
        }
    }
    let end = areas.last().map_or(outer.x + 3, |(a, _)| a.x + a.width);
    for (area, _) in more_tabs(app, &areas) {
        let before = areas.first().is_some_and(|(first, _)| area.x < first.x);
        let arrow = match (before, theme.glyphs.ascii) {
            (true, false) => "‹",
            (false, false) => "›",
            (true, true) => "<",
            (false, true) => ">",
        };
        let style = theme.style(Role::Accent);
        put::text(buf, area.x, area.y, arrow, 1, style);
    }
    if let Some(tab) = app.tab() {
        let badge = app.panels()[tab].badge(&app.world);
        let cells: usize = badge.iter().map(|(text, _)| width(text)).sum();
        let room = (outer.x + outer.width).saturating_sub(end + 5) as usize;
        if cells < room {
            frame::title(theme, outer, &[], &badge, buf);
            draw_foot(app, tab, outer, &[], buf);
        } else {
            // What is typed, and that rows are left out, is seen at any width: below, where the titles leave no room.
            draw_foot(app, tab, outer, &badge, buf);
        }
    }
}

/// Writes into the lower border what of a pane was read at another moment than the one that is shown or is read seldom,
/// and what else is given.
fn draw_foot(app: &App, panel: usize, outer: Rect, badge: &[(String, Role)], buf: &mut Buffer) {
    if outer.height < 3 {
        return;
    }
    let spec = app.panels()[panel].spec();
    let tells = matches!(spec.place, Place::Tab | Place::View(_));
    let elsewhen = app.world.read_elsewhen(spec.needs);
    let elsewhen = elsewhen.map(|told| (told, Role::Warn));
    let slowly = app.world.read_slowly(spec.needs);
    let slowly = slowly.map(|told| (told, Role::Dim));
    let elsewhen: Vec<_> = elsewhen
        .into_iter()
        .chain(slowly)
        .filter(|_| tells)
        .collect();
    let below = Rect {
        y: outer.bottom() - 1,
        height: 1,
        ..outer
    };
    frame::title(&app.world.theme, below, &elsewhen, badge, buf);
}

/// The pane with this name, for tests of a whole screen.
pub fn pane<'a>(app: &'a App, name: &str) -> Option<&'a dyn Panel> {
    let found = app.panels().iter().find(|p| p.spec().name == name);
    found.map(AsRef::as_ref)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_called_one_and_leaves_the_tabs_their_room() {
        let id = "0123456789abcdef".repeat(2);
        let told = |group: &str, members, cells| one_of(group, members, "20695 web", cells);
        assert_eq!(
            told("web.service", 2, 80),
            "one member of web.service: 20695 web"
        );
        assert_eq!(
            told(&id, 9, 82),
            "one member of 0123456789ab…56789abcdef: 20695 web"
        );
        assert_eq!(told(&id, 9, 64), "one of 9 members: 20695 web");
        assert_eq!(told(&id, 1, 64), "its one member: 20695 web");
    }
}
