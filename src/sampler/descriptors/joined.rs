//! The descriptors of the process in focus, joined with everyone who is at another end.
//!
//! All links are read each time; `fdinfo` and sizes first of those on the screen, then of the others within a budget.

pub mod shared;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::model::descriptors::descriptor::{About, Descriptor, Files, GpuUse, Info, Kind};
use crate::model::descriptors::peer::{
    Flow, Holder, HolderIndex, Join, Object, Peer, Tables, pipeline,
};
use crate::model::descriptors::socket::{Protocol, Socket};
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, Pid, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::sys::clock;
use crate::sys::descriptors::fds::{Fds, Target};
use crate::sys::descriptors::limit;
use crate::sys::descriptors::objects::{is_file, is_master, kind, object, refined, told};
use crate::sys::network::other_sockets;
use crate::sys::process::{living, proc_dir};
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use shared::Shared;

/// So many descriptors are asked at one go between two looks at the clock.
const AT_ONCE: usize = 64;
/// How long the details of descriptors that are not on the screen may take at each reading.
const BUDGET: Duration = Duration::from_millis(4);
/// The shortest pause between two readings.
const PACE_MS: u64 = 500;
/// The same where only the words of waits are made of it.
const WAITS_MS: u64 = 1000;
/// Readings take at most this share of a core: one part in so many.
const SHARE: u64 = 50;
/// The same where only the overview shows a few of them.
const GLANCE_MS: u64 = 2000;
const GLANCE_SHARE: u64 = 400;

/// Reads the descriptor table of the process in focus.
pub struct Descriptors {
    root: ProcRoot,
    shared: Shared,
    of: Option<ProcId>,
    /// By number: the link, and the descriptor as it was when last read.
    known: HashMap<u32, Known>,
    /// Where the details of those not on the screen go on.
    next: u32,
    /// When graphics cards were asked last, and how long they had worked for the process until then.
    gpu: Option<(Nanos, Nanos)>,
    /// Whether a report wants everything at once.
    patient: bool,
    /// Whether only a few lines of the overview are made of it.
    glancing: bool,
    /// Whether only what threads wait for is said with it, which is not read more often than this.
    for_waits: bool,
}

struct Known {
    link: Vec<u8>,
    descriptor: Descriptor,
}

impl Descriptors {
    /// Over a index that other sources use too.
    pub fn new(root: &ProcRoot, shared: Shared) -> Self {
        Self {
            root: root.clone(),
            shared,
            of: None,
            known: HashMap::new(),
            next: 0,
            gpu: None,
            patient: false,
            glancing: false,
            for_waits: false,
        }
    }

    /// Reads everything about every descriptor of a process at once, whatever it costs: for reports.
    ///
    /// # Errors
    /// `Denied` for processes of other users, `Gone` when it has ended.
    pub fn all_of(root: &ProcRoot, of: ProcId) -> Reading<Files> {
        let mut reader = Self::new(root, Shared::new(root));
        reader.patient = true;
        reader.files(of, &[])
    }

    fn files(&mut self, of: ProcId, shown: &[u32]) -> Reading<Files> {
        if self.of != Some(of) {
            (self.of, self.next, self.gpu) = (Some(of), 0, None);
            self.known.clear();
        }
        let fds = Fds::open(&self.root, of.pid)?;
        // What is opened or closed while they are read is no number that a call keeps.
        let asked = living::pid(&self.root, of.pid);
        let before = proc_dir::count_descriptors(&self.root, asked);
        self.links(&fds)?;
        let after = proc_dir::count_descriptors(&self.root, asked);
        let taken = before.and_then(|before| Ok(before.min(after?)));
        self.details(&fds, shown);
        let mut files = Files::new(of);
        files.limit = self.limit(of);
        files.rows = self.known.values().map(|k| k.descriptor.clone()).collect();
        files.rows.sort_unstable_by_key(|d| d.fd);
        files.taken = taken.unwrap_or(0).max(files.rows.len() as u64);
        let now = clock::now();
        files.gpu = GpuUse::of(files.rows.iter()).map(|gpu| gpu.since(self.gpu, now));
        self.gpu = files.gpu.as_ref().map(|gpu| (now, gpu.busy));
        let budget = if self.patient {
            Duration::from_mins(10)
        } else {
            shared::BUDGET
        };
        let shared = self.shared.clone();
        let join = |index: &HolderIndex, tables: &Tables| {
            let join = Join::new(index, tables);
            for row in &mut files.rows {
                join_row(index, &join, &fds, of, row);
            }
            let holder = index.holders.iter().find(|h| h.id == of);
            files.pipelines = holder
                .map(|h| pipeline::through(&join, h))
                .filter(|stages| !stages.is_empty())
                .into_iter()
                .collect();
            files.hidden = index.hidden();
            files.unlisted = index.unlisted;
        };
        if self.glancing {
            shared.glance(Some(of.pid), join);
        } else {
            shared.with(budget, Some(of.pid), join);
        }
        self.name_others(&fds, of.pid, &mut files.rows);
        for row in &files.rows {
            // The kind of a socket is known only from the tables; what was found stays for when they are behind.
            if let Some(known) = self.known.get_mut(&row.fd) {
                known.descriptor.kind = row.kind;
            }
        }
        Ok(files)
    }

    /// Brings the set of descriptors up to date; what has the same link keeps what was read of it.
    fn links(&mut self, fds: &Fds) -> Reading<()> {
        let mut fresh = HashMap::with_capacity(self.known.len());
        let (mut unclear, mut untold) = (Vec::new(), Vec::new());
        for fd in fds.numbers()? {
            let link = match fds.link(fd) {
                Ok(link) => link,
                Err(Missing::Denied) => return Err(Missing::Denied),
                Err(_) => continue,
            };
            let old = self.known.remove(&fd).filter(|k| k.link == link);
            let mut known = old.unwrap_or_else(|| {
                let mut descriptor = Descriptor::new(fd, &link);
                let (_, object, open) = object(&link);
                descriptor.object = object;
                if open {
                    untold.push(fd);
                }
                if matches!(
                    descriptor.kind,
                    Kind::File | Kind::Memfd | Kind::Device | Kind::Tty
                ) {
                    unclear.push(fd);
                }
                Known { link, descriptor }
            });
            known.descriptor.mode = fds.mode(fd);
            fresh.insert(fd, known);
        }
        self.known = fresh;
        let behind = fds.behind(&unclear);
        let masters = unclear.iter().zip(&behind).filter(|(_, b)| is_master(b));
        untold.extend(masters.map(|(fd, _)| *fd));
        for (fd, info) in untold.iter().zip(fds.infos(&untold)) {
            if let (Some(known), Some(object)) =
                (self.known.get_mut(fd), info.ok().and_then(|i| told(&i)))
            {
                known.descriptor.object = object;
            }
        }
        for (fd, behind) in unclear.iter().zip(behind) {
            if let Some(known) = self.known.get_mut(fd) {
                known.take(behind);
            }
        }
        Ok(())
    }

    /// Reads `fdinfo` and sizes: of what is shown, then of as many others as the budget allows.
    fn details(&mut self, fds: &Fds, shown: &[u32]) {
        let began = Instant::now();
        let mut order: Vec<u32> = self.known.keys().copied().collect();
        order.sort_unstable_by_key(|fd| (*fd < self.next, *fd));
        order.retain(|fd| !shown.contains(fd));
        self.informed(fds, shown);
        let mut asked = shown.to_vec();
        for some in order.chunks(AT_ONCE) {
            if began.elapsed() >= BUDGET && !self.patient {
                self.next = some[0];
                break;
            }
            self.informed(fds, some);
            asked.extend(some);
        }
        let sized = |fd: &u32| {
            let known = self.known.get(fd);
            known.is_some_and(|k| matches!(k.descriptor.kind, Kind::File | Kind::Memfd))
        };
        let sized: Vec<u32> = asked.into_iter().filter(sized).collect();
        for (fd, behind) in sized.iter().zip(fds.behind(&sized)) {
            if let Some(known) = self.known.get_mut(fd) {
                known.take(behind);
            }
        }
    }

    /// Reads `fdinfo` of some at one go.
    fn informed(&mut self, fds: &Fds, which: &[u32]) {
        for (fd, info) in which.iter().zip(fds.infos(which)) {
            if let Some(known) = self.known.get_mut(fd) {
                known.descriptor.info = info;
            }
        }
    }

    fn limit(&self, of: ProcId) -> Reading<Option<u64>> {
        let asked = living::pid(&self.root, of.pid);
        limit::soft(&self.root.read(format!("{asked}/limits"))?)
    }
}

impl Known {
    fn take(&mut self, behind: Reading<Target>) {
        let d = &mut self.descriptor;
        let behind = match behind {
            Ok(behind) => behind,
            Err(why) => {
                d.extent = Err(why);
                return;
            }
        };
        d.kind = kind(d.kind, &behind);
        if let Some(object) = refined(&self.link, &d.object, &behind) {
            d.object = object;
        }
        d.extent = if is_file(&behind) {
            Ok(behind.extent)
        } else {
            Err(Missing::Unsupported)
        };
        if d.deleted && behind.links > 0 {
            // A file that is really called so.
            d.deleted = false;
            d.target = crate::model::text::SafeText::from_bytes(&self.link);
        }
    }
}

impl Descriptors {
    /// Names sockets that no table of IP or unix has, where there are any: their tables are small. What stands in none of them
    /// is named by its protocol.
    fn name_others(&self, fds: &Fds, pid: Pid, rows: &mut [Descriptor]) {
        let other = |row: &Descriptor| match row.object {
            Object::Socket(inode) if row.socket.is_none() => Some(inode),
            _ => None,
        };
        let mut tables: Vec<(&str, Vec<u8>)> = Vec::new();
        for row in rows {
            let (Some(inode), Ok(info)) = (other(row), &mut row.info) else {
                continue;
            };
            if tables.is_empty() {
                let read = |table| self.root.read(format!("{pid}/net/{table}"));
                let read = |table| (table, read(table).unwrap_or_default());
                tables = other_sockets::TABLES.into_iter().map(read).collect();
            }
            let mut found = tables.iter();
            let listed = found.find_map(|(t, text)| other_sockets::name(t, text, inode));
            let protocol = || other_sockets::by_protocol(&fds.protocol(row.fd)?);
            if let Some(name) = listed.or_else(protocol) {
                info.about = About::Socket(name);
            }
        }
    }
}

fn named(holder: &Holder) -> Peer {
    Peer {
        id: holder.id,
        name: holder.name.clone(),
        fd: None,
        flow: Flow::Out,
        foreign: false,
    }
}

fn join_row(index: &HolderIndex, join: &Join<'_>, fds: &Fds, of: ProcId, row: &mut Descriptor) {
    if let Object::Socket(inode) = row.object {
        row.socket = join.socket(inode);
        match &row.socket {
            Some(Socket::Unix(_)) => row.kind = Kind::Unix,
            Some(Socket::Inet(inet)) if inet.protocol == Protocol::Tcp => row.kind = Kind::Tcp,
            Some(Socket::Inet(_)) => row.kind = Kind::Udp,
            None if row.kind == Kind::Other => {
                row.kind = fds
                    .protocol(row.fd)
                    .map_or(Kind::Other, |p| by_protocol(&p));
            }
            None => {}
        }
    }
    if let Ok(Info {
        about: About::Pidfd(Some(pid)),
        ..
    }) = &row.info
    {
        row.peers.named = index.of_pid(Pid(*pid)).map(named).into_iter().collect();
        return;
    }
    if !matches!(row.kind, Kind::Directory | Kind::Device) {
        row.peers = join.peers(of, row.fd, row.mode.ok(), &row.object);
    }
}

/// The kernel's names of protocols: `TCPv6`, `UNIX-STREAM`, `NETLINK`, `PACKET`.
fn by_protocol(name: &[u8]) -> Kind {
    match name {
        n if n.starts_with(b"TCP") || n.starts_with(b"MPTCP") => Kind::Tcp,
        n if n.starts_with(b"UDP") => Kind::Udp,
        n if n.starts_with(b"UNIX") => Kind::Unix,
        n if n.starts_with(b"NETLINK") => Kind::Netlink,
        n if n.starts_with(b"PACKET") => Kind::Packet,
        _ => Kind::Other,
    }
}

impl Source<Detail> for Descriptors {
    fn name(&self) -> &'static str {
        "descriptors"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others", "sock_diag"])
    }

    fn fills(&self) -> Needs {
        Needs::FILES | Needs::SOCKETS | Needs::OVERVIEW | Needs::WAITS
    }

    fn pace_ms(&self) -> u64 {
        match (self.glancing, self.for_waits) {
            (true, _) => GLANCE_MS,
            (false, true) => WAITS_MS,
            (false, false) => PACE_MS,
        }
    }

    fn share(&self) -> u64 {
        if self.glancing { GLANCE_SHARE } else { SHARE }
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(of) = plan.focus else { return Ok(()) };
        let closely = Needs::FILES | Needs::SOCKETS;
        let overview = plan.needs.contains(Needs::OVERVIEW);
        self.glancing = overview && !plan.needs.intersects(closely);
        self.for_waits = !plan.needs.intersects(closely);
        let files = self.files(of, &plan.descriptors);
        // The last picture of a process that has ended stays.
        if files == Err(Missing::Gone) && into.files.as_ref().is_some_and(|f| f.value.is_ok()) {
            return Ok(());
        }
        into.files = Some(Stamped::new(clock::now(), files));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
