//! `pscope record --when CONDITION DIR`: waits, perhaps all night, and keeps each moment with what was before and after it.

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};

use super::inspecting::Inspecting;
use super::lags::Lags;
use super::{Args, BACKLOG, LOOK, attention};
use crate::model::detail::Detail;
use crate::model::id::{Nanos, Pid};
use crate::model::machine::verdict::{Judge, Verdict};
use crate::model::plan::{Needs, Plan};
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;
use crate::model::trigger::{AFTER, BEFORE, Fired, Trigger, Watch};
use crate::recording::{Cut, DetailWriter, Kept, LaneWriter, MAGIC, Marks, Past, Slices, when};
use crate::report::printer::Printer;
use crate::report::{self, Error, Exit};
use crate::sampler::scribe::{Chunks, Keeping, When};
use crate::sampler::{News, Samplers};
use crate::sys::asker::hand::{self, Wait};
use crate::sys::asker::stream::{self, Stream};
use crate::sys::clock;
use crate::sys::own::recording as files;
use crate::sys::own::stop::Stop;
use crate::sys::root::ProcRoot;

/// At how many ticks it is asked what cannot be seen here.
const ASKED: u32 = 4;

/// What was met, and the file that it is kept in. That is begun at once: what is known of the moment is in it, whatever becomes
/// of us before what comes after it is there.
struct Moment {
    fired: Fired,
    until: Nanos,
    cut: Cut,
    file: Stream,
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
    lags: Lags,
    asked: Nanos,
}

/// The condition, and a place for its moments.
fn understood(args: &Args, condition: &str) -> Result<Trigger, Error> {
    let trigger = Trigger::parse(condition);
    if let Some(note) = trigger.notes().first() {
        return Err(Error::Usage(format!("--when {condition}: {}", note.why)));
    }
    if trigger.is_empty() {
        return Err(Error::Usage("--when: there is no condition".to_owned()));
    }
    if args.file.as_os_str() == "-" {
        return Err(Error::Usage(
            "--when keeps each moment in a file of its own: name a directory for them, not a stream"
                .to_owned(),
        ));
    }
    let now = report::sweep(trigger.needs_of_all())?;
    if let Some(why) = trigger.never(&now, 1.0) {
        // Nobody looks on all night: what waits for ever is not begun.
        return Err(Error::Failed(format!(
            "--when {condition} waits for ever: {why}"
        )));
    }
    Ok(trigger)
}

/// A slice is told so much later than it ended, at most.
const LATE: Nanos = Nanos(10_000_000_000);

/// Waits for a condition until it is asked to end.
///
/// # Errors
/// `Usage` for a condition that is none; `Failed` for one that never comes true on this machine, when it cannot be written, and
/// when nothing can be read any more.
pub(super) fn run(
    args: &Args,
    condition: &str,
    stop: &Stop,
    printer: &mut Printer<'_>,
) -> Result<Exit, Error> {
    let trigger = understood(args, condition)?;
    // Who waits for slices wants to see them.
    let of_slices = trigger.needs().contains(Needs::SWITCHES);
    let unasked = if of_slices { Slices::All } else { Slices::Off };
    let slices = args.slices.unwrap_or(unasked);
    let plan = Plan {
        needs: trigger.needs() | Needs::BLOCKED_ON | super::lanes_needed(slices),
        of_all: trigger.needs_of_all() | Needs::COMMANDS | Needs::CGROUP,
        interval: args.interval,
        lane_pace: args.interval,
        recording_budget: super::budget(slices),
        every_slice: slices == Slices::All,
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
    hand::until_told(dir, stop, |wait| hand::write_out(wait, dir, make())).map_err(place)?;
    let kept = Kept::new(BACKLOG);
    let before = args.before.or(trigger.before).unwrap_or(BEFORE);
    let (to, from) = mpsc::sync_channel(64);
    let keeping = Keeping {
        kept: kept.clone(),
        when: When::AtOnce,
        // What is older than a moment may need is forgotten chunk by chunk.
        chunks: Chunks {
            span: Nanos(before.0.max(LATE.0)),
            ..Chunks::ANY
        },
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
        before,
        after: args.after.or(trigger.after).unwrap_or(AFTER),
        count: args.count,
        watch: Watch::new(trigger, 1.0).without(Some(Pid(std::process::id()))),
        judge: Judge::default(),
        verdict: None,
        now: Arc::default(),
        line: Arc::default(),
        lanes: LaneWriter::new(slices),
        details: DetailWriter::new(args.environment),
        kept,
        moment: None,
        done: 0,
        ticks: 0,
        unseen: Vec::new(),
        lags: Lags::default(),
        asked: args.interval,
    };
    let began = clock::now();
    loop {
        let over = args
            .span
            .is_some_and(|span| clock::now().since(began) >= span);
        if over || stop.asked() {
            night.keep(true)?;
            return Ok(night.end());
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
            Ok(News::Switches(line)) => night.lanes(line)?,
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
            return Ok(night.end());
        }
    }
}

impl Night<'_, '_, '_> {
    fn tick(&mut self, now: Arc<Snapshot>) -> Result<(), Error> {
        self.verdict = self.judge.judge(&now);
        self.lags.tick(&now, self.asked);
        for news in self.lags.news() {
            attention(&news);
        }
        self.now = now;
        if let Some(fired) = self.watch.see(&self.now, self.verdict.as_ref()) {
            self.fired(fired, self.now.at)?;
        }
        if self.ticks < ASKED {
            self.ticks += 1;
            let unseen = self.watch.trigger().unseen(&self.now, &self.line, 1.0);
            for why in unseen {
                if !self.unseen.contains(&why) {
                    self.say(&format!("attention: {why}"))?;
                    self.unseen.push(why);
                }
            }
        }
        self.keep(false)?;
        if self.moment.is_none() {
            let needed = self
                .now
                .at
                .0
                .saturating_sub(self.before.0.saturating_add(LATE.0));
            self.kept.forget_before(Nanos(needed));
        }
        Ok(())
    }

    /// Says at the end what it did not see in time.
    fn end(&self) -> Exit {
        if let Some(sum) = self.lags.end() {
            attention(&sum);
        }
        Exit::Done
    }

    fn lanes(&mut self, line: Arc<Timeline>) -> Result<(), Error> {
        let fired = self.watch.see_lanes(&line, self.verdict.as_ref());
        if let Some(record) = self.lanes.record(&line, clock::unix_ms(line.now)) {
            self.kept.push(vec![record]);
        }
        if self.line.origin != line.origin {
            // What can be seen may be something else from now on.
            self.ticks = 0;
        }
        self.line = line;
        if let Some(fired) = fired {
            // The tick is in the file that is open: the next one is marked.
            let written = u64::from(self.moment.is_some());
            self.fired(fired, Nanos(self.now.at.0 + written))?;
        }
        self.keep(false)
    }

    fn detail(&mut self, detail: &Detail) {
        let unix_ms = clock::unix_ms(detail.at);
        if let Some(record) = self.details.record(detail, unix_ms) {
            self.kept.push(vec![record]);
        }
    }

    /// What is met while another moment is still kept is in the same file, and marked there.
    fn fired(&mut self, fired: Fired, mark: Nanos) -> Result<(), Error> {
        self.kept.mark(mark, Marks::TRIGGER);
        if self.moment.is_none() {
            let begin = Nanos(fired.at.0.saturating_sub(self.before.0));
            let past = Past::new(Box::new(self.kept.clone()));
            self.moment = Some(Moment {
                // The state on which slices were met.
                cut: Cut::new(past, begin.min(self.now.at)),
                until: Nanos(fired.at.0.saturating_add(self.after.0)),
                file: self.begin(fired.at)?,
                fired,
            });
        }
        Ok(())
    }

    /// Writes what is new of a moment; once what comes after it is there, or at the `end`, it is kept.
    fn keep(&mut self, end: bool) -> Result<(), Error> {
        let now = self.now.at;
        let Some(moment) = &mut self.moment else {
            return Ok(());
        };
        // Up to the tick that tells of its end.
        let records = moment.cut.more(now, Nanos(u64::MAX));
        let records = records.map_err(Error::Failed)?;
        let put = records.iter().try_for_each(|one| moment.file.put(one));
        put.map_err(|why| self.unwritten(&why))?;
        let due = self.moment.take_if(|moment| end || moment.until <= now);
        let Some(Moment { fired, file, .. }) = due else {
            return Ok(());
        };
        let path = file.path();
        let finished = file.finish(self.wait());
        finished.map_err(|why| self.unwritten(&why))?;
        self.done += 1;
        self.say(&format!("{}; kept in {}", fired.sentence, path.display()))
    }

    /// Begins a file by a name that no other one has.
    fn begin(&self, at: Nanos) -> Result<Stream, Error> {
        let ago = self.now.at.since(at).0 / 1_000_000;
        let unix_ms = self.now.unix_ms().saturating_sub(ago);
        let beginning = format!("when-{}.pscope", files::stamp(unix_ms));
        let begun = stream::new_recording(&self.dir.join(beginning), MAGIC);
        let begun = begun.and_then(|mut file| file.begins(self.wait()).map(|()| file));
        begun.map_err(|why| self.unwritten(&why))
    }

    fn wait(&self) -> Wait<'_> {
        if self.stop.asked() {
            Wait::before_the_end(self.dir, self.stop)
        } else {
            Wait::PATIENT
        }
    }

    fn unwritten(&self, why: &io::Error) -> Error {
        let dir = self.dir.display();
        Error::Failed(format!("cannot write a moment to {dir}: {why}"))
    }

    fn say(&mut self, text: &str) -> Result<(), Error> {
        let zone = &self.now.machine.zone;
        let clock = when::clock(self.now.unix_ms() as i64, zone);
        writeln!(self.printer.out, "{clock} {text}")?;
        Ok(self.printer.out.flush()?)
    }
}
