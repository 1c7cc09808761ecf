//! Files of the machine: one that may not be read is another matter than one that this kernel does not have, and is got in
//! another way.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Finding, State, readable, state};
use crate::model::reading::Missing;
use crate::sys::machine::{mount_table, sensors};
use crate::sys::root::ProcRoot;

/// How one gets at a file that is there and may not be read.
fn opened() -> &'static str {
    if nix::unistd::geteuid().is_root() {
        "run pscope outside of this sandbox or container, which hides it"
    } else {
        "run pscope as root, or outside of this sandbox or container, if that hides it"
    }
}

/// A finding about one file; `lacks`: how to get a kernel that has it.
fn file(
    root: &ProcRoot,
    name: &'static str,
    gives: &'static str,
    path: &Path,
    lacks: &str,
) -> Finding {
    match readable(path) {
        State::Denied => Finding::new(name, gives, State::Denied)
            .found(format!("{} may not be read", path.display()))
            .get(opened()),
        State::Absent => Finding::new(name, gives, State::Absent)
            .found(built(root, lacks))
            .get(lacks),
        found => Finding::new(name, gives, found).get(lacks),
    }
}

/// Whether this kernel was built with the option that the advice names, where it tells.
fn built(root: &ProcRoot, advice: &str) -> String {
    let part = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let option = advice.split(part).find(|word| word.starts_with("CONFIG_"));
    match option.and_then(|option| Some((option, super::built::with(root, option)?))) {
        Some((option, true)) => format!("built with {option}, and switched off"),
        Some((option, false)) => format!("built without {option}"),
        None => String::new(),
    }
}

/// A finding about the file or folder that a source names as its own.
pub(super) fn of_source(
    root: &ProcRoot,
    name: &'static str,
    path: &str,
    gives: &'static str,
    lacks: &str,
) -> Finding {
    let path = match (path.strip_prefix("/proc/"), path.strip_prefix("/sys/")) {
        (Some(below), _) => root.proc(below),
        (_, Some(below)) => root.sys(below),
        _ => root.whole(path),
    };
    match fs::read_dir(&path) {
        Ok(_) => Finding::new(name, gives, State::Ok),
        Err(_) => file(root, name, gives, &path, lacks),
    }
}

/// Temperatures, fans and batteries: whether their folders may be read, and whether each tells something.
pub(super) fn sensors(root: &ProcRoot) -> Finding {
    let gives = "temperatures, fans, batteries";
    let new = |state| Finding::new("sensors", gives, state);
    match sensors::read_now(root) {
        Err(Missing::Denied) => new(State::Denied)
            .found("/sys/class may not be read")
            .get(opened()),
        Err(_) => new(State::Absent)
            .found("/sys is not mounted")
            .get("mount -t sysfs sysfs /sys"),
        Ok(all) if all.words().is_empty() => new(State::Absent).found("this machine tells of none"),
        Ok(all) => match all.silent() {
            Some(words) => new(State::Limited).found(words),
            None => new(State::Ok),
        },
    }
}

/// What the header and views 2 to 4 are made of.
pub(super) fn machine(root: &ProcRoot) -> Finding {
    let gives =
        "cores, memory, load, disks, network cards: the header, views 2 to 5 and the verdict";
    let proc = ["stat", "meminfo", "loadavg", "vmstat", "diskstats"];
    let files = proc.map(|file| root.proc(file)).into_iter();
    let files = files.map(|path| (readable(&path), path));
    let folders = ["block", "class/net", "devices/system/cpu"].map(|dir| root.sys(dir));
    let folders = folders.into_iter().map(|path| {
        let state = fs::read_dir(&path).map_or_else(|e| state(&e), |_| State::Ok);
        (state, path)
    });
    let all: Vec<(State, PathBuf)> = files.chain(folders).collect();
    let of = |state: State| {
        let found = all.iter().filter(|(s, _)| *s == state);
        let found = found.map(|(_, path)| path.display().to_string());
        found.collect::<Vec<_>>()
    };
    let (denied, absent) = (of(State::Denied), of(State::Absent));
    let state = match (denied.len(), absent.len()) {
        (0, 0) => State::Ok,
        (n, 0) if n == all.len() => State::Denied,
        (0, n) if n == all.len() => State::Absent,
        _ => State::Limited,
    };
    let told = [("may not be read", &denied), ("not there", &absent)];
    let told = told.iter().filter(|(_, paths)| !paths.is_empty());
    let told: Vec<String> = told
        .map(|(what, paths)| format!("{what}: {}", paths.join(" ")))
        .collect();
    let finding = Finding::new("machine", gives, state).found(told.join("; "));
    if denied.is_empty() {
        finding
    } else {
        finding.get(opened())
    }
}

pub(super) fn times(root: &ProcRoot) -> Finding {
    let gives =
        "time on a core and waiting for one, slices; sampled lanes where switches are denied";
    let path = root.proc("self/schedstat");
    file(
        root,
        "schedstat",
        gives,
        &path,
        "a kernel with CONFIG_SCHED_INFO",
    )
}

pub(super) fn scheduler(root: &ProcRoot) -> Finding {
    let gives = "virtual run time, slice length and migrations of a thread";
    let path = root.proc("self/sched");
    file(
        root,
        "sched",
        gives,
        &path,
        "a kernel with CONFIG_SCHED_DEBUG",
    )
}

pub(super) fn pressure(root: &ProcRoot) -> Finding {
    let gives = "how much time was lost to waiting for cores, memory and I/O: the verdict";
    let lacks = "boot with psi=1; a kernel with CONFIG_PSI";
    file(root, "pressure", gives, &root.proc("pressure/cpu"), lacks)
}

pub(super) fn kernel_stack(root: &ProcRoot) -> Finding {
    let gives = "where in the kernel a thread waits";
    let lacks = "a kernel with CONFIG_STACKTRACE";
    file(root, "kernel stack", gives, &root.proc("self/stack"), lacks)
}

pub(super) fn frequency(root: &ProcRoot) -> Finding {
    let gives = "the frequency of each core";
    let path = root.sys("devices/system/cpu/cpu0/cpufreq/scaling_cur_freq");
    let finding = file(root, "frequency", gives, &path, "");
    match finding.state {
        State::Absent => finding.found("no driver: usual in virtual machines"),
        State::Limited => finding.found("the driver does not answer"),
        _ => finding,
    }
}

pub(super) fn delays(root: &ProcRoot) -> Finding {
    let gives = "time that processes waited for block devices";
    let path = root.proc("sys/kernel/task_delayacct");
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == "1" => Finding::new("delays", gives, State::Ok),
        Ok(_) => Finding::new("delays", gives, State::Absent)
            .found("switched off")
            .get("sudo sysctl kernel.task_delayacct=1"),
        Err(_) => {
            let lacks = "boot with delayacct; a kernel with CONFIG_TASK_DELAY_ACCT";
            file(root, "delays", gives, &path, lacks)
        }
    }
}

/// Whether control groups are mounted, and may be read.
pub(super) fn groups(root: &ProcRoot) -> Finding {
    let gives = "limits, throttling and pressure of control groups";
    let mounts = mount_table::read(root);
    let mounted = |kind: &str| mounts.iter().any(|mount| mount.fs_type == kind);
    let off = super::built::switched_off(root);
    // A folder in its place may be another one, as sandboxes put there.
    let kinds = ["cgroup2", "cgroup"];
    let places = mounts
        .iter()
        .filter(|mount| kinds.contains(&mount.fs_type.as_str()));
    let mut places = places.map(|mount| root.whole(&mount.mount_point));
    if let Some(closed) = places.find(|place| readable(place) == State::Denied) {
        return Finding::new("cgroups", gives, State::Denied)
            .found(format!("{} may not be read", closed.display()))
            .get(opened());
    }
    match (mounted("cgroup2"), mounted("cgroup")) {
        (true, _) if off.iter().any(|name| name == "memory") => {
            Finding::new("cgroups", gives, State::Limited)
                .found(format!("switched off since boot: {}", off.join(", ")))
                .get("boot with cgroup_enable=memory")
        }
        (true, false) => Finding::new("cgroups", gives, State::Ok).found("version 2"),
        (true, true) => Finding::new("cgroups", gives, State::Ok).found("versions 1 and 2"),
        (false, true) => Finding::new("cgroups", gives, State::Limited)
            .found("version 1 only: no pressure of groups")
            .get("boot with systemd.unified_cgroup_hierarchy=1"),
        (false, false) => Finding::new("cgroups", gives, State::Absent)
            .get("sudo mount -t cgroup2 none /sys/fs/cgroup"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_that_may_not_be_read_is_no_kernel_without_it() {
        if nix::unistd::geteuid().is_root() {
            eprintln!("skipped: root may read everything");
            return;
        }
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let path = root.proc("pressure/cpu");
        assert!(pressure(&root).get.contains("psi=1"), "it is not there");
        fs::create_dir_all(path.parent().expect("a path")).expect("made");
        fs::write(&path, "").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("set");
        let found = pressure(&root);
        assert_eq!(found.state, State::Denied);
        assert!(!found.get.contains("psi=1"), "{found:?}");
        assert!(found.found.contains("pressure/cpu"), "{found:?}");
        fs::write(root.proc("stat"), "").expect("written");
        let all = machine(&root);
        assert_eq!(all.state, State::Limited);
        assert!(all.found.starts_with("not there: "), "{all:?}");
    }
}
