//! A pane as it is drawn, for the tests of each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::event::Event;
use crate::app::panel::Panel;
use crate::app::world::World;

/// The cells of a pane of this size.
pub fn buffer(pane: &mut dyn Panel, world: &World, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    pane.fit(world, area);
    let mut buf = Buffer::empty(area);
    pane.render(world, area, &mut buf);
    buf
}

/// The characters of cells, line by line, without blanks at the ends.
pub fn lines(buf: &Buffer) -> Vec<String> {
    let area = buf.area;
    let line = |y| -> String { (0..area.width).map(|x| buf[(x, y)].symbol()).collect() };
    (0..area.height)
        .map(|y| line(y).trim_end().to_owned())
        .collect()
}

/// The lines of a pane of this size.
pub fn drawn(pane: &mut dyn Panel, world: &World, width: u16, height: u16) -> Vec<String> {
    lines(&buffer(pane, world, width, height))
}

/// The same as one text.
pub fn text(pane: &mut dyn Panel, world: &World, width: u16, height: u16) -> String {
    drawn(pane, world, width, height).join("\n")
}

/// Fits the whole screen of an app and draws it.
pub fn screen(app: &mut App, area: Rect) -> Buffer {
    crate::screen::fit(app, area);
    let mut buf = Buffer::empty(area);
    crate::screen::render(app, area, &mut buf);
    buf
}

/// The screen after these keys, which was drawn after each.
pub fn pressed(app: &mut App, keys: &str, area: Rect) -> Buffer {
    for key in keys.split_whitespace() {
        app.update(Event::Key(key.parse().expect(key)));
        screen(app, area);
    }
    screen(app, area)
}
