//! How processes end that a person looks at: each is held by a pidfd while it lives, which tells the wait status afterwards.
//!
//! Needs no right over them. A pidfd tells it since Linux 6.15; before, a zombie may tell it, or the process connector.

use std::collections::{BTreeMap, HashMap};
use std::os::fd::{AsFd as _, OwnedFd};

use super::process_ids;
use crate::model::acting::Fate;
use crate::model::id::{Pid, ProcId};
use crate::model::reading::{Missing, Reading};
use crate::sys::acting::pidfd;
use crate::sys::root::ProcRoot;

/// So many are held at most: tags may be thousands.
const MOST: usize = 256;

/// Those who are looked at.
#[derive(Debug)]
pub struct Endings {
    root: ProcRoot,
    /// Whether this tree speaks of the processes that a pidfd would hold.
    ours: bool,
    held: BTreeMap<ProcId, Held>,
}

#[derive(Debug)]
struct Held {
    fd: Reading<OwnedFd>,
    how: Option<Reading<Fate>>,
}

impl Endings {
    /// Over a proc tree; over a fixture nobody is held.
    pub fn over(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            ours: pidfd::speaks_of(root),
            held: BTreeMap::new(),
        }
    }

    /// Holds these and no others; who is held already stays held, and what is known of the ended is kept.
    pub fn watch(&mut self, wanted: &[ProcId]) {
        let wanted = &wanted[..wanted.len().min(MOST)];
        self.held.retain(|id, _| wanted.contains(id));
        for id in wanted {
            if !self.held.contains_key(id) {
                let fd = self.hold(*id);
                self.held.insert(*id, Held { fd, how: None });
            }
        }
    }

    fn hold(&self, id: ProcId) -> Reading<OwnedFd> {
        if !self.ours {
            return Err(Missing::Unsupported);
        }
        let fd = pidfd::open(id.pid.0, 0)?;
        // Only after the descriptor holds somebody can it be asked whether it is the one who was meant.
        process_ids::still(&self.root, id)?;
        Ok(fd)
    }

    /// Of those who are watched and have ended: how. `lives` says who still has a row, `told` what the kernel told of exits.
    pub fn told(
        &mut self,
        lives: impl Fn(ProcId) -> bool,
        told: &HashMap<Pid, i32>,
    ) -> Vec<(ProcId, Reading<Fate>)> {
        for (id, held) in &mut self.held {
            if held.how.is_some() {
                continue;
            }
            let there = lives(*id);
            let status = match &held.fd {
                Ok(fd) if !pidfd::has_ended(fd.as_fd()) => continue,
                Ok(fd) => pidfd::exit_status(fd.as_fd())
                    .or_else(|| process_ids::zombie_status(&self.root, *id))
                    .or_else(|| told.get(&id.pid).copied()),
                Err(_) => told.get(&id.pid).copied().filter(|_| !there),
            };
            held.how = match (status, &held.fd) {
                (Some(status), _) => Some(Ok(Fate::from_wait_status(status))),
                // A zombie of another user's: once it is reaped the kernel may tell.
                (None, _) if there => None,
                (None, Ok(_)) => Some(Err(Missing::Unsupported)),
                (None, Err(why)) => Some(Err(*why)),
            };
        }
        let known = |(id, held): (&ProcId, &Held)| Some((*id, held.how.clone()?));
        self.held.iter().filter_map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;
    use crate::model::acting::signal::Signal;

    fn sleeper() -> (Child, ProcId) {
        let child = Command::new("sleep").arg("100").spawn().expect("a child");
        let root = ProcRoot::live();
        let id = process_ids::read(&root, Pid(child.id()))
            .expect("it lives")
            .id;
        (child, id)
    }

    fn ask(endings: &mut Endings, lives: bool) -> Vec<(ProcId, Reading<Fate>)> {
        endings.told(|_| lives, &HashMap::new())
    }

    #[test]
    fn a_zombie_and_one_that_was_reaped_say_how_they_ended() {
        let (mut child, id) = sleeper();
        let mut endings = Endings::over(&ProcRoot::live());
        endings.watch(&[id]);
        assert_eq!(ask(&mut endings, true), []);
        child.kill().expect("it is ours");
        let held = endings.held.get(&id).expect("watched");
        let fd = held.fd.as_ref().expect("held");
        while !pidfd::has_ended(fd.as_fd()) {
            std::thread::yield_now();
        }
        let killed = (id, Ok(Fate::Killed(Signal::KILL, false)));
        assert_eq!(
            ask(&mut endings, true),
            std::slice::from_ref(&killed),
            "a zombie of ours"
        );
        child.wait().expect("it ended");
        assert_eq!(
            ask(&mut endings, false),
            [killed],
            "known once, known for good"
        );
        endings.watch(&[]);
        assert_eq!(ask(&mut endings, false), []);
    }

    #[test]
    fn what_the_kernel_told_serves_where_nobody_is_held() {
        let (mut child, id) = sleeper();
        let mut endings = Endings::over(&ProcRoot::live());
        endings.ours = false;
        endings.watch(&[id]);
        let told = HashMap::from([(id.pid, 3 << 8)]);
        assert_eq!(
            endings.told(|_| true, &told),
            [],
            "it has a row: another of its number"
        );
        assert_eq!(endings.told(|_| false, &told), [(id, Ok(Fate::Exited(3)))]);
        child.kill().expect("it is ours");
        child.wait().expect("it ended");
    }

    #[test]
    fn who_ended_before_he_was_watched_is_no_guess() {
        let (mut child, id) = sleeper();
        child.kill().expect("it is ours");
        child.wait().expect("it ended");
        let mut endings = Endings::over(&ProcRoot::live());
        endings.watch(&[id]);
        assert_eq!(ask(&mut endings, false), [(id, Err(Missing::Gone))]);
    }
}
