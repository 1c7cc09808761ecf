//! The other side: opens the file, takes what is ordered at once, and writes it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{BEGUN, DONE, GOES_ON, NEW, SHORTEN};
use crate::sys::asker::hand;
use crate::sys::own::place;
use crate::sys::own::recording::{self, Written};
use crate::sys::threads;

/// So much may wait for a slow filesystem; then nothing more is taken.
const BACKLOG: usize = 64 << 20;
/// How often one that is still written says how far it is.
const PROGRESS: Duration = Duration::from_millis(20);

/// What one that is made for a recording does.
pub fn record(socket: &mut UnixStream) {
    let mut head = || match take(socket) {
        Some(Order::Put(bytes)) => Some(bytes),
        _ => None,
    };
    if let (Some(path), Some(magic), Some(how)) = (head(), head(), head()) {
        let path = Path::new(std::ffi::OsStr::from_bytes(&path));
        place::only_below(path);
        let begin = || {
            if how == NEW {
                recording::begin_new(path, &magic)
            } else {
                Ok((recording::begin(path, &magic)?, 1))
            }
        };
        serve(socket, || {
            let (file, number) = begin()?;
            Ok(To::Recording(file, number, magic.clone()))
        });
    }
}

/// Where it is written to.
pub(super) enum To {
    Plain(File),
    Recording(Written, u32, Vec<u8>),
}

impl To {
    fn size(&self) -> u64 {
        match self {
            Self::Plain(_) => 0,
            Self::Recording(file, ..) => file.size(),
        }
    }

    fn number(&self) -> u32 {
        match self {
            Self::Plain(_) => 1,
            Self::Recording(_, number, _) => *number,
        }
    }

    fn carry_out(&mut self, order: Order) -> io::Result<()> {
        match (self, order) {
            (Self::Plain(file), Order::Put(bytes)) => file.write_all(&bytes),
            (Self::Recording(file, ..), Order::Put(bytes)) => file.append(&bytes),
            (Self::Recording(file, _, magic), Order::Shorten(from)) => file.shorten(magic, from),
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
pub(super) fn serve(socket: &mut UnixStream, open: impl FnOnce() -> io::Result<To> + Send) {
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
    begun.extend(to.number().to_le_bytes());
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
