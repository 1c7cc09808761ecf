//! `pscope system`: the machine in one page, or as JSON. Two readings a short while apart, so that there are rates.

mod json;
mod text;

use std::sync::Arc;
use std::time::Duration;

use super::printer::Printer;
use super::{Error, Exit, attention, past};
use crate::model::detail::{Detail, Slot};
use crate::model::groups::own_group::OwnGroup;
use crate::model::id::Nanos;
use crate::model::machine::disk::{DiskRates, Disks};
use crate::model::machine::gpu::Gpus;
use crate::model::machine::identity::Identity;
use crate::model::machine::memory::MachineMemory;
use crate::model::machine::requests::Requests;
use crate::model::machine::sensor::Sensors;
use crate::model::machine::verdict::{Judge, Verdict};
use crate::model::network::Network;
use crate::model::plan::Plan;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::Sample;
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::recording::past::held_since;
use crate::sampler;
use crate::sampler::descriptors::joined::shared::Shared;
use crate::sampler::machine::gpus::Graphics;
use crate::sampler::machine::requests::Counting;
use crate::sampler::network::Networks;
use crate::sys::clock;
use crate::sys::machine::disks::DiskReader;
use crate::sys::machine::gpus;
use crate::sys::machine::identity;
use crate::sys::machine::memory::MachineMemories;
use crate::sys::machine::sensors;
use crate::sys::process::isolation::cgroup::own;
use crate::sys::root::ProcRoot;

/// Prints cores, memory, pressure, disks, filesystems, interfaces and listeners, and what holds the machine back
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How long rates are measured: 5s, 200ms, 2m [default: 500ms]
    #[arg(long = "for", value_name = "TIME", conflicts_with = "from", value_parser = span::parse, allow_hyphen_values = true)]
    span: Option<Nanos>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: past::Args,
    /// Of a recording: a line of JSON for each moment, at this pace, from --at or its beginning on
    #[arg(long, value_name = "TIME", requires_all = ["json", "from"], value_parser = span::parse_any, allow_hyphen_values = true)]
    every: Option<Nanos>,
}

/// How long rates are measured where nobody says.
const SPAN: Nanos = Nanos::from_millis(500);

/// The two readings, and what they say together.
struct Machine {
    now: Snapshot,
    identity: Identity,
    memory: Reading<MachineMemory>,
    disks: Reading<(Disks, Vec<Reading<DiskRates>>)>,
    requests: Reading<Requests>,
    verdict: Option<Verdict>,
    own: OwnGroup,
    sensors: Reading<Sensors>,
    gpus: Reading<Gpus>,
    network: Reading<Network>,
    /// Of a recording: how long before the moment each part was read.
    read_before: Option<Vec<(&'static str, Nanos)>>,
}

/// Writes the page.
///
/// # Errors
/// When the processes cannot be read; what else is missing is shown as `–`.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    if let Some(every) = args.every {
        // One judge for all: a verdict has a past.
        let mut judge = Judge::default();
        args.past.each(every, |then| {
            let time_unix_ms = then.snapshot.unix_ms();
            let detail = then.detail(None)?;
            let before = before(then, &detail)?;
            let mut machine = recorded(then.snapshot.clone(), detail, before);
            machine.verdict = judge.judge(&then.snapshot);
            let mut line = json::as_json(&machine);
            line["time_unix_ms"] = time_unix_ms.into();
            printer.json(&line)?;
            Ok(printer.out.write_all(b"\n")?)
        })?;
        return Ok(Exit::Done);
    }
    let machine = match args.past.moment()? {
        Some(found) => {
            let detail = found.detail(None)?;
            let before = before(&found, &detail)?;
            let moments = found.past.moments();
            let place = moments.partition_point(|moment| moment.at < found.snapshot.at);
            let mut machine = recorded(found.snapshot, detail, before);
            if let (Some((begin, before)), Some(verdict)) =
                (held_since(&moments, place), &mut machine.verdict)
            {
                verdict.since = moments[begin].at;
                verdict.began_before = before;
            }
            machine
        }
        None => measure(Duration::from_nanos(args.span.unwrap_or(SPAN).0))?,
    };
    if args.json {
        printer.json(&json::as_json(&machine))?;
        printer.out.write_all(b"\n")?;
    } else {
        attention(machine.now.unlisted());
        text::print(&machine, printer)?;
    }
    Ok(Exit::Done)
}

/// What a recording tells of the machine; the rest was not read then.
fn recorded(then: Snapshot, detail: Detail, before: Option<Disks>) -> Machine {
    let machine = detail.machine;
    let read = |slot: Option<Nanos>| slot.map(|at| then.at.since(at));
    let parts = [
        ("memory", read(machine.memory.as_ref().map(|s| s.at))),
        ("disks", read(machine.disks.as_ref().map(|s| s.at))),
        (
            "disk_requests",
            read(machine.requests.as_ref().map(|s| s.at)),
        ),
        ("sensors", read(machine.sensors.as_ref().map(|s| s.at))),
        ("gpus", read(machine.gpus.as_ref().map(|s| s.at))),
        ("network", read(machine.network.as_ref().map(|s| s.at))),
    ];
    let parts = parts.into_iter();
    let read_before = parts.filter_map(|(name, age)| Some((name, age?)));
    let read_before = Some(read_before.collect());
    let memory = value(machine.memory);
    Machine {
        read_before,
        network: value(machine.network),
        verdict: Judge::default().judge(&then),
        own: memory
            .as_ref()
            .map_or_else(|_| OwnGroup::default(), |m| m.own.clone()),
        memory,
        identity: Identity::unread(Missing::Unrecorded),
        sensors: value(machine.sensors),
        gpus: value(machine.gpus),
        requests: value(machine.requests),
        disks: value(machine.disks).map(|now| {
            let rates = before.map(|before| now.rates(&before));
            let unknown = || vec![Err(Missing::Unrecorded); now.told().len()];
            let rates = rates.unwrap_or_else(unknown);
            (now, rates)
        }),
        now: then,
    }
}

/// The disks as they were read before they were read for that moment: rates are between the two.
fn before(found: &past::Found, detail: &Detail) -> Result<Option<Disks>, Error> {
    let Some(read) = &detail.machine.disks else {
        return Ok(None);
    };
    let earlier = found.detail_before(read.at)?;
    Ok(value(earlier.machine.disks).ok())
}

/// A part of a recording, or that it was not read by then.
fn value<T: Clone>(slot: Slot<T>) -> Reading<T> {
    slot.map_or(Err(Missing::Unrecorded), |slot| {
        slot.value.map(Arc::unwrap_or_clone)
    })
}

/// How long reading the descriptors of every process may take.
const PATIENCE: Duration = Duration::from_mins(1);

fn measure(span: Duration) -> Result<Machine, Error> {
    let root = ProcRoot::live();
    let plan = Plan::default();
    let mut reader = DiskReader::new(&root);
    let read = |reader: &mut DiskReader| {
        let mut disks = reader.read_now();
        disks.at = clock::now();
        disks
    };
    let shared = Shared::new(&root);
    let mut networks = Networks::new(&root, shared.clone());
    let _ = networks.network(PATIENCE, None);
    let there = gpus::there(&root);
    let mut cards = (there == Ok(true)).then(|| Graphics::new(&root, shared));
    if let Some(cards) = &mut cards {
        let _ = cards.read_now(PATIENCE);
    }
    let before: Sample = sampler::once(&root, &plan)?;
    let counting = Counting::begin(&root);
    let old = read(&mut reader);
    std::thread::sleep(span);
    let requests = counting.end(&root);
    let now = Snapshot::between(Some(&before), &sampler::once(&root, &plan)?);
    let disks = read(&mut reader);
    let rates = disks.rates(&old);
    Ok(Machine {
        read_before: None,
        network: networks.network(PATIENCE, None).map_err(|why| why.reason()),
        memory: MachineMemories::new(&root)
            .read_now()
            .map_err(|why| why.reason()),
        verdict: Judge::default().judge(&now),
        own: own::limits(&root),
        identity: identity::read(&root),
        sensors: sensors::read_now(&root),
        disks: Ok((disks, rates)),
        requests,
        gpus: match cards {
            Some(mut cards) => cards.read_now(PATIENCE),
            // That there is none is known only where one can look.
            None => there.map(|_| Gpus::default()),
        },
        now,
    })
}

#[cfg(test)]
mod tests;
