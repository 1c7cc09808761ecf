//! `pscope signal SIGNAL TARGET…`: sends as the dialog does, to whom was meant and to nobody else, and says what became of each.

use std::time::Duration;

use super::printer::{Ink, Printer};
use super::{Error, Exit, sweep, target};
use crate::model::acting::prediction::Prediction;
use crate::model::acting::signal::Signal;
use crate::model::acting::standing::Standing;
use crate::model::acting::{Delivery, Fate, Progress, Scope, Settled, Target, refusal};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::reading::Missing;
use crate::model::snapshot::Snapshot;
use crate::model::text::{SafeText, pad, width};
use crate::sys::acting::Hold;
use crate::sys::acting::signals::Signals;
use crate::sys::own;
use crate::sys::root::ProcRoot;

/// So many of those who are stopped are named.
const NAMED: usize = 3;

/// Options of `pscope signal`.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Args {
    /// A name or a number: TERM, SIGTERM, 15, RTMIN+3
    #[arg(value_parser = signal, allow_negative_numbers = true)]
    signal: Signal,
    /// Pids, or names that one process has
    #[arg(required = true)]
    targets: Vec<String>,
    /// Sends to their descendants too, also to those that are born meanwhile
    #[arg(long, conflicts_with = "group")]
    tree: bool,
    /// Sends to their whole process groups, each at once
    #[arg(long)]
    group: bool,
    /// Waits this long and says what became of them: 3s, 500ms
    #[arg(long, value_name = "TIME", value_parser = crate::model::span::parse, allow_hyphen_values = true)]
    wait: Option<Nanos>,
    /// Says what the signal would do and sends nothing
    #[arg(long)]
    dry_run: bool,
    /// Sends to every process of a name that several have
    #[arg(long)]
    all: bool,
}

fn signal(text: &str) -> Result<Signal, String> {
    let name = text.strip_prefix('-').unwrap_or(text);
    name.parse().map_err(|e| format!("{e}"))
}

/// Sends, or says what sending would do.
///
/// # Errors
/// `Usage` where a name is not clear, before anything is sent; `Failed` where this is not the running kernel's own `/proc`.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    // What would end us waits until it is told what was done, or that nothing was.
    let shield = own::signals::shield();
    let exit = carry_out(args, printer)?;
    printer.out.flush()?;
    drop(shield);
    Ok(exit)
}

fn carry_out(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    let snapshot = sweep(Needs::COMMANDS)?;
    let (chosen, unknown) = resolve(args, &snapshot)?;
    let mut exit = Exit::Done;
    for why in &unknown {
        printer.line(&[(&why.to_string(), Ink::Strong)])?;
        exit = match exit {
            Exit::NotPermitted => exit,
            _ => why.exit(),
        };
    }
    if chosen.is_empty() {
        return Ok(exit);
    }
    let right = Signals::over(&ProcRoot::live());
    let right = right.ok_or_else(|| {
        Error::Failed("no signal can be sent: /proc is not that of this pid namespace".to_owned())
    })?;
    let scope = match (args.tree, args.group) {
        (true, _) => Scope::Subtree,
        (_, true) => Scope::Group,
        _ => Scope::Process,
    };
    let mut hold = Hold::take(&right, &chosen, scope, None);
    if args.dry_run {
        foretell(args.signal, &hold.standings(), &snapshot, printer)?;
        return Ok(exit);
    }
    if let Some(end) = own::signals::waiting() {
        let end = u32::try_from(end).ok().and_then(Signal::new);
        let end = end.map_or_else(|| "a signal".to_owned(), Signal::name);
        let early = format!("nothing was sent: {end} came first");
        printer.line(&[(&early, Ink::Strong)])?;
        return Ok(Exit::Failed);
    }
    let before = hold.standings();
    let watch = args
        .wait
        .map_or(Duration::ZERO, |n| Duration::from_nanos(n.0));
    let mut told = Results::default();
    hold.send(args.signal, watch, &mut |news| told.hear(news));
    told.write(args, &before, &snapshot, printer)?;
    for delivery in &told.deliveries {
        exit = match (delivery.sent, exit) {
            (Err(Missing::Denied), _) | (_, Exit::NotPermitted) => Exit::NotPermitted,
            (Err(Missing::Gone), _) => Exit::NoProcess,
            (Err(_), Exit::Done) => Exit::Failed,
            (_, exit) => exit,
        };
    }
    Ok(exit)
}

/// Whom the texts mean, and why for each that means nobody whom we see.
fn resolve(args: &Args, snapshot: &Snapshot) -> Result<(Vec<ProcId>, Vec<Error>), Error> {
    let (mut chosen, mut unknown) = (Vec::new(), Vec::new());
    for text in &args.targets {
        let found = if args.all {
            target::all(snapshot, text)
        } else {
            target::find(snapshot, text).map(|id| vec![id])
        };
        match found {
            Ok(ids) => chosen.extend(ids),
            Err(why @ (Error::NoProcess(_) | Error::NotPermitted(_))) => unknown.push(why),
            Err(Error::Usage(why)) => {
                let how = "nothing was sent; --all sends to each of them";
                return Err(Error::Usage(format!("{why}\n{how}")));
            }
            Err(other) => return Err(other),
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok((chosen, unknown))
}

fn owner(snapshot: &Snapshot, of: &Standing) -> SafeText {
    let proc = snapshot.get(of.id);
    proc.map(|p| p.facts.user.clone()).unwrap_or_default()
}

/// What the signal would do to each.
fn foretell(
    signal: Signal,
    to: &[Standing],
    snapshot: &Snapshot,
    printer: &mut Printer<'_>,
) -> Result<(), Error> {
    let names: Vec<String> = to
        .iter()
        .map(|s| format!("{} {}", s.id.pid, s.name))
        .collect();
    let cells = names.iter().map(|n| width(n)).max().unwrap_or(0);
    for (standing, name) in to.iter().zip(names) {
        let owner = owner(snapshot, standing);
        let words = Prediction::of(signal, standing, &owner).to_string();
        let user = format!("  {}  ", pad(&owner, 8));
        printer.line(&[
            (&pad(&name, cells), Ink::Strong),
            (&user, Ink::Dim),
            (&words, Ink::Plain),
        ])?;
    }
    Ok(())
}

/// What was heard while the signal was sent.
#[derive(Default)]
struct Results {
    deliveries: Vec<Delivery>,
    fates: Vec<(Target, Fate, Nanos)>,
    settled: Settled,
}

impl Results {
    fn hear(&mut self, news: Progress) {
        match news {
            Progress::Sent { deliveries, .. } => self.deliveries = deliveries,
            Progress::Fate { of, fate, after } => self.fates.push((of, fate, after)),
            Progress::Settled(settled) => self.settled = settled,
            _ => {}
        }
    }

    fn write(
        &self,
        args: &Args,
        before: &[Standing],
        snapshot: &Snapshot,
        printer: &mut Printer<'_>,
    ) -> Result<(), Error> {
        let signal = args.signal.name();
        let name = |d: &Delivery| format!("{} {}", d.to.id.pid, d.name);
        let cells = self
            .deliveries
            .iter()
            .map(|d| width(&name(d)))
            .max()
            .unwrap_or(0);
        for delivery in &self.deliveries {
            let words = match delivery.sent {
                Ok(()) => format!("  {signal} delivered{}", self.fate(args, delivery.to)),
                Err(why) => {
                    let standing = before.iter().find(|s| s.id == delivery.to.id);
                    format!(
                        "  {signal} not sent: {}",
                        reason(why, args.signal, standing, snapshot)
                    )
                }
            };
            printer.line(&[
                (&pad(&name(delivery), cells), Ink::Strong),
                (&words, Ink::Plain),
            ])?;
        }
        for (pid, name) in &self.settled.newcomers {
            let words = format!("{pid} {name}  appeared meanwhile and was not signalled");
            printer.line(&[(&words, Ink::Strong)])?;
        }
        if let Some(words) = self.stopped() {
            printer.line(&[(&words, Ink::Strong)])?;
        }
        Ok(())
    }

    /// Who is stopped now, and what lets them go on.
    fn stopped(&self) -> Option<String> {
        let of = |t: &Target| self.deliveries.iter().find(|d| d.to == *t);
        let stopped = self.settled.stopped.iter().filter_map(of);
        let stopped: Vec<&Delivery> = stopped.collect();
        let name = |d: &&Delivery| format!("{} {}", d.to.id.pid, d.name);
        let names: Vec<String> = stopped.iter().map(name).take(NAMED).collect();
        let more = match stopped.len() - names.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let pids: Vec<String> = stopped.iter().map(|d| d.to.id.pid.to_string()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "stopped now: {}{more}; 'pscope signal CONT {}' lets them go on",
                names.join(", "),
                pids.join(" ")
            )
        })
    }

    /// What became of a target, where that was waited for.
    fn fate(&self, args: &Args, of: Target) -> String {
        let known = self.fates.iter().find(|(target, ..)| *target == of);
        match (args.wait, known) {
            (Some(_), Some((_, fate, after))) => {
                format!(" · {fate}, after {:.1} s", after.seconds())
            }
            _ => String::new(),
        }
    }
}

/// Why nothing was sent, in the words that a dry run would have used where they say more.
fn reason(why: Missing, signal: Signal, to: Option<&Standing>, snapshot: &Snapshot) -> String {
    let known = to.filter(|_| matches!(why, Missing::Denied | Missing::Unsupported));
    match known.map(|to| Prediction::of(signal, to, &owner(snapshot, to))) {
        Some(p @ (Prediction::Denied(_) | Prediction::KernelThread)) => p.to_string(),
        _ => refusal(why).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    fn args(targets: &[&str], all: bool) -> Args {
        Args {
            signal: Signal::TERM,
            targets: targets.iter().map(|t| (*t).to_owned()).collect(),
            tree: false,
            group: false,
            wait: None,
            dry_run: false,
            all,
        }
    }

    #[test]
    fn a_name_of_several_is_refused_before_anything_is_sent() {
        let mut scene = Scene::new();
        scene.task(7, 1, "bash");
        scene.task(8, 1, "bash");
        let snapshot = scene.snapshot();
        let Err(Error::Usage(why)) = resolve(&args(&["7", "bash"], false), &snapshot) else {
            panic!("it was not refused");
        };
        assert!(why.contains("nothing was sent"), "{why}");
        let (chosen, unknown) =
            resolve(&args(&["bash", "7", "4194305"], true), &snapshot).expect("clear");
        assert_eq!(chosen.len(), 2);
        let words: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["there is no process 4194305"]);
    }

    #[test]
    fn signals_are_read_as_kill_reads_them() {
        for text in ["15", "TERM", "SIGTERM", "term", "-15", "-TERM"] {
            assert_eq!(signal(text), Ok(Signal::TERM));
        }
        assert!(signal("TERMINATE").is_err());
    }
}
