//! Which process a person means: a pid, or a name that exactly one process has.

use std::fmt::Write as _;

use super::Error;
use crate::model::id::{Pid, ProcId};
use crate::model::process::stat::State;
use crate::model::snapshot::{Proc, Snapshot};
use crate::sys::acting::pidfd;
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// How many bytes of a name the kernel keeps (`TASK_COMM_LEN` less one).
const NAME_BYTES: usize = 15;
/// How many processes of one name are listed before the rest is counted.
const LISTED: usize = 20;

/// Finds the process that `text` names.
///
/// # Errors
/// `NoProcess` when there is none, `NotPermitted` when it is hidden; `Usage` with a list when several have the name.
pub fn find(snapshot: &Snapshot, text: &str) -> Result<ProcId, Error> {
    if let Ok(pid) = text.parse() {
        let found = snapshot.by_pid(Pid(pid)).map(|p| p.id);
        return found.ok_or_else(|| absent(pid));
    }
    match called(snapshot, text)?.as_slice() {
        [one] => Ok(one.id),
        several => Err(Error::Usage(ambiguous(text, several))),
    }
}

/// Nothing, where a process lives; of a zombie nothing is to be counted, and it is said that it is one.
///
/// # Errors
/// `NoProcess`.
pub fn lives(snapshot: &Snapshot, id: ProcId) -> Result<(), Error> {
    let Some(proc) = snapshot.get(id) else {
        return Ok(());
    };
    // Where its first thread alone has ended, others live on.
    if proc.stat.state != State::Zombie || proc.stat.threads > 1 {
        return Ok(());
    }
    let parent = match snapshot.by_pid(proc.stat.ppid) {
        Some(parent) => format!("{} {}", parent.id.pid, parent.facts.name),
        None => proc.stat.ppid.to_string(),
    };
    Err(Error::NoProcess(format!(
        "process {} {} is a zombie: it has ended, and its parent {parent} has not waited for it",
        id.pid, proc.facts.name
    )))
}

/// The same of a recording, whatever runs here now.
///
/// # Errors
/// As [`find`]; never `NotPermitted`.
pub fn find_then(snapshot: &Snapshot, text: &str) -> Result<ProcId, Error> {
    let by_pid = |pid| snapshot.by_pid(Pid(pid)).map(|p| p.id);
    match text.parse() {
        Ok(pid) => by_pid(pid)
            .ok_or_else(|| Error::NoProcess(format!("there was no process {pid} at that moment"))),
        Err(_) => find(snapshot, text),
    }
}

/// Why a number is not listed: `/proc` may hide what the kernel knows.
fn absent(pid: u32) -> Error {
    let root = ProcRoot::live();
    if pidfd::speaks_of(&root) && pidfd::open(pid, 0).is_ok() {
        let option = visible::hidden_by(&root).map_or_else(String::new, |o| format!(" ({o})"));
        return Error::NotPermitted(format!(
            "process {pid} is there, but /proc hides it from this user{option}; run pscope as its user or as root"
        ));
    }
    Error::NoProcess(format!("there is no process {pid}"))
}

/// Finds every process that `text` names.
///
/// # Errors
/// `NoProcess` when there is none, `NotPermitted` when it is hidden.
pub fn all(snapshot: &Snapshot, text: &str) -> Result<Vec<ProcId>, Error> {
    if text.parse::<u32>().is_ok() {
        return find(snapshot, text).map(|id| vec![id]);
    }
    Ok(called(snapshot, text)?.iter().map(|p| p.id).collect())
}

/// The processes of a name; at least one.
fn called<'a>(snapshot: &'a Snapshot, text: &str) -> Result<Vec<&'a Proc>, Error> {
    let all = snapshot.procs.iter();
    let found: Vec<&Proc> = all.filter(|p| is_called(p, text)).collect();
    if found.is_empty() {
        // What is not seen is not told to be absent.
        let hidden = visible::hidden_by(&ProcRoot::live());
        let whom = hidden.map_or_else(String::new, |option| {
            format!(" among those that /proc shows this user ({option})")
        });
        return Err(Error::NoProcess(format!(
            "no process is called '{text}'{whom}; 'pscope ps {text}' searches command lines too"
        )));
    }
    Ok(found)
}

/// Whether it is the name that the kernel keeps, or that of the program in its first argument.
fn is_called(proc: &Proc, text: &str) -> bool {
    let name = proc.facts.name.as_str();
    if name == text {
        return true;
    }
    let program = proc
        .facts
        .command
        .as_ref()
        .ok()
        .and_then(|c| c.args().next());
    let program = program.map(|p| p.rsplit('/').next().unwrap_or(p));
    program == Some(text)
        && (name.len() >= NAME_BYTES || !name.is_empty() && text.starts_with(name))
}

fn ambiguous(text: &str, found: &[&Proc]) -> String {
    let mut out = format!(
        "{} processes are called '{text}'; name one by its pid:",
        found.len()
    );
    for proc in found.iter().take(LISTED) {
        let (pid, user) = (proc.id.pid, &proc.facts.user);
        let _ = write!(
            out,
            "
{pid:>9} {user:<8} {}",
            proc.command_line()
        );
    }
    if found.len() > LISTED {
        let _ = write!(out, "\n          and {} more", found.len() - LISTED);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{Command, Facts};
    use crate::model::scene::Scene;
    use crate::report::Exit;
    use std::sync::Arc;

    #[test]
    fn a_zombie_is_said_to_be_one_and_who_has_not_waited_for_it() {
        let mut scene = Scene::new();
        scene.task(7, 1, "bash");
        scene.task(8, 7, "worker").stat.state = State::Zombie;
        let leader = scene.task(9, 7, "server");
        (leader.stat.state, leader.stat.threads) = (State::Zombie, 3);
        let snapshot = scene.snapshot();
        let told = |pid| lives(&snapshot, ProcId::new(pid, pid.into())).map_err(|e| e.to_string());
        let said = told(8).expect_err("a zombie");
        assert!(
            said.contains("process 8 worker is a zombie") && said.contains("its parent 7 bash"),
            "{said}"
        );
        assert_eq!(told(7), Ok(()));
        assert_eq!(told(9), Ok(()), "other threads live on");
    }

    #[test]
    fn finds_by_pid_and_by_name() {
        let mut scene = Scene::new();
        scene.task(1, 0, "systemd");
        scene.task(7, 1, "bash");
        scene.task(8, 1, "bash");
        scene.task(9, 1, "a-very-long-nam").facts = Arc::new(Facts {
            name: "a-very-long-nam".into(),
            command: Ok(Command::from_bytes(b"/usr/bin/a-very-long-name\0-x\0")),
            ..Facts::default()
        });
        let snapshot = scene.snapshot();
        assert_eq!(find(&snapshot, "7").ok(), Some(ProcId::new(7, 7)));
        assert_eq!(find(&snapshot, "systemd").ok(), Some(ProcId::new(1, 1)));
        assert_eq!(
            find(&snapshot, "a-very-long-name").ok(),
            Some(ProcId::new(9, 9))
        );
        for (text, exit, said) in [
            ("4194305", Exit::NoProcess, "there is no process 4194305"),
            ("emacs", Exit::NoProcess, "no process is called 'emacs'"),
            ("bash", Exit::Usage, "2 processes are called 'bash'"),
        ] {
            let error = find(&snapshot, text).expect_err(text);
            assert_eq!(error.exit(), exit);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
