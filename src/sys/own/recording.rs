//! The files of recordings: made for their owner alone, read from any place, shortened without a moment at which one is lost.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

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
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
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
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let mut shorter = options.mode(0o600).open(&beside)?;
        shorter.write_all(magic)?;
        let mut block = vec![0; 1 << 20];
        let mut place = from;
        while place < self.len {
            let take = block.len().min((self.len - place) as usize);
            self.file.read_exact_at(&mut block[..take], place)?;
            shorter.write_all(&block[..take])?;
            place += take as u64;
        }
        shorter.sync_data()?;
        std::fs::rename(&beside, &self.path)?;
        self.len = magic.len() as u64 + self.len.saturating_sub(from);
        self.file = shorter;
        Ok(())
    }
}

/// A file that is read.
#[derive(Debug)]
pub struct Kept(File);

/// Opens a recording.
///
/// # Errors
/// As the kernel says.
pub fn open(path: &Path) -> io::Result<Kept> {
    File::open(path).map(Kept)
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
    fn a_full_disk_is_said() {
        let Ok(mut full) = begin(Path::new("/dev/full"), b"") else {
            println!("skipped: there is no /dev/full");
            return;
        };
        let why = full.append(b"x").expect_err("no room");
        assert_eq!(why.raw_os_error(), Some(28));
    }
}
