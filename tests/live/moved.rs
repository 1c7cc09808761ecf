//! What a shell moves itself, and what children moved that it waited for: the kernel adds them up, pscope tells them apart.

use pscope::model::id::Pid;
use pscope::model::plan::{Needs, Plan};
use pscope::model::sample::{Moved, Sample};
use pscope::model::snapshot::Snapshot;
use pscope::sampler;
use pscope::sys::root::ProcRoot;

use super::script::Script;

const MIB: u64 = 1 << 20;

/// Writes 8 MiB by a child of a child, stops, writes 4 MiB more, and ends both.
const SCRIPT: &str = r#"
sh -c 'dd if=/dev/zero of="$0" bs=65536 count=128 2>/dev/null; echo half; read go
    dd if=/dev/zero of="$0" bs=65536 count=64 seek=128 2>/dev/null; true' "$0"
echo done
read go
"#;

fn sample() -> Sample {
    let plan = Plan {
        of_all: Needs::IO,
        ..Plan::default()
    };
    sampler::once(&ProcRoot::live(), &plan).expect("there is a /proc")
}

/// What the kernel says of a process, all added up.
fn all(sample: &Sample, pid: Pid) -> Moved {
    let task = sample.tasks.iter().find(|t| t.id.pid == pid);
    let extra = task.expect("it lives").extra.as_deref().expect("asked for");
    extra.io.expect("it is our own").all
}

#[test]
fn the_io_of_children_that_ended_is_not_their_parents() {
    // Another user than the one who built may not write beside the build.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).or_else(|_| tempfile::tempdir());
    let dir = dir.expect("a directory");
    let mut shell = Script::start(SCRIPT, &dir.path().join("file"));
    let pid = shell.pid();

    let before = sample();
    assert_eq!(shell.said(), "half");
    let half = sample();
    shell.go();
    assert_eq!(shell.said(), "done");
    let now = sample();
    shell.end();

    let added = all(&now, pid).since(all(&half, pid)).written.0;
    if added == 0 {
        println!("skipped: what is written to this filesystem is not accounted");
        return;
    }
    assert!(
        added >= 12 * MIB,
        "the kernel adds both halves at once: {added}"
    );
    let at_half = all(&half, pid).since(all(&before, pid)).written.0;
    assert_eq!(at_half, 0, "the child was not waited for yet");
    let snapshot = Snapshot::between(Some(&half), &now);
    let seconds = snapshot.span.expect("time passed").seconds();
    let rates = snapshot.by_pid(pid).and_then(|p| p.rates.clone());
    let rates = rates.expect("asked for");
    assert_eq!(rates.written, Ok(0.0), "the shell wrote nothing itself");
    let ended = rates.ended.expect("the child was seen") * seconds;
    // Programs that were not in the page cache are read from the disk as well.
    let second = 4 * MIB..8 * MIB;
    assert!(
        second.contains(&(ended.round() as u64)),
        "{ended} of {added}"
    );
}
