//! Answers from a recording: `--from FILE` and `--at TIME` of the reports.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Error;
use crate::model::detail::Detail;
use crate::model::id::{Nanos, ProcId};
use crate::model::scheduling::timeline::Window;
use crate::model::snapshot::Snapshot;
use crate::recording::recorded::Bytes;
use crate::recording::{Past, Recorded, when};
use crate::sys::asker::hand::PATIENCE;
use crate::sys::asker::reader::Reader;

/// How long a key may wait for a part of a recording.
const HURRY: Duration = Duration::from_millis(40);
/// How long before a moment what is told of it may have been read: processes are read one after the other.
const BACK: Nanos = Nanos(300_000_000_000);

/// From which recording, and of when.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Answers from a recording instead of now
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The moment in the recording: 12:03:40, 2026-11-26 12:03, or -5m before its end [default: its end]
    #[arg(
        long,
        value_name = "TIME",
        requires = "from",
        allow_hyphen_values = true
    )]
    at: Option<String>,
}

impl Args {
    /// Whether nobody asks for a recording, so that the answer is of now.
    pub fn is_live(&self) -> bool {
        self.from.is_none()
    }

    /// What was seen then; `None` where nobody asks for a recording.
    ///
    /// # Errors
    /// `Failed` where it cannot be read; `Usage` for a time that is none, or of which nothing is recorded.
    pub fn snapshot(&self) -> Result<Option<Snapshot>, Error> {
        Ok(self.moment()?.map(|found| found.snapshot))
    }

    /// The same, with the recording, to be asked for more.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub fn moment(&self) -> Result<Option<Found>, Error> {
        let Some(path) = &self.from else {
            return Ok(None);
        };
        let wrong = |why: String| Error::Failed(format!("{}: {why}", path.display()));
        let mut past = open(path)?;
        let moments = past.moments();
        let last = moments.last().map(|moment| moment.at).unwrap_or_default();
        let end = past.at(last).map_err(wrong)?;
        let snapshot = match &self.at {
            None => end,
            Some(text) => {
                let zone = &end.machine.zone;
                let found = when::find(text, &moments, zone).map_err(Error::Usage)?;
                super::attention(found.instead);
                past.at(found.at).map_err(wrong)?
            }
        };
        let mut found = Found { past, snapshot };
        found.share()?;
        Ok(Some(found))
    }

    /// Every moment from the one that is asked for to the end, or all of them where none is; in steps of at least so much.
    ///
    /// # Errors
    /// As [`Self::snapshot`], and what `hear` says.
    pub fn each(
        &self,
        every: Nanos,
        mut hear: impl FnMut(&Found) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(mut found) = self.moment()? else {
            return Err(Error::Usage(
                "--every is for a recording: name it with --from".to_owned(),
            ));
        };
        let begin = if self.at.is_some() {
            found.snapshot.at
        } else {
            Nanos(0)
        };
        let mut next = begin;
        for moment in found.past.moments() {
            if moment.at < next || moment.at < begin {
                continue;
            }
            next = Nanos(moment.at.0.saturating_add(every.0));
            found.snapshot = found.past.at(moment.at).map_err(Error::Failed)?;
            found.share()?;
            hear(&found)?;
        }
        Ok(())
    }
}

/// A recording, and what was seen at a moment of it.
pub struct Found {
    /// The recording.
    pub past: Past,
    /// What was seen.
    pub snapshot: Snapshot,
}

impl Found {
    /// Takes in what processes had of what is read with the machine.
    fn share(&mut self) -> Result<(), Error> {
        let shares = self.detail(None)?.machine.shares_at(self.snapshot.at);
        self.snapshot.shares = Arc::new(shares);
        Ok(())
    }

    /// What was read of a process and of the machine by then.
    ///
    /// # Errors
    /// `Failed` where it cannot be read.
    pub fn detail(&self, of: Option<ProcId>) -> Result<Detail, Error> {
        let at = self.snapshot.at;
        self.past.detail(at, of, BACK).map_err(Error::Failed)
    }

    /// What was read of the machine before a moment.
    ///
    /// # Errors
    /// As [`Self::detail`].
    pub fn detail_before(&self, at: Nanos) -> Result<Detail, Error> {
        let past = &self.past;
        past.read_before(at, None, BACK).map_err(Error::Failed)
    }
}

/// When a window was that lies around a moment of a recording, by the clock of its machine: ` · 12:03:35 to 12:03:40`.
pub fn between(then: &Snapshot, window: Window) -> String {
    let clock = |at: Nanos| {
        let since = (at.0 as i64).wrapping_sub(then.at.0 as i64) / 1_000_000;
        when::clock(then.unix_ms() as i64 + since, &then.machine.zone)
    };
    format!(" · {} to {}", clock(window.from), clock(window.to))
}

/// A file as the bytes of a recording.
struct OnDisk(Arc<Reader>);

impl Bytes for OnDisk {
    fn len(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, place: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(place, into)
    }
}

/// Opens a recording that lies in a file.
///
/// # Errors
/// `Failed` where it is none, cannot be read, or its filesystem does not answer.
pub fn open(path: &Path) -> Result<Past, Error> {
    open_for(path, PATIENCE)
}

/// The same for the live screen: once it is open, no part of it is waited for longer than a key may be held.
///
/// # Errors
/// As [`open`].
pub fn open_for_keys(path: &Path) -> Result<Past, Error> {
    open_for(path, HURRY)
}

/// The heads of a recording that lies in a file.
///
/// # Errors
/// As [`open`].
pub fn heads(path: &Path) -> Result<Recorded, Error> {
    recorded(path, PATIENCE)
}

fn open_for(path: &Path, patience: Duration) -> Result<Past, Error> {
    Ok(Past::new(Box::new(recorded(path, patience)?)))
}

fn recorded(path: &Path, patience: Duration) -> Result<Recorded, Error> {
    let wrong = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    let reader = Reader::open(path, PATIENCE).map_err(|e| wrong(e.to_string()))?;
    let reader = Arc::new(reader);
    let bytes = OnDisk(Arc::clone(&reader));
    let recorded = Recorded::open(Box::new(bytes)).map_err(wrong)?;
    reader.hurry(patience);
    Ok(recorded)
}
