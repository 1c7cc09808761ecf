//! The event log: what was done to processes, what became of it, and how those ended that were looked at; bounded, oldest first.

use std::collections::VecDeque;

use crate::model::acting::tuning::{Change, Setting};
use crate::model::acting::{Fate, Progress, Report, Target, Ticket, ended_badly, ending, refusal};
use crate::model::id::ProcId;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// So many lines are kept.
pub const LINES: usize = 500;

/// What was done and became of it.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// Names of targets whose fates may still come.
    names: Vec<(Ticket, Target, SafeText)>,
    /// Those whose end was told.
    ended: VecDeque<ProcId>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in milliseconds after the Unix epoch.
    pub unix_ms: u64,
    /// What happened, printable.
    pub text: String,
    /// Whether something went otherwise than asked.
    pub bad: bool,
}

impl Log {
    /// What happened, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// Takes in the news of an order.
    pub fn hear(&mut self, report: &Report) {
        let at = report.unix_ms;
        match &report.news {
            Progress::Pinned(_) | Progress::Surveyed(_) => {}
            Progress::Changed { to, changes } => {
                for change in changes {
                    let (text, bad) = changed(to.as_ref(), change);
                    self.put(at, text, bad);
                }
            }
            Progress::Sent { signal, deliveries } => {
                self.names
                    .retain(|(t, ..)| t.dialog != report.ticket.dialog);
                for delivery in deliveries {
                    let who = who(delivery.to, &delivery.name);
                    let name = delivery.name.clone();
                    self.names.push((report.ticket, delivery.to, name));
                    match delivery.sent {
                        Ok(()) => {
                            self.put(at, format!("{} delivered to {who}", signal.name()), false);
                        }
                        Err(why) => {
                            let why = refusal(why);
                            self.put(
                                at,
                                format!("{} not sent to {who}: {why}", signal.name()),
                                true,
                            );
                        }
                    }
                }
            }
            Progress::Fate { of, fate, after } => {
                let known = self
                    .names
                    .iter()
                    .find(|(t, target, _)| *t == report.ticket && target == of);
                let name = known.map(|(.., name)| name.clone()).unwrap_or_default();
                let text = format!("{} {fate} after {:.1} s", who(*of, &name), after.seconds());
                self.put(at, text, false);
                if !fate.is_end() {
                    // It lives on: how it ends later is no consequence of this signal.
                    self.names.retain(|(_, target, _)| target != of);
                }
            }
            Progress::Settled(settled) => {
                for (pid, name) in &settled.newcomers {
                    self.put(
                        at,
                        format!("{pid} {name} appeared meanwhile and was not signalled"),
                        true,
                    );
                }
                for target in &settled.stopped {
                    let known = self.names.iter().find(|(_, of, _)| of == target);
                    let name = known.map(|(.., name)| name.clone()).unwrap_or_default();
                    self.put(at, format!("{} is stopped now", who(*target, &name)), true);
                }
            }
            Progress::Refused(why) => self.put(at, why.clone(), true),
        }
    }

    /// Takes in how a process ended that was looked at, once; one that was signalled is told of by its fate.
    pub fn ended(&mut self, unix_ms: u64, id: ProcId, name: &str, how: &Reading<Fate>) {
        let signalled = self.names.iter().any(|(_, target, _)| target.id == id);
        if signalled || self.ended.contains(&id) {
            return;
        }
        if self.ended.len() == LINES {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
        let text = format!("{} {name} {}", id.pid, ending(how));
        self.put(unix_ms, text, ended_badly(how));
    }

    /// Takes in a line that something else than an order gave rise to.
    pub fn tell(&mut self, unix_ms: u64, text: String) {
        self.put(unix_ms, text, true);
    }

    fn put(&mut self, unix_ms: u64, text: String, bad: bool) {
        if self.entries.len() == LINES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { unix_ms, text, bad });
    }
}

/// What a change did to one process, and whether it failed: `1842 firefox: nice 0 → nice 5, 64 threads`.
pub fn changed(to: Option<&Setting>, change: &Change) -> (String, bool) {
    let who = format!("{} {}", change.id.pid, change.name);
    let before = match &change.before {
        Ok(before) => before.to_string(),
        Err(_) => "–".to_owned(),
    };
    let what = match to {
        Some(to) => format!("{before} → {to}"),
        None => format!("{before} taken back"),
    };
    match change.done {
        Ok(done) if done < change.threads => (
            format!("{who}: {what}, only {done} of {} threads", change.threads),
            true,
        ),
        Ok(1) => (format!("{who}: {what}"), false),
        Ok(done) => (format!("{who}: {what}, {done} threads"), false),
        Err(Missing::Unsupported) => {
            let to = to.map_or_else(|| "the value before".to_owned(), Setting::to_string);
            (format!("{who}: the kernel refuses {to}"), true)
        }
        Err(why) => (format!("{who}: not changed: {}", refusal(why)), true),
    }
}

/// A target by number and name: `1842 firefox`, `1842 firefox thread 1850`.
pub fn who(target: Target, name: &str) -> String {
    let process = match name {
        "" => target.id.pid.to_string(),
        name => format!("{} {name}", target.id.pid),
    };
    match target.thread {
        Some(thread) => format!("{process} thread {}", thread.tid),
        None => process,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::acting::Delivery;
    use crate::model::acting::signal::Signal;
    use crate::model::id::Nanos;

    fn report(news: Progress) -> Report {
        Report {
            ticket: Ticket {
                dialog: "signal",
                number: 1,
            },
            unix_ms: 7,
            news,
        }
    }

    #[test]
    fn tells_what_was_sent_and_what_became_of_it() {
        let mut log = Log::default();
        let to = |pid| Target {
            id: ProcId::new(pid, 1),
            thread: None,
        };
        let delivery = |pid, sent| Delivery {
            to: to(pid),
            name: "web".into(),
            sent,
        };
        let deliveries = vec![delivery(5, Ok(())), delivery(6, Err(Missing::Denied))];
        log.hear(&report(Progress::Sent {
            signal: Signal::TERM,
            deliveries,
        }));
        let after = Nanos::from_millis(400);
        log.hear(&report(Progress::Fate {
            of: to(5),
            fate: Fate::Exited(0),
            after,
        }));
        let lines: Vec<_> = log.entries().map(|e| (e.text.as_str(), e.bad)).collect();
        assert_eq!(
            lines,
            [
                ("TERM delivered to 5 web", false),
                ("TERM not sent to 6 web: not permitted", true),
                ("5 web exited, code 0 after 0.4 s", false),
            ]
        );
        for _ in 0..LINES {
            log.hear(&report(Progress::Refused("no".to_owned())));
        }
        assert_eq!(log.entries().len(), LINES);
        assert!(log.entries().all(|e| e.text == "no"));
    }

    #[test]
    fn an_end_is_told_once_and_not_beside_the_fate_of_a_signal() {
        let mut log = Log::default();
        let id = ProcId::new(5, 1);
        let killed = Ok(Fate::Killed(Signal::SEGV, true));
        log.ended(7, id, "web", &killed);
        log.ended(8, id, "web", &killed);
        let of = Target {
            id: ProcId::new(6, 1),
            thread: None,
        };
        log.hear(&report(Progress::Sent {
            signal: Signal::TERM,
            deliveries: vec![Delivery {
                to: of,
                name: "db".into(),
                sent: Ok(()),
            }],
        }));
        log.ended(9, of.id, "db", &Ok(Fate::Exited(0)));
        let after = Nanos::from_millis(3000);
        let fate = Fate::Alive;
        log.hear(&report(Progress::Fate { of, fate, after }));
        log.ended(9, of.id, "db", &Ok(Fate::Exited(0)));
        let lines: Vec<_> = log.entries().map(|e| (e.text.as_str(), e.bad)).collect();
        assert_eq!(
            lines,
            [
                ("5 web killed by SIGSEGV, core dumped", true),
                ("TERM delivered to 6 db", false),
                ("6 db still alive after 3.0 s", false),
                ("6 db exited, code 0", false),
            ]
        );
    }
}
