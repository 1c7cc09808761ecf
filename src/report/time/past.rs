//! What a recording tells of where time went: what was read of the process then, else how long its threads had a core and
//! waited for one by the slices or sums, else by the ticks. On what it was blocked only the first tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Args, Breakdown, json as whole, text, wanted};
use crate::model::format::{counted, duration};
use crate::model::id::{Nanos, ProcId, Tid};
use crate::model::reading::Missing;
use crate::model::scheduling::timeline::{Blind, Ended, Origin, Window};
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::recording::lanes::Lanes;
use crate::report::past::{Found, between};
use crate::report::printer::{Ink, Printer};
use crate::report::{Error, Exit, target};

/// How time on a core is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// By each slice.
    Slices,
    /// By sums of slices.
    Sums,
    /// By what the ticks counted.
    Ticks,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Self::Slices => "slices",
            Self::Sums => "sums",
            Self::Ticks => "ticks",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Slices => "by each slice",
            Self::Sums => "by sums of slices",
            Self::Ticks => "by the ticks",
        }
    }
}

/// What a thread had of the cores.
#[derive(Clone, Debug, Default)]
struct Had {
    name: SafeText,
    running: Nanos,
    /// After preemptions at least; all of it where `Sums::whole` says so.
    ready: Nanos,
    slices: u64,
    /// When its last slice ended that could have gone on, while single slices are looked through.
    preempted: Option<Nanos>,
}

/// What the lanes tell of some processes.
struct Sums {
    of: Vec<ProcId>,
    window: Window,
    /// What is asked for.
    asked: Window,
    known: Nanos,
    source: Source,
    /// Whether all waiting for a core was counted.
    whole: bool,
    /// Whether events were lost meanwhile.
    lost: bool,
    threads: BTreeMap<(ProcId, Tid), Had>,
}

impl Sums {
    fn hear(&mut self, lanes: &Lanes) {
        // Of others than those listened to nothing is told; a sum is told whole or not at all.
        let told = !matches!(lanes.origin, Origin::None | Origin::Own);
        let (from, to) = (lanes.from.max(self.asked.from), lanes.to.min(self.asked.to));
        let outside = if lanes.sums {
            lanes.to > self.asked.to || lanes.to <= self.asked.from
        } else {
            to <= from
        };
        if !told || outside {
            return;
        }
        let window = if lanes.sums {
            Window {
                from: lanes.from,
                to: lanes.to,
            }
        } else {
            Window { from, to }
        };
        if self.known == Nanos(0) {
            (self.window.from, self.whole) = (window.from, true);
            self.source = Source::Slices;
        } else if window.from > self.window.to {
            // What was waited for across a hole is not known.
            self.threads
                .values_mut()
                .for_each(|had| had.preempted = None);
        }
        self.window.to = window.to;
        self.known.0 += window.span().0;
        self.whole &= lanes.sums && lanes.origin == Origin::Sampled;
        if lanes.sums {
            self.source = Source::Sums;
        }
        let mut slices = Vec::new();
        for core in &lanes.cores {
            let gaps = core.gaps.iter();
            self.lost |= gaps.clone().any(|gap| gap.why == Blind::Lost);
            for ran in core.ran.iter().filter(|ran| self.of.contains(&ran.who.id)) {
                let had = self.threads.entry((ran.who.id, ran.who.tid)).or_default();
                had.name = ran.who.name.clone();
                had.running.0 += ran.run.0;
                had.ready.0 += ran.waited.0;
                had.slices += u64::from(ran.slices);
            }
            let ours = core.slices.iter();
            slices.extend(ours.filter(|(_, who)| self.of.contains(&who.id)));
        }
        slices.sort_by_key(|(slice, _)| slice.start);
        for (slice, who) in slices {
            let had = self.threads.entry((who.id, who.tid)).or_default();
            had.name = who.name.clone();
            let before = had.preempted.take();
            let waited = before.map_or(Nanos(0), |since| slice.start.since(since.max(from)));
            let (begins, ends) = (slice.start.max(from), slice.end.min(to));
            if slice.end > from && slice.start < to {
                had.running.0 += ends.since(begins).0;
                had.ready.0 += waited.0;
                had.slices += 1;
            }
            if slice.ended == Ended::Preempted {
                had.preempted = Some(slice.end);
            }
        }
    }
}

/// What is known of one process where nothing was read of it but what is counted of everybody.
struct Counted {
    id: ProcId,
    name: SafeText,
    window: Window,
    /// How much of the window is known.
    known: Nanos,
    source: Source,
    running: Nanos,
    ready: Option<Nanos>,
    whole: bool,
    lost: bool,
    threads: Vec<(Tid, Had)>,
}

/// One process as a recording tells of it.
enum Told {
    Read(Breakdown),
    Counted(Counted),
}

/// Tells of a while before a moment of a recording.
///
/// # Errors
/// `NoProcess` for a target that was not there; `Failed` where the recording cannot be read.
pub fn run(args: &Args, mut found: Found, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let now = found.snapshot.clone();
    let id = target::find_then(&now, &args.target)?;
    let of = wanted(&now, id, args.tree);
    let asked = Window {
        from: Nanos(now.at.0.saturating_sub(args.span.0)),
        to: now.at,
    };
    let mut sums = Sums {
        of: of.clone(),
        window: asked,
        asked,
        known: Nanos(0),
        source: Source::Ticks,
        whole: false,
        lost: false,
        threads: BTreeMap::new(),
    };
    let past = &found.past;
    past.each_lanes(now.at, args.span, |lanes| sums.hear(lanes))
        .map_err(Error::Failed)?;
    let before = before(&mut found, asked)?;
    let mut told = Vec::new();
    for id in of {
        let name = now.get(id).map(|p| p.facts.name.clone());
        let name = name.unwrap_or_default();
        told.push(match read(&found, id, name.clone(), args.span)? {
            Some(read) => Told::Read(read),
            None => Told::Counted(count(&sums, (&before, &now), id, name)),
        });
    }
    if args.json {
        let processes = told.iter().map(|told| match told {
            Told::Read(read) => whole::process(read),
            Told::Counted(counted) => counted.json(&whole::who(&now, counted.id)),
        });
        printer.json(&whole::about(args, processes.collect()))?;
        printer.out.write_all(b"\n")?;
        return Ok(Exit::Done);
    }
    for (n, told) in told.iter().enumerate() {
        if n > 0 {
            printer.line(&[])?;
        }
        match told {
            Told::Read(read) => text::one(args, read, printer)?,
            Told::Counted(counted) => counted.text(args, &now, printer)?,
        }
    }
    if args.tree {
        let running = told.iter().map(|told| match told {
            Told::Read(read) => read.bucket.all().running.0,
            Told::Counted(counted) => counted.running.0,
        });
        let line = format!(
            "{} together: {} on a core",
            counted(told.len() as u64, "process", "processes"),
            duration(Nanos(running.sum())),
        );
        printer.line(&[])?;
        printer.line(&[(&line, Ink::Strong)])?;
    }
    Ok(Exit::Done)
}

/// The tick at which what is asked for begins, or the first one after it.
fn before(found: &mut Found, asked: Window) -> Result<Snapshot, Error> {
    let moments = found.past.moments();
    let place = moments.partition_point(|moment| moment.at <= asked.from);
    let at = moments.get(place.saturating_sub(1)).map(|moment| moment.at);
    let at = at.unwrap_or(asked.to);
    found.past.at(at).map_err(Error::Failed)
}

/// What was read of it, as tab Time shows it, in the time that is asked for.
fn read(
    found: &Found,
    id: ProcId,
    name: SafeText,
    span: Nanos,
) -> Result<Option<Breakdown>, Error> {
    let detail = found.detail(Some(id))?;
    let spent = detail.spent.and_then(|slot| slot.value.ok());
    let Some(spent) = spent else {
        return Ok(None);
    };
    let bucket = spent.last(span);
    if found.snapshot.at.since(bucket.to) > span || bucket.threads.is_empty() {
        return Ok(None);
    }
    let window = Window {
        from: bucket.from,
        to: bucket.to,
    };
    let wakes = match detail.wakes.map(|slot| slot.value) {
        Some(Ok(wakes)) => Ok(Arc::unwrap_or_clone(wakes)),
        Some(Err(why)) => Err((why, why.to_string())),
        None => Err((Missing::Unrecorded, "not read at that moment".to_owned())),
    };
    Ok(Some(Breakdown {
        id,
        name,
        who: whole::who(&found.snapshot, id),
        files: detail.files.and_then(|slot| slot.value.ok()),
        ended: false,
        wakes,
        when: between(&found.snapshot, window),
        bucket,
    }))
}

fn count(
    sums: &Sums,
    (before, now): (&Snapshot, &Snapshot),
    id: ProcId,
    name: SafeText,
) -> Counted {
    if sums.known > Nanos(0) {
        let threads = sums.threads.iter().filter(|((of, _), _)| *of == id);
        let threads: Vec<_> = threads.map(|((_, tid), had)| (*tid, had.clone())).collect();
        let all = |of: fn(&Had) -> Nanos| Nanos(threads.iter().map(|(_, had)| of(had).0).sum());
        return Counted {
            id,
            name,
            window: sums.window,
            known: sums.known,
            source: sums.source,
            running: all(|had| had.running),
            ready: Some(all(|had| had.ready)),
            whole: sums.whole,
            lost: sums.lost,
            threads,
        };
    }
    let ticks = |of: &Snapshot| of.get(id).map_or(0, |p| p.stat.user.0 + p.stat.system.0);
    let grown = ticks(now).saturating_sub(ticks(before));
    let window = Window {
        from: before.at,
        to: now.at,
    };
    let each = 1_000_000_000 / now.machine.ticks_per_second.max(1);
    Counted {
        id,
        name,
        window,
        known: window.span(),
        source: Source::Ticks,
        running: Nanos(grown.saturating_mul(each)),
        ready: None,
        whole: false,
        lost: false,
        threads: Vec::new(),
    }
}

impl Counted {
    fn text(&self, args: &Args, now: &Snapshot, printer: &mut Printer<'_>) -> Result<(), Error> {
        let about = format!(
            " · {}{} · recorded, {}; shares are of one core",
            duration(self.known),
            between(now, self.window),
            self.source.words(),
        );
        let name = format!("{} {}", self.id.pid, self.name);
        printer.line(&[(&name, Ink::Strong), (&about, Ink::Dim)])?;
        if args.threads {
            for (tid, had) in &self.threads {
                let name = format!("{tid} {}", had.name);
                printer.line(&[("  ", Ink::Plain), (&name, Ink::Strong)])?;
                self.parts("  ", had.running, Some(had.ready), printer)?;
            }
            if self.threads.is_empty() {
                let why = match self.source {
                    Source::Ticks => {
                        "its threads: – not recorded (record --slices sums keeps them)"
                    }
                    Source::Slices | Source::Sums => "none of its threads had a core",
                };
                printer.line(&[(why, Ink::Dim)])?;
            }
        } else {
            self.parts("", self.running, self.ready, printer)?;
        }
        if !self.threads.is_empty() && !args.threads {
            let slices = self.threads.iter().map(|(_, had)| had.slices).sum();
            let had = format!(
                "{} had a core, in {}",
                counted(self.threads.len() as u64, "thread", "threads"),
                counted(slices, "slice", "slices"),
            );
            printer.line(&[(&had, Ink::Dim)])?;
        }
        let why = "what else it did, on what it was blocked and who woke it: – not read at that moment (R in the live screen \
                   keeps it while tab Time shows the process)";
        printer.line(&[(why, Ink::Dim)])?;
        Ok(())
    }

    fn parts(
        &self,
        indent: &str,
        running: Nanos,
        ready: Option<Nanos>,
        printer: &mut Printer<'_>,
    ) -> Result<(), Error> {
        let sign = |whole: bool| if whole { "" } else { "≥" };
        let line = |span: Nanos, sign: &str| {
            let share = span.0 as f64 * 100.0 / self.known.0.max(1) as f64;
            let share = format!("{sign}{share:.1}");
            let span = format!("{sign}{}", duration(span));
            format!("{indent}{share:>6} %  {span:>8}  ")
        };
        let kind = |word: &str| format!("{word:<11}");
        printer.line(&[
            (&line(running, sign(!self.lost)), Ink::Plain),
            (&kind("running"), Ink::Dim),
            ("on a core", Ink::Plain),
        ])?;
        let unknown = format!("{indent}     – %         –  ");
        let (told, why) = match (ready, self.whole) {
            (Some(ready), true) => (line(ready, sign(!self.lost)), "waiting for a core"),
            (Some(Nanos(0)), false) => (
                unknown,
                "waiting for a core: it was not preempted; after wake-ups is not recorded",
            ),
            (Some(ready), false) => (
                line(ready, sign(false)),
                "waiting for a core: after it was preempted; after wake-ups is not recorded",
            ),
            (None, _) => (
                unknown,
                "waiting for a core: not recorded (record --slices sums keeps it)",
            ),
        };
        printer.line(&[
            (&told, Ink::Plain),
            (&kind("ready"), Ink::Dim),
            (why, Ink::Plain),
        ])?;
        Ok(())
    }

    fn json(&self, who: &Value) -> Value {
        let unread = Missing::Unrecorded.word();
        let threads = self.threads.iter().map(|(tid, had)| {
            json!({
                "tid": tid.0,
                "name": had.name.as_str(),
                "span_ns": self.known.0,
                "running_ns": had.running.0,
                "ready_ns": had.ready.0,
                "blocked_ns": null,
                "unknown_ns": self.known.since(had.running).since(had.ready).0,
                "blocked": null,
                "unavailable": { "blocked": unread, "blocked_ns": unread },
            })
        });
        let mut why = json!({
            "blocked": unread, "blocked_ns": unread, "wakers": unread, "certain": unread, "readings": unread,
            "unknown_ns": unread,
        });
        if self.ready.is_none() {
            why["ready_ns"] = unread.into();
        }
        json!({
            "process": who,
            "ended": false,
            "seconds": self.known.seconds(),
            "source": self.source.word(),
            "span_ns": self.known.0,
            "running_ns": self.running.0,
            "ready_ns": self.ready.map(|n| n.0),
            "ready_whole": self.whole,
            "blocked_ns": null,
            "unknown_ns": null,
            "blocked": null,
            "certain": null,
            "readings": null,
            "threads": threads.collect::<Vec<_>>(),
            "wakers": null,
            "wakers_seconds": null,
            "unavailable": why,
        })
    }
}

#[cfg(test)]
mod tests;
