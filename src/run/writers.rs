//! Who writes the files that a person asked for: processes of our own, so that a filesystem which does not answer holds neither
//! a key nor the end; threads that hand over what is to be written; and the wait for them at the end, which is bounded.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::app::event::Outcome;
use crate::app::save::Save;
use crate::sys::asker::hand::{self, Wait};
use crate::sys::threads;

/// How long the end waits for a thread that still hands over what is to be written; no filesystem keeps it from that.
const HAND_OVER: Duration = Duration::from_secs(2);
/// How long it waits to hear what became of it. Whoever writes goes on when we have ended.
const LEAVE: Duration = Duration::from_millis(120);
/// How often it looks: there is no waiting for a thread with a deadline.
const LOOK: Duration = Duration::from_millis(2);

/// A thread that hands something over to who writes it.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
    handed_over: Arc<AtomicBool>,
}

impl Writer {
    /// Begins one; it sets the flag once it has handed over everything.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn begin(work: impl FnOnce(&AtomicBool) + Send + 'static) -> io::Result<Self> {
        let handed_over = Arc::<AtomicBool>::default();
        let flag = Arc::clone(&handed_over);
        let thread = threads::start("writer", move || work(&flag))?;
        Ok(Self {
            thread,
            handed_over,
        })
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }
}

/// Those that were begun. Dropping it waits for them.
#[derive(Debug, Default)]
pub struct Writers(Vec<Writer>);

impl Writers {
    /// Waits for this one at the end.
    pub fn adopt(&mut self, writer: Writer) {
        self.0.retain(|writer| !writer.is_over());
        self.0.push(writer);
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        let begun = Instant::now();
        let mut handed_over = None;
        while begun.elapsed() < HAND_OVER {
            self.0.retain(|writer| !writer.is_over());
            if self.0.is_empty() {
                return;
            }
            if self.0.iter().all(|w| w.handed_over.load(Ordering::Acquire)) {
                let since: &Instant = handed_over.get_or_insert_with(Instant::now);
                if since.elapsed() >= LEAVE {
                    return;
                }
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Writes in a process of its own, which goes on when we have ended; what became of it is heard on a thread.
///
/// # Errors
/// When neither process nor thread can be had.
pub fn apart(
    what: String,
    place: &Path,
    save: Option<Save>,
    work: impl FnOnce() -> Outcome + Send + 'static,
    tell: impl FnOnce(Outcome) + Send + 'static,
) -> io::Result<()> {
    let hand = hand::start_writing(place, move |socket| {
        let (letter, text) = match work() {
            Outcome::Done(text) => (b'd', text),
            Outcome::Exists(_) => (b'x', String::new()),
            Outcome::Failed(text) => (b'f', text),
            Outcome::Acted(_) => (b'f', "nothing was written".to_owned()),
        };
        let _ = socket.write_all(&[&[letter], text.as_bytes()].concat());
    })?;
    let hear = move || {
        if let Err(why) = hand.wait(Wait::PATIENT) {
            return tell(Outcome::Failed(format!("{what}: {why}")));
        }
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_was_begun_is_finished_before_the_end_and_what_hangs_is_left() {
        let done = Arc::new(AtomicBool::new(false));
        let (release, waits) = channel::<()>();
        let mut writers = Writers::default();
        let seen = Arc::clone(&done);
        let one = Writer::begin(move |_| seen.store(true, Ordering::Relaxed));
        writers.adopt(one.expect("a thread"));
        let other = Writer::begin(move |handed_over| {
            handed_over.store(true, Ordering::Release);
            let _ = waits.recv();
        });
        writers.adopt(other.expect("a thread"));
        drop(writers);
        assert!(done.load(Ordering::Relaxed));
        drop(release);
    }
}
