//! The lines above the table: how many, how near the limit, what they hold, the pipeline; or why there is nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::super::kept::remedy;
use super::row;
use crate::app::world::World;
use crate::model::descriptors::descriptor::{Descriptor, Files, Kind};
use crate::model::descriptors::hidden_words;
use crate::model::detail::Stamped;
use crate::model::format;
use crate::model::id::Bytes;
use crate::model::reading::Missing;
use crate::panels::listing;
use crate::theme::Role;
use crate::widgets::line::{self, Styled};

/// Draws as many lines as there is room for.
pub fn draw(world: &World, files: &Files, area: Rect, buf: &mut Buffer) {
    let mut lines = vec![summary(world, files)];
    lines.extend(
        files
            .pipelines
            .iter()
            .take(1)
            .map(|p| pipeline(world, files, p)),
    );
    for (parts, y) in lines.iter().zip(area.y..area.bottom()) {
        let at = Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(1),
            height: 1,
        };
        line::draw(&world.theme, at, parts, Modifier::empty(), buf);
    }
}

pub(super) fn summary(world: &World, files: &Files) -> Vec<Styled> {
    let count = files.taken.max(files.rows.len() as u64);
    let mut out = vec![(count.to_string(), Role::Strong)];
    match files.limit {
        Ok(Some(limit)) => {
            let share = count as f64 / limit.max(1) as f64;
            let (full, rest) = row::bar(&world.theme, share);
            let near = match share {
                s if s >= 0.9 => Role::Bad,
                s if s >= 0.7 => Role::Warn,
                _ => Role::Good,
            };
            out.push((format!(" of {limit} "), Role::Dim));
            out.push((full, near));
            out.push((rest, Role::Faint));
        }
        Ok(None) => out.push((" no limit".to_owned(), Role::Dim)),
        Err(_) => out.push((" of –".to_owned(), Role::Dim)),
    }
    let kept = count - files.rows.len() as u64;
    if kept > 0 {
        out.push((format!("   {kept}"), Role::Text));
        out.push((" being opened".to_owned(), Role::Dim));
    }
    for (one, many, kinds) in GROUPS {
        let n = files
            .rows
            .iter()
            .filter(|d| kinds.contains(&d.kind))
            .count();
        if n > 0 {
            out.push((format!("   {n}"), Role::Text));
            let name = if n == 1 { one } else { many };
            out.push((format!(" {name}"), Role::Dim));
        }
    }
    let removed: Vec<Bytes> = files
        .rows
        .iter()
        .filter_map(Descriptor::held_by_deleted)
        .collect();
    if !removed.is_empty() {
        let held: Bytes = removed.iter().copied().sum();
        let text = format!(
            "   {} deleted, holding {}",
            removed.len(),
            format::bytes(held)
        );
        out.push((text, Role::Warn));
    }
    if let Some(words) = world.graphics() {
        out.push((format!("   GPU {words}"), Role::Text));
    } else if let Some(gpu) = &files.gpu {
        out.push((format!("   {}", gpu.words()), Role::Text));
    }
    if let Some(hidden) = hidden_words(files.hidden, files.unlisted) {
        out.push((format!("   {hidden}"), Role::Dim));
    }
    out
}

/// One of a group, several, and the kinds that belong to it.
const GROUPS: &[(&str, &str, &[Kind])] = &[
    ("file", "files", &[Kind::File, Kind::Memfd, Kind::Directory]),
    ("pipe", "pipes", &[Kind::Pipe, Kind::Fifo]),
    ("unix", "unix", &[Kind::Unix]),
    ("tcp", "tcp", &[Kind::Tcp]),
    ("udp", "udp", &[Kind::Udp]),
    ("tty", "tty", &[Kind::Tty]),
    (
        "event source",
        "event sources",
        &[
            Kind::Eventfd,
            Kind::Epoll,
            Kind::Timerfd,
            Kind::Signalfd,
            Kind::Inotify,
            Kind::Fanotify,
            Kind::IoUring,
        ],
    ),
];

fn pipeline(
    world: &World,
    files: &Files,
    stages: &[crate::model::descriptors::peer::pipeline::Stage],
) -> Vec<Styled> {
    let arrow = if world.theme.glyphs.ascii {
        " -> "
    } else {
        " → "
    };
    let mut out = vec![("pipeline  ".to_owned(), Role::Dim)];
    for (i, (id, name)) in stages.iter().enumerate() {
        if i > 0 {
            out.push((arrow.to_owned(), Role::Dim));
        }
        let role = if *id == files.of {
            Role::Strong
        } else {
            Role::Accent
        };
        out.push((name.to_string(), role));
    }
    out
}

/// Says why there is no table.
pub fn absent(world: &World, area: Rect, buf: &mut Buffer) {
    let slot = world.detail.files.as_ref();
    let denied = format!(
        "– the kernel does not show it to this user{}",
        remedy(world)
    );
    let text = match slot {
        _ if world.focus.is_none() => "no process is selected",
        Some(Stamped {
            value: Err(Missing::Denied),
            ..
        }) => &denied,
        Some(Stamped {
            value: Err(Missing::Gone),
            ..
        }) => "It ended before its descriptors could be read.",
        Some(Stamped { value: Err(_), .. }) => "This kernel does not show descriptors.",
        _ => "reading the descriptors …",
    };
    listing::empty(&world.theme, area, text, buf);
}
