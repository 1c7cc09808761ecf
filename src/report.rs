//! Answers on printer: one file for each report, written as text or JSON to a pipe, a file or a terminal. Never the live screen.
//!
//! Each report has its `Args` and a `run(&Args, &mut Printer) -> Result<Exit, Error>`, and one line in `cli`.

pub mod calls;
pub mod doctor;
pub mod groups;
pub mod inspect;
pub mod ipc;
pub mod json;
pub mod metrics;
pub mod past;
pub mod printer;
pub mod ps;
pub mod record;
pub mod signal;
pub mod slices;
pub mod system;
pub mod target;
pub mod time;
pub mod tree;

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use crate::model::descriptors::descriptor::Files;
use crate::model::groups::frozen::Frozen;
use crate::model::groups::unit::Names;
use crate::model::id::ProcId;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Sample, Shares};
use crate::model::scheduling::call_rates::{CallRates, Living};
use crate::model::snapshot::{Proc, Snapshot};
use crate::model::text::SafeText;
use crate::sampler;
use crate::sampler::descriptors::joined::shared::Shared;
use crate::sampler::machine::gpus::Graphics;
use crate::sampler::network::Networks;
use crate::sampler::scheduling::call_rates::{self, Counting};
use crate::sampler::scheduling::calls::lives;
use crate::sys::groups::hierarchy::Hierarchy;
use crate::sys::groups::names::NameReader;
use crate::sys::root::ProcRoot;
use crate::sys::source;

/// How far apart two readings are.
const APART: Duration = Duration::from_secs(1);
/// How long looking at everybody's descriptors may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Descriptors with what was known of them before: who ends meanwhile has none any more, nor has who is at their other ends.
fn remembered(root: &ProcRoot, now: Reading<Files>, before: Option<&Files>) -> Reading<Files> {
    let ended = |id: ProcId| lives(root, id).is_err();
    match (now, before) {
        (Ok(mut files), Some(before)) => {
            files.remember(before, &ended);
            Ok(files)
        }
        (Err(_), Some(before)) => Ok(Files::remembered(before, &ended)),
        (now, None) => now,
    }
}

/// The exit status of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// There is no such process.
    NoProcess = 3,
    /// The kernel does not permit it.
    NotPermitted = 4,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The printer takes no more; a closed pipe is no failure.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// A name or a number that no process has.
    #[error("{0}")]
    NoProcess(String),
    /// What was asked for makes no sense; the text says what would.
    #[error("{0}")]
    Usage(String),
    /// The kernel does not permit it; the text says what would allow it.
    #[error("{0}")]
    NotPermitted(String),
    /// It did not work; the text says why.
    #[error("{0}")]
    Failed(String),
    /// The kernel could not be read at all.
    #[error("cannot read the processes: {0}")]
    Kernel(#[from] source::Error),
}

impl Error {
    /// The exit status that says so.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Output(_) | Self::Failed(_) | Self::Kernel(_) => Exit::Failed,
            Self::NoProcess(_) => Exit::NoProcess,
            Self::Usage(_) => Exit::Usage,
            Self::NotPermitted(_) => Exit::NotPermitted,
        }
    }

    /// Whether there is something to say; a closed pipe ends quietly.
    pub fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

/// Reads the processes once, with what a report needs of each.
///
/// There is no rate in a single sweep, so CPU shares are averages over the life of each process, as `ps` gives them.
///
/// # Errors
/// When there is no proc tree or it cannot be listed.
pub fn sweep(of_all: Needs) -> Result<Snapshot, Error> {
    let plan = Plan {
        needs: of_all,
        of_all,
        ..Plan::default()
    };
    let root = ProcRoot::live();
    let mut sample = sampler::once(&root, &plan)?;
    let gpus =
        graphics(&root, of_all).map_or(Err(Missing::Soon), |mut cards| cards.read_now(PATIENCE));
    let (listed, frozen) = groups(&root, of_all);
    sample.shares = Arc::new(Shares {
        names: container_names(&root, &sample),
        groups: listed,
        frozen,
        gpus: gpus.map(Arc::new),
        ..Shares::default()
    });
    let mut snapshot = Snapshot::between(None, &sample);
    let procs = snapshot.procs.iter().map(|proc| Proc {
        cpu: Ok(lifetime(&snapshot, proc)),
        ..proc.clone()
    });
    snapshot.procs = procs.collect();
    Ok(snapshot)
}

/// Says beside a report what it lacks.
pub fn attention(what: Option<String>) {
    if let Some(what) = what {
        let _ = writeln!(io::stderr(), "pscope: attention: {what}");
    }
}

/// Reads the processes twice, a second apart, for what only two readings tell. CPU shares are of that second.
///
/// # Errors
/// As [`sweep`].
pub fn sweep_twice(of_all: Needs) -> Result<Snapshot, Error> {
    let plan = Plan {
        needs: of_all,
        of_all,
        ..Plan::default()
    };
    let root = ProcRoot::live();
    let mut beside = of_all.contains(Needs::NETWORK).then(|| {
        let mut networks = Networks::new(&root, Shared::new(&root));
        let first = networks.network(PATIENCE, None);
        (networks, first)
    });
    let mut cards = graphics(&root, of_all);
    if let Some(cards) = &mut cards {
        let _ = cards.read_now(PATIENCE);
    }
    let mut calls = of_all.contains(Needs::CALL_RATES).then(|| {
        // Who lives is not known yet, but nobody of them made a call that was counted.
        Counting::begin(&root, Living::new())
    });
    let (first, mut next) = sampler::twice(&root, &plan, APART)?;
    let (listed, frozen) = groups(&root, of_all);
    let mut shares = Shares {
        names: container_names(&root, &next),
        groups: listed,
        frozen,
        calls: calls_made(&mut calls, &next),
        gpus: cards.map_or(Err(Missing::Soon), |mut cards| {
            cards.read_now(PATIENCE).map(Arc::new)
        }),
        ..Shares::default()
    };
    if let Some((networks, _)) = &mut beside {
        shares.traffic = networks.network(PATIENCE, None)?.traffic();
    }
    next.shares = Arc::new(shares);
    Ok(Snapshot::between(Some(&first), &next))
}

/// What everybody called, where that was asked for.
fn calls_made(counting: &mut Option<Reading<Counting>>, now: &Sample) -> Reading<Arc<CallRates>> {
    let living = call_rates::living(now.tasks.iter().map(|task| task.id));
    match counting {
        Some(Ok(counting)) => counting.told(living).map(Arc::new),
        Some(Err(why)) => Err(*why),
        None => Err(Missing::Soon),
    }
}

/// Every control group, and which are frozen, where that was asked for.
fn groups(root: &ProcRoot, needs: Needs) -> (Arc<[SafeText]>, Arc<Frozen>) {
    if needs.contains(Needs::HIERARCHY) {
        let mut hierarchy = Hierarchy::new(root);
        (hierarchy.read_now(), hierarchy.frozen())
    } else {
        (Arc::default(), Arc::default())
    }
}

/// What reads the cards, where that was asked for.
fn graphics(root: &ProcRoot, needs: Needs) -> Option<Graphics> {
    needs
        .contains(Needs::GPU)
        .then(|| Graphics::new(root, Shared::new(root)))
}

/// What the containers are called whose control groups were read.
fn container_names(root: &ProcRoot, sample: &Sample) -> Arc<Names> {
    let extras = sample.tasks.iter().filter_map(|t| t.extra.as_deref());
    let paths = extras.filter_map(|extra| extra.cgroup.as_ref().ok());
    NameReader::new(root).read(paths.map(SafeText::exact))
}

/// Percent of one core since the process started; never more than there are cores.
fn lifetime(snapshot: &Snapshot, proc: &Proc) -> f32 {
    let age = snapshot.age(proc.id).seconds();
    // A process younger than a tick has no age yet.
    let tick = 1.0 / snapshot.machine.ticks_per_second.max(1) as f64;
    let busy = snapshot.machine.nanos(proc.stat.cpu_time()).seconds();
    let share = (100.0 * busy / age.max(tick)) as f32;
    match snapshot.system.cores.len() {
        0 => share,
        cores => share.min(100.0 * cores as f32),
    }
}
