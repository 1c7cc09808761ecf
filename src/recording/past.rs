//! The past that can be looked at: records that lie in memory or in a file, and the way to any moment of them.

mod cut;

use std::sync::Arc;

use super::lanes::{self, Lanes, Rebuilder};
use super::record::{Head, Kind, Marks, Summary};
use super::{Broken, Player, details};
use crate::model::detail::Detail;
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::Needs;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, `CLOCK_MONOTONIC` of the machine that was recorded.
    pub at: Nanos,
    /// How it did.
    pub summary: Summary,
    /// How much is to be read to pass it, bytes.
    pub bytes: usize,
}

pub use super::glance::Glance;
pub use cut::Cut;

/// One record.
pub type Record = (Head, Arc<[u8]>);

/// Records that can be asked for.
pub trait Records: Send {
    /// Every moment, oldest first.
    fn moments(&self) -> Vec<Moment>;

    /// The records by which a moment is reached, the whole state first; empty where it is not kept.
    ///
    /// # Errors
    /// When they cannot be read, in words.
    fn way_to(&self, at: Nanos) -> Result<Vec<Record>, String>;

    /// The records of a kind that stands between the ticks, those that end within a span, oldest first.
    ///
    /// # Errors
    /// When they cannot be read, in words.
    fn beside(&self, kind: Kind, from: Nanos, until: Nanos) -> Result<Vec<Record>, String>;
}

/// For so long a record of lanes tells, at most.
const LONGEST: Nanos = Nanos::from_millis(2000);

/// So many bytes are looked through for what charts tell: what a person does not notice.
const READINGS: usize = 3 << 20;

/// The past, and how far it was gone back.
pub struct Past {
    records: Box<dyn Records>,
    player: Player,
    /// The whole state from which the player came.
    from: Option<Nanos>,
    /// How many records it took from there.
    taken: usize,
}

impl Past {
    /// Over these records.
    pub fn new(records: Box<dyn Records>) -> Self {
        Self {
            records,
            player: Player::default(),
            from: None,
            taken: 0,
        }
    }

    /// Every moment, oldest first.
    pub fn moments(&self) -> Vec<Moment> {
        self.records.moments()
    }

    /// What was seen at a moment.
    ///
    /// # Errors
    /// When it is not kept or cannot be read, in words.
    pub fn at(&mut self, at: Nanos) -> Result<Snapshot, String> {
        self.reach(at)?;
        self.player
            .snapshot()
            .ok_or_else(|| Broken::Alone.to_string())
    }

    /// What a glance tells of a moment that is passed over. Moments that follow each other are told the quickest.
    ///
    /// # Errors
    /// As [`Self::at`].
    pub fn glance(&mut self, at: Nanos, of: Glance) -> Result<Snapshot, String> {
        let way = self.towards(at)?;
        let Some(((head, record), passed)) = way.split_last() else {
            return self.at(at);
        };
        self.pass(passed)?;
        let glanced = self.player.glance(head, record, of);
        let glanced = self.or_lost(glanced)?;
        glanced.ok_or_else(|| Broken::Alone.to_string())
    }

    /// The lanes of a while before a moment, and after the last one what else was told; `None` where none were recorded.
    /// Where they came to be known in another way, only since then.
    ///
    /// # Errors
    /// When they cannot be read, in words.
    pub fn lanes(&self, at: Nanos, back: Nanos) -> Result<Option<Timeline>, String> {
        let until = self.told_until(at);
        let mut rebuilder = Rebuilder::default();
        self.each_lanes(at, back, |lanes| rebuilder.take(lanes))?;
        Ok(rebuilder.publish().map(|line| cut_off(line, until)))
    }

    /// The same as stretches, oldest first: a new one begins where lanes came to be known in another way.
    ///
    /// # Errors
    /// As [`Self::lanes`].
    pub fn stretches(&self, at: Nanos, back: Nanos) -> Result<Vec<Timeline>, String> {
        let until = self.told_until(at);
        let mut all = Vec::new();
        let mut rebuilder = Rebuilder::default();
        self.each_lanes(at, back, |lanes| {
            if !rebuilder.goes_on(lanes) {
                all.extend(rebuilder.publish());
            }
            rebuilder.take(lanes);
        })?;
        all.extend(rebuilder.publish().map(|line| cut_off(line, until)));
        Ok(all)
    }

    /// Hears every record of lanes that tells of a while before a moment, oldest first; what is damaged leaves a hole.
    ///
    /// # Errors
    /// When they cannot be read, in words.
    pub fn each_lanes(
        &self,
        at: Nanos,
        back: Nanos,
        mut hear: impl FnMut(&Lanes),
    ) -> Result<(), String> {
        let from = Nanos(at.0.saturating_sub(back.0));
        let until = self.told_until(at);
        // A record tells of some time before it.
        let told = Nanos(until.0.saturating_add(LONGEST.0));
        for (head, record) in self.records.beside(Kind::Lanes, from, told)? {
            let body = head.unpack(&record);
            if let Ok(lanes) = body.and_then(|body| lanes::read(&body))
                && lanes.from < until
            {
                hear(&lanes);
            }
        }
        Ok(())
    }

    /// Until when what stands between the ticks belongs to a moment: after the last one all of it.
    fn told_until(&self, at: Nanos) -> Nanos {
        let last = self.records.moments().last().map(|moment| moment.at);
        if last.is_some_and(|last| last <= at) {
            Nanos(u64::MAX)
        } else {
            at
        }
    }

    /// What the inspector and the views showed at a moment: of this process and of the machine, each part as it was read last,
    /// but not longer before than so much. What was not read by then is not there.
    ///
    /// # Errors
    /// When it cannot be read, in words.
    pub fn detail(&self, at: Nanos, of: Option<ProcId>, back: Nanos) -> Result<Detail, String> {
        let moments = self.records.moments();
        // What was read after a tick was shown with it until the next one came.
        let next = moments.get(moments.partition_point(|moment| moment.at <= at));
        let until = next.map_or(Nanos(u64::MAX), |next| next.at);
        let back = Nanos(back.0.saturating_add(until.since(at).0));
        let mut detail = self.read_before(until, of, back)?;
        detail.at = at;
        Ok(detail)
    }

    /// The same of what was read before a moment.
    ///
    /// # Errors
    /// As [`Self::detail`].
    pub fn read_before(
        &self,
        at: Nanos,
        of: Option<ProcId>,
        back: Nanos,
    ) -> Result<Detail, String> {
        let from = Nanos(at.0.saturating_sub(back.0));
        let until = Nanos(at.0.saturating_sub(1));
        let mut detail = Detail {
            at,
            of,
            ..Detail::default()
        };
        for (head, record) in self
            .records
            .beside(Kind::Details, from, until)?
            .iter()
            .rev()
        {
            // What is damaged, or what only a later version knows, leaves a hole.
            if let Ok(body) = head.unpack(record) {
                let _ = details::fill(&mut detail, &body);
            }
        }
        Ok(detail)
    }

    /// What was read in a while before a moment, and after it until another one, of the parts of which charts of these needs
    /// tell, oldest first: what each record has. The oldest is left out where all of it would take long.
    ///
    /// # Errors
    /// When it cannot be read, in words.
    pub fn readings(
        &self,
        (at, until): (Nanos, Nanos),
        of: Option<ProcId>,
        back: Nanos,
        needs: Needs,
    ) -> Result<Vec<Detail>, String> {
        let from = Nanos(at.0.saturating_sub(back.0));
        let mut left = READINGS;
        let mut all = Vec::new();
        let records = self.records.beside(Kind::Details, from, until)?;
        for (head, record) in records.iter().rev() {
            left = match left.checked_sub(head.unpacked()) {
                Some(left) => left,
                None => break,
            };
            let mut detail = Detail {
                at: head.at,
                of,
                ..Detail::default()
            };
            if let Ok(body) = head.unpack(record) {
                let _ = details::fill_charted(&mut detail, &body, needs);
                all.push(detail);
            }
        }
        all.reverse();
        Ok(all)
    }

    fn reach(&mut self, at: Nanos) -> Result<(), String> {
        if self.player.at() == Some(at) && self.player.before().is_some() {
            return Ok(());
        }
        let way = self.towards(at)?;
        if let Some(((head, record), passed)) = way.split_last() {
            self.pass(passed)?;
            let taken = self.player.take(head, record, false);
            self.or_lost(taken)?;
        }
        Ok(())
    }

    fn pass(&mut self, records: &[Record]) -> Result<(), String> {
        for (head, record) in records {
            let taken = self.player.take(head, record, true);
            self.or_lost(taken)?;
        }
        Ok(())
    }

    /// After what is damaged nothing is known.
    fn or_lost<T>(&mut self, taken: Result<T, Broken>) -> Result<T, String> {
        taken.map_err(|why| {
            self.from = None;
            why.to_string()
        })
    }

    /// The records that are still to be taken in to reach a moment.
    fn towards(&mut self, at: Nanos) -> Result<Vec<Record>, String> {
        let mut way = self.records.way_to(at)?;
        let [(whole, _), ..] = way.as_slice() else {
            return Err("that moment is not kept any more".to_owned());
        };
        let goes_on = self.from == Some(whole.at)
            && self.player.at().is_some_and(|reached| reached < at)
            && self.taken < way.len();
        let whole = whole.at;
        // The next chunk goes on from the tick that was reached: only what its changes are packed after is taken from it.
        let follows = self.player.at() == Some(whole) && self.from.is_some();
        if !goes_on && !follows {
            self.player = Player::default();
        }
        let taken = if goes_on { self.taken } else { 0 };
        self.from = Some(whole);
        self.taken = way.len();
        Ok(way.split_off(taken))
    }
}

/// Without what was told after a moment.
fn cut_off(line: Timeline, until: Nanos) -> Timeline {
    if line.now > until {
        line.until(until)
    } else {
        line
    }
}

/// The place at which what holds the machine back at this place began, as whoever kept it marked it, and whether it was already
/// so before; `None` where nothing is marked.
pub fn held_since(moments: &[Moment], place: usize) -> Option<(usize, bool)> {
    let marked = |moment: &Moment, mark| moment.summary.marks.contains(mark);
    let told = moments.get(..=place)?;
    let held = told.iter().rev();
    let held = held.take_while(|moment| marked(moment, Marks::HELD));
    // Up to the one at which it changed.
    let mut many = 0;
    for moment in held {
        many += 1;
        if marked(moment, Marks::VERDICT) {
            break;
        }
    }
    let first = (place + 1).checked_sub(many).filter(|_| many > 0)?;
    let began = first > 0 && marked(&moments[first], Marks::VERDICT);
    Some((first, !began))
}

/// The ticks of chunks: a whole state is one only where no chunk before told it.
pub(super) fn ticks<'a>(heads: impl Iterator<Item = &'a Head>) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    // Of a whole state that tells nothing new it is unpacked alone.
    let mut repeated = 0;
    for head in heads.filter(|head| head.kind.is_tick()) {
        if moments.last().is_none_or(|last| last.at < head.at) {
            moments.push(Moment {
                at: head.at,
                summary: head.summary,
                bytes: head.unpacked() + std::mem::take(&mut repeated),
            });
        } else {
            repeated = head.unpacked() / 16;
        }
    }
    moments
}

/// When a chunk begins and ends: its whole state, its first change and its last.
pub(super) type Ends = [Option<Nanos>; 3];

pub(super) fn ends<'a>(heads: impl DoubleEndedIterator<Item = &'a Head> + Clone) -> Ends {
    let mut heads = heads.filter(|head| head.kind.is_tick());
    let last = heads.clone().next_back().map(|head| head.at);
    let mut next = || heads.next().map(|head| head.at);
    [next(), next(), last]
}

/// The chunk that tells the most of a moment: the last that has a change at or before it. A whole state counts only where
/// no chunk before it tells the same moment, with its rates.
pub(super) fn chunk_of(chunks: impl Iterator<Item = Ends>, at: Nanos) -> Option<usize> {
    let mut found = None;
    let mut told = None;
    for (i, [whole, change, last]) in chunks.enumerate() {
        let first = if whole > told { whole } else { change };
        match first {
            Some(first) if first <= at => found = Some(i),
            Some(_) => break,
            None => {}
        }
        told = last;
    }
    found
}
