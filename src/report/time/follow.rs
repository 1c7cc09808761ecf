//! Follows a process, and with `--tree` its descendants: where the kernel counts, each from its fork on, however soon it ends;
//! else those that are met, and how long the others had a core.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Args, Breakdown, json, wanted};
use crate::model::descriptors::descriptor::Files;
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::plan::Needs;
use crate::model::reading::Missing;
use crate::model::scheduling::spent::kin::{Life, Member, Unlisted, missed};
use crate::model::scheduling::spent::{Bucket, Spent, sum};
use crate::model::snapshot::Snapshot;
use crate::model::text::SafeText;
use crate::report::json::NEEDS;
use crate::report::{Error, remembered, sweep};
use crate::sampler::descriptors::joined::Descriptors;
use crate::sampler::scheduling::spent::Follower;
use crate::sampler::scheduling::spent::kin::Kin;
use crate::sampler::scheduling::spent::life::{began, life};
use crate::sampler::scheduling::wakes::Counting;
use crate::sys::clock;
use crate::sys::own::stop::Stop;
use crate::sys::root::ProcRoot;

/// How often descendants are looked for.
const AGAIN: Nanos = Nanos::from_millis(500);
/// How often those that are counted from their fork are asked for.
const COUNTED: Nanos = Nanos::from_millis(250);
/// Of how many processes it is told who wakes them: each costs the machine a little at every switch.
const WATCHED: usize = 8;
/// What `stat` rounds down by: less than that was not missed.
const ROUNDED: Nanos = Nanos::from_millis(20);

/// A process while it is followed.
struct Followed {
    follower: Follower,
    name: SafeText,
    who: Value,
    /// What it did, of one that has ended.
    ended: Option<Bucket>,
    wakes: Result<Counting, (Missing, String)>,
    /// Its descriptors when that began: who ends meanwhile has none any more.
    before: Option<Files>,
    /// How long it and its ended children had a core, where others may be missed.
    life: Option<Member>,
}

/// Who is followed.
struct Tree {
    root: ProcRoot,
    of: ProcId,
    with_descendants: bool,
    /// Counts all of them, where the kernel does.
    kin: Option<Kin>,
    all: BTreeMap<ProcId, Followed>,
    began: Nanos,
    looked: Nanos,
    /// Who was met once and is not followed yet: most of them end soon.
    met: BTreeSet<Pid>,
}

/// Looks for as long as is asked: what each did, and who was never looked at.
///
/// # Errors
/// `Failed` where the kernel does not count.
pub fn follow(
    first: &Snapshot,
    id: ProcId,
    args: &Args,
    stop: &Stop,
) -> Result<(Vec<Breakdown>, Option<Unlisted>), Error> {
    let mut tree = Tree::begin(first, id, args.tree)?;
    // What the kernel counts it counts since then, however long the first look takes.
    let begun = match tree.kin {
        Some(_) => tree.began,
        None => clock::now(),
    };
    let end = Nanos(begun.0.saturating_add(args.span.0));
    loop {
        tree.look()?;
        tree.step()?;
        let now = clock::now();
        // On a busy machine, or asked to end at once, the first two readings may be further apart than was asked for.
        let told = tree.all.values().any(|f| f.follower.has_told());
        let asked = now >= end || stop.asked();
        if (asked && told) || tree.all.values().all(|f| f.ended.is_some()) {
            break;
        }
        let pause = tree.pause();
        stop.wait(if now < end {
            pause.min(end.since(now))
        } else {
            pause
        });
    }
    Ok(tree.end())
}

impl Tree {
    fn begin(first: &Snapshot, of: ProcId, with_descendants: bool) -> Result<Self, Error> {
        let root = ProcRoot::live();
        let ids = wanted(first, of, with_descendants);
        let pids: Vec<Pid> = ids.iter().map(|id| id.pid).collect();
        let kin = with_descendants.then(|| Kin::begin(&root, &pids).ok());
        let now = clock::now();
        let mut tree = Self {
            root,
            of,
            with_descendants,
            kin: kin.flatten(),
            all: BTreeMap::new(),
            began: now,
            looked: now,
            met: BTreeSet::new(),
        };
        tree.add(first, ids);
        // Whoever was forked since the first sweep and before counting began.
        if tree.kin.is_some() {
            tree.meet()?;
        }
        Ok(tree)
    }

    fn add(&mut self, snapshot: &Snapshot, ids: Vec<ProcId>) {
        for id in ids {
            if self.all.contains_key(&id) {
                continue;
            }
            let watched = self.all.len() < WATCHED;
            let mut follower = match &self.kin {
                Some(kin) => {
                    kin.add(id.pid);
                    Follower::of_kin(&self.root, id, kin)
                }
                None => Follower::new(&self.root, id),
            };
            follower.born_since(self.began);
            // At once: who is stopped, or in a long wait, may go on before the next look.
            let _ = follower.step();
            let wakes = if watched {
                Counting::begin(&self.root, id)
                    .map_err(|refused| (Missing::from(&refused.error), refused.to_string()))
            } else {
                let why = format!("it is told of {WATCHED} processes at once");
                Err((Missing::Unsupported, why))
            };
            let before = || Descriptors::all_of(&self.root, id).ok();
            let name = snapshot.get(id).map(|p| p.facts.name.clone());
            let followed = Followed {
                wakes,
                follower,
                before: watched.then(before).flatten(),
                name: name.unwrap_or_default(),
                who: json::who(snapshot, id),
                ended: None,
                life: self.member(id),
            };
            self.all.insert(id, followed);
        }
    }

    /// What tells who is missed among its children.
    fn member(&self, id: ProcId) -> Option<Member> {
        if self.kin.is_some() || !self.with_descendants {
            return None;
        }
        let (now, parent) = life(&self.root, id).ok()?;
        // The whole life of who began meanwhile is told.
        let newborn = began(id.start) >= self.began;
        Some(Member {
            pid: id.pid,
            parent,
            first: if newborn { Life::default() } else { now },
            last: now,
            ended: false,
        })
    }

    fn followed(&self) -> BTreeSet<Pid> {
        self.all.keys().map(|id| id.pid).collect()
    }

    /// Looks for descendants, from time to time.
    fn look(&mut self) -> Result<(), Error> {
        let pace = if self.kin.is_some() { COUNTED } else { AGAIN };
        if !self.with_descendants || clock::now().since(self.looked) < pace {
            return Ok(());
        }
        match self.kin.clone() {
            Some(kin) => {
                let followed = self.followed();
                kin.gather(&followed, false);
                let now: BTreeSet<Pid> = kin.strangers(&followed).into_iter().collect();
                // Who is still there at the second look is told by itself.
                let stay = !now.is_disjoint(&self.met);
                self.met = now;
                if stay {
                    let sweep = sweep(NEEDS)?;
                    let mut ids = wanted(&sweep, self.of, true);
                    let met = self.met.iter().filter_map(|pid| sweep.by_pid(*pid));
                    ids.extend(met.map(|proc| proc.id));
                    ids.retain(|id| self.met.contains(&id.pid));
                    self.add(&sweep, ids);
                }
            }
            None => self.meet()?,
        }
        self.looked = clock::now();
        Ok(())
    }

    /// Looks who is there, and follows them.
    fn meet(&mut self) -> Result<(), Error> {
        let now = sweep(Needs::empty())?;
        let known = |id| self.all.contains_key(id);
        if !wanted(&now, self.of, true).iter().all(known) {
            let sweep = sweep(NEEDS)?;
            let ids = wanted(&sweep, self.of, true);
            self.add(&sweep, ids);
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), Error> {
        let root = &self.root;
        for (id, followed) in self.all.iter_mut().filter(|(_, f)| f.ended.is_none()) {
            if let Some(member) = &mut followed.life
                && let Ok((now, _)) = life(root, *id)
            {
                member.last = now;
            }
            match followed.follower.step() {
                Ok(()) => {}
                Err(Missing::Unsupported) => {
                    return Err(Error::Failed(
                        "this kernel does not count the time of threads (no schedstat)".to_owned(),
                    ));
                }
                Err(_) => followed.ended = Some(followed.follower.take()),
            }
        }
        Ok(())
    }

    fn pause(&self) -> Nanos {
        let lives = self.all.values().filter(|f| f.ended.is_none());
        lives.map(|f| f.follower.pause()).max().unwrap_or_default()
    }

    fn end(self) -> (Vec<Breakdown>, Option<Unlisted>) {
        let followed = self.followed();
        let root = self.root;
        let mut members = Vec::new();
        let mut told = Vec::new();
        for (id, one) in self.all {
            if let Some(mut member) = one.life {
                match life(&root, id) {
                    Ok((now, _)) => member.last = now,
                    Err(_) => member.ended = true,
                }
                members.push(member);
            }
            told.push(tell(&root, id, one));
        }
        // The one that was asked for is first.
        told.sort_by_key(|one| one.id != self.of);
        let unlisted = match &self.kin {
            Some(kin) => {
                kin.gather(&followed, true);
                kin.unlisted()
            }
            None => Some(missed(&members))
                .filter(|m| *m >= ROUNDED)
                .map(|ran| Unlisted {
                    spent: Spent {
                        span: ran,
                        running: ran,
                        ..Spent::default()
                    },
                    ..Unlisted::default()
                }),
        };
        (told, unlisted)
    }
}

fn tell(root: &ProcRoot, id: ProcId, mut followed: Followed) -> Breakdown {
    let ended = followed.ended.is_some();
    let last = followed.ended.unwrap_or_else(|| followed.follower.take());
    let wakes = followed.wakes.and_then(|counting| {
        counting
            .end()
            .map_err(|missing| (missing, "the kernel does not read its maps out".to_owned()))
    });
    let now = Descriptors::all_of(root, id);
    let files = remembered(root, now, followed.before.as_ref());
    Breakdown {
        wakes,
        id,
        name: followed.name,
        who: followed.who,
        bucket: sum(std::iter::once(&last)),
        files: files.ok().map(Arc::new),
        ended,
        when: String::new(),
    }
}
