//! Threads that write the files that a person asked for, so that a filesystem which does not answer holds no key; and the wait
//! for them at the end, which is bounded.

use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
