//! `pscope time`: where the time of a process went, as lines of text that add up, or JSON.

mod json;
mod past;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::printer::Printer;
use super::{Error, Exit, target};
use crate::model::descriptors::descriptor::Files;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::reading::Missing;
use crate::model::scheduling::spent::{Bucket, sum};
use crate::model::scheduling::wait::{Names, end_of};
use crate::model::scheduling::wakes::Wakes;
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::model::text::SafeText;
use crate::report::json::NEEDS;
use crate::sampler::descriptors::joined::Descriptors;
use crate::sampler::scheduling::spent::Follower;
use crate::sampler::scheduling::wakes::Counting;
use crate::sys::clock;
use crate::sys::own::stop::{self, Stop};
use crate::sys::root::ProcRoot;

/// `pscope time`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process: a pid or a name
    target: String,
    /// How long to look: 5s, 200ms, 2m
    #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = span::parse_any, allow_hyphen_values = true)]
    span: Nanos,
    /// Each thread by itself, with --tree those of each process
    #[arg(long)]
    threads: bool,
    /// Its descendants too, each process by itself
    #[arg(long)]
    tree: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    past: super::past::Args,
}

/// How often descendants are looked for.
const AGAIN: Nanos = Nanos::from_millis(500);

/// A process and what its threads did.
struct Breakdown {
    id: ProcId,
    name: SafeText,
    /// The same as JSON.
    who: Value,
    bucket: Bucket,
    /// Its descriptors, for who is at their other ends.
    files: Option<Arc<Files>>,
    ended: bool,
    /// Who woke its threads.
    wakes: Result<Wakes, (Missing, String)>,
    /// When that was, where it is recorded.
    when: String,
}

impl Breakdown {
    /// The names that its waits mention.
    fn names<T>(&self, with: impl FnOnce(&Names<'_>) -> T) -> T {
        with(&Names {
            thread: &|tid| self.bucket.name_of(tid),
            peer: &|fd| end_of(self.files.as_ref()?, fd),
        })
    }
}

/// A process while it is followed.
struct Followed {
    follower: Follower,
    name: SafeText,
    who: Value,
    ended: bool,
    wakes: Result<Counting, (Missing, String)>,
    /// Its descriptors when that began: who ends meanwhile has none any more.
    before: Option<Files>,
}

/// Of how many processes it is told who wakes them: each costs the machine a little at every switch.
const WATCHED: usize = 8;

/// Looks, and tells.
///
/// # Errors
/// `NoProcess` for a target that is not there or ended before anything was seen; `Failed` where the kernel does not count.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    printer.recorded = !args.past.is_live();
    if let Some(found) = args.past.moment()? {
        return past::run(args, found, printer);
    }
    let snapshot = super::sweep(NEEDS)?;
    let id = target::find(&snapshot, &args.target)?;
    let stop = stop::on_signals();
    let told = follow(&snapshot, id, args, &stop)?;
    if told.iter().all(|t| t.bucket.threads.is_empty()) {
        return Err(Error::NoProcess(format!(
            "process {} ended before its time could be told",
            id.pid
        )));
    }
    if args.json {
        printer.json(&json::of(args, &told))?;
        printer.out.write_all(b"\n")?;
    } else {
        text::write(args, &told, printer)?;
    }
    Ok(Exit::Done)
}

fn follow(first: &Snapshot, id: ProcId, args: &Args, stop: &Stop) -> Result<Vec<Breakdown>, Error> {
    let root = ProcRoot::live();
    let mut all: BTreeMap<ProcId, Followed> = BTreeMap::new();
    let add = |all: &mut BTreeMap<ProcId, Followed>, snapshot: &Snapshot| {
        for id in wanted(snapshot, id, args.tree) {
            let watched = all.len();
            all.entry(id).or_insert_with(|| Followed {
                wakes: if watched < WATCHED {
                    Counting::begin(&root, id)
                        .map_err(|refused| (Missing::from(&refused.error), refused.to_string()))
                } else {
                    let why = format!("it is told of {WATCHED} processes at once");
                    Err((Missing::Unsupported, why))
                },
                follower: Follower::new(&root, id),
                before: (watched < WATCHED)
                    .then(|| Descriptors::all_of(&root, id).ok())
                    .flatten(),
                name: snapshot
                    .get(id)
                    .map_or_else(SafeText::default, |p| p.facts.name.clone()),
                who: json::who(snapshot, id),
                ended: false,
            });
        }
    };
    add(&mut all, first);
    let end = Nanos(clock::now().0.saturating_add(args.span.0));
    let mut looked = clock::now();
    loop {
        if args.tree && clock::now().since(looked) >= AGAIN {
            let now = super::sweep(Needs::empty())?;
            let known = |id| all.contains_key(id);
            if !wanted(&now, id, true).iter().all(known) {
                add(&mut all, &super::sweep(NEEDS)?);
            }
            looked = clock::now();
        }
        for followed in all.values_mut().filter(|f| !f.ended) {
            match followed.follower.step() {
                Ok(()) => {}
                Err(Missing::Unsupported) => {
                    return Err(Error::Failed(
                        "this kernel does not count the time of threads (no schedstat)".to_owned(),
                    ));
                }
                Err(_) => followed.ended = true,
            }
        }
        let now = clock::now();
        // On a busy machine, or asked to end at once, the first two readings may be further apart than was asked for.
        let told = all.values().any(|f| f.follower.has_told());
        let asked = now >= end || stop.asked();
        if (asked && told) || all.values().all(|f| f.ended) {
            break;
        }
        let pause = all.values().map(|f| f.follower.pause()).max();
        let pause = pause.unwrap_or_default();
        stop.wait(if now < end {
            pause.min(end.since(now))
        } else {
            pause
        });
    }
    Ok(all.into_iter().map(|(id, f)| tell(&root, id, f)).collect())
}

/// The process, and where the tree is asked for its descendants.
fn wanted(snapshot: &Snapshot, id: ProcId, tree: bool) -> Vec<ProcId> {
    let mut found = BTreeSet::from([id.pid]);
    let mut out = vec![id];
    let mut grown = tree;
    while grown {
        grown = false;
        for proc in snapshot.procs.iter() {
            if found.contains(&proc.stat.ppid) && found.insert(proc.id.pid) {
                out.push(proc.id);
                grown = true;
            }
        }
    }
    out
}

fn tell(root: &ProcRoot, id: ProcId, mut followed: Followed) -> Breakdown {
    let bucket = sum(std::iter::once(&followed.follower.take()));
    let wakes = followed.wakes.and_then(|counting| {
        counting
            .end()
            .map_err(|missing| (missing, "the kernel does not read its maps out".to_owned()))
    });
    let files = super::remembered(
        root,
        Descriptors::all_of(root, id),
        followed.before.as_ref(),
    );
    let files = files.ok().map(Arc::new);
    Breakdown {
        wakes,
        id,
        name: followed.name,
        who: followed.who,
        bucket,
        files,
        ended: followed.ended,
        when: String::new(),
    }
}
