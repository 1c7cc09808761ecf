//! A file that a person named and that is written bit by bit: a recording, a trace.
//!
//! A process of our own opens and writes it. It takes what is handed to it at once, however slow its filesystem is, so that
//! nobody waits for that: not a key, nor the end of the program. What was handed over is written to its end, also when we have
//! ended meanwhile.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::hand::{self, Hand, Wait};
use super::pool;
use crate::sys::own::outfile;
use crate::sys::own::recording::{self, Written};
use crate::sys::threads;

/// So much may wait for a slow filesystem; then nothing more is taken.
const BACKLOG: usize = 64 << 20;
/// How long we wait for it to take more.
const TAKES: Duration = Duration::from_secs(5);
/// How often one that is still written says how far it is.
const PROGRESS: Duration = Duration::from_millis(20);

/// What is ordered: each order is this letter, a number, and so many bytes where it is [`PUT`].
const PUT: u8 = b'p';
const SHORTEN: u8 = b's';
/// What is told: the file is there and so long; it goes on; all is written. Anything else is a complaint.
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
}

/// Begins a recording, or goes on with one; it begins with these bytes. It is made by who makes workers, where there is one,
/// so that it keeps nothing of our memory.
///
/// # Errors
/// When no process can be made.
pub fn recording(path: &Path, magic: &[u8]) -> io::Result<Stream> {
    let path = std::path::absolute(path)?;
    let hand = match pool::writer() {
        Some(hand) => hand,
        None => hand::start(record)?,
    };
    let mut stream = Stream::over(hand)?;
    stream.put(path.as_os_str().as_bytes())?;
    stream.put(magic)?;
    stream.added = 0;
    Ok(stream)
}

/// Begins a file that takes the place of the one that is there.
///
/// # Errors
/// When no process can be made.
pub fn plain(path: &Path) -> io::Result<Stream> {
    let hand = hand::start(|socket| serve(socket, || outfile::create(path).map(To::Plain)))?;
    Stream::over(hand)
}

impl Stream {
    fn over(hand: Hand) -> io::Result<Self> {
        hand.socket.set_write_timeout(Some(TAKES))?;
        Ok(Self {
            hand,
            size: None,
            added: 0,
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
        let mut told = [0; 9];
        match self.hand.socket.read_exact(&mut told[..1]) {
            Ok(()) if told[0] == BEGUN => {
                self.hand.socket.read_exact(&mut told[1..])?;
                let [_, size @ ..] = told;
                self.size = Some(u64::from_le_bytes(size));
                Ok(())
            }
            Ok(()) => Err(self.complaint(told[..1].to_vec())),
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

/// What one that is made for a recording does.
pub(super) fn record(socket: &mut UnixStream) {
    let mut head = || match take(socket) {
        Some(Order::Put(bytes)) => Some(bytes),
        _ => None,
    };
    if let (Some(path), Some(magic)) = (head(), head()) {
        let path = Path::new(std::ffi::OsStr::from_bytes(&path));
        let begin = || recording::begin(path, &magic);
        serve(socket, || Ok(To::Recording(begin()?, magic.clone())));
    }
}

/// Where it is written to.
enum To {
    Plain(File),
    Recording(Written, Vec<u8>),
}

impl To {
    fn size(&self) -> u64 {
        match self {
            Self::Plain(_) => 0,
            Self::Recording(file, _) => file.size(),
        }
    }

    fn carry_out(&mut self, order: Order) -> io::Result<()> {
        match (self, order) {
            (Self::Plain(file), Order::Put(bytes)) => file.write_all(&bytes),
            (Self::Recording(file, _), Order::Put(bytes)) => file.append(&bytes),
            (Self::Recording(file, magic), Order::Shorten(from)) => file.shorten(magic, from),
            (Self::Plain(_), Order::Shorten(_)) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}

/// What is to be done.
enum Order {
    Put(Vec<u8>),
    Shorten(u64),
}

/// Takes the next order; nothing where no more comes.
fn take(from: &mut UnixStream) -> Option<Order> {
    let mut head = [0; 9];
    from.read_exact(&mut head).ok()?;
    let [what, number @ ..] = head;
    let number = u64::from_le_bytes(number);
    if what == SHORTEN {
        return Some(Order::Shorten(number));
    }
    let mut bytes = vec![0; usize::try_from(number).ok()?];
    from.read_exact(&mut bytes).ok()?;
    Some(Order::Put(bytes))
}

/// What was taken and is not written yet.
#[derive(Default)]
struct Queue {
    orders: VecDeque<Order>,
    waits: usize,
    /// How many were carried out.
    done: u64,
    /// No more comes.
    closed: bool,
    /// Nothing more is written: all is, or something went wrong.
    over: bool,
}

#[derive(Default)]
struct Desk(Mutex<Queue>, Condvar);

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.1.wait(queue).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next order; nothing where all are carried out.
    fn next(&self) -> Option<Order> {
        let mut queue = self.lock();
        loop {
            if let Some(order) = queue.orders.pop_front() {
                return Some(order);
            }
            if queue.closed {
                return None;
            }
            queue = self.wait(queue);
        }
    }
}

/// Takes what is ordered, while a thread writes it.
fn serve(socket: &mut UnixStream, open: impl FnOnce() -> io::Result<To> + Send) {
    let Ok(tell) = socket.try_clone() else { return };
    let desk = Arc::new(Desk::default());
    std::thread::scope(|scope| {
        let (to, at) = (tell, Arc::clone(&desk));
        let writer = threads::start_scoped(scope, "write", move || {
            let mut tell = &to;
            let wrote = write(&at, tell, open);
            at.lock().over = true;
            at.1.notify_all();
            let last = wrote.map_or_else(|why| hand::failure(&why), |()| vec![DONE]);
            let _ = tell.write_all(&last);
            // Whoever hands more over hears of it at once; what he has sent is taken all the same.
            let _ = to.shutdown(std::net::Shutdown::Read);
        });
        if writer.is_ok() {
            receive(socket, &desk);
        }
    });
}

/// Opens the file and carries out order after order.
fn write(
    desk: &Desk,
    mut tell: &UnixStream,
    open: impl FnOnce() -> io::Result<To>,
) -> io::Result<()> {
    let mut to = open()?;
    let mut begun = vec![BEGUN];
    begun.extend(to.size().to_le_bytes());
    let _ = tell.write_all(&begun);
    while let Some(order) = desk.next() {
        let size = order.size();
        to.carry_out(order)?;
        let mut queue = desk.lock();
        queue.waits -= size;
        queue.done += 1;
        drop(queue);
        desk.1.notify_all();
    }
    Ok(())
}

impl Order {
    fn size(&self) -> usize {
        match self {
            Self::Put(bytes) => bytes.len(),
            Self::Shorten(_) => 0,
        }
    }
}

/// Takes what comes, as far as there is room; then says that it goes on, while it does.
fn receive(socket: &mut UnixStream, desk: &Desk) {
    while let Some(order) = take(socket) {
        let mut queue = desk.lock();
        while queue.waits > BACKLOG && !queue.over {
            queue = desk.wait(queue);
        }
        if !queue.over {
            queue.waits += order.size();
            queue.orders.push_back(order);
        }
        drop(queue);
        desk.1.notify_all();
    }
    let mut queue = desk.lock();
    queue.closed = true;
    desk.1.notify_all();
    let mut told = queue.done;
    while !queue.over {
        let waited = desk
            .1
            .wait_timeout_while(queue, PROGRESS, |queue| !queue.over);
        queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        if queue.done > told && !queue.over {
            told = queue.done;
            let _ = socket.write_all(&[GOES_ON]);
        }
    }
}
