use std::fmt::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

use std::sync::Mutex;

use nix::sys::stat::Mode as Permissions;
use nix::unistd::mkfifo;

use super::*;
use crate::model::id::{Bytes, Pid};
use crate::model::reading::Missing;
use crate::model::sample::Fault;
use crate::sys::process::changes::{Changes, Drain};
use crate::sys::scenario;
use crate::sys::source::Probe;

mod moved;
mod ticks;
mod triggers;

fn plan() -> Plan {
    Plan {
        interval: Nanos::from_millis(1000),
        ..Plan::default()
    }
}

/// The table in words: pid, state, name, parent, arguments, share of a core; then the cores and their load.
fn words(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    for proc in snapshot.procs.iter() {
        let parent = proc.parent.map_or("-".into(), |at| {
            snapshot.procs[at as usize].id.pid.to_string()
        });
        let command = match &proc.facts.command {
            Ok(command) => command.args().collect::<Vec<_>>().join("|"),
            Err(why) => why.word().into(),
        };
        let (pid, state, name) = (proc.id.pid, proc.stat.state.letter(), &proc.facts.name);
        let _ = write!(out, "{pid} {state} {name} <- {parent} [{command}]");
        let cpu = proc.cpu.map_or(String::new(), |cpu| format!(" {cpu:.0}%"));
        let _ = writeln!(out, "{cpu}");
    }
    for core in &snapshot.system.cores {
        let busy = core
            .share
            .map_or(String::new(), |s| format!(" {:.0}%", s.busy()));
        let _ = writeln!(out, "core {}{busy}", core.id);
    }
    out
}

#[test]
fn scenarios() {
    let begin = |root: &ProcRoot| Sweeper::new(root).expect("there is a proc tree");
    scenario::play("table", begin, |sweeper, _, step| {
        let now = Nanos::from_millis(step.at_ms);
        sweeper.tick(now, &plan()).expect("it lists");
        sweeper.fill(now, &plan());
        words(&sweeper.snapshot().expect("a tick was made"))
    });
}

/// A root with these processes, each `(pid, command)`.
fn root_of(processes: &[(u32, &str)]) -> (tempfile::TempDir, ProcRoot) {
    let dir = tempfile::tempdir().expect("a directory");
    let root = ProcRoot::fixture(dir.path());
    std::fs::create_dir_all(root.proc("")).expect("made");
    for (pid, command) in processes {
        put(&root, *pid, 0);
        std::fs::write(root.proc(format!("{pid}/cmdline")), command).expect("written");
        let io = "read_bytes: 100\nwrite_bytes: 0\ncancelled_write_bytes: 0\n";
        std::fs::write(root.proc(format!("{pid}/io")), io).expect("written");
        std::fs::write(root.proc(format!("{pid}/oom_score")), "7\n").expect("written");
    }
    (dir, root)
}

fn put(root: &ProcRoot, pid: u32, ticks: u64) {
    std::fs::create_dir_all(root.proc(pid.to_string())).expect("made");
    let text = format!(
        "{pid} (p{pid}) S 1 {pid} {pid} 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {pid} 4096 1\n"
    );
    std::fs::write(root.proc(format!("{pid}/stat")), text).expect("written");
}

const fn s(n: u64) -> Nanos {
    Nanos(n * 1_000_000_000)
}

#[test]
fn a_command_line_that_hangs_is_late_and_the_others_are_there() {
    let (_dir, root) = root_of(&[(1, "one"), (3, "three")]);
    put(&root, 2, 0);
    let fifo = root.proc("2/cmdline");
    mkfifo(&fifo, Permissions::S_IRWXU).expect("made");
    let mut sweeper = Sweeper::new(&root).expect("there is a proc tree");
    sweeper.tick(s(1), &plan()).expect("it lists");
    let said = words(&sweeper.snapshot().expect("a tick was made"));
    assert_eq!(
        said,
        "1 S p1 <- - [one]\n2 S p2 <- 1 [late]\n3 S p3 <- 1 [three]\n"
    );
    let mut open = std::fs::OpenOptions::new();
    drop(open.write(true).custom_flags(libc::O_NONBLOCK).open(fifo));
}

#[test]
fn only_shown_rows_pay_for_what_only_they_show() {
    let (_dir, root) = root_of(&[(1, "one"), (2, "two"), (3, "three")]);
    let mut sweeper = Sweeper::new(&root).expect("there is a proc tree");
    sweeper.tick(s(1), &plan()).expect("it lists");
    let shown = Plan {
        needs: Needs::IO,
        of_all: Needs::OOM,
        visible: vec![ProcId::new(2, 2), ProcId::new(9, 9)].into(),
        ..plan()
    };
    assert!(sweeper.fill(s(1), &shown), "there is something to fetch");
    assert!(!sweeper.fill(s(1), &shown), "and only once");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    let of = |pid| {
        let proc = snapshot.by_pid(Pid(pid)).expect("it is there");
        let extra = proc.extra.as_ref().expect("all have a score");
        (extra.oom_score, extra.io.map(|io| io.all.read.0))
    };
    assert_eq!(of(1), (Ok(7), Err(Missing::Soon)));
    assert_eq!(of(2), (Ok(7), Ok(100)));
    sweeper.tick(s(2), &plan()).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert!(snapshot.procs.iter().all(|p| p.extra.is_none()));
}

#[test]
fn fetching_more_leaves_rates_as_they_are() {
    let (_dir, root) = root_of(&[(1, "one")]);
    let mut sweeper = Sweeper::new(&root).expect("there is a proc tree");
    sweeper.tick(s(1), &plan()).expect("it lists");
    put(&root, 1, 50);
    sweeper.tick(s(2), &plan()).expect("it lists");
    let shown = Plan {
        needs: Needs::IO,
        visible: vec![ProcId::new(1, 1)].into(),
        ..plan()
    };
    sweeper.fill(s(1), &shown);
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(snapshot.procs[0].cpu, Ok(50.0));
}

#[test]
fn shown_rows_tell_resident_memory_to_the_page_and_others_nearly() {
    let (_dir, root) = root_of(&[(1, "one"), (2, "two")]);
    for pid in [1, 2] {
        std::fs::write(root.proc(format!("{pid}/statm")), "900 77 60 1 0 5 0\n").expect("written");
    }
    let mut sweeper = Sweeper::new(&root).expect("there is a proc tree");
    sweeper.tick(s(1), &plan()).expect("it lists");
    let nearly = sweeper.snapshot().expect("a tick was made").procs[0]
        .stat
        .resident;
    let page = sweeper.machine.page_size;
    let of = |sweeper: &mut Sweeper| {
        let snapshot = sweeper.snapshot().expect("a tick was made");
        [0, 1].map(|at: usize| snapshot.procs[at].stat.resident)
    };
    assert_ne!(nearly.0, 77 * page);
    let shown = Plan {
        needs: Needs::RESIDENT,
        visible: vec![ProcId::new(2, 2)].into(),
        ..plan()
    };
    assert!(sweeper.fill(s(1), &shown), "there is something to fetch");
    assert!(!sweeper.fill(s(1), &shown), "and only once");
    assert_eq!(of(&mut sweeper), [nearly, Bytes(77 * page)]);
    sweeper.tick(s(2), &shown).expect("it lists");
    assert_eq!(of(&mut sweeper), [nearly, Bytes(77 * page)]);
    let sorted = Plan {
        of_all: Needs::RESIDENT,
        ..plan()
    };
    sweeper.tick(s(3), &sorted).expect("it lists");
    assert_eq!(of(&mut sweeper), [Bytes(77 * page); 2]);
}

/// A source that fails as its name says.
struct Bad(&'static str, u32);

impl Source<Sample> for Bad {
    fn name(&self) -> &'static str {
        self.0
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&[])
    }
    fn fills(&self) -> Needs {
        Needs::empty()
    }
    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        self.1 += 1;
        let known = into.system.switches.unwrap_or(0);
        into.system.switches = Ok(known + u64::from(self.1));
        assert_ne!(self.0, "panics", "on purpose");
        Err(Error::Call {
            call: "ask",
            why: std::io::Error::other("no"),
        })
    }
}

/// Faults without what other tests of this program asked in vain at this moment.
fn told(faults: &[Fault]) -> Vec<&Fault> {
    faults.iter().filter(|f| f.source != "files").collect()
}

#[test]
fn a_failing_source_is_a_fault_and_is_left_alone_for_a_while() {
    let (_dir, root) = root_of(&[(1, "one")]);
    let sources: Vec<Box<dyn Source<Sample>>> =
        vec![Box::new(Bad("panics", 0)), Box::new(Bad("fails", 0))];
    let mut sweeper = Sweeper::with(&root, sources).expect("there is a proc tree");
    let mut asked = Vec::new();
    for at in 1..=5 {
        sweeper.tick(s(at), &plan()).expect("it lists");
        let sample = sweeper.last.as_ref().expect("a tick was made");
        asked.push(sample.system.switches.unwrap_or(0));
        let faults = told(&sample.faults).into_iter();
        let faults: Vec<_> = faults.map(|f| (f.source, &*f.why)).collect();
        let panic = faults[0].1;
        assert!(panic.starts_with("a fault of pscope: assertion"), "{panic}");
        assert_eq!(faults[1], ("fails", "ask: no"));
    }
    assert_eq!(asked, [2, 4, 0, 6, 0], "asked at 1, 2 and 4 s");
}

#[test]
fn an_unreadable_process_is_counted_as_hidden() {
    if nix::unistd::geteuid().is_root() {
        eprintln!("skipped: root may read everything");
        return;
    }
    let (_dir, root) = root_of(&[(1, "one"), (2, "two")]);
    let none = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(root.proc("2/stat"), none).expect("set");
    let mut sweeper = Sweeper::new(&root).expect("there is a proc tree");
    sweeper.tick(s(1), &plan()).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(snapshot.procs.len(), 1);
    assert!(
        snapshot
            .faults
            .iter()
            .any(|f| f.why.ends_with("(mount option hidepid): 1"))
    );
}

/// Tells what a test put there.
struct Teller(Feed, Arc<Mutex<Changes>>);

impl Drain for Teller {
    fn drain(&mut self) {
        let told = std::mem::take(&mut *self.1.lock().expect("nobody panics with it"));
        self.0.note(told);
    }
}

/// A sweeper that hears of changes only from the test.
fn listening(root: &ProcRoot) -> (Sweeper, Arc<Mutex<Changes>>) {
    let (feed, told) = (Feed::default(), Arc::<Mutex<Changes>>::default());
    let teller = Teller(feed.clone(), Arc::clone(&told));
    feed.fill_by(Some(Arc::new(Mutex::new(teller))));
    let sweeper = Sweeper::new(root).expect("there is a proc tree");
    (sweeper.listening(feed, None), told)
}

fn ticks(sweeper: &Sweeper) -> Vec<(u32, u64)> {
    let sample = sweeper.last.as_ref().expect("a tick was made");
    let of = |t: &TaskSample| (t.id.pid.0, t.stat.user.0);
    sample.tasks.iter().map(of).collect()
}

#[test]
fn events_name_the_only_rows_that_are_read_again() {
    let (_dir, root) = root_of(&[
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (4, "four"),
        (8, "eight"),
    ]);
    let (mut sweeper, told) = listening(&root);
    sweeper.tick(s(1), &plan()).expect("it lists");
    assert_eq!(
        ticks(&sweeper),
        [(1, 0), (2, 0), (3, 0), (4, 0), (8, 0)],
        "the first is a scan"
    );
    for pid in [1, 2, 3, 4, 5, 8] {
        put(&root, pid, 9);
    }
    std::fs::remove_dir_all(root.proc("4")).expect("it was there");
    *told.lock().expect("whole") = Changes {
        ran: [Pid(2)].into(),
        born: [Pid(5), Pid(6)].into(),
        ended: [Pid(4), Pid(6)].into(),
        ..Changes::default()
    };
    let shown = Plan {
        visible: vec![ProcId::new(3, 3)].into(),
        ..plan()
    };
    sweeper.tick(s(2), &shown).expect("it lists");
    assert_eq!(
        ticks(&sweeper),
        [(1, 9), (2, 9), (3, 9), (5, 9), (8, 0)],
        "whose turn it is, who ran, who is shown, who began; not the last"
    );
    assert_eq!(sweeper.last.as_ref().map(|l| l.read), Some(4));
    assert_eq!(sweeper.last.as_ref().map(|l| l.mode), Some(Mode::Events));
    told.lock().expect("whole").lost = true;
    sweeper.tick(s(3), &plan()).expect("it lists");
    assert_eq!(
        ticks(&sweeper),
        [(1, 9), (2, 9), (3, 9), (5, 9), (8, 9)],
        "a loss is a scan"
    );
}

#[test]
fn births_between_others_stand_by_their_numbers() {
    let (_dir, root) = root_of(&[(10, "a"), (20, "b"), (30, "c"), (40, "d")]);
    let (mut sweeper, told) = listening(&root);
    sweeper.tick(s(1), &plan()).expect("it lists");
    let born = [5, 14, 15, 25, 41, 50];
    for pid in born {
        put(&root, pid, u64::from(pid));
    }
    told.lock().expect("whole").born = born.map(Pid).into();
    sweeper.tick(s(2), &plan()).expect("it lists");
    let pids: Vec<u32> = ticks(&sweeper).iter().map(|(pid, _)| *pid).collect();
    assert_eq!(pids, [5, 10, 14, 15, 20, 25, 30, 40, 41, 50]);
    // The rows moved along with them: what is read again is told of the right one.
    put(&root, 25, 99);
    put(&root, 30, 99);
    told.lock().expect("whole").ran = [Pid(25), Pid(30)].into();
    sweeper.tick(s(3), &plan()).expect("it lists");
    let fresh: Vec<bool> = sweeper.table.rows.iter().map(|r| r.ran).collect();
    let ran: Vec<u32> = pids
        .iter()
        .zip(fresh)
        .filter(|(_, ran)| *ran)
        .map(|(p, _)| *p)
        .collect();
    assert_eq!(
        ran,
        [5, 14, 15, 25, 30, 41, 50],
        "whose command line is to be read: who began, and who ran since"
    );
}

#[test]
fn nobody_stays_unread_for_more_than_half_a_minute() {
    let (_dir, root) = root_of(&[(1, "one"), (2, "two")]);
    let (mut sweeper, _told) = listening(&root);
    sweeper.tick(s(1), &plan()).expect("it lists");
    put(&root, 2, 9);
    put(&root, 7, 0);
    let mut seen = (0, 0);
    for at in 2..=31 {
        sweeper.tick(s(at), &plan()).expect("it lists");
        let now = ticks(&sweeper);
        if seen.0 == 0 && now.contains(&(2, 9)) {
            seen.0 = at;
        }
        if seen.1 == 0 && now.contains(&(7, 0)) {
            seen.1 = at;
        }
    }
    assert!((2..=31).contains(&seen.0), "a missed change: {seen:?}");
    assert!((2..=31).contains(&seen.1), "a missed birth: {seen:?}");
}

#[test]
fn an_exec_reads_the_command_line_anew_though_the_name_is_the_same() {
    let (_dir, root) = root_of(&[(1, "old")]);
    let (mut sweeper, told) = listening(&root);
    sweeper.tick(s(1), &plan()).expect("it lists");
    std::fs::write(root.proc("1/cmdline"), "new\0").expect("written");
    sweeper.tick(s(2), &plan()).expect("it lists");
    assert!(words(&sweeper.snapshot().expect("made")).contains("[old]"));
    told.lock().expect("whole").renamed = [Pid(1)].into();
    sweeper.tick(s(3), &plan()).expect("it lists");
    assert!(words(&sweeper.snapshot().expect("made")).contains("[new]"));
}

#[test]
fn a_shown_row_is_asked_for_its_arguments_again_only_once_it_ran() {
    let (_dir, root) = root_of(&[(1, "old"), (2, "old"), (3, "old")]);
    let (mut sweeper, told) = listening(&root);
    let shown = Plan {
        visible: vec![ProcId::new(1, 1), ProcId::new(2, 2)].into(),
        ..plan()
    };
    // The first is a scan, after which anybody may have run; the second looks again.
    sweeper.tick(s(1), &shown).expect("it lists");
    sweeper.tick(s(2), &shown).expect("it lists");
    for pid in 1..=3 {
        std::fs::write(root.proc(format!("{pid}/cmdline")), "new\0").expect("written");
    }
    let count = |sweeper: &mut Sweeper| {
        let said = words(&sweeper.snapshot().expect("made"));
        said.matches("[new]").count()
    };
    sweeper.tick(s(3), &shown).expect("it lists");
    assert_eq!(count(&mut sweeper), 0, "nobody ran");
    told.lock().expect("whole").ran = [Pid(2), Pid(3)].into();
    sweeper.tick(s(4), &shown).expect("it lists");
    assert_eq!(count(&mut sweeper), 1, "one ran and is shown");
    let also = Plan {
        visible: vec![ProcId::new(3, 3)].into(),
        ..plan()
    };
    sweeper.tick(s(5), &also).expect("it lists");
    assert_eq!(count(&mut sweeper), 2, "it ran before it was shown");
}

#[test]
fn the_zombie_and_the_orphan_of_an_end_are_read_again() {
    let (_dir, root) = root_of(&[(1, "one"), (5, "parent"), (9, "child")]);
    let child = "9 (child) S 5 9 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 4096 1\n";
    std::fs::write(root.proc("9/stat"), child).expect("written");
    let (mut sweeper, told) = listening(&root);
    sweeper.tick(s(1), &plan()).expect("it lists");
    let zombie = "5 (parent) Z 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n";
    std::fs::write(root.proc("5/stat"), zombie).expect("written");
    std::fs::write(root.proc("9/stat"), child.replace(" S 5 ", " S 1 ")).expect("written");
    told.lock().expect("whole").ended = [Pid(5)].into();
    sweeper.tick(s(2), &plan()).expect("it lists");
    let said = words(&sweeper.snapshot().expect("made"));
    assert!(
        said.contains("5 Z parent") && said.contains("9 S child <- 1"),
        "{said}"
    );
    std::fs::remove_dir_all(root.proc("5")).expect("it was there");
    sweeper.tick(s(3), &plan()).expect("it lists");
    assert_eq!(ticks(&sweeper).len(), 2, "reaped, and nobody told");
}
