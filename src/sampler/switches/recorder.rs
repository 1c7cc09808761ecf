//! Turns records into slices and changes.

use crate::model::id::{CpuId, Nanos};
use crate::model::timeline::{Builder, Origin, Timeline};
use crate::sys::changes::{Collector, Drain, Feed};
use crate::sys::clock;
use crate::sys::perf::Reader;
use crate::sys::perf::names::ProcNames;
use crate::sys::perf::record::{Event, Record};
use crate::sys::root::ProcRoot;

/// The rings, what was built from them, and whom it tells.
pub(super) struct Recorder {
    reader: Reader,
    built: Built,
    feed: Feed,
    /// Until when the rings are read.
    drained: Nanos,
}

/// What records are turned into.
struct Built {
    builder: Builder,
    names: ProcNames,
    changes: Collector,
}

impl Recorder {
    pub fn new(root: &ProcRoot, reader: Reader, origin: Origin, feed: Feed, since: Nanos) -> Self {
        Self {
            built: Built {
                builder: Builder::new(origin, reader.cpus(), since),
                names: ProcNames::new(root),
                changes: Collector::default(),
            },
            reader,
            feed,
            drained: since,
        }
    }

    /// The cores whose rings are read.
    pub fn cpus(&self) -> Vec<CpuId> {
        self.reader.cpus().collect()
    }

    /// A view of everything that was drained.
    pub fn publish(&mut self) -> Timeline {
        self.built.builder.publish(self.drained)
    }
}

impl Drain for Recorder {
    fn drain(&mut self) {
        let now = clock::now();
        let built = &mut self.built;
        self.reader
            .drain(now, |cpu, record| built.take(cpu, record));
        self.drained = now;
        for pid in built.builder.on_cores() {
            built.changes.ran(pid);
        }
        built.changes.hand_over(&self.feed);
    }
}

impl Built {
    fn take(&mut self, cpu: CpuId, record: Record) {
        let (at, builder) = (record.at, &mut self.builder);
        match record.event {
            Event::Switch {
                prev,
                next,
                runnable,
            } => {
                self.changes.ran(prev.pid);
                self.changes.ran(next.pid);
                builder.switch(cpu, at, (prev, next), runnable, &mut self.names);
            }
            Event::Came(thread) => builder.come(cpu, at, thread, &mut self.names),
            Event::Left { thread, runnable } => {
                builder.leave(cpu, at, thread, Some(runnable), &mut self.names);
            }
            Event::Named { thread, name, exec } => {
                self.changes.renamed(thread.pid, thread.tid, exec);
                builder.rename(thread, name, &mut self.names);
            }
            Event::Forked { child, parent } => {
                self.changes.forked(child.pid, child.tid);
                let born = child.pid.0 == child.tid.0;
                let id = born.then(|| self.names.began(child.pid, at));
                builder.fork(child, parent, id, &mut self.names);
            }
            Event::Exited(thread) => {
                self.changes.exited(thread.pid, thread.tid);
                if thread.pid.0 == thread.tid.0 {
                    self.names.ended(thread.pid);
                }
                builder.exit(thread);
            }
            Event::Lost(count) => {
                self.changes.lost();
                self.names.forget();
                builder.lose(cpu, at, count);
            }
        }
    }
}
