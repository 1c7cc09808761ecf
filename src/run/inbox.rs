//! The one channel into the loop. Keys queue; of snapshots, details and timelines only the latest waits, so that nothing piles up
//! while the terminal is stopped.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::app::event::{Effect, Event};
use crate::app::key::Press;

/// More than a person types ahead; what comes beyond it is dropped.
const QUEUE_MAX: usize = 4096;

/// What wakes the loop.
#[derive(Clone, Debug)]
pub enum Wake {
    /// Something for the app.
    Event(Event),
    /// Something that a signal asks for without asking the app: suspend, take the terminal again.
    Do(Effect),
    /// End now, whatever the app thinks.
    End(Ending),
}

/// How the program came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person left.
    Quit,
    /// A signal asked for it.
    Signal(i32),
    /// The terminal went away.
    TerminalGone,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Wake>,
    resized: bool,
    detail: Option<Event>,
    snapshot: Option<Event>,
    switches: Option<Event>,
    ground: Option<Event>,
    /// Whether the terminal answered.
    answered: bool,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that the loop reads.
#[derive(Default)]
pub struct Inbox(Arc<Shared>);

/// The end that every other thread writes to; it never blocks.
#[derive(Clone)]
pub struct Tell(Arc<Shared>);

impl Inbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer.
    pub fn tell(&self) -> Tell {
        Tell(Arc::clone(&self.0))
    }

    /// Waits until something arrived and takes all of it: keys in their order, then the latest detail and snapshot.
    ///
    /// What nobody asked for is kept back for `gather`: the samplers read at the same moments, and what they tell is drawn
    /// at once. A key is never kept back.
    pub fn wait(&self, gather: Duration) -> Vec<Wake> {
        let arrived = &self.0.arrived;
        let waiting = arrived.wait_while(self.0.lock(), |w| w.is_empty());
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if !gather.is_zero() {
            let more = arrived.wait_timeout_while(waiting, gather, |w| w.may_grow());
            waiting = more.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.take()
    }

    /// Waits for the first snapshot, a key or an end, but not for longer than `at_most`; takes nothing.
    ///
    /// What else arrives would be drawn over an empty table, and the table after it.
    pub fn wait_first(&self, at_most: Duration) {
        let until = Instant::now() + at_most;
        let mut waiting = self.0.lock();
        while !waiting.is_urgent() && waiting.snapshot.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.0.arrived.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for what the terminal answers, or a key or an end, but not for longer than `at_most`; takes nothing.
    pub fn wait_answer(&self, at_most: Duration) {
        let waiting = self.0.lock();
        let open = |w: &mut Waiting| !w.answered && !w.is_urgent();
        drop(self.0.arrived.wait_timeout_while(waiting, at_most, open));
    }

    /// Takes what is there without waiting.
    pub fn poll(&self) -> Vec<Wake> {
        self.0.lock().take()
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        !self.is_urgent() && self.ground.is_none() && self.states().iter().all(|s| s.is_none())
    }

    fn states(&self) -> [&Option<Event>; 3] {
        [&self.detail, &self.snapshot, &self.switches]
    }

    /// Whether somebody waits for what it leads to.
    fn is_urgent(&self) -> bool {
        !self.queue.is_empty() || self.resized
    }

    /// Whether nobody waits for it, and more of the same moment may come.
    fn may_grow(&self) -> bool {
        !self.is_urgent() && self.states().iter().any(|s| s.is_none())
    }

    fn take(&mut self) -> Vec<Wake> {
        let mut all: Vec<Wake> = self.ground.take().map(Wake::Event).into_iter().collect();
        all.extend(self.queue.drain(..));
        if std::mem::take(&mut self.resized) {
            all.push(Wake::Event(Event::Resize));
        }
        all.extend(self.detail.take().map(Wake::Event));
        all.extend(self.switches.take().map(Wake::Event));
        all.extend(self.snapshot.take().map(Wake::Event));
        all
    }

    fn put(&mut self, event: Event) {
        match event {
            Event::Resize => self.resized = true,
            Event::Ground(told) => {
                self.answered = true;
                if told.is_some() {
                    self.ground = Some(event);
                }
            }
            Event::Snapshot(_) => self.snapshot = Some(event),
            Event::Detail(_) => self.detail = Some(event),
            Event::Switches(_) => self.switches = Some(event),
            event => self.push(Wake::Event(event)),
        }
    }

    fn push(&mut self, wake: Wake) {
        if moves(&wake) && self.queue.back().is_some_and(moves) {
            self.queue.pop_back();
        }
        if self.queue.len() < QUEUE_MAX || matches!(wake, Wake::End(_)) {
            self.queue.push_back(wake);
        }
    }
}

/// Whether it is a movement of the mouse, of which only the last one counts.
fn moves(wake: &Wake) -> bool {
    matches!(wake, Wake::Event(Event::Mouse(m)) if matches!(m.press, Press::Hover | Press::Drag))
}

impl Tell {
    /// Tells an event; a snapshot or a detail replaces the one that was not taken yet.
    pub fn event(&self, event: Event) {
        self.with(|waiting| waiting.put(event));
    }

    /// Asks for an effect that the app is not asked about.
    pub fn perform(&self, effect: Effect) {
        self.with(|waiting| waiting.push(Wake::Do(effect)));
    }

    /// Asks for the end.
    pub fn end(&self, ending: Ending) {
        self.with(|waiting| waiting.push(Wake::End(ending)));
    }

    fn with(&self, put: impl FnOnce(&mut Waiting)) {
        put(&mut self.0.lock());
        self.0.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::{Key, Mouse};
    use crate::model::snapshot::Snapshot;

    #[test]
    fn keys_queue_and_only_the_latest_snapshot_waits() {
        let inbox = Inbox::new();
        let tell = inbox.tell();
        let last = Arc::new(Snapshot::default());
        for _ in 0..1000 {
            tell.event(Event::Snapshot(Arc::default()));
        }
        tell.event(Event::Snapshot(Arc::clone(&last)));
        tell.event(Event::Key(Key::char('a')));
        tell.event(Event::Key(Key::char('b')));
        tell.event(Event::Resize);
        tell.event(Event::Resize);
        let got = inbox.wait(Duration::ZERO);
        assert_eq!(got.len(), 4);
        assert!(matches!(&got[0], Wake::Event(Event::Key(k)) if *k == Key::char('a')));
        assert!(matches!(&got[3], Wake::Event(Event::Snapshot(s)) if Arc::ptr_eq(s, &last)));
        assert!(inbox.poll().is_empty());
    }

    #[test]
    fn what_is_told_at_the_same_moment_is_drawn_at_once_and_a_key_is_not_kept_back() {
        const HOUR: Duration = Duration::from_hours(1);
        let inbox = Inbox::new();
        let tell = inbox.tell();
        let others = std::thread::spawn(move || {
            tell.event(Event::Switches(Arc::default()));
            tell.event(Event::Detail(Arc::default()));
            tell.event(Event::Snapshot(Arc::default()));
            tell
        });
        assert_eq!(
            inbox.wait(HOUR).len(),
            3,
            "there is nothing more to wait for"
        );
        let tell = others.join().expect("it told");
        tell.event(Event::Detail(Arc::default()));
        let presses = std::thread::spawn(move || tell.event(Event::Key(Key::char('a'))));
        let got = inbox.wait(HOUR);
        assert!(matches!(&got[0], Wake::Event(Event::Key(_))));
        assert_eq!(got.len(), 2);
        presses.join().expect("it pressed");
    }

    #[test]
    fn movements_of_the_mouse_do_not_pile_up_and_the_end_always_arrives() {
        let inbox = Inbox::new();
        let tell = inbox.tell();
        for column in 0..50 {
            tell.event(Event::Mouse(Mouse {
                press: Press::Drag,
                column,
                row: 0,
            }));
        }
        assert_eq!(inbox.poll().len(), 1);
        for _ in 0..2 * QUEUE_MAX {
            tell.event(Event::Key(Key::char('x')));
        }
        tell.end(Ending::Signal(15));
        let got = inbox.wait(Duration::ZERO);
        assert_eq!(got.len(), QUEUE_MAX + 1);
        assert!(matches!(got.last(), Some(Wake::End(Ending::Signal(15)))));
    }
}
