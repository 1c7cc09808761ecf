//! Files that a person asked to be written; nothing else is ever written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// So many files that were left half-written are looked past.
const TRIES: u32 = 100;

/// Creates a file, or empties the one that is there.
///
/// # Errors
/// As the kernel says.
pub fn create(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo()) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a pipe, which would be waited for; it is left as it is",
        ));
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options.custom_flags(libc::O_NOCTTY).open(path)
}

/// Writes a new file for its owner alone, whole or not at all.
///
/// # Errors
/// As the kernel says; `AlreadyExists` where anything of this name is there, which is left as it is.
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_as(path, bytes, 0o600)
}

/// Makes a new file beside another one, to take its place. Who was killed meanwhile may have left some, which stay.
///
/// # Errors
/// As the kernel says.
pub(super) fn beside(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(mode);
    let mut tries = 0;
    loop {
        let number = std::process::id();
        let more = if tries == 0 {
            String::new()
        } else {
            format!(".{tries}")
        };
        let beside = path.with_file_name(format!(".{name}.{number}{more}"));
        match options.open(&beside) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => tries += 1,
            file => return Ok((file?, beside)),
        }
    }
}

fn create_as(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    fill(options.open(path)?, path, bytes)
}

/// Writes it whole, or takes it away.
fn fill(mut file: File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = file.write_all(bytes).and_then(|()| file.sync_data());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Writes a file for everybody to read, and the directories that lead to it; one of the same name is replaced at once.
///
/// # Errors
/// As the kernel says.
pub fn install(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let (file, beside) = beside(path, 0o600)?;
    fill(file, &beside, bytes)?;
    let moved = fs::set_permissions(&beside, fs::Permissions::from_mode(0o644))
        .and_then(|()| fs::rename(&beside, path));
    if moved.is_err() {
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// Puts a new file in the place of the one that is there, at once: nobody sees half of it.
///
/// # Errors
/// As the kernel says, and `InvalidInput` where what is there is no regular file; it is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, 0o600)
}

/// The same with a file that everybody may read, as another service has to.
///
/// # Errors
/// As [`replace`].
pub fn renew(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, 0o644)
}

/// The same for what others may read already: the rights of the file that is there are kept, and the directories that lead to
/// a new one are made.
///
/// # Errors
/// As [`replace`].
pub fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mode = fs::metadata(path).map_or(0o644, |meta| meta.permissions().mode());
    put(path, bytes, mode & 0o7777)
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A link leads to the file that is meant.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|meta| !meta.is_file()) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "what is there is no regular file; it is left as it is",
        ));
    }
    let (file, beside) = beside(&path, mode)?;
    fill(file, &beside, bytes)?;
    // Whatever the mask of new files says.
    let moved = fs::set_permissions(&beside, fs::Permissions::from_mode(mode))
        .and_then(|()| fs::rename(&beside, &path));
    if moved.is_err() {
        let _ = fs::remove_file(&beside);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_for_its_owner_alone_and_an_old_one_stays() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.csv");
        create_new(&path, b"one").expect("written");
        let mode = || fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode() & 0o777, 0o600);
        let why = create_new(&path, b"two").expect_err("it is there");
        assert_eq!(why.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("read"), b"one");
        replace(&path, b"three").expect("asked for");
        assert_eq!(fs::read(&path).expect("read"), b"three");
        assert_eq!(mode() & 0o777, 0o600);
        let left = fs::read_dir(dir.path()).expect("there").count();
        assert_eq!(left, 1, "nothing is left beside it");
    }

    #[test]
    fn what_is_no_file_is_not_replaced_and_a_link_is_not_followed_unasked() {
        let dir = tempfile::tempdir().expect("a directory");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("nowhere"), &link).expect("made");
        assert!(create_new(&link, b"x").is_err());
        assert!(!dir.path().join("nowhere").exists());
        let fifo = dir.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("made");
        assert!(create(&fifo).is_err() && replace(&fifo, b"x").is_err());
        assert!(replace(dir.path(), b"x").is_err());
        assert!(replace(Path::new("/dev/null"), b"x").is_err());
    }
}
