//! The devices and the filesystems.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::model::format::{bytes, duration, per_second, rate};
use crate::model::id::Bytes;
use crate::model::machine::disk::{Device, DiskRates, Disks, Filesystem, Space};
use crate::model::machine::requests::{Kind, Requests};
use crate::model::reading::{Missing, Reading};
use crate::model::text::width;
use crate::theme::{Role, Theme};
use crate::widgets::line;
use crate::widgets::table::{Column, Row, Table, place};

pub const DEVICES: [Column; 13] = [
    Column::left("DEVICE", 10, 0),
    Column::right("SIZE", 6, 4),
    Column::right("BUSY", 5, 0),
    Column::left("", 6, 3).growing(),
    Column::right("READ", 8, 0),
    Column::right("WRITTEN", 8, 0),
    Column::right("READ REQ/s", 10, 3),
    Column::right("WRITE REQ/s", 11, 3),
    Column::right("READ TOOK", 9, 1),
    Column::right("READ p99", 8, 1),
    Column::right("WRITE TOOK", 10, 1),
    Column::right("WRITE p99", 9, 1),
    Column::right("QUEUE", 5, 2),
];

fn cell(theme: &Theme, text: impl Into<String>, role: Role) -> Line<'static> {
    Line::from(Span::styled(text.into(), theme.style(role)))
}

/// Where the growing column of bars finds itself at this width.
fn bar_cells(columns: &[Column], width: u16, column: usize) -> usize {
    let placed = place(columns, width);
    let found = placed.iter().find(|p| p.column == column);
    found.map_or(0, |p| usize::from(p.cells.end - p.cells.start))
}

fn bar(theme: &Theme, share: f64, cells: usize) -> Line<'static> {
    let filled = ((share.clamp(0.0, 1.0) * cells as f64).round() as usize).min(cells);
    let role = match share {
        s if s >= 0.95 => Role::Bad,
        s if s >= 0.8 => Role::Warn,
        _ => Role::MemUsed,
    };
    let [full, rest] = if theme.glyphs.ascii {
        ["#", "."]
    } else {
        ["█", "·"]
    };
    Line::from(vec![
        Span::styled(full.repeat(filled), theme.style(role)),
        Span::styled(rest.repeat(cells - filled), theme.style(Role::Faint)),
    ])
}

/// Which of them are known where each request is counted.
const SLOWEST: [(usize, Kind); 2] = [(9, Kind::Read), (11, Kind::Write)];

/// Whether there is nothing behind a device: a loop without a file, a slot without a medium.
pub fn is_empty(device: &Device) -> bool {
    device.size == Ok(Bytes(0))
}

/// Draws the devices with what they do a second.
pub fn devices(
    theme: &Theme,
    disks: &Disks,
    rates: &[Reading<DiskRates>],
    requests: Option<&Requests>,
    area: Rect,
    buf: &mut Buffer,
) {
    let counted = requests.filter(|r| r.counted());
    let mut columns = DEVICES;
    for (column, _) in SLOWEST {
        columns[column] = columns[column].absent_if(counted.is_none());
    }
    let cells = bar_cells(&columns, area.width, 3);
    let rated = disks.told().iter().zip(rates);
    let mut rated: Vec<_> = rated.filter(|(device, _)| !is_empty(device)).collect();
    let room = usize::from(area.height.saturating_sub(1));
    if rated.len() > room {
        let busy = |r: &Reading<DiskRates>| r.map_or(0.0, |r| r.busy);
        rated.sort_by(|a, b| busy(b.1).total_cmp(&busy(a.1)));
    }
    let rows: Vec<Row> = rated
        .into_iter()
        .map(|(device, rates)| {
            let size = device.size.map_or_else(|_| "–".to_owned(), bytes);
            let mut row = vec![
                cell(theme, device.name.as_str(), Role::Strong),
                cell(theme, size, Role::Dim),
            ];
            match rates {
                Ok(r) => row.extend(device_rates(theme, r, cells)),
                Err(_) => row.extend((0..9).map(|_| cell(theme, "–", Role::Dim))),
            }
            for (column, kind) in SLOWEST {
                let of = counted.and_then(|r| r.of(&device.name, kind));
                row.insert(
                    column,
                    match of.and_then(|of| of.took.p99.ok()) {
                        Some(p99) => cell(theme, duration(p99), Role::Text),
                        None => cell(theme, "–", Role::Dim),
                    },
                );
            }
            Row {
                cells: row,
                style: Style::new(),
            }
        })
        .collect();
    table(theme, &columns, &rows, area, buf);
}

fn device_rates(theme: &Theme, r: &DiskRates, cells: usize) -> Vec<Line<'static>> {
    let busy = if r.busy >= 80.0 {
        Role::Warn
    } else {
        Role::Text
    };
    let quiet = |n: f64| if n > 0.0 { Role::Text } else { Role::Dim };
    let ms = super::took;
    vec![
        cell(theme, format!("{:.0}%", r.busy), busy),
        bar(theme, r.busy / 100.0, cells),
        cell(theme, rate(r.read), quiet(r.read)),
        cell(theme, rate(r.written), quiet(r.written)),
        cell(theme, per_second(r.reads), quiet(r.reads)),
        cell(theme, per_second(r.writes), quiet(r.writes)),
        cell(theme, ms(r.read_latency_ms), quiet(r.reads)),
        cell(theme, ms(r.write_latency_ms), quiet(r.writes)),
        cell(theme, format!("{:.1}", r.queue), quiet(r.queue)),
    ]
}

pub const FILESYSTEMS: [Column; 8] = [
    Column::left("MOUNTED AT", 14, 0).growing(),
    Column::left("TYPE", 11, 3),
    Column::right("USED", 5, 0),
    Column::left("", 6, 4).growing(),
    Column::right("OF", 6, 1),
    Column::right("LEFT", 6, 0),
    Column::right("INODES", 6, 2),
    Column::left("FROM", 10, 5).growing(),
];

/// Draws the filesystems, the fullest first.
pub fn filesystems(theme: &Theme, disks: &Disks, area: Rect, buf: &mut Buffer) {
    let cells = bar_cells(&FILESYSTEMS, area.width, 3);
    let mut all: Vec<&Filesystem> = disks.filesystems.iter().collect();
    // What does not answer is news; what is full by nature is none.
    let full = |f: &Filesystem| match f.space {
        Err(_) => f64::INFINITY,
        Ok(_) => f.fullness().unwrap_or(-1.0),
    };
    all.sort_by(|a, b| full(b).total_cmp(&full(a)));
    let rows: Vec<Row> = all.iter().map(|f| filesystem(theme, f, cells)).collect();
    table(theme, &FILESYSTEMS, &rows, area, buf);
}

fn filesystem(theme: &Theme, f: &Filesystem, cells: usize) -> Row {
    let kind = if f.read_only {
        format!("{} ro", f.kind)
    } else {
        f.kind.to_string()
    };
    let mut row = vec![
        cell(theme, f.mount.as_str(), Role::Strong),
        cell(theme, kind, Role::Dim),
    ];
    match f.space {
        Ok(space) => row.extend(space_cells(theme, &space, cells, f.is_image())),
        Err(why) => {
            row.push(cell(theme, "–", Role::Dim));
            let lasts = f.silent.map(duration);
            let words = match lasts.map(|lasts| format!("{} {lasts}", silence(why))) {
                Some(words) if width(&words) <= cells => words,
                _ => silence(why).to_owned(),
            };
            row.push(cell(theme, words, Role::Bad));
            row.extend((0..3).map(|_| cell(theme, "–", Role::Dim)));
        }
    }
    row.push(cell(theme, f.source.as_str(), Role::Dim));
    Row {
        cells: row,
        style: Style::new(),
    }
}

/// Why a filesystem shows no space, in the width of a bar.
pub fn silence(why: Missing) -> &'static str {
    match why {
        Missing::Late => "no answer",
        Missing::Denied => "denied",
        Missing::Gone => "out of reach",
        Missing::Unsupported | Missing::Soon | Missing::Gap => "not told",
        Missing::Unrecorded => "not read then",
    }
}

fn space_cells(theme: &Theme, space: &Space, cells: usize, image: bool) -> Vec<Line<'static>> {
    let percent = space.used_percent();
    let role = if percent >= 90.0 && !image {
        Role::Warn
    } else {
        Role::Text
    };
    let inodes = space.inodes_percent();
    vec![
        cell(theme, format!("{percent:.0}%"), role),
        bar(theme, if image { 0.0 } else { percent / 100.0 }, cells),
        cell(theme, bytes(space.total), Role::Dim),
        cell(theme, bytes(Bytes(space.available.0)), Role::Text),
        cell(
            theme,
            inodes.map_or_else(|| "–".to_owned(), |p| format!("{p:.0}%")),
            match inodes {
                Some(percent) if percent >= 90.0 && !image => Role::Warn,
                _ => Role::Dim,
            },
        ),
    ]
}

/// Draws as many rows as there is room for, and says how many there are beyond.
fn table(theme: &Theme, columns: &[Column], rows: &[Row], area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.height.saturating_sub(1));
    let (rows, area) = if rows.len() > room && room > 1 {
        let last = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        let more = format!(" … and {} more", rows.len() - (room - 1));
        line::draw(theme, last, &[(more, Role::Dim)], Modifier::empty(), buf);
        let height = area.height - 1;
        (&rows[..room - 1], Rect { height, ..area })
    } else {
        (rows, area)
    };
    Table {
        columns,
        rows,
        selected: None,
        sort: None,
        needle: "",
        header: true,
    }
    .render(theme, area, buf);
}
