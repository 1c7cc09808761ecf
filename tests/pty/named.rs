//! Files that a person named, on a filesystem that does not answer: every report says so and ends, and ends sooner when it is told.

use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::heeding::heeding;
use super::held::{apart, askers, until};
use super::hung::Mount;

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pscope"));
    command.args(args).stdin(Stdio::null());
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    heeding(piped).spawn().expect("it starts")
}

fn end(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_file_on_a_mount_that_does_not_answer_is_named_with_the_remedy() {
    apart(|| {
        let hung = Mount::new()?;
        let there = hung.path().to_str().expect("a plain path");
        // Of the first the kernel is told that it is there, of the other nothing.
        let (file, other) = (format!("{there}/file"), format!("{there}/other"));
        let named = format!("a={other}");
        let all: [&[&str]; 14] = [
            &["ps", "--from", &file],
            &["ps", "--from", &other],
            &["system", "--from", &other, "--json"],
            &["replay", &file],
            &["replay", &other],
            &["replay", &named],
            &["record", &file, "--for", "1s"],
            &["record", &other, "--for", "1s"],
            &["record", &other, "--when", "cpu>0", "--for", "1s"],
            &["metrics", "--out", &other],
            &["install-docs", &other],
            &["--config", &file],
            &["--config", &other],
            &["--theme", &other],
        ];
        // At once, since each of them waits for it.
        let begun: Vec<Child> = all.iter().map(|args| start(args)).collect();
        for (args, child) in all.iter().zip(begun) {
            let output = end(child);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
            assert!(
                told.contains(there)
                    && told.contains("has not answered for 5 s")
                    && told.contains("see to that mount"),
                "{args:?}: {told}"
            );
        }
        Ok(())
    });
}

#[test]
fn who_waits_for_a_file_ends_when_told() {
    apart(|| {
        let hung = Mount::new()?;
        let other = hung.path().join("other");
        let other = other.to_str().expect("a plain path");
        let all: [&[&str]; 5] = [
            &["ps", "--from", other],
            &["replay", other],
            &["record", other],
            &["record", other, "--when", "cpu>0"],
            &["metrics", "--out", other, "--every", "1s"],
        ];
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let begun: Vec<Child> = all.iter().map(|args| start(args)).collect();
            for (args, child) in all.iter().zip(begun) {
                let pid = Pid::from_raw(child.id() as i32);
                until("nobody opens the file", || !askers(pid).is_empty());
                kill(pid, signal).expect("it lives");
                let output = end(child);
                // Not because it gave up by itself.
                let told = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(!told.contains("has not answered"), "{args:?}: {told}");
            }
        }
        Ok(())
    });
}
