//! Live: only ever on children of our own.
#![expect(
    unsafe_code,
    reason = "a child's signal mask and one thread's user are set by the bare system call"
)]

mod frozen;
mod standings;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::model::acting::prediction::Prediction;
use crate::model::acting::signal::DefaultAction;
use crate::model::acting::{Fate, Settled};
use crate::model::id::Pid;
use crate::model::process::stat::State;
use crate::sys::root::ProcRoot;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(60);

/// A child of ours that is killed with its whole group and reaped, whatever the test does.
struct Puppet {
    child: Child,
}

impl Puppet {
    /// Starts a shell script in a group of its own and waits until it has printed a line.
    fn ready(script: &str) -> Self {
        Self::with(Command::new("sh").args(["-c", script]))
    }

    fn with(command: &mut Command) -> Self {
        Self::bare(command.process_group(0))
    }

    /// Without making a group: it makes its own session.
    fn bare(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let out = child.stdout.as_mut().expect("a pipe");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self { child }
    }

    fn id(&self) -> ProcId {
        let root = ProcRoot::live();
        process_ids::read(&root, Pid(self.child.id()))
            .expect("our child")
            .id
    }

    fn hold(&self, scope: Scope) -> Hold {
        Hold::take(&right(), &[self.id()], scope, None)
    }

    fn state(&self) -> State {
        let root = ProcRoot::live();
        process_ids::read(&root, Pid(self.child.id()))
            .expect("our child")
            .state
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        // SAFETY: no memory is passed; the child was not waited for, so its group is still its own.
        unsafe { libc::kill(-(self.child.id() as i32), libc::SIGKILL) };
        let _ = self.child.wait();
    }
}

fn right() -> Signals {
    Signals::over(&ProcRoot::live()).expect("tests run over the real /proc")
}

fn predicted(hold: &Hold, signal: Signal) -> Prediction {
    Prediction::of(signal, &hold.held[0].standing, &"root".into())
}

/// Sends, and returns what was delivered, the fates in order, and the last word.
fn act(hold: &mut Hold, signal: Signal, watch: Duration) -> (Vec<Reading<()>>, Vec<Fate>, Settled) {
    let (mut sent, mut fates, mut settled) = (Vec::new(), Vec::new(), Settled::default());
    hold.send(signal, watch, &mut |news| match news {
        Progress::Sent { deliveries, .. } => {
            sent = deliveries.into_iter().map(|d| d.sent).collect();
        }
        Progress::Fate { fate, .. } => fates.push(fate),
        Progress::Settled(s) => settled = s,
        other => panic!("{other:?}"),
    });
    (sent, fates, settled)
}

#[test]
fn a_fixture_never_gets_the_right() {
    let dir = tempfile::tempdir().expect("a directory");
    assert!(Signals::over(&ProcRoot::fixture(dir.path())).is_none());
    std::os::unix::fs::symlink("/proc", dir.path().join("proc")).expect("a link");
    assert!(Signals::over(&ProcRoot::fixture(dir.path())).is_none());
}

#[test]
fn the_default_action_ends_it() {
    let puppet = Puppet::ready("echo ready; exec sleep 1000");
    let mut hold = puppet.hold(Scope::Process);
    assert_eq!(
        predicted(&hold, Signal::TERM),
        Prediction::Default(DefaultAction::Terminate)
    );
    let (sent, fates, settled) = act(&mut hold, Signal::TERM, LONG);
    assert_eq!(sent, [Ok(())]);
    assert_eq!(fates, [Fate::Killed(Signal::TERM, false)]);
    assert!(settled.alive.is_empty() && !settled.scanned);
}

#[test]
fn a_handler_decides() {
    let puppet = Puppet::ready("trap 'exit 7' TERM; echo ready; while :; do read -r line; done");
    let mut hold = puppet.hold(Scope::Process);
    assert_eq!(predicted(&hold, Signal::TERM), Prediction::Caught);
    let (_, fates, _) = act(&mut hold, Signal::TERM, LONG);
    assert_eq!(fates, [Fate::Exited(7)]);
}

#[test]
fn an_ignored_signal_does_nothing_and_kill_does() {
    let puppet = Puppet::ready("trap '' TERM; echo ready; exec sleep 1000");
    let mut hold = puppet.hold(Scope::Process);
    assert_eq!(predicted(&hold, Signal::TERM), Prediction::Ignored);
    let (sent, fates, settled) = act(&mut hold, Signal::TERM, SHORT);
    assert_eq!(
        (sent.as_slice(), fates.as_slice()),
        ([Ok(())].as_slice(), [Fate::Alive].as_slice())
    );
    assert_eq!(settled.alive.len(), 1);
    let (_, fates, _) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!(fates, [Fate::Killed(Signal::KILL, false)]);
}

#[test]
fn a_blocked_signal_stays_pending() {
    let mut command = Command::new("sh");
    command.args(["-c", "echo ready; exec sleep 1000"]);
    // SAFETY: only calls that may be made between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let mut set = nix::sys::signal::SigSet::empty();
            set.add(nix::sys::signal::Signal::SIGUSR1);
            Ok(set.thread_block()?)
        });
    }
    let puppet = Puppet::with(&mut command);
    let mut hold = puppet.hold(Scope::Process);
    assert_eq!(predicted(&hold, Signal::USR1), Prediction::Blocked);
    let (_, fates, _) = act(&mut hold, Signal::USR1, SHORT);
    assert_eq!(fates, [Fate::PendingBlocked]);
}

#[test]
fn a_stopped_process_acts_when_it_continues() {
    let puppet = Puppet::ready("echo ready; exec sleep 1000");
    let mut hold = puppet.hold(Scope::Process);
    assert_eq!(act(&mut hold, Signal::STOP, LONG).1, [Fate::Stopped]);
    hold.look();
    assert_eq!(predicted(&hold, Signal::TERM), Prediction::AfterContinue);
    assert_eq!(predicted(&hold, Signal::STOP), Prediction::AlreadyStopped);
    assert_eq!(
        act(&mut hold, Signal::TERM, SHORT).1,
        [Fate::PendingStopped]
    );
    let (_, fates, _) = act(&mut hold, Signal::CONT, LONG);
    let after = [Fate::Continued, Fate::Killed(Signal::TERM, false)];
    assert!(after.contains(&fates[0]), "{fates:?}");
    let (_, fates, _) = act(&mut hold, Signal::URG, LONG);
    assert_eq!(fates, [Fate::Killed(Signal::TERM, false)]);
}

#[test]
fn a_zombie_is_named_with_its_parent() {
    let puppet = Puppet::ready("echo ready; exit 3");
    let id = puppet.id();
    while puppet.state() != State::Zombie {
        std::thread::yield_now();
    }
    let mut hold = Hold::take(&right(), &[id], Scope::Process, None);
    let Prediction::Zombie(Some((parent, _))) = predicted(&hold, Signal::TERM) else {
        panic!("{:?}", hold.held[0].standing);
    };
    assert_eq!(parent.0, std::process::id());
    let (sent, fates, _) = act(&mut hold, Signal::TERM, LONG);
    assert_eq!((sent[0], &fates[0]), (Ok(()), &Fate::Exited(3)));
}

#[test]
fn how_it_ended_is_known_although_somebody_else_reaped_it() {
    let puppet = Puppet::ready("sh -c 'exec sleep 1000' & echo ready; wait $!; read -r line");
    let child = process_ids::all(&ProcRoot::live()).into_iter();
    let child = child
        .filter(|k| k.parent.0 == puppet.child.id())
        .map(|k| k.id);
    let mut hold = Hold::take(&right(), &child.collect::<Vec<_>>(), Scope::Process, None);
    let (_, fates, _) = act(&mut hold, Signal::TERM, LONG);
    // Linux before 6.15 tells nobody but the parent.
    assert!(
        [Fate::Killed(Signal::TERM, false), Fate::Ended].contains(&fates[0]),
        "{fates:?}"
    );
}

#[test]
fn a_number_that_was_reused_hits_nobody() {
    let puppet = Puppet::ready("echo ready; exec sleep 1000");
    let mut stale = puppet.id();
    stale.start.0 -= 1;
    let mut hold = Hold::take(&right(), &[stale], Scope::Process, None);
    assert_eq!(predicted(&hold, Signal::KILL), Prediction::Gone);
    let (sent, fates, _) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!((sent[0], fates.len()), (Err(Missing::Gone), 0));
    assert_ne!(puppet.state(), State::Zombie);
}

#[test]
fn who_ends_while_the_dialog_is_open_keeps_its_name() {
    let mut puppet = Puppet::ready("echo ready; exec sleep 1000");
    let mut hold = puppet.hold(Scope::Process);
    let known = hold.standings().remove(0);
    puppet.child.kill().expect("ours");
    puppet.child.wait().expect("it ends");
    hold.look();
    let now = hold.standings().remove(0);
    assert_eq!(now.pinned, Err(Missing::Gone));
    assert_eq!((now.name, now.uid), (known.name, known.uid));
}

#[test]
fn nobody_of_a_restarting_tree_escapes() {
    let worker = "(while :; do sleep 1000; done) &";
    let puppet = Puppet::ready(&format!("{worker} {worker} {worker} echo ready; wait"));
    let mut hold = puppet.hold(Scope::Subtree);
    let (sent, _, settled) = act(&mut hold, Signal::KILL, LONG);
    assert!(
        sent.len() >= 4 && sent.iter().all(Result::is_ok),
        "{sent:?}"
    );
    assert!(settled.scanned);
    assert_eq!(
        (settled.alive.as_slice(), settled.newcomers.as_slice()),
        ([].as_slice(), [].as_slice())
    );
}

#[test]
fn a_frozen_branch_thaws() {
    let puppet = Puppet::ready("sleep 1000 & echo ready; wait");
    let mut hold = puppet.hold(Scope::Subtree);
    let (_, fates, _) = act(&mut hold, Signal::STOP, LONG);
    assert!(
        fates.len() >= 2 && fates.iter().all(|f| *f == Fate::Stopped),
        "{fates:?}"
    );
    let (_, fates, _) = act(&mut hold, Signal::CONT, LONG);
    assert!(fates.iter().all(|f| *f == Fate::Continued), "{fates:?}");
    assert_ne!(puppet.state(), State::Stopped);
}

#[test]
fn a_stopped_tree_is_ended_by_term_and_told_so() {
    let puppet = Puppet::ready("sleep 1000 & echo ready; wait");
    let mut hold = puppet.hold(Scope::Subtree);
    let (_, fates, settled) = act(&mut hold, Signal::TERM, LONG);
    assert!(
        fates
            .iter()
            .all(|f| *f == Fate::Killed(Signal::TERM, false)),
        "{fates:?}"
    );
    assert!(settled.alive.is_empty());
}

#[test]
fn a_group_is_hit_at_once() {
    let puppet = Puppet::ready("sleep 1000 & echo ready; wait");
    let brief = puppet.hold(Scope::Subtree).brief();
    assert_eq!(brief.at_once, Some(Scope::Group));
    let mut hold = puppet.hold(Scope::Group);
    let (sent, fates, settled) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!((sent.len(), fates.len()), (2, 2));
    assert!(settled.scanned && settled.alive.is_empty() && settled.newcomers.is_empty());
}

#[test]
fn one_thread_is_meant_alone() {
    let puppet = Puppet::ready("trap '' USR1; echo ready; exec sleep 1000");
    let threads = standing::threads(&ProcRoot::live(), puppet.id());
    let mut hold = Hold::take(&right(), &[puppet.id()], Scope::Thread, Some(threads[0].0));
    if hold.held[0].standing.pinned == Err(Missing::Unsupported) {
        println!("skipped: this kernel has no pidfds of threads (Linux 6.9)");
        return;
    }
    let (sent, fates, _) = act(&mut hold, Signal::USR1, SHORT);
    assert_eq!((sent[0], &fates[0]), (Ok(()), &Fate::Alive));
}

#[test]
fn who_may_not_is_told_before_and_after() {
    // SAFETY: no memory is passed.
    if unsafe { libc::geteuid() } != 0 {
        println!("skipped: only root has a process that an ordinary user may not signal");
        return;
    }
    let puppet = Puppet::ready("echo ready; exec sleep 1000");
    let id = puppet.id();
    let ordinary = std::thread::spawn(move || {
        // SAFETY: no memory is passed. The bare call changes this thread alone, unlike that of the C library.
        let done = unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) };
        assert_eq!(done, 0);
        let mut hold = Hold::take(&right(), &[id], Scope::Process, None);
        let foretold = predicted(&hold, Signal::TERM);
        (foretold, act(&mut hold, Signal::TERM, SHORT))
    });
    let (foretold, (sent, fates, settled)) = ordinary.join().expect("no panic");
    assert_eq!(foretold, Prediction::Denied("root".into()));
    assert_eq!(
        (sent[0], fates.len(), settled.alive.len()),
        (Err(Missing::Denied), 0, 1)
    );
}
