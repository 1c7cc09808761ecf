//! A recording that is read: by a process of our own, which has it open and is asked for parts of it.
//!
//! Nobody waits for longer than he said. Who is asked and does not answer is not asked again before he has.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::hand::{self, Hand, Wait};
use crate::sys::own::recording;

/// A file that is open elsewhere.
#[derive(Debug)]
pub struct Reader {
    state: Mutex<State>,
    size: u64,
}

#[derive(Debug)]
struct State {
    hand: Hand,
    patience: Duration,
    /// What was asked and is not answered.
    asked: Option<(u64, usize)>,
}

impl Reader {
    /// Opens a recording, and waits so long for it and for each of its parts.
    ///
    /// # Errors
    /// As `recording::open` says; `TimedOut` where its filesystem does not answer.
    pub fn open(path: &Path, patience: Duration) -> io::Result<Self> {
        let path = path.to_owned();
        let hand = hand::start(move |socket| serve(&path, socket))?;
        let mut state = State {
            hand,
            patience,
            asked: None,
        };
        state.wait(patience)?;
        let mut size = [0; 8];
        state.take(&mut size)?;
        Ok(Self {
            state: Mutex::new(state),
            size: u64::from_le_bytes(size),
        })
    }

    /// How long it was when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Waits so long from now on.
    pub fn hurry(&self, patience: Duration) {
        self.lock().patience = patience;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills a buffer from this place on.
    ///
    /// # Errors
    /// As the kernel says, and where it ends before; `TimedOut` where its filesystem does not answer.
    pub fn read_at(&self, place: u64, into: &mut [u8]) -> io::Result<()> {
        let mut state = self.lock();
        let asked = (place, into.len());
        if let Some(before) = state.asked {
            // It is not waited for a second time: a key that is pressed again and again would wait again and again.
            state.wait(Duration::ZERO)?;
            state.asked = None;
            if before == asked {
                return state.take(into);
            }
            // What else was asked for then is of no use now.
            let _ = state.take(&mut vec![0; before.1]);
        }
        let mut question = place.to_le_bytes().to_vec();
        question.extend((into.len() as u64).to_le_bytes());
        state.hand.socket.write_all(&question)?;
        state.asked = Some(asked);
        let patience = state.patience;
        state.wait(patience)?;
        state.asked = None;
        state.take(into)
    }
}

impl State {
    fn wait(&self, at_most: Duration) -> io::Result<()> {
        let wait = Wait {
            at_most,
            stop: None,
        };
        wait.hear(&self.hand)
    }

    /// Takes an answer that has begun to come.
    fn take(&mut self, into: &mut [u8]) -> io::Result<()> {
        let mut status = [0];
        let read = self.hand.socket.read_exact(&mut status);
        if read.is_ok() && status == [WELL] {
            return self.hand.socket.read_exact(into);
        }
        let mut length = [0; 4];
        let read = read.and_then(|()| self.hand.socket.read_exact(&mut length));
        let mut told = vec![0; u32::from_le_bytes(length) as usize];
        match read.and_then(|()| self.hand.socket.read_exact(&mut told)) {
            Ok(()) => Err(hand::complaint(&told)),
            Err(_) => Err(hand::complaint(&[])),
        }
    }
}

/// How an answer begins: with what was asked for, or with the length of a complaint.
const WELL: u8 = b'w';
const FAILED: u8 = b'f';

fn tell(to: &mut UnixStream, answer: io::Result<&[u8]>) -> io::Result<()> {
    match answer {
        Ok(bytes) => {
            to.write_all(&[WELL])?;
            to.write_all(bytes)
        }
        Err(why) => {
            let why = hand::failure(&why);
            let mut all = vec![FAILED];
            all.extend((why.len() as u32).to_le_bytes());
            all.extend(why);
            to.write_all(&all)
        }
    }
}

/// Opens it, and answers question after question until nobody asks any more.
fn serve(path: &Path, socket: &mut UnixStream) {
    let file = match recording::open(path) {
        Ok(file) => file,
        Err(why) => {
            let _ = tell(socket, Err(why));
            return;
        }
    };
    if tell(socket, Ok(&file.size().to_le_bytes())).is_err() {
        return;
    }
    let mut question = [0; 16];
    let mut part = Vec::new();
    while socket.read_exact(&mut question).is_ok() {
        let (place, length) = question.split_at(8);
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        part.resize(usize::try_from(number(length)).unwrap_or(0), 0);
        let read = file.read_at(number(place), &mut part);
        if tell(socket, read.map(|()| part.as_slice())).is_err() {
            return;
        }
    }
}
