//! Panics: one in a thread that the screen lives on gives the terminal back, is printed and ends the program; one in a
//! thread that reads the kernel is said on the screen, which goes on, and is printed at the end.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::acting::Finish;
use super::inbox::Tell;
use crate::app::event::Event;
use crate::term;

/// Threads without which there is no screen.
const VITAL: &[&str] = &["main", "input", "stop"];

/// What threads said when they died, for after the screen.
#[derive(Clone, Default)]
pub struct Panics {
    said: Arc<Mutex<Vec<String>>>,
    finish: Arc<OnceLock<Finish>>,
}

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
        let trace = Backtrace::capture();
        let full = format!("pscope: the thread '{name}' died at {place}: {why}\n{trace}");
        kept.lock().push(full);
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
        for text in self.lock().drain(..) {
            eprintln!("{text}");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(info: &PanicHookInfo<'_>) -> String {
    info.payload_as_str().unwrap_or("no message").to_owned()
}
