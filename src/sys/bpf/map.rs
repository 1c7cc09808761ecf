//! Memory that programs in the kernel share with us: tables by key, and an array that is mapped (`bpf(2)`, "BPF maps").
#![expect(
    unsafe_code,
    reason = "memory that the kernel writes has no safe interface"
)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::call::{self, Argument, Command};

/// How a map is kept: `enum bpf_map_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By key.
    Hash = 1,
    /// By place.
    Array = 2,
    /// By key, a value for each core.
    PerCpuHash = 5,
    /// By key; what was not used for long is dropped when it is full.
    LruHash = 9,
}

/// Room for new values is made when they come, not in advance: `BPF_F_NO_PREALLOC`.
const NO_PREALLOC: u32 = 1 << 0;
/// Only where there is none yet: `BPF_NOEXIST`.
const NO_EXIST: u64 = 1;
/// The array may be mapped: `BPF_F_MMAPABLE`.
const MMAPABLE: u32 = 1 << 10;

#[repr(C)]
struct Create {
    kind: u32,
    key: u32,
    value: u32,
    entries: u32,
    flags: u32,
    inner: u32,
    node: u32,
    name: [u8; 16],
}

// SAFETY: it holds numbers only.
unsafe impl Argument for Create {}

#[repr(C)]
struct One {
    map: u32,
    unused: u32,
    key: u64,
    value: u64,
    flags: u64,
}

// SAFETY: `key` and `value` are made from slices as long as the map's own, which outlive the call.
unsafe impl Argument for One {}

#[repr(C)]
struct Batch {
    from: u64,
    to: u64,
    keys: u64,
    values: u64,
    count: u32,
    map: u32,
    element_flags: u64,
    flags: u64,
}

// SAFETY: the addresses are those of vectors with room for `count`, which outlive the call.
unsafe impl Argument for Batch {}

fn create(kind: Kind, sizes: (usize, usize), entries: usize, flags: u32) -> io::Result<OwnedFd> {
    let mut create = Create {
        kind: kind as u32,
        key: sizes.0 as u32,
        value: sizes.1 as u32,
        entries: entries as u32,
        flags,
        inner: 0,
        node: 0,
        name: call::name("pscope"),
    };
    call::open(Command::MapCreate, &mut create)
}

/// The word at this offset of a key or a value.
pub fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

/// A table by key.
#[derive(Debug)]
pub struct Map {
    fd: OwnedFd,
    key: usize,
    /// Bytes of a value as we read it: those of every core where each has its own.
    value: usize,
    entries: usize,
}

impl Map {
    /// A map of so many entries; `cores`: how many the machine can have, where each has a value of its own.
    ///
    /// # Errors
    /// `EPERM` without the right, `E2BIG`, `ENOMEM`.
    pub fn new(
        kind: Kind,
        (key, value): (usize, usize),
        entries: usize,
        cores: usize,
    ) -> io::Result<Self> {
        let flags = match kind {
            Kind::Hash | Kind::PerCpuHash => NO_PREALLOC,
            Kind::Array | Kind::LruHash => 0,
        };
        Self::with(kind, (key, value), entries, cores, flags)
    }

    /// A table whose room is made at once, for programs that may not ask the kernel for memory: those that run while it chooses
    /// who gets a core.
    ///
    /// # Errors
    /// As [`Map::new`].
    pub fn roomy(sizes: (usize, usize), entries: usize) -> io::Result<Self> {
        Self::with(Kind::Hash, sizes, entries, 0, 0)
    }

    fn with(
        kind: Kind,
        (key, value): (usize, usize),
        entries: usize,
        cores: usize,
        flags: u32,
    ) -> io::Result<Self> {
        let fd = create(kind, (key, value), entries, flags)?;
        let value = match kind {
            Kind::PerCpuHash => value.next_multiple_of(8) * cores.max(1),
            _ => value,
        };
        Ok(Self {
            fd,
            key,
            value,
            entries,
        })
    }

    /// Its number, for programs.
    pub fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    fn one(&self, command: Command, key: &[u8], value: *const u8, flags: u64) -> io::Result<()> {
        assert_eq!(key.len(), self.key, "a key of this map");
        let mut one = One {
            map: self.fd() as u32,
            unused: 0,
            key: call::address(key.as_ptr()),
            value: call::address(value),
            flags,
        };
        call::ask(command, &mut one).map(drop)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// `ENOENT` where there is none.
    pub fn get(&self, key: &[u8]) -> io::Result<Vec<u8>> {
        let mut value = vec![0; self.value];
        self.one(Command::MapLookup, key, value.as_mut_ptr(), 0)?;
        Ok(value)
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// `E2BIG` where the map is full.
    ///
    /// # Panics
    /// For a key or a value that is not as long as those of this map.
    pub fn set(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        assert_eq!(value.len(), self.value, "a value of this map");
        self.one(Command::MapUpdate, key, value.as_ptr(), 0)
    }

    /// Gives a key its first value.
    ///
    /// # Errors
    /// `EEXIST` where it has one, `E2BIG` where the map is full.
    ///
    /// # Panics
    /// For a key or a value that is not as long as those of this map.
    pub fn begin(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        assert_eq!(value.len(), self.value, "a value of this map");
        self.one(Command::MapUpdate, key, value.as_ptr(), NO_EXIST)
    }

    /// Takes a key out.
    ///
    /// # Errors
    /// `ENOENT` where it is not in it.
    pub fn remove(&self, key: &[u8]) -> io::Result<()> {
        self.one(Command::MapDelete, key, ptr::null(), 0)
    }

    /// Every key with its value, read in as few calls as it takes; `empty`: and takes them out.
    ///
    /// What a program changes meanwhile may be told as it was or as it is.
    ///
    /// # Errors
    /// `EINVAL` before Linux 5.6.
    pub fn all(&self, empty: bool, mut each: impl FnMut(&[u8], &[u8])) -> io::Result<()> {
        let command = if empty {
            Command::MapLookupAndDeleteBatch
        } else {
            Command::MapLookupBatch
        };
        let mut most = self.entries.min(1024);
        let (mut keys, mut values) = (vec![0; most * self.key], vec![0; most * self.value]);
        // Where the kernel goes on: of four bytes for a hash, of a key for others.
        let mut place = vec![0; self.key.max(8)];
        let mut from = ptr::null();
        loop {
            let mut batch = Batch {
                from: call::address(from),
                to: call::address(place.as_mut_ptr()),
                keys: call::address(keys.as_mut_ptr()),
                values: call::address(values.as_mut_ptr()),
                count: most as u32,
                map: self.fd() as u32,
                element_flags: 0,
                flags: 0,
            };
            let told = call::ask(command, &mut batch);
            let code = told.as_ref().err().and_then(io::Error::raw_os_error);
            if code == Some(libc::ENOSPC) {
                // More share a bucket than there is room for.
                most *= 2;
                keys.resize(most * self.key, 0);
                values.resize(most * self.value, 0);
                continue;
            }
            if code.is_some_and(|c| c != libc::ENOENT) {
                told?;
            }
            let keys = keys.chunks_exact(self.key);
            for (key, value) in keys
                .zip(values.chunks_exact(self.value))
                .take(batch.count as usize)
            {
                each(key, value);
            }
            if code.is_some() {
                return Ok(());
            }
            from = place.as_ptr();
        }
    }
}

/// An array of one value that is mapped here: programs and we read and write the same memory.
#[derive(Debug)]
pub struct Shared {
    fd: OwnedFd,
    base: *mut u8,
    bytes: usize,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread.
unsafe impl Send for Shared {}

// SAFETY: it is only ever read and written as whole atomic words.
unsafe impl Sync for Shared {}

impl Shared {
    /// Memory of so many bytes, all zero; a whole number of pages.
    ///
    /// # Errors
    /// `EPERM` without the right, `ENOMEM`; `EINVAL` before Linux 5.5.
    pub fn new(bytes: usize) -> io::Result<Self> {
        let fd = create(Kind::Array, (4, bytes), 1, MMAPABLE)?;
        // SAFETY: a new shared mapping at an address of the kernel's choice.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = base.cast();
        Ok(Self { fd, base, bytes })
    }

    /// Its number, for programs.
    pub fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at + 8 <= self.bytes, "inside");
        // SAFETY: inside of the mapping, aligned, and only ever used as whole words on this side.
        unsafe { AtomicU64::from_ptr(self.base.add(at).cast()) }
    }

    /// The word at this offset, a multiple of eight; what was written before it is seen afterwards.
    pub fn get(&self, at: usize) -> u64 {
        self.word(at).load(Ordering::Acquire)
    }

    /// Sets the word at this offset; what was read before it stays so.
    pub fn set(&self, at: usize, to: u64) {
        self.word(at).store(to, Ordering::Release);
    }

    /// Copies the words from this offset on, each of them whole, and as they are when they are reached.
    ///
    /// # Panics
    /// Where that is not inside.
    pub fn copy(&self, at: usize, out: &mut [u64]) {
        assert!(
            at.is_multiple_of(8) && at + out.len() * 8 <= self.bytes,
            "inside"
        );
        for (n, out) in out.iter_mut().enumerate() {
            // SAFETY: inside of the mapping and aligned, as was asserted.
            let word = unsafe { AtomicU64::from_ptr(self.base.add(at + n * 8).cast()) };
            *out = word.load(Ordering::Relaxed);
        }
        std::sync::atomic::fence(Ordering::Acquire);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length and is not used any more.
        unsafe { libc::munmap(self.base.cast(), self.bytes) };
    }
}
