//! The worker that acts on processes, away from the keyboard: it pins, sends, watches, and tells the loop what happened.
//!
//! It exists only where acting is possible and allowed: not over a fixture, not with `--read-only`.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::app::event::{Event, Outcome};
use crate::model::acting::signal::Signal;
use crate::model::acting::{Order, Progress, Report, Ticket};
use crate::sys::acting::signals::Signals;
use crate::sys::acting::tuning::{self, Undo};
use crate::sys::acting::{Hold, freezer, let_go};
use crate::sys::root::ProcRoot;
use crate::sys::threads;

/// How long is watched what becomes of a signal.
const WATCH: Duration = Duration::from_secs(3);

type Tell = Arc<dyn Fn(Event) + Send + Sync>;

/// An order on its way to the worker.
type Handed = (Ticket, Order, Option<Pending>);

/// The way to the worker. Dropping it waits until every order that changes something is carried out.
pub struct Acting {
    orders: Sender<Handed>,
    pending: Arc<Count>,
}

/// Who is held by which dialog.
#[derive(Default)]
struct State(Mutex<HashMap<&'static str, (Ticket, Option<Hold>)>>);

impl State {
    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, (Ticket, Option<Hold>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many orders that change something were handed over and are not carried out yet.
#[derive(Default)]
struct Count {
    orders: Mutex<usize>,
    idle: Condvar,
}

impl Count {
    fn wait(&self, at_most: Duration) {
        let waited = self
            .idle
            .wait_timeout_while(self.lock(), at_most, |n| *n > 0);
        drop(waited);
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One order that counts, from the moment it is handed over; whoever drops it, carried out or lost, takes it from the count.
struct Pending(Arc<Count>);

impl Pending {
    fn new(count: &Arc<Count>) -> Self {
        *count.lock() += 1;
        Self(Arc::clone(count))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.idle.notify_all();
    }
}

/// For whoever ends the program from another thread: waits for what was ordered, and lets everybody go who is stopped by us.
#[derive(Clone)]
pub struct Finish(Arc<Count>);

impl Finish {
    /// Waits until every order is carried out, but not longer than `at_most`; afterwards nobody is kept stopped.
    pub fn wait(&self, at_most: Duration) {
        self.0.wait(at_most);
        let_go();
    }
}

impl Acting {
    /// Starts the worker; `None` where signals cannot or must not be sent.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        root: &ProcRoot,
        read_only: bool,
        tell: impl Fn(Event) + Send + Sync + 'static,
    ) -> std::io::Result<Option<Self>> {
        let Some(signals) = (!read_only).then(|| Signals::over(root)).flatten() else {
            return Ok(None);
        };
        let (orders, received) = channel();
        let tell: Tell = Arc::new(tell);
        threads::start("acting", move || work(&signals, &received, &tell))?;
        let pending = Arc::default();
        Ok(Some(Self { orders, pending }))
    }

    /// Hands an order over; never waits.
    pub fn order(&self, ticket: Ticket, order: Order) {
        let changes = matches!(
            order,
            Order::Send(_) | Order::Change { .. } | Order::Undo | Order::Freeze { .. }
        );
        let pending = changes.then(|| Pending::new(&self.pending));
        // The worker ends only when this sender is gone, or when it died: then the order is dropped, and counts no more.
        let _ = self.orders.send((ticket, order, pending));
    }

    /// Waits until every order that changes something is carried out, but not longer than `at_most`.
    pub fn settle(&self, at_most: Duration) {
        self.pending.wait(at_most);
    }

    /// What another thread that ends the program must do first.
    pub fn finish(&self) -> Finish {
        Finish(Arc::clone(&self.pending))
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        let waited = self
            .pending
            .idle
            .wait_while(self.pending.lock(), |n| *n > 0);
        drop(waited);
        freezer::thaw_all();
    }
}

fn work(signals: &Signals, orders: &Receiver<Handed>, tell: &Tell) {
    let state = Arc::<State>::default();
    let mut last_change: Option<Undo> = None;
    for (ticket, order, pending) in orders {
        match order {
            Order::Pin {
                chosen,
                scope,
                thread,
            } => {
                let hold = Hold::take(signals, &chosen, scope, thread);
                let brief = hold.brief();
                state.lock().insert(ticket.dialog, (ticket, Some(hold)));
                report(tell, ticket, Progress::Pinned(brief));
            }
            Order::Look => {
                let mut holds = state.lock();
                if let Some((of, Some(hold))) = holds.get_mut(ticket.dialog)
                    && *of == ticket
                {
                    hold.look();
                    let brief = hold.brief();
                    drop(holds);
                    report(tell, ticket, Progress::Pinned(brief));
                }
            }
            Order::Send(signal) => send(ticket, signal, pending, &state, tell),
            Order::Survey(of) => {
                report(
                    tell,
                    ticket,
                    Progress::Surveyed(tuning::survey(signals, &of)),
                );
            }
            Order::Change { of, to } => {
                let (changes, undo) = tuning::change(signals, &of, &to);
                last_change = Some(undo);
                let to = Some(to);
                report(tell, ticket, Progress::Changed { to, changes });
            }
            Order::Undo => {
                let news = match last_change.take() {
                    Some(undo) => Progress::Changed {
                        to: None,
                        changes: tuning::undo(signals, &undo),
                    },
                    None => Progress::Refused("there is no change to take back".to_owned()),
                };
                report(tell, ticket, news);
            }
            Order::Freeze { path, member, on } => {
                let outcome = match freezer::freeze(signals, &path, member, on) {
                    Ok(done) => Outcome::Done(done),
                    Err(why) => Outcome::Failed(why),
                };
                tell(Event::Outcome(outcome));
            }
            Order::Release => {
                state.lock().retain(|_, (of, _)| *of != ticket);
            }
        }
    }
}

/// Sends and watches on a thread of its own, so that the next order need not wait three seconds.
fn send(ticket: Ticket, signal: Signal, pending: Option<Pending>, state: &Arc<State>, tell: &Tell) {
    let mut holds = state.lock();
    let held = holds.get_mut(ticket.dialog).filter(|(of, _)| *of == ticket);
    let Some(mut hold) = held.and_then(|(_, hold)| hold.take()) else {
        drop(holds);
        let nobody = "nothing was sent: nobody is held any more".to_owned();
        report(tell, ticket, Progress::Refused(nobody));
        return;
    };
    drop(holds);
    let (own, to) = (Arc::clone(state), Arc::clone(tell));
    let spawned = threads::start("watch", move || {
        let mut pending = pending;
        hold.send(signal, WATCH, &mut |news| {
            // All is sent and nobody is kept stopped: the rest only watches.
            pending = None;
            report(&to, ticket, news);
        });
        let mut holds = own.lock();
        if let Some((of, place)) = holds.get_mut(ticket.dialog)
            && *of == ticket
        {
            *place = Some(hold);
        }
    });
    if let Err(why) = spawned {
        let refused = Progress::Refused(format!("nothing was sent: {why}"));
        report(tell, ticket, refused);
    }
}

/// The time now, in milliseconds after the Unix epoch.
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis() as u64)
}

fn report(tell: &Tell, ticket: Ticket, news: Progress) {
    let unix_ms = unix_ms();
    let report = Report {
        ticket,
        unix_ms,
        news,
    };
    tell(Event::Outcome(Outcome::Acted(report)));
}
