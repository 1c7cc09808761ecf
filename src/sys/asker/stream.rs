//! A file that a person named and that is written bit by bit: a recording, a trace.
//!
//! A process of our own opens and writes it. It takes what is handed to it at once, however slow its filesystem is, so that
//! nobody waits for that: not a key, nor the end of the program. What was handed over is written to its end, also when we have
//! ended meanwhile.

mod writes;

use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::hand::{self, Hand, Wait};
use super::pool;
use crate::sys::own::outfile;
use crate::sys::own::recording;
use writes::To;
pub(super) use writes::record;

/// How long we wait for it to take more.
const TAKES: Duration = Duration::from_secs(5);
/// What is ordered: each order is this letter, a number, and so many bytes where it is [`PUT`].
const PUT: u8 = b'p';
const SHORTEN: u8 = b's';
/// What a recording does where a file of its name is there: it goes on with it, or takes another name.
const GO_ON: &[u8] = b"on";
const NEW: &[u8] = b"new";
/// What is told: the file is there, so long, and has this number; it goes on; all is written. Anything else is a complaint.
const BEGUN: u8 = b'b';
const GOES_ON: u8 = b'g';
const DONE: u8 = b'd';

/// One that is written.
#[derive(Debug)]
pub struct Stream {
    hand: Hand,
    /// How long the file will be, once all is written; nothing while that is not known.
    size: Option<u64>,
    added: u64,
    /// Its path as it was asked for, and the number that it has where another one had that name.
    path: PathBuf,
    number: u32,
}

/// Begins a recording, or goes on with one; it begins with these bytes. It is made by who makes workers, where there is one,
/// so that it keeps nothing of our memory.
///
/// # Errors
/// When no process can be made.
pub fn recording(path: &Path, magic: &[u8]) -> io::Result<Stream> {
    begun(path, magic, GO_ON)
}

/// Begins a recording of a name that no other file has: see [`Stream::path`].
///
/// # Errors
/// When no process can be made.
pub fn new_recording(path: &Path, magic: &[u8]) -> io::Result<Stream> {
    begun(path, magic, NEW)
}

fn begun(path: &Path, magic: &[u8], how: &[u8]) -> io::Result<Stream> {
    let absolute = std::path::absolute(path)?;
    let hand = match pool::writer() {
        Some(hand) => hand,
        None => hand::made(record)?,
    };
    let mut stream = Stream::over(hand, path)?;
    stream.put(absolute.as_os_str().as_bytes())?;
    stream.put(magic)?;
    stream.put(how)?;
    stream.added = 0;
    Ok(stream)
}

/// Begins a file that takes the place of the one that is there.
///
/// # Errors
/// When no process can be made.
pub fn plain(path: &Path) -> io::Result<Stream> {
    let of = path.to_owned();
    let open = move || outfile::create(&of).map(To::Plain);
    let hand = hand::start_writing(path, move |socket| writes::serve(socket, open))?;
    Stream::over(hand, path)
}

impl Stream {
    fn over(hand: Hand, path: &Path) -> io::Result<Self> {
        hand.socket.set_write_timeout(Some(TAKES))?;
        Ok(Self {
            hand,
            size: None,
            added: 0,
            path: path.to_owned(),
            number: 1,
        })
    }

    /// Waits until the file is there.
    ///
    /// # Errors
    /// As the kernel says; `TimedOut` and `Interrupted` as [`Wait`] says.
    pub fn begins(&mut self, wait: Wait<'_>) -> io::Result<()> {
        if self.size.is_some() {
            return Ok(());
        }
        wait.hear(&self.hand)?;
        let mut told = [0];
        match self.hand.socket.read_exact(&mut told) {
            Ok(()) if told == [BEGUN] => {
                let (mut size, mut number) = ([0; 8], [0; 4]);
                self.hand.socket.read_exact(&mut size)?;
                self.hand.socket.read_exact(&mut number)?;
                self.size = Some(u64::from_le_bytes(size));
                self.number = u32::from_le_bytes(number);
                Ok(())
            }
            Ok(()) => Err(self.complaint(told.to_vec())),
            Err(_) => Err(self.complaint(Vec::new())),
        }
    }

    /// Whether the file is there by now; does not wait.
    ///
    /// # Errors
    /// As [`Self::begins`], except that it is never too late.
    pub fn has_begun(&mut self) -> io::Result<bool> {
        match self.begins(Wait::NOW) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == io::ErrorKind::TimedOut => Ok(false),
            Err(why) => Err(why),
        }
    }

    /// Where it is: as it was asked for, with a number where another file had that name. Known once it has begun.
    pub fn path(&self) -> PathBuf {
        recording::numbered(&self.path, self.number)
    }

    /// How long the file will be, once what was handed over is written.
    pub fn size(&self) -> u64 {
        self.size.unwrap_or(0) + self.added
    }

    /// Hands a record over.
    ///
    /// # Errors
    /// What went wrong with this one or with one before; `TimedOut` where too much waits for a filesystem that does not answer.
    pub fn put(&mut self, record: &[u8]) -> io::Result<()> {
        self.order(PUT, record.len() as u64, record)?;
        self.added += record.len() as u64;
        Ok(())
    }

    /// Leaves out what stands between the beginning, which is `magic`, and `from`.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn shorten(&mut self, magic: &[u8], from: u64) -> io::Result<()> {
        self.order(SHORTEN, from, &[])?;
        let left = self.size().saturating_sub(from) + magic.len() as u64;
        (self.size, self.added) = (Some(left), 0);
        Ok(())
    }

    fn order(&mut self, what: u8, number: u64, bytes: &[u8]) -> io::Result<()> {
        let mut head = [what; 9];
        head[1..].copy_from_slice(&number.to_le_bytes());
        let socket = &mut self.hand.socket;
        match socket
            .write_all(&head)
            .and_then(|()| socket.write_all(bytes))
        {
            Ok(()) => Ok(()),
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => Err(hand::no_answer(TAKES)),
            Err(_) => Err(self.complaint(Vec::new())),
        }
    }

    /// What it complains of; it has ended, or is about to.
    fn complaint(&mut self, mut told: Vec<u8>) -> io::Error {
        let mut part = [0; 512];
        while let Ok(n @ 1..) = self.hand.socket.read(&mut part) {
            told.extend(&part[..n]);
        }
        let meanwhile = told.iter().take_while(|b| **b == GOES_ON).count();
        hand::complaint(&told[meanwhile..])
    }

    /// Says that nothing more comes; it is written whether it is waited for or not.
    pub fn ends(&self) {
        // One that has ended is found out by who waits for it.
        let _ = self.hand.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Waits until all is written, for as long as that goes on.
    ///
    /// # Errors
    /// What went wrong with a record; `TimedOut` where nothing was written for so long as `wait` says.
    pub fn finish(mut self, wait: Wait<'_>) -> io::Result<()> {
        self.ends();
        self.begins(wait)?;
        loop {
            wait.hear(&self.hand)?;
            let mut told = [0];
            match self.hand.socket.read(&mut told) {
                Ok(1) if told == [GOES_ON] => {}
                Ok(1) if told == [DONE] => return Ok(()),
                Ok(n) => return Err(self.complaint(told[..n].to_vec())),
                Err(_) => return Err(self.complaint(Vec::new())),
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
