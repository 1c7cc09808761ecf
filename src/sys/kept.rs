//! A file of the kernel that is read at every tick through a descriptor that stays open.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use super::own::calls;
use super::source::Error;

/// A path with its descriptor and its buffer.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    file: Option<File>,
    buffer: Vec<u8>,
    keeps: bool,
}

impl Kept {
    /// A file that is opened when it is first read; `keeps` is false for plain files, which a test may replace.
    pub fn new(path: PathBuf, keeps: bool) -> Self {
        Self {
            path,
            file: None,
            buffer: vec![0; 4 << 10],
            keeps,
        }
    }

    /// Its path, for errors.
    pub fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// As the kernel says, with the path; the next reading opens it anew.
    pub fn read(&mut self) -> Result<&[u8], Error> {
        match self.attempt() {
            Ok(used) => Ok(&self.buffer[..used]),
            Err(why) => {
                self.file = None;
                Err(Error::Io {
                    path: self.path.clone(),
                    why,
                })
            }
        }
    }

    /// Names a line of it that is not as expected.
    pub fn broken(&self, line: usize, item: &'static str) -> Error {
        Error::Format {
            path: self.path.clone(),
            line,
            item,
        }
    }

    fn attempt(&mut self) -> std::io::Result<usize> {
        let file = match self.file.take() {
            Some(file) if self.keeps => file,
            _ => {
                calls::count(1);
                File::open(&self.path)?
            }
        };
        let mut used = 0;
        loop {
            let n = file.read_at(&mut self.buffer[used..], used as u64)?;
            used += n;
            if n == 0 {
                break;
            }
            if used == self.buffer.len() {
                self.buffer.resize(used * 2, 0);
            }
        }
        self.file = Some(file);
        Ok(used)
    }
}
