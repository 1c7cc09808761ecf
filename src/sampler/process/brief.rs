//! Who begins and ends between two sweeps, by the names, births and ends that the kernel tells (`perf_event_open(2)`): a ring
//! on each core, read once a tick and only while somebody waits for that. Nothing of them is read from `/proc`.

use std::collections::HashMap;

use crate::model::id::{CpuId, Pid};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Brief, Sample};
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf::Reader;
use crate::sys::scheduling::perf::record::Event;
use crate::sys::source::{Error, Probe, Source};

/// So many are followed at once; of more some are not told.
const MOST: usize = 1 << 14;

/// Who began and has no row yet.
#[derive(Debug)]
struct Young {
    parent: Pid,
    /// The name that it took itself.
    name: Option<SafeText>,
    ended: bool,
}

/// Who was heard of, until a sweep sees him or he ends.
#[derive(Debug, Default)]
struct Nursery(HashMap<Pid, Young>);

impl Nursery {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Forked { child, parent }
                if child.pid.0 == child.tid.0 && self.0.len() < MOST =>
            {
                // A process without a program of its own has the name of its parent.
                let name = self.0.get(&parent.pid).and_then(|young| young.name.clone());
                let young = Young {
                    parent: parent.pid,
                    name,
                    ended: false,
                };
                self.0.insert(child.pid, young);
            }
            Event::Named { thread, name, .. } if thread.pid.0 == thread.tid.0 => {
                if let Some(young) = self.0.get_mut(&thread.pid) {
                    young.name = Some(name);
                }
            }
            Event::Exited(thread) if thread.pid.0 == thread.tid.0 => {
                if let Some(young) = self.0.get_mut(&thread.pid) {
                    young.ended = true;
                }
            }
            // What was lost may have been the end of any of them.
            Event::Lost(_) => self.0.clear(),
            _ => {}
        }
    }

    /// Those that ended and no sweep saw; whoever has a row by now is no concern any more.
    fn take(&mut self, sample: &Sample) -> Vec<Brief> {
        let place = |pid: &Pid| sample.tasks.binary_search_by_key(pid, |t| t.id.pid).ok();
        self.0.retain(|pid, _| place(pid).is_none());
        let ended = self.0.extract_if(|_, young| young.ended);
        let mut brief: Vec<Brief> = ended
            .map(|(pid, young)| {
                let of_parent = || {
                    let parent = place(&young.parent).map(|at| &sample.tasks[at]);
                    parent.map(|parent| parent.facts.name.clone())
                };
                Brief {
                    pid,
                    parent: young.parent,
                    name: young.name.or_else(of_parent).unwrap_or_default(),
                }
            })
            .collect();
        brief.sort_unstable_by_key(|brief| brief.pid);
        brief
    }
}

/// Listens while it is needed.
pub(in crate::sampler) struct BriefSource {
    root: ProcRoot,
    reader: Option<Reading<Reader>>,
    nursery: Nursery,
}

impl BriefSource {
    /// Over a proc tree; only of the kernel's own anything is told.
    pub(in crate::sampler) fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            reader: None,
            nursery: Nursery::default(),
        }
    }

    fn listen(&self, cpus: &[CpuId]) -> Reading<Reader> {
        if !self.root.is_live() || cpus.is_empty() {
            return Err(Missing::Unsupported);
        }
        Reader::of_names(cpus).map_err(|why| Missing::from(&why))
    }
}

impl Source<Sample> for BriefSource {
    fn name(&self) -> &'static str {
        "births"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["switches"])
    }

    fn fills(&self) -> Needs {
        Needs::BRIEF
    }

    fn rest(&mut self) {
        self.reader = None;
        self.nursery = Nursery::default();
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        let cpus = cores::online(&self.root);
        if self.reader.is_none() {
            self.reader = Some(self.listen(&cpus));
        }
        let told = match &mut self.reader {
            Some(Ok(reader)) => {
                // A core that is new is listened to from now on.
                let _ = reader.refit(&cpus);
                let nursery = &mut self.nursery;
                reader.drain(clock::now(), |_, record| nursery.hear(record.event));
                Ok(self.nursery.take(into).into())
            }
            Some(Err(why)) => Err(*why),
            None => Err(Missing::Unsupported),
        };
        into.brief = Some(told);
        Ok(())
    }

    fn lack(&self, why: Missing, into: &mut Sample) {
        into.brief = Some(Err(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Tid;
    use crate::model::scene::Scene;
    use crate::model::scheduling::timeline::Thread;

    fn thread(pid: u32, tid: u32) -> Thread {
        Thread {
            pid: Pid(pid),
            tid: Tid(tid),
        }
    }

    fn forked(pid: u32, parent: u32) -> Event {
        Event::Forked {
            child: thread(pid, pid),
            parent: thread(parent, parent),
        }
    }

    fn named(pid: u32, name: &str) -> Event {
        Event::Named {
            thread: thread(pid, pid),
            name: name.into(),
            exec: true,
        }
    }

    #[test]
    fn those_whom_no_sweep_saw_are_told_once_they_ended() {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        scene.task(30, 1, "sh");
        let mut nursery = Nursery::default();
        let mut told = |events: Vec<Event>| -> Vec<(u32, u32, String)> {
            for event in events {
                nursery.hear(event);
            }
            let brief = nursery.take(&scene.sample).into_iter();
            brief
                .map(|b| (b.pid.0, b.parent.0, b.name.to_string()))
                .collect()
        };
        let ended = |pid| Event::Exited(thread(pid, pid));
        // One with a program, one without, one of the latter's; one that has a row, one that lives, a thread.
        let events = vec![
            forked(40, 30),
            named(40, "cc1"),
            forked(41, 30),
            forked(42, 40),
            forked(30, 1),
            forked(43, 1),
            Event::Forked {
                child: thread(30, 44),
                parent: thread(30, 30),
            },
            Event::Exited(thread(30, 44)),
            ended(42),
            ended(41),
            ended(40),
            ended(30),
        ];
        let text = |name: &str| name.to_owned();
        assert_eq!(
            told(events),
            [
                (40, 30, text("cc1")),
                (41, 30, text("sh")),
                (42, 40, text("cc1"))
            ]
        );
        assert_eq!(
            told(vec![named(43, "as"), ended(43)]),
            [(43, 1, text("as"))]
        );
        assert_eq!(told(vec![forked(50, 1), Event::Lost(3), ended(50)]), []);
    }

    #[test]
    fn a_child_of_ours_that_no_sweep_saw_is_told_with_its_name() {
        let mut source = BriefSource::new(&ProcRoot::live());
        let mut scene = Scene::new();
        let read = |source: &mut BriefSource, scene: &mut Scene| {
            source
                .read(&Plan::default(), &mut scene.sample)
                .expect("read");
            scene.sample.brief.clone().expect("asked for")
        };
        if let Err(why) = read(&mut source, &mut scene) {
            println!(
                "skipped: switches of all cores need CAP_PERFMON or kernel.perf_event_paranoid ≤ 0: {why}"
            );
            return;
        }
        let mut child = std::process::Command::new("true").spawn().expect("true");
        let pid = Pid(child.id());
        child.wait().expect("it ends");
        let brief = read(&mut source, &mut scene).expect("told");
        let found = brief.iter().find(|brief| brief.pid == pid);
        let found = found.map(|brief| (brief.parent.0, brief.name.to_string()));
        assert_eq!(found, Some((std::process::id(), "true".to_owned())));
    }
}
