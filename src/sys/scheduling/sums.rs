//! Sums of slices that are made in the kernel: by core, by bin of 10 ms, by thread. A program of ours (`program`) runs at
//! every switch and adds to memory that is mapped here; reading it costs the same however often the machine switches, and
//! nothing is lost.
//!
//! Allowed to root, and with `CAP_BPF` and `CAP_PERFMON`; needs a kernel that tells its types (BTF), and Linux 5.18.

mod following;
mod layout;
mod program;

use std::collections::HashMap;
use std::io;

use following::{BinSum, Following};
use layout::{GEN, HEADER, LOST, Layout, SEQ, SLICES, SLOT, START, Slot, TAIL, WHO};

use crate::model::id::{CpuId, Nanos, Pid, Tid};
use crate::model::scheduling::timeline::{Summed, Thread};
use crate::sys::bpf::btf::Types;
use crate::sys::bpf::map::Shared;
use crate::sys::bpf::program::{At, Running, run};
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// Threads whose counters are remembered.
const MOST_THREADS: usize = 1 << 16;
/// How often a slot is read again that was written meanwhile: a switch takes much longer than reading one.
const TRIES: usize = 1000;

/// Sums of every slice of every core, from when this was opened until it is dropped.
pub struct Sums {
    shared: Shared,
    _running: Running,
    layout: Layout,
    cores: Vec<Following>,
    /// What the kernel counted of each thread when it left a core last: how long it waited, how often it was moved.
    counted: HashMap<Tid, (u64, u64)>,
    parts: Vec<BinSum>,
    lost: u64,
}

/// How a reading went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Read {
    /// Slices that are in no sum since there was no room for them.
    pub lost: u64,
    /// How full the fullest log was, 0..1: where it is much, the next reading should be earlier.
    pub full: f32,
}

impl Sums {
    /// Begins to sum; `cores`: how many the machine can ever have.
    ///
    /// # Errors
    /// `EPERM` without the right; `ENOSYS`, `EINVAL` on a kernel that is too old or does not tell its types.
    pub fn open(root: &ProcRoot, cores: usize) -> io::Result<Self> {
        let unsupported = |why: &str| io::Error::new(io::ErrorKind::Unsupported, why.to_owned());
        if !root.is_live() {
            return Err(unsupported("not the kernel that runs"));
        }
        if visible::inside(root) {
            return Err(unsupported(
                "the kernel sums by the numbers of the first PID namespace",
            ));
        }
        let layout = Layout::of(cores);
        let shared = Shared::new(layout.bytes())?;
        let types = Types::of_kernel(root)
            .ok_or_else(|| unsupported("the kernel does not tell its types"))?;
        let fields = program::Fields::of(&types)
            .ok_or_else(|| unsupported("the kernel keeps no times of its threads"))?;
        let code = program::assemble(&layout, &fields, shared.fd()).map_err(io::Error::other)?;
        let at = At::TypedTracepoint(fields.tracepoint);
        let running = run("pscope_sums", &code, at).map_err(|refused| {
            let kind = refused.error.kind();
            io::Error::new(kind, refused.to_string())
        })?;
        Ok(Self {
            cores: (0..layout.cores)
                .map(|_| Following::new(layout.slots))
                .collect(),
            shared,
            _running: running,
            layout,
            counted: HashMap::new(),
            parts: Vec::new(),
            lost: 0,
        })
    }

    /// Hands out what was summed up until `now` since the reading before, of every core; whoever has a core is told as far as
    /// it has had it.
    pub fn read(&mut self, now: Nanos, mut each: impl FnMut(Summed)) -> Read {
        let mut read = Read::default();
        let mut lost = 0;
        for core in 0..self.layout.cores {
            let base = self.layout.base(core);
            let started = self.shared.get(base + START);
            if started == 0 {
                continue;
            }
            let full = self.read_core(core, base, now);
            read.full = read.full.max(full);
            lost += self.shared.get(base + LOST);
            let cpu = CpuId(core as u32);
            for part in self.parts.drain(..) {
                if let Some(summed) = summed(&mut self.counted, cpu, &part) {
                    each(summed);
                }
            }
        }
        read.lost = lost.saturating_sub(self.lost);
        self.lost = lost;
        read
    }

    /// Slots first, then the log, then who is on the core: what happens meanwhile is told the next time, and nothing twice.
    fn read_core(&mut self, core: usize, base: usize, now: Nanos) -> f32 {
        let (shared, layout) = (&self.shared, &self.layout);
        let following = &mut self.cores[core];
        following.begin();
        for slot in 0..layout.slots {
            let at = base + HEADER + slot * SLOT;
            let (slices, made) = (shared.get(at + SLICES), shared.get(at + GEN));
            if following.is_new(slot, slices, made) {
                following.slot(slot, steady(shared, base, at), &mut self.parts);
            }
        }
        let (head, tail) = (shared.get(base + layout::HEAD), shared.get(base + TAIL));
        for entry in tail..head {
            let mut words = [0; SLOT / 8];
            shared.copy(base + layout.entry(entry), &mut words);
            following.entry(Slot::from(words), &mut self.parts);
        }
        shared.set(base + TAIL, head);
        let mut words = [0; 2];
        for _ in 0..TRIES {
            let before = shared.get(base + SEQ);
            words = [shared.get(base + START), shared.get(base + WHO)];
            if before.is_multiple_of(2) && shared.get(base + SEQ) == before {
                break;
            }
        }
        following.running(Nanos(words[0]), words[1], now, &mut self.parts);
        (head - tail) as f32 / layout.log as f32
    }

    /// Who is on each core now.
    pub fn running(&self) -> impl Iterator<Item = (CpuId, Thread)> {
        let cores = (0..self.layout.cores).map(|core| {
            let who = self.shared.get(self.layout.base(core) + WHO);
            (CpuId(core as u32), thread(who))
        });
        cores.filter(|(_, thread)| thread.tid.0 != 0)
    }

    /// A thread ended; its number may be given to another.
    pub fn ended(&mut self, tid: Tid) {
        self.counted.remove(&tid);
    }

    /// How long a thread had waited for a core when it left one last; `None` where it was not seen.
    pub fn waited(&self, tid: Tid) -> Option<Nanos> {
        self.counted.get(&tid).map(|(waited, _)| Nanos(*waited))
    }
}

/// A slot as it is between two switches.
fn steady(shared: &Shared, base: usize, at: usize) -> Slot {
    let mut words = [0; SLOT / 8];
    for _ in 0..TRIES {
        let before = shared.get(base + SEQ);
        shared.copy(at, &mut words);
        if before.is_multiple_of(2) && shared.get(base + SEQ) == before {
            break;
        }
        std::hint::spin_loop();
    }
    Slot::from(words)
}

/// The words of the kernel's number of a thread: its process above, itself below.
fn thread(who: u64) -> Thread {
    Thread {
        pid: Pid((who >> 32) as u32),
        tid: Tid(who as u32),
    }
}

fn summed(counted: &mut HashMap<Tid, (u64, u64)>, cpu: CpuId, part: &BinSum) -> Option<Summed> {
    let thread = thread(part.who);
    let (mut waited, mut moved) = (0, 0);
    if part.slices > 0 {
        if counted.len() >= MOST_THREADS {
            counted.clear();
        }
        let before = counted.entry(thread.tid);
        let before = before.or_insert((part.waited, part.moves));
        // Cores are read one after the other: an older count may come after a newer one.
        waited = part.waited.saturating_sub(before.0);
        moved = part.moves.saturating_sub(before.1);
        *before = (before.0.max(part.waited), before.1.max(part.moves));
    }
    (part.run.0 > 0 || part.slices > 0).then_some(Summed {
        cpu,
        thread,
        at: part.at,
        run: part.run,
        slices: part.slices,
        preempted: part.preempted,
        moved: moved.min(part.slices.into()) as u32,
        longest: part.longest,
        waited: Nanos(waited),
    })
}

#[cfg(test)]
mod tests;
