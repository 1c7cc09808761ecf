//! What programs in the kernel count, and page faults: each source is begun once, as it is where somebody looks, and ended.

use std::io;

use super::{Finding, State, state};
use crate::model::id::Pid;
use crate::sys::bpf::program::Refused;
use crate::sys::machine::{cores, requests};
use crate::sys::network::datagrams::Datagrams;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::call_counts::CallCounts;
use crate::sys::scheduling::perf::faults::Faults;
use crate::sys::scheduling::{calls, perf, phases, tracepoint, wakes};

/// Each of them; `program`: how this one is called by a person who gives it rights.
pub(super) fn all(root: &ProcRoot, program: &str) -> Vec<Finding> {
    let own = Pid(std::process::id());
    let begun = |begin: &dyn Fn() -> Result<(), Refused>| {
        if root.is_live() {
            begin()
        } else {
            Err(io::Error::from_raw_os_error(libc::ENOSYS).into())
        }
    };
    let counted = |name, gives, else_, begin: &dyn Fn() -> Result<(), Refused>| {
        finding(name, (gives, else_), begun(begin), program)
    };
    let one_s_own = "of one's own processes it is sampled up to 250 times a second";
    vec![
        counted(
            "time of threads",
            "where the time of a process went, exactly: every switch and wake-up counted (tab Time, pscope time)",
            one_s_own,
            &|| phases::Tracing::begin(root, own).map(drop),
        ),
        counted(
            "wake-ups",
            "who wakes a thread, and how long it then waits for a core (tab Time, pscope time; in the lanes from 200 ms down)",
            "",
            &|| wakes::Tracing::begin(root, own).map(drop),
        ),
        system_calls(
            root,
            program,
            begun(&|| calls::Tracing::begin(root, own).map(drop)),
            one_s_own,
        ),
        counted(
            "calls a second",
            "how many calls each process makes (column CALLS/s)",
            "",
            &|| CallCounts::begin(root, cores::possible(root)).map(drop),
        ),
        page_faults(root, program),
        counted(
            "disk requests",
            "each request to a disk: who asked, and how long it took (view 4, tab Time)",
            "means of each disk are told, by /proc/diskstats",
            &|| requests::Tracing::begin(root).map(drop),
        ),
        counted(
            "udp",
            "bytes over UDP, so QUIC too, by process (columns NET IN and NET OUT, tab Sockets, view 5)",
            "bytes over TCP alone are told",
            &|| Datagrams::begin(root).map(drop),
        ),
    ]
}

/// What is found of a source that was begun, or was not; `what` it gives, and what there is without it.
fn finding(
    name: &'static str,
    (gives, without): (&'static str, &str),
    begun: Result<(), Refused>,
    program: &str,
) -> Finding {
    let Err(refused) = begun else {
        return Finding::new(name, gives, State::Ok);
    };
    let why = state(&refused.error);
    let state = if without.is_empty() {
        why
    } else {
        State::Limited
    };
    let parting = if without.is_empty() { "" } else { "; " };
    let way = if why == State::Denied {
        format!("sudo setcap cap_bpf,cap_perfmon+ep {program}   or   sudo pscope")
    } else {
        "a kernel with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF, Linux 5.15 or later, and pscope outside of a PID namespace"
            .to_owned()
    };
    Finding::new(name, gives, state)
        .found(format!("{refused}{parting}{without}"))
        .get(way)
}

/// Counted in the kernel, told by records of each, or sampled.
fn system_calls(
    root: &ProcRoot,
    program: &str,
    begun: Result<(), Refused>,
    sampled: &str,
) -> Finding {
    let gives = "each call of a process: how many, how long, how they fail, on what (tab Calls, pscope calls)";
    let heard = || {
        if !root.is_live() {
            return Err(io::Error::from_raw_os_error(libc::ENOSYS));
        }
        let own = Pid(std::process::id());
        perf::calls::Calls::of(root, own, &cores::online(root)).map(drop)
    };
    let without = match (&begun, begun.is_err().then(heard)) {
        (Err(_), Some(Ok(()))) => {
            "told by perf tracepoints: a record of each, which costs the process more, and some may be lost".to_owned()
        }
        (_, heard) => {
            let why = heard.and_then(Result::err).map(|e| tracepoint::why(&e));
            format!("perf tracepoints: {}; {sampled}", why.unwrap_or_default())
        }
    };
    finding("system calls", (gives, &without), begun, program)
}

fn page_faults(root: &ProcRoot, program: &str) -> Finding {
    let gives = "which regions take pages, and which functions touch them (tab Memory, pscope inspect PID memory --for 5s)";
    let new = |state| Finding::new("page faults", gives, state);
    if !root.is_live() {
        return new(State::Absent);
    }
    let cores = cores::online(root);
    let of = |pid: Pid| Faults::of(pid, &perf::threads(root, pid), &cores);
    let own = match of(Pid(std::process::id())) {
        Ok(own) => own,
        Err(e) => {
            return new(state(&e))
                .found(format!("perf_event_open: {e}"))
                .get("sudo sysctl kernel.perf_event_paranoid=2, and a container whose seccomp profile allows perf_event_open");
        }
    };
    let way = format!("sudo setcap cap_sys_ptrace,cap_perfmon+ep {program}   or   sudo pscope");
    // Threads of the kernel have none; the first process is another user's nearly everywhere.
    let others = own.kernel && of(Pid(1)).is_ok();
    if others {
        new(State::Ok)
    } else {
        new(State::Limited)
            .found("of one's own processes, without those that the kernel takes for them")
            .get(way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_refused_says_what_there_is_without_it_and_how_to_get_it() {
        let refused = |code| Err(io::Error::from_raw_os_error(code).into());
        let found = finding(
            "calls",
            ("all", "some"),
            refused(libc::EPERM),
            "/bin/pscope",
        );
        assert_eq!(found.state, State::Limited);
        assert!(
            found.found.ends_with("CAP_PERFMON, or root; some"),
            "{found:?}"
        );
        assert!(found.get.contains("cap_bpf,cap_perfmon+ep /bin/pscope"));
        let found = finding("calls", ("all", ""), refused(libc::EPERM), "pscope");
        assert_eq!(found.state, State::Denied);
        let found = finding("calls", ("all", ""), refused(libc::ENOSYS), "pscope");
        assert_eq!(found.state, State::Absent);
        assert!(found.get.contains("CONFIG_DEBUG_INFO_BTF"));
        let found = finding("calls", ("all", "some"), Ok(()), "pscope");
        assert!(found.state == State::Ok && found.get.is_empty());
    }

    #[test]
    fn each_source_is_listed_by_itself() {
        let all = all(&ProcRoot::live(), "pscope");
        let names: Vec<_> = all.iter().map(|f| f.name).collect();
        let expected = [
            "time of threads",
            "wake-ups",
            "system calls",
            "calls a second",
            "page faults",
            "disk requests",
            "udp",
        ];
        assert_eq!(names, expected);
        for finding in &all {
            let told =
                finding.state == State::Ok || !finding.found.is_empty() && !finding.get.is_empty();
            assert!(told, "{finding:?}");
        }
    }
}
