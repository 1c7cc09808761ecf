//! What a recorder says of itself on its standard error, since nobody sees its ticks: that it is slower than was asked for, that
//! nothing was read for a while, that a disk took too little. Each once, and at the end how much of it there was.

use crate::model::format::{counted, duration};
use crate::model::id::Nanos;
use crate::model::snapshot::Snapshot;

/// What was seen of it.
#[derive(Debug, Default)]
pub(super) struct Lags {
    last: Option<Nanos>,
    ticks: u64,
    /// How many ticks came at a slower pace than was asked for, and the slowest pace.
    slow: (u64, Nanos),
    /// How often nothing was read for too long, and the longest time.
    holes: (u64, Nanos),
    /// How many records were lost before they could be written.
    lost: u64,
    /// What is still to be said.
    news: Vec<String>,
}

impl Lags {
    /// Sees a tick, perhaps again with more of it; `asked`: the pace that was asked for.
    pub fn tick(&mut self, now: &Snapshot, asked: Nanos) {
        let last = self.last.replace(now.at);
        if last == Some(now.at) {
            return;
        }
        self.ticks += 1;
        let fault = |source: &str| now.faults.iter().find(|fault| fault.source == source);
        if now.interval > asked {
            if self.slow.0 == 0 {
                let why = fault(SLOWED).map_or_else(
                    || format!("there is a tick every {} only", duration(now.interval)),
                    |fault| fault.why.to_string(),
                );
                self.news.push(format!("slower than --interval: {why}"));
            }
            self.slow = (self.slow.0 + 1, self.slow.1.max(now.interval));
        }
        if let (Some(fault), Some(last)) = (fault(HOLE), last) {
            if self.holes.0 == 0 {
                self.news.push(format!("rates: {}", fault.why));
            }
            self.holes = (self.holes.0 + 1, self.holes.1.max(now.at.since(last)));
        }
    }

    /// Hears that records were lost since they were not written in time.
    pub fn lost(&mut self, records: u64) {
        if self.lost == 0 && records > 0 {
            let text =
                "what is written to takes less than comes: the oldest that waits is left out";
            self.news.push(text.to_owned());
        }
        self.lost += records;
    }

    /// What is to be said now.
    pub fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    /// What is to be said at the end, where there was anything.
    pub fn end(&self) -> Option<String> {
        let mut parts = Vec::new();
        let (slow, slowest) = self.slow;
        if slow > 0 {
            let all = counted(self.ticks, "tick", "ticks");
            let slowest = duration(slowest);
            parts.push(format!(
                "{slow} of {all} came slower than --interval, up to {slowest} apart"
            ));
        }
        let (holes, longest) = self.holes;
        if holes > 0 {
            let times = counted(holes, "time", "times");
            parts.push(format!(
                "nothing was read {times}, for up to {}",
                duration(longest)
            ));
        }
        if self.lost > 0 {
            let lost = counted(self.lost, "record", "records");
            parts.push(format!("{lost} could not be written in time"));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// The faults by which a sweep says that it takes too long, and that nothing was read for too long before it.
const SLOWED: &str = "sampler";
const HOLE: &str = "rates";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Fault;
    use crate::model::scene::Scene;

    const SECOND: Nanos = Nanos::from_millis(1000);

    #[test]
    fn each_is_said_once_and_summed_up_at_the_end() {
        let (mut lags, mut scene) = (Lags::default(), Scene::new());
        let mut pass = |lags: &mut Lags, ms: u64, pace: Nanos| {
            scene.sample.interval = pace;
            let slow = (SLOWED, "a sweep takes 900 ms of a core");
            let hole = (HOLE, "none at this tick; nothing was read for 30s");
            let faults = [(pace > SECOND, slow), (ms > 10_000, hole)].into_iter();
            let faults = faults
                .filter(|(is, _)| *is)
                .map(|(_, (source, why))| Fault {
                    source,
                    why: why.into(),
                });
            scene.sample.faults = faults.collect();
            let now = scene.pass(ms, &[]);
            lags.tick(&now, SECOND);
            lags.tick(&now, SECOND);
            lags.news()
        };
        assert!(pass(&mut lags, 1000, SECOND).is_empty());
        assert!(
            pass(&mut lags, 1900, SECOND).is_empty(),
            "late, and no hole"
        );
        assert_eq!(lags.end(), None);
        let slow = "slower than --interval: a sweep takes 900 ms of a core";
        assert_eq!(pass(&mut lags, 2000, Nanos::from_millis(2000)), [slow]);
        assert!(pass(&mut lags, 4000, Nanos::from_millis(4000)).is_empty());
        let hole = "rates: none at this tick; nothing was read for 30s";
        assert_eq!(pass(&mut lags, 30_000, SECOND), [hole]);
        lags.lost(0);
        assert!(lags.news().is_empty());
        lags.lost(3);
        assert_eq!(lags.news().len(), 1);
        lags.lost(4);
        assert!(lags.news().is_empty());
        assert_eq!(
            lags.end().as_deref(),
            Some(
                "2 of 5 ticks came slower than --interval, up to 4.0s apart; nothing was read 1 time, for up to 30s; 7 records could not be written in time"
            )
        );
    }
}
