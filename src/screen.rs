//! The layout of a frame: which pane stands where at which size, and the borders and titles around them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::panel::{Panel, Place};
use crate::app::world::Page;
use crate::app::{App, Placed};
use crate::model::plan::Needs;
use crate::model::process::called::called;
use crate::model::text::width;
use crate::theme::{Ground, Role};
use crate::widgets::{ascii, dim, frame, put};

/// From this width on the inspector stands beside the list.
const BESIDE: u16 = 100;

/// From this height on there is a line for the views.
const BAR: u16 = 20;

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
        let height = app.panels()[top].height(&app.world, width, most).min(most) + 2;
        out.framed.push((top, Rect { height, ..body }));
        body = Rect {
            y: body.y + height,
            height: body.height - height,
            ..body
        };
    }
    let beside = app
        .tab()
        .filter(|_| body.width >= BESIDE && body.height >= 8);
    let list_width = if beside.is_some() {
        body.width * 4 / 7
    } else {
        body.width
    };
    put(
        find(Place::List),
        Rect {
            width: list_width,
            ..body
        },
        out,
    );
    if beside.is_some() {
        let rest = Rect {
            x: body.x + list_width,
            width: body.width - list_width,
            ..body
        };
        put(beside, rest, out);
    }
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
    let name = inspected(app);
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

fn inspected(app: &App) -> String {
    let world = &app.world;
    let proc = world.focus.and_then(|id| world.snapshot.get(id));
    match (proc, world.focus) {
        (Some(p), _) => format!("{} {}", p.id.pid, called(p)),
        (None, Some(id)) => format!("{} ended", id.pid),
        (None, None) => "no process".to_owned(),
    }
}

fn draw_tabs(app: &App, outer: Rect, buf: &mut Buffer) {
    let theme = &app.world.theme;
    if app.world.page == Page::Dashboard {
        let parts = [(inspected(app), Role::Title)];
        frame::title(theme, outer, &parts, &[], buf);
    }
    let areas = tab_areas(app, outer);
    for (area, tab) in &areas {
        let chosen = Some(*tab) == app.tab();
        let style = theme.style(if chosen { Role::Badge } else { Role::Dim });
        let text = format!(" {} ", app.panels()[*tab].spec().title);
        put::text(buf, area.x, area.y, text, area.width as usize, style);
    }
    let end = areas.last().map_or(outer.x + 3, |(a, _)| a.x + a.width);
    if areas.last().map(|(_, t)| *t) != app.tabs().last() && end + 3 < outer.x + outer.width {
        put::text(
            buf,
            end,
            outer.y,
            if theme.glyphs.ascii { ">" } else { "…" },
            1,
            theme.style(Role::Dim),
        );
    }
    if let Some(tab) = app.tab() {
        let badge = app.panels()[tab].badge(&app.world);
        let cells: usize = badge.iter().map(|(text, _)| width(text)).sum();
        let room = (outer.x + outer.width).saturating_sub(end + 5) as usize;
        if cells < room {
            frame::title(theme, outer, &[], &badge, buf);
        } else if outer.height > 2 {
            // What is typed, and that rows are left out, is seen at any width: below, where the titles leave no room.
            let below = Rect {
                y: outer.bottom() - 1,
                height: 1,
                ..outer
            };
            frame::title(theme, below, &[], &badge, buf);
        }
    }
}

/// The pane with this name, for tests of a whole screen.
pub fn pane<'a>(app: &'a App, name: &str) -> Option<&'a dyn Panel> {
    let found = app.panels().iter().find(|p| p.spec().name == name);
    found.map(AsRef::as_ref)
}
