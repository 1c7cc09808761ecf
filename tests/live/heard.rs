//! Calls where no program of ours may run in the kernel, but perf tracepoints are told: each is counted, and that is said.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How many bytes are copied one by one, each by a read and a write.
const BYTES: u64 = 2000;

/// A process that copies bytes when it is told to, and ends.
fn target() -> Child {
    let script =
        format!("read go; exec dd if=/dev/zero of=/dev/null bs=1 count={BYTES} status=none");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped());
    command.spawn().expect("a shell")
}

/// `pscope calls` of a process by root who has tracefs, but neither `CAP_BPF` nor `CAP_SYS_ADMIN`.
fn pscope(of: u32, span: &str) -> Child {
    let script = "mount -t tracefs tracefs /sys/kernel/tracing 2>&-; \
         exec setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-bpf,-sys_admin \
         \"$1\" calls \"$2\" --for \"$3\" --json";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation=private", "sh", "-c", script, "sh"]);
    command.args([env!("CARGO_BIN_EXE_pscope"), &of.to_string(), span]);
    let pipes = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    pipes.spawn().expect("unshare")
}

/// What it answers, or what it or a program before it says instead.
fn answer(asked: Child) -> Result<Value, String> {
    let output = asked.wait_with_output().expect("ours");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).map_err(|_| said)
}

/// Whether a process has a thread of that name: `pscope` has one that listens as soon as everything is told.
fn has_thread(pid: u32, name: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
    let names = tasks.into_iter().flatten().flatten().map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm"));
        name.unwrap_or_default().trim_end().to_owned()
    });
    names.into_iter().any(|has| has == name)
}

#[test]
fn where_programs_may_not_run_in_the_kernel_each_call_is_counted_by_its_record() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root can deny itself the right to load programs");
        return;
    }
    let first = answer(pscope(std::process::id(), "1ms"));
    let way = match &first {
        Ok(told) => &told["way"],
        Err(why) => {
            println!("skipped: unshare: {why}");
            return;
        }
    };
    if *way == "proc" {
        println!("skipped: perf tracepoints are not told here: {first:?}");
        return;
    }
    let mut target = target();
    let asks = pscope(target.id(), "10m");
    let end = Instant::now() + Duration::from_mins(2);
    while !has_thread(asks.id(), "calls") {
        assert!(Instant::now() < end, "it begins");
        std::thread::yield_now();
    }
    let mut input = target.stdin.take().expect("a pipe");
    input.write_all(b"go\n").expect("heard");
    target.wait().expect("ended");
    let told = answer(asks).expect("an answer");
    assert_eq!(told["way"], "perf", "{told}");
    assert!(
        told["why"]
            .as_str()
            .is_some_and(|why| why.contains("CAP_BPF")),
        "{told}"
    );
    let lost = told["records_lost"].as_u64().expect("a number");
    let source = if lost == 0 { "exact" } else { "at_least" };
    assert_eq!(
        (&told["source"], &told["ended"]),
        (&source.into(), &true.into())
    );
    let calls = told["calls"].as_array().expect("calls");
    let write = calls.iter().find(|call| call["name"] == "write");
    let write = write.unwrap_or_else(|| panic!("{told}"));
    let count = write["count"].as_u64().expect("a number");
    if lost > 0 {
        println!("skipped: {lost} events were lost");
        assert!(count <= BYTES, "{write}");
        return;
    }
    assert_eq!(count, BYTES, "{write}");
    assert_eq!(
        (&write["on"][0]["fd"], &write["on"][0]["count"]),
        (&1.into(), &BYTES.into())
    );
    let time = |field: &str| write[field].as_u64().unwrap_or_else(|| panic!("{write}"));
    assert_eq!(time("on_core_ns") + time("blocked_ns"), time("total_ns"));
    assert!(time("mean_ns") > 0 && time("p99_ns") > 0 && time("longest_ns") >= time("mean_ns"));
    assert_eq!(
        write["paths"],
        serde_json::json!([]),
        "nobody reads them afterwards"
    );
}
