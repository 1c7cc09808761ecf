//! The one thread that makes processes: it stays as long as the program, and is under the rules that held when it was begun.
//!
//! Who is to end with us is ended by the kernel when the thread ends that made it (`PR_SET_PDEATHSIG`), and that of whoever
//! asks may end sooner than the program. And a rule of a thread is also that of the children it makes (`seccomp(2)`): who may
//! make one that writes could write itself. What hears keys, draws, reads the kernel and reads recordings is not to be among them.
//!
//! What such a process is to do owns all it needs: the stacks of all other threads are free for the threads that it starts.

use std::io;
use std::process;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel, sync_channel};

use crate::sys::caught::catching;
use crate::sys::threads;

type Work = Box<dyn FnOnce() + Send>;

/// The way to the thread.
struct Way {
    orders: Sender<Work>,
    /// Whose thread it is: a copy of this program has none.
    of: u32,
}

static WAY: OnceLock<Way> = OnceLock::new();

/// Starts the thread, unless it is there.
///
/// # Errors
/// When the kernel makes no more threads.
pub(super) fn begin() -> io::Result<()> {
    if WAY.get().is_some() {
        return Ok(());
    }
    let (orders, received) = channel::<Work>();
    threads::start("forks", move || {
        for work in received {
            // Whoever ordered it hears that nothing came of it.
            let _ = catching(work);
        }
    })?;
    let of = process::id();
    // Should another thread have been quicker, ours ends.
    let _ = WAY.set(Way { orders, of });
    Ok(())
}

/// Does `make`, which makes a process, on that thread where it was begun.
///
/// # Errors
/// As `make` says.
pub(super) fn made<T: Send + 'static>(
    make: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let Some(way) = WAY.get().filter(|way| way.of == process::id()) else {
        return make();
    };
    let (tell, told) = sync_channel(1);
    let work = move || {
        // Whoever ordered it waits for it.
        let _ = tell.send(make());
    };
    let gone = io::ErrorKind::BrokenPipe;
    way.orders.send(Box::new(work)).map_err(|_| gone)?;
    told.recv().map_err(|_| gone)?
}
