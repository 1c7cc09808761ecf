//! Every channel of the chosen row: between which descriptors, which way, and what is known of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::app::world::World;
use crate::model::descriptors::ipc::{Edge, Ipc, Line, Party, counted, lines};
use crate::model::id::ProcId;
use crate::theme::Role;
use crate::widgets::line;

/// So wide is the list, at the right of the neighbourhood.
pub const WIDTH: u16 = 58;
/// From this width of the view on.
pub const FROM: u16 = 140;

/// Draws
/// ```text
/// CHANNELS 812 make ⇄ 900 cc1
/// 812 fd 1 → 900 fd 0   pipe   64K of 64K: the writer waits
/// 812 fd 5 ← 900 fd 1   pipe   empty
/// ```
pub fn draw(
    world: &World,
    ipc: &Ipc,
    (of, hub, member): (&Line, ProcId, Option<ProcId>),
    area: Rect,
    buf: &mut Buffer,
) {
    if area.height < 4 || area.width < 20 {
        return;
    }
    let ascii = world.theme.glyphs.ascii;
    let sides = format!(
        "{} {} {}",
        lines::words(&of.a),
        of.flow.arrow(ascii),
        lines::words(&of.b)
    );
    let mut all = vec![vec![
        ("CHANNELS ".to_owned(), Role::Title),
        (sides, Role::Dim),
    ]];
    let found = ipc
        .edges
        .iter()
        .filter(|e| belongs(e, of, hub) && member.is_none_or(|m| e.a.id == m || e.b.id == m));
    // The last line tells how many there is no room for.
    let room = usize::from(area.height) - 1;
    let shown: Vec<_> = found.take(room + 1).collect();
    let fits = if shown.len() > room { room - 1 } else { room };
    all.extend(shown.iter().take(fits).map(|e| told(e, of, ascii)));
    if shown.len() > room {
        let more = channels_of(of, member).saturating_sub(fits);
        all.push(vec![(format!("and {more} more"), Role::Dim)]);
    }
    for (parts, y) in all.iter().zip(area.y..area.bottom()) {
        let at = Rect {
            y,
            height: 1,
            ..area
        };
        line::draw(&world.theme, at, parts, Modifier::empty(), buf);
    }
}

/// Whether an edge is one of the line's, seen from the process that the line is about.
fn belongs(edge: &Edge, of: &Line, hub: ProcId) -> bool {
    (edge.a.id == hub || edge.b.id == hub)
        && edge.crowd == of.is_crowd()
        && (!of.is_crowd() || of.channels.iter().any(|(c, _)| *c == edge.channel))
        && of.has(edge.a.id)
        && of.has(edge.b.id)
}

fn channels_of(of: &Line, member: Option<ProcId>) -> usize {
    match (of.is_crowd(), member) {
        (true, _) => of.members(),
        _ => counted(&of.channels),
    }
}

/// An edge with the side on the left that the line has there.
fn told(edge: &Edge, of: &Line, ascii: bool) -> Vec<(String, Role)> {
    let turned = !of.a.iter().any(|p| p.id == edge.a.id);
    let (left, right, flow) = if turned {
        (&edge.b, &edge.a, edge.flow.turned())
    } else {
        (&edge.a, &edge.b, edge.flow)
    };
    let end = |p: &Party| {
        p.fd.map_or_else(
            || p.id.pid.to_string(),
            |fd| format!("{} fd {fd}", p.id.pid),
        )
    };
    let role = if edge.detail.contains("waits") {
        Role::Warn
    } else {
        Role::Dim
    };
    vec![
        (end(left), Role::Text),
        (format!(" {} ", flow.arrow(ascii)), Role::Dim),
        (end(right), Role::Text),
        (format!("   {}   ", edge.channel.counted(1)), Role::Dim),
        (edge.detail.clone(), role),
    ]
}
