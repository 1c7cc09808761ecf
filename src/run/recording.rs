//! What `R` asks for: a thread that writes what is remembered, and what comes, into a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::inbox::Tell;
use super::writers::Remote;
use crate::app::event::{Event, Outcome};
use crate::model::id::Nanos;
use crate::recording::{Head, Kept, Kind, MAGIC, Past, record::Found};
use crate::sys::clock;
use crate::sys::own::recording as files;
use crate::sys::threads;

/// How often it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(200);

/// A recording that runs.
pub struct Recorder {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Begins in the current directory, and says into which file, or what went wrong, with the remedy.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn begin(kept: Kept, tell: Tell) -> Result<Self, String> {
        let path = name();
        let shown = path.display().to_string();
        let ends = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ends);
        let work = move || {
            let done = Remote::begin(&path, MAGIC).map_err(|e| {
                format!(
                    "cannot record to {shown}: {e}; begin pscope in a directory that you may write to"
                )
            });
            let done = done.and_then(|file| {
                tell.event(Event::Recording(Ok(Some(shown.clone()))));
                write(file, &path, &kept, &flag)
            });
            if let Err(why) = done {
                tell.event(Event::Recording(Err(why)));
            }
        };
        let thread = threads::start("recorder", work).map_err(|e| format!("cannot record: {e}"))?;
        Ok(Self { ends, thread })
    }

    /// Whether it ended by itself, which it has said.
    pub fn has_failed(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends it, once what is there is written; answers who writes it.
    pub fn end(self) -> JoinHandle<()> {
        self.ends.store(true, Ordering::Relaxed);
        self.thread
    }
}

/// Keeps a span of what is remembered in a file of its own; to be done on a thread of its own.
pub fn keep_moment(kept: Kept, [from, until]: [Nanos; 2], tell: Tell) -> impl FnOnce() + Send {
    move || {
        let path = name();
        let shown = path.display().to_string();
        let records = Past::new(Box::new(kept)).cut(from, until);
        let written = records.and_then(|records| {
            let file = Remote::begin(&path, MAGIC)?;
            let mut records = records.iter();
            let all = records.try_fold(file, |file, record| file.append(record));
            all?.finish()
        });
        tell.event(Event::Outcome(match written {
            Ok(()) => Outcome::Done(format!("kept in {shown}; pscope replay {shown} shows it")),
            Err(why) => Outcome::Failed(format!("cannot keep the moment in {shown}: {why}")),
        }));
    }
}

/// A name that no other recording has: `pscope-2026-11-27-00-03-40.pscope`.
fn name() -> PathBuf {
    let now = clock::boot_unix_ms() + clock::since_boot().0 / 1_000_000;
    PathBuf::from(format!("pscope-{}.pscope", files::stamp(now)))
}

fn write(mut file: Remote, path: &Path, kept: &Kept, ends: &AtomicBool) -> Result<(), String> {
    let mut seen = 0;
    let mut begun = false;
    let failed = |why: String| {
        let path = path.display();
        format!("cannot write {path}: {why}; what was recorded is kept")
    };
    loop {
        let ending = ends.load(Ordering::Relaxed);
        let (records, count) = kept.after(seen, if ending { Duration::ZERO } else { LOOK });
        seen = count;
        for record in records {
            if let Found::Head(head, _) = Head::find(&record) {
                begun |= head.kind == Kind::Whole;
            }
            if begun {
                file = file.append(&record).map_err(failed)?;
            }
        }
        if ending {
            return file.finish().map_err(failed);
        }
    }
}
