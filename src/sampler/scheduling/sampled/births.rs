//! Who began since the last look: the kernel gives numbers out in ascending order, and `/proc/loadavg` ends with the newest.
//!
//! One small file for all births of the machine, threads too, in any container and without any right.

use std::ops::RangeInclusive;

use crate::model::id::{Pid, ProcId, Ticks};
use crate::model::text::SafeText;
use crate::sys::kept::Kept;
use crate::sys::machine::host;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::process::proc_stat;
use crate::sys::root::ProcRoot;
use crate::sys::{clock, fields};

/// Numbers that are looked up at the most at one look; of a flood those are looked up that are most likely still there.
const MOST: u32 = 256;

/// Follows the newest number.
#[derive(Debug)]
pub(super) struct Births {
    file: Kept,
    newest: Option<u32>,
    per_second: u64,
    /// When it was looked last, and the time before.
    looked: [Ticks; 2],
}

impl Births {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            file: Kept::new(root.proc("loadavg"), root.is_live()),
            newest: None,
            per_second: host::read(root).ticks_per_second,
            looked: [Ticks(0); 2],
        }
    }

    /// Whether who started then is new since the look before the last: after numbers began anew from the lowest, old ones
    /// lie between those given out since.
    pub fn is_new(&self, start: Ticks) -> bool {
        start.0 + 1 >= self.looked[1].0
    }

    /// The numbers given out since this was called last; none at first, and none when they began anew from the lowest.
    pub fn take(&mut self) -> RangeInclusive<u32> {
        let newest = self.file.read().ok().and_then(newest);
        let now = u128::from(clock::since_boot().0) * u128::from(self.per_second) / 1_000_000_000;
        self.looked = [Ticks(now as u64), self.looked[0]];
        let before = std::mem::replace(&mut self.newest, newest);
        match (before, newest) {
            (Some(before), Some(newest)) if newest > before => {
                (before + 1).max(newest.saturating_sub(MOST - 1))..=newest
            }
            _ => RangeInclusive::new(1, 0),
        }
    }
}

/// The last number of `b"0.11 0.12 0.09 1/93 13995\n"`.
pub(crate) fn newest(text: &[u8]) -> Option<u32> {
    let word = fields::words(text).nth(4)?;
    u32::try_from(fields::number(word)?).ok()
}

/// The process that a thread with this number belongs to, what the thread is called, and when it started.
pub(super) fn look_up(
    dir: &ProcDir,
    number: u32,
    buffer: &mut Vec<u8>,
) -> Option<(ProcId, SafeText, Ticks)> {
    // The directory of a thread is there by its number, although it is not listed.
    let text = dir.read(Pid(number), "status", buffer).ok()?;
    let (_, group) = fields::pairs(text).find(|(key, _)| *key == b"Tgid")?;
    let pid = Pid(u32::try_from(fields::number(group)?).ok()?);
    let own = dir.read(Pid(number), "stat", buffer).ok()?;
    let line = proc_stat::parse(own, 4096)?;
    let name = SafeText::from_bytes(line.name);
    let own = line.start;
    let mut start = own;
    if pid.0 != number {
        let first = dir.read(pid, "stat", buffer).ok()?;
        start = proc_stat::parse(first, 4096)?.start;
    }
    Some((ProcId { pid, start }, name, own))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn numbers_since_the_last_look() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        fs::create_dir_all(root.proc("")).expect("made");
        let mut births = Births::new(&root);
        assert!(births.take().is_empty(), "there is no such file");
        let mut at = |newest: u32| {
            let text = format!("0.11 0.12 0.09 1/93 {newest}\n");
            fs::write(root.proc("loadavg"), text).expect("written");
            births.take()
        };
        assert!(at(40).is_empty(), "who was there before is not born");
        assert_eq!(at(43), 41..=43);
        assert!(at(43).is_empty());
        assert_eq!(at(1043), 788..=1043, "a flood");
        assert!(at(302).is_empty(), "numbers began anew");
        assert_eq!(at(303), 303..=303);
    }

    #[test]
    fn a_thread_is_found_with_its_process() {
        let dir = ProcDir::open(&ProcRoot::live()).expect("there is a /proc");
        let mut births = Births::new(&ProcRoot::live());
        births.take();
        let (told, heard) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new().name("newborn".to_owned());
        let thread = thread.spawn(move || {
            let tid = nix::unistd::gettid().as_raw();
            told.send(tid as u32).expect("heard");
            let _ = ended.recv();
        });
        let number = heard.recv().expect("it began");
        births.take();
        let (id, name, start) = look_up(&dir, number, &mut Vec::new()).expect("it lives");
        assert!(births.is_new(start), "{start:?} {births:?}");
        assert_eq!((id.pid.0, name.as_str()), (std::process::id(), "newborn"));
        let (own, _, _) = look_up(&dir, id.pid.0, &mut Vec::new()).expect("this process");
        assert_eq!(own, id);
        // A number between those given out since, that somebody has had since the machine started.
        if let Some((_, _, start)) = look_up(&dir, 1, &mut Vec::new()) {
            assert!(
                id.pid.0 == 1 || !births.is_new(start),
                "{start:?} {births:?}"
            );
        }
        drop(end);
        thread.expect("made").join().expect("ended");
        let nobody = look_up(&dir, u32::MAX, &mut Vec::new());
        assert_eq!(nobody, None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = newest(&bytes);
        }
    }
}
