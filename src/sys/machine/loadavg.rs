//! `/proc/loadavg`: how many tasks wanted a core lately.

use nix::sys::sysinfo::sysinfo;

use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::sample::Sample;
use crate::sys::fields;
use crate::sys::kept::Kept;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Reads the file at every tick.
#[derive(Debug)]
pub struct Load {
    averages: Kept,
    live: bool,
}

impl Load {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        let live = root.is_live();
        Self {
            averages: Kept::new(root.proc("loadavg"), live),
            live,
        }
    }
}

impl Source<Sample> for Load {
    fn name(&self) -> &'static str {
        "load"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["machine"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        let (load, tasks) = parse(self.averages.read()?);
        into.system.load = load.ok_or(Missing::Unsupported);
        into.system.tasks = tasks.ok_or(Missing::Unsupported);
        Ok(())
    }

    fn lack(&self, why: Missing, into: &mut Sample) {
        // The same three numbers come with a call that nobody can refuse.
        let asked = self.live.then(|| sysinfo().ok()).flatten();
        let load = asked.map(|info| {
            let (one, five, fifteen) = info.load_average();
            [one, five, fifteen].map(|n| n as f32)
        });
        into.system.load = load.ok_or(why);
        into.system.tasks = Err(why);
    }
}

/// Parses `b"0.11 0.12 0.09 1/93 13995\n"`: the averages over 1, 5 and 15 minutes, and the number of all tasks.
pub fn parse(text: &[u8]) -> (Option<[f32; 3]>, Option<u32>) {
    let mut words = fields::words(text);
    let mut average = || words.next().and_then(fields::decimal);
    let load = (average(), average(), average());
    let tasks = words.next().and_then(|word| {
        let slash = word.iter().position(|b| *b == b'/')?;
        fields::number(&word[slash + 1..])
    });
    let load = match load {
        (Some(one), Some(five), Some(fifteen)) => Some([one, five, fifteen]),
        _ => None,
    };
    (load, tasks.map(|n| n as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_averages() {
        assert_eq!(
            parse(b"0.11 0.12 10.09 1/93 13995\n"),
            (Some([0.11, 0.12, 10.09]), Some(93))
        );
        assert_eq!(parse(b"0.11 x 0.09 1\n"), (None, None));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
