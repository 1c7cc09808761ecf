//! What one sweep heard of the machine: its cores, memory and pressure.

use crate::model::groups::own_group::StrainSample;
use crate::model::id::{Bytes, CpuId, Nanos, Ticks};
use crate::model::reading::{Missing, Reading};

/// The machine's counters at one sweep.
#[derive(Clone, Debug)]
pub struct SystemSample {
    /// Time since boot.
    pub uptime: Nanos,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Reading<[f32; 3]>,
    /// Every core that is online, by ascending id (`/proc/stat`); without counters where the kernel refuses these.
    pub cores: Vec<CoreSample>,
    /// Context switches since boot.
    pub switches: Reading<u64>,
    /// Forks since boot.
    pub forks: Reading<u64>,
    /// Tasks on a core or waiting for one.
    pub running: Reading<u32>,
    /// Tasks waiting for I/O.
    pub blocked: Reading<u32>,
    /// All tasks of the system, threads included (`/proc/loadavg`).
    pub tasks: Reading<u32>,
    /// Memory.
    pub memory: Reading<Memory>,
    /// Pressure on the cores.
    pub cpu_pressure: Reading<Pressure>,
    /// Pressure on memory.
    pub memory_pressure: Reading<Pressure>,
    /// Pressure on I/O.
    pub io_pressure: Reading<Pressure>,
    /// Pressure on the cores, memory and I/O inside our own control group; `Unsupported` where that is no group of v2.
    pub own_pressure: [Reading<Pressure>; 3],
    /// How hard the limits of our own control group press.
    pub own_strain: StrainSample,
    /// How often programs searched for memory themselves or took a page back from swap, since boot; read only where the
    /// kernel accounts no pressure on memory.
    pub searches: Reading<u64>,
    /// How many processes the kernel has killed since boot because memory ran out.
    pub oom_kills: Reading<u64>,
    /// What whole disks read and wrote.
    pub disk_flow: Reading<Flow>,
    /// What interfaces received and sent, loopback left out.
    pub network_flow: Reading<Flow>,
}

impl Default for SystemSample {
    fn default() -> Self {
        Self::unread(Missing::Soon)
    }
}

impl SystemSample {
    /// Of which nothing was read, for this reason.
    pub fn unread(why: Missing) -> Self {
        Self {
            uptime: Nanos(0),
            load: Err(why),
            cores: Vec::new(),
            switches: Err(why),
            forks: Err(why),
            running: Err(why),
            blocked: Err(why),
            tasks: Err(why),
            memory: Err(why),
            cpu_pressure: Err(why),
            memory_pressure: Err(why),
            io_pressure: Err(why),
            own_pressure: [Err(why); 3],
            own_strain: StrainSample::unread(why),
            searches: Err(why),
            oom_kills: Err(why),
            disk_flow: Err(why),
            network_flow: Err(why),
        }
    }
}

/// Counters of one core, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreSample {
    /// Which core.
    pub id: CpuId,
    /// User land, nice or not, guests included.
    pub user: Ticks,
    /// The kernel on behalf of tasks.
    pub system: Ticks,
    /// Interrupts.
    pub irq: Ticks,
    /// What interrupts leave for later: softirqs, such as the work of the network.
    pub softirq: Ticks,
    /// Taken by the hypervisor.
    pub steal: Ticks,
    /// Idle, waiting for I/O included.
    pub idle: Ticks,
    /// Of `idle`: while a task waited for I/O.
    pub iowait: Ticks,
    /// Frequency now, where known, in kHz.
    pub khz: Reading<u32>,
}

impl Default for CoreSample {
    fn default() -> Self {
        Self {
            id: CpuId(0),
            user: Ticks(0),
            system: Ticks(0),
            irq: Ticks(0),
            softirq: Ticks(0),
            steal: Ticks(0),
            idle: Ticks(0),
            iowait: Ticks(0),
            khz: Err(Missing::Unsupported),
        }
    }
}

impl CoreSample {
    /// A core of which only is known that it is there.
    pub fn untold(id: CpuId) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    /// Whether the kernel told what it did: no core is online without having idled or worked for a tick.
    pub fn is_told(&self) -> bool {
        let busy = self.user.0 | self.system.0 | self.irq.0 | self.softirq.0;
        (busy | self.steal.0 | self.idle.0) > 0
    }
}

/// `/proc/meminfo`, the parts that a header shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All memory that the kernel manages.
    pub total: Bytes,
    /// What can be had without swapping.
    pub available: Bytes,
    /// Unused.
    pub free: Bytes,
    /// Block device buffers.
    pub buffers: Bytes,
    /// Page cache and reclaimable slab.
    pub cache: Bytes,
    /// Shared memory and tmpfs.
    pub shared: Bytes,
    /// All swap.
    pub swap_total: Bytes,
    /// Unused swap.
    pub swap_free: Bytes,
}

impl Memory {
    /// Used: what is not available.
    pub fn used(&self) -> Bytes {
        Bytes(self.total.0.saturating_sub(self.available.0))
    }

    /// What is called cache wherever one number is told of it: page cache, reclaimable slab and buffers, which the kernel gives
    /// back when programs need memory.
    pub fn cached(&self) -> Bytes {
        Bytes(self.cache.0.saturating_add(self.buffers.0))
    }

    /// Swap in use.
    pub fn swap_used(&self) -> Bytes {
        Bytes(self.swap_total.0.saturating_sub(self.swap_free.0))
    }
}

/// Bytes in both directions, added up over devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Read, or received.
    pub inward: Bytes,
    /// Written, or sent.
    pub outward: Bytes,
}

/// One file of `/proc/pressure`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    /// Share of the last 10 s in which some task waited, percent.
    pub some_10: f32,
    /// Share of the last 60 s in which some task waited, percent.
    pub some_60: f32,
    /// Share of the last 10 s in which all tasks waited, percent.
    pub full_10: f32,
    /// All time in which some task waited.
    pub some_total: Nanos,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_told_where_any_of_its_times_is() {
        assert!(!CoreSample::untold(CpuId(3)).is_told());
        assert_eq!(CoreSample::untold(CpuId(3)).id, CpuId(3));
        let set: [fn(&mut CoreSample) -> &mut Ticks; 6] = [
            |c| &mut c.user,
            |c| &mut c.system,
            |c| &mut c.irq,
            |c| &mut c.softirq,
            |c| &mut c.steal,
            |c| &mut c.idle,
        ];
        for time in set {
            let mut core = CoreSample::default();
            *time(&mut core) = Ticks(1);
            assert!(core.is_told(), "{core:?}");
        }
    }
}
