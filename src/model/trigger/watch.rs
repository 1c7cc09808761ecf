//! An armed trigger: sees ticks and lanes go by, and tells once when its condition is met.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::turns::{Turn, Turns};
use super::{Alternative, Happening, Trigger};
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::machine::verdict::Verdict;
use crate::model::sample::Brief;
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::{Proc, Snapshot};

/// That a condition was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// When.
    pub at: Nanos,
    /// By which process, where it is about one.
    pub who: Option<ProcId>,
    /// What happened, in one sentence, with what held the machine back meanwhile.
    pub sentence: String,
}

/// Since when an alternative is met, and for whom it was told already.
#[derive(Clone, Debug, Default)]
struct Met {
    since: HashMap<ProcId, Nanos>,
    told: HashSet<ProcId>,
    machine: Option<(Nanos, bool)>,
    /// When memory ran out and what the gauges told, where it is not known yet who was killed.
    awaits: Option<(Nanos, String)>,
}

/// An armed trigger.
#[derive(Clone, Debug)]
pub struct Watch {
    trigger: Trigger,
    /// What turns CPU shares of one core into the scale in which the condition was written.
    scale: f32,
    met: Vec<Met>,
    turns: Turns,
    last: Option<Arc<Snapshot>>,
    before: Option<Arc<Snapshot>>,
    /// Whose children begin and end for the sake of looking: nothing happens to the machine by that.
    own: Option<Pid>,
}

impl Watch {
    /// Arms a trigger; what was before is no news to it.
    pub fn new(trigger: Trigger, of_one_core: f32) -> Self {
        let met = trigger.alternatives.iter().map(|_| Met::default());
        Self {
            met: met.collect(),
            trigger,
            scale: of_one_core,
            turns: Turns::default(),
            last: None,
            before: None,
            own: None,
        }
    }

    /// Leaves out the helpers of this process, which is the one that looks.
    #[must_use]
    pub fn without(mut self, own: Option<Pid>) -> Self {
        self.own = own;
        self
    }

    /// What turns CPU shares of one core into the scale in which it was written.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// What it waits for.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Sees a tick, perhaps with more of it than before.
    pub fn see(&mut self, now: &Arc<Snapshot>, verdict: Option<&Verdict>) -> Option<Fired> {
        let again = self.last.as_ref().is_some_and(|last| last.at == now.at);
        let last = self.last.replace(Arc::clone(now));
        if !again {
            self.before = last;
        }
        // Over a gap nothing is known to have lasted.
        if now.span.is_none() && !again {
            self.met.iter_mut().for_each(|met| *met = Met::default());
        }
        let seen = Seen {
            now,
            before: self.before.as_deref(),
            verdict,
            scale: self.scale,
            own: self.own,
            brief: match &now.brief {
                Some(Ok(brief)) if !again => brief,
                _ => &[],
            },
        };
        let alternatives = self.trigger.alternatives.iter().zip(&mut self.met);
        // Everybody is looked at, so that what lasts is counted even where another one fires.
        let mut fired = None;
        for (one, met) in alternatives {
            let new = seen.look(one, met);
            fired = fired.or(new);
        }
        fired
    }

    /// Sees the lanes; who ran is known from the last tick that was seen.
    pub fn see_lanes(&mut self, line: &Timeline, verdict: Option<&Verdict>) -> Option<Fired> {
        if !self
            .trigger
            .alternatives
            .iter()
            .any(Alternative::is_of_slices)
        {
            return None;
        }
        let turns = self.turns.new_in(line);
        let now = self.last.as_ref()?;
        let seen = Seen {
            now,
            before: None,
            verdict,
            scale: self.scale,
            own: self.own,
            brief: &[],
        };
        turns.iter().find_map(|turn| {
            let mut all = self.trigger.alternatives.iter();
            all.find_map(|one| seen.turn(one, turn))
        })
    }
}

/// What there is to look at.
pub(super) struct Seen<'a> {
    pub(super) now: &'a Arc<Snapshot>,
    pub(super) before: Option<&'a Snapshot>,
    verdict: Option<&'a Verdict>,
    scale: f32,
    own: Option<Pid>,
    /// Who began and ended between the last two ticks.
    brief: &'a [Brief],
}

impl Seen<'_> {
    fn look(&self, one: &Alternative, met: &mut Met) -> Option<Fired> {
        let now = self.now;
        let awaited = met.awaits.take_if(|(at, _)| *at < now.at);
        let awaited = awaited.map(|(at, text)| {
            // A large one takes a while to end.
            let who = self
                .victims()
                .unwrap_or_else(|| "who it was is not known".to_owned());
            self.fired(one, None, at, &format!("{text}; {who}"))
        });
        if !one.gauges.iter().all(|g| g.holds(now, self.verdict)) {
            // The same tick comes again, with more of it.
            let awaits = met.awaits.take();
            *met = Met {
                awaits,
                ..Met::default()
            };
            return awaited;
        }
        match &one.happening {
            Some(Happening::New) => self.born(one, met),
            Some(Happening::Ended(hows)) => {
                let ends = now.ends.as_deref()?;
                let mut fitting = ends
                    .iter()
                    .filter(|(_, fate)| hows.iter().all(|how| how.is(fate)));
                fitting.find_map(|(pid, fate)| {
                    let known = self
                        .before
                        .and_then(|before| Some((before, before.by_pid(*pid)?)));
                    let brief = self.brief.iter().find(|brief| brief.pid == *pid);
                    let fits = match (known, brief) {
                        (Some((before, proc)), _) => {
                            one.filter.matches(before, proc, self.scale)
                                && !self.is_own(before, proc)
                        }
                        (None, Some(brief)) => self.fits_brief(one, brief),
                        (None, None) => one.filter.is_empty(),
                    };
                    let id = known.map(|(_, proc)| proc.id);
                    // A zombie may be told of by two ticks.
                    if !fits || id.is_some_and(|id| !met.told.insert(id)) {
                        return None;
                    }
                    let name = known.map_or_else(
                        || match brief {
                            Some(brief) => lived(brief),
                            None => format!("{pid} (it lived for less than a tick)"),
                        },
                        |(_, proc)| who(proc),
                    );
                    Some(self.fired(one, id, now.at, &format!("{name} {fate}")))
                })
            }
            Some(Happening::Slice(..) | Happening::Waited(..)) => None,
            None if one.filter.is_empty() => awaited.or_else(|| self.machine(one, met)),
            None => self.lasting(one, met),
        }
    }

    /// Whether it is a helper of the one that looks.
    fn is_own(&self, snapshot: &Snapshot, proc: &Proc) -> bool {
        let above = |proc: &Proc| snapshot.procs.get(proc.parent? as usize);
        let mut ancestors = std::iter::successors(above(proc), |proc| above(proc));
        ancestors.any(|up| Some(up.id.pid) == self.own)
    }

    /// Whether one whom no tick saw is meant; a helper of the one that looks never is.
    fn fits_brief(&self, one: &Alternative, brief: &Brief) -> bool {
        let parent = self.now.by_pid(brief.parent);
        let own = Some(brief.parent) == self.own
            || parent.is_some_and(|parent| self.is_own(self.now, parent));
        !own && one.filter.fits_name(&brief.name)
    }

    fn born(&self, one: &Alternative, met: &mut Met) -> Option<Fired> {
        let before = self.before?;
        let mut brief = self
            .brief
            .iter()
            .filter(|brief| self.fits_brief(one, brief));
        if let Some(first) = brief.next() {
            let text = format!("{} began{}", lived(first), and_more(brief.count()));
            return Some(self.fired(one, None, self.now.at, &text));
        }
        let new = self.now.procs.iter().filter(|p| before.get(p.id).is_none());
        // What a filter asks for may be read only a moment later: who does not fit yet may then.
        let new = new.filter(|p| !self.is_own(self.now, p));
        let mut fitting = new.filter(|p| one.filter.matches(self.now, p, self.scale));
        let first = fitting.find(|p| !met.told.contains(&p.id))?;
        let more = fitting.filter(|p| met.told.insert(p.id)).count();
        met.told.insert(first.id);
        let text = format!("{} began{}", self.described(one, first), and_more(more));
        Some(self.fired(one, Some(first.id), self.now.at, &text))
    }

    /// A process for which it was met for long enough.
    fn lasting(&self, one: &Alternative, met: &mut Met) -> Option<Fired> {
        let now = self.now;
        let mut first: Option<&Proc> = None;
        let mut more = 0;
        let mut since = HashMap::with_capacity(met.since.len());
        for proc in now.procs.iter() {
            if !one.filter.matches(now, proc, self.scale) {
                continue;
            }
            let began = met.since.get(&proc.id).copied().unwrap_or(now.at);
            since.insert(proc.id, began);
            if now.at.since(began) >= one.hold && met.told.insert(proc.id) {
                more += usize::from(first.is_some());
                first = first.or(Some(proc));
            }
        }
        // Who does not fit any more may be told of again.
        met.told.retain(|id| since.contains_key(id));
        met.since = since;
        let first = first?;
        let text = format!("{}{}", self.described(one, first), and_more(more));
        Some(self.fired(one, Some(first.id), now.at, &text))
    }

    fn machine(&self, one: &Alternative, met: &mut Met) -> Option<Fired> {
        let (since, told) = *met.machine.get_or_insert((self.now.at, false));
        if told || self.now.at.since(since) < one.hold {
            return None;
        }
        met.machine = Some((since, true));
        let told = one.gauges.iter().map(|g| g.told(self.now, self.verdict));
        let mut text = told.collect::<Vec<_>>().join(", ");
        if one.is_of_victims() && self.now.ends.is_some() {
            let Some(who) = self.victims() else {
                met.awaits = Some((self.now.at, text));
                return None;
            };
            text = format!("{text}; {who}");
        }
        Some(self.fired(one, None, self.now.at, &text))
    }

    fn turn(&self, one: &Alternative, turn: &Turn) -> Option<Fired> {
        let (took, what) = match one.happening {
            Some(Happening::Slice(compare, limit)) => {
                let fits = compare.holds(turn.ran.0 as f64, limit.0 as f64);
                (fits.then_some(turn.ran)?, "kept")
            }
            Some(Happening::Waited(compare, limit)) => {
                let waited = turn.waited?;
                let fits = compare.holds(waited.0 as f64, limit.0 as f64);
                (fits.then_some(waited)?, "waited for")
            }
            _ => return None,
        };
        if !one.gauges.iter().all(|g| g.holds(self.now, self.verdict)) {
            return None;
        }
        let proc = self.now.get(turn.of);
        let fits = proc.map_or(one.filter.is_empty(), |proc| {
            one.filter.matches(self.now, proc, self.scale)
        });
        let text = format!(
            "{} {} {what} core {} for {}",
            turn.tid,
            turn.name,
            turn.cpu,
            length(took)
        );
        fits.then(|| self.fired(one, Some(turn.of), turn.at, &text))
    }

    /// A process with what the condition asked of it: `1842 java CPU% 412`.
    fn described(&self, one: &Alternative, proc: &Proc) -> String {
        let values = one.filter.told(self.now, proc, self.scale);
        let mut text = who(proc);
        if let Some(cause) = proc.blocked_on() {
            text = format!("{text} {}", cause.words());
        }
        if !values.is_empty() {
            text = format!("{text} {}", values.join(", "));
        }
        text
    }

    fn fired(&self, one: &Alternative, who: Option<ProcId>, at: Nanos, what: &str) -> Fired {
        let verdict_told = one
            .gauges
            .iter()
            .any(|g| matches!(g, super::Gauge::Verdict(_)));
        let way = match self.verdict {
            _ if verdict_told => String::new(),
            Some(verdict) => format!("; in the way: {}", verdict.sentence()),
            None => "; nothing held the machine back".to_owned(),
        };
        Fired {
            at,
            who,
            sentence: format!("{}: {what}{way}", one.text),
        }
    }
}

/// One whom no tick saw: `1842 cc1plus (it lived for less than a tick)`.
fn lived(brief: &Brief) -> String {
    format!(
        "{} {} (it lived for less than a tick)",
        brief.pid, brief.name
    )
}

pub(super) fn who(proc: &Proc) -> String {
    format!("{} {}", proc.id.pid, proc.facts.name)
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

/// `20.3 ms`, `1.5 s`.
fn length(span: Nanos) -> String {
    match span.seconds() {
        s if s >= 1.0 => format!("{s:.1} s"),
        s => format!("{:.1} ms", s * 1e3),
    }
}
