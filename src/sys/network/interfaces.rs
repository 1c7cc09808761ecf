//! Interfaces as text, for where netlink is not to be had: counters from `/proc/net/dev`, the rest from `/sys/class/net`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::model::id::{Bytes, Pid};
use crate::model::network::{Counters, Interface, Kind};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::root::ProcRoot;
use crate::sys::source::Error;
use crate::sys::{asker, fields};

/// Reads every interface of our network namespace as text.
///
/// # Errors
/// Where `/proc/net/dev` cannot be read.
pub fn read(root: &ProcRoot) -> Result<Vec<Interface>, Error> {
    let path = root.proc("net/dev");
    let text = std::fs::read(&path).map_err(Error::io(path))?;
    let mut out: Vec<_> = counters(&text)
        .into_iter()
        .map(|(name, counters)| facts(root, &name, counters))
        .collect();
    let names: Vec<Vec<u8>> = out.iter().map(|i| i.name.as_bytes().to_vec()).collect();
    let told = speeds(root, names.iter().map(Vec::as_slice));
    for (interface, speed) in out.iter_mut().zip(told) {
        interface.speed = speed;
    }
    out.sort_by_key(|i| i.index);
    Ok(out)
}

/// What may be seen of the interfaces of a process in a namespace that may not be entered: names and counters.
///
/// # Errors
/// `Gone` when the process has ended.
pub fn from_outside(root: &ProcRoot, pid: Pid) -> Reading<Vec<Interface>> {
    let text = std::fs::read(root.proc(format!("{pid}/net/dev")))?;
    let denied = |(name, counters): (Vec<u8>, Counters)| Interface {
        name: SafeText::from_bytes(&name),
        index: 0,
        kind: Kind::default(),
        state: Err(Missing::Denied),
        carrier: Err(Missing::Denied),
        speed: Err(Missing::Denied),
        mac: Err(Missing::Denied),
        mtu: Err(Missing::Denied),
        addresses: Vec::new(),
        counters,
        rates: Err(Missing::Soon),
    };
    Ok(counters(&text).into_iter().map(denied).collect())
}

/// Parses `  eth0: 77112500    4130    0    0    0     0          0         0   335114    2744 …`.
pub(crate) fn counters(text: &[u8]) -> Vec<(Vec<u8>, Counters)> {
    let line = |line: &[u8]| {
        let colon = line.iter().rposition(|b| *b == b':')?;
        let n: Vec<u64> = fields::numbers(&line[colon + 1..]).collect();
        let at = |i: usize| n.get(i).copied();
        Some((
            line[..colon].trim_ascii().to_vec(),
            Counters {
                received: Bytes(at(0)?),
                packets_in: at(1)?,
                errors_in: at(2)?,
                drops_in: at(3)?,
                sent: Bytes(at(8)?),
                packets_out: at(9)?,
                errors_out: at(10)?,
                drops_out: at(11)?,
            },
        ))
    };
    fields::lines(text).skip(2).filter_map(line).collect()
}

fn folder(root: &ProcRoot, name: &[u8]) -> PathBuf {
    root.sys(Path::new("class/net").join(OsStr::from_bytes(name)))
}

/// No file of an interface is longer: the kernel gives a page at most.
const LONGEST: u32 = 4096;

/// Megabits a second of interfaces of our own namespace, in their order; only `/sys` tells it, and asks the driver.
///
/// # Errors
/// For each `Unsupported` for a virtual interface, which says -1 or refuses: it has no speed. `Late` where the driver does
/// not answer.
pub fn speeds<'a>(root: &ProcRoot, names: impl IntoIterator<Item = &'a [u8]>) -> Vec<Reading<u32>> {
    let paths = names
        .into_iter()
        .map(|name| folder(root, name).join("speed"));
    let told = asker::each(paths.collect(), LONGEST).into_iter();
    told.map(|text| {
        let text = text.map_err(|why| match why {
            Missing::Late => why,
            _ => Missing::Unsupported,
        })?;
        let text = std::str::from_utf8(&text).map_err(|_| Missing::Unsupported)?;
        text.trim().parse().map_err(|_| Missing::Unsupported)
    })
    .collect()
}

fn facts(root: &ProcRoot, name: &[u8], counters: Counters) -> Interface {
    let shown = SafeText::from_bytes(name);
    let folder = folder(root, name);
    let read = |file: &str| -> Reading<Vec<u8>> {
        let text = asker::read(&folder.join(file), LONGEST).map_err(|why| match why {
            // Interfaces do not end as processes do: a file that is not there is one that this kind lacks.
            Missing::Gone => Missing::Unsupported,
            why => why,
        })?;
        Ok(text.trim_ascii().to_vec())
    };
    let number = |file: &str| -> Reading<u32> {
        let text = read(file)?;
        let text = std::str::from_utf8(&text).map_err(|_| Missing::Unsupported)?;
        text.parse().map_err(|_| Missing::Unsupported)
    };
    let mac = read("address").map(|mac| {
        let nought = mac.iter().all(|b| matches!(b, b'0' | b':'));
        (!nought).then(|| SafeText::from_bytes(&mac))
    });
    Interface {
        index: number("ifindex").unwrap_or(0),
        kind: kind(&folder),
        state: read("operstate").map(|s| SafeText::from_bytes(&s)),
        carrier: number("carrier").map(|c| c == 1),
        speed: Err(Missing::Soon),
        mac,
        mtu: number("mtu"),
        addresses: Vec::new(),
        counters,
        rates: Err(Missing::Soon),
        name: shown,
    }
}

/// What `uevent` and the files beside it tell of the kind: `DEVTYPE=vlan`, a directory `bonding`, a link `master`.
fn kind(folder: &Path) -> Kind {
    let text = asker::read(&folder.join("uevent"), LONGEST).unwrap_or_default();
    let told = fields::lines(&text).find_map(|l| l.strip_prefix(b"DEVTYPE="));
    let part_of = std::fs::read_link(folder.join("master")).ok();
    Kind {
        word: told.map(SafeText::from_bytes),
        part_of: part_of
            .as_deref()
            .and_then(Path::file_name)
            .map(|name| SafeText::from_bytes(name.as_bytes())),
        ..Kind::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_and_nonsense_is_passed_over() {
        let text = b"Inter-|   Receive\n face |bytes\n    lo:   26605     314    1    2    0     0          0         0    26605     315    3    4    0     0       0          0\n  x:y: 1 2\n broken\n";
        let all = counters(text);
        assert_eq!(all.len(), 1);
        let (name, c) = &all[0];
        assert_eq!(
            (name.as_slice(), c.received, c.drops_in),
            (&b"lo"[..], Bytes(26605), 2)
        );
        assert_eq!((c.packets_out, c.errors_out, c.drops_out), (315, 3, 4));
    }

    #[test]
    fn loopback_is_among_ours() {
        let all = read(&ProcRoot::live()).expect("interfaces");
        match all.iter().find(|i| i.name.as_str() == "lo") {
            Some(lo) => assert!(lo.is_loopback() && lo.index > 0),
            None => println!("skipped: no loopback here"),
        }
    }
}
