//! What `R` asks for: a thread that writes what is remembered, and what comes, into a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::inbox::Tell;
use super::writers::Writer;
use crate::app::event::{Event, Outcome};
use crate::model::id::Nanos;
use crate::recording::{Cut, Head, Kept, Kind, MAGIC, Past, record::Found};
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
    pub fn has_failed(&self) -> bool {
        self.writer.is_over()
    }

    /// Ends it, once what is there is written; answers who writes it.
    pub fn end(self) -> Writer {
        self.ends.store(true, Ordering::Release);
        self.kept.wake();
        self.writer
    }
}

/// Keeps a span of what is remembered in a file of its own.
///
/// # Errors
/// When no thread can be started.
pub fn keep_moment(kept: Kept, [from, until]: [Nanos; 2], tell: Tell) -> std::io::Result<Writer> {
    Writer::begin(move |handed_over| {
        let path = name();
        let mut shown = path.display().to_string();
        let written = Cut::new(Past::new(Box::new(kept)), from).more(until, until);
        let written = written.and_then(|records| {
            let mut write = || {
                let mut file = stream::new_recording(&path, MAGIC)?;
                records.iter().try_for_each(|record| file.put(record))?;
                file.ends();
                handed_over.store(true, Ordering::Release);
                file.begins(FOR_EVER)?;
                shown = file.path().display().to_string();
                file.finish(FOR_EVER)
            };
            write().map_err(|e: std::io::Error| e.to_string())
        });
        tell.event(Event::Outcome(match written {
            Ok(()) => Outcome::Done(format!("kept in {shown}; pscope replay {shown} shows it")),
            Err(why) => Outcome::Failed(format!("cannot keep the moment in {shown}: {why}")),
        }));
    })
}

/// A name by the moment, `pscope-2026-11-27-00-03-40.pscope`: another recording of this second gets a number.
fn name() -> PathBuf {
    let now = clock::boot_unix_ms() + clock::since_boot().0 / 1_000_000;
    PathBuf::from(format!("pscope-{}.pscope", files::stamp(now)))
}

/// Hands over what is remembered and what comes, whether the file is there yet or not.
fn record(
    path: &Path,
    kept: &Kept,
    ends: &AtomicBool,
    tell: &Tell,
    handed_over: impl FnOnce(),
) -> Result<(), String> {
    let mut shown = path.display().to_string();
    let not_begun = |e| {
        let shown = path.display();
        format!("cannot record to {shown}: {e}; begin pscope in a directory that you may write to")
    };
    let failed = |e, name: &str| format!("cannot write {name}: {e}; what was recorded is kept");
    let mut file = stream::new_recording(path, MAGIC).map_err(not_begun)?;
    let (mut seen, mut whole, mut there) = (0, false, false);
    let begun = Instant::now();
    loop {
        if !there && file.has_begun().map_err(not_begun)? {
            there = true;
            shown = file.path().display().to_string();
            tell.event(Event::Recording(Ok(Some(shown.clone()))));
        }
        if !there && begun.elapsed() > PATIENCE {
            let why = hand::no_answer(PATIENCE);
            return Err(format!("cannot record to {shown}: {why}"));
        }
        let ending = ends.load(Ordering::Acquire);
        let patience = match (ending, there) {
            (true, _) => Duration::ZERO,
            // It is soon there, where its filesystem answers.
            (false, false) => LOOK / 10,
            (false, true) => LOOK,
        };
        let (records, count) = kept.after(seen, patience, || ends.load(Ordering::Acquire));
        seen = count;
        for record in records {
            if let Found::Head(head, _) = Head::find(&record) {
                whole |= head.kind == Kind::Whole;
            }
            if whole {
                let put = file.put(&record);
                put.map_err(|e| {
                    if there {
                        failed(e, &shown)
                    } else {
                        not_begun(e)
                    }
                })?;
            }
        }
        if ending {
            file.ends();
            handed_over();
            return file.finish(FOR_EVER).map_err(|e| failed(e, &shown));
        }
    }
}
