//! Opens what a person names as a configuration or a theme: a regular file of bounded size, opened without waiting.
//!
//! A FIFO would hold the program before it draws, a device may do something when it is opened or never end.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;

use crate::sys::asker::hand::{self, Wait};

/// More than anybody writes by hand.
const LARGEST: u64 = 1 << 20;

/// Reads the whole text by a process of our own, and waits for it so long.
///
/// # Errors
/// As [`read`]; `TimedOut` where its filesystem does not answer.
pub fn read_apart(path: &Path, at_most: Duration) -> io::Result<String> {
    let wait = Wait {
        at_most,
        stop: None,
    };
    let path = path.to_owned();
    let bytes = hand::carry_out(wait, move || read(&path).map(String::into_bytes))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Reads the whole text; for who may wait for ever.
///
/// # Errors
/// As the kernel says; `InvalidInput` for what is no regular file or larger than 1 MiB, `InvalidData` for what is no text.
pub fn read(path: &Path) -> io::Result<String> {
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why.to_owned()));
    // Looked at before it is opened, which does something to some devices, and again afterwards, when it is what was opened.
    if !fs::metadata(path)?.is_file() {
        return refuse("it is no regular file");
    }
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return refuse("it is no regular file");
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return refuse("it is larger than 1 MiB");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;

    use super::*;

    #[test]
    fn only_a_regular_file_of_bounded_size_is_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("it");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("made");
        let why = |path: &Path| read(path).expect_err("refused").to_string();
        assert_eq!(why(&path), "it is no regular file");
        assert_eq!(why(Path::new("/dev/zero")), "it is no regular file");
        assert_eq!(why(dir.path()), "it is no regular file");
        fs::remove_file(&path).expect("ours");
        fs::write(&path, vec![b'#'; 1 << 20]).expect("written");
        assert_eq!(read(&path).expect("read").len(), 1 << 20);
        fs::write(&path, vec![b'#'; (1 << 20) + 1]).expect("written");
        assert_eq!(why(&path), "it is larger than 1 MiB");
    }
}
