//! Memory that several processes map or hold: the widest channel there is, and the one that no table lists.

use std::collections::HashMap;
use std::sync::Arc;

use super::collect::{Edges, party};
use super::{Channel, Party};
use crate::model::descriptors::peer::{Join, Object};
use crate::model::id::ProcId;
use crate::model::text::SafeText;

/// A mapping whose changes others may see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mapped {
    /// The device of what is mapped, major number in the upper half.
    pub device: u64,
    /// The inode there; of a System V segment its number.
    pub inode: u64,
    /// Whether this process may write to it.
    pub writes: bool,
    /// As the kernel names it: `/memfd:x`, `/dev/shm/x`, `/SYSV00000000`, `/dev/zero`, a path.
    pub name: SafeText,
    /// Whether that name is gone. Who made a POSIX semaphore has mapped it under a name that went when it got its own.
    pub deleted: bool,
}

/// A process and what it maps so that others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapper {
    /// Who.
    pub id: ProcId,
    /// Its name.
    pub name: SafeText,
    /// What; never empty.
    pub maps: Arc<[Mapped]>,
}

/// What a shared mapping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// A POSIX semaphore.
    Semaphore(&'a str),
    /// `/dev/shm`.
    Posix(&'a str),
    /// System V.
    SystemV,
    /// `memfd_create(2)`.
    Memfd(&'a str),
    /// Anonymous memory that a fork shares.
    Forked,
    /// A file.
    File(&'a str),
    /// A device or a ring of the kernel's own: no memory between processes.
    Device,
}

impl<'a> Kind<'a> {
    fn of(name: &'a str) -> Self {
        let cut = |prefix| name.strip_prefix(prefix);
        if let Some(name) = cut("/dev/shm/sem.") {
            Self::Semaphore(name)
        } else if let Some(name) = cut("/dev/shm/") {
            Self::Posix(name)
        } else if name.starts_with("/SYSV") {
            Self::SystemV
        } else if let Some(name) = cut("/memfd:") {
            Self::Memfd(name)
        } else if name == "/dev/zero" || name.starts_with("[anon_shmem") {
            Self::Forked
        } else if name.starts_with("/dev/") && !name.starts_with("/dev/hugepages/") {
            Self::Device
        } else if name.starts_with('/') {
            Self::File(name)
        } else {
            Self::Device
        }
    }

    fn words(self, inode: u64) -> String {
        match self {
            Self::Semaphore(name) => format!("POSIX semaphore /{name}"),
            Self::Posix(name) => format!("/dev/shm/{name}"),
            Self::SystemV => format!("System V segment {inode}"),
            Self::Memfd(name) => format!("memfd {name}"),
            Self::Forked => "shared since a fork".to_owned(),
            Self::File(path) => format!("file {path}"),
            Self::Device => String::new(),
        }
    }
}

/// Everyone who has to do with one piece of memory.
struct Piece<'a> {
    name: &'a str,
    /// The name is gone; another mapping may know a better one.
    deleted: bool,
    /// Somebody may write to it; a file that all only read joins nobody.
    written: bool,
    all: Vec<Party>,
}

/// Joins those who map the same memory, or hold a descriptor of it.
pub(super) fn edges(edges: &mut Edges, join: &Join<'_>, mappers: &[Mapper]) {
    let mut pieces: HashMap<(u64, u64), Piece<'_>> = HashMap::new();
    for mapper in mappers {
        for map in mapper.maps.iter() {
            let piece = pieces.entry((map.device, map.inode)).or_insert(Piece {
                name: map.name.as_str(),
                deleted: map.deleted,
                written: false,
                all: Vec::new(),
            });
            piece.written |= map.writes;
            if piece.deleted && !map.deleted {
                (piece.name, piece.deleted) = (map.name.as_str(), false);
            }
            piece.all.push(Party {
                id: mapper.id,
                name: mapper.name.clone(),
                fd: None,
            });
        }
    }
    for (object, places) in join.objects() {
        let Object::Inode {
            device,
            inode,
            memory: true,
        } = object
        else {
            continue;
        };
        let piece = pieces.entry((*device, *inode)).or_insert(Piece {
            name: "",
            deleted: true,
            written: true,
            all: Vec::new(),
        });
        piece.all.extend(places.iter().map(party));
    }
    for ((device, inode), piece) in pieces {
        let kind = Kind::of(piece.name);
        let channel = match kind {
            Kind::Semaphore(_) => Channel::Semaphore,
            Kind::File(_) if !piece.written => continue,
            Kind::Device if !piece.name.is_empty() => continue,
            _ => Channel::Memory,
        };
        let detail = match kind {
            Kind::Device => format!("inode {inode}, held and not mapped"),
            kind => kind.words(inode),
        };
        let object = Object::Inode {
            device,
            inode,
            memory: true,
        };
        edges.shared(channel, &object, piece.all, &detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::descriptors::ipc::Edge;
    use crate::model::descriptors::peer::{HolderIndex, Tables};

    fn mapper(pid: u32, maps: &[(u64, &str, bool)]) -> Mapper {
        let maps: Vec<_> = maps
            .iter()
            .map(|(inode, name, writes)| Mapped {
                device: 1,
                inode: *inode,
                writes: *writes,
                name: (*name).into(),
                deleted: pid == 1,
            })
            .collect();
        Mapper {
            id: ProcId::new(pid, 1),
            name: "x".into(),
            maps: maps.into(),
        }
    }

    fn found(mappers: &[Mapper], hub: Option<u32>) -> (Vec<Edge>, usize) {
        let (index, tables) = (HolderIndex::default(), Tables::default());
        let join = Join::new(&index, &tables);
        let hub = hub.map(|pid| ProcId::new(pid, 1));
        let found = super::super::edges(&join, &tables, mappers, hub, |_, _| None);
        (found.edges, found.more)
    }

    #[test]
    fn each_kind_of_memory_joins_who_maps_it() {
        for (name, channel, detail) in [
            ("/dev/shm/sem.x", Channel::Semaphore, "POSIX semaphore /x"),
            ("/dev/shm/x", Channel::Memory, "/dev/shm/x"),
            ("/SYSV000000ff", Channel::Memory, "System V segment 7"),
            ("/memfd:x", Channel::Memory, "memfd x"),
            ("/dev/zero", Channel::Memory, "shared since a fork"),
            ("/srv/db", Channel::Memory, "file /srv/db"),
        ] {
            let two = [
                mapper(1, &[(7, name, true)]),
                mapper(2, &[(7, name, false)]),
            ];
            let (edges, more) = found(&two, None);
            assert_eq!((edges.len(), more), (1, 0), "{name}");
            assert_eq!(
                (edges[0].channel, edges[0].detail.as_str()),
                (channel, detail)
            );
        }
    }

    #[test]
    fn the_name_that_still_stands_is_told() {
        let two = [
            mapper(1, &[(7, "/dev/shm/sem.x8Yq2z", true)]),
            mapper(2, &[(7, "/dev/shm/sem.jobs", true)]),
        ];
        assert_eq!(found(&two, None).0[0].detail, "POSIX semaphore /jobs");
    }

    #[test]
    fn what_all_only_read_and_devices_join_nobody() {
        for (name, writes) in [
            ("/usr/lib/gconv.cache", false),
            ("/dev/dri/card0", true),
            ("anon_inode:[perf_event]", true),
            ("socket:[7]", true),
        ] {
            let two = [
                mapper(1, &[(7, name, writes)]),
                mapper(2, &[(7, name, writes)]),
            ];
            assert_eq!(found(&two, None), (vec![], 0), "{name}");
        }
    }

    #[test]
    fn a_few_are_joined_each_with_each_and_many_with_one() {
        let all = |n: u32| -> Vec<_> {
            (1..=n)
                .map(|pid| mapper(pid, &[(7, "/memfd:x", true)]))
                .collect()
        };
        let (edges, more) = found(&all(4), None);
        assert_eq!((edges.len(), more), (6, 0));
        let (edges, more) = found(&all(20), Some(9));
        assert!(edges.iter().all(|e| e.a.id.pid.0 == 9 || e.b.id.pid.0 == 9));
        assert_eq!((edges.len(), edges.len() + more), (19, 190));
        let (edges, more) = found(&all(5000), None);
        assert_eq!((edges.len(), more), (32, 5000 * 4999 / 2 - 32));
    }
}
