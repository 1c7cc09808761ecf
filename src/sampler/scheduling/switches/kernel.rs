//! What the thread `switches` asks the kernel for; everything that it does beside this is tested without one.

use std::io;

use super::recorder::{Rings, Summing, Waking};
use crate::model::id::{CpuId, Nanos, ProcId};
use crate::sampler::scheduling::wakes::ByHardware;
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::process::process_ids;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::perf::{self, Reader};
use crate::sys::scheduling::sums::Sums;

/// What the kernel is asked; tests answer otherwise.
pub(super) trait Kernel {
    /// The cores that are online.
    fn cores(&self) -> Vec<CpuId>;
    /// Opens the rings of these cores for everything that happens on them.
    fn rings(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>>;
    /// Opens rings of these cores that tell only names, births and ends.
    fn names(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>>;
    /// Has the kernel sum up every slice.
    fn sums(&self) -> io::Result<Box<dyn Summing>>;
    /// Opens rings for the threads of one process, and for those that they will make.
    fn rings_of(&self, id: ProcId, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>>;
    /// Has every wake-up told.
    fn wakes(&self) -> io::Result<Box<dyn Waking>>;
    /// How often all cores have switched since boot, where that is told.
    fn switches(&self) -> Option<u64>;
    /// Whether this process still has its number.
    fn lives(&self, id: ProcId) -> bool;
    /// What the rights of this user hang on; another value is worth another try.
    fn paranoid(&self) -> Option<i32>;
    /// How long the machine was suspended since boot.
    fn suspended(&self) -> Nanos;
}

/// The kernel that runs.
pub(super) struct Running<'a>(pub &'a ProcRoot);

impl Kernel for Running<'_> {
    fn cores(&self) -> Vec<CpuId> {
        cores::online(self.0)
    }
    fn rings(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        if !self.0.is_live() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Box::new(Reader::of_all(cpus)?))
    }
    fn names(&self, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        Ok(Box::new(Reader::of_names(cpus)?))
    }
    fn sums(&self) -> io::Result<Box<dyn Summing>> {
        Ok(Box::new(Sums::open(self.0, cores::possible(self.0))?))
    }
    fn rings_of(&self, id: ProcId, cpus: &[CpuId]) -> io::Result<Box<dyn Rings>> {
        if !self.0.is_live() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let tids = perf::threads(self.0, id.pid);
        Ok(Box::new(Reader::of_own(&tids, cpus)?))
    }
    fn wakes(&self) -> io::Result<Box<dyn Waking>> {
        if !self.0.is_live() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let wakes = ByHardware::begin(self.0).map_err(|refused| refused.error)?;
        Ok(Box::new(wakes))
    }
    fn switches(&self) -> Option<u64> {
        cores::switches(self.0).ok()
    }
    fn lives(&self, id: ProcId) -> bool {
        process_ids::still(self.0, id).is_ok()
    }
    fn paranoid(&self) -> Option<i32> {
        perf::paranoid(self.0)
    }
    fn suspended(&self) -> Nanos {
        clock::since_boot().since(clock::now())
    }
}
