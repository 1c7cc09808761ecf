//! Every context switch of every core, as the kernel tells it (`perf_event_open(2)`): a dummy event with `context_switch`,
//! one ring a core. Needs no tracefs.
//!
//! Allowed to root, to `CAP_PERFMON`, and to all where `kernel.perf_event_paranoid` ≤ 0; else only for own threads. While
//! a reader is open every switch of the machine costs about 0.3 µs more; only dropping it ends that.

mod attr;
pub mod calls;
pub mod faults;
pub mod names;
mod order;
pub mod record;
mod recorded;
mod ring;

use std::io;
use std::os::fd::RawFd;

use attr::Attr;
use order::Order;
use record::Record;
use ring::{Event, Ring};

use crate::model::id::{CpuId, Nanos, Pid, Tid};
use crate::sys::root::ProcRoot;

/// Pages of a ring: 2 MiB of 4 KiB pages hold 90 ms of the fastest switching, while the reader waits for a core itself.
const PAGES: usize = 512;
/// And where that much may not be locked: 512 KiB fit into what the kernel grants an ordinary user.
const FEW_PAGES: usize = 128;
/// Where only names, births and ends are told.
const NAME_PAGES: usize = 16;
/// Pages of all rings together, 8 MiB: where that is too little for how often a large machine switches, sums are kept.
const ALL_PAGES: usize = 1 << 11;
/// Events of one's own threads: each costs a descriptor and a place in the kernel's switch path.
const MOST_EVENTS: usize = 512;

/// What is asked of a core.
#[derive(Clone, Copy, Debug)]
enum What {
    /// Everything that happens.
    All,
    /// Names, births and ends.
    Names,
}

/// The rings of all cores, read in the order of time.
#[derive(Debug)]
pub struct Reader {
    /// What is asked of a core.
    what: What,
    rings: Vec<Ring>,
    /// Moments of the next records, reused.
    order: Order,
}

impl Reader {
    /// Opens a ring for everything that happens on these cores; one that went offline meanwhile is left out.
    ///
    /// # Errors
    /// `EACCES` or `EPERM` without the right, `EMFILE` when there are not enough descriptors, as the kernel says.
    pub fn of_all(cpus: &[CpuId]) -> io::Result<Self> {
        if cpus.is_empty() {
            // Rings of nothing would tell "exactly" that nobody ran.
            let why = "it is not known which cores there are";
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let mut reader = Self::with(What::All, Vec::with_capacity(cpus.len()));
        reader.refit(cpus)?;
        Ok(reader)
    }

    /// Opens a small ring for names, births and ends on these cores.
    ///
    /// # Errors
    /// As [`Reader::of_all`].
    pub fn of_names(cpus: &[CpuId]) -> io::Result<Self> {
        let mut reader = Self::with(What::Names, Vec::with_capacity(cpus.len()));
        reader.refit(cpus)?;
        Ok(reader)
    }

    /// Closes the rings of cores that are not among these, and opens those that are missing, for everything that happens.
    ///
    /// # Errors
    /// As [`Reader::of_all`].
    pub fn refit(&mut self, cpus: &[CpuId]) -> io::Result<()> {
        self.rings.retain(|r| cpus.contains(&r.cpu));
        let mut most = match self.what {
            What::All => PAGES,
            What::Names => NAME_PAGES,
        };
        for cpu in cpus {
            let Err(at) = self.rings.binary_search_by_key(cpu, |r| r.cpu) else {
                continue;
            };
            let (pages, page) = sizes(most, cpus.len());
            let what = self.what;
            let ring = Self::open(what, *cpu, pages, page).or_else(|error| {
                if error.raw_os_error() != Some(libc::EPERM) || most <= FEW_PAGES {
                    return Err(error);
                }
                most = FEW_PAGES;
                let (pages, page) = sizes(most, cpus.len());
                Self::open(what, *cpu, pages, page)
            });
            match ring {
                Ok(ring) => self.rings.insert(at, ring),
                Err(e) if e.raw_os_error() == Some(libc::ENODEV) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Closes the rings that record nothing any more, and tells their cores; not to be asked twice at the same moment.
    pub fn close_dead(&mut self) -> Vec<CpuId> {
        let mut dead = Vec::new();
        self.rings.retain_mut(|ring| {
            let lives = ring.records();
            if !lives {
                dead.push(ring.cpu);
            }
            lives
        });
        dead
    }

    /// A ring for everything that happens on a core; the reader is woken when a quarter of it is full.
    fn open(what: What, cpu: CpuId, pages: usize, page: usize) -> io::Result<Ring> {
        let watermark = (pages * page / 4) as u32;
        let attr = match what {
            What::All => Attr::switches(watermark),
            What::Names => Attr::names(watermark),
        };
        Ring::map(Event::open(&attr, -1, cpu)?, cpu, pages, page)
    }

    /// Opens rings for these threads of one process, and for those that they will make.
    ///
    /// # Errors
    /// `EACCES` for another user's process; `E2BIG` for more threads and cores than is reasonable.
    pub fn of_own(tids: &[Tid], cpus: &[CpuId]) -> io::Result<Self> {
        if tids.len().saturating_mul(cpus.len()) > MOST_EVENTS {
            return Err(io::Error::from_raw_os_error(libc::E2BIG));
        }
        let (pages, page) = sizes(FEW_PAGES, cpus.len());
        let attr = Attr::own((pages * page / 4) as u32);
        let who: Vec<i32> = tids.iter().map(|tid| tid.0 as i32).collect();
        let rings = rings(&[attr], &who, cpus, ((pages / 2).max(1), page))?;
        Ok(Self::with(What::All, rings))
    }

    fn with(what: What, rings: Vec<Ring>) -> Self {
        Self {
            what,
            rings,
            order: Order::default(),
        }
    }

    /// The cores that are read.
    pub fn cpus(&self) -> impl Iterator<Item = CpuId> {
        self.rings.iter().map(|r| r.cpu)
    }

    /// What [`wait`] waits on; the numbers are valid as long as this reader lives. Nothing where nothing more will come:
    /// every thread that was listened to has ended.
    pub fn fds(&self) -> Vec<RawFd> {
        self.rings.iter().filter_map(Ring::fd).collect()
    }

    /// Takes in which of them hung up, as [`wait`] told: what they have told is still read, but they are not waited on.
    pub fn hung_up(&mut self, fds: &[RawFd]) {
        for ring in &mut self.rings {
            if ring.fd().is_some_and(|fd| fds.contains(&fd)) {
                ring.event_ended();
            }
        }
    }

    /// Hands out every record until `now`, all cores in one order of time; later ones stay for the next call.
    pub fn drain(&mut self, now: Nanos, mut each: impl FnMut(CpuId, Record)) {
        self.order.clear();
        for (i, ring) in self.rings.iter_mut().enumerate() {
            ring.look();
            if let Some(at) = ring.moment().filter(|at| *at <= now) {
                self.order.add(at, i);
            }
        }
        self.order.ready();
        while let Some((i, others)) = self.order.first() {
            let ring = &mut self.rings[i];
            let until = others.unwrap_or(now);
            // Goes on with this core as long as it is the earliest.
            let at = loop {
                if let Some(record) = ring.next() {
                    each(ring.cpu, record);
                }
                match ring.moment() {
                    Some(at) if at <= until => {}
                    at => break at.filter(|at| *at <= now),
                }
            };
            self.order.next(at);
        }
        for ring in &self.rings {
            ring.done();
        }
    }
}

/// A ring on each core for what these events tell of all of these; `size`: its pages, and how large one is. Cores that are not
/// there and who has ended are passed over.
fn rings(
    attrs: &[Attr],
    who: &[i32],
    cpus: &[CpuId],
    size: (usize, usize),
) -> io::Result<Vec<Ring>> {
    let mut rings = Vec::new();
    for cpu in cpus {
        let mut ring: Option<Ring> = None;
        for (of, attr) in who.iter().flat_map(|of| attrs.iter().map(move |a| (of, a))) {
            let event = match Event::open(attr, *of, *cpu) {
                Ok(event) => event,
                Err(e) if matches!(e.raw_os_error(), Some(libc::ENODEV | libc::ESRCH)) => continue,
                Err(e) => return Err(e),
            };
            match &mut ring {
                None => ring = Some(Ring::map(event, *cpu, size.0, size.1)?),
                Some(ring) => ring.add(event)?,
            }
        }
        rings.extend(ring);
    }
    Ok(rings)
}

/// Waits until a ring is full enough to be read, at most so long; tells those that hung up, which must not be waited on
/// again: the threads that they are about have ended.
#[must_use = "waiting again on what hung up is spinning"]
pub fn wait(fds: &[RawFd], at_most: Nanos) -> Vec<RawFd> {
    ring::wait(fds, at_most)
}

/// Waits so long, and for nothing.
pub fn pause(span: Nanos) {
    ring::wait(&[], span);
}

/// Pages of the ring of each core, `most` at the most, and the size of a page.
fn sizes(most: usize, cpus: usize) -> (usize, usize) {
    let fair = (ALL_PAGES / cpus.max(1)).clamp(1, most.max(1));
    // A power of two, as the kernel demands; beside them each ring has a page of its own.
    let pages = 1 << fair.ilog2();
    let all = (pages + 1) * cpus;
    let pages = if all > ALL_PAGES * 5 / 4 {
        pages / 2
    } else {
        pages
    };
    (pages.max(1), page_size())
}

fn page_size() -> usize {
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE);
    let page = page.ok().flatten().and_then(|p| usize::try_from(p).ok());
    page.unwrap_or(4096)
}

/// What stands in `kernel.perf_event_paranoid`; `None` where the kernel has no perf events.
pub fn paranoid(root: &ProcRoot) -> Option<i32> {
    let text = std::fs::read_to_string(root.proc("sys/kernel/perf_event_paranoid")).ok()?;
    text.trim().parse().ok()
}

/// The threads of a process as the kernel lists them now.
pub fn threads(root: &ProcRoot, pid: Pid) -> Vec<Tid> {
    let Ok(entries) = std::fs::read_dir(root.proc(format!("{pid}/task"))) else {
        return Vec::new();
    };
    let name = |e: io::Result<std::fs::DirEntry>| e.ok()?.file_name().to_str()?.parse().ok();
    entries.filter_map(name).map(Tid).collect()
}

/// Why the kernel refuses and what would help, in one sentence.
pub fn why(error: &io::Error, paranoid: Option<i32>) -> String {
    match (error.raw_os_error(), paranoid) {
        (Some(libc::EACCES | libc::EPERM), None) => {
            "switches of all cores need CAP_PERFMON, or perf events that nobody forbids".to_owned()
        }
        (_, None) | (Some(libc::ENOSYS), _) => {
            "this kernel or container has no perf events".to_owned()
        }
        (Some(libc::EACCES | libc::EPERM), Some(level)) => format!(
            "switches of all cores need CAP_PERFMON or kernel.perf_event_paranoid ≤ 0 (now {level})"
        ),
        (Some(libc::EMFILE), _) => "not enough descriptors for a ring on each core".to_owned(),
        _ => format!("perf_event_open: {error}"),
    }
}
