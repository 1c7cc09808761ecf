//! Twenty-one things that a process may be about, sixteen signals: what is foretold is what then happens.

use std::fs::read_to_string;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use pscope::model::acting::Scope;
use pscope::model::acting::prediction::Prediction;
use pscope::model::acting::signal::{DefaultAction, Signal};
use pscope::sys::acting::Hold;
use pscope::sys::acting::signals::Signals;
use pscope::sys::root::ProcRoot;
use serde_json::Value;

use super::puppet::{id_of, program};

const MODES: [&str; 21] = [
    "plain",
    "handler",
    "ignore",
    "block",
    "blockign",
    "sigwait",
    "sigwaitthr",
    "signalfd",
    "signalfd_unblocked",
    "otherthread",
    "mainonly",
    "leaderdead",
    "stopped",
    "stoppedhandler",
    "vfork",
    "vforkh",
    "spin",
    "sigsuspend",
    "ppoll",
    "traced",
    "seized",
];

/// HUP INT QUIT ABRT KILL USR1 PIPE ALRM TERM CHLD CONT STOP TSTP URG WINCH and a real-time one.
pub const SIGNALS: [u32; 16] = [1, 2, 3, 6, 9, 10, 13, 14, 15, 17, 18, 19, 20, 23, 28, 40];

/// How long is waited for what must come.
const LONG: Duration = Duration::from_secs(20);

/// A puppet of a mode, and what it says.
pub struct Actor {
    child: Child,
    /// Who is meant: it, or a child of it.
    pub pid: u32,
    says: Receiver<String>,
}

impl Actor {
    pub fn start(mode: &str) -> Self {
        let mut command = Command::new(program());
        let command = command
            .arg(mode)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the puppet starts");
        let says = listen(child.stdout.take().expect("piped"));
        let ready = says.recv_timeout(LONG).expect("it says who it is");
        let truth: Value = serde_json::from_str(&ready).expect("one line of JSON");
        let pid = truth["pid"].as_u64().expect("a pid") as u32;
        let actor = Self { child, pid, says };
        actor.settle(mode);
        actor
    }

    /// Waits until it is about what it said that it would be.
    fn settle(&self, mode: &str) {
        let is = |letter: char| move |a: &Self| a.state() == Some(letter);
        match mode {
            "stopped" | "stoppedhandler" => self.until(is('T')),
            // It is in state D now and then before, too, as when it waits for its own memory (a signal of then acts soon), and
            // a moment before it sleeps anywhere.
            "vfork" | "vforkh" => {
                self.until(|a| a.has_a_child() && is('D')(a) && a.sleeps_somewhere());
            }
            "traced" => self.until(is('t')),
            // A thread blocks every signal while it is being made.
            "leaderdead" => self.until(|a| a.state() == Some('Z') && a.blocks_nothing()),
            "otherthread" => self.until(Self::takes_all_in_one),
            "sigsuspend" | "ppoll" => self.until(|a| a.mask("SigBlk") == Some(0)),
            "sigwait" | "sigwaitthr" | "signalfd" | "signalfd_unblocked" => {
                self.until(|a| !a.tasks().iter().any(|t| t.starts_with("running")));
                self.until(|a| {
                    let usr1 = Signal::new(10).expect("USR1");
                    let waits = match a.predicted(usr1) {
                        Prediction::ReadBy(..) => mode.starts_with("sigwait"),
                        Prediction::ReadFrom(_, thread) => thread.is_some(),
                        _ => mode == "signalfd_unblocked",
                    };
                    waits || a.is_hidden()
                });
            }
            _ => {}
        }
    }

    pub fn until(&self, is: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LONG;
        while !is(self) {
            assert!(Instant::now() < end, "{:?}", self.status());
            std::thread::yield_now();
        }
    }

    /// Whether it has made a child; true where this kernel does not list children.
    fn has_a_child(&self) -> bool {
        let children = read_to_string(format!("/proc/{0}/task/{0}/children", self.pid));
        children.map_or(true, |list| !list.trim().is_empty())
    }

    fn status(&self) -> Option<String> {
        read_to_string(format!("/proc/{}/status", self.pid)).ok()
    }

    /// The system calls of its threads, as the kernel shows them.
    fn tasks(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid));
        let tasks = tasks.into_iter().flatten().flatten();
        tasks
            .filter_map(|t| read_to_string(t.path().join("syscall")).ok())
            .collect()
    }

    /// Of each of its living threads, whether it blocks no signal.
    fn blocks_none(&self) -> Vec<bool> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid));
        let tasks = tasks.into_iter().flatten().flatten();
        tasks
            .filter_map(|t| read_to_string(t.path().join("status")).ok())
            .filter(|s| !s.contains("State:\tZ"))
            .map(|s| s.contains("SigBlk:\t0000000000000000"))
            .collect()
    }

    fn blocks_nothing(&self) -> bool {
        self.blocks_none().iter().all(|none| *none)
    }

    fn takes_all_in_one(&self) -> bool {
        self.blocks_none().iter().any(|none| *none)
    }

    fn is_hidden(&self) -> bool {
        self.tasks().is_empty()
    }

    fn sleeps_somewhere(&self) -> bool {
        read_to_string(format!("/proc/{}/wchan", self.pid)).is_ok_and(|name| name != "0")
    }

    pub fn state(&self) -> Option<char> {
        let stat = read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    fn mask(&self, key: &str) -> Option<u64> {
        let status = self.status()?;
        let line = status.lines().find(|l| l.starts_with(key))?;
        u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok()
    }

    fn is_pending(&self, signal: Signal) -> bool {
        let bit = 1 << (signal.number() - 1);
        self.mask("ShdPnd").is_some_and(|m| m & bit != 0)
    }

    fn hold(&self) -> Hold {
        let right = Signals::over(&ProcRoot::live()).expect("over the real /proc");
        Hold::take(&right, &[id_of(self.pid)], Scope::Process, None)
    }

    pub fn send(&self, signal: Signal) {
        self.hold().send(signal, Duration::ZERO, &mut |_| {});
    }

    pub fn predicted(&self, signal: Signal) -> Prediction {
        Prediction::of(signal, &self.hold().standings()[0], &"root".into())
    }

    fn has_ended(&self) -> bool {
        let living = |status: &String| {
            let threads = status.lines().find(|l| l.starts_with("Threads:"));
            let alone = threads.is_none_or(|l| l.ends_with("\t1"));
            !(alone && (status.contains("State:\tZ") || status.contains("State:\tX")))
        };
        !self.status().as_ref().is_some_and(living)
    }

    /// Whether it says this before long.
    fn says(&self, what: &str, signal: Signal) -> bool {
        self.says.recv_timeout(LONG).as_deref()
            == Ok(format!("{what} {}", signal.number()).as_str())
    }

    /// Whether what was foretold happens. Second: whether it is still as it was, for the next signal.
    pub fn keeps(&self, foretold: &Prediction, signal: Signal, mode: &str) -> (bool, bool) {
        use DefaultAction::{Continue, Core, Ignore, Stop, Terminate};
        let before = self.state();
        self.send(signal);
        match foretold {
            Prediction::Certain(Terminate | Core) | Prediction::Default(Terminate | Core) => {
                self.until(Self::has_ended);
                (true, false)
            }
            Prediction::Certain(Stop) | Prediction::Default(Stop) => {
                self.until(|a| a.state() == Some('T') || mode == "leaderdead");
                (true, false)
            }
            Prediction::Certain(Continue) | Prediction::Default(Continue) => {
                self.until(|a| a.state() != Some('T'));
                (true, false)
            }
            Prediction::Caught => (self.says("got", signal), true),
            Prediction::ReadBy(..) | Prediction::ReadFrom(..) => (self.says("read", signal), true),
            Prediction::OrRead(..) | Prediction::OrphanedOrRead(_) => {
                let told = self.says.recv_timeout(Duration::from_millis(500)).is_ok();
                (told || self.has_ended() || self.state() == Some('T'), false)
            }
            // CONT makes a seized process trap, whatever it was doing: the tracer sees that before the signal itself.
            Prediction::Debugger(_) if mode == "seized" && signal.number() == 18 => {
                let told = self.says.recv_timeout(LONG);
                (told.is_ok_and(|t| t.starts_with("seen ")), false)
            }
            Prediction::Debugger(_) if mode == "seized" => (self.says("seen", signal), true),
            Prediction::Debugger(_)
            | Prediction::Blocked
            | Prediction::BlockedNow
            | Prediction::AfterContinue
            | Prediction::AfterSleep(_)
            | Prediction::AfterAnswer => (self.is_pending(signal), true),
            // It stays pending, and CONT will throw it away.
            Prediction::AlreadyStopped => (self.state() == Some('T'), true),
            // Where the first thread blocks it, it is pending until another one throws it away.
            Prediction::Ignored
            | Prediction::NothingByDefault
            | Prediction::NotStopped
            | Prediction::Orphaned
            | Prediction::Certain(Ignore)
            | Prediction::Default(Ignore) => {
                self.until(|a| !a.is_pending(signal));
                // Whoever throws it away is awake for a moment.
                self.until(|a| a.state() != Some('R') || before == Some('R'));
                let stopped = |state| state == Some('T');
                let goes_on = stopped(self.state()) == stopped(before);
                (goes_on && !self.has_ended(), true)
            }
            _ => (false, false),
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // What it started ends with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(from: ChildStdout) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

#[test]
fn what_is_foretold_happens() {
    let mut wrong = Vec::new();
    for mode in MODES {
        let mut actor = Actor::start(mode);
        if mode.starts_with("sigwait") && actor.is_hidden() {
            println!(
                "skipped: {mode}: this machine does not show system calls of our own children"
            );
            continue;
        }
        for signal in SIGNALS.map(|n| Signal::new(n).expect("a signal")) {
            // Whoever has read a signal is not back in its wait at once.
            if mode.starts_with("sigwait") {
                actor.settle(mode);
            }
            let foretold = actor.predicted(signal);
            let (kept, same) = actor.keeps(&foretold, signal, mode);
            if !kept {
                wrong.push(format!(
                    "{mode} {signal}: {foretold:?}, {:?}",
                    actor.state()
                ));
            }
            if !same || !kept {
                actor = Actor::start(mode);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
