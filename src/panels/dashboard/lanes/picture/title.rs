//! How the slices are known, and what of the shown time is not known: the words of a title.

use super::{Picture, scope};
use crate::app::world::World;
use crate::model::format;
use crate::model::id::Nanos;
use crate::model::scheduling::timeline::{Blind, Origin, Timeline, Window};
use crate::theme::Role;

/// How the slices are known, and which time is shown: the words of a title.
pub fn origin(picture: &Picture, world: &World) -> Vec<(String, Role)> {
    let line = picture.line(world);
    if let Some(why) = picture.unknown(world) {
        return vec![
            ("not known".to_owned(), Role::Warn),
            (format!(" · {why}"), Role::Dim),
        ];
    }
    let role = match line.origin {
        Origin::Exact | Origin::Summed | Origin::Sums => Role::Good,
        _ => Role::Warn,
    };
    let end = (!world.goes_on()).then(|| world.when(line.now));
    let words = picture.scope.words(line, picture.window, end.as_deref());
    let mut out = vec![
        (line.origin.title().to_owned(), role),
        (format!(" · {words}"), Role::Dim),
    ];
    out.extend(before(world, picture.window));
    let hurt = |window| line.gaps(window).any(|(_, gap)| gap.why == Blind::Lost);
    if line.lost > 0 && picture.window.is_some_and(hurt) {
        let lost = format!(" · {} events lost", line.lost);
        out.push((lost, Role::Bad));
    }
    out.extend(gaps(line, picture.window));
    let exact = |id| line.about(id).origin != line.origin;
    if world.focus.is_some_and(exact) {
        out.push((" · selected exact".to_owned(), Role::Good));
    }
    if picture.focused {
        out.push((" · focus".to_owned(), Role::Accent));
    }
    out
}

/// ` · exact before −4.2 s`: how what stands in the window before the lanes is known, where that is in another way.
fn before(world: &World, window: Option<Window>) -> Vec<(String, Role)> {
    let mut until = world.timeline.lanes.iter().map(|lane| lane.since).min();
    let mut out = Vec::new();
    for line in world.before.iter().rev() {
        let (Some(window), Some(end)) = (window, until) else {
            break;
        };
        if end <= window.from || line.known(window) == Nanos(0) {
            break;
        }
        let back = scope::ago(world.timeline.now.since(end));
        out.push((
            format!(" · {} before {back}", line.origin.title()),
            Role::Warn,
        ));
        until = line.lanes.iter().map(|lane| lane.since).min();
    }
    out
}

/// Why nothing is known of slices in a window.
pub fn unknown(world: &World, window: Window) -> Option<&'static str> {
    let line = &world.timeline;
    let blind = line.known(window) == Nanos(0) && line.gaps(window).next().is_none();
    let why = if world.time.recorded {
        "slices of this time were not recorded"
    } else if world.looks_back() && is_before(line, window) {
        "slices are told only of what came later"
    } else if world.looks_back() {
        "this is longer ago than slices are kept"
    } else {
        "nothing was told yet"
    };
    blind.then_some(why)
}

/// Whether nobody told of slices yet in a window: nothing of it was forgotten.
fn is_before(line: &Timeline, window: Window) -> bool {
    let began = line.lanes.iter().map(|lane| lane.since).min();
    began.is_some_and(|began| window.to <= began)
}

impl Picture {
    /// Why nothing is known of all that it shows, where nothing is: an empty lane looks like an idle core.
    pub(super) fn unknown(&self, world: &World) -> Option<&'static str> {
        let whole = !self.rows.is_empty() && self.rows.iter().all(|row| row.known == Nanos(0));
        unknown(world, self.window.filter(|_| whole)?)
    }
}

/// Where in the window nothing is known and why, as far as no count of lost events says it.
fn gaps(line: &Timeline, window: Option<Window>) -> Vec<(String, Role)> {
    let Some(window) = window else {
        return Vec::new();
    };
    let mut offline = Vec::new();
    let mut slept = None;
    for (cpu, gap) in line.gaps(window) {
        match gap.why {
            Blind::Suspended(span) => slept = Some(span),
            Blind::Offline if !offline.contains(&cpu) => offline.push(cpu),
            Blind::Offline | Blind::Lost => {}
        }
    }
    let mut out = Vec::new();
    if let Some(span) = slept {
        out.push((
            format!(" · suspended {}", format::duration(span)),
            Role::Warn,
        ));
    }
    match offline.as_slice() {
        [] => {}
        [one] => out.push((format!(" · cpu{one} was offline"), Role::Warn)),
        more => out.push((format!(" · {} cores were offline", more.len()), Role::Warn)),
    }
    out
}

/// How the slices are known, with why it is not better, and the marks of what is not known.
pub fn explain(world: &World) -> Vec<(String, String)> {
    let line = &world.timeline;
    let how = match line.origin {
        Origin::None => "it is not known yet who had the cores",
        Origin::Exact => "the kernel told every switch of every core",
        Origin::Inside => {
            "the kernel told every switch of the processes of our PID namespace; whoever lives outside is told like an idle core, so that others are known by the ticks of /proc/stat only"
        }
        Origin::Summed => {
            "the machine switches so often that telling every switch would slow it: the kernel sums up who had each core how long, exactly, in bins of 10 ms; their order within one is not known"
        }
        Origin::Own => {
            "the kernel told every switch of the inspected process only; what others did is not known"
        }
        Origin::Sums => {
            "the recording has sums: how long each thread had each core between two ticks, and in how many slices; their order, and how they ended, are not in it"
        }
        Origin::Sampled => {
            "times on a core were read 20 times a second; their order, and how slices ended, are not known"
        }
    };
    let how = match &line.own {
        Some(_) => format!(
            "{how}. Of the selected process the kernel told every switch: the focus on it and its tab Schedule show them"
        ),
        None => how.to_owned(),
    };
    let how = match line.why.as_str() {
        "" => how,
        why => format!("{how}: {why}"),
    };
    let others = match line.origin {
        Origin::Inside => {
            "busy with others than those of our PID namespace, by the ticks of /proc/stat"
        }
        Origin::Own => "busy with others than the inspected process, by the ticks of /proc/stat",
        Origin::Sampled => {
            "not seen: the core was busy, by the ticks of /proc/stat, with none of the threads that were followed; most often with one that lived too briefly"
        }
        Origin::None | Origin::Exact | Origin::Summed | Origin::Sums => {
            "with the focus on one process: others had the core"
        }
    };
    let marks = [
        ("·", "nobody had the core: idle"),
        ("░ ▂", others),
        (
            "╱",
            "not known: events were lost, or the machine was suspended",
        ),
        ("╌", "the core was offline"),
        (
            "▔ ▀",
            "below a lane: interrupts or the hypervisor took from 2 %, or from 20 %, of the time",
        ),
        (
            "┘",
            "the slice ended while its thread could still run: preempted",
        ),
        (
            "▁",
            "under a run, before a slice of its colour: that thread was ready and waited for the core",
        ),
        (
            "● │ ▲",
            "from whoever made the thread at the cursor ready: told where the kernel runs programs for us (root, or CAP_BPF and CAP_PERFMON), while at most 200 ms are shown, and not beside sums",
        ),
    ];
    let marks = marks.map(|(mark, means)| (mark.to_owned(), means.to_owned()));
    let mut out = vec![(line.origin.title().to_owned(), how)];
    out.extend(marks);
    out
}
