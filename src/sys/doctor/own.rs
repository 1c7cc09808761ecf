//! What pscope holds itself to, what it may do, and who may run it with that.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Finding, State};
use crate::model::process::isolation::rights::Capabilities;
use crate::sys::own::{capabilities, place, sandbox};

/// The highest capability that is known.
const LAST: u32 = 40;
/// Those with which the memory, descriptors and environment of all users can be read: `dac_override`, `dac_read_search`, `sys_ptrace`, `sys_admin`.
const EVERYBODYS: u64 = 1 << 1 | 1 << 2 | 1 << 19 | 1 << 21;

/// Whether the program has denied itself what it never does.
pub(super) fn sandbox() -> Finding {
    let gives = "no program is run and no connection made by pscope, and no file is written but by who writes what was asked for";
    match sandbox::state() {
        Some(Ok(())) => Finding::new("sandbox", gives, State::Ok).found(if place::kept() {
            "in force (seccomp); who writes a file is kept to its folder (Landlock)"
        } else {
            "in force (seccomp); this kernel has no Landlock, which would keep who writes a file to its folder"
        }),
        Some(Err(why)) => Finding::new("sandbox", gives, State::Absent)
            .found(format!("not in force: {why}"))
            .get("a kernel with CONFIG_SECCOMP_FILTER, and a container that allows seccomp"),
        None => Finding::new("sandbox", gives, State::Absent).found("not in force"),
    }
}

/// What the program may do beyond an ordinary user, and who may run it.
pub(super) fn rights(program: &str) -> Finding {
    let gives = "what pscope itself holds, beyond what an ordinary user may do";
    let held = Capabilities(capabilities::in_force());
    let path = std::env::current_exe().unwrap_or_default();
    let Ok(meta) = fs::metadata(&path) else {
        return Finding::new("own rights", gives, State::Ok).found(held.words(LAST));
    };
    judge(
        held,
        capabilities::given_by(&path),
        meta.mode(),
        &who(&path, &meta),
        program,
    )
}

fn who(path: &Path, meta: &fs::Metadata) -> String {
    let (owner, group, mode) = (meta.uid(), meta.gid(), meta.mode() & 0o7777);
    format!(
        "{} belongs to {owner}:{group}, mode {mode:04o}",
        path.display()
    )
}

fn judge(held: Capabilities, given: bool, mode: u32, file: &str, program: &str) -> Finding {
    let gives = "what pscope itself holds, beyond what an ordinary user may do";
    let words = held.words(LAST);
    let everybody = mode & 0o001 != 0;
    if given && everybody && held.0 & EVERYBODYS != 0 {
        return Finding::new("own rights", gives, State::Limited)
            .found(format!(
                "{words}; {file}: everybody who runs it reads the memory, descriptors and environment of all users"
            ))
            .get(format!(
                "sudo groupadd -f pscope && sudo chown root:pscope {program} && sudo chmod 0750 {program} && \
                 sudo setcap cap_perfmon,cap_sys_ptrace+ep {program}"
            ));
    }
    Finding::new("own rights", gives, State::Ok).found(format!("{words}; {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_gives_everybody_the_rights_over_all_is_pointed_out() {
        let ptrace = Capabilities(1 << 19);
        let perfmon = Capabilities(1 << 38);
        let of = |held, given, mode| judge(held, given, mode, "it", "it").state;
        assert_eq!(of(ptrace, true, 0o755), State::Limited);
        assert_eq!(of(ptrace, true, 0o750), State::Ok);
        assert_eq!(of(perfmon, true, 0o755), State::Ok);
        // Root gives itself nothing by running a program.
        assert_eq!(of(ptrace, false, 0o755), State::Ok);
        let told = judge(ptrace, true, 0o755, "it", "it");
        assert!(
            told.get.contains("chmod 0750") && told.found.contains("sys_ptrace"),
            "{told:?}"
        );
    }
}
