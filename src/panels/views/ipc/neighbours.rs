//! The neighbourhood of one process as a small picture: who sends to it on the left, whom it sends to on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::descriptors::ipc::{Ipc, Line, Party, lines};
use crate::model::descriptors::peer::Flow;
use crate::model::text::{cut, width};
use crate::theme::Role;
use crate::widgets::line;

/// Draws
/// ```text
///            780 bash ⇄ terminal ─┐            ┌─ 2 pipes → 900 cc1
///                                 ├─ 812 make ─┤
///                                 │            └─ unix socket ⇄ 1 systemd
/// ```
pub fn draw(world: &World, ipc: &Ipc, of: &Party, area: Rect, buf: &mut Buffer) {
    if area.height < 4 || area.width < 20 {
        return;
    }
    let title = Rect {
        x: area.x + 1,
        height: 1,
        width: area.width - 1,
        ..area
    };
    let head = [
        ("NEIGHBOURHOOD ".to_owned(), Role::Title),
        (format!("of {} {}", of.id.pid, of.name), Role::Dim),
    ];
    line::draw(&world.theme, title, &head, Modifier::empty(), buf);
    let (left, right) = sides(ipc, of);
    let room = usize::from(area.height - 2);
    let wide = usize::from(area.width);
    let middle = format!("{} {}", of.id.pid, of.name);
    let middle = cut(&middle, wide / 4).into_owned();
    // What is left of the middle and its four connectors belongs to the sides.
    let side = wide.saturating_sub(width(&middle) + 10) / 2;
    let half = (left.len().max(right.len()).clamp(1, room) - 1) / 2;
    for y in 0..left.len().max(right.len()).clamp(1, room) {
        let at = Rect {
            x: area.x,
            y: area.y + 1 + y as u16,
            width: area.width,
            height: 1,
        };
        let ends = (y, half, room);
        let parts = picture(world, (&left, &right), &middle, side, ends);
        line::draw(&world.theme, at, &parts, Modifier::empty(), buf);
    }
}

/// Who sends to the process only, and everyone else that it has to do with.
fn sides(ipc: &Ipc, of: &Party) -> (Vec<Neighbour>, Vec<Neighbour>) {
    let near = ipc.lines.iter().filter_map(|line| neighbour(line, of));
    let (mut left, mut right): (Vec<_>, Vec<_>) = near.partition(|n| n.flow == Flow::In);
    // Those of both ways fill the emptier side.
    while left.len() + 1 < right.len()
        && let Some(at) = right.iter().position(|n| n.flow == Flow::Both)
    {
        left.push(right.remove(at));
    }
    (left, right)
}

/// One of its neighbours, or many that a line puts together.
struct Neighbour {
    who: String,
    /// Seen from the process.
    flow: Flow,
    by: String,
}

/// Who is at the other side of a line from a process; nobody where it is not in the line.
fn neighbour(line: &Line, of: &Party) -> Option<Neighbour> {
    let on = |side: &[Party]| side.iter().any(|p| p.id == of.id);
    let (left, right) = (on(&line.a), on(&line.b));
    if !left && !right {
        return None;
    }
    let far = if left { &line.b } else { &line.a };
    // Where it is on both sides, or all share one thing, the others are all but it.
    let who = if far.is_empty() || (left && right) {
        let others = line.a.len().max(line.b.len()) - 1;
        format!("{others} others")
    } else {
        lines::words(far)
    };
    let flow = match (left, right) {
        (true, true) => Flow::Both,
        (true, false) => line.flow,
        _ => line.flow.turned(),
    };
    // What joins it with the one is less than what joins all of them.
    let own = line
        .pairs
        .iter()
        .find(|p| far.len() == 1 && (p.a.id == of.id || p.b.id == of.id));
    let by = own.map_or_else(|| line.by(), |pair| lines::channels(&pair.channels));
    Some(Neighbour { who, flow, by })
}

/// One line of the picture; `y` of it, where `half` is the line of the process itself and `room` how many there are.
fn picture(
    world: &World,
    (left, right): (&[Neighbour], &[Neighbour]),
    middle: &str,
    side: usize,
    (y, half, room): (usize, usize, usize),
) -> Vec<(String, Role)> {
    let ascii = world.theme.glyphs.ascii;
    let text = |side: &[Neighbour], out: bool| -> (String, String, String) {
        let Some(n) = side.get(y) else {
            return (String::new(), String::new(), String::new());
        };
        if y + 1 == room && side.len() > room {
            let more = format!("and {} more", side.len() + 1 - room);
            return (more, String::new(), String::new());
        }
        let arrow = if out { n.flow } else { n.flow.turned() }.arrow(ascii);
        (n.who.clone(), format!(" {arrow} "), n.by.clone())
    };
    let (who, arrow, by) = text(left, false);
    let who = cut(&who, side / 2).into_owned();
    let by = cut(&by, side.saturating_sub(width(&who) + width(&arrow))).into_owned();
    let used = width(&who) + width(&arrow) + width(&by);
    let mut out = vec![
        (" ".repeat(side.saturating_sub(used)), Role::Dim),
        (who, Role::Accent),
        (arrow, Role::Dim),
        (by, Role::Dim),
        (
            joint(left.len().min(room), y, half, true, ascii).to_owned(),
            Role::Border,
        ),
    ];
    if y == half {
        out.push((middle.to_owned(), Role::Strong));
    } else {
        out.push((" ".repeat(width(middle)), Role::Dim));
    }
    out.push((
        joint(right.len().min(room), y, half, false, ascii).to_owned(),
        Role::Border,
    ));
    let (who, arrow, by) = text(right, true);
    out.push((by, Role::Dim));
    out.push((arrow, Role::Dim));
    out.push((who, Role::Accent));
    out
}

/// The five cells between a side and the process.
fn joint(count: usize, y: usize, half: usize, left: bool, ascii: bool) -> &'static str {
    let line = y < count;
    let above = y > half.min(count.saturating_sub(1)) || (y > 0 && y <= half && count > 0);
    let below = (y < half && count > 0) || y + 1 < count;
    let shape = (line, y == half && count > 0, above, below);
    if ascii {
        return match shape {
            (true, true, ..) => " --- ",
            (true, false, ..) if left => " -+  ",
            (true, false, ..) => "  +- ",
            (false, true, ..) if left => "  +- ",
            (false, true, ..) => " -+  ",
            (false, false, true, true) => "  |  ",
            _ => "     ",
        };
    }
    match shape {
        (true, true, false, false) => " ─── ",
        (true, true, true, true) => " ─┼─ ",
        (true, true, true, false) => " ─┴─ ",
        (true, true, false, true) => " ─┬─ ",
        (true, false, true, true) if left => " ─┤  ",
        (true, false, true, true) => "  ├─ ",
        (true, false, false, _) if left => " ─┐  ",
        (true, false, false, _) => "  ┌─ ",
        (true, false, true, false) if left => " ─┘  ",
        (true, false, true, false) => "  └─ ",
        (false, true, true, _) if left => "  └─ ",
        (false, true, true, _) => " ─┘  ",
        (false, false, true, true) => "  │  ",
        _ => "     ",
    }
}
