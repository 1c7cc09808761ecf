//! `pscope time`: where the time of a process went, as lines of text that add up, or JSON.

mod follow;
mod json;
mod past;
mod text;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::printer::Printer;
use super::{Error, Exit, target};
use crate::model::descriptors::descriptor::Files;
use crate::model::id::{Nanos, ProcId};
use crate::model::reading::Missing;
use crate::model::scheduling::spent::Bucket;
use crate::model::scheduling::wait::{Names, end_of};
use crate::model::scheduling::wakes::Wakes;
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::model::text::SafeText;
use crate::report::json::NEEDS;
use crate::sys::own::stop;

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

/// Looks, and tells.
///
/// # Errors
/// `NoProcess` for a target that is not there or ended before anything was seen; `Failed` where the kernel does not count.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    if let Some(found) = args.past.moment()? {
        return past::run(args, found, printer);
    }
    let snapshot = super::sweep(NEEDS)?;
    let id = target::find(&snapshot, &args.target)?;
    target::lives(&snapshot, id)?;
    let stop = stop::on_signals();
    let (told, unlisted) = follow::follow(&snapshot, id, args, &stop)?;
    if told.iter().all(|t| t.bucket.threads.is_empty()) {
        return Err(Error::NoProcess(format!(
            "process {} ended before its time could be told",
            id.pid
        )));
    }
    if args.json {
        printer.json(&json::of(args, &told, unlisted.as_ref()))?;
        printer.out.write_all(b"\n")?;
    } else {
        text::write(args, &told, unlisted.as_ref(), printer)?;
    }
    Ok(Exit::Done)
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
