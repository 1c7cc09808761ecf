//! What is saved when it is asked for: the screen as text, with its colours or as a picture; the table as CSV or JSON.

mod svg;
mod table;

use std::io;
use std::path::{Path, PathBuf};

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::event::Outcome;
use crate::app::save::{Form, Save};
use crate::screen;
use crate::sys::own::outfile;
use crate::term::cells;

/// What a file of this form holds now.
///
/// # Errors
/// In words, where there is no table.
pub fn bytes(app: &mut App, area: Rect, form: Form) -> Result<Vec<u8>, String> {
    screen::fit(app, area);
    if form.is_table() {
        let Some(table) = app.whole_table() else {
            return Err("this pane has no table; .txt, .ansi and .svg save the screen".to_owned());
        };
        return Ok(match form {
            Form::Json => table::json(&app.world, &table),
            _ => table::csv(&table),
        });
    }
    let mut buffer = Buffer::empty(area);
    // What was just said is about the keys, not about the machine.
    let notice = app.world.notice.take();
    screen::render(app, area, &mut buffer);
    app.world.notice = notice;
    Ok(match form {
        Form::Svg => svg::picture(&buffer, &app.world.theme),
        Form::Ansi => ansi(&buffer),
        _ => text(&buffer),
    })
}

/// The lines of a screen.
fn lines(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer.content.chunks(usize::from(buffer.area.width).max(1))
}

fn text(buffer: &Buffer) -> Vec<u8> {
    let mut out = String::new();
    for line in lines(buffer) {
        let text: String = shown(line).map(|(_, cell)| cell.symbol()).collect();
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out.into_bytes()
}

/// The cells that are drawn: those that a wide letter before them covers are left out.
fn shown(line: &[Cell]) -> impl Iterator<Item = (usize, &Cell)> {
    let mut covered = 0;
    line.iter().enumerate().filter(move |(_, cell)| {
        if covered > 0 {
            covered -= 1;
            return false;
        }
        covered = crate::model::text::width(cell.symbol()).saturating_sub(1);
        true
    })
}

fn ansi(buffer: &Buffer) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines(buffer) {
        cells::line(shown(line).map(|(_, cell)| cell), &mut out);
        out.push(b'\n');
    }
    out
}

/// Writes it where it was asked for.
pub fn write(save: Save, bytes: &[u8]) -> Outcome {
    let path = place(&save.path);
    let shown = path.display();
    let done = if save.over {
        outfile::replace(&path, bytes)
    } else {
        outfile::create_new(&path, bytes)
    };
    match done {
        Ok(()) => Outcome::Done(format!("saved {} in {shown}", save.form.about())),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Outcome::Exists(save),
        Err(e) => Outcome::Failed(format!("cannot save to {shown}: {e}")),
    }
}

/// The file that is meant: `~/` is the home.
pub fn place(path: &str) -> PathBuf {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests;
