//! Page faults of one process with their addresses and the code that they were in, as the kernel tells them
//! (`perf_event_open(2)`: `PERF_COUNT_SW_PAGE_FAULTS_MIN` and `_MAJ` with `PERF_SAMPLE_ADDR`, `PERF_SAMPLE_IP` and the word
//! at the stack pointer). One's own processes need no right.
//!
//! Each is told while they are few enough to be read in time, else each so many: how many one stands for is told with it.

use std::io;

use super::attr::{Attr, TOP};
use super::record::LOST;
use super::ring::Ring;
use super::{MOST_EVENTS, page_size, rings};
use crate::model::id::{CpuId, Nanos, Pid, Tid};

/// Pages of the rings of a core: for faults that did not wait for a disk, and for those that did.
const PAGES: [usize; 2] = [256, 64];
/// And where there are many cores, or so much may not be locked: together with the rings of the switches these fit into what
/// the kernel grants an ordinary user.
const FEW_PAGES: [usize; 2] = [32, 8];
/// So many cores are many.
const MANY: usize = 16;
/// `PERF_RECORD_SAMPLE`.
const SAMPLE: u32 = 9;
/// The longest of these records: head, code, pid and tid, time, address, and the top of the stack with its lengths.
const LONGEST: usize = 56 + TOP as usize;
/// A ring that is so full by the time that it is read would soon be too small: percent.
const FULL: usize = 40;
/// And one that is so empty might tell more of them: percent.
const EMPTY: usize = 2;
/// From one pace to the next.
const STEP: u64 = 4;
const MOST: u64 = 1 << 20;

/// A page fault that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When, `CLOCK_MONOTONIC`.
    pub at: Nanos,
    /// The thread that it was of.
    pub tid: Tid,
    /// The address that was touched.
    pub address: u64,
    /// How many it stands for: 1 where each is told.
    pub stands_for: u64,
    /// Whether it had to wait for a disk.
    pub major: bool,
    /// Where the code is that touched it, of the kernel itself where that did.
    pub code: u64,
    /// The word at the stack pointer of that code: in a function that keeps nothing there, where it goes back to. 0 where
    /// there was none.
    pub top: u64,
}

/// Hears page faults until it is dropped.
#[derive(Debug)]
pub struct Faults {
    of: Pid,
    /// Whether those are told that the kernel takes for a thread, as when it reads a file into new memory.
    pub kernel: bool,
    pages: [usize; 2],
    /// Of the two kinds, on each core.
    rings: [Vec<Ring>; 2],
    period: u64,
}

impl Faults {
    /// Begins to hear those of a process that has these threads.
    ///
    /// # Errors
    /// `EACCES` for another user's process; `E2BIG` for more threads and cores than is reasonable, where nobody lets us hear
    /// whole cores; `ESRCH` where it has ended.
    pub fn of(pid: Pid, tids: &[Tid], cpus: &[CpuId]) -> io::Result<Self> {
        let many = 2 * tids.len() * cpus.len() > MOST_EVENTS;
        // Everybody's, of which those of others are passed over.
        let everybody = [-1];
        let threads: Vec<i32> = tids.iter().map(|tid| tid.0 as i32).collect();
        let who = if many { &everybody[..] } else { &threads };
        let page = page_size();
        let open = |kernel: bool, pages: [usize; 2]| -> io::Result<Self> {
            Ok(Self {
                of: pid,
                kernel,
                pages,
                rings: [
                    rings(&[Attr::faults(false, kernel)], who, cpus, (pages[0], page))?,
                    rings(&[Attr::faults(true, kernel)], who, cpus, (pages[1], page))?,
                ],
                period: 1,
            })
        };
        let most = if cpus.len() > MANY { FEW_PAGES } else { PAGES };
        let opened = open(true, most).or_else(|_| open(false, FEW_PAGES));
        let opened = opened.map_err(|error| {
            let refused = many && error.raw_os_error() == Some(libc::EACCES);
            if refused {
                io::Error::from_raw_os_error(libc::E2BIG)
            } else {
                error
            }
        })?;
        if opened.rings[0].is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(opened)
    }

    /// Begins to hear those alone that wait for a disk: of whole cores where that is allowed, which costs nobody's switches
    /// anything.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn waited(pid: Pid, tids: &[Tid], cpus: &[CpuId]) -> io::Result<Self> {
        let most = if cpus.len() > MANY { FEW_PAGES } else { PAGES };
        let open = |kernel: bool, who: &[i32]| -> io::Result<Self> {
            let attr = Attr::faults(true, kernel);
            let pages = if kernel { most } else { FEW_PAGES };
            let heard = rings(&[attr], who, cpus, (pages[1], page_size()))?;
            Ok(Self {
                of: pid,
                kernel,
                pages,
                rings: [Vec::new(), heard],
                period: 1,
            })
        };
        let threads: Vec<i32> = tids.iter().map(|tid| tid.0 as i32).collect();
        let opened = open(true, &[-1]).or_else(|error| {
            if tids.len() * cpus.len() > MOST_EVENTS {
                return Err(error);
            }
            open(false, &threads)
        })?;
        if opened.rings[1].is_empty() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(opened)
    }

    /// Hands out what was told since the reading before; says whether that is all that there was to tell.
    pub fn read(&mut self, mut each: impl FnMut(Fault)) -> bool {
        let (mut lost, mut most) = (false, 0);
        for (n, rings) in self.rings.iter_mut().enumerate() {
            for ring in rings {
                let mut bytes = 0;
                ring.whole(|kind, _, body| {
                    bytes += body.len() + 8;
                    match kind {
                        SAMPLE => {
                            let told = fault(body, self.period, n == 1);
                            if let Some((_, fault)) = told.filter(|(pid, _)| *pid == self.of) {
                                each(fault);
                            }
                        }
                        LOST => lost = true,
                        _ => {}
                    }
                });
                let room = self.pages[n] * page_size();
                // What found no room is told only when there is some again.
                lost |= bytes + 2 * LONGEST > room;
                most = most.max(bytes * 100 / room);
            }
        }
        let period = if lost || most > FULL {
            (self.period * STEP).min(MOST)
        } else if most < EMPTY {
            (self.period / STEP).max(1)
        } else {
            self.period
        };
        if period != self.period {
            self.period = period;
            self.rings
                .iter()
                .flatten()
                .for_each(|ring| ring.each(period));
        }
        !lost
    }
}

/// `code, pid, tid, time, address`, then `length, stack, of that to be had`; and whose it is.
fn fault(body: &[u8], stands_for: u64, major: bool) -> Option<(Pid, Fault)> {
    // Of a thread that has no user land no stack is told, and no more than its length.
    let had = word(body, 40 + TOP as usize).unwrap_or(0);
    let top = word(body, 40).filter(|_| had >= u64::from(TOP));
    let fault = Fault {
        at: Nanos(word(body, 16)?),
        tid: Tid((word(body, 8)? >> 32) as u32),
        address: word(body, 24)?,
        stands_for,
        major,
        code: word(body, 0)?,
        top: top.unwrap_or(0),
    };
    Some((Pid(word(body, 8)? as u32), fault))
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at + 8)?;
    Some(u64::from_ne_bytes(eight.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::clock;

    /// Touches each page of new memory once; where it was, and how many pages.
    fn touch(pages: usize) -> std::ops::Range<u64> {
        let size = page_size();
        // So much is always mapped anew.
        let mut memory = vec![0_u8; ((pages + 2) * size).max(64 << 20)];
        let from = memory.as_ptr() as u64;
        for page in 0..pages {
            memory[(page + 1) * size] = 1;
        }
        std::hint::black_box(&memory);
        from..from + memory.len() as u64
    }

    fn own() -> Option<Faults> {
        let me = Tid(nix::unistd::gettid().as_raw() as u32);
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let cpus: Vec<_> = (0..cpus).map(|n| CpuId(n as u32)).collect();
        match Faults::of(Pid(std::process::id()), &[me], &cpus) {
            Ok(faults) => Some(faults),
            Err(error) => {
                println!("skipped: {error}");
                None
            }
        }
    }

    /// Waits for so many ticks of the kernel. In the one in which its pace was changed after many records an event is held back
    /// until the next.
    fn ticks(many: usize) {
        let tick = || nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC_COARSE);
        for _ in 0..many {
            let before = tick();
            while tick() == before {
                std::thread::yield_now();
            }
        }
    }

    #[test]
    fn each_first_touch_is_told_with_its_address() {
        let Some(mut faults) = own() else { return };
        faults.read(|_| {});
        let (before, there, after) = (clock::now(), touch(1000), clock::now());
        let mut told = Vec::new();
        assert!(faults.read(|fault| told.push(fault)));
        let size = page_size() as u64;
        let mut pages: Vec<u64> = told
            .iter()
            .filter(|f| there.contains(&f.address))
            .inspect(|f| assert!(f.stands_for == 1 && !f.major && (before..=after).contains(&f.at)))
            .map(|f| f.address / size)
            .collect();
        let all = pages.len();
        pages.sort_unstable();
        pages.dedup();
        assert_eq!(
            pages.len(),
            all,
            "each page is touched for the first time once"
        );
        // Where the kernel gives larger pages one fault takes many.
        let huge = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
        if huge.is_ok_and(|on| on.contains("[always]")) {
            println!("skipped: large pages are given unasked");
            return;
        }
        assert!((1000..=1002).contains(&all), "{all}");
    }

    #[test]
    fn of_more_than_can_be_read_each_so_many_is_told_and_says_how_many_it_stands_for() {
        let Some(mut faults) = own() else { return };
        faults.read(|_| {});
        // Each core has a ring of its own.
        let here = nix::sched::sched_getcpu().expect("a core");
        let mut only = nix::sched::CpuSet::new();
        only.set(here).expect("a small core number");
        nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &only).expect("ours");
        let room = faults.pages[0] * page_size() / LONGEST;
        touch(room + 1000);
        let mut told = 0;
        let whole = faults.read(|f| told += f.stands_for);
        assert_eq!(whole, told < 1000, "{told}");
        if told < 1000 {
            println!("skipped: large pages are given unasked");
            return;
        }
        assert_eq!(faults.period, STEP);
        ticks(2);
        touch(room);
        let (mut sum, mut told) = (0, 0);
        faults.read(|f| {
            sum += f.stands_for;
            told += 1;
        });
        assert!(told < room / 2, "{told} of {room}");
        let off = sum.abs_diff(room as u64);
        assert!(off < room as u64 / 10, "{sum} of {room}");
        while faults.period > 1 {
            faults.read(|_| {});
        }
    }

    #[test]
    fn any_bytes_are_a_fault_or_none() {
        assert_eq!(fault(&[0; 31], 1, false), None);
        let words = [0x40_u64, 9 << 32 | 7, 5, 0x1000, 8, 0x44, 8];
        let body: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        assert_eq!(body.len() + 8, LONGEST);
        let whole = Fault {
            at: Nanos(5),
            tid: Tid(9),
            address: 0x1000,
            stands_for: 3,
            major: true,
            code: 0x40,
            top: 0x44,
        };
        assert_eq!(fault(&body, 3, true), Some((Pid(7), whole)));
        // Without a stack, and with one that was not there.
        let bare = Fault { top: 0, ..whole };
        assert_eq!(fault(&body[..40], 3, true), Some((Pid(7), bare)));
        let mut gone = body;
        gone[48..56].fill(0);
        assert_eq!(fault(&gone, 3, true), Some((Pid(7), bare)));
    }
}
