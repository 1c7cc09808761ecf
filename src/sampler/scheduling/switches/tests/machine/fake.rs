//! A kernel that tells what a test wants it to tell.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::*;
use crate::sys::scheduling::perf::record::Record;
use crate::sys::scheduling::sums::Read;
use crate::sys::scheduling::wakes::Woken;

type Records = Arc<Mutex<VecDeque<(CpuId, Record)>>>;

/// A kernel whose state the test sets.
pub(super) struct FakeKernel {
    pub(super) cores: RefCell<Vec<CpuId>>,
    pub(super) allowed: Arc<Mutex<bool>>,
    pub(super) suspended: Cell<Nanos>,
    pub(super) records: Records,
    /// Cores whose rings record nothing any more.
    pub(super) dead: Arc<Mutex<Vec<CpuId>>>,
    /// Processes of one's own, and those of all that live.
    pub(super) own: RefCell<Vec<ProcId>>,
    pub(super) living: RefCell<Vec<ProcId>>,
    pub(super) paranoid: Cell<i32>,
    /// What the kernel has summed up since it was read; `None` where it does not sum.
    pub(super) sums: Arc<Mutex<Option<Vec<Summed>>>>,
    /// Wake-ups since they were read; `None` where the kernel does not tell them.
    pub(super) wakes: Arc<Mutex<Option<Vec<Woken>>>>,
}

struct ToldWakes(Arc<Mutex<Option<Vec<Woken>>>>);

impl Waking for ToldWakes {
    fn read(&mut self, each: &mut dyn FnMut(Woken)) {
        let mut wakes = self.0.lock().expect("no test failed");
        wakes.iter_mut().flat_map(|w| w.drain(..)).for_each(each);
    }
}

struct ToldSums(Arc<Mutex<Option<Vec<Summed>>>>);

impl Summing for ToldSums {
    fn read(&mut self, _: Nanos, each: &mut dyn FnMut(Summed)) -> Read {
        let mut sums = self.0.lock().expect("no test failed");
        sums.iter_mut().flat_map(|s| s.drain(..)).for_each(each);
        Read::default()
    }
    fn running(&self) -> Vec<(CpuId, Thread)> {
        let thread = Thread {
            pid: Pid(9),
            tid: Tid(9),
        };
        vec![(CpuId(1), thread)]
    }
    fn ended(&mut self, _: Tid) {}
    fn waited(&self, _: Tid) -> Option<Nanos> {
        None
    }
}

impl Default for FakeKernel {
    fn default() -> Self {
        Self {
            cores: RefCell::new(vec![CpuId(0), CpuId(1)]),
            allowed: Arc::new(Mutex::new(true)),
            suspended: Cell::default(),
            records: Records::default(),
            dead: Arc::default(),
            own: RefCell::default(),
            living: RefCell::default(),
            paranoid: Cell::new(2),
            sums: Arc::default(),
            wakes: Arc::default(),
        }
    }
}

struct ToldRings {
    dead: Arc<Mutex<Vec<CpuId>>>,
    cpus: Vec<CpuId>,
    allowed: Arc<Mutex<bool>>,
    records: Records,
}

impl Rings for ToldRings {
    fn cpus(&self) -> Vec<CpuId> {
        self.cpus.clone()
    }
    fn fds(&self) -> Vec<RawFd> {
        Vec::new()
    }
    fn hung_up(&mut self, _: &[RawFd]) {}
    fn close_dead(&mut self) -> Vec<CpuId> {
        let dead = std::mem::take(&mut *self.dead.lock().expect("no test failed"));
        self.cpus.retain(|c| !dead.contains(c));
        dead
    }
    fn refit(&mut self, cpus: &[CpuId]) -> io::Result<()> {
        let more = cpus.iter().any(|c| !self.cpus.contains(c));
        if more && !*self.allowed.lock().expect("no test failed") {
            return Err(io::Error::from_raw_os_error(libc::EACCES));
        }
        self.cpus = cpus.to_vec();
        Ok(())
    }
    fn drain(&mut self, _: Nanos, each: &mut dyn FnMut(CpuId, Record)) {
        let records = std::mem::take(&mut *self.records.lock().expect("no test failed"));
        for (cpu, record) in records {
            if self.cpus.contains(&cpu) {
                each(cpu, record);
            }
        }
    }
}

impl Kernel for FakeKernel {
    fn cores(&self) -> Vec<CpuId> {
        self.cores.borrow().clone()
    }
    fn rings(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        let mut rings = ToldRings {
            cpus: Vec::new(),
            allowed: Arc::clone(&self.allowed),
            records: Arc::clone(&self.records),
            dead: Arc::clone(&self.dead),
        };
        rings.refit(cpus)?;
        Ok(Box::new(rings))
    }
    fn names(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        self.rings(cpus)
    }
    fn sums(&self) -> io::Result<Box<dyn Summing>> {
        let sums = self.sums.lock().expect("no test failed");
        match &*sums {
            Some(_) => Ok(Box::new(ToldSums(Arc::clone(&self.sums)))),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
    fn rings_of(&self, id: ProcId, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        if !self.own.borrow().contains(&id) {
            return Err(io::Error::from_raw_os_error(libc::EACCES));
        }
        Ok(Box::new(ToldRings {
            cpus: cpus.to_vec(),
            allowed: Arc::default(),
            records: Arc::clone(&self.records),
            dead: Arc::default(),
        }))
    }
    fn wakes(&self) -> io::Result<Box<dyn Waking>> {
        if self.wakes.lock().expect("no test failed").is_none() {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
        Ok(Box::new(ToldWakes(Arc::clone(&self.wakes))))
    }
    fn switches(&self) -> Option<u64> {
        None
    }
    fn lives(&self, id: ProcId) -> bool {
        self.living.borrow().contains(&id)
    }
    fn paranoid(&self) -> Option<i32> {
        Some(self.paranoid.get())
    }
    fn suspended(&self) -> Nanos {
        self.suspended.get()
    }
}

impl FakeKernel {
    /// A switch on a core now, from nobody to a thread that does not exist.
    pub(super) fn switch(&self, cpu: u32, next: u32) {
        let thread = |n| Thread {
            pid: Pid(n),
            tid: Tid(n),
        };
        let event = Event::Switch {
            prev: thread(0),
            next: thread(next),
            runnable: Some(false),
        };
        self.tell(cpu, event);
    }

    pub(super) fn tell(&self, cpu: u32, event: Event) {
        let at = clock::now();
        let mut records = self.records.lock().expect("no test failed");
        records.push_back((CpuId(cpu), Record { at, event }));
    }
}
