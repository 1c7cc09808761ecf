//! Who talks to whom for view 6: descriptors and shared mappings of every process, System V objects, and locks that are
//! waited for.

mod locks;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::joined::shared::{self, Shared};
use crate::model::descriptors::ipc::{self, Ipc};
use crate::model::descriptors::peer::join::Place;
use crate::model::descriptors::peer::{Join, Object, pipeline};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Pid, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::sampler::memory::shared_maps::SharedMaps;
use crate::sys::clock;
use crate::sys::descriptors::fill;
use crate::sys::descriptors::ipc::sysv;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// How long one reading may ask how full pipes and queues are.
const FILL_BUDGET: Duration = Duration::from_millis(5);
/// How long one reading may look at mappings, and for those who wait at System V objects.
const MAPS_BUDGET: Duration = Duration::from_millis(10);
const WAIT_BUDGET: Duration = Duration::from_millis(5);

/// Reads who talks to whom.
pub struct Talks {
    root: ProcRoot,
    shared: Shared,
    maps: SharedMaps,
    users: sysv::Users,
    /// Whether every process was looked at once.
    whole: bool,
}

impl Talks {
    /// Over a index that other sources use too.
    pub fn new(root: &ProcRoot, shared: Shared) -> Self {
        Self {
            root: root.clone(),
            maps: SharedMaps::new(root),
            users: sysv::Users::default(),
            shared,
            whole: false,
        }
    }

    /// Everything, as far as `budget` allows what is known to be brought up to date.
    ///
    /// Where very many share one thing, `of` is joined with each of them.
    pub fn ipc(&mut self, budget: Duration, of: Option<ProcId>) -> Ipc {
        let live = self.root.is_live();
        // A report waits for everything; beside the screen each part has its own share.
        let within = |part| {
            if budget > shared::BUDGET {
                budget
            } else {
                part
            }
        };
        let mut mapped = false;
        let shared = self.shared.clone();
        let mut out = shared.with(budget, None, |index, tables| {
            mapped = self.maps.refresh(index, within(MAPS_BUDGET));
            let mappers = self.maps.mappers(index);
            let join = Join::new(index, tables);
            // Only what asking takes, so that a slow join takes no word away.
            let spent = Cell::new(Duration::ZERO);
            let known: RefCell<HashMap<Pid, bool>> = RefCell::default();
            let may_hold = |pid: Pid| {
                let mut known = known.borrow_mut();
                let look = || fill::may_hold_pipes(&self.root, pid);
                *known.entry(pid).or_insert_with(look)
            };
            let asked = |object: &Object, place: &Place<'_>| {
                if !live || spent.get() >= within(FILL_BUDGET) {
                    return None;
                }
                let began = Instant::now();
                let mut holders = join.holders(object).iter();
                let held = holders.any(|place| may_hold(place.holder.id.pid));
                let told = (!held)
                    .then(|| fill::of(object, place.holder.id, place.fd))
                    .flatten();
                spent.set(spent.get() + began.elapsed());
                told
            };
            let found = ipc::edges(&join, tables, &mappers, of, asked);
            let mut edges = found.edges;
            let waits = within(WAIT_BUDGET);
            edges.extend(self.users.edges(&self.root, index, waits));
            edges.extend(locks::edges(&self.root, index));
            let lines = ipc::lines::lines(&edges, found.crowds);
            Ipc {
                pairs: ipc::pairs(&edges),
                processes: ipc::lines::processes(&lines),
                lines,
                edges,
                more: found.more,
                pipelines: pipeline::all(&join),
                hidden: index.hidden(),
                unlisted: index.unlisted,
                descriptors: index.descriptors(),
                complete: true,
            }
        });
        out.complete = mapped && self.shared.complete();
        out
    }
}

impl Source<Detail> for Talks {
    fn name(&self) -> &'static str {
        "ipc"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others", "sock_diag"])
    }

    fn fills(&self) -> Needs {
        Needs::IPC
    }

    fn pace_ms(&self) -> u64 {
        shared::pace(self.whole)
    }

    fn share(&self) -> u64 {
        shared::share(self.whole)
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let ipc = self.ipc(shared::BUDGET, plan.focus);
        self.whole = ipc.complete;
        into.machine.ipc = Some(Stamped::new(clock::now(), Ok(ipc)));
        Ok(())
    }
}
