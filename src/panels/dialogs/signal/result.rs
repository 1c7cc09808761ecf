//! What was sent and what became of it: one line a target, while the watch goes on and after it.

use std::collections::HashMap;

use crate::app::action::Action;
use crate::app::log::who;
use crate::app::moves;
use crate::app::panel::Reply;
use crate::model::acting::signal::{DefaultAction, Signal};
use crate::model::acting::{Delivery, Fate, Progress, Settled, Target, refusal};
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::text::{SafeText, pad, width};
use crate::theme::Role;

/// Results of one signal.
pub(super) struct Results {
    signal: Signal,
    deliveries: Option<Vec<Delivery>>,
    fates: HashMap<Target, (Fate, Nanos)>,
    pub(super) settled: Option<Settled>,
    refused: Option<String>,
    top: usize,
}

impl Results {
    pub(super) fn new(signal: Signal) -> Self {
        Self {
            signal,
            deliveries: None,
            fates: HashMap::new(),
            settled: None,
            refused: None,
            top: 0,
        }
    }

    pub(super) fn hear(&mut self, news: &Progress) {
        match news {
            Progress::Pinned(_) | Progress::Surveyed(_) | Progress::Changed { .. } => {}
            Progress::Sent { deliveries, .. } => self.deliveries = Some(deliveries.clone()),
            Progress::Fate { of, fate, after } => {
                self.fates.insert(*of, (fate.clone(), *after));
            }
            Progress::Settled(settled) => self.settled = Some(settled.clone()),
            Progress::Refused(why) => {
                self.refused = Some(why.clone());
                self.settled = Some(Settled::default());
            }
        }
    }

    /// What happened, in two words.
    pub(super) fn title(&self) -> &'static str {
        match &self.deliveries {
            Some(all) if all.iter().any(|d| d.sent.is_ok()) => "Signal sent",
            None if self.refused.is_none() => "Sending a signal",
            _ => "Signal not sent",
        }
    }

    pub(super) fn fit(&mut self, rows: usize) {
        self.top = self.top.min(self.len().saturating_sub(rows));
    }

    pub(super) fn scroll(&mut self, action: &Action, rows: usize) {
        self.top = match action.name {
            n if n == moves::UP.name => self.top.saturating_sub(1),
            n if n == moves::DOWN.name => self.top + 1,
            n if n == moves::PAGE_UP.name => self.top.saturating_sub(rows),
            n if n == moves::PAGE_DOWN.name => self.top + rows,
            n if n == moves::FIRST.name => 0,
            n if n == moves::LAST.name => self.len(),
            _ => self.top,
        };
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        let newcomers = self.settled.as_ref().map_or(0, |s| s.newcomers.len());
        self.deliveries.as_ref().map_or(0, Vec::len) + newcomers
    }

    fn ends(&self) -> bool {
        let action = self.signal.default_action();
        matches!(action, DefaultAction::Terminate | DefaultAction::Core)
    }

    /// Who should have ended and lives, although the signal was delivered; KILL is offered against them.
    pub(super) fn survivors(&self) -> Option<Vec<ProcId>> {
        let settled = self.settled.as_ref()?;
        let sent = |t: &&Target| {
            let mut all = self.deliveries.iter().flatten();
            all.any(|d| d.to == **t && d.sent.is_ok())
        };
        let mut alive: Vec<ProcId> = settled.alive.iter().filter(sent).map(|t| t.id).collect();
        alive.dedup();
        (self.ends() && self.signal != Signal::KILL && !alive.is_empty()).then_some(alive)
    }

    /// Who is stopped now, where that is what there is to do something about: nobody else has outlived the signal.
    pub(super) fn stopped(&self) -> Option<Vec<ProcId>> {
        let settled = self.settled.as_ref()?;
        let mut stopped: Vec<ProcId> = settled.stopped.iter().map(|t| t.id).collect();
        stopped.dedup();
        let survivors = self.survivors().unwrap_or_default();
        let all = survivors.iter().all(|id| stopped.contains(id));
        (all && !stopped.is_empty()).then_some(stopped)
    }

    /// The signal that is offered next, and to whom.
    pub(super) fn offer(&self) -> Option<(Signal, Vec<ProcId>)> {
        let go_on = self.stopped().map(|ids| (Signal::CONT, ids));
        go_on.or_else(|| Some((Signal::KILL, self.survivors()?)))
    }

    /// The visible lines: mark, who, what was sent, what became of it.
    pub(super) fn lines(&self, rows: usize, ascii: bool) -> Vec<Vec<(String, Role)>> {
        let name = self.signal.name();
        let name_of = |d: &Delivery| who(d.to, &d.name);
        let deliveries = || self.deliveries.iter().flatten();
        let widest = deliveries().map(|d| width(&name_of(d))).max();
        let cells = widest.unwrap_or(0).min(32);
        let line = |d: &Delivery| {
            let (good, bad) = if ascii {
                ("+ ", "x ")
            } else {
                ("✓ ", "✗ ")
            };
            let who = (format!("{}  ", pad(&name_of(d), cells)), Role::Strong);
            match d.sent {
                Ok(()) => {
                    let (fate, role) = self.fate(d.to);
                    let sent = (format!("{name} delivered · "), Role::Dim);
                    vec![(good.to_owned(), Role::Good), who, sent, (fate, role)]
                }
                Err(why) => {
                    let why = format!("{name} not sent: {}", refusal(why));
                    vec![(bad.to_owned(), Role::Bad), who, (why, Role::Bad)]
                }
            }
        };
        let newcomer = |(pid, name): &(Pid, SafeText)| {
            let text = format!("! {pid} {name} appeared meanwhile and was not signalled");
            vec![(text, Role::Warn)]
        };
        let newcomers = self.settled.iter().flat_map(|s| &s.newcomers).map(newcomer);
        let all = deliveries().map(line).chain(newcomers);
        all.skip(self.top).take(rows).collect()
    }

    fn fate(&self, of: Target) -> (String, Role) {
        let Some((fate, after)) = self.fates.get(&of) else {
            return ("watching".to_owned(), Role::Dim);
        };
        match fate {
            Fate::Exited(_) | Fate::Killed(..) | Fate::Ended | Fate::Stopped | Fate::Continued => (
                format!("{fate}, after {:.1} s", after.seconds()),
                Role::Text,
            ),
            Fate::Alive if self.ends() => {
                (format!("{fate} after {:.0} s", after.seconds()), Role::Warn)
            }
            Fate::Alive => ("it took it and lives".to_owned(), Role::Text),
            _ => (fate.to_string(), Role::Warn),
        }
    }

    /// How far it is, for the line below the results.
    pub(super) fn summary(&self) -> Vec<(String, Role)> {
        if let Some(why) = &self.refused {
            return vec![(why.clone(), Role::Bad)];
        }
        let Some(deliveries) = &self.deliveries else {
            return vec![("sending".to_owned(), Role::Dim)];
        };
        let sent = deliveries.iter().filter(|d| d.sent.is_ok()).count();
        let ended = self.fates.values().filter(|(f, _)| f.is_end()).count();
        let mut parts = vec![(
            format!("{sent} of {} delivered", deliveries.len()),
            Role::Dim,
        )];
        if ended > 0 {
            parts.push((format!(" · {ended} ended"), Role::Dim));
        }
        let Some(settled) = &self.settled else {
            parts.push((" · watching for 3 s".to_owned(), Role::Dim));
            return parts;
        };
        if settled.scanned
            && settled.alive.is_empty()
            && settled.newcomers.is_empty()
            && self.ends()
        {
            parts.push((" · the last scan found nobody left".to_owned(), Role::Good));
        }
        if let Some(alive) = self.survivors() {
            let after = settled.after.seconds();
            let offer = if self.stopped().is_none() {
                " KILL?"
            } else {
                ""
            };
            let text = format!(" · {} still alive after {after:.0} s.{offer}", alive.len());
            parts.push((text, Role::Warn));
        }
        if !settled.stopped.is_empty() {
            let offer = if self.stopped().is_some() {
                ". CONT?"
            } else {
                ""
            };
            let text = format!(" · {} stopped now{offer}", settled.stopped.len());
            parts.push((text, Role::Warn));
        }
        parts
    }

    /// One line for somebody who closed the dialog before the watch was over.
    pub(super) fn say(&self) -> Reply {
        let text: String = self.summary().into_iter().map(|(text, _)| text).collect();
        let text = format!("{}: {text}", self.signal.name());
        if self.offer().is_some() || self.refused.is_some() {
            Reply::Complain(text)
        } else {
            Reply::Say(text)
        }
    }
}
