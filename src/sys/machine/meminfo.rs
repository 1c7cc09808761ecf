//! `/proc/meminfo`: where memory is, `proc_meminfo(5)`. Read at every tick, so it is
//! parsed here without a map or a string for each line, as procfs makes them; a test compares both.

use crate::model::id::Bytes;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::sample::{Memory, Sample};
use crate::sys::fields;
use crate::sys::kept::Kept;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Reads `/proc/meminfo` at every tick.
#[derive(Debug)]
pub struct Meminfo {
    file: Kept,
}

impl Meminfo {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            file: Kept::new(root.proc("meminfo"), root.is_live()),
        }
    }
}

impl Source<Sample> for Meminfo {
    fn name(&self) -> &'static str {
        "meminfo"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["machine"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        let memory = parse(self.file.read()?);
        into.system.memory = memory.ok_or(Missing::Unsupported);
        memory
            .map(|_| ())
            .ok_or_else(|| self.file.broken(1, "MemTotal"))
    }

    fn lack(&self, why: Missing, into: &mut Sample) {
        into.system.memory = Err(why);
    }
}

/// Parses lines such as `b"MemTotal:       24684100 kB"`; `None` without a total.
///
/// Kernels before 3.14 have no `MemAvailable`: free memory, buffers and cache stand for it.
pub fn parse(text: &[u8]) -> Option<Memory> {
    let mut memory = Memory::default();
    let (mut total, mut available) = (None, None);
    let (mut cached, mut reclaimable) = (Bytes(0), Bytes(0));
    for (key, value) in fields::pairs(text) {
        let Some(value) = fields::number(value).map(Bytes::from_kib) else {
            continue;
        };
        match key {
            b"MemTotal" => total = Some(value),
            b"MemFree" => memory.free = value,
            b"MemAvailable" => available = Some(value),
            b"Buffers" => memory.buffers = value,
            b"Cached" => cached = value,
            b"SReclaimable" => reclaimable = value,
            b"Shmem" => memory.shared = value,
            b"SwapTotal" => memory.swap_total = value,
            b"SwapFree" => memory.swap_free = value,
            _ => {}
        }
    }
    memory.total = total?;
    // The page cache counts shared memory too, which cannot be dropped like it and is shown on its own.
    let cache = cached.0.saturating_sub(memory.shared.0);
    memory.cache = Bytes(cache.saturating_add(reclaimable.0));
    memory.available = available.unwrap_or_else(|| {
        [memory.free, memory.buffers, memory.cache]
            .into_iter()
            .sum()
    });
    Some(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_header_shows() {
        let text = b"MemTotal:  1000 kB\nMemFree:  300 kB\nMemAvailable:  700 kB\nBuffers: 10 kB\nCached: 400 kB\n\
            Shmem: 50 kB\nSReclaimable: 40 kB\nSwapTotal: 9 kB\nSwapFree: 8 kB\nHugePages_Total:       0\n";
        let memory = parse(text).expect("a total");
        assert_eq!(memory.total, Bytes(1000 << 10));
        assert_eq!(memory.used(), Bytes(300 << 10));
        assert_eq!(memory.cache, Bytes(390 << 10));
        assert_eq!(memory.shared, Bytes(50 << 10));
        assert_eq!(memory.swap_used(), Bytes(1 << 10));
    }

    #[test]
    fn an_old_kernel_does_not_tell_what_is_available() {
        let memory = parse(b"MemTotal: 100 kB\nMemFree: 30 kB\nBuffers: 5 kB\nCached: 20 kB\n");
        assert_eq!(memory.expect("a total").available, Bytes(55 << 10));
        assert_eq!(parse(b"MemFree: 1 kB\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
