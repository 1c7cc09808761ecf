//! The directory `/proc` itself: which processes there are, and fast reads of their small files, `proc(5)`.
//!
//! One kept directory handle, one reused buffer: a reading is `openat`, `read`, `close` and no allocation.
#![expect(
    unsafe_code,
    reason = "getdents64(2) has no safe wrapper that reuses its buffer"
)]

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{Whence, lseek};

use crate::model::id::{Pid, Tid, Uid};
use crate::model::reading::Reading;
use crate::sys::fields;
use crate::sys::own::calls;
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;

/// An open file of one process: it follows that process, not its number.
pub type KeptFile = File;

/// A handle of the directory `/proc`; buffers are the caller's, so that one handle serves several threads.
#[derive(Clone, Debug)]
pub struct ProcDir {
    dir: Arc<OwnedFd>,
    path: Arc<Path>,
    root: ProcRoot,
}

impl ProcDir {
    /// Opens the directory.
    ///
    /// # Errors
    /// When there is no such directory or it may not be read.
    pub fn open(root: &ProcRoot) -> Result<Self, Error> {
        let path = root.proc("");
        let dir = File::open(&path).map_err(Error::io(&path))?;
        Ok(Self {
            dir: Arc::new(dir.into()),
            path: path.into(),
            root: root.clone(),
        })
    }

    /// The directory of the threads of a process, as one of processes: files of many threads are found faster below it, and
    /// are of that process, whoever has its number later.
    ///
    /// # Errors
    /// `Gone` when it has ended, `Denied` when its directory is hidden.
    pub fn threads(&self, pid: Pid) -> Reading<Self> {
        Ok(Self {
            dir: Arc::new(self.open_at(pid, "task")?),
            path: self.path.join(format!("{pid}/task")).into(),
            root: self.root.clone(),
        })
    }

    /// Whether a descriptor of one of its files may be kept: it then follows the task, not the number.
    ///
    /// In a tree of plain files it would follow a file that a test has replaced.
    pub fn keeps(&self) -> bool {
        self.root.is_live()
    }

    /// Fills `pids` with the numbers of all processes, ascending; `buffer` takes the directory's entries.
    ///
    /// # Errors
    /// When the directory cannot be read; `Nobody` where the running kernel's own tree is empty, and so another than `/proc`.
    pub fn pids(&self, pids: &mut Vec<Pid>, buffer: &mut Vec<u8>) -> Result<(), Error> {
        pids.clear();
        list(&self.dir, buffer, |name| pids.extend(number(name).map(Pid)))
            .map_err(Error::io(&*self.path))?;
        if !pids.is_sorted() {
            pids.sort_unstable();
        }
        pids.dedup();
        if pids.is_empty() && self.root.is_live() {
            let path = self.path.to_path_buf();
            return Err(Error::Nobody { path });
        }
        Ok(())
    }

    /// Fills `tids` with the numbers of all threads of a process, ascending.
    ///
    /// # Errors
    /// `Gone` when it has ended, `Denied` when its directory is hidden.
    pub fn tids(&self, pid: Pid, tids: &mut Vec<Tid>, buffer: &mut Vec<u8>) -> Reading<()> {
        tids.clear();
        let dir = self.open_at(pid, "task")?;
        list(&dir, buffer, |name| tids.extend(number(name).map(Tid)))?;
        tids.sort_unstable();
        Ok(())
    }

    /// Fills `numbers` with those of all descriptors of a process, ascending.
    ///
    /// # Errors
    /// `Gone` when it has ended, `Denied` for processes of other users.
    pub fn descriptors(
        &self,
        pid: Pid,
        numbers: &mut Vec<u32>,
        buffer: &mut Vec<u8>,
    ) -> Reading<()> {
        numbers.clear();
        let dir = self.open_at(pid, "fd")?;
        list(&dir, buffer, |name| numbers.extend(number(name)))?;
        numbers.sort_unstable();
        Ok(())
    }

    /// How many descriptors a process holds. Since Linux 6.2 the size of its directory says so, to anybody; before, the
    /// directory must be listed.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn count_descriptors(&self, pid: Pid, buffer: &mut Vec<u8>) -> Reading<u64> {
        let mut name = [0; 96];
        let path = relative(&mut name, pid, "fd")?;
        calls::count(1);
        let stat = fstatat(&*self.dir, path, AtFlags::empty()).map_err(io::Error::from)?;
        if let Some(n) = self
            .root
            .is_live()
            .then(|| told_by_size(stat.st_size as u64))
            .flatten()
        {
            return Ok(n);
        }
        let mut numbers = Vec::new();
        self.descriptors(pid, &mut numbers, buffer)?;
        Ok(numbers.len() as u64)
    }

    /// Reads a small file of one process: `openat`, `read`, `close`.
    ///
    /// # Errors
    /// As the kernel says; an empty file of a process that has ended is `Ok` and empty.
    pub fn read<'b>(&self, pid: Pid, file: &str, buffer: &'b mut Vec<u8>) -> Reading<&'b [u8]> {
        let n = read_kept(&self.file(pid, file)?, buffer)?;
        Ok(&buffer[..n])
    }

    /// Opens a file of one process, to be kept.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn file(&self, pid: Pid, file: &str) -> Reading<File> {
        Ok(self.open_at(pid, file)?.into())
    }

    fn open_at(&self, pid: Pid, file: &str) -> io::Result<OwnedFd> {
        let mut name = [0; 96];
        let path = relative(&mut name, pid, file)?;
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        // With the `close` that follows.
        calls::count(2);
        Ok(openat(&*self.dir, path, flags, Mode::empty())?)
    }

    /// The effective user of a process: the owner of its directory, which the kernel keeps so even where the process
    /// may not be dumped (`task_dump_owner`).
    ///
    /// # Errors
    /// As the kernel says.
    pub fn owner(&self, pid: Pid) -> Reading<Uid> {
        let mut name = [0; 96];
        let path = relative(&mut name, pid, "")?;
        calls::count(1);
        let stat = fstatat(&*self.dir, path, AtFlags::empty()).map_err(io::Error::from)?;
        Ok(Uid(stat.st_uid))
    }

    /// The tree that this is the directory of.
    pub fn root(&self) -> &ProcRoot {
        &self.root
    }

    /// Whether this is the kernel's own tree, not one that stands in for it.
    pub fn is_live(&self) -> bool {
        self.root.is_live()
    }

    /// Where a symbolic link of a process leads, such as `exe`.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn link(&self, pid: Pid, file: &str) -> Reading<Vec<u8>> {
        use std::os::unix::ffi::OsStringExt as _;
        let mut name = [0; 96];
        let path = relative(&mut name, pid, file)?;
        calls::count(1);
        let target = nix::fcntl::readlinkat(&*self.dir, path).map_err(io::Error::from)?;
        Ok(target.into_vec())
    }
}

/// Reads a kept file from its beginning; answers how many bytes of the buffer it filled.
///
/// # Errors
/// `Gone` when the process has ended, whoever has its number now.
pub fn read_kept(file: &File, buffer: &mut Vec<u8>) -> Reading<usize> {
    if buffer.is_empty() {
        buffer.resize(4 << 10, 0);
    }
    let mut used = 0;
    loop {
        let n = file.read_at(&mut buffer[used..], used as u64)?;
        used += n;
        // A short read is the end: these files come in one piece up to the size of the buffer.
        if n == 0 || used < buffer.len() {
            return Ok(used);
        }
        buffer.resize(used * 2, 0);
    }
}

/// Writes `PID/file` with its NUL into a buffer on the stack.
fn relative<'a>(name: &'a mut [u8; 96], pid: Pid, file: &str) -> io::Result<&'a std::ffi::CStr> {
    let mut rest = &mut name[..95];
    write!(rest, "{pid}/{file}")?;
    std::ffi::CStr::from_bytes_until_nul(name).map_err(io::Error::other)
}

fn number(name: &[u8]) -> Option<u32> {
    match fields::unsigned(name)? {
        (n, []) => u32::try_from(n).ok(),
        _ => None,
    }
}

/// How many bytes of directory entries are asked for at once.
const ENTRIES: usize = 64 << 10;

/// How many descriptors a directory `/proc/PID/fd` of this size holds; `None` before Linux 6.2, where all have the size 0.
fn told_by_size(size: u64) -> Option<u64> {
    // Our own is never empty: it is one that has a size where sizes are told.
    static TOLD: OnceLock<bool> = OnceLock::new();
    let told = || std::fs::metadata("/proc/self/fd").is_ok_and(|own| own.len() > 0);
    (size > 0 || *TOLD.get_or_init(told)).then_some(size)
}

/// As [`ProcDir::count_descriptors`], of one process of whom no other file is read with that handle.
///
/// # Errors
/// As the kernel says.
pub fn count_descriptors(root: &ProcRoot, pid: Pid) -> Reading<u64> {
    let dir = ProcDir::open(root).map_err(|e| e.reason())?;
    dir.count_descriptors(pid, &mut Vec::new())
}

/// Calls `each` with the name of every entry of an open directory.
fn list(dir: &OwnedFd, entries: &mut Vec<u8>, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    const NAME: usize = std::mem::offset_of!(libc::dirent64, d_name);
    const LENGTH: usize = std::mem::offset_of!(libc::dirent64, d_reclen);
    let fd = dir.as_raw_fd();
    if entries.len() < ENTRIES {
        entries.resize(ENTRIES, 0);
    }
    lseek(dir, 0, Whence::SeekSet)?;
    calls::count(1);
    loop {
        calls::count(1);
        // SAFETY: the kernel writes at most `entries.len()` bytes into memory that is ours and initialised.
        let got = unsafe {
            libc::syscall(
                libc::SYS_getdents64,
                fd,
                entries.as_mut_ptr(),
                entries.len(),
            )
        };
        if got < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut rest = &entries[..got as usize];
        if rest.is_empty() {
            return Ok(());
        }
        while let Some(&[low, high]) = rest.get(LENGTH..LENGTH + 2) {
            let length = usize::from(u16::from_ne_bytes([low, high]));
            let Some(name) = rest.get(NAME..length) else {
                break;
            };
            let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
            each(&name[..end]);
            rest = &rest[length..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_this_process_and_reads_it() {
        let dir = ProcDir::open(&ProcRoot::live()).expect("there is a /proc");
        let me = Pid(std::process::id());
        let (mut pids, mut buffer) = (Vec::new(), Vec::new());
        dir.pids(&mut pids, &mut buffer).expect("it lists");
        assert!(pids.is_sorted() && pids.contains(&me));
        let text = dir.read(me, "stat", &mut buffer).expect("our own");
        let line = super::super::proc_stat::parse(text, 4096).expect("a whole line");
        assert_eq!(line.number, me.0);
        assert_eq!(dir.owner(me), Ok(Uid(nix::unistd::geteuid().as_raw())));
        let mut tids = Vec::new();
        dir.tids(me, &mut tids, &mut buffer).expect("our own");
        assert!(
            tids.contains(&Tid(me.0)) && tids.len() >= 2,
            "the test harness has threads"
        );
        let kept = dir.file(me, "status").expect("our own");
        let mut small = vec![0; 16];
        let n = read_kept(&kept, &mut small).expect("our own");
        assert!(small.starts_with(b"Name:"));
        assert!(n > 500, "the buffer grows with the file");
        let open = dir.count_descriptors(me, &mut buffer).expect("our own");
        assert!(open >= 3, "{open}");
        assert!(dir.link(me, "exe").expect("our own").starts_with(b"/"));
    }

    #[test]
    fn a_pid_that_nobody_has_is_gone() {
        use crate::model::reading::Missing;
        let dir = ProcDir::open(&ProcRoot::live()).expect("there is a /proc");
        let nobody = Pid(4_194_305);
        assert_eq!(
            dir.read(nobody, "stat", &mut Vec::new()),
            Err(Missing::Gone)
        );
        assert_eq!(dir.owner(nobody), Err(Missing::Gone));
        assert_eq!(
            dir.count_descriptors(nobody, &mut Vec::new()),
            Err(Missing::Gone)
        );
    }
}
