//! `pscope inspect`: everything about one process, section by section, as text laid out for reading or as JSON.

mod answer;
mod faults;
mod files;
mod memory;
mod text;

use std::sync::Arc;
use std::time::Duration;

use super::json;
use super::printer::Printer;
use super::{Error, Exit, target};
use crate::model::acting::signal::SignalState;
use crate::model::descriptors::descriptor::Files;
use crate::model::descriptors::peer::Object;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId, Tid};
use crate::model::machine::gpu::Gpus;
use crate::model::memory::faults::PageFaults;
use crate::model::memory::region::AddressSpace;
use crate::model::process::environment::Environment;
use crate::model::process::isolation::Isolation;
use crate::model::process::overview::Overview;
use crate::model::process::stat::State;
use crate::model::process::threads::Threads;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wait::end_of;
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::sampler::descriptors::joined::Descriptors;
use crate::sampler::descriptors::joined::shared::Shared;
use crate::sampler::machine::gpus::Graphics;
use crate::sampler::memory::address_space::AddressSpaces;
use crate::sampler::memory::faults::during;
use crate::sampler::scheduling::waits::Waits;
use crate::sys::acting::signal_masks::SignalMasks;
use crate::sys::own::stop;
use crate::sys::process::environ::Environ;
use crate::sys::process::isolation::Isolations;
use crate::sys::process::overview::Overviews;
use crate::sys::root::ProcRoot;

/// Prints everything about one process: regions, descriptors, threads, signals, environment, limits
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process: a pid or a name
    target: String,
    /// Only this section
    section: Option<Section>,
    /// Watches so long which regions take pages (section memory): 5s, 200ms, 2m
    #[arg(long = "for", value_name = "TIME", value_parser = span::parse_any, allow_hyphen_values = true)]
    span: Option<Nanos>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: super::past::Args,
}

/// A part of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Section {
    /// The control block in short
    Overview,
    /// The regions of the address space
    Memory,
    /// The descriptors and who is at their other ends
    Files,
    /// The threads and what they wait for
    Threads,
    /// What it does with each signal
    Signals,
    /// The environment as it began, secrets masked
    Environment,
    /// Limits, namespaces, control group and rights
    Limits,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Memory,
        Self::Files,
        Self::Threads,
        Self::Signals,
        Self::Environment,
        Self::Limits,
    ];
}

/// How far the two readings are apart between which threads are measured.
const APART: Duration = Duration::from_millis(200);
/// How long reading who holds graphics cards may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was read; `None` for what was not asked for.
struct Found {
    /// It is of a recording: what was not read by then is not there.
    recorded: bool,
    snapshot: Snapshot,
    id: ProcId,
    overview: Option<Reading<Overview>>,
    memory: Option<Reading<AddressSpace>>,
    /// Where somebody waited for it.
    page_faults: Option<Reading<PageFaults>>,
    files: Option<Reading<Arc<Files>>>,
    /// Every graphics card, where it holds a descriptor of one.
    cards: Option<Reading<Gpus>>,
    /// The descriptors for the words of the threads, whether they are shown or not.
    peers: Option<Arc<Files>>,
    threads: Option<Reading<Arc<Threads>>>,
    signals: Option<Reading<SignalState>>,
    environment: Option<Reading<Environment>>,
    limits: Option<Reading<Isolation>>,
}

/// Writes what is asked for.
///
/// # Errors
/// When there is no such process, or several of the name; what else could not be read is said in its place.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let section = args.section.unwrap_or(Section::Memory);
    if args.span.is_some() && section != Section::Memory {
        let why = "--for watches which regions take pages: ask for the section memory, or for all";
        return Err(Error::Usage(why.to_owned()));
    }
    let then = args.past.moment()?;
    let recorded = then.is_some();
    if args.span.is_some() && recorded {
        let why = "--for watches what happens now; a recording tells what was watched then";
        return Err(Error::Usage(why.to_owned()));
    }
    let (snapshot, then) = match then {
        Some(found) => (found.snapshot.clone(), Some(found)),
        None => (super::sweep(json::NEEDS)?, None),
    };
    let find = if recorded {
        target::find_then
    } else {
        target::find
    };
    let id = find(&snapshot, &args.target)?;
    let sections = match args.section {
        Some(one) => vec![one],
        None => Section::ALL.to_vec(),
    };
    let found = if let Some(then) = &then {
        Found::recorded(snapshot, &then.detail(Some(id))?, id, &sections)
    } else {
        let watched = args.span.map(|span| {
            let stop = stop::on_signals();
            during(&ProcRoot::live(), id, span, &stop)
        });
        Found::read(snapshot, id, &sections).with(watched)
    };
    if args.json {
        printer.json(&answer::of(&found))?;
        printer.out.write_all(b"\n")?;
    } else {
        text::write(&found, printer)?;
    }
    if recorded {
        return Ok(Exit::Done);
    }
    // Whoever asks for one section wants to know that he may not see it; of a whole process there is always something.
    Ok(match args.section.and(found.first_missing()) {
        Some(Missing::Denied) => Exit::NotPermitted,
        Some(Missing::Gone) => Exit::NoProcess,
        Some(_) => Exit::Failed,
        None => Exit::Done,
    })
}

impl Found {
    /// Of a recording: what the table had of the process, and what else was read of it by then.
    fn recorded(snapshot: Snapshot, detail: &Detail, id: ProcId, sections: &[Section]) -> Self {
        fn read<T>(wanted: bool, slot: Option<&Stamped<T>>) -> Option<Reading<Arc<T>>> {
            let read = slot.map(|slot| slot.value.clone());
            wanted.then(|| read.unwrap_or(Err(Missing::Unrecorded)))
        }
        fn own<T: Clone>(wanted: bool, slot: Option<&Stamped<T>>) -> Option<Reading<T>> {
            read(wanted, slot).map(|read| read.map(Arc::unwrap_or_clone))
        }
        let wanted = |section: Section| sections.contains(&section);
        Self {
            overview: own(wanted(Section::Overview), detail.overview.as_ref()),
            memory: own(wanted(Section::Memory), detail.regions.as_ref()),
            page_faults: own(
                wanted(Section::Memory) && detail.page_faults.is_some(),
                detail.page_faults.as_ref(),
            ),
            peers: read(true, detail.files.as_ref()).and_then(Result::ok),
            files: read(wanted(Section::Files), detail.files.as_ref()),
            threads: read(wanted(Section::Threads), detail.threads.as_ref()),
            signals: own(wanted(Section::Signals), detail.signals.as_ref()),
            environment: own(wanted(Section::Environment), detail.environment.as_ref()),
            limits: own(wanted(Section::Limits), detail.isolation.as_ref()),
            cards: None,
            recorded: true,
            id,
            snapshot,
        }
    }

    fn read(snapshot: Snapshot, id: ProcId, sections: &[Section]) -> Self {
        let root = ProcRoot::live();
        let wanted = |section: Section| sections.contains(&section);
        let threads = wanted(Section::Threads).then(|| threads(&root, id));
        let files = (wanted(Section::Files) || wanted(Section::Threads))
            .then(|| Descriptors::all_of(&root, id).map(Arc::new));
        let cards = match &files {
            Some(Ok(files)) if files.rows.iter().any(|row| row.object == Object::Card) => {
                Some(Graphics::new(&root, Shared::new(&root)).read_now(PATIENCE))
            }
            _ => None,
        };
        let of_user = |isolation: Isolation| {
            let user = snapshot.get(id).and_then(|p| p.facts.uid.ok());
            let all = snapshot.procs.iter();
            let same = all.filter(|p| user.is_some() && p.facts.uid.ok() == user);
            isolation.with_threads_of_user(same.map(|p| u64::from(p.stat.threads)).sum())
        };
        // Of a process that has ended the kernel gives an empty one, which is not what it had.
        let ended = snapshot
            .get(id)
            .is_some_and(|p| p.stat.state == State::Zombie);
        let environment = || match Environ::new(&root).of(id) {
            Ok(e) if ended && e.variables.is_empty() && !e.overwritten => Err(Missing::Gone),
            environment => environment,
        };
        Self {
            overview: wanted(Section::Overview).then(|| Overviews::new(&root).of(id)),
            page_faults: None,
            memory: wanted(Section::Memory).then(|| AddressSpaces::new(&root).whole(id)),
            peers: files.as_ref().and_then(|f| f.as_ref().ok()).map(Arc::clone),
            files: files.filter(|_| wanted(Section::Files)),
            cards,
            threads,
            signals: wanted(Section::Signals).then(|| SignalMasks::new(&root).of(id)),
            environment: wanted(Section::Environment).then(environment),
            limits: wanted(Section::Limits).then(|| Isolations::new(&root).of(id).map(of_user)),
            recorded: false,
            id,
            snapshot,
        }
    }

    /// The same with the pages that it took, and the regions into which they were sorted.
    fn with(mut self, watched: Option<Reading<(PageFaults, AddressSpace)>>) -> Self {
        self.page_faults = watched.map(|read| {
            let (faults, space) = read?;
            self.memory = Some(Ok(space));
            Ok(faults)
        });
        self
    }

    /// Its address space, where that was asked for and read.
    fn space(&self) -> Option<&AddressSpace> {
        self.memory.as_ref()?.as_ref().ok()
    }

    /// Who is at the other end of a descriptor.
    fn peer(&self, fd: i32) -> Option<String> {
        end_of(self.peers.as_ref()?, fd)
    }

    /// The sections that were asked for and that the recording does not have.
    fn unread(&self) -> Vec<&'static str> {
        fn of<T>(name: &'static str, section: Option<&Reading<T>>) -> Option<&'static str> {
            matches!(section, Some(Err(Missing::Unrecorded))).then_some(name)
        }
        let all = [
            of("overview", self.overview.as_ref()),
            of("memory", self.memory.as_ref()),
            of("files", self.files.as_ref()),
            of("threads", self.threads.as_ref()),
            of("signals", self.signals.as_ref()),
            of("environment", self.environment.as_ref()),
            of("limits", self.limits.as_ref()),
        ];
        all.into_iter().flatten().collect()
    }

    /// Why a section is missing as a whole.
    fn first_missing(&self) -> Option<Missing> {
        fn of<T>(section: Option<&Reading<T>>) -> Option<Missing> {
            section.and_then(|s| s.as_ref().err().copied())
        }
        of(self.overview.as_ref())
            .or(of(self.memory.as_ref()))
            .or(of(self.page_faults.as_ref()))
            .or(of(self.files.as_ref()))
            .or(of(self.threads.as_ref()))
            .or(of(self.signals.as_ref()))
            .or(of(self.environment.as_ref()))
            .or(of(self.limits.as_ref()))
    }
}

/// Reads the threads twice, so that their shares of a core are known.
fn threads(root: &ProcRoot, id: ProcId) -> Reading<Arc<Threads>> {
    let mut waits = Waits::new(root);
    let first = waits.threads(id, &[])?;
    let all: Vec<Tid> = first.rows.iter().map(|row| row.id.tid).collect();
    std::thread::sleep(APART);
    waits.threads(id, &all)
}
