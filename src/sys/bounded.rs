//! Reads that can hang: the kernel takes the target's memory lock for them, and a sick process may hold it for ever.
//!
//! They run on helper threads, whole batches at a time, so that ten thousand reads cost one change of thread. An item
//! that takes too long is left behind with its helper; a fresh one goes on with the rest. What hangs is not tried again
//! until it came back, and the number of helpers is bounded, so a sick machine costs a few idle threads at the most.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::id::Nanos;
use crate::model::reading::{Missing, Reading};
use crate::sys::caught::catching;
use crate::sys::clock;
use crate::sys::fields;
use crate::sys::threads;

/// How long one item may take.
const LIMIT: Duration = Duration::from_millis(20);
/// How long an item may take whose helper waits for a core, or for another thread of ours, rather than for the kernel.
const STARVED: Duration = Duration::from_secs(5);
/// For how much of that it may have a core: a file that is read for so long is not going to end.
const COMPUTES: Duration = Duration::from_millis(500);
/// How many helpers there may be that were left behind. Those in use are no more than threads that ask.
const HELD: usize = 24;

/// Reads a whole file whose reading may hang, such as `cmdline`, `environ`, `maps` and `smaps`.
///
/// # Errors
/// `Missing::Late` after 20 ms; otherwise as the kernel says.
pub fn read(path: &Path) -> Reading<Vec<u8>> {
    let all = texts("read", vec![path.to_owned()]);
    all.into_iter().next().unwrap_or(Err(Missing::Late))
}

/// Reads whole files of one kind whose reading may hang, in their order.
pub fn texts(what: &'static str, paths: Vec<PathBuf>) -> Vec<Reading<Vec<u8>>> {
    each(what, paths, |path: &PathBuf| Ok(std::fs::read(path)?))
}

/// Does `work` on every item and answers in their order; each may take 20 ms.
///
/// `what` and an item together name what is done, so that work which still hangs is not begun a second time.
pub fn each<I, T>(
    what: &'static str,
    items: Vec<I>,
    work: impl Fn(&I) -> Reading<T> + Send + Sync + 'static,
) -> Vec<Reading<T>>
where
    I: Hash + Send + Sync + 'static,
    T: Send + 'static,
{
    let results = items.iter().map(|_| Err(Missing::Late)).collect();
    let batch = Arc::new(Batch {
        what,
        items,
        work,
        state: Mutex::new(State {
            next: 0,
            running: None,
            helper: 0,
            done: false,
            cost: Nanos(0),
            results,
        }),
        moved: Condvar::new(),
    });
    if hand_over(&batch, 0) {
        batch.watch();
    }
    let mut state = lock(&batch.state);
    COST.set(Nanos(COST.get().0 + state.cost.0));
    std::mem::take(&mut state.results)
}

thread_local! {
    static COST: Cell<Nanos> = const { Cell::new(Nanos(0)) };
}

/// For how long helpers had a core for all that the calling thread has asked for; without those that were left behind.
pub fn cost() -> Nanos {
    COST.get()
}

struct Batch<I, T, W> {
    what: &'static str,
    items: Vec<I>,
    work: W,
    state: Mutex<State<T>>,
    moved: Condvar,
}

struct State<T> {
    /// The item that is begun next.
    next: usize,
    /// The item that is being done, since when, and by which thread.
    running: Option<(usize, Instant, i32)>,
    /// Which helper counts; one that was left behind finds another number here.
    helper: u32,
    done: bool,
    /// For how long a helper had a core.
    cost: Nanos,
    results: Vec<Reading<T>>,
}

impl<I, T, W> Batch<I, T, W>
where
    I: Hash + Send + Sync + 'static,
    T: Send + 'static,
    W: Fn(&I) -> Reading<T> + Send + Sync + 'static,
{
    fn key(&self, index: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.what, &self.items[index]).hash(&mut hasher);
        hasher.finish()
    }

    /// What a helper does: item after item, until all are done or it was left behind.
    fn work_off(&self, helper: u32) {
        let tid = nix::unistd::gettid().as_raw();
        let began = clock::of_thread();
        loop {
            let Some(index) = self.begin(helper, (tid, began)) else {
                return;
            };
            if any_stuck() && lock(&POOL).stuck.contains(&self.key(index)) {
                continue;
            }
            let item = &self.items[index];
            let result = catching(|| (self.work)(item));
            let mut state = lock(&self.state);
            if state.helper != helper {
                lock(&POOL).stuck.remove(&self.key(index));
                return;
            }
            state.results[index] = result.unwrap_or(Err(Missing::Unsupported));
            // It came back: whoever looks before the next item is begun must not take it for stuck.
            state.running = None;
        }
    }

    fn begin(&self, helper: u32, (tid, began): (i32, Nanos)) -> Option<usize> {
        let mut state = lock(&self.state);
        if state.helper != helper {
            return None;
        }
        let index = state.next;
        if index == self.items.len() {
            state.done = true;
            state.cost = clock::of_thread().since(began);
            // Whoever is woken wants the lock.
            drop(state);
            self.moved.notify_one();
            return None;
        }
        state.next += 1;
        state.running = Some((index, Instant::now(), tid));
        Some(index)
    }

    /// Waits for the end; leaves behind whoever takes too long.
    fn watch(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        // What the helper had of a core when its item was late first.
        let mut first = None;
        while !state.done {
            let waited = self.moved.wait_timeout(state, LIMIT);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let Some((index, since, tid)) = state.running.filter(|_| !state.done) else {
                continue;
            };
            let took = since.elapsed();
            if took < LIMIT {
                continue;
            }
            // Whoever is done waits for the lock and sleeps, so it is looked at without.
            drop(state);
            let had = had_a_core(tid);
            let before = match first {
                Some((late, before)) if late == index => before,
                _ => had,
            };
            first = Some((index, before));
            let computed = had.saturating_sub(before);
            let starved = took < STARVED && computed < COMPUTES && waits_for_us(tid);
            state = lock(&self.state);
            let goes_on = state.running.map(|(index, since, _)| (index, since));
            if starved || state.done || goes_on != Some((index, since)) {
                continue;
            }
            lock(&POOL).stuck.insert(self.key(index));
            state.helper += 1;
            state.running = None;
            state.results[index] = Err(Missing::Late);
            let helper = state.helper;
            drop(state);
            if !hand_over(self, helper) {
                return;
            }
            state = lock(&self.state);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether one of our own threads is runnable, or waits for a lock (of the allocator, of the pool) that another one holds
/// which is: then the machine is busy, and the kernel owes us nothing.
fn waits_for_us(tid: i32) -> bool {
    let file = |name: &str| std::fs::read(format!("/proc/self/task/{tid}/{name}"));
    // A kernel may be built without this file.
    if let Ok(text) = file("syscall") {
        let number = text.split(u8::is_ascii_whitespace).next();
        let number = number.and_then(|n| std::str::from_utf8(n).ok());
        return number.is_some_and(|n| n == "running" || n.parse() == Ok(libc::SYS_futex));
    }
    let text = file("stat").unwrap_or_default();
    let close = text.iter().rposition(|b| *b == b')');
    close.is_some_and(|at| text.get(at + 2) == Some(&b'R'))
}

/// For how long one of our own threads had a core, `proc_pid_schedstat(5)`; nothing where that is not told.
fn had_a_core(tid: i32) -> Duration {
    let text = std::fs::read(format!("/proc/self/task/{tid}/schedstat")).unwrap_or_default();
    let had = fields::number(&text);
    Duration::from_nanos(had.unwrap_or(0))
}

type Job = Box<dyn FnOnce() + Send>;

/// Where a helper waits for its next job. A channel would wake it while it holds what the helper needs next.
#[derive(Default)]
struct Seat {
    job: Mutex<Option<Job>>,
    given: Condvar,
}

impl Seat {
    fn give(&self, job: Job) {
        *lock(&self.job) = Some(job);
        self.given.notify_one();
    }

    fn wait(&self) -> Job {
        let mut place = lock(&self.job);
        loop {
            if let Some(job) = place.take() {
                return job;
            }
            let woken = self.given.wait(place);
            place = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[derive(Default)]
struct Pool {
    idle: Vec<Arc<Seat>>,
    stuck: HashSet<u64>,
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);

fn any_stuck() -> bool {
    !lock(&POOL).stuck.is_empty()
}

/// Gives a batch to an idle helper or a new one; `false` when there are too many already.
fn hand_over<I, T, W>(batch: &Arc<Batch<I, T, W>>, helper: u32) -> bool
where
    I: Hash + Send + Sync + 'static,
    T: Send + 'static,
    W: Fn(&I) -> Reading<T> + Send + Sync + 'static,
{
    let batch = Arc::clone(batch);
    let job: Job = Box::new(move || batch.work_off(helper));
    let mut pool = lock(&POOL);
    if let Some(seat) = pool.idle.pop() {
        drop(pool);
        seat.give(job);
        return true;
    }
    if pool.stuck.len() >= HELD {
        return false;
    }
    drop(pool);
    spawn(job)
}

fn spawn(first: Job) -> bool {
    let helper = move || {
        let seat = Arc::<Seat>::default();
        let mut job = first;
        loop {
            job();
            lock(&POOL).idle.push(Arc::clone(&seat));
            job = seat.wait();
        }
    };
    let made = threads::start_small("bounded", 128 << 10, helper);
    made.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use std::os::unix::fs::OpenOptionsExt as _;

    /// Lets whoever hangs in opening this FIFO go.
    fn release(fifo: &Path) {
        let mut open = std::fs::OpenOptions::new();
        // Fails while nobody hangs there, which is as good.
        drop(open.write(true).custom_flags(libc::O_NONBLOCK).open(fifo));
    }

    #[test]
    fn reads_files_and_says_why_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("file");
        std::fs::write(&file, "text").expect("written");
        assert_eq!(read(&file), Ok(b"text".to_vec()));
        assert_eq!(read(&dir.path().join("none")), Err(Missing::Gone));
    }

    #[test]
    fn what_hangs_is_late_and_the_rest_goes_on() {
        let dir = tempfile::tempdir().expect("a directory");
        let fifo = dir.path().join("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).expect("made");
        let file = dir.path().join("file");
        std::fs::write(&file, "text").expect("written");
        let paths = vec![file.clone(), fifo.clone(), file.clone()];
        let read_it = |path: &PathBuf| Ok(std::fs::read(path)?);
        let all = each("test", paths, read_it);
        let text = Ok(b"text".to_vec());
        assert_eq!(all, [text.clone(), Err(Missing::Late), text]);
        // It is not begun a second time while it hangs: a thousand of it take no thousand helpers.
        let again = each("test", vec![fifo.clone(); 1000], read_it);
        assert!(again.iter().all(|r| *r == Err(Missing::Late)));
        release(&fifo);
    }

    #[test]
    fn who_waits_for_a_lock_of_ours_is_not_taken_for_stuck() {
        static HELD: Mutex<()> = Mutex::new(());
        let (tell, told) = std::sync::mpsc::channel();
        let holder = std::thread::spawn(move || {
            let held = lock(&HELD);
            tell.send(()).expect("heard");
            std::thread::sleep(3 * LIMIT);
            drop(held);
        });
        told.recv().expect("it holds it");
        let all = each("lock", vec![1, 2], |n| {
            drop(lock(&HELD));
            Ok(*n)
        });
        assert_eq!(all, [Ok(1), Ok(2)]);
        holder.join().expect("it ends");
    }

    #[test]
    fn a_panic_is_a_missing_value() {
        let all = each("panic", vec![1, 2, 3], |n| {
            if *n == 2 {
                // Past the panic hook, which may take its time over a backtrace.
                std::panic::resume_unwind(Box::new("on purpose"));
            }
            Ok(*n)
        });
        assert_eq!(all, [Ok(1), Err(Missing::Unsupported), Ok(3)]);
    }

    #[test]
    fn a_long_batch_is_in_order() {
        let all = each("order", (0..10_000).collect(), |n: &u32| Ok(*n));
        assert!(all.iter().zip(0..).all(|(r, n)| *r == Ok(n)));
        assert_eq!(all.len(), 10_000);
    }
}
