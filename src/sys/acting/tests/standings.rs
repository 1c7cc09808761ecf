//! Live: what is foretold where the kernel has rules of its own, and whole control groups.

use super::*;

/// Terminal stop.
const TSTP: u32 = 20;

#[test]
fn a_stop_from_the_terminal_is_thrown_away_by_an_orphaned_group() {
    let stop = Signal::new(TSTP).expect("TSTP");
    let kept = Puppet::ready("echo ready; exec sleep 1000");
    assert_eq!(
        predicted(&kept.hold(Scope::Process), stop),
        Prediction::Default(DefaultAction::Stop),
        "its parent is of our session and of another group"
    );
    let mut command = Command::new("sh");
    command.args(["-c", "echo ready; exec sleep 1000"]);
    // SAFETY: only a system call between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::setsid() {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let orphan = Puppet::bare(&mut command);
    let mut hold = orphan.hold(Scope::Process);
    assert_eq!(predicted(&hold, stop), Prediction::Orphaned);
    let (sent, fates, _) = act(&mut hold, stop, SHORT);
    assert_eq!((sent[0], &fates[0]), (Ok(()), &Fate::Alive));
    assert_ne!(orphan.state(), State::Stopped);
}

#[test]
fn a_signalfd_is_named() {
    let mut command = Command::new("sh");
    command.args(["-c", "echo ready; exec sleep 1000"]);
    // SAFETY: only system calls between fork and exec; the descriptor is meant to stay open.
    unsafe {
        command.pre_exec(|| {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            libc::sigaddset(&raw mut set, libc::SIGUSR1);
            libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
            let fd = libc::signalfd(-1, &raw const set, 0);
            match libc::dup2(fd, 9) {
                9 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    let puppet = Puppet::with(&mut command);
    let mut hold = puppet.hold(Scope::Process);
    let read_from = |hold: &Hold| match predicted(hold, Signal::USR1) {
        Prediction::ReadFrom(fd, None) => fd,
        other => panic!("{other:?}"),
    };
    let fd = read_from(&hold);
    assert!(fd <= 9, "it or its duplicate: {fd}");
    hold.look();
    assert_eq!(read_from(&hold), fd, "it is remembered");
    let (sent, fates, _) = act(&mut hold, Signal::USR1, SHORT);
    assert_eq!(
        (sent[0], &fates[0]),
        (Ok(()), &Fate::PendingBlocked),
        "sleep does not read"
    );
}

#[test]
fn a_parent_that_waits_for_its_vfork_child_can_be_killed() {
    // SAFETY: the children only make system calls, and neither returns from here.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "there is room for a child");
    if pid == 0 {
        // SAFETY: as above; the memory of the second child is its own.
        unsafe {
            libc::setpgid(0, 0);
            let flags = libc::CLONE_VFORK | libc::SIGCHLD;
            libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0);
            loop {
                libc::pause();
            }
        }
    }
    let _group = Group(pid);
    let root = ProcRoot::live();
    let end = std::time::Instant::now() + LONG;
    let who = loop {
        let who = process_ids::read(&root, Pid(pid as u32)).expect("our child");
        if who.state == State::Blocked {
            break who;
        }
        assert!(std::time::Instant::now() < end, "it waits: {:?}", who.state);
        std::thread::yield_now();
    };
    let mut hold = Hold::take(&right(), &[who.id], Scope::Process, None);
    if !hold.held[0].standing.killable {
        println!("skipped: this kernel does not name where our own child sleeps");
        return;
    }
    let kill = Prediction::Certain(DefaultAction::Terminate);
    assert_eq!(predicted(&hold, Signal::KILL), kill);
    let (_, fates, _) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!(fates, [Fate::Killed(Signal::KILL, false)]);
}

/// A process group that is killed, and whose first process is reaped, whatever the test does.
struct Group(i32);

impl Drop for Group {
    fn drop(&mut self) {
        // SAFETY: no memory is passed; the child was not waited for before, so its group is still its own.
        unsafe {
            libc::kill(-self.0, libc::SIGKILL);
            libc::waitpid(self.0, std::ptr::null_mut(), 0);
        }
    }
}

#[test]
fn the_first_of_a_namespace_is_shielded_but_not_from_above() {
    let script = "echo ready; exec sleep 1000";
    let mut command = Command::new("unshare");
    command.args([
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        script,
    ]);
    let mut child = match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(why) => return println!("skipped: unshare: {why}"),
    };
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("a pipe");
    BufReader::new(out).read_line(&mut line).expect("read");
    if line == "ready\n" {
        let everybody = process_ids::all(&ProcRoot::live());
        let first = everybody.iter().find(|k| k.parent == Pid(child.id()));
        let first = first.expect("unshare has a child").id;
        let mut hold = Hold::take(&right(), &[first], Scope::Process, None);
        assert_eq!(predicted(&hold, Signal::TERM), Prediction::Shielded);
        let (sent, fates, _) = act(&mut hold, Signal::TERM, SHORT);
        assert_eq!((sent[0], &fates[0]), (Ok(()), &Fate::Alive));
        let kill = Prediction::Certain(DefaultAction::Terminate);
        assert_eq!(predicted(&hold, Signal::KILL), kill);
        let (_, fates, _) = act(&mut hold, Signal::KILL, LONG);
        assert!(fates[0].is_end(), "{fates:?}");
    } else {
        println!("skipped: no pid namespace may be made here");
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// A control group of version 2, made for a test, and removed when whoever is in it has ended.
struct OwnGroup(PathBuf);

impl OwnGroup {
    /// `None` where none can be made, which is told.
    fn with(name: &str, puppets: &[&Puppet]) -> Option<Self> {
        let roots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let usable = |root: &&&str| Path::new(**root).join("cgroup.procs").exists();
        let Some(root) = roots.iter().find(usable) else {
            println!("skipped: there is no control group of version 2");
            return None;
        };
        let directory = Path::new(root).join(format!("pscope-{name}-{}", std::process::id()));
        if let Err(why) = std::fs::create_dir(&directory) {
            println!("skipped: no control group may be made: {why}");
            return None;
        }
        let own = Self(directory);
        for puppet in puppets {
            if let Err(why) = own.takes(puppet) {
                println!("skipped: nobody may be moved into it: {why}");
                return None;
            }
        }
        Some(own)
    }

    fn takes(&self, puppet: &Puppet) -> std::io::Result<()> {
        std::fs::write(self.0.join("cgroup.procs"), puppet.child.id().to_string())
    }
}

impl Drop for OwnGroup {
    fn drop(&mut self) {
        let end = std::time::Instant::now() + LONG;
        while std::fs::remove_dir(&self.0).is_err() && std::time::Instant::now() < end {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_control_group_ends_as_a_whole() {
    let first = Puppet::ready("echo ready; exec sleep 1000");
    let second = Puppet::ready("echo ready; exec sleep 1000");
    let Some(group) = OwnGroup::with("whole", &[&first, &second]) else {
        return;
    };
    let mut hold = first.hold(Scope::Cgroup);
    let mut named: Vec<ProcId> = hold.standings().iter().map(|s| s.id).collect();
    named.sort_unstable();
    let mut both = [first.id(), second.id()];
    both.sort_unstable();
    assert_eq!(named, both, "everybody in it, and nobody else");
    let (sent, fates, settled) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!(sent, [Ok(()), Ok(())]);
    let killed = Fate::Killed(Signal::KILL, false);
    assert_eq!(fates, [killed.clone(), killed]);
    assert!(settled.alive.is_empty());
    drop((first, second));
    drop(group);
}

#[test]
fn who_is_born_in_a_control_group_after_it_was_named_ends_with_it() {
    // Its grandchildren lose their parents at once, and so are nobody's descendants.
    let mut forker =
        Puppet::ready("echo ready; read go; (sleep 1000 >/dev/null & echo $!); exec sleep 1000");
    let Some(group) = OwnGroup::with("born", &[&forker]) else {
        return;
    };
    let mut hold = forker.hold(Scope::Cgroup);
    assert_eq!(hold.brief().whole, Some(Ok(())));
    let stdin = forker.child.stdin.as_mut().expect("a pipe");
    stdin.write_all(b"go\n").expect("it reads");
    let mut born = String::new();
    let out = forker.child.stdout.as_mut().expect("a pipe");
    BufReader::new(out).read_line(&mut born).expect("a line");
    let (sent, _, settled) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!(sent, [Ok(()), Ok(())], "{born} as well");
    assert!(settled.alive.is_empty() && settled.newcomers.is_empty());
    drop(forker);
    drop(group);
}

#[test]
fn who_comes_into_a_control_group_after_it_was_named_is_not_meant() {
    let first = Puppet::ready("echo ready; exec sleep 1000");
    let late = Puppet::ready("echo ready; exec sleep 1000");
    let Some(group) = OwnGroup::with("late", &[&first]) else {
        return;
    };
    let mut hold = first.hold(Scope::Cgroup);
    group.takes(&late).expect("as the first one");
    let (sent, fates, _) = act(&mut hold, Signal::KILL, LONG);
    assert_eq!(sent, [Ok(())]);
    assert_eq!(fates, [Fate::Killed(Signal::KILL, false)]);
    assert_ne!(late.state(), State::Zombie, "it lives");
    drop((first, late));
    drop(group);
}
