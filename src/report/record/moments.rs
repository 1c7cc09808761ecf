//! `pscope record --when CONDITION DIR`: waits, perhaps all night, and keeps each moment with what was before and after it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};

use super::inspecting::Inspecting;
use super::{Args, BACKLOG, LOOK};
use crate::model::detail::Detail;
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Judge, Verdict};
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;
use crate::model::trigger::{Fired, Trigger, Watch};
use crate::recording::{DetailWriter, Kept, LaneWriter, MAGIC, Marks, Past, when};
use crate::report::printer::Printer;
use crate::report::{Error, Exit};
use crate::sampler::scribe::{Keeping, When};
use crate::sampler::{News, Samplers};
use crate::sys::asker::hand::{self, Wait};
use crate::sys::asker::stream;
use crate::sys::clock;
use crate::sys::own::recording as files;
use crate::sys::own::stop::Stop;
use crate::sys::root::ProcRoot;

/// How much before and after a moment is kept where nobody says.
const BEFORE: Nanos = Nanos(30_000_000_000);
const AFTER: Nanos = Nanos(10_000_000_000);
/// At how many ticks it is asked what cannot be seen here.
const ASKED: u32 = 4;

/// What was met, and what is to be kept of it.
struct Moment {
    fired: Fired,
    from: Nanos,
    until: Nanos,
}

/// Waits and keeps.
struct Night<'a, 'p, 'o> {
    printer: &'p mut Printer<'o>,
    dir: &'a Path,
    stop: &'a Stop,
    before: Nanos,
    after: Nanos,
    count: Option<u64>,
    watch: Watch,
    judge: Judge,
    verdict: Option<Verdict>,
    now: Arc<Snapshot>,
    line: Arc<Timeline>,
    lanes: LaneWriter,
    details: DetailWriter,
    kept: Kept,
    moment: Option<Moment>,
    done: u64,
    ticks: u32,
    unseen: Vec<String>,
}

/// Waits for a condition until it is asked to end.
///
/// # Errors
/// `Usage` for a condition that is none; `Failed` when it cannot be written or nothing can be read any more.
pub(super) fn run(
    args: &Args,
    condition: &str,
    stop: &Stop,
    printer: &mut Printer<'_>,
) -> Result<Exit, Error> {
    let trigger = Trigger::parse(condition);
    if let Some(note) = trigger.notes().first() {
        return Err(Error::Usage(format!("--when {condition}: {}", note.why)));
    }
    if trigger.is_empty() {
        return Err(Error::Usage("--when: there is no condition".to_owned()));
    }
    let plan = Plan {
        needs: trigger.needs() | Needs::BLOCKED_ON | super::lanes_needed(args.slices),
        of_all: trigger.needs_of_all() | Needs::COMMANDS | Needs::CGROUP,
        interval: args.interval,
        ..Plan::default()
    };
    let mut inspecting = Inspecting::new(plan.clone(), args.inspect.as_deref(), args.environment)?;
    // Once all that was asked for is understood: what is not leaves nothing behind.
    let dir = args.file.as_path();
    let place = |why| Error::Failed(format!("{}: {why}", dir.display()));
    let make = || {
        let dir = dir.to_owned();
        move || files::directory(&dir).map(|()| Vec::new())
    };
    hand::until_told(dir, stop, |wait| hand::carry_out(wait, make())).map_err(place)?;
    let kept = Kept::new(BACKLOG);
    let (to, from) = mpsc::sync_channel(64);
    let keeping = Keeping {
        kept: kept.clone(),
        when: When::AtOnce,
    };
    let to = Mutex::new(to);
    // A full channel waits: what is late is seen late, but seen.
    let tell = Arc::new(move |news| {
        if let Ok(to) = to.lock() {
            let _ = to.send(news);
        }
    });
    let samplers = Samplers::start(
        ProcRoot::live(),
        plan.clone(),
        None,
        Some(keeping),
        &(tell as _),
    )?;
    samplers.replan(plan);
    let mut night = Night {
        printer,
        dir,
        stop,
        before: args.before.or(trigger.before).unwrap_or(BEFORE),
        after: args.after.or(trigger.after).unwrap_or(AFTER),
        count: args.count,
        watch: Watch::new(trigger, 1.0),
        judge: Judge::default(),
        verdict: None,
        now: Arc::default(),
        line: Arc::default(),
        lanes: LaneWriter::new(args.slices),
        details: DetailWriter::new(args.environment),
        kept,
        moment: None,
        done: 0,
        ticks: 0,
        unseen: Vec::new(),
    };
    let began = clock::now();
    loop {
        let over = args
            .span
            .is_some_and(|span| clock::now().since(began) >= span);
        if over || stop.asked() {
            night.keep(true)?;
            return Ok(Exit::Done);
        }
        match from.recv_timeout(LOOK) {
            Ok(News::Snapshot(snapshot)) => {
                samplers.replan(inspecting.plan(&snapshot));
                night.tick(snapshot)?;
            }
            Ok(News::Detail(detail)) => {
                inspecting.hear(&detail);
                night.detail(&detail);
            }
            Ok(News::Switches(line)) => night.lanes(line),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(News::Lost { thread, why }) => {
                night.keep(true)?;
                return Err(Error::Failed(format!("the thread '{thread}' died: {why}")));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::Failed("nothing is read any more".to_owned()));
            }
        }
        if night.count.is_some_and(|count| night.done >= count) {
            return Ok(Exit::Done);
        }
    }
}

impl Night<'_, '_, '_> {
    fn tick(&mut self, now: Arc<Snapshot>) -> Result<(), Error> {
        self.verdict = self.judge.judge(&now);
        self.now = now;
        if let Some(fired) = self.watch.see(&self.now, self.verdict.as_ref()) {
            self.fired(fired);
        }
        if self.ticks < ASKED {
            self.ticks += 1;
            let unseen = self.watch.trigger().unseen(&self.now, &self.line);
            for why in unseen {
                if !self.unseen.contains(&why) {
                    self.say(&format!("attention: {why}"))?;
                    self.unseen.push(why);
                }
            }
        }
        self.keep(false)
    }

    fn lanes(&mut self, line: Arc<Timeline>) {
        let fired = self.watch.see_lanes(&line, self.verdict.as_ref());
        if let Some(record) = self.lanes.record(&line, clock::unix_ms(line.now)) {
            self.kept.push(vec![record]);
        }
        self.line = line;
        if let Some(fired) = fired {
            self.fired(fired);
        }
    }

    fn detail(&mut self, detail: &Detail) {
        let unix_ms = clock::unix_ms(detail.at);
        if let Some(record) = self.details.record(detail, unix_ms) {
            self.kept.push(vec![record]);
        }
    }

    /// What is met while another moment is still kept is in the same file, and marked there.
    fn fired(&mut self, fired: Fired) {
        self.kept.mark(self.now.at, Marks::TRIGGER);
        if self.moment.is_none() {
            self.moment = Some(Moment {
                from: Nanos(fired.at.0.saturating_sub(self.before.0)),
                until: Nanos(fired.at.0.saturating_add(self.after.0)),
                fired,
            });
        }
    }

    /// Writes the file of a moment, once what comes after it is there; `end`: as it is.
    fn keep(&mut self, end: bool) -> Result<(), Error> {
        let now = self.now.at;
        let due = self.moment.take_if(|moment| end || moment.until <= now);
        let Some(moment) = due else { return Ok(()) };
        let mut past = Past::new(Box::new(self.kept.clone()));
        let until = moment.until.max(moment.fired.at);
        let records = past.cut(moment.from, until).map_err(Error::Failed)?;
        let path = self.write(moment.fired.at, &records)?;
        self.done += 1;
        let text = format!("{}; kept in {}", moment.fired.sentence, path.display());
        self.say(&text)
    }

    /// Writes a file by a name that no other one has.
    fn write(&self, at: Nanos, records: &[Vec<u8>]) -> Result<PathBuf, Error> {
        let ago = self.now.at.since(at).0 / 1_000_000;
        let unix_ms = self.now.unix_ms().saturating_sub(ago);
        let beginning = format!("when-{}.pscope", files::stamp(unix_ms));
        let wait = if self.stop.asked() {
            Wait::before_the_end(self.dir, self.stop)
        } else {
            Wait::PATIENT
        };
        let path = self.dir.join(beginning);
        let written = stream::new_recording(&path, MAGIC).and_then(|mut file| {
            file.begins(wait)?;
            records.iter().try_for_each(|record| file.put(record))?;
            let path = file.path();
            file.finish(wait).map(|()| path)
        });
        written.map_err(|why| {
            let dir = self.dir.display();
            Error::Failed(format!("cannot write a moment to {dir}: {why}"))
        })
    }

    fn say(&mut self, text: &str) -> Result<(), Error> {
        let zone = &self.now.machine.zone;
        let clock = when::clock(self.now.unix_ms() as i64, zone);
        writeln!(self.printer.out, "{clock} {text}")?;
        Ok(self.printer.out.flush()?)
    }
}
