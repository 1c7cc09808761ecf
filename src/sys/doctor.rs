//! Which kernel interfaces are open to this program: each is tried once, and what would open it is told exactly.

mod built;
mod cards;
mod files;
mod own;
mod traced;

use std::fs;
use std::io;
use std::path::Path;

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

use super::asker;
use super::bpf::{self, btf};
use super::machine::cores;
use super::network::sock_diag::endings::SocketEnds;
use super::process::visible;
use super::root::ProcRoot;
use super::scheduling::perf::{self, Reader};
use super::source::Probe;
use crate::model::id::{Pid, Tid};
use crate::model::reading::{Missing, Reading};

/// How an interface was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it.
    Ok,
    /// A part of it, or of some processes only.
    Limited,
    /// The kernel refuses it to this user.
    Denied,
    /// This kernel or container does not have it.
    Absent,
}

impl State {
    /// The state as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Limited => "limited",
            Self::Denied => "denied",
            Self::Absent => "absent",
        }
    }
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name.
    pub name: &'static str,
    /// How it was found.
    pub state: State,
    /// What it gives.
    pub gives: &'static str,
    /// What was seen, where that says more than the state.
    pub found: String,
    /// The exact way to get it; empty where there is none or nothing is missing.
    pub get: String,
}

impl Finding {
    fn new(name: &'static str, gives: &'static str, state: State) -> Self {
        Self {
            name,
            state,
            gives,
            found: String::new(),
            get: String::new(),
        }
    }

    fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }

    /// Tells the way, where something is missing.
    fn get(mut self, get: impl Into<String>) -> Self {
        if self.state != State::Ok {
            self.get = get.into();
        }
        self
    }
}

/// Tries every interface: those that the table and the lanes stand on, and those that the `sources` name as their own.
pub fn examine(root: &ProcRoot, sources: &[(&'static str, Probe)]) -> Vec<Finding> {
    let program = program();
    let mut all = vec![
        processes(root),
        others(root, &program),
        switches(root, &program),
        own_switches(root),
        programs(root, &program),
        files::machine(root),
        files::times(root),
        files::scheduler(root),
        files::pressure(root),
        files::kernel_stack(root),
        sockets(),
        files::groups(root),
        files::frequency(root),
        files::delays(root),
        files::sensors(root),
        cards::cards(root),
    ];
    let after = all.iter().position(|f| f.name == "kernel programs");
    let after = after.map_or(all.len(), |at| at + 1);
    all.splice(after..after, traced::all(root, &program));
    all.extend(sources.iter().filter_map(|(name, of)| match of {
        Probe::Examined(_) => None,
        Probe::Path { path, gives, lacks } => {
            Some(files::of_source(root, name, path, gives, lacks))
        }
    }));
    all.extend([own::sandbox(), own::rights(&program)]);
    all
}

/// The path of this program, for commands that a person can paste.
fn program() -> String {
    // Where /proc does not tell, a shell finds it.
    let path = std::env::current_exe().unwrap_or_else(|_| "pscope".into());
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// How a failed reading is to be told.
fn state(error: &io::Error) -> State {
    match error.raw_os_error() {
        Some(libc::EACCES | libc::EPERM) => State::Denied,
        _ => State::Absent,
    }
}

fn readable(path: &Path) -> State {
    // A driver may not answer, and then whoever asks is asked for nothing else.
    match asker::read(path, 1) {
        Ok(_) => State::Ok,
        Err(Missing::Denied) => State::Denied,
        Err(Missing::Late) => State::Limited,
        Err(_) => State::Absent,
    }
}

fn processes(root: &ProcRoot) -> Finding {
    let gives = "the process table, names, states, times, memory";
    let listed = readable(&root.proc("self/stat"));
    match visible::hidden_by(root) {
        Some(option) if listed == State::Ok => Finding::new("processes", gives, State::Limited)
            .found(format!(
                "/proc is mounted with {option}: others' processes are hidden"
            ))
            .get("sudo mount -o remount,hidepid=0 /proc, or run pscope as root"),
        _ => Finding::new("processes", gives, listed).get("mount -t proc proc /proc"),
    }
}

fn others(root: &ProcRoot, program: &str) -> Finding {
    let gives = "descriptors, memory maps, environment and I/O of other users' processes";
    let new = |state| Finding::new("others", gives, state);
    let rights = format!(
        "sudo pscope; or, for those of a group only: sudo groupadd -f pscope && sudo chown root:pscope {program} && \
         sudo chmod 0750 {program} && sudo setcap cap_sys_ptrace,cap_perfmon+ep {program}"
    );
    // The first process belongs to root nearly everywhere.
    match fs::read_dir(root.proc("1/fd")) {
        Ok(_) => new(State::Ok),
        Err(e) if state(&e) == State::Denied => new(State::Denied)
            .found("only this user's own processes are open")
            .get(rights),
        Err(_) => match visible::hidden_by(root) {
            Some(option) => new(State::Denied)
                .found(format!("/proc is mounted with {option}: they are hidden"))
                .get(rights),
            None => new(State::Absent).found("/proc lists no first process"),
        },
    }
}

fn switches(root: &ProcRoot, program: &str) -> Finding {
    let gives = "every context switch: exact slices, who took the core from whom, cheap refreshes";
    let level = perf::paranoid(root);
    let told = level.map_or(String::new(), |l| {
        format!("kernel.perf_event_paranoid is {l}")
    });
    match Reader::of_all(&cores::online(root)) {
        Ok(_) => Finding::new("switches", gives, State::Ok).found(told),
        Err(e) if level.is_none() && state(&e) != State::Denied => {
            Finding::new("switches", gives, State::Absent).found(perf::why(&e, level))
        }
        Err(e) => {
            let found = if state(&e) == State::Denied {
                told
            } else {
                perf::why(&e, level)
            };
            Finding::new("switches", gives, state(&e)).found(found).get(format!(
                "sudo setcap cap_perfmon+ep {program}   or   sudo sysctl kernel.perf_event_paranoid=0"
            ))
        }
    }
}

fn own_switches(root: &ProcRoot) -> Finding {
    let gives = "slices of one's own processes, without any right";
    let own = Tid(std::process::id());
    let tids = perf::threads(root, Pid(own.0));
    let tid = tids.first().copied().unwrap_or(own);
    match Reader::of_own(&[tid], &cores::online(root)) {
        Ok(_) => Finding::new("own switches", gives, State::Ok),
        Err(e) => Finding::new("own switches", gives, state(&e))
            .found(format!("perf_event_open: {e}"))
            .get("sudo sysctl kernel.perf_event_paranoid=2, and a container whose seccomp profile allows perf_event_open"),
    }
}

fn programs(root: &ProcRoot, program: &str) -> Finding {
    let gives = "what is summed in the kernel: exact shares of every core however often it switches, and what the sources below tell, save page faults";
    let name = "kernel programs";
    if !root.is_live() {
        return Finding::new(name, gives, State::Absent);
    }
    let types = btf::Types::of_kernel(root);
    let typed = types.is_some_and(|t| t.tracepoint("sched_switch").is_some());
    match bpf::allowed() {
        Ok(()) if !typed => Finding::new(name, gives, State::Limited)
            .found("allowed, but /sys/kernel/btf/vmlinux does not tell the kernel's types")
            .get("a kernel with CONFIG_DEBUG_INFO_BTF"),
        Ok(()) => Finding::new(name, gives, State::Ok),
        Err(e) => Finding::new(name, gives, state(&e))
            .found(bpf::why(&e))
            .get(format!("sudo setcap cap_bpf,cap_perfmon+ep {program}")),
    }
}

fn sockets() -> Finding {
    let gives = "sockets with their peers, queues, round trips and throughput";
    let made = socket(
        AddressFamily::Netlink,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    );
    match made {
        Ok(_) => match endings() {
            Ok(()) => Finding::new("sock_diag", gives, State::Ok),
            Err(why) => Finding::new("sock_diag", gives, State::Limited)
                .found(format!(
                    "no notice of connections that end: {why}; short ones are not counted"
                ))
                .get("sudo modprobe tcp_diag inet_diag"),
        },
        Err(e) => Finding::new("sock_diag", gives, state(&e.into()))
            .get("sudo modprobe unix_diag tcp_diag inet_diag"),
    }
}

/// Whether the kernel tells of connections that end.
fn endings() -> Reading<()> {
    let endings = SocketEnds::open(0).map_err(|_| Missing::Unsupported)?;
    endings.take().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_examined() {
        let all = examine(&ProcRoot::live(), &[]);
        assert_eq!(all[0].name, "processes");
        assert_ne!(all[0].state, State::Absent);
        for finding in &all {
            assert!(!finding.gives.is_empty());
            assert!(
                finding.state != State::Ok || finding.get.is_empty(),
                "{finding:?}"
            );
        }
    }

    #[test]
    fn an_empty_machine_has_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let own = Probe::Path {
            path: "/sys/class/own",
            gives: "a thing",
            lacks: "a machine that has it",
        };
        let all = examine(
            &root,
            &[("own", own), ("other", Probe::Examined(&["machine"]))],
        );
        let of = |name: &str| all.iter().find(|f| f.name == name).map(|f| f.state);
        assert_eq!(of("processes"), Some(State::Absent));
        assert_eq!(of("pressure"), Some(State::Absent));
        assert_eq!(of("cgroups"), Some(State::Absent));
        assert_eq!(of("frequency"), Some(State::Absent));
        assert_eq!(of("own"), Some(State::Absent));
        assert_eq!(of("other"), None, "another finding tells of it");
    }

    #[test]
    fn whom_a_mount_option_hides_is_denied_and_not_absent() {
        let dir = tempfile::tempdir().expect("a directory");
        let own = dir.path().join("proc/self");
        fs::create_dir_all(&own).expect("made");
        let mount = "21 28 0:20 / /proc rw,nosuid - proc proc rw,hidepid=invisible\n";
        fs::write(own.join("mountinfo"), mount).expect("written");
        let found = others(&ProcRoot::fixture(dir.path()), "pscope");
        assert_eq!(found.state, State::Denied);
        assert!(found.found.contains("hidepid=invisible"), "{found:?}");
        assert!(found.get.contains("sudo pscope"), "{found:?}");
    }
}
