//! Panics: one in a thread that the screen lives on gives the terminal back, is printed and ends the program; one that ends
//! another thread is said on the screen, which goes on, and is printed at the end; so is one that is caught, as such and once.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::acting::Finish;
use super::inbox::Tell;
use crate::app::event::Event;
use crate::sys::caught;
use crate::term;

/// Threads without which there is no screen.
const VITAL: &[&str] = &["main", "input", "stop"];

/// What threads said when they died, for after the screen.
#[derive(Clone, Default)]
pub struct Panics {
    said: Arc<Mutex<Vec<Said>>>,
    finish: Arc<OnceLock<Finish>>,
}

/// A panic that is told at the end.
struct Said {
    place: String,
    text: String,
    times: u64,
}

/// So many places are told; a program that is so wrong need not be told more.
const PLACES: usize = 16;

/// How long a program that died waits for what was ordered before.
const LEAVE: Duration = Duration::from_secs(3);

/// Sets what happens at a panic of any thread, from now on.
pub fn install(tell: &Tell) -> Panics {
    let panics = Panics::default();
    let (kept, tell) = (panics.clone(), tell.clone());
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let current = thread::current();
        let name = current.name().unwrap_or("unnamed");
        if VITAL.contains(&name) {
            term::restore();
            usual(info);
            // Another thread may have stopped a whole branch just now.
            if let Some(finish) = kept.finish.get() {
                finish.wait(LEAVE);
            }
            std::process::exit(1);
        }
        let why = message(info);
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        // Who catches it says what is missing, and goes on: it may come again at every tick.
        let caught = caught::is_catching();
        let fate = if caught { "was at fault" } else { "died" };
        kept.keep(place, |place| {
            let trace = Backtrace::capture();
            format!("pscope: the thread '{name}' {fate} at {place}: {why}\n{trace}")
        });
        if caught {
            return;
        }
        tell.event(Event::Lost {
            // Threads are few and die once.
            thread: Box::leak(name.to_owned().into_boxed_str()),
            why,
        });
    }));
    panics
}

/// Dies on purpose in the thread that a test names, once; a release knows nothing of it.
#[cfg(debug_assertions)]
pub fn rehearse() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static DONE: AtomicBool = AtomicBool::new(false);
    let wanted = std::env::var("PSCOPE_REHEARSE_PANIC").ok();
    let mine = wanted.as_deref() == thread::current().name();
    assert!(!mine || DONE.swap(true, Ordering::Relaxed), "rehearsed");
}

/// Does nothing in a release.
#[cfg(not(debug_assertions))]
pub fn rehearse() {}

impl Panics {
    /// What is waited for before a panic ends the program.
    pub fn before_the_end(&self, finish: Finish) {
        // It is set once, at the start.
        let _ = self.finish.set(finish);
    }

    /// Prints what was kept.
    pub fn print(&self) {
        for said in self.lock().drain(..) {
            let times = match said.times {
                1 => String::new(),
                n => format!("\n({n} times)"),
            };
            eprintln!("{}{times}", said.text);
        }
    }

    /// Keeps what is told of a panic at this place, once.
    fn keep(&self, place: String, text: impl FnOnce(&str) -> String) {
        let mut all = self.lock();
        if let Some(known) = all.iter_mut().find(|said| said.place == place) {
            known.times += 1;
        } else if all.len() < PLACES {
            let text = text(&place);
            all.push(Said {
                place,
                text,
                times: 1,
            });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Said>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str().unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_at_every_tick_is_kept_once_and_counted() {
        let panics = Panics::default();
        for n in 0..1000 {
            panics.keep("a.rs:1:1".to_owned(), |place| format!("{n} at {place}"));
            panics.keep(format!("b.rs:{n}:1"), str::to_owned);
        }
        let all = panics.lock();
        assert_eq!(all.len(), PLACES);
        assert_eq!(
            (all[0].text.as_str(), all[0].times),
            ("0 at a.rs:1:1", 1000)
        );
    }
}
