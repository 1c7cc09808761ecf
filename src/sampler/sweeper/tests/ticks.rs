//! A fill is no tick, and a tick that fails is none either.

use super::*;
use crate::model::process::forest::is_newborn;
use crate::model::snapshot::Rates;
use crate::sys::process::proc_dir::ProcDir;
use crate::sys::source::Probe;

const fn ms(n: u64) -> Nanos {
    Nanos(n * 1_000_000)
}

/// Two processes with two threads each that do the same at the same pace.
struct Pair {
    _dir: tempfile::TempDir,
    root: ProcRoot,
}

impl Pair {
    fn new() -> Self {
        let (dir, root) = root_of(&[(1, "one"), (2, "two")]);
        let pair = Self { _dir: dir, root };
        pair.at(0);
        pair
    }

    /// What both have counted at a moment: 3 MiB a second, 50 switches, half a core and a quarter of waiting.
    fn at(&self, ms: u64) {
        let write = |file: String, text: String| {
            let path = self.root.proc(file);
            std::fs::create_dir_all(path.parent().expect("below proc")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let stat = |pid: u32| {
            let ticks = ms / 20;
            format!(
                "{pid} (p) S 1 {pid} {pid} 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 2 0 {pid} 4096 1\n"
            )
        };
        for pid in [1, 2] {
            let io =
                |n: u64| format!("read_bytes: {n}\nwrite_bytes: {n}\ncancelled_write_bytes: 0\n");
            write(format!("{pid}/io"), io(ms * 3 * 1024));
            // Two threads did it.
            let half = io(ms * 3 * 512);
            let switches = ms / 20;
            let status = format!(
                "voluntary_ctxt_switches:\t{switches}\nnonvoluntary_ctxt_switches:\t{switches}\n"
            );
            write(format!("{pid}/status"), status);
            let wait = ms * 250_000;
            write(format!("{pid}/schedstat"), format!("{wait} {wait} 1\n"));
            write(format!("{pid}/stat"), stat(pid));
            for tid in [pid, pid + 100] {
                write(format!("{pid}/task/{tid}/io"), half.clone());
                write(format!("{pid}/task/{tid}/stat"), stat(tid));
            }
        }
    }
}

fn showing(pids: &[u64]) -> Plan {
    Plan {
        needs: Needs::IO | Needs::STATUS | Needs::SCHEDSTAT | Needs::THREADS,
        visible: pids
            .iter()
            .map(|pid| ProcId::new(*pid as u32, *pid))
            .collect(),
        ..plan()
    }
}

fn rates(snapshot: &Snapshot, pid: u32) -> Rates {
    let proc = snapshot.by_pid(Pid(pid)).expect("it is there");
    **proc.rates.as_ref().expect("it is shown")
}

fn close(a: Rates, b: Rates) {
    let pairs = [
        (a.read, b.read),
        (a.written, b.written),
        (a.voluntary, b.voluntary),
        (a.waiting, b.waiting),
    ];
    for (a, b) in pairs {
        let (a, b) = (a.expect("a rate"), b.expect("a rate"));
        assert!((a - b).abs() <= b * 0.001, "{a} is not {b}");
    }
}

/// Whenever a row comes into view, its first rate is that of one that was shown all along.
#[test]
fn a_row_that_came_into_view_tells_the_rate_of_one_that_was_shown_all_along() {
    for tenths in 1..=9 {
        let pair = Pair::new();
        let mut sweeper = Sweeper::new(&pair.root).expect("there is a proc tree");
        let first = Plan {
            needs: Needs::IO | Needs::STATUS | Needs::SCHEDSTAT,
            ..showing(&[1])
        };
        sweeper.tick(ms(5000), &first).expect("it lists");
        pair.at(tenths * 100);
        assert!(sweeper.fill(ms(5000 + tenths * 100), &showing(&[1, 2])));
        pair.at(1000);
        sweeper.tick(ms(6000), &showing(&[1, 2])).expect("it lists");
        let snapshot = sweeper.snapshot().expect("a tick was made");
        assert_eq!(rates(&snapshot, 1).read, Ok(3.0 * 1024.0 * 1000.0));
        close(rates(&snapshot, 2), rates(&snapshot, 1));
        let threads: Vec<_> = snapshot.threads.iter().map(|t| t.cpu).collect();
        assert_eq!(threads, [Ok(50.0); 4], "{tenths}");
    }
}

#[test]
fn what_is_read_a_moment_before_the_tick_tells_no_rate_rather_than_a_wrong_one() {
    let pair = Pair::new();
    let mut sweeper = Sweeper::new(&pair.root).expect("there is a proc tree");
    sweeper.tick(ms(5000), &plan()).expect("it lists");
    pair.at(990);
    sweeper.fill(ms(5990), &showing(&[2]));
    pair.at(1000);
    sweeper.tick(ms(6000), &showing(&[2])).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(rates(&snapshot, 2).read, Err(Missing::Soon));
    assert_eq!(snapshot.threads[0].cpu, Err(Missing::Soon));
    pair.at(2000);
    sweeper.tick(ms(7000), &showing(&[2])).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(rates(&snapshot, 2).read, Ok(3.0 * 1024.0 * 1000.0));
    assert_eq!(snapshot.threads[0].cpu, Ok(50.0));
}

#[test]
fn whoever_slept_is_shown_with_what_was_read_before_and_a_rate_of_nothing() {
    let pair = Pair::new();
    let (mut sweeper, told) = listening(&pair.root);
    let sorted = Plan {
        of_all: Needs::IO,
        ..plan()
    };
    sweeper.tick(ms(5000), &plan()).expect("it lists");
    sweeper.fill(ms(5900), &sorted);
    for at in [6000, 7000] {
        sweeper.tick(ms(at), &sorted).expect("it lists");
        assert!(!sweeper.fill(ms(at), &sorted), "there is nothing to fetch");
    }
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(rates(&snapshot, 2).read, Ok(0.0));
    told.lock().expect("whole").ran = [Pid(2)].into();
    pair.at(1000);
    sweeper.tick(ms(8000), &sorted).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(rates(&snapshot, 2).read, Ok(3.0 * 1024.0 * 1000.0));
}

/// A directory that cannot be listed any more.
fn gone() -> ProcDir {
    let (_dir, root) = root_of(&[]);
    ProcDir::open(&root).expect("it is there until the end of this line")
}

#[test]
fn nothing_is_told_as_a_rate_after_a_gap_and_the_reason_is() {
    let pair = Pair::new();
    let mut sweeper = Sweeper::with(&pair.root, Vec::new()).expect("there is a proc tree");
    let shown = showing(&[1]);
    sweeper.tick(ms(5000), &shown).expect("it lists");
    pair.at(9000);
    sweeper.tick(ms(14_000), &shown).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(snapshot.procs[0].cpu, Err(Missing::Gap));
    assert_eq!(rates(&snapshot, 1).read, Err(Missing::Gap));
    assert_eq!(snapshot.threads[0].cpu, Err(Missing::Gap));
    let fault = told(&snapshot.faults)[0];
    assert_eq!(fault.source, "rates");
    assert!(
        fault
            .why
            .starts_with("none at this tick; nothing was read for 9"),
        "{fault:?}"
    );
    pair.at(10_000);
    sweeper.tick(ms(15_000), &shown).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(
        (snapshot.procs[0].cpu, told(&snapshot.faults).len()),
        (Ok(50.0), 0)
    );
}

#[test]
fn a_shorter_interval_takes_effect_without_losing_a_rate() {
    let pair = Pair::new();
    let mut sweeper = Sweeper::with(&pair.root, Vec::new()).expect("there is a proc tree");
    let slowly = Plan {
        interval: ms(10_000),
        ..showing(&[1])
    };
    sweeper.tick(ms(5000), &slowly).expect("it lists");
    pair.at(9000);
    sweeper.tick(ms(14_000), &showing(&[1])).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(snapshot.procs[0].cpu, Ok(50.0));
    assert_eq!(rates(&snapshot, 1).read, Ok(3.0 * 1024.0 * 1000.0));
    assert!(told(&snapshot.faults).is_empty());
}

#[test]
fn a_machine_that_was_suspended_says_so_and_its_rates_are_of_the_time_awake() {
    let pair = Pair::new();
    let mut sweeper =
        Sweeper::with(&pair.root, vec![Box::new(Up(100))]).expect("there is a proc tree");
    sweeper.tick(ms(5000), &plan()).expect("it lists");
    pair.at(1000);
    sweeper.tick(ms(6000), &plan()).expect("it lists");
    let snapshot = sweeper.snapshot().expect("a tick was made");
    assert_eq!(snapshot.procs[0].cpu, Ok(50.0));
    let why = &told(&snapshot.faults)[0].why;
    assert!(
        why.starts_with("the machine was suspended for 1m 39"),
        "{why}"
    );
}

/// Says that the machine is up for so much longer each time.
struct Up(u64);

impl Source<Sample> for Up {
    fn name(&self) -> &'static str {
        "up"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&[])
    }
    fn fills(&self) -> Needs {
        Needs::empty()
    }
    fn read(&mut self, _: &Plan, into: &mut Sample) -> Result<(), Error> {
        into.system.uptime = s(self.0);
        self.0 += 100;
        Ok(())
    }
}

#[test]
fn a_listing_that_fails_costs_no_rate_and_is_told() {
    let pair = Pair::new();
    let mut sweeper = Sweeper::new(&pair.root).expect("there is a proc tree");
    let shown = showing(&[1]);
    sweeper.tick(ms(5000), &shown).expect("it lists");
    pair.at(1000);
    sweeper.tick(ms(6000), &shown).expect("it lists");
    let told = |sweeper: &mut Sweeper| {
        let snapshot = sweeper.snapshot().expect("a tick was made");
        let faults = snapshot.faults.iter().filter(|f| f.source == "processes");
        let faults: Vec<_> = faults.map(|f| f.why.to_string()).collect();
        (snapshot, faults)
    };
    let listed = std::mem::replace(&mut sweeper.table.dir, gone());
    for at in [7000, 8000] {
        assert!(sweeper.tick(ms(at), &shown).is_err());
        let (snapshot, faults) = told(&mut sweeper);
        assert_eq!(snapshot.at, ms(6000), "the tick before is still shown");
        assert_eq!(rates(&snapshot, 1).read, Ok(3.0 * 1024.0 * 1000.0));
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
    sweeper.table.dir = listed;
    pair.at(4000);
    sweeper.tick(ms(9000), &shown).expect("it lists");
    let (snapshot, faults) = told(&mut sweeper);
    assert_eq!(faults, [""; 0]);
    assert_eq!(rates(&snapshot, 1).read, Ok(3.0 * 1024.0 * 1000.0));
    assert_eq!(snapshot.procs[0].cpu, Ok(50.0), "over all three seconds");
}

/// Everything that is told of age hangs on it; without it the whole tree once passed for newborn.
#[test]
fn how_long_the_machine_is_up_is_known_whatever_becomes_of_its_files() {
    let mut sweeper = Sweeper::with(&ProcRoot::live(), Vec::new()).expect("there is a proc");
    sweeper.tick(s(1), &Plan::default()).expect("it is listed");
    sweeper.tick(s(2), &Plan::default()).expect("it is listed");
    let snapshot = sweeper.snapshot().expect("a tick");
    assert!(snapshot.system.uptime.0 > 0);
    let first = snapshot.procs.iter().next().expect("somebody");
    assert!(!is_newborn(&snapshot, first.id));
    let mut untimed = snapshot.clone();
    untimed.system.uptime = Nanos(0);
    assert!(
        !is_newborn(&untimed, first.id),
        "nothing is known of its age"
    );
}
