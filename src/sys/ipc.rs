//! Who talks to whom for view 6: descriptors of every process, message queues, and locks that are waited for.

pub mod locks;
pub mod queues;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::clock;
use super::descriptors::shared::{self, Shared};
use super::pipe_fill;
use super::root::ProcRoot;
use super::source::{Error, Source};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::Pid;
use crate::model::ipc::{self, Channel, Edge, Ipc, Party};
use crate::model::peer::{Census, Flow, Join, pipeline};
use crate::model::plan::{Needs, Plan};

const PACE_MS: u64 = 1000;
/// A reading takes at most this share of the time: one part in so many.
const SHARE: u64 = 20;
/// How long one reading may ask how full pipes are.
const FILL_BUDGET: Duration = Duration::from_millis(5);

/// Reads who talks to whom.
pub struct Talks {
    root: ProcRoot,
    shared: Shared,
    took_ms: u64,
}

impl Talks {
    /// Over a census that other sources use too.
    pub fn new(root: &ProcRoot, shared: Shared) -> Self {
        Self {
            root: root.clone(),
            shared,
            took_ms: 0,
        }
    }

    /// Everything, as far as `budget` allows the census to be brought up to date.
    pub fn ipc(&self, budget: Duration) -> Ipc {
        let live = self.root.is_live();
        let mut out = self.shared.with(budget, None, |census, tables| {
            let join = Join::new(census, tables);
            let filled = Instant::now();
            let fill = |place: &crate::model::peer::join::Place<'_>| {
                let allowed = live && filled.elapsed() < FILL_BUDGET.max(budget / 4);
                allowed.then(|| pipe_fill::of(place.holder.id, place.fd))?
            };
            let (mut edges, more) = ipc::edges(&join, tables, fill);
            edges.extend(self.queues(census));
            edges.extend(self.locks(census));
            Ipc {
                pairs: ipc::pairs(&edges),
                edges,
                more,
                pipelines: pipeline::all(&join, &census.holders),
                hidden: census.hidden(),
                descriptors: census.len(),
                complete: true,
            }
        });
        out.complete = self.shared.complete();
        out
    }

    fn queues(&self, census: &Census) -> Vec<Edge> {
        let text = std::fs::read(self.root.proc("sysvipc/msg")).unwrap_or_default();
        let queues = queues::parse(&text);
        let edge = |q: &queues::Queue| {
            let (a, b) = (party(census, q.sender)?, party(census, q.receiver)?);
            (a.id != b.id).then(|| Edge {
                channel: Channel::Queue,
                a,
                b,
                flow: Flow::Out,
                detail: format!(
                    "queue {}, {} messages, {} bytes wait",
                    q.id, q.messages, q.bytes
                ),
            })
        };
        queues.iter().filter_map(edge).collect()
    }

    fn locks(&self, census: &Census) -> Vec<Edge> {
        let text = std::fs::read(self.root.proc("locks")).unwrap_or_default();
        let all = locks::parse(&text);
        let owners: HashMap<u64, Pid> = all
            .iter()
            .filter(|l| !l.waits)
            .map(|l| (l.number, l.pid))
            .collect();
        let edge = |l: &locks::Lock| {
            let (a, b) = (
                party(census, l.pid)?,
                party(census, *owners.get(&l.number)?)?,
            );
            (a.id != b.id).then(|| Edge {
                channel: Channel::Lock,
                a,
                b,
                flow: Flow::In,
                detail: format!("waits for a {} lock on inode {}", l.kind, l.inode),
            })
        };
        all.iter().filter(|l| l.waits).filter_map(edge).collect()
    }
}

fn party(census: &Census, pid: Pid) -> Option<Party> {
    let holder = census.of_pid(pid)?;
    Some(Party {
        id: holder.id,
        name: holder.name.clone(),
        fd: None,
    })
}

impl Source<Detail> for Talks {
    fn name(&self) -> &'static str {
        "ipc"
    }

    fn fills(&self) -> Needs {
        Needs::IPC
    }

    fn pace_ms(&self) -> u64 {
        PACE_MS.max(self.took_ms * SHARE)
    }

    fn read(&mut self, _: &Plan, into: &mut Detail) -> Result<(), Error> {
        let began = Instant::now();
        let ipc = self.ipc(shared::BUDGET);
        self.took_ms = began.elapsed().as_millis() as u64;
        into.machine.ipc = Some(Stamped::new(clock::now(), Ok(ipc)));
        Ok(())
    }
}
