//! The descriptors of a process, as JSON and as text.

use serde_json::{Map, Value, json};

use super::Found;
use crate::model::descriptors::descriptor::gpu::GpuUse;
use crate::model::descriptors::descriptor::{Descriptor, Files, Mode};
use crate::model::descriptors::peer::Note;
use crate::model::descriptors::socket::{Protocol, Socket};
use crate::model::format::bytes;
use crate::model::reading::{Missing, Reading};
use crate::report::printer::{Ink, Printer};

/// Every descriptor by its number.
pub(super) fn descriptors(files: &Files) -> Value {
    files.rows.iter().map(descriptor).collect()
}

/// What it does with graphics cards, or `null`.
pub(super) fn gpu(files: &Files, found: &Found) -> Value {
    let told = found.cards.as_ref().map(|cards| match cards {
        Ok(cards) => cards.of(found.id.pid),
        Err(why) => (Err(*why), Err(*why)),
    });
    if told.is_none() && files.gpu.is_none() {
        return Value::Null;
    }
    uses(
        files.gpu.as_ref(),
        told.unwrap_or((Err(found.snapshot.unread), Err(found.snapshot.unread))),
    )
}

/// What its descriptors tell, and its share of a card's time and the memory of cards that it holds.
fn uses(gpu: Option<&GpuUse>, (busy, memory): (Reading<f64>, Reading<f64>)) -> Value {
    let mut why = Map::new();
    for (name, missing) in [
        ("utilization_percent", busy.err()),
        ("memory_bytes", memory.err()),
    ] {
        why.extend(missing.map(|missing| (name.to_owned(), missing.word().into())));
    }
    let mut out = json!({
        "drivers": gpu.map(|gpu| &gpu.drivers),
        "busy_ns": gpu.map(|gpu| gpu.busy.0),
        "resident_bytes": gpu.map(|gpu| gpu.holds.map(|b| b.0)),
        "total_bytes": gpu.map(|gpu| gpu.total.map(|b| b.0)),
        "utilization_percent": busy.ok().map(|busy| (busy * 10.0).round() / 10.0),
        "memory_bytes": memory.ok().map(|held| held as u64),
    });
    if !why.is_empty() {
        out["unavailable"] = Value::Object(why);
    }
    out
}

fn descriptor(d: &Descriptor) -> Value {
    let mut why = Map::new();
    let mut note = |key: &str, missing: Missing| {
        why.insert(key.to_owned(), missing.word().into());
    };
    let mode = d.mode.map_err(|m| note("mode", m)).ok();
    let info = d.info.as_ref().map_err(|m| note("flags", *m)).ok();
    let extent = d.extent.as_ref().ok();
    let socket = d.socket.as_ref();
    let peers = d.peers.named.iter();
    let peers: Value = peers
        .map(|p| {
            let mut peer = json!({"pid": p.id.pid.0, "name": p.name, "fd": p.fd});
            if let Some(place) = p.place() {
                peer["place"] = place.into();
            }
            peer
        })
        .collect();
    let mut out = json!({
        "fd": d.fd,
        "kind": d.kind.word(),
        "mode": mode.map(Mode::word),
        "flags": info.map(|i| i.flags.words().collect::<Vec<_>>()),
        "target": d.target,
        "deleted": d.deleted,
        "position": info.map(|i| i.position),
        "size_bytes": extent.filter(|_| d.has_position()).map(|e| e.size.0),
        "inode": d.inode(),
        "local": socket.and_then(Socket::local),
        "remote": socket.and_then(Socket::remote),
        "state": socket.map(state),
        "peers": peers,
    });
    if d.peers.more > 0 {
        out["more_peers"] = d.peers.more.into();
    }
    if let Some(note) = d.peers.note {
        out["peers_note"] = note.words().into();
    }
    if let Some(words) = info.and_then(|i| i.about.words()) {
        out["about"] = words.into();
    }
    if !why.is_empty() {
        out["unavailable"] = Value::Object(why);
    }
    out
}

fn state(socket: &Socket) -> &'static str {
    let protocol = match socket {
        Socket::Inet(inet) => inet.protocol,
        Socket::Unix(_) => Protocol::Tcp,
    };
    socket.state().word(protocol)
}

/// One line a descriptor, and the pipelines that it is a part of.
pub(super) fn write(
    files: &Files,
    found: &Found,
    printer: &mut Printer<'_>,
) -> std::io::Result<()> {
    for d in &files.rows {
        let ascii = printer.ascii;
        let mode = d.mode.map_or("", Mode::word);
        let front = format!("  {:>5} {:<7}", d.fd, d.name());
        let kind = format!("{:<10} {mode:<11} ", d.kind.word());
        let mut line = d.words();
        if d.deleted {
            line.push_str(" (deleted)");
        }
        if let Some((at, size)) = d.progress() {
            let amounts = [at, size].map(|n| bytes(crate::model::id::Bytes(n)));
            line = format!("{line}  at {} of {}", amounts[0], amounts[1]);
        }
        let mut named: Vec<_> = d.peers.named.iter().collect();
        named.dedup_by_key(|peer| peer.id);
        for peer in named.iter().take(4) {
            let arrow = if d.peers.note == Some(Note::Shared) {
                "="
            } else {
                peer.flow.arrow(ascii)
            };
            line = format!("{line}  {arrow} {} {}", peer.id.pid, peer.name);
            if let Some(place) = peer.place() {
                line = format!("{line} ({place})");
            }
        }
        let more = named.len().saturating_sub(4) + d.peers.more;
        if more > 0 {
            line = format!("{line} and {more} more");
        }
        if let Some(note) = d.peers.note.filter(|n| *n != Note::Shared) {
            line = format!("{line}  ({})", note.words());
        }
        printer.line(&[
            (&front, Ink::Strong),
            (&kind, Ink::Dim),
            (&line, Ink::Plain),
        ])?;
    }
    let words = match &found.cards {
        Some(Ok(cards)) => cards.words(found.id.pid).or_else(|| cards.trouble()),
        Some(Err(why)) => Some(format!("{} {why}", super::text::dash(printer.ascii))),
        None => None,
    };
    if let Some(words) = words {
        printer.line(&[("  GPU ", Ink::Dim), (&words, Ink::Plain)])?;
    }
    if let Some(gpu) = &files.gpu {
        printer.line(&[("  ", Ink::Dim), (&gpu.words(), Ink::Plain)])?;
    }
    for pipeline in &files.pipelines {
        let arrow = if printer.ascii { " > " } else { " → " };
        let names: Vec<String> = pipeline
            .iter()
            .map(|(id, name)| format!("{} {name}", id.pid))
            .collect();
        printer.line(&[("  pipeline ", Ink::Dim), (&names.join(arrow), Ink::Plain)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_of_a_card_has_its_reason() {
        let told = uses(None, (Err(Missing::Late), Ok(5.0)));
        assert_eq!(told["utilization_percent"], Value::Null);
        assert_eq!(told["memory_bytes"], 5);
        assert_eq!(told["unavailable"], json!({"utilization_percent": "late"}));
        let told = uses(None, (Ok(12.34), Ok(5.0)));
        assert_eq!(told["utilization_percent"], 12.3);
        assert!(told.get("unavailable").is_none(), "{told}");
    }
}
