//! Rings that no kernel fills: streams of records that were written down, read as fast as can be.

use std::fs::File;
use std::io;

use super::ring::{Event, Ring};
use super::{Reader, What, page_size};
use crate::model::id::CpuId;

impl Reader {
    /// Reads files that are laid out as the kernel lays out the ring of a core: a page with the numbers of bytes written and
    /// read, and a power of two of pages with records.
    ///
    /// # Errors
    /// `InvalidInput` for a file of another size; where it cannot be mapped.
    pub fn of_recorded(files: Vec<(CpuId, File)>) -> io::Result<Self> {
        let page = page_size();
        let mut rings = Vec::with_capacity(files.len());
        for (cpu, file) in files {
            let pages = (file.metadata()?.len() as usize / page).saturating_sub(1);
            if !pages.is_power_of_two() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            rings.push(Ring::map(Event::recorded(file), cpu, pages, page)?);
        }
        rings.sort_unstable_by_key(|r| r.cpu);
        Ok(Self::with(What::All, rings))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;
    use crate::model::id::{Nanos, Pid, Tid};
    use crate::model::scheduling::timeline::Thread;
    use crate::sys::scheduling::perf::record::Event;

    /// A ring of one page, and how much was written into it.
    struct Stream(File, u64);

    impl Stream {
        fn new() -> Self {
            let file = tempfile::tempfile().expect("a file");
            file.set_len(2 * page_size() as u64).expect("room");
            Self(file, 0)
        }

        fn put(&mut self, kind: u32, misc: u16, body: &[u32], at: u64) {
            let mut bytes = kind.to_ne_bytes().to_vec();
            bytes.extend(misc.to_ne_bytes());
            bytes.extend((body.len() as u16 * 4 + 16).to_ne_bytes());
            bytes.extend(body.iter().flat_map(|w| w.to_ne_bytes()));
            bytes.extend(at.to_ne_bytes());
            let page = page_size() as u64;
            for byte in bytes {
                let to = page + self.1 % page;
                self.0.write_all_at(&[byte], to).expect("written");
                self.1 += 1;
            }
            let head = self.1.to_ne_bytes();
            self.0.write_all_at(&head, 1024).expect("written");
        }

        /// A switch as the kernel writes it: by who leaves, and by who comes.
        fn switch(&mut self, from: u32, to: u32, at: u64) {
            self.put(15, 0x2000, &[to, to, from, from], at);
            self.put(15, 0, &[from, from, to, to], at + 1);
        }
    }

    fn of(n: u32) -> Thread {
        Thread {
            pid: Pid(n),
            tid: Tid(n),
        }
    }

    #[test]
    fn streams_come_in_one_order_and_each_switch_once() {
        let mut streams = [Stream::new(), Stream::new()];
        let files = streams.iter().enumerate().map(|(n, stream)| {
            let file = stream.0.try_clone().expect("a descriptor");
            (CpuId(n as u32), file)
        });
        let mut reader = Reader::of_recorded(files.collect()).expect("mapped");
        let mut told = Vec::new();
        let mut expected = Vec::new();
        // Often enough that records lie over the end of a ring.
        for round in 0..40_u32 {
            let at = u64::from(round) * 1000;
            for (n, stream) in streams.iter_mut().enumerate() {
                let shift = 100 * n as u64;
                stream.switch(round, round + 1, at + shift);
                // A thread of which nothing is told comes; then a name of three words; then something unknown.
                stream.put(15, 0, &[7, 7, round + 1, round + 1], at + shift + 10);
                let name = [9, 9, u32::from_ne_bytes(*b"name"), 0, 9, 9];
                stream.put(3, 0, &name, at + shift + 20);
                stream.put(77, 0, &[1, 2, 3, 4, 5, 6], at + shift + 30);
                expected.push((n as u32, at + shift));
            }
            reader.drain(Nanos(at + 999), |cpu, record| told.push((cpu, record)));
        }
        assert!(told.is_sorted_by_key(|(_, record)| record.at));
        assert_eq!(told.len(), 40 * 2 * 3);
        let switches = told.iter().filter_map(|(cpu, record)| match record.event {
            Event::Switch {
                prev,
                next,
                runnable: Some(false),
            } => Some((cpu.0, record.at.0, prev, next)),
            _ => None,
        });
        let expected = expected.into_iter().map(|(cpu, at)| {
            let round = (at / 1000) as u32;
            (cpu, at, of(round), of(round + 1))
        });
        assert!(switches.eq(expected));
        let half = told.iter().filter(|(_, record)| {
            matches!(record.event, Event::Switch { prev, runnable: None, .. } if prev == of(7))
        });
        assert_eq!(half.count(), 80, "who comes unannounced is told");
        let named =
            |event: &Event| matches!(event, Event::Named { name, .. } if name.as_str() == "name");
        assert_eq!(told.iter().filter(|(_, r)| named(&r.event)).count(), 80);
    }

    #[test]
    fn what_is_no_ring_is_refused() {
        let file = tempfile::tempfile().expect("a file");
        file.set_len(4 * page_size() as u64).expect("room");
        let refused = Reader::of_recorded(vec![(CpuId(0), file)]);
        assert_eq!(
            refused.map(drop).map_err(|e| e.kind()),
            Err(io::ErrorKind::InvalidInput)
        );
    }
}
