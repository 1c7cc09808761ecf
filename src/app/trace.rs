//! The past of the process in focus, tick by tick, bounded: CPU, memory, I/O, faults, switches.

use std::collections::VecDeque;

use crate::model::id::{Bytes, Nanos, ProcId};
use crate::model::process::stat::Stat;
use crate::model::reading::Reading;
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;

/// How many ticks are kept: ten minutes at one a second.
pub const POINTS: usize = 600;

/// One tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// Share of one core, percent.
    pub cpu: Reading<f64>,
    /// Clock ticks in user land and in the kernel since the reading before, and how long ago that was.
    pub ticks: Option<(u64, u64, Nanos)>,
    /// Resident memory.
    pub resident: Bytes,
    /// Bytes a second from storage.
    pub read: Reading<f64>,
    /// Bytes a second to storage.
    pub written: Reading<f64>,
    /// Page faults a second.
    pub faults: Reading<f64>,
    /// Of these: those that needed the disk.
    pub major: Reading<f64>,
    /// Switches a second, of the first thread.
    pub switches: Reading<f64>,
}

/// The past of one process.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    of: Option<ProcId>,
    points: VecDeque<Point>,
    /// The last two ticks.
    last: [Option<(Nanos, Stat)>; 2],
    name: SafeText,
    /// From which tick to which one it is known, also where the process was not there.
    span: Option<(Nanos, Nanos)>,
    /// At most so many ticks are told.
    most: usize,
}

impl Trace {
    /// Begins anew with another process and what is still known of its past, oldest first.
    pub fn follow<'a>(&mut self, focus: Option<ProcId>, past: impl Iterator<Item = &'a Snapshot>) {
        *self = Self {
            of: focus,
            most: POINTS,
            ..Self::default()
        };
        past.for_each(|snapshot| self.push(snapshot));
    }

    /// Takes in one tick, or the last one again with more of it.
    pub fn push(&mut self, snapshot: &Snapshot) {
        let since = self.span.map_or(snapshot.at, |(from, _)| from);
        self.span = Some((since, snapshot.at));
        let Some(proc) = self.of.and_then(|id| snapshot.get(id)) else {
            return;
        };
        let rates = proc.rates.as_deref();
        let rate = |of: fn(&crate::model::snapshot::Rates) -> Reading<f64>| {
            rates.map_or(Err(snapshot.unread), of)
        };
        let [before, last] = &mut self.last;
        if last.is_some_and(|(at, _)| at == snapshot.at) {
            self.points.pop_back();
        } else {
            *before = *last;
        }
        *last = Some((snapshot.at, proc.stat));
        let since = before.map(|(at, stat)| (snapshot.at.since(at).seconds(), stat));
        let counted = |of: fn(&Stat) -> u64| match since {
            Some((seconds, before)) if seconds > 0.0 => {
                Ok(of(&proc.stat).saturating_sub(of(&before)) as f64 / seconds)
            }
            _ => Err(snapshot.unread),
        };
        let switches = rate(|r| r.voluntary).and_then(|v| Ok(v + rate(|r| r.involuntary)?));
        self.points.push_back(Point {
            at: snapshot.at,
            cpu: proc.cpu.map(f64::from),
            ticks: before.map(|(at, before)| {
                let since = |now: u64, before: u64| now.saturating_sub(before);
                (
                    since(proc.stat.user.0, before.user.0),
                    since(proc.stat.system.0, before.system.0),
                    snapshot.at.since(at),
                )
            }),
            resident: proc.stat.resident,
            read: rate(|r| r.read),
            written: rate(|r| r.written),
            faults: counted(|s| s.minor_faults.saturating_add(s.major_faults)),
            major: counted(|s| s.major_faults),
            switches,
        });
        if self.points.len() > POINTS {
            self.points.pop_front();
            let first = self.points.front().map_or(snapshot.at, |p| p.at);
            self.span = Some((first, snapshot.at));
        }
        if self.name != proc.facts.name {
            self.name = proc.facts.name.clone();
        }
    }

    /// The name that it had last, empty where it was never seen.
    pub fn name(&self) -> &SafeText {
        &self.name
    }

    /// Whose past it is.
    pub fn of(&self) -> Option<ProcId> {
        self.of
    }

    /// Tells of so many ticks before a moment, and not of more.
    pub fn tell_at_most(&mut self, ticks: usize) {
        self.most = ticks;
    }

    /// From which tick to which one it is known.
    pub fn span(&self) -> Option<(Nanos, Nanos)> {
        self.span
    }

    /// The last ticks up to a moment, oldest first.
    pub fn until(&self, at: Nanos) -> impl DoubleEndedIterator<Item = &Point> + Clone {
        let end = self.points.partition_point(|p| p.at <= at);
        self.points.range(end.saturating_sub(self.most)..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::Missing;
    use crate::model::scene::Scene;

    #[test]
    fn keeps_ticks_of_the_process_in_focus_and_no_more() {
        let mut scene = Scene::new();
        scene.task(7, 1, "busy");
        let focus = Some(ProcId::new(7, 7));
        let mut trace = Trace::default();
        trace.follow(focus, std::iter::empty());
        for tick in 0..POINTS as u64 + 10 {
            scene.of(7).stat.minor_faults += 50;
            scene.of(7).stat.resident = Bytes(tick << 20);
            let snapshot = scene.pass(1000, &[(7, 25)]);
            trace.push(&snapshot);
        }
        let now = scene.snapshot().at;
        let points: Vec<&Point> = trace.until(now).collect();
        assert_eq!(points.len(), POINTS);
        let last = points[POINTS - 1];
        assert!(last.cpu.is_ok_and(|c| (c - 25.0).abs() < 0.1), "{last:?}");
        assert!(
            last.faults.is_ok_and(|f| (f - 50.0).abs() < 0.1),
            "{last:?}"
        );
        assert_eq!(last.switches, Err(Missing::Soon), "nobody asked for them");
        let then = Nanos(now.0 - 5_000_000_000);
        assert_eq!(trace.until(then).count(), POINTS - 5, "back in time");
        assert!(!trace.name().is_empty(), "for when it has ended");
        let kept = scene.snapshot();
        trace.follow(Some(ProcId::new(8, 8)), std::iter::once(&kept));
        assert_eq!(trace.until(now).count(), 0, "another process, another past");
        trace.follow(focus, std::iter::once(&kept));
        assert_eq!(trace.until(now).count(), 1, "what is still known of it");
    }

    #[test]
    fn an_ended_process_keeps_its_past() {
        let mut scene = Scene::new();
        scene.task(7, 1, "busy");
        let focus = Some(ProcId::new(7, 7));
        let mut trace = Trace::default();
        trace.follow(focus, std::iter::empty());
        trace.push(&scene.pass(1000, &[]));
        scene.end(7);
        trace.push(&scene.pass(1000, &[]));
        assert_eq!(trace.until(scene.snapshot().at).count(), 1);
    }
}
