//! The kernel's description of its own types (`/sys/kernel/btf/vmlinux`, BTF): where a field stands in a structure of the
//! kernel that runs. The kernel's `Documentation/bpf/btf.rst` tells the format.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::sys::root::ProcRoot;

/// `BTF_KIND_*`.
const POINTER: u32 = 2;
const PROTOTYPE: u32 = 13;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const TYPEDEF: u32 = 8;

/// Types of one kernel, as bytes with an index.
#[derive(Debug)]
pub struct Types {
    bytes: Vec<u8>,
    /// Where each type stands; the first one has the number 1.
    places: Vec<u32>,
    /// Where the names begin.
    names: usize,
}

/// Where a thread has its numbers and its state in `task_struct`, and what the tracepoints are called that threads pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// The number of the thread.
    pub tid: i16,
    /// That of its process.
    pub tgid: i16,
    /// What it is about: 0 where it could run.
    pub state: i16,
    /// What sort of thread it is.
    pub flags: i16,
    /// How long it has had a core in its life; brought up to date before it leaves one.
    pub ran: i16,
    /// `sched_switch`.
    pub switch: u32,
    /// `sched_waking`.
    pub waking: u32,
    /// `sys_enter`, where it has a type.
    pub enter: Option<u32>,
    /// `sched_wakeup` and `sched_wakeup_new`: it stands in the queue of a core.
    pub woken: Option<[u32; 2]>,
    /// `sched_process_exec`: it runs another program.
    pub runs: Option<u32>,
    /// Whether it has a core; where the kernel is made for several.
    pub on_core: Option<i16>,
    /// Whether it waits for a disk: the byte, and which of its bits.
    pub for_disk: Option<(i16, i32)>,
    /// When it began, on the clock of `stat`.
    pub start: Option<i16>,
    /// Its name, of sixteen bytes.
    pub comm: Option<i16>,
}

/// That, of the kernel that runs; `None` where it does not tell. Its five megabytes are looked through once.
pub fn task(root: &ProcRoot) -> Option<Task> {
    static KNOWN: OnceLock<Task> = OnceLock::new();
    if let (true, Some(known)) = (root.is_live(), KNOWN.get()) {
        return Some(*known);
    }
    let types = Types::of_kernel(root)?;
    let offset = |name| i16::try_from(types.offset("task_struct", name)?).ok();
    let task = Task {
        tid: offset("pid")?,
        tgid: offset("tgid")?,
        // The second before Linux 5.14.
        state: offset("__state").or_else(|| offset("state"))?,
        flags: offset("flags")?,
        ran: offset("se.sum_exec_runtime")?,
        switch: types.tracepoint("sched_switch")?,
        waking: types.tracepoint("sched_waking")?,
        enter: types.tracepoint("sys_enter"),
        woken: types
            .tracepoint("sched_wakeup")
            .zip(types.tracepoint("sched_wakeup_new"))
            .map(|(woken, new)| [woken, new]),
        runs: types.tracepoint("sched_process_exec"),
        on_core: offset("on_cpu"),
        for_disk: types
            .bit("task_struct", "in_iowait")
            .and_then(|bit| Some((i16::try_from(bit / 8).ok()?, 1 << (bit % 8)))),
        // The second before Linux 5.5.
        start: offset("start_boottime").or_else(|| offset("real_start_time")),
        comm: offset("comm"),
    };
    if root.is_live() {
        KNOWN.get_or_init(|| task);
    }
    Some(task)
}

/// Types and levels that are followed inside of a field; what is deeper is malformed.
const DEEPEST: u32 = 8;

impl Types {
    /// The types of the kernel that runs; `None` where it does not tell them.
    pub fn of_kernel(root: &ProcRoot) -> Option<Self> {
        Self::parse(std::fs::read(root.sys("kernel/btf/vmlinux")).ok()?)
    }

    /// `struct btf_header { magic, version, flags, hdr_len, type_off, type_len, str_off, str_len }`, types, names.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        let word = |at: usize| word(&bytes, at);
        if word(0)? & 0xffff != 0xeb9f {
            return None;
        }
        let header = word(4)? as usize;
        let first = header.checked_add(word(8)? as usize)?;
        let end = first.checked_add(word(12)? as usize)?;
        let names = header.checked_add(word(16)? as usize)?;
        let mut places = Vec::new();
        let mut at = first;
        while at < end {
            places.push(at as u32);
            let info = word(at + 4)?;
            at += 12 + more(info >> 24 & 0x1f, info as usize & 0xffff)?;
        }
        Some(Self {
            bytes,
            places,
            names,
        })
    }

    fn name(&self, type_at: usize) -> Option<&[u8]> {
        let from = self
            .names
            .checked_add(word(&self.bytes, type_at)? as usize)?;
        let rest = self.bytes.get(from..)?;
        rest.split(|b| *b == 0).next()
    }

    /// Kind, number of members, and the place of a type.
    fn get(&self, id: u32) -> Option<(u32, usize, usize)> {
        let at = *self.places.get((id as usize).checked_sub(1)?)? as usize;
        let info = word(&self.bytes, at + 4)?;
        Some((info >> 24 & 0x1f, info as usize & 0xffff, at))
    }

    /// The numbers of these types, each told with whether it is a structure.
    fn ids<'n>(&self, wanted: &[(&'n str, u32)]) -> HashMap<&'n str, u32> {
        let mut found = HashMap::new();
        for id in 1..=self.places.len() as u32 {
            let Some((kind, _, at)) = self.get(id) else {
                continue;
            };
            for (name, of_kind) in wanted {
                if kind == *of_kind && self.name(at) == Some(name.as_bytes()) {
                    found.entry(*name).or_insert(id);
                }
            }
        }
        found
    }

    /// The number of the type of a tracepoint, for a program that is to follow its arguments.
    pub fn tracepoint(&self, name: &str) -> Option<u32> {
        let name = format!("btf_trace_{name}");
        let found = self.ids(&[(&name, TYPEDEF)]);
        found.get(name.as_str()).copied()
    }

    /// Which argument of a tracepoint is the address of such a structure, counted from 0; kernels have added and left out others.
    pub fn argument(&self, tracepoint: u32, of: &str) -> Option<usize> {
        let to = |id: u32, wanted: u32| {
            let (kind, _, at) = self.get(id)?;
            (kind == wanted)
                .then(|| word(&self.bytes, at + 8))
                .flatten()
        };
        let prototype = to(to(tracepoint, TYPEDEF)?, POINTER)?;
        let (kind, count, at) = self.get(prototype)?;
        let is = |argument: &usize| {
            let id = word(&self.bytes, at + 12 + argument * 8 + 4)?;
            let (kind, _, at) = self.get(to(id, POINTER)?)?;
            (kind == STRUCT && self.name(at)? == of.as_bytes()).then_some(())
        };
        // The first one is the kernel's own.
        let found = (1..count).find(|argument| is(argument).is_some())?;
        (kind == PROTOTYPE).then_some(found - 1)
    }

    /// At which byte of a structure a field stands: `task_struct`, `sched_info.run_delay`. Structures without a name are
    /// looked through.
    pub fn offset(&self, of: &str, path: &str) -> Option<u32> {
        let bits = self.bit(of, path)?;
        (bits % 8 == 0).then_some(bits / 8)
    }

    /// The same in bits, for fields that are not whole bytes.
    pub fn bit(&self, of: &str, path: &str) -> Option<u32> {
        let mut id = *self.ids(&[(of, STRUCT)]).get(of)?;
        let mut bits = 0;
        for name in path.split('.') {
            let (at, next) = self.member(id, name.as_bytes(), DEEPEST)?;
            bits = u32::checked_add(bits, at)?;
            id = next;
        }
        Some(bits)
    }

    /// At which bit a member stands, and its type.
    fn member(&self, id: u32, name: &[u8], deepest: u32) -> Option<(u32, u32)> {
        let (kind, count, at) = self.get(id)?;
        if kind != STRUCT && kind != UNION {
            return None;
        }
        let bit_fields = word(&self.bytes, at + 4)? >> 31 == 1;
        for member in 0..count {
            let at = at + 12 + member * 12;
            let (of, offset) = (word(&self.bytes, at + 4)?, word(&self.bytes, at + 8)?);
            let offset = if bit_fields {
                offset & 0xff_ffff
            } else {
                offset
            };
            let own = self.name(at)?;
            if own == name {
                return Some((offset, of));
            }
            if own.is_empty()
                && deepest > 0
                && let Some((inner, of)) = self.member(of, name, deepest - 1)
            {
                return Some((offset.checked_add(inner)?, of));
            }
        }
        None
    }
}

/// How many bytes follow the twelve of a type.
fn more(kind: u32, count: usize) -> Option<usize> {
    Some(match kind {
        // Pointers, forwards, typedefs, qualifiers, functions, floats, type tags.
        2 | 7..=12 | 16 | 18 => 0,
        // Integers, variables, declaration tags.
        1 | 14 | 17 => 4,
        3 => 12,
        STRUCT | UNION | 15 | 19 => 12 * count,
        6 | 13 => 8 * count,
        _ => return None,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `struct { union { int a; int b:4; }; struct in { int c; } in; }` and a typedef, as a compiler writes them.
    fn made() -> Vec<u8> {
        let names = b"\0int\0outer\0a\0b\0in\0c\0btf_trace_x\0";
        let at = |name: &str| {
            let name = [b"\0".as_slice(), name.as_bytes(), b"\0"].concat();
            let found = names.windows(name.len()).position(|w| w == name);
            found.expect("a name") as u32 + 1
        };
        #[rustfmt::skip]
        let types = [
            // 1: int, 2: the union, 3: in, 4: outer, 5: the typedef
            at("int"), 1 << 24, 4, 32,
            0, 1 << 31 | UNION << 24 | 2, 4, at("a"), 1, 0, at("b"), 1, 4 << 24,
            at("in"), STRUCT << 24 | 1, 4, at("c"), 1, 0,
            at("outer"), STRUCT << 24 | 2, 8, 0, 2, 0, at("in"), 3, 32,
            at("btf_trace_x"), TYPEDEF << 24, 1,
        ];
        let length = types.len() as u32 * 4;
        let header = [0x0001_eb9f, 24, 0, length, length, names.len() as u32];
        let words = header.iter().chain(&types);
        let mut out: Vec<u8> = words.flat_map(|w| w.to_ne_bytes()).collect();
        out.extend(names);
        out
    }

    #[test]
    fn fields_are_found_through_what_has_no_name() {
        let types = Types::parse(made()).expect("whole");
        assert_eq!(types.offset("outer", "a"), Some(0));
        assert_eq!(types.offset("outer", "in.c"), Some(4));
        assert_eq!(types.offset("outer", "d"), None);
        assert_eq!(types.bit("outer", "in.c"), Some(32));
        assert_eq!(types.offset("int", "a"), None, "no structure");
        assert_eq!(types.tracepoint("x"), Some(5));
        assert_eq!(types.tracepoint("y"), None);
        assert_eq!(types.argument(5, "in"), None, "not of a tracepoint");
    }

    #[test]
    fn this_kernel_tells_where_a_task_has_its_number() {
        let Some(types) = Types::of_kernel(&ProcRoot::live()) else {
            println!("skipped: this kernel does not tell its types");
            return;
        };
        let of = |field| types.offset("task_struct", field).expect("known");
        assert_eq!(of("tgid"), of("pid") + 4);
        let switch = types.tracepoint("sched_switch").expect("known");
        assert_eq!(types.argument(switch, "task_struct"), Some(1));
        assert_eq!(types.argument(switch, "request"), None);
    }

    proptest::proptest! {
        #[test]
        fn damaged_types_are_told_as_none(at in 0..300_usize, to: u8, cut in 0..400_usize) {
            let mut bytes = made();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = to;
            }
            bytes.truncate(cut.max(20));
            if let Some(types) = Types::parse(bytes) {
                types.offset("outer", "in.c");
                if let Some(found) = types.tracepoint("x") {
                    types.argument(found, "in");
                }
            }
        }
    }
}
