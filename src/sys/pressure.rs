//! `/proc/pressure/*` and the same of our own control group: for how much of the time tasks waited for the cores, memory or I/O, kernel `accounting/psi`.

use std::path::Path;

use super::fields;
use super::isolation::cgroup::own;
use super::kept::Kept;
use super::root::ProcRoot;
use super::source::{Error, Source};
use crate::model::id::Nanos;
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Pressure, Sample};

/// Reads the three files at every tick; each may be absent.
#[derive(Debug)]
pub struct Pressures {
    files: [Kept; 3],
    /// Those of our own control group, where it has any.
    own: Option<[Kept; 3]>,
}

impl Pressures {
    /// Over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        let file = |name: &str| Kept::new(root.proc("pressure").join(name), root.is_live());
        let own = own::pressure_dir(root);
        let of = |dir: &Path| {
            ["cpu", "memory", "io"]
                .map(|name| Kept::new(dir.join(format!("{name}.pressure")), root.is_live()))
        };
        Self {
            files: [file("cpu"), file("memory"), file("io")],
            own: own.as_deref().map(of),
        }
    }
}

impl Source<Sample> for Pressures {
    fn name(&self) -> &'static str {
        "pressure"
    }

    fn fills(&self) -> Needs {
        Needs::empty()
    }

    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        let [cpu, memory, io] = &mut self.files;
        into.system.cpu_pressure = one(cpu);
        into.system.memory_pressure = one(memory);
        into.system.io_pressure = one(io);
        into.system.own_pressure = match &mut self.own {
            Some(files) => files.each_mut().map(one),
            None => [Err(Missing::Unsupported); 3],
        };
        Ok(())
    }
}

fn one(file: &mut Kept) -> Reading<Pressure> {
    match file.read() {
        Ok(text) => parse(text).ok_or(Missing::Unsupported),
        // No such file: the kernel was built or started without pressure accounting.
        Err(Error::Io { why, .. }) => Err(match Missing::from(&why) {
            Missing::Denied => Missing::Denied,
            _ => Missing::Unsupported,
        }),
        Err(_) => Err(Missing::Unsupported),
    }
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

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
