//! Painting: rows are written when the list is fitted, and put on the screen when it is drawn.

mod empty;

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::cells::{Cell, Subject};
use super::command::{Indent, is_busy, is_command, is_new, spans};
use super::layout::Placed;
use super::moves::Found;
use super::title::arrow;
use super::{List, Typing};
use crate::app::moves;
use crate::app::world::World;
use crate::model::id::ProcId;
use crate::model::process::filter::fields;
use crate::model::text::{cut, width, wrap};
use crate::theme::Role;
use crate::widgets::spark::Spark;
use crate::widgets::{line, put, table};

/// What is in view, ready to be painted.
#[derive(Default)]
pub(super) struct Drawn {
    rows: Vec<DrawnRow>,
    /// What the rows were written for.
    of: Scope,
    foot: Vec<(String, Role)>,
    /// The cell of the cursor in the last line, while somebody types there.
    caret: Option<u16>,
}

/// On what the rows in view depend, beside what the whole list was made of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Scope {
    places: Range<usize>,
    columns: Vec<(&'static str, Range<u16>)>,
    indent: Indent,
    focus: Option<ProcId>,
    paths: bool,
}

struct DrawnRow {
    cells: Vec<(Placed, Content)>,
    mark: Option<(&'static str, Style)>,
    dim: bool,
    /// Where the name begins, counted from the start of the command column; left of it the mouse folds.
    indent: usize,
}

enum Content {
    Spans(Vec<(String, Style)>),
    Past(Vec<f64>),
}

impl Drawn {
    /// Whether a cell of a row in view belongs to the lines of the tree.
    pub(super) fn is_fold_mark(&self, row: usize, x: u16) -> bool {
        self.rows.get(row).is_some_and(|row| {
            row.cells
                .iter()
                .filter(|(p, _)| is_command(p.column))
                .any(|(p, _)| {
                    x >= p.cells.start && usize::from(x - p.cells.start) < row.indent.max(1)
                })
        })
    }
}

/// Writes the rows in view and the last line; of the last `drawn` whatever is still right stays, unless all is `stale`.
pub(super) fn prepare(list: &List, world: &World, drawn: Drawn, stale: bool) -> Drawn {
    let height = list.layout.body.height as usize;
    let end = (list.top + height).min(list.forest.rows.len());
    let placed = list.layout.columns.iter();
    let of = Scope {
        places: list.top..end,
        columns: placed.map(|p| (p.column.name, p.cells.clone())).collect(),
        indent: list.layout.indent,
        focus: world.focus,
        paths: list.paths,
    };
    let rows = if stale || drawn.of != of {
        let rows = of.places.clone();
        rows.filter_map(|at| row(list, world, at)).collect()
    } else {
        drawn.rows
    };
    let (foot, caret) = foot(list, world);
    Drawn {
        rows,
        of,
        foot,
        caret,
    }
}

fn row(list: &List, world: &World, at: usize) -> Option<DrawnRow> {
    let row = list.forest.rows[at];
    let Some(subject) = Subject::of(list, world, row) else {
        return list
            .forest
            .heading(row.item)
            .map(|group| empty::row(list, world, at, group));
    };
    let mut indent = 0;
    let mut cells = Vec::with_capacity(list.layout.columns.len());
    for placed in &list.layout.columns {
        let content = if is_command(placed.column) {
            let (spans, lines) = spans(list, world, &subject, at);
            indent = lines;
            Content::Spans(spans)
        } else {
            match subject.cell(list, world, placed.column) {
                Cell::Text(text, style) => Content::Spans(vec![(text, style)]),
                Cell::Past(values) => Content::Past(values),
            }
        };
        cells.push((placed.clone(), content));
    }
    Some(DrawnRow {
        cells,
        mark: mark(list, world, &subject),
        dim: row.dim,
        indent,
    })
}

/// The sign at the left of a row: tagged, ended, new, or the colour that it has in the lanes.
fn mark(list: &List, world: &World, subject: &Subject<'_>) -> Option<(&'static str, Style)> {
    let theme = &world.theme;
    let ascii = theme.glyphs.ascii;
    let id = subject.lead.id;
    if subject.thread.is_some() || subject.group.is_some() {
        None
    } else if world.tags.contains(&id) {
        Some((if ascii { "*" } else { "◆" }, theme.style(Role::Tagged)))
    } else if list.ended.iter().any(|e| e.proc.id == id) {
        let lost = world.focus == Some(id);
        let role = if lost { Role::Bad } else { Role::Ended };
        Some((if ascii { "x" } else { "×" }, theme.style(role)))
    } else if is_new(world, &subject.lead) {
        Some(("+", theme.style(Role::New)))
    } else {
        // The key to the lanes: whose colour this is there.
        let own = theme.process(id);
        let key = if ascii { "#" } else { "■" };
        let shown = own != Color::Reset && is_busy(world, id);
        shown.then(|| (key, Style::new().fg(own)))
    }
}

fn foot(list: &List, world: &World) -> (Vec<(String, Role)>, Option<u16>) {
    match &list.typing {
        None => {
            let mut out = doubts(list, world);
            out.extend(list.sums.1.iter().cloned());
            (out, None)
        }
        Some(Typing::Filter(input, _)) => {
            let label = " filter / ";
            let caret = width(label) + input.cursor();
            let (passing, all) = list.forest.counts();
            let mut out = vec![(label.to_owned(), Role::Accent)];
            out.extend(typed(list, input.text()));
            out.push((" ".to_owned(), Role::Text));
            match list.filter.notes().first() {
                Some(note) => out.push((format!("  {}", note.why), Role::Warn)),
                None => out.push((format!("  {passing} of {all}"), Role::Dim)),
            }
            if let Some(nobody) = &list.nobody {
                out.push((format!(" · {nobody}"), Role::Warn));
            }
            (out, Some(caret as u16))
        }
        Some(Typing::Search(input, _)) => {
            let label = " search ";
            let caret = width(label) + input.cursor();
            let mut out = vec![
                (label.to_owned(), Role::Accent),
                (input.text().to_owned(), Role::Text),
            ];
            out.push(match (input.text(), list.found) {
                ("", _) | (_, Found::Row) => ("   n N go on".to_owned(), Role::Dim),
                (_, Found::Folded) => (
                    "   folded in this row · Enter unfolds".to_owned(),
                    Role::Dim,
                ),
                (_, Found::Nowhere) => ("   no match".to_owned(), Role::Warn),
            });
            (out, Some(caret as u16))
        }
    }
}

/// What of the filter in force is not understood, and who is looked for in vain.
fn doubts(list: &List, world: &World) -> Vec<(String, Role)> {
    let mut out = Vec::new();
    let note = list.filter.notes().first();
    if let Some(note) = note {
        let part = list.filter.text().get(note.at.clone()).unwrap_or_default();
        let text = format!(" left out of the filter: {part} ({})", note.why);
        out.push((text, Role::Warn));
    }
    if let Some(nobody) = &list.nobody {
        out.push((format!(" {nobody}"), Role::Warn));
    }
    if !out.is_empty() {
        let key = world.keys.shown(moves::FILTER);
        out.push((format!(" · {key} changes it "), Role::Dim));
    }
    out
}

/// What helps while a filter is typed: the fields that begin so, else how conditions are written.
fn syntax(text: &str, cells: u16) -> Vec<Vec<(String, Role)>> {
    let fields = fields::beginning(text);
    if fields.is_empty() {
        let room = usize::from(cells.saturating_sub(1).max(1));
        let lines = if width(fields::SYNTAX) <= room {
            vec![fields::SYNTAX.to_owned()]
        } else {
            wrap(fields::SYNTAX, room)
        };
        let line = |text: String| vec![(format!(" {text}"), Role::Dim)];
        return lines.into_iter().map(line).collect();
    }
    let mut out = vec![(" fields ".to_owned(), Role::Dim)];
    for field in fields {
        out.push((format!(" {field}"), Role::Accent));
    }
    vec![out]
}

/// How many lines it takes to say how conditions are written.
pub(super) fn hint_lines(cells: u16) -> usize {
    syntax("", cells).len()
}

/// The filter's text, with what is left out dimmed.
fn typed(list: &List, text: &str) -> Vec<(String, Role)> {
    let mut out = Vec::new();
    let mut at = 0;
    for note in list.filter.notes() {
        let (Some(before), Some(part)) = (text.get(at..note.at.start), text.get(note.at.clone()))
        else {
            break;
        };
        out.push((before.to_owned(), Role::Text));
        out.push((part.to_owned(), Role::Dim));
        at = note.at.end;
    }
    out.push((text.get(at..).unwrap_or_default().to_owned(), Role::Text));
    out
}

/// Paints what was prepared.
pub(super) fn render(list: &List, world: &World, area: Rect, buf: &mut Buffer) {
    let theme = &world.theme;
    let layout = &list.layout;
    if area != list.area || area.intersection(buf.area) != area {
        return;
    }
    if layout.header.height > 0 {
        header(list, world, buf);
    }
    for (i, row) in list.drawn.rows.iter().enumerate() {
        let at = Rect {
            y: layout.body.y + i as u16,
            height: 1,
            ..layout.body
        };
        // A click on another row selects it, wherever it hits; only then, or while time stands, it asks for a moment.
        let chosen = list.at == Some(list.top + i) || world.looks_back();
        paint(world, row, at, chosen && list.menu.is_none(), buf);
        if let Some((command, _)) = row.cells.iter().find(|(p, _)| is_command(p.column)) {
            let part = Rect {
                x: at.x + command.cells.start,
                width: command.cells.end - command.cells.start,
                ..at
            };
            table::mark(&list.needle, theme.style(Role::Match), part, buf);
        }
        if list.at == Some(list.top + i) {
            table::select(theme, at, buf);
        }
    }
    for (i, text) in layout.whole.iter().enumerate() {
        let at = Rect {
            x: area.x + 1.min(area.width),
            y: layout.whole_area.y + i as u16,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(
            theme,
            at,
            &[(text.clone(), Role::Text)],
            Modifier::empty(),
            buf,
        );
    }
    if layout.hint.height > 0
        && let Some(Typing::Filter(input, _)) = &list.typing
    {
        for (parts, y) in syntax(input.text(), layout.hint.width)
            .iter()
            .zip(layout.hint.top()..layout.hint.bottom())
        {
            let row = Rect {
                y,
                height: 1,
                ..layout.hint
            };
            line::draw(theme, row, parts, Modifier::empty(), buf);
        }
    }
    if layout.foot.height > 0 {
        line::draw(theme, layout.foot, &list.drawn.foot, Modifier::empty(), buf);
        if let Some(x) = list.drawn.caret
            && let Some(cell) = buf.cell_mut((
                layout.foot.x + x.min(layout.foot.width.saturating_sub(1)),
                layout.foot.y,
            ))
        {
            cell.modifier.insert(Modifier::REVERSED);
        }
    }
    if let Some(menu) = &list.menu {
        menu.render(world, area, buf);
    }
}

fn header(list: &List, world: &World, buf: &mut Buffer) {
    let theme = &world.theme;
    let area = list.layout.header;
    for placed in &list.layout.columns {
        let sorted = placed.column.name == list.sort.name;
        let mut text = Cow::Borrowed(placed.column.title);
        if sorted {
            text += arrow(list.descending, theme.glyphs.ascii);
        }
        let style = theme.style(if sorted { Role::Accent } else { Role::Dim });
        let room = usize::from(placed.cells.end - placed.cells.start);
        let wide = width(&text);
        // The sort mark may stand in the gap between two columns.
        let skip = if placed.column.right() {
            room as isize - wide as isize
        } else {
            0
        };
        let x = (placed.cells.start as isize + skip.max(-1)).max(0) as u16;
        let text = cut(&text, room + 1);
        let end = area.width.saturating_sub(x) as usize;
        put::text(buf, area.x + x, area.y, &text, end, style);
    }
}

/// Paints a row; `bare`: nothing is drawn over it, and a click on its past asks for that moment.
fn paint(world: &World, row: &DrawnRow, at: Rect, bare: bool, buf: &mut Buffer) {
    let theme = &world.theme;
    for (placed, content) in &row.cells {
        let cells = Rect {
            x: at.x + placed.cells.start,
            width: placed.cells.end - placed.cells.start,
            ..at
        };
        match content {
            Content::Past(values) => past(world, values, cells, bare, buf),
            Content::Spans(spans) => write(spans, placed.column.right(), cells, buf),
        }
    }
    if row.dim {
        let dim = theme.style(Role::Dim);
        for x in at.left()..at.right() {
            buf[(x, at.y)].modifier = Modifier::empty();
            buf[(x, at.y)].set_style(Style::reset().patch(dim));
        }
    }
    if let Some((sign, style)) = row.mark
        && at.width > 1
    {
        let first = row.cells.first().map_or(0, |(p, _)| p.cells.start);
        let x = at.x + first.saturating_sub(1).min(1);
        buf[(x, at.y)].set_symbol(sign).set_style(style);
    }
}

fn past(world: &World, values: &[f64], area: Rect, bare: bool, buf: &mut Buffer) {
    let theme = &world.theme;
    let spark = Spark {
        top: 10.0,
        style: theme.style(Role::CpuUser),
        idle: theme.style(Role::Faint),
        ascii: theme.glyphs.ascii,
    };
    // Small shares matter too: the height follows the root of the share.
    spark.draw(values.iter().map(|v| v.sqrt()), area, buf);
    let cells = usize::from(area.width);
    if !bare {
        return;
    }
    (world.probe).with_pane(area, || world.history.moments(cells.min(values.len())));
}

fn write(spans: &[(String, Style)], right: bool, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    let wide: usize = spans.iter().map(|(text, _)| width(text)).sum();
    let mut x = area.x
        + if right {
            room.saturating_sub(wide) as u16
        } else {
            0
        };
    let mut left = usize::from(area.right() - x);
    let mut rest = wide;
    for (text, style) in spans {
        if left == 0 {
            break;
        }
        let wide = width(text);
        let shown = if wide == left && rest > wide {
            // Something is cut off behind a text that just fits: its last cell says so.
            Cow::Owned(cut(&format!("{text} "), left).into_owned())
        } else {
            cut(text, left)
        };
        rest -= wide;
        put::text(buf, x, area.y, &shown, left, *style);
        let used = width(&shown);
        x += used as u16;
        left -= used.min(left);
    }
}
