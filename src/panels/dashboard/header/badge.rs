//! The right end of the header: the scale of CPU %, whether time runs, what pscope itself costs.

use super::{Group, Styled, group};
use crate::app::globals as g;
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::text::{cut, width};
use crate::panels::dialogs::trigger::TRIGGER;
use crate::theme::Role::{self, Accent, Bad, Dim, Good, Warn};

/// Its groups from the left, without blanks between them.
pub(super) fn badge(world: &World, width: u16) -> Vec<Group> {
    let ascii = world.theme.glyphs.ascii;
    let scale = if world.settings.of_machine {
        "100% = machine"
    } else {
        "100% = 1 core"
    };
    // Where sweeps take too long for the pace that was asked for, a fault says so, and this tells the one that is kept.
    let (asked, kept) = match (world.settings.interval, world.snapshot.interval) {
        // Another machine's is its own, whatever is asked for here.
        (_, kept) if world.time.recorded => (kept, kept),
        both => both,
    };
    let pace = seconds(asked.max(kept));
    let mut out = vec![group(0, [(format!("{scale}  "), Dim)]).doing(&g::CPU_SCALE)];
    if world.time.recording.is_some() {
        let dot = if ascii { "(o) " } else { "◉ " };
        // What is recorded comes at the pace that is kept.
        let slowed = if kept > asked { " slowed" } else { "" };
        out.push(group(0, [(format!("{dot}REC{slowed}  "), Bad)]).doing(&g::RECORD));
    }
    if let Some(armed) = &world.trigger {
        let (word, role) = match armed {
            armed if armed.spent => ("FIRED", Accent),
            armed if armed.never => ("NEVER FIRES", Bad),
            // The dialog says what is not seen of it.
            armed if !armed.unseen.is_empty() => ("ARMED?", Warn),
            _ => ("ARMED", Warn),
        };
        let what = cut(&armed.text, usize::from(width / 6).max(8));
        let times = match (armed.fired, armed.spent) {
            (0, _) | (_, true) => String::new(),
            (n, false) => format!(" ×{n}"),
        };
        out.push(group(0, [(format!("{word} {what}{times}  "), role)]).doing(&TRIGGER));
    }
    if let [_, _, ..] = world.time.hosts[..] {
        let (at, of) = (world.time.host, world.time.hosts.len());
        let name = cut(&world.time.hosts[at].name, 16);
        let text = format!("{name} {}/{of}  ", at + 1);
        out.push(group(0, [(text, Accent)]).doing(&g::NEXT_HOST));
    }
    let stop = if ascii { "x " } else { "■ " };
    let time = match world.paused {
        // Nothing comes after what is shown, though somebody plays it on.
        Some(0) if world.time.replay.is_some() => {
            (format!(" {stop}RECORDING ENDED "), Role::Paused)
        }
        Some(0) if world.time.ended => (format!(" {stop}ENDED "), Role::Paused),
        Some(_) if world.time.replay.is_some() => {
            let play = world.time.replay.is_some_and(|replay| replay.playing);
            let mark = match (play, ascii) {
                (true, false) => "▶ ",
                (true, true) => "> ",
                (false, false) => "‖ ",
                (false, true) => "|| ",
            };
            (format!(" {mark}RECORDING "), Role::Paused)
        }
        None if world.time.ended => (format!("{stop}ENDED "), Warn),
        None => {
            let dot = if ascii { "* " } else { "● " };
            let role = if kept > asked { Warn } else { Good };
            (format!("{dot}LIVE {pace} "), role)
        }
        Some(back) => {
            let mark = if ascii { "|| " } else { "‖ " };
            let ago = if back == 0 {
                String::new()
            } else {
                format!(" {back} back")
            };
            let word = if world.time.ended { "ENDED" } else { "PAUSED" };
            (format!(" {mark}{word}{ago} "), Role::Paused)
        }
    };
    out.push(group(0, [time]).doing(&g::PAUSE));
    if let Some(cost) = own_cost(world, usize::from(width) * 2 / 5) {
        out.insert(0, group(0, [cost]).doing(&g::OWN_COST));
    }
    if world.settings.read_only {
        out.insert(0, group(0, [("read-only  ", Accent)]));
    }
    if world.snapshot.procs.is_empty() && !world.time.ended {
        out.insert(0, group(0, [("reading…  ", Bad)]));
    }
    out
}

/// What pscope itself costs, as much of it as finds room: `pscope 0.4% 18.0M 312 calls 9.1K out, events: 43 read`.
fn own_cost(world: &World, room: usize) -> Option<Styled> {
    let own = world.snapshot.own.filter(|_| world.settings.own_cost)?;
    let dash = |_| "–".to_owned();
    let cpu = own.cpu.map(|c| format!("{}%", format::percent(c)));
    let cost = format!(
        "pscope {} {}",
        cpu.unwrap_or_else(dash),
        format::bytes(own.resident)
    );
    let calls = own.calls.map_or_else(dash, format::count);
    let written = own.written.map_or_else(dash, format::bytes);
    let mode = world.snapshot.mode.word();
    let read = format::count(u64::from(world.snapshot.read));
    let forms = [
        format!("{cost} {calls} calls {written} out, {mode}: {read} read  "),
        format!("{cost} {calls} calls, {mode}  "),
    ];
    let form = forms.into_iter().find(|form| width(form) <= room);
    Some((form.unwrap_or_else(|| format!("{cost}  ")), Accent))
}

/// `1s`, `0.25s`, `2.5s`.
fn seconds(span: Nanos) -> String {
    format!("{}s", (span.seconds() * 1000.0).round() / 1000.0)
}
