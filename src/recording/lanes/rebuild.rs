//! From what records tell to the lanes again, by the same builder that makes them of the kernel's events.

use std::collections::HashMap;
use std::sync::Arc;

use super::Lanes;
use crate::model::id::{CpuId, Nanos, Pid, ProcId, Tid};
use crate::model::scheduling::timeline::{Blind, Builder, Ended, Origin, Thread, Timeline, Who};
use crate::model::text::SafeText;

/// Takes records in, one after the other.
#[derive(Default)]
pub struct Rebuilder {
    builder: Option<(Builder, Origin)>,
    to: Nanos,
    lost: u64,
    /// Where sums were recorded: of what.
    sums: Option<Origin>,
    names: HashMap<Tid, Arc<Who>>,
}

/// What happens on a core, in the order in which it is taken in at one moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Leave(How),
    Gap,
    Come,
}

/// When, what, on which core, with whom, or why nothing is known.
type Happens<'a> = (Nanos, Step, CpuId, Option<&'a Arc<Who>>, Blind);

/// How a slice ended, as far as the builder is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Exited,
    Runnable(Option<bool>),
}

/// How what a record tells is known once it is told again.
fn kind(lanes: &Lanes) -> Origin {
    match lanes.origin {
        of if !lanes.sums => of,
        // Who was not seen may have had the cores.
        Origin::None | Origin::Own | Origin::Inside | Origin::Sampled => Origin::Sampled,
        Origin::Exact | Origin::Summed | Origin::Sums => Origin::Sums,
    }
}

impl Rebuilder {
    /// Whether what a record tells goes on from what was taken in; else everything begins anew with it.
    pub fn goes_on(&self, lanes: &Lanes) -> bool {
        let same = |(_, of): &(Builder, Origin)| *of == kind(lanes);
        self.builder.as_ref().is_some_and(same) && self.to <= lanes.from
    }

    /// Takes in what one record tells; records come in the order of time. After a hole it begins anew.
    pub fn take(&mut self, lanes: &Lanes) {
        let origin = kind(lanes);
        let goes_on = self.goes_on(lanes);
        if !goes_on {
            let cpus = lanes.cores.iter().map(|core| core.cpu);
            self.builder = Some((Builder::new(origin, cpus, lanes.from), origin));
            self.names.clear();
        }
        let hole = goes_on && self.to < lanes.from;
        (self.to, self.lost) = (lanes.to.max(lanes.from), lanes.lost);
        self.sums = lanes.sums.then_some(lanes.origin);
        let Some((builder, _)) = &mut self.builder else {
            return;
        };
        for core in &lanes.cores {
            builder.online(core.cpu, lanes.from);
            if hole {
                builder.lose(core.cpu, lanes.from, 0);
            }
        }
        if lanes.sums {
            let found = lanes.cores.iter().flat_map(|core| core.ran.iter().cloned());
            builder.sampled((lanes.from, lanes.to), found.collect());
            return;
        }
        let mut steps: Vec<Happens<'_>> = Vec::new();
        for core in &lanes.cores {
            for (slice, who) in &core.slices {
                let how = match slice.ended {
                    Ended::Exited => How::Exited,
                    Ended::Preempted => How::Runnable(Some(true)),
                    Ended::Yielded => How::Runnable(Some(false)),
                    Ended::Running | Ended::Unseen => How::Runnable(None),
                };
                steps.push((slice.start, Step::Come, core.cpu, Some(who), Blind::Lost));
                steps.push((
                    slice.end,
                    Step::Leave(how),
                    core.cpu,
                    Some(who),
                    Blind::Lost,
                ));
            }
            for gap in &core.gaps {
                steps.push((gap.end, Step::Gap, core.cpu, None, gap.why));
            }
        }
        steps.sort_by_key(|(at, step, cpu, ..)| (*at, *step, *cpu));
        for (at, step, cpu, who, why) in steps {
            self.step(at, step, cpu, who, why);
        }
    }

    fn step(&mut self, at: Nanos, step: Step, cpu: CpuId, who: Option<&Arc<Who>>, why: Blind) {
        let Some((builder, _)) = &mut self.builder else {
            return;
        };
        let Some(who) = who else {
            match why {
                Blind::Lost => builder.lose(cpu, at, 0),
                Blind::Offline => builder.offline(cpu, at),
                Blind::Suspended(span) => builder.suspended(at, span),
            }
            return;
        };
        let thread = Thread {
            pid: who.id.pid,
            tid: who.tid,
        };
        let mut names = |_: Pid, _: Tid| -> (ProcId, SafeText) { (who.id, who.name.clone()) };
        match step {
            Step::Come => {
                let known = self.names.insert(who.tid, Arc::clone(who));
                match known {
                    Some(known) if known.id != who.id => builder.exit(at, thread),
                    Some(known) if known.name != who.name => {
                        builder.rename(thread, who.name.clone(), &mut names);
                    }
                    _ => {}
                }
                builder.come(cpu, at, thread, &mut names);
            }
            Step::Leave(How::Exited) => {
                self.names.remove(&who.tid);
                builder.exit(at, thread);
                builder.leave(cpu, at, thread, None, &mut names);
            }
            Step::Leave(How::Runnable(runnable)) => {
                builder.leave(cpu, at, thread, runnable, &mut names);
            }
            Step::Gap => {}
        }
    }

    /// The lanes until the end of what was taken in.
    pub fn publish(&mut self) -> Option<Timeline> {
        let (builder, _) = self.builder.as_mut()?;
        let mut line = builder.publish(self.to);
        line.lost = self.lost;
        line.why = match self.sums {
            None => "",
            Some(Origin::Sampled) => "single slices were not told where it was recorded",
            Some(Origin::Summed) => {
                "switches were too many to be told one by one where it was recorded"
            }
            Some(_) => "the recording has sums of slices, not each (record --slices all)",
        }
        .into();
        Some(line)
    }
}
