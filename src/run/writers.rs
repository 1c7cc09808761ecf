//! Who writes the files that a person asked for: processes of our own, so that a filesystem which does not answer holds neither
//! a key nor the end; threads that hand over what is to be written; and the wait for them at the end, which is bounded.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::app::event::Outcome;
use crate::app::save::Save;
use crate::sys::asker::hand::{self, Hand};
use crate::sys::threads;

/// How long the end waits for what is being written: what was ordered is done, unless its filesystem does not answer.
const LEAVE: Duration = Duration::from_secs(2);
/// How often it looks: there is no waiting for a thread with a deadline.
const LOOK: Duration = Duration::from_millis(2);

/// Those that were begun. Dropping it waits for them.
#[derive(Debug, Default)]
pub struct Writers(Vec<JoinHandle<()>>);

impl Writers {
    /// Does this on a thread of its own.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn begin(&mut self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.0.retain(|thread| !thread.is_finished());
        self.0.push(threads::start("writer", work)?);
        Ok(())
    }

    /// Waits for one that writes already and was told to end.
    pub fn adopt(&mut self, thread: JoinHandle<()>) {
        self.0.push(thread);
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        let until = Instant::now() + LEAVE;
        while self.0.iter().any(|thread| !thread.is_finished()) && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
    }
}

/// Writes in a process of its own, which goes on when we have ended; what became of it is heard on a thread.
///
/// # Errors
/// When neither process nor thread can be had.
pub fn apart(
    save: Option<Save>,
    work: impl FnOnce() -> Outcome,
    tell: impl FnOnce(Outcome) + Send + 'static,
) -> io::Result<()> {
    let hand = hand::start(|socket| {
        let (letter, text) = match work() {
            Outcome::Done(text) => (b'd', text),
            Outcome::Exists(_) => (b'x', String::new()),
            Outcome::Failed(text) => (b'f', text),
            Outcome::Acted(_) => (b'f', "nothing was written".to_owned()),
        };
        let _ = socket.write_all(&[&[letter], text.as_bytes()].concat());
    })?;
    let hear = move || {
        let told = hand.finish().unwrap_or_default();
        let text = told.get(1..).map(String::from_utf8_lossy);
        let text = text.unwrap_or_default().into_owned();
        tell(match (told.first(), save) {
            (Some(b'd'), _) => Outcome::Done(text),
            (Some(b'x'), Some(save)) => Outcome::Exists(save),
            (Some(b'f'), _) => Outcome::Failed(text),
            _ => Outcome::Failed(ENDED.to_owned()),
        });
    };
    threads::start("writer", hear).map(drop)
}

/// What is said where nothing was heard.
const ENDED: &str = "who should have written was ended by somebody";

/// A recording that is written by a process of its own.
#[derive(Debug)]
pub struct Remote(Hand);

impl Remote {
    /// Begins a file, or goes on with one.
    ///
    /// # Errors
    /// In words, what went wrong.
    pub fn begin(path: &Path, magic: &[u8]) -> Result<Self, String> {
        let mut hand = hand::recording(path, magic).map_err(|e| e.to_string())?;
        let mut begun = [0];
        match hand.read_exact(&mut begun) {
            Ok(()) if begun == hand::BEGUN => Ok(Self(hand)),
            Ok(()) => Err(said(hand, &begun)),
            Err(_) => Err(ENDED.to_owned()),
        }
    }

    /// Hands a record over.
    ///
    /// # Errors
    /// In words, what went wrong with this one or with one before.
    pub fn append(self, record: &[u8]) -> Result<Self, String> {
        let mut hand = self.0;
        match hand.put(record) {
            Ok(()) => Ok(Self(hand)),
            Err(_) => Err(said(hand, &[])),
        }
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// In words, what went wrong.
    pub fn finish(self) -> Result<(), String> {
        match self.0.finish().as_deref() {
            Ok(hand::DONE) => Ok(()),
            Ok([]) | Err(_) => Err(ENDED.to_owned()),
            Ok(why) => Err(String::from_utf8_lossy(why).into_owned()),
        }
    }
}

/// What it complains of.
fn said(hand: Hand, begun: &[u8]) -> String {
    let mut all = begun.to_vec();
    all.extend(hand.finish().unwrap_or_default());
    if all.is_empty() || all == hand::DONE {
        return ENDED.to_owned();
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_was_begun_is_finished_before_the_end_and_what_hangs_is_left() {
        let done = Arc::new(AtomicBool::new(false));
        let (release, waits) = channel::<()>();
        let mut writers = Writers::default();
        let seen = Arc::clone(&done);
        writers
            .begin(move || seen.store(true, Ordering::Relaxed))
            .expect("a thread");
        writers
            .begin(move || {
                let _ = waits.recv();
            })
            .expect("a thread");
        drop(writers);
        assert!(done.load(Ordering::Relaxed));
        drop(release);
    }
}
