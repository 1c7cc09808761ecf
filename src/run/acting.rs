//! The worker that acts on processes, away from the keyboard: it pins, sends, watches, and tells the loop what happened.
//!
//! It exists only where acting is possible and allowed: not over a fixture, not with `--read-only`.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::app::event::{Event, Outcome};
use crate::model::acting::signal::Signal;
use crate::model::acting::{News, Order, Report, Ticket};
use crate::sys::acting::Hold;
use crate::sys::acting::signals::Signals;
use crate::sys::acting::tuning::{self, Undo};
use crate::sys::root::ProcRoot;

/// How long is watched what becomes of a signal.
const WATCH: Duration = Duration::from_secs(3);

type Tell = Arc<dyn Fn(Event) + Send + Sync>;

/// The way to the worker. Dropping it waits until nobody is frozen any more.
pub struct Acting {
    orders: Sender<(Ticket, Order)>,
    state: Arc<State>,
}

/// Who is held by which dialog, and how many signals are just being sent.
#[derive(Default)]
struct State {
    holds: Mutex<Holds>,
    idle: Condvar,
}

#[derive(Default)]
struct Holds {
    of: HashMap<&'static str, (Ticket, Option<Hold>)>,
    sending: usize,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
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
        let state = Arc::<State>::default();
        let (own, tell): (_, Tell) = (Arc::clone(&state), Arc::new(tell));
        std::thread::Builder::new()
            .name("acting".to_owned())
            .spawn(move || work(&signals, &received, &own, &tell))?;
        Ok(Some(Self { orders, state }))
    }

    /// Hands an order over; never waits.
    pub fn order(&self, ticket: Ticket, order: Order) {
        // The worker ends only when this sender is gone.
        let _ = self.orders.send((ticket, order));
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        let mut holds = self.state.lock();
        while holds.sending > 0 {
            let woken = self.state.idle.wait(holds);
            holds = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn work(signals: &Signals, orders: &Receiver<(Ticket, Order)>, state: &Arc<State>, tell: &Tell) {
    let mut last_change: Option<Undo> = None;
    for (ticket, order) in orders {
        match order {
            Order::Pin {
                chosen,
                scope,
                thread,
            } => {
                let hold = Hold::take(signals, &chosen, scope, thread);
                let brief = hold.brief();
                state.lock().of.insert(ticket.dialog, (ticket, Some(hold)));
                report(tell, ticket, News::Pinned(brief));
            }
            Order::Look => {
                let mut holds = state.lock();
                if let Some((of, Some(hold))) = holds.of.get_mut(ticket.dialog)
                    && *of == ticket
                {
                    hold.look();
                    let brief = hold.brief();
                    drop(holds);
                    report(tell, ticket, News::Pinned(brief));
                }
            }
            Order::Send(signal) => send(ticket, signal, state, tell),
            Order::Survey(of) => {
                report(tell, ticket, News::Surveyed(tuning::survey(signals, &of)));
            }
            Order::Change { of, to } => {
                let (changes, undo) = tuning::change(signals, &of, &to);
                last_change = Some(undo);
                let to = Some(to);
                report(tell, ticket, News::Changed { to, changes });
            }
            Order::Undo => {
                let news = match last_change.take() {
                    Some(undo) => News::Changed {
                        to: None,
                        changes: tuning::undo(signals, &undo),
                    },
                    None => News::Refused("there is no change to take back".to_owned()),
                };
                report(tell, ticket, news);
            }
            Order::Release => {
                let mut holds = state.lock();
                holds.of.retain(|_, (of, _)| *of != ticket);
            }
        }
    }
}

/// Sends and watches on a thread of its own, so that the next order need not wait three seconds.
fn send(ticket: Ticket, signal: Signal, state: &Arc<State>, tell: &Tell) {
    let mut holds = state.lock();
    let held = holds
        .of
        .get_mut(ticket.dialog)
        .filter(|(of, _)| *of == ticket);
    let Some(mut hold) = held.and_then(|(_, hold)| hold.take()) else {
        drop(holds);
        let nobody = "nothing was sent: nobody is held any more".to_owned();
        report(tell, ticket, News::Refused(nobody));
        return;
    };
    holds.sending += 1;
    drop(holds);
    let (own, to) = (Arc::clone(state), Arc::clone(tell));
    let watcher = std::thread::Builder::new().name("watch".to_owned());
    let spawned = watcher.spawn(move || {
        let mut sending = Some(Sending(&own));
        hold.send(signal, WATCH, &mut |news| {
            sending = None;
            report(&to, ticket, news);
        });
        let mut holds = own.lock();
        if let Some((of, place)) = holds.of.get_mut(ticket.dialog)
            && *of == ticket
        {
            *place = Some(hold);
        }
    });
    if let Err(why) = spawned {
        drop(Sending(state));
        report(
            tell,
            ticket,
            News::Refused(format!("nothing was sent: {why}")),
        );
    }
}

/// A signal on its way; while there is one, the program does not end, since it may have stopped a whole branch.
struct Sending<'a>(&'a State);

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.lock().sending -= 1;
        self.0.idle.notify_all();
    }
}

fn report(tell: &Tell, ticket: Ticket, news: News) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let unix_ms = since.map_or(0, |d| d.as_millis() as u64);
    let report = Report {
        ticket,
        unix_ms,
        news,
    };
    tell(Event::Outcome(Outcome::Acted(report)));
}
