//! One core's ring of records in memory shared with the kernel (`perf_event_open(2)`, "MMAP layout").
#![expect(
    unsafe_code,
    reason = "perf_event_open, mmap and memory that the kernel writes have no safe interface"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::attr::{Attr, moment};
use super::record::{Bare, Record, parse};
use crate::model::id::{CpuId, Nanos};

/// Offset of `data_head` in the first page; `data_tail` follows it.
const HEAD: usize = 1024;
const TAIL: usize = 1032;
/// The longest record that is looked at; the kernel's own are at most 80 bytes long.
const LONGEST: usize = 128;

/// An event, which costs the machine something at every switch until it is closed: disabling it is not free.
#[derive(Debug)]
pub(super) struct Event(OwnedFd);

impl Event {
    /// Opens an event of `pid` (-1: everybody) on a core.
    ///
    /// # Errors
    /// `EACCES`, `EPERM` without the right; `ENODEV` for a core that is offline; `ENOSYS` in some containers.
    pub fn open(attr: &Attr, pid: i32, cpu: CpuId) -> io::Result<Self> {
        // SAFETY: the kernel reads `size` bytes of `attr`, which it has, and returns a descriptor or an error.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                ptr::from_ref(attr),
                pid,
                cpu.0 as i32,
                -1,
                libc::c_ulong::from(8_u8), // PERF_FLAG_FD_CLOEXEC
            )
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and nobody else has it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// What a file has recorded that is laid out like a ring.
    pub fn recorded(file: File) -> Self {
        Self(file.into())
    }

    /// Tells only each so many from now on.
    pub fn each(&self, period: u64) {
        const PERIOD: libc::c_ulong = 0x4008_2404;
        // SAFETY: the kernel reads eight bytes at the address, which live until the call returns.
        unsafe { libc::ioctl(self.0.as_raw_fd(), PERIOD as _, ptr::from_ref(&period)) };
    }

    /// Lets the records of this event go into the ring of another one of the same core.
    ///
    /// # Errors
    /// `EINVAL` for another core.
    fn write_into(&self, ring: &Ring) -> io::Result<()> {
        const SET_OUTPUT: libc::c_ulong = 0x2405;
        // SAFETY: both are descriptors that live; the kernel keeps its own reference to the ring.
        let done = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                SET_OUTPUT as _,
                ring.event.0.as_raw_fd(),
            )
        };
        if done < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

/// The header of a record, and its moment.
#[derive(Clone, Copy, Debug)]
struct Next {
    kind: u32,
    misc: u16,
    size: u64,
    at: Nanos,
}

/// A ring that is read record by record.
#[derive(Debug)]
pub(super) struct Ring {
    /// Which core it belongs to.
    pub cpu: CpuId,
    event: Event,
    /// Further events that write into it.
    more: Vec<Event>,
    /// How many of all these events have ended, in their order: those of threads that are gone.
    ended: usize,
    base: *mut u8,
    page: usize,
    /// Bytes of data; a power of two.
    size: u64,
    tail: u64,
    head: u64,
    /// What stands first in the next record.
    next: Option<Next>,
    /// For how long it had recorded when that was asked last.
    recorded: u64,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps a ring of `pages` pages (a power of two) for an event.
    ///
    /// # Errors
    /// `EPERM` when so much memory may not be locked.
    pub fn map(event: Event, cpu: CpuId, pages: usize, page: usize) -> io::Result<Self> {
        let length = (pages + 1) * page;
        // SAFETY: a new shared mapping at an address of the kernel's choice.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                event.0.as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            cpu,
            event,
            more: Vec::new(),
            ended: 0,
            base: base.cast(),
            page,
            size: (pages * page) as u64,
            tail: 0,
            head: 0,
            next: None,
            recorded: 0,
        })
    }

    /// How many bytes of records have room in it.
    pub fn room(&self) -> usize {
        self.size as usize
    }

    /// Takes in the records of a further event of the same core.
    ///
    /// # Errors
    /// `EINVAL` for another core.
    pub fn add(&mut self, event: Event) -> io::Result<()> {
        event.write_into(self)?;
        self.more.push(event);
        Ok(())
    }

    /// The descriptor to poll: any event that writes into the ring tells when there is something to read; one that has
    /// ended tells at once and for ever. `None` when all have ended.
    pub fn fd(&self) -> Option<RawFd> {
        let all = [&self.event].into_iter().chain(&self.more);
        all.skip(self.ended).map(|e| e.0.as_raw_fd()).next()
    }

    /// The event that is polled has ended.
    pub fn event_ended(&mut self) {
        self.ended += 1;
    }

    /// Whether it has recorded since this was asked last: a core that was offline meanwhile has dropped its events, and
    /// nothing else tells so.
    pub fn records(&mut self) -> bool {
        let mut told = [0; 16];
        let read = nix::unistd::read(&self.event.0, &mut told);
        // The value, which is none for this event, and the time.
        let recorded = told
            .last_chunk()
            .map_or(0, |time| u64::from_ne_bytes(*time));
        let before = std::mem::replace(&mut self.recorded, recorded);
        matches!(read, Ok(16)) && recorded > before
    }

    /// Looks how far the kernel has written.
    pub fn look(&mut self) {
        // SAFETY: the first page holds `data_head` at this offset, aligned to 8; the kernel writes it atomically.
        let head = unsafe { AtomicU64::from_ptr(self.base.add(HEAD).cast()) };
        self.head = head.load(Ordering::Acquire);
        self.look_at_next();
    }

    /// Tells the kernel what has been read.
    pub fn done(&self) {
        // SAFETY: the first page holds `data_tail` at this offset, aligned to 8; only this value writes it.
        let tail = unsafe { AtomicU64::from_ptr(self.base.add(TAIL).cast()) };
        tail.store(self.tail, Ordering::Release);
    }

    /// Copies `out.len()` bytes from the position `at`, which the kernel has written and will not touch before `done`.
    fn copy(&self, at: u64, out: &mut [u8]) {
        let from = (at & (self.size - 1)) as usize;
        let first = out.len().min(self.size as usize - from);
        // SAFETY: `from + first` is inside the data area behind the first page, and the rest begins at its start;
        // no record is longer than the area.
        unsafe {
            let data = self.base.add(self.page);
            ptr::copy_nonoverlapping(data.add(from), out.as_mut_ptr(), first);
            ptr::copy_nonoverlapping(data, out.as_mut_ptr().add(first), out.len() - first);
        }
    }

    /// The bytes of a record where they lie, or a copy where it goes over the end of the ring.
    fn bytes<'a>(&'a self, at: u64, size: usize, over: &'a mut [u8; LONGEST]) -> &'a [u8] {
        let from = (at & (self.size - 1)) as usize;
        if from + size <= self.size as usize {
            // SAFETY: inside of the data area behind the first page; the kernel has written these bytes and touches them
            // no more before `done`, which cannot be called while they are borrowed.
            return unsafe { std::slice::from_raw_parts(self.base.add(self.page + from), size) };
        }
        self.copy(at, &mut over[..size]);
        &over[..size]
    }

    /// What stands first in the next record, and when it was written; what is no record empties the ring.
    fn look_at_next(&mut self) {
        self.next = None;
        if self.tail >= self.head {
            return;
        }
        // Records are whole words of eight bytes, so that the first and the last of them lie in one piece.
        let [a, b, c, d, misc @ .., size_low, size_high] = self.word(self.tail).to_ne_bytes();
        let next = Next {
            kind: u32::from_ne_bytes([a, b, c, d]),
            misc: u16::from_ne_bytes(misc),
            size: u64::from(u16::from_ne_bytes([size_low, size_high])),
            at: Nanos(0),
        };
        if next.size < 16 || !next.size.is_multiple_of(8) || next.size > self.head - self.tail {
            self.tail = self.head;
            return;
        }
        let last = self.word(self.tail + next.size - 8);
        let at = moment(last.to_ne_bytes());
        self.next = Some(Next { at, ..next });
    }

    /// The word at a position, a multiple of eight.
    fn word(&self, at: u64) -> u64 {
        let from = (at & (self.size - 1) & !7) as usize;
        // SAFETY: inside of the data area behind the first page, which begins at a page; the kernel has written it.
        unsafe {
            self.base
                .add(self.page + from)
                .cast::<u64>()
                .read_unaligned()
        }
    }

    /// When the next record was written.
    pub fn moment(&self) -> Option<Nanos> {
        self.next.map(|n| n.at)
    }

    /// Takes the next record; `None` for one that says nothing to us, and where there is none.
    ///
    /// A switch is written twice, by who leaves and by who comes; the second record is passed over where it says the same.
    pub fn next(&mut self) -> Option<Record> {
        let next = self.next?;
        if !Bare::is(next.kind, next.size) {
            let record = self.other(next);
            self.pass(next);
            return record;
        }
        let bare = self.bare(next);
        self.pass(next);
        if let Some(came) = self.next.filter(|came| Bare::is(came.kind, came.size))
            && self.bare(came).repeats(bare)
        {
            self.pass(came);
        }
        Some(Record {
            at: next.at,
            event: bare.event(),
        })
    }

    /// Hands out every record as it lies, by its kind and without its header, and tells the kernel that it was read.
    pub fn whole(&mut self, mut each: impl FnMut(u32, u16, &[u8])) {
        self.look();
        while let Some(next) = self.next {
            let mut over = [0; LONGEST];
            if next.size as usize <= LONGEST {
                each(
                    next.kind,
                    next.misc,
                    &self.bytes(self.tail, next.size as usize, &mut over)[8..],
                );
            }
            self.pass(next);
        }
        self.done();
    }

    /// Tells only each so many from now on.
    pub fn each(&self, period: u64) {
        [&self.event]
            .into_iter()
            .chain(&self.more)
            .for_each(|event| event.each(period));
    }

    fn pass(&mut self, over: Next) {
        self.tail += over.size;
        self.look_at_next();
    }

    /// The switch that the next record is.
    fn bare(&self, next: Next) -> Bare {
        let (other, this) = (self.word(self.tail + 8), self.word(self.tail + 16));
        Bare::new(next.misc, other, this)
    }

    /// What the next record tells that is no switch.
    fn other(&self, next: Next) -> Option<Record> {
        let mut over = [0; LONGEST];
        let bytes = (next.size as usize <= LONGEST)
            .then(|| self.bytes(self.tail, next.size as usize, &mut over))?;
        parse(next.kind, next.misc, &bytes[8..])
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let length = self.page + self.size as usize;
        // SAFETY: the mapping was made with this length and is not used any more.
        unsafe { libc::munmap(self.base.cast(), length) };
    }
}

/// Waits until one of the rings is full enough to be read, at most so long; a signal ends it early. Tells the descriptors
/// that have hung up: asked again, they would not wait at all.
pub(super) fn wait(fds: &[RawFd], at_most: Nanos) -> Vec<RawFd> {
    let mut polled: Vec<_> = fds
        .iter()
        .map(|fd| libc::pollfd {
            fd: *fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    // Rounded up, or the last part of a millisecond would be spent on asking again and again.
    let ms = i32::try_from(at_most.0.div_ceil(1_000_000)).unwrap_or(i32::MAX);
    // SAFETY: the array has as many entries as told; a descriptor that was closed meanwhile is only marked so.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, ms) };
    let over = libc::POLLHUP | libc::POLLERR | libc::POLLNVAL;
    let hung = polled.iter().filter(|one| one.revents & over != 0);
    hung.map(|one| one.fd).collect()
}
