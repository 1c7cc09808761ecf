//! The files of recordings: made for their owner alone, read from any place, shortened without a moment at which one is lost.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::outfile;

/// A file that is written to its end.
#[derive(Debug)]
pub struct Written {
    file: File,
    path: PathBuf,
    len: u64,
    /// Whether it can be shortened: a file, no pipe and no device.
    regular: bool,
}

/// A file to go on with, or a new one.
///
/// # Errors
/// As the kernel says; a file that is there and does not begin like this is left alone.
pub fn begin(path: &Path, magic: &[u8]) -> io::Result<Written> {
    // Opening a pipe would wait, or lose what is written to it; a terminal there must not become ours.
    if std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo()) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a pipe; `-` writes to one that reads",
        ));
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options.custom_flags(libc::O_NOCTTY);
    let (mut file, new) = match options.clone().create_new(true).open(path) {
        Ok(file) => (file, true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => (options.open(path)?, false),
        Err(e) => return Err(e),
    };
    let meta = file.metadata()?;
    let regular = meta.is_file();
    if !new && regular && meta.len() > 0 {
        let mut begun = vec![0; magic.len()];
        file.read_exact(&mut begun).unwrap_or_default();
        if begun != magic {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "there is another file of this name, which is no recording; it is left as it is",
            ));
        }
    }
    let len = if regular {
        file.seek(SeekFrom::End(0))?
    } else {
        0
    };
    let mut written = Written {
        file,
        path: path.to_owned(),
        len,
        regular,
    };
    if len == 0 {
        written.append(magic)?;
    }
    Ok(written)
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

/// Writes records into a new file of this directory, whose name begins like this and is that of no other file; answers its name.
///
/// # Errors
/// As the kernel says.
pub fn beside_others(
    dir: &Path,
    beginning: &str,
    magic: &[u8],
    records: &[Vec<u8>],
) -> io::Result<Vec<u8>> {
    let names = (1..).map(|n| match n {
        1 => format!("{beginning}.pscope"),
        n => format!("{beginning}-{n}.pscope"),
    });
    for name in names {
        let path = dir.join(&name);
        if std::fs::symlink_metadata(&path).is_ok() {
            continue;
        }
        let mut file = begin(&path, magic)?;
        for record in records {
            file.append(record)?;
        }
        return Ok(name.into_bytes());
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A moment as a part of a file's name: `2026-11-27-00-03-40`, in local time.
pub fn stamp(unix_ms: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(unix_ms as i64).unwrap_or_default();
    let at = at.to_zoned(jiff::tz::TimeZone::system());
    at.strftime("%Y-%m-%d-%H-%M-%S").to_string()
}

impl Written {
    /// How long it is.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// Writes a record whole, or not at all: what was written of one that found no room is taken back.
    ///
    /// # Errors
    /// As the kernel says: a full disk, a quota.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        if let Err(why) = self.file.write_all(record) {
            if self.regular {
                self.file.set_len(self.len)?;
            }
            return Err(why);
        }
        self.len += record.len() as u64;
        Ok(())
    }

    /// Leaves out what stands between the beginning and `from`: a shorter file takes the place of this one at once.
    ///
    /// # Errors
    /// As the kernel says; the file is as it was then.
    pub fn shorten(&mut self, magic: &[u8], from: u64) -> io::Result<()> {
        let (mut shorter, beside) = outfile::beside(&self.path, 0o600)?;
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
    let regular = |meta: &std::fs::Metadata| meta.is_file();
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
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_for_its_owner_alone_and_another_one_is_left_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.pscope");
        let mut file = begin(&path, b"MAGIC").expect("made");
        file.append(b"one").expect("written");
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut again = begin(&path, b"MAGIC").expect("gone on with");
        again.append(b"two").expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"MAGIConetwo");
        again.shorten(b"MAGIC", 8).expect("shorter");
        again.append(b"three").expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"MAGICtwothree");
        assert_eq!(again.size(), 13);
        let other = dir.path().join("other");
        std::fs::write(&other, "letters").expect("written");
        assert!(begin(&other, b"MAGIC").is_err());
        assert_eq!(std::fs::read(&other).expect("read"), b"letters");
    }

    #[test]
    fn a_pipe_is_neither_waited_for_nor_written_to() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("fifo");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
        for why in [
            begin(&path, b"MAGIC").map(|_| ()).expect_err("no file"),
            open(&path).map(|_| ()).expect_err("no file"),
            open(Path::new("/dev/zero"))
                .map(|_| ())
                .expect_err("no file"),
            open(dir.path()).map(|_| ()).expect_err("no file"),
        ] {
            assert_eq!(why.kind(), io::ErrorKind::InvalidInput, "{why}");
        }
    }

    #[test]
    fn what_lies_beside_a_recording_is_not_touched_when_it_is_shortened() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.pscope");
        let others = [
            dir.path().join("a.pscope.new"),
            // As one that was killed while it wrote left it, with our number.
            dir.path().join(format!(".a.pscope.{}", std::process::id())),
        ];
        for other in &others {
            std::fs::write(other, "letters").expect("written");
        }
        let mut file = begin(&path, b"MAGIC").expect("made");
        file.append(b"onetwo").expect("written");
        file.shorten(b"MAGIC", 8).expect("shorter");
        assert_eq!(std::fs::read(&path).expect("read"), b"MAGICtwo");
        for other in &others {
            assert_eq!(std::fs::read(other).expect("read"), b"letters");
        }
        assert_eq!(std::fs::read_dir(dir.path()).expect("there").count(), 3);
    }

    #[test]
    fn a_full_disk_is_said() {
        let Ok(mut full) = begin(Path::new("/dev/full"), b"") else {
            println!("skipped: there is no /dev/full");
            return;
        };
        let why = full.append(b"x").expect_err("no room");
        assert_eq!(why.raw_os_error(), Some(28));
    }
}
