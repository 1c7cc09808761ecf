//! Where the time of threads goes as the kernel counts it at every switch and wake-up. Looks many times a second find the words
//! only: which file a descriptor is, which lock an address.

use std::collections::{BTreeMap, BTreeSet};

use super::kin::Kin;
use super::{BUCKET, LISTED, PACE, SHORT_LIVED, cause, pause};
use crate::model::id::{Nanos, Pid, ProcId, ThreadId, Tid};
use crate::model::process::stat::State;
use crate::model::process::threads::ThreadRow;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::blocked;
use crate::model::scheduling::calls::Number;
use crate::model::scheduling::phases::{Phase, Phases, Site, Sleep};
use crate::model::scheduling::spent::{Bucket, Cause, Seen, Spent, ThreadSpent};
use crate::model::scheduling::wait::Wait;
use crate::model::text::SafeText;
use crate::sampler::scheduling::calls::lives;
use crate::sampler::scheduling::waits::Waits;
use crate::sys::bpf::program::Refused;
use crate::sys::clock;
use crate::sys::process::proc_counters;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::phases::{Counted, Tracing, site};
use crate::sys::scheduling::system_calls;
use crate::sys::scheduling::waits::links;

/// Follows the threads of one process from now on.
pub struct Counting {
    root: ProcRoot,
    of: ProcId,
    by: By,
    waits: Waits,
    seen: Seen,
    threads: BTreeMap<Tid, Known>,
    /// What those did when counting began, and do for as long as the kernel has nothing to count of them.
    began: BTreeMap<Tid, Phase>,
    /// Those of whom that is not known yet: how long they had had a core in their life when they were read first.
    still: BTreeMap<Tid, Option<Nanos>>,
    listed: Option<Nanos>,
    /// Up to what the last bucket told.
    base: BTreeMap<Tid, Phases>,
    /// Those that were not there any more at the last reading though their end was not counted.
    vanished: BTreeSet<Tid>,
    bucket: Nanos,
    readings: u32,
    cost: Nanos,
}

/// Who counts.
pub enum By {
    /// Programs for this process alone.
    Own(Tracing),
    /// Programs for it and its descendants.
    Kin(Kin),
}

/// What is known of a thread beside its phases.
struct Known {
    id: ThreadId,
    name: SafeText,
    /// How often it had had a core when it was looked at last.
    looked: Option<u64>,
}

impl Counting {
    /// Begins to follow a process.
    ///
    /// # Errors
    /// As [`Tracing::begin`].
    pub fn begin(root: &ProcRoot, of: ProcId) -> Result<Self, Refused> {
        let tracing = Tracing::begin(root, of.pid)?;
        Ok(Self::over(root, of, By::Own(tracing)))
    }

    /// The same by what counts already.
    pub fn over(root: &ProcRoot, of: ProcId, by: By) -> Self {
        Self {
            root: root.clone(),
            of,
            bucket: by.began(),
            by,
            waits: Waits::new(root),
            seen: Seen::default(),
            threads: BTreeMap::new(),
            began: BTreeMap::new(),
            still: BTreeMap::new(),
            listed: None,
            base: BTreeMap::new(),
            vanished: BTreeSet::new(),
            readings: 0,
            cost: Nanos(0),
        }
    }

    /// As [`super::Follower::pause`].
    pub fn pause(&self) -> Nanos {
        pause(self.cost, PACE)
    }

    /// Looks at those who sleep elsewhere than at the last look.
    ///
    /// # Errors
    /// `Gone` when the process has ended; `Unsupported` where the kernel cannot count all of its threads.
    pub fn step(&mut self) -> Reading<()> {
        let (began, cost) = (clock::now(), clock::of_thread());
        let phases = self.by.now(self.of.pid)?;
        if self.by.lost() > 0 {
            return Err(Missing::Unsupported);
        }
        if phases.values().all(|p| p.now == Phase::Ended) {
            lives(&self.root, self.of)?;
        }
        let due = |listed: Nanos| began.since(listed) >= LISTED;
        if self.listed.is_none_or(due) {
            self.listed = Some(began);
            self.list(&phases)?;
        }
        let mut wanted: Vec<Tid> = Vec::new();
        for (tid, phases) in &phases {
            let looked = self.threads.get(tid).and_then(|known| known.looked);
            let sleeps = matches!(phases.now, Phase::Blocked(_));
            if phases.now != Phase::Ended
                && (looked.is_none() || sleeps && looked != Some(phases.slices))
            {
                wanted.push(*tid);
            }
        }
        wanted.extend(self.still.keys().filter(|tid| !phases.contains_key(tid)));
        wanted.sort_unstable();
        if !wanted.is_empty() {
            self.look(&wanted, &phases)?;
        }
        self.readings += 1;
        // What the first reading finds out once is no measure of the next ones.
        let cost = clock::of_thread().since(cost);
        self.cost = if self.readings == 1 { Nanos(0) } else { cost };
        Ok(())
    }

    /// Why the kernel cannot count all of its threads, where a step said so.
    pub fn why_not(&self) -> String {
        if self.by.lost() > 0 {
            let room = self.by.room();
            return format!("it has more threads than the {room} that there is room for");
        }
        "the kernel does not read out what it counts".to_owned()
    }

    /// As [`super::Follower::has_told`].
    pub fn has_told(&self) -> bool {
        self.readings > 0
    }

    /// As [`super::Follower::is_full`].
    pub fn is_full(&self) -> bool {
        clock::now().since(self.bucket) >= BUCKET
    }

    /// Who is there that the kernel has counted nothing of.
    fn list(&mut self, phases: &BTreeMap<Tid, Phases>) -> Reading<()> {
        let tids = self.tids()?;
        self.still
            .retain(|tid, _| tids.contains(tid) && !phases.contains_key(tid));
        for tid in &tids {
            if !phases.contains_key(tid) && !self.began.contains_key(tid) {
                self.still.entry(*tid).or_default();
            }
        }
        self.threads
            .retain(|tid, _| tids.contains(tid) || phases.contains_key(tid));
        Ok(())
    }

    fn tids(&self) -> Reading<BTreeSet<Tid>> {
        let dir = ProcDir::open(&self.root).map_err(|_| Missing::Unsupported)?;
        let (mut tids, mut buffer) = (Vec::new(), Vec::new());
        dir.tids(self.of.pid, &mut tids, &mut buffer)?;
        Ok(tids.into_iter().collect())
    }

    fn look(&mut self, at: &[Tid], phases: &BTreeMap<Tid, Phases>) -> Reading<()> {
        let rows = self.waits.look(self.of, at)?;
        for row in &rows.rows {
            let tid = row.id.tid;
            let known = self.threads.entry(tid).or_insert_with(|| Known {
                id: row.id,
                name: row.name.clone(),
                looked: None,
            });
            if at.binary_search(&tid).is_err() {
                continue;
            }
            known.id = row.id;
            known.name.clone_from(&row.name);
            known.looked = phases.get(&tid).map(|p| p.slices);
            let place = slept_in(row, self.waits.asked(tid));
            let known_cause = cause(row).filter(|cause| !matches!(cause, Cause::Untold(_)));
            if let (Some(place), Some(cause)) = (place, known_cause) {
                self.seen.saw(tid, &place, &cause);
            }
            match (self.still.get_mut(&tid), place) {
                (Some(_), Some(place)) => {
                    self.still.remove(&tid);
                    self.began.insert(tid, Phase::Blocked(place));
                }
                (Some(first), None) if first.is_none() => *first = ran(&self.root, self.of, tid),
                _ => {}
            }
        }
        Ok(())
    }

    /// What it did until now, since the last time: a new bucket begins.
    pub fn take(&mut self) -> Bucket {
        let from = self.bucket;
        let readings = std::mem::take(&mut self.readings);
        let mut out = Bucket {
            from,
            to: from,
            readings,
            threads: Vec::new(),
            exact: true,
            why: SafeText::default(),
        };
        let Ok(counted) = self.by.read(self.of.pid) else {
            return out;
        };
        self.bucket = counted.at;
        out.to = self.ended(&counted).unwrap_or(counted.at).max(from);
        let all = self.all(&counted);
        let mut short = Phases::begin(Phase::Ended, Nanos(0));
        let mut ended = 0;
        let (seen, root, of) = (&self.seen, &self.root, self.of);
        let spent = |tid: Tid, grown: &Phases| {
            Spent::counted(grown, |site| {
                let causes = seen.causes(tid, site);
                if causes.is_empty() {
                    vec![(unseen(root, of, site), 1)]
                } else {
                    causes
                }
            })
        };
        for (tid, phases) in &all {
            let grown = phases.grown(self.base.get(tid));
            if grown.span() == Nanos(0) {
                continue;
            }
            let Some(known) = self.threads.get(tid) else {
                // It lived for less than two looks are apart, so nobody knows its name.
                short.add(&grown);
                // Each ends once, in however many buckets it was.
                ended += u64::from(phases.now == Phase::Ended);
                continue;
            };
            out.threads.push(ThreadSpent {
                id: known.id,
                name: known.name.clone(),
                spent: spent(*tid, &grown),
                threads: 0,
            });
        }
        if short.span() > Nanos(0) {
            let together = ThreadSpent {
                id: ThreadId::default(),
                name: SHORT_LIVED.into(),
                threads: ended,
                spent: spent(Tid(0), &short),
            };
            out.threads.insert(0, together);
        }
        self.seen.turn();
        self.base = all;
        self.forget(&counted);
        out
    }

    /// What every thread did since counting began.
    fn all(&mut self, counted: &Counted) -> BTreeMap<Tid, Phases> {
        let mut all = BTreeMap::new();
        for (tid, phases) in &counted.threads {
            let mut phases = phases.clone();
            let began = match self.began.get(tid) {
                Some(Phase::Blocked(site)) => Some(*site),
                _ => None,
            };
            phases.settle(began);
            all.insert(*tid, phases.until(counted.at));
        }
        for (tid, first) in std::mem::take(&mut self.still) {
            if !all.contains_key(&tid) {
                // On a core all the time, or waiting for one: what it ran tells.
                let now = ran(&self.root, self.of, tid);
                let same = now.zip(first).is_some_and(|(now, first)| now == first);
                let does = if same { Phase::Ready } else { Phase::Running };
                self.began.insert(tid, does);
            }
        }
        for (tid, does) in &self.began {
            all.entry(*tid)
                .or_insert_with(|| Phases::begin(*does, self.by.began()).until(counted.at));
        }
        all
    }

    /// When the last of its threads ended, where all have: what is told ends then.
    fn ended(&self, counted: &Counted) -> Option<Nanos> {
        let threads = counted.threads.values();
        let all = threads.clone().all(|p| p.now == Phase::Ended);
        let last = threads.map(|p| p.since).max()?;
        (all && lives(&self.root, self.of).is_err()).then_some(last)
    }

    /// Forgets whoever has ended.
    fn forget(&mut self, counted: &Counted) {
        let tids = match self.tids() {
            Ok(tids) => tids,
            Err(Missing::Gone) => BTreeSet::new(),
            Err(_) => return,
        };
        let vanished = std::mem::take(&mut self.vanished);
        for (tid, phases) in &counted.threads {
            let ended = phases.now == Phase::Ended;
            // A thread that runs another program takes the number of the first one.
            if ended || !tids.contains(tid) && vanished.contains(tid) {
                self.by.forget(self.of.pid, *tid, phases);
                self.base.remove(tid);
                self.threads.remove(tid);
                self.began.remove(tid);
            } else if !tids.contains(tid) {
                self.vanished.insert(*tid);
            }
        }
    }
}

impl By {
    fn now(&self, of: Pid) -> Reading<BTreeMap<Tid, Phases>> {
        match self {
            Self::Own(tracing) => tracing.threads().map_err(|_| Missing::Unsupported),
            Self::Kin(kin) => kin.now(of),
        }
    }

    fn read(&self, of: Pid) -> Reading<Counted> {
        match self {
            Self::Own(tracing) => tracing.read().map_err(|_| Missing::Unsupported),
            Self::Kin(kin) => kin.read(of),
        }
    }

    fn forget(&self, of: Pid, tid: Tid, phases: &Phases) {
        match self {
            Self::Own(tracing) => tracing.forget(tid, phases),
            Self::Kin(kin) => kin.forget(of, tid, phases),
        }
    }

    fn lost(&self) -> u64 {
        match self {
            Self::Own(tracing) => tracing.lost(),
            Self::Kin(kin) => kin.lost(),
        }
    }

    fn room(&self) -> usize {
        match self {
            Self::Own(tracing) => tracing.room(),
            Self::Kin(kin) => kin.room(),
        }
    }

    fn began(&self) -> Nanos {
        match self {
            Self::Own(tracing) => tracing.began(),
            Self::Kin(kin) => kin.began(),
        }
    }
}

/// How long a thread has had a core in its life.
fn ran(root: &ProcRoot, of: ProcId, tid: Tid) -> Option<Nanos> {
    let text = root.read(format!("{}/task/{tid}/schedstat", of.pid)).ok()?;
    Some(proc_counters::schedstat(&text)?.run)
}

/// Whether the function of the kernel that it sleeps in is one in which disks are waited for, so that the kernel counts it so.
fn for_disk(row: &ThreadRow) -> bool {
    let detail = row.detail.as_ref().ok();
    let function = detail.and_then(|detail| detail.waiting.function.as_ref());
    function.is_some_and(|function| blocked::Cause::of(function) == blocked::Cause::Disk)
}

/// In what a thread slept when it was looked at, as the kernel counts it; `None` where it did not.
fn slept_in(row: &ThreadRow, asked: Option<(Number, u64)>) -> Option<Site> {
    let sleep = match row.stat.state {
        State::Running | State::Zombie | State::Dead => return None,
        State::Blocked if for_disk(row) => Sleep::Disk,
        State::Blocked => Sleep::Deep,
        State::Stopped => Sleep::Stopped,
        State::Traced => Sleep::Traced,
        _ => Sleep::Light,
    };
    // What may not be seen is told by how it wakes, or not at all.
    if row
        .detail
        .as_ref()
        .is_ok_and(|d| d.waiting.what == Wait::Hidden)
    {
        return Some(Site {
            sleep: Sleep::Before,
            call: None,
            first: 0,
        });
    }
    let of_kernel = row.stat.is_kernel_thread() || row.stat.is_worker();
    Some(match asked.filter(|_| !of_kernel) {
        Some((number, first)) => site(sleep, number, first),
        None => Site {
            sleep,
            call: None,
            first: 0,
        },
    })
}

/// What is known of a wait at which nobody looked.
fn unseen(root: &ProcRoot, of: ProcId, at: &Site) -> Cause {
    let name = at
        .call
        .and_then(|call| system_calls::name(call.number.into(), !call.narrow));
    let mut cause = Cause::at(at, name);
    if let Cause::Wait(waiting) = &mut cause {
        links::fill(root, of.pid, &mut [&mut waiting.what], false);
    }
    cause
}
