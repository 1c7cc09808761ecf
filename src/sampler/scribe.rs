//! Keeps the past: each tick as a record, once nothing more is read for it.

use super::sweeper::Sweeper;
use crate::model::acting::Fate;
use crate::model::id::Nanos;
use crate::model::machine::verdict::{Bottleneck, Judge};
use crate::model::snapshot::Snapshot;
use crate::recording::{Kept, Marks, Summary, Writer};

/// When a tick is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once: what is read does not change, as in a recording.
    AtOnce,
    /// When the next one comes: until then a person may ask for more of it.
    AtNext,
}

/// Where the past is kept, and when.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Where.
    pub kept: Kept,
    /// When.
    pub when: When,
    /// What a chunk may take before the next one begins.
    pub chunks: Chunks,
}

/// What a chunk of records may take. Only whole chunks are forgotten: what is bounded needs them small.
#[derive(Clone, Copy, Debug)]
pub struct Chunks {
    /// Bytes, what stands between the ticks among them.
    pub bytes: usize,
    /// Time.
    pub span: Nanos,
}

impl Chunks {
    /// As large as is best for what is never forgotten.
    pub const ANY: Self = Self {
        bytes: usize::MAX,
        span: Nanos(u64::MAX),
    };

    /// So that of what is kept up to so many bytes, or for so long, a small part is forgotten at once.
    pub fn of(bytes: Option<u64>, span: Option<Nanos>) -> Self {
        let bytes = bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX) / PARTS);
        let span = span.map(|span| Nanos(span.0 / PARTS as u64).max(SHORTEST));
        Self {
            bytes: bytes.unwrap_or(Self::ANY.bytes),
            span: span.unwrap_or(Self::ANY.span),
        }
    }

    /// Whether a chunk ends, of a past of which so many bytes are kept.
    fn end(&self, kept: &Kept) -> bool {
        let (bytes, span) = kept.last_chunk();
        bytes > self.bytes.min(kept.budget() / PARTS) || span >= self.span
    }
}

/// Of what is bounded a chunk is at most one part of so many.
const PARTS: usize = 8;
/// But not shorter than this: a whole state takes room.
const SHORTEST: Nanos = Nanos(5_000_000_000);

/// Writes the ticks of a sweeper.
pub(super) struct Scribe {
    keeping: Keeping,
    writer: Writer,
    judge: Judge,
    held: Option<Bottleneck>,
    /// The tick that was seen last, how the machine did, and how many endings it told.
    seen: Option<(Nanos, Summary)>,
    endings: usize,
    written: Option<Nanos>,
}

impl Scribe {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self {
            keeping,
            writer: Writer::default(),
            judge: Judge::default(),
            held: None,
            seen: None,
            endings: 0,
            written: None,
        }
    }

    /// Sees a tick, perhaps with more of it than before.
    pub(super) fn saw(&mut self, snapshot: &Snapshot) {
        let again = self.seen.filter(|(at, _)| *at == snapshot.at);
        let mut marks = again.map_or(Marks::default(), |(_, summary)| summary.marks);
        if again.is_none() {
            let held = self.judge.judge(snapshot).map(|verdict| verdict.of);
            marks.set(Marks::VERDICT, held != self.held);
            marks.set(Marks::HELD, held.is_some());
            self.held = held;
        }
        let new = snapshot.endings.iter().skip(self.endings);
        let killed = |how: &Result<Fate, _>| matches!(how, Ok(Fate::Killed(..)));
        let watched = new.map(|(_, how)| how).any(killed);
        let mut ends = snapshot.ends.iter().flat_map(|ends| ends.iter());
        let anybody = |(_, how): &(_, Fate)| matches!(how, Fate::Killed(..));
        let killed = watched || ends.any(anybody) || marks.contains(Marks::KILLED);
        marks.set(Marks::KILLED, killed);
        let oom = snapshot.system.oom_kills.is_ok_and(|kills| kills > 0);
        marks.set(Marks::OOM, oom);
        self.endings = snapshot.endings.len();
        self.seen = Some((snapshot.at, Summary::of(snapshot, marks)));
    }

    /// The next tick is about to be read: the last one is as it will stay.
    pub(super) fn before_next(&mut self, sweeper: &Sweeper) {
        self.write(sweeper);
    }

    /// All that a plan asks for was read.
    pub(super) fn filled(&mut self, sweeper: &Sweeper) {
        if self.keeping.when == When::AtOnce {
            self.write(sweeper);
        }
    }

    fn write(&mut self, sweeper: &Sweeper) {
        let (Some(now), Some((at, summary))) = (sweeper.sample(), self.seen) else {
            return;
        };
        if at != now.at || self.written == Some(at) {
            return;
        }
        if self.keeping.chunks.end(&self.keeping.kept) {
            self.writer.begin_anew();
        }
        let records = self.writer.tick(sweeper.sample_before(), now, summary);
        self.written = Some(at);
        self.keeping.kept.push(records);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::sample::OptionalStats;
    use crate::model::scene::Scene;
    use crate::recording::{Past, record};

    #[test]
    fn a_chunk_ends_where_what_stands_between_its_ticks_takes_its_room() {
        let kept = Kept::new(64 << 20);
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        let mut writer = Writer::default();
        let chunks = Chunks::of(Some(1 << 20), None);
        for second in 0..20 {
            let before = scene.sample.clone();
            let snapshot = scene.pass(1000, &[(1, 3)]);
            let summary = Summary::of(&snapshot, Marks::default());
            kept.push(writer.tick(Some(&before), &scene.sample, summary));
            assert!(!chunks.end(&kept), "{second} ticks alone are small");
        }
        let told = Summary::at(0);
        for _ in 0..8 {
            let details = record::write(
                record::Kind::Details,
                scene.sample.at,
                &told,
                &vec![0; 20_000],
                None,
            );
            kept.push(vec![details]);
        }
        assert!(chunks.end(&kept));
        assert!(
            Chunks::of(None, Some(Nanos(20_000_000_000))).end(&kept),
            "19 s"
        );
        assert!(!Chunks::ANY.end(&kept));
        kept.set_budget(1 << 20);
        assert!(Chunks::ANY.end(&kept), "of what is kept it is a part");
    }

    /// As the sampler keeps it: so many change so much that the oldest must go.
    #[test]
    fn the_memory_of_the_past_stays_within_its_setting_and_ends_where_it_says() {
        const BUDGET: usize = 8 << 20;
        let kept = Kept::new(BUDGET);
        let (mut scene, mut writer) = (Scene::new(), Writer::default());
        for pid in 1..=600 {
            scene.task(pid, 1, "farm");
        }
        // Numbers without a pattern, which no packing makes smaller.
        let mut dice = 1_u64;
        let mut roll = || {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            dice >> 24
        };
        let begin = scene.sample.at;
        let mut most = 0;
        for _ in 0..160 {
            let before = scene.sample.clone();
            for task in &mut scene.sample.tasks {
                let digits: Vec<String> = (0..20).map(|_| format!("{:x}", roll())).collect();
                let text = digits.concat();
                task.extra = Some(Arc::new(OptionalStats {
                    cgroup: Ok(text.as_str().into()),
                    ..OptionalStats::default()
                }));
            }
            let snapshot = scene.pass(1000, &[]);
            if Chunks::ANY.end(&kept) {
                writer.begin_anew();
            }
            let summary = Summary::of(&snapshot, Marks::default());
            kept.push(writer.tick(Some(&before), &scene.sample, summary));
            assert!(kept.bytes() <= BUDGET, "{}", kept.bytes());
            most = most.max(kept.bytes());
        }
        assert!(most > BUDGET / 8 * 7, "it was full: {most}");
        let mut past = Past::new(Box::new(kept.clone()));
        let moments = past.moments();
        let (first, last) = (moments[0].at, moments[moments.len() - 1].at);
        assert!(first > begin && last == scene.sample.at);
        assert!(kept.bytes() > BUDGET / 4 * 3, "most of it is used");
        for moment in [&moments[0], &moments[1], &moments[moments.len() - 1]] {
            let then = past.at(moment.at).expect("what is listed can be shown");
            assert_eq!((then.at, then.procs.len()), (moment.at, 600));
        }
        assert!(past.at(begin).is_err(), "what is forgotten is not");
    }
}
