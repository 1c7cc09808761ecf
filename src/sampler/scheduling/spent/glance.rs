//! A glance at a thread: whether it wants a core, and else in which call it sleeps. It costs a hundredth of a whole look, which
//! finds out once what that is: where a thread was seen before, the glance is enough.

use std::collections::HashMap;

use crate::model::id::{Pid, Tid};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::spent::Cause;
use crate::model::scheduling::wait::Call;
use crate::sys::process::proc_dir::ProcDir;

/// So many places are remembered of all threads.
const MOST: usize = 4096;

/// In which call a thread sleeps, and its first argument; `None` outside of one.
type Place = Option<(u32, u64)>;

/// What a glance tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
    /// It is on a core or waits for one.
    Wants,
    /// It sleeps.
    Sleeps(Place),
}

/// What whole looks found, by thread and place.
#[derive(Debug, Default)]
pub struct Known(HashMap<(Tid, Place), Cause>);

impl Known {
    /// A whole look found this there.
    pub fn learn(&mut self, tid: Tid, place: Place, cause: &Cause) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert((tid, place), cause.clone());
    }

    /// What was found there last.
    pub fn at(&self, tid: Tid, place: Place) -> Option<&Cause> {
        self.0.get(&(tid, place))
    }

    /// A thread has ended: its number may find another owner.
    pub fn forget(&mut self, tid: Tid) {
        self.0.retain(|(of, _), _| *of != tid);
    }
}

/// Glances at a thread.
///
/// # Errors
/// `Gone` when it has ended; `Denied` where this user may not see it.
pub fn glance(dir: &ProcDir, pid: Pid, tid: Tid, buffer: &mut Vec<u8>) -> Reading<Glance> {
    let text = dir.read(pid, &format!("task/{tid}/syscall"), buffer)?;
    Ok(match Call::parse(text).ok_or(Missing::Unsupported)? {
        Call::Running => Glance::Wants,
        Call::Outside { .. } => Glance::Sleeps(None),
        Call::In { number, args, .. } => Glance::Sleeps(Some((number as u32, args[0]))),
    })
}
