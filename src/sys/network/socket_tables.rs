//! The socket tables of every network namespace that may be asked: by netlink, or else as text.

use std::collections::HashMap;

use super::namespace;
use super::sock_diag::SockDiag;
use super::text_tables;
use crate::model::descriptors::peer::{HolderIndex, Tables};
use crate::model::descriptors::socket::Protocol;
use crate::model::id::Pid;
use crate::sys::clock;
use crate::sys::root::ProcRoot;

/// How many namespaces are asked at most.
const NAMESPACES: usize = 32;

/// Asks for the socket tables, over kept netlink sockets.
#[derive(Debug)]
pub struct TableReader {
    root: ProcRoot,
    ours: u64,
    /// By namespace; `None` where netlink was refused and the text is read instead.
    asked: HashMap<u64, Option<SockDiag>>,
}

impl TableReader {
    /// A reader that has asked nothing yet.
    pub fn new(root: ProcRoot) -> Self {
        let ours = namespace::ours(&root).unwrap_or(0);
        Self {
            root,
            ours,
            asked: HashMap::new(),
        }
    }

    /// The network namespace of this program; 0 where the kernel has none.
    pub fn ours(&self) -> u64 {
        self.ours
    }

    /// The tables of our namespace and of those in which a process of the index lives.
    pub fn read(&mut self, index: &HolderIndex) -> Tables {
        let mut places: Vec<(u64, Option<Pid>)> = vec![(self.ours, None)];
        for holder in &index.holders {
            let known = places.iter().any(|(n, _)| *n == holder.namespace);
            if holder.namespace != 0 && !known && places.len() < NAMESPACES {
                places.push((holder.namespace, Some(holder.id.pid)));
            }
        }
        self.asked
            .retain(|namespace, _| places.iter().any(|(n, _)| n == namespace));
        let mut tables = Tables {
            at: clock::now(),
            ..Tables::default()
        };
        for (namespace, pid) in places {
            self.read_one(namespace, pid, &mut tables);
        }
        tables
    }

    fn read_one(&mut self, namespace: u64, pid: Option<Pid>, into: &mut Tables) {
        let root = &self.root;
        let asked = self.asked.entry(namespace).or_insert_with(|| {
            if !root.is_live() {
                return None;
            }
            match pid {
                None => SockDiag::open(namespace).ok(),
                Some(pid) => {
                    namespace::inside(root, pid, namespace, move || SockDiag::open(namespace)).ok()
                }
            }
        });
        if asked.as_mut().is_some_and(|diag| ask(diag, into)) {
            return;
        }
        *asked = None;
        let of = pid.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
        let read = |name: &str| {
            std::fs::read(self.root.proc(format!("{of}/net/{name}"))).unwrap_or_default()
        };
        for (name, protocol) in [
            ("tcp", Protocol::Tcp),
            ("tcp6", Protocol::Tcp),
            ("udp", Protocol::Udp),
            ("udp6", Protocol::Udp),
        ] {
            into.inet
                .extend(text_tables::inet(&read(name), protocol, namespace));
        }
        into.unix.extend(text_tables::unix(&read("unix")));
    }
}

/// Asks for all tables; answers whether TCP, without which nothing is worth much, was told.
fn ask(diag: &mut SockDiag, into: &mut Tables) -> bool {
    let before = (into.unix.len(), into.inet.len());
    let told =
        diag.inet(Protocol::Tcp, &mut into.inet).is_ok() && diag.unix(&mut into.unix).is_ok();
    if !told {
        into.unix.truncate(before.0);
        into.inet.truncate(before.1);
        return false;
    }
    // A kernel without UDP diagnosis still tells the rest.
    let _ = diag.inet(Protocol::Udp, &mut into.inet);
    true
}
