//! Where the time of the threads of one process goes: counted in the kernel at every switch where that is allowed (`counted`),
//! else sampled (`sampled`). What a thread waits for is looked at many times a second either way.

mod counted;
mod glance;
pub mod kin;
pub mod life;
mod pages;
mod sampled;

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use self::counted::{By, Counting};
use self::kin::Kin;
use self::pages::Pages;
use self::sampled::Sampled;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::process::stat::State;
use crate::model::process::threads::ThreadRow;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::spent::{Bucket, Cause, TimeSpent};
use crate::model::scheduling::wait::Wait;
use crate::model::text::SafeText;
use crate::sys::clock;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::threads;

/// How often threads are looked at in whole: 20 times a second.
const PACE: Nanos = Nanos::from_millis(50);
/// Reading takes at most this part of the time: one in so many.
const SHARE: u64 = 50;
/// How long threads are listed anew after.
const LISTED: Nanos = Nanos::from_millis(500);
/// How long a bucket is.
const BUCKET: Nanos = Nanos::from_millis(1000);
/// As what threads are told that nobody looked at.
const SHORT_LIVED: &str = "short-lived threads";
/// How many are kept.
const KEPT: usize = 60;

/// Follows the threads of one process from now on.
pub struct Follower {
    root: ProcRoot,
    of: ProcId,
    how: How,
    /// Where pages come from that are waited for, where that is told.
    pages: Option<Pages>,
    /// Why the kernel does not count, where it was asked to.
    why: SafeText,
}

enum How {
    Counted(Box<Counting>),
    Sampled(Box<Sampled>),
}

impl Follower {
    /// Begins to follow a process, exactly where that is allowed.
    pub fn new(root: &ProcRoot, of: ProcId) -> Self {
        let pages = Pages::begin(root, of);
        match Counting::begin(root, of) {
            Ok(counting) => Self {
                root: root.clone(),
                of,
                how: How::Counted(Box::new(counting)),
                pages,
                why: SafeText::default(),
            },
            Err(refused) => Self {
                why: refused.to_string().into(),
                pages,
                ..Self::sampled(root, of)
            },
        }
    }

    /// Follows one of those that are counted together.
    pub fn of_kin(root: &ProcRoot, of: ProcId, kin: &Kin) -> Self {
        let counting = Counting::over(root, of, By::Kin(kin.clone()));
        Self {
            root: root.clone(),
            of,
            how: How::Counted(Box::new(counting)),
            pages: Pages::begin(root, of),
            why: SafeText::default(),
        }
    }

    /// Begins to follow a process by what is read of it alone, which costs it nothing.
    pub fn sampled(root: &ProcRoot, of: ProcId) -> Self {
        Self {
            root: root.clone(),
            of,
            how: How::Sampled(Box::new(Sampled::new(root, of))),
            pages: None,
            why: SafeText::default(),
        }
    }

    /// How long to wait before the next reading: longer where there are very many threads.
    pub fn pause(&self) -> Nanos {
        match &self.how {
            How::Counted(counting) => counting.pause(),
            How::Sampled(sampled) => sampled.pause(),
        }
    }

    /// All of its life is told, if it began since then; what the kernel counts is told since it does.
    pub fn born_since(&mut self, moment: Nanos) {
        if let How::Sampled(sampled) = &mut self.how {
            sampled.born_since(moment);
        }
    }

    /// Reads the threads once.
    ///
    /// # Errors
    /// `Gone` when the process has ended; `Unsupported` where the kernel does not count.
    pub fn step(&mut self) -> Reading<()> {
        if let Some(pages) = &mut self.pages {
            pages.read();
        }
        match &mut self.how {
            How::Counted(counting) => match counting.step() {
                // It has more threads than there is room for, or the kernel does not read its maps out.
                Err(Missing::Unsupported) => {
                    let why = counting.why_not();
                    let pages = self.pages.take();
                    *self = Self {
                        why: why.into(),
                        pages,
                        ..Self::sampled(&self.root, self.of)
                    };
                    self.step()
                }
                other => other,
            },
            How::Sampled(sampled) => sampled.step(),
        }
    }

    /// Whether enough was read that there is something to tell.
    pub fn has_told(&self) -> bool {
        match &self.how {
            How::Counted(counting) => counting.has_told(),
            How::Sampled(sampled) => sampled.has_told(),
        }
    }

    /// The bucket that is full, or whatever there is: a new one begins.
    pub fn take(&mut self) -> Bucket {
        let mut bucket = match &mut self.how {
            How::Counted(counting) => counting.take(),
            How::Sampled(sampled) => sampled.take(),
        };
        let from = self.pages.as_mut().map(Pages::take).unwrap_or_default();
        for thread in &mut bucket.threads {
            let of = from.by.get(&thread.id.tid).map_or(&[][..], Vec::as_slice);
            thread.spent.tell_pages(of, from.whole);
        }
        Bucket {
            why: self.why.clone(),
            ..bucket
        }
    }

    /// Whether the bucket is full.
    pub fn is_full(&self) -> bool {
        match &self.how {
            How::Counted(counting) => counting.is_full(),
            How::Sampled(sampled) => sampled.is_full(),
        }
    }
}

/// How long to wait at least where a reading costs so much.
fn pause(cost: Nanos, least: Nanos) -> Nanos {
    Nanos(cost.0.saturating_mul(SHARE)).clamp(least, BUCKET)
}

/// What a thread is blocked on; `None` where it wants a core or its state and its wait are of two moments.
fn cause(row: &ThreadRow) -> Option<Cause> {
    if row.stat.state == State::Running {
        return None;
    }
    match &row.detail {
        Ok(detail) if detail.waiting.what == Wait::Hidden => Some(Cause::Untold(Missing::Denied)),
        Ok(detail) => Cause::of(&detail.waiting),
        Err(why) => Some(Cause::Untold(*why)),
    }
}

/// What the follower tells, until it is dropped.
#[derive(Default)]
struct Published {
    buckets: VecDeque<Arc<Bucket>>,
    failed: Option<Missing>,
}

/// A thread that follows a process while somebody looks.
pub(super) struct Following {
    pub(super) of: ProcId,
    told: Arc<Mutex<Published>>,
    /// Dropped, it ends the thread.
    _until: Sender<()>,
}

impl Following {
    pub(super) fn begin(mut follower: Follower) -> std::io::Result<Self> {
        let (until, ended) = channel();
        let told = Arc::new(Mutex::new(Published::default()));
        let tell = Arc::clone(&told);
        let of = follower.of;
        threads::start("time", move || follow(&mut follower, &tell, &ended))?;
        Ok(Self {
            of,
            told,
            _until: until,
        })
    }
}

impl Following {
    /// What was told until now.
    ///
    /// # Errors
    /// `Soon` in the first second; why nothing more is told.
    pub(super) fn told(&self) -> Reading<TimeSpent> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match (told.failed, told.buckets.is_empty()) {
            (Some(why), _) => Err(why),
            (None, true) => Err(Missing::Soon),
            (None, false) => Ok(TimeSpent {
                buckets: told.buckets.iter().cloned().collect(),
            }),
        }
    }
}

fn follow(follower: &mut Follower, told: &Mutex<Published>, ended: &Receiver<()>) {
    let lock = || told.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Err(why) = follower.step() {
            let last = follower.take();
            let mut told = lock();
            if !last.threads.is_empty() {
                told.buckets.push_back(Arc::new(last));
            }
            told.failed = Some(why);
            return;
        }
        if follower.is_full() {
            let full = Arc::new(follower.take());
            let mut told = lock();
            told.buckets.push_back(full);
            if told.buckets.len() > KEPT {
                told.buckets.pop_front();
            }
        }
        let pause = Duration::from_nanos(follower.pause().0);
        if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// Tells where the time of the process in focus went, while somebody looks.
pub struct Time {
    root: ProcRoot,
    following: Option<Following>,
}

impl Time {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            following: None,
        }
    }
}

impl Source<Detail> for Time {
    fn name(&self) -> &'static str {
        "time"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["time of threads", "schedstat", "others"])
    }

    fn fills(&self) -> Needs {
        Needs::SPENT
    }

    fn rest(&mut self) {
        self.following = None;
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(of) = plan.focus else {
            self.following = None;
            into.spent = None;
            return Ok(());
        };
        if self.following.as_ref().is_none_or(|f| f.of != of) {
            let begun = Following::begin(Follower::new(&self.root, of));
            self.following = Some(begun.map_err(|why| Error::Call {
                call: "pthread_create",
                why,
            })?);
        }
        let Some(following) = &self.following else {
            return Ok(());
        };
        let value = following.told();
        into.spent = Some(Stamped::new(clock::now(), value));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
