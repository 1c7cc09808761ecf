//! The first three lines: how much talk there is, who talks most, and the pipelines.

use std::collections::BTreeMap;

use crate::app::world::World;
use crate::model::descriptors::hidden_words;
use crate::model::descriptors::ipc::{Channel, Ipc, Party, counted, lines};
use crate::model::format;
use crate::panels::views::answers::Answer;
use crate::theme::Role;
use crate::widgets::line::Styled;

/// The answers.
pub fn of(world: &World, ipc: &Ipc) -> [Answer; 3] {
    [
        channels(world, ipc),
        busiest(world, ipc),
        pipelines(world, ipc),
    ]
}

fn channels(world: &World, ipc: &Ipc) -> Answer {
    let mut counts: BTreeMap<Channel, usize> = BTreeMap::new();
    for (channel, n) in ipc.lines.iter().flat_map(|l| &l.channels) {
        *counts.entry(*channel).or_default() += n;
    }
    let all: usize = counts.values().sum();
    let mut out = Answer::to("channels");
    out.say(format::count(all as u64), Role::Strong);
    out.say(" among ", Role::Dim);
    out.say(format::count(ipc.processes as u64), Role::Strong);
    out.say(" processes", Role::Dim);
    if !ipc.complete {
        let passed = world.looks_back();
        let how = if passed {
            "not all was read by then"
        } else {
            "still reading"
        };
        out.say(format!("   {how}"), Role::Warn);
    }
    if let Some(hidden) = hidden_words(ipc.hidden, ipc.unlisted) {
        out.say(format!("   {hidden}"), Role::Dim);
    }
    let counts: Vec<_> = counts.into_iter().collect();
    out.add(counts.into_iter().map(|(channel, n)| {
        let words = channel.counted(n);
        let words = if n == 1 { format!("1 {words}") } else { words };
        vec![(words, Role::Dim)]
    }));
    out
}

fn busiest(world: &World, ipc: &Ipc) -> Answer {
    let mut out = Answer::to("most");
    let ascii = world.theme.glyphs.ascii;
    out.add(ipc.lines.iter().map(|line| {
        vec![
            (name(&line.a), Role::Accent),
            (format!(" {} ", line.flow.arrow(ascii)), Role::Dim),
            (name(&line.b), Role::Accent),
            (format!(" {}", counted(&line.channels)), Role::Dim),
        ]
    }));
    if ipc.lines.is_empty() {
        let words = if ipc.complete {
            "nobody that can be seen talks to anybody"
        } else {
            "nobody yet of those who were looked at"
        };
        out.say(words, Role::Dim);
    }
    out
}

/// A side by name only.
fn name(side: &[Party]) -> String {
    match side {
        [one] => one.name.to_string(),
        side => lines::words(side),
    }
}

fn pipelines(world: &World, ipc: &Ipc) -> Answer {
    let mut out = Answer::to("pipelines");
    let arrow = if world.theme.glyphs.ascii {
        " -> "
    } else {
        " → "
    };
    out.add(ipc.pipelines.iter().map(|stages| {
        let mut pipeline: Vec<Styled> = Vec::new();
        for (_, name) in stages {
            if !pipeline.is_empty() {
                pipeline.push((arrow.to_owned(), Role::Dim));
            }
            pipeline.push((name.to_string(), Role::Accent));
        }
        pipeline
    }));
    if ipc.pipelines.is_empty() {
        let seen = hidden_words(ipc.hidden, ipc.unlisted).is_none();
        let words = match (ipc.complete, seen) {
            (false, _) => "none yet of those who were looked at",
            (true, false) => "none among those who are visible",
            (true, true) => "none",
        };
        out.say(words, Role::Dim);
    }
    out
}
