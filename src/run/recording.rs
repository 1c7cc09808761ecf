//! What `R` and triggers ask for: threads that write what is remembered, and what comes, into files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::inbox::Tell;
use super::writers::Writer;
use crate::app::event::{Event, Outcome};
use crate::model::id::Nanos;
use crate::model::scheduling::timeline::Timeline;
use crate::recording::{Cut, Head, Kept, Kind, LaneWriter, MAGIC, Past, Slices, record::Found};
use crate::sys::asker::hand::{self, PATIENCE, Wait};
use crate::sys::asker::stream;
use crate::sys::clock;
use crate::sys::own::recording as files;

/// How often it looks whether its file is there and whether what it handed over is written.
const LOOK: Duration = Duration::from_millis(200);
/// What is not written is complained of as long as somebody is there to read it.
const FOR_EVER: Wait<'_> = Wait {
    at_most: Duration::MAX,
    stop: None,
};

/// A recording that runs.
pub struct Recorder {
    ends: Arc<AtomicBool>,
    kept: Kept,
    writer: Writer,
}

impl Recorder {
    /// Begins in the current directory, and says into which file, or what went wrong, with the remedy.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn begin(kept: Kept, tell: Tell) -> Result<Self, String> {
        let path = name();
        let ends = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ends);
        let from = kept.clone();
        let work = move |handed_over: &AtomicBool| {
            let over = || handed_over.store(true, Ordering::Release);
            if let Err(why) = record(&path, &from, &flag, &tell, over) {
                tell.event(Event::Recording(Err(why)));
            }
        };
        let writer = Writer::begin(work).map_err(|e| format!("cannot record: {e}"))?;
        Ok(Self { ends, kept, writer })
    }

    /// Whether it ended by itself, which it has said.
    pub fn is_over(&self) -> bool {
        self.writer.is_over()
    }

    /// Ends it, once what is there is written; answers who writes it.
    pub fn end(self) -> Writer {
        self.ends.store(true, Ordering::Release);
        self.kept.wake();
        self.writer
    }
}

/// Who tells of the lanes: the last that was seen.
pub type Lanes = Arc<Mutex<Option<Arc<Timeline>>>>;

/// For how long one record of lanes tells.
const STEP: Nanos = Nanos::from_millis(1000);

/// Keeps a span in a file of its own: what is known of it at once, and what is still to come, as it comes; with the slices, where
/// there are lanes. It is over by itself.
///
/// # Errors
/// When no thread can be started.
pub fn keep_moment(
    kept: Kept,
    lanes: Option<Lanes>,
    span: [Nanos; 2],
    tell: Tell,
) -> io::Result<Recorder> {
    keep_moment_in(name(), kept, lanes, span, tell)
}

fn keep_moment_in(
    path: PathBuf,
    kept: Kept,
    lanes: Option<Lanes>,
    [from, until]: [Nanos; 2],
    tell: Tell,
) -> io::Result<Recorder> {
    let mut cut = Cut::new(Past::new(Box::new(kept.clone())), from);
    let ends = Arc::new(AtomicBool::new(false));
    let (flag, source) = (Arc::clone(&ends), kept.clone());
    let mut slices: Option<LaneWriter> = None;
    let (mut seen, mut begun) = (0, false);
    let more = move |patience: Duration| {
        let (_, count) = source.after(seen, patience, || flag.load(Ordering::Acquire));
        seen = count;
        let mut records = cut.more(Nanos(u64::MAX), Nanos(u64::MAX))?;
        begun |= !records.is_empty();
        let line = lanes.as_ref().filter(|_| begun);
        let line = line.and_then(|lanes| lock(lanes).clone());
        if let Some(line) = line {
            let writer = slices.get_or_insert_with(|| LaneWriter::since(Slices::All, from, &line));
            records.extend(writer.records(&line, STEP, clock::unix_ms));
        }
        let whole = source.span().is_some_and(|(_, last)| last >= until);
        let over = whole || flag.load(Ordering::Acquire);
        Ok((records.into_iter().map(Arc::from).collect(), over))
    };
    let writer = Writer::begin(move |handed_over| {
        let over = || handed_over.store(true, Ordering::Release);
        let written = follow(&path, more, |_| {}, over);
        tell.event(Event::Outcome(match written {
            Ok(name) => Outcome::Done(format!("kept in {name}; pscope replay {name} shows it")),
            Err(why) => Outcome::Failed(format!("cannot keep the moment: {why}")),
        }));
    })?;
    Ok(Recorder { ends, kept, writer })
}

fn lock(lanes: &Lanes) -> MutexGuard<'_, Option<Arc<Timeline>>> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name by the moment, `pscope-2026-11-27-00-03-40.pscope`: another recording of this second gets a number.
fn name() -> PathBuf {
    let now = clock::boot_unix_ms() + clock::since_boot().0 / 1_000_000;
    PathBuf::from(format!("pscope-{}.pscope", files::stamp(now)))
}

/// Hands over what is remembered and what comes.
fn record(
    path: &Path,
    kept: &Kept,
    ends: &AtomicBool,
    tell: &Tell,
    handed_over: impl FnOnce(),
) -> Result<(), String> {
    let (mut seen, mut whole) = (0, false);
    let more = |patience| {
        let over = ends.load(Ordering::Acquire);
        let patience = if over { Duration::ZERO } else { patience };
        let (mut records, count) = kept.after(seen, patience, || ends.load(Ordering::Acquire));
        seen = count;
        records.retain(|record| {
            if let Found::Head(head, _) = Head::find(record) {
                whole |= head.kind == Kind::Whole;
            }
            whole
        });
        Ok((records, over))
    };
    let told = |name: &str| tell.event(Event::Recording(Ok(Some(name.to_owned()))));
    follow(path, more, told, handed_over).map(drop)
}

/// That no file is there, and what helps.
fn unbegun(name: &str, why: &io::Error) -> String {
    let remedy = match why.kind() {
        // It says so itself.
        files::NOTHING => String::new(),
        _ => format!(": {}; R writes where pscope was begun", files::remedy(why)),
    };
    format!("cannot record to {name}: {why}{remedy}")
}

/// Hands over what there is, bit by bit, whether the file is there yet or not, until it is over; `begun` hears as soon as it is
/// there what it is called. Answers what it is called.
fn follow(
    path: &Path,
    mut more: impl FnMut(Duration) -> Result<(Vec<Arc<[u8]>>, bool), String>,
    mut begun: impl FnMut(&str),
    handed_over: impl FnOnce(),
) -> Result<String, String> {
    let mut shown = path.display().to_string();
    let not_begun = |e| unbegun(&path.display().to_string(), &e);
    let failed = |e: io::Error, name: &str| match e.kind() {
        files::NOTHING => unbegun(name, &e),
        _ => format!("cannot write {name}: {e}; what was recorded is kept"),
    };
    let mut file = stream::new_recording(path, MAGIC).map_err(not_begun)?;
    let mut there = false;
    let began = Instant::now();
    loop {
        if !there && file.has_begun().map_err(not_begun)? {
            there = true;
            shown = file.path().display().to_string();
            begun(&shown);
        }
        if !there && began.elapsed() > PATIENCE {
            let why = hand::no_answer(PATIENCE);
            return Err(format!("cannot record to {shown}: {why}"));
        }
        // It is soon there, where its filesystem answers.
        let (records, over) = more(if there { LOOK } else { LOOK / 10 })?;
        for record in records {
            let put = file.put(&record);
            put.map_err(|e| {
                if there {
                    failed(e, &shown)
                } else {
                    not_begun(e)
                }
            })?;
        }
        if over {
            file.ends();
            handed_over();
            file.begins(FOR_EVER).map_err(not_begun)?;
            shown = file.path().display().to_string();
            return match file.finish(FOR_EVER) {
                Ok(()) => Ok(shown),
                Err(e) => Err(failed(e, &shown)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::CpuId;
    use crate::model::scene::Scene;
    use crate::model::scheduling::timeline::{Builder, Origin, Thread};
    use crate::recording::{Recorded, Records as _, Summary, Writer as Ticks};
    use crate::run::inbox::Inbox;
    use crate::run::writers::Writers;

    /// What is known of a moment is in its file before what comes after it is there, with its slices.
    #[test]
    fn a_moment_is_kept_as_it_comes() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.pscope");
        let kept = Kept::new(1 << 20);
        let (mut scene, mut ticks) = (Scene::new(), Ticks::default());
        scene.task(1, 0, "init");
        let mut before = None;
        let mut tick = |kept: &Kept| {
            let now = {
                scene.pass(1000, &[]);
                scene.sample.clone()
            };
            kept.push(ticks.tick(before.as_ref(), &now, Summary::at(0)));
            let at = now.at;
            before = Some(now);
            at
        };
        let first = tick(&kept);
        tick(&kept);
        let mut names = |pid, _| {
            (
                crate::model::id::ProcId {
                    pid,
                    ..Default::default()
                },
                "t".into(),
            )
        };
        let mut builder = Builder::new(Origin::Exact, [CpuId(0)], Nanos(0));
        let thread = Thread {
            pid: crate::model::id::Pid(7),
            tid: crate::model::id::Tid(7),
        };
        builder.come(CpuId(0), Nanos(first.0 + 1000), thread, &mut names);
        builder.leave(
            CpuId(0),
            Nanos(first.0 + 9000),
            thread,
            Some(false),
            &mut names,
        );
        let line = builder.publish(Nanos(first.0 + 20_000));
        let lanes: Lanes = Arc::new(Mutex::new(Some(Arc::new(line))));
        let inbox = Inbox::new();
        let span = [first, Nanos(u64::MAX)];
        let begun = keep_moment_in(path.clone(), kept.clone(), Some(lanes), span, inbox.tell());
        let moment = begun.expect("a thread");
        let until_there = |many: usize| {
            let deadline = Instant::now() + Duration::from_mins(1);
            loop {
                let bytes = std::fs::read(&path).unwrap_or_default();
                if let Ok(found) = Recorded::open(Box::new(bytes))
                    && found.moments().len() >= many
                {
                    return Past::new(Box::new(found));
                }
                assert!(Instant::now() < deadline, "it is never there");
                std::thread::yield_now();
            }
        };
        until_there(2);
        let last = tick(&kept);
        until_there(3);
        assert!(!moment.is_over(), "more is to come");
        let mut writers = Writers::default();
        writers.adopt(moment.end());
        drop(writers);
        let past = until_there(3);
        let line = past.lanes(last, Nanos(60_000_000_000)).expect("sound");
        let line = line.expect("slices");
        assert_eq!(line.lanes[0].slices.all().count(), 1);
    }
}
