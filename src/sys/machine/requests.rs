//! Counts every request to a disk, and how long each took: programs at the tracepoints `block_io_start`, `block_rq_issue` and
//! `block_rq_complete`. Needs `CAP_BPF` and `CAP_PERFMON`, or root, and the kernel's types.
//!
//! A request belongs to whoever made it: to a process that reads, and to a thread of the kernel where this writes down later what
//! processes left to it. A flush that a program asks for (`fsync`) is a request without bytes, which no driver sees: the kernel
//! joins those that wait into a flush of its own. The program's counts for it, the kernel's for the device. What is made of disks (volumes, arrays) has no requests of its own; the disks below have.

mod programs;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::OnceLock;

use crate::model::id::{Nanos, Pid};
use crate::model::machine::requests::{Count, Counted, KEPT, Kind, STEPS, spread_from};
use crate::model::scheduling::spread::{BUCKETS, Spread};
use crate::model::text::SafeText;
use crate::sys::bpf::btf;
use crate::sys::bpf::map::{self, Map, Shared, word};
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::clock;
use crate::sys::fields;
use crate::sys::kept::Kept;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// Devices that are told apart; the first place is of all others.
const DEVICES: usize = 32;
/// Bytes of the sums of a device and a kind, and where in them: how many were answered, how long they took, how long the device
/// had them, the longest, how many are of no process; then the spread, then the columns.
const DONE: i16 = 0;
const TOOK: i16 = 8;
const DEVICE: i16 = 16;
const LONGEST: i16 = 24;
const DROPPED: i16 = 32;
const SPREAD: i16 = 64;
const HEAT: i16 = SPREAD + 8 * BUCKETS as i16;
const AREA: usize = HEAT as usize + 8 * KEPT * STEPS;
/// The same of a process, whose spread is shorter.
const COUNT: i16 = 32;
const OF_PROCESS: usize = 128;
/// Where its name is, and of how many bytes.
const NAME: (i16, usize) = (COUNT + 8 * OF_PROCESS as i16, 16);
const PROCESS: usize = NAME.0 as usize + NAME.1;

/// Requests that can be under way at once, and processes, devices and kinds that are told apart.
const REQUESTS: usize = 65_536;
const PROCESSES: usize = 4096;

/// What was counted by process, device and kind, and how the threads were called that asked.
type Asked = (
    BTreeMap<(Pid, SafeText, Kind), Count>,
    BTreeMap<Pid, SafeText>,
);

/// Where the kernel that runs has what the programs look at.
#[derive(Clone, Copy, Debug)]
struct Types {
    /// In `struct request`: what is asked for, how many bytes of it are not answered.
    flags: i16,
    length: i16,
    /// The way from a request to its disk.
    disk: [Option<i16>; 2],
    /// In `struct gendisk`.
    major: i16,
    minor: i16,
    /// The tracepoints, and which argument of theirs is the request. The first one came with Linux 6.5.
    made: Option<(u32, usize)>,
    issued: (u32, usize),
    answered: (u32, usize),
}

fn types(root: &ProcRoot) -> Option<Types> {
    static KNOWN: OnceLock<Types> = OnceLock::new();
    if let (true, Some(known)) = (root.is_live(), KNOWN.get()) {
        return Some(*known);
    }
    let types = btf::Types::of_kernel(root)?;
    let offset = |of, name| i16::try_from(types.offset(of, name)?).ok();
    let at = |name| {
        let found = types.tracepoint(name)?;
        Some((found, types.argument(found, "request")?))
    };
    let disk = match offset("request", "rq_disk") {
        // Before Linux 5.17.
        Some(disk) => [Some(disk), None],
        None => [
            Some(offset("request", "q")?),
            Some(offset("request_queue", "disk")?),
        ],
    };
    let found = Types {
        flags: offset("request", "cmd_flags")?,
        length: offset("request", "__data_len")?,
        disk,
        major: offset("gendisk", "major")?,
        minor: offset("gendisk", "first_minor")?,
        made: at("block_io_start"),
        issued: at("block_rq_issue")?,
        answered: at("block_rq_complete")?,
    };
    if root.is_live() {
        KNOWN.get_or_init(|| found);
    }
    Some(found)
}

/// Counts until it is dropped; nothing stays behind.
#[derive(Debug)]
pub struct Tracing {
    sums: Shared,
    devices: Map,
    processes: Map,
    diskstats: Kept,
    /// By number, and by place.
    places: HashMap<u64, usize>,
    names: Vec<SafeText>,
    /// Who asked for how much at the reading before.
    before: HashMap<Vec<u8>, u64>,
    _under_way: Map,
    _zeros: Shared,
    programs: Vec<Running>,
}

impl Tracing {
    /// Begins to count.
    ///
    /// # Errors
    /// Without the right, where the kernel does not tell its types, and in a PID namespace of its own, where the kernel's
    /// numbers are not ours.
    pub fn begin(root: &ProcRoot) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        // Whoever may not is told so, and nothing is looked through for it.
        let sums = Shared::new((DEVICES * 4 * AREA).next_multiple_of(4096))?;
        let told =
            || io::Error::other("this kernel does not tell its types (CONFIG_DEBUG_INFO_BTF)");
        let types = types(root).ok_or_else(told)?;
        let zeros = Shared::new(PROCESS.next_multiple_of(4096))?;
        let under_way = Map::new(map::Kind::Hash, (8, 24 + NAME.1), REQUESTS, 0)?;
        let devices = Map::new(map::Kind::Hash, (8, 8), DEVICES, 0)?;
        let processes = Map::new(map::Kind::Hash, (8, PROCESS), PROCESSES, 0)?;
        let maps = programs::Maps {
            under_way: under_way.fd(),
            devices: devices.fd(),
            sums: sums.fd(),
            processes: processes.fd(),
            zeros: zeros.fd(),
        };
        let mut tracing = Self {
            sums,
            devices,
            processes,
            diskstats: Kept::new(root.proc("diskstats"), root.is_live()),
            places: HashMap::new(),
            names: vec!["others".into()],
            before: HashMap::new(),
            _under_way: under_way,
            _zeros: zeros,
            programs: Vec::new(),
        };
        tracing.name_devices(root);
        // Whoever is answered first was not counted when it was made.
        let mut run = |name, code: Result<_, _>, at| {
            let code: Vec<_> = code.map_err(io::Error::other)?;
            let running = program::run(name, &code, At::TypedTracepoint(at))?;
            tracing.programs.push(running);
            Ok::<(), Refused>(())
        };
        let (at, _) = types.answered;
        run("pscope_answered", programs::answered(&types, &maps), at)?;
        let (at, _) = types.issued;
        run("pscope_issued", programs::made(&types, true, &maps), at)?;
        if let Some((at, _)) = types.made {
            run("pscope_made", programs::made(&types, false, &maps), at)?;
        }
        Ok(tracing)
    }

    /// Gives each whole disk that the kernel lists a place of its own, as long as there are some.
    fn name_devices(&mut self, root: &ProcRoot) {
        let Ok(text) = self.diskstats.read() else {
            return;
        };
        let listed: Vec<(u64, Vec<u8>)> = fields::lines(text).filter_map(numbered).collect();
        let block = root.sys("block");
        for (number, name) in listed {
            if self.places.contains_key(&number) || self.names.len() >= DEVICES {
                continue;
            }
            let name = SafeText::from_bytes(&name);
            if !block.join(name.as_str().replace('/', "!")).is_dir() {
                continue;
            }
            let place = self.names.len();
            let told = self
                .devices
                .set(&number.to_ne_bytes(), &(place as u64).to_ne_bytes());
            if told.is_ok() {
                self.places.insert(number, place);
                self.names.push(name);
            }
        }
    }

    /// What was counted until now.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&mut self, root: &ProcRoot) -> io::Result<Counted> {
        self.name_devices(root);
        let mut devices = BTreeMap::new();
        let mut dropped = 0;
        let mut words = vec![0; AREA / 8];
        for (place, name) in self.names.iter().enumerate() {
            for (at, kind) in Kind::ALL.iter().enumerate() {
                let base = (place * 4 + at) * AREA;
                if self.sums.get(base) == 0 {
                    continue;
                }
                self.sums.copy(base, &mut words);
                let word = |at: i16| words[at as usize / 8];
                let spread = Spread(words[SPREAD as usize / 8..][..BUCKETS].to_vec());
                let columns = words[HEAT as usize / 8..].to_vec();
                dropped += word(DROPPED);
                devices.insert((name.clone(), *kind), (count(&word, spread), columns));
            }
        }
        let (processes, called) = self.processes()?;
        Ok(Counted {
            at: clock::now(),
            devices,
            processes,
            called,
            dropped,
        })
    }

    fn processes(&mut self) -> io::Result<Asked> {
        let (mut out, mut called) = (BTreeMap::new(), BTreeMap::new());
        let mut all = HashMap::new();
        let names = &self.names;
        self.processes.all(false, |key, value| {
            let number = |at: usize| {
                let bytes = key.get(at..at + 4)?.try_into().ok()?;
                Some(u32::from_ne_bytes(bytes))
            };
            let (Some(pid), Some(what)) = (number(0), number(4)) else {
                return;
            };
            let kind = Kind::ALL[(what as usize & 3).min(2)];
            let Some(name) = names.get(what as usize >> 2) else {
                return;
            };
            let word = |at: i16| word(value, at as usize).unwrap_or_default();
            let spread = spread_from((0..OF_PROCESS as i16).map(|n| word(COUNT + 8 * n)));
            let count = count(&word, spread);
            all.insert(key.to_vec(), count.done);
            let thread = value.get(NAME.0 as usize..).unwrap_or_default();
            let thread = thread.split(|b| *b == 0).next().unwrap_or_default();
            called.insert(Pid(pid), SafeText::from_bytes(thread));
            out.insert((Pid(pid), name.clone(), kind), count);
        })?;
        if all.len() > PROCESSES / 2 {
            // Who has asked for nothing since makes room; whoever asks again begins again.
            for (key, done) in &all {
                if self.before.get(key) == Some(done) {
                    // Whoever took it out meanwhile did the same.
                    let _ = self.processes.remove(key);
                }
            }
        }
        self.before = all;
        Ok((out, called))
    }
}

fn count(word: &dyn Fn(i16) -> u64, spread: Spread) -> Count {
    Count {
        done: word(DONE),
        took: Nanos(word(TOOK)),
        device: Nanos(word(DEVICE)),
        longest: Nanos(word(LONGEST)),
        spread,
    }
}

/// The number of a device as the programs make it, and its name: `254 0 vda …`.
fn numbered(line: &[u8]) -> Option<(u64, Vec<u8>)> {
    let mut words = fields::words(line);
    let major: u64 = fields::number(words.next()?)?;
    let minor: u64 = fields::number(words.next()?)?;
    Some((major << 32 | minor, words.next()?.to_owned()))
}

#[cfg(test)]
mod tests;
