//! `pscope record`: keeps what happens in a file or a stream, to be looked at later or elsewhere; or only the moments of a
//! condition, each in a file of its own.

mod inspecting;
mod lags;
mod moments;
mod ring;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::printer::Printer;
use super::{Error, Exit};
use crate::model::detail::Detail;
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::{Origin, Timeline};
use crate::model::snapshot::Snapshot;
use crate::model::span;
use crate::recording::{DetailWriter, Kept, LaneWriter, MAGIC, Recorded, Records as _, Slices};
use crate::sampler::scribe::{Chunks, Keeping, When};
use crate::sampler::{News, Samplers};
use crate::sys::asker::hand::{self, Wait};
use crate::sys::asker::stream;
use crate::sys::clock;
use crate::sys::own::recording as files;
use crate::sys::own::stop::{self, Stop};
use crate::sys::root::ProcRoot;
use inspecting::Inspecting;
use lags::Lags;
use ring::{Bounds, Ring, stopped};

/// Records what happens: every tick of every process, until Ctrl-c or the time is over
///
/// The file is for its owner alone; a recording that is there already is gone on with. Secrets in command lines are masked,
/// environments are not recorded. `pscope replay FILE` shows it; `ps`, `tree`, `system` and `inspect` answer from it with
/// `--from`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to: a file, or - for a stream; with --when a directory
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The pace: 500ms, 2s, 1m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = span::parse, allow_hyphen_values = true)]
    interval: Nanos,
    /// How long to record [default: until Ctrl-c]
    #[arg(long = "for", value_name = "TIME", value_parser = span::parse_any, allow_hyphen_values = true)]
    span: Option<Nanos>,
    /// Forgets what is older than this, an eighth of it at a time: 24h keeps 24 to 27 hours
    #[arg(long, value_name = "TIME", value_parser = span::parse_any, allow_hyphen_values = true)]
    keep: Option<Nanos>,
    /// Forgets the oldest where the file would grow beyond this: 200M
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    max_size: Option<u64>,
    /// How much of the time slices is kept: they take far more room than all else [default: off; where --when is about slices: all]
    #[arg(long, value_name = "HOW", value_enum)]
    slices: Option<Slices>,
    /// Keeps descriptors, regions, threads, signals and limits of the processes that pass as well, one after the other, and who
    /// talks to whom: 'name:postgres', 'cpu>50'
    #[arg(long, value_name = "FILTER")]
    inspect: Option<String>,
    /// With --inspect, their environments too; values that look secret stay masked on the screen, but are in the file
    #[arg(long, requires = "inspect")]
    environment: bool,
    /// Keeps only the moments at which this is so, each in a file of the directory: 'cpu>300 for 3s', 'ended signal:SEGV', oom,
    /// 'new name:cc1plus' (of who lives for less than the --interval the name is known to root and with `CAP_PERFMON`)
    #[arg(long, value_name = "CONDITION", conflicts_with_all = ["keep", "max_size"])]
    when: Option<String>,
    /// How much before each moment is kept [default: 30s]
    #[arg(long, value_name = "TIME", requires = "when", value_parser = span::parse_any, allow_hyphen_values = true)]
    before: Option<Nanos>,
    /// How much after it [default: 10s]
    #[arg(long, value_name = "TIME", requires = "when", value_parser = span::parse_any, allow_hyphen_values = true)]
    after: Option<Nanos>,
    /// Ends after so many moments
    #[arg(long, value_name = "N", requires = "when", value_parser = count, allow_hyphen_values = true)]
    count: Option<u64>,
}

/// No file is larger.
const LARGEST: f64 = (1_u64 << 62) as f64;

/// Reads how many moments.
fn count(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "write how many moments, 1 at least".to_owned())
}

/// Reads a size: `200M`, `1.5g`, `65536`.
fn size(text: &str) -> Result<u64, String> {
    let how = || "write a size of at least 1M, such as 200M or 2G".to_owned();
    let text = text.trim().to_lowercase();
    let text = text
        .strip_suffix("ib")
        .or(text.strip_suffix('b'))
        .unwrap_or(&text);
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(unit.unwrap_or(text.len()));
    let scale = match unit {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(how()),
    };
    let bytes = number.parse::<f64>().map_err(|_| how())? * (1_u64 << scale) as f64;
    if bytes < 1_048_576.0 {
        Err(how())
    } else if bytes > LARGEST {
        Err("no file can be so large: write less, such as 200M or 2G".to_owned())
    } else {
        Ok(bytes as u64)
    }
}

/// What is to be read so that slices can be kept.
fn lanes_needed(slices: Slices) -> Needs {
    match slices {
        Slices::Off => Needs::empty(),
        Slices::Sums | Slices::All => Needs::SWITCHES,
    }
}

/// How much of a core may be spent on single slices: what is usual, or all of it for who asks for each of them.
fn budget(slices: Slices) -> u8 {
    if slices == Slices::All { 100 } else { 0 }
}

/// What waits for a slow disk at the most.
const BACKLOG: usize = 64 << 20;
/// How often it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(250);

/// Records until it is asked to end.
///
/// # Errors
/// `Failed` when it cannot be written, and when nothing can be read any more; what was written stays. `Usage` for a stream to
/// a terminal, or one that is to forget.
pub fn run(args: &Args, printer: &mut Printer<'_>) -> Result<Exit, Error> {
    // Before any thread is made, so that all of them leave the signals to it.
    let stop = stop::on_signals();
    if let Some(condition) = &args.when {
        return moments::run(args, condition, &stop, printer);
    }
    let slices = args.slices.unwrap_or_default();
    let plan = Plan {
        needs: lanes_needed(slices),
        of_all: Needs::COMMANDS | Needs::CGROUP,
        interval: args.interval,
        // With each tick what the cores did until then.
        lane_pace: args.interval,
        recording_budget: budget(slices),
        every_slice: slices == Slices::All,
        ..Plan::default()
    };
    let mut inspecting = Inspecting::new(plan.clone(), args.inspect.as_deref(), args.environment)?;
    let mut to = To::open(args, &stop, printer)?;
    let kept = Kept::new(BACKLOG);
    let read: Arc<Mutex<Read>> = Arc::default();
    let samplers = {
        let keeping = Keeping {
            kept: kept.clone(),
            when: When::AtOnce,
            chunks: Chunks::of(args.max_size, args.keep),
        };
        let details = DetailWriter::new(args.environment);
        let hear = hears(args.interval, slices, details, kept.clone(), &read);
        let tell = Arc::new(hear);
        Samplers::start(
            ProcRoot::live(),
            plan.clone(),
            None,
            Some(keeping),
            &(tell as _),
        )?
    };
    samplers.replan(plan);
    let began = clock::now();
    let (mut seen, mut said) = (0, false);
    loop {
        let left = args.span.map(|span| span.since(clock::now().since(began)));
        // A recording has one state at least, however busy the machine is.
        let ends = stop.asked() || left == Some(Nanos(0)) && seen > 0;
        let patience = left.filter(|left| left.0 > 0);
        let patience = patience.map_or(LOOK, |left| LOOK.min(Duration::from_nanos(left.0)));
        let (records, count) = {
            let patience = if ends { Duration::ZERO } else { patience };
            kept.after(seen, patience, || false)
        };
        let lost_records = (count - seen).saturating_sub(records.len() as u64);
        seen = count;
        to.write(&records, printer)?;
        kept.taken(seen);
        let Read {
            snapshot,
            detail,
            sums,
            news,
            died,
            ..
        } = lock(&read).take(lost_records);
        for news in news {
            attention(&news);
        }
        if let Some(why) = sums.filter(|_| !said) {
            said = true;
            attention(&format!("{why}; sums are kept"));
        }
        if let Some(detail) = detail {
            inspecting.hear(&detail);
        }
        if let Some(snapshot) = snapshot {
            samplers.replan(inspecting.plan(&snapshot));
        }
        if ends {
            to.finish(&args.file, &stop)?;
            if let Some(sum) = lock(&read).lags.end() {
                attention(&sum);
            }
            return Ok(Exit::Done);
        }
        if let Some(why) = died {
            return Err(Error::Failed(why));
        }
    }
}

/// Takes in what the samplers tell: what stands between the ticks is recorded, and the last of each is looked at.
fn hears(
    interval: Nanos,
    slices: Slices,
    details: DetailWriter,
    records_to: Kept,
    read: &Arc<Mutex<Read>>,
) -> impl Fn(News) + Send + Sync + use<> {
    let read = Arc::clone(read);
    let lanes = Mutex::new(LaneWriter::new(slices));
    let details = Mutex::new(details);
    move |news| match news {
        News::Lost { thread, why } => {
            lock(&read).died = Some(format!("the thread '{thread}' died: {why}"));
        }
        News::Switches(line) => {
            if let Some(why) = sums_for_all(slices, &line) {
                lock(&read).sums = Some(why);
            }
            let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(record) = lanes.record(&line, clock::unix_ms(line.now)) {
                records_to.push(vec![record]);
            }
        }
        News::Detail(detail) => {
            let mut details = details.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(record) = details.record(&detail, clock::unix_ms(detail.at)) {
                records_to.push(vec![record]);
            }
            lock(&read).detail = Some(detail);
        }
        News::Snapshot(snapshot) => {
            let mut read = lock(&read);
            read.lags.tick(&snapshot, interval);
            read.snapshot = Some(snapshot);
        }
    }
}

/// Says something on the standard error: what is printed may be the recording.
fn attention(what: &str) {
    let _ = writeln!(io::stderr(), "pscope: attention: {what}");
}

/// What was read since it was looked at last.
#[derive(Default)]
struct Read {
    snapshot: Option<Arc<Snapshot>>,
    detail: Option<Arc<Detail>>,
    /// Why sums are kept where each slice was asked for.
    sums: Option<String>,
    /// A thread without which nothing is read has died.
    died: Option<String>,
    lags: Lags,
    news: Vec<String>,
}

impl Read {
    /// Takes it, and hears that so many records were lost meanwhile.
    fn take(&mut self, lost: u64) -> Self {
        self.lags.lost(lost);
        Self {
            snapshot: self.snapshot.take(),
            detail: self.detail.take(),
            sums: self.sums.take(),
            died: self.died.take(),
            news: self.lags.news(),
            lags: Lags::default(),
        }
    }
}

/// Why there are sums where each slice is asked for.
fn sums_for_all(slices: Slices, line: &Timeline) -> Option<String> {
    let why = match line.origin {
        _ if slices != Slices::All => return None,
        Origin::Summed => "the machine switches too often",
        Origin::Sampled => line.why.as_str(),
        _ => return None,
    };
    Some(format!("single slices are not told here: {why}"))
}

fn lock(read: &Mutex<Read>) -> MutexGuard<'_, Read> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the records go.
enum To {
    Stream,
    File(Box<Ring>),
}

impl To {
    fn open(args: &Args, stop: &Stop, printer: &mut Printer<'_>) -> Result<Self, Error> {
        let forgets = args.keep.is_some() || args.max_size.is_some();
        if args.file.as_os_str() == "-" {
            if printer.width.is_some() {
                return Err(Error::Usage(
                    "a recording is not for a terminal: name a file, or send it on, as in pscope record - | pscope replay -".to_owned(),
                ));
            }
            if forgets {
                return Err(Error::Usage(
                    "a stream forgets nothing: --keep and --max-size are for files".to_owned(),
                ));
            }
            printer.out.write_all(MAGIC)?;
            return Ok(Self::Stream);
        }
        let name = args.file.display().to_string();
        let wrong = |e| Error::Failed(format!("cannot record to {name}: {e}"));
        let what = || {
            let file = args.file.clone();
            move || Ok(files::what_is_there(&file).to_vec())
        };
        let there = hand::until_told(&args.file, stop, |wait| hand::carry_out(wait, what()));
        let there = there.map_err(wrong)?;
        if forgets && there == files::NO_FILE {
            return Err(Error::Usage(format!(
                "{name} is no file of which the oldest can be left out: --keep and --max-size are for files"
            )));
        }
        let there = there == files::A_FILE;
        let heads = || {
            let heads = there.then(|| super::past::heads(&args.file).ok());
            heads.flatten()
        };
        // Moments are counted from boot: those of a later one cannot follow those of an earlier one.
        let last = heads().and_then(|heads| heads.moments().pop());
        let booted = clock::boot_unix_ms();
        if last.is_some_and(|last| last.at >= clock::now() || last.summary.unix_ms < booted) {
            return Err(Error::Failed(format!(
                "{name} is a recording of before the last boot: name another file, it is left as it is"
            )));
        }
        let mut file = stream::recording(&args.file, MAGIC).map_err(wrong)?;
        hand::until_told(&args.file, stop, |wait| file.begins(wait)).map_err(wrong)?;
        Ok(Self::File(Box::new(Ring {
            file,
            name,
            left_out: false,
            bounds: Bounds {
                // What was recorded before is the oldest; nobody else changes it by now.
                chunks: heads().iter().flat_map(Recorded::chunks).collect(),
                keep_ms: args.keep.map(|keep| keep.0 / 1_000_000),
                max_size: args.max_size,
            },
        })))
    }

    fn write(&mut self, records: &[Arc<[u8]>], printer: &mut Printer<'_>) -> Result<(), Error> {
        match self {
            Self::Stream => {
                for record in records {
                    printer.out.write_all(record)?;
                }
                printer.out.flush()?;
                Ok(())
            }
            Self::File(ring) => records.iter().try_for_each(|record| ring.write(record)),
        }
    }

    /// Waits until all is written, for as long as that goes on.
    fn finish(self, place: &Path, stop: &Stop) -> Result<(), Error> {
        let Self::File(ring) = self else {
            return Ok(());
        };
        let wait = if stop.asked() {
            Wait::before_the_end(place, stop)
        } else {
            Wait {
                stop: Some(stop),
                ..Wait::PATIENT
            }
        };
        let Ring { file, name, .. } = *ring;
        file.finish(wait).map_err(|why| stopped(&name, &why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(size("200M"), Ok(200 << 20));
        assert_eq!(size("1.5GiB"), Ok(3 << 29));
        for text in ["", "M", "12", "1q", "-5M", "0", "1023k", "99999999999t"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
