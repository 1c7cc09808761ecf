//! The files of recordings: made for their owner alone, read from any place, shortened without a moment at which one is lost.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, IsTerminal as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::outfile;

/// A file that is written to its end. No other pscope writes to it meanwhile: it is locked (flock) as long as it is open, and
/// so is what takes its place.
#[derive(Debug)]
pub struct Written {
    file: File,
    path: PathBuf,
    len: u64,
    /// Whether it can be shortened: a file, no pipe and no device.
    regular: bool,
    /// Up to which length it is a file that we made and that holds nothing yet.
    nothing: Option<u64>,
}

/// The kind of the complaint that not one record could be written, and that no file is left.
pub const NOTHING: io::ErrorKind = io::ErrorKind::WriteZero;

/// What helps where a file cannot be written.
pub fn remedy(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room, or use another directory"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "use a directory that you may write to"
        }
        _ => "use another directory",
    }
}

/// For its owner alone.
const MODE: u32 = 0o600;
/// How often it is looked whether who writes the file ends: one who was killed has left a process that writes the rest.
const TRIES: u32 = 25;
const LOOK: Duration = Duration::from_millis(20);

/// What may be at a place, as it is told by a process of our own: a file, or something else.
pub const A_FILE: &[u8] = b"f";
/// See [`A_FILE`].
pub const NO_FILE: &[u8] = b"o";

/// [`A_FILE`], [`NO_FILE`], or nothing.
pub fn what_is_there(path: &Path) -> &'static [u8] {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => A_FILE,
        Ok(_) => NO_FILE,
        Err(_) => b"",
    }
}

/// A file to go on with, or a new one.
///
/// # Errors
/// As the kernel says; `ResourceBusy` where another one writes to it; a file that is there and does not begin like this, or
/// belongs to somebody else, is left alone.
pub fn begin(path: &Path, magic: &[u8]) -> io::Result<Written> {
    // Opening a pipe would wait, or lose what is written to it; a terminal there must not become ours.
    if std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo()) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a pipe; `-` writes to one that reads",
        ));
    }
    if path.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a directory: name a file in it",
        ));
    }
    let mut tries = 0;
    loop {
        let (file, made) = match options().create_new(true).open(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => (options().open(path)?, false),
            file => (file?, true),
        };
        match Written::over(file, path)? {
            Some(written) => return written.goes_on(magic, made),
            None if tries < TRIES => std::thread::sleep(LOOK),
            None => return Err(busy()),
        }
        tries += 1;
    }
}

/// A new file of a name that no other one has: this one with a number, where that is needed; answers the number, from 1 on.
///
/// # Errors
/// As the kernel says.
pub fn begin_new(path: &Path, magic: &[u8]) -> io::Result<(Written, u32)> {
    for number in 1.. {
        let path = numbered(path, number);
        let file = match options().create_new(true).open(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            file => file?,
        };
        // Somebody was quicker, if he asked for this very file.
        if let Some(written) = Written::over(file, &path)? {
            return Ok((written.goes_on(magic, true)?, number));
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A name with a number: `a.pscope`, `a-2.pscope`.
pub fn numbered(path: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(MODE);
    options.custom_flags(libc::O_NOCTTY);
    options
}

fn busy() -> io::Error {
    io::Error::new(
        io::ErrorKind::ResourceBusy,
        "another pscope writes to it: end that one, or name another file",
    )
}

/// Locks it as long as it is open; false where another one has it. A filesystem without locks keeps nobody from writing.
fn locks(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Whether the filesystem has no rights to give or to take, as that of a memory stick.
fn has_no_rights(why: &io::Error) -> bool {
    matches!(why.raw_os_error(), Some(libc::EPERM | libc::EOPNOTSUPP))
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// A directory for recordings: the one that is there, or a new one for its owner alone.
///
/// # Errors
/// As the kernel says, and where it is something else.
pub fn directory(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            "it is no directory; with --when each moment is a file of its own",
        )),
        Err(_) => DirBuilder::new().recursive(true).mode(0o700).create(path),
    }
}

/// A moment as a part of a file's name: `2026-11-27-00-03-40`, in local time.
pub fn stamp(unix_ms: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(unix_ms as i64).unwrap_or_default();
    let at = at.to_zoned(jiff::tz::TimeZone::system());
    at.strftime("%Y-%m-%d-%H-%M-%S").to_string()
}

impl Written {
    /// Locks a file that is open; none where another one writes to it, or another file has its name by now.
    fn over(file: File, path: &Path) -> io::Result<Option<Self>> {
        let meta = file.metadata()?;
        let regular = meta.is_file();
        if regular {
            // Who had it may have put a shorter one in its place.
            let named = |meta: &Metadata| std::fs::metadata(path).is_ok_and(|at| same(meta, &at));
            if !locks(&file) || !named(&meta) {
                return Ok(None);
            }
        }
        Ok(Some(Self {
            file,
            // A link leads to the file that is meant.
            path: std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
            len: 0,
            regular,
            nothing: None,
        }))
    }

    /// Goes to its end; writes the beginning where it is empty. `made`: by us, just now.
    fn goes_on(mut self, magic: &[u8], made: bool) -> io::Result<Self> {
        if self.file.is_terminal() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a recording is not for a terminal: name a file",
            ));
        }
        if self.regular {
            self.len = self.file.metadata()?.len();
            self.nothing = made.then_some(magic.len() as u64);
            let mut begun = vec![0; magic.len()];
            let read = self.len == 0 || self.file.read_exact_at(&mut begun, 0).is_ok();
            if self.len > 0 && !(read && begun == magic) {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "there is another file of this name, which is no recording; it is left as it is",
                ));
            }
            if !made {
                self.becomes_ours_alone()?;
            }
            self.file.seek(SeekFrom::End(0))?;
        }
        if self.len == 0 {
            self.append(magic)?;
        }
        Ok(self)
    }

    /// Takes away what others may do with a file that was there. A filesystem without such rights has none to take away.
    fn becomes_ours_alone(&self) -> io::Result<()> {
        let meta = self.file.metadata()?;
        if meta.uid() != nix::unistd::geteuid().as_raw() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "it belongs to somebody else, who could read what is recorded: name another file; it is left as it is",
            ));
        }
        if meta.mode() & 0o777 == MODE {
            return Ok(());
        }
        match self.file.set_permissions(Permissions::from_mode(MODE)) {
            Err(why) if meta.mode() & 0o077 != 0 && !has_no_rights(&why) => Err(why),
            _ => Ok(()),
        }
    }

    /// How long it is.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Writes a record whole, or not at all: what was written of one that found no room is taken back. Where it is the first of
    /// a file that we made, so is the file.
    ///
    /// # Errors
    /// As the kernel says: a full disk, a quota; [`NOTHING`] where no file is left.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        if let Err(why) = self.file.write_all(record) {
            if self.nothing.is_some_and(|nothing| self.len <= nothing) && self.take_away() {
                let remedy = remedy(&why);
                let text = format!("{why}; no file is left: {remedy}");
                return Err(io::Error::new(NOTHING, text));
            }
            if self.regular {
                self.file.set_len(self.len)?;
            }
            return Err(why);
        }
        self.len += record.len() as u64;
        Ok(())
    }

    /// Takes the file away, where it is still the one of its name.
    fn take_away(&self) -> bool {
        let ours = self.file.metadata();
        let named = std::fs::symlink_metadata(&self.path);
        let still = ours.is_ok_and(|ours| named.is_ok_and(|at| same(&at, &ours)));
        still && std::fs::remove_file(&self.path).is_ok()
    }

    /// Leaves out what stands between the beginning and `from`: a shorter file takes the place of this one at once.
    ///
    /// # Errors
    /// As the kernel says, and where another file has its name by now; the file is as it was then.
    pub fn shorten(&mut self, magic: &[u8], from: u64) -> io::Result<()> {
        let ours = self.file.metadata()?;
        if !self.regular {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no file: nothing of it can be left out",
            ));
        }
        let moved_away = |at: Metadata| !same(&at, &ours);
        if std::fs::metadata(&self.path).is_ok_and(moved_away) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "it was moved, and another file has its name now",
            ));
        }
        let (mut shorter, beside) = outfile::beside(&self.path, MODE)?;
        // Before it has the name: nobody is to come in between.
        locks(&shorter);
        let moved = self
            .copy(magic, from, &mut shorter)
            .and_then(|()| std::fs::rename(&beside, &self.path));
        if moved.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        moved?;
        self.len = magic.len() as u64 + self.len.saturating_sub(from);
        self.file = shorter;
        Ok(())
    }

    fn copy(&self, magic: &[u8], from: u64, into: &mut File) -> io::Result<()> {
        into.write_all(magic)?;
        let mut block = vec![0; 1 << 20];
        let mut place = from;
        while place < self.len {
            let take = block.len().min((self.len - place) as usize);
            self.file.read_exact_at(&mut block[..take], place)?;
            into.write_all(&block[..take])?;
            place += take as u64;
        }
        into.sync_data()
    }
}

/// A file that is read.
#[derive(Debug)]
pub struct Kept(File);

/// Opens a recording, waiting for nobody: what is no regular file is not opened.
///
/// # Errors
/// As the kernel says, and `InvalidInput` where it is no regular file.
pub fn open(path: &Path) -> io::Result<Kept> {
    let mut options = OpenOptions::new();
    // Somebody may put something else there in between.
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    let regular = |meta: &Metadata| meta.is_file();
    let wrong = || {
        let why = "it is no regular file; a stream is shown by `pscope replay -`";
        io::Error::new(io::ErrorKind::InvalidInput, why)
    };
    if !regular(&std::fs::metadata(path)?) {
        return Err(wrong());
    }
    let file = options.read(true).open(path)?;
    if !regular(&file.metadata()?) {
        return Err(wrong());
    }
    Ok(Kept(file))
}

impl Kept {
    /// How long it is now.
    pub fn size(&self) -> u64 {
        self.0.metadata().map_or(0, |meta| meta.len())
    }

    /// Fills a buffer from this place on.
    ///
    /// # Errors
    /// As the kernel says, and where it ends before.
    pub fn read_at(&self, place: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, place)
    }
}

#[cfg(test)]
mod tests;
