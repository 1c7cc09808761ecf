//! What the thread `detail` does: reads each source of the inspector and the system views at its own pace.

use std::sync::Arc;

use super::registry;
use super::ticker::Grid;
use super::watched::Watched;
use crate::model::detail::{Detail, Slow};
use crate::model::groups::frozen::Frozen;
use crate::model::groups::unit::Names;
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::sample::Shares;
use crate::model::text::SafeText;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;
use crate::sys::source::Source;
use crate::sys::{bounded, clock};

/// Paces are rounded to a part of the tick that is at most so long, so that what is due at about the same time is told at
/// once, and with the tick.
const STEP: Nanos = Nanos::from_millis(500);

/// Nothing is read more seldom than this because of what it costs.
const SLOWEST: Nanos = Nanos(30_000_000_000);

/// A source, and when it is due.
struct Paced {
    watched: Watched<Detail>,
    due: Nanos,
    /// For how long its last reading had a core; none before the first one.
    cost: Option<Nanos>,
    /// How much later than by its own pace it is read because of that; nothing where it is not.
    slow: Option<Nanos>,
}

/// When the network, the cards and the counts of calls were read, what containers are called, and which groups there are.
type Told = ([Nanos; 3], Arc<Names>, Arc<[SafeText]>, Arc<Frozen>);

/// What is known between readings.
pub(super) struct Details {
    grid: Grid,
    sources: Vec<Paced>,
    detail: Detail,
    /// What the last plan needed.
    needs: Needs,
    /// Of when that is of which columns of the table were told.
    shared: Told,
}

impl Details {
    /// With the sources of the registry.
    pub(super) fn new(root: &ProcRoot, feed: Feed, grid: Grid) -> Self {
        Self::with(registry::detail_sources(root, feed), grid)
    }

    /// With these sources.
    pub(super) fn with(sources: Vec<Box<dyn Source<Detail>>>, grid: Grid) -> Self {
        let paced = |source| Paced {
            watched: Watched::new(source),
            due: Nanos(0),
            cost: None,
            slow: None,
        };
        Self {
            grid,
            sources: sources.into_iter().map(paced).collect(),
            detail: Detail::default(),
            needs: Needs::empty(),
            shared: Told::default(),
        }
    }

    /// Takes in a new plan: a focus that moved drops what was known of the old one, and all about it is due.
    pub(super) fn replan(&mut self, plan: &Plan) {
        let needs = plan.needs | plan.of_all;
        let more = needs & !self.needs;
        let less = self.needs & !needs;
        self.needs = needs;
        let left = |p: &&mut Paced| {
            let fills = p.watched.fills();
            fills.intersects(less) && !fills.intersects(needs)
        };
        self.sources
            .iter_mut()
            .filter(left)
            .for_each(|p| p.watched.source.rest());
        if plan.focus == self.detail.of {
            // What somebody looks at only now must not wait for the pace of a glance.
            let wanted = |p: &&mut Paced| p.watched.fills().intersects(more);
            self.sources
                .iter_mut()
                .filter(wanted)
                .for_each(|p| p.due = Nanos(0));
            return;
        }
        self.detail = self.detail.refocused(plan.focus);
        for paced in &mut self.sources {
            (paced.due, paced.cost, paced.slow) = (Nanos(0), None, None);
        }
    }

    /// Reads the source that waits longest of those that are needed and due; answers whether there was one.
    pub(super) fn step(&mut self, now: Nanos, plan: &Plan) -> bool {
        let needs = plan.needs | plan.of_all;
        let ready = |p: &&mut Paced| p.watched.fills().intersects(needs) && p.next() <= now;
        let waiting = self.sources.iter_mut().filter(ready);
        let Some(next) = waiting.min_by_key(|p| p.due) else {
            return false;
        };
        self.detail.at = now;
        next.read(now, plan, self.grid, &mut self.detail);
        self.detail.faults = self
            .sources
            .iter()
            .filter_map(|p| p.watched.fault())
            .collect();
        self.detail.slow = self.sources.iter().filter_map(Paced::slow).collect();
        true
    }

    /// What is known now.
    pub(super) fn publish(&self) -> Arc<Detail> {
        Arc::new(self.detail.clone())
    }

    /// What columns of the table show of what was read, where that is news since this was asked last.
    pub(super) fn shares(&mut self) -> Option<Shares> {
        let machine = &self.detail.machine;
        let at = [
            machine.network.as_ref().map(|slot| slot.at),
            machine.gpus.as_ref().map(|slot| slot.at),
            machine.call_rates.as_ref().map(|slot| slot.at),
        ];
        let at = at.map(Option::unwrap_or_default);
        let names = Arc::clone(&machine.containers);
        let groups = Arc::clone(&machine.hierarchy);
        let frozen = Arc::clone(&machine.frozen);
        let (told, known, listed, still) = &self.shared;
        let same = Arc::ptr_eq(&groups, listed) && Arc::ptr_eq(&frozen, still);
        if at == *told && Arc::ptr_eq(&names, known) && same {
            return None;
        }
        self.shared = (at, names, groups, frozen);
        Some(machine.shares(Nanos(0)))
    }

    /// When the next needed source is due; `None` when nothing is needed.
    pub(super) fn next(&self, plan: &Plan) -> Option<Nanos> {
        let needs = plan.needs | plan.of_all;
        let needed = |p: &&Paced| p.watched.fills().intersects(needs);
        self.sources.iter().filter(needed).map(Paced::next).min()
    }
}

impl Paced {
    fn read(&mut self, now: Nanos, plan: &Plan, grid: Grid, detail: &mut Detail) {
        let before = Self::spent();
        self.watched.read(now, plan, detail);
        let cost = Self::spent().since(before);
        let tick = plan.interval.max(Nanos::from_millis(100));
        // A source without a pace of its own follows the ticks.
        let pace = match self.watched.source.pace_ms() {
            0 => tick,
            ms => Nanos::from_millis(ms),
        };
        // A machine that is busy elsewhere makes one reading look dear; the cheaper of the last two counts.
        let cheap = cost.min(self.cost.replace(cost).unwrap_or(cost));
        let rest = Nanos(cheap.0.saturating_mul(self.watched.source.share())).min(SLOWEST);
        self.slow = (rest > pace).then_some(rest);
        let pace = pace.max(rest);
        let due = Nanos(now.0.saturating_add(pace.0));
        let step = Nanos(tick.0 / tick.0.div_ceil(STEP.0));
        self.due = grid.near(due, step.min(pace), now);
    }

    /// For how long this thread, and who helped it, had a core.
    fn spent() -> Nanos {
        Nanos(clock::of_thread().0 + bounded::cost().0)
    }

    /// What of it is read more seldom than it should be, because of what it costs.
    fn slow(&self) -> Option<Slow> {
        let every = self.slow?;
        Some(Slow {
            of: self.watched.fills(),
            what: self.watched.source.name(),
            every,
        })
    }

    /// When it is to be read: when it is due and is not left alone.
    fn next(&self) -> Nanos {
        self.due.max(self.watched.until())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ProcId;
    use crate::recording::record::Found;
    use crate::recording::{self, DetailWriter, Head};
    use crate::sys::clock;
    use crate::sys::source::{Error, Probe};
    use std::sync::mpsc::{Sender, channel};

    /// Says when it is read and when it rests.
    struct Fake(Sender<&'static str>);

    impl Source<Detail> for Fake {
        fn name(&self) -> &'static str {
            "fake"
        }

        fn probe(&self) -> Probe {
            Probe::Examined(&[])
        }

        fn fills(&self) -> Needs {
            Needs::NETWORK | Needs::SOCKETS
        }

        fn rest(&mut self) {
            self.0.send("rest").expect("heard");
        }

        fn read(&mut self, _: &Plan, _: &mut Detail) -> Result<(), Error> {
            self.0.send("read").expect("heard");
            Ok(())
        }
    }

    #[test]
    fn a_source_without_a_pace_is_read_with_the_ticks() {
        let (sender, _said) = channel();
        let mut details = Details::with(vec![Box::new(Fake(sender))], Grid::from(Nanos(0)));
        let plan = Plan {
            needs: Needs::NETWORK,
            interval: Nanos::from_millis(700),
            ..Plan::default()
        };
        for (now, next) in [(3, 700), (702, 1400), (1399, 2100)] {
            details.replan(&plan);
            details.sources[0].due = Nanos(0);
            assert!(details.step(Nanos::from_millis(now), &plan));
            assert_eq!(details.next(&plan), Some(Nanos::from_millis(next)));
        }
    }

    /// Has a core for a while at each reading, and says so.
    struct Dear;

    impl Source<Detail> for Dear {
        fn name(&self) -> &'static str {
            "dear"
        }

        fn probe(&self) -> Probe {
            Probe::Examined(&[])
        }

        fn fills(&self) -> Needs {
            Needs::FILES
        }

        fn share(&self) -> u64 {
            200
        }

        fn read(&mut self, _: &Plan, _: &mut Detail) -> Result<(), Error> {
            let busy = |ms: u64| {
                let until = clock::of_thread().0 + ms * 1_000_000;
                while clock::of_thread().0 < until {}
            };
            busy(10);
            // A helper works for it as well.
            let worked = bounded::each("dear", vec![5], move |ms| {
                busy(*ms);
                Ok(())
            });
            assert_eq!(worked, [Ok(())]);
            Ok(())
        }
    }

    #[test]
    fn what_a_reading_costs_makes_the_next_one_late_and_is_told() {
        let mut details = Details::with(vec![Box::new(Dear)], Grid::from(Nanos(0)));
        let plan = Plan {
            needs: Needs::FILES,
            interval: Nanos::from_millis(1000),
            ..Plan::default()
        };
        details.replan(&plan);
        let mut now = Nanos(0);
        for _ in 0..2 {
            assert!(details.step(now, &plan));
            now = details.next(&plan).expect("needed");
        }
        let slow = details.publish().slow.clone();
        let [Slow { of, what, every }] = slow[..] else {
            panic!("{slow:?}")
        };
        assert_eq!((of, what), (Needs::FILES, "dear"));
        // Fifteen milliseconds at the least, and two hundred times as much rest.
        assert!(every >= Nanos::from_millis(3000), "{every:?}");
        assert!(now.since(every) >= Nanos::from_millis(2500), "{now:?}");
        // Who turns to another process does not wait for what the last one cost.
        let plan = Plan {
            focus: Some(ProcId::new(7, 7)),
            ..plan
        };
        details.replan(&plan);
        assert_eq!(details.next(&plan), Some(Nanos(0)));
    }

    /// All that is read of this process and of this machine, through a recording and back.
    #[test]
    fn what_is_read_here_comes_back_from_a_recording() {
        let root = ProcRoot::live();
        let stat = std::fs::read_to_string("/proc/self/stat").expect("ours");
        let after_name = stat.rsplit(')').next().expect("a name ends");
        let start = after_name.split_whitespace().nth(19).expect("a start");
        let own = ProcId::new(std::process::id(), start.parse().expect("a number"));
        let mut details = Details::new(&root, Feed::default(), Grid::from(Nanos(0)));
        let heavy = Needs::CALLS | Needs::SWITCHES | Needs::GPU;
        let mut plan = Plan {
            needs: Needs::all() - heavy,
            focus: Some(own),
            visible: [own].into(),
            interval: Nanos::from_millis(1000),
            ..Plan::default()
        };
        for round in 1..=3 {
            details.replan(&plan);
            let now = Nanos(clock::now().0 + round * 10_000_000_000);
            while details.step(now, &plan) {}
            let threads = details.detail.threads.as_ref();
            let threads = threads.and_then(|slot| slot.value.as_ref().ok());
            let all = threads.into_iter().flat_map(|threads| &threads.rows);
            plan.threads = all.map(|row| row.id.tid).collect();
        }
        let mut told = (*details.publish()).clone();
        told.faults.clear();
        told.slow.clear();
        told.machine.containers = Arc::default();
        // Names of ports are those of whoever reads.
        if let Some(Ok(network)) = told.machine.network.as_mut().map(|s| s.value.as_mut()) {
            Arc::make_mut(network).names = Arc::default();
        }
        let read = [
            told.files.is_some(),
            told.threads.is_some(),
            told.regions.is_some(),
            told.overview.is_some(),
            told.signals.is_some(),
            told.machine.network.is_some(),
            told.machine.ipc.is_some(),
            told.machine.disks.is_some(),
        ];
        assert_eq!(read, [true; 8]);
        let record = DetailWriter::new(true).record(&told, 0).expect("news");
        let Found::Head(head, _) = Head::find(&record) else {
            panic!("a head")
        };
        let mut heard = Detail {
            at: told.at,
            of: told.of,
            ..Detail::default()
        };
        let body = head.unpack(&record).expect("whole");
        recording::details::fill(&mut heard, &body).expect("well formed");
        // Of what was still to be read, what is kept says that it was not.
        let text = |detail: &Detail| format!("{detail:#?}").replace("Soon", "Unrecorded");
        let (heard, told) = (text(&heard), text(&told));
        let differs = heard.lines().zip(told.lines()).find(|(a, b)| a != b);
        assert!(heard == told, "{differs:?}");
    }

    #[test]
    fn a_source_rests_once_when_nobody_needs_it_any_more() {
        let (sender, said) = channel();
        let mut details = Details::with(vec![Box::new(Fake(sender))], Grid::from(Nanos(0)));
        let need = |needs| Plan {
            needs,
            ..Plan::default()
        };
        let wanted = [
            Needs::NETWORK,
            Needs::SOCKETS,
            Needs::IPC,
            Needs::empty(),
            Needs::NETWORK,
        ];
        for (n, needs) in wanted.into_iter().enumerate() {
            let plan = need(needs);
            details.replan(&plan);
            details.step(Nanos::from_millis(10_000 * n as u64), &plan);
        }
        let all: Vec<_> = said.try_iter().collect();
        assert_eq!(all, ["read", "read", "rest", "read"]);
    }
}
