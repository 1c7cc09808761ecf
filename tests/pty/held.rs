//! Beside what never answers: every key is answered, every way out works, and what recovers is told again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::hung::Mount;
use super::session::{Session, pscope, shell};

/// Long enough for a loaded machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Does `test` on a thread with a tree of mounts of its own, which the programs that it starts see too; says why not where
/// that is not allowed.
pub fn apart(test: impl FnOnce() -> Result<(), String> + Send + 'static) {
    let done = std::thread::spawn(move || {
        unshare(CloneFlags::CLONE_NEWNS).map_err(|e| format!("unshare: {e}"))?;
        let none: Option<&str> = None;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(none, "/", none, private, none).map_err(|e| format!("unshare: {e}"))?;
        test()
    });
    if let Err(why) = done.join().expect("it holds") {
        println!("skipped: {why}");
    }
}

/// The live screen at the filesystems, one of which does not answer.
fn beside() -> Session {
    let mut session = Session::start(pscope(&["--interval", "200ms"]), 160, 48);
    session.is_live();
    session.press(b"4");
    session.shows("– no answer");
    session
}

#[test]
fn beside_a_mount_that_does_not_answer_keys_are_answered_and_it_ends() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        for (key, text) in [
            ("2", "Who had the cores"),
            ("3", "pressure"),
            ("1", "Processes"),
        ] {
            session.press(key.as_bytes());
            session.shows(text);
        }
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        assert_eq!(session.left_behind(), [] as [&str; 0]);
        Ok(())
    });
}

/// For how long a thread has run, and waited for a core.
fn busy(process: Pid, thread: Pid) -> Duration {
    let file = format!("/proc/{process}/task/{thread}/schedstat");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let numbers = text.split(' ').filter_map(|n| n.parse::<u64>().ok());
    Duration::from_nanos(numbers.take(2).sum())
}

/// The threads of a program that a key passes through.
fn on_the_way(program: Pid) -> Vec<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{program}/task")).expect("it lives");
    let named = |task: std::io::Result<std::fs::DirEntry>| {
        let path = task.ok()?.path();
        let number = path.file_name()?.to_str()?.parse().ok()?;
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        (number == program.as_raw() || name == "input\n").then(|| Pid::from_raw(number))
    };
    tasks.filter_map(named).collect()
}

/// How long a key was kept by anything but the cores: the whole time, less that for which a thread on its way ran or could.
fn kept_back(session: &mut Session, way: &[Pid], key: &str, text: &str) -> Duration {
    let (program, own) = (session.pid(), nix::unistd::getpid());
    let ours = [nix::unistd::gettid(), session.hearer()];
    let busy = || {
        let theirs = way.iter().map(|thread| busy(program, *thread));
        let ours = ours.iter().map(|thread| busy(own, *thread));
        theirs.chain(ours).sum::<Duration>()
    };
    let (begun, before) = (Instant::now(), busy());
    session.press(key.as_bytes());
    session.shows(text);
    begun
        .elapsed()
        .saturating_sub(busy().saturating_sub(before))
}

/// Whatever else the machine does: of several presses of a key the quickest tells what the program itself waits for.
#[test]
fn beside_a_mount_that_does_not_answer_no_key_waits_for_anything() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        let way = on_the_way(session.pid());
        assert_eq!(way.len(), 2, "drawing and reading keys");
        let keys = [
            ("2", "Who had the cores"),
            ("5", "INTERFACE"),
            ("4", "MOUNTED AT"),
            ("1", "Processes tree"),
        ];
        let mut least = [Duration::MAX; 4];
        for _ in 0..8 {
            for (least, (key, text)) in least.iter_mut().zip(keys) {
                *least = kept_back(&mut session, &way, key, text).min(*least);
            }
        }
        println!("kept back for {least:?}");
        assert!(
            least.iter().all(|kept| *kept < Duration::from_millis(50)),
            "{least:?}"
        );
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        Ok(())
    });
}

#[test]
fn beside_a_mount_that_does_not_answer_it_can_be_killed() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        session.signal(Signal::SIGKILL);
        session.ends_killed();
        Ok(())
    });
}

#[test]
fn beside_a_mount_that_does_not_answer_a_closed_window_ends_it() {
    apart(|| {
        let _hung = Mount::new()?;
        let mut session = beside();
        session.close();
        assert_eq!(session.ends_unread(), 128 + Signal::SIGHUP as u32);
        Ok(())
    });
}

/// What a person asks to be written there is written by somebody else, who is left behind.
#[test]
fn what_is_to_be_written_to_a_mount_that_does_not_answer_keeps_it_from_nothing() {
    apart(|| {
        let hung = Mount::new()?;
        for record in [false, true] {
            let there = hung.path().display();
            let script = format!("cd {there} && exec \"$PSCOPE\" --interval 200ms");
            let mut session = Session::start(shell(&script), 120, 40);
            session.is_live();
            if record {
                session.press(b"R");
            } else {
                session.press(format!(":save {there}/x.txt\r").as_bytes());
            }
            session.press(b"?");
            session.shows("Help");
            session.press(b"\x03");
            assert_eq!(session.ends(), 0);
        }
        Ok(())
    });
}

#[test]
fn a_mount_that_answers_again_is_told_again() {
    apart(|| {
        let mut hung = Mount::new()?;
        let mut session = beside();
        hung.recover();
        // 500 of 1,000 blocks of 4 KiB.
        session.shows("3.9M");
        session.shows(&hung.path().to_string_lossy());
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        Ok(())
    });
}

#[test]
fn a_card_whose_driver_does_not_answer_holds_neither_screen_nor_report() {
    apart(|| {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let fifo = dir.path().join("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).map_err(|e| e.to_string())?;
        // Who holds it open to write and never does makes every reader wait, also one that opens it without waiting.
        let writer = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&fifo);
        let _writer = writer.map_err(|e| e.to_string())?;
        let speed = Path::new("/sys/class/net/lo/speed");
        let none: Option<&str> = None;
        mount(Some(&fifo), speed, none, MsFlags::MS_BIND, none)
            .map_err(|e| format!("no card of which a file may be covered: {e}"))?;
        let output = Command::new(env!("CARGO_BIN_EXE_pscope"))
            .args(["system", "--json"])
            .output()
            .map_err(|e| e.to_string())?;
        assert_eq!(output.status.code(), Some(0));
        let mut session = Session::start(pscope(&["--interval", "200ms"]), 160, 48);
        session.is_live();
        for (key, text) in [("5", "INTERFACE"), ("4", "MOUNTED AT"), ("1", "Processes")] {
            session.press(key.as_bytes());
            session.shows(text);
        }
        session.press(b"q");
        assert_eq!(session.ends(), 0);
        Ok(())
    });
}

/// The processes of pscope's own that ask, with their state, by who made them.
pub fn askers(of: Pid) -> Vec<(Pid, char)> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("proc").flatten() {
        let name = entry.file_name();
        let Some(pid) = name
            .to_str()
            .and_then(|n| n.parse().ok())
            .map(Pid::from_raw)
        else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((_, rest)) = stat.rsplit_once(") ") else {
            continue;
        };
        let mut fields = rest.split(' ');
        let state = fields.next().and_then(|s| s.chars().next());
        let parent = fields.next().and_then(|p| p.parse().ok());
        if parent == Some(of.as_raw())
            && let Some(state) = state
        {
            out.push((pid, state));
        }
    }
    out
}

/// Waits for what nobody tells of.
pub fn until(what: &str, good: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !good() {
        assert!(Instant::now() < deadline, "{what}");
        // Nobody tells of the processes of others.
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether it lives on: one that ended and was not reaped yet does not.
fn lives(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|s| {
        !s.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('Z'))
    })
}

#[test]
fn who_asks_for_pscope_is_replaced_when_somebody_stops_it_and_never_outlives_it() {
    for signal in [None, Some(Signal::SIGKILL)] {
        let mut session = Session::start(pscope(&["--interval", "200ms"]), 160, 48);
        session.is_live();
        let program = session.pid();
        until("nobody asks", || !askers(program).is_empty());
        let (maker, _) = askers(program)[0];
        let workers = askers(maker);
        kill(maker, Signal::SIGSTOP).expect("our own");
        until("it is not stopped", || {
            askers(program).iter().any(|(_, state)| *state == 'T') || !lives(maker)
        });
        for (key, text) in [
            ("4", "MOUNTED AT"),
            ("2", "Who had the cores"),
            ("1", "Processes"),
        ] {
            session.press(key.as_bytes());
            session.shows(text);
        }
        if let Some(signal) = signal {
            session.signal(signal);
            session.ends_killed();
        } else {
            session.press(b"q");
            assert_eq!(session.ends(), 0);
        }
        until("who asks lives on", || {
            !lives(maker) && workers.iter().all(|(worker, _)| !lives(*worker))
        });
    }
}

/// Whoever has asked the server is not ended before it answers, whatever is sent to them.
#[test]
fn nobody_who_waits_for_a_filesystem_server_is_foretold_to_end() {
    apart(|| {
        let hung = Mount::new()?;
        let mut asks = Command::new("stat")
            .arg("--file-system")
            .arg(hung.path())
            .spawn()
            .map_err(|e| format!("stat: {e}"))?;
        let place = format!("/proc/{}/wchan", asks.id());
        until("it waits", || {
            std::fs::read_to_string(&place).is_ok_and(|name| name == "request_wait_answer")
        });
        let pid = asks.id().to_string();
        for signal in ["KILL", "TERM"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
            let output = command.args(["signal", signal, &pid, "--dry-run"]).output();
            let told = String::from_utf8(output.expect("it runs").stdout).expect("text");
            assert!(told.contains("may act only when that answers"), "{told}");
        }
        kill(Pid::from_raw(asks.id() as i32), Signal::SIGKILL).expect("ours");
        assert_eq!(asks.try_wait().expect("ours"), None, "it has not ended");
        drop(hung);
        asks.wait().expect("it ends");
        Ok(())
    });
}
