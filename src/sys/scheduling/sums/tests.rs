use std::collections::HashMap;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::*;
use crate::sys::clock;

/// Opened, or a printed reason why a test cannot run here.
fn opened() -> Option<Sums> {
    let root = ProcRoot::live();
    match Sums::open(&root, crate::sys::machine::cores::possible(&root)) {
        Ok(sums) => Some(sums),
        Err(error) => {
            println!("skipped: {}", crate::sys::bpf::why(&error));
            assert_ne!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
            None
        }
    }
}

struct Puppet(Child);

impl Puppet {
    fn start(script: &str) -> Self {
        let child = Command::new("sh").args(["-c", script]).spawn();
        Self(child.expect("sh starts"))
    }

    fn pid(&self) -> Pid {
        Pid(self.0.id())
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Time on a core, time waited for one, slices, as `/proc/PID/schedstat` tells them.
fn schedstat(pid: Pid) -> [u64; 3] {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).expect("it lives");
    let mut words = text
        .split_whitespace()
        .map(|w| w.parse().expect("a number"));
    std::array::from_fn(|_| words.next().expect("three numbers"))
}

#[derive(Default, Clone, Copy)]
struct Total {
    run: u64,
    waited: u64,
    slices: u64,
    preempted: u64,
    last: Nanos,
}

/// How much a hypervisor took from the cores until now, in hundredths of a second: `steal` of `/proc/stat`.
fn steal() -> u64 {
    let text = std::fs::read_to_string("/proc/stat").expect("a /proc");
    let mut words = text.lines().next().expect("a line").split_whitespace();
    words.nth(8).and_then(|w| w.parse().ok()).expect("a number")
}

/// Adds what is told, and answers how much was lost.
fn read(sums: &mut Sums, into: &mut HashMap<Tid, Total>) -> u64 {
    let now = clock::now();
    let read = sums.read(now, |summed| {
        let total = into.entry(summed.thread.tid).or_default();
        total.run += summed.run.0;
        total.waited += summed.waited.0;
        total.slices += u64::from(summed.slices);
        total.preempted += u64::from(summed.preempted);
        total.last = total.last.max(summed.at);
    });
    read.lost
}

#[test]
fn the_kernel_takes_the_program_for_every_size_of_machine() {
    let Some(_) = opened() else { return };
    let types = Types::of_kernel(&ProcRoot::live()).expect("told");
    let fields = program::Fields::of(&types).expect("told");
    for cores in [1, 2, 16, 17, 65, 300, 1025, 4096] {
        let layout = Layout::of(cores);
        assert!(layout.bytes() <= 9 << 20, "{layout:?}");
        let shared = Shared::new(layout.bytes()).expect("allowed");
        let code = program::assemble(&layout, &fields, shared.fd()).expect("whole");
        let at = At::TypedTracepoint(fields.tracepoint);
        if let Err(refused) = run("pscope_sums", &code, at) {
            panic!("{cores} cores: {refused}");
        }
    }
}

#[test]
fn sums_agree_with_the_counters_of_the_kernel() {
    let Some(mut sums) = opened() else { return };
    // One that is on a core all the time, and one that comes and goes as often as it can.
    let spins = Puppet::start("while :; do :; done");
    let hops = Puppet::start("while :; do sleep 0.001; done");
    let both = [spins.pid(), hops.pid()];
    // Tracepoints of a virtual machine are silent now and then, which nothing counts: docs/kernel.md.
    let mut agrees = Err(String::new());
    for _ in 0..5 {
        agrees = agree(&mut sums, both);
        if agrees.is_ok() {
            break;
        }
    }
    agrees.expect("what the kernel counted");
}

/// Compares one window of both; `Err` says what differs.
fn agree(sums: &mut Sums, both: [Pid; 2]) -> Result<(), String> {
    let (mut seen, mut lost) = (HashMap::new(), 0);
    let deadline = Instant::now() + Duration::from_mins(1);
    let stolen = steal();
    let earlier = both.map(schedstat);
    read(sums, &mut HashMap::new());
    let before = both.map(schedstat);
    while both.map(schedstat)[0][0] < before[0][0] + 300_000_000
        || both.map(schedstat)[1][2] < before[1][2] + 50
    {
        assert!(Instant::now() < deadline, "nobody gets a core");
        std::thread::sleep(Duration::from_millis(7));
        lost += read(sums, &mut seen);
    }
    let after = both.map(schedstat);
    lost += read(sums, &mut seen);
    let later = both.map(schedstat);
    let stolen = (steal() - stolen + 1) * 10_000_000;
    if lost > 0 {
        println!("skipped: this machine is so busy that {lost} events were lost");
        return Ok(());
    }
    for (i, pid) in both.into_iter().enumerate() {
        let seen = seen[&Tid(pid.0)];
        println!(
            "{pid}: run {} of {}, slices {} of {}, waited {} of {}",
            seen.run,
            after[i][0] - before[i][0],
            seen.slices,
            after[i][2] - before[i][2],
            seen.waited,
            after[i][1] - before[i][1],
        );
        // The counter of a running thread moves only at the tick, 4 ms at each end; the first slices were not begun here.
        // A wait is counted when it ends and told with the slice after it, so that a whole one may differ at each end.
        // What a hypervisor took is no part of the counter, and told by hundredths of a second.
        let slack = [9_000_000 + stolen, 1_000_000_000, 3];
        let of = [seen.run, seen.waited, seen.slices];
        for (what, seen) in of.into_iter().enumerate() {
            let least = (after[i][what] - before[i][what]).saturating_sub(slack[what]);
            let most = later[i][what] - earlier[i][what] + slack[what];
            if !(least..=most).contains(&seen) {
                return Err(format!("{what} of {pid}: {seen} in {least}..={most}"));
            }
        }
    }
    let spun = seen[&Tid(both[0].0)];
    assert!(spun.preempted + 2 >= spun.slices, "it never slept");
    let hopped = seen[&Tid(both[1].0)];
    assert!(hopped.preempted < hopped.slices, "it slept");
    Ok(())
}
