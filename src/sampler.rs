//! The sweep, what to read now, and the threads that do it: `sampler` (the process table and the machine, at every
//! tick) and `detail` (the inspector and the system views, each source at its own pace), beside `switches`, which follows
//! who has the cores. Never the terminal.

pub mod descriptors;
mod details;
pub mod machine;
pub mod memory;
pub mod network;
mod process;
pub mod registry;
#[cfg(test)]
mod scenarios;
pub mod scheduling;
pub mod scribe;
pub mod sweeper;
mod ticker;
mod watched;
mod window;

use std::any::Any;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::detail::Detail;
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::sample::{Mode, Sample};
use crate::model::scheduling::timeline::Timeline;
use crate::model::snapshot::Snapshot;
use crate::sys::caught::catching;
use crate::sys::clock;
use crate::sys::own::sandbox;
use crate::sys::process::changes::Feed;
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;
use crate::sys::threads;

use details::Details;
pub use scheduling::switches::Listening;
use scribe::{Keeping, Scribe};
use sweeper::Sweeper;
use ticker::{Grid, Ticker};

/// For how long the parts of the inspector that were read are kept back to be told together.
const TOGETHER: Nanos = Nanos::from_millis(10);

/// How long a report waits for names of users that only the name service knows.
const USERS: Duration = Duration::from_secs(1);

/// What the samplers tell.
#[derive(Clone, Debug)]
pub enum News {
    /// A sweep is done, or a part of it that a new plan asked for.
    Snapshot(Arc<Snapshot>),
    /// A part of the inspector or of a system view was read.
    Detail(Arc<Detail>),
    /// Who had the cores until now.
    Switches(Arc<Timeline>),
    /// A thread died; the others go on.
    Lost {
        /// Which.
        thread: &'static str,
        /// What it said.
        why: String,
    },
}

/// Who is told; called on the samplers' threads, so it must not wait.
pub type Tell = Arc<dyn Fn(News) + Send + Sync>;

/// The running threads. Dropping it asks them to end and does not wait: one may hang in the kernel.
pub struct Samplers {
    desk: Arc<Desk>,
}

impl Samplers {
    /// Starts the threads `sampler`, `detail` and `switches`; `only`: the one way to find what changed, whatever the kernel
    /// allows; `keeping`: where the past is kept.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        root: ProcRoot,
        plan: Plan,
        only: Option<Mode>,
        keeping: Option<Keeping>,
        tell: &Tell,
    ) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::new(plan));
        let (table, detail) = (root.clone(), root.clone());
        let feed = Feed::default();
        let (changes, heard) = (feed.clone(), feed.clone());
        spawn("sampler", &desk, tell, move |desk, tell| {
            let sweeper = Sweeper::new(&table)?.listening(changes.clone(), only);
            sample(sweeper, &changes, keeping.map(Scribe::new), desk, tell)
        })?;
        spawn("detail", &desk, tell, move |desk, tell| {
            desk.wait_drawn();
            read_details(&detail, &heard, desk, tell);
            Ok(())
        })?;
        spawn("switches", &desk, tell, move |desk, tell| {
            desk.wait_drawn();
            scheduling::switches::record(&root, desk, &feed, tell);
            Ok(())
        })?;
        Ok(Self { desk })
    }

    /// Changes what is worth reading. The latest plan wins; what it newly needs is fetched at once, without a sweep.
    ///
    /// The first change comes when the first frame was drawn; the inspector and the lanes begin only then, since nothing
    /// may keep the first table waiting.
    pub fn replan(&self, plan: Plan) {
        let mut page = self.desk.page();
        if page.plan != plan || !page.drawn {
            page.drawn = true;
            page.plan = plan;
            page.edition += 1;
            self.desk.changed.notify_all();
        }
    }
}

impl Drop for Samplers {
    fn drop(&mut self) {
        self.desk.page().ended = true;
        self.desk.changed.notify_all();
    }
}

/// One sweep on the caller's thread, for reports; command lines only where the plan needs those of all. There is no rate in a
/// single sample.
///
/// # Errors
/// When there is no proc tree or it cannot be listed.
pub fn once(root: &ProcRoot, plan: &Plan) -> Result<Sample, Error> {
    let mut sweeper = Sweeper::new(root)?;
    sweeper.tick(clock::now(), plan)?;
    if plan.of_all.contains(Needs::COMMANDS) {
        sweeper.fill(clock::now(), plan);
    }
    sweeper.wait_for_users(USERS);
    Ok(sweeper.into_sample().unwrap_or_default())
}

/// Two sweeps so far apart, on the caller's thread, for reports of what only two samples tell.
///
/// # Errors
/// When there is no proc tree or it cannot be listed.
pub fn twice(root: &ProcRoot, plan: &Plan, apart: Duration) -> Result<(Sample, Sample), Error> {
    let mut sweeper = Sweeper::new(root)?;
    sweeper.tick(clock::now(), plan)?;
    sweeper.fill(clock::now(), plan);
    std::thread::sleep(apart);
    sweeper.tick(clock::now(), plan)?;
    sweeper.fill(clock::now(), plan);
    sweeper.wait_for_users(USERS);
    let before = sweeper.sample_before().cloned().unwrap_or_default();
    Ok((before, sweeper.into_sample().unwrap_or_default()))
}

/// Where the current plan lies.
struct Desk {
    /// When all threads do what they do at the same pace.
    grid: Grid,
    page: Mutex<Page>,
    changed: Condvar,
}

struct Page {
    plan: Plan,
    /// Counts the plans.
    edition: u64,
    /// Whether a frame was drawn.
    drawn: bool,
    ended: bool,
}

impl Desk {
    fn new(plan: Plan) -> Self {
        Self {
            grid: Grid::from(clock::now()),
            page: Mutex::new(Page {
                plan,
                edition: 1,
                drawn: false,
                ended: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a frame was drawn, or all is to end.
    fn wait_drawn(&self) {
        let page = self.page();
        let same = |page: &mut Page| !page.drawn && !page.ended;
        drop(self.changed.wait_while(page, same));
    }

    /// Waits for a plan other than `seen`, at most so long (`None`: until there is one); `None` when all is to end.
    fn wait(&self, seen: u64, at_most: Option<Nanos>) -> Option<(u64, Plan)> {
        let same = |page: &mut Page| page.edition == seen && !page.ended;
        let page = self.page();
        let page = match at_most {
            Some(time) => {
                let time = Duration::from_nanos(time.0);
                let waited = self.changed.wait_timeout_while(page, time, same);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self
                .changed
                .wait_while(page, same)
                .unwrap_or_else(PoisonError::into_inner),
        };
        (!page.ended).then(|| (page.edition, page.plan.clone()))
    }
}

fn spawn(
    name: &'static str,
    desk: &Arc<Desk>,
    tell: &Tell,
    work: impl FnOnce(&Desk, &Tell) -> Result<(), Error> + Send + 'static,
) -> std::io::Result<()> {
    let (desk, tell) = (Arc::clone(desk), Arc::clone(tell));
    threads::start(name, move || {
        // It reads what others may have made up, and has nothing to write.
        sandbox::only_read();
        let why = match catching(|| work(&desk, &tell)) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(panic) => said(&*panic),
        };
        tell(News::Lost { thread: name, why });
    })?;
    Ok(())
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".into())
}

/// The work of the thread `sampler`.
fn sample(
    mut sweeper: Sweeper,
    feed: &Feed,
    mut scribe: Option<Scribe>,
    desk: &Desk,
    tell: &Tell,
) -> Result<(), Error> {
    let publish = |sweeper: &mut Sweeper, scribe: &mut Option<Scribe>| {
        if let Some(snapshot) = sweeper.snapshot() {
            let snapshot = Arc::new(snapshot);
            feed.saw(&snapshot);
            if let Some(scribe) = scribe {
                scribe.saw(&snapshot);
            }
            tell(News::Snapshot(snapshot));
        }
    };
    let Some((mut seen, mut plan)) = desk.wait(0, None) else {
        return Ok(());
    };
    let mut ticker = Ticker::new(desk.grid, plan.interval);
    let mut failures = 0;
    loop {
        let now = clock::now();
        plan.interval = ticker.interval();
        if ticker.due(now) {
            if let Some(scribe) = &mut scribe {
                scribe.before_next(&sweeper);
            }
            let worked = clock::of_thread();
            match sweeper.tick(now, &plan) {
                Ok(()) => failures = 0,
                // Once may be chance; a table that cannot be read any more is no table.
                Err(_) if failures < 3 && sweeper.sample().is_some() => failures += 1,
                Err(why) => return Err(why),
            }
            // Waiting for a core that others have costs nobody anything.
            let took = clock::of_thread().since(worked);
            publish(&mut sweeper, &mut scribe);
            if ticker.took(took) {
                sweeper.slowed(ticker.is_slowed().then(|| slowed(took, ticker.interval())));
            }
            ticker.advance(clock::now());
        }
        if sweeper.fill(clock::now(), &plan) {
            publish(&mut sweeper, &mut scribe);
        }
        if let Some(scribe) = &mut scribe {
            scribe.filled(&sweeper);
        }
        let Some((edition, new)) = desk.wait(seen, Some(ticker.wait(clock::now()))) else {
            return Ok(());
        };
        (seen, plan) = (edition, new);
        ticker.set(clock::now(), plan.interval);
    }
}

fn slowed(took: Nanos, interval: Nanos) -> String {
    let (took, interval) = (took.seconds() * 1e3, interval.seconds());
    format!("a sweep takes {took:.0} ms of a core, so there is one every {interval} s only")
}

/// The work of the thread `detail`.
fn read_details(root: &ProcRoot, feed: &Feed, desk: &Desk, tell: &Tell) {
    let mut details = Details::new(root, feed.clone(), desk.grid);
    let mut wanted = desk.wait(0, None);
    while let Some((seen, plan)) = wanted {
        details.replan(&plan);
        // What is due at about the same time is told, and drawn, at once; by one clock they stay together.
        let now = clock::now();
        let mut read = false;
        while details.step(now, &plan) {
            read = true;
            if clock::now().since(now) >= TOGETHER {
                break;
            }
        }
        if read {
            if let Some(shares) = details.shares() {
                feed.found(shares);
            }
            tell(News::Detail(details.publish()));
        }
        let next = details.next(&plan).map(|due| due.since(clock::now()));
        wanted = desk.wait(seen, next);
    }
}

#[cfg(test)]
mod tests;
