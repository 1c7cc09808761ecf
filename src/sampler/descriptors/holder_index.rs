//! The index: what every process holds open, kept between readings and renewed a part at a time.
//!
//! A link costs about 2 µs, so a machine with 100,000 descriptors would cost a quarter of a second each time. New processes are
//! read at once; the others in turn, oldest first, within the time that is allowed.

mod alike;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use alike::{Alike, Held};

use crate::model::descriptors::peer::{End, Holder, HolderIndex, Object};
use crate::model::id::{Pid, ProcId, Ticks};
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::descriptors::fds::Fds;
use crate::sys::descriptors::objects::{is_master, is_unclear, object, refined, told};
use crate::sys::network::namespace;
use crate::sys::process::changes::Feed;
use crate::sys::process::{living, proc_stat, visible};
use crate::sys::root::ProcRoot;
use crate::sys::{clock, fields};

/// How much is spent on being up to date.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How long one reading may spend.
    pub budget: Duration,
    /// A whole index takes at most one part in so many of the time.
    pub share: u32,
    /// How old the list of processes, the index and the socket tables may be to be used again.
    pub fresh: Duration,
    /// How old what is known of a process may be that did not run since: only what it holds may then have another name.
    pub asleep: Duration,
}

/// Takes the index and keeps it.
pub struct Indexer {
    root: ProcRoot,
    feed: Feed,
    in_part: bool,
    unlisted: bool,
    known: HashMap<Pid, Box<Known>>,
    alike: Alike,
    /// Whether every living process was read at least once.
    complete: bool,
    /// What reading every process once cost, lately.
    cost: Duration,
    /// Who lived when `/proc` was last listed, by ascending pid.
    living: Vec<Pid>,
    listed: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    at: Instant,
    /// Whether it may have run since.
    woke: bool,
    took_us: u32,
    holder: Holder,
    /// By descriptor: the hash of its link, to tell that it still is what it was.
    links: Arc<[u64]>,
    /// Of a process with one thread: how long it had run, and how often, before its descriptors were read.
    ran: Option<Box<[u64; 2]>>,
    /// When every descriptor was last read as if nothing were known.
    whole: Instant,
}

impl Known {
    /// The sockets it holds.
    fn sockets(&self) -> impl Iterator<Item = u64> {
        let ends = self.holder.ends.iter().flat_map(|ends| ends.iter());
        ends.filter_map(|end| match end.object {
            Object::Socket(inode) => Some(inode),
            _ => None,
        })
    }
}

/// How old an entry may be before it is read again, at the least.
const STALE: Duration = Duration::from_secs(1);
/// What is known is relied on for so long: a link may lead to something else of the same name, and somebody else may
/// share the table.
const RELIED: Duration = Duration::from_secs(10);
/// With fewer descriptors than this, asking whether the process ran costs as much as reading them.
const FEW: usize = 8;

impl Indexer {
    /// A taker that knows nobody yet.
    pub fn new(root: ProcRoot) -> Self {
        Self::hearing(root, Feed::default())
    }

    /// The same; whom the feed hears sleep is not read again for long, since only a process itself opens and closes its
    /// descriptors.
    pub fn hearing(root: ProcRoot, feed: Feed) -> Self {
        Self {
            in_part: visible::in_part(&root),
            unlisted: visible::hidden_by(&root).is_some(),
            root,
            feed,
            known: HashMap::new(),
            alike: Alike::default(),
            complete: false,
            cost: Duration::ZERO,
            living: Vec::new(),
            listed: None,
        }
    }

    /// Whether every living process has been read at least once.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Brings the index up to date within `budget`; answers whether every living process has been read at least once.
    ///
    /// Of those never read, the ones with a pid near `near` come first.
    pub fn refresh(&mut self, effort: &Effort, near: Option<Pid>) -> bool {
        let began = Instant::now();
        let Effort { budget, share, .. } = *effort;
        let old = |at: Instant| began.duration_since(at) >= effort.fresh;
        self.hear();
        if self.listed.is_none_or(old) {
            self.living = self.seen(effort.fresh).unwrap_or_else(|| self.root.pids());
            self.listed = Some(began);
            let living = &self.living;
            self.known
                .retain(|pid, _| living.binary_search(pid).is_ok());
        }
        let stale = STALE.max(self.cost * share);
        // Who began at about the same time is the likeliest at the other end of a pipe.
        let far = |pid: Pid| near.map_or(0, |near| near.0.abs_diff(pid.0));
        let is_due = |known: &Known| {
            let age = began.duration_since(known.at);
            age >= stale && (known.woke || age >= effort.asleep)
        };
        let mut due: Vec<(Option<Instant>, u32, Pid)> = self
            .living
            .iter()
            .map(|pid| (self.known.get(pid), *pid))
            .filter(|(known, _)| known.is_none_or(|known| is_due(known)))
            .map(|(known, pid)| (known.map(|k| k.at), far(pid), pid))
            .collect();
        due.sort_unstable();
        let mut complete = true;
        for (at, _, pid) in due {
            if began.elapsed() >= budget {
                complete &= at.is_some();
                break;
            }
            self.renew(pid);
        }
        let cost_us = self.known.values().map(|k| u64::from(k.took_us)).sum();
        self.cost = Duration::from_micros(cost_us);
        self.complete = complete;
        complete
    }

    /// Reads one process again now, whatever its age.
    pub fn renew(&mut self, pid: Pid) {
        let before = self.known.remove(&pid);
        if let Ok(known) = self.visit(pid, before) {
            self.known.insert(pid, Box::new(known));
        }
    }

    /// Looks for those who hold these sockets, which nobody held when last visited: somebody has opened them since.
    /// Who holds a socket already is the likeliest, then who began last. What is found is taken out of `lost`; answers
    /// whether everybody was visited.
    pub fn seek(&mut self, lost: &mut HashSet<u64>, budget: Duration) -> bool {
        let began = Instant::now();
        let talks = |k: &Known| k.sockets().next().is_some();
        let mut due: Vec<(bool, Reverse<Ticks>, Pid)> = self
            .known
            .values()
            .filter(|k| k.holder.ends.is_ok())
            .map(|k| (!talks(k), Reverse(k.holder.id.start), k.holder.id.pid))
            .collect();
        due.sort_unstable();
        for (.., pid) in due {
            if lost.is_empty() {
                return true;
            }
            if began.elapsed() >= budget {
                return false;
            }
            self.renew(pid);
            if let Some(known) = self.known.get(&pid) {
                for inode in known.sockets() {
                    lost.remove(&inode);
                }
            }
        }
        true
    }

    /// What is known, by ascending pid.
    pub fn index(&self) -> HolderIndex {
        let mut holders: Vec<_> = self.known.values().map(|k| k.holder.clone()).collect();
        holders.sort_unstable_by_key(|h| h.id);
        HolderIndex {
            holders,
            in_part: self.in_part,
            unlisted: self.unlisted,
            early: !self.complete,
        }
    }

    /// Takes in who may have run since the last time.
    fn hear(&mut self) {
        match self.feed.ran_since() {
            Some(ran) => {
                for pid in ran {
                    if let Some(known) = self.known.get_mut(&pid) {
                        known.woke = true;
                    }
                }
            }
            None => self.known.values_mut().for_each(|k| k.woke = true),
        }
    }

    /// Who lived at the last sweep, where that is no older than this.
    fn seen(&self, fresh: Duration) -> Option<Vec<Pid>> {
        let sweep = self.feed.seen()?;
        let age = Duration::from_nanos(clock::now().since(sweep.at).0);
        (age < fresh).then(|| sweep.procs.iter().map(|p| p.id.pid).collect())
    }

    fn visit(&mut self, pid: Pid, before: Option<Box<Known>>) -> Reading<Known> {
        let at = Instant::now();
        let text = self.root.read(format!("{pid}/stat"))?;
        let line = proc_stat::parse(&text, 1).ok_or(Missing::Unsupported)?;
        let asked = if living::first_has_ended(&line.stat) {
            living::pid(&self.root, pid)
        } else {
            pid
        };
        let id = ProcId {
            pid,
            start: line.start,
        };
        let before = before.filter(|b| b.holder.id == id);
        let name = match &before {
            Some(b) if b.holder.name.as_bytes() == line.name => b.holder.name.clone(),
            _ => SafeText::from_bytes(line.name),
        };
        let holds_none = line.stat.is_kernel_thread()
            || (asked == pid && matches!(line.stat.state, State::Zombie | State::Dead));
        let many = before.as_ref().is_some_and(|b| b.links.len() >= FEW);
        // Before the descriptors, so that what happens meanwhile is noticed the next time. Who runs now may change them.
        let ran = match line.stat.state {
            State::Running => None,
            _ if line.stat.threads != 1 || holds_none || !many => None,
            _ => self.ran(pid).map(Box::new),
        };
        let recent = before.filter(|b| at.duration_since(b.whole) < RELIED);
        let whole = recent.as_ref().map_or(at, |b| b.whole);
        let slept = |b: &Known| ran.is_some() && b.ran == ran && b.holder.ends.is_ok();
        let (ends, links) = match recent {
            _ if holds_none => (Ok(Arc::default()), Arc::default()),
            // Only a process itself opens and closes its descriptors.
            Some(known) if slept(&known) => (known.holder.ends, known.links),
            known => {
                let old = known.as_ref().map(|b| (&b.holder, &b.links[..]));
                match self.ends(asked, old) {
                    Ok((ends, links)) => (Ok(ends), links),
                    Err(why) => (Err(why), Arc::default()),
                }
            }
        };
        Ok(Known {
            at,
            woke: false,
            took_us: u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX),
            holder: Holder {
                id,
                name,
                namespace: namespace::of(&self.root, asked).unwrap_or(0),
                mounts: namespace::mounts_of(&self.root, asked).unwrap_or(0),
                ends,
            },
            links,
            ran,
            whole,
        })
    }

    /// How many nanoseconds a process with one thread has run, and how often it got a core: `12067 34 5`.
    fn ran(&self, pid: Pid) -> Option<[u64; 2]> {
        let text = self.root.read(format!("{pid}/schedstat")).ok()?;
        let mut numbers = fields::numbers(&text);
        Some([numbers.next()?, numbers.nth(1)?])
    }

    fn ends(&mut self, pid: Pid, before: Option<(&Holder, &[u64])>) -> Reading<Held> {
        let fds = Fds::open(&self.root, pid)?;
        let numbers = fds.numbers()?;
        let mut ends = Vec::with_capacity(numbers.len());
        let mut links = Vec::with_capacity(numbers.len());
        let (mut unclear, mut untold) = (Vec::new(), Vec::new());
        for fd in numbers {
            let link = match fds.link(fd) {
                Ok(link) => link,
                // A machine may list the numbers and hide what they are.
                Err(Missing::Denied) => return Err(Missing::Denied),
                Err(_) => continue,
            };
            let hash = hash(&link);
            let old = before.and_then(|(holder, links)| {
                let ends = holder.ends.as_ref().ok()?;
                let at = ends.binary_search_by_key(&fd, |e| e.fd).ok()?;
                // Every eventfd and every master has the same link.
                let lasts = !matches!(
                    ends[at].object,
                    Object::Eventfd(_) | Object::Pty { master: true, .. }
                );
                (lasts && links.get(at) == Some(&hash)).then(|| ends[at].object.clone())
            });
            let object = old.unwrap_or_else(|| {
                let (kind, object, open) = object(&link);
                if open {
                    untold.push((ends.len(), fd));
                }
                if is_unclear(kind, &link) {
                    unclear.push((ends.len(), fd, link));
                }
                object
            });
            ends.push(End {
                fd,
                mode: None,
                object,
            });
            links.push(hash);
        }
        let asked: Vec<u32> = unclear.iter().map(|(_, fd, _)| *fd).collect();
        let behind = fds.behind(&asked);
        let masters = unclear.iter().zip(&behind).filter(|(_, b)| is_master(b));
        untold.extend(masters.map(|((at, fd, _), _)| (*at, *fd)));
        let asked: Vec<u32> = untold.iter().map(|(_, fd)| *fd).collect();
        for ((at, _), info) in untold.iter().zip(fds.infos(&asked)) {
            if let Some(object) = info.ok().and_then(|info| told(&info)) {
                ends[*at].object = object;
            }
        }
        for ((at, _, link), behind) in unclear.iter().zip(behind) {
            let object = &mut ends[*at].object;
            if let Some(known) = behind.ok().and_then(|b| refined(link, object, &b)) {
                *object = known;
            }
        }
        for end in &mut ends {
            let directed = matches!(
                end.object,
                Object::Pipe(_) | Object::Fifo { .. } | Object::Queue { .. }
            );
            if directed {
                end.mode = fds.mode(end.fd).ok();
            }
        }
        Ok(self.alike.once(ends, &links))
    }
}

fn hash(link: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
