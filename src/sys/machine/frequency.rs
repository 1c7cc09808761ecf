//! `/sys/devices/system/cpu/cpuN/cpufreq/scaling_cur_freq`: how fast each core runs, kernel `admin-guide/pm/cpufreq`.
//!
//! A driver asks firmware for it, which may not answer: [`asker`] asks.

use std::path::PathBuf;

use crate::model::id::CpuId;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::Missing;
use crate::model::sample::Sample;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{asker, fields};

/// Reads the frequency of every core; virtual machines tell none, and then nothing is read again.
#[derive(Debug)]
pub struct Frequencies {
    root: ProcRoot,
    files: Vec<(CpuId, PathBuf)>,
    absent: Option<Missing>,
}

/// Beyond this many cores nobody reads single frequencies, and asking each costs an interrupt on that core.
const MOST: usize = 256;
/// A number and a line feed.
const LONGEST: u32 = 64;

impl Frequencies {
    /// Over a sys tree.
    pub fn new(root: &ProcRoot) -> Self {
        let found = std::fs::metadata(root.sys("devices/system/cpu/cpu0/cpufreq"));
        // What is not there is not told by this kernel.
        let absent = found.err().map(|why| match Missing::from(why) {
            Missing::Gone => Missing::Unsupported,
            why => why,
        });
        Self {
            root: root.clone(),
            files: Vec::new(),
            absent,
        }
    }
}

impl Source<Sample> for Frequencies {
    fn name(&self) -> &'static str {
        "frequency"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["frequency"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        let cores = &mut into.system.cores;
        let absent = self
            .absent
            .or((cores.len() > MOST).then_some(Missing::Unsupported));
        if let Some(why) = absent {
            for core in cores {
                core.khz = Err(why);
            }
            return Ok(());
        }
        if !cores
            .iter()
            .map(|c| c.id)
            .eq(self.files.iter().map(|f| f.0))
        {
            let file = |id: CpuId| {
                let path = format!("devices/system/cpu/cpu{id}/cpufreq/scaling_cur_freq");
                self.root.sys(path)
            };
            self.files = cores.iter().map(|c| (c.id, file(c.id))).collect();
        }
        let paths = self.files.iter().map(|(_, path)| path.clone()).collect();
        for (core, told) in cores.iter_mut().zip(asker::each(paths, LONGEST)) {
            let khz = |text: Vec<u8>| {
                let khz = fields::number(&text).and_then(|n| u32::try_from(n).ok());
                khz.filter(|n| *n > 0).ok_or(Missing::Unsupported)
            };
            core.khz = told.and_then(khz).map_err(|why| match why {
                Missing::Gone => Missing::Unsupported,
                why => why,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::CoreSample;

    #[test]
    fn reads_each_core_that_tells() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let freq = |id: u32| root.sys(format!("devices/system/cpu/cpu{id}/cpufreq"));
        for id in [0, 2] {
            std::fs::create_dir_all(freq(id)).expect("made");
        }
        std::fs::write(freq(2).join("scaling_cur_freq"), "3400000\n").expect("written");
        let mut sample = Sample::default();
        let core = |id| CoreSample {
            id: CpuId(id),
            ..CoreSample::default()
        };
        sample.system.cores = vec![core(0), core(2)];
        let mut source = Frequencies::new(&root);
        source
            .read(&Plan::default(), &mut sample)
            .expect("it reads");
        let khz: Vec<_> = sample.system.cores.iter().map(|c| c.khz).collect();
        assert_eq!(khz, [Err(Missing::Unsupported), Ok(3_400_000)]);
    }
}
