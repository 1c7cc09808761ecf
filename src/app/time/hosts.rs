//! Recordings of several machines on one axis of time: which of them is shown at which time, and what was selected of each.

use std::collections::BTreeSet;

use crate::app::App;
use crate::app::world::{Host, Page};
use crate::model::format;
use crate::model::id::{Nanos, ProcId};
use crate::model::text::SafeText;
use crate::recording::past::Moment;
use crate::recording::{self, when};

/// What is kept of a machine while another one is shown.
#[derive(Default)]
pub(in crate::app) struct Away {
    /// Its recording; `None` of the one that is shown.
    past: Option<recording::Past>,
    focus: Option<ProcId>,
    tags: BTreeSet<ProcId>,
}

/// When a moment was, milliseconds since 1970.
fn ms(moment: &Moment) -> u64 {
    moment.summary.unix_ms
}

impl App {
    /// Takes the recordings in; answers with that of the first machine, which is shown.
    pub(super) fn take_hosts(
        &mut self,
        hosts: Vec<(String, recording::Past)>,
    ) -> Option<recording::Past> {
        for (name, past) in hosts {
            let moments = past.moments();
            let ends = moments.first().zip(moments.last());
            self.world.time.hosts.push(Host {
                name: SafeText::from(name),
                span: ends.map_or((0, 0), |(first, last)| (ms(first), ms(last))),
            });
            self.hosts.push(Away {
                past: Some(past),
                ..Away::default()
            });
        }
        self.hosts.first_mut()?.past.take()
    }

    /// Shows the recording of the next machine, at the same time of the calendar.
    pub(in crate::app) fn next_host(&mut self) {
        let time = &self.world.time;
        if time.hosts.len() < 2 {
            let how = "there is one machine: pscope replay a=FILE b=FILE shows several";
            return self.say(how.to_owned(), false);
        }
        // Whoever goes through machines that were recorded at other times comes back to the time that was looked at.
        let then = self.then.unwrap_or_else(|| self.world.snapshot.unix_ms());
        let (from, to) = (time.host, (time.host + 1) % time.hosts.len());
        let Some(next) = self.hosts.get_mut(to) else {
            return;
        };
        let Some(past) = next.past.take() else {
            return;
        };
        // A number is somebody else there.
        let focus = std::mem::replace(&mut self.world.focus, next.focus.take());
        let tags = std::mem::replace(&mut self.world.tags, std::mem::take(&mut next.tags));
        self.hosts[from] = Away {
            past: self.past.deep.replace(past),
            focus,
            tags,
        };
        self.world.group = None;
        self.world.trace.follow(None, std::iter::empty());
        self.forget_gone();
        self.world.time.host = to;
        let deep = self.past.deep.as_ref();
        self.world.time.moments = deep.map_or_else(Vec::new, recording::Past::moments);
        for panel in &mut self.panels {
            panel.elsewhere(to);
        }
        if self.world.focus.is_none() && self.world.page == Page::Inspector {
            self.show(Page::Dashboard);
        }
        if !self.go_then(then) {
            let name = &self.world.time.hosts[to].name;
            self.say(format!("{name} at the same time"), false);
        }
    }

    /// From when to when any of several machines was recorded, milliseconds since 1970.
    pub(super) fn whole_span(&self) -> Option<(i64, i64)> {
        let spans = || self.world.time.hosts.iter().map(|host| host.span);
        let first = spans().map(|(first, _)| first).min()?;
        let last = spans().map(|(_, last)| last).max()?;
        (spans().count() > 1).then_some((first as i64, last as i64))
    }

    /// Shows a time of the calendar: the last tick until then, or where the machine was not recorded then, the nearest one, and
    /// says so; answers whether it did.
    pub(in crate::app) fn go_then(&mut self, unix_ms: u64) -> bool {
        let time = &self.world.time;
        let place = time.moments.partition_point(|m| ms(m) <= unix_ms);
        // Of the first tick alone no rate is known.
        let first = 1.min(time.moments.len().saturating_sub(1));
        self.go(place.saturating_sub(1).max(first));
        self.then = Some(unix_ms);
        let away = self.away_from(unix_ms);
        let said = away.is_some();
        if let Some(away) = away {
            self.say(away, false);
        }
        said
    }

    /// Why the machine that is shown has nothing of a time.
    fn away_from(&self, unix_ms: u64) -> Option<String> {
        let host = self.world.time.hosts.get(self.world.time.host)?;
        let (from, until) = host.span;
        let away = |ms: u64| format::duration(Nanos(ms.saturating_mul(1_000_000)));
        let zone = &self.world.snapshot.machine.zone;
        let told = |ms: u64| when::told(ms as i64, unix_ms as i64, zone);
        let (how, at) = if unix_ms < from {
            (format!("begins {} later", away(from - unix_ms)), from)
        } else if unix_ms > until.saturating_add(LATELY) {
            (format!("ends {} before", away(unix_ms - until)), until)
        } else {
            return None;
        };
        Some(format!(
            "{} was not recorded at {}: it {how}, at {}",
            host.name,
            told(unix_ms),
            told(at)
        ))
    }
}

/// Two machines are read at moments of their own: so much may lie between the last ticks of both.
const LATELY: u64 = 1500;
