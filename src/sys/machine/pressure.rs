//! `/proc/pressure/*`: for how much of the time tasks waited for the cores, memory or I/O, kernel `accounting/psi`.
//! Where the kernel does not account it, `/proc/vmstat` tells how often programs searched for memory.

use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Pressure, Sample};
use crate::sys::fields;
use crate::sys::kept::Kept;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};

/// Reads the three files at every tick; each may be absent.
#[derive(Debug)]
pub struct Pressures {
    files: [Kept; 3],
    vmstat: Kept,
}

impl Pressures {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        let file = |name: &str| Kept::new(root.proc(name), root.is_live());
        Self {
            files: ["pressure/cpu", "pressure/memory", "pressure/io"].map(file),
            vmstat: file("vmstat"),
        }
    }
}

impl Source<Sample> for Pressures {
    fn name(&self) -> &'static str {
        "pressure"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["pressure"])
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        let [cpu, memory, io] = &mut self.files;
        into.system.cpu_pressure = one(cpu);
        into.system.memory_pressure = one(memory);
        into.system.io_pressure = one(io);
        let vmstat = self.vmstat.read().map_err(|why| why.reason());
        into.system.oom_kills = vmstat.and_then(|text| oom_kills(text).ok_or(Missing::Unsupported));
        if into.system.memory_pressure.is_err() {
            into.system.searches = vmstat.map(searches);
        }
        Ok(())
    }
}

/// Direct reclaims and pages brought back from swap: lines such as `b"allocstall_normal 5"` and `b"pswpin 7"`.
pub(crate) fn searches(text: &[u8]) -> u64 {
    let counts = |key: &[u8]| key == b"pswpin" || key.starts_with(b"allocstall");
    fields::lines(text)
        .filter_map(|line| {
            let mut words = fields::words(line);
            words.next().filter(|key| counts(key))?;
            words.next().and_then(fields::number)
        })
        .fold(0, u64::saturating_add)
}

/// How many processes were killed because memory ran out: the line `b"oom_kill 3"`, since Linux 4.13.
fn oom_kills(text: &[u8]) -> Option<u64> {
    let found = fields::lines(text).find_map(|line| line.strip_prefix(b"oom_kill "));
    found.and_then(fields::number)
}

/// One file of pressure.
///
/// # Errors
/// `Missing::Unsupported` where the kernel was built or started without pressure accounting.
pub(in crate::sys) fn one(file: &mut Kept) -> Reading<Pressure> {
    let text = file.read().map_err(|why| why.reason())?;
    parse(text).ok_or(Missing::Unsupported)
}

/// Parses `b"some avg10=0.07 avg60=0.31 avg300=0.73 total=17356038\nfull avg10=0.00 …"`; older kernels have no `full`
/// for the cores.
pub fn parse(text: &[u8]) -> Option<Pressure> {
    let mut pressure = Pressure::default();
    let mut found = false;
    for line in fields::lines(text) {
        let mut words = fields::words(line);
        let some = match words.next() {
            Some(b"some") => true,
            Some(b"full") => false,
            _ => continue,
        };
        found |= some;
        for word in words {
            let Some(equals) = word.iter().position(|b| *b == b'=') else {
                continue;
            };
            let value = &word[equals + 1..];
            match (some, &word[..equals]) {
                (true, b"avg10") => pressure.some_10 = fields::decimal(value)?,
                (true, b"avg60") => pressure.some_60 = fields::decimal(value)?,
                (true, b"total") => {
                    pressure.some_total = Nanos(fields::number(value)?.saturating_mul(1000));
                }
                (false, b"avg10") => pressure.full_10 = fields::decimal(value)?,
                _ => {}
            }
        }
    }
    found.then_some(pressure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_lines() {
        let text = b"some avg10=0.07 avg60=0.31 avg300=0.73 total=17356038\nfull avg10=1.50 avg60=0.14 avg300=0 total=1\n";
        let expected = Pressure {
            some_10: 0.07,
            some_60: 0.31,
            full_10: 1.5,
            some_total: Nanos(17_356_038_000),
        };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse(b"full avg10=1.50\n"), None);
        assert_eq!(parse(b"some avg10=x\n"), None);
    }

    #[test]
    fn without_pressure_accounting_searches_for_memory_are_counted() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        std::fs::create_dir_all(root.proc("pressure")).expect("made");
        let vmstat =
            "pswpin 7\npswpout 9\nallocstall_dma 0\nallocstall_normal 5\npgfault 8\noom_kill 3\n";
        std::fs::write(root.proc("vmstat"), vmstat).expect("written");
        let mut source = Pressures::new(&root);
        let mut sample = Sample::default();
        source.read(&Plan::default(), &mut sample).expect("read");
        assert_eq!(sample.system.memory_pressure, Err(Missing::Unsupported));
        assert_eq!(sample.system.searches, Ok(12));
        assert_eq!(sample.system.oom_kills, Ok(3));
        let text = "some avg10=1.00 avg60=0 avg300=0 total=1\n";
        std::fs::write(root.proc("pressure/memory"), text).expect("written");
        let mut sample = Sample::default();
        source.read(&Plan::default(), &mut sample).expect("read");
        assert_eq!(
            sample.system.searches,
            Err(Missing::Soon),
            "not read in vain"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
