//! Children too short to be seen: what they use of the cores is told with their parent, and what was seen is not told twice.

use std::path::Path;

use pscope::model::id::Pid;
use pscope::model::plan::Plan;
use pscope::model::snapshot::Snapshot;
use pscope::sampler::sweeper::Sweeper;
use pscope::sys::clock;
use pscope::sys::root::ProcRoot;

use super::script::Script;

/// One child works until it was seen and a little more, then thirty work and end between two looks.
const SCRIPT: &str = r#"
work() { i=0; while [ $i -lt "$1" ]; do i=$((i + 1)); done; }
(work 100000; echo seen; read go; work 40000)
echo waited
read go
n=0; while [ $n -lt 30 ]; do (work 20000); n=$((n + 1)); done
echo done
read go
"#;

/// User and system time of children that this process waited for, as the kernel tells them, in ticks.
fn children(pid: Pid) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let rest = text.rsplit(')').next().expect("a line");
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| fields[number - 3].parse::<u64>().expect("a number");
    field(16) + field(17)
}

fn look(sweeper: &mut Sweeper) -> Snapshot {
    // Whoever asks for no pace has rates over any span.
    sweeper.tick(clock::now(), &Plan::default()).expect("/proc");
    sweeper.snapshot().expect("a tick")
}

#[test]
fn what_nobody_saw_of_children_is_told_with_their_parent() {
    let mut shell = Script::start(SCRIPT, Path::new("sh"));
    let pid = shell.pid();
    let mut sweeper = Sweeper::new(&ProcRoot::live()).expect("a proc tree");

    assert_eq!(shell.said(), "seen");
    look(&mut sweeper);
    let at_first = look(&mut sweeper);
    let ticks = |snapshot: &Snapshot, pid| {
        let proc = snapshot.by_pid(pid).expect("it lives");
        let seconds = snapshot.span.expect("time passed").seconds();
        let hz = snapshot.machine.ticks_per_second as f64;
        f64::from(proc.ended.expect("told")) / 100.0 * seconds * hz
    };
    assert!(ticks(&at_first, pid) < 0.5, "nobody has ended");
    let child = at_first.procs.iter().find(|p| p.stat.ppid == pid);
    let seen = child.expect("it waits").stat.cpu_time().0;
    let before = children(pid);
    shell.go();
    assert_eq!(shell.said(), "waited");
    let after = children(pid);
    let second = look(&mut sweeper);
    let told = ticks(&second, pid);
    // Where the kernel adds nothing to a parent there is nothing to be told.
    let left = after.saturating_sub(before).saturating_sub(seen);
    assert!(told <= left as f64 + 0.5, "{told} of {left}, beside {seen}");

    shell.go();
    assert_eq!(shell.said(), "done");
    let many = children(pid) - after;
    let third = look(&mut sweeper);
    let told = ticks(&third, pid);
    // The cores count apart, by chance where they count by their own ticks, and nobody is told to have more than they.
    assert!(
        told <= many as f64 + 0.5 && told >= many as f64 / 3.0,
        "{told} of {many}"
    );
    shell.end();
}
