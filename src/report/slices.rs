//! `pscope slices`: who ran on which core, live, as lines of text or JSON, or as a trace for the Perfetto viewer.

mod line;
mod perfetto;
mod text;

use std::collections::HashMap;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use line::Line;
use perfetto::Pause;
use serde::Serialize;

use super::printer::Printer;
use super::{Error, Exit, past, target};
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::scheduling::timeline::{
    Ended, Gap, Lane, PidStats, Slice, Timeline, Who, Window,
};
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::sampler::Listening;
use crate::sys::asker::hand::{self, Wait};
use crate::sys::asker::stream::{self, Stream};
use crate::sys::clock;
use crate::sys::own::stop::{self, Stop};
use crate::sys::root::ProcRoot;

/// `pscope slices`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this process: a pid or a name
    target: Option<String>,
    /// How long to listen: 5s, 200ms, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = span::parse_any, allow_hyphen_values = true)]
    span: Nanos,
    /// One JSON object a slice, as it ends; a summary as the last line
    #[arg(long)]
    json: bool,
    /// Writes the slices as a trace that the Perfetto viewer opens
    #[arg(long, value_name = "FILE")]
    perfetto: Option<PathBuf>,
    #[command(flatten)]
    past: past::Args,
}

/// How the slices are known, how many events were lost, and what of the cores' time no slice tells of.
#[derive(Serialize)]
struct Summary {
    source: &'static str,
    lost: u64,
    seconds: f64,
    slices: u64,
    idle_ns: Option<u64>,
    others_ns: Option<u64>,
    unknown_ns: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<Missed>,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// Where single slices are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<Vec<Sum>>,
    /// Of which stretch of a recording it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_ns: Option<u64>,
}

/// A time for which nothing is known of a core.
#[derive(Serialize)]
struct Missed {
    cpu: u32,
    start_ns: u64,
    end_ns: u64,
    why: &'static str,
}

impl Missed {
    fn of((cpu, gap): (CpuId, Gap)) -> Self {
        Self {
            cpu: cpu.0,
            start_ns: gap.start.0,
            end_ns: gap.end.0,
            why: gap.why.word(),
        }
    }
}

/// What one process had of the cores.
#[derive(Serialize)]
struct Sum {
    pid: u32,
    name: String,
    run_ns: u64,
    slices: u64,
    waited_ns: u64,
}

impl Sum {
    fn of(found: &PidStats, name: String) -> Self {
        Self {
            pid: found.who.id.pid.0,
            name,
            run_ns: found.sums.run.0,
            slices: found.sums.slices,
            waited_ns: found.waited.span.0,
        }
    }
}

/// Where slices go as they end.
struct Out<'p, 'o> {
    printer: &'p mut Printer<'o>,
    json: bool,
    trace: Option<perfetto::Trace<BufWriter<Stream>>>,
    of: Option<ProcId>,
    /// Who had a core where no slice tells it.
    silence: Pause,
    /// Until when each core's slices are looked through, and until when they are told.
    written: HashMap<CpuId, Nanos>,
    told: HashMap<CpuId, Nanos>,
    /// What was over before is not told.
    since: Nanos,
    slices: u64,
    /// Who lived at the end, where that is recorded.
    then: Option<Snapshot>,
}

/// A process is called by its own name also where only other threads of it ran.
fn name_now(now: Option<&Snapshot>, id: ProcId) -> Option<String> {
    Some(now?.get(id)?.facts.name.to_string())
}

/// Listens and tells.
///
/// # Errors
/// `NoProcess` for a target that is not there; `NotPermitted` when a trace is asked for and single slices are not told;
/// `Failed` when it cannot be written.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    if let Some(found) = args.past.moment()? {
        return recorded(args, found, printer);
    }
    let of = match &args.target {
        Some(text) => Some(target::find(&super::sweep(Needs::COMMANDS)?, text)?),
        None => None,
    };
    let stop = stop::on_signals();
    let root = ProcRoot::live();
    let begin = clock::now();
    let mut listening = Listening::open(&root, of);
    let trace = match &args.perfetto {
        Some(path) => Some(trace(path, &listening, &stop)?),
        None => None,
    };
    let mut out = Out::new(args, printer, trace, of);
    let end = Nanos(begin.0.saturating_add(args.span.0));
    let mut line;
    loop {
        let now = clock::now();
        line = listening.step(end.since(now), &stop);
        let last = clock::now() >= end || stop.asked();
        let told = out.tell(&line, last);
        if told.is_err() {
            // Whoever read the lines may have gone; the trace is still whole.
            out.finish_trace(Wait::PATIENT)?;
        }
        told?;
        if last {
            break;
        }
    }
    let window = Window {
        from: begin,
        to: line.now,
    };
    let wait = match &args.perfetto {
        Some(path) if stop.asked() => Wait::before_the_end(path, &stop),
        _ => Wait {
            stop: Some(&stop),
            ..Wait::PATIENT
        },
    };
    out.finish_trace(wait)?;
    out.summary(&line, window, None)?;
    Ok(Exit::Done)
}

/// Tells the slices of a while before a moment of a recording.
fn recorded(args: &Args, found: past::Found, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let past::Found { past, snapshot } = found;
    let of = match &args.target {
        Some(text) => Some(target::find_then(&snapshot, text)?),
        None => None,
    };
    let all = past
        .stretches(snapshot.at, args.span)
        .map_err(Error::Failed)?;
    let Some(last) = all.last() else {
        return Err(Error::Failed(
            "no slices were recorded at that moment; record --slices all keeps them".to_owned(),
        ));
    };
    let trace = match &args.perfetto {
        Some(_) if all.iter().all(|line| line.origin.is_coarse()) => {
            return Err(Error::Failed(format!(
                "a trace is made of single slices: {}",
                last.why
            )));
        }
        Some(path) => Some(trace_to(path, None)?),
        None => None,
    };
    let back = Nanos(snapshot.at.0.saturating_sub(args.span.0));
    let mut out = Out::new(args, printer, trace, of);
    let told = out.stretches(&all, back, &snapshot);
    out.finish_trace(Wait::PATIENT)?;
    told?;
    Ok(Exit::Done)
}

fn trace(
    path: &Path,
    listening: &Listening,
    stop: &Stop,
) -> Result<perfetto::Trace<BufWriter<Stream>>, Error> {
    if let Some(why) = listening.only_sums() {
        return Err(Error::NotPermitted(format!(
            "a trace is made of single slices, which are not told here: {why}"
        )));
    }
    trace_to(path, Some(stop))
}

fn trace_to(path: &Path, stop: Option<&Stop>) -> Result<perfetto::Trace<BufWriter<Stream>>, Error> {
    let file = stream::plain(path).and_then(|mut file| {
        match stop {
            Some(stop) => hand::until_told(path, stop, |wait| file.begins(wait))?,
            None => file.begins(Wait::PATIENT)?,
        }
        Ok(file)
    });
    let file = file.map_err(|e| Error::Failed(format!("cannot write {}: {e}", path.display())))?;
    Ok(perfetto::Trace::new(BufWriter::new(file)))
}

impl<'p, 'o> Out<'p, 'o> {
    fn new(
        args: &Args,
        printer: &'p mut Printer<'o>,
        trace: Option<perfetto::Trace<BufWriter<Stream>>>,
        of: Option<ProcId>,
    ) -> Self {
        Self {
            printer,
            json: args.json,
            trace,
            of,
            silence: if of.is_some() {
                Pause::Others
            } else {
                Pause::Idle
            },
            written: HashMap::new(),
            told: HashMap::new(),
            since: Nanos(0),
            slices: 0,
            then: None,
        }
    }

    /// Who lives now, or lived then.
    fn living(&self) -> Option<Snapshot> {
        let then = self.then.clone();
        then.or_else(|| super::sweep(Needs::empty()).ok())
    }

    /// Writes the slices that ended since the last call; `last`: also those that still run.
    fn tell(&mut self, line: &Timeline, last: bool) -> Result<(), Error> {
        if line.origin.is_coarse() {
            return Ok(());
        }
        for lane in &line.lanes {
            let from = self.written.get(&lane.cpu).copied();
            let from = from.unwrap_or(self.since);
            for (slice, who) in lane.slices.from(from) {
                let running = slice.ended == Ended::Running;
                if slice.end <= from || (running && !last) {
                    continue;
                }
                if !running {
                    self.written.insert(lane.cpu, slice.end);
                }
                if self.of.is_none_or(|id| id == who.id) {
                    let before = Window {
                        from: self.told.get(&lane.cpu).copied().unwrap_or_default(),
                        to: slice.start,
                    };
                    self.one(lane, &slice, who, self.pause(lane, before))?;
                    self.told.insert(lane.cpu, slice.end);
                }
            }
        }
        if self.json {
            self.printer.out.flush()?;
        }
        Ok(())
    }

    /// Tells of a recording, stretch by stretch: how slices are known may change in it.
    fn stretches(
        &mut self,
        all: &[Timeline],
        back: Nanos,
        snapshot: &Snapshot,
    ) -> Result<(), Error> {
        self.then = Some(snapshot.clone());
        for (n, line) in all.iter().enumerate() {
            let begins = line.lanes.iter().map(|lane| lane.since).min();
            let window = Window {
                from: begins.unwrap_or(line.now).max(back.min(line.now)),
                to: line.now,
            };
            self.since = window.from;
            self.slices = 0;
            self.tell(line, true)?;
            if n > 0 && !self.json {
                self.printer.line(&[])?;
            }
            self.summary(line, window, Some(snapshot))?;
        }
        Ok(())
    }

    /// Who had a core in a time without slices.
    fn pause(&self, lane: &Lane, before: Window) -> Pause {
        // Between two stretches of a recording only sums were kept.
        let apart = before.from > Nanos(0) && before.from < lane.since;
        if apart || lane.gaps.iter().any(|gap| gap.touches(before)) {
            return Pause::Unknown;
        }
        self.silence
    }

    fn one(&mut self, lane: &Lane, slice: &Slice, who: &Who, pause: Pause) -> Result<(), Error> {
        self.slices += 1;
        if let Some(trace) = &mut self.trace {
            trace.slice(lane.cpu, slice, who, pause)?;
        }
        if self.json {
            let line = Line::of(lane, slice, who);
            self.printer.json(&line)?;
            self.printer.out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Ends the trace, where one is written.
    fn finish_trace(&mut self, wait: Wait<'_>) -> Result<(), Error> {
        if let Some(trace) = self.trace.take() {
            let now = self.living();
            let file = trace.finish(|id| name_now(now.as_ref(), id), self.silence)?;
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.finish(wait)?;
        }
        Ok(())
    }

    /// Sums a window up; `then`: the moment of a recording before which it is.
    fn summary(
        &mut self,
        line: &Timeline,
        window: Window,
        then: Option<&Snapshot>,
    ) -> Result<(), Error> {
        let now = self.living();
        let name_now = |id| name_now(now.as_ref(), id);
        let name = |p: &PidStats| name_now(p.who.id).unwrap_or_else(|| p.who.name.to_string());
        if !self.json {
            let when = then.map_or_else(String::new, |then| past::between(then, window));
            return text::write(self.printer, line, (window, &when), self.of, &name);
        }
        let sums = || {
            let found = line.by_process(window).into_iter();
            let found = found.filter(|p| self.of.is_none_or(|id| id == p.who.id));
            found.map(|p| Sum::of(&p, name(&p))).collect()
        };
        let rest = line.rest(window);
        let summary = Summary {
            source: line.origin.word(),
            lost: line.lost,
            seconds: window.span().seconds(),
            slices: self.slices,
            idle_ns: rest.idle.map(|idle| idle.0),
            others_ns: rest.idle.map(|_| rest.others.0),
            unknown_ns: rest.unknown.0,
            gaps: line.gaps(window).map(Missed::of).collect(),
            why: line.why.to_string(),
            processes: line.origin.is_coarse().then(sums),
            start_ns: then.map(|_| window.from.0),
            end_ns: then.map(|_| window.to.0),
        };
        let line = serde_json::json!({ "summary": summary });
        self.printer.json(&line)?;
        self.printer.out.write_all(b"\n")?;
        Ok(())
    }
}
